//! The one table of keys: what may stand in the file, what it means when it doesn't, and what the
//! example says about it.

use std::sync::LazyLock;

use super::key::key;
pub(super) use super::key::{Absent, Key, name_of, table_of};
use super::keys_of_rules::OF_RULES;
use super::kind::Kind;
pub(super) use super::known::{Known, look_up};

/// Every key of this version, in the order of the example.
pub(super) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| [OF_TABLES, OF_RULES].concat());

/// Those of tables that stand there once.
const OF_TABLES: &[Key] = &[
    key(
        "relay.hostname",
        Kind::HostName,
        Absent::Missing("\"relay.market.example\""),
        "Required. This machine's full host name, as other mail servers see it: in the greeting and in EHLO.",
    ),
    key(
        "relay.alias_domain",
        Kind::Domain,
        Absent::Missing("\"mail.market.example\""),
        "Required. The domain of all aliases; its MX record points here. Use it for nothing else. Changing it kills every alias ever given out.",
    ),
    key(
        "relay.marketplace",
        Kind::Name,
        Absent::Missing("\"Lamp Market\""),
        "Required. The marketplace's name, shown to buyers and sellers below each mail and in notices.",
    ),
    key(
        "relay.data_dir",
        Kind::Path,
        Absent::Default("\"data\""),
        "The folder of the database and the alias keys. A relative path starts at the folder of this file. Back it up: without the keys no alias works any more.",
    ),
    key(
        "relay.postmaster",
        Kind::Address,
        Absent::Unset("\"postmaster@market.example\""),
        "Where mail to postmaster@ and abuse@ the alias domain goes. Not set: it is refused. Must not lie in the alias domain itself.",
    ),
    key(
        "relay.language",
        Kind::Language,
        Absent::Default("\"en\""),
        "The language for buyers and sellers that have none of their own: en, de, fr, es, it, pt, nl, pl or ja.",
    ),
    key(
        "smtp.listen",
        Kind::Listen,
        Absent::Default("[\"127.0.0.1:2525\"]"),
        "Where incoming mail is taken: IP addresses with ports. 0.0.0.0 or [::] means every address of this machine. Port 0 takes any free port (for tests).",
    ),
    key(
        "smtp.max_size",
        Kind::Size { min: "1KB", max: "1GB" },
        Absent::Default("\"25MB\""),
        "The largest mail taken, as it travels (an attachment grows by a third on the way). B, KB, MB, GB count in thousands (25MB = 25,000,000 bytes); KiB, MiB, GiB in 1024s. RFC 5321 asks for at least 64 KiB.",
    ),
    key(
        "smtp.in_flight",
        Kind::Size { min: "1KB", max: "64GB" },
        Absent::Default("\"256MB\""),
        "Memory for all mails being received at the same time. When it is used up, senders are told to come again later (4xx); nothing is lost. At least max_size.",
    ),
    key(
        "smtp.trusted_networks",
        Kind::Networks,
        Absent::Default("[]"),
        "The mail servers in front of Bauta that have already verified who the sender is (SPF, DKIM, DMARC). Bauta believes them, so whoever can connect from here can write as any buyer or seller. Name single machines, never the internet. Empty: no mail is taken at all with verify = \"address\".",
    ),
    key(
        "smtp.proxy_networks",
        Kind::Networks,
        Absent::Default("[]"),
        "Load balancers that speak the PROXY protocol (version 1 or 2). Each of their connections must begin with its header, and the address inside is the one that counts: smtp.trusted_networks is held against it. Whoever can connect from here can claim any address, so name single machines only.",
    ),
    key(
        "smtp.unknown_alias",
        Kind::OneOf(&["reject", "defer"]),
        Absent::Default("\"reject\""),
        "What mail to an unknown alias is told. \"reject\": it does not exist (550). \"defer\": come again later (451). Set \"defer\" while you restore a backup, so that no mail bounces, and set it back afterwards.",
    ),
    key(
        "smtp.greylist",
        Kind::Duration { min: "1s", max: "1d" },
        Absent::Unset("\"5m\""),
        "Greylisting: a mail from a network, envelope sender and to an alias that have not met before is told to come again (451) until this time is over. Mail servers do, after a while; most senders of spam do not. Not for smtp.trusted_networks, nor for networks from which proved mail came within 30 days. Not set: nobody waits.",
    ),
    key(
        "tls.cert",
        Kind::PemFile,
        Absent::Unset("\"/etc/bauta/cert.pem\""),
        "The certificate of relay.hostname and those between it and its authority, in PEM. With it STARTTLS is offered; not set: mail comes in unencrypted. A relative path starts at the folder of this file.",
    ),
    key(
        "tls.key",
        Kind::PemFile,
        Absent::Unset("\"/etc/bauta/key.pem\""),
        "The private key of tls.cert, in PEM. Both are read at the start.",
    ),
    key(
        "http.listen",
        Kind::Listen,
        Absent::Default("[]"),
        "Where /healthz, /readyz and /metrics (Prometheus) are answered: IP addresses with ports. They tell how much mail waits, never whose; still, keep them from the internet. Empty: nowhere.",
    ),
    key(
        "dns.servers",
        Kind::Servers,
        Absent::Default("[]"),
        "The DNS servers that are asked where mail goes and who may send for a domain: IP addresses, with a port if it is not 53. Empty: those of this machine (/etc/resolv.conf).",
    ),
    key(
        "senders.verify",
        Kind::OneOf(&["dmarc", "address"]),
        Absent::Default("\"dmarc\""),
        "Whose mail is taken. \"dmarc\": everybody's whose domain in From: is proved by SPF or DKIM, aligned as its DMARC record says (relaxed where there is none), and that of the mail servers in smtp.trusted_networks. \"address\": only theirs.",
    ),
    key(
        "senders.authserv_id",
        Kind::HostName,
        Absent::Unset("\"mx.market.example\""),
        "The name under which the mail servers in smtp.trusted_networks write Authentication-Results (RFC 8601) on the mail. With it their mail is taken only if those results prove the domain in From:; they must take away what others wrote under that name. Nobody else's results are believed. Not set: whatever they send counts as proved.",
    ),
    key(
        "buyers.shown_name",
        Kind::OneOf(&["first-name", "pseudonym"]),
        Absent::Default("\"first-name\""),
        "What a seller sees of a buyer's name. \"first-name\": the first word of it. \"pseudonym\": a made-up name, always the same one for this buyer and seller.",
    ),
    key(
        "buyers.hide_name",
        Kind::OneOf(&["frame", "everywhere"]),
        Absent::Default("\"frame\""),
        "Where a buyer's full name and the telling part of the address are hidden from the seller. \"frame\": in headers, lines that introduce a quote, signatures and names of files; what a buyer writes may name somebody, as the delivery of a lamp or an engraving asks for. \"everywhere\": in what a buyer writes too, and in text files; the shown name stands in place of it.",
    ),
    key(
        "buyers.reply_by_mail",
        Kind::True,
        Absent::Default("true"),
        "Buyers may answer by mail. Only true in this version.",
    ),
    key(
        "delivery.route",
        Kind::OneOf(&["mx", "smarthost"]),
        Absent::Default("\"mx\""),
        "\"mx\": outgoing mail goes to the mail servers of each recipient's domain, as the DNS names them. \"smarthost\": all of it is handed to the one mail server below, which brings it on.",
    ),
    key(
        "delivery.smarthost",
        Kind::HostPort,
        Absent::Unset("\"127.0.0.1:2526\""),
        "Required with route = \"smarthost\". Host and port of the mail server that takes our outgoing mail. IPv6 in brackets: \"[::1]:25\".",
    ),
    key(
        "delivery.mx_port",
        Kind::Count { min: 1, max: 65_535 },
        Absent::Default("25"),
        "The port of the domains' mail servers with route = \"mx\". For tests and odd networks: the whole world takes mail at 25.",
    ),
    key(
        "delivery.mta_sts_port",
        Kind::Count { min: 1, max: 65_535 },
        Absent::Default("443"),
        "The port at which domains' MTA-STS policies are fetched with route = \"mx\" (not with tls = \"none\"). For tests.",
    ),
    key(
        "delivery.tls",
        Kind::OneOf(&["opportunistic", "required", "none"]),
        Absent::Default("\"opportunistic\""),
        "Encryption of outgoing mail. \"opportunistic\": STARTTLS where it is offered, whatever the certificate says, and unencrypted where it does not work. \"required\": STARTTLS with a certificate that is valid for the server's name, or the mail waits. \"none\": never.",
    ),
    key(
        "delivery.tls_required_domains",
        Kind::Domains,
        Absent::Default("[]"),
        "Recipients' domains for which delivery.tls is \"required\" whatever is written there: partners of whom you know that their mail servers have valid certificates. Only with route = \"mx\".",
    ),
    key(
        "delivery.give_up_after",
        Kind::Duration { min: "100ms", max: "30d" },
        Absent::Default("\"48h\""),
        "A mail that could not be delivered for this long is given up. Times: ms, s, m, h, d.",
    ),
    key(
        "delivery.delay_notice_after",
        Kind::Duration { min: "100ms", max: "30d" },
        Absent::Default("\"4h\""),
        "A sender is told once that a mail still waits when it could not be delivered for this long; failures are told at once.",
    ),
    key(
        "delivery.retry_first",
        Kind::Duration { min: "10ms", max: "1d" },
        Absent::Default("\"2s\""),
        "The wait before the second attempt. It doubles with each further one.",
    ),
    key(
        "delivery.retry_max",
        Kind::Duration { min: "10ms", max: "1d" },
        Absent::Default("\"30m\""),
        "The longest wait between two attempts. At least retry_first.",
    ),
    key(
        "delivery.connections",
        Kind::Count { min: 1, max: 100 },
        Absent::Default("10"),
        "Connections to one destination (the smarthost, or the servers of one domain) at the same time, 1 to 100. It begins with two and grows as mail is taken.",
    ),
    key(
        "orders.cancelled_grace",
        Kind::Duration { min: "0s", max: "365d" },
        Absent::Default("\"0s\""),
        "So long messages about an order still pass after it was registered as cancelled. \"0s\": not at all.",
    ),
    key(
        "limits.messages_per_hour",
        Kind::Count { min: 1, max: 1_000_000 },
        Absent::Unset("500"),
        "Messages that one buyer or seller may send in an hour; what is over is told to come again (450). Not set: 500, and as many as they like for mail that comes from smtp.trusted_networks. Set: for everybody.",
    ),
    key(
        "limits.conversation_per_10_minutes",
        Kind::Count { min: 1, max: 1_000_000 },
        Absent::Unset("20"),
        "Messages that may be sent in one conversation, by both sides together, in 10 minutes: what two mail programs that answer each other write is stopped by it. Not set: 20, and as many as they like for mail that comes from smtp.trusted_networks. Set: for everybody.",
    ),
    key(
        "limits.mails_per_network_per_hour",
        Kind::Count { min: 1, max: 1_000_000 },
        Absent::Unset("5000"),
        "Mails to aliases that one network (one IPv4 address, one /64 of IPv6) may bring in an hour with one envelope domain; what is over is told to come again (450). Ten times as many with whatever domains, unless mail of ours came from it within 30 days. Not set: 5000, and as many as they like for smtp.trusted_networks. Set: for everybody.",
    ),
    key(
        "limits.proactive_per_day",
        Kind::Count { min: 0, max: 1_000_000 },
        Absent::Default("600"),
        "Proactive messages (no answers) that one seller may send in 24 hours, beside those of limits.proactive_per_order. For everybody.",
    ),
    key(
        "limits.proactive_per_order",
        Kind::Count { min: 0, max: 1_000 },
        Absent::Default("5"),
        "So many more proactive messages a day for each order that the seller had on an average day of the last 30.",
    ),
    key(
        "limits.unknown_aliases_per_hour",
        Kind::Count { min: 1, max: 1_000_000 },
        Absent::Default("100"),
        "Unknown aliases that one network (one IPv4 address, one /64 of IPv6) may write to in an hour with one envelope domain, and mails whose sender is not proved, before that pair is told to come again later (450). Ten times as many with whatever domains, and the whole network is, unless mail of ours came from it within 30 days. Mail to existing aliases from such a network, or from smtp.trusted_networks, always passes.",
    ),
    key(
        "market.passes_opt_out",
        Kind::MessageKinds,
        Absent::Default(
            "[\"customization\", \"delivery-scheduling\", \"address-correction\", \"legal-disclosure\"]",
        ),
        "Kinds of proactive message that reach a buyer who opted out of such messages. By mail a seller names the kind by a tag at the start of the subject: [Important] (one of the four of the default), [Invoice], [Warranty], [Instructions]. Empty: none.",
    ),
    key(
        "dkim.selector",
        Kind::Selector,
        Absent::Unset("\"bauta1\""),
        "The name of the key in the DNS: the record stands at SELECTOR._domainkey.ALIAS-DOMAIN. `bauta dkim rotate` makes a key and prints its record. Not set: outgoing mail is not signed, and many a receiver takes it for spam.",
    ),
    key(
        "dkim.key",
        Kind::PemFile,
        Absent::Unset("\"/etc/bauta/dkim-bauta1.pem\""),
        "The private RSA key, in PEM. A relative path starts at the folder of this file.",
    ),
    key(
        "dkim.ed25519_selector",
        Kind::Selector,
        Absent::Unset("\"bauta1-ed25519\""),
        "The name of a second key, for a second signature. Some receivers report it as failed.",
    ),
    key(
        "dkim.ed25519_key",
        Kind::PemFile,
        Absent::Unset("\"/etc/bauta/dkim-bauta1-ed25519.pem\""),
        "The private Ed25519 key, in PEM.",
    ),
    key(
        "policy.mode",
        Kind::OneOf(&["observe", "enforce"]),
        Absent::Default("\"enforce\""),
        "\"observe\": every mail is judged and what would have been done is recorded, but it is delivered unchanged. \"enforce\": act. Start with \"observe\" and look at the verdicts first. Addresses of the parties are masked either way.",
    ),
    key(
        "policy.preset",
        Kind::OneOf(&["standard", "strict"]),
        Absent::Default("\"standard\""),
        "What rules do where nothing else is set. \"standard\": as below. \"strict\": what \"standard\" redacts of a seller's message is rejected, and what it only warns of is held.",
    ),
    key(
        "policy.support_link",
        Kind::Link,
        Absent::Unset("\"https://market.example/help/{rule}\""),
        "A page that explains the rules. It stands last in refusals and in notices; {rule} becomes the id of the rule.",
    ),
    key(
        "policy.answer_window",
        Kind::Duration { min: "1s", max: "365d" },
        Absent::Default("\"30d\""),
        "A seller's message this long after the buyer's last one still counts as an answer.",
    ),
    key(
        "policy.allowed_link_domains",
        Kind::Domains,
        Absent::Default("[]"),
        "Domains that anybody may link to, their subdomains too: the marketplace's own, carriers, booking of a delivery slot. The alias domain is always allowed.",
    ),
    key(
        "policy.allowed_contacts",
        Kind::Contacts,
        Absent::Default("[]"),
        "E-mail addresses and phone numbers that anybody may name: a carrier's hotline, a safety authority.",
    ),
    key(
        "policy.competitors",
        Kind::Names,
        Absent::Default("[]"),
        "Names and domains of other marketplaces: the rule competitor finds them as whole words, also disguised (\"Mega-Bay\"). A domain covers its subdomains.",
    ),
    key(
        "policy.many_buyers",
        Kind::Count { min: 2, max: 10_000 },
        Absent::Default("5"),
        "The same picture (rule image) or the same long text (copied-answer) sent to this many other buyers within 30 days was sent to many.",
    ),
    key(
        "policy.max_characters",
        Kind::Count { min: 200, max: 100_000 },
        Absent::Default("5000"),
        "More characters of new text than these are too many (rule too-long).",
    ),
    key(
        "policy.max_attachments",
        Kind::Count { min: 1, max: 100 },
        Absent::Default("5"),
        "More attachments than these are too many (rule attachment-size); a picture that is shown in the text is none.",
    ),
    key(
        "policy.max_attachments_size",
        Kind::Size { min: "100KB", max: "1GB" },
        Absent::Default("\"10MB\""),
        "More than this of attachments in all, decoded, is too much (rule attachment-size). On its way it grows by a third: smtp.max_size holds too.",
    ),
    key(
        "sellers.refuse_by",
        Kind::OneOf(&["reply", "notice"]),
        Absent::Default("\"reply\""),
        "How a seller is told that a message is refused. \"reply\": in the session, where their own mail server tells them (550). \"notice\": it is taken (250), goes nowhere, and our own mail says why: for mail systems that hide refusals.",
    ),
    key(
        "account_health.ladder",
        Kind::Ladder,
        Absent::Default(
            "[{ score = 3, step = \"warning\" }, { score = 6, step = \"proactive-blocked\", for = \"14d\" }, { score = 10, step = \"suspended\", by = \"person\" }]",
        ),
        "What follows when a seller's score reaches a number: \"warning\", \"proactive-blocked\" (messages that are no answers are refused, for so long) and \"suspended\". With by = \"person\" it is only proposed to review.notify; a suspension always is. The score: strikes, each halved every half_life, for each account_health.volume messages of 30 days.",
    ),
    key(
        "account_health.half_life",
        Kind::Duration { min: "1m", max: "3650d" },
        Absent::Default("\"30d\""),
        "A strike counts half after this time.",
    ),
    key(
        "account_health.explained_for",
        Kind::Duration { min: "1m", max: "3650d" },
        Absent::Default("\"30d\""),
        "A seller who has not been told of a rule for so long is told of it first: that finding gives no strike.",
    ),
    key(
        "account_health.retry_within",
        Kind::Duration { min: "1m", max: "365d" },
        Absent::Default("\"24h\""),
        "The same rule again in the same conversation within this time is a retry, and gives no strike.",
    ),
    key(
        "account_health.strike_every",
        Kind::Duration { min: "1m", max: "365d" },
        Absent::Default("\"24h\""),
        "Of a seller's messages in this time one gives a strike at most.",
    ),
    key(
        "account_health.volume",
        Kind::Count { min: 1, max: 1_000_000 },
        Absent::Default("500"),
        "A seller's strikes are divided by the messages of 30 days in these, where that is more than one: who writes much slips more often.",
    ),
    key(
        "archive.keep",
        Kind::Duration { min: "1s", max: "3650d" },
        Absent::Default("\"60d\""),
        "Messages are kept for so long, and then really erased: from the archive, the search index, the free pages of the file and the log beside it. Not those under a legal hold (`bauta hold`, an order's dispute), nor before their delivery has ended. What counts against a seller stays, without its words.",
    ),
    key(
        "archive.keep_from",
        Kind::OneOf(&["message", "order-closed"]),
        Absent::Default("\"message\""),
        "From when on the time runs. \"message\": from when each message came in. \"order-closed\": not before its order was registered as delivered, returned, refunded or cancelled; a message of no order as above.",
    ),
    key(
        "review.notify",
        Kind::Addresses,
        Absent::Default("[]"),
        "Who is told by mail when a message waits for review, at once and once a day of all that wait. They look at it with `bauta held show` and decide with `bauta held release` or `bauta held reject`.",
    ),
    key(
        "review.act_within",
        Kind::Duration { min: "1s", max: "365d" },
        Absent::Default("\"24h\""),
        "So soon a held message should be decided: /metrics counts those that wait for longer (bauta_held_overdue).",
    ),
    key(
        "review.timeout",
        Kind::Duration { min: "1s", max: "365d" },
        Absent::Default("\"72h\""),
        "What nobody has decided after this time is rejected, and its sender is told; a rule may say otherwise (on_timeout).",
    ),
    key(
        "policy.languages",
        Kind::Languages,
        Absent::Default("[\"en\", \"de\", \"fr\", \"es\", \"it\", \"pt\", \"nl\", \"pl\", \"ja\"]"),
        "The languages in which it is judged what a message is for. A proactive message in another one is held.",
    ),
    key(
        "policy.language_packs",
        Kind::PackFiles,
        Absent::Default("[]"),
        "Your own language packs: TOML files beside this one. What a file says is added to its language, or stands in its place with replace = true; src/policy/data/languages shows how they are written.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::not_yet::NOT_YET;

    #[test]
    fn every_key_stands_once_in_the_table_and_has_a_comment() {
        for (n, key) in KEYS.iter().enumerate() {
            assert!(KEYS.iter().skip(n + 1).all(|other| other.path != key.path), "{}", key.path);
            assert!(key.comment.len() > 20 && key.comment.ends_with('.'), "{}", key.path);
            assert!(matches!(look_up(key.path), Known::Key(_)), "{}", key.path);
        }
        for path in NOT_YET {
            assert!(matches!(look_up(path), Known::NotYet), "{path}");
        }
    }
}
