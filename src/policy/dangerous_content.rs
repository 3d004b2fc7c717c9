//! Rule `dangerous-content`: programs, scripts, macros, archives with those inside, archives that
//! nobody can look into, and bombs.

use super::attachment_type::named;
use crate::mail::Attachment;

/// The words of the finding, where this file must not reach anybody.
pub(super) fn find(attachment: &Attachment) -> Option<String> {
    let facts = &attachment.inspected.as_ref()?.facts;
    let danger = facts.danger?.word();
    let name = named(attachment);
    Some(match &facts.inside {
        Some(inside) => format!("{name} ({danger}: {inside})"),
        None => format!("{name} ({danger})"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::attachment_type::tests::file;
    use super::*;
    use crate::domain::{Danger, FileFacts, FileKind};

    #[test]
    fn the_words_name_the_file_and_what_is_inside() {
        let check = |facts, expected: Option<&str>| {
            assert_eq!(find(&file("a.zip", facts, false)).as_deref(), expected);
        };
        check(FileFacts::of(FileKind::Archive), None);
        let inside = Some("setup.exe".to_owned());
        check(
            FileFacts::dangerous(FileKind::Archive, Danger::Program, inside),
            Some("a.zip (program: setup.exe)"),
        );
        check(
            FileFacts::dangerous(FileKind::Pdf, Danger::Hostile, None),
            Some("a.zip (could not be opened safely)"),
        );
    }
}
