//! What was found when a file was opened, as plain data.

use serde::{Deserialize, Serialize};

/// What a file is. Its content says so, never its name or what was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A GIF picture.
    Gif,
    /// A WebP picture.
    WebP,
    /// A PDF.
    Pdf,
    /// Plain text.
    Text,
    /// A picture that can't be cleaned: HEIC, TIFF, raw formats and others.
    OtherPicture,
    /// A video.
    Video,
    /// A sound.
    Audio,
    /// A document of an office program.
    Office,
    /// An archive, packed files or a disk image.
    Archive,
    /// Something that a machine runs.
    Program,
    /// A text that a machine runs.
    Script,
    /// A web page or other markup.
    Markup,
    /// Appointments (RFC 5545).
    Calendar,
    /// Contacts (RFC 6350).
    Contact,
    /// Sealed for somebody: OpenPGP or CMS.
    Sealed,
    /// A key, a certificate or a signature that stands for itself.
    Key,
    /// Outlook's own wrapping (TNEF).
    Tnef,
    /// A whole mail.
    Mail,
    /// Nothing in it.
    Empty,
    /// Anything else.
    Other,
}

impl FileKind {
    /// Whether it is a picture that can be cleaned.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Gif | Self::WebP)
    }

    /// The content type and extension that it goes out with, where it can be cleaned at all.
    pub fn cleanable(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Jpeg => ("image/jpeg", "jpg"),
            Self::Png => ("image/png", "png"),
            Self::Gif => ("image/gif", "gif"),
            Self::WebP => ("image/webp", "webp"),
            Self::Pdf => ("application/pdf", "pdf"),
            Self::Text => ("text/plain", "txt"),
            _ => return None,
        })
    }

    /// What a person calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG picture",
            Self::Png => "PNG picture",
            Self::Gif => "GIF picture",
            Self::WebP => "WebP picture",
            Self::Pdf => "PDF",
            Self::Text => "plain text",
            Self::OtherPicture => "a picture that can't be cleaned; send it as JPEG",
            Self::Video => "a video, which can't be cleaned; send a picture of it as JPEG",
            Self::Audio => "sound",
            Self::Office => "office document",
            Self::Archive => "archive",
            Self::Program => "program",
            Self::Script => "script",
            Self::Markup => "web page",
            Self::Calendar => "calendar file",
            Self::Contact => "contact file",
            Self::Sealed => "encrypted file",
            Self::Key => "key or signature",
            Self::Tnef => "winmail.dat",
            Self::Mail => "mail",
            Self::Empty => "empty file",
            Self::Other => "unknown type",
        }
    }
}

/// Why a file must not reach anybody (rule `dangerous-content`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    /// A machine runs it.
    Program,
    /// A machine runs it, and people can read it.
    Script,
    /// A document with a program in it.
    Macro,
    /// Nobody can look into it.
    EncryptedArchive,
    /// It unpacks to far more than it is.
    Bomb,
    /// Opening it brought its reader down.
    Hostile,
}

impl Danger {
    /// What a person calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Script => "script",
            Self::Macro => "document with macros",
            Self::EncryptedArchive => "encrypted, so that nobody can look into it",
            Self::Bomb => "unpacks to far more than it is",
            Self::Hostile => "could not be opened safely",
        }
    }
}

/// Why a file of a kind that could be cleaned was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unopened {
    /// It is broken, or not what it begins as.
    Damaged,
    /// It asks for a password.
    Encrypted,
    /// A text that is longer than anybody looks through.
    TooLong,
}

impl Unopened {
    /// What a person calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Damaged => "damaged, so that it could not be opened",
            Self::Encrypted => "asks for a password",
            Self::TooLong => "longer than is looked through",
        }
    }
}

/// What a machine reads in a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shown {
    /// In points.
    pub width: u32,
    /// In points.
    pub height: u32,
    /// What its QR codes say, at most 8 of 500 characters.
    pub codes: Vec<String>,
    /// The same for the same picture, however it was packed: a few of its bits may differ. None
    /// for a picture that shows next to nothing.
    pub print: Option<u64>,
    /// It was not looked through: too large, or too much in it.
    pub unread: bool,
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// What it is.
    pub kind: FileKind,
    /// Why it must not reach anybody.
    pub danger: Option<Danger>,
    /// The file inside of it that is the danger.
    pub inside: Option<String>,
    /// Why it could not be cleaned.
    pub unopened: Option<Unopened>,
    /// What it shows, where it is a picture that somebody asked to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

impl FileFacts {
    /// A file of this kind with nothing to say against it.
    pub fn of(kind: FileKind) -> Self {
        Self { kind, danger: None, inside: None, unopened: None, shown: None }
    }

    /// A file that is a danger.
    pub fn dangerous(kind: FileKind, danger: Danger, inside: Option<String>) -> Self {
        Self { danger: Some(danger), inside, ..Self::of(kind) }
    }

    /// A file that could not be opened.
    pub fn unopened(kind: FileKind, why: Unopened) -> Self {
        Self { unopened: Some(why), ..Self::of(kind) }
    }

    /// Whether it was cleaned and may go out, if the policy lets it.
    pub fn is_clean(&self) -> bool {
        self.kind.cleanable().is_some() && self.danger.is_none() && self.unopened.is_none()
    }
}
