//! How people behave towards one another: rules `abuse` (threats, harassment, slurs),
//! `feedback-extortion` (a refund or a bad review) and `impersonation` (posing as the marketplace),
//! from the speech acts in a text. Swearing at things, what somebody says of themselves or was
//! called, a complaint, and a seller who names the marketplace's staff are none of these.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::{Certainty, Part, RuleId};

use super::found::Found;
use super::language::{Act, Done, MARKETPLACE, MARKETPLACE_STAFF, Reading, Sentence, Zone};
use super::names::Names;
use super::tokens::Cut;

const RULES: [(Act, RuleId); 3] = [
    (Act::Abuse, RuleId::Abuse),
    (Act::Extortion, RuleId::FeedbackExtortion),
    (Act::Impersonation, RuleId::Impersonation),
];

/// Most letters of a text that is read in every language where its own can't be told, and of one
/// that is too short for its own to be sure.
const SHORT: usize = 200;
const SHORTEST: usize = 50;
/// Beside name and staff, bytes of a line that is a signature: "Your", "Ihr", a comma.
const AROUND: usize = 8;

/// What the acts of a text are by the rules, each in its part of the original.
pub(super) fn find(
    reading: &Reading<'_>,
    acts: &HashMap<Act, Vec<Done>>,
) -> Vec<(RuleId, Part, Found)> {
    let of_rule = |(act, rule): (Act, RuleId)| {
        let done = acts.get(&act).into_iter().flatten();
        done.filter_map(move |done| {
            let zone = reading.sentences.get(done.sentence)?.zone;
            let part = if zone == Zone::Subject { Part::Subject } else { Part::Text };
            // What stands in a signature gives no strike.
            let certainty =
                if zone == Zone::Signature { Certainty::Likely } else { done.certainty };
            Some((rule, part, Found { certainty, range: done.range.clone() }))
        })
    };
    RULES.into_iter().flat_map(of_rule).collect()
}

/// Abuse in a text whose language can't be told, for it has few words or no pack knows it: read in
/// each language in turn. There it has to be most of its sentence, for it may be an ordinary word
/// of the other language.
pub(super) fn in_any<'p>(
    own: &Reading<'_>,
    each: impl FnOnce() -> Vec<Reading<'p>>,
) -> Vec<(RuleId, Part, Found)> {
    let letters = own.sentences.iter().map(|s| s.letters).sum::<usize>();
    if letters > if own.is_known() { SHORTEST } else { SHORT } {
        return vec![];
    }
    let abuse = each().into_iter().find_map(|reading| {
        let acts = reading.acts();
        let mut found = find(&reading, &acts);
        found.retain(|(rule, part, found)| {
            let zone = |s: &&Sentence| (s.zone == Zone::Subject) == (*part == Part::Subject);
            let holds = |s: &&Sentence| within(&found.range, &s.range);
            let around = reading.sentences.iter().filter(zone).find(holds);
            *rule == RuleId::Abuse && around.is_some_and(|s| 2 * found.range.len() >= s.range.len())
        });
        (!found.is_empty()).then_some(found)
    });
    abuse.unwrap_or_default()
}

/// Says where the marketplace is named, and where its staff: "support team of Lamp Market". A line
/// that is nothing else is a signature, with which somebody poses as them.
pub(super) fn mark_marketplace(reading: &mut Reading<'_>, names: &Names, texts: [Cut<'_>; 2]) {
    for (in_subject, (view, tokens)) in [true, false].into_iter().zip(texts) {
        for mention in names.find(view, tokens) {
            reading.mark(MARKETPLACE, in_subject, &view.source(&mention.bytes));
        }
    }
    let mut staff = vec![];
    for sentence in &reading.sentences {
        let original = texts[usize::from(sentence.zone != Zone::Subject)].0.original;
        let named = reading.places(sentence, MARKETPLACE);
        for worker in reading.places(sentence, "staff") {
            for name in &named {
                let both = name.start.min(worker.start)..name.end.max(worker.end);
                let gap = name.end.min(worker.end)..name.start.max(worker.start);
                if is_close(original, &gap) {
                    let signs = sentence.zone != Zone::Subject
                        && both.len() + AROUND >= sentence.range.len();
                    staff.push((sentence.zone == Zone::Subject, both, signs));
                }
            }
        }
    }
    for (in_subject, place, signs) in staff {
        reading.mark(MARKETPLACE_STAFF, in_subject, &place);
        if signs {
            reading.mark("poses", in_subject, &place);
        }
    }
}

/// Whether nothing stands between two words but a blank, a dash or the `'s` of a genitive.
fn is_close(text: &str, gap: &Range<usize>) -> bool {
    let between = text.get(gap.clone()).unwrap_or_default();
    let joins = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '\'' | '’' | 's' | '・');
    between.chars().count() <= 3 && !between.contains('\n') && between.chars().all(joins)
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
