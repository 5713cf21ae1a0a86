use jiff::Timestamp;
use model::neutral::{
    Authorize, AuthorizeForm, Boot, Delivery, MeterReport, ReportKind, StationRequest, Status,
    TransactionEvent,
};
use model::{EventTime, MeterSample, Phase, PresentedToken, TokenKind, TransactionRef};
use serde_json::{Value, json};

use crate::conversation::{V201, clean};

fn at(text: &str) -> EventTime {
    EventTime {
        text: text.into(),
        time: Some(text.parse::<Timestamp>().unwrap()),
    }
}

fn transaction(payload: &Value) -> TransactionEvent {
    match clean(V201, "TransactionEvent", &payload.to_string()) {
        StationRequest::Transaction(event) => *event,
        other => panic!("not a transaction: {other:?}"),
    }
}

#[test]
fn boot_tells_what_the_station_is() {
    let boot = clean(
        V201,
        "BootNotification",
        r#"{"reason":"PowerUp","chargingStation":{"model":"One","vendorName":"Acme",
            "serialNumber":"S1","firmwareVersion":"1.2","modem":{"iccid":"8","imsi":"2"}},
            "customData":{"vendorId":"com.acme","more":[1]}}"#,
    );
    assert_eq!(
        boot,
        StationRequest::Boot(Boot {
            vendor: "Acme".into(),
            model: "One".into(),
            serial: Some("S1".into()),
            firmware: Some("1.2".into()),
            reason: Some("PowerUp".into()),
        })
    );
}

#[test]
fn every_type_of_token_is_read() {
    let kinds = [
        ("Central", TokenKind::Central),
        ("eMAID", TokenKind::Emaid),
        ("ISO14443", TokenKind::Iso14443),
        ("ISO15693", TokenKind::Iso15693),
        ("KeyCode", TokenKind::KeyCode),
        ("Local", TokenKind::Local),
        ("MacAddress", TokenKind::MacAddress),
        ("NoAuthorization", TokenKind::NoAuthorization),
    ];
    for (name, kind) in kinds {
        let payload = json!({"idToken": {"idToken": "04a1B2", "type": name,
            "additionalInfo": [{"additionalIdToken": "2", "type": "door"}]}});
        assert_eq!(
            clean(V201, "Authorize", &payload.to_string()),
            StationRequest::Authorize(Authorize {
                token: PresentedToken::new(kind, "04a1B2"),
                // A charger has no doors.
                door: None,
                form: AuthorizeForm::Standard,
            }),
            "{name}"
        );
    }
}

#[test]
fn status_tells_evse_and_connector() {
    assert_eq!(
        clean(
            V201,
            "StatusNotification",
            r#"{"timestamp":"2024-06-01T12:00:00Z","connectorStatus":"Occupied","evseId":2,"connectorId":3}"#
        ),
        StationRequest::Status(Status {
            evse: 2,
            connector: 3,
            status: "Occupied".into(),
            error_code: None,
            info: None,
            at: Some(at("2024-06-01T12:00:00Z")),
        })
    );
}

#[test]
fn a_whole_transaction_event_is_read() {
    let event = transaction(&json!({
        "eventType": "Started", "timestamp": "2024-06-01T12:00:00.123Z",
        "triggerReason": "RemoteStart", "seqNo": 0, "offline": true,
        "numberOfPhasesUsed": 3, "cableMaxCurrent": 32, "reservationId": 8,
        "transactionInfo": {"transactionId": "t-1", "chargingState": "Charging",
            "timeSpentCharging": 0, "remoteStartId": 55},
        "evse": {"id": 2, "connectorId": 1},
        "idToken": {"idToken": "FE01", "type": "Central"},
        "meterValue": [{"timestamp": "2024-06-01T12:00:00Z", "sampledValue": [
            {"value": 12.5, "context": "Transaction.Begin",
             "unitOfMeasure": {"unit": "kWh", "multiplier": 0},
             "signedMeterValue": {"signedMeterData": "d", "signingMethod": "",
                 "encodingMethod": "OCMF", "publicKey": ""}},
            {"value": 16, "measurand": "Current.Import", "phase": "L1", "location": "Outlet",
             "unitOfMeasure": {"unit": "A", "multiplier": -1}}]}]
    }));
    let sample = |value: &str, measurand: &str, unit: &str| MeterSample {
        at: at("2024-06-01T12:00:00Z"),
        value: value.into(),
        measurand: measurand.into(),
        unit: Some(unit.into()),
        context: Some("Sample.Periodic".into()),
        phase: None,
        location: None,
        energy_wh: None,
        signed: None,
    };
    assert_eq!(
        event,
        TransactionEvent {
            phase: Phase::Started,
            reference: TransactionRef::Text("t-1".into()),
            seq_no: Some(0),
            trigger: Some("RemoteStart".into()),
            at: at("2024-06-01T12:00:00.123Z"),
            delivery: Delivery::Offline,
            evse: Some(2),
            connector: Some(1),
            token: Some(PresentedToken::new(TokenKind::Central, "FE01")),
            meter_wh: Some(12_500),
            remote_start_id: Some(55),
            reservation_id: Some(8),
            stop_reason: None,
            charging_state: Some("Charging".into()),
            samples: vec![
                MeterSample {
                    context: Some("Transaction.Begin".into()),
                    energy_wh: Some(12_500),
                    signed: Some(
                        json!({"signedMeterData": "d", "signingMethod": "",
                            "encodingMethod": "OCMF", "publicKey": ""})
                        .to_string()
                    ),
                    ..sample("12.5", "Energy.Active.Import.Register", "kWh")
                },
                MeterSample {
                    phase: Some("L1".into()),
                    location: Some("Outlet".into()),
                    ..sample("1.6", "Current.Import", "A")
                },
            ],
        }
    );
}

#[test]
fn an_ended_event_tells_reason_and_register() {
    let event = transaction(&json!({
        "eventType": "Ended", "timestamp": "2024-06-01T13:00:00Z",
        "triggerReason": "StopAuthorized", "seqNo": 9,
        "transactionInfo": {"transactionId": "t-1", "stoppedReason": "Local"},
        "meterValue": [{"timestamp": "2024-06-01T13:00:00Z", "sampledValue": [
            {"value": 2500, "context": "Transaction.End"}, {"value": 1, "context": "Other"}]}]
    }));
    assert_eq!(event.phase, Phase::Ended);
    assert_eq!(event.meter_wh, Some(2500));
    assert_eq!(event.stop_reason.as_deref(), Some("Local"));
    assert_eq!(event.trigger.as_deref(), Some("StopAuthorized"));
    assert_eq!(event.token, None);
    assert_eq!((event.evse, event.connector), (None, None));
}

#[test]
fn a_multiplier_is_a_power_of_ten() {
    let event = transaction(&json!({
        "eventType": "Updated", "timestamp": "2024-06-01T13:00:00Z",
        "triggerReason": "MeterValuePeriodic", "seqNo": 1,
        "transactionInfo": {"transactionId": "t-1"},
        "meterValue": [{"timestamp": "2024-06-01T13:00:00Z", "sampledValue": [
            {"value": 2.5, "unitOfMeasure": {"multiplier": 3}}]}]
    }));
    assert_eq!(event.meter_wh, Some(2500));
    assert_eq!(event.samples[0].value, "2500");
    assert_eq!(event.samples[0].unit.as_deref(), Some("Wh"));
}

#[test]
fn meter_values_are_of_an_evse() {
    let StationRequest::Meter(MeterReport {
        evse,
        transaction,
        samples,
    }) = clean(
        V201,
        "MeterValues",
        r#"{"evseId":0,"meterValue":[{"timestamp":"2024-06-01T12:00:00Z",
            "sampledValue":[{"value":7}]}]}"#,
    )
    else {
        panic!("not meter values")
    };
    assert_eq!((evse, transaction), (0, None));
    assert_eq!(samples[0].energy_wh, Some(7));
}

#[test]
fn what_is_only_kept_becomes_a_report() {
    let check = |action, payload: Value, kind| {
        let StationRequest::Report(report) = clean(V201, action, &payload.to_string()) else {
            panic!("{action} is not a report")
        };
        assert_eq!((report.kind, report.payload), (kind, payload));
    };
    let time = "2024-06-01T12:00:00Z";
    check(
        "NotifyEvent",
        json!({"generatedAt": time, "seqNo": 0, "tbc": false, "eventData": [{
            "eventId": 1, "timestamp": time, "trigger": "Delta", "actualValue": "true",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "AccessBarrier", "evse": {"id": 1}},
            "variable": {"name": "Active"}}]}),
        ReportKind::Events,
    );
    check(
        "NotifyReport",
        json!({"requestId": 1, "generatedAt": time, "seqNo": 0, "tbc": true, "reportData": [{
            "component": {"name": "EVSE", "evse": {"id": 1, "connectorId": 1}},
            "variable": {"name": "Power"},
            "variableAttribute": [{"type": "Actual", "value": "11", "mutability": "ReadOnly",
                "persistent": true, "constant": false}],
            "variableCharacteristics": {"dataType": "decimal", "supportsMonitoring": true,
                "unit": "kW", "maxLimit": 22.5}}]}),
        ReportKind::Inventory,
    );
    check(
        "SecurityEventNotification",
        json!({"type": "TamperDetectionActivated", "timestamp": time}),
        ReportKind::SecurityEvent,
    );
    check(
        "LogStatusNotification",
        json!({"status": "Idle"}),
        ReportKind::LogStatus,
    );
    check(
        "FirmwareStatusNotification",
        json!({"status": "Installed", "requestId": 4}),
        ReportKind::FirmwareStatus,
    );
}
