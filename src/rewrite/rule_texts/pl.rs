//! What rules find and what to change, in Polish.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "Więcej";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "w temacie",
        Part::Text => "w treści",
        Part::Alternative => "w drugiej postaci treści (tekst lub HTML)",
        Part::Attachment => "w załączniku",
        Part::Message => "w wiadomości",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => ("prośba o opinię", "Nie proś o opinię, ocenę ani komentarz"),
        RuleId::Promotion => ("reklama", "Usuń reklamę i rabat"),
        RuleId::ThankYouOnly => ("samo podziękowanie", "Nie pisz tylko po to, by podziękować"),
        RuleId::ShippingConfirmation => {
            ("samo potwierdzenie", "Nie pisz tylko po to, by potwierdzić, kupujący już o tym wie")
        }
        RuleId::ServiceOffer => ("sama oferta pomocy", "Nie pisz tylko po to, by zaoferować pomoc"),
        RuleId::Unsolicited => (
            "nie o zamówieniu",
            "Pisz tylko to, czego wymaga zamówienie: pytanie, problem, personalizacja, dostawa, adres, faktura, gwarancja, instrukcja, klucz lub informacja prawna",
        ),
        RuleId::OptOutRequest => {
            ("rezygnacja z wiadomości", "Nie proś o włączenie ani wyłączenie wiadomości")
        }
        RuleId::ExternalLink => ("link", "Usuń link"),
        RuleId::EmailAddress => ("adres e-mail", "Usuń adres e-mail, odpowiedzi docierają tutaj"),
        RuleId::PhoneNumber => {
            ("numer telefonu", "Usuń numer telefonu, odpowiedzi docierają tutaj")
        }
        RuleId::MessengerHandle => {
            ("kontakt w komunikatorze", "Usuń kontakt w komunikatorze, odpowiedzi docierają tutaj")
        }
        RuleId::OffPlatformPayment => ("dane do płatności", "Nie proś o płatność poza serwisem"),
        RuleId::Competitor => ("inny serwis", "Usuń nazwę innego serwisu"),
        RuleId::Tracking => ("śledzenie", "Wyślij bez śledzenia"),
        RuleId::LinkedLogo => ("logo z linkiem", "Usuń link z logo"),
        RuleId::Image => ("obraz", "Wyślij bez tego obrazu"),
        RuleId::AttachmentType => ("plik tego typu", "Wyślij bez załączników tego typu"),
        RuleId::AttachmentPurpose => {
            ("plik w innym celu", "Załączaj tylko faktury, gwarancje i instrukcje")
        }
        RuleId::AttachmentSize => ("za dużo załączników", "Wyślij mniej załączników lub mniejsze"),
        RuleId::DangerousContent => ("niebezpieczny plik", "Wyślij bez niebezpiecznego pliku"),
        RuleId::Unreadable => (
            "nieczytelna zawartość",
            "Wyślij zwykłą wiadomość: bez szyfrowania, bez plików kalendarza i kontaktów",
        ),
        RuleId::CardNumber => ("numer karty", "Usuń numer karty"),
        RuleId::Abuse => ("groźba lub obelga", "Pisz bez gróźb i obelg"),
        RuleId::FeedbackExtortion => {
            ("opinia za zwrot pieniędzy", "Nie uzależniaj opinii od zwrotu pieniędzy")
        }
        RuleId::Impersonation => ("w imieniu serwisu", "Nie pisz w imieniu serwisu"),
        RuleId::TooLong => ("za długie", "Skróć wiadomość"),
        RuleId::ImportantMisuse => ("nadużyte [Ważne]", "Usuń [Ważne] z tematu"),
        RuleId::Custom(_) => ("niedozwolone tutaj", "Usuń te słowa, serwis na nie nie pozwala"),
        RuleId::CopiedAnswer => ("ten sam tekst do wielu", "Napisz odpowiedź temu kupującemu"),
    };
    RuleText { what, change }
}
