//! The demo's marketplace: two sellers, three buyers, four orders.

use std::net::SocketAddr;

use anyhow::Context as _;

use crate::app::House;
use crate::domain::{AliasAddress, Clock, Language, OrderStatus, PartyId, RealAddress, ShownName};
use crate::store::{PairNames, PutOrder, PutParty};

/// The demo's config file: everything on loopback, the policy acts.
pub(super) fn config(smtp: SocketAddr, sink: SocketAddr) -> String {
    format!(
        r#"# The config of `bauta demo`. Everything is on loopback; mail goes to the demo's own sink.
[relay]
hostname = "relay.example"
alias_domain = "relay.example"
marketplace = "Lumo Market"
data_dir = "data"

[smtp]
listen = ["{smtp}"]
# Whoever writes from this machine is believed about who they are.
trusted_networks = ["127.0.0.0/8", "::1"]

[senders]
verify = "address"

[delivery]
route = "smarthost"
smarthost = "{sink}"
tls = "none"

[policy]
mode = "enforce"
"#
    )
}

/// Someone in the demo.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub id: &'static str,
    pub name: &'static str,
    pub address: &'static str,
    pub language: Language,
}

pub(super) const SELLERS: [Person; 2] = [
    Person { id: "S1", name: "Lamp Shop", address: "cs@lamps.example", language: Language::En },
    Person {
        id: "S2",
        name: "Radhaus",
        address: "service@radhaus.example",
        language: Language::De,
    },
];

pub(super) const BUYERS: [Person; 3] = [
    Person { id: "B1", name: "Jane Roe", address: "jane.roe@mail.example", language: Language::En },
    Person { id: "B2", name: "Paul Meier", address: "paul@post.example", language: Language::De },
    Person {
        id: "B3",
        name: "Aiko Tanaka",
        address: "aiko@denshi.example",
        language: Language::Ja,
    },
];

struct NewOrder(&'static str, &'static str, &'static str, &'static str, OrderStatus);

const ORDERS: [NewOrder; 4] = [
    NewOrder("O1", "S1", "B1", "Brass lamp", OrderStatus::Shipped),
    NewOrder("O2", "S1", "B2", "Reading lamp", OrderStatus::Open),
    NewOrder("O3", "S2", "B2", "Bicycle bell", OrderStatus::Delivered),
    NewOrder("O4", "S2", "B3", "Child seat", OrderStatus::Open),
];

/// An order of the demo with its people and aliases.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    pub order: &'static str,
    pub item: &'static str,
    pub seller: Person,
    pub buyer: Person,
    /// Buyers write to it.
    pub seller_alias: AliasAddress,
    /// Sellers write to it.
    pub buyer_alias: AliasAddress,
}

/// What the demo registered.
pub(super) struct Market {
    pub deals: Vec<Deal>,
}

impl Market {
    /// Registers everybody, as `bauta seller|buyer|order put` would.
    pub async fn register(house: &House) -> anyhow::Result<Self> {
        for person in &SELLERS {
            put(house, PartyId::Seller(person.id.parse()?), person).await?;
        }
        for person in &BUYERS {
            put(house, PartyId::Buyer(person.id.parse()?), person).await?;
        }
        let mut deals = Vec::new();
        for NewOrder(order, seller, buyer, item, status) in ORDERS {
            let names = house.keyring.mint(&seller.parse()?, &buyer.parse()?);
            let put = PutOrder {
                items: vec![item.to_owned()],
                status,
                ..PutOrder::new(order.parse()?, seller.parse()?, buyer.parse()?)
            };
            let pair = PairNames {
                key_version: names.key_version,
                seller_alias: names.seller.clone(),
                buyer_alias: names.buyer.clone(),
            };
            house.store.put_order(put, pair, Clock::system().now()).await?;
            let find = |people: &[Person], id| people.iter().find(|p| p.id == id).cloned();
            deals.push(Deal {
                order,
                item,
                seller: find(&SELLERS, seller).context("an order names its seller")?,
                buyer: find(&BUYERS, buyer).context("an order names its buyer")?,
                seller_alias: names.seller,
                buyer_alias: names.buyer,
            });
        }
        Ok(Self { deals })
    }
}

async fn put(house: &House, id: PartyId, person: &Person) -> anyhow::Result<()> {
    let name: ShownName = person.name.parse()?;
    let address: RealAddress = person.address.parse()?;
    house.store.put_party(PutParty::new(id, name, person.language, vec![address])).await?;
    Ok(())
}
