//! The stream below lettre's connection: plain or encrypted, and with the peer's words made ASCII.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What goes over the network.
#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// A connection on which greeting, EHLO and STARTTLS are done. lettre wants to do these itself, so
/// it is given the greeting and the answer to EHLO again, and its EHLO goes nowhere.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    peer: SocketAddr,
    /// To be read before what comes from the network.
    ahead: Vec<u8>,
    /// Whether lettre's EHLO has been written.
    begun: bool,
}

impl Wire {
    pub fn plain(stream: TcpStream, peer: SocketAddr, hello: &[String]) -> Self {
        Self::new(Stream::Plain(stream), peer, hello)
    }

    pub fn encrypted(stream: TlsStream<TcpStream>, peer: SocketAddr, hello: &[String]) -> Self {
        Self::new(Stream::Encrypted(Box::new(stream)), peer, hello)
    }

    /// `hello`: the lines of the answer to EHLO, without code.
    fn new(stream: Stream, peer: SocketAddr, hello: &[String]) -> Self {
        let mut ahead = "220 ready\r\n".to_owned();
        for (n, line) in hello.iter().enumerate() {
            let more = if n + 1 < hello.len() { '-' } else { ' ' };
            ahead.push_str(&format!("250{more}{line}\r\n"));
        }
        Self { stream, peer, ahead: ahead.into_bytes(), begun: false }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.ahead.is_empty() {
            let count = this.ahead.len().min(buf.remaining());
            let now: Vec<u8> = this.ahead.drain(..count).collect();
            buf.put_slice(&now);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        match &mut this.stream {
            Stream::Plain(stream) => ready!(Pin::new(stream).poll_read(cx, buf))?,
            Stream::Encrypted(stream) => ready!(Pin::new(stream).poll_read(cx, buf))?,
        }
        // RFC 5321 §4.2: replies are ASCII. Some are in Latin-1, and lettre takes one that is not
        // UTF-8 for a broken connection: a mail that was taken would go out again and again.
        if let Some(new) = buf.filled_mut().get_mut(before..) {
            new.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.begun {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.begun = end.is_some();
            return Poll::Ready(Ok(end.map_or(bytes.len(), |at| at + 1)));
        }
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Encrypted(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
