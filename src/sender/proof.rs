//! The proof of a sender.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::dkim::{self, Flaw, Signature};
use super::dmarc::{Author, By, Temporary, may_be_related};
use super::domain::ascii;
use super::results::{self, Results};
use super::spf::{self, Client, SpfResult};
use crate::config::{Config, Network, Verify};
use crate::dns::Dns;
use crate::domain::{Party, RealAddress, Timestamp};
use crate::mail::Message;
use crate::mail::canonical::{fields, is_named, split};

/// For the look-ups of all keys, and again for those of all DMARC records.
const TIME: Duration = Duration::from_secs(20);

/// What a session knows about the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    address: IpAddr,
    trusted: bool,
    named: bool,
}

impl Peer {
    /// A peer, held against `smtp.trusted_networks`.
    pub fn new(address: IpAddr, trusted: &[Network]) -> Self {
        let address = address.to_canonical();
        Self { address, trusted: trusted.iter().any(|n| n.contains(address)), named: true }
    }

    /// Somebody whom a load balancer did not name. Its own address proves nothing of anybody.
    pub fn behind(balancer: IpAddr) -> Self {
        Self { address: balancer.to_canonical(), trusted: false, named: false }
    }

    /// Its address; IPv4 where it is that.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The network that it stands for: one household of IPv6 has a /64, of IPv4 an address.
    pub fn network(self) -> IpAddr {
        match self.address {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 => v4,
        }
    }

    /// Whether its word about the sender is taken.
    pub fn is_trusted(self) -> bool {
        self.trusted
    }
}

/// What a client said of itself before DATA.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// Behind EHLO or HELO.
    pub hello: &'a str,
    /// Between the angle brackets of MAIL; empty for the null sender.
    pub mail_from: &'a str,
}

/// Who a mail is from, and how that was proved.
#[derive(Debug, Clone)]
pub struct Proof {
    address: RealAddress,
    how: String,
    ground: Ground,
}

/// What is proved.
#[derive(Debug, Clone)]
enum Ground {
    /// The domain in `From:`.
    Domain,
    /// Only that these domains signed it; why there is no more.
    Signed(Vec<String>, Unproved),
}

impl Proof {
    /// What was proved when a mail came in that is only now sent on: its domain, or it would not
    /// have been kept.
    pub fn kept(address: RealAddress, how: &str) -> Self {
        Self { address, how: how.to_owned(), ground: Ground::Domain }
    }

    /// The one address of `From:`.
    pub fn address(&self) -> &RealAddress {
        &self.address
    }

    /// How it was proved, for the archive: `dkim=pass d=shop.example; spf=none; aligned by dkim`.
    pub fn how(&self) -> &str {
        &self.how
    }

    /// Whether it proves that a party wrote this: the domain in `From:` is proved, or a help desk
    /// signed that the party is registered with, for an address that is registered in full
    /// (PRODUCT §4). Whether the party may write from that address is another question.
    ///
    /// # Errors
    /// What a stranger would be told.
    pub fn holds_for(&self, party: &Party) -> Result<(), Unproved> {
        let Ground::Signed(by, unproved) = &self.ground else { return Ok(()) };
        let registered = party.signers.iter().any(|s| by.iter().any(|domain| domain == s.as_str()));
        if registered && party.has_address(&self.address) { Ok(()) } else { Err(*unproved) }
    }
}

/// Why there is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// The peer is not one whose word is taken, and no other's mail is.
    #[error("the peer is in no trusted network")]
    Peer,
    /// `From:` is missing, or holds no or several addresses, or one that is none.
    #[error("From: does not hold exactly one address")]
    From,
    /// Neither SPF nor DKIM proves the domain in `From:`.
    #[error("the domain in From: is not proved")]
    Domain,
    /// The same, and something could not be looked up now.
    #[error("the domain in From: can't be proved now")]
    Temporary,
}

/// Why there is no proof, and what was found, without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Why.
    pub why: Unproved,
    /// For the log: `spf=softfail; dkim=the body was changed`.
    pub told: String,
}

impl From<Unproved> for Found {
    fn from(why: Unproved) -> Self {
        Self { why, told: String::new() }
    }
}

/// What a mail itself says of who wrote it; read off it once, before anybody is asked.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// `From:` fields.
    from_fields: usize,
    signatures: Vec<Result<Signature, Flaw>>,
    results: Option<Results>,
}

/// Proves senders, as `[senders]` says.
#[derive(Clone)]
pub struct Prover {
    authserv_id: Option<String>,
    /// None where there is nothing to ask, or nobody.
    dns: Option<Dns>,
}

impl Prover {
    /// From the config.
    pub fn new(config: &Config) -> Self {
        let asks = config.senders.verify == Verify::Dmarc || config.senders.authserv_id.is_some();
        let dns = asks.then(|| Dns::new(&config.dns.servers)).and_then(|made| {
            let said = "no DNS: senders can't be proved";
            made.inspect_err(|error| tracing::error!(error, "{said}")).ok()
        });
        Self { authserv_id: config.senders.authserv_id.clone(), dns }
    }

    /// The same under other settings; what the DNS said is kept where the servers stay the same.
    pub fn under(&self, old: &Config, config: &Config) -> Self {
        let mut new = Self::new(config);
        if old.dns.servers == config.dns.servers && new.dns.is_some() {
            new.dns = self.dns.clone().or(new.dns);
        }
        new
    }

    /// Reads off a mail what it says of its sender. Work on all its bytes, no look-ups.
    pub fn claims(&self, peer: Peer, raw: &[u8], now: Timestamp) -> Claims {
        let (head, _) = split(raw);
        let from_fields = fields(head).iter().filter(|field| is_named(field, "From")).count();
        let (signatures, results) = match (peer.trusted, &self.authserv_id) {
            (false, _) => (dkim::read(raw, now), None),
            (true, Some(id)) => (vec![], Some(results::read(raw, id))),
            (true, None) => (vec![], None),
        };
        Claims { from_fields, signatures, results }
    }

    /// Proves the sender of a message (PRODUCT §4). Nobody who is registered is looked at: all that
    /// is asked is the DNS.
    ///
    /// # Errors
    /// The domain in `From:` is not proved, and nobody else signed.
    pub async fn prove(
        &self,
        peer: Peer,
        envelope: Envelope<'_>,
        message: &Message,
        claims: &Claims,
    ) -> Result<Proof, Found> {
        // A signature covers one field, and which of several a reader is shown nobody knows.
        if claims.from_fields != 1 {
            return Err(Unproved::From.into());
        }
        let evidence = match (&claims.results, peer.trusted) {
            (None, true) => return Ok(believe(peer, message)?),
            (Some(results), _) => Evidence::of_results(results),
            (None, false) => self.ask(peer, envelope, claims).await,
        };
        let address = author(message)?;
        self.weigh(address, evidence).await
    }

    /// SPF and DKIM, side by side.
    async fn ask(&self, peer: Peer, envelope: Envelope<'_>, claims: &Claims) -> Evidence {
        let Some(dns) = &self.dns else {
            return Evidence { temporary: true, ..Evidence::default() };
        };
        let Envelope { hello, mail_from } = envelope;
        let client = Client { ip: peer.address, hello, mail_from };
        let spf =
            async { if peer.named { spf::check(dns, &client).await } else { SpfResult::None } };
        let (spf, signatures) = tokio::join!(spf, verify_all(dns, &claims.signatures));
        Evidence::of_checks(spf, client.domain(), signatures)
    }

    /// Whether what was proved speaks for the domain in `From:`.
    async fn weigh(&self, address: RealAddress, evidence: Evidence) -> Result<Proof, Found> {
        let Evidence { dmarc, spf, dkim, mut temporary, told, log } = evidence;
        let domain = ascii(address.domain()).ok_or(Unproved::From)?;
        let proved = |by: &str| Proof {
            address: address.clone(),
            how: format!("{told}; aligned by {by}"),
            ground: Ground::Domain,
        };
        if dmarc.is_some_and(|from| from == domain) {
            return Ok(proved("dmarc"));
        }
        let of_spf = spf.iter().map(|domain| (domain, By::Spf));
        let candidates: Vec<(&String, By)> =
            dkim.iter().map(|domain| (domain, By::Dkim)).chain(of_spf).collect();
        match self.aligned(&domain, &candidates).await {
            Ok(Some(By::Dkim)) => return Ok(proved("dkim")),
            Ok(Some(By::Spf)) => return Ok(proved("spf")),
            Ok(None) => {}
            Err(Temporary) => temporary = true,
        }
        let why = if temporary { Unproved::Temporary } else { Unproved::Domain };
        if dkim.is_empty() {
            return Err(Found { why, told: log });
        }
        let how = format!("{told}; aligned by none");
        Ok(Proof { address, how, ground: Ground::Signed(dkim, why) })
    }

    /// What speaks for the domain; the same domain does without asking anybody.
    async fn aligned(
        &self,
        domain: &str,
        candidates: &[(&String, By)],
    ) -> Result<Option<By>, Temporary> {
        if let Some((_, by)) = candidates.iter().find(|(proved, _)| *proved == domain) {
            return Ok(Some(*by));
        }
        let related = |(proved, _): &&(&String, By)| may_be_related(proved, domain);
        let mut candidates = candidates.iter().filter(related).peekable();
        if candidates.peek().is_none() {
            return Ok(None);
        }
        let Some(dns) = &self.dns else { return Err(Temporary) };
        let asking = async {
            let author = Author::look_up(dns, domain).await?;
            let mut missing = Ok(None);
            for (proved, by) in candidates {
                match author.is_spoken_for_by(proved, *by).await {
                    Ok(true) => return Ok(Some(*by)),
                    Ok(false) => {}
                    Err(Temporary) => missing = Err(Temporary),
                }
            }
            missing
        };
        tokio::time::timeout(TIME, asking).await.unwrap_or(Err(Temporary))
    }
}

/// The one address of `From:`.
fn author(message: &Message) -> Result<RealAddress, Unproved> {
    let [mailbox] = message.from.as_slice() else { return Err(Unproved::From) };
    mailbox.address.parse().map_err(|_| Unproved::From)
}

/// Takes a trusted peer's word for the sender.
///
/// # Errors
/// The peer is not trusted, or `From:` does not hold exactly one address.
pub fn believe(peer: Peer, message: &Message) -> Result<Proof, Unproved> {
    if !peer.trusted {
        return Err(Unproved::Peer);
    }
    let how = format!("trusted peer {}", peer.address);
    Ok(Proof { address: author(message)?, how, ground: Ground::Domain })
}

/// The signatures, with those that did not verify among the flawed ones. One after the other: who
/// sends many makes many wait.
async fn verify_all(
    dns: &Dns,
    signatures: &[Result<Signature, Flaw>],
) -> Vec<(Option<String>, Result<(), Flaw>)> {
    let deadline = tokio::time::Instant::now() + TIME;
    let mut verified = Vec::new();
    for signature in signatures {
        verified.push(match signature {
            Err(flaw) => (None, Err(*flaw)),
            Ok(signature) => {
                let result = tokio::time::timeout_at(deadline, dkim::verify(dns, signature)).await;
                (Some(signature.domain.clone()), result.unwrap_or(Err(Flaw::Temporary)))
            }
        });
    }
    verified
}

/// What was found out about a mail.
#[derive(Debug, Default)]
struct Evidence {
    /// The domain in `From:`, where a trusted server says that DMARC passes.
    dmarc: Option<String>,
    /// The domain that SPF proves.
    spf: Option<String>,
    /// The domains that signed.
    dkim: Vec<String>,
    temporary: bool,
    /// For the archive.
    told: String,
    /// The same without a name.
    log: String,
}

impl Evidence {
    fn of_checks(
        spf: SpfResult,
        domain: Option<String>,
        signatures: Vec<(Option<String>, Result<(), Flaw>)>,
    ) -> Self {
        let (mut told, mut log) = (Vec::new(), vec![format!("spf={}", spf.as_str())]);
        let mut evidence = Self { temporary: spf == SpfResult::TempError, ..Self::default() };
        for (signer, result) in signatures {
            let word = match result {
                Ok(()) => "pass".to_owned(),
                Err(Flaw::Temporary) => Flaw::Temporary.to_string(),
                Err(flaw) => format!("fail ({flaw})"),
            };
            evidence.temporary |= result == Err(Flaw::Temporary);
            log.push(format!("dkim={word}"));
            match signer {
                Some(signer) => {
                    told.push(format!("dkim={word} d={signer}"));
                    evidence.dkim.extend(result.is_ok().then_some(signer));
                }
                None => told.push(format!("dkim={word}")),
            }
        }
        let of = domain.as_ref().map(|domain| format!(" d={domain}")).unwrap_or_default();
        told.push(format!("spf={}{of}", spf.as_str()));
        evidence.spf = domain.filter(|_| spf == SpfResult::Pass);
        Self { told: told.join("; "), log: log.join("; "), ..evidence }
    }

    fn of_results(results: &Results) -> Self {
        let Results { dmarc, spf, dkim, temporary, found } = results.clone();
        let mut told: Vec<String> = dkim.iter().map(|d| format!("dkim=pass d={d}")).collect();
        told.extend(spf.iter().map(|d| format!("spf=pass d={d}")));
        told.extend(dmarc.iter().map(|d| format!("dmarc=pass d={d}")));
        let log = if found { "results of the server in front" } else { "no results found" };
        let told = format!("trusted results: {}", told.join("; "));
        Self { dmarc, spf, dkim, temporary, told, log: log.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Language, PartyId};
    use crate::mail::Mailbox;

    fn message(from: &[&str]) -> Message {
        let from = from.iter().map(|a| Mailbox { name: None, address: (*a).to_owned() }).collect();
        Message { from, ..Message::default() }
    }

    #[test]
    fn a_trusted_peer_proves_exactly_one_address() {
        let trusted = ["127.0.0.0/8".parse().unwrap()];
        let peer = Peer::new("127.0.0.1".parse().unwrap(), &trusted);
        let stranger = Peer::new("192.0.2.1".parse().unwrap(), &trusted);
        for (peer, from, expected) in [
            (peer, &["jane@mail.example"][..], Ok("jane@mail.example".to_owned())),
            (stranger, &["jane@mail.example"], Err(Unproved::Peer)),
            (peer, &[], Err(Unproved::From)),
            (peer, &["a@x.example", "b@x.example"], Err(Unproved::From)),
            (peer, &["not an address"], Err(Unproved::From)),
        ] {
            let found = believe(peer, &message(from)).map(|p| p.address().reveal());
            assert_eq!(found, expected, "{from:?}");
        }
    }

    #[test]
    fn a_help_desk_signs_for_those_who_are_registered_with_it_in_full() {
        let mut party = Party::new(
            PartyId::Seller("S1".parse().unwrap()),
            "Lamp Shop".parse().unwrap(),
            Language::En,
            vec!["cs@lamps.example".parse().unwrap()],
        );
        party.domains = vec!["lamps.example".parse().unwrap()];
        party.signers = vec!["desk.example".parse().unwrap()];
        let proof = |address: &str, by: &[&str]| Proof {
            address: address.parse().unwrap(),
            how: String::new(),
            ground: Ground::Signed(by.iter().map(|d| (*d).to_owned()).collect(), Unproved::Domain),
        };
        for (address, by, expected) in [
            ("CS+x@lamps.example", &["other.example", "desk.example"][..], Ok(())),
            ("other@lamps.example", &["desk.example"], Err(Unproved::Domain)),
            ("cs@lamps.example", &["a.desk.example"], Err(Unproved::Domain)),
            ("cs@lamps.example", &[], Err(Unproved::Domain)),
        ] {
            assert_eq!(proof(address, by).holds_for(&party), expected, "{address} {by:?}");
        }
    }
}
