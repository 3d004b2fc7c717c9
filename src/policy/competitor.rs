//! Rule `competitor`: names and domains of other marketplaces, from the config. Whole words, also
//! disguised. What else such a domain or address is, its own rule says as well.

use crate::domain::Certainty;

use super::found::Found;
use super::names::Names;
use super::tokens::Tokens;
use super::view::View;

/// The names and domains of the config.
#[derive(Debug, Clone, Default)]
pub(super) struct Competitors {
    names: Names,
    /// For each whether it is a domain.
    domains: Vec<bool>,
}

impl Competitors {
    /// From `policy.competitors`.
    pub fn new(listed: &[String]) -> Self {
        let names = Names::new(listed.iter().map(String::as_str), false);
        let domain = |name: &String| name.contains('.') && !name.contains(' ');
        Self { names, domains: listed.iter().map(domain).collect() }
    }

    /// Every mention.
    pub fn find(&self, view: &View<'_>, tokens: &Tokens<'_>) -> Vec<Found> {
        let mentions = self.names.find(view, tokens).into_iter().filter(|mention| {
            let domain = self.domains.get(mention.name).copied().unwrap_or_default();
            let end = mention.tokens.end;
            // "megabay.example.org" is not under megabay.example.
            !(domain && tokens.is_mark(end, '.') && tokens.word(end + 1).is_some())
        });
        let found = mentions.map(|mention| tokens.bytes(&mention.tokens));
        found.map(|range| Found { certainty: Certainty::Certain, range }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &[&str]) {
        let listed = ["MegaBay", "Cartoon Bazaar", "Shoply", "handelsplatz.example"];
        let competitors = Competitors::new(&listed.map(str::to_owned));
        let view = View::new(text);
        let tokens = Tokens::new(&view.text);
        let found = competitors.find(&view, &tokens);
        let found: Vec<&str> = found.iter().map(|f| view.words(&f.range)).collect();
        assert_eq!(found, words, "{text}");
    }

    #[test]
    fn a_competitor_is_found_as_a_whole_word_in_any_disguise_and_language() {
        for (text, words) in [
            ("also on MegaBay, cheaper", "MegaBay"),
            ("MEGABAY", "MEGABAY"),
            ("auf Mega-Bay günstiger", "Mega-Bay"),
            ("chez M3gaB4y", "M3gaB4y"),
            ("en Cartoon  Bazaar", "Cartoon  Bazaar"),
            ("su CartoonBazaar", "CartoonBazaar"),
            ("na Shоply.", "Shоply"),
            ("na MegaBayu taniej", "MegaBayu"),
            ("op S h o p l y", "S h o p l y"),
            ("シェアはMegaBayで", "MegaBay"),
            ("www.shoply.example/x", "shoply"),
            ("see www.handelsplatz.example/x", "handelsplatz.example"),
            ("an info@handelsplatz.example", "handelsplatz.example"),
            ("handelsplatz[.]example", "handelsplatz[.]example"),
        ] {
            check(text, &[words]);
        }
    }

    #[test]
    fn a_word_that_holds_a_competitor_s_name_is_none() {
        for text in [
            "MegaBayonet ring, Shoplynx gun",
            "a mega bay window",
            "a cartoon from the bazaar",
            "Cartoon for the Bazaar",
            "shop ly",
            "handelsplatz.example.org",
            "Handelsplatz",
        ] {
            check(text, &[]);
        }
    }
}
