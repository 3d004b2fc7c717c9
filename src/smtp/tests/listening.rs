//! Who gets a session at all, and as whom.

use super::*;

#[tokio::test]
async fn connections_over_the_limit_are_told_so_and_places_come_free() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let (address, _door, _stop, _tracker) = listen(settings().with_limits(limits)).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut heard = [0; 3];
    first.read_exact(&mut heard).await.unwrap();
    second.read_exact(&mut heard).await.unwrap();
    let third = say(address, "").await;
    assert_eq!(third, "421 4.3.2 Too many connections, come again later\r\n");
    drop(first);
    let mut heard = String::new();
    for _ in 0..100 {
        heard = say(address, "QUIT\r\n").await;
        if heard.starts_with("220") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(heard.ends_with("221 2.0.0 Bye\r\n"), "{heard}");
}

#[tokio::test]
async fn many_that_connect_at_once_do_not_have_to_try_again() {
    // Nobody takes them yet: the system does, as many as were asked for.
    let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut connected = Vec::new();
    for n in 1..=400 {
        let connecting = TcpStream::connect(address);
        let waited = tokio::time::timeout(Duration::from_secs(10), connecting).await;
        connected.push(waited.unwrap_or_else(|_| panic!("{n} is not heard")).unwrap());
    }
}

#[tokio::test]
async fn behind_a_load_balancer_the_address_in_its_header_counts() {
    let proxied = || {
        let limits = Limits { proxy: Duration::from_millis(500), ..Limits::default() };
        let mut settings = settings().with_limits(limits);
        settings.proxy_networks = vec!["127.0.0.1".parse().unwrap()];
        settings.trusted_networks.push("192.0.2.1".parse().unwrap());
        settings
    };
    let (address, door, _stop, _tracker) = listen(proxied()).await;
    let v2 = "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{c}\u{7f}\0\0\u{1}\u{7f}\0\0\u{1}\0\u{1}\0\u{19}";
    let local = "\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0";
    let refused = "550 5.7.26 ";
    for (header, said) in [
        ("PROXY TCP4 192.0.2.1 127.0.0.1 5000 25\r\n", "250 2.0.0 Accepted"),
        (v2, "250 2.0.0 Accepted"),
        // The balancer stands in a trusted network itself: that helps nobody behind it.
        ("PROXY TCP4 192.0.2.2 127.0.0.1 5000 25\r\n", refused),
        ("PROXY UNKNOWN\r\n", refused),
        (local, refused),
    ] {
        let heard = say(address, &format!("{header}{}", a_mail_to("abc"))).await;
        assert!(heard.starts_with("220 ") && heard.contains(said), "{header:?}: {heard}");
    }
    assert_eq!(door.came().len(), 2);
    for no_header in ["", "QUIT\r\n", "EHLO client.example\r\n", "PROXY TCP4 a b c d\r\n"] {
        assert_eq!(say(address, no_header).await, "", "{no_header:?} was answered");
    }
    // Anybody else who sends one is told that this is no command, and gains nothing.
    let (address, _door, _stop, _tracker) = listen(settings()).await;
    let heard = say(address, "PROXY TCP4 192.0.2.1 127.0.0.1 5000 25\r\nQUIT\r\n").await;
    assert!(heard.contains("\r\n500 5.5.1 "), "{heard}");
}
