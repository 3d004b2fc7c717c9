//! Telling new text from quotes and signature by what mail programs write around them.

use std::ops::Range;

use super::heading::{Heading, heading};
use super::introduction::{
    Introduces, begins_dated, introduces, is_quoted, is_reply_line, is_rule, is_separator,
    may_begin, may_name,
};
use super::message::{Segment, SegmentKind, Text};
use super::sighting::Hashed;
use super::signature;
use crate::domain::lines_of;

/// Lines over which an introduction is wrapped at most.
const INTRODUCTION_LINES: usize = 4;
/// Lines of a quoted header block.
const BLOCK_LINES: usize = 14;
/// What is longer is no signature, whatever stands above it.
const SIGNATURE_LINES: usize = 20;
const SIGNATURE_BYTES: usize = 2000;
/// Lines in which one without a separator is looked for.
const SIGNATURE_SEARCH: usize = 40;

/// Splits a text (LF line ends) into its segments. Linear in its length.
pub fn segment(body: String) -> Text {
    let kinds = Lines::new(&body).kinds();
    let mut segments: Vec<Segment> = Vec::new();
    let mut at = 0;
    for (line, kind) in lines_of(&body).zip(kinds) {
        let end = at + line.len();
        match segments.last_mut() {
            Some(last) if last.kind == kind => last.range.end = end,
            _ => segments.push(Segment { kind, range: at..end }),
        }
        at = end;
    }
    Text { body, segments, hashed: Hashed::default() }
}

/// The words that were written now: the `New` segments, in order, one below the other.
pub fn new_text(text: &Text) -> String {
    let new: Vec<&str> = text
        .segments
        .iter()
        .filter(|s| s.kind == SegmentKind::New)
        .filter_map(|s| text.body.get(s.range.clone()))
        .map(|words| words.trim_matches('\n').trim_end())
        .filter(|words| !words.trim().is_empty())
        .collect();
    new.join("\n")
}

struct Lines<'t> {
    lines: Vec<&'t str>,
    /// The same without the white space around them.
    words: Vec<&'t str>,
    /// For each line the next one, itself included, that is not blank.
    next_full: Vec<usize>,
    /// For each line whether an introduction may end on it or names somebody.
    names: Vec<bool>,
    /// Behind the last line with a quote mark.
    quotes_end: usize,
    /// A signature stands below a separator.
    separated: bool,
    kinds: Vec<SegmentKind>,
}

impl<'t> Lines<'t> {
    fn new(body: &'t str) -> Self {
        let lines: Vec<&str> = lines_of(body).collect();
        let words: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
        let mut next_full = vec![lines.len(); lines.len() + 1];
        let mut next = lines.len();
        for (at, words) in words.iter().enumerate().rev() {
            if !words.is_empty() {
                next = at;
            }
            if let Some(slot) = next_full.get_mut(at) {
                *slot = next;
            }
        }
        let quotes_end = lines.iter().rposition(|line| is_quoted(line)).map_or(0, |at| at + 1);
        let kinds = vec![SegmentKind::New; lines.len()];
        let names = lines.iter().map(|line| may_name(line)).collect();
        Self { lines, words, next_full, names, quotes_end, separated: false, kinds }
    }

    fn line(&self, at: usize) -> &'t str {
        self.lines.get(at).copied().unwrap_or_default()
    }

    fn words(&self, at: usize) -> &'t str {
        self.words.get(at).copied().unwrap_or_default()
    }

    fn is_blank(&self, at: usize) -> bool {
        self.words(at).is_empty()
    }

    fn full_from(&self, at: usize) -> usize {
        self.next_full.get(at).copied().unwrap_or(self.lines.len())
    }

    fn mark(&mut self, range: Range<usize>, kind: SegmentKind) {
        if let Some(kinds) = self.kinds.get_mut(range) {
            kinds.fill(kind);
        }
    }

    fn kinds(mut self) -> Vec<SegmentKind> {
        self.quotes();
        self.overlong_signatures();
        self.footers();
        self.closing();
        let mut before = SegmentKind::New;
        for (words, kind) in self.words.iter().zip(self.kinds.iter_mut()) {
            // A blank line goes with what stands above it.
            if words.is_empty() {
                *kind = before;
            }
            before = *kind;
        }
        self.kinds
    }

    /// Quotes, introductions and what stands below a signature separator.
    fn quotes(&mut self) {
        let mut at = self.full_from(0);
        let mut running = SegmentKind::New;
        let mut written = false;
        while at < self.lines.len() {
            let line = self.words(at);
            let quoted = is_quoted(line);
            // Looked for once in a line.
            let introduction = if quoted { None } else { self.introduction(at) };
            if quoted {
                self.mark(at..at + 1, SegmentKind::Quote);
                running = SegmentKind::New;
            } else if !written && is_reply_line(line) {
                self.mark(at..at + 1, SegmentKind::Attribution);
            } else if let Some(end) = self.tail(at, introduction, written) {
                let all = self.lines.len();
                self.mark(end..all, SegmentKind::Quote);
                self.mark(self.rules_above(at)..end, SegmentKind::Attribution);
                return;
            } else if let Some(end) = self.before_quote(introduction) {
                self.mark(at..end, SegmentKind::Attribution);
                running = SegmentKind::New;
                let end = self.barred(end);
                at = self.full_from(end);
                continue;
            } else {
                if signature::is_separator(self.line(at)) {
                    running = SegmentKind::Signature;
                    self.separated = true;
                }
                self.mark(at..at + 1, running);
                written = true;
            }
            at = self.full_from(at + 1);
        }
    }

    /// Where the introduction ends that begins here and below which everything is quoted.
    /// `written` tells that somebody wrote something above it.
    fn tail(
        &self,
        at: usize,
        introduction: Option<(usize, Introduces)>,
        written: bool,
    ) -> Option<usize> {
        if let Some(end) = self.header_block(at) {
            return Some(end);
        }
        if is_separator(self.words(at)) || is_reply_line(self.words(at)) {
            let below = self.full_from(at + 1);
            let introduction =
                || self.introduction(below).filter(|(_, sure)| *sure == Introduces::Surely);
            let end = self.header_block(below).or_else(|| Some(introduction()?.0));
            return Some(end.unwrap_or(at + 1));
        }
        let (end, sure) = introduction?;
        // Who wrote nothing above it answers below, between quote marks. Those below an answer
        // may belong to what is quoted without any.
        (sure == Introduces::Surely && (written || self.quotes_end <= end))
            .then_some(end)
            .filter(|&end| !self.begins_quote(end))
    }

    fn begins_quote(&self, at: usize) -> bool {
        let line = self.line(self.full_from(at));
        is_quoted(line) || line.starts_with('|')
    }

    fn before_quote(&self, introduction: Option<(usize, Introduces)>) -> Option<usize> {
        let (end, _) = introduction?;
        self.begins_quote(end).then_some(end)
    }

    /// Marks what is quoted by bars from here on; gives where that ends.
    fn barred(&mut self, from: usize) -> usize {
        let mut at = self.full_from(from);
        while self.line(at).starts_with('|') {
            self.mark(at..at + 1, SegmentKind::Quote);
            at = self.full_from(at + 1);
        }
        at
    }

    fn introduction(&self, at: usize) -> Option<(usize, Introduces)> {
        let names = self.names.get(at..).unwrap_or_default();
        if !names.iter().take(INTRODUCTION_LINES).any(|n| *n) && !begins_dated(self.words(at)) {
            return None;
        }
        let mut joined = self.words(at).to_owned();
        if joined.len() > 1000 {
            return None;
        }
        if let Some(sure) = introduces(&joined) {
            return Some((at + 1, sure));
        }
        let begins = may_begin(&joined)?;
        for more in at + 1..at + INTRODUCTION_LINES {
            let line = self.words(more);
            // A break right before the bracket that closes the address is no quote mark.
            let quoted = is_quoted(line) && line != ">:";
            if line.is_empty() || quoted || line.len() > 1000 {
                return None;
            }
            joined.push(' ');
            joined.push_str(line);
            let Some(sure) = introduces(&joined) else { continue };
            // "I bought it in 2016." above a whole introduction is none of it.
            let later = begins == Introduces::Perhaps
                && (at + 1..=more).any(|start| self.is_introduction(start..more + 1));
            return (!later).then_some((more + 1, sure));
        }
        None
    }

    /// Whether just these lines are an introduction that opens as one.
    fn is_introduction(&self, lines: Range<usize>) -> bool {
        let first = self.line(lines.start);
        // "<jane@mail.example> wrote:" goes on with the line above it.
        if first.trim_start().starts_with('<') {
            return false;
        }
        let whole = lines.len() == 1 || may_begin(first) == Some(Introduces::Surely);
        let lines: Vec<&str> = lines.filter_map(|at| self.words.get(at)).copied().collect();
        whole && introduces(&lines.join(" ")).is_some()
    }

    /// "From: … Sent: … To: … Subject: …": where the block ends that begins here.
    fn header_block(&self, at: usize) -> Option<usize> {
        let first = heading(self.line(at))?;
        let mut seen = Vec::new();
        let mut end = at;
        for here in at..(at + BLOCK_LINES).min(self.lines.len()) {
            match heading(self.line(here)) {
                Some(kind) => {
                    seen.push(kind);
                    end = here + 1;
                }
                // A wrapped value, or the blank lines of a client that spaces its lines.
                None if here < end + 2 => {}
                None => break,
            }
        }
        let has = |kind| seen.contains(&kind);
        let others = [Heading::Sent, Heading::To, Heading::Subject];
        let count = others.into_iter().filter(|&kind| has(kind)).count();
        let usual = matches!(first, Heading::From | Heading::Sent);
        // One that begins otherwise could be a person's list.
        (has(Heading::From) && count >= if usual { 2 } else { 3 }).then_some(end)
    }

    /// The first of the rules and blank lines right above `at`.
    fn rules_above(&self, at: usize) -> usize {
        let mut first = at;
        for above in (at.saturating_sub(3)..at).rev() {
            let line = self.line(above);
            if is_rule(line) {
                first = above;
            } else if !self.is_blank(above) {
                break;
            }
        }
        first
    }

    /// A "signature" that is too long for one is text: else one separator would hide it.
    fn overlong_signatures(&mut self) {
        let mut at = 0;
        while at < self.kinds.len() {
            let is_signature = |k: &SegmentKind| *k == SegmentKind::Signature;
            if !self.kinds.get(at).is_some_and(is_signature) {
                at += 1;
                continue;
            }
            let mut end = at;
            let (mut count, mut bytes) = (0, 0);
            while end < self.kinds.len() {
                let blank = self.is_blank(end);
                if !blank && !self.kinds.get(end).is_some_and(is_signature) {
                    break;
                }
                count += usize::from(!blank);
                bytes += self.line(end).len();
                end += 1;
            }
            if count > SIGNATURE_LINES || bytes > SIGNATURE_BYTES {
                self.mark(at..end, SegmentKind::New);
            }
            at = end;
        }
    }

    /// "Sent from my iPhone", where no new text follows it or where it stands apart.
    fn footers(&mut self) {
        let mut ends = true;
        for at in (0..self.lines.len()).rev() {
            let line = self.words(at);
            if line.is_empty() {
                continue;
            }
            let apart =
                || self.is_blank(at + 1) && at.checked_sub(1).is_some_and(|at| self.is_blank(at));
            if self.kinds.get(at) != Some(&SegmentKind::New) {
                ends = true;
            } else if (ends || apart()) && signature::is_footer(line) {
                self.mark(at..at + 1, SegmentKind::Signature);
            } else {
                ends = false;
            }
        }
    }

    /// The signature that closes the last new text, where none has a separator.
    fn closing(&mut self) {
        if self.separated {
            return;
        }
        let is_new = |at: &usize| self.kinds.get(*at) == Some(&SegmentKind::New);
        let full = |at: &usize| !self.is_blank(*at);
        let Some(last) = (0..self.lines.len()).rev().filter(full).find(is_new) else { return };
        let mut run: Vec<usize> =
            (0..=last).rev().filter(full).take_while(is_new).take(SIGNATURE_SEARCH).collect();
        run.reverse();
        let lines: Vec<&str> = run.iter().map(|&at| self.line(at)).collect();
        let blank = |at: usize| self.is_blank(at);
        let gaps: Vec<bool> = run.iter().map(|at| at.checked_sub(1).is_some_and(blank)).collect();
        if let Some(&first) = signature::begins(&lines, &gaps).and_then(|first| run.get(first)) {
            self.mark(first..last + 1, SegmentKind::Signature);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The kinds line by line: N, A, Q, S; "." for a blank line.
    fn check(text: &str, expected: &str) {
        let text = segment(text.to_owned());
        let mut at = 0;
        let mut kinds = String::new();
        for line in text.body.split_inclusive('\n') {
            kinds.push(match text.kind_at(at) {
                _ if line.trim().is_empty() => '.',
                SegmentKind::New => 'N',
                SegmentKind::Attribution => 'A',
                SegmentKind::Quote => 'Q',
                SegmentKind::Signature => 'S',
            });
            at += line.len();
        }
        assert_eq!(kinds, expected, "{}", text.body);
    }

    #[test]
    fn an_introduction_and_quote_marks_are_told_in_nine_languages() {
        for introduction in [
            "On Mon, Apr 2, 2012 at 6:26 PM, Jane Roe <jane@mail.example> wrote:",
            "On 2 Apr 2012, at 18:26, Jane Roe wrote:",
            "Am 02.04.2012 um 18:26 schrieb Jane Roe:",
            "Am Mo., 2. Apr. 2012 um 18:26 Uhr schrieb Jane Roe <jane@mail.example>:",
            "Le lun. 2 avr. 2012 à 18:26, Jane Roe <jane@mail.example> a écrit :",
            "El lun, 2 abr 2012 a las 18:26, Jane Roe (<jane@mail.example>) escribió:",
            "Il giorno lun 2 apr 2012 alle ore 18:26 Jane Roe <jane@mail.example> ha scritto:",
            "Em seg., 2 de abr. de 2012 às 18:26, Jane Roe <jane@mail.example> escreveu:",
            "Op ma 2 apr. 2012 om 18:26 schreef Jane Roe <jane@mail.example>:",
            "pon., 2 kwi 2012 o 18:26 Jane Roe <jane@mail.example> napisał(a):",
            "W dniu 2.04.2012 o 18:26, Jane Roe pisze:",
            "2012年4月2日(月) 18:26 Jane Roe <jane@mail.example>:",
        ] {
            check(&format!("Yes.\n\n{introduction}\n\n> Is it?\n>\n> Jane"), "N.A.QQQ");
            // Yahoo and others don't mark what they quote.
            check(&format!("Yes.\n\n{introduction}\n\nIs it?\n\nJane"), "N.A.Q.Q");
        }
    }

    #[test]
    fn an_introduction_may_be_wrapped() {
        check(
            "Yes.\n\nOn Mon, Apr 2, 2012 at 6:26 PM, Jane Roe\n<jane@mail.example>\nwrote:\n> Is it?",
            "N.AAAQ",
        );
        check(
            "Ja.\nJane <jane@mail.example> schrieb am Di., 16. Aug. 2016\num 12:52 Uhr:\n\n> Ist es?",
            "NAA.Q",
        );
    }

    #[test]
    fn below_a_header_block_all_is_quoted() {
        check(
            "Yes.\n\n________________________________\nFrom: Jane\nSent: Monday, 2 April 2012 18:26\nTo: Shop\nSubject: Lamp\n\nIs it?",
            "N.AAAAA.Q",
        );
        check(
            "Ja.\n\nVon: Jane\nGesendet: Montag, 2. April 2012\nAn: Laden\nBetreff: Lampe\n\nIst es?\n-- \nJane",
            "N.AAAA.QQQ",
        );
        check(
            "Oui.\n\n*De :* Jane\n*Envoyé :* lundi\n*À :* Boutique\n*Objet :* Lampe\n\nHm",
            "N.AAAA.Q",
        );
        check(
            "Yes.\n-----Original Message-----\nFrom: Jane\nDate: Monday\nTo: Shop\n\nIs it?",
            "NAAAA.Q",
        );
        check("Ja.\n\n-------- Ursprüngliche Nachricht --------\nIst es?", "N.AQ");
        check(
            "はい。\n\n差出人: Jane\n送信日時: 2012年4月2日\n宛先: 店\n件名: ランプ\n\nですか",
            "N.AAAA.Q",
        );
    }

    #[test]
    fn answers_between_quotes_stay_new() {
        check(
            "On 2 Apr 2012 18:26, Jane Roe wrote:\n> One?\nYes.\n> Two?\nNo.\n\n-- \nShop",
            "AQNQN.SS",
        );
        check("On 2 Apr 2012 18:26, Jane Roe wrote:\n\nSee below.\n> One?\nYes.", "N.NQN");
    }

    #[test]
    fn signatures_and_footers_are_told() {
        check("Hi\n\n-- \nJane\nLamps", "N.SSS");
        for footer in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPhone",
            "Enviado desde mi iPhone",
            "Inviato da iPhone",
            "Enviado do meu iPhone",
            "Verzonden vanaf mijn iPhone",
            "Wysłane z iPhone'a",
            "iPhoneから送信",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
        ] {
            check(&format!("Hi\n\n{footer}\n\n> Quote"), "N.S.Q");
        }
        check("Sent from my iPhone is what it says.\nWhy?", "NN");
    }

    #[test]
    fn hostile_lines_take_linear_time_and_no_stack() {
        for line in [
            "x @ wrote\nx 2016:\n",
            "On 2016\n",
            "From: x\n",
            "\n",
            "--\n",
            "> \nx\n",
            "Sent from my x\n",
            "x 2016 <a@b\n",
            "2016 <a@b>\n\n",
            "____\n",
            "From:\nSent:\n",
        ] {
            let text = segment(line.repeat(10_000));
            assert_eq!(text.segments.last().map(|s| s.range.end), Some(text.body.len()));
        }
    }

    #[test]
    fn what_only_looks_like_it_stays_new() {
        check("On Monday you wrote: it is blue.\nIt is red.", "NN");
        check("From: the shop\nHello", "NN");
        check("On balance I wrote that 12.50 is fine:\nis it?", "NN");
        check("This is a ---------- line.\n----------\nOn we go:\nhere", "NNNN");
        check(&format!("--\n{}", "text\n".repeat(30)), &"N".repeat(31));
    }

    #[test]
    fn new_text_is_what_was_written_now() {
        let text = segment("\nYes.\n\n> One?\n\nNo.\n\n-- \nShop".to_owned());
        assert_eq!(new_text(&text), "Yes.\nNo.");
        assert_eq!(segment(String::new()), Text::default());
    }

    proptest! {
        #[test]
        fn segments_cover_the_text_line_by_line(
            parts in prop::collection::vec(prop::sample::select(vec![
                "\n", "\n\n", "> q", "-- ", "--", "On 2 Apr 2012 at 18:26, J <j@x.example> wrote:",
                "From: a", "Date: b", "To: c", "Subject: d", "-----Original Message-----", "text",
                "Sent from my iPhone", "日本", " ", "schrieb", ":", "_______",
            ]), 0..40)
        ) {
            let text = segment(parts.concat());
            let mut at = 0;
            for segment in &text.segments {
                prop_assert_eq!(segment.range.start, at);
                prop_assert!(segment.range.end > at);
                at = segment.range.end;
                prop_assert!(at == text.body.len() || text.body[..at].ends_with('\n'));
            }
            prop_assert_eq!(at, text.body.len());
        }
    }
}
