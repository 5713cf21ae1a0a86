//! One command of every kind, and what a charger that has just booted answers.

use rpc::Version;
use serde_json::{Value, json};

/// A command, and the status of its answer; nothing if that has none.
pub(crate) type Row = (&'static str, Value, Option<&'static str>);

/// All of them; complete by the list of the version's messages.
pub(crate) fn all(version: Version) -> Vec<Row> {
    match version {
        Version::V16 => commands_16(),
        Version::V201 => commands_201(),
    }
}

/// Hash data of a certificate that is not there.
fn hash_data() -> Value {
    json!({
        "hashAlgorithm": "SHA256", "issuerNameHash": "a1", "issuerKeyHash": "b2",
        "serialNumber": "c3",
    })
}

fn log() -> Value {
    json!({ "remoteLocation": "https://files.example/logs" })
}

fn commands_16() -> Vec<Row> {
    let later = "2099-01-01T00:00:00Z";
    let firmware = json!({
        "location": "https://files.example/2.0.bin", "retrieveDateTime": later,
        "signingCertificate": "no certificate", "signature": "x",
    });
    let profile = json!({
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 10.0 }],
        },
    });
    vec![
        (
            "CancelReservation",
            json!({ "reservationId": 1 }),
            Some("Rejected"),
        ),
        (
            "CertificateSigned",
            json!({ "certificateChain": "x" }),
            Some("Rejected"),
        ),
        (
            "ChangeAvailability",
            json!({ "connectorId": 1, "type": "Operative" }),
            Some("Accepted"),
        ),
        (
            "ChangeConfiguration",
            json!({ "key": "HeartbeatInterval", "value": "60" }),
            Some("Accepted"),
        ),
        ("ClearCache", json!({}), Some("Accepted")),
        ("ClearChargingProfile", json!({ "id": 7 }), Some("Unknown")),
        (
            "DataTransfer",
            json!({ "vendorId": "x" }),
            Some("UnknownVendorId"),
        ),
        (
            "DeleteCertificate",
            json!({ "certificateHashData": hash_data() }),
            Some("NotFound"),
        ),
        (
            "ExtendedTriggerMessage",
            json!({ "requestedMessage": "LogStatusNotification" }),
            Some("Accepted"),
        ),
        (
            "GetCompositeSchedule",
            json!({ "connectorId": 1, "duration": 600 }),
            Some("Accepted"),
        ),
        ("GetConfiguration", json!({}), None),
        (
            "GetDiagnostics",
            json!({ "location": "ftp://files.example/" }),
            None,
        ),
        (
            "GetInstalledCertificateIds",
            json!({ "certificateType": "CentralSystemRootCertificate" }),
            Some("NotFound"),
        ),
        ("GetLocalListVersion", json!({}), None),
        (
            "GetLog",
            json!({ "log": log(), "logType": "SecurityLog", "requestId": 1 }),
            Some("Accepted"),
        ),
        (
            "InstallCertificate",
            json!({ "certificateType": "ManufacturerRootCertificate", "certificate": "x" }),
            Some("Rejected"),
        ),
        (
            "RemoteStartTransaction",
            json!({ "idTag": "04A1" }),
            Some("Accepted"),
        ),
        (
            "RemoteStopTransaction",
            json!({ "transactionId": 1 }),
            Some("Rejected"),
        ),
        (
            "ReserveNow",
            json!({ "connectorId": 1, "expiryDate": later, "idTag": "04A1", "reservationId": 1 }),
            Some("Occupied"),
        ),
        ("Reset", json!({ "type": "Soft" }), Some("Accepted")),
        (
            "SendLocalList",
            json!({ "listVersion": 1, "updateType": "Full" }),
            Some("Accepted"),
        ),
        (
            "SetChargingProfile",
            json!({ "connectorId": 1, "csChargingProfiles": profile }),
            Some("Accepted"),
        ),
        (
            "SignedUpdateFirmware",
            json!({ "requestId": 1, "firmware": firmware }),
            Some("InvalidCertificate"),
        ),
        (
            "TriggerMessage",
            json!({ "requestedMessage": "DiagnosticsStatusNotification" }),
            Some("Accepted"),
        ),
        (
            "UnlockConnector",
            json!({ "connectorId": 1 }),
            Some("Unlocked"),
        ),
        (
            "UpdateFirmware",
            json!({ "location": "https://files.example/missing", "retrieveDate": later }),
            None,
        ),
    ]
}

fn commands_201() -> Vec<Row> {
    let later = "2099-01-01T00:00:00Z";
    let variable =
        json!({ "component": { "name": "AuthCtrlr" }, "variable": { "name": "Enabled" } });
    let with = |more: Value| {
        let mut item = variable.clone();
        for (name, value) in more.as_object().unwrap() {
            item[name] = value.clone();
        }
        json!([item])
    };
    let profile = json!({
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [{
            "id": 1, "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 7000.0 }],
        }],
    });
    let token = json!({ "idToken": "04A1", "type": "ISO14443" });
    let network = json!({
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "wss://csms.example/",
        "messageTimeout": 30, "securityProfile": 2, "ocppInterface": "Wired0",
    });
    let shown = json!({
        "id": 1, "priority": "NormalCycle", "message": { "format": "UTF8", "content": "Hello" },
    });
    vec![
        (
            "CancelReservation",
            json!({ "reservationId": 1 }),
            Some("Rejected"),
        ),
        (
            "CertificateSigned",
            json!({ "certificateChain": "x" }),
            Some("Rejected"),
        ),
        (
            "ChangeAvailability",
            json!({ "operationalStatus": "Operative" }),
            Some("Accepted"),
        ),
        ("ClearCache", json!({}), Some("Accepted")),
        (
            "ClearChargingProfile",
            json!({ "chargingProfileId": 7 }),
            Some("Unknown"),
        ),
        ("ClearDisplayMessage", json!({ "id": 7 }), Some("Unknown")),
        ("ClearVariableMonitoring", json!({ "id": [7] }), None),
        (
            "CostUpdated",
            json!({ "totalCost": 1.5, "transactionId": "x" }),
            None,
        ),
        (
            "CustomerInformation",
            json!({ "requestId": 1, "report": true, "clear": false, "idToken": token }),
            Some("Accepted"),
        ),
        (
            "DataTransfer",
            json!({ "vendorId": "x" }),
            Some("UnknownVendorId"),
        ),
        (
            "DeleteCertificate",
            json!({ "certificateHashData": hash_data() }),
            Some("NotFound"),
        ),
        (
            "GetBaseReport",
            json!({ "requestId": 1, "reportBase": "FullInventory" }),
            Some("Accepted"),
        ),
        (
            "GetChargingProfiles",
            json!({ "requestId": 1, "chargingProfile": {} }),
            Some("NoProfiles"),
        ),
        (
            "GetCompositeSchedule",
            json!({ "evseId": 1, "duration": 600 }),
            Some("Accepted"),
        ),
        (
            "GetDisplayMessages",
            json!({ "requestId": 1 }),
            Some("Unknown"),
        ),
        ("GetInstalledCertificateIds", json!({}), Some("NotFound")),
        ("GetLocalListVersion", json!({}), None),
        (
            "GetLog",
            json!({ "log": log(), "logType": "DiagnosticsLog", "requestId": 1 }),
            Some("Accepted"),
        ),
        (
            "GetMonitoringReport",
            json!({ "requestId": 1 }),
            Some("EmptyResultSet"),
        ),
        (
            "GetReport",
            json!({ "requestId": 1, "componentVariable": with(json!({})) }),
            Some("Accepted"),
        ),
        (
            "GetTransactionStatus",
            json!({ "transactionId": "x" }),
            None,
        ),
        (
            "GetVariables",
            json!({ "getVariableData": with(json!({})) }),
            None,
        ),
        (
            "InstallCertificate",
            json!({ "certificateType": "CSMSRootCertificate", "certificate": "x" }),
            Some("Rejected"),
        ),
        (
            "PublishFirmware",
            json!({ "requestId": 1, "location": "https://files.example/2.bin", "checksum": "c" }),
            Some("Accepted"),
        ),
        (
            "RequestStartTransaction",
            json!({ "remoteStartId": 1, "idToken": token }),
            Some("Accepted"),
        ),
        (
            "RequestStopTransaction",
            json!({ "transactionId": "x" }),
            Some("Rejected"),
        ),
        (
            "ReserveNow",
            json!({ "id": 1, "expiryDateTime": later, "idToken": token, "evseId": 1 }),
            Some("Occupied"),
        ),
        ("Reset", json!({ "type": "OnIdle" }), Some("Accepted")),
        (
            "SendLocalList",
            json!({ "versionNumber": 1, "updateType": "Full" }),
            Some("Accepted"),
        ),
        (
            "SetChargingProfile",
            json!({ "evseId": 1, "chargingProfile": profile }),
            Some("Accepted"),
        ),
        (
            "SetDisplayMessage",
            json!({ "message": shown }),
            Some("Accepted"),
        ),
        (
            "SetMonitoringBase",
            json!({ "monitoringBase": "All" }),
            Some("Accepted"),
        ),
        (
            "SetMonitoringLevel",
            json!({ "severity": 5 }),
            Some("Accepted"),
        ),
        (
            "SetNetworkProfile",
            json!({ "configurationSlot": 1, "connectionData": network }),
            Some("Accepted"),
        ),
        (
            "SetVariableMonitoring",
            json!({ "setMonitoringData": with(
                json!({ "value": 1.0, "type": "Delta", "severity": 5 })
            ) }),
            None,
        ),
        (
            "SetVariables",
            json!({ "setVariableData": with(json!({ "attributeValue": "true" })) }),
            None,
        ),
        (
            "TriggerMessage",
            json!({ "requestedMessage": "PublishFirmwareStatusNotification" }),
            Some("Accepted"),
        ),
        (
            "UnlockConnector",
            json!({ "evseId": 1, "connectorId": 1 }),
            Some("Unlocked"),
        ),
        (
            "UnpublishFirmware",
            json!({ "checksum": "other" }),
            Some("NoFirmware"),
        ),
        (
            "UpdateFirmware",
            json!({ "requestId": 1, "firmware": {
                "location": "https://files.example/2.0.bin", "retrieveDateTime": later,
            } }),
            Some("Accepted"),
        ),
    ]
}
