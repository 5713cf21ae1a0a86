//! A certificate for one test.

use std::path::{Path, PathBuf};

use rcgen::{CertifiedKey, generate_simple_self_signed};

/// A self-signed certificate for this machine.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// As PEM, to trust.
    pub pem: String,
    /// The file of the certificate.
    pub cert_file: PathBuf,
    /// The file of the key.
    pub key_file: PathBuf,
}

impl Certificate {
    /// Makes one and writes it into a folder.
    #[must_use]
    pub fn make(folder: &Path) -> Certificate {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let cert_file = folder.join("server.crt");
        let key_file = folder.join("server.key");
        std::fs::write(&cert_file, cert.pem()).unwrap();
        std::fs::write(&key_file, signing_key.serialize_pem()).unwrap();
        Certificate {
            pem: cert.pem(),
            cert_file,
            key_file,
        }
    }
}
