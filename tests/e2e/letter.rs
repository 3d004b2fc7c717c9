//! Letters that go in, and mails that come out.

use std::sync::atomic::{AtomicUsize, Ordering};

use bauta::smtp::Received;
use mail_parser::{MessageParser, PartType};

static LETTERS: AtomicUsize = AtomicUsize::new(1);

/// A mail that somebody writes.
#[derive(Debug, Clone)]
pub struct Letter {
    pub sender: String,
    pub to: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Letter {
    /// From somebody (`"Jane Roe <jane.roe@mail.example>"`) to an alias, with a fresh Message-ID.
    pub fn new(from: &str, to: &str, text: &str) -> Self {
        let sender = bare(from);
        let number = LETTERS.fetch_add(1, Ordering::Relaxed);
        let domain = sender.split_once('@').map_or("nowhere.example", |(_, d)| d);
        let id = format!("<letter-{number}.{}@{domain}>", std::process::id());
        let letter = Self {
            to: to.to_owned(),
            headers: vec![],
            body: text.replace('\n', "\r\n").into_bytes(),
            sender: sender.clone(),
        };
        letter
            .header("From", from)
            .header("To", to)
            .header("Subject", "A question about my lamp")
            .header("Date", "Mon, 23 Nov 2026 20:15:00 +0100")
            .header("Message-ID", &id)
            .header("MIME-Version", "1.0")
            .header("Content-Type", "text/plain; charset=utf-8")
            .header("Content-Transfer-Encoding", "8bit")
    }

    /// With this header in place of one of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    pub fn subject(self, subject: &str) -> Self {
        self.header("Subject", subject)
    }

    pub fn body(mut self, bytes: &[u8]) -> Self {
        self.body = bytes.to_vec();
        self
    }

    /// In the envelope only.
    pub fn envelope_sender(mut self, sender: &str) -> Self {
        sender.clone_into(&mut self.sender);
        self
    }

    /// As somebody who hits reply on this mail: thread headers, "Re:", and all of it quoted below.
    pub fn answering(mail: &Opened, from: &str, text: &str) -> Self {
        let references: String =
            mail.references.iter().map(|id| format!("{id} ")).collect::<String>()
                + mail.id.as_str();
        let subject = match mail.subject.strip_prefix("Re: ") {
            Some(_) => mail.subject.clone(),
            None => format!("Re: {}", mail.subject),
        };
        let quoted: String = mail.text.lines().map(|l| format!("> {l}\n")).collect();
        let (name, address) = (&mail.from_name, &mail.from);
        let text = format!("{text}\n\nOn Mon, 23 Nov 2026, {name} <{address}> wrote:\n{quoted}");
        Self::new(from, &mail.from, &text)
            .subject(&encoded(&subject))
            .header("In-Reply-To", &mail.id)
            .header("References", &references)
    }

    pub fn id(&self) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == "Message-ID");
        found.map(|(_, v)| v.as_str()).expect("this letter has a Message-ID")
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        if !bytes.ends_with(b"\r\n") {
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }

    /// As it goes over the wire after DATA: dots stuffed, and the final one.
    pub fn on_the_wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        for line in self.bytes().split_inclusive(|b| *b == b'\n') {
            if line.starts_with(b".") {
                wire.push(b'.');
            }
            wire.extend_from_slice(line);
        }
        wire.extend_from_slice(b".\r\n");
        wire
    }
}

/// `<jane@mail.example>` out of `Jane <jane@mail.example>`, without the brackets.
pub fn bare(mailbox: &str) -> String {
    match mailbox.rsplit_once('<') {
        Some((_, rest)) => rest.trim_end_matches('>').to_owned(),
        None => mailbox.to_owned(),
    }
}

/// A subject as a mail program writes it.
pub fn encoded(subject: &str) -> String {
    if subject.is_ascii() {
        return subject.to_owned();
    }
    format!("=?utf-8?B?{}?=", data_encoding::BASE64.encode(subject.as_bytes()))
}

/// A mail that came out, read by somebody who knows nothing of Bauta.
#[derive(Debug, Clone)]
pub struct Opened {
    pub envelope_from: String,
    pub recipients: Vec<String>,
    pub raw: Vec<u8>,
    /// Names and unfolded raw values, in order.
    pub headers: Vec<(String, String)>,
    pub from: String,
    pub from_name: String,
    pub subject: String,
    pub text: String,
    /// Empty where there is none.
    pub html: String,
    /// With angle brackets, as are the next two.
    pub id: String,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
}

impl Opened {
    pub fn read(mail: &Received) -> Self {
        let parsed = MessageParser::default().parse(&mail.bytes).expect("a mail came out");
        let headers = headers_of(&mail.bytes);
        let value = |name: &str| {
            let found = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            found.map(|(_, v)| v.clone()).unwrap_or_default()
        };
        let from = parsed.from().and_then(|f| f.first()).expect("it names its sender");
        Self {
            envelope_from: mail.mail_from.clone(),
            recipients: mail.recipients.clone(),
            from: from.address().unwrap_or_default().to_owned(),
            from_name: from.name().unwrap_or_default().to_owned(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            html: html_of(&parsed),
            id: value("Message-ID"),
            in_reply_to: ids(&value("In-Reply-To")),
            references: ids(&value("References")),
            raw: mail.bytes.clone(),
            headers,
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, v)| v.as_str())
    }

    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.headers.iter().map(|(n, _)| n.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// The sender's own words: what stands above the frame.
    pub fn words(&self) -> &str {
        self.text.split("\n====").next().unwrap_or_default().trim_end()
    }

    /// Everything that can be seen of it, raw and decoded, in lower case.
    fn all_of_it(&self) -> String {
        let mut all = String::from_utf8_lossy(&self.raw).into_owned();
        let unfolded: String = self.headers.iter().map(|(n, v)| format!("{n}: {v}\n")).collect();
        let parsed = MessageParser::default().parse(&self.raw).expect("a mail");
        let parts: String = parsed
            .parts
            .iter()
            .map(|part| match &part.body {
                PartType::Text(text) | PartType::Html(text) => text.to_string(),
                PartType::Binary(data) | PartType::InlineBinary(data) => {
                    String::from_utf8_lossy(data).into_owned()
                }
                PartType::Message(_) => panic!("a mail inside the mail"),
                PartType::Multipart(_) => String::new(),
            })
            .collect();
        all.push_str(&format!("{unfolded}{}{}{parts}", self.subject, self.from_name));
        all.push_str(&self.envelope_from);
        all.to_lowercase()
    }

    /// No trace of these words, in whatever form.
    pub fn holds_nothing_of(&self, secrets: &[&str]) {
        let all = self.all_of_it();
        for secret in secrets {
            assert!(!all.contains(&secret.to_lowercase()), "{secret:?} stands in\n{all}");
        }
    }
}

fn html_of(mail: &mail_parser::Message<'_>) -> String {
    let html = mail.parts.iter().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.replace("\r\n", "\n")),
        _ => None,
    });
    html.unwrap_or_default()
}

fn headers_of(raw: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(raw);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .split("\r\n")
        .map(|line| line.split_once(':').expect("a header field"))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

fn ids(value: &str) -> Vec<String> {
    value.split_whitespace().map(str::to_owned).collect()
}
