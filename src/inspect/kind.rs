//! What a file is, by its first bytes.

use infer::MatcherType;

use super::names;
use crate::domain::FileKind;

/// Compound files of older office programs, and of Windows' installer.
pub(super) const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// So much of a text is looked at to tell what kind of text it is.
const HEAD: usize = 4 * 1024;

/// What a file is. The name and the declared type only say which kind of text, or which of the
/// formats without a mark, it is: what has a mark is what the mark says.
pub fn kind(name: Option<&str>, declared: &str, bytes: &[u8]) -> FileKind {
    if bytes.is_empty() {
        return FileKind::Empty;
    }
    if let Some(marked) = marked(bytes) {
        return match marked {
            FileKind::Office if name.is_some_and(names::is_run_by_name) => FileKind::Program,
            other => other,
        };
    }
    let named = |ends: &[&str]| {
        let name = name.unwrap_or_default().trim_end().to_lowercase();
        ends.iter().any(|end| name.ends_with(end))
    };
    if is_text(bytes) {
        return match text_kind(bytes) {
            FileKind::Text if name.is_some_and(names::is_run_by_name) => FileKind::Script,
            FileKind::Text if named(&[".ics", ".vcs", ".ifb"]) => FileKind::Calendar,
            FileKind::Text if named(&[".vcf", ".vcard"]) => FileKind::Contact,
            FileKind::Text if named(&[".htm", ".html", ".svg", ".xml"]) => FileKind::Markup,
            FileKind::Text if named(&[".eml", ".mbox"]) => FileKind::Mail,
            FileKind::Text => by_declaration(declared).unwrap_or(FileKind::Text),
            other => other,
        };
    }
    if name.is_some_and(names::is_run_by_name) {
        return FileKind::Program;
    }
    if named(&[".gpg", ".pgp", ".p7m"]) {
        return FileKind::Sealed;
    }
    if named(&[".p7s", ".sig", ".p7c", ".p7b", ".cer", ".crt", ".der"]) {
        return FileKind::Key;
    }
    by_declaration(declared).unwrap_or(FileKind::Other)
}

/// Types that are refused or dropped whatever is in them.
fn by_declaration(declared: &str) -> Option<FileKind> {
    Some(match declared {
        "text/calendar" | "application/ics" | "text/x-vcalendar" => FileKind::Calendar,
        "text/vcard" | "text/x-vcard" | "text/directory" | "application/vcard" => FileKind::Contact,
        "application/pgp-encrypted" | "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            FileKind::Sealed
        }
        "application/pgp-keys"
        | "application/pgp-signature"
        | "application/pkcs7-signature"
        | "application/x-pkcs7-signature" => FileKind::Key,
        "message/rfc822" | "message/global" => FileKind::Mail,
        "text/html" | "application/xhtml+xml" | "image/svg+xml" => FileKind::Markup,
        _ => return None,
    })
}

/// By a mark at the start.
fn marked(bytes: &[u8]) -> Option<FileKind> {
    let starts = |mark: &[u8]| bytes.starts_with(mark);
    let at =
        |offset: usize, mark: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(mark));
    let own = match bytes {
        _ if starts(b"\xff\xd8\xff") => FileKind::Jpeg,
        _ if starts(b"\x89PNG\r\n\x1a\n") => FileKind::Png,
        _ if starts(b"GIF87a") || starts(b"GIF89a") => FileKind::Gif,
        _ if starts(b"II*\0") || starts(b"MM\0*") => FileKind::OtherPicture,
        _ if starts(b"RIFF") && at(8, b"WEBP") => FileKind::WebP,
        _ if is_pdf(bytes) => FileKind::Pdf,
        _ if starts(OLE) => FileKind::Office,
        _ if starts(b"{\\rtf") => FileKind::Office,
        _ if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") => FileKind::Archive,
        _ if starts(b"MZ") || starts(b"\x7fELF") => FileKind::Program,
        // A Windows shortcut and compiled help run what they name.
        _ if starts(b"L\0\0\0\x01\x14\x02\0") || starts(b"ITSF") => FileKind::Program,
        _ if starts(b"FWS") || starts(b"CWS") || starts(b"ZWS") => FileKind::Program,
        _ if starts(b"\x78\x9f\x3e\x22") => FileKind::Tnef,
        _ if at(32_769, b"CD001") => FileKind::Archive,
        // ISO base media (ISO/IEC 14496-12 §4.3): pictures of phones, else video.
        _ if at(4, b"ftyp") => match bytes.get(8..12) {
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1" | b"avif") => {
                FileKind::OtherPicture
            }
            Some(b"M4A ") => FileKind::Audio,
            _ => FileKind::Video,
        },
        _ => return by_table(bytes),
    };
    Some(own)
}

fn by_table(bytes: &[u8]) -> Option<FileKind> {
    let found = infer::get(bytes)?;
    Some(match (found.matcher_type(), found.mime_type()) {
        (MatcherType::Image, _) => FileKind::OtherPicture,
        (MatcherType::Video, _) => FileKind::Video,
        (MatcherType::Audio, _) => FileKind::Audio,
        (MatcherType::Doc | MatcherType::Book, _) => FileKind::Office,
        // Armour of any kind begins like a certificate: its words tell which it is.
        (MatcherType::App, "application/x-x509-ca-cert") if is_text(bytes) => return None,
        (MatcherType::App, "application/x-x509-ca-cert") => FileKind::Key,
        (MatcherType::App, "application/x-qemu-disk") => FileKind::Archive,
        (MatcherType::App, _) => FileKind::Program,
        (
            MatcherType::Archive,
            "application/vnd.debian.binary-package"
            | "application/x-rpm"
            | "application/x-google-chrome-extension",
        ) => FileKind::Program,
        // These have a mark of a few letters, with which a text can begin too.
        (MatcherType::Archive, "application/postscript" | "application/pdf") => FileKind::Other,
        (MatcherType::Archive, _) => FileKind::Archive,
        _ => return None,
    })
}

/// Readers of PDF look for the header in the first 1,024 bytes; whatever stands before it makes it
/// something else too, so only white space may.
fn is_pdf(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.get(..1024).unwrap_or(bytes).trim_ascii_start().starts_with(b"%PDF-")
}

/// Whether people can read it: no control characters but those of text and of ISO-2022.
fn is_text(bytes: &[u8]) -> bool {
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let control = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    utf16 || !bytes.iter().any(|b| control(b) || *b == 0x7f)
}

/// Which kind of text.
fn text_kind(bytes: &[u8]) -> FileKind {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    // UTF-16 of ASCII reads as ASCII without its NULs.
    let head: Vec<u8> = head.iter().copied().filter(|b| *b != 0).collect();
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let text = head.trim_start_matches(['\u{feff}', '\u{fffd}']);
    let text = text.trim_start();
    let begins = |marks: &[&str]| marks.iter().any(|mark| text.starts_with(mark));
    if begins(&["#!", "@echo", "<?php", "<%", "<job", "<script"]) {
        FileKind::Script
    } else if begins(&["begin:vcalendar"]) {
        FileKind::Calendar
    } else if begins(&["begin:vcard"]) {
        FileKind::Contact
    } else if text.contains("-----begin pgp message")
        || begins(&["-----begin pkcs7", "-----begin cms"])
    {
        FileKind::Sealed
    } else if begins(&["-----begin pgp", "-----begin certificate", "-----begin public key"])
        || text.contains("-----begin pgp public key block")
        || text.contains("private key-----")
    {
        FileKind::Key
    } else if begins(&["<!doctype", "<html", "<?xml", "<svg", "<head", "<body", "<!--"])
        || ["<html", "<script", "<svg", "<iframe"].iter().any(|tag| text.contains(tag))
    {
        FileKind::Markup
    } else if is_mail(text) {
        FileKind::Mail
    } else {
        FileKind::Text
    }
}

/// Fields that only programs write into a mail's header. A conversation that a person saved as
/// text has From, To and Subject at most.
const MACHINES: [&str; 11] = [
    "arc-seal",
    "authentication-results",
    "content-transfer-encoding",
    "content-type",
    "delivered-to",
    "dkim-signature",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "user-agent",
];

/// Whether a text is the source of a mail: its words are encoded, so that reading it as text would
/// not be reading it. `text` is the lower-case head of it.
fn is_mail(text: &str) -> bool {
    let mut lines = text.lines();
    // mbox: "From sender date" stands first.
    let first = lines.clone().next().is_some_and(|line| line.starts_with("from "));
    if first {
        lines.next();
    }
    let mut machines = 0;
    for line in lines.take_while(|line| !line.trim().is_empty()) {
        let folded = line.starts_with([' ', '\t']);
        let Some((name, _)) = line.split_once(':').filter(|_| !folded) else {
            if folded {
                continue;
            }
            return false;
        };
        let is_name = |b: u8| (0x21..0x7f).contains(&b);
        if name.is_empty() || !name.bytes().all(is_name) {
            return false;
        }
        machines += usize::from(MACHINES.contains(&name) || name.starts_with("x-"));
        if machines >= 2 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_and_not_the_name() {
        let check = |name: &str, bytes: &[u8], expected| {
            assert_eq!(kind(Some(name), "image/jpeg", bytes), expected, "{name}");
        };
        check("a.pdf", b"\xff\xd8\xff\xe0", FileKind::Jpeg);
        check("a.exe", b"%PDF-1.4\n", FileKind::Pdf);
        check("a.pdf", b"MZ\x90\0\x03", FileKind::Program);
        check("a.pdf", b"PK\x03\x04 and %PDF-1.4", FileKind::Archive);
        check("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0", FileKind::OtherPicture);
        check("a.jpg", b"\0\0\0\x18ftypisom\0\0\0\0", FileKind::Video);
        check("a.jpg", b"II*\0\x08\0\0\0", FileKind::OtherPicture);
        check("a.doc", OLE, FileKind::Office);
        check("setup.msi", OLE, FileKind::Program);
        check("a.jpg", b"", FileKind::Empty);
        check("a.jpg", b"hello", FileKind::Text);
        check("a.jpg", "größe ランプ".as_bytes(), FileKind::Text);
        check("a.jpg", b"\xff\xfeh\0i\0", FileKind::Text);
        check("a.jpg", b"\x01\x02\x03", FileKind::Other);
        check("a.bin", b"#!/bin/sh\nrm", FileKind::Script);
        check("go.bat", b"del x", FileKind::Script);
        check("a.jpg", b"<!DOCTYPE html><p>", FileKind::Markup);
        check("a.txt", b"BEGIN:VCALENDAR\r\n", FileKind::Calendar);
        check("a.txt", b"\r\nBEGIN:VCARD\r\n", FileKind::Contact);
        check("a.vcf", b"odd", FileKind::Contact);
        check("a.txt", b"-----BEGIN PGP MESSAGE-----\n", FileKind::Sealed);
        check("a.asc", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", FileKind::Key);
        let mail =
            b"Return-Path: <x@y.example>\r\nReceived: from a\r\n\tby b\r\nSubject: x\r\n\r\nx";
        check("mail.txt", mail, FileKind::Mail);
        check("mail.txt", &[b"From x@y.example Mon\n", &mail[..]].concat(), FileKind::Mail);
        check("saved.eml", b"Hello", FileKind::Mail);
        let saved = b"From: Jane\r\nTo: Lamp Shop\r\nSubject: Lamp\r\nContent-Type: x\r\n\r\nHello";
        check("saved.txt", saved, FileKind::Text);
        check("list.txt", b"Received: 3\nlamps\nX-large: 2\nx-small: 1\n", FileKind::Text);
        check("a.gpg", b"\x85\x01\x0c\x03", FileKind::Sealed);
        check("a.jpg", b"\x1f\x8b\x08\0", FileKind::Archive);
        check("winmail.dat", b"\x78\x9f\x3e\x22\x01\0", FileKind::Tnef);
        assert_eq!(kind(None, "text/calendar", b"x"), FileKind::Calendar);
        assert_eq!(kind(None, "application/pkcs7-mime", b"0\x80"), FileKind::Sealed);
    }
}
