//! Sessions that end: the relay stops, the peer goes, something panics.

use super::*;

#[tokio::test]
async fn a_stop_ends_idle_sessions_and_lets_a_mail_finish() {
    let mut idle = call("127.0.0.1", settings());
    idle.hear().await;
    idle.stop.cancel();
    assert_eq!(idle.hear_all().await, ["421 4.3.2 This connection has to end now, come again"]);

    let mut begun = call("127.0.0.1", settings());
    begun.begin("abc").await;
    begun.stop.cancel();
    begun.send(b"NOOP\r\nDATA\r\n").await;
    assert_eq!(begun.hear().await, "250 2.0.0 OK");
    assert!(begun.hear().await.starts_with("354 "));
    begun.send(b"a\r\n.\r\n").await;
    starts(&begun.hear_all().await, &["250 2.0.0", "421 4.3.2"]);
    assert_eq!(begun.door.came().len(), 1);

    let limits = Limits { drain: Duration::from_millis(200), ..Limits::default() };
    let mut endless = call("127.0.0.1", settings().with_limits(limits.clone()));
    endless.begin("abc").await;
    endless.send(b"DATA\r\n").await;
    endless.stop.cancel();
    starts(&endless.hear_all().await, &["354 Send", "421 4.3.2"]);
    assert_eq!(endless.door.came(), []);

    let mut slow = call("127.0.0.1", settings().with_limits(limits));
    slow.begin("slow").await;
    slow.send(b"DATA\r\n.\r\n").await;
    slow.door.waits.notified().await;
    slow.stop.cancel();
    starts(&slow.hear_all().await, &["354 Send", "421 4.3.2"]);
}

#[tokio::test]
async fn a_peer_that_goes_in_the_middle_leaves_nothing() {
    let mut line = call("127.0.0.1", settings());
    line.begin("abc").await;
    line.send(b"DATA\r\nhalf a mail\r\n").await;
    drop(line.wire);
    line.session.await.unwrap();
    assert_eq!(line.door.came(), []);
}

#[tokio::test]
async fn a_panic_in_one_session_leaves_the_others_alone() {
    let (address, door, stop, tracker) = listen(settings()).await;
    let heard = say(address, &a_mail_to("panic")).await;
    assert!(!heard.contains("250 2.0.0"), "{heard}");
    let heard = say(address, &a_mail_to("abc")).await;
    assert!(
        heard.contains("\r\n250 2.0.0 Accepted as aaaaaaaaaaaaaaaa\r\n221 2.0.0 Bye\r\n"),
        "{heard}"
    );
    assert_eq!(door.came().len(), 1);
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), tracker.wait()).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "it still listens");
}
