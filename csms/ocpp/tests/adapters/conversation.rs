//! Short ways to ask the adapters something.

use model::OcppVersion;
use model::neutral::{StationReply, StationRequest};
use ocpp::{Adapter, Decoded, Peer, WireError};
use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) const V16: Adapter = Adapter::for_version(OcppVersion::V16);
pub(crate) const V201: Adapter = Adapter::for_version(OcppVersion::V201);

pub(crate) fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).expect("a test payload is JSON")
}

pub(crate) fn decode(adapter: Adapter, action: &str, payload: &str) -> Result<Decoded, WireError> {
    adapter.decode(&Peer::Charger, action, &raw(payload))
}

/// The one request of a message without deviations.
pub(crate) fn clean(adapter: Adapter, action: &str, payload: &str) -> StationRequest {
    let (request, quirks) = quirky(adapter, action, payload);
    assert_eq!(quirks, Vec::<String>::new(), "{action} {payload}");
    request
}

/// The one request of a message (or the first of Boot, and what is kept of it), and its quirks as `name field`.
pub(crate) fn quirky(
    adapter: Adapter,
    action: &str,
    payload: &str,
) -> (StationRequest, Vec<String>) {
    let decoded =
        decode(adapter, action, payload).unwrap_or_else(|error| panic!("{action}: {error}"));
    match decoded.requests.as_slice() {
        [_] | [StationRequest::Boot(_), StationRequest::Report(_)] => {}
        several => panic!("{action}: {several:?}"),
    }
    assert!(decoded.answer.is_none());
    (decoded.requests[0].clone(), names(&decoded))
}

pub(crate) fn names(decoded: &Decoded) -> Vec<String> {
    decoded
        .quirks
        .iter()
        .map(|quirk| format!("{} {}", quirk.name, quirk.field))
        .collect()
}

pub(crate) fn lock(doors: &[u32]) -> Peer {
    Peer::Lock {
        doors: doors.to_vec(),
    }
}

pub(crate) fn reply(
    adapter: Adapter,
    action: &str,
    request: &StationRequest,
    reply: &StationReply,
) -> Value {
    let payload = adapter
        .encode_reply(action, request, reply)
        .unwrap_or_else(|error| panic!("{action}: {error}"));
    serde_json::from_str(payload.get()).expect("an answer is JSON")
}
