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
    /// Something else, and nothing stands between the word that says so and the run: an order, a
    /// serial number.
    Other,
    /// A measure, an amount.
    Amount,
    /// A preposition behind which somebody is reached.
    Led,
    /// Something else is spoken of: only what is written as nothing but a phone number is one.
    Beside,
    Nothing,
}

/// What stands around a run: the nearest telling word wins.
pub(super) fn around(tokens: &Tokens<'_>, run: &Run) -> Around {
    let end = run.end();
    if is_measured(tokens, run) || is_amount(tokens, run) {
        return Around::Amount;
    }
    let mut number = false;
    let mut beside = Beside::default();
    for j in (run.start.saturating_sub(20)..run.start).rev() {
        let Some(word) = tokens.word(j) else {
            beside.mark(tokens, j);
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
            // "Numéro de client 06 …"
            if beside.bare {
                return Around::Other;
            }
            number = true;
            beside.sign |= beside.open;
        } else if let Some(place) = label {
            // "注文番号と電話番号": in a run without blanks too the nearer one wins.
            if LEXICON.phone.place(word).is_some_and(|phone| phone > place) {
                return Around::Phone;
            }
            // "注文番号は": of a longer run only what ends with it.
            let rest = word.get(place..).unwrap_or_default().chars().count();
            // "Tracking: UPS, 612 …" goes on over a comma.
            let heads = tokens.is_mark(tokens.skip_blank(j + 1), ':');
            match (beside.open && rest < 4, beside.parted && !heads) {
                (true, _) => return Around::Other,
                // "The order is on its way. 0171 …": another thought.
                (false, true) => {}
                (false, false) => return Around::Beside,
            }
        } else if LEXICON.phone.has(word) {
            return Around::Phone;
        } else if beside.word(tokens, j) {
            return Around::Other;
        }
    }
    let number = number && !is_coded(tokens, run);
    if number
        || is_named_behind(tokens, end)
        || (end..end + 10).filter_map(|j| tokens.word(j)).any(invites)
    {
        return Around::Phone;
    }
    match (beside.bare, is_led_to(tokens, run.start)) {
        (true, _) => Around::Other,
        (false, true) => Around::Led,
        (false, false) => Around::Nothing,
    }
}

/// "estoy en el 654321098", "pod 512345678": a preposition behind which somebody is reached.
fn is_led_to(tokens: &Tokens<'_>, start: usize) -> bool {
    let mut before = (start.saturating_sub(4)..start).rev().filter_map(|j| tokens.word(j));
    let (Some(last), first) = (before.next(), before.next()) else { return false };
    let blank = start.checked_sub(1).is_some_and(|j| tokens.kind(j) == Some(Kind::Blank));
    let two = || first.is_some_and(|first| LEXICON.leads.has(&format!("{first}_{last}")));
    blank && (LEXICON.leads.has(last) || two())
}

/// Whether a run is an amount of money or none: nobody measures in "+49", in "06 39 98 12 34" or in
/// words of so many figures, so that "à", "per" and quotation marks beside them are what they are.
fn is_paid_only(run: &Run) -> bool {
    let length: usize = run.groups.iter().map(|g| g.digits.len()).sum();
    let first = run.groups.first().map_or("", |g| g.digits.as_str());
    let national = first.len() > 1 && first.starts_with('0') && (9..=13).contains(&length);
    run.plus || national || is_spoken(run)
}

fn is_spoken(run: &Run) -> bool {
    run.groups.iter().any(|g| g.spoken)
}

/// Whether a unit or a sign of money stands behind a run.
fn is_measured(tokens: &Tokens<'_>, run: &Run) -> bool {
    let after = tokens.skip_blank(run.end());
    let unit =
        |w: &str| LEXICON.money.contains(w) || (LEXICON.units.contains(w) && !is_paid_only(run));
    let sign = match tokens.kind(after) {
        Some(Kind::Mark('€' | '$' | '£' | '¥' | '₦')) => !is_spoken(run),
        Some(Kind::Mark('%' | '"' | '°')) => !is_paid_only(run),
        _ => false,
    };
    sign || tokens.word(after).is_some_and(unit)
}

/// Whether a sign of money, a multiple or a version stands before a run.
fn is_amount(tokens: &Tokens<'_>, run: &Run) -> bool {
    run.start.checked_sub(1).filter(|_| !is_spoken(run)).is_some_and(|j| {
        let j = if tokens.kind(j) == Some(Kind::Blank) { j.saturating_sub(1) } else { j };
        match tokens.kind(j) {
            Some(Kind::Mark('€' | '$' | '£' | '¥' | '₦')) => true,
            Some(Kind::Mark('×' | '@')) => !is_paid_only(run),
            _ => match tokens.word(j) {
                Some("eur" | "usd") => true,
                Some("x" | "r" | "version" | "v") => !is_paid_only(run),
                _ => false,
            },
        }
    })
}

/// "Nr.", "USt-IdNr.", "Ref.": a full stop behind it ends nothing.
pub(super) fn is_abbreviation(word: &str) -> bool {
    word.len() < 4 || word.ends_with("nr")
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

/// What stands between the number and the word that is looked at.
#[derive(Debug)]
struct Beside {
    /// Nothing but signs and small words.
    open: bool,
    /// Something that says "is" or "number": a colon, "no.".
    sign: bool,
    /// The end of a sentence or of a part of one.
    parted: bool,
    /// A label that is an ordinary word too, without such a sign.
    bare: bool,
}

impl Default for Beside {
    fn default() -> Self {
        Self { open: true, sign: false, parted: false, bare: false }
    }
}

impl Beside {
    fn mark(&mut self, tokens: &Tokens<'_>, j: usize) {
        let ends = || tokens.kind(j + 1) == Some(Kind::Blank);
        let word_before = || j.checked_sub(1).and_then(|k| tokens.word(k));
        match tokens.kind(j) {
            Some(Kind::Mark(':' | '#' | '=' | '°' | '：')) => self.sign |= self.open,
            // "no. 12", "Bestellnr. 12": an abbreviation ends nothing.
            Some(Kind::Mark('.'))
                if ends() && word_before().is_some_and(|w| !is_abbreviation(w)) =>
            {
                (self.open, self.parted) = (false, true);
            }
            Some(Kind::Blank | Kind::Mark('.' | '-' | '(' | '*' | '"' | '[' | ')')) => {}
            Some(Kind::Mark(',' | ';' | '!' | '?' | '。' | '、')) => {
                (self.open, self.parted) = (false, true);
            }
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
        if self.sign && LEXICON.labels_signed.has(word) {
            return true;
        }
        match word {
            "no" | "n" | "nro" | "num" | "id" | "is" | "are" | "ist" | "lautet" | "est" | "es"
            | "e" | "code" | "codigo" | "codice" | "kod" | "reference" | "jest" | "to" | "was" => {
                self.sign = true;
            }
            "the" | "with" | "of" | "de" | "del" | "di" | "du" | "da" | "do" | "van" | "der"
            | "die" | "das" | "den" | "le" | "la" | "el" | "il" | "o" | "a" | "for" | "your"
            | "our" => {}
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

/// "001-490-155-3846 fax", as the lines of a signature name them.
fn is_named_behind(tokens: &Tokens<'_>, end: usize) -> bool {
    let next = tokens.skip_blank(end);
    let named = tokens.word(next).filter(|_| next > end).is_some_and(|word| {
        matches!(
            word,
            "fax"
                | "mobile"
                | "mobil"
                | "handy"
                | "cell"
                | "portable"
                | "movil"
                | "cellulare"
                | "telemovel"
                | "celular"
                | "mobiel"
                | "komorka"
                | "kom"
                | "office"
                | "buro"
        )
    });
    let line = tokens.bytes(&(next + 1..next + 2));
    let ends = tokens.text.get(line).is_none_or(|text| text.contains('\n') || text.is_empty());
    named && ends
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
