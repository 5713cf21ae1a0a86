//! A believable payload for every message that a station sends, for `send ACTION` without one.

use rpc::Version;
use serde_json::{Value, json};

use super::certificates;
use crate::clock::wire_time;
use crate::station::Core;
use crate::token::Token;
use crate::wire::{self, BootReason, ConnectorStatus, v16, v201};

/// The payload; nothing for an action that stations of the version do not send.
pub(crate) fn example(core: &Core, connector: u32, action: &str) -> Option<Value> {
    match core.version {
        Version::V16 => example_16(core, connector, action),
        Version::V201 => example_201(core, connector, action),
    }
}

/// A card that nobody has.
fn card() -> Token {
    Token::card("04A1B2C3D4E5F6")
}

fn example_16(core: &Core, connector: u32, action: &str) -> Option<Value> {
    let at = core.clock.now();
    let now = wire_time(at);
    Some(match action {
        "Authorize" => v16::authorize(&card()),
        "BootNotification" => v16::boot(&core.identity.lock()),
        "DataTransfer" => data_transfer(),
        "DiagnosticsStatusNotification" => json!({ "status": "Idle" }),
        "FirmwareStatusNotification" => json!({ "status": "Idle" }),
        "Heartbeat" => json!({}),
        "LogStatusNotification" => json!({ "status": "Idle" }),
        "MeterValues" => v16::meter_values(connector, None, 1500, at, "Sample.Clock"),
        "SecurityEventNotification" => security_event(&now),
        "SignCertificate" => json!({ "csr": certificates::request(core).ok()?.0 }),
        "SignedFirmwareStatusNotification" => json!({ "status": "Idle" }),
        "StartTransaction" => json!({
            "connectorId": connector,
            "idTag": card().text(),
            "meterStart": 1500,
            "timestamp": now,
        }),
        "StatusNotification" => status(core, connector)?,
        "StopTransaction" => json!({
            "transactionId": 1,
            "meterStop": 2500,
            "timestamp": now,
            "reason": "Local",
            "transactionData": v16::meter_values(connector, None, 2500, at, "Transaction.End")
                .get("meterValue"),
        }),
        _ => return None,
    })
}

fn example_201(core: &Core, connector: u32, action: &str) -> Option<Value> {
    let at = core.clock.now();
    let now = wire_time(at);
    Some(match action {
        "Authorize" => v201::authorize(&card(), None),
        "BootNotification" => v201::boot(&core.identity.lock(), BootReason::PowerUp),
        "ClearedChargingLimit" => {
            json!({ "chargingLimitSource": "EMS", "evseId": connector })
        }
        "DataTransfer" => data_transfer(),
        "FirmwareStatusNotification" | "LogStatusNotification" => json!({ "status": "Idle" }),
        "Get15118EVCertificate" => json!({
            "iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef",
            "action": "Install",
            "exiRequest": "gJgCaKLkZA==",
        }),
        "GetCertificateStatus" => json!({ "ocspRequestData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "a1b2c3",
            "issuerKeyHash": "d4e5f6",
            "serialNumber": "1f",
            "responderURL": "http://ocsp.example/",
        } }),
        "Heartbeat" => json!({}),
        "MeterValues" => v201::meter_values(connector, 1500, at),
        "NotifyChargingLimit" => json!({
            "evseId": connector,
            "chargingLimit": { "chargingLimitSource": "EMS", "isGridCritical": false },
            "chargingSchedule": [schedule(&now)],
        }),
        "NotifyCustomerInformation" => json!({
            "requestId": 1, "generatedAt": now, "seqNo": 0, "tbc": false,
            "data": "nothing is known",
        }),
        "NotifyDisplayMessages" => json!({
            "requestId": 1,
            "tbc": false,
            "messageInfo": [{
                "id": 1,
                "priority": "NormalCycle",
                "message": { "format": "UTF8", "language": "en", "content": "Welcome" },
            }],
        }),
        "NotifyEVChargingNeeds" => json!({
            "evseId": connector,
            "maxScheduleTuples": 12,
            "chargingNeeds": {
                "requestedEnergyTransfer": "AC_three_phase",
                "departureTime": now,
                "acChargingParameters": {
                    "energyAmount": 22000, "evMinCurrent": 6, "evMaxCurrent": 32,
                    "evMaxVoltage": 400,
                },
            },
        }),
        "NotifyEVChargingSchedule" => json!({
            "timeBase": now, "evseId": connector, "chargingSchedule": schedule(&now),
        }),
        "NotifyEvent" => json!({
            "generatedAt": now, "seqNo": 0, "tbc": false,
            "eventData": [{
                "eventId": 1, "timestamp": now, "trigger": "Alerting", "actualValue": "true",
                "eventNotificationType": "HardWiredNotification",
                "component": { "name": "EVSE", "evse": { "id": connector } },
                "variable": { "name": "Problem" },
            }],
        }),
        "NotifyMonitoringReport" => json!({
            "requestId": 1, "generatedAt": now, "seqNo": 0, "tbc": false,
            "monitor": [{
                "component": { "name": "EVSE", "evse": { "id": connector } },
                "variable": { "name": "Power" },
                "variableMonitoring": [{
                    "id": 1, "transaction": false, "value": 11000, "type": "UpperThreshold",
                    "severity": 5,
                }],
            }],
        }),
        "NotifyReport" => json!({
            "requestId": 1, "generatedAt": now, "seqNo": 0, "tbc": false,
            "reportData": [{
                "component": { "name": "EVSE", "evse": { "id": connector } },
                "variable": { "name": "Power" },
                "variableAttribute": [{
                    "type": "Actual", "value": "11000", "mutability": "ReadOnly",
                }],
                "variableCharacteristics": {
                    "dataType": "integer", "unit": "W", "supportsMonitoring": true,
                },
            }],
        }),
        "PublishFirmwareStatusNotification" => json!({ "status": "Idle" }),
        "ReportChargingProfiles" => json!({
            "requestId": 1, "chargingLimitSource": "CSO", "evseId": connector, "tbc": false,
            "chargingProfile": [{
                "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute", "chargingSchedule": [schedule(&now)],
            }],
        }),
        "ReservationStatusUpdate" => {
            json!({ "reservationId": 1, "reservationUpdateStatus": "Expired" })
        }
        "SecurityEventNotification" => security_event(&now),
        "SignCertificate" => json!({
            "csr": certificates::request(core).ok()?.0,
            "certificateType": "ChargingStationCertificate",
        }),
        "StatusNotification" => status(core, connector)?,
        "TransactionEvent" => json!({
            "eventType": "Started",
            "timestamp": now,
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {
                "transactionId": uuid::Uuid::new_v4().to_string(),
                "chargingState": "Charging",
            },
            "evse": { "id": connector, "connectorId": 1 },
            "idToken": v201::id_token(&card(), None),
        }),
        _ => return None,
    })
}

fn data_transfer() -> Value {
    json!({ "vendorId": "org.example", "messageId": "Hello", "data": "{\"count\":1}" })
}

fn security_event(now: &str) -> Value {
    json!({ "type": "SettingSystemTime", "timestamp": now, "techInfo": "clock set" })
}

fn status(core: &Core, connector: u32) -> Option<Value> {
    let now = core.clock.now();
    let message = wire::status(core.version, connector, ConnectorStatus::Available, now);
    Some(message.payload)
}

fn schedule(now: &str) -> Value {
    json!({
        "id": 1,
        "startSchedule": now,
        "duration": 3600,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            { "startPeriod": 0, "limit": 16.0, "numberPhases": 3 },
            { "startPeriod": 1800, "limit": 10.5 },
        ],
    })
}

#[cfg(test)]
mod tests {
    use rpc::Version;

    use super::example;
    use crate::charger::Charger;
    use crate::messages;
    use crate::{ChargerConfig, Endpoint};

    #[test]
    fn there_is_one_for_every_message_of_a_station() {
        for version in Version::ALL {
            let endpoint = Endpoint::new("ws://127.0.0.1:1", "CP1", version);
            let charger = Charger::new(ChargerConfig::new(endpoint));
            let core = charger.core();
            for kind in messages::all(version) {
                let payload = example(core, 1, kind.action);
                assert_eq!(payload.is_some(), kind.from_station(), "{}", kind.action);
                if let Some(payload) = payload {
                    let form = messages::check_request(version, kind.action, &payload);
                    assert_eq!(form, Ok(()), "{} {payload}", kind.action);
                }
            }
        }
    }
}
