//! Bauta: a self-hosted mail relay for marketplaces. A buyer and a seller write to each other from
//! their ordinary mail programs; each sees only an alias of the other.
//!
//! Where to begin reading: [`relay`] is the spine, the stations in the order in which a mail meets
//! them; [`domain`] has the words; [`app`] builds everything.

pub mod alias;
pub mod app;
pub mod bounce;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod dns;
pub mod domain;
pub mod evidence;
pub mod inspect;
pub mod leak;
pub mod mail;
pub mod market;
pub mod policy;
pub mod relay;
pub mod rewrite;
pub mod search;
pub mod sender;
pub mod smtp;
pub mod store;
pub mod web;
