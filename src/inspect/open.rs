//! One file: what it is, and the same without what it tells about its maker.

use std::panic::catch_unwind;

use super::kind::kind;
use super::{archive, gif, jpeg, pdf, picture, png, webp};
use crate::domain::{Danger, FileFacts, FileKind, Unopened};

/// What came of opening a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What was found.
    pub facts: FileFacts,
    /// The cleaned file, where cleaning changed it. Where it is none and the facts say that the
    /// file is clean, it can go as it came.
    pub cleaned: Option<Vec<u8>>,
    /// What a PDF says, page after page with [`super::PAGE_BREAK`] between; empty where nothing in
    /// it is written as text, and for every other file.
    pub words: String,
}

impl Opened {
    /// Nothing but what was found.
    pub fn only(facts: FileFacts) -> Self {
        Self { facts, cleaned: None, words: String::new() }
    }
}

/// Opens a file. May take the time and memory that a hostile file makes it take: to be called in
/// the child.
pub fn open(name: Option<&str>, declared: &str, bytes: &[u8]) -> Opened {
    let kind = kind(name, declared, bytes);
    let mut words = String::new();
    let cleaned = match kind {
        FileKind::Jpeg => jpeg::clean(bytes).ok_or(Unopened::Damaged),
        FileKind::Png => png::clean(bytes).ok_or(Unopened::Damaged),
        FileKind::Gif => gif::clean(bytes).ok_or(Unopened::Damaged),
        FileKind::WebP => webp::clean(bytes).ok_or(Unopened::Damaged),
        FileKind::Pdf => pdf::clean(bytes).map(|(cleaned, said)| {
            words = said;
            cleaned
        }),
        FileKind::Archive | FileKind::Office => return Opened::only(archive::look(name, bytes)),
        FileKind::Program => {
            return Opened::only(FileFacts::dangerous(kind, Danger::Program, None));
        }
        FileKind::Script => return Opened::only(FileFacts::dangerous(kind, Danger::Script, None)),
        other => return Opened::only(FileFacts::of(other)),
    };
    match cleaned {
        Ok(cleaned) => {
            let facts = FileFacts::of(kind);
            Opened { facts, cleaned: (cleaned != bytes).then_some(cleaned), words }
        }
        Err(why) => Opened::only(FileFacts::unopened(kind, why)),
    }
}

/// Notes what a picture shows. Takes far more time than cleaning it: to be called in the child, and
/// where somebody asks.
pub(super) fn look(opened: &mut Opened, bytes: &[u8]) {
    let facts = &mut opened.facts;
    if facts.is_clean() && facts.kind.is_picture() {
        facts.shown = catch_unwind(|| picture::look(facts.kind, bytes)).ok().flatten();
    }
}
