//! The proof of a sender.

use std::net::{IpAddr, Ipv6Addr};

use crate::config::Network;
use crate::domain::RealAddress;
use crate::mail::Message;

/// What a session knows about the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    address: IpAddr,
    trusted: bool,
}

impl Peer {
    /// A peer, held against `smtp.trusted_networks`.
    pub fn new(address: IpAddr, trusted: &[Network]) -> Self {
        let address = address.to_canonical();
        Self { address, trusted: trusted.iter().any(|n| n.contains(address)) }
    }

    /// Its address; IPv4 where it is that.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The network that it stands for: one household of IPv6 has a /64, of IPv4 an address.
    pub fn network(self) -> IpAddr {
        match self.address {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 => v4,
        }
    }

    /// Whether its word about the sender is taken.
    pub fn is_trusted(self) -> bool {
        self.trusted
    }
}

/// Who a mail is from, and how that was proved.
#[derive(Debug, Clone)]
pub struct Proof {
    address: RealAddress,
    how: String,
}

impl Proof {
    /// The one address of `From:`.
    pub fn address(&self) -> &RealAddress {
        &self.address
    }

    /// How it was proved, for the archive: `trusted peer 127.0.0.1`.
    pub fn how(&self) -> &str {
        &self.how
    }
}

/// Why there is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// The peer is not one whose word is taken.
    #[error("the peer is in no trusted network")]
    Peer,
    /// `From:` is missing, or holds no or several addresses, or one that is none.
    #[error("From: does not hold exactly one address")]
    From,
}

/// Proves the sender of a message (PRODUCT §4).
pub fn prove(peer: Peer, message: &Message) -> Result<Proof, Unproved> {
    if !peer.trusted {
        return Err(Unproved::Peer);
    }
    let [mailbox] = message.from.as_slice() else { return Err(Unproved::From) };
    let address = mailbox.address.parse().map_err(|_| Unproved::From)?;
    Ok(Proof { address, how: format!("trusted peer {}", peer.address) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Mailbox;

    fn message(from: &[&str]) -> Message {
        let from = from.iter().map(|a| Mailbox { name: None, address: (*a).to_owned() }).collect();
        Message { from, ..Message::default() }
    }

    #[test]
    fn a_trusted_peer_proves_exactly_one_address() {
        let trusted = ["127.0.0.0/8".parse().unwrap()];
        let peer = Peer::new("127.0.0.1".parse().unwrap(), &trusted);
        let stranger = Peer::new("192.0.2.1".parse().unwrap(), &trusted);
        for (peer, from, expected) in [
            (peer, &["jane@mail.example"][..], Ok("jane@mail.example".to_owned())),
            (stranger, &["jane@mail.example"], Err(Unproved::Peer)),
            (peer, &[], Err(Unproved::From)),
            (peer, &["a@x.example", "b@x.example"], Err(Unproved::From)),
            (peer, &["not an address"], Err(Unproved::From)),
        ] {
            let found = prove(peer, &message(from)).map(|p| p.address().reveal());
            assert_eq!(found, expected, "{from:?}");
        }
    }
}
