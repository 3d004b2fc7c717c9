//! `--send-test`: a mail that goes the way of all mail, by the relay that runs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use data_encoding::BASE32_NOPAD;

use super::finding::Finding;
use crate::alias::BounceToken;
use crate::app::House;
use crate::domain::{Clock, DeliveryState, MessageId, MsgId, RealAddress};
use crate::rewrite::compose_test_mail;
use crate::store::Forward;

const CHECK: &str = "test mail";
/// So long its first attempt is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// A bounce address lives so long (PRODUCT §6).
const BOUNCES: Duration = Duration::from_secs(30 * 86_400);

/// Queues it and waits for what becomes of it.
pub(super) async fn send(house: &House, to: &RealAddress) -> anyhow::Result<Finding> {
    let relay = &house.config.relay;
    if to.domain() == relay.alias_domain {
        bail!("--send-test: the address lies in the alias domain; name one out in the world");
    }
    let now = Clock::system().now();
    let code = BASE32_NOPAD.encode(&random::<15>()?).to_ascii_lowercase();
    let msg_id = MsgId::new(&format!("{code}@{}", relay.alias_domain)).context("a Message-ID")?;
    let bytes = compose_test_mail(&relay.marketplace, &relay.alias_domain, to, &msg_id, now)?;
    let token = random::<10>()?;
    let delivery = house
        .store
        .queue_test_mail(Forward {
            message: MessageId::from_random(random()?),
            token,
            bytes,
            recipient: to.clone(),
            envelope_from: house.keyring.bounce_address(BounceToken(token), now.after(BOUNCES)),
            received_at: now,
            give_up_at: now.after(house.config.delivery.give_up_after),
        })
        .await?;
    let show = format!("bauta queue show {delivery}");
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let Some((row, _)) = house.store.queued(delivery).await? else {
            bail!("the test mail's delivery {delivery} is gone");
        };
        let reply = row.row.last_reply.clone().unwrap_or_default();
        match row.row.state {
            DeliveryState::Delivered => {
                let says = format!(
                    "{delivery} was taken ({reply}); now look where it arrived, and at its header Authentication-Results"
                );
                return Ok(Finding::ok(CHECK, says));
            }
            DeliveryState::Queued | DeliveryState::Sending => {}
            state => {
                let says = format!("{delivery} is {state}: {reply}");
                return Ok(Finding::wrong(CHECK, says, show));
            }
        }
    }
    let says = format!(
        "{delivery} waits, and nobody has come to an end with it within {} s",
        PATIENCE.as_secs()
    );
    let mend = format!("is the relay running? bauta serve    then: {show}");
    Ok(Finding::unknown(CHECK, says, mend))
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("this machine gives no random bytes")?;
    Ok(bytes)
}
