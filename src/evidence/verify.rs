//! Checking an export, by whoever got it: needs nothing but the folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::chain::{NOTHING, PARTS, Salt, leaf, link};
use super::export::sha256;
use super::key::is_signed;
use super::manifest::{FORMAT, Item, Kept, Manifest, read_hash};
use super::tree::climb;

/// An export that is larger than this is none of ours.
const LARGEST: u64 = 4 << 30;

/// Why an export proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It can't be read.
    #[error("{path}: {source}")]
    Io {
        /// What was read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is no export, or not of this version.
    #[error("it is no export of Bauta that this version knows: {0}")]
    Foreign(String),
    /// It was changed.
    #[error("{0}")]
    Broken(String),
}

/// What was found to be whole.
#[derive(Debug, Clone)]
pub struct Verified {
    /// What it says about itself.
    pub manifest: Manifest,
    /// Items of which something is here.
    pub here: usize,
    /// Items of which only hashes are left.
    pub expired: usize,
    /// Items that this side may not see.
    pub withheld: usize,
    /// Roots that it leads to: to be compared with those that were logged.
    pub roots: BTreeMap<String, String>,
}

/// Checks a folder or a zip: the signature, every file, every link of the chain, every way to a
/// day's root. `key`: the marketplace's public key, learnt from elsewhere; without it only the key
/// in the export itself is asked, which whoever made it chose.
///
/// # Errors
/// What is wrong.
pub fn verify(path: &Path, key: Option<&str>) -> Result<Verified, VerifyError> {
    let files = read(path).map_err(|source| VerifyError::Io { path: path.to_owned(), source })?;
    let broken = |what: &str| Err(VerifyError::Broken(what.to_owned()));
    let foreign = |what: &str| VerifyError::Foreign(what.to_owned());
    let text = files.get("manifest.json").ok_or_else(|| foreign("manifest.json is missing"))?;
    let signature = files.get("manifest.sig").ok_or_else(|| foreign("manifest.sig is missing"))?;
    let signature = String::from_utf8_lossy(signature);
    let manifest: Manifest =
        serde_json::from_slice(text).map_err(|error| foreign(&error.to_string()))?;
    if manifest.format != FORMAT {
        return Err(foreign(&format!("its format is {:?}", manifest.format)));
    }
    if key.is_some_and(|key| key.trim() != manifest.public_key) {
        return broken("it is signed with another key than the one you named");
    }
    if !is_signed(&manifest.public_key, text, &signature) {
        return broken("the signature does not fit manifest.json: one of them was changed");
    }
    for (name, expected) in &manifest.files {
        match files.get(name) {
            None => return broken(&format!("{name} is missing")),
            Some(bytes) if sha256(bytes) != *expected => {
                return broken(&format!("{name} was changed"));
            }
            Some(_) => {}
        }
    }
    let listed = |name: &String| {
        manifest.files.contains_key(name) || ["manifest.json", "manifest.sig"].contains(&&name[..])
    };
    if let Some(name) = files.keys().find(|name| !listed(name)) {
        return broken(&format!("{name} was added"));
    }
    let mut verified =
        Verified { manifest, here: 0, expired: 0, withheld: 0, roots: BTreeMap::new() };
    let mut previous = NOTHING;
    for (place, item) in (1..).zip(&verified.manifest.items) {
        let wrong = |what: &str| VerifyError::Broken(format!("item {place}: {what}"));
        if item.position != place {
            return Err(wrong("a link of the chain is missing before it"));
        }
        let bound = read_hash(&item.leaf).ok_or_else(|| wrong("its leaf is no hash"))?;
        let hash = link(&previous, &item.message, &item.what, item.at, &bound);
        if read_hash(&item.hash) != Some(hash) {
            return Err(wrong("its hash does not follow from the one before"));
        }
        previous = hash;
        check_parts(item, &files).map_err(|what| wrong(&what))?;
        match item.kept {
            Kept::Here => verified.here += 1,
            Kept::Expired => verified.expired += 1,
            Kept::Withheld => verified.withheld += 1,
        }
        if let Some(day) = &item.day {
            let steps = day.steps().ok_or_else(|| wrong("its way to the root can't be read"))?;
            if read_hash(&day.root) != Some(climb(&hash, &steps)) {
                return Err(wrong("it does not lead to its day's root"));
            }
            verified.roots.insert(day.date.clone(), day.root.clone());
        }
    }
    Ok(verified)
}

fn check_parts(item: &Item, files: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    let Some(commitments) = &item.commitments else {
        return match item.parts.is_empty() {
            true => Ok(()),
            false => Err("its parts are bound by nothing".to_owned()),
        };
    };
    let mut hashes = [None; 6];
    for (to, part) in hashes.iter_mut().zip(PARTS) {
        *to = match commitments.get(part) {
            Some(Some(hex)) => Some(read_hash(hex).ok_or("what binds it is no hash")?),
            Some(None) => None,
            None => return Err(format!("what binds its {part} is missing")),
        };
    }
    if read_hash(&item.leaf) != Some(leaf(&hashes)) {
        return Err("its parts are not those that were archived".to_owned());
    }
    for (part, disclosed) in &item.parts {
        let bytes = files.get(&disclosed.file).ok_or(format!("{} is missing", disclosed.file))?;
        let salt = HEXLOWER.decode(disclosed.salt.as_bytes()).ok();
        let salt = salt.and_then(|s| s.try_into().ok()).ok_or("a salt can't be read")?;
        let place = PARTS.iter().position(|name| name == part);
        let expected = place.and_then(|place| hashes.get(place).copied().flatten());
        if expected != Some(Salt(salt).commit(bytes)) {
            return Err(format!("its {part} is not the one that was archived"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    if fs::metadata(path)?.is_file() {
        return read_zip(path);
    }
    let mut files = BTreeMap::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let found = entry?.path();
            if found.is_dir() {
                folders.push(found);
                continue;
            }
            let name = found.strip_prefix(path).unwrap_or(&found).to_string_lossy().into_owned();
            files.insert(name, fs::read(&found)?);
        }
    }
    Ok(files)
}

fn read_zip(path: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut zip = zip::ZipArchive::new(File::open(path)?)?;
    let mut files = BTreeMap::new();
    let mut left = LARGEST;
    for n in 0..zip.len() {
        let file = zip.by_index(n)?;
        let name = file.name().to_owned();
        let mut bytes = Vec::new();
        file.take(left).read_to_end(&mut bytes)?;
        left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        files.insert(name, bytes);
    }
    Ok(files)
}
