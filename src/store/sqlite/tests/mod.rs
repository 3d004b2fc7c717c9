//! Stories over a database in a folder of its own.

mod accepting;
mod copying;
mod delivering;
mod erasing;
mod evidencing;
mod expiring;
mod finding;
mod queueing;
mod registering;
mod reporting;
mod reviewing;
mod straying;
mod striking;
mod sweeping;
mod turns;
mod writing;

use std::time::Duration;

use tempfile::TempDir;

use super::{OpenMode, Store};
use crate::domain::*;
use crate::leak::{Exempt, scan};
use crate::mail::{Mailbox, Message};
use crate::market::limits::{Limit, Limits};
use crate::market::{Admitted, Refusal, Request, admit};
use crate::rewrite::{Changes, Draft};
use crate::sender::{Peer, Proof, believe};
use crate::store::expiry::Place;
use crate::store::records::*;
use crate::store::register::*;

const HOUR: Duration = Duration::from_secs(3600);
const DOMAIN: &str = "msg.market.example";

/// A marketplace of one seller, one buyer and their order `ORDER-1`.
struct Market {
    dir: TempDir,
    store: Store,
}

fn at(hours: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000).after(HOUR * u32::try_from(hours).unwrap())
}

fn message_id(n: usize) -> MessageId {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&(n as u64).to_le_bytes());
    MessageId::from_random(bytes)
}

fn token(n: usize) -> [u8; 10] {
    let mut bytes = [7; 10];
    bytes[..8].copy_from_slice(&(n as u64).to_le_bytes());
    bytes
}

fn msg_id(text: &str) -> MsgId {
    MsgId::new(text).unwrap()
}

fn names(n: usize) -> PairNames {
    PairNames {
        key_version: 1,
        seller_alias: AliasAddress::new(&format!("seller{n}"), DOMAIN),
        buyer_alias: AliasAddress::new(&format!("buyer{n}"), DOMAIN),
    }
}

fn address(role: Role) -> RealAddress {
    match role {
        Role::Seller => "cs@lamps.example".parse().unwrap(),
        Role::Buyer => "jane@mail.example".parse().unwrap(),
    }
}

fn party(role: Role, id: &str) -> PutParty {
    let (id, name) = match role {
        Role::Seller => (PartyId::Seller(id.parse().unwrap()), "Lamp Shop"),
        Role::Buyer => (PartyId::Buyer(id.parse().unwrap()), "Jane Roe"),
    };
    PutParty::new(id, name.parse().unwrap(), Language::En, vec![address(role)])
}

fn order(id: &str) -> PutOrder {
    let (seller, buyer) = ("S1".parse().unwrap(), "B1".parse().unwrap());
    let items = vec!["Brass lamp".to_owned()];
    PutOrder { items, ..PutOrder::new(id.parse().unwrap(), seller, buyer) }
}

impl Market {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("bauta.db"), OpenMode::Create, DOMAIN).unwrap();
        store.put_party(party(Role::Seller, "S1")).await.unwrap();
        store.put_party(party(Role::Buyer, "B1")).await.unwrap();
        store.put_order(order("ORDER-1"), names(1), at(0)).await.unwrap();
        Self { dir, store }
    }

    /// Erases what may go of a deleted party: step by step, how many messages and how many are kept.
    async fn erase(&self, id: &PartyId, most: usize) -> Vec<(usize, usize)> {
        let (mut steps, mut next) = (vec![], Some(Place::default()));
        while let Some(after) = next {
            let step = self.store.erase_some(id, after, most).await.unwrap();
            steps.push((step.erased, step.held));
            next = step.next;
        }
        let mut pair = Some(0);
        while let Some(after) = pair {
            pair = self.store.forget_conversations(id, after).await.unwrap();
        }
        steps
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("bauta.db")
    }

    /// Another process on the same database, as far as SQLite can tell.
    fn beside(&self) -> Store {
        Store::open(&self.path(), OpenMode::Beside, DOMAIN).unwrap()
    }

    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    async fn facts(&self) -> Facts {
        self.store.facts(&names(1).seller_alias, None).await.unwrap().unwrap().0
    }

    async fn history(&self, side: Role, references: &[MsgId]) -> History {
        self.store.history(self.facts().await.pair, side, references, None).await.unwrap()
    }

    async fn admit(&self, letter: &Letter) -> Result<Admitted, Refusal> {
        let references: Vec<MsgId> = letter.answers.iter().map(|id| msg_id(id)).collect();
        let facts = self.facts().await;
        let history = self.history(letter.from, &references).await;
        let request = Request {
            facts: &facts,
            stands_for: letter.from.other(),
            tag: letter.tag,
            subject: "",
            frame_order: None,
            automatic: letter.automatic,
            history: &history,
            answer_window: HOUR * 24 * 30,
            cancelled_grace: Duration::ZERO,
            named: &[],
            passes_opt_out: &[],
            now: letter.at,
        };
        admit(&request, &proof(letter.from))
    }

    async fn acceptance(&self, letter: &Letter) -> Acceptance {
        acceptance(letter, self.admit(letter).await.unwrap())
    }

    async fn accept(&self, letter: &Letter) -> crate::store::Accepted {
        self.store.accept(self.acceptance(letter).await).await.unwrap()
    }
}

fn health() -> HealthRules {
    let rung = |score, step, by_person| Rung { score, step, lasts: None, by_person };
    HealthRules {
        ladder: vec![
            rung(1.5, StepKind::Warning, false),
            rung(2.5, StepKind::ProactiveBlocked, false),
            rung(3.5, StepKind::Suspended, true),
        ],
        half_life: HOUR * 24 * 3650,
        explained_for: HOUR * 24 * 30,
        retry_within: HOUR * 24,
        strike_every: HOUR * 24,
        volume: 500,
    }
}

fn turn(started: u64, stopped: Option<u64>) -> Turn {
    let stopped_at = stopped.map(at);
    Turn { started_at: at(started), stopped_at, excluded: Duration::ZERO, paused_at: None }
}

const UNLIMITED: Limits = Limits {
    messages_per_hour: None,
    conversation_per_10_minutes: None,
    proactive_per_day: u32::MAX,
    proactive_per_order: 0,
};

/// A mail on its way in.
#[derive(Clone, Copy)]
struct Letter {
    n: usize,
    from: Role,
    tag: Option<&'static str>,
    answers: Option<&'static str>,
    own_id: Option<&'static str>,
    automatic: bool,
    fingerprint: Option<u8>,
    at: Timestamp,
}

/// The n-th letter about `ORDER-1`, in the n-th hour.
fn letter(n: usize, from: Role) -> Letter {
    Letter {
        n,
        from,
        tag: Some("order-1"),
        answers: None,
        own_id: None,
        automatic: false,
        fingerprint: None,
        at: at(n as u64),
    }
}

fn proof(from: Role) -> Proof {
    let peer = Peer::new("127.0.0.1".parse().unwrap(), &["127.0.0.0/8".parse().unwrap()]);
    let from = vec![Mailbox { name: None, address: address(from).reveal() }];
    believe(peer, &Message { from, ..Message::default() }).unwrap()
}

fn acceptance(letter: &Letter, admitted: Admitted) -> Acceptance {
    let n = letter.n;
    let view = format!("Subject: letter {n}\r\n\r\nview\r\n");
    let draft = Draft {
        recipient: address(letter.from.other()),
        envelope_from: Some(AliasAddress::new(&format!("b-{n}"), DOMAIN)),
        msg_id: msg_id(&format!("out{n}@{DOMAIN}")),
        subject: format!("letter {n}"),
        text: format!("letter {n}"),
        html: None,
        words: String::new(),
        bytes: format!("Subject: letter {n}\r\n\r\nout\r\n").into_bytes(),
        recipient_view: view.clone().into_bytes(),
        changes: Changes::default(),
    };
    let known = Sightings::default();
    let exempt = Exempt { known: &known, ids: &[] };
    Acceptance {
        sender_view: view.into_bytes(),
        arrival: Arrival {
            admitted,
            verdict: Verdict::clean(),
            proof: "trusted peer 127.0.0.1".to_owned(),
            original: format!("Subject: letter {n}\r\n\r\nin\r\n").into_bytes(),
            message: message_id(n),
            sender_msg_id: letter.own_id.map(msg_id),
            base_subject: format!("letter {n}"),
            fingerprint: letter.fingerprint.map(|byte| [byte; 32]),
            received_at: letter.at,
            roots: ThreadLink {
                seller: Some(msg_id(&format!("root-s{n}@{DOMAIN}"))),
                buyer: Some(msg_id(&format!("root-b{n}@{DOMAIN}"))),
            },
            limits: UNLIMITED,
            proved_network: None,
            violations: vec![],
            health: health(),
            prints: Prints::default(),
            words: Words::of(vec![Words::of_state(MessageState::Accepted), Words::keyed(n as u64)]),
        },
        outgoing: scan(draft, &Secrets::default(), &exempt).unwrap(),
        token: token(n),
        written: vec![n as u64],
        shown: vec![u64::MAX - n as u64],
        give_up_at: letter.at.after(HOUR * 48),
    }
}
