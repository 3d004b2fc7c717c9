use super::*;
use crate::store::stray::{Confirmed, Kept, NewCode, NewStray};
use crate::store::{CodeSent, NewNotice, StoreError};

const NEW: &str = "jane@other.example";

fn decision(hours: u64) -> Decision {
    Decision { by: "ann".to_owned(), reason: None, at: at(hours) }
}

fn buyer() -> PartyId {
    PartyId::Buyer("B1".parse().unwrap())
}

fn new() -> RealAddress {
    NEW.parse().unwrap()
}

impl Market {
    /// Step by step: how many there were.
    async fn expire_strays(&self, now: Timestamp) -> usize {
        let mut steps = 0;
        while self.store.expire_strays_some(now).await.unwrap() {
            steps += 1;
        }
        steps
    }
}

/// A mail from an address, that came in at this hour.
async fn stray(market: &Market, n: u8, from: &str, hours: u64) -> NewStray {
    NewStray {
        facts: market.facts().await,
        writer: Role::Buyer,
        address: from.parse().unwrap(),
        tag: None,
        peer: "192.0.2.1".parse().unwrap(),
        proof: "spf=pass".to_owned(),
        original: format!("Subject: Xylophone {n}\r\n\r\nHello\r\n").into_bytes(),
        fingerprint: [n; 32],
        received_at: at(hours),
        until: at(hours + 7 * 24),
    }
}

async fn keep(market: &Market, n: u8, from: &str, hours: u64) -> Kept {
    market.store.keep_stray(stray(market, n, from, hours).await).await.unwrap()
}

async fn kept(market: &Market, hours: u64) -> usize {
    market.store.strays(Some(&buyer()), at(hours)).await.unwrap().len()
}

fn notice(n: usize, kind: NoticeKind, to: &str, hours: u64) -> NewNotice {
    let draft = Draft {
        recipient: to.parse().unwrap(),
        envelope_from: None,
        msg_id: msg_id(&format!("notice{n}@msg.market.example")),
        subject: "A notice".to_owned(),
        text: String::new(),
        words: String::new(),
        html: None,
        bytes: format!("Subject: A notice\r\n\r\n{n}\r\n").into_bytes(),
        recipient_view: format!("Subject: A notice\r\n\r\n{n}\r\n").into_bytes(),
        changes: Changes::default(),
    };
    let exempt = Exempt { known: &Sightings::default(), ids: &[] };
    NewNotice {
        kind,
        about: None,
        pair: Some(PairId(1)),
        account: None,
        fingerprint: None,
        outgoing: scan(draft, &Secrets::default(), &exempt).unwrap(),
        message: message_id(n),
        token: token(n),
        created_at: at(hours),
        give_up_at: at(hours + 48),
    }
}

async fn send_code(market: &Market, n: usize, code: u8, hours: u64) -> CodeSent {
    let new = NewCode {
        party: buyer(),
        address: new(),
        code: [code; 32],
        at: at(hours),
        until: at(hours + 24),
    };
    let mail = notice(n, NoticeKind::AddressCode, NEW, hours);
    market.store.send_code(new, mail).await.unwrap()
}

async fn confirm(market: &Market, code: u8, hours: u64) -> Confirmed {
    let address = "Jane+x@OTHER.example".parse().unwrap();
    market.store.confirm_address(&buyer(), &address, [code; 32], decision(hours)).await.unwrap()
}

fn rows(market: &Market, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    market.raw().query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_flood_fills_no_disk_and_no_address_takes_all_the_room() {
    let market = Market::open().await;
    for n in 0..5 {
        assert_eq!(keep(&market, n, NEW, 1).await, Kept::Kept);
    }
    assert_eq!(keep(&market, 0, NEW, 1).await, Kept::Already);
    assert_eq!(keep(&market, 5, "JANE+x@other.example", 1).await, Kept::NoRoom);
    for n in 6..21 {
        assert_eq!(keep(&market, n, &format!("x{n}@evil.example"), 1).await, Kept::Kept, "{n}");
    }
    assert_eq!(keep(&market, 21, "y@evil.example", 1).await, Kept::NoRoom);
    assert_eq!(kept(&market, 2).await, 20);
    market.store.forget_strays(&buyer(), &new(), at(2)).await.unwrap();
    // What can't be packed.
    let noise = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(n ^ 0x2545_f491);
    let much: Vec<u8> = (0..5 << 20).flat_map(|n| noise(n).to_be_bytes()).collect();
    let large = NewStray { original: much, ..stray(&market, 22, NEW, 2).await };
    assert_eq!(market.store.keep_stray(large).await, Ok(Kept::NoRoom));
}

#[tokio::test]
async fn an_address_of_the_other_side_is_never_kept_nor_told() {
    let market = Market::open().await;
    for other in ["cs@lamps.example", "CS+x@lamps.example"] {
        assert_eq!(keep(&market, 1, other, 1).await, Kept::OfOthers, "{other}");
    }
    let mut second = party(Role::Seller, "S2");
    second.addresses = vec!["x@chairs.example".parse().unwrap()];
    second.domains = vec!["chairs.example".parse().unwrap()];
    market.store.put_party(second.clone()).await.unwrap();
    assert_eq!(keep(&market, 1, "staff@chairs.example", 1).await, Kept::OfOthers);
    // Registered meanwhile.
    assert_eq!(keep(&market, 1, NEW, 1).await, Kept::Kept);
    assert_eq!(market.store.untold_strays(at(2)).await.unwrap()[0].strays.len(), 1);
    second.addresses.push(new());
    market.store.put_party(second).await.unwrap();
    assert_eq!(market.store.untold_strays(at(2)).await.unwrap()[0].strays.len(), 0);
    let stale = stray(&market, 2, "y@other.example", 2).await;
    market.store.delete_party(&buyer(), decision(2)).await.unwrap();
    assert_eq!(market.store.keep_stray(stale).await, Err(StoreError::Stale));
}

#[tokio::test]
async fn a_party_is_asked_at_most_once_a_day() {
    let market = Market::open().await;
    keep(&market, 1, NEW, 1).await;
    let first = market.store.untold_strays(at(1)).await.unwrap().remove(0);
    assert_eq!((first.party.id.clone(), first.strays.len()), (buyer(), 1));
    let told = notice(1, NoticeKind::NewAddress, "jane@mail.example", 1);
    // Came while the notice was written.
    keep(&market, 2, "y@other.example", 1).await;
    market.store.tell_strays(&buyer(), first.last, Some(told), at(1)).await.unwrap();
    for (hours, expected) in [(1, 0), (24, 0), (25, 1), (1 + 7 * 24, 0)] {
        let untold = market.store.untold_strays(at(hours)).await.unwrap();
        assert_eq!(untold.len(), expected, "after {hours} h");
        for untold in untold {
            assert_eq!(untold.strays.len(), 1);
            assert_eq!(untold.strays[0].address.reveal(), "y@other.example");
        }
    }
}

#[tokio::test]
async fn what_is_kept_ends_with_its_time_and_with_the_party_on_either_side() {
    let market = Market::open().await;
    keep(&market, 1, NEW, 1).await;
    keep(&market, 2, NEW, 30).await;
    let over = 1 + 7 * 24;
    assert_eq!(kept(&market, over).await, 1);
    assert_eq!(market.store.stray_mails(&buyer(), &new(), at(over)).await.unwrap().len(), 1);
    market.expire_strays(at(over - 1)).await;
    assert_eq!(rows(&market, "stray"), 2);
    market.expire_strays(at(over)).await;
    assert_eq!(rows(&market, "stray"), 1);
    assert_eq!(send_code(&market, 9, 1, 40).await, CodeSent::Sent);
    let seller = PartyId::Seller("S1".parse().unwrap());
    market.store.delete_party(&seller, decision(50)).await.unwrap();
    assert_eq!(rows(&market, "stray"), 0);
    market.erase(&seller, 200).await;
    market.store.delete_party(&buyer(), decision(50)).await.unwrap();
    assert_eq!((rows(&market, "address_code"), rows(&market, "content")), (0, 0));
}

#[tokio::test]
async fn however_much_was_kept_it_ends_in_steps_that_keep_nobody_waiting() {
    let market = Market::open().await;
    keep(&market, 1, NEW, 30).await;
    market
        .raw()
        .execute(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4000)
             INSERT INTO stray (party, pair, address, canonical, peer, proof, fingerprint,
                received_at, until, original)
             SELECT 1, 1, 'x@other.example', 'x@other.example', '192.0.2.1', '', randomblob(32),
                0, n, randomblob(3000) FROM n",
            [],
        )
        .unwrap();
    assert!(market.store.expire_strays_some(at(30)).await.unwrap());
    let left = rows(&market, "stray");
    assert!(left > 1 && left < 4001, "{left}");
    assert!(market.expire_strays(at(30)).await > 1);
    assert_eq!((rows(&market, "stray"), kept(&market, 30).await), (1, 1));
}

#[tokio::test]
async fn a_code_is_good_for_a_day_and_five_tries_and_its_mail_does_not_stay() {
    let market = Market::open().await;
    keep(&market, 1, NEW, 1).await;
    assert_eq!(confirm(&market, 7, 1).await, Confirmed::NoCode);
    assert_eq!(send_code(&market, 1, 7, 1).await, CodeSent::Sent);
    assert_eq!(send_code(&market, 2, 8, 1).await, CodeSent::Sent);
    let waiting = market.store.strays(None, at(1)).await.unwrap()[0].code.clone().unwrap();
    assert_eq!(waiting.delivery, Some(DeliveryState::Queued));
    for tries_left in (0..5).rev() {
        assert_eq!(confirm(&market, 7, 2).await, Confirmed::Wrong { tries_left }, "an old one");
    }
    assert_eq!(confirm(&market, 8, 2).await, Confirmed::NoCode, "tried too often");
    for n in 3..6 {
        assert_eq!(send_code(&market, n, 9, 2).await, CodeSent::Sent);
    }
    assert_eq!(send_code(&market, 6, 9, 3).await, CodeSent::TooMany);
    assert_eq!(confirm(&market, 9, 26).await, Confirmed::NoCode, "too late");
    assert_eq!(send_code(&market, 7, 10, 26).await, CodeSent::Sent, "a day later");
    let mails = || -> Vec<String> {
        let conn = market.raw();
        let sql = "SELECT m.id FROM message m JOIN content c ON c.message = m.number";
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(mails(), [message_id(7).as_str()], "only what is still needed");
    let due = market.store.claim_due(at(26), HOUR * 48, 10).await.unwrap();
    assert_eq!(due.len(), 1, "the others were stopped");
    market.expire_strays(at(27)).await;
    assert_eq!(mails().len(), 1, "it is on its way");
    let ended = AttemptRecord {
        signature: None,
        started_at: at(27),
        ended_at: at(27),
        outcome: AttemptOutcome::Delivered,
        stage: "final dot".to_owned(),
        reply: "250 ok".to_owned(),
    };
    assert_eq!(market.store.finish(due[0].lease, ended).await, Ok(true));
    market.expire_strays(at(28)).await;
    assert!(mails().is_empty(), "it has arrived");
    assert_eq!(confirm(&market, 10, 28).await, Confirmed::Registered);
    assert_eq!(confirm(&market, 10, 28).await, Confirmed::Already);
    let party = market.store.party(&buyer()).await.unwrap().unwrap();
    let addresses: Vec<String> = party.addresses.iter().map(RealAddress::reveal).collect();
    assert_eq!(addresses, ["jane@mail.example", "Jane+x@other.example"]);
    let history = market.store.account_history(&buyer()).await.unwrap();
    assert!(history.iter().any(|event| event.change == "address-registered"));
}
