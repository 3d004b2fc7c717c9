//! A look at mail servers from outside, without a mail: for `bauta doctor`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, Error};

use super::connect::{Network, Pool};
use super::encrypt;
use super::opening::{self, Encryption, OpenError, name_in, within};
use super::times::Times;
use crate::config::{Config, Route};
use crate::dns::Dns;
use crate::domain::Timestamp;

/// Somebody waits for the answer at a terminal.
const PATIENCE: Duration = Duration::from_secs(15);
/// Later than any certificate ends: 2200-01-01.
const FAR: u64 = 7_258_118_400;

/// What a mail server showed.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its name in the answer to EHLO.
    pub name: String,
    /// Its certificate and those behind it; empty where it offers no STARTTLS.
    pub chain: Vec<CertificateDer<'static>>,
}

/// Connects, says `hello`, and looks at the certificate, whatever it is.
///
/// # Errors
/// What kept it from that, without a person's name.
pub async fn probe(peer: SocketAddr, hello: &str, host: &str) -> Result<Shown, String> {
    let look = async {
        let mut stream = within(PATIENCE, TcpStream::connect(peer)).await??;
        let greeted = within(PATIENCE, opening::greet(&mut stream, hello)).await??;
        let name = name_in(&greeted).to_owned();
        if !opening::read_offers(&greeted).starttls {
            return Ok(Shown { name, chain: vec![] });
        }
        let config = encrypt::unproved().map_err(|e| OpenError::BrokenTls(e.to_string()))?;
        let encryption = Encryption { config, name: host.to_owned(), required: true };
        let (stream, _) = within(PATIENCE, opening::secure(stream, hello, &encryption)).await??;
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
        Ok::<_, OpenError>(Shown { name, chain })
    };
    look.await.map_err(|error| error.to_string())
}

/// What is to be said of a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// When it ends, where it can be read.
    pub until: Option<Timestamp>,
    /// Why nobody who checks would take it.
    pub wrong: Option<String>,
}

impl Certificate {
    /// Judges a chain as a sender would that checks (MTA-STS): for this name, by the authorities
    /// of this machine, at this moment.
    pub fn of(chain: &[CertificateDer<'_>], host: &str, now: Timestamp) -> Self {
        let none = |wrong: &str| Self { until: None, wrong: Some(wrong.to_owned()) };
        let [own, behind @ ..] = chain else { return none("the server shows no certificate") };
        let Ok(name) = ServerName::try_from(host) else {
            return none("the server's name can stand in no certificate");
        };
        let provider = Arc::new(ring::default_provider());
        let authorities = encrypt::authorities();
        let built = WebPkiServerVerifier::builder_with_provider(authorities, provider).build();
        let Ok(verifier) = built else { return none("this machine trusts no authority at all") };
        let at = |secs: u64| {
            let moment = UnixTime::since_unix_epoch(Duration::from_secs(secs));
            verifier.verify_server_cert(own, behind, &name, &[], moment).err()
        };
        // Its own end is the first thing that is held against it.
        let until = match at(FAR) {
            Some(Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after, ..
            })) => i64::try_from(not_after.as_secs()).ok(),
            _ => None,
        };
        let until = until.map(|secs| Timestamp::from_millis(secs.saturating_mul(1000)));
        let wrong = at(u64::try_from(now.as_secs()).unwrap_or_default()).map(|e| in_words(&e));
        Self { until, wrong }
    }
}

fn in_words(error: &Error) -> String {
    let Error::InvalidCertificate(why) = error else { return error.to_string() };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate, or one behind it, has ended".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate does not count yet".to_owned()
        }
        CertificateError::NotValidForName => "the certificate is for another name".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            // rustls writes them as DnsName("…").
            let names = presented.iter().map(|n| n.split('"').nth(1).unwrap_or(n));
            let names = names.collect::<Vec<_>>().join(", ");
            format!("the certificate is for other names ({names})")
        }
        // BadSignature: of an authority that only bears the name of one that is trusted.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the certificate leads to no authority that this machine trusts".to_owned()
        }
        other => format!("the certificate does not count: {other}"),
    }
}

/// Comes as far as MAIL at the mail servers of a domain, or at the smarthost, as a delivery would.
///
/// # Errors
/// What kept it from that.
pub async fn reach(config: &Config, domain: &str) -> Result<(), String> {
    let times = Times { connect: PATIENCE, greeting: PATIENCE, tls: PATIENCE, ..Times::default() };
    let dns = match config.delivery.route {
        Route::Smarthost { .. } => None,
        Route::Mx { .. } => Some(Dns::new(&config.dns.servers)?),
    };
    let network = Arc::new(Network::new(dns, None, times, &config.relay.hostname));
    let pool = Pool::to(domain, config, network);
    let opened = pool.connect().await.map_err(|error| error.to_string())?;
    pool.keep(opened).await;
    pool.close().await;
    Ok(())
}
