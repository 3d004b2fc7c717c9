//! What rules find and what to change, in German.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "Mehr";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "im Betreff",
        Part::Text => "im Text",
        Part::Alternative => "in der anderen Textform der Mail (Text oder HTML)",
        Part::Attachment => "in einem Anhang",
        Part::Message => "in der Mail",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("Bitte um eine Bewertung", "Bitten Sie nicht um Bewertung, Rezension oder Feedback")
        }
        RuleId::Promotion => ("Werbung", "Nehmen Sie Werbung und Rabatt heraus"),
        RuleId::ThankYouOnly => ("nur Dank", "Schreiben Sie nicht nur, um zu danken"),
        RuleId::ShippingConfirmation => (
            "nur Bestätigung",
            "Schreiben Sie nicht nur, um zu bestätigen, der Käufer weiß es schon",
        ),
        RuleId::ServiceOffer => {
            ("nur Hilfsangebot", "Schreiben Sie nicht nur, um Hilfe anzubieten")
        }
        RuleId::Unsolicited => (
            "nicht zur Bestellung",
            "Schreiben Sie nur, was die Bestellung braucht: eine Rückfrage, ein Problem, Anpassung, Lieferung, Adresse, Rechnung, Garantie, Anleitung, ein Schlüssel oder ein rechtlicher Hinweis",
        ),
        RuleId::OptOutRequest => {
            ("zum Abbestellen", "Bitten Sie nicht, Nachrichten ab- oder anzubestellen")
        }
        RuleId::ExternalLink => ("Link", "Nehmen Sie den Link heraus"),
        RuleId::EmailAddress => {
            ("E-Mail-Adresse", "Nehmen Sie die E-Mail-Adresse heraus, Antworten erreichen Sie hier")
        }
        RuleId::PhoneNumber => {
            ("Telefonnummer", "Nehmen Sie die Telefonnummer heraus, Antworten erreichen Sie hier")
        }
        RuleId::MessengerHandle => (
            "Messenger-Kontakt",
            "Nehmen Sie den Messenger-Kontakt heraus, Antworten erreichen Sie hier",
        ),
        RuleId::OffPlatformPayment => {
            ("Zahlungsdaten", "Bitten Sie nicht um Zahlung außerhalb des Marktplatzes")
        }
        RuleId::Competitor => {
            ("anderer Marktplatz", "Nehmen Sie den Namen des anderen Marktplatzes heraus")
        }
        RuleId::Tracking => ("Tracking", "Senden Sie ohne Tracking"),
        RuleId::LinkedLogo => ("verlinktes Logo", "Nehmen Sie den Link vom Logo"),
        RuleId::Image => ("Bild", "Senden Sie ohne dieses Bild"),
        RuleId::AttachmentType => ("Datei dieses Typs", "Senden Sie ohne Anhänge dieses Typs"),
        RuleId::AttachmentPurpose => {
            ("Datei zu anderem Zweck", "Hängen Sie nur Rechnungen, Garantien und Anleitungen an")
        }
        RuleId::AttachmentSize => ("zu viel angehängt", "Senden Sie weniger oder kleinere Anhänge"),
        RuleId::DangerousContent => ("gefährliche Datei", "Senden Sie ohne die gefährliche Datei"),
        RuleId::Unreadable => (
            "unlesbarer Inhalt",
            "Senden Sie eine gewöhnliche Mail: unverschlüsselt, ohne Kalender- oder Kontaktdateien",
        ),
        RuleId::CardNumber => ("Kartennummer", "Nehmen Sie die Kartennummer heraus"),
        RuleId::Abuse => {
            ("Drohung oder Beleidigung", "Schreiben Sie ohne Drohungen und Beleidigungen")
        }
        RuleId::FeedbackExtortion => {
            ("Bewertung gegen Erstattung", "Verknüpfen Sie keine Bewertung mit einer Erstattung")
        }
        RuleId::Impersonation => {
            ("im Namen des Marktplatzes", "Schreiben Sie nicht im Namen des Marktplatzes")
        }
        RuleId::TooLong => ("zu lang", "Kürzen Sie die Mail"),
        RuleId::ImportantMisuse => {
            ("[Wichtig] missbraucht", "Nehmen Sie [Wichtig] aus dem Betreff")
        }
        RuleId::Custom(_) => (
            "hier nicht erlaubt",
            "Nehmen Sie diese Worte heraus, der Marktplatz erlaubt sie nicht",
        ),
        RuleId::CopiedAnswer => {
            ("derselbe Text an viele", "Schreiben Sie diesem Käufer eine eigene Antwort")
        }
    };
    RuleText { what, change }
}
