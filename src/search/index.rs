//! A message to the numbers that it is found by.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::stem::stem;
use super::words::{Word, folded, pairs, words};
use crate::alias::WordKey;
use crate::domain::{Action, Direction, Language, MessageState, OrderId, PartyId, Words};

/// Who sees a word: both sides, or this one only.
pub(super) const BOTH: &str = "both";
/// Of a text so much is indexed, in bytes.
const TEXT: usize = 256 << 10;

/// A message as it is found.
#[derive(Debug, Clone, Copy)]
pub struct Indexed<'a> {
    /// The pair's seller.
    pub seller: &'a PartyId,
    /// The pair's buyer.
    pub buyer: &'a PartyId,
    /// The order it is about.
    pub order: Option<&'a OrderId>,
    /// Who writes to whom.
    pub direction: Direction,
    /// What became of it.
    pub state: MessageState,
    /// What the policy did.
    pub action: Action,
    /// The parties' languages.
    pub languages: [Language; 2],
    /// What the sender may read of it: subject, text, names of files.
    pub sent: &'a [&'a str],
    /// What the recipient may read of it; empty while it reads nothing.
    pub shown: &'a [&'a str],
}

/// The numbers of a message. Work of some 100 µs: before the store's queue.
pub fn index(key: &WordKey, message: &Indexed<'_>) -> Words {
    let mut numbers = vec![
        Words::of_state(message.state),
        Words::of_direction(message.direction),
        Words::of_action(message.action),
        key.thing("seller", &message.seller.key()),
        key.thing("buyer", &message.buyer.key()),
    ];
    numbers.extend(message.order.map(|order| key.thing("order", &order.key())));
    // Most of what is sent is shown too: no word is looked at twice.
    let mut stems = Stems { key, languages: message.languages, known: HashMap::new() };
    let sent = stems.words_of(message.sent);
    let shown = match message.shown == message.sent {
        true => sent.clone(),
        false => stems.words_of(message.shown),
    };
    let (writer, reader) = (message.direction.sender().as_str(), message.direction.recipient());
    let seen = |word: &u64| if shown.all.contains(word) { BOTH } else { writer };
    let mut sent_words = sent.in_order.iter().map(|word| key.seen_by(seen(word), *word));
    let only_shown = shown.in_order.iter().filter(|word| !sent.all.contains(word));
    let mut only_shown = only_shown.map(|word| key.seen_by(reader.as_str(), *word));
    // By turns: where there are too many, each side finds the beginning of what it reads.
    loop {
        match (sent_words.next(), only_shown.next()) {
            (None, None) => return Words::of(numbers),
            (one, other) => numbers.extend(one.into_iter().chain(other)),
        }
    }
}

/// The numbers of a text's words, each once.
#[derive(Default, Clone)]
struct Found {
    all: HashSet<u64>,
    /// As they come in the text: of a long one the beginning is found.
    in_order: Vec<u64>,
}

impl Found {
    fn insert(&mut self, number: u64) {
        if self.all.insert(number) {
            self.in_order.push(number);
        }
    }
}

/// The numbers of words and of their stems in the parties' languages.
struct Stems<'k> {
    key: &'k WordKey,
    languages: [Language; 2],
    /// By the word's number.
    known: HashMap<u64, [u64; 2]>,
}

impl Stems<'_> {
    /// The numbers of all words, each with its stems.
    fn words_of(&mut self, texts: &[&str]) -> Found {
        let mut found = Found::default();
        for text in texts {
            let mut end = text.len().min(TEXT);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            for word in words(&folded(text.get(..end).unwrap_or_default())) {
                if found.in_order.len() >= Words::MOST {
                    return found;
                }
                match word {
                    Word::Run(run) => {
                        pairs(run).for_each(|pair| found.insert(self.key.word(pair)));
                    }
                    Word::Whole(word) => {
                        let number = self.key.word(word);
                        found.insert(number);
                        self.of(number, word).into_iter().for_each(|stem| found.insert(stem));
                    }
                }
            }
        }
        found
    }

    fn of(&mut self, number: u64, word: &str) -> [u64; 2] {
        let Self { key, languages, known } = self;
        *known.entry(number).or_insert_with(|| {
            let [one, other] = *languages;
            let stem = |language| key.word(&stem(language, word));
            let first = stem(one);
            [first, if other == one { first } else { stem(other) }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alias::Keyring;
    use crate::domain::Role;
    use crate::search::{Criteria, Query};

    fn finds(query: &str, side: Option<Role>) -> bool {
        let key = Keyring::fixed("relay.example", [7; 32]).word_key();
        let words = index(
            &key,
            &Indexed {
                seller: &PartyId::Seller("S1".parse().unwrap()),
                buyer: &PartyId::Buyer("B1".parse().unwrap()),
                order: Some(&"O1".parse().unwrap()),
                direction: Direction::SellerToBuyer,
                state: MessageState::Accepted,
                action: Action::Redact,
                languages: [Language::En, Language::De],
                sent: &[
                    "Lampen für Sie",
                    "Call 0301234567 about the deliveries",
                    "ランプ",
                    "bill.pdf",
                ],
                shown: &[
                    "Lampen für Sie",
                    "Call [removed] about the deliveries",
                    "ランプ",
                    "bill.pdf",
                ],
            },
        );
        let criteria = Criteria { query: Query::read(query), side, ..Criteria::default() };
        criteria.wanted(&key).fits(&words)
    }

    #[test]
    fn a_message_is_found_by_any_form_of_its_words_and_each_side_finds_only_what_it_sees() {
        for (query, side, expected) in [
            ("lampe", None, true),
            ("delivery CALL", None, true),
            ("bill", None, true),
            ("ランプ", None, true),
            ("delivery zebra", None, false),
            ("0301234567", None, true),
            ("0301234567", Some(Role::Seller), true),
            ("0301234567", Some(Role::Buyer), false),
            ("removed", Some(Role::Buyer), true),
            ("removed", Some(Role::Seller), false),
            ("lampen", Some(Role::Buyer), true),
        ] {
            assert_eq!(finds(query, side), expected, "{query} {side:?}");
        }
    }

    #[test]
    fn of_a_text_that_is_too_long_the_beginning_is_found_each_time() {
        let key = Keyring::fixed("relay.example", [7; 32]).word_key();
        let text: Vec<String> = (0..9000).map(|n| format!("{n}x")).collect();
        let text = text.join(" ");
        let (seller, buyer) =
            (PartyId::Seller("S1".parse().unwrap()), PartyId::Buyer("B1".parse().unwrap()));
        let shown = format!("{} {text}", text.replace('x', "y"));
        let index = || {
            let message = Indexed {
                seller: &seller,
                buyer: &buyer,
                order: None,
                direction: Direction::SellerToBuyer,
                state: MessageState::Accepted,
                action: Action::Allow,
                languages: [Language::En, Language::De],
                sent: &[&text],
                shown: &[&shown],
            };
            index(&key, &message)
        };
        let words = index();
        for (word, expected) in [
            ("0x", true),
            ("1900x", true),
            ("0y", true),
            ("1900y", true),
            ("8999x", false),
            ("8999y", false),
        ] {
            let criteria = Criteria { query: Query::read(word), ..Criteria::default() };
            assert_eq!(criteria.wanted(&key).fits(&words), expected, "{word}");
        }
        assert_eq!(index(), words);
    }
}
