//! A conversation as evidence: for one of its sides what that side saw, for an authority everything.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use crate::domain::{Date, Direction, MessageState, OrderId, Role, Timestamp};
use crate::evidence::{Day, Disclosed, Entry, Export, Item, Kept, PARTS, Page, of_nothing};
use crate::mail;
use crate::store::{Bound, EvidenceLink, MessageDetail, MessageFilter, Store, StoreError};

/// Messages of one order that an export looks at.
const MOST: u32 = 100_000;

/// For whom an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// That side's views.
    Side(Role),
    /// The originals too, which hold real addresses.
    Authority,
}

impl Reader {
    fn as_str(self) -> &'static str {
        match self {
            Self::Side(role) => role.as_str(),
            Self::Authority => "authority",
        }
    }

    /// The parts of a message that this reader may see.
    fn sees(self, detail: &MessageDetail) -> &'static [&'static str] {
        match self {
            Self::Authority => &PARTS,
            Self::Side(side) if side == detail.row.direction.sender() => {
                &["sender_view", "verdict"]
            }
            // What a rule found is the other side's own words.
            Self::Side(_) if detail.row.state == MessageState::Accepted => &["recipient_view"],
            Self::Side(_) => &[],
        }
    }
}

/// Everything about an order; none where nothing was ever archived of it.
///
/// # Errors
/// The store could not be read.
pub async fn export(
    store: &Store,
    marketplace: &str,
    order: &OrderId,
    reader: Reader,
    now: Timestamp,
) -> Result<Option<Export>, StoreError> {
    let links = store.evidence(order).await?;
    let filter =
        MessageFilter { order: Some(order.clone()), limit: Some(MOST), ..MessageFilter::default() };
    let mut messages = store.messages(filter).await?;
    messages.reverse();
    if links.is_empty() && messages.is_empty() {
        return Ok(None);
    }
    let mut export = Export {
        marketplace: marketplace.to_owned(),
        order: order.as_str().to_owned(),
        exported_for: reader.as_str().to_owned(),
        exported_at: now.to_string(),
        ..Export::default()
    };
    let mut page = Page {
        title: format!("{marketplace}: order {order}"),
        about: vec![
            format!("Exported at {now} for: {}", reader.as_str()),
            "Times are in UTC. Check it with: bauta evidence verify FOLDER".to_owned(),
        ],
        entries: vec![],
    };
    let mut details = BTreeMap::new();
    for row in &messages {
        let Some(detail) = store.message(&row.id).await? else { continue };
        if reader.sees(&detail).is_empty() {
            continue;
        }
        let folder = folder(details.len() + 1, row.id.as_str());
        add_deliveries(&mut export, &folder, reader, &detail);
        page.entries.push(entry(reader, &detail));
        // What was refused before there was a conversation stands in no chain.
        if links.iter().all(|link| link.message != row.id) {
            add_unbound(&mut export, &folder, reader, &detail);
        }
        details.insert(row.id.as_str().to_owned(), (folder, detail));
    }
    for link in &links {
        let detail = details.get(link.message.as_str());
        let item = item(&mut export, reader, link, detail);
        if item.kept == Kept::Expired && item.what != "released" {
            let heading = format!("{}: erased, its time was over", link.at);
            page.entries.push(Entry { heading, ..Entry::default() });
        }
        export.items.push(item);
    }
    page.entries.sort_by(|a, b| a.heading.cmp(&b.heading));
    export.files.insert("index.html".to_owned(), page.html().into_bytes());
    Ok(Some(export))
}

fn folder(number: usize, id: &str) -> String {
    format!("{number:04}-{id}")
}

fn item(
    export: &mut Export,
    reader: Reader,
    link: &EvidenceLink,
    detail: Option<&(String, MessageDetail)>,
) -> Item {
    let day = link.day.as_ref().map(|day| {
        let date = Date::of(day.start).map(|date| date.to_string()).unwrap_or_default();
        Day::new(date, &day.root, &day.path)
    });
    let mut item = Item {
        position: link.position,
        message: link.message.as_str().to_owned(),
        what: link.what.clone(),
        at: link.at.as_millis(),
        leaf: HEXLOWER.encode(&link.leaf),
        hash: HEXLOWER.encode(&link.hash),
        kept: Kept::Expired,
        commitments: None,
        parts: BTreeMap::new(),
        day,
    };
    let Some(bound) = &link.bound else { return item };
    item.kept = Kept::Withheld;
    let Some((folder, detail)) = detail else { return item };
    // That somebody rejected it says only that.
    if link.leaf == of_nothing() {
        item.kept = Kept::Here;
        return item;
    }
    let sees = reader.sees(detail);
    let shown = |name: &&str, part: &Option<Vec<u8>>| part.is_some() && sees.contains(name);
    if !PARTS.iter().zip(&bound.parts).any(|(name, part)| shown(name, part)) {
        return item;
    }
    item.kept = Kept::Here;
    item.commitments = Some(commitments(bound));
    for (name, part) in PARTS.iter().zip(&bound.parts) {
        let Some(bytes) = part.as_ref().filter(|_| shown(name, part)) else { continue };
        let file = file(folder, name);
        export.files.insert(file.clone(), bytes.clone());
        let salt = HEXLOWER.encode(&bound.salt.of_part(name).0);
        item.parts.insert((*name).to_owned(), Disclosed { file, salt });
    }
    item
}

fn commitments(bound: &Bound) -> BTreeMap<String, Option<String>> {
    let bind = |(name, part): (&&str, &Option<Vec<u8>>)| {
        let salt = bound.salt.of_part(name);
        let hash = part.as_ref().map(|bytes| HEXLOWER.encode(&salt.commit(bytes)));
        ((*name).to_owned(), hash)
    };
    PARTS.iter().zip(&bound.parts).map(bind).collect()
}

fn file(folder: &str, part: &str) -> String {
    let ending = match part {
        "verdict" => "json",
        "proof" => "txt",
        _ => "eml",
    };
    format!("{folder}/{part}.{ending}")
}

fn add_deliveries(export: &mut Export, folder: &str, reader: Reader, detail: &MessageDetail) {
    let mut deliveries = detail.deliveries.clone();
    if reader == Reader::Side(detail.row.direction.sender()) {
        // What the other side's mail server says names that server (PRODUCT §8).
        for delivery in &mut deliveries {
            delivery.row.last_reply = None;
            delivery.history.iter_mut().for_each(|attempt| attempt.reply.clear());
        }
    }
    if let (false, Ok(text)) = (deliveries.is_empty(), serde_json::to_vec_pretty(&deliveries)) {
        export.files.insert(format!("{folder}/deliveries.json"), text);
    }
}

fn add_unbound(export: &mut Export, folder: &str, reader: Reader, detail: &MessageDetail) {
    let verdict = serde_json::to_vec(&detail.verdict).unwrap_or_default();
    let parts: [Option<Vec<u8>>; 6] = [
        Some(detail.original.clone()),
        detail.outgoing.clone(),
        detail.sender_view.clone(),
        detail.recipient_view.clone(),
        Some(verdict),
        Some(detail.proof.clone().into_bytes()),
    ];
    for (name, part) in PARTS.iter().zip(parts) {
        if let Some(bytes) = part.filter(|_| reader.sees(detail).contains(name)) {
            export.files.insert(file(folder, name), bytes);
        }
    }
}

/// A message for people.
fn entry(reader: Reader, detail: &MessageDetail) -> Entry {
    let row = &detail.row;
    let own = reader == Reader::Side(row.direction.sender());
    let view = match reader {
        Reader::Authority => Some(&detail.original),
        Reader::Side(_) if own => detail.sender_view.as_ref(),
        Reader::Side(_) => detail.recipient_view.as_ref(),
    };
    let view = view.map(|bytes| mail::read(bytes)).unwrap_or_default();
    let who = match row.direction {
        Direction::BuyerToSeller => "the buyer writes to the seller",
        Direction::SellerToBuyer => "the seller writes to the buyer",
    };
    let mut facts = vec![format!("message {}", row.id)];
    if own || reader == Reader::Authority {
        facts.push(format!("the policy: {}", detail.verdict.action.as_str()));
        facts.extend(detail.verdict.findings.iter().map(|f| format!("{}: {}", f.rule, f.words)));
    }
    for delivery in &detail.deliveries {
        facts.push(format!("delivery: {}", delivery.row.state));
        facts.extend(
            delivery.history.iter().map(|a| format!("attempt at {}: {}", a.ended_at, a.result)),
        );
    }
    facts.extend(
        view.attachments.iter().filter_map(|a| a.name.as_ref()).map(|n| format!("file: {n}")),
    );
    Entry {
        heading: format!("{}: {who} ({})", row.received_at, row.state.as_str()),
        subject: view.subject.clone(),
        text: view.text.body.clone(),
        facts,
    }
}
