//! What the demo prints.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;

use super::market::{BUYERS, Deal, Market, Person, SELLERS};
use crate::mail;
use crate::smtp::Received;

const RULE: &str = "----------------------------------------------------------------------";

/// Who there is, what they can write, and what to paste.
pub(super) fn welcome(
    out: &mut impl Write,
    market: &Market,
    smtp: SocketAddr,
    config: &Path,
) -> io::Result<()> {
    writeln!(out, "Bauta stands between the buyers and sellers of \"Lumo Market\".")?;
    writeln!(out, "They write to each other by mail; each sees only an alias of the other.\n")?;
    people(out, "Sellers", &SELLERS)?;
    people(out, "Buyers", &BUYERS)?;
    writeln!(out, "Orders and their aliases")?;
    for deal in &market.deals {
        let Deal { order, item, seller, buyer, seller_alias, buyer_alias } = deal;
        writeln!(out, "  {order}  {item}: {} buys from {}", buyer.name, seller.name)?;
        writeln!(out, "      {} is for the buyer   {seller_alias}", seller.name)?;
        writeln!(out, "      {} is for the seller  {buyer_alias}", buyer.name)?;
    }
    writeln!(out, "\nPaste into another terminal:")?;
    for deal in market.deals.iter().take(2) {
        let (from_buyer, from_seller) = (deal.buyer.address, deal.seller.address);
        let to_seller = deal.seller_alias.with_tag(&deal.order.to_lowercase());
        let to_buyer = deal.buyer_alias.with_tag(&deal.order.to_lowercase());
        let (buyer, seller) = (deal.buyer.name, deal.seller.name);
        writeln!(out, "\n  # {buyer} writes to {seller} about order {}", deal.order)?;
        let text = "When does it arrive? You can ring me: +44 20 7946 0958";
        writeln!(out, "  {}", swaks(smtp, from_buyer, &to_seller.to_string(), deal.item, text))?;
        writeln!(out, "  # {seller} writes to {buyer}, with what the policy does not let through")?;
        let text = "On Thursday. Write me at sales@lamps.example or see www.lamps.example";
        writeln!(out, "  {}", swaks(smtp, from_seller, &to_buyer.to_string(), deal.item, text))?;
    }
    writeln!(out, "\n  # look into the archive, beside the running relay")?;
    writeln!(out, "  bauta --config {} message list", config.display())?;
    writeln!(out, "\nSMTP        {smtp}")?;
    writeln!(out, "Web         the Message Center is not in this version")?;
    writeln!(out, "Config      {}", config.display())?;
    writeln!(out, "\nEvery mail that reaches the outside world is shown below. Ctrl-C stops.\n")?;
    out.flush()
}

fn people(out: &mut impl Write, title: &str, people: &[Person]) -> io::Result<()> {
    writeln!(out, "{title}")?;
    for Person { id, name, address, language } in people {
        writeln!(out, "  {id}  {name:<12} {address:<26} {language}")?;
    }
    writeln!(out)
}

/// A line that works when it is pasted into a POSIX shell.
fn swaks(smtp: SocketAddr, from: &str, to: &str, subject: &str, text: &str) -> String {
    format!(
        "swaks --server {smtp} --from {from} --to {to} --header 'Subject: {subject}' --body '{text}'"
    )
}

/// One mail that reached the sink, and how its reader answers.
pub(super) fn delivered(
    out: &mut impl Write,
    market: &Market,
    smtp: SocketAddr,
    mail: &Received,
) -> io::Result<()> {
    // Our own notices have the null reverse-path; nobody answers them.
    let is_notice = mail.mail_from.is_empty();
    let what = if is_notice { "Notice to" } else { "Delivered to" };
    writeln!(out, "{RULE}\n{what} {}", mail.recipients.join(", "))?;
    write_mail(out, &mail.bytes)?;
    let read = mail::read(&mail.bytes);
    let reader = mail.recipients.first().map(String::as_str).unwrap_or_default();
    let known = !is_notice
        && market.deals.iter().any(|d| d.buyer.address == reader || d.seller.address == reader);
    if let (true, Some(from), Some(id)) = (known, read.from.first(), &read.msg_id) {
        let subject = format!("Re: {}", read.subject.trim_start_matches("Re: ")).replace('\'', "");
        let answer = swaks(smtp, reader, &from.address, &subject, "Thank you!");
        writeln!(
            out,
            "\nTo answer as its reader:\n  {answer} --header 'In-Reply-To: <{}>'",
            id.as_str()
        )?;
    }
    writeln!(out, "{RULE}\n")?;
    out.flush()
}

/// A mail as it is, with its text decoded.
pub(super) fn write_mail(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let text = String::from_utf8_lossy(bytes);
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    for line in header.lines() {
        writeln!(out, "  | {line}")?;
    }
    writeln!(out, "  |")?;
    for line in mail::read(bytes).text.body.lines() {
        writeln!(out, "  | {line}")?;
    }
    Ok(())
}
