//! Who stands behind an alias.

use rusqlite::{Connection, params};

use super::rows::{get, one};
use super::{Store, party};
use crate::domain::{AliasAddress, Facts, FactsVersion, PairId, Role};
use crate::store::error::StoreError;

struct PairRow {
    number: i64,
    seller: i64,
    buyer: i64,
    version: i64,
    key_version: u32,
    blocked: bool,
    seller_alias: String,
    buyer_alias: String,
    stands_for: Role,
    tag_fits: bool,
}

impl Store {
    /// Who stands behind an alias, and which side the alias stands for. `None` where it was never
    /// given out, and where `tag` (in any case) is no order of its pair: one statement answers
    /// both, so that neither is told from the other by its time.
    pub async fn facts(
        &self,
        alias: &AliasAddress,
        tag: Option<&str>,
    ) -> Result<Option<(Facts, Role)>, StoreError> {
        if alias.domain() != self.alias("").domain() {
            return Ok(None);
        }
        let (alias, tag) = (alias.local().to_owned(), tag.map(str::to_ascii_lowercase));
        let store = self.clone();
        self.look(|conn| {
            let Some(pair) = find(conn, &alias, tag.as_deref())?.filter(|pair| pair.tag_fits)
            else {
                return Ok(None);
            };
            Ok(Some((store.facts_of(conn, &pair)?, pair.stands_for)))
        })
    }

    fn facts_of(&self, conn: &Connection, pair: &PairRow) -> Result<Facts, StoreError> {
        let (seller, seller_version) = party::load(conn, pair.seller)?;
        let (buyer, buyer_version) = party::load(conn, pair.buyer)?;
        Ok(Facts {
            version: FactsVersion {
                seller: seller_version,
                buyer: buyer_version,
                pair: pair.version,
            },
            pair: PairId(pair.number),
            key_version: pair.key_version,
            seller,
            buyer,
            blocked: pair.blocked,
            seller_alias: self.alias(&pair.seller_alias),
            buyer_alias: self.alias(&pair.buyer_alias),
        })
    }

    /// The facts of a pair that is known to be there.
    pub(super) fn facts_of_pair(
        &self,
        conn: &Connection,
        pair: PairId,
    ) -> Result<Facts, StoreError> {
        let sql = "SELECT seller_alias FROM pair WHERE number = ?1";
        let alias: Option<String> = one(conn, sql, [pair.0], |row| get(row, "seller_alias"))?;
        let found = find(conn, &alias.unwrap_or_default(), None)?;
        self.facts_of(conn, &found.ok_or(StoreError::Damaged("pair"))?)
    }
}

fn find(conn: &Connection, alias: &str, tag: Option<&str>) -> Result<Option<PairRow>, StoreError> {
    let sql = "SELECT p.number, p.seller, p.buyer, p.version, p.key_version, p.seller_alias,
            p.buyer_alias, p.seller_alias = ?1 AS stands_for_seller,
            coalesce(p.blocked_by_seller_at, p.blocked_by_buyer_at) IS NOT NULL AS blocked,
            ?2 IS NULL OR EXISTS (SELECT 1 FROM orders o WHERE o.id_key = ?2 AND o.pair = p.number)
            AS tag_fits
        FROM pair p WHERE p.seller_alias = ?1 OR p.buyer_alias = ?1";
    one(conn, sql, params![alias, tag], |row| {
        Ok(PairRow {
            number: get(row, "number")?,
            seller: get(row, "seller")?,
            buyer: get(row, "buyer")?,
            version: get(row, "version")?,
            key_version: get(row, "key_version")?,
            blocked: get(row, "blocked")?,
            seller_alias: get(row, "seller_alias")?,
            buyer_alias: get(row, "buyer_alias")?,
            stands_for: if get(row, "stands_for_seller")? { Role::Seller } else { Role::Buyer },
            tag_fits: get(row, "tag_fits")?,
        })
    })
}

/// Whether the facts that a decision was made on are still so.
pub(super) fn require_fresh(conn: &Connection, facts: &Facts) -> Result<(), StoreError> {
    let sql = "SELECT s.version AS seller, b.version AS buyer, p.version AS pair
        FROM pair p JOIN party s ON s.number = p.seller JOIN party b ON b.number = p.buyer
        WHERE p.number = ?1";
    let now = one(conn, sql, [facts.pair.0], |row| {
        Ok(FactsVersion {
            seller: get(row, "seller")?,
            buyer: get(row, "buyer")?,
            pair: get(row, "pair")?,
        })
    })?;
    if now == Some(facts.version) { Ok(()) } else { Err(StoreError::Stale) }
}
