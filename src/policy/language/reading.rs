//! A text read: its sentences, the language of each, the classes of words in it, its acts.

use std::collections::HashMap;
use std::ops::Range;

use memchr::memchr_iter;

use super::disguise::Together;
use super::glue::{Piece, glued};
use super::grammar::{Act, CLAUSE, CLOSING, CODE, Formula, NUMBER, QUESTION, STARS};
use super::letters;
use super::lexicon::{in_words, runs};
use super::marks::{is_code, is_starred};
use super::mask::Mask;
use super::packs::{Pack, Packs};
use super::sentences::{clause_ends, sentences};
use super::words::{Word, is_number};
use crate::domain::Certainty;
use crate::policy::view::View;

/// Fewer letters than this don't tell their language against a subject.
const SHORT: usize = 20;

/// Fewer words, or characters of Japanese, than these are seldom a sentence.
const SHORT_WORDS: usize = 6;
const SHORT_KANA: usize = 12;

/// What may be done in pieces.
const PIECEMEAL: [Act; 3] = [Act::ReviewRequest, Act::Advertising, Act::OptOut];

/// Where a sentence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Zone {
    /// In the subject.
    Subject,
    /// In the text.
    Body,
    /// Below the signature's mark.
    Signature,
}

/// One sentence.
#[derive(Debug)]
pub(in crate::policy) struct Sentence {
    /// Bytes of the original text.
    pub range: Range<usize>,
    pub zone: Zone,
    /// Letters in it.
    pub letters: usize,
    holds: Mask,
    /// What each of its clauses holds.
    clauses: Vec<Mask>,
    /// Where each class stands, in bytes of the original text.
    places: Vec<(u8, Range<usize>)>,
    pack: Option<usize>,
}

/// An act and where it is done, in bytes of the original text.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Done {
    pub sentence: usize,
    pub certainty: Certainty,
    pub range: Range<usize>,
}

/// A message read.
#[derive(Debug)]
pub(in crate::policy) struct Reading<'p> {
    packs: &'p Packs,
    pub sentences: Vec<Sentence>,
    /// Pieces that may be one sentence, read together, and which of `sentences` they are.
    glued: Vec<(Range<usize>, Sentence)>,
    /// The language that most of it is in; `None` where no pack knows it.
    language: Option<usize>,
}

/// Reads texts, each with its zone and what of it is judged (`skip` says what is not).
pub(in crate::policy) fn read<'p>(
    packs: &'p Packs,
    texts: &[(&View<'_>, Zone)],
    skip: impl Fn(Zone, &Range<usize>) -> bool,
) -> Reading<'p> {
    let together: Vec<_> = texts.iter().map(|(view, _)| Together::of(&view.text)).collect();
    let words: Vec<Vec<Word<'_>>> = together.iter().map(Together::words).collect();
    let (drafts, glued) = drafts(packs, texts, &words, skip);
    let is_body = |draft: &&Draft<'_>| draft.zone != Zone::Subject;
    let all = || drafts.iter();
    // A subject is often the marketplace's own, in another language than the text below it.
    let is_short = all().filter(is_body).map(|draft| draft.letters).sum::<usize>() < SHORT;
    let language = match language(packs, all().filter(is_body)) {
        None if is_short => language(packs, all()),
        told => told,
    };
    let sentences = drafts.into_iter().map(|draft| draft.finish(packs, language)).collect();
    let glued = glued.into_iter().map(|(of, draft)| (of, draft.finish(packs, language))).collect();
    Reading { packs, sentences, glued, language }
}

/// Reads a text whose language can't be told in each of them in turn.
pub(in crate::policy) fn read_in_each<'p>(
    packs: &'p Packs,
    texts: &[(&View<'_>, Zone)],
    skip: impl Fn(Zone, &Range<usize>) -> bool,
) -> Vec<Reading<'p>> {
    let together: Vec<_> = texts.iter().map(|(view, _)| Together::of(&view.text)).collect();
    let words: Vec<Vec<Word<'_>>> = together.iter().map(Together::words).collect();
    let in_one = |at: usize| {
        let (drafts, _) = drafts(packs, texts, &words, &skip);
        let sentences = drafts.into_iter().map(|draft| draft.finish(packs, Some(at))).collect();
        Reading { packs, sentences, glued: vec![], language: Some(at) }
    };
    (0..packs.packs.len()).map(in_one).collect()
}

type Glued<'v> = Vec<(Range<usize>, Draft<'v>)>;

/// The sentences of the texts that are judged, and those that may have been cut in pieces.
fn drafts<'v>(
    packs: &Packs,
    texts: &[(&'v View<'v>, Zone)],
    words: &'v [Vec<Word<'v>>],
    skip: impl Fn(Zone, &Range<usize>) -> bool,
) -> (Vec<Draft<'v>>, Glued<'v>) {
    let (mut drafts, mut whole) = (vec![], vec![]);
    for ((view, zone), words) in texts.iter().zip(words) {
        let mut from = 0;
        // Apart where something is not judged.
        let mut runs = vec![(drafts.len(), vec![])];
        for range in sentences(view) {
            let rest = words.get(from..).unwrap_or_default();
            let to = from + rest.partition_point(|w| w.range.start < range.end);
            let own = words.get(from..to).unwrap_or_default();
            from = to;
            if skip(*zone, &view.source(&range)) {
                runs.push((drafts.len(), vec![]));
                continue;
            }
            let draft = Draft::of(packs, view, *zone, range, own);
            if let Some((_, pieces)) = runs.last_mut() {
                pieces.push(draft.piece());
            }
            drafts.push(draft);
        }
        let all = runs.iter().flat_map(|(first, pieces)| {
            glued(pieces).into_iter().map(move |of| first + of.start..first + of.end)
        });
        for of in all {
            let parts = drafts.get(of.clone()).unwrap_or_default();
            let (Some(first), Some(last)) = (parts.first(), parts.last()) else { continue };
            let range = first.range.start..last.range.end;
            let start = words.partition_point(|w| w.range.start < range.start);
            let end = words.partition_point(|w| w.range.start < range.end);
            let words = words.get(start..end).unwrap_or_default();
            whole.push((of, Draft::of(packs, view, *zone, range, words)));
        }
    }
    (drafts, whole)
}

/// A sentence before its language is known.
struct Draft<'v> {
    view: &'v View<'v>,
    zone: Zone,
    range: Range<usize>,
    words: &'v [Word<'v>],
    /// Words that hold a letter.
    counted: usize,
    /// How many of them are common in each language that is told apart.
    common: Vec<usize>,
    letters: usize,
    kana: usize,
    han: usize,
}

impl<'v> Draft<'v> {
    fn of(
        packs: &Packs,
        view: &'v View<'v>,
        zone: Zone,
        range: Range<usize>,
        words: &'v [Word<'v>],
    ) -> Self {
        let text = view.slice(range.clone());
        let in_ascii = text.is_ascii();
        let count = |of: fn(char) -> bool| text.chars().filter(|c| of(*c)).count();
        let count_wide = |of| if in_ascii { 0 } else { count(of) };
        let letters = match in_ascii {
            true => {
                // A sum of so few fits into a byte.
                let letters = |few: &[u8]| -> u8 {
                    few.iter().map(|b| u8::from(b.is_ascii_alphabetic())).sum()
                };
                text.as_bytes().chunks(128).map(|few| usize::from(letters(few))).sum()
            }
            false => count(char::is_alphabetic),
        };
        // The letters of a word that is spelled out are words of other languages.
        let single = |at: Option<usize>| {
            let word = at.and_then(|at| words.get(at));
            word.is_some_and(|w| w.text.len() == 1 && w.text.chars().all(char::is_alphabetic))
        };
        let spelled = |at: usize| {
            let near = || [-2, -1, 1, 2].map(|by| single(at.checked_add_signed(by)));
            single(Some(at)) && near().windows(2).any(|two| two == [true, true])
        };
        let is_word =
            |(at, w): &(usize, &Word<'_>)| w.text.chars().any(char::is_alphabetic) && !spelled(*at);
        let mut counted = 0;
        let mut common = vec![0; packs.told_apart()];
        for (_, word) in words.iter().enumerate().filter(is_word) {
            counted += 1;
            let mut tongues = packs.tongues(word.text);
            while tongues != 0 {
                if let Some(count) = common.get_mut(tongues.trailing_zeros() as usize) {
                    *count += 1;
                }
                tongues &= tongues - 1;
            }
        }
        letters::vote(packs, view.words(&range), &mut common);
        Self {
            view,
            zone,
            words,
            counted,
            common,
            letters,
            kana: count_wide(|c| matches!(c, '\u{3041}'..='\u{30ff}')),
            han: count_wide(|c| matches!(c, '\u{3400}'..='\u{9fff}')),
            range,
        }
    }

    /// What it is among pieces that may be one sentence; a line of a form ("Price: 12.50") is whole.
    fn piece(&self) -> Piece {
        let text = self.view.slice(self.range.clone());
        let bytes = text.as_bytes();
        let colon = memchr_iter(b':', bytes).find(|at| bytes.get(at + 1) == Some(&b' '));
        let value = colon.and_then(|at| text.get(at + 1..)).unwrap_or_default();
        let is_form = !value.trim().is_empty();
        let is_short = self.words.len() < SHORT_WORDS && self.kana + self.han < SHORT_KANA;
        let is_open = !text.ends_with(['.', '!', '?', '…', '。']);
        Piece { is_short: is_short && !is_form, is_open: is_open && !is_form }
    }

    fn finish(self, packs: &Packs, language: Option<usize>) -> Sentence {
        let at = self.own_language(packs, language);
        let pack = at.and_then(|at| packs.packs.get(at));
        let text = self.view.slice(self.range.clone());
        let end = text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '?');
        let stars = is_starred(self.view.words(&self.range));
        let asks = end.ends_with('?');
        let mut sentence = Sentence {
            range: self.view.source(&self.range),
            zone: self.zone,
            letters: self.letters,
            holds: Mask::default(),
            clauses: vec![],
            places: vec![],
            pack: at,
        };
        for (name, is) in [
            (QUESTION, asks),
            (NUMBER, self.words.iter().any(|w| is_number(w.text))),
            (CODE, self.words.iter().any(|w| is_code(self.view, w))),
            (STARS, stars),
        ] {
            if is {
                sentence.holds |= packs.classes.bit(name);
            }
        }
        let found = match pack {
            None => vec![],
            Some(pack) if pack.is_blankless() => runs(pack, self.view, &self.range),
            Some(pack) => in_words(pack, self.view, self.words),
        };
        for (class, place) in found {
            sentence.holds |= Mask::of(class);
            sentence.places.push((class, place));
        }
        let borders = clause_ends(self.view, &self.range);
        sentence.clauses = sentence.in_clauses(borders, packs.classes.bit(CLAUSE));
        sentence
    }

    /// The language of the sentence: that of the message, unless its words clearly say another.
    fn own_language(&self, packs: &Packs, language: Option<usize>) -> Option<usize> {
        if self.kana > 1 {
            return packs.packs.iter().position(Pack::is_blankless);
        }
        let count = |at: usize| self.common.get(at).copied().unwrap_or(0);
        let best = (0..packs.packs.len()).max_by_key(|at| count(*at))?;
        let of_message = language.map_or(0, count);
        let other = count(best) >= 2 && (of_message == 0 || count(best) >= of_message + 3);
        if other && count(best) * 5 >= self.counted { Some(best) } else { language }
    }
}

impl Sentence {
    /// What its clauses hold, which end at these bytes and where words of the class `border` stand.
    fn in_clauses(&self, mut ends: Vec<usize>, border: Mask) -> Vec<Mask> {
        let at_words = self.places.iter().filter(|(class, _)| border.has(*class));
        ends.extend(at_words.map(|(_, place)| place.start));
        ends.sort_unstable();
        let mut clauses = vec![Mask::default(); ends.len() + 1];
        for (class, place) in &self.places {
            if let Some(clause) = clauses.get_mut(ends.partition_point(|end| *end <= place.start)) {
                *clause |= Mask::of(*class);
            }
        }
        clauses
    }
}

/// The language that most words are in: at least one of six must be a common one of it.
fn language<'d, 'v: 'd>(
    packs: &Packs,
    drafts: impl Iterator<Item = &'d Draft<'v>>,
) -> Option<usize> {
    let drafts: Vec<_> = drafts.collect();
    let kana: usize = drafts.iter().map(|d| d.kana).sum();
    let han: usize = drafts.iter().map(|d| d.han).sum();
    let letters: usize = drafts.iter().map(|d| d.letters).sum();
    if (kana + han) * 3 > letters {
        // Without any kana it is Chinese.
        let japanese = kana * 10 >= kana + han;
        return packs.packs.iter().position(Pack::is_blankless).filter(|_| japanese);
    }
    let words: usize = drafts.iter().map(|d| d.counted).sum();
    let count = |at: usize| drafts.iter().filter_map(|d| d.common.get(at)).sum::<usize>();
    let best = (0..packs.packs.len()).max_by_key(|at| count(*at))?;
    // A language without a pack that more of the words are common in.
    let foreign = (packs.packs.len()..packs.told_apart()).any(|at| count(at) > count(best));
    (count(best) * 6 >= words && count(best) > 0 && !foreign).then_some(best)
}

impl<'p> Reading<'p> {
    /// Marks the sentences that stand in a signature.
    pub fn with_signature(mut self, is: impl Fn(&Range<usize>) -> bool) -> Self {
        for sentence in &mut self.sentences {
            if sentence.zone == Zone::Body && is(&sentence.range) {
                sentence.zone = Zone::Signature;
            }
        }
        self
    }

    /// Says that a class stands at these bytes of the original text of the subject, or of the text.
    pub fn mark(&mut self, class: &str, in_subject: bool, range: &Range<usize>) {
        let Some(class) = self.packs.classes.class(class) else { return };
        let of_part = |s: &&mut Sentence| (s.zone == Zone::Subject) == in_subject;
        let around = |s: &&mut Sentence| s.range.start <= range.start && range.end <= s.range.end;
        if let Some(sentence) = self.sentences.iter_mut().filter(of_part).find(around) {
            sentence.holds |= Mask::of(class);
            sentence.places.push((class, range.clone()));
        }
    }

    /// Where words of a class stand in a sentence, in bytes of the original text.
    pub fn places(&self, sentence: &Sentence, class: &str) -> Vec<Range<usize>> {
        let bit = self.packs.classes.bit(class);
        let of_class = sentence.places.iter().filter(|(class, _)| bit.has(*class));
        of_class.map(|(_, place)| place.clone()).collect()
    }

    /// Another text read with the same packs, in the language of this one where it has none.
    pub fn beside(&self, view: &View<'_>) -> Reading<'p> {
        let packs = self.packs;
        let other = read(packs, &[(view, Zone::Body)], |_, _| false);
        if other.is_known() { other } else { self.own(view) }
    }

    /// Another text read in the language of this one.
    pub fn own(&self, view: &View<'_>) -> Reading<'p> {
        let packs = self.packs;
        let together = Together::of(&view.text);
        let words = together.words();
        let draft = Draft::of(packs, view, Zone::Body, 0..view.text.len(), &words);
        let sentences = vec![draft.finish(packs, self.language)];
        Reading { packs, sentences, glued: vec![], language: self.language }
    }

    /// Whether a pack knows the language of the text.
    pub fn is_known(&self) -> bool {
        self.language.is_some()
    }

    /// The code of the language of the text.
    #[cfg(test)]
    pub fn language(&self) -> Option<&str> {
        self.language.and_then(|at| self.packs.packs.get(at)).map(|p| p.code.as_str())
    }

    /// Whether a sentence holds a word of a class.
    pub fn holds(&self, sentence: &Sentence, class: &str) -> bool {
        sentence.holds.meets(self.packs.classes.bit(class))
    }

    /// How many places of a sentence hold a word of a class.
    pub fn count(&self, sentence: &Sentence, class: &str) -> usize {
        let bit = self.packs.classes.bit(class);
        let mut starts: Vec<usize> = sentence
            .places
            .iter()
            .filter(|(class, _)| bit.has(*class))
            .map(|(_, place)| place.start)
            .collect();
        starts.sort_unstable();
        starts.dedup();
        starts.len()
    }

    /// All acts, each where it is done.
    pub fn acts(&self) -> HashMap<Act, Vec<Done>> {
        let mut acts: HashMap<Act, Vec<Done>> = HashMap::new();
        for at in 0..self.sentences.len() {
            self.acts_of(at, &mut acts);
        }
        self.acts_of_glued(&mut acts);
        acts
    }

    fn acts_of(&self, at: usize, acts: &mut HashMap<Act, Vec<Done>>) {
        let Some(sentence) = self.sentences.get(at) else { return };
        let Some(pack) = sentence.pack.and_then(|p| self.packs.packs.get(p)) else { return };
        // Each formula asks for something in the sentence.
        if sentence.holds == Mask::default() {
            return;
        }
        let beside = |at: Option<usize>| {
            at.and_then(|at| self.sentences.get(at))
                .map_or_else(Mask::default, |sentence| sentence.holds)
        };
        let near = beside(at.checked_sub(1)) | beside(Some(at + 1));
        for formula in self.packs.formulas.iter().chain(&pack.formulas) {
            if !formula.holds(sentence.holds, &sentence.clauses, near) {
                continue;
            }
            let certainty = if formula.likely { Certainty::Likely } else { Certainty::Certain };
            let done = Done { sentence: at, certainty, range: place(sentence, formula) };
            let all = acts.entry(formula.act).or_default();
            match all.last_mut().filter(|last| last.sentence == at) {
                Some(last) if last.certainty == Certainty::Likely => *last = done,
                Some(_) => {}
                None => all.push(done),
            }
        }
    }

    /// What is asked in pieces: "Please leave us. A five star. Review." Only likely.
    fn acts_of_glued(&self, acts: &mut HashMap<Act, Vec<Done>>) {
        for act in PIECEMEAL {
            let all = acts.entry(act).or_default();
            let mut known: Vec<usize> = all.iter().map(|done| done.sentence).collect();
            known.dedup();
            let mut read_to = 0;
            for (of, sentence) in &self.glued {
                let next = known.get(known.partition_point(|at| *at < of.start));
                let is_known = of.start < read_to || next.is_some_and(|at| *at < of.end);
                if let Some(range) = self.done_in_pieces(act, sentence).filter(|_| !is_known) {
                    read_to = of.end;
                    all.push(Done { sentence: of.start, certainty: Certainty::Likely, range });
                }
            }
        }
    }

    /// Where pieces do an act together; what stands below the closing words is a name.
    fn done_in_pieces(&self, act: Act, sentence: &Sentence) -> Option<Range<usize>> {
        let pack = sentence.pack.and_then(|p| self.packs.packs.get(p))?;
        let mut formulas = self.packs.formulas.iter().chain(&pack.formulas);
        let does = |f: &&Formula| {
            f.act == act && f.holds(sentence.holds, &[sentence.holds], Mask::default())
        };
        let range = place(sentence, formulas.find(does)?);
        let ends = self.places(sentence, CLOSING);
        let over = ends.iter().any(|end| range.start < end.start && end.end < range.end);
        (!over).then_some(range)
    }
}

/// From the first to the last of the words that the formula asks for, the first of each class.
fn place(sentence: &Sentence, formula: &Formula) -> Range<usize> {
    let mut left = formula.asks_for();
    let mut found = vec![];
    for (class, place) in &sentence.places {
        if left.has(*class) {
            left = left.without(*class);
            found.push(place.clone());
        }
    }
    let found = found.into_iter();
    let whole = found.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
    whole.unwrap_or_else(|| sentence.range.clone())
}

#[cfg(test)]
mod tests {
    use super::super::packs::Languages;
    use super::*;
    use crate::domain::Language;

    fn language_of(text: &str) -> Option<String> {
        let languages = Languages::new(&Language::ALL, &[]).unwrap();
        let packs = languages.packs();
        let view = View::new(text);
        let reading = read(packs, &[(&view, Zone::Body)], |_, _| false);
        reading.language().map(str::to_owned)
    }

    #[test]
    fn a_text_is_in_the_language_of_most_of_its_words_or_in_none_that_is_known() {
        for (text, expected) in [
            ("Thank you for your order, we have sent it today.", Some("en")),
            ("Vielen Dank für Ihre Bestellung, wir haben sie heute verschickt.", Some("de")),
            ("Merci pour votre commande, nous l'avons envoyée aujourd'hui.", Some("fr")),
            ("Gracias por su pedido, lo hemos enviado hoy.", Some("es")),
            ("Grazie per il suo ordine, lo abbiamo spedito oggi.", Some("it")),
            ("Obrigado pela sua encomenda, foi enviada hoje.", Some("pt")),
            ("Bedankt voor uw bestelling, we hebben deze vandaag verzonden.", Some("nl")),
            ("Dziękujemy za zamówienie, wysłaliśmy je dzisiaj.", Some("pl")),
            ("ご注文ありがとうございます。本日発送いたしました。", Some("ja")),
            ("Vi har skickat din beställning idag och den kommer fram på fredag.", None),
            ("Děkujeme za objednávku, zásilku jsme dnes odeslali kurýrem.", None),
            ("Kiitos tilauksestasi, lähetimme sen tänään postissa sinulle.", None),
            ("Siparişiniz için teşekkürler, bugün kargoya verdik.", None),
            ("Tak for din bestilling, pakken er sendt i dag og kommer på fredag.", None),
            ("Köszönjük a rendelését, a csomagot ma feladtuk, pénteken érkezik.", None),
            ("Vă mulțumim pentru comandă, coletul a fost expediat astăzi.", None),
            ("Hvala vam na narudžbi, paket smo danas poslali i stiže u petak.", None),
            ("Gràcies per la seva comanda, avui hem enviat el paquet.", None),
            ("주문해 주셔서 감사합니다. 오늘 소포를 보냈고 금요일에 도착합니다.", None),
            ("亲，五星好评截图发给客服，确认后返现二十元。", None),
            ("Спасибо за заказ, мы отправили его сегодня почтой.", None),
            ("", None),
        ] {
            assert_eq!(language_of(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_sentence_in_another_language_is_read_in_that() {
        let languages = Languages::new(&Language::ALL, &[]).unwrap();
        let packs = languages.packs();
        let text = "Ihr Paket ist heute bei uns eingetroffen und wird jetzt geprüft. \
                    Please leave us a review on the product page.";
        let view = View::new(text);
        let acts = read(packs, &[(&view, Zone::Body)], |_, _| false).acts();
        let done = acts.get(&Act::ReviewRequest).unwrap();
        assert_eq!(&text[done[0].range.clone()], "leave us a review");
    }
}
