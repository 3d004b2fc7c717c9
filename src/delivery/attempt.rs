//! One attempt: MAIL, RCPT, DATA and the message under the times of RFC 5321 §4.5.3.2, answered one by
//! one, so that it is known how far it came.

use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Rset};
use lettre::transport::smtp::response::Response;

use super::connect::{ConnectError, Pool};
use super::opening::{Offers, Opened};
use super::route::NoRoute;
use super::times::Times;
use crate::domain::RealAddress;
use crate::store::StoredMail;

/// RFC 5321 §4.2.2: "Service not available, closing transmission channel".
const CLOSING: u16 = 421;
/// "Start mail input".
const GO_AHEAD: u16 = 354;

/// How far an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Where to?
    Route,
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
            Self::Route => "route",
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
        Err(ConnectError::NoRoute(NoRoute { permanent, why })) => {
            let outcome = if permanent { Outcome::Permanent } else { Outcome::Temporary };
            Ended { outcome, stage: Stage::Route, reply: why.to_owned(), broken: !permanent }
        }
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
    /// An answer is outstanding: the next one over this connection would be taken for another's.
    out_of_step: bool,
}

enum What {
    /// The peer said no; it goes on listening.
    Refused { permanent: bool, reply: String },
    /// The peer said 421: it closes the connection (RFC 5321 §3.8).
    Closing { reply: String },
    /// The connection broke, fell silent or spoke no SMTP.
    Broken { why: String },
}

impl Failure {
    fn new(stage: Stage, what: What) -> Self {
        Self { stage, what, out_of_step: false }
    }

    /// The same with what was answered behind it.
    fn before(self, next: Result<String, Self>) -> Self {
        let is_answered = matches!(next, Ok(_) | Err(Self { what: What::Refused { .. }, .. }));
        Self { out_of_step: self.out_of_step || !is_answered, ..self }
    }
}

async fn converse(pool: &Pool, mut connection: Opened, mail: &StoredMail) -> Ended {
    let times = &pool.network.times;
    let at_once = connection.offers.pipelining && !pool.is_one_by_one();
    match speak(&mut connection, mail, (times, at_once)).await {
        Ok(reply) => {
            pool.keep(connection).await;
            Ended { outcome: Outcome::Delivered, stage: Stage::Message, reply, broken: false }
        }
        Err(Failure { stage, what: What::Refused { permanent, reply }, out_of_step }) => {
            let reset = connection.smtp.command(Rset);
            if !out_of_step
                && matches!(tokio::time::timeout(times.farewell, reset).await, Ok(Ok(_)))
            {
                pool.keep(connection).await;
            }
            let outcome = if permanent { Outcome::Permanent } else { Outcome::Temporary };
            Ended { outcome, stage, reply, broken: false }
        }
        // Dropped, which closes it. A QUIT would wait without end for a peer that is silent, and
        // in the midst of a text it would be part of it.
        Err(Failure {
            stage, what: What::Closing { reply: why } | What::Broken { why }, ..
        }) => {
            if at_once && matches!(stage, Stage::Rcpt | Stage::Data) {
                // Something there may lose what stands behind the first line.
                pool.speak_one_by_one();
            }
            Ended { outcome: Outcome::Temporary, stage, reply: why, broken: true }
        }
    }
}

async fn speak(
    connection: &mut Opened,
    mail: &StoredMail,
    (times, at_once): (&Times, bool),
) -> Result<String, Failure> {
    let Opened { smtp, offers, .. } = connection;
    let (sender, recipient) = envelope(mail, *offers)?;
    if at_once {
        announce_at_once(smtp, (sender, recipient), times).await?;
    } else {
        step(Stage::Mail, times.mail, smtp.command(sender)).await?;
        step(Stage::Rcpt, times.rcpt, smtp.command(recipient)).await?;
        step(Stage::Data, times.data, smtp.command(Data)).await?;
    }
    let sending = async {
        match std::str::from_utf8(&mail.bytes) {
            Ok(text) => smtp.command(Text(text)).await,
            // lettre ends the text with CRLF of its own before the dot.
            Err(_) => smtp.message(mail.bytes.strip_suffix(b"\r\n").unwrap_or(&mail.bytes)).await,
        }
    };
    step(Stage::Message, times.message, sending).await
}

/// MAIL, RCPT and DATA in one go and their three answers (RFC 2920 §3.1): two ways there and back fewer.
async fn announce_at_once(
    smtp: &mut AsyncSmtpConnection,
    (sender, recipient): (Line, Line),
    times: &Times,
) -> Result<(), Failure> {
    let all = format!("{sender}{recipient}{Data}");
    let mut refused = step(Stage::Mail, times.mail, smtp.command(all)).await.err();
    for (stage, time) in [(Stage::Rcpt, times.rcpt), (Stage::Data, times.data)] {
        // Nothing more comes.
        let (Some(Failure { what: What::Refused { .. }, .. }) | None) = &refused else { break };
        let answer = step(stage, time, smtp.read_response()).await;
        refused = match (refused, answer) {
            (None, answer) => answer.err(),
            (Some(refused), Ok(_)) if stage == Stage::Data => {
                // The same §: it may want a text although it has refused whom it is for. It gets none.
                let none = smtp.command(Line(".".to_owned()));
                let ended = step(Stage::Message, times.data, none).await;
                Some(refused.before(ended))
            }
            (Some(refused), answer) => Some(refused.before(answer)),
        };
        if refused.as_ref().is_some_and(|refused| refused.out_of_step) {
            break;
        }
    }
    refused.map_or(Ok(()), Err)
}

/// MAIL and RCPT as this peer takes them.
fn envelope(mail: &StoredMail, offers: Offers) -> Result<(Line, Line), Failure> {
    let never = |reply: &str| {
        Failure::new(Stage::Rcpt, What::Refused { permanent: true, reply: reply.to_owned() })
    };
    let (local, domain) = (mail.recipient.local(), mail.recipient.domain());
    let domain = idna::domain_to_ascii(domain)
        .map_err(|_| never("5.1.2 the domain can't be written in SMTP"))?;
    // RFC 6531 §3.2: what needs it goes to nobody who does not offer it.
    if !local.is_ascii() && !offers.smtputf8 {
        return Err(never(
            "5.6.7 the address is not in ASCII, and the mail server does not take such addresses (SMTPUTF8)",
        ));
    }
    // Some providers gave out addresses with doubled or trailing dots; RFC 5321 §4.1.2 has them
    // in quotes.
    let is_quoted = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    let quote = if is_quoted { "\"" } else { "" };
    // RFC 5321 §4.5.5: our own notices have no sender.
    let sender = mail.envelope_from.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut from = format!("MAIL FROM:<{sender}>");
    let mut to = format!("RCPT TO:<{quote}{local}{quote}@{domain}>");
    if !local.is_ascii() {
        from.push_str(" SMTPUTF8");
    }
    if offers.size.is_some() {
        from.push_str(&format!(" SIZE={}", mail.bytes.len()));
    }
    if offers.dsn {
        // RFC 3461: a report tells what happened without the mail's words. No ORCPT: it would name
        // an address that is none of the next hop's business.
        from.push_str(" RET=HDRS");
        to.push_str(if sender.is_empty() { " NOTIFY=NEVER" } else { " NOTIFY=FAILURE" });
    }
    Ok((Line(from), Line(to)))
}

/// A line as it goes out. Its parts hold no line end: addresses are checked when they are made.
struct Line(String);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", self.0)
    }
}

/// The text of a mail as it goes out, to the final dot (RFC 5321 §4.5.2), so that it is written at once.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut begins = true;
        for line in self.0.split_inclusive('\n') {
            if begins && line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
            begins = line.ends_with("\r\n");
        }
        f.write_str(if begins { ".\r\n" } else { "\r\n.\r\n" })
    }
}

/// Waits for one reply, at most so long.
async fn step(
    stage: Stage,
    time: Duration,
    doing: impl Future<Output = Result<Response, Error>>,
) -> Result<String, Failure> {
    let broken = |why| Failure::new(stage, What::Broken { why });
    match tokio::time::timeout(time, doing).await {
        Ok(Ok(response)) => {
            let text: Vec<&str> = response.message().collect();
            let reply = without_addresses(&format!("{} {}", response.code(), text.join(" ")));
            // RFC 5321 §4.3.2: any other is an answer to something else.
            let code = u16::from(response.code());
            match stage {
                Stage::Data if code != GO_AHEAD => {
                    Err(broken(format!("DATA was answered {reply}")))
                }
                Stage::Data => Ok(reply),
                _ if code / 100 != 2 => Err(broken(format!("it was answered {reply}"))),
                _ => Ok(reply),
            }
        }
        Ok(Err(error)) => {
            let reply = without_addresses(&error.to_string());
            Err(match error.status() {
                Some(code) if u16::from(code) == CLOSING => {
                    Failure::new(stage, What::Closing { reply })
                }
                Some(_) => {
                    let permanent = error.is_permanent();
                    Failure::new(stage, What::Refused { permanent, reply })
                }
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
    use crate::domain::{AliasAddress, MessageId, Timestamp};
    use crate::store::{Forward, OpenMode};

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

    #[test]
    fn a_text_goes_out_with_its_dots_doubled_and_ends_with_one() {
        let check = |text: &str, sent: &str| assert_eq!(Text(text).to_string(), sent, "{text:?}");
        check("a\r\n", "a\r\n.\r\n");
        check("a", "a\r\n.\r\n");
        check("", ".\r\n");
        check(".\r\n..\r\na.\r\n", "..\r\n...\r\na.\r\n.\r\n");
        // No line ends at a lone LF.
        check("a\n.b\r\n", "a\n.b\r\n.\r\n");
    }

    /// MAIL and RCPT to somebody at b.example, or why not.
    async fn written(
        local: &str,
        notice: bool,
        offers: Offers,
    ) -> Result<(String, String), String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bauta.db");
        let store = crate::store::Store::open(&path, OpenMode::Create, "a.example").unwrap();
        let now = Timestamp::from_millis(1_000_000);
        let forward = Forward {
            message: MessageId::from_random([1; 10]),
            token: [1; 10],
            bytes: b"Subject: x\r\n\r\nx\r\n".to_vec(),
            recipient: format!("{local}@bücher.example").parse().unwrap(),
            envelope_from: AliasAddress::new("b-1", "a.example"),
            received_at: now,
            give_up_at: now,
        };
        let mail = store.forward_to_postmaster(forward).await.unwrap().into_mail().unwrap();
        let envelope_from = mail.envelope_from.clone().filter(|_| !notice);
        match envelope(&StoredMail { envelope_from, ..mail }, offers) {
            Ok((from, to)) => Ok((from.0, to.0)),
            Err(Failure { what: What::Refused { permanent: true, reply }, .. }) => Err(reply),
            Err(_) => panic!("neither yes nor no for good"),
        }
    }

    #[tokio::test]
    async fn each_peer_is_told_what_it_understands() {
        let none = Offers::default();
        let check = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        let to = "RCPT TO:<jane@xn--bcher-kva.example>";
        assert_eq!(written("jane", false, none).await, check("MAIL FROM:<b-1@a.example>", to));
        assert_eq!(written("jane", true, none).await, check("MAIL FROM:<>", to));
        let all = Offers { smtputf8: true, dsn: true, size: Some(9), ..none };
        let (from, rcpt) = written("jane", false, all).await.unwrap();
        assert_eq!(from, "MAIL FROM:<b-1@a.example> SIZE=17 RET=HDRS");
        assert_eq!(rcpt, format!("{to} NOTIFY=FAILURE"));
        assert!(written("jane", true, all).await.unwrap().1.ends_with(" NOTIFY=NEVER"));
        let (from, rcpt) = written("größe", false, all).await.unwrap();
        assert!(from.contains(" SMTPUTF8") && rcpt.contains("<größe@xn--"), "{from} {rcpt}");
        assert!(written("größe", false, none).await.unwrap_err().starts_with("5.6.7 "));
        let (_, rcpt) = written("o..o.", false, none).await.unwrap();
        assert_eq!(rcpt, "RCPT TO:<\"o..o.\"@xn--bcher-kva.example>");
    }
}
