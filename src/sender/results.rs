//! What a mail server in front found out, as it wrote on the mail (RFC 8601). Believed from
//! `smtp.trusted_networks` only, and only under the name in `senders.authserv_id`.

use super::domain::ascii;
use crate::mail::canonical::{fields, is_named, split, value};

/// What was found out, domains in ASCII and lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Results {
    /// `dmarc=pass` for this domain in `From:`.
    pub dmarc: Option<String>,
    /// `spf=pass` for this domain of MAIL, or of EHLO where MAIL names nobody.
    pub spf: Option<String>,
    /// `dkim=pass` by these domains.
    pub dkim: Vec<String>,
    /// One of them could not be found out.
    pub temporary: bool,
    /// Whether there was anything under that name.
    pub found: bool,
}

/// Reads the fields of that server. A mail server adds its fields around its own `Received:`, which
/// is the topmost: what stands below the next one came with the mail, and where it has fields above
/// its own, what stands below that did. Of each method the topmost field that speaks of it counts,
/// and `none` speaks of all of them. (RFC 8601 §5 has the server take away what came in its name,
/// too; one that forgets it shall not make everybody forgeable.)
pub(super) fn read(mail: &[u8], authserv_id: &str) -> Results {
    let (head, _) = split(mail);
    let mut results = Results::default();
    let mut known: Vec<String> = Vec::new();
    let mut hops = 0;
    for field in fields(head) {
        if is_named(field, "Received") {
            hops += 1;
            if hops > 1 || results.found {
                break;
            }
        }
        if !is_named(field, "Authentication-Results") {
            continue;
        }
        let text = String::from_utf8_lossy(value(field)).into_owned();
        let Some(said) = statements(&text, authserv_id) else { continue };
        results.found = true;
        let new: Vec<&Statement> =
            said.iter().filter(|statement| !known.contains(&statement.method)).collect();
        new.iter().for_each(|statement| results.take(statement));
        // RFC 8601 §2.2: "none" is said where nothing was found out.
        if said.is_empty() {
            break;
        }
        known.extend(said.iter().map(|statement| statement.method.clone()));
    }
    results
}

impl Results {
    fn take(&mut self, statement: &Statement) {
        let domain = |names: &[&str]| names.iter().find_map(|name| statement.domain(name));
        let passed = statement.result == "pass";
        match statement.method.as_str() {
            "dmarc" | "spf" | "dkim" if statement.result == "temperror" => self.temporary = true,
            "dmarc" if passed => self.dmarc = domain(&["header.from"]),
            "spf" if passed => self.spf = domain(&["smtp.mailfrom", "smtp.helo"]),
            "dkim" if passed => self.dkim.extend(domain(&["header.d", "header.i"])),
            _ => {}
        }
    }
}

/// `method=result ptype.property=value …`
#[derive(Debug, PartialEq, Eq)]
struct Statement {
    /// Lower case.
    method: String,
    /// Lower case.
    result: String,
    /// Names in lower case.
    properties: Vec<(String, String)>,
}

impl Statement {
    /// The domain that a property names, alone or behind an `@`.
    fn domain(&self, property: &str) -> Option<String> {
        let (_, value) = self.properties.iter().find(|(name, _)| name == property)?;
        let value = value.trim_start_matches('<').trim_end_matches('>');
        let domain = value.rsplit_once('@').map_or(value, |(_, domain)| domain);
        ascii(domain).filter(|domain| domain.contains('.'))
    }
}

/// The statements of one field; none where it is another server's.
fn statements(text: &str, authserv_id: &str) -> Option<Vec<Statement>> {
    let mut parts = parts(text).into_iter();
    let own = parts.next()?;
    let (id, version) = match own.as_slice() {
        [id] => (id, None),
        [id, version] => (id, Some(version)),
        _ => return None,
    };
    // RFC 8601 §2.2: version 1 is the only one.
    if !id.eq_ignore_ascii_case(authserv_id) || version.is_some_and(|v| v != "1") {
        return None;
    }
    Some(parts.filter_map(statement).collect())
}

fn statement(words: Vec<String>) -> Option<Statement> {
    let mut pairs = words.iter().filter_map(|word| word.split_once('='));
    let (method, result) = pairs.next()?;
    // RFC 8601 §2.2: a method may have a version behind a slash.
    let method = method.split('/').next().unwrap_or(method).to_ascii_lowercase();
    let properties = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Some(Statement {
        method,
        result: result.to_ascii_lowercase(),
        properties: properties.collect(),
    })
}

/// The words of each part between semicolons; comments left out, quoted strings without their
/// quotes, no space around `=` and `.`.
fn parts(text: &str) -> Vec<Vec<String>> {
    let mut parts = vec![vec![]];
    let mut word = String::new();
    // Whether what comes next belongs to the word, across white space.
    let mut joins = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '(' => skip_comment(&mut chars),
            '"' => quoted(&mut chars, &mut word),
            ';' => {
                end(&mut parts, &mut word);
                parts.push(vec![]);
            }
            c if c.is_ascii_whitespace() => {
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                let next_joins = matches!(chars.peek(), Some('=' | '.'));
                if !joins && !next_joins {
                    end(&mut parts, &mut word);
                }
                continue;
            }
            c => word.push(c),
        }
        joins = matches!(c, '=' | '.');
    }
    end(&mut parts, &mut word);
    parts
}

fn end(parts: &mut [Vec<String>], word: &mut String) {
    if let Some(part) = parts.last_mut().filter(|_| !word.is_empty()) {
        part.push(std::mem::take(word));
    }
}

/// Reads to the end of a comment, over those inside of it (RFC 5322 §3.2.2).
fn skip_comment(chars: &mut impl Iterator<Item = char>) {
    let mut depth = 1;
    while depth > 0 {
        match chars.next() {
            Some('\\') => drop(chars.next()),
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            Some(_) => {}
            None => return,
        }
    }
}

/// Reads to the end of a quoted string (RFC 5322 §3.2.4).
fn quoted(chars: &mut impl Iterator<Item = char>, word: &mut String) {
    while let Some(c) = chars.next() {
        match c {
            '"' => return,
            '\\' => word.extend(chars.next()),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(fields: &[&str]) -> Results {
        let head: String =
            fields.iter().map(|f| format!("Authentication-Results: {f}\r\n")).collect();
        read(format!("{head}From: a@shop.example\r\n\r\nHi\r\n").as_bytes(), "mx.market.example")
    }

    #[test]
    fn the_results_of_real_servers_are_read() {
        let found = results(&[
            "MX.market.example 1;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=Shop.example header.i=@shop.example header.b=\"ab;c\";\r\n\tdkim=fail reason=\"signature verification failed\" header.d=other.example;\r\n\tspf=pass (domain of a@b.shop.example (x) designates 192.0.2.1) smtp.mailfrom=a@b.shop.example;\r\n\tdmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=shop.example",
        ]);
        let expected = Results {
            dmarc: Some("shop.example".into()),
            spf: Some("b.shop.example".into()),
            dkim: vec!["shop.example".into()],
            temporary: false,
            found: true,
        };
        assert_eq!(found, expected);
        let apart = results(&[
            "mx.market.example; dmarc=pass header.from=shop.example",
            "mx.market.example; spf = pass smtp . mailfrom = <a@b.shop.example>",
            "mx.market.example; dkim=pass header.d=shop.example; dkim=temperror header.d=x.example",
        ]);
        assert_eq!(apart, Results { temporary: true, ..expected });
        let hello =
            results(&["mx.market.example; spf=pass smtp.helo=host.shop.example smtp.mailfrom="]);
        assert_eq!(hello.spf.as_deref(), Some("host.shop.example"));
        let none = results(&["mx.market.example; none"]);
        assert_eq!(none, Results { found: true, ..Results::default() });
    }

    #[test]
    fn what_others_wrote_is_not_believed() {
        for field in [
            "mx.other.example; dmarc=pass header.from=shop.example",
            "mx.market.example.other.example; dmarc=pass header.from=shop.example",
            "mx.market.example 2; dmarc=pass header.from=shop.example",
            "(mx.market.example;) x; dmarc=pass header.from=shop.example",
            "",
        ] {
            assert_eq!(results(&[field]), Results::default(), "{field}");
        }
        for field in [
            "mx.market.example; dmarc=fail (dmarc=pass header.from=shop.example) header.from=shop.example",
            "mx.market.example; dmarc=fail reason=\"x; dmarc=pass header.from=shop.example\"",
            "mx.market.example; spf=pass smtp.mailfrom=\"a; dmarc=pass header.from=shop.example\"@evil.example",
            "mx.market.example; dmarc=pass",
        ] {
            assert_eq!(results(&[field]).dmarc, None, "{field}");
        }
        let below = results(&[
            "mx.market.example; dmarc=fail header.from=shop.example; dkim=none",
            "mx.market.example; dmarc=pass header.from=shop.example; dkim=pass header.d=shop.example",
        ]);
        assert_eq!((below.dmarc, below.dkim), (None, vec![]));
    }

    #[test]
    fn what_came_with_the_mail_says_nothing_even_of_other_methods() {
        let forged = "Authentication-Results: mx.market.example; dmarc=pass header.from=shop.example; dkim=pass header.d=shop.example\r\n";
        let received =
            "Received: from evil.example by mx.market.example; Sat, 28 Nov 2026 09:00:00 +0000\r\n";
        let own =
            "Authentication-Results: mx.market.example; spf=fail smtp.mailfrom=evil.example\r\n";
        let none = "Authentication-Results: mx.market.example; none\r\n";
        for head in [
            format!("{own}{received}{forged}"),
            format!("{received}{own}{received}{forged}"),
            format!("{received}{received}{forged}"),
            format!("{none}{forged}"),
            format!("{none}{received}{forged}"),
            format!("{received}{none}{forged}"),
        ] {
            let found = read(
                format!("{head}From: a@shop.example\r\n\r\nHi\r\n").as_bytes(),
                "mx.market.example",
            );
            assert_eq!((found.dmarc, found.dkim), (None, vec![]), "{head}");
        }
        let several = format!("{received}{own}{forged}{received}{forged}");
        let found = read(format!("{several}\r\nHi\r\n").as_bytes(), "mx.market.example");
        assert_eq!(
            found.dmarc.as_deref(),
            Some("shop.example"),
            "its filters' fields below its own line"
        );
    }
}
