//! One command of every kind, and what a charger that has just booted answers.

use rpc::Version;
use serde_json::{Value, json};

/// A command, and the status of its answer; nothing if that has none.
pub(crate) type Row = (&'static str, Value, Option<&'static str>);

/// Rows as they are read: the action, its payload, and the status of its answer behind an arrow.
macro_rules! rows {
    ($($action:ident $payload:tt $(=> $status:ident)?;)*) => {
        vec![$((stringify!($action), json!($payload), rows!(@status $($status)?))),*]
    };
    (@status) => { None };
    (@status $status:ident) => { Some(stringify!($status)) };
}

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
    rows! {
        CancelReservation { "reservationId": 1 } => Rejected;
        CertificateSigned { "certificateChain": "x" } => Rejected;
        ChangeAvailability { "connectorId": 1, "type": "Operative" } => Accepted;
        ChangeConfiguration { "key": "HeartbeatInterval", "value": "60" } => Accepted;
        ClearCache {} => Accepted;
        ClearChargingProfile { "id": 7 } => Unknown;
        DataTransfer { "vendorId": "x" } => UnknownVendorId;
        DeleteCertificate { "certificateHashData": hash_data() } => NotFound;
        ExtendedTriggerMessage { "requestedMessage": "LogStatusNotification" } => Accepted;
        GetCompositeSchedule { "connectorId": 1, "duration": 600 } => Accepted;
        GetConfiguration {};
        GetDiagnostics { "location": "ftp://files.example/" };
        GetInstalledCertificateIds {
            "certificateType": "CentralSystemRootCertificate",
        } => NotFound;
        GetLocalListVersion {};
        GetLog { "log": log(), "logType": "SecurityLog", "requestId": 1 } => Accepted;
        InstallCertificate {
            "certificateType": "ManufacturerRootCertificate", "certificate": "x",
        } => Rejected;
        RemoteStartTransaction { "idTag": "04A1" } => Accepted;
        RemoteStopTransaction { "transactionId": 1 } => Rejected;
        ReserveNow {
            "connectorId": 1, "expiryDate": later, "idTag": "04A1", "reservationId": 1,
        } => Occupied;
        Reset { "type": "Soft" } => Accepted;
        SendLocalList { "listVersion": 1, "updateType": "Full" } => Accepted;
        SetChargingProfile { "connectorId": 1, "csChargingProfiles": profile } => Accepted;
        SignedUpdateFirmware { "requestId": 1, "firmware": firmware } => InvalidCertificate;
        TriggerMessage { "requestedMessage": "DiagnosticsStatusNotification" } => Accepted;
        UnlockConnector { "connectorId": 1 } => Unlocked;
        UpdateFirmware { "location": "https://files.example/missing", "retrieveDate": later };
    }
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
    rows! {
        CancelReservation { "reservationId": 1 } => Rejected;
        CertificateSigned { "certificateChain": "x" } => Rejected;
        ChangeAvailability { "operationalStatus": "Operative" } => Accepted;
        ClearCache {} => Accepted;
        ClearChargingProfile { "chargingProfileId": 7 } => Unknown;
        ClearDisplayMessage { "id": 7 } => Unknown;
        ClearVariableMonitoring { "id": [7] };
        CostUpdated { "totalCost": 1.5, "transactionId": "x" };
        CustomerInformation {
            "requestId": 1, "report": true, "clear": false, "idToken": token,
        } => Accepted;
        DataTransfer { "vendorId": "x" } => UnknownVendorId;
        DeleteCertificate { "certificateHashData": hash_data() } => NotFound;
        GetBaseReport { "requestId": 1, "reportBase": "FullInventory" } => Accepted;
        GetChargingProfiles { "requestId": 1, "chargingProfile": {} } => NoProfiles;
        GetCompositeSchedule { "evseId": 1, "duration": 600 } => Accepted;
        GetDisplayMessages { "requestId": 1 } => Unknown;
        GetInstalledCertificateIds {} => NotFound;
        GetLocalListVersion {};
        GetLog { "log": log(), "logType": "DiagnosticsLog", "requestId": 1 } => Accepted;
        GetMonitoringReport { "requestId": 1 } => EmptyResultSet;
        GetReport { "requestId": 1, "componentVariable": with(json!({})) } => Accepted;
        GetTransactionStatus { "transactionId": "x" };
        GetVariables { "getVariableData": with(json!({})) };
        InstallCertificate {
            "certificateType": "CSMSRootCertificate", "certificate": "x",
        } => Rejected;
        PublishFirmware {
            "requestId": 1, "location": "https://files.example/2.bin", "checksum": "c",
        } => Accepted;
        RequestStartTransaction { "remoteStartId": 1, "idToken": token } => Accepted;
        RequestStopTransaction { "transactionId": "x" } => Rejected;
        ReserveNow { "id": 1, "expiryDateTime": later, "idToken": token, "evseId": 1 } => Occupied;
        Reset { "type": "OnIdle" } => Accepted;
        SendLocalList { "versionNumber": 1, "updateType": "Full" } => Accepted;
        SetChargingProfile { "evseId": 1, "chargingProfile": profile } => Accepted;
        SetDisplayMessage { "message": shown } => Accepted;
        SetMonitoringBase { "monitoringBase": "All" } => Accepted;
        SetMonitoringLevel { "severity": 5 } => Accepted;
        SetNetworkProfile { "configurationSlot": 1, "connectionData": network } => Accepted;
        SetVariableMonitoring {
            "setMonitoringData": with( json!({ "value": 1.0, "type": "Delta", "severity": 5 }) ),
        };
        SetVariables { "setVariableData": with(json!({ "attributeValue": "true" })) };
        TriggerMessage { "requestedMessage": "PublishFirmwareStatusNotification" } => Accepted;
        UnlockConnector { "evseId": 1, "connectorId": 1 } => Unlocked;
        UnpublishFirmware { "checksum": "other" } => NoFirmware;
        UpdateFirmware {
            "requestId": 1,
            "firmware": { "location": "https://files.example/2.0.bin", "retrieveDateTime": later },
        } => Accepted;
    }
}
