//! What rules find and what to change, in Spanish.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "Más";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "en el asunto",
        Part::Text => "en el texto",
        Part::Alternative => "en la otra forma del texto (texto o HTML)",
        Part::Attachment => "en un archivo adjunto",
        Part::Message => "en el mensaje",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("petición de reseña", "No pida reseñas, valoraciones ni comentarios")
        }
        RuleId::Promotion => ("publicidad", "Quite la publicidad y el descuento"),
        RuleId::ThankYouOnly => ("solo agradecimiento", "No escriba solo para dar las gracias"),
        RuleId::ShippingConfirmation => {
            ("solo confirmación", "No escriba solo para confirmar, el comprador ya está informado")
        }
        RuleId::ServiceOffer => ("solo oferta de ayuda", "No escriba solo para ofrecer ayuda"),
        RuleId::Unsolicited => (
            "ajeno al pedido",
            "Escriba solo lo que el pedido necesita: una pregunta, un problema, personalización, entrega, dirección, factura, garantía, instrucciones, una clave o un aviso legal",
        ),
        RuleId::OptOutRequest => {
            ("baja de mensajes", "No pida que se active o desactive la recepción de mensajes")
        }
        RuleId::ExternalLink => ("enlace", "Quite el enlace"),
        RuleId::EmailAddress => {
            ("dirección de correo", "Quite la dirección de correo, las respuestas le llegan aquí")
        }
        RuleId::PhoneNumber => {
            ("número de teléfono", "Quite el número de teléfono, las respuestas le llegan aquí")
        }
        RuleId::MessengerHandle => (
            "contacto de mensajería",
            "Quite el contacto de mensajería, las respuestas le llegan aquí",
        ),
        RuleId::OffPlatformPayment => ("datos de pago", "No pida pagos fuera del mercado"),
        RuleId::Competitor => ("otro mercado", "Quite el nombre del otro mercado"),
        RuleId::Tracking => ("rastreo", "Envíelo sin rastreo"),
        RuleId::LinkedLogo => ("logotipo con enlace", "Quite el enlace del logotipo"),
        RuleId::Image => ("imagen", "Envíelo sin esta imagen"),
        RuleId::AttachmentType => {
            ("archivo de este tipo", "Envíelo sin archivos adjuntos de este tipo")
        }
        RuleId::AttachmentPurpose => {
            ("archivo con otro fin", "Adjunte solo facturas, garantías e instrucciones")
        }
        RuleId::AttachmentSize => {
            ("demasiados adjuntos", "Envíe menos archivos adjuntos o más pequeños")
        }
        RuleId::DangerousContent => ("archivo peligroso", "Envíelo sin el archivo peligroso"),
        RuleId::Unreadable => (
            "contenido ilegible",
            "Envíe un correo normal: sin cifrar y sin archivos de calendario ni de contacto",
        ),
        RuleId::CardNumber => ("número de tarjeta", "Quite el número de tarjeta"),
        RuleId::Abuse => ("amenaza o insulto", "Escriba sin amenazas ni insultos"),
        RuleId::FeedbackExtortion => {
            ("reseña a cambio de reembolso", "No vincule una reseña a un reembolso")
        }
        RuleId::Impersonation => ("en nombre del mercado", "No escriba en nombre del mercado"),
        RuleId::TooLong => ("demasiado largo", "Acorte el mensaje"),
        RuleId::ImportantMisuse => ("[Importante] mal usado", "Quite [Importante] del asunto"),
        RuleId::Custom(_) => {
            ("no permitido aquí", "Quite estas palabras, el mercado no las permite")
        }
        RuleId::CopiedAnswer => {
            ("el mismo texto a muchos", "Escriba una respuesta a este comprador")
        }
    };
    RuleText { what, change }
}
