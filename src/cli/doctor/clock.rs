//! The clock: bounce addresses and signatures hang on it. Held against a time server (SNTP,
//! RFC 5905 §14), since nothing on this machine can tell whether its own clock is right.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;

use super::finding::Finding;
use super::world::World;
use crate::domain::{Clock, Timestamp};

const CHECK: &str = "clock";
const PORT: u16 = 123;
/// Receivers bear minutes; a clock that is kept right is not off by seconds.
const BEARABLE: u64 = 60_000;
/// From 1900, where NTP begins, to 1970.
const SINCE_1900: i64 = 2_208_988_800;

pub(super) async fn check(world: &World, server: &str) -> Finding {
    let asked = match ask(world, server).await {
        Ok(off) => off,
        Err(why) => {
            return Finding::unknown(
                CHECK,
                format!("whether it is right is not known: {server} gives no time ({why})"),
                "timedatectl status    or name another: --time-server HOST",
            );
        }
    };
    let seconds = asked.unsigned_abs() / 1000;
    if asked.unsigned_abs() >= BEARABLE {
        let way = if asked > 0 { "behind" } else { "ahead" };
        let says = format!("{seconds} s {way} of the time that {server} tells");
        return Finding::wrong(CHECK, says, "timedatectl set-ntp true");
    }
    Finding::ok(CHECK, format!("right: less than {} s off {server}'s", seconds + 1))
}

/// How far this machine's clock is behind, in milliseconds.
async fn ask(world: &World, server: &str) -> Result<i64, String> {
    let address = address_of(world, server).await?;
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let told = |error: std::io::Error| error.to_string();
    let socket = UdpSocket::bind(any).await.map_err(told)?;
    socket.connect(address).await.map_err(told)?;
    let clock = Clock::system();
    let mut why = "no answer in time".to_owned();
    for _ in 0..3 {
        // What we send there comes back: no other packet is taken for the answer.
        let mark = getrandom::u64().unwrap_or_default().to_be_bytes();
        let mut question = [0; 48];
        question[0] = 0x23; // version 4, client
        question[40..].copy_from_slice(&mark);
        let sent = clock.now();
        if let Err(error) = socket.send(&question).await {
            why = told(error);
            continue;
        }
        let mut answer = [0; 128];
        match tokio::time::timeout(Duration::from_secs(3), socket.recv(&mut answer)).await {
            Ok(Ok(length)) => match read(answer.get(..length).unwrap_or_default(), mark) {
                Some(times) => return Ok(behind(sent, times, clock.now())),
                None => why = "its answer is none".to_owned(),
            },
            Ok(Err(error)) => why = told(error),
            Err(_) => {}
        }
    }
    Err(why)
}

async fn address_of(world: &World, server: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = server.parse::<SocketAddr>() {
        return Ok(address);
    }
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => {
            (host, port.parse().map_err(|_| format!("{port:?} is no port"))?)
        }
        _ => (server, PORT),
    };
    if let Ok(ip) = host.parse() {
        return Ok(SocketAddr::new(ip, port));
    }
    let found = world.dns.addresses(host).await.unwrap_or_default();
    let ip = found.first().ok_or("the DNS has no address of it")?;
    Ok(SocketAddr::new(*ip, port))
}

/// When the server got the question and when it answered.
fn read(answer: &[u8], mark: [u8; 8]) -> Option<(Timestamp, Timestamp)> {
    let (head, stratum) = (*answer.first()?, *answer.get(1)?);
    let echoed = answer.get(24..32)? == mark;
    // Mode 4 is a server's; stratum 0 means "ask somebody else" (RFC 5905 §7.4), leap 3 "unset".
    if head & 7 != 4 || stratum == 0 || head >> 6 == 3 || !echoed {
        return None;
    }
    let moment = |at: usize| {
        let part = |at: usize| {
            answer.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes).map(i64::from)
        };
        let (seconds, fraction) = (part(at)?, part(at + 4)?);
        // RFC 5905 §6: the count begins again in 2036.
        let seconds = if seconds < 1 << 31 { seconds + (1 << 32) } else { seconds } - SINCE_1900;
        Some(Timestamp::from_millis(seconds * 1000 + ((fraction * 1000) >> 32)))
    };
    Some((moment(32)?, moment(40)?))
}

/// RFC 5905 §8: the mean of both ways.
fn behind(sent: Timestamp, (got, answered): (Timestamp, Timestamp), received: Timestamp) -> i64 {
    let there = got.as_millis() - sent.as_millis();
    let back = answered.as_millis() - received.as_millis();
    (there + back) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_this_era_and_the_next() {
        let mark = [7; 8];
        let mut answer = [0_u8; 48];
        (answer[0], answer[1]) = (0x24, 2);
        answer[24..32].copy_from_slice(&mark);
        let put = |answer: &mut [u8; 48], at: usize, seconds: u32| {
            answer[at..at + 4].copy_from_slice(&seconds.to_be_bytes());
            answer[at + 4] = 0x80; // half a second
        };
        // 2026-11-23T22:30:00Z
        put(&mut answer, 32, 4_004_461_800);
        put(&mut answer, 40, 0);
        let (got, answered) = read(&answer, mark).unwrap();
        assert_eq!(
            (got.to_string().as_str(), got.as_millis() % 1000),
            ("2026-11-23T22:30:00Z", 500)
        );
        assert_eq!(answered.to_string(), "2036-02-07T06:28:16Z");
        assert_eq!(read(&answer, [8; 8]), None, "not the answer to this question");
        assert_eq!(read(&answer[..40], mark), None);
        answer[1] = 0;
        assert_eq!(read(&answer, mark), None, "a refusal");
    }

    #[test]
    fn the_way_there_and_back_does_not_count() {
        let at = Timestamp::from_millis;
        assert_eq!(behind(at(1000), (at(1050), at(1060)), at(1110)), 0);
        assert_eq!(behind(at(1000), (at(91_050), at(91_060)), at(1110)), 90_000);
        assert_eq!(behind(at(91_000), (at(1050), at(1060)), at(91_110)), -90_000);
    }
}
