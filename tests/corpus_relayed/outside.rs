//! The finished mail as a stranger's program reads it, who knows nothing of Bauta's own reading
//! and of its leak scan.

use std::collections::BTreeSet;

use mail_parser::{MessageParser, MimeHeaders, PartType};

/// All that can be seen of a mail, raw and decoded, in lower case.
fn everything(bytes: &[u8]) -> Vec<String> {
    let mut seen = vec![String::from_utf8_lossy(bytes).into_owned()];
    let Some(mail) = MessageParser::default().parse(bytes) else { return seen };
    seen.push(mail.subject().unwrap_or_default().to_owned());
    for part in &mail.parts {
        seen.extend(part.attachment_name().map(str::to_owned));
        for header in part.headers() {
            seen.push(format!("{:?}", header.value()));
        }
        match &part.body {
            PartType::Text(text) | PartType::Html(text) => seen.push(text.to_string()),
            PartType::Binary(data) | PartType::InlineBinary(data) => {
                seen.push(String::from_utf8_lossy(data).into_owned());
            }
            PartType::Message(mail) => seen.extend(everything(mail.raw_message())),
            PartType::Multipart(_) => {}
        }
    }
    seen
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

/// Which of these words stand in a mail.
pub fn found<'w>(bytes: &[u8], words: &[&'w str]) -> BTreeSet<&'w str> {
    let mut found = BTreeSet::new();
    for text in everything(bytes) {
        let text = plain(&text);
        found.extend(words.iter().filter(|word| text.contains(&word.to_lowercase())));
    }
    found
}
