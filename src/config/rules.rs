//! The rules that this version has built, what they do by default and what they can do.

use super::settings::Preset;
use crate::domain::{Action, RuleId};

/// A rule that may stand in `[policy.rules.ID]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltRule {
    /// Which.
    pub id: RuleId,
    /// What it does to a seller's message where nothing else is set.
    pub seller_to_buyer: Action,
    /// What it does to a buyer's message where nothing else is set.
    pub buyer_to_seller: Action,
    /// What can be set for it. `redact` needs words that can be replaced; what can't be cleaned
    /// can't be masked, so it can only be rejected.
    pub actions: &'static [Action],
    /// What it finds, for the comment in the example.
    pub finds: &'static str,
}

impl BuiltRule {
    /// What it does to a seller's and to a buyer's message where nothing else is set.
    pub fn under(&self, preset: Preset) -> (Action, Action) {
        let stricter = match (preset, self.seller_to_buyer) {
            (Preset::Strict, Action::Redact) => Action::Reject,
            (Preset::Strict, Action::Warn) => Action::Hold,
            (_, action) => action,
        };
        let can = self.actions.contains(&stricter);
        (if can { stricter } else { self.seller_to_buyer }, self.buyer_to_seller)
    }

    /// Whether it finds what can't be cleaned, and so not be masked: it acts in every mode.
    pub fn is_uncleanable(&self) -> bool {
        self.actions == UNCLEANABLE
    }
}

const WORDS: &[Action] =
    &[Action::Allow, Action::Warn, Action::Redact, Action::Hold, Action::Reject];
const WHOLE: &[Action] = &[Action::Allow, Action::Warn, Action::Hold, Action::Reject];
const UNCLEANABLE: &[Action] = &[Action::Reject];

/// All rules that this version has, in the order of PRODUCT §5.
pub const BUILT_RULES: &[BuiltRule] = &[
    BuiltRule {
        id: RuleId::ReviewSolicitation,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "Asks for, asks to change or asks to remove a review, a rating or feedback, in any tone. This and the other kinds of message are found in the languages of policy.languages.",
    },
    BuiltRule {
        id: RuleId::Promotion,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "Discount codes, incentives for future purchases, advertising, catalogues.",
    },
    BuiltRule {
        id: RuleId::ThankYouOnly,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "A proactive message that only thanks.",
    },
    BuiltRule {
        id: RuleId::ShippingConfirmation,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "A proactive message that only confirms an order or a shipment.",
    },
    BuiltRule {
        id: RuleId::ServiceOffer,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "A proactive message that only offers help.",
    },
    BuiltRule {
        id: RuleId::Unsolicited,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "A proactive message of no permitted kind. Where it is in no known language, or under 20 letters, it is held instead.",
    },
    BuiltRule {
        id: RuleId::OptOutRequest,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "Asks the buyer to opt out of messages, or back in.",
    },
    BuiltRule {
        id: RuleId::ExternalLink,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "A link or bare domain that policy.allowed_link_domains does not name.",
    },
    BuiltRule {
        id: RuleId::EmailAddress,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "An e-mail address, also disguised (\"john at gmail dot com\").",
    },
    BuiltRule {
        id: RuleId::PhoneNumber,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "A phone number of any country, also disguised.",
    },
    BuiltRule {
        id: RuleId::MessengerHandle,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "A user name on, a link to or an invitation to a messenger or social network (WhatsApp, Telegram, WeChat, Instagram ...).",
    },
    BuiltRule {
        id: RuleId::OffPlatformPayment,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "An invitation to pay outside of the marketplace: bank details, PayPal, Zelle, Pix, gift cards, cash, addresses of cryptographic currencies. \"redact\" takes out numbers and handles and leaves the words.",
    },
    BuiltRule {
        id: RuleId::Competitor,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WORDS,
        finds: "A name or domain of policy.competitors, as a whole word, also disguised.",
    },
    BuiltRule {
        id: RuleId::Tracking,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "Tracking pixels, known mail trackers, content from elsewhere that reports opening, links that count who follows them, requests for a read receipt. None of it goes out, whatever is set.",
    },
    BuiltRule {
        id: RuleId::LinkedLogo,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "A picture in the signature that links to a place which policy.allowed_link_domains does not name.",
    },
    BuiltRule {
        id: RuleId::Image,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Allow,
        actions: WORDS,
        finds: "Pictures that lie elsewhere (none of them goes out, whatever is set), the same picture sent to many buyers, pictures that hide a contact in a QR code.",
    },
    BuiltRule {
        id: RuleId::AttachmentType,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "An attachment of a type that may not be sent in this direction: sellers may send PDF, buyers pictures (JPEG, PNG, GIF, WebP), PDF and plain text. What can't be cleaned is left out or refused whatever is set.",
    },
    BuiltRule {
        id: RuleId::AttachmentPurpose,
        seller_to_buyer: Action::Hold,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "A PDF that is advertising and not an invoice, warranty or instructions.",
    },
    BuiltRule {
        id: RuleId::AttachmentSize,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Reject,
        actions: WHOLE,
        finds: "More attachments than policy.max_attachments or policy.max_attachments_size.",
    },
    BuiltRule {
        id: RuleId::DangerousContent,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Reject,
        actions: UNCLEANABLE,
        finds: "Programs, scripts, macros, archives with those inside, encrypted archives, archive bombs.",
    },
    BuiltRule {
        id: RuleId::Unreadable,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Reject,
        actions: UNCLEANABLE,
        finds: "Encrypted or opaque-signed mail, calendar and contact files.",
    },
    BuiltRule {
        id: RuleId::CardNumber,
        seller_to_buyer: Action::Redact,
        buyer_to_seller: Action::Redact,
        actions: WORDS,
        finds: "The number of a payment card (check digit and issuer's range).",
    },
    BuiltRule {
        id: RuleId::Abuse,
        seller_to_buyer: Action::Hold,
        buyer_to_seller: Action::Hold,
        actions: WHOLE,
        finds: "Threats, harassment, slurs, in the languages of policy.languages.",
    },
    BuiltRule {
        id: RuleId::FeedbackExtortion,
        seller_to_buyer: Action::Allow,
        buyer_to_seller: Action::Warn,
        actions: WHOLE,
        finds: "A buyer's refund or bad review, and the other way round. It is delivered, and review.notify is told.",
    },
    BuiltRule {
        id: RuleId::Impersonation,
        seller_to_buyer: Action::Hold,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "A seller who poses as the marketplace (relay.marketplace) or its staff.",
    },
    BuiltRule {
        id: RuleId::TooLong,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Reject,
        actions: WHOLE,
        finds: "More characters of new text than policy.max_characters.",
    },
    BuiltRule {
        id: RuleId::ImportantMisuse,
        seller_to_buyer: Action::Reject,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "\"[Important]\" in the subject of a new message whose content is not critical.",
    },
    BuiltRule {
        id: RuleId::CopiedAnswer,
        seller_to_buyer: Action::Warn,
        buyer_to_seller: Action::Allow,
        actions: WHOLE,
        finds: "The same long text sent word for word to many buyers.",
    },
];

/// The rule, if this version has it.
pub fn built_rule(id: RuleId) -> Option<&'static BuiltRule> {
    BUILT_RULES.iter().find(|r| r.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_refuses_what_a_seller_is_redacted_for_and_leaves_buyers_alone() {
        for rule in BUILT_RULES {
            let (strict, buyer) = rule.under(Preset::Strict);
            assert_eq!(buyer, rule.buyer_to_seller, "{}", rule.id);
            assert!(strict >= rule.seller_to_buyer && strict != Action::Redact, "{}", rule.id);
            let standard = (rule.seller_to_buyer, rule.buyer_to_seller);
            assert_eq!(rule.under(Preset::Standard), standard, "{}", rule.id);
        }
        let phone = built_rule(RuleId::PhoneNumber).unwrap();
        assert_eq!(phone.under(Preset::Strict), (Action::Reject, Action::Redact));
    }

    #[test]
    fn every_rule_is_built_and_can_do_what_it_does_by_default() {
        assert!(BUILT_RULES.iter().map(|rule| &rule.id).eq(RuleId::ALL));
        for rule in BUILT_RULES {
            for action in [rule.seller_to_buyer, rule.buyer_to_seller] {
                assert!(rule.actions.contains(&action), "{} {action:?}", rule.id);
            }
        }
    }
}
