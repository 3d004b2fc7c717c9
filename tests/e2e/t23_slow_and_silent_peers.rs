//! Peers that are slow, silent, or hold on to what they have: mail of others passes all the same,
//! and memory stays bounded.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::house::{House, JANE, eventually};
use crate::letter::Letter;
use crate::smarthost::PATIENCE;
use crate::wire::Wire;

/// A connection from one of this machine's addresses, and what it is greeted with.
fn dial(from: [u8; 4], relay: SocketAddr) -> io::Result<(BufReader<TcpStream>, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::from(from), 0))?;
        socket.connect(relay).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = BufReader::new(stream);
    let mut greeting = String::new();
    stream.read_line(&mut greeting)?;
    Ok((stream, greeting))
}

#[test]
fn a_thousand_that_are_silent_keep_nobody_out() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let mut house = House::open();
    // Of a network that nobody trusts: a hundred, and not one more.
    let strangers: Vec<_> = (0..120).map(|_| dial([127, 0, 0, 9], house.relay).unwrap()).collect();
    let greeted = strangers.iter().filter(|(_, greeting)| greeting.starts_with("220 ")).count();
    let told = strangers.iter().filter(|(_, greeting)| greeting.starts_with("421 4.3.2 ")).count();
    assert_eq!((greeted, told), (100, 20));
    // The mail server in front may have all that are left.
    let silent: Vec<_> = (0..900).map(|_| dial([127, 0, 0, 1], house.relay).unwrap()).collect();
    assert!(silent.iter().all(|(_, greeting)| greeting.starts_with("220 ")));
    let to = house.seller_of("O1");
    for n in 0..3 {
        let letter = Letter::new(JANE, &to, &format!("Is it brass? I ask {n} times.\n"));
        // Silent for a moment they must have been.
        let mut wire = eventually("there is room", || Wire::open(house.relay).ok());
        assert!(wire.send(&letter).unwrap().starts_with("250 2.0.0"), "mail {n}");
        house.smarthost.next();
    }
    // One that has something to say at last may say it.
    let (mut last, _) = silent.into_iter().last().unwrap();
    last.get_mut().write_all(b"NOOP\r\n").unwrap();
    let mut answer = String::new();
    last.read_line(&mut answer).unwrap();
    assert!(answer.starts_with("250 "), "{answer}");
    drop((last, strangers));
}

const MEGABYTE: usize = 1_000_000;

/// Resident memory in bytes.
fn memory(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// A session up to the answer to DATA, for a mail of 25 MB.
fn large(house: &House, alias: &str) -> (BufReader<TcpStream>, String) {
    let (mut session, _) = dial([127, 0, 0, 1], house.relay).unwrap();
    let said = format!(
        "EHLO client.example\r\nMAIL FROM:<jane.roe@mail.example> SIZE=25000000\r\n\
         RCPT TO:<{alias}>\r\nDATA\r\n"
    );
    session.get_mut().write_all(said.as_bytes()).unwrap();
    let mut recipient = false;
    loop {
        let mut answer = String::new();
        assert!(session.read_line(&mut answer).unwrap() > 0, "it was hung up on");
        if recipient {
            return (session, answer);
        }
        recipient = answer.starts_with("250 2.1.5");
    }
}

#[test]
fn five_that_hold_25_megabytes_each_are_all_that_there_is_room_for() {
    let line = "trusted_networks = [\"127.0.0.1/32\"]";
    let bounded = format!("{line}\nmax_size = \"25MB\"\nin_flight = \"125MB\"");
    let mut house = House::open_with(&[(line, &bounded)]);
    let alias = house.seller_of("O1");
    let process = house.process();
    let before = memory(process);
    let line = [vec![b'x'; 9_998], b"\r\n".to_vec()].concat();
    let mut holding: Vec<_> = (0..5)
        .map(|_| {
            let (mut session, answer) = large(&house, &alias);
            assert!(answer.starts_with("354 "), "{answer}");
            for _ in 0..2_490 {
                session.get_mut().write_all(&line).unwrap();
            }
            session
        })
        .collect();
    let (sixth, answer) = large(&house, &alias);
    assert!(answer.starts_with("451 4.3.2 "), "{answer}");
    drop(sixth);
    // Mail of nobody else is taken meanwhile either, but the answer is one for now.
    house.send(&Letter::new(JANE, &alias, "Is it brass?\n")).is("451 4.3.2");
    let held = memory(process).saturating_sub(before);
    assert!(held < 175 * MEGABYTE, "{held} bytes for 125 MB in flight");
    drop(holding.pop());
    eventually("there is room again", || {
        (house.send(&Letter::new(JANE, &alias, "Is it brass?\n")).code == 250).then_some(())
    });
    house.smarthost.next();
    drop(holding);
    eventually("its memory is given back", || {
        (memory(process).saturating_sub(before) < 50 * MEGABYTE).then_some(())
    });
}
