//! The keys of `[dkim]`, and how one is made.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::{PrivateKey, PublicKey};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// Bits of an RSA key: RFC 8301 §3.2 asks for 1024 at least and 2048 as a rule; larger ones do not
/// fit into the DNS of everybody.
const BITS: usize = 2048;

/// `[dkim]`: how outgoing mail is signed.
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The RSA key, and the Ed25519 key where there is one: each makes a signature.
    pub keys: Vec<DkimKey>,
}

/// A key and where the DNS has its public half.
#[derive(Debug, Clone)]
pub struct DkimKey {
    /// `SELECTOR._domainkey.DOMAIN`
    pub selector: String,
    /// The key.
    pub secret: DkimSecret,
}

/// A private key.
#[derive(Clone)]
pub enum DkimSecret {
    /// RFC 6376 §3.3.1: rsa-sha256.
    Rsa(Arc<RsaKeyPair>),
    /// RFC 8463: ed25519-sha256.
    Ed25519(Arc<Ed25519KeyPair>),
}

impl fmt::Debug for DkimSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "an RSA key",
            Self::Ed25519(_) => "an Ed25519 key",
        })
    }
}

impl DkimKey {
    /// The text of its DNS record.
    ///
    /// # Errors
    /// The public half can't be written.
    pub fn record(&self) -> Result<String, String> {
        let kind = match &self.secret {
            DkimSecret::Rsa(_) => "rsa",
            DkimSecret::Ed25519(_) => "ed25519",
        };
        Ok(format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&self.public()?)))
    }

    /// Whether these octets, as a DNS record shows them, are its public half. An RSA key is shown
    /// in either of two forms (RFC 6376 §3.6.1 names one, everybody writes the other).
    pub fn shows(&self, octets: &[u8]) -> bool {
        let short = match &self.secret {
            DkimSecret::Rsa(key) => key.public().as_ref() == octets,
            DkimSecret::Ed25519(_) => false,
        };
        short || self.public().is_ok_and(|whole| whole == octets)
    }

    fn public(&self) -> Result<Vec<u8>, String> {
        match &self.secret {
            DkimSecret::Rsa(key) => {
                let wrong =
                    |error: &dyn fmt::Display| format!("the RSA key has no public half: {error}");
                let public = PublicKey::from_pkcs1_der(key.public().as_ref());
                let public = public.map_err(|error| wrong(&error))?;
                let der = public.to_public_key_der().map_err(|error| wrong(&error))?;
                Ok(der.as_bytes().to_vec())
            }
            DkimSecret::Ed25519(key) => Ok(key.public_key().as_ref().to_vec()),
        }
    }
}

/// What kind of key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DkimAlgorithm {
    /// Understood by everybody.
    Rsa,
    /// Short and quick; some receivers report its signatures as failed.
    Ed25519,
}

/// Reads a key of this kind from a PEM file.
///
/// # Errors
/// What is wrong with the file, without a word of it.
pub(super) fn read(path: &Path, algorithm: DkimAlgorithm) -> Result<DkimSecret, String> {
    let der = PrivateKeyDer::from_pem_file(path).map_err(|_| {
        "no unencrypted private key in PEM can be read from it; `bauta dkim rotate` makes one"
            .to_owned()
    })?;
    let wrong = |error: ring::error::KeyRejected| format!("is not usable as a key: {error}");
    match (algorithm, &der) {
        (DkimAlgorithm::Rsa, PrivateKeyDer::Pkcs8(der)) => {
            let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(wrong)?;
            Ok(DkimSecret::Rsa(Arc::new(key)))
        }
        (DkimAlgorithm::Rsa, PrivateKeyDer::Pkcs1(der)) => {
            let key = RsaKeyPair::from_der(der.secret_pkcs1_der()).map_err(wrong)?;
            Ok(DkimSecret::Rsa(Arc::new(key)))
        }
        (DkimAlgorithm::Ed25519, PrivateKeyDer::Pkcs8(der)) => {
            let der = der.secret_pkcs8_der();
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(wrong)?;
            Ok(DkimSecret::Ed25519(Arc::new(key)))
        }
        _ => Err("holds a key of another kind".to_owned()),
    }
}

/// Makes a key, writes it to a new file that only its owner reads, and gives the text of its DNS
/// record.
///
/// # Errors
/// The file is there already or can't be written, or no key could be made.
pub fn make_dkim_key(path: &Path, algorithm: DkimAlgorithm) -> Result<String, String> {
    let (pem, record) = match algorithm {
        DkimAlgorithm::Rsa => make_rsa()?,
        DkimAlgorithm::Ed25519 => make_ed25519()?,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    file.write_all(pem.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(record)
}

/// The system's random numbers.
struct System;

impl TryRng for System {
    type Error = getrandom::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        getrandom::u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        getrandom::u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        getrandom::fill(bytes)
    }
}

impl TryCryptoRng for System {}

fn make_rsa() -> Result<(String, String), String> {
    let told = |error: &dyn fmt::Display| format!("no RSA key could be made: {error}");
    let key = PrivateKey::new(&mut System, BITS).map_err(|error| told(&error))?;
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| told(&error))?;
    let public = key.to_public_key().to_public_key_der().map_err(|error| told(&error))?;
    let record = format!("v=DKIM1; k=rsa; p={}", BASE64.encode(public.as_bytes()));
    Ok((pem.to_string(), record))
}

fn make_ed25519() -> Result<(String, String), String> {
    let told = |_| "no Ed25519 key could be made".to_owned();
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(told)?;
    let key = Ed25519KeyPair::from_pkcs8(der.as_ref())
        .map_err(|error| format!("no Ed25519 key could be made: {error}"))?;
    let text = BASE64.encode(der.as_ref());
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    let record = format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(key.public_key().as_ref()));
    Ok((pem, record))
}
