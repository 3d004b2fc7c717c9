//! The packs of all languages, compiled once.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use foldhash::{HashMap, HashMapExt as _, HashSet};
use serde::Deserialize;
use toml::Spanned;

use super::entry::pieces;
use super::grammar::{Act, Classes, Formula};
use super::lexicon::{Class, Lexicon};
use super::pack::{File, PackError, Source, Tag};
use super::words::cut;
use crate::domain::{Language, MessageKind, is_unseen};
use crate::policy::view::folded;

/// The languages of this build, each with its file.
const BUILT: [(&str, &str); 9] = [
    ("en", include_str!("../data/languages/en.toml")),
    ("de", include_str!("../data/languages/de.toml")),
    ("fr", include_str!("../data/languages/fr.toml")),
    ("es", include_str!("../data/languages/es.toml")),
    ("it", include_str!("../data/languages/it.toml")),
    ("pt", include_str!("../data/languages/pt.toml")),
    ("nl", include_str!("../data/languages/nl.toml")),
    ("pl", include_str!("../data/languages/pl.toml")),
    ("ja", include_str!("../data/languages/ja.toml")),
];

/// How people behave towards one another, apart from what messages are for: a second file of each
/// language.
const CONDUCT: [(&str, &str); 9] = [
    ("en", include_str!("../data/languages/conduct/en.toml")),
    ("de", include_str!("../data/languages/conduct/de.toml")),
    ("fr", include_str!("../data/languages/conduct/fr.toml")),
    ("es", include_str!("../data/languages/conduct/es.toml")),
    ("it", include_str!("../data/languages/conduct/it.toml")),
    ("pt", include_str!("../data/languages/conduct/pt.toml")),
    ("nl", include_str!("../data/languages/conduct/nl.toml")),
    ("pl", include_str!("../data/languages/conduct/pl.toml")),
    ("ja", include_str!("../data/languages/conduct/ja.toml")),
];

const GRAMMAR: (&str, &str) = ("grammar.toml", include_str!("../data/languages/grammar.toml"));

/// Common words of languages without a pack, by code.
const OTHERS: &str = include_str!("../data/languages/others.toml");

/// Most languages that are told apart.
const TONGUES: usize = 64;

/// One language.
#[derive(Debug, Clone, Default)]
pub(super) struct Pack {
    pub code: String,
    pub common: HashSet<String>,
    pub formulas: Vec<Formula>,
    entries: Vec<(Class, String)>,
    lexicon: OnceLock<Lexicon>,
}

impl Pack {
    /// Japanese writes no blanks between words.
    pub fn is_blankless(&self) -> bool {
        self.code == "ja"
    }

    /// Its phrases, compiled when the first text in the language comes.
    pub fn lexicon(&self) -> &Lexicon {
        self.lexicon.get_or_init(|| {
            let mut lexicon = Lexicon::default();
            for (class, entry) in &self.entries {
                if self.is_blankless() {
                    lexicon.add_run(*class, entry);
                } else if let Ok(pieces) = pieces(entry) {
                    lexicon.add(*class, pieces);
                }
            }
            lexicon.fit();
            lexicon
        })
    }
}

/// All languages that are judged in.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Packs {
    pub(super) classes: Classes,
    pub(super) packs: Vec<Pack>,
    /// What holds in every language.
    pub(super) formulas: Vec<Formula>,
    /// Languages that are told apart and not judged in: their codes and common words.
    others: Vec<(String, HashSet<String>)>,
    tongues: OnceLock<HashMap<String, u64>>,
    tags: HashMap<String, Tag>,
}

/// The packs of this build: read once, when the first text comes. A test reads them too; if they
/// could not be read every proactive message would be held.
static OWN: LazyLock<Packs> = LazyLock::new(|| Packs::built(false).unwrap_or_default());

/// Which packs a config chooses; none: those of this build, all of them.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Languages(Option<Arc<Packs>>);

impl Languages {
    /// The languages named, with the admin's own files (name and text).
    pub fn new(languages: &[Language], own: &[(String, String)]) -> Result<Self, PackError> {
        let all = BUILT.iter().all(|(code, _)| languages.iter().any(|l| l.code() == *code));
        if all && own.is_empty() {
            return Ok(Self(None));
        }
        Packs::chosen(languages, own).map(|packs| Self(Some(Arc::new(packs))))
    }

    /// The packs themselves.
    pub fn packs(&self) -> &Packs {
        self.0.as_deref().unwrap_or(&OWN)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GrammarFile {
    acts: BTreeMap<String, Spanned<String>>,
}

impl Packs {
    /// Those of this build; `check` reads every phrase of them, too.
    fn built(check: bool) -> Result<Self, PackError> {
        let mut packs = Self::grammar()?;
        let source = Source { file: "others.toml", text: OTHERS };
        let others: BTreeMap<String, String> = toml::from_str(OTHERS)
            .map_err(|e| source.wrong(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        packs.others = others.into_iter().map(|(code, words)| (code, words_of(&words))).collect();
        for (code, text) in BUILT.into_iter().chain(CONDUCT) {
            packs.add(&Source { file: code, text }, check)?;
        }
        Ok(packs)
    }

    fn chosen(languages: &[Language], own: &[(String, String)]) -> Result<Self, PackError> {
        let mut packs = OWN.clone();
        let mut added = vec![];
        for (file, text) in own {
            added.push(packs.add(&Source { file, text }, true)?);
        }
        let built = |code: &str| BUILT.iter().any(|(built, _)| *built == code);
        let judged = |pack: &Pack| {
            languages.iter().any(|l| l.code() == pack.code)
                || (added.contains(&pack.code) && !built(&pack.code))
        };
        let (judged, left): (Vec<Pack>, Vec<Pack>) = packs.packs.into_iter().partition(judged);
        packs.others.extend(left.into_iter().map(|pack| (pack.code, pack.common)));
        packs.packs = judged;
        packs.tongues = OnceLock::new();
        Ok(packs)
    }

    /// How many languages are told apart; the first are the packs'.
    pub(super) fn told_apart(&self) -> usize {
        (self.packs.len() + self.others.len()).min(TONGUES)
    }

    /// In which languages a folded word is a common one: a bit for each, the packs first.
    pub(super) fn tongues(&self, word: &str) -> u64 {
        let tongues = self.tongues.get_or_init(|| {
            let packs = self.packs.iter().map(|pack| (&pack.code, &pack.common));
            let others = self.others.iter().map(|(code, common)| (code, common));
            let spoken = |code: &String| self.packs.iter().any(|pack| pack.code == *code);
            let mut words: HashMap<String, u64> = HashMap::new();
            for (at, (code, common)) in packs.chain(others).take(TONGUES).enumerate() {
                if at >= self.packs.len() && spoken(code) {
                    continue;
                }
                for word in common {
                    *words.entry(word.clone()).or_default() |= 1 << at;
                }
            }
            words
        });
        tongues.get(word).copied().unwrap_or_default()
    }

    fn grammar() -> Result<Self, PackError> {
        let source = Source { file: GRAMMAR.0, text: GRAMMAR.1 };
        let file: GrammarFile = toml::from_str(source.text)
            .map_err(|e| source.wrong(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let mut classes = Classes::default();
        let formulas = formulas(&source, &file.acts, &mut classes)?;
        Ok(Self { classes, formulas, ..Self::default() })
    }

    /// Takes a file up; the code of its language. `check` reads its phrases at once.
    fn add(&mut self, source: &Source<'_>, check: bool) -> Result<String, PackError> {
        let file: File = source.parse()?;
        let code = file.language.get_ref().clone();
        let plain = code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
        if !plain {
            let wrong = format!("{code:?} is no language; write two small letters, such as \"de\"");
            return Err(source.wrong(file.language.span().start, wrong));
        }
        if file.replace {
            self.packs.retain(|pack| pack.code != code);
        }
        let at = self.packs.iter().position(|pack| pack.code == code);
        let mut pack = match at {
            Some(at) => self.packs.swap_remove(at),
            None => Pack { code: code.clone(), ..Pack::default() },
        };
        pack.lexicon = OnceLock::new();
        if let Some(common) = &file.common {
            for (words, _) in source.entries(common) {
                pack.common.extend(words_of(words));
            }
        }
        for (name, value) in &file.classes {
            self.class(source, &mut pack, (name, value), check)?;
        }
        pack.formulas.extend(formulas(source, &file.acts, &mut self.classes)?);
        for (name, value) in &file.tags {
            let tag = Tag::parse(name).map_err(|wrong| source.wrong(value.span().start, wrong))?;
            for (word, _) in source.entries(value) {
                self.tags.insert(lettered(word), tag);
            }
        }
        self.packs.push(pack);
        Ok(code)
    }

    fn class(
        &mut self,
        source: &Source<'_>,
        pack: &mut Pack,
        (name, value): (&str, &Spanned<String>),
        check: bool,
    ) -> Result<(), PackError> {
        let class =
            self.classes.add(name).map_err(|wrong| source.wrong(value.span().start, wrong))?;
        for (entry, at) in source.entries(value) {
            if check && !pack.is_blankless() {
                pieces(entry).map_err(|wrong| source.wrong(at, wrong))?;
            }
            pack.entries.push((class, entry.to_owned()));
        }
        Ok(())
    }

    /// What a tag in brackets at the start of a new subject names; Japanese writes 【】 for them.
    pub(super) fn tag(&self, subject: &str) -> Option<Tag> {
        let subject = subject.trim_start_matches(|c: char| c.is_whitespace() || is_unseen(c));
        let (tag, _) = subject.strip_prefix(['[', '［', '【'])?.split_once([']', '］', '】'])?;
        self.tags.get(&lettered(tag)).copied()
    }

    /// The kinds of message that a tag at the start of a new subject names. Behind "Re:" it is
    /// quoting.
    pub fn named_by(&self, subject: &str) -> Vec<MessageKind> {
        match self.tag(subject) {
            Some(Tag::Important) => MessageKind::IMPORTANT.to_vec(),
            Some(Tag::Kind(kind)) => vec![kind],
            None => vec![],
        }
    }

    /// Whether a subject begins with a tag that says the message is important.
    pub fn is_important(&self, subject: &str) -> bool {
        self.tag(subject) == Some(Tag::Important)
    }
}

/// The letters of a tag, whatever stands between them; figures and marks that look like a letter are
/// it.
fn lettered(tag: &str) -> String {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' | 'l' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        c => c,
    };
    folded(tag).chars().map(letter).filter(|c| c.is_alphanumeric()).collect()
}

fn words_of(text: &str) -> HashSet<String> {
    let text = folded(text);
    cut(&text).into_iter().filter_map(|word| text.get(word)).map(str::to_owned).collect()
}

fn formulas(
    source: &Source<'_>,
    acts: &BTreeMap<String, Spanned<String>>,
    classes: &mut Classes,
) -> Result<Vec<Formula>, PackError> {
    let mut all = vec![];
    for (name, value) in acts {
        let act: Act = name.parse().map_err(|wrong| source.wrong(value.span().start, wrong))?;
        for (line, at) in source.entries(value) {
            let formula = Formula::parse(act, line, classes);
            all.push(formula.map_err(|wrong| source.wrong(at, wrong))?);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> Vec<(String, String)> {
        vec![("own.toml".to_owned(), text.to_owned())]
    }

    #[test]
    fn every_class_of_the_grammar_has_words_in_every_language() {
        let packs = Packs::built(true).unwrap();
        assert_eq!(packs.packs.len(), Language::ALL.len());
        let grammar: GrammarFile = toml::from_str(GRAMMAR.1).unwrap();
        let found = ["question", "number", "code", "stars", "marketplace-staff"];
        for line in grammar.acts.values().flat_map(|v| v.get_ref().lines()) {
            let words = line.trim_start_matches('?').split([' ', '/']);
            let names = words.filter(|w| !w.is_empty() && !["+", "&", "-", "+~", "-~"].contains(w));
            for name in names.filter(|name| !found.contains(name)) {
                for (code, text) in BUILT {
                    let conduct = CONDUCT.iter().find(|(other, _)| *other == code).unwrap().1;
                    let files = [text, conduct].map(|text| Source { file: code, text }.parse());
                    let has = files.into_iter().any(|f| f.unwrap().classes.contains_key(name));
                    assert!(has, "{code} has no words of {name:?}");
                }
            }
        }
    }

    #[test]
    fn a_file_of_one_s_own_adds_to_a_language_or_stands_in_its_place() {
        let text = "language = \"de\"\n[classes]\nreview = \"feldtest\"\n";
        let built = Packs::built(false).unwrap();
        let added = Packs::chosen(&Language::ALL, &own(text)).unwrap();
        assert_eq!(added.packs.len(), built.packs.len());
        let german = |packs: &Packs| packs.packs.iter().find(|p| p.code == "de").unwrap().clone();
        assert_eq!(german(&added).common, german(&built).common);
        let replaced = format!("replace = true\n{text}");
        let replaced = Packs::chosen(&Language::ALL, &own(&replaced)).unwrap();
        assert!(german(&replaced).common.is_empty());
        // A language that this build does not have is judged in because its file is named.
        let danish = "language = \"da\"\ncommon = \"og det er\"\n";
        let danish = Packs::chosen(&[Language::En], &own(danish)).unwrap();
        let codes: Vec<&str> = danish.packs.iter().map(|p| p.code.as_str()).collect();
        assert_eq!(codes, ["en", "da"]);
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_line_and_column() {
        let check = |text: &str, place: &str, words: &str| {
            let wrong = Packs::chosen(&Language::ALL, &own(text)).unwrap_err().to_string();
            assert!(wrong.starts_with(place) && wrong.contains(words), "{wrong}");
        };
        check("language = \"de\"\nwords = 1\n", "own.toml:2:1: ", "words");
        check("language = \"german\"\n", "own.toml:1:12: ", "two small letters");
        let classes = |line: &str| format!("language = \"de\"\n[classes]\n{line}\n");
        check(&classes("review = \"gut | (schlecht\""), "own.toml:3:17: ", "without its )");
        check(
            &classes("review = \"\"\"\ngut\nsehr ..\n\"\"\""),
            "own.toml:5:1: ",
            "ends with a gap",
        );
        check(&classes("Review = \"gut\""), "own.toml:3:10: ", "no name of a class");
        check("language = \"de\"\n[acts]\ncheer = \"a\"\n", "own.toml:3:9: ", "no act; acts are");
        check("language = \"de\"\n[acts]\nthanks = \"a b\"\n", "own.toml:3:11: ", "lacks + or -");
        check("language = \"de\"\n[tags]\nhello = \"hallo\"\n", "own.toml:3:9: ", "named by a tag");
    }

    #[test]
    fn a_tag_names_what_a_message_is_in_every_language() {
        let packs = Packs::built(false).unwrap();
        for (subject, expected) in [
            ("[Important] Your colour", true),
            (" [ WICHTIG ]Ihre Farbe", true),
            ("[Ważne] Kolor", true),
            ("[重要] お色", true),
            ("【重要】お色", true),
            ("［重 要］お色", true),
            ("[Imp0rtant] Your colour", true),
            ("[lmportant] Your colour", true),
            ("[I m p o r t a n t] Your colour", true),
            ("[Impоrt\u{200b}ant] Your colour", true), // Cyrillic о
            ("[Unimportant] Your colour", false),
            ("[Invoice] O1", false),
            ("Re: [Important] Your colour", false),
            ("Important: your colour", false),
            ("(Important) your colour", false),
            ("Your colour [Important]", false),
            ("[Important your colour", false),
        ] {
            assert_eq!(packs.is_important(subject), expected, "{subject}");
        }
        for subject in
            ["[Rechnung] O1", "[ facture ]O1", "[請求書] O1", "[Fattura] O1", "[Faktura] O1"]
        {
            assert_eq!(packs.named_by(subject), [MessageKind::Invoice], "{subject}");
        }
        assert_eq!(packs.named_by("[Wichtig] Farbe"), MessageKind::IMPORTANT);
        assert_eq!(packs.named_by("Re: [Rechnung] O1"), []);
    }
}
