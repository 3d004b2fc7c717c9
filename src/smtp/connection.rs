//! The wire of one session: lines in, replies out, under deadlines that no slow peer can stretch.

use std::future::Future;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Duration, Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::chunks::Assembler;
use super::data::Scanner;
use super::limits::Limits;
use super::lines::{LineError, Lines};
use super::reply::Reply;

/// Octets of a mail read at a time.
const CHUNK: usize = 16 * 1024;
/// Octets of commands read at a time: what a connection that says nothing keeps room for.
const COMMANDS: usize = 512;

/// How long a peer that was told to go may take to read that.
const LINGER: Duration = Duration::from_secs(2);

/// Why nothing more comes from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It went, or the connection broke.
    #[error("the peer is gone")]
    Gone,
    /// It took too long.
    #[error("the peer took too long")]
    TimedOut,
    /// The relay stops.
    #[error("the relay stops")]
    Stopping,
    /// STARTTLS was answered 220: the next octets are TLS.
    #[error("TLS begins")]
    StartTls,
    /// All is said.
    #[error("the session is over")]
    Done,
}

/// One connection.
#[derive(Debug)]
pub struct Connection<'a, S> {
    stream: S,
    /// What was read; of it so much is used.
    read: Vec<u8>,
    used: usize,
    lines: Lines,
    output: Vec<u8>,
    limits: &'a Limits,
    stop: &'a CancellationToken,
    /// When a begun transaction is cut off, once the relay stops.
    cut_at: Option<Instant>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Connection<'a, S> {
    /// Around a stream.
    pub fn new(stream: S, limits: &'a Limits, stop: &'a CancellationToken) -> Self {
        Self {
            stream,
            read: vec![],
            used: 0,
            lines: Lines::default(),
            output: vec![],
            limits,
            stop,
            cut_at: None,
        }
    }

    /// Puts a reply after those that wait to be sent: they go out together when no more commands
    /// are at hand (RFC 2920 §3.2).
    pub fn say(&mut self, reply: &Reply) {
        self.output.extend_from_slice(reply.render().as_bytes());
    }

    /// The next command line. `begun`: a transaction is, which a stop of the relay lets finish.
    pub async fn line(&mut self, begun: bool) -> Result<Result<Vec<u8>, LineError>, Ended> {
        let deadline = Instant::now() + self.limits.command;
        if self.stop.is_cancelled() && !begun {
            return Err(Ended::Stopping);
        }
        loop {
            self.fill_up_to(COMMANDS, deadline, begun).await?;
            let mut bytes = self.read.get(self.used..).unwrap_or_default();
            let line = self.lines.feed(&mut bytes);
            self.used = self.read.len() - bytes.len();
            if let Some(line) = line {
                return Ok(line);
            }
        }
    }

    /// Octets that are at hand.
    pub fn at_hand(&self) -> usize {
        self.read.len() - self.used
    }

    /// Gives the octets at hand to a scanner. How many it took, and whether the mail has ended.
    pub fn scan(&mut self, scanner: &mut Scanner) -> (usize, bool) {
        let mut bytes = self.read.get(self.used..).unwrap_or_default();
        let before = bytes.len();
        let ended = scanner.feed(&mut bytes);
        let used = before - bytes.len();
        self.used += used;
        (used, ended)
    }

    /// Gives at most `most` of the octets at hand to a mail that comes in chunks. How many.
    pub fn take(&mut self, chunks: &mut Assembler, most: usize) -> usize {
        let bytes = self.read.get(self.used..).unwrap_or_default();
        let (bytes, _) = bytes.split_at_checked(most).unwrap_or((bytes, &[]));
        chunks.feed(bytes);
        let used = bytes.len();
        self.used += used;
        used
    }

    /// Waits until octets of a mail are at hand. What waits to be sent is sent first: the peer may
    /// wait for it.
    pub async fn fill(&mut self, deadline: Instant, begun: bool) -> Result<(), Ended> {
        self.fill_up_to(CHUNK, deadline, begun).await
    }

    async fn fill_up_to(
        &mut self,
        most: usize,
        deadline: Instant,
        begun: bool,
    ) -> Result<(), Ended> {
        if self.at_hand() > 0 {
            return Ok(());
        }
        self.flush().await?;
        (self.read, self.used) = match std::mem::take(&mut self.read) {
            room if room.capacity() == most => (room, 0),
            _ => (Vec::with_capacity(most), 0),
        };
        self.read.clear();
        let drain = if begun { self.limits.drain } else { Duration::ZERO };
        let (stream, cut_at) = (&mut self.stream, &mut self.cut_at);
        tokio::select! {
            biased;
            read = timeout_at(deadline, stream.read_buf(&mut self.read)) => match read {
                Ok(Ok(0)) | Ok(Err(_)) => Err(Ended::Gone),
                Ok(Ok(_)) => Ok(()),
                Err(_) => Err(Ended::TimedOut),
            },
            () = cut(self.stop, cut_at, drain) => Err(Ended::Stopping),
        }
    }

    /// Sends what waits to be sent.
    pub async fn flush(&mut self) -> Result<(), Ended> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let send = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        match timeout(self.limits.write, send).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended::Gone), // who doesn't read needs no more replies
        }
    }

    /// Waits for the house, as long as a stop of the relay allows.
    pub async fn until_cut<F: Future>(&mut self, work: F) -> Result<F::Output, Ended> {
        let drain = self.limits.drain;
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = cut(self.stop, &mut self.cut_at, drain) => Err(Ended::Stopping),
        }
    }

    /// The stream itself. What was read of it and not used is dropped: nothing of it counts once
    /// TLS has begun.
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// Sends what waits and ends the connection. What the peer still sends is read for a moment:
    /// closing over unread octets resets the connection, and the peer never sees the last reply.
    pub async fn close(mut self) {
        if self.flush().await.is_err() {
            return;
        }
        let Ok(Ok(())) = timeout(LINGER, self.stream.shutdown()).await else { return };
        let rest = async {
            let mut dropped = [0; 1024];
            while let Ok(1..) = self.stream.read(&mut dropped).await {}
        };
        // It has been told, or it doesn't listen: either way that was all.
        let _ = timeout(LINGER, rest).await;
    }
}

/// Ends when a stopping relay waits no more. The moment is set once, so that a peer can't put it
/// off by sending.
async fn cut(stop: &CancellationToken, cut_at: &mut Option<Instant>, drain: Duration) {
    stop.cancelled().await;
    let at = *cut_at.get_or_insert_with(|| Instant::now() + drain);
    if !drain.is_zero() {
        sleep_until(at).await;
    }
}
