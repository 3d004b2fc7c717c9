//! File names that harm no machine and that people can still read.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use crate::domain::is_unseen;
use crate::inspect;

/// A name without its extension, in characters and in bytes of UTF-8: file systems end at 255
/// bytes, and a zip or a sync program wants room beside it.
const MOST_CHARACTERS: usize = 100;
const MOST_BYTES: usize = 200;

/// Names of devices, which Windows takes for files whatever their extension.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A safe name with the extension that the content has: of `C:\x\invoice.pdf.exe`, which is a PDF,
/// `invoice.pdf`.
pub(super) fn safe(name: Option<&str>, extension: &str) -> String {
    let plain = plain(name.unwrap_or_default());
    let stem = without_extensions(&plain);
    let stem = if stem.is_empty() { "file" } else { stem };
    let device = stem.split('.').next().unwrap_or_default().trim().to_lowercase();
    let before = if DEVICES.contains(&device.as_str()) { "_" } else { "" };
    format!("{before}{stem}.{extension}")
}

/// A name of its own among those that a mail has already.
pub(super) fn apart(name: &str, taken: &mut HashSet<String>) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let numbered = (2..).map(|n| format!("{stem} ({n}).{extension}"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    // Some file systems don't tell upper case from lower case.
    all.find(|name| taken.insert(name.to_lowercase())).unwrap_or_default()
}

/// One line without folders and without what means something to a machine: the extension stays.
pub(super) fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut plain = String::new();
    let mut characters = 0;
    for c in last.nfc() {
        let c = match c {
            c if is_unseen(c) => continue,
            '<' | '>' | ':' | '"' | '|' | '?' | '*' | '[' | ']' | '%' => ' ',
            c if c.is_control() || c.is_whitespace() => ' ',
            c => c,
        };
        // One space is enough.
        if c == ' ' && plain.ends_with(' ') {
            continue;
        }
        if characters >= MOST_CHARACTERS + 10 || plain.len() + c.len_utf8() > MOST_BYTES + 10 {
            break;
        }
        plain.push(c);
        characters += 1;
    }
    // A leading dot hides a file; one at the end is dropped by Windows.
    plain.trim_matches(|c: char| c == '.' || c == ' ').to_owned()
}

fn without_extensions(name: &str) -> &str {
    let stem = inspect::without_extensions(name);
    let mut end = stem.len().min(MOST_BYTES);
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    let most = stem.char_indices().nth(MOST_CHARACTERS).map_or(end, |(at, _)| at.min(end));
    stem.get(..most).unwrap_or_default().trim_matches(|c: char| c == '.' || c == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_can_be_read() {
        let check = |name: &str, extension, expected: &str| {
            assert_eq!(safe(Some(name), extension), expected, "{name:?}");
        };
        check("invoice.pdf", "pdf", "invoice.pdf");
        check("Rechnung für Größe 5.PDF", "pdf", "Rechnung für Größe 5.pdf");
        check("取扱説明書.pdf", "pdf", "取扱説明書.pdf");
        check("💡 lamp.jpeg", "jpg", "💡 lamp.jpg");
        check("invoice.pdf.exe", "pdf", "invoice.pdf");
        check("photo.jpg", "png", "photo.png");
        check("C:\\Users\\Jane\\invoice.pdf", "pdf", "invoice.pdf");
        check("/home/jane/../../etc/passwd", "txt", "passwd.txt");
        check("a\r\nBcc: x.pdf", "pdf", "a Bcc x.pdf");
        check("in\u{202e}fdp.exe", "pdf", "infdp.pdf");
        check("in\u{200b}voice.pdf", "pdf", "invoice.pdf");
        check("CON.pdf", "pdf", "_CON.pdf");
        check("..", "pdf", "file.pdf");
        check("", "pdf", "file.pdf");
        check(".htaccess", "txt", "htaccess.txt");
        check("manual v1.2", "pdf", "manual v1.2.pdf");
        check("u\u{308}ber.txt", "txt", "über.txt");
        let long = safe(Some(&"ラ".repeat(500)), "pdf");
        assert!(long.len() <= 210 && long.ends_with("ラ.pdf"), "{long}");
        assert_eq!(safe(Some(&"a".repeat(500)), "pdf").len(), 104);
    }

    #[test]
    fn two_files_of_one_mail_have_two_names() {
        let mut taken = HashSet::new();
        let names = ["a.jpg", "A.jpg", "a.jpg", "b.jpg"].map(|name| apart(name, &mut taken));
        assert_eq!(names, ["a.jpg", "A (2).jpg", "a (3).jpg", "b.jpg"]);
    }
}
