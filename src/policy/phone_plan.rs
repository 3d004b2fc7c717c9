//! What the numbering plan of a country surely has no number for, told at once.
//!
//! The plans are libphonenumber's, as the `phonenumber` crate brings them. To ask the crate takes a
//! dozen patterns for each number and country, of which it keeps a hundred; most digits that
//! people write are no number anywhere, and one small pattern for each country says so.

use std::sync::LazyLock;

use foldhash::HashMap;
use phonenumber::Type;
use phonenumber::country::Id;
use phonenumber::metadata::{DATABASE, Metadata};
use regex::bytes::{Regex, RegexBuilder};

use super::phone_number::COUNTRIES;

static PLANS: LazyLock<HashMap<Id, Regex>> =
    LazyLock::new(|| COUNTRIES.into_iter().filter_map(|id| Some((id, plan(id)?))).collect());

/// Kinds of number that have patterns of their own: one of them fits what is valid.
const KINDS: [Type; 10] = [
    Type::PremiumRate,
    Type::TollFree,
    Type::SharedCost,
    Type::Voip,
    Type::PersonalNumber,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
    Type::FixedLine,
    Type::Mobile,
];

/// Whether digits, written as people of a country write them (`fits`), may be a valid number of it;
/// where this says no, the crate says so too.
pub(super) fn may_be_valid(country: Id, digits: &str) -> bool {
    PLANS.get(&country).is_none_or(|plan| plan.is_match(digits.as_bytes()))
}

/// The pattern of a country: what may stand before a national number, and how those begin that may
/// be one under its calling code.
fn plan(id: Id) -> Option<Regex> {
    let own = DATABASE.by_id(id.as_ref())?;
    // A rule that puts figures in place of others ("9$1") is not followed here.
    let is_moved = own.national_prefix_transform_rule().is_some_and(|rule| !rule.starts_with('$'));
    if is_moved {
        return None;
    }
    let code = own.country_code();
    let pattern = |kind, plan: &Metadata| -> Option<String> {
        Some(plan.descriptors().get(kind)?.national_number().as_str().to_owned())
    };
    let all = DATABASE.by_code(&code)?;
    let numbers: Vec<String> = all
        .iter()
        .flat_map(|plan| KINDS.into_iter().filter_map(|kind| pattern(kind, plan)))
        .collect();
    let prefixes: Vec<String> = [
        own.national_prefix_for_parsing().map(|prefix| prefix.as_str().to_owned()),
        own.national_prefix().map(str::to_owned),
        Some(code.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (prefixes, numbers) = (prefixes.join("|"), numbers.join("|"));
    // Behind the prefix for calls abroad the number is any country's.
    let abroad = own.international_prefix().map_or("$.", |prefix| prefix.as_str());
    // The crate too looks at how digits begin, and then at their number.
    RegexBuilder::new(&format!("^(?:{abroad}|(?:{prefixes}){{0,3}}(?:{numbers}))"))
        .unicode(false)
        .ignore_whitespace(true)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::phone_number::fits;
    use super::*;

    #[test]
    fn each_country_has_a_plan_but_where_its_numbers_are_written_anew() {
        let without: Vec<Id> = COUNTRIES.into_iter().filter(|id| !PLANS.contains_key(id)).collect();
        assert_eq!(without, [phonenumber::country::AR]);
    }

    #[test]
    fn what_is_a_number_may_be_one_and_what_is_none_anywhere_may_not() {
        for (country, digits, may) in [
            (phonenumber::country::DE, "03023125456", true),
            (phonenumber::country::GB, "07911123456", true),
            (phonenumber::country::US, "2125550123", true),
            (phonenumber::country::US, "12125550123", true),
            (phonenumber::country::FR, "0612345678", true),
            (phonenumber::country::US, "0000000000", false),
            (phonenumber::country::GB, "0400000000", false),
            (phonenumber::country::PL, "111111111", false),
        ] {
            assert_eq!(may_be_valid(country, digits), may, "{country:?} {digits}");
        }
    }

    /// Whether what the crate takes for a number, written as people of the country do, may be one.
    fn is_covered(country: Id, digits: &str) -> bool {
        let valid =
            || phonenumber::parse(Some(country), digits).is_ok_and(|number| number.is_valid());
        !fits(country, digits) || may_be_valid(country, digits) || !valid()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1000 } else { 30_000 }))]

        #[test]
        fn nothing_that_is_valid_is_left_out(digits in "[0-9]{7,13}") {
            for country in COUNTRIES {
                prop_assert!(is_covered(country, &digits), "{country:?} {digits}");
            }
        }

        #[test]
        fn nothing_that_is_valid_is_left_out_behind_a_prefix(
            (at, kind, before) in (0..COUNTRIES.len(), 0..KINDS.len(), "|0|00|1|01|044|49|0044|39|9|90|55|1?[0-9]{0,3}")
        ) {
            let country = COUNTRIES[at];
            let plan = DATABASE.by_id(country.as_ref()).unwrap();
            let example = plan.descriptors().get(KINDS[kind]).and_then(|d| d.example());
            let digits = format!("{before}{}", example.unwrap_or_default());
            prop_assert!(is_covered(country, &digits), "{country:?} {digits}");
        }
    }
}
