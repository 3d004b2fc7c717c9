//! The finished mail as a stranger's program reads it, who knows nothing of Bauta's own reading
//! and of its leak scan.

use std::collections::BTreeSet;

use mail_parser::{MessageParser, MimeHeaders, PartType};

/// All that can be seen of a mail, in lower case.
#[derive(Default)]
pub struct Seen {
    /// Raw and decoded, with what words commonly hide in undone.
    texts: Vec<String>,
    /// What is no text, as bytes and as UTF-16.
    files: Vec<String>,
    /// Photographs and documents.
    kept: usize,
}

impl Seen {
    pub fn of(bytes: &[u8]) -> Self {
        let mut seen = Self::default();
        seen.look(bytes);
        seen
    }

    /// Which of these words stand anywhere.
    pub fn words<'w>(&self, words: &[&'w str]) -> BTreeSet<&'w str> {
        let mut found = BTreeSet::new();
        for text in self.texts.iter().chain(&self.files) {
            found.extend(words.iter().filter(|word| text.contains(&word.to_lowercase())));
        }
        found
    }

    /// Which of these words stand in a file.
    pub fn in_files<'w>(&self, words: &[&'w str]) -> BTreeSet<&'w str> {
        let stands = |word: &str| self.files.iter().any(|file| file.contains(word));
        words.iter().copied().filter(|word| stands(word)).collect()
    }

    /// How many photographs and documents there are.
    pub fn files(&self) -> usize {
        self.kept
    }

    fn look(&mut self, bytes: &[u8]) {
        self.text(&String::from_utf8_lossy(bytes));
        let Some(mail) = MessageParser::default().parse(bytes) else { return };
        self.text(mail.subject().unwrap_or_default());
        for part in &mail.parts {
            self.text(part.attachment_name().unwrap_or_default());
            for header in part.headers() {
                self.text(&format!("{:?}", header.value()));
            }
            match &part.body {
                PartType::Text(text) | PartType::Html(text) => self.text(text),
                PartType::Binary(data) | PartType::InlineBinary(data) => self.file(data),
                PartType::Message(mail) => self.look(mail.raw_message()),
                PartType::Multipart(_) => {}
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.texts.push(plain(text));
    }

    fn file(&mut self, data: &[u8]) {
        let narrow: Vec<u8> = data.iter().copied().filter(|b| *b != 0).collect();
        self.files.push(plain(&String::from_utf8_lossy(&narrow)));
        self.kept += usize::from(data.starts_with(b"\xff\xd8"));
        if data.starts_with(b"%PDF") {
            self.kept += 1;
            let document = lopdf::Document::load_mem(data).unwrap();
            self.files.push(format!("{document:?}").to_lowercase());
        }
    }
}

/// Undoes what an address commonly hides in.
fn plain(text: &str) -> String {
    let text = text.to_lowercase();
    [
        ("%40", "@"),
        ("%2e", "."),
        ("=40", "@"),
        ("=2e", "."),
        ("&#64;", "@"),
        ("&#x40;", "@"),
        ("&commat;", "@"),
        ("&#46;", "."),
        ("&#x2e;", "."),
        ("&period;", "."),
    ]
    .iter()
    .fold(text, |text, (code, c)| text.replace(code, c))
}
