//! File → [`Config`], area by area.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use crate::domain::{Action, HealthRules, RuleId};

use super::custom::{self, CustomRule};
use super::dkim::{self, Dkim, DkimAlgorithm, DkimKey};
use super::document::{self, Document};
use super::error::{ConfigError, ConfigErrors};
use super::kind::one_of;
use super::reader::Reader;
use super::rules::built_rule;
use super::settings::{
    Archive, Buyers, Config, Delivery, DeliveryTls, Dns, HideName, Http, KeepFrom, Limits, Market,
    Messages, Mode, OnTimeout, Orders, Policy, Preset, RefuseBy, Relay, Review, Route, RuleSetting,
    Sellers, Senders, ShownNameStyle, Smtp, Tls, UnknownAlias, Verify,
};
use super::tls::{self, PemError};
use super::values;

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// All that is wrong with it, or that it can't be read.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        let file = || path.display().to_string();
        let bytes = std::fs::read(path).map_err(|e| {
            ConfigErrors::new(vec![ConfigError::Unreadable { file: file(), why: e.to_string() }])
        })?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text, path),
            Err(e) => {
                let good = bytes.get(..e.valid_up_to()).unwrap_or_default();
                let good = String::from_utf8_lossy(good);
                let position = document::position(&good, good.len());
                let wrong = "is not UTF-8; save the file as UTF-8".to_owned();
                let error = ConfigError::Syntax { file: file(), position, wrong };
                Err(ConfigErrors::new(vec![error]))
            }
        }
    }

    /// Reads a text as if it stood in this file; the file itself is not touched. A relative
    /// `relay.data_dir` starts at the file's folder, and that at the working directory.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        let mut document = Document::read(text, file);
        let config = if document.is_toml() { read(&mut document, file) } else { None };
        let errors = document.into_errors();
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(ConfigErrors::new(errors)),
        }
    }

    /// Whether nobody outside this machine can connect: every listener is on loopback.
    pub fn all_loopback(&self) -> bool {
        self.smtp
            .listen
            .iter()
            .chain(&self.http.listen)
            .all(|l| l.ip().to_canonical().is_loopback())
    }
}

/// Reads every area before giving up on one, so that all errors are told.
fn read(document: &mut Document<'_>, file: &Path) -> Option<Config> {
    let (rules, customs) = (document.rules(), document.customs());
    let mut reader = Reader::new(document);
    let relay = relay(&mut reader, file);
    let smtp = smtp(&mut reader);
    let tls = tls(&mut reader, file);
    let http = reader.list("http.listen", values::socket);
    let dns = reader.list("dns.servers", values::name_server);
    let senders = senders(&mut reader);
    let buyers = buyers(&mut reader);
    let delivery = delivery(&mut reader);
    let dkim = dkim(&mut reader, file);
    let cancelled_grace = reader.duration("orders.cancelled_grace");
    let limits = limits(&mut reader);
    let passes_opt_out = reader.list("market.passes_opt_out", values::message_kind);
    let refuse_by = reader.word(
        "sellers.refuse_by",
        &[("reply", Ok(RefuseBy::Reply)), ("notice", Ok(RefuseBy::Notice))],
    );
    let account_health = account_health(&mut reader);
    let archive = archive(&mut reader);
    let review = review(&mut reader);
    let policy = policy(&mut reader, &rules, customs, file);
    if let (Some(smtp), Some(delivery)) = (&smtp, &delivery) {
        no_loop(&mut reader, smtp, delivery);
    }
    Some(Config {
        relay: relay?,
        smtp: smtp?,
        tls: tls?,
        http: Http { listen: http? },
        dns: Dns { servers: dns? },
        senders: senders?,
        buyers: buyers?,
        delivery: delivery?,
        dkim: dkim?,
        orders: Orders { cancelled_grace: cancelled_grace? },
        limits: limits?,
        market: Market { passes_opt_out: passes_opt_out? },
        sellers: Sellers { refuse_by: refuse_by? },
        account_health: account_health?,
        archive: archive?,
        review: review?,
        policy: policy?,
    })
}

/// Refuses a smarthost that is ourselves, as far as the addresses tell: every mail sent would come
/// in again.
fn no_loop(r: &mut Reader<'_, '_>, smtp: &Smtp, delivery: &Delivery) {
    let Route::Smarthost { host, port } = &delivery.route else { return };
    let ip = match host.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical(),
        Err(_) if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST.into(),
        Err(_) => return,
    };
    // A connection to a loopback or to the unspecified address ends on this machine.
    let here = ip.is_loopback() || ip.is_unspecified();
    let ours = smtp.listen.iter().find(|ours| {
        let listens = ours.ip().to_canonical();
        ours.port() == *port && (listens == ip || (listens.is_unspecified() && here))
    });
    if let Some(ours) = ours {
        let wrong = format!(
            "is our own smtp.listen address {ours}: every mail sent would come in again; write the address of the mail server that sends for you"
        );
        r.wrong("delivery.smarthost", wrong);
    }
}

fn relay(r: &mut Reader<'_, '_>, file: &Path) -> Option<Relay> {
    let hostname = r.text("relay.hostname", values::host_name);
    let alias_domain = r.text("relay.alias_domain", values::alias_domain);
    let marketplace = r.text("relay.marketplace", values::name);
    let data_dir = r.text("relay.data_dir", values::path);
    let postmaster = r.text_if_set("relay.postmaster", values::address);
    let language = r.text("relay.language", values::language);
    if let (Some(postmaster), Some(domain)) = (&postmaster, &alias_domain)
        && postmaster.domain() == domain
    {
        // Its mail would come back to us for ever.
        let wrong = format!("lies in the alias domain {domain}; write an address elsewhere");
        r.wrong("relay.postmaster", wrong);
    }
    Some(Relay {
        hostname: hostname?,
        alias_domain: alias_domain?,
        marketplace: marketplace?,
        data_dir: folder_of(file).join(data_dir?),
        postmaster,
        language: language?,
    })
}

/// The file's folder, absolute where the system tells the working directory.
fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

fn smtp(r: &mut Reader<'_, '_>) -> Option<Smtp> {
    let listen = r.list("smtp.listen", values::socket);
    let max_size = r.size("smtp.max_size");
    let in_flight = r.size("smtp.in_flight");
    let trusted_networks = r.list("smtp.trusted_networks", values::network);
    let proxy_networks = r.list("smtp.proxy_networks", values::network);
    let unknown_alias = r.word(
        "smtp.unknown_alias",
        &[("reject", Ok(UnknownAlias::Reject)), ("defer", Ok(UnknownAlias::Defer))],
    );
    let greylist = r.duration_if_set("smtp.greylist");
    if let Some(listen) = &listen {
        if listen.is_empty() {
            let wrong = "is empty, so no mail could come in; write [\"127.0.0.1:2525\"]";
            r.wrong("smtp.listen", wrong.to_owned());
        }
        let mut seen = BTreeSet::new();
        for twice in listen.iter().filter(|l| l.port() != 0 && !seen.insert(**l)) {
            let wrong = format!("names {twice} twice; write each address once");
            r.wrong("smtp.listen", wrong);
        }
    }
    if let (Some(one), Some(all)) = (max_size, in_flight)
        && all < one
    {
        // One mail of the allowed size could never be taken.
        let wrong = format!(
            "{all} bytes are less than one mail of smtp.max_size; write at least \"{one}B\""
        );
        r.wrong("smtp.in_flight", wrong);
    }
    Some(Smtp {
        listen: listen?,
        max_size: max_size?,
        in_flight: in_flight?,
        trusted_networks: trusted_networks?,
        proxy_networks: proxy_networks?,
        unknown_alias: unknown_alias?,
        greylist,
    })
}

/// `None`: an error has been noted. `Some(None)`: nothing is set.
fn tls(r: &mut Reader<'_, '_>, file: &Path) -> Option<Option<Tls>> {
    let (has_cert, has_key) = (r.is_set("tls.cert"), r.is_set("tls.key"));
    if !has_cert && !has_key {
        return Some(None);
    }
    // One alone is an error: the other is missing.
    let cert = r.text("tls.cert", values::path);
    let key = r.text("tls.key", values::path);
    let (cert, key) = (folder_of(file).join(cert?), folder_of(file).join(key?));
    match tls::server(&cert, &key) {
        Ok(server) => Some(Some(Tls { server })),
        Err(PemError::Certificate(wrong)) => {
            r.wrong("tls.cert", format!("{}: {wrong}", cert.display()));
            None
        }
        Err(PemError::Key(wrong)) => {
            r.wrong("tls.key", format!("{}: {wrong}", key.display()));
            None
        }
    }
}

/// `None`: an error has been noted. `Some(None)`: nothing is set.
fn dkim(r: &mut Reader<'_, '_>, file: &Path) -> Option<Option<Dkim>> {
    let (mut keys, mut wrong) = (Vec::new(), false);
    for (selector, key, algorithm) in [
        ("dkim.selector", "dkim.key", DkimAlgorithm::Rsa),
        ("dkim.ed25519_selector", "dkim.ed25519_key", DkimAlgorithm::Ed25519),
    ] {
        if !r.is_set(selector) && !r.is_set(key) {
            continue;
        }
        // One alone is an error: the other is missing.
        let name = r.text(selector, values::selector);
        let path = r.text(key, values::path);
        let (Some(name), Some(path)) = (name, path) else {
            wrong = true;
            continue;
        };
        let path = folder_of(file).join(path);
        match dkim::read(&path, algorithm) {
            Ok(secret) => keys.push(DkimKey { selector: name, secret }),
            Err(why) => {
                r.wrong(key, format!("{}: {why}", path.display()));
                wrong = true;
            }
        }
    }
    (!wrong).then(|| (!keys.is_empty()).then_some(Dkim { keys }))
}

fn senders(r: &mut Reader<'_, '_>) -> Option<Senders> {
    let verify =
        r.word("senders.verify", &[("dmarc", Ok(Verify::Dmarc)), ("address", Ok(Verify::Address))]);
    let authserv_id = r.text_if_set("senders.authserv_id", values::host_name);
    Some(Senders { verify: verify?, authserv_id })
}

fn buyers(r: &mut Reader<'_, '_>) -> Option<Buyers> {
    let shown_name = r.word(
        "buyers.shown_name",
        &[
            ("first-name", Ok(ShownNameStyle::FirstName)),
            ("pseudonym", Ok(ShownNameStyle::Pseudonym)),
        ],
    );
    let hide_name = r.word(
        "buyers.hide_name",
        &[("frame", Ok(HideName::Frame)), ("everywhere", Ok(HideName::Everywhere))],
    );
    r.always_true("buyers.reply_by_mail")?;
    Some(Buyers { shown_name: shown_name?, hide_name: hide_name? })
}

fn delivery(r: &mut Reader<'_, '_>) -> Option<Delivery> {
    let route = route(r);
    let tls = r.word(
        "delivery.tls",
        &[
            ("opportunistic", Ok(DeliveryTls::Opportunistic)),
            ("required", Ok(DeliveryTls::Required)),
            ("none", Ok(DeliveryTls::None)),
        ],
    );
    let tls_required_domains = r.list("delivery.tls_required_domains", values::domain);
    let give_up_after = r.duration("delivery.give_up_after");
    let delay_notice_after = r.duration("delivery.delay_notice_after");
    let retry_first = r.duration("delivery.retry_first");
    let retry_max = r.duration("delivery.retry_max");
    let connections = r.count("delivery.connections");
    if let (Some(first), Some(max)) = (retry_first, retry_max)
        && max < first
    {
        let wrong = "is shorter than delivery.retry_first; write at least that".to_owned();
        r.wrong("delivery.retry_max", wrong);
    }
    Some(Delivery {
        route: route?,
        tls: tls?,
        tls_required_domains: tls_required_domains?,
        give_up_after: give_up_after?,
        delay_notice_after: delay_notice_after?,
        retry_first: retry_first?,
        retry_max: retry_max?,
        connections: connections?,
    })
}

fn limits(r: &mut Reader<'_, '_>) -> Option<Limits> {
    let messages_per_hour = r.count_if_set("limits.messages_per_hour");
    let conversation_per_10_minutes = r.count_if_set("limits.conversation_per_10_minutes");
    let mails_per_network_per_hour = r.count_if_set("limits.mails_per_network_per_hour");
    let proactive_per_day = r.count("limits.proactive_per_day");
    let proactive_per_order = r.count("limits.proactive_per_order");
    let unknown_aliases_per_hour = r.count("limits.unknown_aliases_per_hour");
    Some(Limits {
        messages_per_hour,
        conversation_per_10_minutes,
        mails_per_network_per_hour,
        proactive_per_day: proactive_per_day?,
        proactive_per_order: proactive_per_order?,
        unknown_aliases_per_hour: unknown_aliases_per_hour?,
    })
}

fn route(r: &mut Reader<'_, '_>) -> Option<Route> {
    let by_mx = r.word("delivery.route", &[("mx", Ok(true)), ("smarthost", Ok(false))]);
    let port = r.count("delivery.mx_port");
    let sts_port = r.count("delivery.mta_sts_port");
    if by_mx? {
        // Checked all the same: it may be needed tomorrow.
        if r.is_set("delivery.smarthost") {
            r.text("delivery.smarthost", values::host_port)?;
        }
        let (port, sts_port) = (u16::try_from(port?).ok()?, u16::try_from(sts_port?).ok()?);
        return Some(Route::Mx { port, sts_port });
    }
    let (host, port) = r.text("delivery.smarthost", values::host_port)?;
    Some(Route::Smarthost { host, port })
}

fn archive(r: &mut Reader<'_, '_>) -> Option<Archive> {
    let keep = r.duration("archive.keep");
    let keep_from = r.word(
        "archive.keep_from",
        &[("message", Ok(KeepFrom::Message)), ("order-closed", Ok(KeepFrom::OrderClosed))],
    );
    Some(Archive { keep: keep?, keep_from: keep_from? })
}

fn review(r: &mut Reader<'_, '_>) -> Option<Review> {
    let notify = r.list("review.notify", values::address);
    let act_within = r.duration("review.act_within");
    let timeout = r.duration("review.timeout");
    Some(Review { notify: notify?, act_within: act_within?, timeout: timeout? })
}

fn account_health(r: &mut Reader<'_, '_>) -> Option<HealthRules> {
    let ladder = r.ladder("account_health.ladder");
    let half_life = r.duration("account_health.half_life");
    let explained_for = r.duration("account_health.explained_for");
    let retry_within = r.duration("account_health.retry_within");
    let strike_every = r.duration("account_health.strike_every");
    let volume = r.count("account_health.volume");
    Some(HealthRules {
        ladder: ladder?,
        half_life: half_life?,
        explained_for: explained_for?,
        retry_within: retry_within?,
        strike_every: strike_every?,
        volume: u64::try_from(volume?).unwrap_or(u64::MAX),
    })
}

pub(super) const MODES: [(&str, Result<Mode, &str>); 2] =
    [("observe", Ok(Mode::Observe)), ("enforce", Ok(Mode::Enforce))];

fn policy(r: &mut Reader<'_, '_>, rules: &[RuleId], customs: usize, file: &Path) -> Option<Policy> {
    let mode = r.word("policy.mode", &MODES);
    let preset = r.word(
        "policy.preset",
        &[("standard", Ok(Preset::Standard)), ("strict", Ok(Preset::Strict))],
    );
    let support_link = r.text_if_set("policy.support_link", values::link);
    let answer_window = r.duration("policy.answer_window");
    let allowed_link_domains = r.list("policy.allowed_link_domains", values::domain);
    let allowed_contacts = r.list("policy.allowed_contacts", values::contact);
    let custom = custom::read(r, customs);
    let many_buyers = r.count("policy.many_buyers");
    let max_characters = r.count("policy.max_characters");
    let max_attachments = r.count("policy.max_attachments");
    let max_attachments_size = r.size("policy.max_attachments_size");
    let competitors = r.list("policy.competitors", values::competitor);
    let languages = r.list("policy.languages", values::language);
    let folder = folder_of(file);
    let language_packs = r.list("policy.language_packs", |name| {
        values::path(name)?;
        let text = std::fs::read_to_string(folder.join(name));
        text.map(|text| (name.to_owned(), text)).map_err(|e| format!("{name}: can't be read: {e}"))
    });
    let messages = messages(r, rules, custom.as_deref());
    let rules: BTreeMap<RuleId, RuleSetting> = rules.iter().map(|id| (*id, rule(r, *id))).collect();
    Some(Policy {
        mode: mode?,
        preset: preset?,
        support_link,
        answer_window: answer_window?,
        allowed_link_domains: allowed_link_domains?,
        allowed_contacts: allowed_contacts?,
        competitors: competitors?,
        languages: languages?,
        language_packs: language_packs?,
        custom: custom?,
        many_buyers: u32::try_from(many_buyers?).unwrap_or(u32::MAX),
        max_characters: max_characters?,
        max_attachments: max_attachments?,
        max_attachments_size: max_attachments_size?,
        messages: messages?,
        rules,
    })
}

/// What the admin wrote for those whom a rule finds: Bauta's own rules and the admin's.
fn messages(
    r: &mut Reader<'_, '_>,
    rules: &[RuleId],
    custom: Option<&[CustomRule]>,
) -> Option<Messages> {
    let own = custom.unwrap_or_default().iter();
    let mut all: Messages = own.map(|own| (RuleId::Custom(own.id), own.messages.clone())).collect();
    for id in rules {
        let of_rule = r.messages(&format!("policy.rules.{id}.message"))?;
        if !of_rule.is_empty() {
            all.insert(*id, of_rule);
        }
    }
    Some(all)
}

fn rule(r: &mut Reader<'_, '_>, id: RuleId) -> RuleSetting {
    let path = |name: &str| format!("policy.rules.{id}.{name}");
    RuleSetting {
        mode: r.word_if_set(&path("mode"), &MODES),
        seller_to_buyer: action(r, &path("seller_to_buyer"), id),
        buyer_to_seller: action(r, &path("buyer_to_seller"), id),
        strike: r.flag_if_set(&path("strike")),
        on_timeout: r.word_if_set(
            &path("on_timeout"),
            &[("reject", Ok(OnTimeout::Reject)), ("release", Ok(OnTimeout::Release))],
        ),
    }
}

fn action(r: &mut Reader<'_, '_>, path: &str, id: RuleId) -> Option<Action> {
    let can = built_rule(id).map(|r| r.actions).unwrap_or_default();
    let can_words = one_of(&can.iter().map(|a| a.as_str()).collect::<Vec<_>>());
    let held =
        format!("{id} finds what can't be cleaned, so it can't wait either; write {can_words}");
    let redacted = format!("{id} finds no words that could be redacted; write {can_words}");
    let mut words: Vec<(&str, Result<Action, &str>)> =
        can.iter().map(|a| (a.as_str(), Ok(*a))).collect();
    if !can.contains(&Action::Hold) {
        words.push(("hold", Err(&held)));
    }
    if !can.contains(&Action::Redact) {
        words.push(("redact", Err(&redacted)));
    }
    r.word_if_set(path, &words)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::keys::{KEYS, Key};
    use crate::config::kind::Kind;
    use crate::domain::Language;

    const REQUIRED: &str = r#"
relay.hostname = "Relay.Market.Example"
relay.alias_domain = "Mail.Market.Example"
relay.marketplace = "Lamp Market"
senders.verify = "address"
delivery.route = "smarthost"
delivery.smarthost = "[::1]:26"
"#;

    fn parse(more: &str) -> Result<Config, ConfigErrors> {
        Config::parse(&format!("{REQUIRED}{more}"), Path::new("/etc/bauta/bauta.toml"))
    }

    #[test]
    fn what_the_file_does_not_say_has_the_defaults_of_the_product() {
        let config = parse("").unwrap();
        assert_eq!(config.relay.hostname, "relay.market.example");
        assert_eq!(config.relay.alias_domain, "mail.market.example");
        assert_eq!(config.relay.data_dir, Path::new("/etc/bauta/data"));
        assert!(config.relay.postmaster.is_none());
        assert_eq!(config.relay.language, Language::En);
        assert_eq!(config.smtp.listen, ["127.0.0.1:2525".parse().unwrap()]);
        assert_eq!((config.smtp.max_size, config.smtp.in_flight), (25_000_000, 256_000_000));
        assert!(config.smtp.trusted_networks.is_empty());
        assert_eq!(config.smtp.unknown_alias, UnknownAlias::Reject);
        assert_eq!(config.buyers.shown_name, ShownNameStyle::FirstName);
        assert_eq!(config.buyers.hide_name, HideName::Frame);
        let smarthost = Route::Smarthost { host: "::1".to_owned(), port: 26 };
        assert_eq!(config.delivery.route, smarthost);
        assert_eq!(config.delivery.tls, DeliveryTls::Opportunistic);
        assert_eq!(config.delivery.give_up_after, Duration::from_secs(48 * 3600));
        assert_eq!(config.delivery.retry_first, Duration::from_secs(2));
        assert_eq!(config.delivery.retry_max, Duration::from_secs(1800));
        assert_eq!(config.delivery.connections, 10);
        assert_eq!(config.archive.keep, Duration::from_secs(60 * 86_400));
        assert_eq!(config.archive.keep_from, KeepFrom::Message);
        assert_eq!(config.policy.mode, Mode::Enforce);
        assert_eq!(config.policy.answer_window, Duration::from_secs(30 * 86_400));
        assert!(config.policy.rules.is_empty());
    }

    #[test]
    fn what_the_file_says_is_what_holds() {
        let config = parse(
            r#"
relay.data_dir = "/var/lib/bauta"
relay.postmaster = "Ops@Market.Example"
relay.language = "de"
smtp.listen = ["0.0.0.0:25", "[::]:25"]
smtp.max_size = "1MiB"
smtp.in_flight = "1MiB"
smtp.trusted_networks = ["10.0.0.0/8"]
smtp.proxy_networks = ["192.0.2.7"]
smtp.unknown_alias = "defer"
buyers.shown_name = "pseudonym"
buyers.hide_name = "everywhere"
delivery.tls = "required"
delivery.connections = 0x10
policy.mode = "observe"
policy.allowed_link_domains = ["Carrier.Example"]
policy.allowed_contacts = ["+1 555 010 0199"]
[policy.rules]
too-long.buyer_to_seller = "warn"
[policy.rules.phone-number]
mode = "enforce"
seller_to_buyer = "reject"
"#,
        )
        .unwrap();
        assert_eq!(config.relay.data_dir, Path::new("/var/lib/bauta"));
        assert_eq!(config.relay.postmaster.map(|p| p.reveal()).unwrap(), "Ops@market.example");
        assert_eq!(config.relay.language, Language::De);
        assert_eq!(config.smtp.listen.len(), 2);
        assert_eq!((config.smtp.max_size, config.smtp.in_flight), (1 << 20, 1 << 20));
        assert!(config.smtp.trusted_networks[0].contains("10.1.1.1".parse().unwrap()));
        assert!(config.smtp.proxy_networks[0].contains("192.0.2.7".parse().unwrap()));
        assert_eq!(config.smtp.unknown_alias, UnknownAlias::Defer);
        assert_eq!(config.buyers.shown_name, ShownNameStyle::Pseudonym);
        assert_eq!(config.buyers.hide_name, HideName::Everywhere);
        assert_eq!(config.delivery.tls, DeliveryTls::Required);
        assert_eq!(config.delivery.connections, 16);
        assert_eq!(config.policy.mode, Mode::Observe);
        assert_eq!(config.policy.allowed_link_domains, ["carrier.example"]);
        assert_eq!(config.policy.allowed_contacts, ["+1 555 010 0199"]);
        let phone = RuleSetting {
            mode: Some(Mode::Enforce),
            seller_to_buyer: Some(Action::Reject),
            ..RuleSetting::default()
        };
        let long = RuleSetting { buyer_to_seller: Some(Action::Warn), ..RuleSetting::default() };
        let expected = [(RuleId::PhoneNumber, phone), (RuleId::TooLong, long)];
        assert_eq!(config.policy.rules, BTreeMap::from(expected));
    }

    #[test]
    fn all_that_the_table_of_keys_calls_right_is_taken() {
        // The files of `tls`, `dkim` and of language packs must be there: they have their own tests.
        let of_file = |kind| matches!(kind, Kind::PemFile | Kind::Selector | Kind::PackFiles);
        for key in KEYS.iter().filter(|k| !of_file(k.kind)) {
            // Its tables have no path; `custom` has its own test.
            if key.path.starts_with("policy.custom.") {
                continue;
            }
            let path = key.path.replace("RULE-ID", "email-address");
            let quoted = |text: &&str| format!("{text:?}");
            let mut right = match key.kind {
                Kind::OneOf(words) => words.iter().map(quoted).collect(),
                Kind::Size { min, max } | Kind::Duration { min, max } => {
                    [min, max].iter().map(quoted).collect()
                }
                Kind::Count { min, max } => vec![min.to_string(), max.to_string()],
                _ => vec![],
            };
            right.push(key.kind.sample());
            // A key that must agree with another one is given room by it.
            let room = match key.path {
                "smtp.max_size" => "smtp.in_flight = \"64GB\"",
                "smtp.in_flight" => "smtp.max_size = \"1KB\"",
                "delivery.retry_max" => "delivery.retry_first = \"10ms\"",
                "delivery.retry_first" => "delivery.retry_max = \"1d\"",
                _ => "",
            };
            let others: Vec<&str> = REQUIRED.lines().filter(|l| !l.starts_with(&path)).collect();
            for value in right {
                let text = format!("{}\n{room}\n{path} = {value}\n", others.join("\n"));
                let read = Config::parse(&text, Path::new("bauta.toml"));
                assert!(read.is_ok(), "{path} = {value}: {}", read.unwrap_err());
            }
        }
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_move_no_position() {
        let plain = "hostnam = 1\n[relay]\nlanguage = 5\n";
        for text in [plain.to_owned(), format!("\u{feff}{}", plain.replace('\n', "\r\n"))] {
            let errors = Config::parse(&text, Path::new("b.toml")).unwrap_err().to_string();
            assert!(errors.contains("b.toml:1:1: hostnam: unknown key"), "{errors}");
            assert!(errors.contains("b.toml:3:12: relay.language: is an integer"), "{errors}");
        }
    }

    #[test]
    fn a_path_of_a_million_names_is_an_error_and_no_crash() {
        let deep = "a.".repeat(1_000_000);
        for start in ["", "imap.", "relay."] {
            let text = format!("{start}{deep}a = 1\n");
            assert!(Config::parse(&text, Path::new("b.toml")).is_err());
        }
    }

    proptest::proptest! {
        /// What an editor leaves behind when it is interrupted, or a finger slips.
        #[test]
        fn a_damaged_file_gets_errors_that_point_into_it(at in 0_usize..9_000, with in "\\PC{0,3}") {
            let mut text = crate::config::example();
            let at = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((at + 1).min(text.len()));
            text.replace_range(at..end, &with);
            if let Err(errors) = Config::parse(&text, Path::new("b.toml")) {
                proptest::prop_assert!(errors.iter().count() > 0);
                for error in errors.iter() {
                    let position = error.position().unwrap();
                    let line = text.split('\n').nth(position.line - 1).unwrap();
                    proptest::prop_assert!(position.column <= line.chars().count() + 1, "{}", error);
                    proptest::prop_assert!(!error.to_string().contains('\n'), "{}", error);
                }
            }
        }
    }

    #[test]
    fn only_a_listener_on_loopback_is_out_of_reach() {
        let check = |listen: &str, expected: bool| {
            let config = parse(&format!("smtp.listen = {listen}")).unwrap();
            assert_eq!(config.all_loopback(), expected, "{listen}");
        };
        check(r#"["127.0.0.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0", "127.0.0.1:0"]"#, true);
        check(r#"["127.0.0.1:25", "0.0.0.0:25"]"#, false);
        check(r#"["[::]:25"]"#, false);
        check(r#"["192.0.2.1:25"]"#, false);
    }

    #[test]
    fn a_relative_data_dir_starts_at_the_folder_of_the_file() {
        let here = std::env::current_dir().unwrap();
        for (file, expected) in [
            ("/etc/b.toml", PathBuf::from("/etc/data")),
            ("b.toml", here.join("data")),
            ("conf/b.toml", here.join("conf/data")),
        ] {
            let config = Config::parse(REQUIRED, Path::new(file)).unwrap();
            assert_eq!(config.relay.data_dir, expected, "{file}");
        }
    }

    #[test]
    fn a_file_that_can_not_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none.toml");
        let error = Config::load(&file).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: can't be read: ", file.display())), "{error}");
        std::fs::write(&file, b"# Gr\xfc\xdfe\n").unwrap();
        let error = Config::load(&file).unwrap_err().to_string();
        assert!(error.ends_with("none.toml:1:5: is not UTF-8; save the file as UTF-8"), "{error}");
        std::fs::write(&file, REQUIRED).unwrap();
        let config = Config::load(&file).unwrap();
        assert_eq!(config.relay.data_dir, folder.path().join("data"));
    }

    #[test]
    fn an_error_never_repeats_a_persons_address() {
        let errors = parse(
            "relay.postmaster = \"jane roe@mail.example\"\n\
             policy.allowed_contacts = [\"jane roe@mail.example\"]\n",
        )
        .unwrap_err();
        assert_eq!(errors.iter().count(), 2, "{errors}");
        assert!(!errors.to_string().contains("jane"), "{errors}");
    }

    /// `fixtures/bad-config/NAME.toml` → exactly the lines of `NAME.expected`, which leave out
    /// the file's name. `BLESS=1` writes what is missing; read it before you keep it.
    #[test]
    fn every_bad_config_gets_the_answers_that_are_written_beside_it() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/bad-config"));
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_none_or(|e| e != "toml") {
                continue;
            }
            seen += 1;
            let name = Path::new(file.file_name().unwrap());
            let text = std::fs::read_to_string(&file).unwrap();
            let errors = Config::parse(&text, name).unwrap_err().to_string() + "\n";
            let prefix = format!("{}:", name.display());
            let told: String = errors
                .lines()
                .map(|l| l.strip_prefix(&prefix).unwrap_or_else(|| panic!("{l}")).to_owned() + "\n")
                .collect();
            let beside = file.with_extension("expected");
            if std::env::var_os("BLESS").is_some() && !beside.exists() {
                std::fs::write(&beside, &told).unwrap();
            }
            let expected = std::fs::read_to_string(&beside).unwrap();
            assert_eq!(told, expected, "{}", file.display());
        }
        assert!(seen >= 20, "only {seen} bad configs found");
    }

    /// A key of a rule stands there for one rule; the rules' own test has the others.
    #[test]
    fn every_key_has_a_wrong_value_in_the_bad_configs() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/bad-config"));
        let told: String = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|file| file.extension().is_some_and(|e| e == "expected"))
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        let is_missing = |key: &&Key| {
            let of_rule = key.path.strip_prefix("policy.rules.");
            let named = match of_rule.or(key.path.strip_prefix("policy.custom.")) {
                Some(of_rule) => of_rule.rsplit('.').next().unwrap(),
                None => key.path,
            };
            !told.lines().any(|line| line.contains(&format!("{named}: ")))
        };
        let missing: Vec<&str> = KEYS.iter().filter(is_missing).map(|key| key.path).collect();
        assert!(missing.is_empty(), "no bad config has a wrong {missing:?}");
    }
}
