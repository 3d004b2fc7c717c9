//! The table of replies: every line that a session ever sends stands here.
//!
//! A row is a code (RFC 5321 §4.2), an enhanced code (RFC 3463) and words. What goes to the peer
//! names aliases at most; the reason in full goes to the log, elsewhere.

use std::fmt::Write as _;

use crate::domain::MessageId;
use crate::relay::{Explained, Limit, Outcome, Refusal, RejectLine, RouteRefusal, Unproved};

/// The longest line, CRLF included (RFC 5321 §4.5.3.1.5).
const LINE_LIMIT: usize = 512;

/// The most lines of a refusal (PRODUCT §4): many clients show the first one only.
const MOST_LINES: usize = 5;

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The greeting.
    Greeting {
        /// `relay.hostname`
        hostname: String,
    },
    /// To HELO.
    Hello {
        /// `relay.hostname`
        hostname: String,
    },
    /// To EHLO: what is offered, and nothing that isn't built.
    Extensions {
        /// `relay.hostname`
        hostname: String,
        /// `smtp.max_size`
        max_size: usize,
        /// Whether BDAT is taken.
        chunking: bool,
        /// Whether STARTTLS is taken.
        starttls: bool,
    },
    /// To STARTTLS: the next octets are TLS.
    StartTls,
    /// To HELP.
    Help,
    /// To QUIT.
    Bye,
    /// To NOOP.
    Ok,
    /// To RSET.
    Reset,
    /// To VRFY: neither yes nor no (RFC 5321 §3.5.3, §7.3).
    Vrfy,
    /// To MAIL.
    SenderOk,
    /// To RCPT.
    RecipientOk,
    /// To DATA.
    GoAhead,
    /// To BDAT, for a chunk that is not the last.
    Chunk {
        /// Its length.
        octets: usize,
    },

    /// The relay stops, or needs the connection's place for somebody who says something.
    Stopping,
    /// More connections than are taken.
    TooManyConnections,
    /// Nothing came for too long.
    TimedOut,
    /// More wrong commands than are borne.
    TooManyErrors,
    /// NOOP, RSET and their like without end.
    TooManyCommands,
    /// More wrong recipients than are borne.
    TooManyUnknown,

    /// The command is wrong, by itself or here.
    Wrong(Wrong),

    /// The peer is not one whose word about a sender is taken.
    Unproved(Unproved),
    /// The recipient was refused.
    Route(RouteRefusal),
    /// One recipient more than a transaction may have.
    TooManyRecipients {
        /// How many it may have.
        most: usize,
    },
    /// `smtp.greylist`: the sender is not known here yet.
    Newcomer {
        /// How long it has to wait, rounded up.
        minutes: u64,
    },
    /// `smtp.in_flight` is used up.
    InFlight,
    /// A CR without LF or an LF without CR in DATA.
    BareLineEnd,
    /// Over `smtp.max_size`.
    TooLarge {
        /// `smtp.max_size`
        limit: usize,
        /// The length that was announced or found.
        found: usize,
    },
    /// So far over it that its end was not waited for.
    FarTooLarge {
        /// `smtp.max_size`
        limit: usize,
    },
    /// What the house made of a mail.
    Outcome(Outcome),
    /// The sink took a mail.
    Taken,
    /// The sink was told to answer so.
    Told {
        /// 4xx or 5xx.
        code: u16,
    },
}

/// What is wrong with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A command that nobody knows.
    UnknownCommand,
    /// A line of another protocol.
    OtherProtocol,
    /// Controls or 8-bit octets in a command.
    SyntaxError,
    /// A line over the limit.
    LineTooLong,
    /// CR without LF or LF without CR in a command.
    BareLineEndInCommand,
    /// A command that is not offered.
    NotOffered,
    /// A parameter where none may stand.
    NoParameterHere,
    /// None where one must stand.
    ParameterMissing,
    /// A value that the parameter can't have, or the parameter twice.
    ParameterValue,
    /// A parameter that is not offered.
    UnknownParameter,
    /// MAIL that has not the form of one.
    MailSyntax,
    /// RCPT that has not the form of one.
    RcptSyntax,
    /// The sender is no mailbox.
    SenderSyntax,
    /// The recipient is no mailbox.
    RecipientSyntax,
    /// An address outside ASCII in a mail without SMTPUTF8.
    AddressNotAscii,
    /// MAIL before EHLO.
    HelloFirst,
    /// RCPT or DATA before MAIL.
    MailFirst,
    /// DATA or BDAT without a recipient that was taken.
    RcptFirst,
    /// BDAT whose length can't be read.
    ChunkSyntax,
    /// BDAT after a chunk that was refused.
    ChunksRefused,
    /// RCPT or DATA after a chunk.
    ChunksBegun,
    /// Octets in clear behind STARTTLS.
    AfterStartTls,
    /// MAIL inside a transaction.
    MailAlready,
}

/// A row: code, enhanced code, the words of each line.
type Row = (u16, &'static str, Vec<String>);

/// A row of one line.
fn row(code: u16, enhanced: &'static str, words: impl Into<String>) -> Row {
    (code, enhanced, vec![words.into()])
}

impl Reply {
    /// What goes over the wire: one line, or several in the form of RFC 5321 §4.2.1.
    pub fn render(&self) -> String {
        let (code, enhanced, lines) = self.row();
        let mut wire = String::new();
        let last = lines.len().saturating_sub(1);
        for (at, words) in lines.iter().enumerate() {
            let separator = if at == last { ' ' } else { '-' };
            let space = if enhanced.is_empty() { "" } else { " " };
            let mut line = format!("{code}{separator}{enhanced}{space}{}", printable(words));
            line.truncate(LINE_LIMIT - 2); // all of it is ASCII by now
            let _ = write!(wire, "{line}\r\n"); // a String takes everything
        }
        wire
    }

    fn row(&self) -> Row {
        match self {
            // RFC 2034 §4: no enhanced code in the greeting, in what answers HELO and EHLO, and
            // in 3xx.
            Self::Greeting { hostname } => row(220, "", format!("{hostname} ESMTP Bauta")),
            Self::Hello { hostname } => row(250, "", hostname.clone()),
            Self::Extensions { hostname, max_size, chunking, starttls } => {
                let size = format!("SIZE {max_size}");
                let mut offered = vec![hostname, "PIPELINING", &size, "8BITMIME", "SMTPUTF8"];
                offered.extend(chunking.then_some("CHUNKING")); // RFC 3030 §2
                offered.extend(starttls.then_some("STARTTLS")); // RFC 3207 §2
                offered.push("ENHANCEDSTATUSCODES");
                (250, "", offered.into_iter().map(str::to_owned).collect())
            }
            Self::StartTls => row(220, "2.0.0", "Go ahead with TLS"),
            Self::Chunk { octets } => row(250, "2.0.0", format!("Octets taken: {octets}")),
            Self::GoAhead => row(354, "", "Send the mail, end it with a dot on a line of its own"),
            Self::Help => row(
                214,
                "2.0.0",
                "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT (RFC 5321)",
            ),
            Self::Bye => row(221, "2.0.0", "Bye"),
            Self::Ok => row(250, "2.0.0", "OK"),
            Self::Reset => row(250, "2.0.0", "Forgotten"),
            Self::Vrfy => row(252, "2.5.0", "Send a mail and see"),
            Self::SenderOk => row(250, "2.1.0", "Sender OK"),
            Self::RecipientOk => row(250, "2.1.5", "Recipient OK"),

            Self::Stopping => row(421, "4.3.2", "This connection has to end now, come again"),
            Self::TooManyConnections => row(421, "4.3.2", "Too many connections, come again later"),
            Self::TimedOut => row(421, "4.4.2", "Waited too long"),
            Self::TooManyErrors => row(421, "4.7.0", "Too many wrong commands"),
            Self::TooManyCommands => row(421, "4.7.0", "Too many commands without a mail"),
            Self::TooManyUnknown => row(421, "4.7.0", "Too many wrong recipients"),

            Self::Unproved(why) => unproved(*why),
            Self::Route(why) => route(*why),
            Self::Outcome(outcome) => outcome_row(outcome),
            Self::Taken => row(250, "2.0.0", "Taken by the sink"),
            Self::Told { code: code @ 500.. } => row(*code, "5.0.0", "As the sink was told"),
            Self::Told { code } => row(*code, "4.0.0", "As the sink was told"),
            // RFC 5321 §4.5.3.1.10
            Self::TooManyRecipients { most } => row(
                452,
                "4.5.3",
                format!("At most {most} recipients at a time: send this mail again for the others"),
            ),
            // RFC 6647 §2.1
            Self::Newcomer { minutes } => row(
                451,
                "4.7.1",
                format!(
                    "This sender is new here: come again in {minutes} minutes, as mail servers do"
                ),
            ),
            Self::InFlight => busy(),
            Self::BareLineEnd => row(
                550,
                "5.6.11",
                "The mail has a CR without LF or an LF without CR: lines must end in CRLF (RFC 5321 2.3.8)",
            ),
            Self::TooLarge { limit, found } => row(
                552,
                "5.3.4",
                format!("The mail is too large: the limit is {limit} octets, this one has {found}"),
            ),
            Self::FarTooLarge { limit } => {
                row(552, "5.3.4", format!("The mail is far too large: the limit is {limit} octets"))
            }
            Self::Wrong(why) => why.row(),
        }
    }
}

impl Wrong {
    fn row(self) -> Row {
        match self {
            Self::SyntaxError => row(500, "5.5.2", "Only printable ASCII may stand in a command"),
            Self::LineTooLong => row(500, "5.5.2", "The command line is too long"),
            Self::BareLineEndInCommand => {
                row(500, "5.5.2", "A command line must end in CRLF (RFC 5321 2.3.8)")
            }
            Self::OtherProtocol => row(500, "5.5.1", "This is a mail server"),
            Self::NotOffered => row(502, "5.5.1", "This command is not offered"),
            Self::NoParameterHere => row(501, "5.5.4", "This command takes no parameter"),
            Self::ParameterMissing => row(501, "5.5.4", "This command needs a parameter"),
            Self::ParameterValue => row(501, "5.5.4", "A parameter is wrong or stands twice"),
            Self::UnknownParameter => row(555, "5.5.4", "A parameter is not offered"),
            Self::MailSyntax => row(501, "5.5.2", "Syntax: MAIL FROM:<address>"),
            Self::RcptSyntax => row(501, "5.5.2", "Syntax: RCPT TO:<address>"),
            Self::SenderSyntax => row(501, "5.1.7", "The sender is no address"),
            Self::RecipientSyntax => row(501, "5.1.3", "The recipient is no address"),
            Self::AddressNotAscii => row(
                553,
                "5.6.7",
                "An address outside ASCII needs SMTPUTF8 behind MAIL (RFC 6531 3.4)",
            ),
            Self::HelloFirst => row(503, "5.5.1", "EHLO first"),
            Self::MailFirst => row(503, "5.5.1", "MAIL first"),
            Self::RcptFirst => row(503, "5.5.1", "RCPT first: no recipient was taken"),
            Self::ChunkSyntax => row(501, "5.5.4", "Syntax: BDAT length [LAST]"),
            Self::ChunksRefused => {
                row(503, "5.5.1", "A chunk of this mail was refused: RSET first")
            }
            Self::ChunksBegun => {
                row(503, "5.5.1", "BDAT has begun this mail: send it to its end with BDAT, or RSET")
            }
            Self::AfterStartTls => {
                row(503, "5.5.1", "Nothing may follow STARTTLS before its answer")
            }
            Self::MailAlready => row(503, "5.5.1", "A mail is begun already: RSET first"),
            Self::UnknownCommand => row(500, "5.5.1", "There is no such command"),
        }
    }
}

/// PRODUCT §4: always the same words, whoever is named as the sender.
fn unproved(why: Unproved) -> Row {
    match why {
        Unproved::Peer => row(
            550,
            "5.7.26",
            "The sender is not proved: mail is taken from the marketplace's own mail servers only",
        ),
        Unproved::From | Unproved::Domain => row(
            550,
            "5.7.26",
            "The sender is not proved: From: must hold exactly one address, in a domain that SPF or DKIM proves. Publish SPF for the servers that send for it, or let them sign with DKIM as that domain, or answer in the Message Center",
        ),
        // What could not be looked up may be there the next time.
        Unproved::Temporary => {
            row(451, "4.7.0", "The sender can't be proved now: a look-up failed, come again later")
        }
    }
}

/// Says nothing of the address: an alias that never was, one of another key and one with a tag
/// of another pair's get the same words (PRODUCT §3).
fn route(why: RouteRefusal) -> Row {
    match why {
        RouteRefusal::Unknown => row(550, "5.1.1", "There is no such address here"),
        RouteRefusal::Defer => row(451, "4.3.2", "This address can't be looked up now, come again"),
        RouteRefusal::Unavailable => busy(),
        RouteRefusal::TooManyGuesses => {
            row(450, "4.7.1", "Too much that came from here was refused, come again later")
        }
        RouteRefusal::NoPostmaster => {
            row(550, "5.3.5", "This server names no postmaster: ask the marketplace itself")
        }
    }
}

fn busy() -> Row {
    row(451, "4.3.2", "Too much mail at once, come again later")
}

fn outcome_row(outcome: &Outcome) -> Row {
    match outcome {
        Outcome::Accepted { id } => accepted(id),
        Outcome::Held { id } => {
            row(250, "2.0.0", format!("Accepted as {id}; it waits until a person has looked at it"))
        }
        Outcome::Reported => row(250, "2.0.0", "The report is taken"),
        Outcome::NoReport => row(550, "5.7.1", "Only reports about a delivery are taken here"),
        Outcome::Unproved(why) => unproved(*why),
        Outcome::Refused(why) => refused(*why),
        Outcome::Limited(limit) => limited(*limit),
        Outcome::Rejected(explained) => rejected(explained),
        Outcome::Noticed => row(250, "2.0.0", "Taken, and not passed on: a mail to you says why"),
        Outcome::Unwritable => row(
            550,
            "5.7.0",
            "The mail could not be made safe to pass on: write it again as plain text, without what it quotes",
        ),
        Outcome::TooBusy => busy(),
        Outcome::Storage => row(452, "4.3.1", "The mail can't be stored now, come again later"),
    }
}

fn accepted(id: &MessageId) -> Row {
    row(250, "2.0.0", format!("Accepted as {id}"))
}

fn refused(why: Refusal) -> Row {
    let words = match why {
        Refusal::NotRegistered => {
            "This sender is not registered: register your address with the marketplace, or send from the registered one"
        }
        // PRODUCT §4 gives the words of these two.
        Refusal::OrderClosed => "this order is closed",
        Refusal::Unreachable => "this person can't be reached here",
        Refusal::Suspended => {
            "This seller account is suspended and can't write to buyers: ask the marketplace"
        }
        Refusal::ProactiveBlocked => {
            "This seller account can only answer buyers for now: messages that are no answers are refused"
        }
        Refusal::MessagingOff => {
            "Messages are off for this order, which the marketplace ships: the seller can turn them on in the marketplace"
        }
        Refusal::OptedOut => {
            "This buyer opted out of messages that are no answer: wait until the buyer writes"
        }
        Refusal::NameTheOrder => {
            "Name the order: write to the alias with +ORDER before the @, or put the order id in the subject"
        }
        Refusal::AutomaticAgain => {
            "One automatic mail a day is passed on in a conversation, and today's was: write by hand"
        }
        Refusal::Unproved(why) => return unproved(why),
        // PRODUCT §3: a tag that is not of this pair is answered like an unknown alias.
        Refusal::UnknownTag => return route(RouteRefusal::Unknown),
    };
    row(550, "5.7.1", words)
}

/// PRODUCT §4: over a quota or cap.
fn limited(limit: Limit) -> Row {
    let words = match limit {
        Limit::Hour => "You have written too many messages in this hour, come again later",
        Limit::Conversation => {
            "Too many messages in this conversation in a few minutes, come again later"
        }
        Limit::Network => "Your network has sent too many mails in this hour, come again later",
        Limit::Proactive => {
            "Your messages of this day that are no answers are used up, come again tomorrow"
        }
    };
    row(450, "4.7.1", words)
}

/// One line per violation, the first sufficient by itself; of many, a few and how many more; last
/// where more about it stands.
fn rejected(explained: &Explained) -> Row {
    let Explained { lines, more: link } = explained;
    let room = MOST_LINES - usize::from(link.is_some());
    let shown = if lines.len() > room { room - 1 } else { lines.len() };
    let mut words: Vec<String> = lines.iter().take(shown).map(violation).collect();
    match lines.len() - shown {
        _ if lines.is_empty() => words.push("The marketplace's rules refuse this mail".to_owned()),
        0 => {}
        more => words.push(format!("(+{more})")),
    }
    words.extend(link.clone());
    (550, "5.7.0", words)
}

/// What to change, the rule, where, the words found.
fn violation(line: &RejectLine) -> String {
    let head = format!("{} ({} {}", line.change, line.rule, line.place);
    if line.spelled.is_empty() {
        return format!("{head})");
    }
    // The code, the enhanced code and what stands around the words need some 20 octets.
    let room = LINE_LIMIT.saturating_sub(head.len() + 40);
    let found = printable(&line.spelled);
    let cut: String = found.chars().take(room).collect();
    let dots = if cut.len() < found.len() { "..." } else { "" };
    format!("{head}: \"{cut}{dots}\")")
}

/// RFC 5321 §4.2: reply text is printable ASCII. What isn't is shown as `?`, white space as a
/// space, so that nothing found in a mail can begin a line of its own.
fn printable(words: &str) -> String {
    words
        .chars()
        .map(|c| match c {
            ' '..='~' => c,
            c if c.is_whitespace() => ' ',
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Language, Part, RuleId};

    const WRONG: [Wrong; 23] = {
        use super::Wrong::*;
        [
            UnknownCommand,
            OtherProtocol,
            SyntaxError,
            LineTooLong,
            BareLineEndInCommand,
            NotOffered,
            NoParameterHere,
            ParameterMissing,
            ParameterValue,
            UnknownParameter,
            MailSyntax,
            RcptSyntax,
            SenderSyntax,
            RecipientSyntax,
            AddressNotAscii,
            HelloFirst,
            MailFirst,
            RcptFirst,
            MailAlready,
            ChunkSyntax,
            ChunksRefused,
            ChunksBegun,
            AfterStartTls,
        ]
    };

    const ROUTES: [RouteRefusal; 5] = {
        use RouteRefusal::*;
        [Unknown, Defer, Unavailable, NoPostmaster, TooManyGuesses]
    };

    const UNPROVED: [Unproved; 4] = {
        use Unproved::*;
        [Peer, From, Domain, Temporary]
    };

    const REFUSALS: [Refusal; 11] = [
        Refusal::Unproved(Unproved::Domain),
        Refusal::NotRegistered,
        Refusal::Unreachable,
        Refusal::Suspended,
        Refusal::ProactiveBlocked,
        Refusal::OptedOut,
        Refusal::OrderClosed,
        Refusal::MessagingOff,
        Refusal::NameTheOrder,
        Refusal::AutomaticAgain,
        Refusal::UnknownTag,
    ];

    fn violations(count: usize, words: &str) -> Reply {
        let line = |at: usize| {
            let part = [Part::Subject, Part::Text, Part::Attachment, Part::Message][at % 4];
            let language = Language::ALL[at % Language::ALL.len()];
            RejectLine::new(RuleId::ALL[at % RuleId::ALL.len()], part, words, language)
        };
        let more = (count % 2 == 1).then(|| format!("More: https://{}", "x".repeat(290)));
        Reply::Outcome(Outcome::Rejected(Explained { lines: (0..count).map(line).collect(), more }))
    }

    /// Every row, with the worst words that can stand in it.
    fn all() -> Vec<Reply> {
        use Reply::*;
        let hostname = "h".repeat(255);
        let id = MessageId::from_random([7; 10]);
        let mut all = vec![
            Greeting { hostname: hostname.clone() },
            Hello { hostname: hostname.clone() },
            Extensions { hostname, max_size: usize::MAX, chunking: true, starttls: true },
            StartTls,
            Chunk { octets: usize::MAX },
            TooManyRecipients { most: 100 },
            Newcomer { minutes: u64::MAX },
            TooLarge { limit: usize::MAX, found: usize::MAX },
            FarTooLarge { limit: usize::MAX },
            Outcome(super::Outcome::Held { id: id.clone() }),
            Outcome(super::Outcome::Accepted { id }),
            Outcome(super::Outcome::Unwritable),
            Outcome(super::Outcome::TooBusy),
            Outcome(super::Outcome::Storage),
        ];
        all.extend(
            [Limit::Hour, Limit::Conversation, Limit::Network, Limit::Proactive]
                .map(|limit| Outcome(super::Outcome::Limited(limit))),
        );
        all.extend([Taken, Told { code: 451 }, Told { code: 550 }]);
        all.extend([Help, Bye, Ok, Reset, Vrfy, SenderOk, RecipientOk, GoAhead, Stopping]);
        all.extend([TooManyConnections, TimedOut, TooManyErrors, TooManyUnknown]);
        all.push(TooManyCommands);
        all.extend([InFlight, BareLineEnd]);
        all.extend(WRONG.map(Wrong));
        for why in UNPROVED {
            all.extend([Unproved(why), Outcome(super::Outcome::Unproved(why))]);
        }
        all.extend(ROUTES.map(Route));
        all.extend(REFUSALS.map(|why| Outcome(super::Outcome::Refused(why))));
        for words in ["", "0170 123", &"\u{1f600}".repeat(200), &"x".repeat(600), "a\r\n250 b\0"] {
            all.extend((0..8).chain([28, 400]).map(|count| violations(count, words)));
        }
        // One line for each rule and language: the longest words of ours.
        for language in Language::ALL {
            all.extend(RuleId::ALL.iter().map(|&rule| {
                let words = "x".repeat(600);
                let line = RejectLine::new(rule, Part::Alternative, &words, language);
                let explained = Explained { lines: vec![line], more: None };
                Outcome(super::Outcome::Rejected(explained))
            }));
        }
        all.push(Outcome(super::Outcome::Noticed));
        all
    }

    #[test]
    fn every_reply_is_what_the_rfcs_allow() {
        for reply in all() {
            let wire = reply.render();
            assert!(wire.is_ascii() && wire.ends_with("\r\n"), "{wire:?}");
            let lines: Vec<&str> = wire.strip_suffix("\r\n").unwrap().split("\r\n").collect();
            // PRODUCT §4 speaks of refusals; what is offered has a line for each extension.
            let most = if matches!(reply, Reply::Extensions { .. }) { 10 } else { 5 };
            assert!((1..=most).contains(&lines.len()), "{wire:?}");
            for (at, line) in lines.iter().enumerate() {
                assert!(line.len() <= 510, "{} octets: {line}", line.len());
                assert!(line.bytes().all(|b| matches!(b, b' '..=b'~')), "{line:?}");
                let (code, rest) = line.split_at(3);
                assert_eq!(code, reply.row().0.to_string(), "{line:?}");
                let separator = if at + 1 == lines.len() { ' ' } else { '-' };
                assert!(rest.starts_with(separator) && rest.len() > 1, "{line:?}");
                let plain = matches!(
                    reply,
                    Reply::Greeting { .. }
                        | Reply::Hello { .. }
                        | Reply::Extensions { .. }
                        | Reply::GoAhead
                );
                if !plain {
                    // RFC 3463 §2: the class agrees with the code.
                    let (enhanced, words) = rest[1..].split_once(' ').unwrap();
                    let class = &code[..1];
                    assert_eq!(enhanced.split('.').next(), Some(class), "{line:?}");
                    let digits = |p: &str| (1..=3).contains(&p.len()) && p.parse::<u16>().is_ok();
                    assert!(enhanced.split('.').count() == 3 && enhanced.split('.').all(digits));
                    assert!(!words.trim().is_empty(), "{line:?}");
                }
            }
        }
    }

    #[test]
    fn a_rejection_says_what_to_change_where_and_the_words_in_the_senders_language() {
        let reject = |language, more: Option<&str>| {
            let words = "limit 5000 characters, found 6000";
            let lines = vec![
                RejectLine::new(
                    RuleId::PhoneNumber,
                    Part::Text,
                    "null eins 0170\u{200b}123",
                    language,
                ),
                RejectLine::new(RuleId::TooLong, Part::Message, words, language),
            ];
            let more = more.map(str::to_owned);
            Reply::Outcome(Outcome::Rejected(Explained { lines, more })).render()
        };
        let english = "550-5.7.0 Take out the phone number, answers reach you here (phone-number in the text: \
             \"null eins 0170?123\")\r\n\
             550 5.7.0 Make the mail shorter (too-long in the mail: \"limit 5000 characters, found 6000\")\r\n";
        assert_eq!(reject(Language::En, None), english);
        assert_eq!(reject(Language::Ja, None), english, "ASCII can't write Japanese");
        assert_eq!(
            reject(Language::De, Some("Mehr: https://market.example/hilfe")),
            "550-5.7.0 Nehmen Sie die Telefonnummer heraus, Antworten erreichen Sie hier \
             (phone-number im Text: \"null eins 0170?123\")\r\n\
             550-5.7.0 Kuerzen Sie die Mail (too-long in der Mail: \"limit 5000 characters, found 6000\")\r\n\
             550 5.7.0 Mehr: https://market.example/hilfe\r\n"
        );
        let many = violations(9, "x").render();
        assert_eq!(many.lines().count(), 5);
        assert!(many.contains("550-5.7.0 (+6)\r\n550 5.7.0 More: https://xxx"), "{many}");
    }

    #[test]
    fn a_wrong_tag_is_told_what_an_unknown_alias_is_told() {
        let tag = Reply::Outcome(Outcome::Refused(Refusal::UnknownTag)).render();
        assert_eq!(tag, Reply::Route(RouteRefusal::Unknown).render());
    }
}
