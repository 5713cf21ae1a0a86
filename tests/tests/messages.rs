//! Messages on which no use case acts: what stations report is answered as its schema says, kept
//! and listed; what is sent by hand goes as given.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::wire::{Scripted, Version};
use keywatt_tests::{Api, DEADLINE, Server, Wire, eventually};
use serde_json::{Value, json};

const TIME: &str = "2026-05-01T12:00:00Z";

struct Told {
    action: &'static str,
    payload: Value,
    answer: Value,
    kind: &'static str,
    /// A field of what is kept, and its value.
    kept: (&'static str, Value),
}

fn told(
    action: &'static str,
    payload: Value,
    answer: Value,
    kind: &'static str,
    kept: (&'static str, Value),
) -> Told {
    Told {
        action,
        payload,
        answer,
        kind,
        kept,
    }
}

fn schedule() -> Value {
    json!({"id": 1, "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}],
        "salesTariff": {"id": 1, "salesTariffEntry": [{
            "relativeTimeInterval": {"start": 0}, "consumptionCost": [{"startValue": 1.5,
                "cost": [{"costKind": "CarbonDioxideEmission", "amount": 1}]}]}]}})
}

fn refused(status: &str) -> Value {
    json!({"status": status, "statusInfo": {"reasonCode": "UnsupportedRequest"}})
}

fn of_16() -> Vec<Told> {
    vec![
        told(
            "SignCertificate",
            json!({"csr": "-----BEGIN"}),
            json!({"status": "Rejected"}),
            "certificate_request",
            ("/csr", json!("-----BEGIN")),
        ),
        told(
            "LogStatusNotification",
            json!({"status": "Uploading", "requestId": 3}),
            json!({}),
            "log_status",
            ("/requestId", json!(3)),
        ),
        told(
            "SignedFirmwareStatusNotification",
            json!({"status": "InvalidSignature", "requestId": 4}),
            json!({}),
            "firmware_status",
            ("/status", json!("InvalidSignature")),
        ),
        told(
            "BootNotification",
            json!({"chargePointVendor": "A", "chargePointModel": "B", "iccid": "8949",
                "imsi": "262", "meterType": "M", "meterSerialNumber": "S"}),
            Value::Null,
            "boot",
            ("/meterSerialNumber", json!("S")),
        ),
    ]
}

fn of_201() -> Vec<Told> {
    let profile = json!({"id": 7, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute", "chargingSchedule": [schedule()]});
    let hashes = json!({"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b",
        "serialNumber": "c", "responderURL": "http://127.0.0.1/"});
    vec![
        told(
            "ReportChargingProfiles",
            json!({"requestId": 1, "chargingLimitSource": "CSO", "evseId": 1,
                "chargingProfile": [profile]}),
            json!({}),
            "charging_profiles",
            (
                "/chargingProfile/0/chargingSchedule/0/salesTariff/salesTariffEntry/0\
                 /consumptionCost/0/startValue",
                json!(1.5),
            ),
        ),
        told(
            "NotifyChargingLimit",
            json!({"chargingLimit": {"chargingLimitSource": "EMS"},
                "customData": {"vendorId": "v", "more": [1]}}),
            json!({}),
            "charging_limit",
            ("/customData/more", json!([1])),
        ),
        told(
            "ClearedChargingLimit",
            json!({"chargingLimitSource": "SO"}),
            json!({}),
            "charging_limit_cleared",
            ("/chargingLimitSource", json!("SO")),
        ),
        told(
            "NotifyDisplayMessages",
            json!({"requestId": 2, "messageInfo": [{"id": 1, "priority": "InFront",
                "message": {"format": "UTF8", "content": "Hallo"}}]}),
            json!({}),
            "display_messages",
            ("/messageInfo/0/message/content", json!("Hallo")),
        ),
        told(
            "NotifyEVChargingNeeds",
            json!({"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase"}}),
            refused("Rejected"),
            "ev_charging_needs",
            ("/evseId", json!(1)),
        ),
        told(
            "NotifyEVChargingSchedule",
            json!({"timeBase": TIME, "evseId": 1, "chargingSchedule": schedule()}),
            json!({"status": "Accepted"}),
            "ev_charging_schedule",
            ("/timeBase", json!(TIME)),
        ),
        told(
            "NotifyCustomerInformation",
            json!({"data": "Jane Doe, 1 Main Street", "seqNo": 0, "generatedAt": TIME,
                "requestId": 5}),
            json!({}),
            "customer_information",
            ("/data", json!("…")),
        ),
        told(
            "NotifyMonitoringReport",
            json!({"requestId": 6, "seqNo": 0, "generatedAt": TIME}),
            json!({}),
            "monitoring",
            ("/requestId", json!(6)),
        ),
        told(
            "ReservationStatusUpdate",
            json!({"reservationId": 8, "reservationUpdateStatus": "Expired"}),
            json!({}),
            "reservation_status",
            ("/reservationUpdateStatus", json!("Expired")),
        ),
        told(
            "PublishFirmwareStatusNotification",
            json!({"status": "Downloading"}),
            json!({}),
            "publish_firmware_status",
            ("/status", json!("Downloading")),
        ),
        told(
            "SignCertificate",
            json!({"csr": "-----BEGIN", "certificateType": "V2GCertificate"}),
            refused("Rejected"),
            "certificate_request",
            ("/certificateType", json!("V2GCertificate")),
        ),
        told(
            "Get15118EVCertificate",
            json!({"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install",
                "exiRequest": "RVhJ"}),
            json!({"status": "Failed", "exiResponse": "",
                "statusInfo": {"reasonCode": "UnsupportedRequest"}}),
            "ev_certificate_request",
            ("/exiRequest", json!("…")),
        ),
        told(
            "GetCertificateStatus",
            json!({"ocspRequestData": hashes}),
            refused("Failed"),
            "certificate_status_request",
            ("/ocspRequestData/serialNumber", json!("c")),
        ),
    ]
}

async fn listed(owner: &Api, station: &str, told: &Told) {
    let path = format!("/v1/stations/{station}/reports?kind={}", told.kind);
    let (pointer, expected) = &told.kept;
    eventually(told.action, DEADLINE, || async {
        let reports = owner.list(&path).await;
        let found = |report: &Value| report["payload"].pointer(pointer) == Some(expected);
        reports.iter().any(found).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_stations_report_is_answered_by_its_schema_and_listed() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    for (version, messages) in [(Version::V16, of_16()), (Version::V201, of_201())] {
        let charger = owner.charger(&site, 1).await;
        let wire = Wire::booted(&server.endpoint(&charger.station_id, version)).await;
        for message in &messages {
            let answer = wire.ok(message.action, message.payload.clone()).await;
            if !message.answer.is_null() {
                assert_eq!(answer, message.answer, "{}", message.action);
            }
        }
        for message in &messages {
            listed(&owner, &charger.station_id, message).await;
        }
        let all = format!("/v1/stations/{}/reports?limit=2", charger.station_id);
        let all = owner.list(&all).await;
        assert!(all.len() > messages.len(), "{all:?}");
        assert!(!format!("{all:?}").contains("Jane"), "{all:?}");
        let received: Vec<&str> = all
            .iter()
            .map(|report| report["received_at"].as_str().unwrap())
            .collect();
        assert!(received.is_sorted_by(|a, b| a >= b), "{received:?}");
    }
}

#[tokio::test]
async fn what_is_sent_by_hand_goes_as_given_and_an_odd_answer_is_passed_on_and_counted() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let station = format!("/v1/stations/{}", charger.station_id);
    let payload = json!({"evseId": 1, "customData": {"vendorId": "v", "n": [1, null]},
        "chargingProfile": {"id": 7, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute", "chargingSchedule": [schedule()]}});
    wire.commands.script(
        "SetChargingProfile",
        Scripted::Result(json!({"status": "Perhaps", "more": 1})),
    );
    let path = format!("{station}/ocpp/SetChargingProfile");
    let answer = owner.post(&path, payload.clone()).await.ok();
    assert_eq!(answer["payload"]["status"], "Perhaps", "{answer}");
    let received = wire.commands.received("SetChargingProfile");
    assert_eq!(received.as_slice(), std::slice::from_ref(&payload));
    eventually("the quirk", DEADLINE, || async {
        let row = owner.get(&station).await.ok();
        let quirks = row["connection"]["quirks"].as_array().unwrap().clone();
        quirks
            .iter()
            .any(|quirk| quirk["name"] == "answer_form")
            .then_some(())
    })
    .await;

    let mut wrong = payload;
    wrong["chargingProfile"]["chargingSchedule"][0]["chargingRateUnit"] = json!("hp");
    let told = owner.post(&path, wrong).await;
    assert_eq!(told.status, 422, "{told}");
    let field = "chargingProfile.chargingSchedule[].chargingRateUnit";
    assert!(told.text.contains(field), "{told}");
    assert_eq!(wire.commands.received("SetChargingProfile").len(), 1);
}
