//! What rules find and what to change, in Portuguese.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "Mais";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "no assunto",
        Part::Text => "no texto",
        Part::Alternative => "na outra forma do texto (texto ou HTML)",
        Part::Attachment => "num anexo",
        Part::Message => "na mensagem",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("pedido de avaliação", "Não peça avaliações, classificações nem comentários")
        }
        RuleId::Promotion => ("publicidade", "Retire a publicidade e o desconto"),
        RuleId::ThankYouOnly => ("só agradecimento", "Não escreva só para agradecer"),
        RuleId::ShippingConfirmation => {
            ("só confirmação", "Não escreva só para confirmar, o comprador já foi informado")
        }
        RuleId::ServiceOffer => ("só oferta de ajuda", "Não escreva só para oferecer ajuda"),
        RuleId::Unsolicited => (
            "alheio ao pedido",
            "Escreva só o que o pedido exige: uma pergunta, um problema, personalização, entrega, endereço, fatura, garantia, instruções, uma chave ou um aviso legal",
        ),
        RuleId::OptOutRequest => {
            ("cancelar mensagens", "Não peça para ativar ou cancelar mensagens")
        }
        RuleId::ExternalLink => ("link", "Retire o link"),
        RuleId::EmailAddress => {
            ("endereço de e-mail", "Retire o endereço de e-mail, as respostas chegam aqui")
        }
        RuleId::PhoneNumber => {
            ("número de telefone", "Retire o número de telefone, as respostas chegam aqui")
        }
        RuleId::MessengerHandle => {
            ("contacto de mensagens", "Retire o contacto de mensagens, as respostas chegam aqui")
        }
        RuleId::OffPlatformPayment => ("dados de pagamento", "Não peça pagamentos fora do mercado"),
        RuleId::Competitor => ("outro mercado", "Retire o nome do outro mercado"),
        RuleId::Tracking => ("rastreio", "Envie sem rastreio"),
        RuleId::LinkedLogo => ("logótipo com link", "Retire o link do logótipo"),
        RuleId::Image => ("imagem", "Envie sem esta imagem"),
        RuleId::AttachmentType => ("ficheiro deste tipo", "Envie sem anexos deste tipo"),
        RuleId::AttachmentPurpose => {
            ("ficheiro para outro fim", "Anexe só faturas, garantias e instruções")
        }
        RuleId::AttachmentSize => ("anexos a mais", "Envie menos anexos ou mais pequenos"),
        RuleId::DangerousContent => ("ficheiro perigoso", "Envie sem o ficheiro perigoso"),
        RuleId::Unreadable => (
            "conteúdo ilegível",
            "Envie um e-mail normal: sem cifra e sem ficheiros de calendário ou de contacto",
        ),
        RuleId::CardNumber => ("número de cartão", "Retire o número de cartão"),
        RuleId::Abuse => ("ameaça ou insulto", "Escreva sem ameaças nem insultos"),
        RuleId::FeedbackExtortion => {
            ("avaliação em troca de reembolso", "Não ligue uma avaliação a um reembolso")
        }
        RuleId::Impersonation => ("em nome do mercado", "Não escreva em nome do mercado"),
        RuleId::TooLong => ("longo demais", "Encurte a mensagem"),
        RuleId::ImportantMisuse => ("[Importante] mal usado", "Retire [Importante] do assunto"),
        RuleId::Custom(_) => {
            ("não permitido aqui", "Retire estas palavras, o mercado não as permite")
        }
        RuleId::CopiedAnswer => ("o mesmo texto a muitos", "Escreva uma resposta a este comprador"),
    };
    RuleText { what, change }
}
