//! How long a peer may take for each step.

use std::time::Duration;

/// The longest wait at each step of an attempt: those of RFC 5321 §4.5.3.2, and where it has none,
/// ours. No step is without one: a peer that falls silent never keeps a connection for good.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Until TCP stands.
    pub connect: Duration,
    /// The greeting (§4.5.3.2.1: 5 minutes), here with the answer to EHLO.
    pub greeting: Duration,
    /// STARTTLS, the handshake and the second EHLO.
    pub tls: Duration,
    /// MAIL (§4.5.3.2.2: 5 minutes).
    pub mail: Duration,
    /// RCPT (§4.5.3.2.3: 5 minutes).
    pub rcpt: Duration,
    /// DATA, to its 354 (§4.5.3.2.4: 2 minutes).
    pub data: Duration,
    /// The text and the answer to the final dot (§4.5.3.2.6: 10 minutes for the latter).
    pub message: Duration,
    /// RSET and QUIT: nothing hangs on their answers.
    pub farewell: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let secs = Duration::from_secs;
        Self {
            connect: secs(30),
            greeting: secs(300),
            tls: secs(120),
            mail: secs(300),
            rcpt: secs(300),
            data: secs(120),
            message: secs(600),
            farewell: secs(5),
        }
    }
}
