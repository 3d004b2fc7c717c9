//! Writing a conversation out, as a folder or a zip.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::chain::hash;
use super::key::EvidenceKey;
use super::manifest::{FORMAT, Item, Manifest};

/// Why an export can't be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing is ever replaced.
    #[error("{0} exists already: name a folder or a zip that does not")]
    Exists(PathBuf),
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// What was touched.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// What is exported: its chain and its files.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// Whose archive it is from.
    pub marketplace: String,
    /// Which order.
    pub order: String,
    /// `seller`, `buyer` or `authority`.
    pub exported_for: String,
    /// When, RFC 3339.
    pub exported_at: String,
    /// The chain.
    pub items: Vec<Item>,
    /// Every file, by its path in the export.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Export {
    /// Writes it, signed: a path that ends with `.zip` as one file, else as a folder. Only its owner
    /// reads it.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub fn write(self, path: &Path, key: &EvidenceKey) -> Result<(), ExportError> {
        if path.exists() {
            return Err(ExportError::Exists(path.to_owned()));
        }
        let mut files = self.files;
        let hashes = files.iter().map(|(name, bytes)| (name.clone(), sha256(bytes))).collect();
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            marketplace: self.marketplace,
            order: self.order,
            exported_for: self.exported_for,
            exported_at: self.exported_at,
            public_key: key.public(),
            items: self.items,
            files: hashes,
        };
        let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
        let signature = key.sign(&text);
        files.insert("manifest.json".to_owned(), text);
        files.insert("manifest.sig".to_owned(), format!("{signature}\n").into_bytes());
        let failed = |source| ExportError::Io { path: path.to_owned(), source };
        match path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")) {
            true => write_zip(path, &files).map_err(failed),
            false => write_folder(path, &files).map_err(failed),
        }
    }
}

/// In hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&hash(&[bytes]))
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn write_folder(path: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true).mode(0o700);
    for (name, bytes) in files {
        let path = path.join(name);
        if let Some(folder) = path.parent() {
            folders.create(folder)?;
        }
        let mut file = new_file(&path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    Ok(())
}

fn write_zip(path: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let mut zip = zip::ZipWriter::new(new_file(path)?);
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in files {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    zip.finish()?.sync_all()
}
