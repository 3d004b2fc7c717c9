//! Rule `attachment-purpose`: a PDF that is advertising, and no invoice, warranty or instructions.
//!
//! The words of `data/pdf-purpose.txt` are weighed, each phrase once: over the whole document, and
//! page by page, so that a leaflet behind an invoice is still one.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use regex::Regex;

use super::lexicon::lines;
use super::view::folded;
use crate::domain::Certainty;

/// What a PDF is for, by its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Something that comes with what was bought: the seller's contacts belong into it.
    Document,
    /// Advertising: how sure, and the phrases that say so, the weightiest first.
    Advertising(Certainty, Vec<String>),
    /// Nothing that anybody could tell.
    Unclear,
}

/// Advertising weighs so much, and more than anything else.
const ADVERTISING: u32 = 6;
/// So much on one page that is nothing else makes that page a leaflet.
const LEAFLET: u32 = 8;
/// A document is what weighs so much.
const DOCUMENT: u32 = 4;
/// Prices that make a list of them.
const PRICES: usize = 10;
/// Letters that stand alone, one behind the other, are one word.
const SPACED: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Invoice,
    Warranty,
    Instructions,
    Advertising,
}

#[derive(Debug)]
struct Phrase {
    kind: Kind,
    weight: u32,
    words: Vec<String>,
    /// Without blanks; to be looked for inside of longer runs.
    joined: String,
}

#[derive(Debug)]
struct Phrases {
    all: Vec<Phrase>,
    /// By the first word, the longest first.
    by_word: HashMap<String, Vec<usize>>,
    /// Written without blanks.
    unspaced: Vec<usize>,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut all: Vec<Phrase> = Vec::new();
    for line in lines(include_str!("data/pdf-purpose.txt")) {
        let (head, phrases) = line.split_once(':').unwrap_or((line, ""));
        let mut head = head.split_whitespace();
        let kind = match head.next() {
            Some("invoice") => Kind::Invoice,
            Some("warranty") => Kind::Warranty,
            Some("instructions") => Kind::Instructions,
            _ => Kind::Advertising,
        };
        let weight = head.next().and_then(|w| w.parse().ok()).unwrap_or(0);
        for phrase in phrases.split(';') {
            let words = words(&folded(phrase));
            let joined = words.concat();
            // Languages share words: each counts once.
            match all.iter_mut().find(|p| p.kind == kind && p.words == words) {
                Some(known) => known.weight = known.weight.max(weight),
                None => all.push(Phrase { kind, weight, words, joined }),
            }
        }
    }
    let mut by_word: HashMap<String, Vec<usize>> = HashMap::new();
    let mut unspaced = Vec::new();
    for (at, phrase) in all.iter().enumerate() {
        match phrase.words.first() {
            Some(first) if first.is_ascii() || !is_unspaced(first) => {
                by_word.entry(first.clone()).or_default().push(at);
            }
            _ => unspaced.push(at),
        }
    }
    let length = |at: &usize| all.get(*at).map_or(0, |p| p.words.len());
    by_word.values_mut().for_each(|list| list.sort_by_key(|at| std::cmp::Reverse(length(at))));
    Phrases { all, by_word, unspaced }
});

#[expect(clippy::unwrap_used, reason = "a test compiles it")]
static PRICE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:[€$£¥]|\b(?:eur|usd|gbp|chf|pln)) ?\d|\d(?: ?[€£¥円]| (?:eur|usd|gbp|chf|pln|zł)\b)")
        .unwrap()
});

/// What a PDF of this name with these words is for; pages have a form feed between.
pub(super) fn of(name: Option<&str>, text: &str) -> Purpose {
    let stem = name.unwrap_or_default();
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem).replace(['_', '-', '.'], " ");
    // A name can say that it is advertising; that it is an invoice anybody can write.
    let mut whole: BTreeMap<usize, ()> = found(&stem)
        .into_iter()
        .filter(|at| PHRASES.all.get(*at).is_some_and(|p| p.kind == Kind::Advertising))
        .map(|at| (at, ()))
        .collect();
    let mut leaflet: Option<Vec<usize>> = None;
    for page in text.split('\u{c}') {
        let found = found(page);
        if weigh(&found, Kind::Advertising) >= LEAFLET && best_other(&found) < DOCUMENT {
            leaflet.get_or_insert_with(|| found.clone());
        }
        whole.extend(found.into_iter().map(|at| (at, ())));
    }
    let whole: Vec<usize> = whole.into_keys().collect();
    let (mut advertising, other) = (weigh(&whole, Kind::Advertising), best_other(&whole));
    let lists_prices = other < DOCUMENT && PRICE.find_iter(text).nth(PRICES - 1).is_some();
    advertising += if lists_prices { 3 } else { 0 };
    if advertising >= ADVERTISING && advertising > other {
        let sure = advertising >= 10 && other < DOCUMENT;
        let certainty = if sure { Certainty::Certain } else { Certainty::Likely };
        return Purpose::Advertising(certainty, told(&whole));
    }
    match leaflet {
        Some(found) => Purpose::Advertising(Certainty::Likely, told(&found)),
        None if other >= DOCUMENT => Purpose::Document,
        None => Purpose::Unclear,
    }
}

/// The phrases of a page, by their numbers, each once.
fn found(page: &str) -> Vec<usize> {
    let page = folded(page);
    let words = words(&page);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let here = words.get(at..).unwrap_or_default();
        let fits =
            |phrase: &&usize| PHRASES.all.get(**phrase).is_some_and(|p| here.starts_with(&p.words));
        // The longest: a discount code is not a discount as well.
        let phrase = PHRASES.by_word.get(word).and_then(|list| list.iter().find(fits));
        found.extend(phrase);
        at += phrase.and_then(|p| PHRASES.all.get(*p)).map_or(1, |p| p.words.len());
    }
    let joined: String = words.concat();
    let unspaced = PHRASES.unspaced.iter();
    let inside = |phrase: &usize, text: &str| {
        PHRASES.all.get(*phrase).is_some_and(|p| text.contains(&p.joined))
    };
    if !joined.is_ascii() {
        found.extend(unspaced.filter(|phrase| inside(phrase, &joined)));
    }
    for run in spaced(&words) {
        let long = |p: &Phrase| p.joined.len() >= 6;
        let all = PHRASES.all.iter().enumerate().filter(|(_, p)| long(p));
        found.extend(all.map(|(at, _)| at).filter(|at| inside(at, &run)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Words whose letters stand apart: "D I S C O U N T".
fn spaced(words: &[String]) -> Vec<String> {
    let alone = |word: &String| word.chars().nth(1).is_none() && !is_unspaced(word);
    let runs = words.chunk_by(|a, b| alone(a) == alone(b));
    runs.filter(|run| run.len() >= SPACED && run.first().is_some_and(alone))
        .take(100)
        .map(<[String]>::concat)
        .collect()
}

/// Of a script that is written without blanks between words.
fn is_unspaced(word: &str) -> bool {
    word.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'))
}

/// Runs of letters and digits; a per cent sign is a word of its own.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for c in text.chars() {
        if c == '%' {
            words.push("%".to_owned());
            open = false;
        } else if !c.is_alphanumeric() {
            open = false;
        } else if let Some(last) = words.last_mut().filter(|_| open) {
            last.push(c);
        } else {
            words.push(c.to_string());
            open = true;
        }
    }
    words
}

fn weigh(found: &[usize], kind: Kind) -> u32 {
    let phrases = found.iter().filter_map(|at| PHRASES.all.get(*at));
    phrases.filter(|p| p.kind == kind).map(|p| p.weight).sum()
}

fn best_other(found: &[usize]) -> u32 {
    let others = [Kind::Invoice, Kind::Warranty, Kind::Instructions];
    others.into_iter().map(|kind| weigh(found, kind)).max().unwrap_or(0)
}

fn told(found: &[usize]) -> Vec<String> {
    let phrases = found.iter().filter_map(|at| PHRASES.all.get(*at));
    let mut phrases: Vec<&Phrase> = phrases.filter(|p| p.kind == Kind::Advertising).collect();
    phrases.sort_by_key(|p| std::cmp::Reverse(p.weight));
    let between = |p: &Phrase| if p.words.iter().any(|w| is_unspaced(w)) { "" } else { " " };
    phrases.into_iter().take(3).map(|p| p.words.join(between(p))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Is {
        Document,
        Advertising,
        Unclear,
    }

    fn check(text: &str, expected: Is) {
        let is = match of(None, text) {
            Purpose::Document => Is::Document,
            Purpose::Advertising(..) => Is::Advertising,
            Purpose::Unclear => Is::Unclear,
        };
        assert_eq!(is, expected, "{text}");
    }

    #[test]
    fn advertising_is_found_in_every_language() {
        for text in [
            "Summer sale! 20% off everything. Shop now, use code SUN20.",
            "Unser neuer Katalog ist da. Jetzt bestellen und Rabatt sichern!",
            "Découvrez notre catalogue. Code promo SOLEIL : profitez de 20 % de remise.",
            "Nueva colección de verano. Compra ahora con un cupón de descuento.",
            "La nuova collezione è qui: acquista ora con il codice sconto SOLE.",
            "Nova coleção! Compre agora e use o cupom de desconto SOL.",
            "Onze nieuwe collectie is binnen. Bestel nu met kortingscode ZON.",
            "Nowa kolekcja już jest. Kup teraz, kod rabatowy LATO.",
            "夏のセール開催中！今すぐご注文ください。クーポンコードもあります。",
        ] {
            check(text, Is::Advertising);
        }
    }

    #[test]
    fn what_comes_with_an_order_is_none_in_any_language() {
        for text in [
            "INVOICE\nInvoice number 2026-17\nBill to: Jane Roe\n1 Brass lamp 40.00\nDiscount 5%\nTotal 38.00 EUR",
            "Rechnung Nr. 17, Rechnungsdatum 1.2.2026, Rabatt 5 %, Gesamtbetrag 38,00 EUR, USt-IdNr. DE1",
            "Facture n° 17, date de facture, remise 5 %, total TTC 38,00 EUR, TVA intracommunautaire",
            "Factura nº 17. Base imponible 30. IVA 21 %. Descuento 5 %. Importe total 38 EUR.",
            "Fattura n. 17. Imponibile 30. IVA 22 %. Sconto 5 %. Totale fattura 38 EUR.",
            "Fatura nº 17. Data da fatura. IVA 23 %. Desconto 5 %. Valor total 38 EUR.",
            "Factuur. Factuurnummer 17, factuurdatum, korting 5 %, totaalbedrag 38 EUR, BTW-nummer",
            "Faktura VAT nr 17. Data wystawienia. Nabywca. Rabat 5 %. Do zapłaty 38 zł.",
            "請求書 登録番号 T1 小計 消費税 割引 合計金額 ¥3,800",
            "Limited warranty. This warranty covers defects for two years from the date of purchase.",
            "Garantiekarte. Die Garantiezeit beträgt zwei Jahre.",
            "Karta gwarancyjna. Okres gwarancji: dwa lata.",
            "保証書 保証期間は二年です。",
            "Assembly instructions. Step 1: fasten the shade. Warning: hot. Follow us on our website.",
            "Mode d'emploi. Consignes de sécurité. Étape 1 : vissez.",
            "取扱説明書 ご使用の前に必ずお読みください。",
        ] {
            check(text, Is::Document);
        }
    }

    #[test]
    fn one_word_of_it_is_no_advertising() {
        for text in [
            "Your discount code did not work because it had ended in May.",
            "Proof of the engraving: JANE 2026. Please tell us whether it is right.",
            "The sale of goods act applies.",
            "",
        ] {
            check(text, Is::Unclear);
        }
    }

    #[test]
    fn a_leaflet_behind_an_invoice_is_one_and_a_list_of_prices_too() {
        let invoice = "Invoice\nInvoice number 17, invoice date 1 May, bill to Jane, subtotal, VAT \
            number, amount due, payment terms, billing address, unit price, total";
        check(invoice, Is::Document);
        let leaflet = "Our new collection is here: shop now with this coupon code!";
        check(&format!("{invoice}\u{c}{leaflet}"), Is::Advertising);
        let prices: String = (10..30).map(|n| format!("Lamp no. {n} {n}.00 EUR\n")).collect();
        check(&format!("Price list\n{prices}"), Is::Advertising);
        check(&format!("{invoice}\n{prices}"), Is::Document);
        check(&prices, Is::Unclear);
    }

    #[test]
    fn disguises_are_seen_through() {
        check("S H O P N O W and D I S C O U N T", Is::Advertising);
        check("SHОP NОW: 20% ОFF", Is::Advertising); // Cyrillic О
        check("ＳＨＯＰ ＮＯＷ： ｄｉｓｃｏｕｎｔ", Is::Advertising);
        check("shop\nnow ... dis\u{ad}count", Is::Advertising);
    }

    #[test]
    fn a_name_tells_of_advertising_and_never_of_an_invoice() {
        let of_name = |name| of(Some(name), "");
        assert!(matches!(of_name("summer_sale-new_collection.pdf"), Purpose::Advertising(..)));
        assert_eq!(of_name("invoice number 17, amount due.pdf"), Purpose::Unclear);
        let told = of(None, "Black Friday: shop now, coupon code X, newsletter");
        let Purpose::Advertising(Certainty::Certain, words) = told else { panic!("{told:?}") };
        assert_eq!(words.len(), 3);
    }

    #[test]
    fn time_is_linear() {
        for part in ["shop ", "a ", "% ", "セ", "1 EUR ", "\u{c}"] {
            let _ = of(None, &part.repeat(60_000));
        }
    }
}
