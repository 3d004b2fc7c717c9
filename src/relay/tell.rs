//! What was noted that somebody is to be told becomes mail: soon after it was committed, and after a
//! crash too.

use sha2::{Digest, Sha256};

use super::Relay;
use super::attend::DAMAGED;
use super::notify::{Pen, Writer, not_delivered};
use crate::config::{Config, RefuseBy};
use crate::domain::{
    Action, Finding, Language, MessageId, MessageState, NoStrike, NoticeKind, OrderId, PartyId,
    Role, RuleId, Secrets, Timestamp, Verdict,
};
use crate::mail;
use crate::rewrite::thread::ThreadHeaders;
use crate::rewrite::{AccountNotice, Counted, Notice};
use crate::store::{
    MessageRow, NewNotice, Store, StoreError, Telling, TellingAbout, ToldChange, ToldViolation,
};

/// What is told in one go.
const MANY: u32 = 100;

impl Relay {
    /// Tells everything that is to be told.
    pub(super) async fn tell_all(&self) -> Result<(), StoreError> {
        while self.tell_some().await? == MANY as usize {}
        Ok(())
    }

    /// Tells the first few: how many it were. What can't be told is put aside, for a message may be
    /// damaged that others have nothing to do with.
    async fn tell_some(&self) -> Result<usize, StoreError> {
        let tellings = self.0.store.tellings(MANY, self.0.clock.now()).await?;
        for telling in &tellings {
            match self.tell_one(telling).await {
                Ok(()) => {}
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => self.put_aside(telling, &error).await?,
            }
        }
        Ok(tellings.len())
    }

    async fn tell_one(&self, telling: &Telling) -> Result<(), StoreError> {
        let (notices, violations) = self.notices_of(telling).await?;
        let (told, now) = (notices.len(), self.0.clock.now());
        self.0.store.tell(telling.number, notices, violations, now).await?;
        tracing::info!(kind = telling.kind.as_str(), told, "told by mail");
        Ok(())
    }

    async fn put_aside(&self, telling: &Telling, error: &StoreError) -> Result<(), StoreError> {
        let (number, tries, kind) = (telling.number, telling.tries, telling.kind.as_str());
        if tries == 0 {
            let (message_id, change) = match &telling.about {
                TellingAbout::Message(message) => (Some(message.as_str()), None),
                TellingAbout::Change(change) => (None, Some(*change)),
            };
            tracing::error!(
                telling = number, kind, message_id, change, %error,
                "can't be told by mail and is put aside"
            );
        }
        let next_at = self.0.clock.now().after(DAMAGED.wait(tries));
        self.0.store.put_telling_aside(number, next_at).await
    }

    /// The notices that a telling becomes, and the violations that are told by them.
    async fn notices_of(
        &self,
        telling: &Telling,
    ) -> Result<(Vec<NewNotice>, Vec<i64>), StoreError> {
        let (store, config, now) = (&self.0.store, &self.0.config, self.0.clock.now());
        let notices = match (&telling.about, telling.kind) {
            (TellingAbout::Message(message), NoticeKind::Violation) => {
                return violated(store, config, message, now).await;
            }
            (TellingAbout::Message(message), NoticeKind::Review) => {
                self.for_review(message, now).await?
            }
            (TellingAbout::Message(message), NoticeKind::ReviewNote) => {
                self.for_knowledge(message, now).await?
            }
            (
                TellingAbout::Message(message),
                kind @ (NoticeKind::Held | NoticeKind::Rejected | NoticeKind::TimedOut),
            ) => return reviewed(store, config, message, kind, now).await,
            (TellingAbout::Message(message), kind) => {
                not_delivered(store, config, message, kind, now).await?.into_iter().collect()
            }
            (TellingAbout::Change(change), kind) => match store.told_change(*change).await? {
                Some(told) if kind == NoticeKind::Proposal => self.proposal(&told, *change, now),
                Some(told) => decided(config, &told, now).into_iter().collect(),
                None => vec![],
            },
        };
        Ok((notices, vec![]))
    }

    /// Tells `review.notify` that a seller's score has reached a step which a person decides on.
    fn proposal(&self, told: &ToldChange, change: i64, now: Timestamp) -> Vec<NewNotice> {
        let (seller, step) = (told.party.id.as_str(), told.change.trim_end_matches("-proposed"));
        let why = told.reason.as_deref().unwrap_or_default();
        let command = match step {
            "warning" => "warn",
            "proactive-blocked" => "block-proactive",
            _ => "suspend",
        };
        let subject = format!("Seller {seller}: the ladder proposes \"{step}\"");
        let text = format!(
            "Seller {seller} has reached the step \"{step}\" of the ladder: {why}.\n\nLook at it:  bauta account health {seller}\nDo it:       bauta account {command} {seller} --reason \"...\"\nDecline it:  bauta account restore {seller} --proposal --reason \"...\"\n\nThe reason of a step is told to the seller, who may appeal. Nothing happens unless you decide so; declining lifts nothing that is in force."
        );
        let kind = NoticeKind::Proposal;
        let notice = Notice::ForReview { kind, subject: &subject, text: &text };
        self.to_reviewers(notice, &change.to_string(), now)
    }

    /// Tells `review.notify` of a message that goes on and that they should know of.
    async fn for_knowledge(
        &self,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<Vec<NewNotice>, StoreError> {
        let Some(detail) = self.0.store.message(message).await? else { return Ok(vec![]) };
        let subject = format!("A message that you should know of: {message}");
        let text = format!(
            "{}\nReceived {}\n\nIt goes on. Look at it:  bauta message show {message}",
            line(&detail.row, &detail.verdict),
            detail.row.received_at
        );
        let kind = NoticeKind::ReviewNote;
        let notice = Notice::ForReview { kind, subject: &subject, text: &text };
        Ok(self.to_reviewers(notice, message.as_str(), now))
    }

    /// Tells `review.notify` of a message that waits.
    async fn for_review(
        &self,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<Vec<NewNotice>, StoreError> {
        let Some(detail) = self.0.store.message(message).await? else { return Ok(vec![]) };
        let subject = format!("A message waits for review: {message}");
        let text = format!(
            "{}\nHeld since {}\n\nLook at it:  bauta held show {message}\nLet it go on:  bauta held release {message}\nReject it:  bauta held reject {message} --reason \"...\"\n\nUndecided after {} h it is decided by itself.",
            line(&detail.row, &detail.verdict),
            detail.row.received_at,
            self.0.config.review.timeout.as_secs() / 3600,
        );
        let notice = Notice::ForReview { kind: NoticeKind::Review, subject: &subject, text: &text };
        Ok(self.to_reviewers(notice, message.as_str(), now))
    }

    /// The same mail to each of `review.notify`; told once for the same `about`.
    pub(super) fn to_reviewers(
        &self,
        notice: Notice<'_>,
        about: &str,
        now: Timestamp,
    ) -> Vec<NewNotice> {
        let config = &self.0.config;
        let each = config.review.notify.iter().filter_map(|reader| {
            let fingerprint = Sha256::new()
                .chain_update(notice.kind().as_str())
                .chain_update(about)
                .chain_update(reader.reveal())
                .finalize()
                .into();
            let pen = Pen {
                config,
                language: Language::En,
                reader,
                secrets: Secrets::default(),
                thread: ThreadHeaders::default(),
                now,
            };
            pen.write(notice, None, None, Some(fingerprint))
        });
        each.collect()
    }

    /// Once a day: what waits still.
    pub(super) async fn tell_digest(&self) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        if self.0.config.review.notify.is_empty() || !self.0.store.is_digest_due(now).await? {
            return Ok(());
        }
        let due = now.before(self.0.config.review.act_within);
        let depth = self.0.store.held_depth(due).await?;
        let notices = if depth.held == 0 {
            vec![]
        } else {
            let rows = self.0.store.held(50).await?;
            let subject = format!("{} messages wait for review", depth.held);
            let mut lines: Vec<String> = rows
                .iter()
                .map(|held| {
                    let waits = now.since(held.held_at).as_secs() / 3600;
                    format!("{} h  {}", waits, short(&held.row))
                })
                .collect();
            lines.push(format!(
                "\nOf {} messages, {} have waited for longer than review.act_within.\nAll of them:  bauta held list",
                depth.held, depth.overdue
            ));
            let text = lines.join("\n");
            let kind = NoticeKind::ReviewDigest;
            let notice = Notice::ForReview { kind, subject: &subject, text: &text };
            self.to_reviewers(notice, &now.as_millis().to_string(), now)
        };
        self.0.store.note_digest(now, notices).await
    }
}

/// Tells the writer of a message that it waits, or that it does not go on; and what follows for the
/// account, which was decided when it came in.
async fn reviewed(
    store: &Store,
    config: &Config,
    message: &MessageId,
    kind: NoticeKind,
    now: Timestamp,
) -> Result<(Vec<NewNotice>, Vec<i64>), StoreError> {
    let writer = Writer::of(store, config, message).await?;
    let Some(writer) = writer.filter(|w| !w.told.told.contains(&kind)) else {
        return Ok((vec![], vec![]));
    };
    let violations = store.told_violations(message, now).await?;
    let untold: Vec<ToldViolation> =
        violations.into_iter().filter(|v| acts(v) && !v.told).collect();
    // The reason of the last decision; none of our own making.
    let reviews = store.reviews(message).await?;
    let reason = reviews.iter().rev().find(|r| r.what == "rejected").and_then(|r| r.reason.clone());
    let reason = reason.filter(|_| kind == NoticeKind::Rejected);
    let notice = Notice::Reviewed {
        kind,
        name: &writer.name,
        order: writer.told.order.as_ref(),
        findings: &findings(&writer.detail.verdict),
        reason: reason.as_deref(),
        account: counted(&untold),
    };
    let notice = writer.write(&writer.pen(config, now), notice);
    let told = notice.iter().flat_map(|_| untold.iter().map(|v| v.id)).collect();
    Ok((notice.into_iter().collect(), told))
}

fn acts(violation: &ToldViolation) -> bool {
    violation.enforced && violation.action >= Action::Redact
}

/// What follows for the account.
fn counted(violations: &[ToldViolation]) -> Option<Counted> {
    if violations.iter().any(|v| v.strike > 0) {
        return Some(Counted::Strike);
    }
    let first = violations.iter().any(|v| v.no_strike == Some(NoStrike::First));
    first.then_some(Counted::First)
}

/// Tells the writer of a message what in it was not allowed, and what follows: of each rule at most
/// once a day, but of every strike.
async fn violated(
    store: &Store,
    config: &Config,
    message: &MessageId,
    now: Timestamp,
) -> Result<(Vec<NewNotice>, Vec<i64>), StoreError> {
    let nobody = (vec![], vec![]);
    let Some(writer) = Writer::of(store, config, message).await? else { return Ok(nobody) };
    let (told, detail) = (&writer.told, &writer.detail);
    // What waits is told of otherwise.
    if detail.row.state == MessageState::Held {
        return Ok(nobody);
    }
    let refused = detail.row.state == MessageState::Rejected;
    // Where the notice stands in place of the reply it says everything.
    let of_seller = told.direction.sender() == Role::Seller;
    let in_place = refused && of_seller && config.sellers.refuse_by == RefuseBy::Notice;
    let worth =
        |v: &ToldViolation| acts(v) && !v.told && (v.strike > 0 || !v.told_today || in_place);
    let violations = store.told_violations(message, now).await?;
    let violations: Vec<ToldViolation> = violations.into_iter().filter(worth).collect();
    if violations.is_empty() {
        return Ok(nobody);
    }
    let mut findings: Vec<(RuleId, String)> = Vec::new();
    for violation in &violations {
        let finding = (violation.rule, violation.words.clone());
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    let account = counted(&violations);
    let (name, order, findings) = (&writer.name, told.order.as_ref(), &findings);
    let notice = Notice::Violation { refused, name, order, findings, account };
    let mut pen = writer.pen(config, now);
    if refused {
        // What was refused has no name in a conversation: its writer knows it by its own.
        let own = mail::read(&detail.original).msg_id;
        pen.thread.references = own.clone().into_iter().collect();
        pen.thread.in_reply_to = own;
    }
    let notice = writer.write(&pen, notice);
    Ok((notice.into_iter().collect(), violations.iter().map(|v| v.id).collect()))
}

/// Tells a party what was decided about its account, why, and how to appeal.
fn decided(config: &Config, told: &ToldChange, now: Timestamp) -> Option<NewNotice> {
    let what = match told.change.as_str() {
        "warned" => AccountNotice::Warned,
        "proactive-blocked" => AccountNotice::ProactiveBlocked,
        "suspended" => AccountNotice::Suspended,
        "restored" => AccountNotice::Restored,
        excused if excused.starts_with("excused") => AccountNotice::Excused,
        _ => return None,
    };
    let PartyId::Seller(seller) = &told.party.id else { return None };
    let address = told.party.delivery_address()?;
    let until = told.until.map_or_else(String::new, |at| at.to_string().chars().take(10).collect());
    // The ladder's own reason is a number that the seller can look up.
    let reason = told.reason.as_deref().filter(|_| told.by != "bauta");
    let pen = Pen {
        config,
        language: told.party.language,
        reader: address,
        secrets: Secrets::default(),
        thread: ThreadHeaders::default(),
        now,
    };
    let notice = pen.write(Notice::Account { what, until: &until, reason }, None, None, None)?;
    Some(NewNotice { account: Some(seller.clone()), ..notice })
}

/// What held it, in the sender's own words, and what will be taken out of it.
fn findings(verdict: &Verdict) -> Vec<(RuleId, String)> {
    let acts = |f: &&Finding| f.enforced && f.action >= Action::Redact;
    verdict.findings.iter().filter(acts).map(|f| (f.rule, f.words.clone())).collect()
}

fn short(row: &MessageRow) -> String {
    let order = row.order.as_ref().map_or("no order", OrderId::as_str);
    format!("{}  {}  {order}  seller {}  buyer {}", row.id, row.direction, row.seller, row.buyer)
}

/// One message for those who review: no word of it.
fn line(row: &MessageRow, verdict: &Verdict) -> String {
    let rules = row.rules.iter().map(|rule| rule.as_str());
    let holds = verdict.holds.iter().map(|hold| hold.reason.as_str());
    let why: Vec<&str> = rules.chain(holds).collect();
    format!("{}\nFound: {}", short(row), why.join(", "))
}
