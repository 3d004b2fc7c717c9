//! What the words around a run of digits say about it: a telephone number, or an order, a parcel,
//! an amount.

use super::lexicon::LEXICON;
use super::phone_scan::Run;
use super::tokens::{Kind, Tokens};

/// What the words around a run say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// A phone number.
    Phone,
    /// Something else: an order, a serial number, an amount.
    Other,
    Nothing,
}

/// What stands around a run: the nearest telling word wins.
pub(super) fn around(tokens: &Tokens<'_>, run: &Run) -> Around {
    let end = run.end();
    let after = tokens.skip_blank(end);
    let measured = tokens.word(after).is_some_and(|w| LEXICON.units.contains(w))
        || matches!(
            tokens.kind(after),
            Some(Kind::Mark('%' | '€' | '$' | '£' | '¥' | '₦' | '"' | '°'))
        );
    let amount = run.start.checked_sub(1).is_some_and(|j| {
        let j = if tokens.kind(j) == Some(Kind::Blank) { j.saturating_sub(1) } else { j };
        matches!(tokens.kind(j), Some(Kind::Mark('€' | '$' | '£' | '¥' | '₦' | '×' | '@')))
            || matches!(tokens.word(j), Some("x" | "eur" | "usd" | "r" | "version" | "v"))
    });
    if (measured || amount) && !run.groups.iter().any(|g| g.spoken) {
        return Around::Other;
    }
    let mut number = false;
    let mut beside = Beside::default();
    for j in (run.start.saturating_sub(20)..run.start).rev() {
        let Some(word) = tokens.word(j) else {
            beside.mark(tokens.kind(j));
            continue;
        };
        // "First part 0803": the part of a number, not of a machine.
        let piece = matches!(word, "part" | "teil" | "partie" | "parte")
            && j.checked_sub(2)
                .and_then(|k| tokens.word(k))
                .is_some_and(|w| LEXICON.fillers.contains(w));
        let label = LEXICON.labels.place(word);
        let label = label.filter(|_| run.start - j < 14 && !serves(word) && !piece);
        // "number" says nothing as long as it isn't said of what.
        if matches!(word, "number" | "numero" | "nummer" | "numer" | "nr" | "line" | "cell") {
            number = true;
            beside.sign |= beside.open;
        } else if let Some(place) = label {
            // "注文番号と電話番号": in a run without blanks too the nearer one wins.
            let nearer = LEXICON.phone.place(word).is_some_and(|phone| phone > place);
            return if nearer { Around::Phone } else { Around::Other };
        } else if LEXICON.phone.has(word) {
            return Around::Phone;
        } else if beside.word(tokens, j) {
            return Around::Other;
        }
    }
    let number = number && !is_coded(tokens, run);
    if number || (end..end + 10).filter_map(|j| tokens.word(j)).any(invites) {
        return Around::Phone;
    }
    if beside.bare { Around::Other } else { Around::Nothing }
}

/// "number RN 5512 0098": letters of a code stand right before the figures.
fn is_coded(tokens: &Tokens<'_>, run: &Run) -> bool {
    let blank = run.start.checked_sub(1).filter(|&j| tokens.kind(j) == Some(Kind::Blank));
    let word = blank.and_then(|j| j.checked_sub(1)).and_then(|j| tokens.word(j));
    let national = run.groups.first().is_some_and(|g| g.digits.starts_with('0') || g.spoken);
    let consonants = |w: &str| {
        (2..=3).contains(&w.len())
            && w.bytes().all(|b| b.is_ascii_lowercase() && !b"aeiouy".contains(&b))
    };
    !run.plus
        && !national
        && word.is_some_and(|w| consonants(w) && !LEXICON.phone.has(w) && w != "nr")
}

/// Ordinary words that are labels only right before the number: "parcel no. 600 123 456".
#[derive(Debug)]
struct Beside {
    /// Nothing but signs and small words stand between here and the number.
    open: bool,
    /// Something that says "is" or "number" stands there: a colon, "no.".
    sign: bool,
    /// A label without such a sign; a word like "call" before it is stronger.
    bare: bool,
}

impl Default for Beside {
    fn default() -> Self {
        Self { open: true, sign: false, bare: false }
    }
}

impl Beside {
    fn mark(&mut self, kind: Option<Kind>) {
        match kind {
            Some(Kind::Mark(':' | '#' | '=' | '°')) => self.sign |= self.open,
            Some(Kind::Blank | Kind::Mark('.' | '-' | '(' | '*' | '"' | '[' | ')')) => {}
            _ => self.open = false,
        }
    }

    /// Whether the word at `j` is a label of the number.
    fn word(&mut self, tokens: &Tokens<'_>, j: usize) -> bool {
        let Some(word) = tokens.word(j).filter(|_| self.open) else { return false };
        let phrase = || {
            let before = (j.saturating_sub(3)..j).rev().find_map(|k| tokens.word(k));
            before.is_some_and(|before| LEXICON.labels_beside.has(&format!("{before}_{word}")))
        };
        if (LEXICON.labels_beside.has(word) && !serves(word)) || phrase() {
            self.open = false;
            // "Atención al cliente", "biuro obsługi klienta": their number is a telephone's.
            let served = (j.saturating_sub(5)..j).filter_map(|k| tokens.word(k)).any(serves);
            // "po" is a word of its own elsewhere.
            self.bare = !self.sign && !served && word.len() > 2;
            return self.sign && !served;
        }
        match word {
            "no" | "n" | "nro" | "num" | "id" | "is" | "are" | "ist" | "lautet" | "est" | "es"
            | "e" | "code" | "codigo" | "codice" | "reference" => self.sign = true,
            "the" | "with" | "of" | "de" | "del" | "di" | "du" | "da" | "do" | "van" | "der"
            | "die" | "das" | "den" | "le" | "la" | "el" | "il" | "o" | "a" | "to" => {}
            _ => self.open = false,
        }
        false
    }
}

/// Words and parts of words for those who answer the telephone: "Bestellhotline", "Paketdienst",
/// "Klantenservice".
fn serves(word: &str) -> bool {
    ["telefon", "telefoon", "hotline", "dienst", "servi", "handy", "mobil", "support"]
        .iter()
        .any(|part| word.contains(part))
        || matches!(word, "atencion" | "apoio" | "atendimento" | "assistenza" | "soporte")
        || word.starts_with("obslug")
}

/// Words after a number that say what to do with it.
fn invites(word: &str) -> bool {
    matches!(
        word,
        "whatsapp"
            | "call"
            | "text"
            | "ring"
            | "sms"
            | "anrufen"
            | "appelez"
            | "llame"
            | "llamame"
            | "chiamare"
            | "chiami"
            | "ligue"
            | "bellen"
            | "zadzwon"
            | "phone"
            | "tel"
    )
}
