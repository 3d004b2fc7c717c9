//! Rule `card-number`: the number of a payment card, by its check digit (ISO/IEC 7812-1, Luhn) and
//! the ranges that are given to issuers.

use std::ops::Range;
use std::sync::LazyLock;

use crate::domain::Certainty;

use super::found::{Found, overlap};
use super::lexicon::{LEXICON, Words, lines};
use super::phone_around::is_abbreviation;
use super::phone_scan::{Group, Run, run};
use super::tokens::{Kind, Tokens};
use super::view::View;

/// Every card number. `taken` is what other rules have found, in order.
pub(super) fn find(view: &View<'_>, tokens: &Tokens<'_>, taken: &[Range<usize>]) -> Vec<Found> {
    let mut found = vec![];
    let mut taken = taken.iter().peekable();
    let mut i = 0;
    while i < tokens.list.len() {
        let here = tokens.bytes(&(i..i + 1));
        while taken.next_if(|t| t.end <= here.start).is_some() {}
        let free = !taken.peek().is_some_and(|t| overlap(t, &here));
        let Some(run) = run(view, tokens, i).filter(|r| free && !r.plus) else {
            i += 1;
            continue;
        };
        match card(tokens, &run) {
            Some((groups, certainty)) => {
                let part = run.groups.get(groups).unwrap_or_default();
                let ends = part.first().zip(part.last());
                if let Some((first, last)) = ends {
                    let range = first.bytes.start..last.bytes.end;
                    found.push(Found { certainty, range });
                    i = last.tokens.end.max(i + 1);
                }
            }
            None => i = run.end().max(i + 1),
        }
    }
    found
}

/// Where card numbers stand in a text, in bytes of it, in order and apart.
pub fn card_numbers(text: &str) -> Vec<Range<usize>> {
    let view = View::new(text);
    let found = find(&view, &Tokens::new(&view.text), &[]);
    let mut ranges: Vec<Range<usize>> = vec![];
    for found in found {
        let range = view.source(&found.range);
        match ranges.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => ranges.push(range),
        }
    }
    ranges
}

/// A number without its figures, but the last four, as it may be kept and shown.
pub fn without_figures(number: &str) -> String {
    let figures = number.chars().filter(|c| c.is_alphanumeric()).count();
    let mut at = 0;
    let hidden = number.chars().map(|c| {
        at += usize::from(c.is_alphanumeric());
        if c.is_alphanumeric() && at + 4 <= figures { 'X' } else { c }
    });
    hidden.collect()
}

/// The groups of a run that are a card number.
fn card(tokens: &Tokens<'_>, run: &Run) -> Option<(Range<usize>, Certainty)> {
    let groups = run.groups.as_slice();
    for start in 0..groups.len() {
        let mut digits = String::new();
        for (end, group) in groups.iter().enumerate().skip(start) {
            digits.push_str(&group.digits);
            if digits.len() > 19 {
                break;
            }
            if digits.len() < 14 || !is_issued(&digits) || !luhn(&digits) {
                continue;
            }
            let own = groups.get(start..=end).unwrap_or_default();
            if let Some(certainty) = written_as_card(tokens, run, own, start, end) {
                return Some((start..end + 1, certainty));
            }
        }
        // A number within a longer one is looked for where a line or a mark parts the two.
        if !groups.get(start + 1).is_some_and(|g| g.gap.contains(['\n', '/', '|', ')', ':'])) {
            break;
        }
    }
    None
}

/// Whether groups are grouped as on a card, and nothing else is said of them.
fn written_as_card(
    tokens: &Tokens<'_>,
    run: &Run,
    own: &[Group],
    start: usize,
    end: usize,
) -> Option<Certainty> {
    let lengths: Vec<usize> = own.iter().map(|g| g.digits.len()).collect();
    let single = lengths.iter().all(|&n| n <= 2) || own.iter().any(|g| g.spoken || g.disguised);
    let shape = matches!(
        lengths.as_slice(),
        [14..=19]
            | [4, 4, 4, 4]
            | [4, 6, 5]
            | [4, 6, 4]
            | [4, 4, 4, 4, 1..=3]
            | [4, 4, 8]
            | [8, 8]
            | [6, 4, 4, 4]
            | [4, 12]
            | [6, 13]
    );
    // "4111 1111 1111 1111 1111 11" goes on: it is an account or a parcel.
    let goes_on = run.groups.get(end + 1).is_some_and(|next| {
        next.digits.len() >= 4 && !next.gap.contains(['\n', '/', '|', ')', '…'])
    });
    if goes_on || !(shape || single) {
        return None;
    }
    let first = own.first().map_or(run.start, |g| g.tokens.start);
    let glued = first > 0 && tokens.is_mark(first - 1, '-') && start == 0;
    let whole = lengths.len() == 1;
    // "ご注文は…で決済": in Japanese the verb comes last.
    let after = own.last().and_then(|g| tokens.word(g.tokens.end));
    let paid = after.is_some_and(|word| !word.is_ascii() && CARDS.pay.has(word));
    (!glued && (paid || !is_something_else(tokens, first, whole))).then_some(Certainty::Certain)
}

/// Whether the words before say that it is an order, a parcel, an article. A word of paying that
/// stands nearer says otherwise. Of figures in one row (`whole`) any such word in the sentence tells
/// it; what is grouped as on a card is one unless the word stands right before it.
fn is_something_else(tokens: &Tokens<'_>, first: usize, whole: bool) -> bool {
    let mut open = true;
    for j in (first.saturating_sub(20)..first).rev() {
        let Some(word) = tokens.word(j) else {
            let blank = tokens.kind(j + 1) == Some(Kind::Blank);
            let ends = match tokens.kind(j) {
                Some(Kind::Mark('.')) => {
                    // "Order no. 4111 …" goes on.
                    let before = j.checked_sub(1).and_then(|k| tokens.word(k));
                    blank && before.is_some_and(|w| !is_abbreviation(w))
                }
                Some(Kind::Mark(sign)) => matches!(sign, '!' | '?' | '。'),
                _ => false,
            };
            if ends {
                return false;
            }
            open &= !matches!(tokens.kind(j), Some(Kind::Mark(';' | '(')));
            continue;
        };
        let telling = !matches!(word, "number" | "numero" | "nummer" | "numer" | "konto");
        let numbered = || {
            let next = tokens.skip_blank(j + 1);
            let sign = matches!(tokens.kind(next), Some(Kind::Mark(':' | '#' | '-')));
            sign || tokens.word(next).is_some_and(|w| CARDS.nr.has(w))
        };
        let beside = LEXICON.labels_beside.has(word) || LEXICON.labels_signed.has(word);
        if CARDS.pay.has(word) && !(beside && numbered()) {
            return false;
        }
        let label = telling && LEXICON.labels.has(word);
        if (label && (whole || open)) || (beside && ((whole && open) || numbered())) {
            return true;
        }
        let figures = word.bytes().all(|b| b.is_ascii_digit());
        // "no."; alone it is Portuguese for "in the".
        let no = word == "no" && matches!(tokens.kind(j + 1), Some(Kind::Mark(_)));
        open &= figures || !telling || no || CARDS.nr.has(word);
    }
    false
}

/// Words around the numbers of cards.
struct Cards {
    /// Of cards and of paying.
    pay: Words,
    /// What may stand between a label and its number.
    nr: Words,
}

static CARDS: LazyLock<Cards> = LazyLock::new(|| {
    let of = |class: &str| {
        let data = lines(include_str!("data/card-words.txt"));
        let own = data.filter_map(|line| line.strip_prefix(class)?.strip_prefix(' '));
        Words::of(&own.collect::<Vec<_>>().join("\n"), true)
    };
    Cards { pay: of("pay"), nr: of("nr") }
});

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .enumerate()
        .filter_map(|(at, c)| {
            let digit = c.to_digit(10)?;
            let doubled = if at % 2 == 1 { digit * 2 } else { digit };
            Some(if doubled > 9 { doubled - 9 } else { doubled })
        })
        .sum();
    sum.is_multiple_of(10) && digits.contains(|c| c != '0')
}

/// Whether a number of this length begins like those of an issuer. (Visa's 13 digits are given out
/// no more, and are the length of an EAN.)
fn is_issued(digits: &str) -> bool {
    let first = |n: usize| digits.get(..n).and_then(|d| d.parse::<u32>().ok()).unwrap_or_default();
    match digits.len() {
        14 => matches!(first(3), 300..=305 | 309) || matches!(first(2), 36 | 38 | 39),
        15 => matches!(first(2), 34 | 37),
        16 => {
            digits.starts_with('4')
                || matches!(first(2), 51..=55 | 62 | 65)
                || matches!(first(4), 2221..=2720 | 3528..=3589 | 6011 | 2200..=2204)
                || matches!(first(3), 644..=649)
                || matches!(first(4), 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763)
        }
        // Longer ones are rare, and as many parcels have such numbers.
        19 => digits.starts_with("62") || matches!(first(4), 5018 | 5020 | 5038 | 6304 | 6759),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let view = View::new(text);
        let tokens = Tokens::new(&view.text);
        find(&view, &tokens, &[]).iter().map(|f| view.words(&f.range).to_owned()).collect()
    }

    #[test]
    fn a_card_number_is_found_however_it_is_written() {
        for words in [
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111111111111111",
            "5555 5555 5555 4444",
            "2223 0031 2200 3222",
            "3782 822463 10005",
            "378282246310005",
            "6011 1111 1111 1117",
            "3056 930902 5904",
            "3530 1113 3330 0000",
            "4111.1111.1111.1111",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "４１１１ １１１１ １１１１ １１１１",
            "4111\u{200b} 1111 1111 1111",
            "four one one one, one one one one, one one one one, one one one one",
            "vier eins eins eins, eins eins eins eins, eins eins eins eins, eins eins eins eins",
        ] {
            assert_eq!(found(&format!("it is {words}, ok")), [words], "{words}");
        }
        assert_eq!(found("card: 4111 1111 1111 1111 12/27 123"), ["4111 1111 1111 1111"]);
        assert_eq!(found("Karte 4111 1111 1111 1111\n0171 3920045"), ["4111 1111 1111 1111"]);
    }

    #[test]
    fn words_of_paying_and_orders_further_off_hide_no_card() {
        for text in [
            "Please charge 4111 1111 1111 1111 for the rest",
            "About my order: charge it to 4111111111111111",
            "Bitte die Bestellung mit 4111 1111 1111 1111 zahlen",
            "Débitez 4111 1111 1111 1111",
            "Cobre en 4111 1111 1111 1111",
            "Addebiti l'ordine su 4111 1111 1111 1111",
            "Cobre a encomenda no 4111 1111 1111 1111",
            "Betaal de bestelling met 4111 1111 1111 1111",
            "Proszę obciążyć 4111 1111 1111 1111",
            "ご注文は4111-1111-1111-1111で決済してください",
            "I got the order. 4111111111111111 is the one to use",
            "In this case 4111 1111 1111 1111",
        ] {
            assert_eq!(found(text).len(), 1, "{text}");
        }
        for text in [
            "Charge: 4111111111111111",
            "paid for order no. 4111 1111 1111 1111",
            "tracking number for the second parcel is 4111111111111111",
            "Zahlung zur Bestellung 4111 1111 1111 1111",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_card_number_is_none() {
        for text in [
            "4111 1111 1111 1112",
            "order 4111111111111111",
            "Sendungsnummer 4111 1111 1111 1111",
            "9400 1000 0000 0000 0000 17",
            "EAN 4006381333931, 4012345678901",
            "IMEI 356938035643809",
            "DE89 3704 0044 0532 0130 00",
            "4111 1111 1111 1111 1111 11",
            "0000 0000 0000 0000",
            "113-4471902-5530218",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
