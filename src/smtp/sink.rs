//! The built-in sink: a small SMTP server that takes every mail and hands it on, in place of the
//! outside world. It can be told to misbehave as servers out there do.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

use super::command::Command;
use super::connection::{Connection, Ended};
use super::data::Scanner;
use super::intake::Scanned;
use super::limits::Limits;
use super::reply::{Reply, Wrong};

/// The largest mail it takes, in octets.
const MAX_SIZE: usize = 100 * 1024 * 1024;

/// How long to wait after the system refused a connection.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A mail that the sink took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The envelope sender, without angle brackets.
    pub mail_from: String,
    /// The envelope recipients that were taken, without angle brackets.
    pub recipients: Vec<String>,
    /// The mail without dot-stuffing, every line end CRLF.
    pub bytes: Vec<u8>,
}

/// Where in a session the sink can stop answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before the greeting.
    Greeting,
    /// At EHLO or HELO.
    Hello,
    /// At MAIL.
    Mail,
    /// At RCPT.
    Rcpt,
    /// At DATA, before 354.
    Data,
    /// After the final dot; the mail is not handed on.
    FinalDot,
}

/// How the sink behaves. By default it takes everything.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Codes for RCPT by recipient in lower case, such as 550 or 451.
    pub refuse_recipients: HashMap<String, u16>,
    /// A code for every MAIL.
    pub refuse_mail: Option<u16>,
    /// A code after the final dot of every mail, which is then not handed on.
    pub refuse_data: Option<u16>,
    /// A code for everything that comes at one stage; the greeting itself, and the final dot, after
    /// which the mail is not handed on.
    pub refuse_at: Option<(Stage, u16)>,
    /// Where it stops answering.
    pub hang: Option<Stage>,
    /// Hands the mail on and closes without an answer: the peer can't know that it was taken.
    pub drop_after_dot: bool,
}

/// A running sink; it stops when dropped.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    _stop: DropGuard,
}

impl Sink {
    /// Starts one at an address (port 0: any), with the channel that its mails come out of.
    pub async fn bind(address: SocketAddr) -> io::Result<(Self, UnboundedReceiver<Received>)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (mails, received) = unbounded_channel();
        let behaviour = Arc::<Mutex<Behaviour>>::default();
        let stop = CancellationToken::new();
        tokio::spawn(listen(listener, Arc::clone(&behaviour), mails, stop.clone()));
        Ok((Self { address, behaviour, _stop: stop.drop_guard() }, received))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next command on, in every session.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }
}

async fn listen(
    listener: TcpListener,
    behaviour: Arc<Mutex<Behaviour>>,
    mails: UnboundedSender<Received>,
    stop: CancellationToken,
) {
    loop {
        let taken = tokio::select! {
            () = stop.cancelled() => return,
            taken = listener.accept() => taken,
        };
        match taken {
            Ok((stream, _)) => {
                let (behaviour, mails) = (Arc::clone(&behaviour), mails.clone());
                let stop = stop.clone();
                tokio::spawn(async move { converse(stream, &behaviour, &mails, &stop).await });
            }
            Err(problem) => {
                debug!(%problem, "the sink could not take a connection");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// One connection of the sink's.
struct Visit<'a> {
    connection: Connection<'a, TcpStream>,
    behaviour: &'a Mutex<Behaviour>,
    mails: &'a UnboundedSender<Received>,
    stop: &'a CancellationToken,
    envelope: Option<(String, Vec<String>)>,
}

async fn converse(
    stream: TcpStream,
    behaviour: &Mutex<Behaviour>,
    mails: &UnboundedSender<Received>,
    stop: &CancellationToken,
) {
    let limits = Limits::default();
    let connection = Connection::new(stream, &limits, stop);
    let mut visit = Visit { connection, behaviour, mails, stop, envelope: None };
    if visit.talk().await == Ended::Done {
        visit.connection.close().await;
    }
}

impl Visit<'_> {
    fn behaviour(&self) -> Behaviour {
        self.behaviour.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops answering here, if it is told to; what it had to say before is said.
    async fn pass(&mut self, stage: Stage) {
        if self.behaviour().hang == Some(stage) {
            let _ = self.connection.flush().await;
            self.stop.cancelled().await;
        }
    }

    /// What it was told to say at this stage.
    fn refusal(&self, stage: Stage) -> Option<Reply> {
        let (at, code) = self.behaviour().refuse_at?;
        (at == stage).then_some(Reply::Told { code })
    }

    async fn talk(&mut self) -> Ended {
        self.pass(Stage::Greeting).await;
        let greeting = Reply::Greeting { hostname: "sink.invalid".to_owned() };
        let greeting = self.refusal(Stage::Greeting).unwrap_or(greeting);
        self.connection.say(&greeting);
        loop {
            let line = match self.connection.line(false).await {
                Ok(Ok(line)) => line,
                Ok(Err(_)) => return Ended::Gone,
                Err(ended) => return ended,
            };
            let reply = match Command::parse(&line) {
                Err(wrong) => Reply::Wrong(wrong),
                Ok(Command::Quit) => {
                    self.connection.say(&Reply::Bye);
                    return Ended::Done;
                }
                Ok(Command::Data) => match self.data().await {
                    Ok(reply) => reply,
                    Err(ended) => return ended,
                },
                Ok(command) => self.obey(command).await,
            };
            self.connection.say(&reply);
        }
    }

    async fn obey(&mut self, command: Command) -> Reply {
        let hostname = "sink.invalid".to_owned();
        match command {
            Command::Ehlo { .. } | Command::Helo { .. } => {
                self.pass(Stage::Hello).await;
                self.envelope = None;
                if let Some(refusal) = self.refusal(Stage::Hello) {
                    return refusal;
                }
                match command {
                    Command::Ehlo { .. } => Reply::Extensions {
                        hostname,
                        max_size: MAX_SIZE,
                        chunking: false,
                        starttls: false,
                    },
                    _ => Reply::Hello { hostname },
                }
            }
            Command::Mail { from, .. } => {
                self.pass(Stage::Mail).await;
                if let Some(code) = self.behaviour().refuse_mail {
                    return Reply::Told { code };
                }
                if let Some(refusal) = self.refusal(Stage::Mail) {
                    return refusal;
                }
                self.envelope = Some((from, vec![]));
                Reply::SenderOk
            }
            Command::Rcpt { to } => {
                self.pass(Stage::Rcpt).await;
                if let Some(refusal) = self.refusal(Stage::Rcpt) {
                    return refusal;
                }
                let behaviour = self.behaviour();
                let Some((_, recipients)) = &mut self.envelope else {
                    return Reply::Wrong(Wrong::MailFirst);
                };
                match behaviour.refuse_recipients.get(&to.to_ascii_lowercase()) {
                    Some(&code) => Reply::Told { code },
                    None => {
                        recipients.push(to);
                        Reply::RecipientOk
                    }
                }
            }
            Command::Rset => {
                self.envelope = None;
                Reply::Reset
            }
            Command::Noop => Reply::Ok,
            _ => Reply::Wrong(Wrong::NotOffered),
        }
    }

    async fn data(&mut self) -> Result<Reply, Ended> {
        let (mail_from, recipients) = match self.envelope.take() {
            Some((from, recipients)) if !recipients.is_empty() => (from, recipients),
            _ => return Ok(Reply::Wrong(Wrong::RcptFirst)),
        };
        self.pass(Stage::Data).await;
        if let Some(refusal) = self.refusal(Stage::Data) {
            return Ok(refusal);
        }
        self.connection.say(&Reply::GoAhead);
        let deadline = Instant::now() + Limits::default().data;
        let mut scanner = Scanner::new(MAX_SIZE);
        loop {
            self.connection.fill(deadline, false).await?;
            if let (_, true) = self.connection.scan(&mut scanner) {
                break;
            }
        }
        let bytes = match scanner.finish() {
            Scanned::Mail(bytes) => bytes,
            Scanned::TooLarge { size: found } => {
                return Ok(Reply::TooLarge { limit: MAX_SIZE, found });
            }
            Scanned::BareLineEnd | Scanned::Dropped => return Ok(Reply::BareLineEnd),
        };
        self.pass(Stage::FinalDot).await;
        if let Some(refusal) = self.refusal(Stage::FinalDot) {
            return Ok(refusal);
        }
        let behaviour = self.behaviour();
        if let Some(code) = behaviour.refuse_data {
            return Ok(Reply::Told { code });
        }
        // Nobody listens any more: then nobody misses it either.
        let _ = self.mails.send(Received { mail_from, recipients, bytes });
        if behaviour.drop_after_dot { Err(Ended::Gone) } else { Ok(Reply::Taken) }
    }
}
