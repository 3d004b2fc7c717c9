//! The key that exports are signed with: Ed25519 (RFC 8032).

use data_encoding::BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// Signs what is exported.
pub struct EvidenceKey(Ed25519KeyPair);

impl std::fmt::Debug for EvidenceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EvidenceKey({})", self.public())
    }
}

impl EvidenceKey {
    /// From 32 secret bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// The public half, in base64: for those who verify.
    pub fn public(&self) -> String {
        BASE64.encode(self.0.public_key().as_ref())
    }

    /// The signature of these bytes, in base64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        BASE64.encode(self.0.sign(bytes).as_ref())
    }
}

/// Whether whoever has the private half of this key signed these bytes.
pub(super) fn is_signed(public: &str, bytes: &[u8], signature: &str) -> bool {
    let decoded = |text: &str| BASE64.decode(text.trim().as_bytes()).ok();
    let (Some(public), Some(signature)) = (decoded(public), decoded(signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, public).verify(bytes, &signature).is_ok()
}
