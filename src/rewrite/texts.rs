//! Every sentence that a relayed mail carries besides the sender's own words, in one place per
//! language.

use super::rule_texts::rule_text;
use crate::domain::{Language, RuleId};

/// The sentences of one language.
#[derive(Debug)]
pub(super) struct Texts {
    language: Language,
    /// "removed", before the colon of `[removed: phone number]`.
    removed: &'static str,
    /// "Order", before an order's id.
    pub order: &'static str,
    /// Stands where no order is named.
    pub question: &'static str,
    /// Who writes; `{name}`.
    writes: &'static str,
    /// How to answer; `{marketplace}`.
    answer: &'static str,
    /// Never to pay elsewhere; `{marketplace}`.
    warning: &'static str,
}

impl Texts {
    pub fn of(language: Language) -> &'static Self {
        language.pick([&EN, &DE, &FR, &ES, &IT, &PT, &NL, &PL, &JA])
    }

    /// `[removed: phone number]`
    pub fn removed(&self, rule: RuleId) -> String {
        // Its reader misses a link, whatever its sender is told of it.
        let rule = match rule {
            RuleId::Tracking | RuleId::LinkedLogo => RuleId::ExternalLink,
            rule => rule,
        };
        format!("[{}: {}]", self.removed, rule_text(rule, self.language).what)
    }

    /// `[removed: lamps.docx]`: a file that was left out.
    pub fn left_out(&self, name: &str) -> String {
        format!("[{}: {name}]", self.removed)
    }

    pub fn writes(&self, name: &str) -> String {
        self.writes.replace("{name}", name)
    }

    /// Never to pay outside of the marketplace.
    pub fn warning(&self, marketplace: &str) -> String {
        self.warning.replace("{marketplace}", marketplace)
    }

    pub fn answer(&self, marketplace: &str) -> String {
        self.answer.replace("{marketplace}", marketplace)
    }
}

const EN: Texts = Texts {
    language: Language::En,
    removed: "removed",
    order: "Order",
    question: "Question",
    writes: "{name} writes to you.",
    answer: "To answer, just reply to this mail. {marketplace} passes your answer on; neither side sees the other's address.",
    warning: "Never pay or take payment outside of {marketplace}: it is not protected there.",
};

const DE: Texts = Texts {
    language: Language::De,
    removed: "entfernt",
    order: "Bestellung",
    question: "Frage",
    writes: "{name} schreibt Ihnen.",
    answer: "Zum Antworten genügt eine Antwort auf diese Mail. {marketplace} leitet sie weiter; keine Seite sieht die Adresse der anderen.",
    warning: "Zahlen Sie nie außerhalb von {marketplace} und nehmen Sie dort kein Geld an: Das ist nicht geschützt.",
};

const FR: Texts = Texts {
    language: Language::Fr,
    removed: "supprimé",
    order: "Commande",
    question: "Question",
    writes: "{name} vous écrit.",
    answer: "Pour répondre, répondez simplement à ce message. {marketplace} transmet votre réponse ; aucun des deux ne voit l'adresse de l'autre.",
    warning: "Ne payez et n'acceptez jamais de paiement en dehors de {marketplace} : vous n'y seriez pas protégé.",
};

const ES: Texts = Texts {
    language: Language::Es,
    removed: "eliminado",
    order: "Pedido",
    question: "Pregunta",
    writes: "{name} le escribe.",
    answer: "Para contestar, responda a este mensaje. {marketplace} transmite su respuesta; ninguna de las partes ve la dirección de la otra.",
    warning: "No pague ni acepte nunca pagos fuera de {marketplace}: no estaría protegido.",
};

const IT: Texts = Texts {
    language: Language::It,
    removed: "rimosso",
    order: "Ordine",
    question: "Domanda",
    writes: "{name} ti scrive.",
    answer: "Per rispondere basta rispondere a questa e-mail. {marketplace} inoltra la risposta; nessuno dei due vede l'indirizzo dell'altro.",
    warning: "Non paghi e non accetti mai pagamenti fuori da {marketplace}: non sarebbe protetto.",
};

const PT: Texts = Texts {
    language: Language::Pt,
    removed: "removido",
    order: "Pedido",
    question: "Pergunta",
    writes: "{name} escreve-lhe.",
    answer: "Para responder, basta responder a este e-mail. {marketplace} encaminha a sua resposta; nenhum dos lados vê o endereço do outro.",
    warning: "Nunca pague nem aceite pagamentos fora de {marketplace}: não estaria protegido.",
};

const NL: Texts = Texts {
    language: Language::Nl,
    removed: "verwijderd",
    order: "Bestelling",
    question: "Vraag",
    writes: "{name} schrijft u.",
    answer: "Beantwoord gewoon deze e-mail. {marketplace} stuurt uw antwoord door; geen van beiden ziet het adres van de ander.",
    warning: "Betaal nooit buiten {marketplace} om en neem daar geen betaling aan: dat is niet beschermd.",
};

const PL: Texts = Texts {
    language: Language::Pl,
    removed: "usunięto",
    order: "Zamówienie",
    question: "Pytanie",
    writes: "{name} pisze do Ciebie.",
    answer: "Aby odpowiedzieć, po prostu odpowiedz na tę wiadomość. {marketplace} przekaże odpowiedź; żadna ze stron nie widzi adresu drugiej.",
    warning: "Nigdy nie płać ani nie przyjmuj płatności poza {marketplace}: nie ma tam ochrony.",
};

const JA: Texts = Texts {
    language: Language::Ja,
    removed: "削除",
    order: "ご注文",
    question: "お問い合わせ",
    writes: "{name} さんからのメッセージです。",
    answer: "このメールにそのまま返信してください。{marketplace} が返信をお届けします。お互いのアドレスは表示されません。",
    warning: "決して {marketplace} の外で支払いをしたり受け取ったりしないでください。保護の対象になりません。",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_everything() {
        for language in Language::ALL {
            let texts = Texts::of(language);
            assert!(texts.writes("Jane").contains("Jane"), "{language}");
            assert!(texts.answer("Lumo Market").contains("Lumo Market"), "{language}");
            assert!(texts.warning("Lumo Market").contains("Lumo Market"), "{language}");
            for rule in RuleId::ALL {
                let label = texts.removed(*rule);
                assert!(label.starts_with('[') && label.contains(": ") && label.ends_with(']'));
            }
        }
        assert_eq!(Texts::of(Language::En).removed(RuleId::PhoneNumber), "[removed: phone number]");
    }
}
