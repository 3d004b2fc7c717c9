//! STARTTLS as a peer sees it.

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::*;

/// Settings with a certificate, and a client that trusts it.
fn encrypted() -> (Settings, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(vec!["mx.bauta.example".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = crate::config::Tls { server: Arc::new(server) };
    (settings().with_tls(Some(&tls)), TlsConnector::from(Arc::new(client)))
}

#[tokio::test]
async fn a_mail_comes_in_encrypted_and_nothing_said_in_clear_counts() {
    let (settings, client) = encrypted();
    let mut line = call("127.0.0.1", settings);
    line.send(b"STARTTLS\r\nEHLO x\r\n").await;
    line.hear().await;
    assert_eq!(line.hear().await, "503 5.5.1 EHLO first");
    let mut offered = vec![];
    while !offered.last().is_some_and(|l: &String| l.starts_with("250 ")) {
        offered.push(line.hear().await);
    }
    assert!(offered.contains(&"250-STARTTLS".to_owned()), "{offered:?}");
    line.send(b"MAIL FROM:<clear@mail.example>\r\nRCPT TO:<abc@in.example>\r\nSTARTTLS\r\n").await;
    while line.hear().await != "220 2.0.0 Go ahead with TLS" {}

    let Line { wire, door, session, .. } = line;
    let name = ServerName::try_from("mx.bauta.example").unwrap();
    let mut wire = client.connect(name, wire).await.unwrap();
    wire.write_all(
        b"MAIL FROM:<a@b.example>\r\nDATA\r\nEHLO x\r\nSTARTTLS\r\n\
          MAIL FROM:<jane@mail.example>\r\nRCPT TO:<abc@in.example>\r\n\
          BDAT 3 LAST\r\nx\r\nQUIT\r\n",
    )
    .await
    .unwrap();
    let mut heard = String::new();
    wire.read_to_string(&mut heard).await.unwrap();
    let said: Vec<&str> = heard.lines().collect();
    assert_eq!(said[..2], ["503 5.5.1 EHLO first", "503 5.5.1 MAIL first"], "{heard}");
    assert!(!heard.contains("250-STARTTLS"), "it is offered twice: {heard}");
    assert!(heard.contains("\r\n502 5.5.1 This command is not offered\r\n"), "{heard}");
    assert!(
        heard.ends_with("250 2.0.0 Accepted as aaaaaaaaaaaaaaaa\r\n221 2.0.0 Bye\r\n"),
        "{heard}"
    );
    assert_eq!(door.came(), [("jane@mail.example".into(), "abc".into(), "x\r\n".into())]);
    session.await.unwrap();
}

/// CVE-2011-0411: what somebody on the way puts behind STARTTLS is never taken for the client's.
#[tokio::test]
async fn nothing_in_clear_may_follow_starttls() {
    let (settings, _) = encrypted();
    let mut line = call("127.0.0.1", settings);
    line.send(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@mail.example>\r\n").await;
    let all = line.hear_all().await;
    assert_eq!(all.last().unwrap(), "503 5.5.1 Nothing may follow STARTTLS before its answer");

    let (settings, _) = encrypted();
    let mut line = call("127.0.0.1", settings);
    line.send(b"EHLO x\r\nSTARTTLS\r\n").await;
    while line.hear().await != "220 2.0.0 Go ahead with TLS" {}
    line.send(b"MAIL FROM:<evil@mail.example>\r\n").await;
    let mut heard = vec![];
    line.wire.read_to_end(&mut heard).await.unwrap();
    assert!(!heard.starts_with(b"2"), "it was answered in clear");
    line.session.await.unwrap();
    assert_eq!(line.door.came(), []);
}
