//! How certificates are named in messages: hashes of issuer and key, and the serial number.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use x509_parser::pem::Pem;

/// What is read from a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateFacts {
    pub issuer_name_hash: String,
    pub issuer_key_hash: String,
    pub serial: String,
    /// The raw public key, to compare with that of a request.
    pub public_key: Vec<u8>,
}

/// Reads the first certificate of a PEM text; nothing if there is none.
pub(crate) fn read(pem: &str) -> Option<CertificateFacts> {
    let block = Pem::iter_from_buffer(pem.as_bytes()).next()?.ok()?;
    let certificate = block.parse_x509().ok()?;
    let key = certificate.public_key();
    // Without the issuer's own certificate its key is not known; of a root it is its own key.
    Some(CertificateFacts {
        issuer_name_hash: hash(certificate.issuer().as_raw()),
        issuer_key_hash: hash(&key.subject_public_key.data),
        serial: serial(certificate.raw_serial()),
        public_key: key.subject_public_key.data.to_vec(),
    })
}

impl CertificateFacts {
    /// CertificateHashDataType of both versions.
    pub(crate) fn wire(&self) -> Value {
        json!({
            "hashAlgorithm": "SHA256",
            "issuerNameHash": self.issuer_name_hash,
            "issuerKeyHash": self.issuer_key_hash,
            "serialNumber": self.serial,
        })
    }

    /// Whether hash data of the central system names this certificate; hex is compared without
    /// case.
    pub(crate) fn is(&self, named: &Value) -> bool {
        let same = |field: &str, own: &str| {
            named
                .get(field)
                .and_then(Value::as_str)
                .is_some_and(|text| text.eq_ignore_ascii_case(own))
        };
        same("issuerNameHash", &self.issuer_name_hash)
            && same("issuerKeyHash", &self.issuer_key_hash)
            && same("serialNumber", &self.serial)
    }
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Without leading zeros (CertificateHashDataType).
fn serial(bytes: &[u8]) -> String {
    let text = hex(bytes);
    let short = text.trim_start_matches('0');
    if short.is_empty() {
        "0".to_owned()
    } else {
        short.chars().take(40).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{read, serial};

    #[test]
    fn a_certificate_is_named_by_its_hashes() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["root.example".to_owned()]).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let facts = read(&pem).unwrap();
        assert_eq!(facts.public_key, key.public_key_raw());
        assert!(facts.is(&facts.wire()));
        assert_eq!(facts.issuer_name_hash.len(), 64);
        assert_eq!(read("no certificate"), None);
    }

    #[test]
    fn serial_numbers_have_no_leading_zeros() {
        assert_eq!(serial(&[0, 0x0a, 0xff]), "aff");
        assert_eq!(serial(&[0]), "0");
    }
}
