use model::{QuirkName, Tolerance, Treatment};
use ocpp::{Adapter, Decoded};
use rpc::ErrorCode;

use crate::conversation::{V16, V201, decode, names};

fn nothing_tolerated() -> Tolerance {
    QuirkName::ALL
        .iter()
        .map(|quirk| (*quirk, Treatment::Refuse))
        .collect()
}

fn decoded(adapter: Adapter, action: &str, payload: &str) -> Decoded {
    decode(adapter, action, payload).unwrap_or_else(|error| panic!("{action}: {error}"))
}

#[test]
fn a_message_as_written_is_never_refused() {
    for (adapter, action, payload) in [
        (V16, "Heartbeat", "{}"),
        (V16, "Authorize", r#"{"idTag":"04A1B2C3"}"#),
        (
            V16,
            "StatusNotification",
            r#"{"connectorId":1,"errorCode":"NoError","status":"Available",
                "timestamp":"2026-06-01T12:00:00Z"}"#,
        ),
        (
            V201,
            "StatusNotification",
            r#"{"evseId":1,"connectorId":1,"connectorStatus":"Available",
                "timestamp":"2026-06-01T12:00:00Z","customData":{"vendorId":"V"}}"#,
        ),
    ] {
        let mut decoded = decoded(adapter, action, payload);
        decoded.note_values("2026-06-01T12:00:00Z".parse().unwrap());
        assert_eq!(names(&decoded), Vec::<String>::new(), "{action}");
        assert_eq!(decoded.refusal(&nothing_tolerated()), None, "{action}");
    }
}

#[test]
fn a_deviation_is_refused_by_its_own_treatment_only() {
    let odd = decoded(
        V16,
        "StatusNotification",
        r#"{"connectorId":"1","errorCode":"Error","status":"Available"}"#,
    );
    assert_eq!(odd.refusal(&Tolerance::default()), None);
    let refusing = |quirk| [(quirk, Treatment::Refuse)].into_iter().collect();
    assert_eq!(odd.refusal(&refusing(QuirkName::TimeForm)), None);
    let error = odd.refusal(&refusing(QuirkName::UnknownValue)).unwrap();
    assert_eq!(
        (error.code, error.description.as_str()),
        (
            ErrorCode::PropertyConstraintViolation,
            "`errorCode` is not one of the values allowed"
        )
    );
    let error = odd.refusal(&nothing_tolerated()).unwrap();
    assert_eq!(error.code, ErrorCode::TypeConstraintViolation);
}

#[test]
fn what_has_happened_is_never_refused_for_its_form() {
    for (adapter, action, payload) in [
        (
            V16,
            "StartTransaction",
            r#"{"connectorId":"1","idTag":7,"timestamp":"1970-01-01","mood":1}"#,
        ),
        (V16, "StopTransaction", r#"{"transactionId":"7","mood":1}"#),
        (V16, "MeterValues", r#"{"connectorId":"1","meterValue":[]}"#),
        (
            V201,
            "TransactionEvent",
            r#"{"eventType":"Ended","transactionInfo":{"transactionId":7}}"#,
        ),
    ] {
        let mut decoded = decoded(adapter, action, payload);
        decoded.note_values("2026-06-01T12:00:00Z".parse().unwrap());
        assert!(!decoded.quirks.is_empty(), "{action}");
        assert_eq!(decoded.refusal(&nothing_tolerated()), None, "{action}");
    }
}

#[test]
fn times_that_cannot_be_believed_are_noted_once_for_each_field() {
    let mut decoded = decoded(
        V16,
        "MeterValues",
        r#"{"connectorId":1,"meterValue":[
            {"timestamp":"1970-01-01T00:00:01Z","sampledValue":[{"value":"1"},{"value":"2"}]},
            {"timestamp":"2036-06-01T12:00:00Z","sampledValue":[{"value":"3"}]},
            {"timestamp":"soon","sampledValue":[{"value":"4"}]}]}"#,
    );
    decoded.note_values("2026-06-01T12:00:00Z".parse().unwrap());
    assert_eq!(
        names(&decoded),
        [
            "time_unreadable meterValue[].timestamp",
            "clock_not_set meterValue[].timestamp",
            "clock_ahead meterValue[].timestamp",
        ]
    );
}
