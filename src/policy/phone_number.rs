//! Rule `phone-number`: which runs of digits are a telephone number.
//!
//! A number is one by its country (`+49 …`, or valid in one of the countries and grouped as
//! people group numbers there), by the words around it ("call", "Tel."), or because somebody took
//! pains to hide it. Order ids, prices, dates, measures and serials are none.

use std::ops::Range;

use phonenumber::country::{self, Id};

use crate::domain::Certainty;

use super::dates;
use super::found::{Found, overlap};
use super::lexicon::LEXICON;
use super::phone_around::{Around, around};
use super::phone_plan::may_be_valid;
use super::phone_scan::{Group, Run, run};
use super::phone_shape::{brazilian, is_something_else, plausible, shaped, spaced_out};
use super::tokens::{Kind, Tokens};
use super::view::View;

/// Numbers and what they may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detector<'r> {
    /// Digits of numbers that may be named.
    pub contacts: &'r [String],
    /// Ids of the pair's orders, as letters and digits in lower case.
    pub known_ids: &'r [String],
}

/// Countries whose national numbers are known without a country code: those of the nine
/// languages, and those where people of them often write from.
pub(super) const COUNTRIES: [Id; 20] = [
    country::US,
    country::GB,
    country::IE,
    country::AU,
    country::DE,
    country::AT,
    country::CH,
    country::FR,
    country::BE,
    country::ES,
    country::MX,
    country::IT,
    country::PT,
    country::BR,
    country::NL,
    country::PL,
    country::JP,
    country::NG,
    country::AR,
    country::LU,
];

/// Ranges that regulators keep for films and examples; libphonenumber calls them invalid.
/// Ofcom "Telephone numbers for use in TV and radio drama programmes".
const FICTIONAL: [&str; 4] = ["07700900", "01632960", "02079460", "08081570"];

/// Number validations per text. What comes after is judged by its shape alone, so that a page of
/// digits costs no more than a page of words.
const VALIDATIONS: usize = 400;

impl Detector<'_> {
    /// What is a finding. `taken` is what other rules have found or allowed, in order.
    pub fn find(&self, view: &View<'_>, tokens: &Tokens<'_>, taken: &[Range<usize>]) -> Vec<Found> {
        let mut found = vec![];
        let mut taken = taken.iter().peekable();
        let dates = dates::find(tokens.text);
        let mut dates = dates.iter().peekable();
        let mut budget = VALIDATIONS;
        let mut i = 0;
        while i < tokens.list.len() {
            let here = tokens.bytes(&(i..i + 1));
            while taken.next_if(|t| t.end <= here.start).is_some() {}
            while dates.next_if(|d| d.end <= here.start).is_some() {}
            let free = !taken.peek().is_some_and(|t| overlap(t, &here));
            let date = dates.peek().copied();
            let run = run(view, tokens, i).filter(|_| free);
            let Some(run) = run.and_then(|run| before(run, date)) else {
                i += 1;
                continue;
            };
            let end = run.end();
            match self.judge(tokens, &run, &mut budget) {
                Some((groups, certainty)) => {
                    let first = groups.start == 0;
                    let bytes = run.groups.get(groups).map(|part| {
                        let start = part.first().map_or(0, |g| g.bytes.start);
                        let head = tokens.bytes(&(run.start..run.start + 1)).start;
                        let whole =
                            first && run.groups.first().is_some_and(|g| g.tokens.start > run.start);
                        i = part.last().map_or(i, |g| g.tokens.end).max(i + 1);
                        (if whole { head } else { start })
                            ..part.last().map_or(start, |g| g.bytes.end)
                    });
                    found.extend(bytes.map(|range| Found { certainty, range }));
                }
                None => i = end.max(i + 1),
            }
        }
        found
    }

    /// The groups of a run that are a number: all, else the first or the last of them.
    fn judge(
        &self,
        tokens: &Tokens<'_>,
        run: &Run,
        budget: &mut usize,
    ) -> Option<(Range<usize>, Certainty)> {
        if is_code(tokens, run) {
            return None;
        }
        let around = around(tokens, run);
        // "Ref: zero one seven one …": no order id is told in words.
        let told: usize = run.groups.iter().filter(|g| g.spoken).map(|g| g.digits.len()).sum();
        if !run.plus && (around == Around::Amount || (around == Around::Other && told < 7)) {
            return None;
        }
        let all = run.groups.as_slice();
        // lists: "1/3/5/7/8/20"; and codes of any length
        let slashes = all.iter().filter(|g| g.gap.trim() == "/").count();
        if slashes > 2 || all.iter().map(|g| g.digits.len()).sum::<usize>() > 40 {
            return None;
        }
        let whole = self.number(all, run.plus, around, budget);
        // "Model 7 Plus 128/256/512" has no country code.
        if slashes > 1 && tokens.word(run.start) == Some("plus") {
            return None;
        }
        let lines = all.iter().any(|g| g.gap.contains('\n'))
            && all.iter().any(|g| g.digits.len() > 8 && !g.spoken);
        if whole == Some(Certainty::Certain) && !lines {
            return Some((0..all.len(), Certainty::Certain));
        }
        self.part(run, around, budget).or(whole.map(|certainty| (0..all.len(), certainty)))
    }

    /// Two numbers in one run, or a number beside something else. A long unbroken code (an IBAN,
    /// a tracking number) is no number with something beside it.
    fn part(
        &self,
        run: &Run,
        around: Around,
        budget: &mut usize,
    ) -> Option<(Range<usize>, Certainty)> {
        let all = run.groups.as_slice();
        let breaks = |g: &Group| g.gap.contains(['\n', '/', '|', '…', ')']);
        let certain = |c: &Certainty| *c == Certainty::Certain;
        let first = all.first()?;
        for (at, group) in all.iter().enumerate().skip(1) {
            let (before, after) = all.split_at(at);
            let national = first.digits.starts_with('0') && before.len() > 1;
            let splits = breaks(group) || national || run.plus;
            if !splits {
                continue;
            }
            // "08031234567/08021234567"
            let one = |c: &Certainty| certain(c) || (breaks(group) && first.digits.len() > 9);
            if let Some(c) = self.number(before, run.plus, around, budget).filter(one) {
                return Some((0..at, c));
            }
            if breaks(group)
                && let Some(c) = self.number(after, false, around, budget).filter(certain)
            {
                return Some((at..all.len(), c));
            }
        }
        None
    }

    /// Whether these groups are a number.
    fn number(
        &self,
        groups: &[Group],
        plus: bool,
        around: Around,
        budget: &mut usize,
    ) -> Option<Certainty> {
        let digits: String = groups.iter().map(|g| g.digits.as_str()).collect();
        if !(7..=16).contains(&digits.len()) || self.is_known(&digits) {
            return None;
        }
        let zero = digits.strip_prefix("00").filter(|rest| !rest.starts_with('0'));
        if plus || (zero.is_some() && digits.len() >= 11) {
            let international = zero.unwrap_or(&digits);
            let national = international.strip_prefix("44").map(|rest| format!("0{rest}"));
            let valid = national.is_some_and(|national| is_fictional(&national))
                || (spend(budget) && is_valid(None, &format!("+{international}")));
            // "+ 150 000 000 EUR": only what is valid is more than an amount.
            let meant = around == Around::Phone || (plus && around != Around::Amount);
            return match (valid, meant) {
                (true, _) => Some(Certainty::Certain),
                (false, true) if digits.len() >= 9 => Some(Certainty::Likely),
                _ => None,
            };
        }
        if digits.len() > 13 || is_something_else(groups, around == Around::Phone) {
            return None;
        }
        let valid = is_fictional(&digits)
            || (spend(budget) && COUNTRIES.iter().any(|&c| is_valid_in(c, &digits)));
        let words: usize = groups.iter().filter(|g| g.spoken).map(|g| g.digits.len()).sum();
        let spoken = words >= 3 || (valid && groups.first().is_some_and(|g| g.spoken));
        let disguised = groups.iter().any(|g| g.disguised && !g.spoken) || spaced_out(groups);
        match around {
            Around::Phone if valid => Some(Certainty::Certain),
            Around::Phone => plausible(groups).then_some(Certainty::Likely),
            Around::Beside if !spoken => {
                let phone = valid && (disguised || shaped(groups) == Some(Certainty::Certain));
                phone.then_some(Certainty::Likely)
            }
            _ if spoken || disguised => match (valid, digits.len()) {
                (true, _) => Some(Certainty::Certain),
                (false, 9..) => Some(Certainty::Likely),
                (false, 7..) if words >= 7 => Some(Certainty::Likely),
                _ => None,
            },
            Around::Led if valid && groups.len() == 1 => Some(Certainty::Likely),
            _ if valid => shaped(groups),
            // "(19) 9327-6940": nobody writes anything else like that.
            _ if brazilian(groups) => Some(Certainty::Likely),
            _ => None,
        }
    }

    fn is_known(&self, digits: &str) -> bool {
        let same = |contact: &String| {
            let tail = |n: &str| n.get(n.len().saturating_sub(8)..).unwrap_or_default().to_owned();
            contact == digits || (contact.len() >= 8 && tail(contact) == tail(digits))
        };
        self.contacts.iter().any(same)
            || self
                .known_ids
                .iter()
                .any(|id| id == digits || (digits.len() >= 7 && id.contains(digits)))
    }
}

/// The part of a run that stands before the next date.
fn before(mut run: Run, date: Option<&Range<usize>>) -> Option<Run> {
    if let Some(date) = date {
        let groups = run.groups.iter().take_while(|g| g.bytes.end <= date.start).count();
        run.groups.truncate(groups);
    }
    (!run.groups.is_empty()).then_some(run)
}

fn spend(budget: &mut usize) -> bool {
    let left = *budget > 0;
    *budget = budget.saturating_sub(1);
    left
}

fn is_fictional(national: &str) -> bool {
    FICTIONAL.iter().any(|f| national.starts_with(f) && national.len() == 11)
}

fn is_valid_in(country: Id, digits: &str) -> bool {
    fits(country, digits) && may_be_valid(country, digits) && is_valid(Some(country), digits)
}

fn is_valid(country: Option<Id>, digits: &str) -> bool {
    phonenumber::parse(country, digits).is_ok_and(|number| number.is_valid())
}

/// Whether digits can be a national number of this country as people write it: with the trunk
/// prefix where there is one. (The plan of each country is the crate's business; that people
/// write the 0 is not in it.)
pub(super) fn fits(country: Id, digits: &str) -> bool {
    let n = digits.len();
    let zero = digits.starts_with('0');
    match country {
        country::US => n == 10 || (n == 11 && digits.starts_with('1')),
        country::GB
        | country::AU
        | country::FR
        | country::BE
        | country::NL
        | country::IE
        | country::CH
        | country::NG
        | country::JP => zero && (9..=11).contains(&n),
        country::DE | country::AT => zero && (9..=13).contains(&n),
        country::IT => (zero && (8..=11).contains(&n)) || (digits.starts_with('3') && n >= 9),
        country::ES | country::PT | country::PL => n == 9 && !zero,
        country::BR => (n == 10 || n == 11) && !zero,
        country::MX | country::AR => n == 10 && !zero,
        _ => n == 9 && !zero,
    }
}

/// Whether letters are glued to the run, so that it is part of an article or serial number:
/// `AX-555-0123`, `0042-7719-A`, `FR00 999 999 999`.
fn is_code(tokens: &Tokens<'_>, run: &Run) -> bool {
    if run.plus {
        return false;
    }
    let letters = |j: usize| {
        tokens
            .word(j)
            .is_some_and(|w| w.is_ascii() && w.contains(|c: char| c.is_ascii_alphabetic()))
    };
    let phone = |j: usize| tokens.word(j).is_some_and(|w| LEXICON.phone.has(w));
    let numeral = |j: usize| tokens.word(j).is_some_and(|w| LEXICON.numbers.has(w));
    let joint = |j: usize| matches!(tokens.kind(j), Some(Kind::Mark('-' | '/' | '.' | '#' | '\\')));
    let spoken = run.groups.first().is_some_and(|g| g.spoken);
    let start = run.start;
    let before = match start.checked_sub(1) {
        Some(j) if joint(j) => start.checked_sub(2).is_some_and(|j| letters(j) && !phone(j)),
        Some(j) if tokens.kind(j) == Some(Kind::Blank) => start.checked_sub(2).is_some_and(|j| {
            // "FR00 999": a code that began with letters; "GB 999"
            tokens.word(j).is_some_and(|w| {
                w.starts_with(|c: char| c.is_ascii_alphabetic())
                    && w.contains(|c: char| c.is_ascii_digit())
            })
        }),
        // 22:01:09.162201
        Some(j) if tokens.is_mark(j, ':') => start
            .checked_sub(2)
            .and_then(|j| tokens.word(j))
            .is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit())),
        Some(j) => tokens.is_mark(j, '$') || tokens.is_mark(j, '€') || tokens.is_mark(j, '£'),
        None => false,
    };
    let before = before || is_iban(tokens, start);
    let end = run.end();
    let after = joint(end) && letters(end + 1) && !numeral(end + 1) && !phone(end + 1);
    (before || after) && !spoken
}

/// Whether what stands before goes back to the head of an IBAN (ISO 13616): `NL91 ABNA 0417 …`.
fn is_iban(tokens: &Tokens<'_>, start: usize) -> bool {
    let head = |w: &str| {
        let bytes = w.as_bytes();
        bytes.len() >= 4
            && bytes.iter().take(2).all(u8::is_ascii_alphabetic)
            && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
    };
    let words = (start.saturating_sub(12)..start).rev().filter_map(|j| tokens.word(j));
    for word in words {
        if head(word) {
            return true;
        }
        if word.len() != 4 {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, Certainty)> {
        let view = View::new(text);
        let tokens = Tokens::new(&view.text);
        let contacts = ["18005550100".to_owned()];
        let known_ids = ["o2025550123".to_owned()];
        Detector { contacts: &contacts, known_ids: &known_ids }
            .find(&view, &tokens, &[])
            .iter()
            .map(|f| (view.words(&f.range).to_owned(), f.certainty))
            .collect()
    }

    fn check(text: &str, words: &[&str]) {
        let found: Vec<String> = found(text).into_iter().map(|f| f.0).collect();
        assert_eq!(found, words, "{text}");
    }

    #[test]
    fn numbers_are_found_with_their_exact_words_in_every_country() {
        for (text, words) in [
            ("Call me at +1 202-555-0142 any day", "+1 202-555-0142"),
            ("ring 07700 900123 when", "07700 900123"),
            ("T 020 7946 0958", "020 7946 0958"),
            ("text the dispatcher on 0491 570 156.", "0491 570 156"),
            ("WhatsApp me on +1 (202) 555-0119 and", "+1 (202) 555-0119"),
            ("die 0171 3920045 dann", "0171 3920045"),
            ("Tel: 030/23125456", "030/23125456"),
            ("mon portable 06 39 98 12 34.", "06 39 98 12 34"),
            ("Tel. 612 345 678", "612 345 678"),
            ("cell. 333 1234567", "333 1234567"),
            ("ligue 912 345 678", "912 345 678"),
            ("Ligue (11) 98765-4321", "(11) 98765-4321"),
            ("App ons: 06-12345678 (WhatsApp, ma-za)", "06-12345678"),
            ("tel. 501 234 567", "501 234 567"),
            ("電話は090-1234-5678です", "090-1234-5678"),
            ("My number is 555-123-4567, text me", "555-123-4567"),
            ("(978) 645-9740x111, ask for Jo", "(978) 645-9740x111"),
            ("833.719.3994x1887", "833.719.3994x1887"),
            ("+1 202-555-0142x12", "+1 202-555-0142x12"),
            ("Lamp Shop\n490-155-3846 fax\nOpen daily", "490-155-3846"),
            ("00224 620 12 34 56 stp", "00224 620 12 34 56"),
            ("call 5550101 after six", "5550101"),
        ] {
            check(text, &[words]);
        }
    }

    #[test]
    fn numbers_are_found_in_every_disguise_and_language() {
        for (text, words) in [
            (
                "it. Two zero two, five five five, zero one eight seven. Ask",
                "Two zero two, five five five, zero one eight seven",
            ),
            ("ring 2️⃣0️⃣2️⃣ 5️⃣5️⃣5️⃣ 0️⃣1️⃣6️⃣6️⃣ n", "2️⃣0️⃣2️⃣ 5️⃣5️⃣5️⃣ 0️⃣1️⃣6️⃣6️⃣"),
            ("If you text 2O2.555.Ol87 I come", "2O2.555.Ol87"),
            ("fitter:\n\n0 7 7 0 0\n~ 9 0 0 ~\n4 5 6\n\nHe", "0 7 7 0 0\n~ 9 0 0 ~\n4 5 6"),
            (
                "Telefon: null drei null – zwei drei eins – zwei fünf – vier fünf sechs. K",
                "null drei null – zwei drei eins – zwei fünf – vier fünf sechs",
            ),
            (
                "au zéro six, trente-neuf, quatre-vingt-dix-huit, douze, trente-quatre, je",
                "zéro six, trente-neuf, quatre-vingt-dix-huit, douze, trente-quatre",
            ),
            (
                "llamen al seis uno dos, tres cuatro cinco, seis siete ocho y bajo",
                "seis uno dos, tres cuatro cinco, seis siete ocho",
            ),
            (
                "telefono: tre tre tre - uno due tre - quattro cinque sei sette. C",
                "tre tre tre - uno due tre - quattro cinque sei sette",
            ),
            ("explico: ９１２ ３４５ ６７８, depois", "９１２ ３４５ ６７８"),
            (
                "nove um dois, três quatro cinco, seis sete oito",
                "nove um dois, três quatro cinco, seis sete oito",
            ),
            ("Bel mij: 0.6.-1.2.3.4.-5.6.7.8, dan", "0.6.-1.2.3.4.-5.6.7.8"),
            (
                "nul zes een twee drie vier vijf zes zeven acht",
                "nul zes een twee drie vier vijf zes zeven acht",
            ),
            (
                "zadzwonić: pięćset jeden, dwieście trzydzieści cztery, pięćset sześćdziesiąt siedem.",
                "pięćset jeden, dwieście trzydzieści cztery, pięćset sześćdziesiąt siedem",
            ),
            ("思います。〇九〇の一二三四の五六七八、担当", "〇九〇の一二三四の五六七八"),
            (
                "0\u{200d}8\u{200d}0\u{200d}3\u{200d}1234567 call",
                "0\u{200d}8\u{200d}0\u{200d}3\u{200d}1234567",
            ),
            (
                "zero eight zero three double one two three four five six",
                "zero eight zero three double one two three four five six",
            ),
            ("6 2 0 1 2 3 4 5 6", "6 2 0 1 2 3 4 5 6"),
            ("〇八〇、一二三四、五六七八", "〇八〇、一二三四、五六七八"),
            (
                "Ref: null eins sieben eins drei neun zwei null null vier fünf",
                "null eins sieben eins drei neun zwei null null vier fünf",
            ),
        ] {
            check(text, &[words]);
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_none() {
        for text in [
            "order 113-4471902-5530218, tracking 1Z999AA10123456784, JJD000390000000111",
            "Order number 2025550143 and 9400 1000 0000 0000 0000 00",
            "EAN 5901234123457, ISBN 978-3-16-148410-0, UPC 0 70330 60301 6",
            "Price 1.500.000, 100 000 GNF, 1 500 000 francs, $1,149.00, 612 345 678 EUR",
            "on 2024-08-19, 12.11.2023, 14/06/2029, 0800-1800, 19:40 - 20:15",
            "Sizes 40 41 42 43 44 45 46; 08 10 12 14 16; 150 180 210 cm; 60 x 35 x 72",
            "Firmware 10.0.12.4, gateway 192.168.4.1, ref 210.30.42.20.03.001",
            "AX-555-0123, BT-6120 / 555-0177, 0042-7719-A, SKU 0210-912-345",
            "VAT DE123456789, TVA FR00 999 999 999, EORI DE1234567 8901234",
            "IBAN DE89 3704 0044 0532 0130 00, 61 1090 1014 0000 0712 1981 2874",
            "one, two, three, four, five, six, seven, eight, nine and ten",
            "[07/31/2002 22:52:42] at 22:01:09.162201, am 2002-07-21 um 01:56, 0.648    2.043    0.000",
            "4G bands 1/3/5/7/8/20/28/38/40/41, calls on GSM 850/900/1800/1900.",
            "1920x1080, 150 1920x1080, 300 1200x800 mm, 100 200 1200x800",
            "Sizes 150-300-1200 mobile holders",
            "call 112 or 911, 20l 15l 10l 5l, EX4 6XX, 28000 Madrid, 00-999",
            "My order O-2025550123 and the hotline 1-800-555-0100",
            "DHL 00340434161094012345, 伝票番号 4000-0000-0282 5月8日",
            "1 for 3500, 3 for 9000, 6 for 17000; 2600mAh 20000 mAh",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn dates_and_times_are_none_in_any_language() {
        for text in [
            "04/02/2012 06:26 PM",
            "On 04/02/2012 06:26 PM, Jane Roe wrote:",
            "Am 12.05.2026 um 09:15 schrieb Jane Roe:",
            "am 12.05.2026 um 09.15 Uhr, am 12. 05. 2026 09.15 Uhr",
            "Le 05/06/2026 à 09:15, Jane a écrit : le 05/06/2026 à 9h15",
            "El 05/06/2026 a las 9:15, Jane escribió:",
            "Il giorno 05/06/2026 09:15, Jane ha scritto: ore 09.15",
            "Em 05/06/2026 09:15, Jane escreveu: às 09h15min",
            "Op 05-06-2026 om 09:15 schreef Jane: 05-06-2026 09:15",
            "W dniu 05.06.2026 o 09:15, Jane pisze: o godz. 09.15",
            "2026年11月23日 9時15分, 2026/05/06 9:15、Jane: 2026年5月6日(水) 09:15",
            "2026-05-06 09:15:07, 2026-05-06T09:15:07.123456Z, 2026-05-06 09:15:07.123 +0200",
            "Date: Tue, 5 May 2026 09:15:07 +0200\n2026-05-06 09:15",
            "Sent: Tuesday, May 5, 2026 9:15 AM\nGesendet: Dienstag, 5. Mai 2026 09:15",
            "05/06/26 09:15:07, 05.06.26 09:15, 05-06-26 09.15 Uhr",
            "01.-03.05.2026, 05.06.-14.06.2026, 05.06.2026-14.06.2026, 05/06 - 14/06/2026",
            "05.06.2026 14.06.2026 05.07.2026",
            "02/2012 06/2013",
            "06.12.2026 bis 08.12.2026 08.00-16.00 Uhr",
            "02/03/2026 08:00 - 10:00, 02.03.2026 08:00-12:30 02.03.2026",
        ] {
            check(text, &[]);
        }
        for (text, words) in [
            ("On 12.05.2026 0171 3920045", "0171 3920045"),
            ("12.05.2026 09:15 0171 3920045", "0171 3920045"),
            ("0171 3920045 12.05.2026 09:15", "0171 3920045"),
            ("au 06.12.19.98.12", "06.12.19.98.12"),
            ("au 06.12.19 98.12", "06.12.19 98.12"),
        ] {
            check(text, &[words]);
        }
    }

    #[test]
    fn a_label_before_a_number_says_that_it_is_something_else() {
        let labels = [
            "en: Item|Item number|Shipment|Parcel|Parcel no.|Consignment|Waybill|AWB|Product|PO|PO \
             number|Package|Customer no.|Customer number|Delivery note|Receipt|Transaction|\
             Transaction ID|Tracking|Tracking number|Serial|Model|Part|Batch|Order|Invoice",
            "de: Paket|Paketnummer|Trackingnummer|Tracking-Nr.|Kundennummer|Kunden-Nr.|Lieferschein|\
             Lieferscheinnummer|Frachtbrief|Frachtbriefnummer|Beleg|Belegnummer|Vorgang|\
             Vorgangsnummer|Sendung|Sendungsnummer|Artikelnummer|Rechnungsnummer|Auftragsnummer",
            "fr: Colis|Numéro de colis|Client|Numéro client|N° client|Bon de livraison|Suivi|\
             Numéro de suivi|Facture|Commande|N° de commande",
            "es: Envío|Número de envío|Cliente|Número de cliente|Albarán|Localizador|Pedido|\
             Número de pedido|Factura|Seguimiento|Código|Código de seguimiento",
            "it: Tracciamento|Lettera di vettura|Cliente|Codice cliente|Spedizione|\
             Numero di spedizione|Ordine|Fattura|N. ordine",
            "pt: Rastreamento|Código de rastreamento|Envio|Guia|Encomenda|Pedido|Fatura|Cliente|\
             Número de encomenda",
            "nl: Bestelnummer|Ordernummer|Trackingnummer|Pakket|Pakketnummer|Klantnummer|Zending|\
             Zendingnummer|Factuur|Factuurnummer",
            "pl: Śledzenie|Numer śledzenia|Paczka|Numer paczki|Produkt|Numer produktu|\
             Numer klienta|List przewozowy|Zamówienie|Numer zamówienia|Przesyłka|Numer przesyłki|\
             Faktura|Nr faktury",
            "ja: お問い合わせ番号|送り状番号|荷物番号|注文番号|追跡番号",
        ];
        let numbers =
            ["0171 3920045", "06 39 98 12 34", "600 123 456", "202-555-0143", "090-1234-5678"];
        for line in labels {
            let (_, labels) = line.split_once(": ").unwrap();
            for label in labels.split('|') {
                for number in numbers {
                    for between in [": ", " : ", ":\n"] {
                        check(&format!("Hello,\n{label}{between}{number}"), &[]);
                    }
                    check(&format!("{label}: {number}; tel. 0172 3920046"), &["0172 3920046"]);
                }
                check(&format!("{label}: +49 171 3920045"), &["+49 171 3920045"]);
                let told = "null eins sieben eins drei neun zwei null null vier fünf";
                check(&format!("{label}: {told}"), &[told]);
                check(&format!("{label}, tel. 0171 3920045"), &["0171 3920045"]);
            }
        }
    }

    #[test]
    fn a_word_that_is_no_label_here_hides_no_number() {
        for (text, words) in [
            ("customer service: 0171 3920045", "0171 3920045"),
            ("Service client : 06 39 98 12 34", "06 39 98 12 34"),
            ("Atención al cliente: 912 345 678", "912 345 678"),
            ("Biuro Obsługi Klienta: 501 234 567", "501 234 567"),
            ("Kundentelefon: 0171 3920045", "0171 3920045"),
            ("Paketdienst: 0171 3920045", "0171 3920045"),
            ("Bestellhotline: 0171 3920045", "0171 3920045"),
            ("Klantenservice: 06-12345678", "06-12345678"),
            ("ring the customer 0171 3920045", "0171 3920045"),
            ("about the parcel, please ask on 0171 3920045", "0171 3920045"),
            ("Zadzwoń po 501 234 567", "501 234 567"),
            ("please note: 0171 3920045", "0171 3920045"),
            ("注文番号ではなく電話番号 090-1234-5678", "090-1234-5678"),
        ] {
            check(text, &[words]);
        }
    }

    #[test]
    fn a_number_is_found_though_an_order_is_spoken_of_too() {
        for (text, words) in [
            ("The order arrived broken. 0171 3920045", "0171 3920045"),
            ("Your order is on its way and the key is under the mat. 07700 900123", "07700 900123"),
            ("Ihre Bestellung ist fertig. 0171 3920045", "0171 3920045"),
            ("Auf jeden Fall 0171 3920045", "0171 3920045"),
            ("en cas de souci 06 39 98 12 34", "06 39 98 12 34"),
            ("La commande est prête, 06 39 98 12 34", "06 39 98 12 34"),
            ("Estoy en el 612 345 678 toda la tarde", "612 345 678"),
            ("Estoy en el 612345678", "612345678"),
            ("La fattura è pronta, 333 123 4567", "333 123 4567"),
            ("A encomenda já saiu, 912 345 678", "912 345 678"),
            ("vragen en zo: 06-12345678", "06-12345678"),
            ("Zamówienie gotowe, 501 234 567", "501 234 567"),
            ("proszę pod 501234567", "501234567"),
        ] {
            check(text, &[words]);
        }
        for text in [
            "Tracking: UPS, 612 345 678",
            "Pedido 612345678, dos bultos",
            "Numéro de client 06 91 22 33 44",
            "Charge: 0171 3920045, lot 07700 900 123",
            "USt-IdNr. DE 811 907 980",
            "the order I placed as 612 345 678",
            "Das Ersatzteil 030 227 35 871 passt",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn a_unit_or_a_sign_beside_a_number_makes_no_amount_of_what_can_be_none() {
        for (text, words) in [
            ("Call me: \"+49 171 3920045\"", "+49 171 3920045"),
            ("WhatsApp me @ +44 7700 900123", "+44 7700 900123"),
            ("Appelez le +33 6 39 98 12 34 à partir de 18 h", "+33 6 39 98 12 34"),
            ("Llámeme al +34 612 345 678 a las 5", "+34 612 345 678"),
            ("x +49 171 3920045 per WhatsApp", "+49 171 3920045"),
            ("me @ +999 123 456 789", "+999 123 456 789"),
            ("€ +49 171 3920045", "+49 171 3920045"),
            (
                "null eins sieben eins drei neun zwei null null vier fünf per WhatsApp",
                "null eins sieben eins drei neun zwei null null vier fünf",
            ),
            (
                "zero one seven one three nine two zero zero four five hours nine to five",
                "zero one seven one three nine two zero zero four five",
            ),
        ] {
            check(text, &[words]);
        }
        for text in [
            "That makes +1 500 000 000 EUR, or + 150 000 000 $",
            "€ +150 000 000, 612 345 678 EUR",
            "one two three four five six seven eight nine zero naira",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn a_national_number_is_no_amount_of_what_only_looks_like_a_unit() {
        for (text, words) in [
            ("Appelez le 06 39 98 12 34 à partir de 18 h", "06 39 98 12 34"),
            ("Mein Kontakt: \"0171 3920045\"", "0171 3920045"),
            ("0171 3920045 per WhatsApp", "0171 3920045"),
            ("me @ 07700 900123", "07700 900123"),
        ] {
            check(text, &[words]);
        }
        for text in ["0171 3920045 EUR", "0.648 2.043 0.500 m", "0803 123 mm, 08 10 12 cm"] {
            check(text, &[]);
        }
    }

    #[test]
    fn a_preposition_leads_to_a_number_where_somebody_is_reached_and_to_none_elsewhere() {
        for (text, words) in [
            ("best to get me on 612345678", "612345678"),
            ("Sie erreichen mich unter 612345678", "612345678"),
            ("Ich bin unter 612345678 da", "612345678"),
            ("Estoy en el 654321098", "654321098"),
            ("Escríbeme al 654321098", "654321098"),
            ("mi trovi al 3331234567", "3331234567"),
            ("estou no 912345678", "912345678"),
            ("ik ben op 612345678", "612345678"),
            ("proszę pod 501234567", "501234567"),
        ] {
            check(text, &[words]);
        }
        for text in [
            "Quote no 612345678",
            "Job no 612345678",
            "It is registered on 612345678",
            "based on 612345678 items",
            "gespeichert unter 612345678",
            "Der Vorgang liegt unter 612345678",
            "Corresponde al 654321098",
            "Fa riferimento al 3331234567",
            "geregistreerd op 612345678",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn numbers_told_in_words_of_any_length_are_found_and_what_costs_so_much_is_not() {
        for words in [
            "Zero1six1 four96 zero one two three",
            "Nullvierzig zwei drei eins zwei fünf vier fünf",
            "Nulleinssieben eins dreihundertzweiundneunzig null null fünfundvierzig",
            "nul6 een2 drie4 vijf6 zeven8",
            "seiscientos doce, trescientos cuarenta y cinco, seiscientos setenta y ocho",
            "nove um dois, trezentos e quarenta e cinco, seiscentos e setenta e oito",
            "pięćsetjeden dwieścietrzydzieścicztery pięćsetsześćdziesiątsiedem",
            "zerosix quatrevingtonze vingtdeux trentetrois quarantequatre",
            "trecentotrentatre dodici trentaquattro cinquesei sette",
            "ぜろ きゅう ぜろ いち に さん よん ご ろく なな はち",
            "ゼロハチゼロ いちにさんよん ごろくななはち",
        ] {
            check(&format!("- {words}."), &[words]);
        }
        for text in [
            "It costs two hundred, three hundred or four hundred euros.",
            "dreihundertneunundvierzig Euro, vierhundertzwanzig Euro und fünfhundert Euro",
            "doscientos cincuenta más treinta de envío",
            "one two three steps, then four, five and six, at seven or eight",
            "いちご、にんじん、さんま、しちりん、ごま、ろくろ",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn a_guess_says_that_it_is_one() {
        assert_eq!(found("call 5550101 after six")[0].1, Certainty::Likely);
        assert_eq!(found("call 202-555-0143")[0].1, Certainty::Certain);
    }
}
