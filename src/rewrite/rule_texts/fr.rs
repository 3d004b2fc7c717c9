//! What rules find and what to change, in French.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "Plus";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "dans l'objet",
        Part::Text => "dans le texte",
        Part::Alternative => "dans l'autre forme du texte (texte ou HTML)",
        Part::Attachment => "dans une pièce jointe",
        Part::Message => "dans le message",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("demande d'avis", "Ne demandez ni avis, ni note, ni évaluation")
        }
        RuleId::Promotion => ("publicité", "Retirez la publicité et la remise"),
        RuleId::ThankYouOnly => ("simple remerciement", "N'écrivez pas seulement pour remercier"),
        RuleId::ShippingConfirmation => (
            "simple confirmation",
            "N'écrivez pas seulement pour confirmer, l'acheteur est déjà informé",
        ),
        RuleId::ServiceOffer => {
            ("simple offre d'aide", "N'écrivez pas seulement pour proposer de l'aide")
        }
        RuleId::Unsolicited => (
            "hors de la commande",
            "N'écrivez que ce que la commande exige : une question, un problème, une personnalisation, la livraison, l'adresse, la facture, la garantie, le mode d'emploi, une clé ou une mention légale",
        ),
        RuleId::OptOutRequest => {
            ("désabonnement", "Ne demandez pas de s'abonner aux messages ou de s'en désabonner")
        }
        RuleId::ExternalLink => ("lien", "Retirez le lien"),
        RuleId::EmailAddress => {
            ("adresse e-mail", "Retirez l'adresse e-mail, les réponses vous parviennent ici")
        }
        RuleId::PhoneNumber => (
            "numéro de téléphone",
            "Retirez le numéro de téléphone, les réponses vous parviennent ici",
        ),
        RuleId::MessengerHandle => (
            "contact de messagerie",
            "Retirez le contact de messagerie, les réponses vous parviennent ici",
        ),
        RuleId::OffPlatformPayment => {
            ("moyen de paiement", "Ne demandez pas de paiement en dehors de la place de marché")
        }
        RuleId::Competitor => {
            ("autre place de marché", "Retirez le nom de l'autre place de marché")
        }
        RuleId::Tracking => ("suivi", "Envoyez sans suivi de lecture"),
        RuleId::LinkedLogo => ("logo avec lien", "Retirez le lien du logo"),
        RuleId::Image => ("image", "Envoyez sans cette image"),
        RuleId::AttachmentType => ("fichier de ce type", "Envoyez sans pièces jointes de ce type"),
        RuleId::AttachmentPurpose => {
            ("fichier d'un autre usage", "Ne joignez que factures, garanties et modes d'emploi")
        }
        RuleId::AttachmentSize => {
            ("trop de pièces jointes", "Envoyez moins de pièces jointes, ou de plus petites")
        }
        RuleId::DangerousContent => ("fichier dangereux", "Envoyez sans le fichier dangereux"),
        RuleId::Unreadable => (
            "contenu illisible",
            "Envoyez un message ordinaire : non chiffré, sans fichier d'agenda ni de contact",
        ),
        RuleId::CardNumber => ("numéro de carte", "Retirez le numéro de carte"),
        RuleId::Abuse => ("menace ou insulte", "Écrivez sans menaces ni insultes"),
        RuleId::FeedbackExtortion => {
            ("avis contre remboursement", "Ne liez pas un avis à un remboursement")
        }
        RuleId::Impersonation => {
            ("au nom de la place de marché", "N'écrivez pas au nom de la place de marché")
        }
        RuleId::TooLong => ("trop long", "Raccourcissez le message"),
        RuleId::ImportantMisuse => ("[Important] mal employé", "Retirez [Important] de l'objet"),
        RuleId::Custom(_) => {
            ("non autorisé ici", "Retirez ces mots, la place de marché ne les autorise pas")
        }
        RuleId::CopiedAnswer => ("même texte à beaucoup", "Écrivez une réponse à cet acheteur"),
    };
    RuleText { what, change }
}
