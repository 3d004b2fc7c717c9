//! What an export says about itself, as its `manifest.json` has it.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::tree::Step;

/// The form of this version.
pub(super) const FORMAT: &str = "bauta-evidence-1";

/// Everything that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `bauta-evidence-1`.
    pub format: String,
    /// Whose archive it is from.
    pub marketplace: String,
    /// Which order.
    pub order: String,
    /// `seller`, `buyer` or `authority`.
    pub exported_for: String,
    /// When, RFC 3339.
    pub exported_at: String,
    /// The key that signs, in base64.
    pub public_key: String,
    /// The conversation's chain from its beginning.
    pub items: Vec<Item>,
    /// Every file but `manifest.json` and `manifest.sig`, with its SHA-256.
    pub files: BTreeMap<String, String>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Counted from 1.
    pub position: i64,
    /// Our id of the message.
    pub message: String,
    /// `accepted`, `held`, `released` or `rejected`.
    pub what: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// What it binds, in hexadecimal.
    pub leaf: String,
    /// Bound to the link before.
    pub hash: String,
    /// What is here of it.
    pub kept: Kept,
    /// What binds each part of the message (`null`: it has none), where some of it is here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commitments: Option<BTreeMap<String, Option<String>>>,
    /// The parts that are here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub parts: BTreeMap<String, Disclosed>,
    /// The day's root, which was logged when that day was over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub day: Option<Day>,
}

/// What an export holds of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// Some or all of its parts.
    Here,
    /// Only hashes: its time was over, and it was erased.
    Expired,
    /// Only hashes: this side may not see it.
    Withheld,
}

/// A part of a message that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosed {
    /// Its file.
    pub file: String,
    /// With which it was bound, in hexadecimal.
    pub salt: String,
}

/// A day's root, and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// `2026-11-23`, UTC.
    pub date: String,
    /// In hexadecimal.
    pub root: String,
    /// `left:HEX` or `right:HEX`, from the link up.
    pub path: Vec<String>,
}

impl Day {
    /// Of a link with these steps.
    pub fn new(date: String, root: &Hash, steps: &[Step]) -> Self {
        let step = |step: &Step| {
            let side = if step.left { "left" } else { "right" };
            format!("{side}:{}", HEXLOWER.encode(&step.neighbour))
        };
        Self { date, root: HEXLOWER.encode(root), path: steps.iter().map(step).collect() }
    }

    pub(super) fn steps(&self) -> Option<Vec<Step>> {
        let step = |text: &String| {
            let (side, hex) = text.split_once(':')?;
            let left = match side {
                "left" => true,
                "right" => false,
                _ => return None,
            };
            Some(Step { left, neighbour: read_hash(hex)? })
        };
        self.path.iter().map(step).collect()
    }
}

/// 64 hexadecimal digits.
pub(super) fn read_hash(hex: &str) -> Option<Hash> {
    Hash::try_from(HEXLOWER.decode(hex.as_bytes()).ok()?).ok()
}
