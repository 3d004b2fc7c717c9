//! The settings, one struct per area of the TOML file.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use super::custom::CustomRule;
use super::dkim::Dkim;
use crate::domain::{Action, HealthRules, Language, MessageKind, RealAddress, Role, RuleId};

/// Everything the TOML file says.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[relay]`
    pub relay: Relay,
    /// `[smtp]`
    pub smtp: Smtp,
    /// `[tls]`; none: STARTTLS is not offered.
    pub tls: Option<Tls>,
    /// `[http]`
    pub http: Http,
    /// `[dns]`
    pub dns: Dns,
    /// `[senders]`
    pub senders: Senders,
    /// `[buyers]`
    pub buyers: Buyers,
    /// `[delivery]`
    pub delivery: Delivery,
    /// `[dkim]`; none: outgoing mail is not signed.
    pub dkim: Option<Dkim>,
    /// `[orders]`
    pub orders: Orders,
    /// `[limits]`
    pub limits: Limits,
    /// `[market]`
    pub market: Market,
    /// `[sellers]`
    pub sellers: Sellers,
    /// `[account_health]`
    pub account_health: HealthRules,
    /// `[archive]`
    pub archive: Archive,
    /// `[review]`
    pub review: Review,
    /// `[policy]`
    pub policy: Policy,
}

/// `[relay]`: who we are.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Our own host name, for the greeting and EHLO.
    pub hostname: String,
    /// The domain of all aliases, lower case.
    pub alias_domain: String,
    /// The marketplace's name, shown in frames and notices.
    pub marketplace: String,
    /// Where database and keys live; absolute, or relative to the config file's folder and made
    /// absolute when read.
    pub data_dir: PathBuf,
    /// Where mail to `postmaster@` and `abuse@` goes; none: it is refused.
    pub postmaster: Option<RealAddress>,
    /// The language for parties that have none of their own.
    pub language: Language,
}

/// `[smtp]`: mail coming in.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Where to listen; at least one.
    pub listen: Vec<SocketAddr>,
    /// The largest mail, in bytes.
    pub max_size: usize,
    /// Bytes of mail in hand over all connections; more is answered 4xx.
    pub in_flight: usize,
    /// Peers whose word about the sender is taken.
    pub trusted_networks: Vec<Network>,
    /// Load balancers whose connections begin with a PROXY header.
    pub proxy_networks: Vec<Network>,
    /// What an unknown alias is told.
    pub unknown_alias: UnknownAlias,
    /// So long newcomers have to wait; none: nobody has to.
    pub greylist: Option<Duration>,
}

/// `[tls]`: how incoming connections are encrypted.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Certificate and key, read and found to belong together.
    pub server: Arc<ServerConfig>,
}

/// `[http]`: what is answered to whoever operates the relay.
#[derive(Debug, Clone, Default)]
pub struct Http {
    /// Where to listen; empty: nowhere.
    pub listen: Vec<SocketAddr>,
}

/// `[dns]`: who is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dns {
    /// Empty: the system's.
    pub servers: Vec<SocketAddr>,
}

/// `smtp.unknown_alias`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownAlias {
    /// 550: it doesn't exist.
    Reject,
    /// 451: come again (during a restore).
    Defer,
}

/// An IP network: `127.0.0.0/8`, `::1`, `10.1.2.3/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Any address of it.
    pub address: IpAddr,
    /// How many leading bits count.
    pub prefix: u8,
}

impl Network {
    /// Whether an address lies in it. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32_u32.saturating_sub(u32::from(self.prefix));
                let head = |a: u32| a.checked_shr(shift).unwrap_or(0);
                head(ours.to_bits()) == head(theirs.to_bits())
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128_u32.saturating_sub(u32::from(self.prefix));
                let head = |a: u128| a.checked_shr(shift).unwrap_or(0);
                head(ours.to_bits()) == head(theirs.to_bits())
            }
            _ => false,
        }
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no network: write an address with a prefix, such as \"10.0.0.0/8\" or \"::1/128\""
            )
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(p) => p.parse().ok().filter(|p| *p <= bits).ok_or_else(wrong)?,
        };
        // RFC 4291 §2.5.5.2: the last 32 bits of ::ffff:a.b.c.d are an IPv4 address, and such an
        // address is compared as IPv4, so its prefix counts from bit 96.
        if let (IpAddr::V4(_), IpAddr::V6(_)) = (address.to_canonical(), address) {
            let prefix = u8::checked_sub(prefix, 96).ok_or_else(wrong)?;
            return Ok(Self { address: address.to_canonical(), prefix });
        }
        Ok(Self { address, prefix })
    }
}

/// `[senders]`: how a sender is proved.
#[derive(Debug, Clone)]
pub struct Senders {
    /// Who may send at all.
    pub verify: Verify,
    /// The name under which the servers in `smtp.trusted_networks` write what they found out
    /// (RFC 8601 §2.5). None: their word is taken as it is.
    pub authserv_id: Option<String>,
}

/// `senders.verify`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Everybody whose domain SPF or DKIM proves.
    Dmarc,
    /// Only the peers in `smtp.trusted_networks`.
    Address,
}

/// `[buyers]`
#[derive(Debug, Clone)]
pub struct Buyers {
    /// What a seller sees of a buyer's name.
    pub shown_name: ShownNameStyle,
    /// Where the rest of it is hidden.
    pub hide_name: HideName,
}

impl Buyers {
    /// Whether this side is not to be named in what it writes itself.
    pub fn hides_in_prose(&self, sender: Role) -> bool {
        sender == Role::Buyer && self.hide_name == HideName::Everywhere
    }
}

/// `buyers.hide_name`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HideName {
    /// In headers, attribution lines, signatures and names of files: a buyer can give a delivery
    /// name or an engraving.
    Frame,
    /// In what the buyer wrote, too.
    Everywhere,
}

/// `buyers.shown_name`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownNameStyle {
    /// The first word of the registered name.
    FirstName,
    /// A made-up name that is the same for ever for this buyer and seller.
    Pseudonym,
}

/// `[delivery]`: mail going out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `delivery.route`: where to.
    pub route: Route,
    /// Whether the way there is encrypted.
    pub tls: DeliveryTls,
    /// Domains for which `tls` is `Required`; lower case.
    pub tls_required_domains: Vec<String>,
    /// After this an undelivered mail is `expired`.
    pub give_up_after: Duration,
    /// After so long its sender is told that a mail still waits.
    pub delay_notice_after: Duration,
    /// Wait before the second attempt; doubled for each further one, with jitter.
    pub retry_first: Duration,
    /// The longest wait between attempts.
    pub retry_max: Duration,
    /// Connections to one destination at the same time.
    pub connections: usize,
}

/// `delivery.route`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To the mail servers of each recipient's domain.
    Mx {
        /// Their port.
        port: u16,
        /// Where their domains' MTA-STS policies are fetched.
        sts_port: u16,
    },
    /// All mail to one server.
    Smarthost {
        /// An IPv6 address without its brackets.
        host: String,
        /// Its port.
        port: u16,
    },
}

/// `delivery.tls`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryTls {
    /// STARTTLS where it is offered, whatever the certificate says.
    Opportunistic,
    /// STARTTLS with a valid certificate, or not at all.
    Required,
    /// Never.
    None,
}

/// `[orders]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orders {
    /// So long messages still pass after an order was cancelled.
    pub cancelled_grace: Duration,
}

/// `[limits]`: how much may be written in a time. What is not set has a default, but for mail of
/// `smtp.trusted_networks`: that is limited only by what is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages of one party in an hour.
    pub messages_per_hour: Option<usize>,
    /// Messages in one conversation in 10 minutes.
    pub conversation_per_10_minutes: Option<usize>,
    /// Mails that one network may bring with one envelope domain in an hour.
    pub mails_per_network_per_hour: Option<usize>,
    /// A seller's proactive messages in 24 hours, whatever the orders.
    pub proactive_per_day: usize,
    /// So many more for each order of an average day.
    pub proactive_per_order: usize,
    /// Unknown aliases that one network may name with one envelope domain in an hour.
    pub unknown_aliases_per_hour: usize,
}

impl Limits {
    /// What `messages_per_hour` is for a peer that is not trusted, where it is not set.
    pub const MESSAGES_PER_HOUR: usize = 500;
    /// The same of `conversation_per_10_minutes` (PRODUCT §4).
    pub const CONVERSATION_PER_10_MINUTES: usize = 20;
    /// The same of `mails_per_network_per_hour`: the servers of a large provider bring many.
    pub const MAILS_PER_NETWORK_PER_HOUR: usize = 5000;
}

/// `[market]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// Kinds of proactive message that reach a buyer who opted out.
    pub passes_opt_out: Vec<MessageKind>,
}

/// `[sellers]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sellers {
    /// How a seller is told of a refusal.
    pub refuse_by: RefuseBy,
}

/// `sellers.refuse_by`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefuseBy {
    /// 550 in the session.
    Reply,
    /// 250, and our own mail.
    Notice,
}

/// `policy.preset`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// PRODUCT §5's table.
    #[default]
    Standard,
    /// Sellers' contacts are refused.
    Strict,
}

/// `[review]`: messages that wait for a person.
#[derive(Debug, Clone)]
pub struct Review {
    /// Who is told.
    pub notify: Vec<RealAddress>,
    /// So soon a message should be decided.
    pub act_within: Duration,
    /// After this it is decided by itself.
    pub timeout: Duration,
}

/// `policy.rules.ID.on_timeout`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTimeout {
    /// It does not go on.
    Reject,
    /// It goes on.
    Release,
}

/// `policy.mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Judge, record "would have", deliver unchanged.
    Observe,
    /// Judge and act.
    Enforce,
}

/// `[policy]`
#[derive(Debug, Clone)]
pub struct Policy {
    /// For every rule that has no mode of its own.
    pub mode: Mode,
    /// What rules do that are not set.
    pub preset: Preset,
    /// A page that explains the rules; `{rule}` stands for a rule's id.
    pub support_link: Option<String>,
    /// A seller's message within this time after the buyer's last one is an answer.
    pub answer_window: Duration,
    /// Domains that may be linked to, their subdomains too; lower case.
    pub allowed_link_domains: Vec<String>,
    /// Addresses and phone numbers that may be named.
    pub allowed_contacts: Vec<String>,
    /// Names and domains of other marketplaces.
    pub competitors: Vec<String>,
    /// The languages in which it is judged what a message is for.
    pub languages: Vec<Language>,
    /// The admin's own language packs: the file as the config names it, and what stands in it.
    pub language_packs: Vec<(String, String)>,
    /// The same picture or long text sent to so many other buyers was sent to many.
    pub many_buyers: u32,
    /// More characters of new text are too many.
    pub max_characters: usize,
    /// More attachments are too many.
    pub max_attachments: usize,
    /// Bytes of all attachments, decoded; more are too many.
    pub max_attachments_size: usize,
    /// `[[policy.custom]]`
    pub custom: Vec<CustomRule>,
    /// What its sender is to change, by rule: in place of what Bauta says.
    pub messages: Messages,
    /// `[policy.rules.ID]`; rules that are not named keep their defaults.
    pub rules: BTreeMap<RuleId, RuleSetting>,
}

/// What those are told whom a rule finds, by rule and language; no full stop.
pub type Messages = BTreeMap<RuleId, BTreeMap<Language, String>>;

impl Policy {
    /// The admin's own rule, if it is one.
    pub fn own(&self, rule: RuleId) -> Option<&CustomRule> {
        let RuleId::Custom(id) = rule else { return None };
        self.custom.iter().find(|own| own.id == id)
    }

    /// Whether a certain finding of a rule counts as a strike, where that is set.
    pub fn strikes(&self, rule: RuleId) -> Option<bool> {
        match rule {
            RuleId::Custom(_) => self.own(rule).map(|own| own.strikes),
            rule => self.rules.get(&rule).and_then(|set| set.strike),
        }
    }
}

/// `[policy.rules.ID]`: what is not set keeps its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleSetting {
    /// The rule's own mode.
    pub mode: Option<Mode>,
    /// What happens to a seller's message.
    pub seller_to_buyer: Option<Action>,
    /// What happens to a buyer's message.
    pub buyer_to_seller: Option<Action>,
    /// Whether a certain finding counts against a seller.
    pub strike: Option<bool>,
    /// What becomes of a message that it holds and nobody decides about.
    pub on_timeout: Option<OnTimeout>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_and_no_other() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("127.0.0.0/8", "127.9.9.9") && !holds("127.0.0.0/8", "128.0.0.1"));
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.4"));
        assert!(holds("0.0.0.0/0", "200.1.1.1") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
        assert!(holds("::ffff:10.0.0.0/104", "10.200.0.1"));
        assert!(!holds("::ffff:10.0.0.0/104", "11.0.0.1"));
        assert!(holds("fd00::/8", "fd12::1") && holds("::/0", "fe80::1"));
        for bad in ["", "10.0.0.0/33", "::1/129", "example.org", "10.0.0.0/-1", "::ffff:0.0.0.0/64"]
        {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}

/// `[archive]`: what is kept, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Archive {
    /// So long.
    pub keep: Duration,
    /// From when on.
    pub keep_from: KeepFrom,
}

/// `archive.keep_from`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepFrom {
    /// From when a message came in.
    Message,
    /// From when its order was closed.
    OrderClosed,
}
