//! The versions of the alias key and the file that keeps them.
//!
//! The file has a line for each version, `VERSION HEX` (64 hexadecimal digits), the newest last.
//! Old versions stay for ever: an alias that was once given out goes on working.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Why a key file can't be used or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("alias keys {path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not `VERSION HEX`.
    #[error("alias keys {path}, line {line}: not a version and 64 hexadecimal digits")]
    Line {
        /// Which file.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// No key in it.
    #[error("alias keys {path}: the file holds no key")]
    Empty {
        /// Which file.
        path: String,
    },
    /// The machine gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// All versions of the alias key, and the domain that aliases live in.
#[derive(Clone)]
pub struct Keyring {
    pub(super) domain: String,
    keys: BTreeMap<u32, [u8; 32]>,
    /// Made of the oldest key, once: each mail asks for both several times.
    pub(super) derived: Derived,
}

/// Keys that are made of the oldest one.
#[derive(Clone, Default)]
pub(super) struct Derived {
    pub words: OnceLock<[u8; 16]>,
    pub sightings: OnceLock<[u8; 16]>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({}, {} keys)", self.domain, self.keys.len())
    }
}

impl Keyring {
    /// A ring with one new random key, version 1, not yet in any file.
    pub fn generate(domain: &str) -> Result<Self, KeyError> {
        let mut ring = Self {
            domain: domain.to_ascii_lowercase(),
            keys: BTreeMap::new(),
            derived: Derived::default(),
        };
        ring.rotate()?;
        Ok(ring)
    }

    /// A ring with a fixed key: for tests that must see the same alias every time.
    pub fn fixed(domain: &str, key: [u8; 32]) -> Self {
        let (domain, keys) = (domain.to_ascii_lowercase(), BTreeMap::from([(1, key)]));
        Self { domain, keys, derived: Derived::default() }
    }

    /// Adds a new random version: pairs named from now on get it, old aliases go on working.
    pub fn rotate(&mut self) -> Result<u32, KeyError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(KeyError::Random)?;
        let version = self.newest().saturating_add(1);
        self.keys.insert(version, key);
        self.derived = Derived::default();
        Ok(version)
    }

    /// The newest version; 0 in an empty ring, which exists only while it is being made.
    pub fn newest(&self) -> u32 {
        self.keys.keys().next_back().copied().unwrap_or(0)
    }

    /// Reads the key file.
    pub fn load(path: &Path, domain: &str) -> Result<Self, KeyError> {
        let shown = || path.display().to_string();
        let text =
            fs::read_to_string(path).map_err(|source| KeyError::File { path: shown(), source })?;
        let mut keys = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let parsed = line.split_once(' ').and_then(|(version, hex)| {
                let key = HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes()).ok()?;
                Some((version.parse::<u32>().ok()?, <[u8; 32]>::try_from(key).ok()?))
            });
            match parsed {
                Some((version, key)) if version > 0 && keys.insert(version, key).is_none() => {}
                _ => return Err(KeyError::Line { path: shown(), line: number + 1 }),
            }
        }
        if keys.is_empty() {
            return Err(KeyError::Empty { path: shown() });
        }
        Ok(Self { domain: domain.to_ascii_lowercase(), keys, derived: Derived::default() })
    }

    /// Writes the key file for the first time; an existing file is never replaced (PRODUCT §11).
    /// A crash leaves no file or the whole one.
    pub fn create(&self, path: &Path) -> Result<(), KeyError> {
        let beside = path.with_extension("new");
        let failed = |source| KeyError::File { path: path.display().to_string(), source };
        self.write_beside(&beside).map_err(failed)?;
        // A link, for a rename would replace what is there.
        fs::hard_link(&beside, path).map_err(failed)?;
        fs::remove_file(&beside).and_then(|()| sync_folder(path)).map_err(failed)
    }

    /// Replaces the key file by one with all versions, in one step: a crash leaves the old or the
    /// new one.
    pub fn replace(&self, path: &Path) -> Result<(), KeyError> {
        let beside = path.with_extension("new");
        let failed = |source| KeyError::File { path: path.display().to_string(), source };
        self.write_beside(&beside).and_then(|()| fs::rename(&beside, path)).map_err(failed)?;
        sync_folder(path).map_err(failed)
    }

    /// Writes all versions to a new file, in place of one that a crash left.
    fn write_beside(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut text = String::new();
        for (version, key) in &self.keys {
            let _ = writeln!(text, "{version} {}", HEXLOWER_PERMISSIVE.encode(key));
        }
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    /// HMAC-SHA-256 (RFC 2104) under one version; nothing where that version isn't held.
    pub(super) fn mac(&self, version: u32, parts: &[&[u8]]) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.keys.get(&version)?).ok()?;
        for part in parts {
            // Lengths stand before the parts, so that ("ab","c") and ("a","bc") differ.
            mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().into())
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = u32> + '_ {
        self.keys.keys().rev().copied()
    }
}

/// A new name in a folder is only safe once the folder itself is synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_read_as_it_was_written_and_never_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alias.keys");
        let mut ring = Keyring::generate("relay.example").unwrap();
        ring.create(&path).unwrap();
        assert!(ring.create(&path).is_err(), "a second create must not replace the keys");

        assert_eq!(ring.rotate().unwrap(), 2);
        ring.replace(&path).unwrap();
        let read = Keyring::load(&path, "relay.example").unwrap();
        assert_eq!(read.newest(), 2);
        assert_eq!(read.mac(1, &[b"x"]), ring.mac(1, &[b"x"]));
        assert_ne!(read.mac(1, &[b"x"]), read.mac(2, &[b"x"]));
    }

    #[test]
    fn what_a_crash_left_of_a_key_file_stands_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alias.keys");
        fs::write(folder.path().join("alias.new"), "1 ab").unwrap();
        Keyring::generate("relay.example").unwrap().create(&path).unwrap();
        Keyring::load(&path, "relay.example").unwrap();
        assert!(!folder.path().join("alias.new").exists());
    }

    #[test]
    fn a_damaged_key_file_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alias.keys");
        for (text, expected) in [("", "holds no key"), ("1 abc\n", "line 1"), ("x\n", "line 1")] {
            fs::write(&path, text).unwrap();
            let error = Keyring::load(&path, "relay.example").unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
