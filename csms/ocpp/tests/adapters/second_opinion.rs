//! Messages written by rust-ocpp's types, which know nothing of our tables.

use chrono::{DateTime, Utc};
use model::neutral::StationRequest;
use rust_ocpp::v1_6::messages::boot_notification::BootNotificationRequest as Boot16;
use rust_ocpp::v1_6::messages::start_transaction::StartTransactionRequest;
use rust_ocpp::v1_6::messages::status_notification::StatusNotificationRequest;
use rust_ocpp::v1_6::messages::stop_transaction::StopTransactionRequest;
use rust_ocpp::v1_6::types::{
    ChargePointErrorCode, ChargePointStatus, Location, Measurand, MeterValue, Phase,
    ReadingContext, Reason, SampledValue, UnitOfMeasure, ValueFormat,
};
use rust_ocpp::v2_0_1::datatypes::evse_type::EVSEType;
use rust_ocpp::v2_0_1::datatypes::id_token_type::IdTokenType;
use rust_ocpp::v2_0_1::datatypes::transaction_type::TransactionType;
use rust_ocpp::v2_0_1::enumerations::charging_state_enum_type::ChargingStateEnumType;
use rust_ocpp::v2_0_1::enumerations::id_token_enum_type::IdTokenEnumType;
use rust_ocpp::v2_0_1::enumerations::reason_enum_type::ReasonEnumType;
use rust_ocpp::v2_0_1::enumerations::transaction_event_enum_type::TransactionEventEnumType;
use rust_ocpp::v2_0_1::enumerations::trigger_reason_enum_type::TriggerReasonEnumType;
use rust_ocpp::v2_0_1::messages::transaction_event::TransactionEventRequest;
use serde::Serialize;

use crate::conversation::{V16, V201, clean};

fn time() -> DateTime<Utc> {
    "2024-06-01T12:00:00.123Z".parse().unwrap()
}

fn read<T: Serialize>(adapter: ocpp::Adapter, action: &str, message: &T) -> StationRequest {
    clean(adapter, action, &serde_json::to_string(message).unwrap())
}

#[test]
fn messages_of_1_6_are_read_without_deviation() {
    read(
        V16,
        "BootNotification",
        &Boot16 {
            charge_box_serial_number: Some("b".repeat(25)),
            charge_point_model: "m".repeat(20),
            charge_point_serial_number: Some("s".repeat(25)),
            charge_point_vendor: "v".repeat(20),
            firmware_version: Some("f".repeat(50)),
            iccid: Some("i".repeat(20)),
            imsi: Some("i".repeat(20)),
            meter_serial_number: Some("m".repeat(25)),
            meter_type: Some("m".repeat(25)),
        },
    );
    read(
        V16,
        "StatusNotification",
        &StatusNotificationRequest {
            connector_id: 1,
            error_code: ChargePointErrorCode::OverCurrentFailure,
            info: Some("i".repeat(50)),
            status: ChargePointStatus::SuspendedEVSE,
            timestamp: Some(time()),
            vendor_id: Some("v".repeat(255)),
            vendor_error_code: Some("e".repeat(50)),
        },
    );
    let StationRequest::Transaction(event) = read(
        V16,
        "StartTransaction",
        &StartTransactionRequest {
            connector_id: 2,
            id_tag: "A".repeat(20),
            meter_start: i32::MAX,
            reservation_id: Some(i32::MIN),
            timestamp: time(),
        },
    ) else {
        panic!("not a transaction")
    };
    assert_eq!(event.meter_wh, Some(i64::from(i32::MAX)));
    assert_eq!(
        event.at.time.map(|time| time.as_millisecond()),
        Some(time().timestamp_millis())
    );
}

#[test]
fn a_1_6_stop_with_every_kind_of_sample_is_read_without_deviation() {
    let sampled = |measurand, unit, phase| SampledValue {
        value: "1.5".to_owned(),
        context: Some(ReadingContext::TransactionEnd),
        format: Some(ValueFormat::Raw),
        measurand: Some(measurand),
        phase,
        location: Some(Location::Outlet),
        unit: Some(unit),
    };
    let StationRequest::Transaction(event) = read(
        V16,
        "StopTransaction",
        &StopTransactionRequest {
            id_tag: Some("A".to_owned()),
            meter_stop: 1500,
            timestamp: time(),
            transaction_id: -1,
            reason: Some(Reason::EVDisconnected),
            transaction_data: Some(vec![MeterValue {
                timestamp: time(),
                sampled_value: vec![
                    sampled(
                        Measurand::EnergyActiveImportRegister,
                        UnitOfMeasure::KWh,
                        None,
                    ),
                    sampled(
                        Measurand::EnergyReactiveExportInterval,
                        UnitOfMeasure::Kvarh,
                        None,
                    ),
                    sampled(Measurand::Voltage, UnitOfMeasure::V, Some(Phase::L1N)),
                    sampled(Measurand::Temperature, UnitOfMeasure::Celsius, None),
                    sampled(Measurand::SoC, UnitOfMeasure::Percent, None),
                ],
            }]),
        },
    ) else {
        panic!("not a transaction")
    };
    let read: Vec<_> = event
        .samples
        .iter()
        .map(|sample| sample.energy_wh)
        .collect();
    assert_eq!(read, [Some(1500), None, None, None, None]);
    assert_eq!(event.stop_reason.as_deref(), Some("EVDisconnected"));
}

#[test]
fn a_2_0_1_event_is_read_without_deviation() {
    let StationRequest::Transaction(event) = read(
        V201,
        "TransactionEvent",
        &TransactionEventRequest {
            event_type: TransactionEventEnumType::Ended,
            timestamp: time(),
            trigger_reason: TriggerReasonEnumType::StopAuthorized,
            seq_no: 9,
            offline: Some(false),
            number_of_phases_used: Some(3),
            cable_max_current: Some(32),
            reservation_id: None,
            transaction_info: TransactionType {
                transaction_id: "t".repeat(36),
                charging_state: Some(ChargingStateEnumType::SuspendedEVSE),
                time_spent_charging: Some(3600),
                stopped_reason: Some(ReasonEnumType::StoppedByEV),
                remote_start_id: Some(7),
            },
            id_token: Some(IdTokenType {
                id_token: "c".repeat(36),
                kind: IdTokenEnumType::EMAID,
                additional_info: None,
            }),
            evse: Some(EVSEType {
                id: 1,
                connector_id: Some(2),
            }),
            meter_value: None,
        },
    ) else {
        panic!("not a transaction")
    };
    assert_eq!((event.evse, event.connector), (Some(1), Some(2)));
    assert_eq!(event.remote_start_id, Some(7));
    assert_eq!(
        event.token.map(|token| token.kind),
        Some(model::TokenKind::Emaid)
    );
}
