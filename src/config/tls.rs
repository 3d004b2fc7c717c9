//! The PEM files of `[tls]`.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

/// Which of the two files is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PemError {
    /// `tls.cert`
    #[error("{0}")]
    Certificate(String),
    /// `tls.key`
    #[error("{0}")]
    Key(String),
}

/// Reads both files and holds them against each other.
pub(super) fn server(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, PemError> {
    let certificates = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| PemError::Certificate(wrong(&why, "certificate")))?;
    if certificates.is_empty() {
        let wrong = wrong(&pem::Error::NoItemsFound, "certificate");
        return Err(PemError::Certificate(wrong));
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|why| PemError::Key(wrong(&why, "unencrypted private key")))?;
    let provider = Arc::new(ring::default_provider());
    provider
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(|_| PemError::Key("the private key is of no kind that is known; write an RSA, ECDSA (P-256, P-384) or Ed25519 key".into()))?;
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(certificates, key));
    match server {
        Ok(server) => Ok(Arc::new(server)),
        Err(Error::InconsistentKeys(_)) => Err(PemError::Key(
            "is not the key of tls.cert; name the key that the certificate was made for".into(),
        )),
        Err(why) => Err(PemError::Certificate(format!("the certificate can't be used: {why}"))),
    }
}

fn wrong(why: &pem::Error, what: &str) -> String {
    match why {
        pem::Error::Io(problem) => format!("can't be read: {problem}"),
        pem::Error::NoItemsFound => format!("holds no {what} in PEM"),
        _ => "is no PEM file; write one that has -----BEGIN lines".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::config::Config;

    const REQUIRED: &str = "relay.hostname = \"mx.example\"\nrelay.alias_domain = \"in.example\"\n\
        relay.marketplace = \"Fair\"\nsenders.verify = \"address\"\n\
        delivery.route = \"smarthost\"\ndelivery.smarthost = \"[::1]:25\"\n[tls]\n";

    /// A folder with a certificate, its key, the key of another one, and files that are neither.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["mx.example".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["mx.example".to_owned()]).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write("cert.pem", &made.cert.pem()).unwrap();
        write("key.pem", &made.signing_key.serialize_pem()).unwrap();
        write("other.pem", &other.signing_key.serialize_pem()).unwrap();
        write("text.pem", "hello\n").unwrap();
        write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        folder
    }

    #[test]
    fn a_certificate_and_its_key_are_read_from_the_folder_of_the_file() {
        let folder = folder();
        let file: PathBuf = folder.path().join("bauta.toml");
        let parse = |keys: &str| Config::parse(&format!("{REQUIRED}{keys}"), &file);
        assert!(parse("cert = \"cert.pem\"\nkey = \"key.pem\"").unwrap().tls.is_some());
        assert!(parse("").unwrap().tls.is_none());

        let at = |name: &str| folder.path().join(name).display().to_string();
        let check = |keys: &str, place: &str, words: &str| {
            let errors = parse(keys).unwrap_err();
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(all.len(), 1, "{keys}: {all:?}");
            assert!(all[0].contains(&format!("bauta.toml:{place}")), "{keys}: {all:?}");
            assert!(all[0].contains(words), "{keys}: {all:?}");
        };
        check("cert = \"cert.pem\"", "7:2: tls.key: ", "is missing; write key = ");
        check("key = \"key.pem\"", "7:2: tls.cert: ", "is missing; write cert = ");
        let none = format!("{}: can't be read: ", at("none.pem"));
        check("cert = \"none.pem\"\nkey = \"key.pem\"", "8:8: tls.cert: ", &none);
        check("cert = \"cert.pem\"\nkey = \"none.pem\"", "9:7: tls.key: ", &none);
        check("cert = \"text.pem\"\nkey = \"key.pem\"", "8:8: tls.cert: ", "holds no certificate");
        check("cert = \"cert.pem\"\nkey = \"cert.pem\"", "9:7: tls.key: ", "private key in PEM");
        check("cert = \"cert.pem\"\nkey = \"other.pem\"", "9:7: tls.key: ", "is not the key of");
        check("cert = \"bad.pem\"\nkey = \"key.pem\"", "8:8: tls.cert: ", "can't be used");
        check("cert = 5\nkey = \"key.pem\"", "8:8: tls.cert: ", "the path of a PEM file");
    }
}
