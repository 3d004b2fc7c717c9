//! The world outside: takes what the relay sends, and misbehaves when it is told to.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bauta::smtp::{Behaviour, Received, Sink};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::letter::{Opened, bare};

/// How long anything may take that must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

static PLACES: AtomicU32 = AtomicU32::new(1);

/// An address of this machine that no other test has.
pub fn place() -> Ipv4Addr {
    let place = PLACES.fetch_add(1, Ordering::Relaxed) % 250 + 1;
    let [_, _, high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 1 + u8::try_from(place).unwrap(), high, low.max(1))
}

/// A smarthost at an address of its own: no other test takes its port while it is down.
pub struct Smarthost {
    runtime: Runtime,
    pub address: SocketAddr,
    running: Option<Sink>,
    mails: Vec<UnboundedReceiver<Received>>,
    /// Notices of what rules found: they come beside the mails that a story is about.
    told: VecDeque<Opened>,
}

/// How the subjects of such notices begin, in the languages of the stories.
const OF_VIOLATIONS: [&str; 7] = [
    "Something was taken out of your message",
    "Your message was refused",
    "Aus Ihrer Nachricht wurde etwas entfernt",
    "Ihre Nachricht wurde abgelehnt",
    "Twoja wiadomość została odrzucona",
    "Votre message a été refusé",
    "メッセージは受け付けられませんでした",
];

fn tells_of_violations(mail: &Opened) -> bool {
    mail.envelope_from.is_empty() && OF_VIOLATIONS.iter().any(|s| mail.subject.starts_with(s))
}

impl Smarthost {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = (place(), 0).into();
        let mut host =
            Self { runtime, address, running: None, mails: vec![], told: VecDeque::new() };
        host.comes_back();
        host
    }

    pub fn goes_down(&mut self) {
        self.running = None;
        let started = Instant::now();
        while std::net::TcpStream::connect(self.address).is_ok() {
            assert!(started.elapsed() < PATIENCE, "the smarthost does not go down");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn comes_back(&mut self) {
        let (sink, mails) = self.runtime.block_on(Sink::bind(self.address)).unwrap();
        self.address = sink.address();
        self.running = Some(sink);
        self.mails.push(mails);
    }

    pub fn behaves(&self, behaviour: Behaviour) {
        self.running.as_ref().expect("the smarthost is up").behave(behaviour);
    }

    /// The next mail that comes, but notices of what rules found.
    pub fn next(&mut self) -> Opened {
        loop {
            let mail = self.next_of_all();
            if !tells_of_violations(&mail) {
                return mail;
            }
            self.told.push_back(mail);
        }
    }

    /// The next mails, one for each of these readers, in whatever order they come.
    pub fn next_for<const N: usize>(&mut self, readers: [&str; N]) -> [Opened; N] {
        let mut mails: Vec<Opened> = (0..N).map(|_| self.next()).collect();
        readers.map(|reader| {
            let at = mails.iter().position(|mail| mail.recipients == [bare(reader)]);
            mails.remove(at.unwrap_or_else(|| panic!("nothing for {reader}: {mails:?}")))
        })
    }

    /// The next notice of what rules found.
    pub fn told(&mut self) -> Opened {
        if let Some(told) = self.told.pop_front() {
            return told;
        }
        let mail = self.next_of_all();
        assert!(tells_of_violations(&mail), "not a notice of a violation: {}", mail.subject);
        mail
    }

    fn next_of_all(&mut self) -> Opened {
        let mails = self.mails.last_mut().unwrap();
        let next = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, mails.recv()).await })
            .expect("no mail came in time")
            .expect("the smarthost is up");
        Opened::read(&next)
    }

    /// All that came and was not looked at yet, but notices of what rules found.
    pub fn rest(&mut self) -> Vec<Received> {
        let mut rest = Vec::new();
        for mails in &mut self.mails {
            while let Ok(mail) = mails.try_recv() {
                let opened = Opened::read(&mail);
                match tells_of_violations(&opened) {
                    true => self.told.push_back(opened),
                    false => rest.push(mail),
                }
            }
        }
        rest
    }
}
