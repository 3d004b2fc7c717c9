//! OpenPGP armour inside of plain text (RFC 9580 §6, §7).

/// What armour a text holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Armour {
    /// None, or none that matters.
    None,
    /// An encrypted message.
    Encrypted,
    /// Signed or accompanied by a key; the text without its armour.
    Opened(String),
}

const BEGIN: &str = "-----BEGIN PGP ";
const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";

/// Looks for armour at the beginning of lines: what is quoted stays as it is.
pub(super) fn open(text: &str) -> Armour {
    if !text.contains(BEGIN) {
        return Armour::None;
    }
    let mut out = String::with_capacity(text.len());
    let mut signed = false;
    let mut opened = false;
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let bare = line.trim_end();
        if bare.starts_with("-----BEGIN PGP MESSAGE") {
            return Armour::Encrypted;
        }
        if bare == SIGNED {
            opened = true;
            signed = true;
            // RFC 9580 §7.1: "Hash:" lines, then one blank line, before the text.
            for header in lines.by_ref() {
                if header.trim().is_empty() {
                    break;
                }
            }
        } else if bare.starts_with("-----BEGIN PGP SIGNATURE")
            || bare.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK")
        {
            opened = true;
            signed = false;
            for armoured in lines.by_ref() {
                if armoured.starts_with("-----END PGP ") {
                    break;
                }
            }
        } else if signed {
            // RFC 9580 §7.2: lines that begin with a dash were escaped by "- ".
            out.push_str(line.strip_prefix("- ").unwrap_or(line));
        } else {
            out.push_str(line);
        }
    }
    if opened { Armour::Opened(out) } else { Armour::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Armour) {
        assert_eq!(open(input), expected, "{input}");
    }

    #[test]
    fn a_signed_text_loses_its_armour_and_keeps_its_words() {
        check(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n- -- \nJane\n\
             -----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\nbelow\n",
            Armour::Opened("Hello\n-- \nJane\nbelow\n".to_owned()),
        );
        check(
            "Hi\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ\n-----END PGP PUBLIC KEY BLOCK-----\n",
            Armour::Opened("Hi\n".to_owned()),
        );
    }

    #[test]
    fn an_encrypted_text_is_known_for_one_but_not_where_it_is_quoted() {
        check("Hi\n-----BEGIN PGP MESSAGE-----\nhQ\n-----END PGP MESSAGE-----", Armour::Encrypted);
        check("> -----BEGIN PGP MESSAGE-----\n> hQ\nI can't read this.", Armour::None);
    }
}
