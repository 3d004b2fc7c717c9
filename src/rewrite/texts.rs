//! Every sentence that a relayed mail carries besides the sender's own words, in one place per
//! language.

use crate::domain::{Language, RuleId};

/// The sentences of one language.
#[derive(Debug)]
pub(super) struct Texts {
    /// "removed", before the colon of `[removed: phone number]`.
    removed: &'static str,
    email: &'static str,
    phone: &'static str,
    link: &'static str,
    /// A picture that this version does not carry.
    picture: &'static str,
    other: &'static str,
    /// "Order", before an order's id.
    pub order: &'static str,
    /// Stands where no order is named.
    pub question: &'static str,
    /// Who writes; `{name}`.
    writes: &'static str,
    /// How to answer; `{marketplace}`.
    answer: &'static str,
}

impl Texts {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::De => &DE,
            Language::Fr => &FR,
            Language::Es => &ES,
            Language::It => &IT,
            Language::Pt => &PT,
            Language::Nl => &NL,
            Language::Pl => &PL,
            Language::Ja => &JA,
        }
    }

    /// `[removed: phone number]`
    pub fn removed(&self, rule: RuleId) -> String {
        format!("[{}: {}]", self.removed, self.what(rule))
    }

    /// What a rule finds: `phone number`.
    pub fn what(&self, rule: RuleId) -> &'static str {
        match rule {
            RuleId::EmailAddress => self.email,
            RuleId::PhoneNumber => self.phone,
            RuleId::ExternalLink | RuleId::Tracking | RuleId::LinkedLogo => self.link,
            RuleId::Image | RuleId::AttachmentType => self.picture,
            _ => self.other,
        }
    }

    /// `[removed: lamps.docx]`: a file that was left out.
    pub fn left_out(&self, name: &str) -> String {
        format!("[{}: {name}]", self.removed)
    }

    pub fn writes(&self, name: &str) -> String {
        self.writes.replace("{name}", name)
    }

    pub fn answer(&self, marketplace: &str) -> String {
        self.answer.replace("{marketplace}", marketplace)
    }
}

const EN: Texts = Texts {
    removed: "removed",
    email: "e-mail address",
    phone: "phone number",
    link: "link",
    picture: "picture",
    other: "not allowed here",
    order: "Order",
    question: "Question",
    writes: "{name} writes to you.",
    answer: "To answer, just reply to this mail. {marketplace} passes your answer on; neither side sees the other's address.",
};

const DE: Texts = Texts {
    removed: "entfernt",
    email: "E-Mail-Adresse",
    phone: "Telefonnummer",
    link: "Link",
    picture: "Bild",
    other: "hier nicht erlaubt",
    order: "Bestellung",
    question: "Frage",
    writes: "{name} schreibt Ihnen.",
    answer: "Zum Antworten genügt eine Antwort auf diese Mail. {marketplace} leitet sie weiter; keine Seite sieht die Adresse der anderen.",
};

const FR: Texts = Texts {
    removed: "supprimé",
    email: "adresse e-mail",
    phone: "numéro de téléphone",
    link: "lien",
    picture: "image",
    other: "non autorisé ici",
    order: "Commande",
    question: "Question",
    writes: "{name} vous écrit.",
    answer: "Pour répondre, répondez simplement à ce message. {marketplace} transmet votre réponse ; aucun des deux ne voit l'adresse de l'autre.",
};

const ES: Texts = Texts {
    removed: "eliminado",
    email: "dirección de correo",
    phone: "número de teléfono",
    link: "enlace",
    picture: "imagen",
    other: "no permitido aquí",
    order: "Pedido",
    question: "Pregunta",
    writes: "{name} le escribe.",
    answer: "Para contestar, responda a este mensaje. {marketplace} transmite su respuesta; ninguna de las partes ve la dirección de la otra.",
};

const IT: Texts = Texts {
    removed: "rimosso",
    email: "indirizzo e-mail",
    phone: "numero di telefono",
    link: "link",
    picture: "immagine",
    other: "non consentito qui",
    order: "Ordine",
    question: "Domanda",
    writes: "{name} ti scrive.",
    answer: "Per rispondere basta rispondere a questa e-mail. {marketplace} inoltra la risposta; nessuno dei due vede l'indirizzo dell'altro.",
};

const PT: Texts = Texts {
    removed: "removido",
    email: "endereço de e-mail",
    phone: "número de telefone",
    link: "link",
    picture: "imagem",
    other: "não permitido aqui",
    order: "Pedido",
    question: "Pergunta",
    writes: "{name} escreve-lhe.",
    answer: "Para responder, basta responder a este e-mail. {marketplace} encaminha a sua resposta; nenhum dos lados vê o endereço do outro.",
};

const NL: Texts = Texts {
    removed: "verwijderd",
    email: "e-mailadres",
    phone: "telefoonnummer",
    link: "link",
    picture: "afbeelding",
    other: "hier niet toegestaan",
    order: "Bestelling",
    question: "Vraag",
    writes: "{name} schrijft u.",
    answer: "Beantwoord gewoon deze e-mail. {marketplace} stuurt uw antwoord door; geen van beiden ziet het adres van de ander.",
};

const PL: Texts = Texts {
    removed: "usunięto",
    email: "adres e-mail",
    phone: "numer telefonu",
    link: "link",
    picture: "obraz",
    other: "niedozwolone tutaj",
    order: "Zamówienie",
    question: "Pytanie",
    writes: "{name} pisze do Ciebie.",
    answer: "Aby odpowiedzieć, po prostu odpowiedz na tę wiadomość. {marketplace} przekaże odpowiedź; żadna ze stron nie widzi adresu drugiej.",
};

const JA: Texts = Texts {
    removed: "削除",
    email: "メールアドレス",
    phone: "電話番号",
    link: "リンク",
    picture: "画像",
    other: "ここでは使えません",
    order: "ご注文",
    question: "お問い合わせ",
    writes: "{name} さんからのメッセージです。",
    answer: "このメールにそのまま返信してください。{marketplace} が返信をお届けします。お互いのアドレスは表示されません。",
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
            for rule in [RuleId::EmailAddress, RuleId::PhoneNumber, RuleId::ExternalLink] {
                let label = texts.removed(rule);
                assert!(label.starts_with('[') && label.contains(": ") && label.ends_with(']'));
            }
        }
        assert_eq!(Texts::of(Language::En).removed(RuleId::PhoneNumber), "[removed: phone number]");
    }
}
