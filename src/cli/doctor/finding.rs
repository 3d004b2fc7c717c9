//! What a check found, and how it is told.

use std::io::{self, Write};

use serde::Serialize;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Wrong,
    /// It can't be known from here, or not now.
    Unknown,
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub check: &'static str,
    pub state: State,
    pub says: String,
    /// The record, the lines of the config or the command that mends it.
    pub mend: Option<String>,
}

impl Finding {
    pub fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, state: State::Ok, says: says.into(), mend: None }
    }

    pub fn wrong(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Wrong, says: says.into(), mend: Some(mend.into()) }
    }

    pub fn unknown(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Unknown, says: says.into(), mend: Some(mend.into()) }
    }

    /// The DNS did not answer.
    pub fn no_answer(check: &'static str, kind: &str, name: &str) -> Self {
        let says = format!("the DNS gave no answer about {name}");
        Self::unknown(check, says, format!("dig {kind} {name}    and look at dns.servers"))
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let state = match self.state {
            State::Ok => "ok",
            State::Wrong => "WRONG",
            State::Unknown => "unknown",
        };
        writeln!(out, "{state:<9}{:<10}{}", self.check, self.says)?;
        for line in self.mend.iter().flat_map(|mend| mend.lines()) {
            writeln!(out, "{:19}-> {line}", "")?;
        }
        Ok(())
    }
}

/// A record as it is put into the DNS: strings of at most 255 octets (RFC 1035 §3.3).
pub(in crate::cli) fn text_record(name: &str, text: &str) -> String {
    let parts: Vec<String> = text
        .as_bytes()
        .chunks(250)
        .map(|part| format!("\"{}\"", String::from_utf8_lossy(part)))
        .collect();
    match &parts[..] {
        [one] => format!("{name}. TXT {one}"),
        _ => format!("{name}. TXT ({})", parts.join(" ")),
    }
}
