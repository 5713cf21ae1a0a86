use std::sync::LazyLock;

use jsonschema::Validator;
use model::OcppVersion;
use model::command::StationCommand;
use model::neutral::StationReply;
use ocpp::{Adapter, Message, Peer, Usage, command_actions, messages, request_actions};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::conversation::{V16, V201, lock, raw};
use crate::official::{self, Side};

/// Any JSON, with the names and values of OCPP among the rest, so that the tables are reached.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "",
        "1",
        "-1.5",
        "1e400",
        "2024-06-01T12:00:00Z",
        "2024-06-01",
        "Accepted",
        "Started",
        "Ended",
        "KeyCode",
        "NoAuthorization",
        "io.keywatt.lock",
        "Door.Authorize",
        "Door.Event",
        "{\"door\":1,\"kind\":\"pin\",\"value\":\"1\"}",
        "AccessBarrier",
        "State",
        "door=open",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "idTag",
        "connectorId",
        "meterStart",
        "meterStop",
        "timestamp",
        "transactionId",
        "reason",
        "transactionData",
        "meterValue",
        "sampledValue",
        "value",
        "unit",
        "measurand",
        "phase",
        "idToken",
        "type",
        "additionalInfo",
        "additionalIdToken",
        "eventType",
        "triggerReason",
        "seqNo",
        "transactionInfo",
        "evse",
        "evseId",
        "id",
        "unitOfMeasure",
        "multiplier",
        "chargingStation",
        "model",
        "vendorName",
        "chargePointVendor",
        "chargePointModel",
        "vendorId",
        "messageId",
        "data",
        "status",
        "errorCode",
        "info",
        "eventData",
        "component",
        "variable",
        "name",
        "actualValue",
        "generatedAt",
        "requestId",
        "reportData",
        "offline",
        "connectorStatus",
        "customData",
        "signedMeterValue",
        "context",
        "format",
    ]);
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..12).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

fn adapters() -> [(Adapter, OcppVersion); 2] {
    [(V16, OcppVersion::V16), (V201, OcppVersion::V201)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_a_station_sends_is_beyond_the_adapters(payload in any_json()) {
        let payload = raw(&payload.to_string());
        for (adapter, version) in adapters() {
            for action in request_actions(version) {
                for peer in [Peer::Charger, lock(&[1])] {
                    if let Ok(decoded) = adapter.decode(&peer, action, &payload) {
                        prop_assert!(decoded.requests.is_empty() == decoded.answer.is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn an_answer_is_there_wherever_one_is_due(payload in any_json()) {
        let payload = raw(&payload.to_string());
        for (adapter, version) in adapters() {
            for message in messages(version) {
                if !matches!(message.usage(), Usage::Reported | Usage::Refused) {
                    continue;
                }
                // Refused with a CALLERROR, or answered in the words of its schema.
                let Ok(decoded) = adapter.decode(&Peer::Charger, message.action(), &payload) else {
                    continue;
                };
                let told = adapter
                    .encode_reply(message.action(), &decoded.requests[0], &StationReply::Received)
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
                let told: Value = serde_json::from_str(told.get()).unwrap();
                prop_assert_eq!(message.answer().deviations(&told), Vec::<String>::new());
            }
        }
    }

    #[test]
    fn nothing_an_answer_holds_is_beyond_the_adapters(payload in any_json()) {
        let answer = raw(&payload.to_string());
        for (adapter, version) in adapters() {
            for action in command_actions(version) {
                let command =
                    StationCommand::Raw { action: action.to_owned(), payload: json!({}) };
                let _ = adapter.decode_answer(&command, &answer);
                let _ = adapter.answer_quirks(&command, &answer);
            }
        }
    }

    #[test]
    fn nothing_given_to_be_sent_is_changed(payload in any_json()) {
        for (adapter, version) in adapters() {
            for action in command_actions(version) {
                let command =
                    StationCommand::Raw { action: action.to_owned(), payload: payload.clone() };
                if let Ok((_, sent)) = adapter.encode_command(&command) {
                    prop_assert_eq!(&sent, &payload);
                }
            }
        }
    }

    #[test]
    fn a_valid_start_is_read_without_deviation(
        connector in 0_u32..1000,
        tag in "[ -~]{1,20}",
        meter in any::<i64>(),
        reservation in prop::option::of(any::<i32>()),
        seconds in 0_i64..4_000_000_000,
        nanos in 0_i32..1_000_000_000,
    ) {
        let time = jiff::Timestamp::new(seconds, nanos).unwrap().to_string();
        let mut fields = Map::new();
        fields.insert("connectorId".into(), connector.into());
        fields.insert("idTag".into(), tag.clone().into());
        fields.insert("meterStart".into(), meter.into());
        fields.insert("timestamp".into(), time.clone().into());
        if let Some(reservation) = reservation {
            fields.insert("reservationId".into(), reservation.into());
        }
        let payload = raw(&Value::Object(fields).to_string());
        let decoded = V16.decode(&Peer::Charger, "StartTransaction", &payload).unwrap();
        prop_assert_eq!(decoded.quirks, vec![]);
        let model::neutral::StationRequest::Transaction(event) = &decoded.requests[0] else {
            return Err(TestCaseError::fail("not a transaction"));
        };
        prop_assert_eq!(event.evse, Some(connector));
        prop_assert_eq!(event.meter_wh, Some(meter));
        prop_assert_eq!(&event.at.text, &time);
        prop_assert_eq!(event.at.time, time.parse().ok());
        prop_assert_eq!(event.token.as_ref().map(|token| token.value.as_str()), Some(tag.as_str()));
        prop_assert_eq!(event.reservation_id, reservation.map(i64::from));
    }

    #[test]
    fn a_valid_sample_keeps_its_value_to_the_digit(
        whole in 0_i64..1_000_000_000, thousandths in 0_u32..1000,
    ) {
        let number = format!("{whole}.{thousandths:03}");
        let expected = whole * 1000 + i64::from(thousandths);
        let payload = format!(
            r#"{{"evseId":1,"meterValue":[{{"timestamp":"2024-06-01T12:00:00Z","sampledValue":[
                {{"value":{number},"unitOfMeasure":{{"unit":"kWh"}}}}]}}]}}"#
        );
        let decoded = V201.decode(&Peer::Charger, "MeterValues", &raw(&payload)).unwrap();
        prop_assert_eq!(decoded.quirks, vec![]);
        let model::neutral::StationRequest::Meter(report) = &decoded.requests[0] else {
            return Err(TestCaseError::fail("not meter values"));
        };
        prop_assert_eq!(&report.samples[0].value, &number);
        prop_assert_eq!(report.samples[0].energy_wh, Some(expected));
    }
}

/// Every message with the validators of its request and its answer.
type Schemas = Vec<(Adapter, &'static Message, [(Side, Value, Validator); 2])>;

fn schemas() -> &'static Schemas {
    static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
        let mut all = Vec::new();
        for (adapter, version) in adapters() {
            let mut official = official::of_version(version);
            for message in messages(version) {
                let sides = [Side::Request, Side::Answer].map(|side| {
                    let at = official
                        .iter()
                        .position(|one| one.action == message.action() && one.side == side)
                        .unwrap();
                    let schema = official.swap_remove(at).schema;
                    let validator = official::validator(&schema);
                    (side, schema, validator)
                });
                all.push((adapter, message, sides));
            }
        }
        all
    });
    &SCHEMAS
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_valid_message_is_never_changed_nor_found_odd(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        for (adapter, message, sides) in schemas() {
            for (side, schema, validator) in sides {
                let payload = official::random(schema, &bytes);
                let outcome = official::one(*adapter, message, *side, validator, &payload);
                prop_assert_eq!(outcome, Ok(()), "{} {:?}: {}", message.action(), side, payload);
            }
        }
    }
}
