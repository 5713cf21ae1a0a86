//! Certificates and keys of TLS listeners.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};

/// A certificate chain with its key, ready to serve TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct TlsConfig(pub(crate) Arc<rustls::ServerConfig>);

impl std::fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsConfig(…)")
    }
}

/// Why a certificate and its key cannot be served. Names the file at fault.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It is missing, or may not be read.
    #[error("the {what} file `{}` cannot be read", path.display())]
    Unreadable {
        /// `certificate` or `key`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not well-formed PEM.
    #[error("the {what} file `{}` is not valid PEM: {problem}", path.display())]
    NotPem {
        /// `certificate` or `key`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// PEM, but of something else.
    #[error("`{}` holds no certificate (`-----BEGIN CERTIFICATE-----`)", .0.display())]
    NoCertificate(PathBuf),
    /// PEM, but of something else, or encrypted.
    #[error("`{}` holds no private key that can be read (PKCS#8, SEC1 or PKCS#1, without a password)", .0.display())]
    NoKey(PathBuf),
    /// The key is of an unsupported kind.
    #[error("the key in `{}` cannot be used: {problem}", path.display())]
    UnusableKey {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// Both are fine, but do not belong together.
    #[error(
        "the key in `{}` does not belong to the first certificate in `{}`",
        key.display(),
        certificate.display()
    )]
    KeyDoesNotMatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// The certificate is not one that TLS can present.
    #[error("the certificate in `{}` cannot be used: {problem}", path.display())]
    UnusableCertificate {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
}

/// Reads a PEM chain (the server's own certificate first) and its PEM key.
///
/// # Errors
/// See [`TlsError`].
pub fn load_tls(certificate_path: &Path, key_path: &Path) -> Result<TlsConfig, TlsError> {
    let chain = read_chain(certificate_path)?;
    let key = read_key(key_path)?;
    // The provider is named, so that no other crate of the build can bring in a second one.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    provider
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(|error| TlsError::UnusableKey {
            path: key_path.into(),
            problem: error.to_string(),
        })?;
    let unusable = |error: rustls::Error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError::KeyDoesNotMatch {
            certificate: certificate_path.into(),
            key: key_path.into(),
        },
        other => TlsError::UnusableCertificate {
            path: certificate_path.into(),
            problem: other.to_string(),
        },
    };
    // OCPP wants 1.2 or later (A00.FR.312, A00.FR.313).
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConfig(Arc::new(config)))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read("certificate", path)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| not_pem("certificate", path, &error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(path.into()));
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    match PrivateKeyDer::from_pem_slice(&read("key", path)?) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(TlsError::NoKey(path.into())),
        Err(error) => Err(not_pem("key", path, &error)),
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable {
        what,
        path: path.into(),
        source,
    })
}

fn not_pem(what: &'static str, path: &Path, error: &pem::Error) -> TlsError {
    // The error of a key must not show the key.
    let problem = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end line".to_owned(),
        pem::Error::IllegalSectionStart { .. } => {
            "a section begins with a malformed line".to_owned()
        }
        _ => "the text between the lines is not base64".to_owned(),
    };
    TlsError::NotPem {
        what,
        path: path.into(),
        problem,
    }
}
