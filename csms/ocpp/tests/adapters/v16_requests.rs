use jiff::Timestamp;
use model::neutral::{
    Authorize, AuthorizeForm, Boot, DataTransfer, Delivery, MeterReport, ReportKind,
    StationRequest, Status, TransactionEvent,
};
use model::{EventTime, MeterSample, Phase, PresentedToken, TokenKind, TransactionRef};
use serde_json::json;

use crate::conversation::{V16, clean};

fn at(text: &str) -> EventTime {
    EventTime {
        text: text.into(),
        time: Some(text.parse::<Timestamp>().unwrap()),
    }
}

fn tag(text: &str) -> PresentedToken {
    PresentedToken::new(TokenKind::IdTag, text)
}

#[test]
fn boot_tells_what_the_station_is() {
    let boot = clean(
        V16,
        "BootNotification",
        r#"{"chargePointVendor":"Acme","chargePointModel":"One","chargePointSerialNumber":"S1",
            "chargeBoxSerialNumber":"B1","firmwareVersion":"1.2","iccid":"","imsi":"1",
            "meterType":"M","meterSerialNumber":"9"}"#,
    );
    assert_eq!(
        boot,
        StationRequest::Boot(Boot {
            vendor: "Acme".into(),
            model: "One".into(),
            serial: Some("S1".into()),
            firmware: Some("1.2".into()),
            reason: None,
        })
    );
    let StationRequest::Boot(boot) = clean(
        V16,
        "BootNotification",
        r#"{"chargePointVendor":"A","chargePointModel":"B","chargeBoxSerialNumber":"B1"}"#,
    ) else {
        panic!("not a boot")
    };
    assert_eq!((boot.serial, boot.firmware), (Some("B1".into()), None));
}

#[test]
fn heartbeat_has_no_fields() {
    assert_eq!(clean(V16, "Heartbeat", "{}"), StationRequest::Heartbeat);
}

#[test]
fn authorize_keeps_the_spelling_of_the_tag() {
    assert_eq!(
        clean(V16, "Authorize", r#"{"idTag":"04a1:b2"}"#),
        StationRequest::Authorize(Authorize {
            token: tag("04a1:b2"),
            door: None,
            form: AuthorizeForm::Standard,
        })
    );
}

#[test]
fn a_connector_is_an_evse_with_one_connector_and_zero_is_the_station() {
    let status = |connector: u32| {
        let payload = json!({"connectorId": connector, "errorCode": "NoError",
            "status": "Charging", "info": "warm", "timestamp": "2024-06-01T12:00:00Z",
            "vendorId": "Acme", "vendorErrorCode": "E1"});
        clean(V16, "StatusNotification", &payload.to_string())
    };
    let expected = |evse, connector| {
        StationRequest::Status(Status {
            evse,
            connector,
            status: "Charging".into(),
            error_code: Some("NoError".into()),
            info: Some("warm".into()),
            at: Some(at("2024-06-01T12:00:00Z")),
        })
    };
    assert_eq!(status(2), expected(2, 1));
    assert_eq!(status(0), expected(0, 0));
}

#[test]
fn a_start_asks_for_a_number() {
    let event = clean(
        V16,
        "StartTransaction",
        r#"{"connectorId":2,"idTag":"04A1B2C3","meterStart":1234,"reservationId":-5,
            "timestamp":"2024-06-01T14:00:00+02:00"}"#,
    );
    assert_eq!(
        event,
        StationRequest::Transaction(Box::new(TransactionEvent {
            phase: Phase::Started,
            reference: TransactionRef::New,
            seq_no: None,
            trigger: None,
            at: at("2024-06-01T14:00:00+02:00"),
            delivery: Delivery::Live,
            evse: Some(2),
            connector: Some(1),
            token: Some(tag("04A1B2C3")),
            meter_wh: Some(1234),
            remote_start_id: None,
            reservation_id: Some(-5),
            stop_reason: None,
            charging_state: None,
            samples: Vec::new(),
        }))
    );
}

#[test]
fn a_stop_names_its_transaction_and_brings_its_samples() {
    let event = clean(
        V16,
        "StopTransaction",
        r#"{"transactionId":77,"idTag":"04A1B2C3","meterStop":99999999999,
            "timestamp":"2024-06-01T13:00:00Z","reason":"EVDisconnected","transactionData":[
            {"timestamp":"2024-06-01T13:00:00Z","sampledValue":[
                {"value":"12.3456","unit":"kWh","context":"Transaction.End","location":"Outlet",
                 "measurand":"Energy.Active.Import.Register","format":"Raw"},
                {"value":"31.5","unit":"Celcius","measurand":"Temperature"},
                {"value":"230.1","measurand":"Voltage","phase":"L1-N"}]}]}"#,
    );
    let sample = |value: &str, measurand: &str| MeterSample {
        at: at("2024-06-01T13:00:00Z"),
        value: value.into(),
        measurand: measurand.into(),
        unit: None,
        context: Some("Sample.Periodic".into()),
        phase: None,
        location: None,
        energy_wh: None,
        signed: None,
    };
    assert_eq!(
        event,
        StationRequest::Transaction(Box::new(TransactionEvent {
            phase: Phase::Ended,
            reference: TransactionRef::Number(77),
            seq_no: None,
            trigger: None,
            at: at("2024-06-01T13:00:00Z"),
            delivery: Delivery::Live,
            evse: None,
            connector: None,
            token: Some(tag("04A1B2C3")),
            meter_wh: Some(99_999_999_999),
            remote_start_id: None,
            reservation_id: None,
            stop_reason: Some("EVDisconnected".into()),
            charging_state: None,
            samples: vec![
                MeterSample {
                    unit: Some("kWh".into()),
                    context: Some("Transaction.End".into()),
                    location: Some("Outlet".into()),
                    energy_wh: Some(12346),
                    ..sample("12.3456", "Energy.Active.Import.Register")
                },
                MeterSample {
                    unit: Some("Celsius".into()),
                    ..sample("31.5", "Temperature")
                },
                MeterSample {
                    phase: Some("L1-N".into()),
                    ..sample("230.1", "Voltage")
                },
            ],
        }))
    );
}

#[test]
fn a_stop_without_token_and_reason_says_so() {
    let StationRequest::Transaction(event) = clean(
        V16,
        "StopTransaction",
        r#"{"transactionId":-1,"meterStop":0,"timestamp":"1970-01-01T00:00:00Z"}"#,
    ) else {
        panic!("not a transaction")
    };
    assert_eq!(event.reference, TransactionRef::Number(-1));
    assert_eq!((event.token, event.stop_reason), (None, None));
    assert_eq!(event.at, at("1970-01-01T00:00:00Z"));
}

#[test]
fn meter_values_carry_the_register_in_watt_hours() {
    let report = clean(
        V16,
        "MeterValues",
        r#"{"connectorId":1,"transactionId":77,"meterValue":[
            {"timestamp":"2024-06-01T12:05:00Z","sampledValue":[{"value":"1500"}]},
            {"timestamp":"2024-06-01T12:10:00Z","sampledValue":[
                {"value":"OCMF|signed","format":"SignedData"}]}]}"#,
    );
    let sample = |time: &str, value: &str| MeterSample {
        at: at(time),
        value: value.into(),
        measurand: "Energy.Active.Import.Register".into(),
        unit: Some("Wh".into()),
        context: Some("Sample.Periodic".into()),
        phase: None,
        location: None,
        energy_wh: None,
        signed: None,
    };
    assert_eq!(
        report,
        StationRequest::Meter(MeterReport {
            evse: 1,
            transaction: Some(TransactionRef::Number(77)),
            samples: vec![
                MeterSample {
                    energy_wh: Some(1500),
                    ..sample("2024-06-01T12:05:00Z", "1500")
                },
                MeterSample {
                    signed: Some("\"OCMF|signed\"".into()),
                    ..sample("2024-06-01T12:10:00Z", "OCMF|signed")
                },
            ],
        })
    );
}

#[test]
fn data_transfer_of_others_is_passed_on() {
    assert_eq!(
        clean(
            V16,
            "DataTransfer",
            r#"{"vendorId":"com.acme","messageId":"m","data":"x"}"#
        ),
        StationRequest::DataTransfer(DataTransfer {
            vendor: "com.acme".into(),
            message: Some("m".into()),
            data: Some(json!("x")),
        })
    );
    // Our own vendor id means nothing at a charger.
    assert!(matches!(
        clean(
            V16,
            "DataTransfer",
            r#"{"vendorId":"io.keywatt.lock","messageId":"Door.Authorize"}"#
        ),
        StationRequest::DataTransfer(_)
    ));
}

#[test]
fn what_is_only_kept_becomes_a_report() {
    let check = |action, payload: &str, kind| {
        let StationRequest::Report(report) = clean(V16, action, payload) else {
            panic!("{action} is not a report")
        };
        assert_eq!(report.kind, kind);
        assert_eq!(
            report.payload,
            serde_json::from_str::<serde_json::Value>(payload).unwrap()
        );
    };
    check(
        "DiagnosticsStatusNotification",
        r#"{"status":"Uploaded"}"#,
        ReportKind::LogStatus,
    );
    check(
        "LogStatusNotification",
        r#"{"status":"Uploading","requestId":3}"#,
        ReportKind::LogStatus,
    );
    check(
        "FirmwareStatusNotification",
        r#"{"status":"Installed"}"#,
        ReportKind::FirmwareStatus,
    );
    check(
        "SignedFirmwareStatusNotification",
        r#"{"status":"InvalidSignature","requestId":3}"#,
        ReportKind::FirmwareStatus,
    );
    check(
        "SecurityEventNotification",
        r#"{"type":"TamperDetectionActivated","timestamp":"2024-06-01T12:00:00Z","techInfo":"lid"}"#,
        ReportKind::SecurityEvent,
    );
}
