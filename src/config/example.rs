//! The files that an admin starts from.

use std::fmt::Write;

use super::keys::{Absent, KEYS, Key, name_of, table_of};
use super::rules::BUILT_RULES;

const HEAD: &str = "\
# Bauta: every key of this version, with its default. `bauta check` tells whether the file is right.
#
# A key that has no default is marked \"Required\". A line that starts with # is not set.
# Sizes are written \"25MB\", times \"500ms\", \"2s\", \"30m\", \"48h\" or \"60d\".
#
# This file is made from the table of keys in src/config/keys.rs:
#   BLESS=1 cargo test --lib config::example
";

const TABLES: &[(&str, &str)] = &[
    ("relay", "Who we are."),
    ("smtp", "Mail coming in."),
    ("tls", "Encryption of incoming mail."),
    ("http", "For operation."),
    ("dns", "Who is asked for the addresses of mail servers."),
    ("senders", "How the sender of a mail is proved."),
    ("buyers", "What buyers do and what is seen of them."),
    ("delivery", "Mail going out."),
    ("dkim", "The signature on outgoing mail."),
    ("orders", "Orders."),
    ("market", "Who may write what to whom."),
    ("limits", "How much may be written in a time."),
    ("sellers", "What sellers are told."),
    ("account_health", "What counts against sellers, and what follows."),
    ("archive", "What is kept, and how long."),
    ("review", "Messages that wait for a person."),
    ("policy", "What may be written, and what is done about the rest."),
];

/// The text of `config/bauta.example.toml`: each key once, with its default and a comment. It
/// loads as it is and means the same as a file that has the required keys only.
pub fn example() -> String {
    let mut text = HEAD.to_owned();
    for &(table, about) in TABLES {
        // Writing into a String can't fail.
        let _ = write!(text, "\n# {about}\n[{table}]\n");
        for key in KEYS.iter().filter(|k| table_of(k.path) == table) {
            text.push('\n');
            text.push_str(&comment(key.comment));
            text.push_str(&assignment(key));
        }
    }
    text.push_str("\n# What each rule does: \"allow\", \"warn\" (delivered, recorded), ");
    text.push_str("\"redact\" (the found\n# words are replaced), \"hold\" (waits for a person) or \"reject\".\n");
    text.push_str(&own_rules());
    let rule_keys: Vec<&Key> =
        KEYS.iter().filter(|k| table_of(k.path) == "policy.rules.RULE-ID").collect();
    for key in &rule_keys {
        text.push_str(&comment(&format!("{}: {}", name_of(key.path), key.comment)));
    }
    for rule in BUILT_RULES {
        let _ = write!(text, "\n{}[policy.rules.{}]\n", comment(rule.finds), rule.id);
        for key in &rule_keys {
            let action = match name_of(key.path) {
                "seller_to_buyer" => rule.seller_to_buyer,
                "buyer_to_seller" => rule.buyer_to_seller,
                _ => {
                    text.push_str(&assignment(key));
                    continue;
                }
            };
            let _ = writeln!(text, "{} = \"{}\"", name_of(key.path), action.as_str());
        }
    }
    text
}

/// A rule of the admin's own, behind `#`: there is none by default.
fn own_rules() -> String {
    let mut text =
        String::from("\n# Rules of your own, as many as you like:\n# [[policy.custom]]\n");
    for key in KEYS.iter().filter(|k| table_of(k.path) == "policy.custom.N") {
        text.push_str(&comment(&format!("{}: {}", name_of(key.path), key.comment)));
        let line = assignment(key);
        text.push_str(if line.starts_with('#') { "" } else { "# " });
        text.push_str(&line);
    }
    text
}

/// The text of the config that `bauta init` writes: it observes only, takes mail from this machine,
/// and sends to the mail servers of the world. The three texts are written as they are; whether they are right, [`super::Config`]
/// says when it reads them.
pub fn starter(hostname: &str, alias_domain: &str, marketplace: &str) -> String {
    let (hostname, alias_domain) = (quoted(hostname), quoted(alias_domain));
    let marketplace = quoted(marketplace);
    format!(
        "\
# Bauta's config. `bauta check` tells whether it is right.
# Every other key, with its default, stands in bauta.example.toml.

[relay]
# This machine's full host name.
hostname = {hostname}
# The domain of all aliases. Changing it kills every alias ever given out.
alias_domain = {alias_domain}
# The name that buyers and sellers read.
marketplace = {marketplace}
# Database and alias keys, from this file's folder on. Back it up.
data_dir = \"data\"
# A person who reads what is sent to postmaster@ and abuse@ (RFC 5321 asks for one):
# postmaster = \"you@market.example\"

[smtp]
# Open to this machine only. For the world, when `bauta doctor` has nothing more to say:
# listen = [\"0.0.0.0:25\", \"[::]:25\"]
listen = [\"127.0.0.1:2525\"]
# Trusting a network means: whoever connects from there can write as any buyer or seller, because
# Bauta believes that the sender has been verified (SPF, DKIM, DMARC) before. Name only the mail
# server in front that does so. This is the machine itself, with everybody who works on it.
trusted_networks = [\"127.0.0.0/8\", \"::1/128\"]

[senders]
# Mail is taken from everybody whose domain SPF or DKIM proves, and from the trusted networks. Write
# \"address\" to take it from the trusted networks only.
verify = \"dmarc\"

# Without a certificate mail comes in unencrypted. One for the hostname:
# [tls]
# cert = \"/etc/letsencrypt/live/HOSTNAME/fullchain.pem\"
# key = \"/etc/letsencrypt/live/HOSTNAME/privkey.pem\"

[delivery]
# Mail goes to the servers that the DNS names for each recipient's domain. Where nothing gets out to
# port 25, hand all of it to a mail server that may send:
# route = \"smarthost\"
# smarthost = \"smtp.market.example:25\"
route = \"mx\"

[policy]
# Judge and record what would have been done, but deliver unchanged. When the verdicts look right,
# write \"enforce\".
mode = \"observe\"
"
    )
}

fn assignment(key: &Key) -> String {
    let name = name_of(key.path);
    match key.absent {
        Absent::Default(value) | Absent::Missing(value) => format!("{name} = {value}\n"),
        Absent::Unset(value) => format!("# {name} = {value}\n"),
    }
}

/// Lines of at most 100 characters, each behind a `#`.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + line.as_str() + "\n"
}

/// A TOML basic string. What JSON escapes, TOML 1.0 (string) reads the same way; only DEL must be
/// escaped in TOML alone.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Mode, Route, RuleSetting};

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/bauta.example.toml");

    /// It stands behind `#` as a whole.
    fn is_own_rule(key: &Key) -> bool {
        table_of(key.path) == "policy.custom.N"
    }

    fn parse(text: &str) -> Config {
        Config::parse(text, Path::new("/etc/bauta/bauta.toml")).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_example_in_the_repository_is_the_one_made_from_the_table_of_keys() {
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(FILE, example()).unwrap();
        }
        let file = std::fs::read_to_string(FILE).unwrap();
        assert!(file == example(), "{FILE} is not example(); run this test with BLESS=1");
    }

    #[test]
    fn the_example_names_every_key_once_with_a_comment_above() {
        let text = example();
        for key in KEYS.iter().filter(|k| !k.path.contains("RULE-ID") && !is_own_rule(k)) {
            let table = format!("[{}]", table_of(key.path));
            let mut lines = text.lines().skip_while(|l| *l != table).skip(1);
            let own = |l: &&str| l.starts_with('[') || l.starts_with("# [[");
            let lines: Vec<&str> = lines.by_ref().take_while(|l| !own(l)).collect();
            let name = name_of(key.path);
            let at: Vec<usize> = lines
                .iter()
                .enumerate()
                .filter(|(_, l)| l.trim_start_matches("# ").starts_with(&format!("{name} = ")))
                .map(|(n, _)| n)
                .collect();
            assert_eq!(at.len(), 1, "{}", key.path);
            assert!(lines[at[0] - 1].starts_with("# "), "{} has no comment", key.path);
        }
        for rule in BUILT_RULES {
            assert_eq!(text.matches(&format!("[policy.rules.{}]\n", rule.id)).count(), 1);
        }
    }

    #[test]
    fn the_example_means_the_same_as_the_required_keys_alone() {
        let required: String = KEYS
            .iter()
            .filter(|key| !is_own_rule(key))
            .filter_map(|key| match key.absent {
                Absent::Missing(v) => Some(format!("{} = {v}\n", key.path)),
                Absent::Default(_) | Absent::Unset(_) => None,
            })
            .collect();
        let (short, mut long) = (parse(&required), parse(&example()));
        for rule in BUILT_RULES {
            let expected = RuleSetting {
                seller_to_buyer: Some(rule.seller_to_buyer),
                buyer_to_seller: Some(rule.buyer_to_seller),
                ..RuleSetting::default()
            };
            assert_eq!(long.policy.rules.remove(&rule.id), Some(expected), "{}", rule.id);
        }
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
    }

    #[test]
    fn what_the_example_shows_behind_a_hash_loads_too_without_it() {
        let names: Vec<&str> = KEYS.iter().map(|k| name_of(k.path)).collect();
        let of_files = ["cert", "key", "selector", "ed25519_key", "ed25519_selector"];
        let mut uncommented = 0;
        let text: String = example()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.starts_with("[[") => format!("{rest}\n"),
                // Their files are not there; `tls` and `dkim` have their own tests.
                Some(rest) if of_files.iter().any(|n| rest.starts_with(&format!("{n} = "))) => {
                    format!("{line}\n")
                }
                Some(rest) if names.iter().any(|n| rest.starts_with(&format!("{n} = "))) => {
                    uncommented += 1;
                    format!("{rest}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let config = parse(&text);
        // What a rule does in each direction has a default.
        let of_rules =
            KEYS.iter().filter(|k| table_of(k.path) == "policy.rules.RULE-ID").count() - 2;
        let own = KEYS.iter().filter(|k| is_own_rule(k)).count();
        assert_eq!(uncommented, 8 + own + of_rules * BUILT_RULES.len());
        assert_eq!(config.policy.custom.len(), 1);
        assert!(config.relay.postmaster.is_some());
        assert!(config.policy.rules.values().all(|r| r.mode == Some(Mode::Observe)));
    }

    #[test]
    fn a_starter_observes_on_loopback_whatever_the_marketplace_is_called() {
        for name in ["Lamp Market", "O'Neill \"& Sons\" \\o/", "灯り市場", "a\u{7f}"] {
            let text = starter("relay.market.example", "mail.market.example", name);
            if name.contains('\u{7f}') {
                let refused = Config::parse(&text, Path::new("bauta.toml")).unwrap_err();
                assert!(refused.to_string().contains("control character"), "{refused}");
                continue;
            }
            let config = parse(&text);
            assert_eq!(config.relay.marketplace, name);
            assert_eq!(config.relay.data_dir, Path::new("/etc/bauta/data"));
            assert_eq!(config.policy.mode, Mode::Observe);
            assert_eq!(config.delivery.route, Route::Mx { port: 25, sts_port: 443 });
            assert_eq!(config.smtp.trusted_networks.len(), 2);
            assert!(config.all_loopback());
        }
    }
}
