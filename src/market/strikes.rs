//! Strikes, the score, and the ladder (PRODUCT §5): what of a message counts against its seller.

use std::cmp::Reverse;
use std::time::Duration;

use crate::domain::{Certainty, HealthRules, NoStrike, RuleId, Rung, Timestamp, Violation};

/// What a seller's violations of one rule, which were enforced and not excused, say about the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Which rule.
    pub rule: RuleId,
    /// The last one that was explained by a notice or that counted: the seller knows the rule
    /// since then. Others, which were only likely or stood in a signature, explained nothing.
    pub explained_at: Option<Timestamp>,
    /// The last one in the conversation that is looked at now.
    pub here_at: Option<Timestamp>,
}

/// What a message's violations are held against.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Whether a seller wrote it.
    pub of_seller: bool,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// The seller's violations of each rule.
    pub past: &'a [Past],
    /// The seller's last strike.
    pub last_strike: Option<Timestamp>,
    /// `[account_health]`
    pub health: &'a HealthRules,
    /// Now.
    pub now: Timestamp,
}

/// How much a strike of this rule counts.
pub fn weight(rule: RuleId) -> u8 {
    if rule == RuleId::ReviewSolicitation { 2 } else { 1 }
}

/// What each violation of one message counts, or why nothing: at most one of them counts, the
/// gravest.
pub fn decide(
    violations: &[Violation],
    circumstances: &Circumstances<'_>,
) -> Vec<Result<u8, NoStrike>> {
    let mut decided: Vec<Result<u8, NoStrike>> = violations
        .iter()
        .map(|violation| match excuse(violation, circumstances) {
            Some(why) => Err(why),
            None => Ok(weight(violation.rule)),
        })
        .collect();
    // Of equals the first found.
    let gravest = violations
        .iter()
        .enumerate()
        .filter(|(at, _)| decided.get(*at).is_some_and(Result::is_ok))
        .max_by_key(|(at, v)| (weight(v.rule), v.action, Reverse(*at)))
        .map(|(at, _)| at);
    for (at, one) in decided.iter_mut().enumerate() {
        if one.is_ok() && Some(at) != gravest {
            *one = Err(NoStrike::Graver);
        }
    }
    decided
}

fn excuse(violation: &Violation, circumstances: &Circumstances<'_>) -> Option<NoStrike> {
    let Circumstances { of_seller, automatic, past, last_strike, health, now } = *circumstances;
    let past = past.iter().find(|past| past.rule == violation.rule);
    let within = |time, at: Option<Timestamp>| at.is_some_and(|at| now.since(at) < time);
    if !of_seller {
        Some(NoStrike::Buyer)
    } else if !violation.enforced {
        Some(NoStrike::Observed)
    } else if automatic {
        Some(NoStrike::Automatic)
    } else if !violation.may_strike {
        Some(NoStrike::Rule)
    } else if violation.certainty != Certainty::Certain {
        Some(NoStrike::Likely)
    } else if violation.in_signature {
        Some(NoStrike::Signature)
    } else if !within(health.explained_for, past.and_then(|past| past.explained_at)) {
        Some(NoStrike::First)
    } else if within(health.retry_within, past.and_then(|past| past.here_at)) {
        Some(NoStrike::Retry)
    } else if within(health.strike_every, last_strike) {
        Some(NoStrike::SameDay)
    } else {
        None
    }
}

/// The score of an account: its strikes, each with its age, halved every half-life, for each
/// `volume` of the messages of 30 days.
pub fn score(strikes: &[(u8, Duration)], health: &HealthRules, messages: u64) -> f64 {
    let half_life = health.half_life.as_secs_f64().max(1.0);
    let sum: f64 = strikes
        .iter()
        .map(|(weight, age)| f64::from(*weight) * 0.5_f64.powf(age.as_secs_f64() / half_life))
        // The sum of no floats is -0.
        .fold(0.0, |sum, strike| sum + strike);
    // So many messages that a float could not count them nobody writes.
    #[allow(clippy::cast_precision_loss)]
    let volume = messages as f64 / health.volume.max(1) as f64;
    sum / volume.max(1.0)
}

/// How a rung of the ladder stands with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Neither taken nor proposed, or over.
    Free,
    /// A person was asked and has not decided.
    Proposed,
    /// In force.
    Taken,
}

/// The rung to take at a strike: the highest that the score has reached and that is not in force,
/// however the score came there. One that is in force says all that is below it; a proposal keeps
/// nothing back.
pub fn due<'a>(ladder: &[(&'a Rung, Standing)], score: f64) -> Option<&'a Rung> {
    let mut reached: Vec<_> = ladder.iter().filter(|(rung, _)| rung.score <= score).collect();
    reached.sort_by(|(a, _), (b, _)| b.score.total_cmp(&a.score));
    let open = reached.into_iter().take_while(|(_, standing)| *standing != Standing::Taken);
    open.filter(|(_, standing)| *standing == Standing::Free).map(|(rung, _)| *rung).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Part, StepKind};

    const NOW: Timestamp = Timestamp::EPOCH;
    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(86_400);

    static HEALTH: HealthRules = HealthRules {
        ladder: Vec::new(),
        half_life: Duration::from_secs(30 * 86_400),
        explained_for: Duration::from_secs(30 * 86_400),
        retry_within: DAY,
        strike_every: DAY,
        volume: 500,
    };

    fn violation(rule: RuleId) -> Violation {
        Violation {
            rule,
            action: Action::Redact,
            enforced: true,
            certainty: Certainty::Certain,
            part: Part::Text,
            words: String::new(),
            in_signature: false,
            may_strike: true,
        }
    }

    fn past(rule: RuleId, ago: Duration) -> Past {
        Past { rule, explained_at: Some(NOW.before(ago)), here_at: None }
    }

    fn known() -> [Past; 2] {
        [past(RuleId::PhoneNumber, 5 * DAY), past(RuleId::ReviewSolicitation, 5 * DAY)]
    }

    fn one<'a>(
        violation: Violation,
        past: &'a [Past],
        change: impl FnOnce(&mut Circumstances<'a>),
    ) -> Result<u8, NoStrike> {
        let (of_seller, automatic, last_strike) = (true, false, None);
        let health = &HEALTH;
        let mut circumstances =
            Circumstances { of_seller, automatic, past, last_strike, health, now: NOW };
        change(&mut circumstances);
        decide(&[violation], &circumstances)[0]
    }

    #[test]
    fn a_violation_counts_and_asking_for_a_review_counts_double() {
        assert_eq!(one(violation(RuleId::PhoneNumber), &known(), |_| {}), Ok(1));
        assert_eq!(one(violation(RuleId::ReviewSolicitation), &known(), |_| {}), Ok(2));
    }

    #[test]
    fn every_settled_case_gives_no_strike() {
        let phone = || violation(RuleId::PhoneNumber);
        let observed = Violation { enforced: false, ..phone() };
        let likely = Violation { certainty: Certainty::Likely, ..phone() };
        let signature = Violation { in_signature: true, ..phone() };
        let never = Violation { may_strike: false, ..phone() };
        let here = |ago| {
            let here_at = Some(NOW.before(ago));
            [Past { here_at, ..past(RuleId::PhoneNumber, 5 * DAY) }]
        };
        let (retry, later) = (here(23 * HOUR), here(25 * HOUR));
        let elsewhere = [past(RuleId::PhoneNumber, HOUR)];
        // In a signature, or not beyond doubt: nobody was told what it means for the account.
        let untold = [Past { explained_at: None, ..retry[0] }];
        let long_ago = [past(RuleId::PhoneNumber, 30 * DAY)];
        let today = Some(NOW.before(HOUR));
        for (expected, found) in [
            (Err(NoStrike::Buyer), one(phone(), &known(), |c| c.of_seller = false)),
            (Err(NoStrike::Automatic), one(phone(), &known(), |c| c.automatic = true)),
            (Err(NoStrike::Observed), one(observed, &known(), |_| {})),
            (Err(NoStrike::Likely), one(likely, &known(), |_| {})),
            (Err(NoStrike::Signature), one(signature, &known(), |_| {})),
            (Err(NoStrike::Rule), one(never, &known(), |_| {})),
            (Err(NoStrike::First), one(violation(RuleId::Promotion), &known(), |_| {})),
            (Err(NoStrike::First), one(phone(), &[], |_| {})),
            (Err(NoStrike::First), one(phone(), &untold, |_| {})),
            (Err(NoStrike::First), one(phone(), &long_ago, |_| {})),
            (Err(NoStrike::Retry), one(phone(), &retry, |_| {})),
            (Ok(1), one(phone(), &later, |_| {})),
            (Ok(1), one(phone(), &elsewhere, |_| {})),
            (Err(NoStrike::SameDay), one(phone(), &known(), |c| c.last_strike = today)),
        ] {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_message_gives_one_strike_for_the_gravest() {
        let rules = [RuleId::PhoneNumber, RuleId::Competitor, RuleId::ReviewSolicitation];
        let known: Vec<Past> = rules.iter().map(|rule| past(*rule, 5 * DAY)).collect();
        let (past, last_strike, now, health) = (&known[..], None, NOW, &HEALTH);
        let circumstances =
            Circumstances { of_seller: true, automatic: false, past, last_strike, health, now };
        let decide = |violations: &[Violation]| decide(violations, &circumstances);
        let graver = Err(NoStrike::Graver);
        assert_eq!(decide(&rules.map(violation)), [graver, graver, Ok(2)]);
        let refused = Violation { action: Action::Reject, ..violation(RuleId::Competitor) };
        let phone = violation(RuleId::PhoneNumber);
        assert_eq!(decide(&[phone.clone(), refused]), [graver, Ok(1)]);
        assert_eq!(decide(&[phone.clone(), phone]), [Ok(1), graver], "of equals the first");
    }

    #[test]
    fn a_score_halves_with_time_and_is_spread_over_many_messages() {
        let check = |strikes: &[(u8, Duration)], messages, expected: f64| {
            let found = score(strikes, &HEALTH, messages);
            assert!((found - expected).abs() < 1e-9, "{strikes:?}: {found}");
        };
        check(&[], 0, 0.0);
        assert!(score(&[], &HEALTH, 0).is_sign_positive(), "it is shown");
        check(&[(1, Duration::ZERO), (2, Duration::ZERO)], 0, 3.0);
        check(&[(1, 30 * DAY), (2, 60 * DAY)], 500, 1.0);
        check(&[(2, Duration::ZERO)], 1000, 1.0);
        let of_a_small_market = HealthRules { volume: 50, half_life: DAY, ..HEALTH.clone() };
        let found = score(&[(2, DAY)], &of_a_small_market, 100);
        assert!((found - 0.5).abs() < 1e-9, "{found}");
    }

    #[test]
    fn how_long_a_seller_knows_a_rule_and_how_often_one_strikes_can_be_set() {
        let set = HealthRules {
            explained_for: 3 * DAY,
            retry_within: 2 * DAY,
            strike_every: 6 * DAY,
            ..HEALTH.clone()
        };
        let phone = || violation(RuleId::PhoneNumber);
        let told = |days: u32, here: Option<u32>, struck: Option<u32>| {
            let here_at = here.map(|days| NOW.before(days * DAY));
            let past = [Past { here_at, ..past(RuleId::PhoneNumber, days * DAY) }];
            let mut decided = None;
            for health in [&HEALTH, &set] {
                let last_strike = struck.map(|days| NOW.before(days * DAY));
                let circumstances = Circumstances {
                    of_seller: true,
                    automatic: false,
                    past: &past,
                    last_strike,
                    health,
                    now: NOW,
                };
                let one = decide(&[phone()], &circumstances)[0];
                assert!(decided.is_some() || one == Ok(1), "by default it counts");
                decided = Some(one);
            }
            decided.unwrap()
        };
        assert_eq!(told(5, None, None), Err(NoStrike::First));
        assert_eq!(told(2, Some(1), None), Err(NoStrike::Retry));
        assert_eq!(told(2, None, Some(5)), Err(NoStrike::SameDay));
        assert_eq!(told(2, Some(2), Some(6)), Ok(1));
    }

    #[test]
    fn the_step_to_take_is_the_highest_that_is_reached_and_not_in_force() {
        use Standing::{Free, Proposed, Taken};
        let rung = |score, step| Rung { score, step, lasts: None, by_person: false };
        let rungs = [
            rung(3.0, StepKind::Warning),
            rung(6.0, StepKind::ProactiveBlocked),
            rung(10.0, StepKind::Suspended),
        ];
        let check = |score: f64, standing: [Standing; 3], expected: Option<StepKind>| {
            let ladder: Vec<_> = rungs.iter().zip(standing).collect();
            let found = due(&ladder, score).map(|rung| rung.step);
            assert_eq!(found, expected, "{score} {standing:?}");
        };
        check(2.9, [Free; 3], None);
        check(3.0, [Free; 3], Some(StepKind::Warning));
        check(4.0, [Taken, Free, Free], None);
        check(7.0, [Free; 3], Some(StepKind::ProactiveBlocked));
        check(7.0, [Free, Taken, Free], None);
        check(7.0, [Taken, Free, Free], Some(StepKind::ProactiveBlocked));
        check(10.0, [Free; 3], Some(StepKind::Suspended));
        check(12.0, [Taken, Taken, Free], Some(StepKind::Suspended));
        check(12.0, [Taken, Taken, Proposed], None);
        check(12.0, [Taken, Free, Proposed], Some(StepKind::ProactiveBlocked));
        check(12.0, [Free, Free, Taken], None);
    }
}
