//! Speech acts as formulas over classes of words, the same in every language.
//!
//! `review + ask/tell - technical -~proof`: a word of `review` and one of `ask` or `tell` stand in
//! the sentence, none of `technical`, and none of `proof` in it or in a sentence beside it; `+~`
//! is the same for what must be there. `review & tell`: both stand in one clause of the sentence. A
//! formula that begins with `?` is only likely.

use std::str::FromStr;

use foldhash::{HashMap, HashMapExt as _};

use super::lexicon::Class;
use super::mask::{CLASSES, Mask};

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// What a sentence does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(in crate::policy) enum Act { $($(#[$doc])* $name,)* }

        impl Act {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }
        }
    };
}

acts! {
    /// Asks for, to change or to remove a review.
    ReviewRequest = "review-request",
    /// Advertises.
    Advertising = "advertising",
    /// Asks to opt out or in.
    OptOut = "opt-out",
    /// Thanks.
    Thanks = "thanks",
    /// Says that the order has come in, is under way or has arrived.
    Shipment = "shipment",
    /// Offers help.
    Offer = "offer",
    /// About what the buyer wants made.
    Customization = "customization",
    /// About when it can be brought.
    DeliveryScheduling = "delivery-scheduling",
    /// About where it goes.
    AddressCorrection = "address-correction",
    /// Asks about the order.
    OrderQuestion = "order-question",
    /// Says that something went wrong.
    Problem = "unexpected-problem",
    /// Brings an invoice.
    Invoice = "invoice",
    /// Brings a warranty.
    Warranty = "warranty",
    /// Says how to use it.
    Instructions = "instructions",
    /// Says what the law says must be told.
    Legal = "legal-disclosure",
    /// Brings a key to what was bought.
    Key = "digital-access-key",
    /// A hint at instructions; two of them are some.
    Step = "step",
    /// Threatens, harasses.
    Abuse = "abuse",
    /// Demands something, or else a bad review.
    Extortion = "feedback-extortion",
    /// Poses as the marketplace.
    Impersonation = "impersonation",
}

impl FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|a| a.as_str() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|a| a.as_str()).collect();
            format!("{text:?} is no act; acts are: {}", all.join(", "))
        })
    }
}

/// Classes that are found without words of a language.
pub(super) const QUESTION: &str = "question";
pub(super) const CODE: &str = "code";
pub(super) const NUMBER: &str = "number";
pub(super) const STARS: &str = "stars";
/// Words that begin another clause.
pub(super) const CLAUSE: &str = "clause";
/// Words above the sender's name.
pub(super) const CLOSING: &str = "closing";
/// What joins the classes of a formula.
const SIGNS: [&str; 5] = ["+", "&", "-", "+~", "-~"];
/// The marketplace by its name; a pack adds what it is called beside.
pub(in crate::policy) const MARKETPLACE: &str = "marketplace";
/// Staff of the marketplace: who works there, directly beside its name.
pub(in crate::policy) const MARKETPLACE_STAFF: &str = "marketplace-staff";

/// The classes by their names.
#[derive(Debug, Clone)]
pub(super) struct Classes(HashMap<String, Class>);

impl Default for Classes {
    fn default() -> Self {
        let mut classes = Self(HashMap::new());
        for name in [QUESTION, CODE, NUMBER, STARS, CLAUSE, CLOSING, MARKETPLACE, MARKETPLACE_STAFF]
        {
            drop(classes.add(name));
        }
        classes
    }
}

impl Classes {
    /// The number of a class; a new one where there is none of that name.
    pub fn add(&mut self, name: &str) -> Result<Class, String> {
        if let Some(class) = self.0.get(name) {
            return Ok(*class);
        }
        let good = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if !good || name.is_empty() || name.starts_with('-') {
            return Err(format!("{name:?} is no name of a class: write a-z and -"));
        }
        if self.0.len() >= CLASSES {
            return Err(format!("{name:?} is one class more than the {CLASSES} that there can be"));
        }
        let class = Class::try_from(self.0.len()).unwrap_or(Class::MAX);
        self.0.insert(name.to_owned(), class);
        Ok(class)
    }

    /// The number of a class.
    pub fn class(&self, name: &str) -> Option<Class> {
        self.0.get(name).copied()
    }

    /// The bit of a class.
    pub fn bit(&self, name: &str) -> Mask {
        self.class(name).map(Mask::of).unwrap_or_default()
    }
}

/// When an act is there.
#[derive(Debug, Clone)]
pub(super) struct Formula {
    pub act: Act,
    pub likely: bool,
    /// Of each of these one stands in the sentence.
    pub here: Vec<Mask>,
    /// Of each of these one stands in the same clause of it.
    pub clause: Vec<Mask>,
    /// Of each of these one stands in the sentence or beside it.
    pub near: Vec<Mask>,
    pub not_here: Mask,
    pub not_near: Mask,
}

impl Formula {
    /// Reads one line.
    pub fn parse(act: Act, line: &str, classes: &mut Classes) -> Result<Self, String> {
        let (likely, line) = match line.trim().strip_prefix('?') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let mut formula = Self {
            act,
            likely,
            here: vec![],
            clause: vec![],
            near: vec![],
            not_here: Mask::default(),
            not_near: Mask::default(),
        };
        let mut sign = "+";
        let mut words = line.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if SIGNS.contains(&word) {
                sign = word;
                if words.peek().is_none() {
                    return Err(format!("{line:?} ends with a sign"));
                }
                continue;
            }
            let mut mask = Mask::default();
            for name in word.split('/') {
                mask |= Mask::of(classes.add(name)?);
            }
            match sign {
                "+" => formula.here.push(mask),
                // The first `&` binds what stands before it, too.
                "&" => {
                    if formula.clause.is_empty() {
                        formula.clause.extend(formula.here.last());
                    }
                    formula.here.push(mask);
                    formula.clause.push(mask);
                }
                "+~" => formula.near.push(mask),
                "-" => formula.not_here |= mask,
                _ => formula.not_near |= mask,
            }
            sign = "";
            if let Some(next) = words.peek()
                && !SIGNS.contains(next)
            {
                return Err(format!("{line:?} lacks + or - before {next:?}"));
            }
        }
        if formula.here.is_empty() {
            return Err(format!("{line:?} asks for nothing in the sentence"));
        }
        Ok(formula)
    }

    /// Whether the act is in a sentence that holds `here` and whose clauses hold `clauses`, between
    /// sentences that hold `near`.
    pub fn holds(&self, here: Mask, clauses: &[Mask], near: Mask) -> bool {
        let near = here | near;
        let in_one = |clause: &Mask| self.clause.iter().all(|mask| clause.meets(*mask));
        self.here.iter().all(|mask| here.meets(*mask))
            && self.near.iter().all(|mask| near.meets(*mask))
            && !here.meets(self.not_here)
            && (self.clause.is_empty() || clauses.iter().any(in_one))
            && !near.meets(self.not_near)
    }

    /// The classes that it asks for in the sentence.
    pub fn asks_for(&self) -> Mask {
        self.here.iter().fold(Mask::default(), |all, mask| all | *mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_asks_for_classes_here_and_beside_and_for_none_of_others() {
        let mut classes = Classes::default();
        let line = "? review + ask/tell - technical -~ proof +~ order";
        let formula = Formula::parse(Act::ReviewRequest, line, &mut classes).unwrap();
        assert!(formula.likely);
        let bits = |names: &str| {
            names.split_whitespace().fold(Mask::default(), |all, n| all | classes.bit(n))
        };
        for (here, near, expected) in [
            ("review tell order", "", true),
            ("review ask", "order", true),
            ("review ask", "", false),
            ("review order", "ask", false),
            ("review ask order technical", "", false),
            ("review ask order", "technical", true),
            ("review ask order", "proof", false),
        ] {
            assert_eq!(formula.holds(bits(here), &[], bits(near)), expected, "{here} | {near}");
        }
        let line = "review & tell + please";
        let formula = Formula::parse(Act::ReviewRequest, line, &mut classes).unwrap();
        let bits = |names: &str| {
            names.split_whitespace().fold(Mask::default(), |all, n| all | classes.bit(n))
        };
        for (clauses, expected) in [
            (["review tell", "please"], true),
            (["review", "tell please"], false),
            (["review tell", ""], false),
        ] {
            let here = bits(clauses[0]) | bits(clauses[1]);
            assert_eq!(
                formula.holds(here, &clauses.map(bits), Mask::default()),
                expected,
                "{clauses:?}"
            );
        }
        for wrong in ["", "- a", "a b", "a +", "A", "a + -"] {
            assert!(Formula::parse(Act::Offer, wrong, &mut classes).is_err(), "{wrong:?}");
        }
    }
}
