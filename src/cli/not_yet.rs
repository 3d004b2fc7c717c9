//! Commands that PRODUCT §11 names and this version does not have: refused as such, never faked.

use std::ffi::OsString;

use super::exit::Wrong;

const PLANNED: &[&str] = &["migrate", "order delete", "token", "user"];

/// The error for words that are no command of this version.
pub(super) fn refuse(group: &str, words: &[OsString]) -> anyhow::Error {
    let first = words.first().map(|w| w.to_string_lossy().into_owned()).unwrap_or_default();
    let command = format!("{group} {first}").trim().to_owned();
    if PLANNED.contains(&command.as_str()) {
        Wrong(format!("bauta {command} is not in this version")).into()
    } else {
        let help = format!("bauta {group} --help").replace("  ", " ");
        Wrong(format!("bauta {command}: there is no such command; see {help}")).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planned_is_told_from_what_never_was() {
        let said = |group, word: &str| refuse(group, &[word.into()]).to_string();
        assert_eq!(said("", "migrate"), "bauta migrate is not in this version");
        assert_eq!(said("order", "delete"), "bauta order delete is not in this version");
        assert!(said("", "frobnicate").contains("no such command; see bauta --help"));
    }
}
