//! Certificates: installed, listed, deleted; asked for and signed.

use std::sync::Arc;

use rpc::Version;
use serde_json::{Value, json};

use super::hashes::{self, CertificateFacts};
use crate::station::{Core, Device, Event, StationError};
use crate::transport::Answer;
use crate::wire::{Message, text};

/// CertificateEntries / CertificateStoreMaxLength.
const CAPACITY: usize = 10;

/// The certificate store, and the request that waits for its certificate.
#[derive(Default)]
pub(crate) struct Certificates {
    installed: Vec<Installed>,
    /// The raw public key of the last request.
    asked: Option<Vec<u8>>,
}

struct Installed {
    kind: String,
    facts: CertificateFacts,
}

impl Certificates {
    pub(crate) fn count(&self) -> usize {
        self.installed.len()
    }
}

/// InstallCertificate.
pub(crate) fn install<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let kind = text(payload, "certificateType").unwrap_or_default();
    let Some(facts) = hashes::read(text(payload, "certificate").unwrap_or_default()) else {
        // M05.FR.07: what is no certificate is rejected.
        return Answer::status("Rejected");
    };
    let mut store = device.core().functions.certificates.lock();
    let known = store
        .installed
        .iter()
        .any(|other| other.kind == kind && other.facts == facts);
    if known {
        return Answer::status("Accepted");
    }
    if store.installed.len() >= CAPACITY {
        return Answer::status("Rejected");
    }
    store.installed.push(Installed {
        kind: kind.to_owned(),
        facts,
    });
    Answer::status("Accepted")
}

/// DeleteCertificate.
pub(crate) fn delete<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let named = payload.get("certificateHashData").unwrap_or(&Value::Null);
    let mut store = device.core().functions.certificates.lock();
    let before = store.installed.len();
    store.installed.retain(|known| !known.facts.is(named));
    Answer::status(if store.installed.len() < before {
        "Accepted"
    } else {
        "NotFound"
    })
}

/// GetInstalledCertificateIds.
pub(crate) fn installed<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let core = device.core();
    let kinds: Vec<&str> = match payload.get("certificateType") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    };
    let store = core.functions.certificates.lock();
    let found: Vec<&Installed> = store
        .installed
        .iter()
        .filter(|known| kinds.is_empty() || kinds.contains(&known.kind.as_str()))
        .collect();
    if found.is_empty() {
        return Answer::status("NotFound");
    }
    Answer::result(match core.version {
        Version::V16 => {
            let data: Vec<Value> = found.iter().map(|known| known.facts.wire()).collect();
            json!({ "status": "Accepted", "certificateHashData": data })
        }
        Version::V201 => {
            let chain: Vec<Value> = found
                .iter()
                .map(|known| {
                    json!({
                        "certificateType": known.kind,
                        "certificateHashData": known.facts.wire(),
                    })
                })
                .collect();
            json!({ "status": "Accepted", "certificateHashDataChain": chain })
        }
    })
}

/// CertificateSigned: the certificate must be of the key that was asked for.
pub(crate) fn signed<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let core = device.core();
    let facts = hashes::read(text(payload, "certificateChain").unwrap_or_default());
    let mut store = core.functions.certificates.lock();
    let fits = match (&facts, &store.asked) {
        (Some(facts), Some(asked)) => facts.public_key == *asked,
        (_, _) => false,
    };
    if !fits {
        return Answer::status("Rejected");
    }
    store.asked = None;
    drop(store);
    core.emit(Event::Progress {
        what: "certificate",
        status: "installed".to_owned(),
    });
    Answer::status("Accepted")
}

/// SignCertificate with a new key, which is remembered.
///
/// # Errors
/// When no request can be made, or it is not answered.
pub(crate) async fn sign(core: &Core, kind: Option<&str>) -> Result<Value, StationError> {
    let (csr, public_key) = request(core).map_err(|error| StationError::NoCertificateRequest {
        error: error.to_string(),
    })?;
    core.functions.certificates.lock().asked = Some(public_key);
    let mut payload = json!({ "csr": csr });
    if let (Version::V201, Some(kind), Some(fields)) = (core.version, kind, payload.as_object_mut())
    {
        fields.insert("certificateType".to_owned(), kind.into());
    }
    let message = Message {
        action: "SignCertificate",
        payload,
    };
    Ok(core.call(message).await?.1)
}

/// A request in PEM, and the raw public key in it.
pub(crate) fn request(core: &Core) -> Result<(String, Vec<u8>), rcgen::Error> {
    let identity = core.identity.lock().clone();
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new(Vec::new())?;
    // A00.FR.405, A00.FR.407: O is the operator, CN the serial number.
    let name = &mut params.distinguished_name;
    *name = rcgen::DistinguishedName::new();
    name.push(rcgen::DnType::OrganizationName, identity.vendor);
    let serial = identity.serial.unwrap_or_else(|| core.station_id());
    name.push(rcgen::DnType::CommonName, serial);
    let csr = params.serialize_request(&key)?.pem()?;
    Ok((csr, key.public_key_raw().to_vec()))
}
