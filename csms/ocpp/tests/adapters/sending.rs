//! Payloads given from outside, to be sent as they are.

use model::OcppVersion;
use model::command::{CommandError, StationCommand};
use ocpp::{Adapter, command_actions};
use serde_json::{Value, json};

use crate::conversation::{V16, V201};

fn send(adapter: Adapter, action: &str, payload: &Value) -> Result<(String, Value), CommandError> {
    adapter.encode_command(&StationCommand::Raw {
        action: action.to_owned(),
        payload: payload.clone(),
    })
}

fn valid() -> Vec<(Adapter, &'static str, Value)> {
    let time = "2024-06-01T12:00:00Z";
    let profile = json!({"chargingProfileId": 1, "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}]}});
    let profile201 = json!({"id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative", "chargingSchedule": [{"id": 1, "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}],
            "salesTariff": {"id": 1, "salesTariffEntry": [{
                "relativeTimeInterval": {"start": 0}, "consumptionCost": [{"startValue": 1.5,
                    "cost": [{"costKind": "CarbonDioxideEmission", "amount": 1}]}]}]}}]});
    let token = json!({"idToken": "04A1", "type": "ISO14443",
        "additionalInfo": [{"additionalIdToken": "1", "type": "door"}]});
    let component = json!({"name": "AuthCtrlr", "evse": {"id": 1, "connectorId": 1}});
    let variable = json!({"name": "Enabled"});
    vec![
        (
            V16,
            "RemoteStartTransaction",
            json!({"idTag": "A", "connectorId": 1, "chargingProfile": profile}),
        ),
        (V16, "RemoteStopTransaction", json!({"transactionId": 7})),
        (V16, "UnlockConnector", json!({"connectorId": 1})),
        (V16, "Reset", json!({"type": "Soft"})),
        (V16, "GetConfiguration", json!({})),
        (
            V16,
            "GetConfiguration",
            json!({"key": ["HeartbeatInterval"]}),
        ),
        (
            V16,
            "ChangeConfiguration",
            json!({"key": "HeartbeatInterval", "value": "300"}),
        ),
        (
            V16,
            "TriggerMessage",
            json!({"requestedMessage": "StatusNotification", "connectorId": 1}),
        ),
        (
            V16,
            "ChangeAvailability",
            json!({"connectorId": 0, "type": "Inoperative"}),
        ),
        (V16, "ClearCache", json!({})),
        (
            V16,
            "SendLocalList",
            json!({"listVersion": 2, "updateType": "Full",
            "localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Accepted",
                "expiryDate": time, "parentIdTag": "G"}}]}),
        ),
        (
            V16,
            "SendLocalList",
            json!({"listVersion": 3, "updateType": "Differential",
            "localAuthorizationList": [{"idTag": "A"}]}),
        ),
        (V16, "GetLocalListVersion", json!({})),
        (
            V16,
            "DataTransfer",
            json!({"vendorId": "v", "messageId": "m", "data": "d"}),
        ),
        (
            V16,
            "GetLog",
            json!({"logType": "SecurityLog", "requestId": 1,
                "log": {"remoteLocation": "https://example.org", "oldestTimestamp": time}}),
        ),
        (
            V201,
            "RequestStartTransaction",
            json!({"idToken": token, "remoteStartId": 1,
            "evseId": 1, "groupIdToken": {"idToken": "G", "type": "Central"},
            "chargingProfile": profile201}),
        ),
        (
            V201,
            "RequestStopTransaction",
            json!({"transactionId": "t"}),
        ),
        (
            V201,
            "UnlockConnector",
            json!({"evseId": 1, "connectorId": 1}),
        ),
        (V201, "Reset", json!({"type": "OnIdle", "evseId": 1})),
        (
            V201,
            "GetVariables",
            json!({"getVariableData": [
            {"component": component, "variable": variable, "attributeType": "Actual"}]}),
        ),
        (
            V201,
            "SetVariables",
            json!({"setVariableData": [
            {"component": component, "variable": variable, "attributeValue": "true"}]}),
        ),
        (
            V201,
            "GetBaseReport",
            json!({"requestId": 1, "reportBase": "FullInventory"}),
        ),
        (
            V201,
            "TriggerMessage",
            json!({"requestedMessage": "TransactionEvent", "evse": {"id": 1}}),
        ),
        (
            V201,
            "ChangeAvailability",
            json!({"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 1}}),
        ),
        (V201, "ClearCache", json!({"customData": {"vendorId": "v"}})),
        (
            V201,
            "SendLocalList",
            json!({"versionNumber": 1, "updateType": "Full",
            "localAuthorizationList": [{"idToken": token, "idTokenInfo": {"status": "Accepted",
                "cacheExpiryDateTime": time, "evseId": [1], "groupIdToken": token}}]}),
        ),
        (V201, "GetLocalListVersion", json!({})),
        (
            V201,
            "DataTransfer",
            json!({"vendorId": "v", "data": {"a": [1, 2.5]}}),
        ),
        (
            V201,
            "SetChargingProfile",
            json!({"evseId": 1, "chargingProfile": profile201}),
        ),
    ]
}

#[test]
fn a_valid_payload_is_sent_as_given() {
    for (adapter, action, payload) in valid() {
        assert_eq!(
            send(adapter, action, &payload),
            Ok((action.to_owned(), payload.clone())),
            "{action}"
        );
    }
}

#[test]
fn the_field_at_fault_is_named() {
    let check = |adapter: Adapter, action: &str, payload: Value, told: &str| {
        let error = send(adapter, action, &payload).unwrap_err();
        let CommandError::InvalidPayload { problem, .. } = &error else {
            panic!("{action}: {error}")
        };
        assert_eq!(problem, told, "{action} {payload}");
    };
    check(V16, "Reset", json!([]), "the payload must be an object");
    check(V16, "GetLog", json!(null), "the payload must be an object");
    check(V16, "Reset", json!({}), "`type` is missing");
    check(
        V16,
        "Reset",
        json!({"type": "Gentle"}),
        "`type` is not one of the values allowed",
    );
    check(
        V16,
        "Reset",
        json!({"type": "Soft", "x": 1}),
        "`x` is not a field of this message",
    );
    check(
        V16,
        "UnlockConnector",
        json!({"connectorId": "1"}),
        "`connectorId` must be a number, not text",
    );
    check(
        V16,
        "UnlockConnector",
        json!({"connectorId": 1.5}),
        "`connectorId` must be an integer",
    );
    check(
        V16,
        "UnlockConnector",
        json!({"connectorId": 0}),
        "`connectorId` is out of range",
    );
    check(
        V16,
        "ChangeConfiguration",
        json!({"key": "k".repeat(51), "value": ""}),
        "`key` is too long",
    );
    check(
        V16,
        "ChangeConfiguration",
        json!({"key": "k", "value": 300}),
        "`value` must be text, not a number",
    );
    check(
        V16,
        "ChangeConfiguration",
        json!({"key": "k", "value": null}),
        "`value` is missing",
    );
    check(
        V16,
        "RemoteStartTransaction",
        json!({"idTag": "A".repeat(21)}),
        "`idTag` is too long",
    );
    check(
        V16,
        "RemoteStartTransaction",
        json!({"idTag": "A", "chargingProfile": {"chargingProfileId": 1, "stackLevel": "low"}}),
        "`chargingProfile.stackLevel` must be a number, not text",
    );
    check(
        V16,
        "RemoteStopTransaction",
        json!({"transactionId": 1_i64 << 40}),
        "`transactionId` is missing, of the wrong type or not a value allowed",
    );
    check(
        V16,
        "DataTransfer",
        json!({"vendorId": "v", "data": {}}),
        "`data` must be text",
    );
    check(
        V16,
        "SendLocalList",
        json!({"listVersion": 1, "updateType": "Full",
            "localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Fine"}}]}),
        "`localAuthorizationList[0].idTagInfo.status` is not one of the values allowed",
    );
    check(
        V201,
        "GetVariables",
        json!({"getVariableData": []}),
        "`getVariableData` must not be empty",
    );
    check(
        V201,
        "SetVariables",
        json!({"setVariableData": [{"component": {"name": "A"}, "variable": {}, "attributeValue": "1"}]}),
        "`setVariableData[0].variable.name` is missing",
    );
    check(
        V201,
        "RequestStartTransaction",
        json!({"idToken": {"idToken": "A", "type": "RFID"}, "remoteStartId": 1}),
        "`idToken.type` is not one of the values allowed",
    );
    check(
        V201,
        "RequestStopTransaction",
        json!({"transactionId": 7}),
        "`transactionId` must be text",
    );
    check(
        V201,
        "SetMonitoringLevel",
        json!({"severity": "high"}),
        "`severity` must be a number, not text",
    );
}

#[test]
fn an_action_of_another_version_or_direction_cannot_be_sent() {
    for (adapter, version, action) in [
        (V16, "1.6", "SetVariables"),
        (V201, "2.0.1", "ChangeConfiguration"),
        (V16, "1.6", "BootNotification"),
        (V201, "2.0.1", "reset"),
        (V201, "2.0.1", ""),
    ] {
        assert_eq!(
            send(adapter, action, &json!({})),
            Err(CommandError::UnknownAction {
                action: action.to_owned(),
                version
            })
        );
    }
}

#[test]
fn every_action_named_can_be_sent() {
    for (adapter, version) in [(V16, OcppVersion::V16), (V201, OcppVersion::V201)] {
        for action in command_actions(version) {
            let sent = send(adapter, action, &json!({}));
            assert!(
                !matches!(sent, Err(CommandError::UnknownAction { .. })),
                "{action}"
            );
        }
    }
}
