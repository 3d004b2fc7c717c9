//! What is looked at before a record goes into the register, whichever way it came: `put` or
//! `import`.

use std::collections::BTreeSet;

use crate::app::House;
use crate::domain::{BuyerId, PartyDomain, RealAddress, SellerId, ShownName, ShownNameError};
use crate::policy;
use crate::store::{PairNames, PutOrder, PutParty};

/// An item or a tracking code stands in the frame of mails: one line, and no room for a letter.
const LINE: usize = 200;

/// An address as it may be registered. The error doesn't repeat it.
pub(super) fn address(text: &str) -> Result<RealAddress, String> {
    text.parse().map_err(|e| format!("{e}"))
}

/// A name that carries no contact across, in whatever disguise (PRODUCT §4).
pub(super) fn name(text: &str) -> Result<ShownName, ShownNameError> {
    let name: ShownName = text.parse()?;
    if policy::holds_contact(name.as_str()) { Err(ShownNameError::Contact) } else { Ok(name) }
}

/// Refuses what can't be a party's own, and names each address and domain once.
pub(super) fn party(house: &House, mut party: PutParty) -> Result<PutParty, String> {
    let alias_domain = &house.config.relay.alias_domain;
    let mut addresses = party.addresses.iter().chain(&party.marketplace_fulfilled);
    if addresses.any(|a| is_within(a.domain(), alias_domain)) {
        return Err(format!(
            "an address at {alias_domain} is an alias, not a person's own: register their own"
        ));
    }
    let mut domains = party.domains.iter().chain(&party.signers);
    if let Some(domain) = domains.find(|d| is_within(d.as_str(), alias_domain)) {
        return Err(format!(
            "{domain} is the domain of the aliases, nobody's own: register the party's own"
        ));
    }
    let mut seen = Vec::new();
    party.addresses.retain(|a| {
        let new = !seen.contains(&a.canonical());
        seen.push(a.canonical());
        new
    });
    for list in [&mut party.domains, &mut party.signers] {
        let mut seen: BTreeSet<PartyDomain> = BTreeSet::new();
        list.retain(|d| seen.insert(d.clone()));
    }
    Ok(party)
}

fn is_within(domain: &str, parent: &str) -> bool {
    domain == parent || domain.strip_suffix(parent).is_some_and(|head| head.ends_with('.'))
}

/// Refuses what no mail could show.
pub(super) fn order(order: &PutOrder) -> Result<(), String> {
    let fits = |text: &str| text.chars().count() <= LINE && !text.chars().any(char::is_control);
    let texts = order.items.iter().map(|i| ("--item", i));
    let texts = texts.chain(order.tracking.iter().map(|t| ("--tracking", t)));
    for (option, text) in texts {
        if !fits(text) {
            let start: String = text.chars().take(20).collect();
            return Err(format!("{option} {start:?}…: one line of at most {LINE} characters"));
        }
    }
    match (order.placed, order.delivered) {
        (Some(placed), Some(delivered)) if delivered < placed => {
            Err(format!("--delivered {delivered} lies before --placed {placed}"))
        }
        _ => Ok(()),
    }
}

/// The aliases that a new pair gets.
pub(super) fn names(house: &House, seller: &SellerId, buyer: &BuyerId) -> PairNames {
    let minted = house.keyring.mint(seller, buyer);
    PairNames {
        key_version: minted.key_version,
        seller_alias: minted.seller,
        buyer_alias: minted.buyer,
    }
}
