//! Mail written afresh: nothing outside this room ever writes a header.
//!
//! Flow: [`compose`] takes a [`Plan`] (what was admitted, judged and read) and writes two mails
//! from it: the outgoing one for the recipient's real address, and the view of it that names aliases
//! only; [`sender_view`] writes what the sender may read again. Thread ids are mapped in [`thread`], the sender's own contacts are masked in `mask`, the
//! block below the text is made and recognised in [`frame`]; HTML is written in `html`, and the parts
//! of a mail are put together in `body`; our own mail is [`notice`]; every sentence to people is in
//! `texts`, `notice_texts`, `review_texts` and, per rule, `rule_texts`.
//! Invariant: by allow-list. What was not understood and allowed is not there; two drafts of the
//! same plan are the same bytes.
//! Logs: nothing.

mod address_texts;
mod body;
mod carried;
mod compose;
pub mod dkim;
mod draft;
mod edit;
mod file_name;
pub mod frame;
mod html;
mod mask;
pub mod notice;
mod notice_texts;
mod original;
mod review_texts;
mod rule_texts;
mod test_mail;
#[cfg(test)]
mod tests;
mod texts;
pub mod thread;

pub use carried::{Carried, Luggage, pack};
pub use compose::{ComposeError, Plan, compose, sender_view, shown_name};
pub use draft::{Changes, Draft};
pub use edit::{Change, Why};
pub use notice::{AccountNotice, Counted, Notice, NoticePlan, Reason, compose_notice};
pub use original::{without_card_numbers, without_numbers};
pub use rule_texts::{
    RuleText, all_in_ascii, in_ascii, language_of_replies, line_text, more_text, own_text,
    place_text, rule_text, spelled,
};
pub use test_mail::compose_test_mail;
