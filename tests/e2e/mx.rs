//! A mail server out there, as odd as a story needs it: with STARTTLS good or broken, extensions,
//! and answers of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::smarthost::PATIENCE;

/// How it behaves. By default it takes everything and offers nothing.
#[derive(Clone, Default)]
pub struct Manner {
    /// Lines of its answer to EHLO.
    pub offers: Vec<&'static str>,
    /// What it shows after STARTTLS, which it offers then.
    pub tls: Option<Arc<ServerConfig>>,
    /// It agrees to STARTTLS and then speaks rubbish.
    pub broken_tls: bool,
    /// Its name in EHLO.
    pub name: Option<&'static str>,
    /// What it says to RCPT, one after the other; then yes.
    pub to_rcpt: Vec<&'static str>,
    /// What it says after the final dot, in octets.
    pub at_the_end: Option<Vec<u8>>,
    /// How long it takes for that.
    pub takes: Duration,
    /// It hangs up after DATA.
    pub drops_after_data: bool,
    /// It says nothing at all.
    pub silent: bool,
}

/// What it was given.
#[derive(Debug, Clone)]
pub struct Given {
    pub encrypted: bool,
    /// The whole lines.
    pub mail: String,
    pub rcpt: String,
    pub bytes: Vec<u8>,
}

#[derive(Default)]
struct State {
    manner: Manner,
    given: Vec<Given>,
    connections: usize,
}

pub struct Mx {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Mx {
    /// At any port of an address, or at a given one.
    pub fn start(ip: impl Into<IpAddr>, port: u16, manner: Manner) -> Self {
        let listener = TcpListener::bind((ip.into(), port)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { manner, ..State::default() }));
        let known = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&known);
                thread::spawn(move || {
                    state.lock().unwrap().connections += 1;
                    let _ = converse(&state, stream);
                });
            }
        });
        Self { address, state }
    }

    pub fn behaves(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// What it has been given so far.
    pub fn given(&self) -> Vec<Given> {
        self.state.lock().unwrap().given.clone()
    }

    /// Waits until it has been given so many.
    pub fn waits_for(&self, count: usize) -> Vec<Given> {
        let started = Instant::now();
        loop {
            let given = self.given();
            if given.len() >= count {
                return given;
            }
            assert!(started.elapsed() < PATIENCE, "not in time: {} of {count} mails", given.len());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Either stream.
trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

fn converse(state: &Mutex<State>, stream: TcpStream) -> std::io::Result<()> {
    let manner = || state.lock().unwrap().manner.clone();
    if manner().silent {
        thread::sleep(Duration::from_secs(3600));
    }
    let mut line: BufReader<Box<dyn Line>> = BufReader::new(Box::new(stream.try_clone()?));
    let mut encrypted = false;
    line.get_mut().write_all(b"220 mx ready\r\n")?;
    let (mut mail, mut rcpt) = (String::new(), String::new());
    loop {
        let mut command = String::new();
        if line.read_line(&mut command)? == 0 {
            return Ok(());
        }
        let command = command.trim_end().to_owned();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let manner = manner();
        let answer = match verb.as_str() {
            "EHLO" => {
                let mut lines = vec![manner.name.unwrap_or("mx.somewhere.example")];
                lines.extend(&manner.offers);
                if (manner.tls.is_some() || manner.broken_tls) && !encrypted {
                    lines.push("STARTTLS");
                }
                let last = lines.pop().unwrap();
                let more: String = lines.iter().map(|l| format!("250-{l}\r\n")).collect();
                format!("{more}250 {last}")
            }
            "STARTTLS" if manner.broken_tls => {
                line.get_mut().write_all(b"220 go ahead\r\nthis is no handshake\r\n")?;
                return Ok(());
            }
            "STARTTLS" => {
                line.get_mut().write_all(b"220 go ahead\r\n")?;
                let tls = ServerConnection::new(manner.tls.unwrap()).unwrap();
                let secured = StreamOwned::new(tls, stream.try_clone()?);
                line = BufReader::new(Box::new(secured));
                encrypted = true;
                continue;
            }
            "MAIL" => {
                mail = command;
                "250 fine".to_owned()
            }
            "RCPT" => {
                let said = {
                    let mut state = state.lock().unwrap();
                    let left = &mut state.manner.to_rcpt;
                    if left.is_empty() { "250 fine" } else { left.remove(0) }
                };
                rcpt = command;
                said.to_owned()
            }
            "DATA" if manner.drops_after_data => {
                line.get_mut().write_all(b"354 go ahead\r\n")?;
                return Ok(());
            }
            "DATA" => {
                line.get_mut().write_all(b"354 go ahead\r\n")?;
                let bytes = read_text(&mut line)?;
                thread::sleep(manner.takes);
                let given = Given { encrypted, mail: mail.clone(), rcpt: rcpt.clone(), bytes };
                state.lock().unwrap().given.push(given);
                let answer = manner.at_the_end.unwrap_or_else(|| b"250 taken".to_vec());
                line.get_mut().write_all(&[&answer[..], b"\r\n"].concat())?;
                continue;
            }
            "QUIT" => {
                line.get_mut().write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 fine".to_owned(),
            _ => "500 what?".to_owned(),
        };
        line.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
    }
}

fn read_text(line: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut one = Vec::new();
        if line.read_until(b'\n', &mut one)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match one.as_slice() {
            b".\r\n" => return Ok(bytes),
            [b'.', rest @ ..] => bytes.extend(rest),
            whole => bytes.extend(whole),
        }
    }
}

/// An authority of the tests' own. A relay that is to trust it is given `SSL_CERT_FILE`.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Its certificate in a file.
    pub fn write(&self, folder: &std::path::Path) -> PathBuf {
        let file = folder.join("authority.pem");
        std::fs::write(&file, &self.pem).unwrap();
        file
    }

    /// What a server of that name shows.
    pub fn server(&self, name: &str) -> Arc<ServerConfig> {
        self.server_until(name, None)
    }

    /// The same, with a certificate that ends after so many days.
    pub fn server_until(&self, name: &str, days: Option<i64>) -> Arc<ServerConfig> {
        let (certificate, key) = self.certificate(name, days);
        let der = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], der)
            .unwrap();
        Arc::new(config)
    }

    /// A certificate and its key for `[tls]`, in files of that folder.
    pub fn write_for(&self, folder: &std::path::Path, name: &str) {
        let (certificate, key) = self.certificate(name, Some(90));
        std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    }

    fn certificate(&self, name: &str, days: Option<i64>) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if let Some(days) = days {
            let day = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
            let end = day.saturating_add(jiff::Span::new().days(days));
            let month = u8::try_from(end.month()).unwrap();
            let of_month = u8::try_from(end.day()).unwrap();
            params.not_after = rcgen::date_time_ymd(end.year().into(), month, of_month);
        }
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}
