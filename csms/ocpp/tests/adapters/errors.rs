use model::OcppVersion;
use ocpp::{Adapter, command_actions, request_actions};
use rpc::{ErrorCode, Version};

use crate::conversation::{V16, V201, decode};

fn check(adapter: Adapter, action: &str, payload: &str, code: ErrorCode, told: &str) {
    let error = decode(adapter, action, payload).expect_err(payload);
    assert_eq!(
        (error.code, error.description.as_str()),
        (code, told),
        "{action} {payload}"
    );
}

#[test]
fn actions_are_told_apart_by_whether_they_are_known() {
    check(
        V16,
        "Dance",
        "{}",
        ErrorCode::NotImplemented,
        "the action is not one of OCPP 1.6",
    );
    check(
        V16,
        "authorize",
        "{}",
        ErrorCode::NotImplemented,
        "the action is not one of OCPP 1.6",
    );
    check(
        V16,
        "TransactionEvent",
        "{}",
        ErrorCode::NotImplemented,
        "`TransactionEvent` is an action of OCPP 2.0.1; this connection speaks 1.6",
    );
    check(
        V201,
        "StartTransaction",
        "{}",
        ErrorCode::NotImplemented,
        "`StartTransaction` is an action of OCPP 1.6; this connection speaks 2.0.1",
    );
    for (adapter, action) in [
        (V16, "Reset"),
        (V16, "GetLog"),
        (V201, "SetVariables"),
        (V201, "TriggerMessage"),
    ] {
        let error = decode(adapter, action, "{}").expect_err(action);
        assert_eq!(error.code, ErrorCode::NotSupported, "{action}");
    }
}

#[test]
fn every_served_action_is_served() {
    for (adapter, version) in [(V16, OcppVersion::V16), (V201, OcppVersion::V201)] {
        for action in request_actions(version) {
            // An empty payload may be wrong, but the action is not.
            if let Err(error) = decode(adapter, action, "{}") {
                assert_eq!(
                    error.code,
                    ErrorCode::OccurrenceConstraintViolation,
                    "{action}"
                );
            }
        }
        for action in command_actions(version).filter(|action| *action != "DataTransfer") {
            let error = decode(adapter, action, "{}").expect_err(action);
            assert_eq!(error.code, ErrorCode::NotSupported, "{action}");
        }
    }
}

#[test]
fn each_fault_has_its_code() {
    let not_an_object = |payload: &str| {
        check(
            V16,
            "Heartbeat",
            payload,
            ErrorCode::FormatViolation,
            "the payload must be an object",
        );
    };
    not_an_object("[]");
    not_an_object("\"text\"");
    not_an_object("7");
    not_an_object("true");
    let missing = ErrorCode::OccurrenceConstraintViolation;
    check(V16, "Authorize", "{}", missing, "`idTag` is missing");
    check(
        V16,
        "Authorize",
        r#"{"idTag":null}"#,
        missing,
        "`idTag` is missing",
    );
    check(
        V16,
        "BootNotification",
        r#"{"chargePointVendor":"A"}"#,
        missing,
        "`chargePointModel` is missing",
    );
    check(
        V201,
        "BootNotification",
        r#"{"reason":"PowerUp"}"#,
        missing,
        "`chargingStation` is missing",
    );
    check(
        V201,
        "Authorize",
        r#"{"idToken":{"idToken":"A"}}"#,
        missing,
        "`idToken.type` is missing",
    );
    check(
        V201,
        "NotifyEvent",
        r#"{"generatedAt":"2024-06-01T12:00:00Z","seqNo":0,"eventData":[{"eventId":1}]}"#,
        missing,
        "`eventData[0].actualValue` is missing",
    );
    let wrong_type = ErrorCode::TypeConstraintViolation;
    check(
        V16,
        "Authorize",
        r#"{"idTag":5}"#,
        wrong_type,
        "`idTag` must be text",
    );
    check(
        V16,
        "Authorize",
        r#"{"idTag":{}}"#,
        wrong_type,
        "`idTag` must be text",
    );
    check(
        V16,
        "Authorize",
        r#"{"idTag":["A"]}"#,
        wrong_type,
        "`idTag` must be text",
    );
    check(
        V201,
        "Authorize",
        r#"{"idToken":"A"}"#,
        wrong_type,
        "`idToken` must be an object",
    );
    check(
        V16,
        "StatusNotification",
        r#"{"connectorId":"one","errorCode":"NoError","status":"Available"}"#,
        wrong_type,
        "`connectorId` must be a number, not text",
    );
    check(
        V16,
        "StatusNotification",
        r#"{"connectorId":1.5,"errorCode":"NoError","status":"Available"}"#,
        wrong_type,
        "`connectorId` must be an integer",
    );
    check(
        V201,
        "NotifyReport",
        r#"{"requestId":true,"seqNo":0}"#,
        wrong_type,
        "`requestId` must be an integer",
    );
    let wrong_value = ErrorCode::PropertyConstraintViolation;
    check(
        V201,
        "Authorize",
        r#"{"idToken":{"idToken":"A","type":"Smell"}}"#,
        wrong_value,
        "`idToken.type` is not one of the values allowed",
    );
    check(
        V16,
        "StatusNotification",
        r#"{"connectorId":99999999999999999999,"errorCode":"NoError","status":"Available"}"#,
        wrong_value,
        "`connectorId` is out of range",
    );
    let endless = format!(r#"{{"idTag":"{}"}}"#, "A".repeat(256));
    check(
        V16,
        "Authorize",
        &endless,
        wrong_value,
        "`idTag` is too long",
    );
    check(
        V16,
        "Authorize",
        r#"{"idTag":"A","idTag":"B"}"#,
        ErrorCode::FormatViolation,
        "`idTag` comes twice",
    );
}

#[test]
fn codes_are_spelt_as_each_version_spells_them() {
    let error = decode(V16, "Authorize", "{}").unwrap_err();
    assert_eq!(
        error.code.wire(Version::V16),
        "OccurenceConstraintViolation"
    );
    let error = decode(V201, "Authorize", "[]").unwrap_err();
    assert_eq!(error.code.wire(Version::V201), "FormatViolation");
}

#[test]
fn a_transaction_message_is_refused_only_if_it_means_nothing() {
    let missing = ErrorCode::OccurrenceConstraintViolation;
    check(
        V16,
        "StartTransaction",
        "{}",
        missing,
        "`connectorId` is missing",
    );
    check(
        V16,
        "StartTransaction",
        r#"{"connectorId":1}"#,
        missing,
        "`idTag` is missing",
    );
    check(
        V16,
        "StopTransaction",
        "{}",
        missing,
        "`transactionId` is missing",
    );
    check(
        V16,
        "MeterValues",
        "{}",
        missing,
        "`connectorId` is missing",
    );
    check(
        V201,
        "TransactionEvent",
        "{}",
        missing,
        "`eventType` is missing",
    );
    check(
        V201,
        "TransactionEvent",
        r#"{"eventType":"Ended","transactionInfo":{}}"#,
        missing,
        "`transactionInfo.transactionId` is missing",
    );
    check(
        V201,
        "TransactionEvent",
        r#"{"eventType":"Begun","transactionInfo":{"transactionId":"t"}}"#,
        ErrorCode::PropertyConstraintViolation,
        "`eventType` is not one of the values allowed",
    );
}

#[test]
fn no_value_of_a_message_is_told_back() {
    let secret = "4711471147114711";
    let payloads = [
        format!(r#"{{"idTag":{secret}}}"#),
        format!(r#"{{"idTag":["{secret}"]}}"#),
        format!(r#"{{"idTag":"{secret}","idTag":"{secret}"}}"#),
        format!(r#"{{"idTag":"A","{secret}":1}}"#),
        format!(r#"{{"{secret}":1,"{secret}":2}}"#),
        format!(r#"{{"idToken":{{"idToken":"{secret}","type":"{secret}"}}}}"#),
        format!(
            r#"{{"idToken":{{"idToken":"{secret}","type":"KeyCode","additionalInfo":"{secret}"}}}}"#
        ),
        format!(r#""{secret}""#),
    ];
    for payload in payloads {
        for adapter in [V16, V201] {
            let told = match decode(adapter, "Authorize", &payload) {
                Ok(decoded) => format!("{:?}", decoded.quirks),
                Err(error) => error.to_string(),
            };
            assert!(!told.contains("4711"), "{payload}: {told}");
        }
    }
}
