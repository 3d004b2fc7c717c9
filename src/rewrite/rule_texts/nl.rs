//! What rules find and what to change, in Dutch.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "Meer";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "in het onderwerp",
        Part::Text => "in de tekst",
        Part::Alternative => "in de andere vorm van de tekst (tekst of HTML)",
        Part::Attachment => "in een bijlage",
        Part::Message => "in de mail",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("verzoek om een beoordeling", "Vraag niet om een beoordeling, score of feedback")
        }
        RuleId::Promotion => ("reclame", "Haal de reclame en de korting eruit"),
        RuleId::ThankYouOnly => ("alleen dank", "Schrijf niet alleen om te bedanken"),
        RuleId::ShippingConfirmation => {
            ("alleen een bevestiging", "Schrijf niet alleen om te bevestigen, de koper weet het al")
        }
        RuleId::ServiceOffer => {
            ("alleen aanbod van hulp", "Schrijf niet alleen om hulp aan te bieden")
        }
        RuleId::Unsolicited => (
            "niet over de bestelling",
            "Schrijf alleen wat de bestelling nodig heeft: een vraag, een probleem, maatwerk, levering, adres, factuur, garantie, handleiding, een sleutel of een wettelijke mededeling",
        ),
        RuleId::OptOutRequest => {
            ("over afmelden", "Vraag niet om zich voor berichten aan of af te melden")
        }
        RuleId::ExternalLink => ("link", "Haal de link eruit"),
        RuleId::EmailAddress => {
            ("e-mailadres", "Haal het e-mailadres eruit, antwoorden bereiken u hier")
        }
        RuleId::PhoneNumber => {
            ("telefoonnummer", "Haal het telefoonnummer eruit, antwoorden bereiken u hier")
        }
        RuleId::MessengerHandle => {
            ("messengercontact", "Haal het messengercontact eruit, antwoorden bereiken u hier")
        }
        RuleId::OffPlatformPayment => {
            ("betaalgegevens", "Vraag niet om betaling buiten de marktplaats")
        }
        RuleId::Competitor => {
            ("andere marktplaats", "Haal de naam van de andere marktplaats eruit")
        }
        RuleId::Tracking => ("tracking", "Stuur zonder tracking"),
        RuleId::LinkedLogo => ("logo met link", "Haal de link van het logo"),
        RuleId::Image => ("afbeelding", "Stuur zonder deze afbeelding"),
        RuleId::AttachmentType => ("bestand van dit type", "Stuur zonder bijlagen van dit type"),
        RuleId::AttachmentPurpose => {
            ("bestand voor iets anders", "Voeg alleen facturen, garanties en handleidingen bij")
        }
        RuleId::AttachmentSize => ("te veel bijgevoegd", "Stuur minder of kleinere bijlagen"),
        RuleId::DangerousContent => ("gevaarlijk bestand", "Stuur zonder het gevaarlijke bestand"),
        RuleId::Unreadable => (
            "onleesbare inhoud",
            "Stuur een gewone mail: onversleuteld, zonder agenda- of contactbestanden",
        ),
        RuleId::CardNumber => ("kaartnummer", "Haal het kaartnummer eruit"),
        RuleId::Abuse => {
            ("dreigement of belediging", "Schrijf zonder dreigementen en beledigingen")
        }
        RuleId::FeedbackExtortion => {
            ("beoordeling voor terugbetaling", "Koppel geen beoordeling aan een terugbetaling")
        }
        RuleId::Impersonation => ("namens de marktplaats", "Schrijf niet namens de marktplaats"),
        RuleId::TooLong => ("te lang", "Maak de mail korter"),
        RuleId::ImportantMisuse => {
            ("[Belangrijk] misbruikt", "Haal [Belangrijk] uit het onderwerp")
        }
        RuleId::Custom(_) => {
            ("hier niet toegestaan", "Haal deze woorden weg, de marktplaats staat ze niet toe")
        }
        RuleId::CopiedAnswer => {
            ("dezelfde tekst aan velen", "Schrijf deze koper een eigen antwoord")
        }
    };
    RuleText { what, change }
}
