//! The beginning of a conversation: greeting, EHLO, STARTTLS and EHLO again. From there on lettre
//! speaks.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::times::Times;
use super::wire::Wire;

/// The longest reply that is read, in octets: RFC 5321 §4.5.3.1.5 has lines of 512.
const LONGEST: usize = 64 * 1024;

/// What a peer offers in its answer to EHLO.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub starttls: bool,
    pub smtputf8: bool,
    pub dsn: bool,
    /// RFC 2920.
    pub pipelining: bool,
    /// The largest mail it takes (RFC 1870); none or zero: it does not say.
    pub size: Option<usize>,
}

/// A connection that is ready for MAIL.
pub(super) struct Opened {
    pub smtp: AsyncSmtpConnection,
    pub offers: Offers,
}

/// How a connection may be encrypted.
#[derive(Clone)]
pub(super) struct Encryption {
    /// Certificates are held against this.
    pub config: Arc<ClientConfig>,
    /// The name that they must be for.
    pub name: String,
    /// Whether nothing may go out without.
    pub required: bool,
}

/// Why a conversation did not begin. For log and store: names no person.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// It can't be reached, or breaks off.
    #[error("{0}")]
    Network(#[from] io::Error),
    /// Nobody answered in time.
    #[error("nobody answered in time")]
    Timeout,
    /// It does not want us.
    #[error("it was answered {0}")]
    Refused(String),
    /// It greets with our own name: what it is given would come in again.
    #[error("what answers is this relay itself")]
    Ourselves,
    /// Not SMTP.
    #[error("what answers speaks no SMTP")]
    NoSmtp,
    /// Encryption was agreed on and failed.
    #[error("encryption failed: {0}")]
    BrokenTls(String),
    /// Encryption is required, and not offered.
    #[error("it offers no STARTTLS, which is required")]
    NoTls,
    /// lettre does not take the connection.
    #[error("{0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

impl OpenError {
    /// Whether it may work without encryption.
    pub fn is_about_tls(&self) -> bool {
        matches!(self, Self::BrokenTls(_))
    }
}

/// Connects and comes as far as MAIL.
pub(super) async fn open(
    peer: SocketAddr,
    hello: &str,
    encryption: Option<&Encryption>,
    times: &Times,
) -> Result<Opened, OpenError> {
    let mut stream = within(times.connect, TcpStream::connect(peer)).await??;
    // The final dot is written on its own: held back for the peer's ACK it would cost 40 ms.
    stream.set_nodelay(true)?;
    let greeted = within(times.greeting, greet(&mut stream, hello)).await??;
    if name_in(&greeted).eq_ignore_ascii_case(hello) {
        return Err(OpenError::Ourselves);
    }
    let offers = read_offers(&greeted);
    let (wire, offers) = match encryption {
        Some(encryption) if offers.starttls => {
            let secured = within(times.tls, secure(stream, hello, encryption)).await;
            let (stream, said) = secured.map_err(|_| {
                OpenError::BrokenTls("the handshake did not end in time".to_owned())
            })??;
            (Wire::encrypted(stream, peer, &said), read_offers(&said))
        }
        Some(encryption) if encryption.required => {
            farewell(&mut stream, times.farewell).await;
            return Err(OpenError::NoTls);
        }
        _ => (Wire::plain(stream, peer, &greeted), offers),
    };
    let hello = ClientId::Domain(hello.to_owned());
    let smtp = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await?;
    Ok(Opened { smtp, offers })
}

pub(super) async fn within<T>(
    time: Duration,
    doing: impl Future<Output = T>,
) -> Result<T, OpenError> {
    tokio::time::timeout(time, doing).await.map_err(|_| OpenError::Timeout)
}

async fn farewell(stream: &mut TcpStream, time: Duration) {
    let quit = async {
        stream.write_all(b"QUIT\r\n").await?;
        read_reply(stream).await.map(drop).map_err(|_| io::ErrorKind::Other.into())
    };
    let _: Result<io::Result<()>, _> = tokio::time::timeout(time, quit).await;
}

/// The greeting, and the answer to EHLO; to HELO, where EHLO is not understood (RFC 5321 §3.2).
pub(super) async fn greet(stream: &mut TcpStream, hello: &str) -> Result<Vec<String>, OpenError> {
    let greeting = read_reply(stream).await?;
    if greeting.code != 220 {
        return Err(greeting.refusal());
    }
    let reply = say(stream, &format!("EHLO {hello}")).await?;
    match reply.code {
        250 => Ok(reply.lines),
        500..=504 => {
            let reply = say(stream, &format!("HELO {hello}")).await?;
            if reply.code != 250 {
                return Err(reply.refusal());
            }
            Ok(reply.lines.into_iter().take(1).collect())
        }
        _ => Err(reply.refusal()),
    }
}

/// The name in the answer to EHLO or HELO; empty where there is none.
pub(super) fn name_in(lines: &[String]) -> &str {
    lines.first().and_then(|line| line.split_whitespace().next()).unwrap_or_default()
}

/// STARTTLS and the second EHLO (RFC 3207 §4.2: what was said before counts no more).
pub(super) async fn secure(
    mut stream: TcpStream,
    hello: &str,
    encryption: &Encryption,
) -> Result<(tokio_rustls::client::TlsStream<TcpStream>, Vec<String>), OpenError> {
    let broken = |why: String| OpenError::BrokenTls(why);
    let reply = say(&mut stream, "STARTTLS").await.map_err(|e| broken(e.to_string()))?;
    if reply.code != 220 {
        return Err(broken(format!("STARTTLS was answered {}", reply.text())));
    }
    let name = ServerName::try_from(encryption.name.clone())
        .map_err(|_| broken("its name can stand in no certificate".to_owned()))?;
    let connector = TlsConnector::from(Arc::clone(&encryption.config));
    let mut stream = connector.connect(name, stream).await.map_err(|e| broken(e.to_string()))?;
    let reply = say(&mut stream, &format!("EHLO {hello}")).await?;
    if reply.code != 250 {
        return Err(reply.refusal());
    }
    Ok((stream, reply.lines))
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    line: &str,
) -> Result<Answer, OpenError> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await?;
    read_reply(stream).await
}

/// A whole reply.
struct Answer {
    code: u16,
    /// Without code, made ASCII.
    lines: Vec<String>,
}

impl Answer {
    fn text(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" "))
    }

    fn refusal(&self) -> OpenError {
        OpenError::Refused(self.text())
    }
}

/// Reads octet by octet: what follows the reply is not ours (after STARTTLS it is the handshake).
async fn read_reply<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Answer, OpenError> {
    let mut lines = Vec::new();
    let mut left = LONGEST;
    loop {
        let mut line = Vec::new();
        loop {
            let byte = stream.read_u8().await?;
            left = left.checked_sub(1).ok_or(OpenError::NoSmtp)?;
            match byte {
                b'\n' => break,
                b'\r' => {}
                byte if byte.is_ascii() && byte != 0 => line.push(byte),
                _ => line.push(b'?'),
            }
        }
        let line = String::from_utf8(line).map_err(|_| OpenError::NoSmtp)?;
        let code = line.get(..3).and_then(|code| code.parse().ok());
        let code: u16 = code.filter(|c| (200..600).contains(c)).ok_or(OpenError::NoSmtp)?;
        // RFC 5321 §4.2: a code alone is a reply too.
        let more = line.as_bytes().get(3) == Some(&b'-');
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        if !more {
            return Ok(Answer { code, lines });
        }
    }
}

pub(super) fn read_offers(lines: &[String]) -> Offers {
    let mut offers = Offers::default();
    for line in lines.iter().skip(1) {
        let mut words = line.split_whitespace();
        match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "STARTTLS" => offers.starttls = true,
            "SMTPUTF8" => offers.smtputf8 = true,
            "DSN" => offers.dsn = true,
            "PIPELINING" => offers.pipelining = true,
            "SIZE" => {
                offers.size = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
            }
            _ => {}
        }
    }
    offers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_read_from_the_lines_after_the_first() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let offers = read_offers(&lines("dsn.example\nstarttls\nSIZE 1000\nDSN\nX"));
        let (size, none) = (Some(1000), Offers::default());
        assert_eq!(offers, Offers { starttls: true, dsn: true, size, ..none });
        assert!(read_offers(&lines("mx\nPIPELINING")).pipelining);
        assert_eq!(read_offers(&lines("mx\nSIZE\nSMTPUTF8")).size, None);
        assert_eq!(read_offers(&lines("mx\nSIZE 0")).size, None);
    }

    #[tokio::test]
    async fn a_reply_is_read_to_its_last_line_and_no_further() {
        let mut stream = &b"250-one\r\n250 tw\xf6\r\n\x16\x03"[..];
        let answer = read_reply(&mut stream).await.unwrap();
        assert_eq!((answer.code, answer.text().as_str()), (250, "250 one tw?"));
        assert_eq!(stream, b"\x16\x03");
        let mut stream = &b"HTTP/1.1 400 Bad Request\r\n"[..];
        assert!(matches!(read_reply(&mut stream).await, Err(OpenError::NoSmtp)));
        let endless = vec![b'2'; LONGEST + 9];
        assert!(matches!(read_reply(&mut &endless[..]).await, Err(OpenError::NoSmtp)));
    }
}
