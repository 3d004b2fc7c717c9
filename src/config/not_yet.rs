//! What PRODUCT names and this version does not have: refused as such, never faked.

/// Keys and whole tables that the product has and this version does not (PRODUCT §4 to §11).
pub(super) const NOT_YET: &[&str] = &["submission", "imap", "http.public_url", "response"];
