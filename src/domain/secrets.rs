//! What one side must not learn of the other: one definition for the composer, which masks it, and
//! for the leak scan, which searches for it.

use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::memmem;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::address::{Canonical, RealAddress, is_spelt_one_way};
use super::bytes::{lowered, parts_of, push_lower};
use super::party::Party;

/// Providers whose domain names nobody: it is shared by millions.
const SHARED_DOMAINS: &str = include_str!("data/shared-mail-domains.txt");

/// Providers with a domain in every country: `yahoo.de`, `hotmail.co.uk`. Same source.
const EVERYWHERE: &[&str] = &[
    "aol", "excite", "fastmail", "freemail", "gmx", "hotmail", "live", "lycos", "outlook",
    "runbox", "tiscali", "vodafone", "yahoo", "yandex",
];

/// Local parts that name a desk, not a person or shop.
const DESKS: &[&str] = &[
    "accounts",
    "billing",
    "bonjour",
    "contact",
    "contacto",
    "contatti",
    "customer",
    "customercare",
    "customers",
    "customerservice",
    "enquiries",
    "helpdesk",
    "hello",
    "kontakt",
    "kundenservice",
    "mailbox",
    "office",
    "orders",
    "ordini",
    "pedidos",
    "returns",
    "service",
    "servicio",
    "shipping",
    "support",
    "verkauf",
    "ventas",
    "webmaster",
    "noreply",
    "no-reply",
];

/// The sending party's secrets in front of one recipient.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Every registered address and the one that was used.
    pub addresses: Vec<RealAddress>,
    /// Their domains, lower case, that are neither shared nor the recipient's own.
    pub domains: Vec<String>,
    /// The full name, where the recipient sees only a part of it or none.
    pub hidden_name: Option<String>,
    /// Local parts of six characters and more that could name the person; lower case.
    pub local_parts: Vec<String>,
    /// Name and local parts are secret in what the sender wrote now, too.
    pub in_prose: bool,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(redacted)")
    }
}

impl Secrets {
    /// What of `sender` must not reach `recipient`, who sees the sender as `shown_name`. What the
    /// recipient is or has anyway is no secret, nor is what stands in `public`, which everybody
    /// may see: the marketplace's name, the alias domain, the items of the order (PRODUCT §6).
    pub fn of(
        sender: &Party,
        used: &RealAddress,
        recipient: &Party,
        shown_name: &str,
        public: &[&str],
    ) -> Self {
        let mut addresses: Vec<RealAddress> = sender.all_addresses().cloned().collect();
        if !addresses.contains(used) {
            addresses.push(used.clone());
        }
        let again: Vec<RealAddress> = addresses
            .iter()
            .filter(|a| !is_spelt_one_way(a.domain()))
            .flat_map(|a| spellings(a.domain()).map(|domain| format!("{}@{domain}", a.local())))
            .filter_map(|address| address.parse().ok())
            .collect();
        for address in again {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses.retain(|a| !recipient.has_address(a));
        let public: Vec<String> =
            public.iter().chain([&shown_name]).map(|p| p.to_lowercase()).collect();
        let is_public = |text: &str| {
            let lower = text.to_lowercase();
            public.iter().any(|p| p.contains(&lower))
        };
        let mut domains: Vec<String> = addresses
            .iter()
            .map(|a| a.domain().to_owned())
            .chain(sender.domains.iter().map(|d| d.as_str().to_owned()))
            .filter(|d| !is_shared(d) && !is_public(d))
            .filter(|d| !recipient.all_addresses().any(|a| a.domain() == d))
            .filter(|d| !recipient.domains.iter().any(|own| own.as_str() == d))
            .collect();
        domains.sort_unstable();
        domains.dedup();
        let hidden_name = Some(sender.name.as_str().to_owned()).filter(|name| !is_public(name));
        let mut local_parts: Vec<String> = addresses
            .iter()
            .map(|a| a.local().to_lowercase())
            .map(|l| l.split('+').next().unwrap_or_default().to_owned())
            .filter(|l| l.chars().count() >= 6 && !DESKS.contains(&l.as_str()))
            .filter(|l| !is_public(l))
            .collect();
        local_parts.sort_unstable();
        local_parts.dedup();
        Self { addresses, domains, hidden_name, local_parts, in_prose: false }
    }

    /// The same; `hides`: who writes is not to be named in prose either.
    #[must_use]
    pub fn hiding_in_prose(self, hides: bool) -> Self {
        Self { in_prose: hides, ..self }
    }

    /// Whether words of the hidden name or a telling local part stand anywhere in a text.
    pub fn mentions_person(&self, text: &str) -> bool {
        let letters = folded(text);
        let spellings = self.name_spellings();
        let contains = |text: &str, word: &str| memmem::find(text.as_bytes(), word.as_bytes());
        let holds =
            |name: &str| name.split_whitespace().all(|word| contains(&letters, word).is_some());
        if spellings.iter().any(|name| holds(name)) {
            return true;
        }
        // Of ASCII both are one.
        let text = if text.is_ascii() { letters } else { lowered(text) };
        self.local_parts.iter().any(|part| contains(&text, part).is_some())
    }

    /// The hidden name as it may be spelt, [`folded`]: "müller" is written "muller" and "mueller".
    pub fn name_spellings(&self) -> Vec<String> {
        let Some(name) = &self.hidden_name else { return vec![] };
        let plain = folded(name);
        let lower = name.to_lowercase();
        let two = lower.nfc().collect::<String>();
        let two = folded(&two.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"));
        if two == plain { vec![plain] } else { vec![plain, two] }
    }

    /// Whether a text that looks like an address is one of the secret ones, also with another
    /// case, `+tag` or Gmail's dots.
    pub fn holds_address(&self, text: &str) -> bool {
        let Ok(address) = text.parse::<RealAddress>() else { return false };
        let canonical: Canonical = address.canonical();
        self.addresses.iter().any(|a| a.canonical() == canonical)
    }

    /// Whether a host name is one of the secret domains or lies under it.
    pub fn holds_domain(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        self.domains.iter().any(|d| {
            host == *d || host.strip_suffix(d.as_str()).is_some_and(|head| head.ends_with('.'))
        })
    }
}

/// A text in lower case without what is written above, below or through its letters, for comparing
/// names: "José Núñez" and "JOSE NUNEZ" are one.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for (plain, other) in parts_of(text) {
        push_lower(plain, &mut folded);
        other.chars().for_each(|c| push_folded(c, &mut folded));
    }
    folded
}

/// Adds one character as in a [`folded`] text; nothing for a mark.
pub fn push_folded(c: char, to: &mut String) {
    let special = match c {
        c if c.is_ascii() => return to.push(c.to_ascii_lowercase()),
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        // NFKD: only marks, which are left out, may come in another order.
        c => {
            return decompose_compatible(c, |c| {
                if !is_combining_mark(c) {
                    to.extend(c.to_lowercase());
                }
            });
        }
    };
    to.push_str(special);
}

/// A domain as it may be written: with its own letters, and as DNS has it (RFC 5891 §4.4).
fn spellings(domain: &str) -> [String; 2] {
    let ascii = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
    let (shown, _) = idna::domain_to_unicode(domain);
    [ascii, shown]
}

/// Whether many people who have nothing to do with one another have addresses at this domain.
pub(super) fn is_shared(domain: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> =
        LazyLock::new(|| SHARED_DOMAINS.lines().filter(|l| !l.starts_with('#')).collect());
    let first = domain.split('.').next().unwrap_or_default();
    SET.contains(domain) || (EVERYWHERE.contains(&first) && domain.split('.').count() <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Language, PartyId};

    fn party(id: &str, name: &str, addresses: &[&str]) -> Party {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let id = PartyId::Buyer(id.parse().unwrap());
        Party::new(id, name.parse().unwrap(), Language::En, addresses)
    }

    #[test]
    fn what_the_recipient_may_see_is_no_secret() {
        let jane = party("B1", "Jane Roe", &["jane.roe@roes.example", "jane77@gmail.com"]);
        let shop = party("S1", "Lamp Shop", &["cs@lamps.example"]);
        let used = "jane.roe@roes.example".parse().unwrap();
        let secrets = Secrets::of(&jane, &used, &shop, "Jane", &["Lumo Market"]);
        assert_eq!(secrets.domains, ["roes.example"], "gmail.com names nobody");
        assert_eq!(secrets.hidden_name.as_deref(), Some("Jane Roe"));
        assert_eq!(secrets.local_parts, ["jane.roe", "jane77"]);
        assert!(secrets.holds_address("J.a.ne77+x@GoogleMail.com"));
        assert!(
            secrets.holds_domain("www.roes.example") && !secrets.holds_domain("heroes.example")
        );

        let secrets = Secrets::of(&jane, &used, &shop, "Jane Roe", &["roes.example"]);
        assert_eq!((secrets.hidden_name, secrets.domains), (None, vec![]));
    }

    #[test]
    fn every_address_and_domain_that_is_registered_is_a_secret() {
        let mut shop = party("S1", "Lamp Shop", &["cs@lamps.example"]);
        shop.marketplace_fulfilled = Some("warehouse@depot.example".parse().unwrap());
        shop.domains = vec!["lamps-group.example".parse().unwrap()];
        let jane = party("B1", "Jane Roe", &["jane@mail.example"]);
        let used = "joe@lamps-group.example".parse().unwrap();
        let secrets = Secrets::of(&shop, &used, &jane, "Lamp Shop", &[]);
        for address in ["cs@lamps.example", "Warehouse@depot.example", "joe@lamps-group.example"] {
            assert!(secrets.holds_address(address), "{address}");
        }
        assert_eq!(secrets.domains, ["depot.example", "lamps-group.example", "lamps.example"]);
    }

    #[test]
    fn a_domain_is_known_by_its_letters_and_by_its_name_in_dns() {
        let shop = party("S1", "Lamp Shop", &["cs@lamps.example"]);
        for address in ["jane@m\u{fc}ller.example", "jane@xn--mller-kva.example"] {
            let jane = party("B1", "Jane Roe", &[address]);
            let secrets = Secrets::of(&jane, &jane.addresses[0], &shop, "Jane", &[]);
            for host in ["www.m\u{fc}ller.example", "XN--mller-kva.example"] {
                assert!(secrets.holds_domain(host), "{address} {host}");
            }
            assert!(secrets.holds_address("jane@m\u{fc}ller.example"), "{address}");
        }
    }

    #[test]
    fn a_name_is_one_however_its_letters_are_written() {
        assert_eq!(folded("Jos\u{e9} N\u{fa}\u{f1}ez"), folded("JOSE NUN\u{303}EZ"));
        assert_eq!(folded("\u{141}ukasz Stra\u{df}e"), "lukasz strasse");
        let name = |name: &str| Secrets { hidden_name: Some(name.into()), ..Secrets::default() };
        assert_eq!(name("Jan M\u{fc}ller").name_spellings(), ["jan muller", "jan mueller"]);
        assert!(name("Jan M\u{fc}ller").mentions_person("von JAN MUELLER"));
        assert!(!name("Jan M\u{fc}ller").mentions_person("von Jan Miller"));
    }

    #[test]
    fn an_address_that_both_have_is_no_secret_between_them() {
        let one = party("B1", "Jane", &["same@house.example"]);
        let other = party("B2", "Joe", &["same@house.example"]);
        let secrets = Secrets::of(&one, &one.addresses[0], &other, "Jane", &[]);
        assert!(secrets.addresses.is_empty() && secrets.domains.is_empty());
    }
}
