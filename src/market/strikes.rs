//! Strikes, the score, and the ladder (PRODUCT §5): what of a message counts against its seller.

use std::cmp::Reverse;
use std::time::Duration;

use crate::domain::{Certainty, HealthRules, NoStrike, RuleId, Rung, Timestamp, Violation};

const DAY: Duration = Duration::from_secs(86_400);
/// A seller who has not heard of a rule for so long is told of it first.
pub const EXPLAINED_FOR: Duration = Duration::from_secs(30 * 86_400);
/// Messages of 30 days over which strikes are spread.
const VOLUME: f64 = 500.0;

/// A violation of the last 30 days that was not excused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Which rule.
    pub rule: RuleId,
    /// When.
    pub at: Timestamp,
    /// Whether it stood in the conversation that is looked at now.
    pub same_conversation: bool,
    /// What it counted.
    pub strike: u8,
}

/// What a message's violations are held against.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Whether a seller wrote it.
    pub of_seller: bool,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// The seller's violations of the last 30 days that were enforced and not excused.
    pub past: &'a [Past],
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
    let Circumstances { of_seller, automatic, past, now } = *circumstances;
    let of_rule = || past.iter().filter(|p| p.rule == violation.rule);
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
    } else if of_rule().next().is_none() {
        Some(NoStrike::First)
    } else if of_rule().any(|p| p.same_conversation && now.since(p.at) < DAY) {
        Some(NoStrike::Retry)
    } else if past.iter().any(|p| p.strike > 0 && now.since(p.at) < DAY) {
        Some(NoStrike::SameDay)
    } else {
        None
    }
}

/// The score of an account: its strikes, each with its age, halved every half-life, for each 500
/// messages of 30 days.
pub fn score(strikes: &[(u8, Duration)], half_life: Duration, messages: u64) -> f64 {
    let half_life = half_life.as_secs_f64().max(1.0);
    let sum: f64 = strikes
        .iter()
        .map(|(weight, age)| f64::from(*weight) * 0.5_f64.powf(age.as_secs_f64() / half_life))
        .sum();
    // So many messages that a float could not count them nobody writes.
    #[allow(clippy::cast_precision_loss)]
    let volume = messages as f64 / VOLUME;
    sum / volume.max(1.0)
}

/// The highest rung that is reached by this and was not before.
pub fn reached(rules: &HealthRules, before: f64, after: f64) -> Option<&Rung> {
    rules.ladder.iter().rev().find(|rung| before < rung.score && rung.score <= after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Part, StepKind};

    const NOW: Timestamp = Timestamp::EPOCH;
    const HOUR: Duration = Duration::from_secs(3600);

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
        Past { rule, at: NOW.before(ago), same_conversation: false, strike: 0 }
    }

    fn known() -> [Past; 2] {
        [past(RuleId::PhoneNumber, 5 * DAY), past(RuleId::ReviewSolicitation, 5 * DAY)]
    }

    fn one<'a>(
        violation: Violation,
        past: &'a [Past],
        change: impl FnOnce(&mut Circumstances<'a>),
    ) -> Result<u8, NoStrike> {
        let mut circumstances = Circumstances { of_seller: true, automatic: false, past, now: NOW };
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
        let retry = [Past { same_conversation: true, ..past(RuleId::PhoneNumber, 23 * HOUR) }];
        let later = [Past { same_conversation: true, ..past(RuleId::PhoneNumber, 25 * HOUR) }];
        let elsewhere = [past(RuleId::PhoneNumber, HOUR)];
        let today = [
            past(RuleId::PhoneNumber, 5 * DAY),
            Past { strike: 2, ..past(RuleId::ReviewSolicitation, HOUR) },
        ];
        for (expected, found) in [
            (Err(NoStrike::Buyer), one(phone(), &known(), |c| c.of_seller = false)),
            (Err(NoStrike::Automatic), one(phone(), &known(), |c| c.automatic = true)),
            (Err(NoStrike::Observed), one(observed, &known(), |_| {})),
            (Err(NoStrike::Likely), one(likely, &known(), |_| {})),
            (Err(NoStrike::Signature), one(signature, &known(), |_| {})),
            (Err(NoStrike::Rule), one(never, &known(), |_| {})),
            (Err(NoStrike::First), one(violation(RuleId::Promotion), &known(), |_| {})),
            (Err(NoStrike::First), one(phone(), &[], |_| {})),
            (Err(NoStrike::Retry), one(phone(), &retry, |_| {})),
            (Ok(1), one(phone(), &later, |_| {})),
            (Ok(1), one(phone(), &elsewhere, |_| {})),
            (Err(NoStrike::SameDay), one(phone(), &today, |_| {})),
        ] {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_message_gives_one_strike_for_the_gravest() {
        let rules = [RuleId::PhoneNumber, RuleId::Competitor, RuleId::ReviewSolicitation];
        let known: Vec<Past> = rules.iter().map(|rule| past(*rule, 5 * DAY)).collect();
        let circumstances =
            Circumstances { of_seller: true, automatic: false, past: &known, now: NOW };
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
            let found = score(strikes, 30 * DAY, messages);
            assert!((found - expected).abs() < 1e-9, "{strikes:?}: {found}");
        };
        check(&[], 0, 0.0);
        check(&[(1, Duration::ZERO), (2, Duration::ZERO)], 0, 3.0);
        check(&[(1, 30 * DAY), (2, 60 * DAY)], 500, 1.0);
        check(&[(2, Duration::ZERO)], 1000, 1.0);
    }

    #[test]
    fn a_step_follows_when_its_score_is_reached_and_not_again_while_it_stays() {
        let rung = |score, step| Rung { score, step, lasts: None, by_person: false };
        let rules = HealthRules {
            ladder: vec![
                rung(3.0, StepKind::Warning),
                rung(6.0, StepKind::ProactiveBlocked),
                rung(10.0, StepKind::Suspended),
            ],
            half_life: DAY,
        };
        let step = |before, after| reached(&rules, before, after).map(|rung| rung.step);
        assert_eq!(step(0.0, 2.9), None);
        assert_eq!(step(2.0, 3.0), Some(StepKind::Warning));
        assert_eq!(step(3.0, 4.0), None);
        assert_eq!(step(2.0, 7.0), Some(StepKind::ProactiveBlocked));
        assert_eq!(step(9.9, 10.0), Some(StepKind::Suspended));
    }
}
