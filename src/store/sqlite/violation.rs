//! Violations, strikes and the steps that follow, in the transaction that takes or refuses the
//! message.

use std::time::Duration;

use rusqlite::{Connection, Params, Row, params};

use super::rows::{all, get, moment, moment_some, one, parse, parse_some, run};
use super::standing::{self, Follows};
use super::{Store, party, telling};
use crate::domain::{
    Action, Certainty, Direction, HealthRules, MessageId, NoStrike, NoticeKind, Part, PartyId,
    Role, RuleId, Rung, SellerId, StepKind, Timestamp, Violation,
};
use crate::market::strikes::{self, Circumstances, Past, Standing};
use crate::store::error::StoreError;
use crate::store::health::{AccountHealth, Excuse, Proposed, ToldViolation, ViolationRow};
use crate::store::register::{AccountChange, Decision};

const DAY: Duration = Duration::from_secs(86_400);
/// Over so long messages are counted, and so long a warning and a proposal stand.
const MONTH: Duration = Duration::from_secs(30 * 86_400);
/// Of one message no more findings are kept than these; what is found more often tells no more.
const MOST: usize = 20;

/// A message whose violations are recorded.
pub(super) struct Offence<'a> {
    pub(super) message: i64,
    pub(super) pair: i64,
    pub(super) conversation: Option<i64>,
    pub(super) direction: Direction,
    pub(super) automatic: bool,
    pub(super) at: Timestamp,
    pub(super) violations: &'a [Violation],
    pub(super) health: &'a HealthRules,
}

impl Store {
    /// How a seller's account stands.
    ///
    /// Errors: `UnknownSeller`.
    pub async fn account_health(
        &self,
        seller: &SellerId,
        rules: HealthRules,
        now: Timestamp,
    ) -> Result<AccountHealth, StoreError> {
        let seller = seller.clone();
        self.read(move |conn| {
            let id = PartyId::Seller(seller.clone());
            let number = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            let standing = party::load(conn, number)?.0.standing;
            let strikes = strikes_of(conn, number)?;
            Ok(AccountHealth {
                score: score_of(conn, number, &rules, now)?,
                strikes: strikes.iter().map(|(weight, _)| u64::from(*weight)).sum(),
                messages_30d: messages_of(conn, number, now)?,
                suspended: standing.suspended,
                proactive_blocked_until: standing.proactive_blocked_until.filter(|at| *at > now),
                proposed: proposals(conn, number, &rules, now)?,
                violations: violations_of(conn, number)?,
                seller,
            })
        })
        .await
    }

    /// Excuses a violation: it counts nothing any more, and its seller is told. `None`: there is no
    /// such violation; `false`: it was excused before.
    pub async fn excuse(
        &self,
        violation: i64,
        decision: Decision,
    ) -> Result<Option<bool>, StoreError> {
        self.write(512, move |conn| excuse(conn, violation, &decision)).await
    }

    /// What the writer of a message is to be told of its violations.
    pub async fn told_violations(
        &self,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<Vec<ToldViolation>, StoreError> {
        let message = message.clone();
        self.read(move |conn| {
            all(conn, TOLD, params![message.as_str(), now.before(DAY).as_millis()], |row| {
                Ok(ToldViolation {
                    id: get(row, "number")?,
                    rule: rule(row)?,
                    words: get::<Option<String>>(row, "words")?.unwrap_or_default(),
                    action: parse(row, "action")?,
                    enforced: get(row, "enforced")?,
                    strike: get(row, "strike")?,
                    no_strike: parse_some(row, "no_strike")?,
                    told: moment_some(row, "told_at")?.is_some(),
                    told_today: get(row, "told_today")?,
                })
            })
        })
        .await
    }
}

/// The violations of a message that were not excused, and whether their rules were told of today.
pub(super) const TOLD: &str = "SELECT v.*, EXISTS (SELECT 1 FROM violation t
        WHERE t.party = v.party AND t.rule = v.rule AND t.told_at > ?2
            AND t.message IS NOT v.message) AS told_today
    FROM violation v JOIN message m ON m.number = v.message
    WHERE m.id = ?1 AND v.excused_at IS NULL ORDER BY v.number";

/// Records the violations of a message just written, what they count, and what follows.
pub(super) fn record(conn: &Connection, offence: &Offence<'_>) -> Result<(), StoreError> {
    if offence.violations.is_empty() {
        return Ok(());
    }
    let violations = offence.violations.get(..MOST).unwrap_or(offence.violations);
    let sender = offence.direction.sender();
    let sql = "SELECT CASE ?2 WHEN 'seller' THEN seller ELSE buyer END AS sender
        FROM pair WHERE number = ?1";
    let party: i64 =
        one(conn, sql, params![offence.pair, sender.as_str()], |row| get(row, "sender"))?
            .ok_or(StoreError::Stale)?;
    let past = past_of(conn, party, offence, violations)?;
    let struck_since = offence.at.before(offence.health.strike_every);
    let circumstances = Circumstances {
        of_seller: sender == Role::Seller,
        automatic: offence.automatic,
        past: &past,
        last_strike: last(conn, LAST_STRIKE, params![party, struck_since.as_millis()])?,
        health: offence.health,
        now: offence.at,
    };
    let decided = strikes::decide(violations, &circumstances);
    for (violation, decided) in violations.iter().zip(&decided) {
        insert(conn, party, offence, violation, *decided)?;
    }
    tell(conn, offence, violations, &decided)?;
    if decided.iter().any(Result::is_ok) {
        let score = score_of(conn, party, offence.health, offence.at)?;
        let ladder = ladder_of(conn, party, offence.health, offence.at)?;
        if let Some(rung) = strikes::due(&ladder, score) {
            step(conn, party, rung, score, offence.at)?;
        }
    }
    Ok(())
}

fn insert(
    conn: &Connection,
    party: i64,
    offence: &Offence<'_>,
    violation: &Violation,
    decided: Result<u8, NoStrike>,
) -> Result<(), StoreError> {
    run(
        conn,
        "INSERT INTO violation (party, pair, conversation, message, at, rule, action, enforced,
            certainty, part, words, signature, strike, no_strike)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            party,
            offence.pair,
            offence.conversation,
            offence.message,
            offence.at.as_millis(),
            violation.rule.as_str(),
            violation.action.as_str(),
            violation.enforced,
            violation.certainty.as_str(),
            violation.part.as_str(),
            violation.words,
            violation.in_signature,
            decided.unwrap_or(0),
            decided.err().map(NoStrike::as_str)
        ],
    )?;
    Ok(())
}

/// Who is told: the writer of what was redacted; a seller of a first finding and of a strike; those
/// who review of a buyer who ties a review to a refund.
fn tell(
    conn: &Connection,
    offence: &Offence<'_>,
    violations: &[Violation],
    decided: &[Result<u8, NoStrike>],
) -> Result<(), StoreError> {
    let enforced = |rule| violations.iter().any(|v| v.rule == rule && v.enforced);
    if enforced(RuleId::FeedbackExtortion) {
        telling::about_message(conn, NoticeKind::ReviewNote, offence.message, offence.at)?;
    }
    let acts = |v: &Violation| v.enforced && v.action == Action::Redact;
    let matters = |decided: &Result<u8, NoStrike>| matches!(decided, Ok(_) | Err(NoStrike::First));
    if !offence.automatic && (violations.iter().any(acts) || decided.iter().any(matters)) {
        telling::about_message(conn, NoticeKind::Violation, offence.message, offence.at)?;
    }
    Ok(())
}

/// The rule of a violation, one of the admin's too.
fn rule(row: &Row<'_>) -> Result<RuleId, StoreError> {
    let kept = get::<String>(row, "rule")?;
    RuleId::kept(&kept).map_err(|_| StoreError::Damaged("rule"))
}

/// Takes a step, or proposes it where a person shall decide.
fn step(
    conn: &Connection,
    party: i64,
    rung: &Rung,
    score: f64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reason = Some(format!("the score is {score:.1}"));
    let decision = Decision { by: "bauta".to_owned(), reason, at: now };
    let change = match (rung.step, rung.lasts) {
        _ if rung.by_person => None,
        (StepKind::Warning, _) => Some(AccountChange::Warned),
        (StepKind::ProactiveBlocked, lasts) => {
            let until = now.after(lasts.unwrap_or(DAY * 14));
            Some(AccountChange::ProactiveBlocked(until))
        }
        (StepKind::Suspended, _) => Some(AccountChange::Suspended),
    };
    match change {
        Some(change) => standing::take_step(conn, party, &change, &decision).map(|_| ()),
        None => {
            let word = proposed(rung);
            let follows = Follows { until: None, tell: Some(NoticeKind::Proposal) };
            standing::note(conn, party, None, &word, &decision, follows)
        }
    }
}

fn proposed(rung: &Rung) -> String {
    format!("{}-proposed", rung.step.as_str())
}

/// What the ladder has proposed and nobody has decided about.
pub(super) fn proposals(
    conn: &Connection,
    party: i64,
    rules: &HealthRules,
    now: Timestamp,
) -> Result<Vec<Proposed>, StoreError> {
    let open = ladder_of(conn, party, rules, now)?;
    let open = open.into_iter().filter(|(_, standing)| *standing == Standing::Proposed);
    let sql = "SELECT at, reason FROM account_change WHERE party = ?1 AND change = ?2
        ORDER BY number DESC LIMIT 1";
    let found = open.map(|(rung, _)| {
        one(conn, sql, params![party, proposed(rung)], |row| {
            let (at, reason) = (moment(row, "at")?, get(row, "reason")?);
            Ok(Proposed { step: rung.step, at, reason })
        })
    });
    found.filter_map(Result::transpose).collect()
}

/// How each rung of the ladder stands with an account. A warning stands for 30 days; a proposal
/// until somebody decides, and is made again after 30 days.
fn ladder_of<'a>(
    conn: &Connection,
    party: i64,
    rules: &'a HealthRules,
    now: Timestamp,
) -> Result<Vec<(&'a Rung, Standing)>, StoreError> {
    let now_is = party::load(conn, party)?.0.standing;
    let blocked = now_is.proactive_blocked_until.is_some_and(|until| until > now);
    let since = now.before(MONTH).as_millis();
    let sql = "SELECT coalesce(max(number), 0) AS last FROM account_change
        WHERE party = ?1 AND change = ?2 AND at > ?3";
    let last = |change: &str, since: i64| -> Result<i64, StoreError> {
        Ok(one(conn, sql, params![party, change, since], |row| get(row, "last"))?.unwrap_or(0))
    };
    let decided = last("restored", i64::MIN)?.max(last(standing::DECLINED, i64::MIN)?);
    let standing = |rung: &'a Rung| {
        let (step, taken) = match rung.step {
            StepKind::Warning => ("warned", last("warned", since)? > 0),
            StepKind::ProactiveBlocked => ("proactive-blocked", blocked),
            StepKind::Suspended => ("suspended", now_is.suspended),
        };
        // Who took the step has decided, whether it is in force still or not.
        let decided = decided.max(last(step, i64::MIN)?);
        let asked = rung.by_person && last(&proposed(rung), since)? > decided;
        let standing = match (taken, asked) {
            (true, _) => Standing::Taken,
            (false, true) => Standing::Proposed,
            (false, false) => Standing::Free,
        };
        Ok::<_, StoreError>((rung, standing))
    };
    rules.ladder.iter().map(standing).collect()
}

/// The last violation of a rule that its seller was told of as what it is.
pub(super) const EXPLAINED: &str = "SELECT at FROM violation
    WHERE party = ?1 AND rule = ?2 AND at > ?3 AND (no_strike = 'first' OR strike > 0)
        AND excused_at IS NULL
    ORDER BY at DESC LIMIT 1";

/// The last violation of a rule between the same two where the same is spoken of, as far as that is
/// known: what was refused may have had no conversation yet, and may have named no order.
pub(super) const HERE: &str = "SELECT v.at FROM violation v
    LEFT JOIN message m ON m.number = v.message
    JOIN message now ON now.number = ?5
    WHERE v.pair = ?4 AND v.rule = ?2 AND v.at > ?3 AND +v.party = ?1
        AND v.enforced AND v.excused_at IS NULL
        AND coalesce(v.conversation = now.conversation, 1)
        AND coalesce(m.\"order\" = now.\"order\", 1)
    ORDER BY v.at DESC LIMIT 1";

/// A seller's last strike.
pub(super) const LAST_STRIKE: &str = "SELECT at FROM violation
    WHERE party = ?1 AND strike > 0 AND at > ?2 AND excused_at IS NULL
    ORDER BY at DESC LIMIT 1";

fn last<P: Params>(
    conn: &Connection,
    sql: &str,
    params: P,
) -> Result<Option<Timestamp>, StoreError> {
    one(conn, sql, params, |row| moment(row, "at"))
}

/// What a message's violations are held against: looked up for each rule, for a seller may have
/// very many of them.
fn past_of(
    conn: &Connection,
    party: i64,
    offence: &Offence<'_>,
    violations: &[Violation],
) -> Result<Vec<Past>, StoreError> {
    let mut rules: Vec<RuleId> = violations.iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let explained = offence.at.before(offence.health.explained_for).as_millis();
    let day = offence.at.before(offence.health.retry_within).as_millis();
    let past = |rule: RuleId| {
        let word = rule.as_str();
        let here = params![party, word, day, offence.pair, offence.message];
        let explained_at = last(conn, EXPLAINED, params![party, word, explained])?;
        Ok::<_, StoreError>(Past { rule, explained_at, here_at: last(conn, HERE, here)? })
    };
    rules.into_iter().map(past).collect()
}

/// Every strike of a seller that counts.
pub(super) const STRIKES: &str = "SELECT strike, at FROM violation
    WHERE party = ?1 AND strike > 0 AND excused_at IS NULL";

fn strikes_of(conn: &Connection, party: i64) -> Result<Vec<(u8, Timestamp)>, StoreError> {
    all(conn, STRIKES, [party], |row| Ok((get(row, "strike")?, moment(row, "at")?)))
}

fn messages_of(conn: &Connection, party: i64, now: Timestamp) -> Result<u64, StoreError> {
    // Those that were erased meanwhile count too.
    let sql = "SELECT (SELECT count(*) FROM message
            WHERE sender = ?1 AND received_at > ?2 AND state = 'accepted')
        + (SELECT coalesce(sum(messages), 0) FROM expired_count
            WHERE sender = ?1 AND day > ?2 / 86400000 AND state = 'accepted') AS count";
    let since = now.before(MONTH).as_millis();
    let count: Option<i64> = one(conn, sql, (party, since), |row| get(row, "count"))?;
    Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
}

fn score_of(
    conn: &Connection,
    party: i64,
    rules: &HealthRules,
    now: Timestamp,
) -> Result<f64, StoreError> {
    let strikes = strikes_of(conn, party)?;
    let aged: Vec<_> = strikes.into_iter().map(|(weight, at)| (weight, now.since(at))).collect();
    Ok(strikes::score(&aged, rules, messages_of(conn, party, now)?))
}

/// A seller's violations, the newest first.
pub(super) const VIOLATIONS: &str = "SELECT v.*, m.id AS message_id FROM violation v
    LEFT JOIN message m ON m.number = v.message
    WHERE v.party = ?1 ORDER BY v.at DESC, v.number DESC LIMIT 1000";

fn violations_of(conn: &Connection, party: i64) -> Result<Vec<ViolationRow>, StoreError> {
    all(conn, VIOLATIONS, [party], read)
}

fn read(row: &Row<'_>) -> Result<ViolationRow, StoreError> {
    let excused = match moment_some(row, "excused_at")? {
        Some(at) => Some(Excuse {
            by: get::<Option<String>>(row, "excused_by")?.unwrap_or_default(),
            reason: get::<Option<String>>(row, "excuse")?.unwrap_or_default(),
            at,
        }),
        None => None,
    };
    Ok(ViolationRow {
        id: get(row, "number")?,
        message: parse_some(row, "message_id")?,
        at: moment(row, "at")?,
        rule: rule(row)?,
        action: parse(row, "action")?,
        enforced: get(row, "enforced")?,
        certainty: parse::<Certainty>(row, "certainty")?,
        part: parse::<Part>(row, "part")?,
        words: get(row, "words")?,
        signature: get(row, "signature")?,
        strike: get(row, "strike")?,
        no_strike: parse_some(row, "no_strike")?,
        excused,
    })
}

fn excuse(
    conn: &Connection,
    violation: i64,
    decision: &Decision,
) -> Result<Option<bool>, StoreError> {
    let sql = "SELECT party FROM violation WHERE number = ?1";
    let Some(party) = one(conn, sql, [violation], |row| get::<i64>(row, "party"))? else {
        return Ok(None);
    };
    if mark(conn, "number = ?1", violation, decision)? == 0 {
        return Ok(Some(false));
    }
    note_excused(conn, party, violation, decision)?;
    Ok(Some(true))
}

/// A person let the message pass: what held it was no violation. Whoever was told of a strike is
/// told that it counts no more.
pub(super) fn excuse_held(
    conn: &Connection,
    message: i64,
    decision: &Decision,
) -> Result<(), StoreError> {
    let held = "message = ?1 AND action = 'hold'";
    let sql = format!(
        "SELECT number, party FROM violation WHERE {held} AND strike > 0
            AND told_at IS NOT NULL AND excused_at IS NULL"
    );
    let told: Vec<(i64, i64)> =
        all(conn, &sql, [message], |row| Ok((get(row, "number")?, get(row, "party")?)))?;
    mark(conn, held, message, decision)?;
    // Why it was let pass was written for those who review.
    let decision = Decision { reason: None, ..decision.clone() };
    told.into_iter().try_for_each(|(number, party)| note_excused(conn, party, number, &decision))
}

fn note_excused(
    conn: &Connection,
    party: i64,
    violation: i64,
    decision: &Decision,
) -> Result<(), StoreError> {
    let follows = Follows { until: None, tell: Some(NoticeKind::Account) };
    let change = format!("excused violation {violation}");
    standing::note(conn, party, None, &change, decision, follows)
}

fn mark(
    conn: &Connection,
    which: &str,
    number: i64,
    decision: &Decision,
) -> Result<usize, StoreError> {
    let sql = format!(
        "UPDATE violation SET excused_at = ?2, excused_by = ?3, excuse = ?4
         WHERE {which} AND excused_at IS NULL"
    );
    let reason = decision.reason.as_deref().unwrap_or("let pass after review");
    run(conn, &sql, params![number, decision.at.as_millis(), decision.by, reason])
}
