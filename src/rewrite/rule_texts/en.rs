//! What rules find and what to change, in English.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "More";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "in the subject",
        Part::Text => "in the text",
        Part::Alternative => "in the mail's other text (plain or HTML)",
        Part::Attachment => "in an attachment",
        Part::Message => "in the mail",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("request for a review", "Don't ask for a review, rating or feedback")
        }
        RuleId::Promotion => ("advertising", "Take out the advertising and the discount"),
        RuleId::ThankYouOnly => ("thanks only", "Don't write only to say thanks"),
        RuleId::ShippingConfirmation => {
            ("confirmation only", "Don't write only to confirm, the buyer is told already")
        }
        RuleId::ServiceOffer => ("offer of help only", "Don't write only to offer help"),
        RuleId::Unsolicited => (
            "not about the order",
            "Write only what the order needs: a question about it, a problem, customization, delivery, address, invoice, warranty, instructions, a key or a legal notice",
        ),
        RuleId::OptOutRequest => ("about opting out", "Don't ask to opt in or out of messages"),
        RuleId::ExternalLink => ("link", "Take out the link"),
        RuleId::EmailAddress => {
            ("e-mail address", "Take out the e-mail address, answers reach you here")
        }
        RuleId::PhoneNumber => {
            ("phone number", "Take out the phone number, answers reach you here")
        }
        RuleId::MessengerHandle => {
            ("messenger contact", "Take out the messenger contact, answers reach you here")
        }
        RuleId::OffPlatformPayment => {
            ("payment details", "Don't ask for payment outside of the marketplace")
        }
        RuleId::Competitor => ("other marketplace", "Take out the other marketplace's name"),
        RuleId::Tracking => ("tracking", "Send without tracking"),
        RuleId::LinkedLogo => ("linked logo", "Take the link off the logo"),
        RuleId::Image => ("picture", "Send without this picture"),
        RuleId::AttachmentType => ("file of this type", "Send without attachments of this type"),
        RuleId::AttachmentPurpose => {
            ("file for another purpose", "Attach only invoices, warranties and instructions")
        }
        RuleId::AttachmentSize => ("too much attached", "Send fewer or smaller attachments"),
        RuleId::DangerousContent => ("dangerous file", "Send without the dangerous file"),
        RuleId::Unreadable => (
            "unreadable content",
            "Send it as an ordinary mail: unencrypted, without calendar or contact files",
        ),
        RuleId::CardNumber => ("card number", "Take out the card number"),
        RuleId::Abuse => ("threat or insult", "Write without threats and insults"),
        RuleId::FeedbackExtortion => ("review tied to a refund", "Don't tie a review to a refund"),
        RuleId::Impersonation => {
            ("in the marketplace's name", "Don't write in the marketplace's name")
        }
        RuleId::TooLong => ("too long", "Make the mail shorter"),
        RuleId::ImportantMisuse => ("[Important] misused", "Take [Important] out of the subject"),
        RuleId::Custom(_) => {
            ("not allowed here", "Take out these words, the marketplace does not allow them")
        }
        RuleId::CopiedAnswer => ("the same text to many", "Write an answer to this buyer"),
    };
    RuleText { what, change }
}
