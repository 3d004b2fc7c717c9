//! Messages that wait for a person, and the clock meanwhile.

use super::*;
use crate::store::StoreError;
use crate::store::review::{Holding, Passage, Reviewed};

fn decision(hours: u64) -> Decision {
    Decision { by: "ann".to_owned(), reason: None, at: at(hours) }
}

impl Market {
    async fn holding(&self, letter: &Letter) -> Holding {
        let acceptance = self.acceptance(letter).await;
        let mut arrival = Arrival { base_subject: String::new(), ..acceptance.arrival };
        arrival.verdict = arrival.verdict.held_for(HoldReason::Leak, true);
        Holding {
            arrival,
            sender_view: b"own words".to_vec(),
            recipient_view: None,
            subject: format!("letter {}", letter.n),
            tell: vec![NoticeKind::Held],
        }
    }

    async fn hold(&self, letter: &Letter) -> MessageId {
        self.store.hold(self.holding(letter).await).await.unwrap().message().clone()
    }

    async fn reject(&self, message: &MessageId, hours: u64) -> Reviewed {
        let tell = NoticeKind::Rejected;
        self.store.reject_held(message, decision(hours), tell).await.unwrap()
    }

    /// Lets it pass as this letter would have gone.
    async fn let_pass(&self, letter: &Letter, hours: u64) -> Reviewed {
        let Acceptance { arrival, outgoing, token, written, shown, .. } =
            self.acceptance(letter).await;
        let passage = Passage {
            admitted: arrival.admitted,
            outgoing,
            message: arrival.message,
            base_subject: arrival.base_subject,
            words: arrival.words,
            token,
            written,
            shown,
            give_up_at: at(hours + 48),
        };
        self.store.let_pass(passage, decision(hours)).await.unwrap()
    }

    async fn turns(&self) -> Vec<Turn> {
        let conversation = self.history(Role::Buyer, &[]).await.conversations[0].id;
        self.store.turns(conversation).await.unwrap()
    }
}

fn excluded(started: u64, stopped: Option<u64>, hours: u32) -> Turn {
    Turn { excluded: HOUR * hours, ..turn(started, stopped) }
}

#[tokio::test]
async fn nothing_of_a_held_message_goes_out_until_it_is_let_pass() {
    let market = Market::open().await;
    let asks =
        Letter { own_id: Some("ask@x.example"), fingerprint: Some(1), ..letter(1, Role::Buyer) };
    let id = market.hold(&asks).await;
    let counts = market.store.counts().await.unwrap();
    assert_eq!((counts.held, counts.accepted, counts.deliveries_open), (1, 0, 0));
    assert_eq!(market.turns().await, [], "the seller has not seen it");
    let seen = &market.history(Role::Seller, &[]).await.conversations[0];
    assert_eq!((seen.last_buyer_message_at, seen.subject.as_str()), (None, ""));
    // The same again is the same, held or let pass.
    let again = market.store.hold(market.holding(&asks).await).await.unwrap();
    assert!(again.is_duplicate() && *again.message() == id);
    assert_eq!(market.store.held(10).await.unwrap().len(), 1);
    let told = market.store.tellings(10, at(9999)).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");

    assert_eq!(market.let_pass(&asks, 5).await, Reviewed::Done);
    assert_eq!(market.let_pass(&asks, 6).await, Reviewed::NotHeld);
    assert_eq!(market.reject(&id, 6).await, Reviewed::NotHeld);
    let counts = market.store.counts().await.unwrap();
    assert_eq!((counts.held, counts.accepted, counts.deliveries_open), (0, 1, 1));
    assert_eq!(market.turns().await, [turn(5, None)], "the clock starts when the seller sees it");
    let seen = &market.history(Role::Seller, &[]).await.conversations[0];
    assert_eq!((seen.last_buyer_message_at, seen.subject.as_str()), (Some(at(5)), "letter 1"));
    let out = format!("out1@{DOMAIN}");
    assert_eq!(market.history(Role::Seller, &[msg_id(&out)]).await.links.len(), 1);
    let mail = market.store.claim_due(at(5), HOUR, 10).await.unwrap();
    assert_eq!((mail.len(), mail[0].attempts), (1, 0));
    let draft = market.acceptance(&asks).await.outgoing.into_draft();
    assert_eq!(mail[0].bytes, draft.bytes);
    let found = market.store.message(&id).await.unwrap().unwrap();
    assert_eq!(found.original, market.acceptance(&asks).await.arrival.original);
    assert_eq!(found.sender_view, Some(b"own words".to_vec()));
    assert_eq!(found.recipient_view, Some(draft.recipient_view));
    let first = market.store.first_answer([1; 32], at(6)).await.unwrap();
    assert!(matches!(first, Some(FirstAnswer::Held(held)) if *held.message() == id));
}

#[tokio::test]
async fn a_held_answer_stops_the_clock_and_a_rejected_one_lets_it_go_on_without_that_time() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    let id = market.hold(&letter(3, Role::Seller)).await;
    assert_eq!(market.turns().await, [turn(1, Some(3))]);
    assert_eq!(market.reject(&id, 10).await, Reviewed::Done);
    assert_eq!(market.turns().await, [excluded(1, None, 7)]);
    // Once more, and the buyer asks again meanwhile: the first question's time counts.
    let id = market.hold(&letter(12, Role::Seller)).await;
    market.accept(&letter(13, Role::Buyer)).await;
    assert_eq!(market.turns().await, [excluded(1, Some(12), 7), turn(13, None)]);
    market.reject(&id, 15).await;
    assert_eq!(market.turns().await, [excluded(1, None, 10)]);
    market.accept(&letter(20, Role::Seller)).await;
    assert_eq!(market.turns().await, [excluded(1, Some(20), 10)]);
}

#[tokio::test]
async fn a_turn_that_another_answer_ended_meanwhile_ends_there() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    let id = market.hold(&letter(3, Role::Seller)).await;
    market.accept(&letter(4, Role::Buyer)).await;
    market.accept(&letter(6, Role::Seller)).await;
    market.reject(&id, 9).await;
    assert_eq!(market.turns().await, [excluded(1, Some(6), 3)]);
}

#[tokio::test]
async fn while_a_seller_is_suspended_the_clock_stands_still() {
    let market = Market::open().await;
    let seller = PartyId::Seller("S1".parse().unwrap());
    let decide = async |change, hours| {
        market.store.change_account(&seller, change, decision(hours)).await.unwrap();
    };
    market.accept(&letter(1, Role::Buyer)).await;
    decide(AccountChange::Suspended, 3).await;
    assert_eq!(market.turns().await, [Turn { paused_at: Some(at(3)), ..turn(1, None) }]);
    decide(AccountChange::Restored, 8).await;
    assert_eq!(market.turns().await, [excluded(1, None, 5)]);
    decide(AccountChange::Suspended, 10).await;
    market.hold(&letter(14, Role::Seller)).await;
    assert_eq!(market.turns().await, [excluded(1, Some(14), 9)]);
    market.accept(&letter(15, Role::Buyer)).await;
    assert_eq!(market.turns().await[1], Turn { paused_at: Some(at(15)), ..turn(15, None) });
    decide(AccountChange::Restored, 20).await;
    assert_eq!(market.turns().await[1], excluded(15, None, 5));
}

#[tokio::test]
async fn what_waits_counts_for_its_senders_limits() {
    let market = Market::open().await;
    let limits = Limits { messages_per_hour: Some(1), ..UNLIMITED };
    let mut holding = market.holding(&letter(1, Role::Buyer)).await;
    holding.arrival.limits = limits;
    market.store.hold(holding).await.unwrap();
    let mut holding = market.holding(&Letter { n: 2, ..letter(1, Role::Buyer) }).await;
    holding.arrival.limits = limits;
    let error = market.store.hold(holding).await.unwrap_err();
    assert_eq!(error, StoreError::Limit(Limit::Hour));
    let depth = market.store.held_depth(at(1)).await.unwrap();
    assert_eq!((depth.held, depth.overdue, depth.oldest), (1, 1, Some(at(1))));
}

#[tokio::test]
async fn erasing_a_party_erases_what_waits_too() {
    let market = Market::open().await;
    let id = market.hold(&letter(1, Role::Buyer)).await;
    market.store.note_opened(&id, decision(2)).await.unwrap();
    let buyer = PartyId::Buyer("B1".parse().unwrap());
    market.store.delete_party(&buyer, decision(3)).await.unwrap();
    assert_eq!(market.erase(&buyer, 200).await, [(1, 0)]);
    assert_eq!(market.store.held(10).await.unwrap().len(), 0);
    assert_eq!(market.store.tellings(10, at(9999)).await.unwrap(), []);
}

#[tokio::test]
async fn a_strike_that_was_told_is_told_to_be_excused_when_a_person_lets_the_message_pass() {
    let market = Market::open().await;
    let hold = async |n: usize, hours: u64| {
        let letter = Letter { at: at(hours), ..letter(n, Role::Seller) };
        let mut holding = market.holding(&letter).await;
        holding.arrival.violations = vec![Violation {
            rule: RuleId::Impersonation,
            action: Action::Hold,
            enforced: true,
            certainty: Certainty::Certain,
            part: Part::Text,
            words: "Lumo Market support".to_owned(),
            in_signature: false,
            may_strike: true,
        }];
        let held = market.store.hold(holding).await.unwrap();
        (letter, held.message().clone())
    };
    hold(1, 1).await;
    let (letter, message) = hold(2, 48).await;
    let told = market.store.told_violations(&message, at(48)).await.unwrap();
    assert_eq!((told[0].strike, told[0].told), (1, false));
    for telling in market.store.tellings(99, at(48)).await.unwrap() {
        let violations = told.iter().map(|v| v.id).collect();
        market.store.tell(telling.number, vec![], violations, at(48)).await.unwrap();
    }
    assert!(market.store.told_violations(&message, at(48)).await.unwrap()[0].told);
    assert_eq!(market.let_pass(&letter, 49).await, Reviewed::Done);
    assert_eq!(market.store.told_violations(&message, at(49)).await.unwrap(), []);
    let told = market.store.tellings(99, at(49)).await.unwrap();
    assert!(told.iter().any(|telling| telling.kind == NoticeKind::Account), "{told:?}");
}
