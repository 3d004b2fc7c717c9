//! The PROXY protocol: who is behind a load balancer (HAProxy's proxy-protocol.txt, versions 1
//! and 2). Strict: a header that is not understood names nobody.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a header of version 2 begins with (§2.2).
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The longest header of version 1, CRLF included (§2.1).
const V1_LIMIT: usize = 107;

/// The longest body of version 2 that is read, in octets: addresses and a few extras.
const V2_LIMIT: usize = 4096;

/// Who is behind the load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Somebody at this address.
    Address(IpAddr),
    /// Nobody (`LOCAL`: the balancer sees whether we live) or it can't tell (`UNKNOWN`).
    Unnamed,
}

/// Why there is no header. The connection ends.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// It is none, or not one that we understand.
    #[error("no PROXY header, or a malformed one")]
    Malformed,
    /// The connection broke.
    #[error("the connection broke in the PROXY header: {0}")]
    Gone(#[from] io::Error),
}

/// Reads the header and not an octet more.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Source, ProxyError> {
    // Both versions have more octets than these.
    let mut head = [0; SIGNATURE.len()];
    stream.read_exact(&mut head).await?;
    if head == SIGNATURE {
        return version_2(stream).await;
    }
    if !head.starts_with(b"PROXY ") {
        return Err(ProxyError::Malformed);
    }
    let mut line = head.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() >= V1_LIMIT {
            return Err(ProxyError::Malformed);
        }
        line.push(stream.read_u8().await?);
    }
    let line = line.strip_suffix(b"\r\n").unwrap_or(&line);
    version_1(line).ok_or(ProxyError::Malformed)
}

/// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 25`
fn version_1(line: &[u8]) -> Option<Source> {
    let line = std::str::from_utf8(line).ok()?;
    let words: Vec<&str> = line.split(' ').collect();
    let (source, destination, ports) = match words.as_slice() {
        // §2.1: whatever follows is to be ignored.
        ["PROXY", "UNKNOWN", ..] => return Some(Source::Unnamed),
        ["PROXY", "TCP4", from, to, ports @ ..] => {
            let v4 = |text: &str| text.parse::<Ipv4Addr>().ok().map(IpAddr::from);
            (v4(from)?, v4(to)?, ports)
        }
        ["PROXY", "TCP6", from, to, ports @ ..] => {
            let v6 = |text: &str| text.parse::<Ipv6Addr>().ok().map(IpAddr::from);
            (v6(from)?, v6(to)?, ports)
        }
        _ => return None,
    };
    let is_port =
        |text: &&str| text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok();
    let whole = source.is_ipv4() == destination.is_ipv4() && ports.len() == 2;
    (whole && ports.iter().all(is_port)).then_some(Source::Address(source))
}

/// What follows the signature: version and command, family, length, addresses, extras.
async fn version_2<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Source, ProxyError> {
    let (command, family) = (stream.read_u8().await?, stream.read_u8().await?);
    let length = usize::from(stream.read_u16().await?);
    if length > V2_LIMIT {
        return Err(ProxyError::Malformed);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    match (command, family) {
        (0x20, _) => Ok(Source::Unnamed),    // LOCAL
        (0x21, 0x00) => Ok(Source::Unnamed), // UNSPEC
        // TCP over IPv4: two addresses, two ports.
        (0x21, 0x11) if length >= 12 => {
            let source = body.first_chunk::<4>().ok_or(ProxyError::Malformed)?;
            Ok(Source::Address(Ipv4Addr::from(*source).into()))
        }
        (0x21, 0x21) if length >= 36 => {
            let source = body.first_chunk::<16>().ok_or(ProxyError::Malformed)?;
            Ok(Source::Address(Ipv6Addr::from(*source).into()))
        }
        _ => Err(ProxyError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `None`: it is malformed, or ends too early. Nothing behind the header may be taken.
    async fn check(header: &[u8], expected: Option<Source>) {
        let wire = [header, b"EHLO"].concat();
        let mut rest = &wire[..];
        let found = read(&mut rest).await.ok();
        assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(header));
        assert!(found.is_none() || rest == b"EHLO", "{:?}", String::from_utf8_lossy(header));
    }

    fn at(address: &str) -> Option<Source> {
        Some(Source::Address(address.parse().unwrap()))
    }

    #[tokio::test]
    async fn version_1_is_a_line() {
        check(b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\n", at("192.0.2.1")).await;
        check(b"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n", at("2001:db8::1")).await;
        check(b"PROXY UNKNOWN\r\n", Some(Source::Unnamed)).await;
        check(b"PROXY UNKNOWN 192.0.2.1 whatever\r\n", Some(Source::Unnamed)).await;
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
        for wrong in [
            "EHLO client.example\r\n",
            "PROXY\r\n         ",
            "proxy TCP4 192.0.2.1 192.0.2.2 56324 25\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 56324 25 26\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 56324 65536\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 25\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 25\r\n",
            "PROXY TCP4 ::1 ::1 1 25\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 25\r\n",
            "PROXY TCP4 192.0.2.01 192.0.2.2 1 25\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 25\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 25\r\n",
            &long,
        ] {
            check(wrong.as_bytes(), None).await;
        }
    }

    #[tokio::test]
    async fn version_2_is_counted() {
        let header = |command: u8, family: u8, body: &[u8]| {
            let length = u16::try_from(body.len()).unwrap().to_be_bytes();
            [&SIGNATURE[..], &[command, family], &length, body].concat()
        };
        let v4 = [192, 0, 2, 1, 192, 0, 2, 2, 1, 1, 0, 25];
        let mut v6 = [0; 36];
        v6[15] = 1;
        check(&header(0x21, 0x11, &v4), at("192.0.2.1")).await;
        check(&header(0x21, 0x11, &[&v4[..], b"extras"].concat()), at("192.0.2.1")).await;
        check(&header(0x21, 0x21, &v6), at("::1")).await;
        check(&header(0x20, 0x00, b""), Some(Source::Unnamed)).await;
        check(&header(0x20, 0x11, &v4), Some(Source::Unnamed)).await;
        check(&header(0x21, 0x00, b"x"), Some(Source::Unnamed)).await;
        for (command, family, body) in [
            (0x11, 0x11, &v4[..]),
            (0x22, 0x11, &v4),
            (0x21, 0x12, &v4),
            (0x21, 0x31, &[0; 216]),
            (0x21, 0x11, &v4[..11]),
            (0x21, 0x21, &v4),
            (0x20, 0x00, &[0; 5000]),
        ] {
            check(&header(command, family, body), None).await;
        }
        check(&SIGNATURE, None).await;
    }
}
