//! `bauta demo --once`: a buyer's mail and the seller's answer, before and after.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::mpsc::UnboundedReceiver;

use super::market::Market;
use super::show::write_mail;
use crate::mail;
use crate::smtp::Received;

const PATIENCE: Duration = Duration::from_secs(20);
const PHONE: &str = "+44 20 7946 0958";

pub(super) async fn run(
    smtp: SocketAddr,
    market: &Market,
    delivered: &mut UnboundedReceiver<Received>,
) -> anyhow::Result<()> {
    let mut out = io::stdout();
    let deal = market.deals.first().context("the demo has an order")?;
    let (buyer, seller) = (&deal.buyer, &deal.seller);

    let question = format!(
        "From: {} <{}>\r\nTo: {}\r\nSubject: Order {}: when does it arrive?\r\n\
         Message-ID: <question-1@mail.example>\r\nDate: Mon, 23 Nov 2026 20:15:00 +0100\r\n\
         X-Originating-IP: [192.0.2.44]\r\nUser-Agent: ExampleMail 5.1\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         Hello,\r\n\r\nwhen does my brass lamp arrive? It is a present for Sunday.\r\n\r\n\
         Thank you\r\nJane\r\n\r\n-- \r\nJane Roe\r\njane.roe@mail.example\r\n",
        buyer.name,
        buyer.address,
        deal.seller_alias.with_tag("o1"),
        deal.order,
    );
    writeln!(out, "1. {} writes to {} about order {}.\n", buyer.name, seller.name, deal.order)?;
    let at_seller = pass(
        smtp,
        buyer.address,
        &deal.seller_alias.with_tag("o1").to_string(),
        &question,
        delivered,
    )
    .await?;

    let read = mail::read(&at_seller.bytes);
    let from = read.from.first().context("what was delivered names its sender")?;
    let id = read.msg_id.as_ref().context("what was delivered has an id")?.as_str();
    let quoted: String = read.text.body.lines().map(|l| format!("> {l}\r\n")).collect();
    let answer = format!(
        "From: {} <{}>\r\nTo: {}\r\nSubject: Re: {}\r\n\
         Message-ID: <answer-1@lamps.example>\r\nIn-Reply-To: <{id}>\r\nReferences: <{id}>\r\n\
         Date: Mon, 23 Nov 2026 21:02:00 +0100\r\nX-Mailer: ShopDesk 9\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         Hello Jane,\r\n\r\nit is on the van and will be with you on Thursday. If you miss it, call me\r\n\
         directly: {PHONE}.\r\n\r\nBest wishes\r\nMarta, Lamp Shop\r\n\r\n\
         On Mon, 23 Nov 2026 Jane <{}> wrote:\r\n{quoted}",
        seller.name, seller.address, from.address, read.subject, from.address,
    );
    writeln!(out, "2. {} just hits reply.\n", seller.name)?;
    let at_buyer = pass(smtp, seller.address, &from.address, &answer, delivered).await?;

    check(&at_seller, buyer.address, seller.address)?;
    check(&at_buyer, seller.address, buyer.address)?;
    let text = mail::read(&at_buyer.bytes).text.body;
    ensure!(!text.contains("7946"), "the phone number went through");
    ensure!(text.contains("[removed: phone number]"), "nothing stands where the phone number was");
    writeln!(out, "The phone number is gone, and neither side has seen the other's address.")?;
    writeln!(out, "See more with: bauta demo")?;
    Ok(())
}

/// Sends a mail through the relay's port, waits for it at the sink, and shows both.
async fn pass(
    smtp: SocketAddr,
    from: &str,
    to: &str,
    mail: &str,
    delivered: &mut UnboundedReceiver<Received>,
) -> anyhow::Result<Received> {
    let mut out = io::stdout();
    writeln!(out, "   Before, as {from} sent it:")?;
    write_mail(&mut out, mail.as_bytes())?;
    let reply = send(smtp, from, to, mail).await?;
    let arrived = loop {
        let next = tokio::time::timeout(PATIENCE, delivered.recv())
            .await
            .context("the mail did not reach the sink in time")?
            .context("the sink is closed")?;
        // Our own notices have the null reverse-path.
        if !next.mail_from.is_empty() {
            break next;
        }
    };
    writeln!(out, "\n   {reply}\n\n   After, as {} got it:", arrived.recipients.join(", "))?;
    write_mail(&mut out, &arrived.bytes)?;
    writeln!(out)?;
    Ok(arrived)
}

/// One mail through a real SMTP session; the relay's last reply.
async fn send(smtp: SocketAddr, from: &str, to: &str, mail: &str) -> anyhow::Result<String> {
    let hello = ClientId::Domain("demo.example".to_owned());
    let (from, to): (Address, Address) = (from.parse()?, to.parse()?);
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(smtp, Some(PATIENCE), &hello, None, None).await?;
    connection.command(Mail::new(Some(from), vec![])).await?;
    connection.command(Rcpt::new(to, vec![])).await?;
    connection.command(Data).await?;
    let bytes = mail.strip_suffix("\r\n").unwrap_or(mail);
    let response = connection.message(bytes.as_bytes()).await?;
    connection.quit().await?;
    let words: Vec<&str> = response.message().collect();
    Ok(format!("{} {}", response.code(), words.join(" ")))
}

/// The mail went to its reader and holds no trace of its writer's address.
fn check(mail: &Received, writer: &str, reader: &str) -> anyhow::Result<()> {
    ensure!(mail.recipients == [reader], "the mail went to somebody else");
    let raw = String::from_utf8_lossy(&mail.bytes).to_lowercase();
    let text = mail::read(&mail.bytes).text.body.to_lowercase();
    ensure!(!raw.contains(writer) && !text.contains(writer), "the writer's address went through");
    ensure!(!mail.mail_from.contains(writer), "the envelope names the writer");
    Ok(())
}
