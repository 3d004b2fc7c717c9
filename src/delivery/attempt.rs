//! One attempt: MAIL, RCPT, DATA and the message, one by one, under the times of RFC 5321
//! §4.5.3.2, so that it is known how far it came.

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::response::Response;

use super::connect::Pool;
use super::times::Times;
use crate::domain::RealAddress;
use crate::store::StoredMail;

/// RFC 5321 §4.2.2: "Service not available, closing transmission channel".
const CLOSING: u16 = 421;

/// How far an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Connect,
    Mail,
    Rcpt,
    Data,
    /// Bytes went out, the final dot was perhaps seen: a further attempt may double the mail.
    Message,
}

impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Message => "message",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The next hop took it.
    Delivered,
    /// Not now.
    Temporary,
    /// Never.
    Permanent,
}

/// The end of an attempt. `reply` holds no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub outcome: Outcome,
    pub stage: Stage,
    pub reply: String,
    /// The connection broke or is being closed; nobody refused this mail.
    pub broken: bool,
}

/// Tries once; over a connection that was kept if there is one, and over a new one if that turns
/// out to be closed before MAIL was answered.
pub(super) async fn run(pool: &Pool, mail: &StoredMail) -> Ended {
    let mut ended = try_once(pool, mail).await;
    ended.reply = without_person(&ended.reply, &mail.recipient);
    ended
}

async fn try_once(pool: &Pool, mail: &StoredMail) -> Ended {
    if let Some(connection) = pool.reuse().await {
        let ended = converse(pool, connection, mail).await;
        // It had been closed while it lay idle: nothing was said about this mail yet.
        if !(ended.stage == Stage::Mail && ended.broken) {
            return ended;
        }
    }
    match pool.connect().await {
        Ok(connection) => converse(pool, connection, mail).await,
        // A greeting of 5yz is about us, not about this mail: somebody will mend it.
        Err(error) => Ended {
            outcome: Outcome::Temporary,
            stage: Stage::Connect,
            reply: without_addresses(&error.to_string()),
            broken: true,
        },
    }
}

/// A step that did not come to a good end.
struct Failure {
    stage: Stage,
    what: What,
}

enum What {
    /// The peer said no; it goes on listening.
    Refused { permanent: bool, reply: String },
    /// The peer said 421: it closes the connection (RFC 5321 §3.8).
    Closing { reply: String },
    /// The connection broke, fell silent or spoke no SMTP.
    Broken { why: String },
}

async fn converse(pool: &Pool, mut connection: AsyncSmtpConnection, mail: &StoredMail) -> Ended {
    match speak(&mut connection, mail, &pool.times).await {
        Ok(reply) => {
            pool.keep(connection).await;
            Ended { outcome: Outcome::Delivered, stage: Stage::Message, reply, broken: false }
        }
        Err(Failure { stage, what: What::Refused { permanent, reply } }) => {
            let reset = tokio::time::timeout(pool.times.farewell, connection.command(Rset)).await;
            if matches!(reset, Ok(Ok(_))) {
                pool.keep(connection).await;
            }
            let outcome = if permanent { Outcome::Permanent } else { Outcome::Temporary };
            Ended { outcome, stage, reply, broken: false }
        }
        // Dropped, which closes it. A QUIT would wait without end for a peer that is silent, and
        // in the midst of a text it would be part of it.
        Err(Failure { stage, what: What::Closing { reply: why } | What::Broken { why } }) => {
            Ended { outcome: Outcome::Temporary, stage, reply: why, broken: true }
        }
    }
}

async fn speak(
    connection: &mut AsyncSmtpConnection,
    mail: &StoredMail,
    times: &Times,
) -> Result<String, Failure> {
    // Checked when it was registered; what can't be written in SMTP can't be sent.
    let unwritable = |what: &str| Failure {
        stage: Stage::Rcpt,
        what: What::Refused { permanent: true, reply: format!("{what} can't be written in SMTP") },
    };
    let sender = match &mail.envelope_from {
        Some(bounces) => {
            let address = bounces.to_string().parse::<Address>();
            Some(address.map_err(|_| unwritable("the bounce address"))?)
        }
        None => None, // RFC 5321 §4.5.5
    };
    let recipient: Address =
        mail.recipient.reveal().parse().map_err(|_| unwritable("the recipient's address"))?;
    step(Stage::Mail, times.mail, connection.command(Mail::new(sender, vec![]))).await?;
    step(Stage::Rcpt, times.rcpt, connection.command(Rcpt::new(recipient, vec![]))).await?;
    step(Stage::Data, times.data, connection.command(Data)).await?;
    // lettre ends the text with CRLF of its own before the dot.
    let bytes = mail.bytes.strip_suffix(b"\r\n").unwrap_or(&mail.bytes);
    step(Stage::Message, times.message, connection.message(bytes)).await
}

/// Waits for one reply, at most so long.
async fn step(
    stage: Stage,
    time: Duration,
    doing: impl Future<Output = Result<Response, Error>>,
) -> Result<String, Failure> {
    let broken = |why| Failure { stage, what: What::Broken { why } };
    match tokio::time::timeout(time, doing).await {
        Ok(Ok(response)) => {
            let text: Vec<&str> = response.message().collect();
            Ok(without_addresses(&format!("{} {}", response.code(), text.join(" "))))
        }
        Ok(Err(error)) => {
            let reply = without_addresses(&error.to_string());
            Err(match error.status() {
                Some(code) if u16::from(code) == CLOSING => {
                    Failure { stage, what: What::Closing { reply } }
                }
                Some(_) => Failure {
                    stage,
                    what: What::Refused { permanent: error.is_permanent(), reply },
                },
                None => broken(reply),
            })
        }
        Err(_) => Err(broken(format!("no answer within {} s", time.as_secs_f32()))),
    }
}

/// What a peer says names its users: for log, store and senders alike addresses are left out.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|w| if w.contains('@') { "<address>" } else { w });
    words.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

/// The same for what is left of the recipient's: "user jane.roe (at) roes.example is unknown".
fn without_person(reply: &str, recipient: &RealAddress) -> String {
    let (local, domain) = (recipient.local().to_lowercase(), recipient.domain().to_lowercase());
    let names = |word: &str| {
        let word = word.to_lowercase();
        word.contains(&domain) || (local.chars().count() > 2 && word.contains(&local))
    };
    let words = reply.split(' ').map(|w| if names(w) { "<address>" } else { w });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_words_are_kept_without_the_recipients_address() {
        let said =
            "permanent error (550): 5.1.1 <jane@mail.example>: no such\nuser jane@mail.example";
        let kept = without_addresses(said);
        assert_eq!(kept, "permanent error (550): 5.1.1 <address> no such user <address>");
        let said =
            "550 5.1.1 user Jane.Roe (at) roes.example in ldap-JANE.ROE, see mx.roes.example";
        let kept = without_person(said, &"jane.roe@roes.example".parse().unwrap());
        assert_eq!(kept, "550 5.1.1 user <address> (at) <address> in <address> see <address>");
    }
}
