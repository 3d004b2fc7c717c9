//! One TOML file becomes checked, immutable settings.
//!
//! Flow: [`Config::load`] (`load`) → TOML with positions, every key held against the one table of
//! keys (`document`, `keys`) → typed values or noted errors (`reader`, `values`) → `settings`.
//! Invariant: a [`Config`] that exists is complete and consistent; a key that is not known, not
//! in this version, or has a wrong value is an error with file, line and column that says what
//! would be right.
//! Logs: nothing; errors are returned.

mod custom;
mod dkim;
mod document;
mod error;
mod example;
mod key;
mod keys;
mod keys_of_rules;
mod kind;
mod known;
mod ladder;
mod load;
mod not_yet;
mod reader;
mod reload;
mod rules;
mod settings;
mod spelling;
mod tls;
mod values;

pub use custom::CustomRule;
pub use dkim::{Dkim, DkimAlgorithm, DkimKey, DkimSecret, make_dkim_key};
pub use error::{ConfigError, ConfigErrors, Position};
pub use example::{example, starter};
pub use rules::{BUILT_RULES, BuiltRule, built_rule};
pub use settings::{
    Archive, Buyers, Config, Delivery, DeliveryTls, Dns, HideName, Http, KeepFrom, Limits, Market,
    Messages, Mode, Network, OnTimeout, Policy, Preset, RefuseBy, Relay, Review, Route,
    RuleSetting, Sellers, Senders, ShownNameStyle, Smtp, Tls, UnknownAlias, Verify,
};
