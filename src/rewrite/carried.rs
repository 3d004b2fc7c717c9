//! What goes out beside the words: files that were opened, allowed and cleaned.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::compose::{Plan, shown_name};
use super::edit::{Edits, Why};
use super::file_name;
use super::mask::Masks;
use super::original::hidden;
use super::texts::Texts;
use crate::domain::{Action, Part, RuleId, Sightings};
use crate::inspect;
use crate::mail::{self, Attachment};
use crate::policy::Carries;

/// A picture of the text or an attached file, ready to go out.
#[derive(Clone, PartialEq, Eq)]
pub struct Carried {
    /// A safe file name.
    pub name: Option<String>,
    /// `type/subtype`, by what the content is.
    pub content_type: String,
    /// The id by which the sender's HTML names it (`cid:`), without brackets. It never goes out:
    /// mail programs write host names into it. The composer makes an id of its own.
    pub content_id: Option<String>,
    /// The content, cleaned.
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Carried({}, {} bytes)", self.content_type, self.bytes.len())
    }
}

impl Carried {
    /// The words of a text file, LF line ends; nothing of other files.
    pub fn words(&self) -> Option<String> {
        let declared = self.content_type.strip_prefix("text/plain")?;
        Some(mail::words(&self.bytes, declared.strip_prefix("; charset=")))
    }

    /// The same text file without card numbers, but for their last four figures; any other as it is.
    pub fn without_card_numbers(&self) -> Self {
        let Some(text) = self.words().and_then(|words| hidden(&words)) else { return self.clone() };
        let content_type = "text/plain; charset=utf-8".to_owned();
        let bytes = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        Self { content_type, bytes: bytes.into(), ..self.clone() }
    }

    /// The same text file without these stretches of its [`words`](Self::words).
    pub fn without(&self, plan: &Plan<'_>, words: &str, cut: &[Range<usize>]) -> Self {
        let texts = Texts::of(plan.facts.party(plan.direction.recipient()).language);
        let mut edits = Edits::default();
        for range in cut {
            let whole_line = words.get(range.clone()).is_some_and(|cut| cut.ends_with('\n'));
            let end = if whole_line { "\n" } else { "" };
            edits.replace(range.clone(), texts.removed(RuleId::EmailAddress) + end, Why::Leak);
        }
        let bytes = edits.apply(words).replace('\n', "\r\n").into_bytes();
        let content_type = "text/plain; charset=utf-8".to_owned();
        Self { content_type, bytes: bytes.into(), ..self.clone() }
    }
}

/// Everything that goes along with a mail, and the names of what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Luggage {
    /// Pictures that are shown in the text.
    pub pictures: Vec<Carried>,
    /// Attached files.
    pub files: Vec<Carried>,
    /// Names of files that were left out, as the recipient may read them.
    pub left_out: Vec<String>,
}

/// Packs what goes along: `carries` says for each attachment of the message what becomes of it.
/// What the plan says of pictures and files is not looked at.
pub fn pack(plan: &Plan<'_>, carries: &[Carries]) -> Luggage {
    let names = Names::of(plan);
    let mut luggage = Luggage::default();
    let mut taken = HashSet::new();
    for (attachment, becomes) in plan.message.attachments.iter().zip(carries) {
        let carried = match becomes {
            Carries::Along => names.carried(attachment, &mut taken),
            Carries::Dropped => continue,
            Carries::LeftOut => None,
        };
        match carried {
            // What is shown in the text but is no picture would be read as a part of the text.
            Some(carried) if attachment.inline && carried.content_type.starts_with("image/") => {
                luggage.pictures.push(carried);
            }
            Some(carried) => luggage.files.push(carried),
            // The composer marks the place of a picture.
            None if attachment.inline => {}
            None => luggage.left_out.push(names.of_left_out(attachment)),
        }
    }
    luggage
}

/// Names as the recipient may read them.
struct Names<'a> {
    plan: &'a Plan<'a>,
    texts: &'static Texts,
    /// A name is hidden in a file's name whoever wrote it first.
    nothing: Sightings,
}

impl<'a> Names<'a> {
    fn of(plan: &'a Plan<'a>) -> Self {
        let recipient = plan.facts.party(plan.direction.recipient());
        Self { plan, texts: Texts::of(recipient.language), nothing: Sightings::default() }
    }

    fn carried(&self, attachment: &Attachment, taken: &mut HashSet<String>) -> Option<Carried> {
        let inspected = attachment.inspected.as_ref()?;
        let (content_type, extension) = inspected.facts.kind.cleanable()?;
        let mut content_type = content_type.to_owned();
        let mut bytes = Arc::clone(inspected.bytes.as_ref()?);
        if let Some(text) = &inspected.text {
            let cleaned = self.masked_text(text);
            // Where its reader may see other words, those that were looked at go out.
            let guessed = mail::is_guessed(&bytes, attachment.charset.as_deref());
            if cleaned == *text && !guessed {
                content_type.push_str(&charset(attachment.charset.as_deref()));
            } else {
                content_type.push_str("; charset=utf-8");
                bytes = cleaned.replace('\n', "\r\n").into_bytes().into();
            }
        }
        let name = attachment.name.as_deref().map(|name| self.masked(name));
        let name = file_name::safe(name.as_deref(), extension);
        Some(Carried {
            name: Some(file_name::apart(&name, taken)),
            content_type,
            content_id: attachment.content_id.clone(),
            bytes,
        })
    }

    fn of_left_out(&self, attachment: &Attachment) -> String {
        let name = attachment.name.as_deref().map(|name| self.masked(name)).unwrap_or_default();
        let name = file_name::plain(&name);
        if name.is_empty() { attachment.content_type.replace(['[', ']'], "") } else { name }
    }

    /// A name without what the policy redacts in it and without the sender's own contacts. The
    /// extension is no part of a domain before it: `jane@mail.example.jpg`.
    fn masked(&self, name: &str) -> String {
        let stem = inspect::without_extensions(name);
        let extension = name.get(stem.len()..).unwrap_or_default();
        format!("{}{extension}", self.clean(stem, |masks, edits| masks.mark_line(stem, edits)))
    }

    /// The same of the words of a text file.
    fn masked_text(&self, text: &str) -> String {
        let text = mail::segment(text.to_owned());
        self.clean(&text.body, |masks, edits| masks.mark_text(&text, edits))
    }

    fn clean(&self, text: &str, mark: impl FnOnce(&Masks<'_>, &mut Edits)) -> String {
        let plan = self.plan;
        let mut edits = Edits::default();
        for found in &plan.verdict.findings {
            let redacts = found.enforced && found.action == Action::Redact;
            if redacts && found.part == Part::Attachment && found.end > found.start {
                for (at, words) in text.match_indices(found.words.as_str()) {
                    let why = Why::Rule(found.rule);
                    edits.replace(at..at + words.len(), self.texts.removed(found.rule), why);
                }
            }
        }
        let sender = plan.direction.sender();
        let shown = shown_name(plan.facts, sender, plan.shown_name);
        let removed_link = self.texts.removed(RuleId::ExternalLink);
        let removed_address = self.texts.removed(RuleId::EmailAddress);
        let masks = Masks {
            secrets: plan.secrets,
            alias: plan.facts.alias(sender),
            shown_name: &shown,
            removed_link: &removed_link,
            removed_address: &removed_address,
            known: &self.nothing,
        };
        mark(&masks, &mut edits);
        edits.apply(text)
    }
}

/// The charset of a text that goes out as it came, where it is one that a header can hold.
fn charset(declared: Option<&str>) -> String {
    let is_name = |name: &&str| {
        (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:+".contains(&b))
    };
    let declared = declared.map(str::trim).filter(is_name);
    declared.map(|name| format!("; charset={}", name.to_lowercase())).unwrap_or_default()
}
