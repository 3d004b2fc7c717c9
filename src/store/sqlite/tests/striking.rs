//! What is held against a seller, and what follows, in the transaction of the message.

use super::accepting::rejection;
use super::*;
use crate::store::{AccountHealth, Refused};

fn violation(rule: RuleId) -> Violation {
    Violation {
        rule,
        action: Action::Redact,
        enforced: true,
        certainty: Certainty::Certain,
        part: Part::Text,
        words: "0171 234567".to_owned(),
        in_signature: false,
        may_strike: true,
    }
}

fn seller() -> PartyId {
    PartyId::Seller("S1".parse().unwrap())
}

fn decision(days: u64) -> Decision {
    let reason = Some("a reason".to_owned());
    Decision { by: "ann".to_owned(), reason, at: at(days * 24) }
}

impl Market {
    /// The seller's n-th message, on the n-th day, with these violations.
    async fn offends(&self, n: usize, rules: &[RuleId]) -> MessageId {
        let mut acceptance =
            self.acceptance(&Letter { at: at(n as u64 * 24), ..letter(n, Role::Seller) }).await;
        acceptance.arrival.violations = rules.iter().copied().map(violation).collect();
        self.store.accept(acceptance).await.unwrap().message().clone()
    }

    async fn health(&self, days: u64) -> AccountHealth {
        let id = "S1".parse().unwrap();
        self.store.account_health(&id, health(), at(days * 24)).await.unwrap()
    }

    async fn restores(&self, days: u64) -> bool {
        let restored = AccountChange::Restored;
        self.store.change_account(&seller(), restored, decision(days)).await.unwrap()
    }

    async fn declines(&self, days: u64, ladder: &[Rung]) -> bool {
        let rules = HealthRules { ladder: ladder.to_vec(), ..health() };
        let id = "S1".parse().unwrap();
        self.store.decline_proposed(&id, rules, decision(days)).await.unwrap()
    }

    async fn changes(&self) -> Vec<(String, String)> {
        let history = self.store.account_history(&seller()).await.unwrap();
        history.into_iter().map(|e| (e.change, e.by)).collect()
    }
}

fn counted(health: &AccountHealth) -> Vec<(u8, Option<NoStrike>)> {
    health.violations.iter().rev().map(|v| (v.strike, v.no_strike)).collect()
}

#[tokio::test]
async fn a_first_finding_is_explained_and_the_next_ones_count_and_climb_the_ladder() {
    let market = Market::open().await;
    let asks = [RuleId::ReviewSolicitation];
    market.offends(1, &asks).await;
    let told: Vec<_> =
        market.store.tellings(9, at(9999)).await.unwrap().iter().map(|t| t.kind).collect();
    assert_eq!(told, [NoticeKind::Violation]);
    assert_eq!(counted(&market.health(1).await), [(0, Some(NoStrike::First))]);
    market.offends(2, &asks).await;
    let health = market.health(2).await;
    assert_eq!(counted(&health)[1], (2, None), "asking for a review counts double");
    assert!((health.score - 2.0).abs() < 0.01 && health.strikes == 2, "{health:?}");
    assert_eq!(market.changes().await, [("warned".to_owned(), "bauta".to_owned())]);
    let before = market.facts().await.version.seller;
    market.offends(3, &asks).await;
    // The next rung that a person decides about is only proposed.
    let changes: Vec<String> = market.changes().await.into_iter().map(|(c, _)| c).collect();
    assert_eq!(changes, ["warned", "suspended-proposed"], "the highest that was reached");
    let facts = market.facts().await;
    assert!(!facts.seller.standing.suspended && facts.version.seller == before);
    let kinds: Vec<_> =
        market.store.tellings(20, at(9999)).await.unwrap().iter().map(|t| t.kind).collect();
    assert!(
        kinds.contains(&NoticeKind::Account) && kinds.contains(&NoticeKind::Proposal),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn a_person_declines_what_the_ladder_proposes_and_the_seller_hears_nothing_of_it() {
    let market = Market::open().await;
    let asks = [RuleId::ReviewSolicitation];
    for day in 1..=3 {
        market.offends(day, &asks).await;
    }
    let open = market.health(3).await.proposed;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((open[0].step, open[0].at), (StepKind::Suspended, at(3 * 24)));
    let told = market.store.tellings(99, at(9999)).await.unwrap().len();
    assert!(!market.restores(4).await, "nothing is in force");
    assert_eq!(market.health(4).await.proposed.len(), 1);
    assert!(market.declines(4, &health().ladder).await);
    assert!(market.health(4).await.proposed.is_empty());
    let last = market.changes().await.pop();
    assert_eq!(last, Some(("declined".to_owned(), "ann".to_owned())));
    assert_eq!(market.store.tellings(99, at(9999)).await.unwrap().len(), told);
    // Nothing is proposed any more, and then nothing is to be declined.
    assert!(!market.declines(4, &health().ladder).await);
    market.offends(5, &asks).await;
    assert_eq!(market.health(5).await.proposed.len(), 1, "another strike is another reason");
}

#[tokio::test]
async fn declining_a_proposal_lifts_no_block_and_a_block_that_ran_out_is_none() {
    use StepKind::{ProactiveBlocked, Suspended};
    let market = Market::open().await;
    let ladder = [(0.5, ProactiveBlocked, false), (1.5, Suspended, true)];
    for day in 1..=3 {
        market.climbs(day, day as u64, &ladder).await;
    }
    let blocked = async || market.facts().await.seller.standing.proactive_blocked_until;
    let ladder = rungs(&ladder);
    let until = blocked().await;
    assert_eq!(until, Some(at((2 + 14) * 24)));
    let told = market.store.tellings(99, at(9999)).await.unwrap().len();
    assert!(market.declines(4, &ladder).await);
    assert_eq!(blocked().await, until, "the block is in force still");
    assert!(!market.declines(4, &ladder).await);
    let changes: Vec<_> = market.changes().await.into_iter().map(|(change, _)| change).collect();
    assert_eq!(changes, ["proactive-blocked", "suspended-proposed", "declined"]);
    // It ran out at day 16, and another strike is proposed about.
    market.climbs(4, 17, &[(0.5, Suspended, true)]).await;
    let ladder = rungs(&[(0.5, Suspended, true)]);
    assert!(!market.restores(17).await, "nothing is in force that could be lifted");
    assert!(market.declines(17, &ladder).await);
    let now = market.store.tellings(99, at(9999)).await.unwrap();
    let decided = now[told..].iter().filter(|t| t.kind == NoticeKind::Account).count();
    assert_eq!(decided, 0, "the seller is told nothing");
}

#[tokio::test]
async fn who_took_the_step_that_was_proposed_has_answered() {
    let until = |day: u64| AccountChange::ProactiveBlocked(at(day * 24));
    for (step, change) in
        [(StepKind::Warning, AccountChange::Warned), (StepKind::ProactiveBlocked, until(5))]
    {
        let market = Market::open().await;
        let ladder = [(0.5, step, true)];
        for day in 1..=2 {
            market.climbs(day, day as u64, &ladder).await;
        }
        let proposed = market.changes().await.pop().unwrap().0;
        assert_eq!(proposed, format!("{}-proposed", step.as_str()));
        market.store.change_account(&seller(), change, decision(3)).await.unwrap();
        let rules = HealthRules { ladder: rungs(&ladder), ..health() };
        // The block has run out by then.
        let found = market.store.account_health(&"S1".parse().unwrap(), rules, at(10 * 24)).await;
        assert!(found.unwrap().proposed.is_empty(), "{proposed}");
        assert!(!market.declines(10, &rungs(&ladder)).await, "{proposed}");
    }
}

#[tokio::test]
async fn the_machine_blocks_what_is_no_answer_for_a_while_and_a_person_lifts_it() {
    let market = Market::open().await;
    let phone = [RuleId::PhoneNumber];
    for day in 1..=4 {
        market.offends(day, &phone).await;
    }
    let until = market.facts().await.seller.standing.proactive_blocked_until;
    assert_eq!(until, Some(at(4 * 24 + 14 * 24)));
    assert_eq!(market.health(4).await.proactive_blocked_until, until);
    assert_eq!(market.health(40).await.proactive_blocked_until, None, "it ends by itself");
    let history = market.store.account_history(&seller()).await.unwrap();
    assert_eq!(
        history.last().map(|e| (e.change.as_str(), e.until)),
        Some(("proactive-blocked", until))
    );
    let restored = AccountChange::Restored;
    assert!(market.store.change_account(&seller(), restored.clone(), decision(5)).await.unwrap());
    assert_eq!(market.facts().await.seller.standing.proactive_blocked_until, None);
    assert!(!market.store.change_account(&seller(), restored, decision(5)).await.unwrap());
}

#[tokio::test]
async fn a_refused_message_and_the_same_again_count_once_and_a_retry_does_not() {
    let market = Market::open().await;
    let facts = market.facts().await;
    let refuse = async |n: usize, hours: u64, print: u8| -> Refused {
        let rejection = Rejection {
            violations: vec![violation(RuleId::Promotion)],
            fingerprint: Some([print; 32]),
            received_at: at(hours),
            quota_per_day: 100,
            ..rejection(n, facts.clone())
        };
        market.store.refuse(rejection).await.unwrap()
    };
    refuse(1, 0, 1).await;
    refuse(2, 48, 2).await;
    refuse(3, 49, 2).await;
    refuse(4, 50, 4).await;
    let health = market.health(3).await;
    assert_eq!(
        counted(&health),
        [(0, Some(NoStrike::First)), (1, None), (0, Some(NoStrike::Retry))],
        "the same mail again is no violation of its own"
    );
}

#[tokio::test]
async fn an_excused_violation_counts_no_more_and_neither_does_what_a_person_let_pass() {
    let market = Market::open().await;
    for day in 1..=2 {
        market.offends(day, &[RuleId::PhoneNumber]).await;
    }
    let id = market.health(2).await.violations[0].id;
    assert_eq!(market.store.excuse(id, decision(3)).await.unwrap(), Some(true));
    assert_eq!(market.store.excuse(id, decision(3)).await.unwrap(), Some(false));
    assert_eq!(market.store.excuse(id + 99, decision(3)).await.unwrap(), None);
    let health = market.health(3).await;
    assert_eq!((health.strikes, health.score), (0, 0.0));
    let excused = health.violations[0].excused.as_ref().unwrap();
    assert_eq!((excused.by.as_str(), excused.reason.as_str()), ("ann", "a reason"));
    let changes = market.changes().await;
    assert_eq!(changes, [(format!("excused violation {id}"), "ann".to_owned())]);
}

#[tokio::test]
async fn a_violation_outlives_its_message_without_a_word_of_it() {
    let market = Market::open().await;
    let message = market.offends(1, &[RuleId::PhoneNumber]).await;
    let told = market.store.told_violations(&message, at(24)).await.unwrap();
    assert_eq!((told[0].words.as_str(), told[0].told_today), ("0171 234567", false));
    let buyer = PartyId::Buyer("B1".parse().unwrap());
    market.store.delete_party(&buyer, decision(2)).await.unwrap();
    market.erase(&buyer, 200).await;
    let health = market.health(2).await;
    let kept = &health.violations[0];
    assert_eq!((kept.rule, kept.at, &kept.words), (RuleId::PhoneNumber, at(24), &None));
    assert_eq!(kept.message, None);
}

#[tokio::test]
async fn what_is_told_of_a_rule_today_is_known_by_the_next_message() {
    let market = Market::open().await;
    let phone = [RuleId::PhoneNumber];
    market.offends(1, &phone).await;
    let first = market.store.tellings(1, at(9999)).await.unwrap().remove(0);
    let id = market.health(1).await.violations[0].id;
    market.store.tell(first.number, vec![], vec![id], at(24)).await.unwrap();
    assert_eq!(market.store.tellings(9, at(9999)).await.unwrap(), []);
    let next = market.offends(2, &phone).await;
    let told = async |hours| market.store.told_violations(&next, at(hours)).await.unwrap();
    assert!(told(47).await[0].told_today);
    assert!(!told(49).await[0].told_today);
}

#[tokio::test]
async fn a_corrected_mail_is_no_strike_where_the_first_one_was_refused_before_there_was_a_conversation()
 {
    let market = Market::open().await;
    market.store.put_order(order("ORDER-2"), names(1), at(0)).await.unwrap();
    let refuse = async |n: usize, hours: u64, order: Option<&str>| {
        let rejection = Rejection {
            violations: vec![violation(RuleId::Promotion)],
            received_at: at(hours),
            order: order.map(|id| id.parse().unwrap()),
            quota_per_day: 100,
            health: HealthRules { ladder: vec![], ..health() },
            ..rejection(n, market.facts().await)
        };
        market.store.refuse(rejection).await.unwrap();
    };
    let accept = async |n: usize, hours: u64, tag: &'static str| {
        let tag = Some(tag);
        let letter = Letter { at: at(hours), tag, ..letter(n, Role::Seller) };
        let mut acceptance = market.acceptance(&letter).await;
        acceptance.arrival.violations = vec![violation(RuleId::Promotion)];
        acceptance.arrival.health.ladder = vec![];
        market.store.accept(acceptance).await.unwrap();
    };
    // Explained once; then refused, and corrected in all but one word.
    refuse(1, 0, Some("ORDER-1")).await;
    refuse(2, 100, Some("ORDER-1")).await;
    accept(3, 101, "order-1").await;
    // Another order of the same two is another matter, but for the one strike a day.
    accept(4, 102, "order-2").await;
    // A day later it counts.
    accept(5, 126, "order-1").await;
    // What named no order may have been any of them.
    refuse(6, 250, None).await;
    accept(7, 251, "order-2").await;
    let why = [
        (0, Some(NoStrike::First)),
        (1, None),
        (0, Some(NoStrike::Retry)),
        (0, Some(NoStrike::SameDay)),
        (1, None),
        (1, None),
        (0, Some(NoStrike::Retry)),
    ];
    assert_eq!(counted(&market.health(11).await), why);
}

#[tokio::test]
async fn what_explained_nothing_uses_up_no_explanation() {
    let market = Market::open().await;
    let offends = async |n: usize, change: fn(&mut Violation)| {
        let mut violation = violation(RuleId::PhoneNumber);
        change(&mut violation);
        let letter = Letter { at: at(n as u64 * 48), ..letter(n, Role::Seller) };
        let mut acceptance = market.acceptance(&letter).await;
        acceptance.arrival.violations = vec![violation];
        market.store.accept(acceptance).await.unwrap();
    };
    offends(1, |v| v.certainty = Certainty::Likely).await;
    offends(2, |v| v.in_signature = true).await;
    offends(3, |v| v.may_strike = false).await;
    offends(4, |_| {}).await;
    offends(5, |_| {}).await;
    let why = [
        (0, Some(NoStrike::Likely)),
        (0, Some(NoStrike::Signature)),
        (0, Some(NoStrike::Rule)),
        (0, Some(NoStrike::First)),
        (1, None),
    ];
    assert_eq!(counted(&market.health(11).await), why);
}

fn rungs(ladder: &[(f64, StepKind, bool)]) -> Vec<Rung> {
    let rung = |(score, step, by_person): &(f64, StepKind, bool)| Rung {
        score: *score,
        step: *step,
        lasts: None,
        by_person: *by_person,
    };
    ladder.iter().map(rung).collect()
}

impl Market {
    /// The seller's n-th message, on this day, under this ladder: what was decided since the start.
    async fn climbs(&self, n: usize, day: u64, ladder: &[(f64, StepKind, bool)]) -> Vec<String> {
        let ladder = rungs(ladder);
        // What is no answer may be refused meanwhile.
        self.accept(&Letter { at: at(day * 24), ..letter(1000 + n, Role::Buyer) }).await;
        let letter = Letter { at: at(day * 24), ..letter(n, Role::Seller) };
        let mut acceptance = self.acceptance(&letter).await;
        acceptance.arrival.violations = vec![violation(RuleId::PhoneNumber)];
        acceptance.arrival.health = HealthRules { ladder, ..health() };
        self.store.accept(acceptance).await.unwrap();
        self.changes().await.into_iter().map(|(change, _)| change).collect()
    }
}

#[tokio::test]
async fn a_rung_that_was_passed_unseen_is_taken_at_the_next_strike() {
    use StepKind::{ProactiveBlocked, Suspended, Warning};
    let market = Market::open().await;
    let high = [(50.0, Warning, false)];
    for day in 1..=3 {
        assert!(market.climbs(day, day as u64, &high).await.is_empty());
    }
    // The ladder was lowered below the score meanwhile.
    let low = [(0.5, Warning, false), (1.5, ProactiveBlocked, false), (9.0, Suspended, true)];
    assert_eq!(market.climbs(4, 4, &low).await, ["proactive-blocked"]);
    assert_eq!(market.climbs(5, 5, &low).await.len(), 1, "it is in force");
    // It ran out after 14 days.
    let again = ["proactive-blocked", "proactive-blocked"];
    assert_eq!(market.climbs(6, 19, &low).await, again);
    // A person is asked once, and what the machine may do it does again.
    let lower = [low[0], low[1], (2.0, Suspended, true)];
    assert_eq!(market.climbs(7, 20, &lower).await[2..], ["suspended-proposed"]);
    assert_eq!(market.climbs(8, 21, &lower).await.len(), 3);
    assert_eq!(market.climbs(9, 40, &lower).await[3..], ["proactive-blocked"]);
    assert_eq!(market.climbs(10, 41, &lower).await.len(), 4);
    // Nobody decided for 30 days.
    assert_eq!(market.climbs(11, 51, &lower).await[4..], ["suspended-proposed"]);
}

#[tokio::test]
async fn what_can_not_be_told_is_put_aside_and_keeps_nothing_else_back() {
    let market = Market::open().await;
    for day in [1, 2] {
        market.offends(day, &[RuleId::PhoneNumber]).await;
    }
    let told = market.store.tellings(9, at(48)).await.unwrap();
    assert_eq!((told.len(), told[0].tries), (2, 0));
    market.store.put_telling_aside(told[0].number, at(50)).await.unwrap();
    assert_eq!(market.store.tellings(9, at(49)).await.unwrap(), told[1..]);
    let later = market.store.tellings(9, at(50)).await.unwrap();
    assert_eq!((later.len(), later[0].number, later[0].tries), (2, told[0].number, 1));
}

/// How SQLite goes about a query.
fn plan(market: &Market, sql: &str) -> String {
    let conn = market.raw();
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // What is bound is no part of the plan.
    for at in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(at, None::<i64>).unwrap();
    }
    let mut rows = statement.raw_query();
    let mut steps = vec![];
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>(3).unwrap());
    }
    steps.join("\n")
}

#[tokio::test]
async fn what_is_asked_of_one_seller_is_read_along_an_index_however_much_there_is() {
    use super::super::{traffic, violation as of};
    let market = Market::open().await;
    for (sql, step) in [
        (
            of::EXPLAINED,
            "SEARCH violation USING INDEX violation_explained (party=? AND rule=? AND at>?)",
        ),
        (of::HERE, "SEARCH v USING INDEX violation_pair (pair=? AND rule=? AND at>?)"),
        (of::LAST_STRIKE, "SEARCH violation USING INDEX violation_strike (party=? AND at>?)"),
        (of::STRIKES, "SEARCH violation USING INDEX violation_strike (party=?)"),
        (of::VIOLATIONS, "SEARCH v USING INDEX violation_party (party=?)"),
        (of::TOLD, "SEARCH t USING INDEX violation_told (party=? AND rule=? AND told_at>?)"),
        (traffic::ORDERS, "SEARCH orders USING COVERING INDEX orders_seller (seller=? AND day>?)"),
    ] {
        let plan = plan(&market, sql);
        assert!(plan.contains(step), "{sql}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{sql}\n{plan}");
    }
}
