//! Peers that take several commands at once (RFC 2920), or say that they do.

use super::*;

/// Offers PIPELINING and answers nothing before it has seen DATA: no to the first recipient, but go
/// ahead all the same, and yes to the next mail. What it was told.
async fn answers_in_one_go(listener: TcpListener) -> Vec<String> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut told = vec![];
    let conversation = [
        ("", "220 mx.example\r\n"),
        ("EHLO", "250-mx.example\r\n250 PIPELINING\r\n"),
        ("DATA", "250 ok\r\n550 5.1.1 nobody\r\n354 go ahead\r\n"),
        (".", "554 5.5.1 no valid recipients\r\n"),
        ("RSET", "250 ok\r\n"),
        ("DATA", "250 ok\r\n250 ok\r\n354 go ahead\r\n"),
        (".", "250 taken\r\n"),
    ];
    for (until, answer) in conversation {
        let mut line = String::new();
        while !(until.is_empty() || line.trim_end() == until || line.starts_with("EHLO")) {
            line.clear();
            assert!(stream.read_line(&mut line).await.unwrap() > 0, "gone after {told:?}");
            told.push(line.trim_end().to_owned());
        }
        stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
    }
    told
}

#[tokio::test]
async fn where_a_peer_takes_them_so_mail_rcpt_and_data_go_out_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = tokio::spawn(answers_in_one_go(listener));
    let house = House::open(address, Times::default());
    let refused = house.send(1).await;
    let attempts = house.until(refused, DeliveryState::Failed).await;
    assert_eq!(attempts[0].stage, "rcpt");
    assert!(attempts[0].reply.contains("550 5.1.1") || attempts[0].reply.contains("5.1.1 nobody"));
    // Over the same connection.
    let taken = house.send(2).await;
    house.until(taken, DeliveryState::Delivered).await;
    let told = tokio::time::timeout(SOON, peer).await.expect("it has said all").unwrap();
    let at = |what: &str| told.iter().position(|line| line == what).unwrap();
    assert_eq!(told[at("DATA") + 1..=at("RSET")], [".", "RSET"], "no text for nobody");
    assert_eq!(told[told.len() - 4..], ["Subject: 2", "", "hello", "."]);
    house.stop().await;
}

/// A peer that says, over one connection after the other, what stands there: behind the line with which
/// each answer's command begins, after a while. It ends with the last.
async fn scripted(listener: TcpListener, talks: Vec<Vec<(&'static str, u64, &'static str)>>) {
    for talk in talks {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.get_mut().write_all(b"220 mx.example\r\n").await.unwrap();
        for (until, after, answer) in talk {
            let mut line = String::new();
            while line.trim_end() != until && !line.starts_with("EHLO") {
                line.clear();
                if stream.read_line(&mut line).await.unwrap() == 0 {
                    break; // it went away
                }
            }
            tokio::time::sleep(Duration::from_millis(after)).await;
            let _ = stream.get_mut().write_all(answer.as_bytes()).await;
        }
    }
}

const PIPELINES: (&str, u64, &str) = ("EHLO", 0, "250-mx.example\r\n250 PIPELINING\r\n");

#[tokio::test]
async fn what_is_answered_late_is_taken_for_no_other_mails_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let refusal = ("DATA", 0, "250 ok\r\n550 5.1.1 nobody\r\n354 go ahead\r\n");
    let ready = ("DATA", 0, "250 ok\r\n250 ok\r\n354 go ahead\r\n");
    // The lone dot is answered when nobody waits for it any more, but still for RSET.
    let slow = vec![PIPELINES, refusal, (".", 400, "250 late\r\n")];
    let other = vec![PIPELINES, ready, (".", 0, "550 5.7.1 spam\r\n"), ("RSET", 0, "250 ok\r\n")];
    let peer = tokio::spawn(scripted(listener, vec![slow, other]));
    let house = House::open(address, short());
    let nobody = house.send(1).await;
    assert_eq!(house.until(nobody, DeliveryState::Failed).await[0].stage, "rcpt");
    let spam = house.send(2).await;
    let attempts = house.until(spam, DeliveryState::Failed).await;
    assert_eq!(attempts[0].stage, "message");
    assert!(attempts[0].reply.contains("5.7.1"), "{}", attempts[0].reply);
    house.stop().await;
    peer.abort();
}

#[tokio::test]
async fn a_peer_that_loses_what_stands_behind_the_first_line_is_spoken_to_line_by_line() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Of three lines it answers two.
    let loses = vec![PIPELINES, ("DATA", 0, "250 ok\r\n250 ok\r\n"), (".", 0, "")];
    let (mail, to) = ("MAIL FROM:<b-1@relay.example>", "RCPT TO:<ops@market.example>");
    let one_by_one = vec![
        PIPELINES,
        (mail, 0, "250 ok\r\n"),
        (to, 0, "250 ok\r\n"),
        ("DATA", 0, "354 go ahead\r\n"),
        (".", 0, "250 taken\r\n"),
    ];
    let peer = tokio::spawn(scripted(listener, vec![loses, one_by_one]));
    let house = House::open(address, short());
    let delivery = house.send(1).await;
    assert_eq!(house.until(delivery, DeliveryState::Deferred).await[0].stage, "data");
    house.store.retry_all(Clock::system().now()).await.unwrap();
    let attempts = house.until(delivery, DeliveryState::Delivered).await;
    assert!(attempts[1].reply.contains("taken"));
    house.stop().await;
    peer.abort();
}
