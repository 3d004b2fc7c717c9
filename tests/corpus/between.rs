//! Two parties, and what a mail from one to the other is written from: for every test and benchmark
//! that composes mails without a relay around it.

use bauta::config::ShownNameStyle;
use bauta::domain::{
    AliasAddress, Direction, Facts, FactsVersion, Language, MsgId, PairId, Party, PartyId, Secrets,
    Sightings, Timestamp, Verdict,
};
use bauta::mail::Message;
use bauta::rewrite::thread::ThreadHeaders;
use bauta::rewrite::{Plan, shown_name};

/// Who gets the mails.
pub const READER: &str = "reader@otherside.example";

/// Somebody who writes to somebody.
pub struct Between {
    facts: Facts,
    direction: Direction,
    pub secrets: Secrets,
    pub known: Sightings,
    verdict: Verdict,
    thread: ThreadHeaders,
    msg_id: MsgId,
}

impl Between {
    /// Somebody of this name and address writes, in this direction.
    pub fn new(direction: Direction, name: &str, address: &str) -> Self {
        let (seller, buyer) = match direction {
            Direction::SellerToBuyer => (address, READER),
            Direction::BuyerToSeller => (READER, address),
        };
        let party = |id, name: &str, address: &str| {
            let addresses = vec![address.parse().unwrap()];
            Party::new(id, name.parse().unwrap(), Language::En, addresses)
        };
        let facts = Facts {
            version: FactsVersion { seller: 0, buyer: 0, pair: 0 },
            pair: PairId(0),
            key_version: 1,
            seller: party(PartyId::Seller("S1".parse().unwrap()), "Lamp Shop", seller),
            buyer: party(PartyId::Buyer("B1".parse().unwrap()), name, buyer),
            blocked: false,
            seller_alias: AliasAddress::new("selleraliasselleraliasse", "relay.example"),
            buyer_alias: AliasAddress::new("buyeraliasbuyeraliasbuye", "relay.example"),
        };
        let sender = direction.sender();
        let (writer, reader) = (facts.party(sender), facts.party(sender.other()));
        let shown = shown_name(&facts, sender, ShownNameStyle::FirstName);
        let secrets =
            Secrets::of(writer, &writer.addresses[0], reader, &shown, &["Example Market"]);
        Self {
            secrets,
            facts,
            direction,
            known: Sightings::default(),
            verdict: Verdict::clean(),
            thread: ThreadHeaders::default(),
            msg_id: MsgId::new("out@relay.example").unwrap(),
        }
    }

    /// A mail of theirs, before anybody judged it.
    pub fn plan<'a>(&'a self, message: &'a Message) -> Plan<'a> {
        let reader = self.facts.party(self.direction.recipient());
        Plan {
            facts: &self.facts,
            direction: self.direction,
            recipient: &reader.addresses[0],
            order: None,
            message,
            verdict: &self.verdict,
            cut: &[],
            plain: false,
            pictures: &[],
            files: &[],
            left_out: &[],
            secrets: &self.secrets,
            known: &self.known,
            thread: &self.thread,
            msg_id: &self.msg_id,
            conversation_subject: None,
            envelope_from: &self.facts.seller_alias,
            date: Timestamp::EPOCH,
            shown_name: ShownNameStyle::FirstName,
            marketplace: "Example Market",
        }
    }
}
