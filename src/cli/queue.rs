//! `bauta queue list|show|retry|cancel`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::{beside, json, not_yet};
use crate::app::House;
use crate::domain::{
    BuyerId, Clock, DeliveryId, DeliveryState, MessageId, OrderId, SellerId, Timestamp,
};
use crate::store::{AttemptDetail, Intervention, QueueFilter, QueueRow};

/// `bauta queue …`
#[derive(Debug, Args)]
pub(super) struct Queue {
    #[command(subcommand)]
    command: QueueCommand,
}

#[derive(Debug, Subcommand)]
enum QueueCommand {
    /// List deliveries to which something will happen still, the oldest first
    List {
        /// Those in this state instead: queued, sending, deferred, delivered, failed, expired or
        /// cancelled
        #[arg(long)]
        state: Option<DeliveryState>,
        /// Of messages about this order
        #[arg(long)]
        order: Option<OrderId>,
        /// Of messages to or from this seller
        #[arg(long)]
        seller: Option<SellerId>,
        /// Of messages to or from this buyer
        #[arg(long)]
        buyer: Option<BuyerId>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// With the real addresses that they go to
        #[arg(long)]
        addresses: bool,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one with its attempts
    Show {
        /// The delivery's number, or the id of its message
        id: Named,
        /// With the real address that it goes to
        #[arg(long)]
        addresses: bool,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Make waiting deliveries due now
    Retry {
        /// Deliveries' numbers, or ids of their messages
        #[arg(required_unless_present = "all")]
        ids: Vec<Named>,
        /// All that wait
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// End waiting deliveries: they are never attempted again
    Cancel {
        /// Deliveries' numbers, or ids of their messages
        #[arg(required = true)]
        ids: Vec<Named>,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// How a delivery is named on the command line.
#[derive(Debug, Clone)]
enum Named {
    Delivery(DeliveryId),
    Message(MessageId),
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(delivery) = text.parse() {
            return Ok(Self::Delivery(delivery));
        }
        text.parse().map(Self::Message).map_err(|_| {
            format!("{text:?} is neither a delivery's number, such as d17, nor a message's id")
        })
    }
}

impl Named {
    /// The delivery that is meant: of a message the latest one.
    async fn find(&self, house: &House) -> anyhow::Result<DeliveryId> {
        match self {
            Self::Delivery(delivery) => Ok(*delivery),
            Self::Message(message) => match house.store.deliveries_of(message).await?.last() {
                Some(delivery) => Ok(*delivery),
                None => bail!("message {message} has no delivery"),
            },
        }
    }
}

impl Queue {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let now = Clock::system().now();
        match self.command {
            QueueCommand::List { state, order, seller, buyer, limit, addresses, json: as_json } => {
                let filter = QueueFilter { state, order, seller, buyer, limit: Some(limit) };
                beside(path, async |house| {
                    let rows = house.store.queue(filter).await?;
                    if as_json {
                        let rows: Result<Vec<_>, _> =
                            rows.iter().map(|row| as_object(row, addresses, now)).collect();
                        return json(out, &rows?);
                    }
                    rows.iter().try_for_each(|row| line(out, row, addresses, now))
                })
            }
            QueueCommand::Show { id, addresses, json: as_json } => beside(path, async |house| {
                let delivery = id.find(house).await?;
                let Some((row, attempts)) = house.store.queued(delivery).await? else {
                    bail!("there is no delivery {delivery}");
                };
                if as_json {
                    let mut object = as_object(&row, addresses, now)?;
                    object.insert("history".to_owned(), serde_json::to_value(&attempts)?);
                    return json(out, &object);
                }
                line(out, &row, addresses, now)?;
                print(out, &row, &attempts)
            }),
            QueueCommand::Retry { all: true, .. } => beside(path, async |house| {
                let count = house.store.retry_all(now).await?;
                Ok(writeln!(out, "{count} due now")?)
            }),
            QueueCommand::Retry { ids, .. } => beside(path, async |house| {
                each(house, out, &ids, "due now", async |id| house.store.retry(id, now).await).await
            }),
            QueueCommand::Cancel { ids } => beside(path, async |house| {
                let cancel = async |id| house.store.cancel(id, now).await;
                each(house, out, &ids, "cancelled", cancel).await
            }),
            QueueCommand::Other(words) => Err(not_yet::refuse("queue", &words)),
        }
    }
}

/// Does one thing to each, says what became of it, and fails in the end if it did of any: one that
/// can't be changed keeps no other from it.
async fn each<E: std::error::Error + Send + Sync + 'static>(
    house: &House,
    out: &mut impl Write,
    ids: &[Named],
    done: &str,
    doing: impl AsyncFn(DeliveryId) -> Result<Intervention, E>,
) -> anyhow::Result<()> {
    let mut refused = Vec::new();
    for id in ids {
        let delivery = match id.find(house).await {
            Ok(delivery) => delivery,
            Err(error) => {
                refused.push(error.to_string());
                continue;
            }
        };
        match doing(delivery).await? {
            Intervention::Done => writeln!(out, "{delivery} {done}")?,
            Intervention::Sending => refused.push(format!(
                "{delivery} is being attempted just now; nothing was changed, try again when that has ended"
            )),
            Intervention::Over(state) => {
                refused.push(format!("{delivery} is {state}: nothing more will happen to it"));
            }
            Intervention::Unknown => refused.push(format!("there is no delivery {delivery}")),
        }
    }
    if refused.is_empty() { Ok(()) } else { bail!(refused.join("\n")) }
}

/// How long a delivery has been under way, or was, in seconds.
fn age(row: &QueueRow, now: Timestamp) -> u64 {
    row.finished_at.unwrap_or(now).since(row.created_at).as_secs()
}

fn as_object(
    row: &QueueRow,
    addresses: bool,
    now: Timestamp,
) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
    let serde_json::Value::Object(mut object) = serde_json::to_value(row)? else {
        bail!("a delivery is no object");
    };
    object.insert("age_seconds".to_owned(), age(row, now).into());
    if addresses {
        object.insert("recipient".to_owned(), row.recipient.reveal().into());
        object.insert(
            "envelope_from".to_owned(),
            row.envelope_from.as_ref().map(ToString::to_string).into(),
        );
    }
    Ok(object)
}

fn line(
    out: &mut impl Write,
    row: &QueueRow,
    addresses: bool,
    now: Timestamp,
) -> anyhow::Result<()> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let order = or_dash(row.order.as_ref().map(ToString::to_string));
    let seller = or_dash(row.seller.as_ref().map(ToString::to_string));
    let buyer = or_dash(row.buyer.as_ref().map(ToString::to_string));
    let direction = or_dash(row.direction.map(|d| d.to_string()));
    let next = or_dash(row.row.next_attempt_at.map(|t| t.to_string()));
    let reply = row.row.last_reply.as_deref().unwrap_or("-");
    let QueueRow { delivery, message, row: state, .. } = row;
    write!(
        out,
        "{delivery}\t{message}\t{order}\t{seller}\t{buyer}\t{direction}\t{}\t{}\t{next}\t{}s\t{reply}",
        state.state,
        state.attempts,
        age(row, now)
    )?;
    if addresses {
        write!(out, "\t{}", row.recipient.reveal())?;
    }
    writeln!(out)?;
    Ok(())
}

fn print(out: &mut impl Write, row: &QueueRow, attempts: &[AttemptDetail]) -> anyhow::Result<()> {
    writeln!(out, "made at     {}", row.created_at)?;
    match row.finished_at {
        Some(end) => writeln!(out, "ended at    {end}")?,
        None => writeln!(out, "gives up at {}", row.give_up_at)?,
    }
    for attempt in attempts {
        let AttemptDetail { started_at, ended_at, result, stage, reply } = attempt;
        let millis = ended_at.since(*started_at).as_millis();
        writeln!(out, "attempt     {started_at}  {result}  after {millis} ms at {stage}: {reply}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_named_by_its_number_or_by_its_message() {
        let message = MessageId::from_random([0; 10]).to_string();
        assert!(matches!("d17".parse(), Ok(Named::Delivery(DeliveryId(17)))));
        assert!(matches!("17".parse(), Ok(Named::Delivery(DeliveryId(17)))));
        assert!(matches!(message.parse(), Ok(Named::Message(_))));
        let said = "lamp".parse::<Named>().unwrap_err();
        assert!(said.contains("such as d17"), "{said}");
    }
}
