//! The composer: from what was allowed to a finished mail.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use data_encoding::BASE64;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::message_id::MessageId as MsgIdHeader;
use mail_builder::headers::raw::Raw;

use super::body::{Body, picture_ids};
use super::carried::Carried;
use super::draft::{Changes, Draft};
use super::edit::{Change, Edits, Why};
use super::frame;
use super::html;
use super::mask::{Masks, without_overrides};
use super::texts::Texts;
use super::thread::ThreadHeaders;
use crate::config::ShownNameStyle;
use crate::domain::{
    AliasAddress, Direction, Facts, Finding, MsgId, Order, Part, RealAddress, Role, RuleId,
    Secrets, Sightings, Timestamp, Verdict,
};
use crate::mail::{Automatic, Message, Rich};
use crate::policy::without_figures;

/// Everything that a mail is written from. The same plan gives the same bytes.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// Who stands behind the aliases.
    pub facts: &'a Facts,
    /// Who writes to whom.
    pub direction: Direction,
    /// Where the mail goes.
    pub recipient: &'a RealAddress,
    /// The order it is about.
    pub order: Option<&'a Order>,
    /// What was read.
    pub message: &'a Message,
    /// What was decided.
    pub verdict: &'a Verdict,
    /// Further stretches of the text that must not go out, in bytes: what the leak scan still
    /// found in a first draft.
    pub cut: &'a [Range<usize>],
    /// Without HTML, whatever the sender wrote: where the scan still found something in it.
    pub plain: bool,
    /// Pictures that were cleaned and may go out; those that the HTML shows by their Content-ID.
    pub pictures: &'a [Carried],
    /// Files that were cleaned and may go out.
    pub files: &'a [Carried],
    /// Names of files that were left out, as the recipient may read them.
    pub left_out: &'a [String],
    /// What the recipient must not learn.
    pub secrets: &'a Secrets,
    /// What the recipient wrote or was shown in this conversation before.
    pub known: &'a Sightings,
    /// Mapped thread ids.
    pub thread: &'a ThreadHeaders,
    /// The outgoing Message-ID.
    pub msg_id: &'a MsgId,
    /// The sender's subject where the mail has none: that of the conversation.
    pub conversation_subject: Option<&'a str>,
    /// This delivery's bounce address.
    pub envelope_from: &'a AliasAddress,
    /// When the mail was accepted.
    pub date: Timestamp,
    /// `buyers.shown_name`
    pub shown_name: ShownNameStyle,
    /// `relay.marketplace`
    pub marketplace: &'a str,
}

/// The mail could not be written. Says nothing about the sender.
#[derive(Debug, thiserror::Error)]
#[error("the mail could not be written: {0}")]
pub struct ComposeError(#[from] std::io::Error);

/// How a party is named in front of its counterpart: always the same (PRODUCT §6).
pub fn shown_name(facts: &Facts, role: Role, style: ShownNameStyle) -> Cow<'_, str> {
    let name = &facts.party(role).name;
    match (role, style, name.first_name()) {
        (Role::Seller, ..) => Cow::Borrowed(name.as_str()),
        (Role::Buyer, ShownNameStyle::FirstName, Some(first)) => Cow::Borrowed(first),
        (Role::Buyer, ..) => {
            // The alias is the same for ever and says nothing: so is its beginning.
            let code: String = facts.buyer_alias.local().chars().take(4).collect();
            Cow::Owned(format!("Buyer {}", code.to_ascii_uppercase()))
        }
    }
}

/// Writes the outgoing mail and its recipient's view.
pub fn compose(plan: &Plan<'_>) -> Result<Draft, ComposeError> {
    let words = Words::of(plan);
    let name = shown_name(plan.facts, plan.direction.sender(), plan.shown_name);
    let recipient = plan.facts.party(plan.direction.recipient());
    let warns = |f: &Finding| f.enforced && f.rule == RuleId::OffPlatformPayment;
    let warns = plan.verdict.findings.iter().any(warns);
    let frame = frame::write(recipient.language, &name, plan.order, (plan.marketplace, warns));
    let headers = Headers {
        name: &name,
        from: plan.facts.alias(plan.direction.sender()),
        subject: &words.subject,
        date: plan.date,
        automatic: plan.message.automatic,
    };
    let to_alias = plan.facts.alias(plan.direction.recipient()).to_string();
    let left_out = left_out(plan);
    let text = join(&words.text, &left_out);
    let framed = join(&text, &frame::wrapped(&frame));
    let html_below = |below: &str| {
        let block = |words: &str| match words {
            "" => String::new(),
            words => html::small_block(words),
        };
        let (gone, below) = (block(&left_out), block(below));
        html::document(words.html.as_deref().unwrap_or_default(), &format!("{gone}{below}"))
    };
    let has_html = words.html.is_some();
    let framed_html = has_html.then(|| html_below(&frame));
    let shown_html = has_html.then(|| html_below(""));
    let body = |text, html| Body {
        text,
        html,
        pictures: plan.pictures,
        files: plan.files,
        ids: &words.ids,
    };
    let write = |headers: &Headers<'_>, to: &str, msg_id, thread, body: Body<'_>| {
        headers.begin(to, msg_id, thread).body(body.write(plan.msg_id)).write_to_vec()
    };
    let framed_body = body(&framed, framed_html.as_deref());
    let bytes =
        write(&headers, &plan.recipient.reveal_for_mail(), plan.msg_id, plan.thread, framed_body)?;
    let shown_body = body(&text, shown_html.as_deref());
    let recipient_view = write(&headers, &to_alias, plan.msg_id, plan.thread, shown_body)?;
    Ok(Draft {
        recipient: plan.recipient.clone(),
        envelope_from: Some(plan.envelope_from.clone()),
        msg_id: plan.msg_id.clone(),
        subject: words.subject,
        words: searched(plan, text),
        text: framed,
        html: framed_html,
        bytes,
        recipient_view,
        changes: words.changes,
    })
}

/// Writes the mail as its sender may see it: own words, aliases only. Nothing of it goes to the other
/// side.
pub fn sender_view(plan: &Plan<'_>) -> Result<Vec<u8>, ComposeError> {
    let text = &plan.message.text.body;
    let rich = plan.message.rich.as_ref().filter(|_| !plan.plain);
    let ids = picture_ids(rich, plan.pictures, plan.msg_id);
    let of_text = without_cards(plan, Part::Text);
    let recipient = plan.facts.party(plan.direction.recipient());
    let removed_picture = Texts::of(recipient.language).removed(RuleId::Image);
    let html = rich.map(|rich| {
        let changes = &of_text.changes(text);
        let removed_picture = &removed_picture;
        let source = html::Source { text, rich, changes, pictures: &ids, removed_picture };
        html::document(&html::write(&source), "")
    });
    let body = Body {
        text: &of_text.apply(text),
        html: html.as_deref(),
        pictures: plan.pictures,
        files: plan.files,
        ids: &ids,
    };
    let headers = Headers {
        name: &shown_name(plan.facts, plan.direction.sender(), plan.shown_name),
        from: plan.facts.alias(plan.direction.sender()),
        subject: &without_cards(plan, Part::Subject).apply(&plan.message.subject),
        date: plan.date,
        automatic: plan.message.automatic,
    };
    let to = plan.facts.alias(plan.direction.recipient()).to_string();
    let thread = ThreadHeaders {
        in_reply_to: plan.message.in_reply_to.first().cloned(),
        references: plan.message.references.clone(),
    };
    let msg_id = plan.message.msg_id.as_ref().unwrap_or(plan.msg_id);
    Ok(headers.begin(&to, msg_id, &thread).body(body.write(plan.msg_id)).write_to_vec()?)
}

/// What the recipient's view says.
fn searched(plan: &Plan<'_>, mut text: String) -> String {
    for name in plan.files.iter().chain(plan.pictures).filter_map(|file| file.name.as_deref()) {
        text.push('\n');
        text.push_str(name);
    }
    text
}

/// A line for each file that was left out.
fn left_out(plan: &Plan<'_>) -> String {
    let recipient = plan.facts.party(plan.direction.recipient());
    let texts = Texts::of(recipient.language);
    plan.left_out.iter().map(|name| format!("{}\n", texts.left_out(name))).collect()
}

/// A text and what stands below it, with one blank line between.
fn join(text: &str, below: &str) -> String {
    match text.trim_end() {
        "" => below.to_owned(),
        text if below.is_empty() => text.to_owned(),
        text => format!("{text}\n\n{below}"),
    }
}

/// The words that go out.
struct Words<'a> {
    subject: String,
    text: String,
    /// The body of the HTML, where there is one.
    html: Option<String>,
    /// The sender's ids of the pictures that the HTML shows, and ours.
    ids: HashMap<&'a str, String>,
    changes: Changes,
}

impl<'a> Words<'a> {
    fn of(plan: &Plan<'a>) -> Self {
        let sender = plan.direction.sender();
        let recipient = plan.facts.party(plan.direction.recipient());
        let texts = Texts::of(recipient.language);
        let name = shown_name(plan.facts, sender, plan.shown_name);
        let removed_link = texts.removed(RuleId::ExternalLink);
        let removed_address = texts.removed(RuleId::EmailAddress);
        let masks = Masks {
            secrets: plan.secrets,
            alias: plan.facts.alias(sender),
            shown_name: &name,
            removed_link: &removed_link,
            removed_address: &removed_address,
            known: plan.known,
        };
        let redact = |part, edits: &mut Edits| {
            for (start, end, rule) in plan.verdict.redactions(part) {
                edits.replace(start..end, texts.removed(rule), Why::Rule(rule));
            }
        };

        let mut edits = Edits::default();
        redact(Part::Subject, &mut edits);
        masks.mark_line(&plan.message.subject, &mut edits);
        let of_subject = edits.changes(&plan.message.subject);
        let mut subject = without_overrides(&edits.apply(&plan.message.subject));
        if subject.is_empty()
            && let Some(of_conversation) = plan.conversation_subject.filter(|s| !s.is_empty())
        {
            subject = format!("Re: {of_conversation}");
        }

        let text = &plan.message.text;
        let mut edits = Edits::default();
        for range in frame::find(&text.body).into_iter().flat_map(|found| found.ranges) {
            edits.replace(range, "", Why::Frame);
        }
        for range in plan.cut {
            let whole_line = text.body.get(range.clone()).is_some_and(|cut| cut.ends_with('\n'));
            let end = if whole_line { "\n" } else { "" };
            let with = texts.removed(RuleId::EmailAddress) + end;
            edits.replace(range.clone(), with, Why::Leak);
        }
        redact(Part::Text, &mut edits);
        masks.mark_text(text, &mut edits);
        let rich = plan.message.rich.as_ref().filter(|_| !plan.plain);
        let ids = picture_ids(rich, plan.pictures, plan.msg_id);
        let removed_picture = texts.removed(RuleId::Image);
        let gone = rich.map(|rich| html::removed_pictures(&text.body, rich, &ids));
        for at in gone.unwrap_or_default() {
            edits.insert(at, removed_picture.as_str());
        }
        let out = without_overrides(&edits.apply(&text.body));
        // At the start of a text it would be read as a byte order mark.
        let mut out = out.trim_start_matches('\u{feff}').to_owned();
        let gone_below = pictures_gone(plan, rich);
        for _ in 0..gone_below {
            out = join(&out, &format!("{removed_picture}\n"));
        }
        let changes = edits.changes(&text.body);
        let write_html = |rich: &Rich, changes: &[Change]| {
            html::write(&html::Source {
                text: &text.body,
                rich,
                changes,
                pictures: &ids,
                removed_picture: &removed_picture,
            })
        };
        let below = format!("<div>{removed_picture}</div>\n").repeat(gone_below);
        let html = rich.map(|rich| write_html(rich, &changes) + below.as_str());
        let changes = Changes { subject: of_subject, text: changes };
        Self { subject, text: out, html, ids, changes }
    }
}

/// A card number is kept nowhere, not even for the one who wrote it.
fn without_cards(plan: &Plan<'_>, part: Part) -> Edits {
    let text = if part == Part::Subject { &plan.message.subject } else { &plan.message.text.body };
    let mut edits = Edits::default();
    let found = plan.verdict.findings.iter().chain(&plan.verdict.cleaned);
    for f in found.filter(|f| f.enforced && f.rule == RuleId::CardNumber && f.part == part) {
        let words = text.get(f.start..f.end).unwrap_or_default();
        edits.replace(f.start..f.end, without_figures(words), Why::Rule(f.rule));
    }
    edits
}

/// How many pictures there were in the mail that neither go out nor have a place in its markup.
fn pictures_gone(plan: &Plan<'_>, rich: Option<&Rich>) -> usize {
    let placed = |id: &Option<String>| {
        id.as_deref().is_some_and(|id| rich.is_some_and(|rich| rich.shows(id)))
    };
    let were = plan.message.attachments.iter().filter(|a| a.inline && !placed(&a.content_id));
    let go_out = plan.pictures.iter().filter(|p| !placed(&p.content_id));
    were.count().saturating_sub(go_out.count())
}

/// The header fields of PRODUCT §6, all of them.
#[derive(Clone, Copy)]
pub(super) struct Headers<'a> {
    pub name: &'a str,
    pub from: &'a AliasAddress,
    pub subject: &'a str,
    pub date: Timestamp,
    pub automatic: Automatic,
}

impl Headers<'_> {
    /// A mail of nothing but text.
    pub fn write(
        &self,
        to: &str,
        msg_id: &MsgId,
        thread: &ThreadHeaders,
        text: &str,
    ) -> Result<Vec<u8>, ComposeError> {
        let ids = HashMap::new();
        let body = Body { text, html: None, pictures: &[], files: &[], ids: &ids };
        Ok(self.begin(to, msg_id, thread).body(body.write(msg_id)).write_to_vec()?)
    }

    fn begin<'b>(
        &'b self,
        to: &'b str,
        msg_id: &'b MsgId,
        thread: &'b ThreadHeaders,
    ) -> MessageBuilder<'b> {
        let from = self.from.to_string();
        let mut mail = MessageBuilder::new()
            .header("From", Address::new_address(Some(self.name), from.clone()))
            .header("Reply-To", Address::new_address(Some(self.name), from.clone()))
            .header("To", Address::new_address(None::<&str>, to))
            .header("Subject", subject(self.subject))
            // RFC 5322 §3.3. In UTC: a time zone tells where someone lives.
            .header("Date", Raw::new(rfc5322_date(self.date)))
            .message_id(msg_id.as_str());
        if let Some(id) = &thread.in_reply_to {
            mail = mail.in_reply_to(id.as_str());
        }
        if !thread.references.is_empty() {
            let ids: Vec<&str> = thread.references.iter().map(MsgId::as_str).collect();
            mail = mail.header("References", HeaderType::MessageId(MsgIdHeader::from(ids)));
        }
        match self.automatic {
            Automatic::No => {}
            Automatic::Generated => {
                mail = mail.header("Auto-Submitted", Raw::new("auto-generated"))
            }
            Automatic::Replied => mail = mail.header("Auto-Submitted", Raw::new("auto-replied")),
        }
        mail
    }
}

/// The subject so that its reader sees the same characters. The builder encodes what is not ASCII;
/// what only looks encoded already must be encoded too, or it would be decoded (RFC 2047 §5).
fn subject(text: &str) -> HeaderType<'_> {
    if !text.contains("=?") {
        return HeaderType::Text(text.into());
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // RFC 2047 §2: a word has at most 75 characters, and no character is cut in two.
        let mut end = rest.len().min(45);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (head, tail) = rest.split_at(end);
        words.push(format!("=?utf-8?B?{}?=", BASE64.encode(head.as_bytes())));
        rest = tail;
    }
    HeaderType::Raw(Raw::new(words.join(" ")))
}

/// `Mon, 23 Nov 2026 22:30:00 +0000`
fn rfc5322_date(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_secs())
        .map(|t| t.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
        .unwrap_or_default()
}
