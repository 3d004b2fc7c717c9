//! A name server of the tests' own: it knows what it is told, over UDP and TCP.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, MX, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// Answers are kept by nobody, so that a story can change its mind.
const TTL: u32 = 0;
/// What fits into a UDP answer.
const UDP: usize = 512;

#[derive(Default)]
struct Zone {
    records: HashMap<String, Vec<RData>>,
    /// Names for which it answers SERVFAIL.
    broken: BTreeSet<String>,
    /// The same for what is asked of a name and it has nothing of.
    broken_else: BTreeSet<String>,
    /// Below these labels nothing is answered but SERVFAIL.
    broken_below: BTreeSet<String>,
    /// How often each name was asked for its MX.
    asked: HashMap<String, usize>,
}

pub struct NameServer {
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

/// By label: in a name that SPF's macros make any octet may stand.
fn name(text: &str) -> Name {
    let labels = text.split('.').filter(|label| !label.is_empty()).map(str::as_bytes);
    let mut name = Name::from_labels(labels).unwrap();
    name.set_fqdn(true);
    name
}

/// How a name is kept.
fn key(name: &Name) -> String {
    let labels: Vec<_> =
        name.iter().map(|label| String::from_utf8_lossy(label).into_owned()).collect();
    labels.join(".").to_lowercase()
}

/// A port that is free for both: that UDP has it free says nothing about TCP.
fn one_port() -> (UdpSocket, TcpListener) {
    let tried = (0..1000).find_map(|_| {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let tcp = TcpListener::bind(udp.local_addr().unwrap()).ok()?;
        Some((udp, tcp))
    });
    tried.expect("a free port")
}

impl NameServer {
    pub fn start() -> Self {
        let (udp, tcp) = one_port();
        let address = udp.local_addr().unwrap();
        let zone = Arc::<Mutex<Zone>>::default();
        let known = Arc::clone(&zone);
        thread::spawn(move || {
            let mut question = [0; 4096];
            while let Ok((length, from)) = udp.recv_from(&mut question) {
                if let Some(answer) = answer(&known, &question[..length], UDP) {
                    let _ = udp.send_to(&answer, from);
                }
            }
        });
        let known = Arc::clone(&zone);
        thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                let known = Arc::clone(&known);
                thread::spawn(move || serve(&known, stream));
            }
        });
        Self { address, zone }
    }

    pub fn put(&self, owner: &str, data: RData) {
        let mut zone = self.zone.lock().unwrap();
        zone.records.entry(owner.to_lowercase()).or_default().push(data);
    }

    pub fn mx(&self, domain: &str, preference: u16, host: &str) {
        self.put(domain, RData::MX(MX::new(preference, name(host))));
    }

    pub fn address(&self, host: &str, ip: impl Into<IpAddr>) {
        self.put(
            host,
            match ip.into() {
                IpAddr::V4(ip) => RData::A(A(ip)),
                IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
            },
        );
    }

    pub fn text(&self, owner: &str, text: &str) {
        let parts = text.as_bytes().chunks(200);
        let parts = parts.map(|p| String::from_utf8(p.to_vec()).unwrap());
        self.put(owner, RData::TXT(TXT::new(parts.collect())));
    }

    /// The name is there, if with nothing.
    pub fn exists(&self, owner: &str) {
        self.zone.lock().unwrap().records.entry(owner.to_lowercase()).or_default();
    }

    pub fn alias(&self, owner: &str, target: &str) {
        self.put(owner, RData::CNAME(CNAME(name(target))));
    }

    /// The name that an address is said to have.
    pub fn pointer(&self, owner: &str, target: &str) {
        self.put(owner, RData::PTR(PTR(name(target))));
    }

    /// A text of these strings.
    pub fn strings(&self, owner: &str, strings: Vec<String>) {
        self.put(owner, RData::TXT(TXT::new(strings)));
    }

    /// Forgets a name.
    pub fn forget(&self, owner: &str) {
        self.zone.lock().unwrap().records.remove(owner);
    }

    pub fn breaks(&self, owner: &str) {
        self.zone.lock().unwrap().broken.insert(owner.to_owned());
    }

    /// The name answers for what it has, and fails for all else.
    pub fn breaks_else(&self, owner: &str) {
        self.zone.lock().unwrap().broken_else.insert(owner.to_lowercase());
    }

    /// All names that begin with this label and are not known fail.
    pub fn breaks_below(&self, label: &str) {
        self.zone.lock().unwrap().broken_below.insert(label.to_owned());
    }

    pub fn is_mended(&self) {
        self.zone.lock().unwrap().broken.clear();
    }
}

fn serve(zone: &Mutex<Zone>, mut stream: TcpStream) {
    let mut length = [0; 2];
    while stream.read_exact(&mut length).is_ok() {
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        if stream.read_exact(&mut question).is_err() {
            return;
        }
        let Some(answer) = answer(zone, &question, usize::from(u16::MAX)) else { return };
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        if stream.write_all(&[&length[..], &answer].concat()).is_err() {
            return;
        }
    }
}

fn answer(zone: &Mutex<Zone>, question: &[u8], room: usize) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    let query = asked.queries.first()?.clone();
    let owner = key(query.name());
    let mut zone = zone.lock().unwrap();
    if query.query_type() == RecordType::MX {
        *zone.asked.entry(owner.clone()).or_default() += 1;
    }
    let mut answer = Message::response(asked.id, asked.op_code);
    answer.metadata.message_type = MessageType::Response;
    answer.metadata.recursion_available = true;
    answer.metadata.recursion_desired = true;
    answer.add_query(query.clone());
    let label = owner.split('.').next().unwrap_or_default();
    let known = zone.records.get(&owner);
    let has =
        known.is_some_and(|all| all.iter().any(|data| data.record_type() == query.query_type()));
    let fails = zone.broken.contains(&owner)
        || (!has && zone.broken_else.contains(&owner))
        || (known.is_none() && zone.broken_below.contains(label));
    if fails {
        answer.metadata.response_code = ResponseCode::ServFail;
    } else if let Some(records) = known {
        for data in records.iter().filter(|data| data.record_type() == query.query_type()) {
            answer.add_answer(Record::from_rdata(query.name().clone(), TTL, data.clone()));
        }
        // RFC 1034 §3.6.2: another name's records stand for its own.
        let targets = records.iter().filter_map(|data| match data {
            RData::CNAME(target) => Some(target),
            _ => None,
        });
        for target in targets {
            let data = RData::CNAME(target.clone());
            answer.add_answer(Record::from_rdata(query.name().clone(), TTL, data));
            let records = zone.records.get(&key(target)).into_iter().flatten();
            for data in records.filter(|data| data.record_type() == query.query_type()) {
                answer.add_answer(Record::from_rdata(target.0.clone(), TTL, data.clone()));
            }
        }
    } else {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    let bytes = answer.to_vec().ok()?;
    if bytes.len() <= room {
        return Some(bytes);
    }
    let mut short = Message::response(asked.id, asked.op_code);
    short.metadata.truncation = true;
    short.add_query(query);
    short.to_vec().ok()
}
