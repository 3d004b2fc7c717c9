//! What rules find and what to change, in Italian.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "Altro";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "nell'oggetto",
        Part::Text => "nel testo",
        Part::Alternative => "nell'altra forma del testo (testo o HTML)",
        Part::Attachment => "in un allegato",
        Part::Message => "nel messaggio",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("richiesta di recensione", "Non chieda recensioni, valutazioni o feedback")
        }
        RuleId::Promotion => ("pubblicità", "Tolga la pubblicità e lo sconto"),
        RuleId::ThankYouOnly => ("solo ringraziamento", "Non scriva solo per ringraziare"),
        RuleId::ShippingConfirmation => {
            ("solo conferma", "Non scriva solo per confermare, l'acquirente è già informato")
        }
        RuleId::ServiceOffer => ("solo offerta di aiuto", "Non scriva solo per offrire aiuto"),
        RuleId::Unsolicited => (
            "estraneo all'ordine",
            "Scriva solo ciò che serve all'ordine: una domanda, un problema, personalizzazione, consegna, indirizzo, fattura, garanzia, istruzioni, una chiave o un avviso legale",
        ),
        RuleId::OptOutRequest => {
            ("disiscrizione", "Non chieda di attivare o disattivare i messaggi")
        }
        RuleId::ExternalLink => ("link", "Tolga il link"),
        RuleId::EmailAddress => {
            ("indirizzo e-mail", "Tolga l'indirizzo e-mail, le risposte le arrivano qui")
        }
        RuleId::PhoneNumber => {
            ("numero di telefono", "Tolga il numero di telefono, le risposte le arrivano qui")
        }
        RuleId::MessengerHandle => (
            "contatto di messaggistica",
            "Tolga il contatto di messaggistica, le risposte le arrivano qui",
        ),
        RuleId::OffPlatformPayment => {
            ("dati di pagamento", "Non chieda pagamenti fuori dal marketplace")
        }
        RuleId::Competitor => ("altro marketplace", "Tolga il nome dell'altro marketplace"),
        RuleId::Tracking => ("tracciamento", "Invii senza tracciamento"),
        RuleId::LinkedLogo => ("logo con link", "Tolga il link dal logo"),
        RuleId::Image => ("immagine", "Invii senza questa immagine"),
        RuleId::AttachmentType => ("file di questo tipo", "Invii senza allegati di questo tipo"),
        RuleId::AttachmentPurpose => {
            ("file per altro scopo", "Alleghi solo fatture, garanzie e istruzioni")
        }
        RuleId::AttachmentSize => ("troppi allegati", "Invii meno allegati o più piccoli"),
        RuleId::DangerousContent => ("file pericoloso", "Invii senza il file pericoloso"),
        RuleId::Unreadable => (
            "contenuto illeggibile",
            "Invii una normale e-mail: non cifrata, senza file di calendario o di contatto",
        ),
        RuleId::CardNumber => ("numero di carta", "Tolga il numero di carta"),
        RuleId::Abuse => ("minaccia o insulto", "Scriva senza minacce né insulti"),
        RuleId::FeedbackExtortion => {
            ("recensione in cambio di rimborso", "Non leghi una recensione a un rimborso")
        }
        RuleId::Impersonation => ("a nome del marketplace", "Non scriva a nome del marketplace"),
        RuleId::TooLong => ("troppo lungo", "Accorci il messaggio"),
        RuleId::ImportantMisuse => ("[Importante] usato male", "Tolga [Importante] dall'oggetto"),
        RuleId::Custom(_) => {
            ("non consentito qui", "Tolga queste parole, il mercato non le consente")
        }
        RuleId::CopiedAnswer => {
            ("lo stesso testo a molti", "Scriva una risposta a questo acquirente")
        }
    };
    RuleText { what, change }
}
