//! Mail from addresses that are not registered, and the codes that register them.

use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::content::{Mails, unpack_original};
use super::notice::{self, PackedNotice};
use super::rows::{all, get, moment, one, parse, parse_some, party_id, run};
use super::standing::{self, Follows};
use super::{Store, facts, party};
use crate::domain::{DeliveryState, PairId, PartyId, RealAddress, Role, Timestamp};
use crate::store::error::StoreError;
use crate::store::notice::NewNotice;
use crate::store::register::Decision;
use crate::store::stray::{
    CodeRow, CodeSent, Confirmed, Kept, NewCode, NewStray, StrayMail, StrayRow, Untold, UntoldStray,
};

const DAY: Duration = Duration::from_secs(86_400);
/// So many mails of one address are kept for a party.
const PER_ADDRESS: i64 = 5;
/// So many in all: whoever learnt an alias must not fill the disk.
const PER_PARTY: i64 = 20;
/// So many bytes, packed.
const BYTES_PER_PARTY: i64 = 32 << 20;
/// So many bytes for all parties together.
const BYTES_IN_ALL: i64 = 1 << 30;
/// Wrong codes that may be tried.
const TRIES: u32 = 5;
/// Codes that are mailed to one address in a day.
const CODES_PER_DAY: i64 = 5;
/// Parties that are told in one go.
const MANY: u32 = 50;

/// Whether somebody of the other side registered the address of `s`, or its domain: nobody may
/// learn it by a notice then.
const OF_OTHERS: &str = "(EXISTS (SELECT 1 FROM party_address a JOIN party o ON o.number = a.party
        WHERE a.canonical = ?1 AND o.role <> ?3)
    OR EXISTS (SELECT 1 FROM party_domain d JOIN party o ON o.number = d.party
        WHERE d.kind = 'domain' AND d.domain = ?2 AND o.role <> ?3))";

impl Store {
    /// Keeps a mail outside of the archive.
    ///
    /// Errors: `Stale` where the facts are not so any more.
    pub async fn keep_stray(&self, stray: NewStray) -> Result<Kept, StoreError> {
        let mails = Mails::only(stray.original.clone()).pack().await?;
        self.write(mails.len(), move |conn| keep(conn, &stray, &mails)).await
    }

    /// What is kept, the oldest first; of one party where it is named.
    pub async fn strays(
        &self,
        of: Option<&PartyId>,
        now: Timestamp,
    ) -> Result<Vec<StrayRow>, StoreError> {
        let of = of.cloned();
        self.read(move |conn| {
            let number = match &of {
                Some(id) => Some(party::find(conn, id)?.ok_or_else(|| StoreError::unknown(id))?),
                None => None,
            };
            let sql = "SELECT s.*, p.role, p.id, o.id AS other_id,
                    c.until AS code_until, c.tries_left,
                    (SELECT d.state FROM delivery d WHERE d.message = c.mail) AS code_state
                FROM stray s JOIN party p ON p.number = s.party JOIN pair ON pair.number = s.pair
                JOIN party o ON o.number = iif(pair.seller = s.party, pair.buyer, pair.seller)
                LEFT JOIN address_code c ON c.party = s.party AND c.canonical = s.canonical
                    AND c.until > ?2
                WHERE (?1 IS NULL OR s.party = ?1) AND s.until > ?2 ORDER BY s.number";
            all(conn, sql, params![number, now.as_millis()], read_row)
        })
        .await
    }

    /// What is kept of one party's mail from one address, with its bytes, the oldest first.
    pub async fn stray_mails(
        &self,
        of: &PartyId,
        address: &RealAddress,
        now: Timestamp,
    ) -> Result<Vec<StrayMail>, StoreError> {
        let (of, canonical, store) = (of.clone(), address.canonical(), self.clone());
        let mut mails = self
            .read(move |conn| {
                let number = party::find(conn, &of)?.ok_or_else(|| StoreError::unknown(&of))?;
                let sql =
                    "SELECT s.*, iif(p.seller = s.party, p.buyer_alias, p.seller_alias) AS alias
                    FROM stray s JOIN pair p ON p.number = s.pair
                    WHERE s.party = ?1 AND s.canonical = ?2 AND s.until > ?3 ORDER BY s.number";
                all(conn, sql, params![number, canonical.reveal(), now.as_millis()], |row| {
                    Ok(StrayMail {
                        number: get(row, "number")?,
                        alias: store.alias(&get::<String>(row, "alias")?),
                        tag: get(row, "tag")?,
                        peer: parse(row, "peer")?,
                        address: parse(row, "address")?,
                        proof: get(row, "proof")?,
                        received_at: moment(row, "received_at")?,
                        original: get(row, "original")?,
                    })
                })
            })
            .await?;
        for mail in &mut mails {
            mail.original = unpack_original(&mail.original, "stray.original")?;
        }
        Ok(mails)
    }

    /// Erases one kept mail, which was sent on.
    pub async fn forget_stray(&self, number: i64) -> Result<(), StoreError> {
        let store = self.clone();
        self.write(256, move |conn| {
            run(conn, "DELETE FROM stray WHERE number = ?1", [number])?;
            store.leave_no_trace(conn)?;
            Ok(())
        })
        .await
    }

    /// Erases all that is kept of one party's mail from one address, and its code: how many mails.
    pub async fn forget_strays(
        &self,
        of: &PartyId,
        address: &RealAddress,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (of, canonical, store) = (of.clone(), address.canonical(), self.clone());
        self.write(256, move |conn| {
            let number = party::find(conn, &of)?.ok_or_else(|| StoreError::unknown(&of))?;
            let key = params![number, canonical.reveal()];
            let sql = "DELETE FROM stray WHERE party = ?1 AND canonical = ?2";
            let forgotten = run(conn, sql, key)?;
            forget_code(conn, number, canonical.reveal(), now)?;
            store.leave_no_trace(conn)?;
            Ok(forgotten)
        })
        .await
    }

    /// Who is to be told of mail from addresses that are not registered: nobody twice in a day, nor
    /// of an address that somebody of the other side has registered meanwhile.
    pub async fn untold_strays(&self, now: Timestamp) -> Result<Vec<Untold>, StoreError> {
        let store = self.clone();
        self.read(move |conn| {
            let sql = "SELECT DISTINCT p.number FROM stray s JOIN party p ON p.number = s.party
                WHERE s.told_at IS NULL AND s.until > ?1
                AND coalesce(p.strays_told_at, ?2) <= ?2 LIMIT ?3";
            let due = params![now.as_millis(), now.before(DAY).as_millis(), MANY];
            let parties: Vec<i64> = all(conn, sql, due, |row| get(row, "number"))?;
            parties.into_iter().map(|number| store.untold(conn, number, now)).collect()
        })
        .await
    }

    fn untold(&self, conn: &Connection, number: i64, now: Timestamp) -> Result<Untold, StoreError> {
        let party = party::load(conn, number)?.0;
        let sql = "SELECT number, address, pair FROM stray
            WHERE party = ?1 AND told_at IS NULL AND until > ?2 ORDER BY number";
        let rows = all(conn, sql, params![number, now.as_millis()], |row| {
            Ok((get::<i64>(row, "number")?, parse(row, "address")?, get(row, "pair")?))
        })?;
        let (mut strays, mut last) = (Vec::new(), 0);
        for (number, address, pair) in rows {
            last = number;
            if !is_of_others(conn, &address, party.id.role())? {
                let facts = self.facts_of_pair(conn, PairId(pair))?;
                strays.push(UntoldStray { address, facts });
            }
        }
        Ok(Untold { party, strays, last })
    }

    /// Notes that a party was told of all that is kept for it up to `last`, and commits the notice.
    pub async fn tell_strays(
        &self,
        of: &PartyId,
        last: i64,
        notice: Option<NewNotice>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let packed = match notice {
            Some(notice) => Some(PackedNotice::pack(notice).await?),
            None => None,
        };
        let (of, store) = (of.clone(), self.clone());
        let size = packed.as_ref().map_or(64, PackedNotice::size);
        self.write(size, move |conn| {
            let number = party::find(conn, &of)?.ok_or_else(|| StoreError::unknown(&of))?;
            let sql = "UPDATE stray SET told_at = ?2 WHERE party = ?1 AND told_at IS NULL
                AND number <= ?3";
            run(conn, sql, params![number, now.as_millis(), last])?;
            if let Some(packed) = &packed {
                let sql = "UPDATE party SET strays_told_at = ?2 WHERE number = ?1";
                run(conn, sql, params![number, now.as_millis()])?;
                notice::insert(conn, packed, &store)?;
            }
            Ok(())
        })
        .await
    }

    /// Keeps a code under its key and commits the mail that brings it. An earlier one of this
    /// address is good no more.
    pub async fn send_code(&self, code: NewCode, mail: NewNotice) -> Result<CodeSent, StoreError> {
        let (packed, store) = (PackedNotice::pack(mail).await?, self.clone());
        self.write(packed.size(), move |conn| send_code(conn, &code, &packed, &store)).await
    }

    /// Registers an address where this is its code.
    pub async fn confirm_address(
        &self,
        of: &PartyId,
        address: &RealAddress,
        code: [u8; 32],
        decision: Decision,
    ) -> Result<Confirmed, StoreError> {
        let (of, address, store) = (of.clone(), address.clone(), self.clone());
        self.write(256, move |conn| {
            let confirmed = confirm(conn, &of, &address, code, &decision)?;
            store.leave_no_trace(conn)?;
            Ok(confirmed)
        })
        .await
    }
}

fn keep(conn: &Connection, stray: &NewStray, original: &[u8]) -> Result<Kept, StoreError> {
    facts::require_fresh(conn, &stray.facts)?;
    let party = party::require(conn, &stray.facts.party(stray.writer).id)?;
    if is_of_others(conn, &stray.address, stray.writer)? {
        return Ok(Kept::OfOthers);
    }
    let sql = "SELECT 1 AS one FROM stray WHERE party = ?1 AND fingerprint = ?2";
    let same: Option<i64> =
        one(conn, sql, params![party, stray.fingerprint], |row| get(row, "one"))?;
    if same.is_some() {
        return Ok(Kept::Already);
    }
    let canonical = stray.address.canonical();
    if !has_room(conn, party, canonical.reveal(), original)? {
        return Ok(Kept::NoRoom);
    }
    run(
        conn,
        "INSERT INTO stray (party, pair, address, canonical, tag, peer, proof, fingerprint,
            received_at, until, original)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            party,
            stray.facts.pair.0,
            stray.address.reveal(),
            canonical.reveal(),
            stray.tag,
            stray.peer.to_string(),
            stray.proof,
            stray.fingerprint,
            stray.received_at.as_millis(),
            stray.until.as_millis(),
            original
        ],
    )?;
    Ok(Kept::Kept)
}

fn has_room(
    conn: &Connection,
    party: i64,
    canonical: &str,
    original: &[u8],
) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) AS count, coalesce(sum(length(original)), 0) AS bytes,
            coalesce(sum(canonical = ?2), 0) AS of_address,
            (SELECT coalesce(sum(length(original)), 0) FROM stray) AS in_all
        FROM stray WHERE party = ?1";
    let size = i64::try_from(original.len()).unwrap_or(i64::MAX);
    let room = one(conn, sql, params![party, canonical], |row| {
        let (count, of_address): (i64, i64) = (get(row, "count")?, get(row, "of_address")?);
        let (bytes, in_all): (i64, i64) = (get(row, "bytes")?, get(row, "in_all")?);
        Ok(count < PER_PARTY
            && of_address < PER_ADDRESS
            && bytes.saturating_add(size) <= BYTES_PER_PARTY
            && in_all.saturating_add(size) <= BYTES_IN_ALL)
    })?;
    Ok(room.unwrap_or(false))
}

fn is_of_others(
    conn: &Connection,
    address: &RealAddress,
    writer: Role,
) -> Result<bool, StoreError> {
    let sql = format!("SELECT {OF_OTHERS} AS found");
    let canonical = address.canonical();
    let of = params![canonical.reveal(), address.domain(), writer.as_str()];
    Ok(one(conn, &sql, of, |row| get(row, "found"))?.unwrap_or(false))
}

fn read_row(row: &Row<'_>) -> Result<StrayRow, StoreError> {
    let role = match get::<String>(row, "role")?.as_str() {
        "seller" => Role::Seller,
        _ => Role::Buyer, // the table's CHECK knows no third
    };
    let code = match get::<Option<i64>>(row, "code_until")? {
        Some(until) => Some(CodeRow {
            until: Timestamp::from_millis(until),
            tries_left: get(row, "tries_left")?,
            delivery: parse_some::<DeliveryState>(row, "code_state")?,
        }),
        None => None,
    };
    Ok(StrayRow {
        party: party_id(role, &get::<String>(row, "id")?)?,
        other: party_id(role.other(), &get::<String>(row, "other_id")?)?,
        address: parse(row, "address")?,
        order: get(row, "tag")?,
        proof: get(row, "proof")?,
        received_at: moment(row, "received_at")?,
        until: moment(row, "until")?,
        told: get::<Option<i64>>(row, "told_at")?.is_some(),
        code,
    })
}

/// Erases the mail that brings a code, and stops it where it is still on its way.
pub(super) fn drop_mail(
    conn: &Connection,
    party: i64,
    canonical: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = params![party, canonical];
    let sql = "SELECT mail FROM address_code WHERE party = ?1 AND canonical = ?2";
    let mail: Option<Option<i64>> = one(conn, sql, key, |row| get(row, "mail"))?;
    let Some(mail) = mail.flatten() else { return Ok(()) };
    let sql = "UPDATE delivery SET state = 'cancelled', finished_at = ?2, lease = lease + 1,
            lease_owner = NULL, lease_until = NULL
        WHERE message = ?1 AND state IN ('queued', 'deferred', 'sending')";
    run(conn, sql, params![mail, now.as_millis()])?;
    run(conn, "DELETE FROM content WHERE message = ?1", [mail])?;
    let sql = "UPDATE address_code SET mail = NULL WHERE party = ?1 AND canonical = ?2";
    run(conn, sql, key)?;
    Ok(())
}

fn forget_code(
    conn: &Connection,
    party: i64,
    canonical: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    drop_mail(conn, party, canonical, now)?;
    let sql = "DELETE FROM address_code WHERE party = ?1 AND canonical = ?2";
    run(conn, sql, params![party, canonical])?;
    Ok(())
}

/// Erases what is kept of a party that is deleted, and what was written to it.
pub(super) fn forget_party(
    conn: &Connection,
    party: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    forget_mails(conn, party)?;
    let sql = "SELECT canonical FROM address_code WHERE party = ?1";
    for canonical in all(conn, sql, [party], |row| get::<String>(row, "canonical"))? {
        forget_code(conn, party, &canonical, now)?;
    }
    Ok(())
}

/// Erases what is kept of mail to and from a party.
pub(super) fn forget_mails(conn: &Connection, party: i64) -> Result<(), StoreError> {
    let sql = "DELETE FROM stray WHERE party = ?1
        OR pair IN (SELECT number FROM pair WHERE seller = ?1 OR buyer = ?1)";
    run(conn, sql, [party])?;
    Ok(())
}

fn send_code(
    conn: &Connection,
    code: &NewCode,
    packed: &PackedNotice,
    store: &Store,
) -> Result<CodeSent, StoreError> {
    let party = party::require(conn, &code.party)?;
    let canonical = code.address.canonical();
    let key = params![party, canonical.reveal()];
    let sql = "SELECT sent, sent_since FROM address_code WHERE party = ?1 AND canonical = ?2";
    let before =
        one(conn, sql, key, |row| Ok((get::<i64>(row, "sent")?, moment(row, "sent_since")?)))?;
    let (sent, since) = match before {
        Some((sent, since)) if code.at.since(since) < DAY => (sent, since),
        _ => (0, code.at),
    };
    if sent >= CODES_PER_DAY {
        return Ok(CodeSent::TooMany);
    }
    drop_mail(conn, party, canonical.reveal(), code.at)?;
    notice::insert(conn, packed, store)?;
    let sql = "INSERT OR REPLACE INTO address_code
            (party, canonical, code, tries_left, until, sent, sent_since, mail)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT number FROM message WHERE id = ?8))";
    run(
        conn,
        sql,
        params![
            party,
            canonical.reveal(),
            code.code,
            TRIES,
            code.until.as_millis(),
            sent + 1,
            since.as_millis(),
            packed.message().as_str()
        ],
    )?;
    Ok(CodeSent::Sent)
}

fn confirm(
    conn: &Connection,
    of: &PartyId,
    address: &RealAddress,
    code: [u8; 32],
    decision: &Decision,
) -> Result<Confirmed, StoreError> {
    let party = party::require(conn, of)?;
    if party::load(conn, party)?.0.has_address(address) {
        return Ok(Confirmed::Already);
    }
    let canonical = address.canonical();
    let key = params![party, canonical.reveal()];
    let sql = "SELECT code, tries_left, until FROM address_code
        WHERE party = ?1 AND canonical = ?2";
    let kept = one(conn, sql, key, |row| {
        Ok((get::<[u8; 32]>(row, "code")?, get::<u32>(row, "tries_left")?, moment(row, "until")?))
    })?;
    let Some((kept, tries, until)) = kept else { return Ok(Confirmed::NoCode) };
    if tries == 0 || until <= decision.at {
        return Ok(Confirmed::NoCode);
    }
    if kept != code {
        let sql = "UPDATE address_code SET tries_left = tries_left - 1
            WHERE party = ?1 AND canonical = ?2";
        run(conn, sql, key)?;
        return Ok(Confirmed::Wrong { tries_left: tries - 1 });
    }
    forget_code(conn, party, canonical.reveal(), decision.at)?;
    let sql = "INSERT INTO party_address (party, position, address, canonical)
        SELECT ?1, coalesce(max(position), -1) + 1, ?2, ?3 FROM party_address WHERE party = ?1";
    run(conn, sql, params![party, address.reveal(), canonical.reveal()])?;
    run(conn, "UPDATE party SET version = version + 1 WHERE number = ?1", [party])?;
    standing::note(conn, party, None, "address-registered", decision, Follows::default())?;
    Ok(Confirmed::Registered)
}
