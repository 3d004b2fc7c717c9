//! Lines by which mail programs introduce what they quote or append, in the languages of the rule
//! packs and a few neighbours. Plain lists: what a program writes is a fact, not a pattern.

/// How sure it is that a line introduces a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Introduces {
    /// Names a date or an address: a quote follows even without quote marks.
    Surely,
    /// Only if quote marks follow.
    Perhaps,
}

/// Longest introduction, joined over lines, in bytes.
const LONGEST: usize = 600;

/// "… wrote" as programs say it, lower case.
const WROTE: &[&str] = &[
    "wrote",
    "writes",
    "schrieb",
    "geschrieben",
    "a écrit",
    "a ecrit",
    "écrivait",
    "écrit",
    "escribió",
    "escribio",
    "escribe",
    "ha scritto",
    "scrisse",
    "scriveva",
    "escreveu",
    "escreve",
    "schreef",
    "geschreven",
    "napisał",
    "napisala",
    "napisal",
    "pisze",
    "のメール",
    "書きました",
    "は書いた",
    "からのメッセージ",
    "skrev",
    "kirjoitti",
    "написал",
    "пишет",
    "пише",
    "写道",
    "写于",
];

/// How an introduction begins that goes on over several lines, lower case.
const OPENERS: &[&str] = &[
    "on ",
    "am ",
    "le ",
    "el ",
    "il ",
    "em ",
    "op ",
    "w dniu ",
    "dnia ",
    "den ",
    "no dia ",
    "vom ",
    "at ",
    "la ",
    "em\u{a0}",
    "le\u{a0}",
    "pon",
    "wt",
    "śr",
    "czw",
    "pt",
    "sob",
    "niedz",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "in article",
    "in message",
    "em:",
    "il giorno ",
];

const FROM: &[&str] =
    &["from", "von", "de", "da", "van", "od", "差出人", "送信者", "från", "fra", "от", "发件人"];
const SENT: &[&str] = &[
    "sent",
    "date",
    "gesendet",
    "datum",
    "envoyé",
    "date d'envoi",
    "envoyé le",
    "enviado",
    "enviado el",
    "fecha",
    "inviato",
    "data",
    "enviada",
    "enviada em",
    "enviado em",
    "message du",
    "verzonden",
    "wysłano",
    "wysłane",
    "送信日時",
    "日付",
    "skickat",
    "sendt",
    "отправлено",
    "发送时间",
];
const TO: &[&str] =
    &["to", "an", "à", "a", "para", "aan", "do", "宛先", "till", "til", "кому", "收件人"];
const SUBJECT: &[&str] = &[
    "subject",
    "sujet",
    "betreff",
    "objet",
    "asunto",
    "oggetto",
    "assunto",
    "onderwerp",
    "temat",
    "件名",
    "ämne",
    "emne",
    "主题",
];
const OTHER: &[&str] = &[
    "cc",
    "copie à",
    "bcc",
    "kopie",
    "dw",
    "ccn",
    "cci",
    "reply-to",
    "importance",
    "attachments",
    "anlagen",
    "antwort an",
    "répondre à",
    "priority",
    "organization",
];

/// What stands between dashes above an unmarked quote, lower case.
const SEPARATORS: &[&str] = &[
    "original message",
    "original appointment",
    "forwarded message",
    "forwarded by",
    "reply message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "urspr. nachricht",
    "weitergeleitete nachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "message transféré",
    "mensaje original",
    "mensaje reenviado",
    "messaggio originale",
    "messaggio inoltrato",
    "mensagem original",
    "mensagem encaminhada",
    "oorspronkelijk bericht",
    "doorgestuurd bericht",
    "wiadomość oryginalna",
    "oryginalna wiadomość",
    "przekazana wiadomość",
    "元のメッセージ",
    "転送メッセージ",
];

/// Whole lines above an unmarked quote, as they begin, lower case.
const MARKERS: &[&str] = &[
    "begin forwarded message:",
    "anfang der weitergeleiteten nachricht:",
    "début du message réexpédié",
    "inizio messaggio inoltrato:",
    "inicio del mensaje reenviado:",
    "##- ",
    "-- reply above this line",
];

/// How mail programs' own footers begin, lower case.
const FOOTERS: &[&str] = &[
    "sent from my ",
    "sent from mail for ",
    "sent from outlook",
    "sent from yahoo",
    "sent from samsung",
    "sent from gmail",
    "sent from proton",
    "sent from the ",
    "sent via ",
    "sent using ",
    "sent with ",
    "get outlook for ",
    "outlook for ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "diese nachricht wurde von ",
    "holen sie sich outlook",
    "outlook für ",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé à partir ",
    "télécharger outlook",
    "obtenir outlook",
    "obtenez outlook",
    "enviado desde ",
    "enviado de mi ",
    "obtener outlook",
    "enviado do ",
    "enviado a partir ",
    "enviado de ",
    "obter o outlook",
    "inviato da ",
    "inviato dal ",
    "inviato con ",
    "ottieni outlook",
    "scarica outlook",
    "verzonden vanaf ",
    "verstuurd vanaf ",
    "verzonden met ",
    "download outlook",
    "wysłane z ",
    "wysłano z ",
    "pobierz outlook",
    "sendt fra ",
    "skickat från ",
];
/// How Japanese footers end.
const FOOTER_ENDS: &[&str] = &["から送信", "から送信されました"];

/// A line without the asterisks of bold and the white space around it.
fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| c.is_whitespace() || c == '*')
}

/// Marked as quoted.
pub(super) fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with(['>', '＞'])
}

/// Whether the joined lines introduce a quote.
pub(super) fn introduces(text: &str) -> Option<Introduces> {
    let text = bare(text);
    if text.len() > LONGEST || text.is_empty() {
        return None;
    }
    let address = text.contains('@');
    let ends = text.ends_with([':', '：']);
    let lower = text.to_lowercase();
    if !ends {
        // Older Gmail: "2013/11/1 Jane Roe <jane@mail.example>".
        let dated = text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with('>');
        // Some lose the colon: "On Wed, 14 Nov 2018 Jane Roe <jane@mail.example> wrote".
        let told = opens(&lower) && has_date(text) && WROTE.iter().any(|v| lower.ends_with(v));
        return match (address, told, dated) {
            (true, true, _) => Some(Introduces::Surely),
            (true, _, true) => Some(Introduces::Perhaps),
            _ => None,
        };
    }
    let wrote = WROTE.iter().any(|verb| lower.contains(verb));
    let dated = has_date(text);
    match (wrote, dated, address) {
        (true, true, _) if opens(&lower) || address => Some(Introduces::Surely),
        (true, _, true) if text.contains('<') => Some(Introduces::Surely),
        // A date and "<address>:" say it in any language.
        (false, true, true) if text.trim_end_matches([':', '：']).ends_with('>') => {
            Some(Introduces::Surely)
        }
        (true, ..) => Some(Introduces::Perhaps),
        _ => None,
    }
}

/// Whether an introduction over several lines may begin with this line: `Surely` where it opens
/// as one, `Perhaps` where it only holds what one holds.
pub(super) fn may_begin(line: &str) -> Option<Introduces> {
    let line = bare(line);
    if line.len() > LONGEST {
        return None;
    }
    let lower = line.to_lowercase();
    if opens(&lower) {
        return Some(Introduces::Surely);
    }
    // "Jane Roe <jane@mail.example> schrieb am Di., 16. Aug.", "pe 20. lokakuuta 2017 klo 17.50".
    let wrote = || lower.contains('@') && WROTE.iter().any(|verb| lower.contains(verb));
    (has_date(&lower) || wrote()).then_some(Introduces::Perhaps)
}

fn opens(lower: &str) -> bool {
    lower.starts_with(|c: char| c.is_ascii_digit()) || OPENERS.iter().any(|o| lower.starts_with(o))
}

/// A year or a time of day.
fn has_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(4).any(|four| match four {
        [b'1', b'9', c, d] | [b'2', b'0', c, d] => c.is_ascii_digit() && d.is_ascii_digit(),
        [a, b':' | b'h', c, d] => [a, c, d].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    })
}

/// What a line of a quoted header block names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    From,
    Sent,
    To,
    Subject,
    Other,
}

/// The field of a header block that this line holds.
pub(super) fn heading(line: &str) -> Option<Heading> {
    let line = bare(line);
    let at = line.find([':', '：']).filter(|&at| at <= 40)?;
    let key = bare(line.get(..at)?).to_lowercase();
    let kinds: [(&[&str], Heading); 5] = [
        (FROM, Heading::From),
        (SENT, Heading::Sent),
        (SUBJECT, Heading::Subject),
        (TO, Heading::To),
        (OTHER, Heading::Other),
    ];
    kinds.into_iter().find(|(names, _)| names.contains(&key.as_str())).map(|(_, kind)| kind)
}

/// "-----Original Message-----" and its kin: everything below is quoted.
pub(super) fn is_separator(line: &str) -> bool {
    let line = bare(line);
    if line.len() > 300 {
        return false;
    }
    let lower = line.to_lowercase();
    let dashed = lower.starts_with("--") || lower.starts_with("__") || lower.starts_with("==");
    // Zoho: "---- On Tue, 22 Dec 2015 … wrote ----".
    let wrote = || {
        lower.ends_with("--") && has_date(&lower) && WROTE.iter().any(|verb| lower.contains(verb))
    };
    (dashed && (SEPARATORS.iter().any(|s| lower.contains(s)) || wrote()))
        || MARKERS.iter().any(|m| lower.starts_with(m))
}

/// A rule as Outlook draws it above a header block.
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 5 && (line.bytes().all(|b| b == b'_') || line.bytes().all(|b| b == b'-'))
}

/// The signature separator (RFC 3676 §4.3; many programs lose its space).
pub(super) fn is_signature_separator(line: &str) -> bool {
    line.trim_end() == "--"
}

/// A mail program's own footer, as far as one line can tell.
pub(super) fn is_footer(line: &str) -> bool {
    let line = bare(line);
    if line.is_empty() || line.len() > 240 {
        return false;
    }
    let words = line.split(['<', '(', '[']).next().unwrap_or(line).trim();
    let lower = words.to_lowercase();
    let short = words.chars().count() <= 80;
    let german = !lower.starts_with("von meinem ") || lower.contains("gesendet");
    short
        && german
        && (FOOTERS.iter().any(|f| lower.starts_with(f))
            || FOOTER_ENDS.iter().any(|f| lower.ends_with(f)))
}
