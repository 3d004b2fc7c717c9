//! The scanner of DATA and the assembler of BDAT, beside the plainest code that does the same.

#![no_main]

use bauta::smtp::{Assembler, Scanned, Scanner};
use libfuzzer_sys::fuzz_target;

const MAX_SIZE: usize = 200;

/// Where the first CRLF.CRLF ends, with the CRLF of the DATA line before it.
fn end(said: &[u8]) -> Option<usize> {
    let all = [b"\r\n", said].concat();
    all.windows(5).position(|five| five == b"\r\n.\r\n").map(|at| at + 3)
}

fn has_bare(octets: &[u8]) -> bool {
    (0..octets.len()).any(|at| match octets[at] {
        b'\r' => octets.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || octets[at - 1] != b'\r',
        _ => false,
    })
}

/// Without the dot that stands first in a line.
fn unstuffed(octets: &[u8]) -> Vec<u8> {
    let mut mail = vec![];
    let mut rest = octets;
    while !rest.is_empty() {
        let line = rest.windows(2).position(|two| two == b"\r\n").map_or(rest.len(), |at| at + 2);
        let (line, after) = rest.split_at(line);
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        rest = after;
    }
    mail
}

fn data(said: &[u8], piece: usize) {
    let mut scanner = Scanner::new(MAX_SIZE);
    let mut read = 0;
    let mut ended = false;
    for piece in said.chunks(piece) {
        let mut left = piece;
        ended = scanner.feed(&mut left);
        read += piece.len() - left.len();
        if ended {
            break;
        }
        assert!(left.is_empty(), "it left octets and has not ended");
    }
    assert_eq!(ended.then_some(read), end(said));
    let Some(end) = end(said) else { return };
    let text = &said[..end - 3];
    let expected = match unstuffed(text) {
        _ if has_bare(text) => Scanned::BareLineEnd,
        mail if mail.len() > MAX_SIZE => Scanned::TooLarge { size: mail.len() },
        mail => Scanned::Mail(mail),
    };
    assert_eq!(scanner.finish(), expected);
}

fn bdat(said: &[u8], piece: usize) {
    let mut expected = vec![];
    let mut rest = said;
    while let Some((&octet, after)) = rest.split_first() {
        rest = match octet {
            b'\r' => after.strip_prefix(b"\n").unwrap_or(after),
            _ => after,
        };
        match octet {
            b'\r' | b'\n' => expected.extend_from_slice(b"\r\n"),
            octet => expected.push(octet),
        }
    }
    let mut assembler = Assembler::new(MAX_SIZE);
    said.chunks(piece).for_each(|piece| assembler.feed(piece));
    assert!(assembler.kept() <= MAX_SIZE);
    let expected = match expected.len() {
        size if size > MAX_SIZE => Scanned::TooLarge { size },
        _ => Scanned::Mail(expected),
    };
    assert_eq!(assembler.finish(), expected);
}

fuzz_target!(|said: &[u8]| {
    let Some((&piece, said)) = said.split_first() else { return };
    for piece in [usize::from(piece % 16).max(1), said.len().max(1)] {
        data(said, piece);
        bdat(said, piece);
    }
});
