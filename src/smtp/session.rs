//! One session: verb by verb, one mail per transaction.

mod bdat;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::relay::{Envelope, Outcome, Peer, PutOff, RouteRefusal, Unproved};

use super::command::Command;
use super::connection::{Connection, Ended};
use super::data::Scanner;
use super::door::Door;
use super::intake::Scanned;
use super::limits::{Settings, Share};
use super::lines::LineError;
use super::reply::{Reply, Wrong};
use bdat::Chunks;

/// What a mail is given at 354 if its length wasn't announced, in octets.
const FIRST_SHARE: usize = 4096;

/// Recipients of one transaction (RFC 5321 §4.5.3.1.8: at least 100).
const RECIPIENTS: usize = 100;

/// A mail that was begun. RSET, EHLO and the end of DATA drop it whole, so that none of its
/// fields can be forgotten.
#[derive(Debug)]
struct Transaction<R> {
    mail_from: String,
    size: Option<usize>,
    /// Whether addresses may be UTF-8 (RFC 6531 §3.4).
    utf8: bool,
    /// As they were named, one for each route.
    recipients: Vec<String>,
    routes: Vec<R>,
    /// Set by the first BDAT.
    chunks: Option<Chunks>,
}

impl<R> Transaction<R> {
    fn new(mail_from: String, size: Option<usize>, utf8: bool) -> Self {
        Self { mail_from, size, utf8, recipients: vec![], routes: vec![], chunks: None }
    }
}

/// A text that was read to its end, and the share that it is kept within.
type Read = Option<(Option<Share>, Scanned)>;

/// What a command leads to.
#[derive(Debug)]
enum Answer {
    /// A reply, and on to the next command.
    Say(Reply),
    /// A reply, and the end.
    Last(Reply),
}

struct Session<'a, S, D: Door> {
    connection: Connection<'a, S>,
    peer: Peer,
    settings: &'a Settings,
    door: &'a D,
    /// Whether TLS has begun.
    encrypted: bool,
    /// What the client calls itself, once it has said so.
    hello: Option<String>,
    transaction: Option<Transaction<D::Route>>,
    counts: Counts,
}

/// What a peer did wrong so far.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    errors: usize,
    unknown_recipients: usize,
    /// Commands since the last mail that bring none.
    idle: usize,
    /// Octets of chunks that were read for nothing.
    drained: usize,
}

/// Serves one connection to its end.
pub async fn run<S, D>(
    stream: S,
    peer: Peer,
    settings: &Settings,
    door: &D,
    stop: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    D: Door,
{
    let mut connection = Connection::new(stream, &settings.limits, stop);
    connection.say(&Reply::Greeting { hostname: settings.hostname.clone() });
    let house = (peer, settings, door);
    let Some((stream, counts)) = converse(connection, house, Counts::default(), false).await else {
        return;
    };
    // Apart, so that a connection in clear keeps no room for it.
    Box::pin(converse_in_tls(stream, house, counts, stop)).await;
}

async fn converse_in_tls<S, D>(
    stream: S,
    house: (Peer, &Settings, &D),
    counts: Counts,
    stop: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    D: Door,
{
    let (_, settings, _) = house;
    let Some(server) = settings.tls.as_ref().map(Arc::clone) else { return };
    let shaken = timeout(settings.limits.command, TlsAcceptor::from(server).accept(stream));
    let stream = tokio::select! {
        shaken = shaken => match shaken {
            Ok(Ok(stream)) => stream,
            Ok(Err(problem)) => return debug!(%problem, "no TLS came about"),
            Err(_) => return debug!("no TLS came about in time"),
        },
        () = stop.cancelled() => return,
    };
    // RFC 3207 §4.2: what was said in clear is forgotten, EHLO and all. Only what speaks against
    // the peer is still held against it.
    converse(Connection::new(stream, &settings.limits, stop), house, counts, true).await;
}

/// Talks until all is said; or gives the stream back, for TLS to begin on it.
async fn converse<S, D>(
    connection: Connection<'_, S>,
    (peer, settings, door): (Peer, &Settings, &D),
    counts: Counts,
    encrypted: bool,
) -> Option<(S, Counts)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    D: Door,
{
    let (hello, transaction) = (None, None);
    let mut session =
        Session { connection, peer, settings, door, encrypted, hello, transaction, counts };
    let ended = session.talk().await;
    let Session { mut connection, counts, .. } = session;
    debug!(%ended, encrypted, "session over");
    match ended {
        Ended::Gone => return None,
        Ended::StartTls => return Some((connection.into_stream(), counts)),
        Ended::TimedOut => connection.say(&Reply::TimedOut),
        Ended::Stopping => connection.say(&Reply::Stopping),
        Ended::Done => {}
    }
    Box::pin(connection.close()).await;
    None
}

impl<S, D> Session<'_, S, D>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    D: Door,
{
    async fn talk(&mut self) -> Ended {
        loop {
            let line = match self.connection.line(self.transaction.is_some()).await {
                Ok(line) => line,
                Err(ended) => return ended,
            };
            let answer = match self.obey(line).await {
                Ok(answer) => answer,
                Err(ended) => return ended,
            };
            match self.bear(answer) {
                Answer::Say(reply) => self.connection.say(&reply),
                Answer::Last(reply) => {
                    self.connection.say(&reply);
                    return Ended::Done;
                }
            }
        }
    }

    /// Counts what went wrong; when it is too much, that is the answer.
    fn bear(&mut self, answer: Answer) -> Answer {
        let Answer::Say(reply) = answer else { return answer };
        match &reply {
            Reply::Route(RouteRefusal::Unknown | RouteRefusal::TooManyGuesses) => {
                self.counts.unknown_recipients += 1
            }
            // A client that pipelines sends DATA before it knows that RCPT was refused, and its
            // next chunks before it knows that the first one was.
            Reply::Wrong(Wrong::RcptFirst | Wrong::ChunksRefused) => {}
            Reply::Wrong(_) => self.counts.errors += 1,
            Reply::Ok | Reply::Reset | Reply::Vrfy | Reply::Help => self.counts.idle += 1,
            Reply::Hello { .. } | Reply::Extensions { .. } => self.counts.idle += 1,
            Reply::Outcome(_) => self.counts.idle = 0,
            _ => {}
        }
        if self.counts.idle >= self.settings.limits.idle_commands {
            info!("session ended: too many commands without a mail");
            return Answer::Last(Reply::TooManyCommands);
        }
        if self.counts.unknown_recipients >= self.settings.limits.unknown_recipients {
            info!("session ended: too many unknown recipients");
            return Answer::Last(Reply::TooManyUnknown);
        }
        if self.counts.errors >= self.settings.limits.errors {
            info!("session ended: too many wrong commands");
            return Answer::Last(Reply::TooManyErrors);
        }
        Answer::Say(reply)
    }

    async fn obey(&mut self, line: Result<Vec<u8>, LineError>) -> Result<Answer, Ended> {
        let line = match line {
            Ok(line) => line,
            Err(LineError::TooLong) => return Ok(Answer::Say(Reply::Wrong(Wrong::LineTooLong))),
            Err(LineError::Endless) => return Ok(Answer::Last(Reply::Wrong(Wrong::LineTooLong))),
            Err(LineError::BareLineEnd) => {
                return Ok(Answer::Last(Reply::Wrong(Wrong::BareLineEndInCommand)));
            }
        };
        let command = match Command::parse(&line) {
            Ok(command) => command,
            // How many octets follow, nobody knows, and they must not be read as commands.
            Err(wrong @ Wrong::ChunkSyntax) => return Ok(Answer::Last(Reply::Wrong(wrong))),
            Err(wrong) => return Ok(Answer::Say(Reply::Wrong(wrong))),
        };
        let hostname = || self.settings.hostname.clone();
        let reply = match command {
            // RFC 5321 §4.1.4: EHLO begins anew.
            Command::Ehlo { name } => {
                (self.hello, self.transaction) = (Some(name), None);
                let max_size = self.settings.max_size;
                let starttls = self.offers_tls();
                Reply::Extensions { hostname: hostname(), max_size, chunking: true, starttls }
            }
            Command::Helo { name } => {
                (self.hello, self.transaction) = (Some(name), None);
                Reply::Hello { hostname: hostname() }
            }
            Command::Mail { from, size, utf8 } => self.mail(from, size, utf8),
            Command::Rcpt { to } => self.rcpt(to).await?,
            Command::Data => return self.data().await,
            Command::Rset => {
                self.transaction = None;
                Reply::Reset
            }
            Command::Noop => Reply::Ok,
            Command::Vrfy => Reply::Vrfy,
            Command::Help => Reply::Help,
            Command::StartTls => return self.start_tls().await,
            Command::NotOffered => Reply::Wrong(Wrong::NotOffered),
            Command::Bdat { size, last } => return self.bdat(size, last).await,
            // A web page made somebody's browser say this; the rest of it may be SMTP.
            Command::OtherProtocol => return Ok(Answer::Last(Reply::Wrong(Wrong::OtherProtocol))),
            Command::Quit => return Ok(Answer::Last(Reply::Bye)),
        };
        Ok(Answer::Say(reply))
    }

    fn offers_tls(&self) -> bool {
        self.settings.tls.is_some() && !self.encrypted // RFC 3207 §4.2: not twice
    }

    async fn start_tls(&mut self) -> Result<Answer, Ended> {
        if !self.offers_tls() {
            return Ok(Answer::Say(Reply::Wrong(Wrong::NotOffered)));
        }
        if self.hello.is_none() {
            return Ok(Answer::Say(Reply::Wrong(Wrong::HelloFirst)));
        }
        // Somebody on the way may have put commands behind the client's STARTTLS, to be taken
        // for the client's own inside TLS (CVE-2011-0411).
        if self.connection.at_hand() > 0 {
            info!("session ended: something in clear came behind STARTTLS");
            return Ok(Answer::Last(Reply::Wrong(Wrong::AfterStartTls)));
        }
        self.connection.say(&Reply::StartTls);
        self.connection.flush().await?;
        Err(Ended::StartTls)
    }

    fn mail(&mut self, mail_from: String, size: Option<usize>, utf8: bool) -> Reply {
        if self.hello.is_none() {
            return Reply::Wrong(Wrong::HelloFirst);
        }
        if self.transaction.is_some() {
            return Reply::Wrong(Wrong::MailAlready);
        }
        if self.settings.only_trusted && !self.peer.is_trusted() {
            // The peer is a mail server, no person: without it nobody could set the config right.
            info!(peer = %self.peer.address(), "MAIL refused: the peer is in no trusted network");
            return Reply::Unproved(Unproved::Peer);
        }
        let limit = self.settings.max_size;
        if let Some(found) = size.filter(|size| *size > limit) {
            info!(found, limit, "MAIL refused: too large");
            return Reply::TooLarge { limit, found }; // RFC 1870 §6.1
        }
        self.transaction = Some(Transaction::new(mail_from, size, utf8));
        Reply::SenderOk
    }

    async fn rcpt(&mut self, recipient: String) -> Result<Reply, Ended> {
        let Some(transaction) = &mut self.transaction else {
            return Ok(Reply::Wrong(Wrong::MailFirst));
        };
        if transaction.chunks.is_some() {
            return Ok(Reply::Wrong(Wrong::ChunksBegun));
        }
        if !recipient.is_ascii() && !transaction.utf8 {
            return Ok(Reply::Wrong(Wrong::AddressNotAscii));
        }
        // Named twice, it gets the mail once.
        if transaction.recipients.iter().any(|known| known.eq_ignore_ascii_case(&recipient)) {
            return Ok(Reply::RecipientOk);
        }
        // RFC 5321 §4.5.3.1.10: who gets this sends again for the recipients that are left. Not
        // for those that are none: they get the answer of an unknown alias, first or last.
        let route = self.door.route(self.peer, &transaction.mail_from, &recipient);
        match self.connection.until_cut(route).await? {
            Ok(_) if transaction.routes.len() >= RECIPIENTS => {
                Ok(Reply::TooManyRecipients { most: RECIPIENTS })
            }
            Ok(route) => {
                transaction.recipients.push(recipient);
                transaction.routes.push(route);
                Ok(Reply::RecipientOk)
            }
            Err(why) => {
                info!(?why, "RCPT refused");
                Ok(Reply::Route(why))
            }
        }
    }

    async fn data(&mut self) -> Result<Answer, Ended> {
        let transaction = match self.transaction.take() {
            None => return Ok(Answer::Say(Reply::Wrong(Wrong::MailFirst))),
            Some(begun) => begun,
        };
        let wrong = match &transaction {
            // RFC 3030 §2: DATA and BDAT don't go together.
            Transaction { chunks: Some(_), .. } => Some(Wrong::ChunksBegun),
            Transaction { routes, .. } if routes.is_empty() => Some(Wrong::RcptFirst),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.transaction = Some(transaction);
            return Ok(Answer::Say(Reply::Wrong(wrong)));
        }
        if let Some(reply) = self.put_off(&transaction).await? {
            return Ok(Answer::Say(reply));
        }
        let Some(share) = self.first_share(transaction.size) else {
            info!("DATA refused: in_flight is used up");
            return Ok(Answer::Say(Reply::InFlight));
        };
        self.connection.say(&Reply::GoAhead);
        match self.read_expected(share).await? {
            (Some((share, scanned)), coming) => {
                self.hand_over(transaction, share, (scanned, coming)).await
            }
            (None, _) => Ok(self.far_too_large()),
        }
    }

    /// Reads a mail that the house expects: from now on, or where its text is slow to come, from its end
    /// on, so that nobody else waits for it.
    async fn read_expected(&mut self, share: Share) -> Result<(Read, D::Coming), Ended> {
        let (door, soon) = (self.door, self.settings.limits.soon);
        let coming = door.expect();
        let reading = self.read_mail(share);
        tokio::pin!(reading);
        if let Ok(read) = timeout(soon, &mut reading).await {
            return Ok((read?, coming));
        }
        drop(coming);
        let read = reading.await?;
        Ok((read, door.expect()))
    }

    /// What a sender is told whose mail is not taken now.
    async fn put_off(
        &mut self,
        transaction: &Transaction<D::Route>,
    ) -> Result<Option<Reply>, Ended> {
        let Transaction { mail_from, routes, .. } = transaction;
        let why = self.door.put_off(self.peer, mail_from, routes);
        let why = self.connection.until_cut(why).await?;
        Ok(why.map(|why| match why {
            PutOff::Newcomer(wait) => Reply::Newcomer { minutes: wait.as_secs().div_ceil(60) },
            PutOff::Limit(limit) => Reply::Outcome(Outcome::Limited(limit)),
        }))
    }

    /// Room for the beginning of a mail, or for all of it where its length was announced.
    fn first_share(&self, announced: Option<usize>) -> Option<Share> {
        self.settings.share(announced.unwrap_or(FIRST_SHARE).min(self.settings.max_size))
    }

    /// Gives a mail that has ended to the house, or says why it is none. Its share is held until
    /// the answer: the mail is in hand.
    async fn hand_over(
        &mut self,
        transaction: Transaction<D::Route>,
        share: Option<Share>,
        (scanned, coming): (Scanned, D::Coming),
    ) -> Result<Answer, Ended> {
        let raw = match self.raw(scanned) {
            Ok(raw) => raw,
            Err(answer) => return Ok(answer),
        };
        let Transaction { mail_from, routes, .. } = transaction;
        let hello = self.hello.as_deref().unwrap_or_default();
        let envelope = Envelope { hello, mail_from: &mail_from };
        let accept = self.door.accept(self.peer, envelope, routes, (raw, coming));
        let outcome = self.connection.until_cut(accept).await?;
        drop(share);
        Ok(Answer::Say(Reply::Outcome(outcome)))
    }

    /// The mail, or why there is none.
    fn raw(&self, scanned: Scanned) -> Result<Vec<u8>, Answer> {
        match scanned {
            Scanned::Mail(raw) => Ok(raw),
            Scanned::BareLineEnd => {
                info!("mail refused: bare CR or LF");
                Err(Answer::Last(Reply::BareLineEnd))
            }
            Scanned::TooLarge { size: found } => {
                let limit = self.settings.max_size;
                info!(found, limit, "mail refused: too large");
                Err(Answer::Say(Reply::TooLarge { limit, found }))
            }
            Scanned::Dropped => {
                info!("mail refused: in_flight is used up");
                Err(Answer::Say(Reply::InFlight))
            }
        }
    }

    /// How many octets are read at most so that the peer hears why its mail is too large.
    fn far(&self) -> usize {
        let max_size = self.settings.max_size;
        max_size.saturating_add(self.settings.limits.excess.min(max_size.saturating_mul(9)))
    }

    fn far_too_large(&self) -> Answer {
        let limit = self.settings.max_size;
        info!(limit, "mail refused: far too large");
        Answer::Last(Reply::FarTooLarge { limit })
    }

    /// Reads to the final dot; none where that is too far away.
    async fn read_mail(&mut self, share: Share) -> Result<Read, Ended> {
        let max_size = self.settings.max_size;
        let deadline = Instant::now() + self.settings.limits.data;
        let far = self.far();
        let mut share = Some(share);
        let mut scanner = Scanner::new(max_size);
        let mut octets: usize = 0;
        loop {
            self.connection.fill(deadline, true).await?;
            let wanted = scanner.kept().saturating_add(self.connection.at_hand()).min(max_size);
            if share.as_mut().is_some_and(|share| !share.grow(wanted)) {
                scanner.discard();
            }
            let (used, ended) = self.connection.scan(&mut scanner);
            octets = octets.saturating_add(used);
            if !scanner.is_keeping() {
                share = None;
            }
            if ended {
                return Ok(Some((share, scanner.finish())));
            }
            if octets > far {
                return Ok(None);
            }
        }
    }
}
