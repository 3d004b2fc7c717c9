//! One rung of `account_health.ladder`.

use toml::de::DeValue as Value;

use super::values::{self, Wrong};
use crate::domain::{Rung, StepKind};

/// Reads `{ score = 6, step = "proactive-blocked", for = "14d" }`; `before` is the rung below.
pub(super) fn rung(value: &Value<'_>, before: Option<&Rung>) -> Result<Rung, Wrong> {
    let Value::Table(table) = value else { return Err("holds a rung that is no table".into()) };
    let (mut score, mut step, mut lasts, mut by_person) = (None, None, None, false);
    for (name, value) in table {
        let text =
            || value.get_ref().as_str().ok_or_else(|| format!("{:?} is no text", name.get_ref()));
        match name.get_ref().as_ref() {
            "score" => score = Some(number(value.get_ref())?),
            "step" => step = Some(text()?.parse::<StepKind>()?),
            "for" => lasts = Some(values::duration(text()?)?),
            "by" if text()? == "person" => by_person = true,
            "by" => {
                return Err(format!("by = {:?} is unknown, it can only be \"person\"", text()?));
            }
            other => return Err(format!("{other:?} is unknown in a rung")),
        }
    }
    let score = score.ok_or("a rung has no score")?;
    let step = step.ok_or("a rung has no step")?;
    if before.is_some_and(|below| below.score >= score) {
        return Err(format!("score = {score} is not above the one before"));
    }
    if step == StepKind::Suspended && !by_person {
        return Err("a suspension is decided by a person: by = \"person\" is missing".into());
    }
    if lasts.is_some() && step != StepKind::ProactiveBlocked {
        return Err(format!("{} does not end by itself, so it has no \"for\"", step.as_str()));
    }
    Ok(Rung { score, step, lasts, by_person })
}

fn number(value: &Value<'_>) -> Result<f64, Wrong> {
    let read = match value {
        Value::Integer(number) => number.as_str().parse().ok(),
        Value::Float(number) => number.as_str().parse().ok(),
        _ => None,
    };
    read.filter(|n: &f64| n.is_finite() && *n > 0.0)
        .ok_or_else(|| "score is no number above 0".into())
}
