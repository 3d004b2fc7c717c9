//! What is searched for.

use super::index::BOTH;
use super::stem::stem;
use super::words::{Word, folded, pairs, words};
use crate::alias::WordKey;
use crate::domain::{
    Action, BuyerId, Direction, Language, MessageId, MessageState, OrderId, Role, SellerId,
    Timestamp, Wanted, Words,
};

/// The words of a search, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
    /// Runs of characters that must stand in the text as they are, folded: the numbers of their
    /// words tell only that all of these are there.
    pub(super) phrases: Vec<String>,
}

/// Words of which one must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term(Vec<String>);

/// Everything that a search asks for. All that is set must fit.
#[derive(Debug, Clone, Default)]
pub struct Criteria {
    /// The words.
    pub query: Query,
    /// What this side may see; none: everything.
    pub side: Option<Role>,
    /// About this order.
    pub order: Option<OrderId>,
    /// To or from this seller.
    pub seller: Option<SellerId>,
    /// To or from this buyer.
    pub buyer: Option<BuyerId>,
    /// Who writes to whom.
    pub direction: Option<Direction>,
    /// What became of it.
    pub state: Option<MessageState>,
    /// What the policy did.
    pub action: Option<Action>,
    /// Not older.
    pub since: Option<Timestamp>,
    /// Older.
    pub until: Option<Timestamp>,
    /// Only those older than this one: the last of the page before.
    pub before: Option<MessageId>,
    /// At most this many.
    pub limit: u32,
}

impl Query {
    /// Reads what somebody types: words that must all be there, in any form and order; words in
    /// double quotes stand together in this order and form.
    pub fn read(text: &str) -> Self {
        let mut query = Self::default();
        for (n, piece) in text.split('"').enumerate() {
            let folded = folded(piece);
            let quoted = n % 2 == 1;
            let before = query.terms.len();
            for word in words(&folded) {
                query.add(word, quoted);
            }
            if quoted && query.terms.len() > before {
                query.phrases.push(spaced(&folded));
            }
        }
        query
    }

    fn add(&mut self, word: Word<'_>, quoted: bool) {
        match word {
            Word::Run(run) => {
                let mut characters = run.chars();
                let single = characters.next().is_some() && characters.next().is_none();
                // The pairs tell what their characters tell.
                let pairs = pairs(run).filter(|p| single || p.chars().nth(1).is_some());
                self.terms.extend(pairs.map(|pair| Term(vec![pair.to_owned()])));
                if run.chars().nth(2).is_some() && !quoted {
                    self.phrases.push(run.to_owned());
                }
            }
            Word::Whole(word) if quoted => self.terms.push(Term(vec![word.to_owned()])),
            Word::Whole(word) => {
                // In which language it is searched nobody knows.
                let stems = Language::ALL.iter().map(|language| stem(*language, word).into_owned());
                let mut forms: Vec<String> = stems.chain([word.to_owned()]).collect();
                forms.sort_unstable();
                forms.dedup();
                self.terms.push(Term(forms));
            }
        }
    }

    /// Whether there is no word in it.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Every word that a snippet may show, folded.
    pub(super) fn forms(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().flat_map(|term| &term.0).map(String::as_str)
    }
}

/// A text with one space between its words and nothing else, for comparing phrases.
pub(super) fn spaced(folded: &str) -> String {
    let mut text = String::with_capacity(folded.len());
    for word in words(folded) {
        let (Word::Whole(word) | Word::Run(word)) = word;
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

impl Criteria {
    /// As numbers.
    pub(super) fn wanted(&self, key: &WordKey) -> Wanted {
        let things = [
            self.order.as_ref().map(|order| key.thing("order", &order.key())),
            self.buyer.as_ref().map(|buyer| key.thing("buyer", &buyer.key())),
            self.seller.as_ref().map(|seller| key.thing("seller", &seller.key())),
            self.direction.map(Words::of_direction),
            self.state.map(Words::of_state),
            self.action.map(Words::of_action),
        ];
        let mut wanted: Vec<Vec<u64>> = things.into_iter().flatten().map(|n| vec![n]).collect();
        if let Some(side) = self.side {
            // Its own messages, and what came through to it.
            let own = Words::of_direction(Direction::from_sender(side));
            wanted.push(vec![own, Words::of_state(MessageState::Accepted)]);
        }
        let sides: &[&str] = match self.side {
            Some(Role::Seller) => &[BOTH, Role::Seller.as_str()],
            Some(Role::Buyer) => &[BOTH, Role::Buyer.as_str()],
            None => &[BOTH, Role::Seller.as_str(), Role::Buyer.as_str()],
        };
        for Term(forms) in &self.query.terms {
            let words = forms.iter().map(|form| key.word(form));
            wanted.push(words.flat_map(|w| sides.iter().map(move |s| key.seen_by(s, w))).collect());
        }
        Wanted(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<Vec<String>> {
        Query::read(text).terms.into_iter().map(|term| term.0).collect()
    }

    #[test]
    fn words_are_found_in_their_forms_and_quoted_ones_as_they_are() {
        let forms = &terms("Deliveries")[0];
        assert!(
            ["deliveries", "deliveri"].iter().all(|f| forms.iter().any(|g| g == f)),
            "{forms:?}"
        );
        assert_eq!(terms("\"Brass lamps\""), [["brass"], ["lamps"]]);
        assert_eq!(Query::read("a \"Brass  Lamps\"").phrases, ["brass lamps"]);
        assert!(Query::read(" ?! \"\" ").is_empty());
    }

    #[test]
    fn unspaced_words_are_found_by_their_pairs_and_held_against_the_text() {
        assert_eq!(terms("ランプ"), [["ラン"], ["ンプ"]]);
        assert_eq!(Query::read("ランプ").phrases, ["ランプ"]);
        assert_eq!(terms("灯"), [["灯"]]);
        assert!(Query::read("注文").phrases.is_empty(), "a pair tells all");
    }
}
