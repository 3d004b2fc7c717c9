//! What a session bears, and how long it waits.

use super::*;

#[tokio::test]
async fn a_mail_in_chunks_takes_room_and_gives_it_back() {
    let settings = Arc::new(settings());
    let mut line = call("127.0.0.1", Arc::clone(&settings));
    line.begin("abc").await;
    // Twice its size once every LF is CRLF: over 10,000.
    let lines = "\n".repeat(4_000);
    line.send(format!("BDAT 4000\r\n{lines}").as_bytes()).await;
    assert_eq!(line.hear().await, "250 2.0.0 Octets taken: 4000");
    assert!(settings.share(12_001).is_none(), "8,000 octets are in hand");
    line.send(format!("BDAT 4000\r\n{lines}BDAT 5\r\nQUIT\nBDAT 0 LAST\r\n").as_bytes()).await;
    assert_eq!(
        line.hear().await,
        "552 5.3.4 The mail is too large: the limit is 10000 octets, this one has 16000"
    );
    for _ in 0..2 {
        assert_eq!(line.hear().await, "503 5.5.1 A chunk of this mail was refused: RSET first");
    }
    let taken = settings.share(20_000).expect("the room was given back");
    line.send(b"RSET\r\n").await;
    line.hear().await;
    line.begin("abc").await;
    line.send(b"BDAT 4\r\nNOOPBDAT 2 LAST\r\n\r\n").await;
    assert!(line.hear().await.starts_with("451 4.3.2 "));
    assert!(line.hear().await.starts_with("503 5.5.1 "));
    drop(taken);
    assert_eq!(line.door.came(), []);
    // Nobody reads over chunks for ever: ten times the limit in a session.
    line.send(b"RSET\r\n").await;
    line.hear().await;
    let unwanted = format!("BDAT 30000\r\n{}", "x".repeat(30_000));
    line.send(unwanted.repeat(3).as_bytes()).await;
    for _ in 0..3 {
        assert_eq!(line.hear().await, "503 5.5.1 MAIL first");
    }
    line.send(b"BDAT 30000\r\n").await;
    let all = line.hear_all().await;
    assert_eq!(all, ["552 5.3.4 The mail is far too large: the limit is 10000 octets"]);
}

#[tokio::test]
async fn a_mail_goes_to_a_hundred_recipients_and_no_more() {
    let mut line = call("127.0.0.1", settings());
    line.send(b"EHLO x\r\nMAIL FROM:<jane@mail.example>\r\n").await;
    while line.hear().await != "250 2.1.0 Sender OK" {}
    for n in 0..100 {
        line.send(format!("RCPT TO:<abc{n}@in.example>\r\n").as_bytes()).await;
        assert_eq!(line.hear().await, "250 2.1.5 Recipient OK");
    }
    line.send(b"RCPT TO:<ABC7@in.example>\r\nRCPT TO:<more@in.example>\r\n").await;
    assert_eq!(line.hear().await, "250 2.1.5 Recipient OK", "it is in already");
    assert_eq!(
        line.hear().await,
        "452 4.5.3 At most 100 recipients at a time: send this mail again for the others"
    );
    line.send(b"DATA\r\nx\r\n.\r\nQUIT\r\n").await;
    starts(&line.hear_all().await, &["354 Send", "250 2.0.0", "221 2.0.0"]);
    let routes: Vec<String> = (0..100).map(|n| format!("abc{n}")).collect();
    let came = ("jane@mail.example".to_owned(), routes.join(","), "x\r\n".to_owned());
    assert_eq!(line.door.came(), [came]);
}

#[tokio::test]
async fn replies_of_a_pipelined_group_go_out_together() {
    let mut line = call("127.0.0.1", settings());
    assert_eq!(line.hear().await, "220 mx.bauta.example ESMTP Bauta");
    line.send(b"NOOP\r\nRSET\r\nNOOP\r\nNO").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut heard = [0; 1000];
    let count = line.wire.read(&mut heard).await.unwrap();
    assert_eq!(heard[..count].iter().filter(|b| **b == b'\n').count(), 3, "not in one piece");
}

#[tokio::test]
async fn too_many_wrong_commands_or_recipients_end_the_session() {
    for (command, last) in [
        ("BOGUS", "421 4.7.0 Too many wrong commands"),
        ("DATA", "421 4.7.0 Too many wrong commands"),
        ("RCPT TO:<unknown@in.example>", "421 4.7.0 Too many wrong recipients"),
    ] {
        let mut line = call("127.0.0.1", settings());
        if command.starts_with("RCPT") {
            line.send(b"EHLO x\r\nMAIL FROM:<>\r\n").await;
            while line.hear().await != "250 2.1.0 Sender OK" {}
        } else {
            line.hear().await;
        }
        line.send(format!("{command}\r\n").repeat(25).as_bytes()).await;
        let all = line.hear_all().await;
        assert_eq!((all.len(), all[19].as_str()), (20, last), "{command}");
    }
}

#[tokio::test]
async fn commands_without_end_that_bring_no_mail_end_the_session() {
    for command in ["NOOP", "RSET", "VRFY x", "HELP", "EHLO x", "HELO x"] {
        let limits = Limits { idle_commands: 10, ..Limits::default() };
        let mut line = call("127.0.0.1", settings().with_limits(limits));
        line.hear().await;
        // A mail in between: then they count anew.
        line.send(format!("{command}\r\n").repeat(8).as_bytes()).await;
        line.begin("abc").await;
        line.send(b"DATA\r\n.\r\n").await;
        while !line.hear().await.starts_with("250 2.0.0 Accepted") {}
        line.send(format!("{command}\r\n").repeat(20).as_bytes()).await;
        let all = line.hear_all().await;
        let last = all.last().unwrap();
        assert_eq!(last, "421 4.7.0 Too many commands without a mail", "{command}");
        assert_eq!(all.iter().filter(|line| line.get(3..4) == Some(" ")).count(), 10, "{command}");
    }
}

#[tokio::test]
async fn a_slow_peer_is_waited_for_in_all_and_not_per_octet() {
    let soon = Duration::from_millis(300);
    for begins in ["", "DATA\r\n", "BDAT 1\r\nxBDAT 1000 LAST\r\n"] {
        let limits = Limits { command: soon, data: soon, ..Limits::default() };
        let mut line = call("127.0.0.1", settings().with_limits(limits));
        line.begin("abc").await;
        line.send(begins.as_bytes()).await;
        if begins.starts_with("DATA") || begins.starts_with("BDAT 1\r") {
            line.hear().await;
        }
        let begun = std::time::Instant::now();
        let mut trickled = 0;
        while line.wire.write_all(b"x").await.is_ok() && begun.elapsed() < Duration::from_secs(5) {
            trickled += 1;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert!(trickled > 3, "it was not slow");
        assert_eq!(line.hear_all().await, ["421 4.4.2 Waited too long"], "{begins:?}");
        assert_eq!(line.door.came(), []);
    }
}

#[tokio::test]
async fn nobody_waits_for_a_text_that_is_slow_to_come() {
    let limits = Limits { soon: Duration::from_millis(50), ..Limits::default() };
    let mut line = call("127.0.0.1", settings().with_limits(limits));
    line.begin("slow").await;
    assert!(!line.door.is_expecting());
    line.send(b"DATA\r\n").await;
    line.hear().await;
    assert!(line.door.is_expecting(), "its text may be there with the next octets");
    let waited = async {
        while line.door.is_expecting() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waited).await.expect("it is waited for");
    line.send(b"at last\r\n.\r\n").await;
    line.door.waits.notified().await;
    assert!(line.door.is_expecting(), "now it is there");
    line.door.go.notify_one();
    line.hear().await;
    assert!(!line.door.is_expecting());
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_left() {
    let write = Duration::from_millis(200);
    let limits = Limits { write, idle_commands: usize::MAX, ..Limits::default() };
    let mut line = call("127.0.0.1", settings().with_limits(limits));
    let flood = async { while line.wire.write_all(&b"HELP\r\n".repeat(100)).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), flood).await.expect("it is served for ever");
    line.session.await.unwrap();
}

#[tokio::test]
async fn a_mail_over_the_limit_is_read_and_refused_with_both_numbers() {
    let mut line = call("127.0.0.1", settings());
    line.begin("abc").await;
    line.send(b"DATA\r\n").await;
    line.hear().await;
    let long = format!("{}\r\n.\r\nNOOP\r\n", "x".repeat(10_500));
    line.send(long.as_bytes()).await;
    assert_eq!(
        line.hear().await,
        "552 5.3.4 The mail is too large: the limit is 10000 octets, this one has 10502"
    );
    assert_eq!(line.hear().await, "250 2.0.0 OK");
    // And one whose end is too far away: ten times the limit.
    line.begin("abc").await;
    line.send(b"DATA\r\n").await;
    line.hear().await;
    line.send("x".repeat(120_000).as_bytes()).await;
    let all = line.hear_all().await;
    assert_eq!(all, ["552 5.3.4 The mail is far too large: the limit is 10000 octets"]);
    assert_eq!(line.door.came(), []);
}

#[tokio::test]
async fn octets_in_flight_are_bounded_over_all_mails() {
    let settings = settings();
    let taken = settings.share(16_000).unwrap();
    let mut line = call("127.0.0.1", settings);
    // Announced: refused before 354.
    line.send(b"EHLO x\r\nMAIL FROM:<> SIZE=5000\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
    while !line.hear().await.starts_with("451 4.3.2 ") {}
    // Not announced: there is no room for the first octets either.
    line.send(b"MAIL FROM:<>\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
    while !line.hear().await.starts_with("451 4.3.2 ") {}
    // Announced too small: refused after the end, and nothing of it was kept.
    line.send(b"MAIL FROM:<> SIZE=10\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
    while !line.hear().await.starts_with("354 ") {}
    line.send(format!("{}\r\n.\r\n", "x".repeat(6_000)).as_bytes()).await;
    assert!(line.hear().await.starts_with("451 4.3.2 "));
    drop(taken);
    line.send(b"MAIL FROM:<>\r\nRCPT TO:<abc@in.example>\r\nDATA\r\na\r\n.\r\n").await;
    while !line.hear().await.starts_with("250 2.0.0 Accepted") {}
    assert_eq!(line.door.came().len(), 1);
}

#[tokio::test]
async fn a_mail_that_is_lost_already_takes_no_room_from_others() {
    let settings = Arc::new(settings());
    let mut calls = vec![];
    for expected in ["354 ", "354 ", "451 "] {
        let mut line = call("127.0.0.1", Arc::clone(&settings));
        line.send(b"EHLO x\r\nMAIL FROM:<> SIZE=10000\r\n").await;
        line.send(b"RCPT TO:<abc@in.example>\r\nDATA\r\n").await;
        while line.hear().await != "250 2.1.5 Recipient OK" {}
        assert!(line.hear().await.starts_with(expected), "{expected}");
        calls.push(line);
    }
    calls[0].send(b"a bare\nline end").await;
    for _ in 0..100 {
        calls[2].send(b"MAIL FROM:<> SIZE=10000\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
        while calls[2].hear().await != "250 2.1.5 Recipient OK" {}
        if calls[2].hear().await.starts_with("354 ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("its room was not given back");
}

#[tokio::test]
async fn a_crowd_that_says_nothing_makes_room_for_whoever_says_something() {
    let limits = Limits {
        connections: 30,
        connections_per_address: 10,
        silent: Duration::from_millis(50),
        ..Limits::default()
    };
    let (address, door, _stop, _tracker) = listen(settings().with_limits(limits)).await;
    let mut crowd = vec![];
    for _ in 0..30 {
        let mut one = TcpStream::connect(address).await.unwrap();
        one.read_exact(&mut [0; 3]).await.unwrap();
        crowd.push(one);
    }
    // One of them has begun a mail: it may end it.
    crowd[0].write_all(b"EHLO x\r\nMAIL FROM:<j@m.example>\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    for n in 1..=3 {
        let heard = say(address, &a_mail_to("abc")).await;
        assert!(heard.contains("\r\n250 2.0.0 Accepted"), "{n}: {heard}");
        assert_eq!(door.came().len(), n);
    }
    let rest = a_mail_to("abc").split_once("m.example>\r\n").unwrap().1.to_owned();
    crowd[0].write_all(rest.as_bytes()).await.unwrap();
    let mut heard = String::new();
    let _ = crowd[0].read_to_string(&mut heard).await;
    assert!(heard.contains("\r\n250 2.0.0 Accepted"), "{heard}");
    let mut told = String::new();
    let _ = crowd[1].read_to_string(&mut told).await;
    assert!(told.ends_with("421 4.3.2 This connection has to end now, come again\r\n"), "{told}");
}
