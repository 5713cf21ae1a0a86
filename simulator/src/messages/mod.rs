//! Every message of both versions, as a type that was made from the official schemas by other
//! people (`ocpp-types`): what the station sends is checked before it goes out, and what the
//! central system sends is checked when it comes in.

mod typed;
mod v16;
mod v201;

use rpc::Version;
use serde_json::Value;

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The station.
    Station,
    /// The central system.
    CentralSystem,
    /// Either.
    Both,
}

/// A message of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Its action.
    pub action: &'static str,
    /// Who sends it.
    pub sender: Sender,
}

impl Kind {
    /// Whether a station sends it.
    #[must_use]
    pub fn from_station(self) -> bool {
        self.sender != Sender::CentralSystem
    }

    /// Whether the central system sends it.
    #[must_use]
    pub fn from_central_system(self) -> bool {
        self.sender != Sender::Station
    }
}

/// Why a payload has not the form of its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The version has no such message.
    #[error("this version has no message `{0}`")]
    UnknownAction(String),
    /// A field is missing, of another type, or out of its bounds.
    #[error("{0}")]
    Form(String),
    /// A field is `null`, or not one of the message's.
    #[error("`{0}` is no field of it")]
    Extra(String),
}

/// The messages of a version, in alphabetical order.
#[must_use]
pub fn all(version: Version) -> &'static [Kind] {
    match version {
        Version::V16 => v16::KINDS,
        Version::V201 => v201::KINDS,
    }
}

/// A message by its action; actions are case-sensitive (OCPP-J 2.0.1 §4.1.6).
#[must_use]
pub fn find(version: Version, action: &str) -> Option<Kind> {
    all(version)
        .iter()
        .find(|kind| kind.action == action)
        .copied()
}

/// Whether the payload of a CALL has the form of its message.
///
/// # Errors
/// See [`Malformed`].
pub fn check_request(version: Version, action: &str, payload: &Value) -> Result<(), Malformed> {
    match version {
        Version::V16 => v16::request(action, payload),
        Version::V201 => v201::request(action, payload),
    }
}

/// Whether the payload of a CALLRESULT has the form of its message.
///
/// # Errors
/// See [`Malformed`].
pub fn check_answer(version: Version, action: &str, payload: &Value) -> Result<(), Malformed> {
    match version {
        Version::V16 => v16::answer(action, payload),
        Version::V201 => v201::answer(action, payload),
    }
}

#[cfg(test)]
mod tests {
    use rpc::Version;
    use serde_json::{Value, json};

    use super::{Malformed, Sender, all, check_answer, check_request, find};

    #[test]
    fn both_versions_are_whole() {
        // 28 of the core document, 11 of the security white paper; blocks A to P.
        for (version, count) in [(Version::V16, 39), (Version::V201, 64)] {
            let kinds = all(version);
            assert_eq!(kinds.len(), count);
            assert!(kinds.is_sorted_by(|one, two| one.action < two.action));
        }
        let both: Vec<&str> = all(Version::V201)
            .iter()
            .filter(|kind| kind.sender == Sender::Both)
            .map(|kind| kind.action)
            .collect();
        assert_eq!(both, ["DataTransfer"]);
        assert_eq!(find(Version::V16, "heartbeat"), None);
    }

    #[test]
    fn a_wrong_answer_is_noticed() {
        let check = |version, action, payload: Value, good: bool| {
            let result = check_answer(version, action, &payload);
            assert_eq!(result.is_ok(), good, "{action} {payload}: {result:?}");
        };
        let now = "2026-05-01T12:00:00Z";
        let (old, new) = (Version::V16, Version::V201);
        let token = |status: &str| json!({ "status": status });
        check(
            old,
            "Authorize",
            json!({ "idTagInfo": token("Accepted") }),
            true,
        );
        check(
            old,
            "Authorize",
            json!({ "idTagInfo": token("Unknown") }),
            false,
        );
        check(
            new,
            "Authorize",
            json!({ "idTokenInfo": token("Unknown") }),
            true,
        );
        let started = json!({ "transactionId": 7, "idTagInfo": token("Blocked") });
        check(old, "StartTransaction", started, true);
        let nameless = json!({ "idTagInfo": token("Blocked") });
        check(old, "StartTransaction", nameless, false);
        check(new, "Heartbeat", json!({ "currentTime": now }), true);
        check(new, "Heartbeat", json!({ "currentTime": "noon" }), false);
        check(
            old,
            "Heartbeat",
            json!({ "currentTime": now, "mood": "good" }),
            false,
        );
    }

    #[test]
    fn a_wrong_request_is_noticed() {
        let start = json!({ "idTag": "04A1B2C3", "connectorId": 1 });
        let remote = "RemoteStartTransaction";
        assert_eq!(check_request(Version::V16, remote, &start), Ok(()));
        let long = json!({ "idTag": "0".repeat(21) });
        assert!(check_request(Version::V16, remote, &long).is_err());
        let null = json!({ "idTag": "04A1B2C3", "connectorId": null });
        assert_eq!(
            check_request(Version::V16, remote, &null),
            Err(Malformed::Extra("connectorId".to_owned()))
        );
        assert_eq!(
            check_request(Version::V201, remote, &start),
            Err(Malformed::UnknownAction(remote.to_owned()))
        );
        let data = json!({ "vendorId": "a", "messageId": "b", "data": { "x": 1 } });
        assert_eq!(check_request(Version::V201, "DataTransfer", &data), Ok(()));
        assert!(check_request(Version::V16, "DataTransfer", &data).is_err());
    }

    #[test]
    fn bounds_and_extra_fields_count_at_any_depth() {
        let none = json!({ "getVariableData": [] });
        assert!(check_request(Version::V201, "GetVariables", &none).is_err());
        let item = |component: Value| {
            json!({ "getVariableData": [
                { "component": component, "variable": { "name": "Enabled" } },
            ] })
        };
        let good = item(json!({ "name": "EVSE", "evse": { "id": 1 } }));
        assert_eq!(check_request(Version::V201, "GetVariables", &good), Ok(()));
        let extra = item(json!({ "name": "EVSE", "evse": { "id": 1, "colour": "red" } }));
        assert_eq!(
            check_request(Version::V201, "GetVariables", &extra),
            Err(Malformed::Extra(
                "getVariableData[0].component.evse.colour".to_owned()
            ))
        );
        let custom = json!({ "customData": { "vendorId": "x", "any": [1] } });
        assert_eq!(check_request(Version::V201, "Heartbeat", &custom), Ok(()));
    }
}
