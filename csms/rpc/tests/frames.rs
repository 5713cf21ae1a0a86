//! What is read as a frame, and what the sender of anything else is told.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

use proptest::prelude::*;
use rpc::{
    ErrorCode, Fault, Frame, FrameError, MAX_DEPTH, MessageId, Version, call, call_error,
    call_result,
};

fn fault(text: &str) -> FrameError {
    Frame::parse(Version::V16, text).expect_err(text)
}

/// The answer to a text that is no frame: (1.6, 2.0.1), without the description.
fn answers(text: &str) -> (Option<String>, Option<String>) {
    let brief = |version| {
        let error = Frame::parse(version, text).expect_err(text);
        let answer = error.answer(version)?;
        let value: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(value[0], 4, "{answer}");
        assert_eq!(value[4], serde_json::json!({}), "{answer}");
        assert!(!value[3].as_str().unwrap().is_empty(), "{answer}");
        Some(format!(
            "{} {}",
            value[1].as_str().unwrap(),
            value[2].as_str().unwrap()
        ))
    };
    (brief(Version::V16), brief(Version::V201))
}

fn check(text: &str, v16: Option<&str>, v201: Option<&str>) {
    let (got16, got201) = answers(text);
    assert_eq!(got16.as_deref(), v16, "1.6: {text}");
    assert_eq!(got201.as_deref(), v201, "2.0.1: {text}");
}

#[test]
fn a_call_is_read_with_its_payload_untouched() {
    let text = r#" [2, "19:1", "Boot\u004eotification", {"a": 1.50} ] "#;
    let Frame::Call {
        id,
        action,
        payload,
    } = Frame::parse(Version::V201, text).unwrap()
    else {
        panic!("not a call")
    };
    assert_eq!(id.as_str(), "19:1");
    assert_eq!(action, "BootNotification");
    assert_eq!(payload.get(), r#"{"a": 1.50}"#);
}

#[test]
fn a_null_payload_stays_null_and_is_reported() {
    let Frame::Call { payload, .. } =
        Frame::parse(Version::V16, r#"[2,"1","Heartbeat",null]"#).unwrap()
    else {
        panic!("not a call")
    };
    assert!(rpc::is_null(&payload));
    assert_eq!(rpc::object_text(&payload), "{}");
}

#[test]
fn a_call_error_is_read_even_when_its_end_is_missing() {
    for text in [
        r#"[4,"1","FormationViolation"]"#,
        r#"[4,"1","FormationViolation",null]"#,
        r#"[4,"1","FormationViolation","",null]"#,
    ] {
        let Frame::CallError {
            code, description, ..
        } = Frame::parse(Version::V16, text).unwrap()
        else {
            panic!("not a call error")
        };
        assert_eq!(ErrorCode::parse(&code), Some(ErrorCode::FormatViolation));
        assert_eq!(description, "");
    }
}

#[test]
fn messages_that_are_not_json_are_answered_as_far_as_they_can_be_read() {
    check("hello", None, Some("-1 RpcFrameworkError"));
    check("[,{", None, Some("-1 RpcFrameworkError"));
    check("[2,", None, Some("-1 RpcFrameworkError"));
    check(
        r#"[2,"a","Heart"#,
        Some("a GenericError"),
        Some("a RpcFrameworkError"),
    );
    check(
        r#"[2,"a","Heartbeat",{"x":}]"#,
        Some("a FormationViolation"),
        Some("a FormatViolation"),
    );
    check(r#"[3,"a",{"#, None, None);
    check(
        r#"[2,"a","Heartbeat",{}] []"#,
        Some("a FormationViolation"),
        Some("a FormatViolation"),
    );
}

#[test]
fn an_empty_message_is_ignored() {
    check("", None, None);
    check(" \r\n", None, None);
}

#[test]
fn json_that_is_no_array_has_no_sender_to_answer_in_1_6() {
    for text in ["{}", "null", "17", r#""text""#] {
        check(text, None, Some("-1 RpcFrameworkError"));
        assert_eq!(fault(text).fault, Fault::NotAnArray);
    }
}

#[test]
fn an_unknown_message_type_is_ignored_in_1_6_and_named_in_2_0_1() {
    check(
        r#"[5,"a","Heartbeat",{}]"#,
        None,
        Some("a MessageTypeNotSupported"),
    );
    check(
        r#"["2","a","Heartbeat",{}]"#,
        None,
        Some("a MessageTypeNotSupported"),
    );
    check("[]", None, Some("-1 MessageTypeNotSupported"));
    check("[6,7]", None, Some("-1 MessageTypeNotSupported"));
}

#[test]
fn an_unreadable_id_is_answered_with_minus_one_in_2_0_1_only() {
    check(
        r#"[2,17,"Heartbeat",{}]"#,
        None,
        Some("-1 RpcFrameworkError"),
    );
    check(
        r#"[2,null,"Heartbeat",{}]"#,
        None,
        Some("-1 RpcFrameworkError"),
    );
    check("[2]", None, Some("-1 RpcFrameworkError"));
    check(
        r#"[2,"","Heartbeat",{}]"#,
        Some(" GenericError"),
        Some("-1 RpcFrameworkError"),
    );
    let endless = "x".repeat(256);
    check(
        &format!(r#"[2,"{endless}","Heartbeat",{{}}]"#),
        None,
        Some("-1 RpcFrameworkError"),
    );
}

#[test]
fn an_id_of_37_characters_is_refused_by_name() {
    let long = "x".repeat(37);
    check(
        &format!(r#"[2,"{long}","Heartbeat",{{}}]"#),
        Some(&format!("{long} GenericError")),
        Some(&format!("{long} RpcFrameworkError")),
    );
    let longest = "ö".repeat(36);
    assert!(
        Frame::parse(
            Version::V16,
            &format!(r#"[2,"{longest}","Heartbeat",{{}}]"#)
        )
        .is_ok()
    );
}

#[test]
fn a_wrong_number_of_elements_is_told() {
    // 1.6 has a code for a payload that is not there.
    check(
        r#"[2,"a","Heartbeat"]"#,
        Some("a ProtocolError"),
        Some("a RpcFrameworkError"),
    );
    check(
        r#"[2,"a",7]"#,
        Some("a GenericError"),
        Some("a RpcFrameworkError"),
    );
    check(
        r#"[2,"a","Heartbeat",{},{}]"#,
        Some("a GenericError"),
        Some("a RpcFrameworkError"),
    );
    check(
        r#"[2,"a",7,{}]"#,
        Some("a GenericError"),
        Some("a RpcFrameworkError"),
    );
    assert_eq!(
        fault(r#"[2,"a"]"#).fault,
        Fault::Arity {
            expected: 4,
            found: 2
        }
    );
}

#[test]
fn a_payload_that_is_no_object_is_a_format_violation() {
    for payload in ["[]", "1", r#""x""#, "true"] {
        check(
            &format!(r#"[2,"a","Heartbeat",{payload}]"#),
            Some("a FormationViolation"),
            Some("a FormatViolation"),
        );
    }
}

#[test]
fn a_broken_answer_is_never_answered() {
    check(r#"[3,"a"]"#, None, None);
    check(r#"[3,5,{}]"#, None, None);
    check(r#"[4,"a"]"#, None, None);
    check(r#"[4,"a",5,"",{}]"#, None, None);
    assert_eq!(fault(r#"[3,"a"]"#).id, Some(MessageId::new("a").unwrap()));
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!(
        r#"[2,"a","Heartbeat",{}{}]"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    check(
        &deep,
        Some("a FormationViolation"),
        Some("a FormatViolation"),
    );
    check(&"[".repeat(1_000_000), None, Some("-1 FormatViolation"));
    let inner = MAX_DEPTH - 2;
    let just = format!(
        r#"[2,"a","Heartbeat",{{"x":{}{}}}]"#,
        "[".repeat(inner),
        "]".repeat(inner)
    );
    assert!(Frame::parse(Version::V201, &just).is_ok());
}

#[test]
fn descriptions_are_cut_at_255_characters() {
    let id = MessageId::new("a").unwrap();
    let text = call_error(
        Version::V16,
        &id,
        ErrorCode::InternalError,
        &"ü".repeat(300),
    );
    let Frame::CallError {
        description,
        code,
        details,
        ..
    } = Frame::parse(Version::V16, &text).unwrap()
    else {
        panic!("not a call error")
    };
    assert_eq!(description.chars().count(), 255);
    assert_eq!(code, "InternalError");
    assert_eq!(details.get(), "{}");
}

#[test]
fn ids_of_our_own_are_checked() {
    assert!(MessageId::new("").is_err());
    assert!(MessageId::new(&"x".repeat(36)).is_ok());
    assert!(MessageId::new(&"x".repeat(37)).is_err());
}

/// Texts that look like frames, so that chance gets past the first bracket.
fn nearly_a_frame() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("2".to_owned()),
        Just("3".to_owned()),
        Just("4".to_owned()),
        Just(",".to_owned()),
        Just("\"a\"".to_owned()),
        Just("\"Heartbeat\"".to_owned()),
        Just("{\"a\":".to_owned()),
        Just("{}".to_owned()),
        Just("}".to_owned()),
        Just("null".to_owned()),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::hash_map(".{0,6}", inner, 0..4)
                .prop_map(|fields| fields.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

fn object() -> impl Strategy<Value = serde_json::Value> {
    proptest::collection::hash_map(".{0,6}", json(), 0..4)
        .prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![any::<String>(), nearly_a_frame()]) {
        for version in Version::ALL {
            if let Err(error) = Frame::parse(version, &text)
                && let Some(answer) = error.answer(version)
            {
                // Whatever was wrong, the answer itself is readable JSON.
                let value: serde_json::Value = serde_json::from_str(&answer).unwrap();
                prop_assert_eq!(value.as_array().unwrap().len(), 5);
            }
        }
    }

    #[test]
    fn a_call_is_read_back_as_written(id in ".{1,36}", action in ".{0,30}", sent in object()) {
        let sent_id = MessageId::new(&id).unwrap();
        let text = call(&sent_id, &action, &sent).unwrap();
        match Frame::parse(Version::V201, &text).unwrap() {
            Frame::Call { id, action: got, payload } => {
                prop_assert_eq!(id, sent_id);
                prop_assert_eq!(got, action);
                let got: serde_json::Value = serde_json::from_str(payload.get()).unwrap();
                prop_assert_eq!(got, sent);
                prop_assert_eq!(rpc::repeated_key(&payload), None);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn a_result_is_read_back_as_written(id in ".{1,36}", sent in json()) {
        let sent_id = MessageId::new(&id).unwrap();
        let text = call_result(&sent_id, &sent).unwrap();
        match Frame::parse(Version::V16, &text).unwrap() {
            Frame::CallResult { id, payload } => {
                prop_assert_eq!(id, sent_id);
                let got: serde_json::Value = serde_json::from_str(payload.get()).unwrap();
                prop_assert_eq!(got, sent);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn an_error_is_read_back_as_written(
        id in ".{1,36}",
        code in proptest::sample::select(ErrorCode::ALL.to_vec()),
        text in ".{0,255}",
        version in proptest::sample::select(Version::ALL.to_vec()),
    ) {
        let sent_id = MessageId::new(&id).unwrap();
        match Frame::parse(version, &call_error(version, &sent_id, code, &text)).unwrap() {
            Frame::CallError { id, code: got, description, .. } => {
                prop_assert_eq!(id, sent_id);
                prop_assert_eq!(got, code.wire(version));
                prop_assert_eq!(description, text);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
