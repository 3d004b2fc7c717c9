//! The mail of `bauta doctor --send-test`: to somebody who looks whether it arrives, and how.

use super::compose::{ComposeError, Headers};
use super::thread::ThreadHeaders;
use crate::domain::{AliasAddress, MsgId, RealAddress, Timestamp};
use crate::mail::Automatic;

const TEXT: &str = "\
This is a test of the mail system of {marketplace}.

If it lies among the unwanted mail, or not where it was sent, run `bauta doctor` again and mend
what it finds. Its header Authentication-Results, which the receiving system writes, should say
spf=pass, dkim=pass and dmarc=pass.
";

/// Writes it: from the postmaster at the alias domain, as our notices are.
///
/// # Errors
/// It could not be written.
pub fn compose_test_mail(
    marketplace: &str,
    alias_domain: &str,
    to: &RealAddress,
    msg_id: &MsgId,
    date: Timestamp,
) -> Result<Vec<u8>, ComposeError> {
    let headers = Headers {
        name: marketplace,
        from: &AliasAddress::new("postmaster", alias_domain),
        subject: "Test of the mail system",
        date,
        automatic: Automatic::Generated,
    };
    let text = TEXT.replace("{marketplace}", marketplace);
    headers.write(&to.reveal_for_mail(), msg_id, &ThreadHeaders::default(), &text)
}
