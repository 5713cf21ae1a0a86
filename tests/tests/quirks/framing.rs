//! Q10, Q15 to Q17, Q19: the wrapper around a message.

use keywatt_tests::{Version, unique};
use serde_json::json;

use crate::bench::{BOTH, Bench, Form, TREATMENTS, check};

#[tokio::test]
async fn q10_an_empty_frame_means_nothing() {
    let bench = Bench::new().await;
    for version in BOTH {
        for treatment in TREATMENTS {
            let charger = bench.charger_treated("empty_frame", treatment).await;
            let mut socket = bench.socket(&charger, version).await;
            socket.text("").await;
            socket.text(" \n").await;
            let refused = treatment == "refuse" && version == Version::V201;
            if refused {
                // 1.6 has no id for what has none.
                for _ in 0..2 {
                    let answer = socket.receive().await;
                    assert_eq!(
                        (&answer[0], &answer[1], &answer[2]),
                        (&json!(4), &json!("-1"), &json!("RpcFrameworkError")),
                        "{answer}"
                    );
                }
            }
            let answer = socket.heard_nothing_before("Heartbeat", "{}").await;
            assert_eq!(answer[0], 3, "{answer}");
            let seen = bench.seen(&charger, "empty_frame", 2).await;
            assert_eq!(seen["refused"], if refused { 2 } else { 0 }, "{seen}");
            let told = bench
                .told(&charger, &mut socket, version, "empty_frame")
                .await;
            assert_eq!(told.len(), usize::from(treatment != "repair"), "{told:?}");
        }
    }
}

#[tokio::test]
async fn q15_an_id_that_comes_again_is_answered_for_what_it_asks_now() {
    let bench = Bench::new().await;
    for version in BOTH {
        let charger = bench.charger().await;
        let mut socket = bench.socket(&charger, version).await;
        for action in ["Heartbeat", "Heartbeat", "DataTransfer"] {
            let payload = r#"{"vendorId":"V"}"#;
            let payload = if action == "Heartbeat" { "{}" } else { payload };
            socket
                .text(&format!(r#"[2,"1","{action}",{payload}]"#))
                .await;
            let answer = socket.receive().await;
            assert_eq!(
                (&answer[0], &answer[1]),
                (&json!(3), &json!("1")),
                "{answer}"
            );
            let is_time = answer[2]["currentTime"].is_string();
            assert_eq!(is_time, action == "Heartbeat", "{answer}");
        }
    }
}

#[tokio::test]
async fn q16_a_null_payload_is_an_empty_one() {
    let bench = Bench::new().await;
    for (version, code) in [
        (Version::V16, "FormationViolation"),
        (Version::V201, "FormatViolation"),
    ] {
        let form = Form {
            quirk: "null_payload",
            version,
            action: "Heartbeat",
            payload: "null",
            code: Some(code),
            field: None,
        };
        check(&bench, &form).await;
    }
}

#[tokio::test]
async fn q17_invalid_json_is_answered_where_an_id_can_be_read_and_the_connection_stays() {
    let bench = Bench::new().await;
    for version in BOTH {
        let charger = bench.charger().await;
        let mut socket = bench.socket(&charger, version).await;
        let id = unique::message_id();
        socket
            .text(&format!(r#"[2,"{id}","StatusNotification",[,{{"#))
            .await;
        let answer = socket.receive().await;
        let code = match version {
            Version::V16 => "FormationViolation",
            Version::V201 => "FormatViolation",
        };
        assert_eq!(
            (&answer[0], &answer[1], &answer[2]),
            (&json!(4), &json!(id), &json!(code)),
            "{answer}"
        );
        let mut garbage = 1;
        for text in ["[,{", "{}", "hello", r#"[2,{},"Heartbeat",{}]"#] {
            socket.text(text).await;
            garbage += 1;
            if version == Version::V201 {
                let answer = socket.receive().await;
                let expected = (&json!(4), &json!("-1"), &json!("RpcFrameworkError"));
                assert_eq!(
                    (&answer[0], &answer[1], &answer[2]),
                    expected,
                    "{text}: {answer}"
                );
            }
        }
        socket.works().await;
        let seen = bench.seen(&charger, "unreadable_message", garbage).await;
        assert_eq!(
            (&seen["refused"], &seen["action"]),
            (&json!(garbage), &json!("frame"))
        );
        assert!(
            seen["example"].is_null(),
            "nobody knows what is in it: {seen}"
        );
    }
}

#[tokio::test]
async fn q17_what_no_repair_makes_readable_gets_the_code_of_its_fault_and_is_shown() {
    let bench = Bench::new().await;
    for (version, action, payload, code, field) in [
        (
            Version::V16,
            "Authorize",
            "{}",
            "OccurenceConstraintViolation",
            Some("idTag"),
        ),
        (
            Version::V16,
            "Authorize",
            r#"{"idTag":["A"]}"#,
            "TypeConstraintViolation",
            Some("idTag"),
        ),
        (Version::V16, "Authorize", "[]", "FormationViolation", None),
        (
            Version::V201,
            "Authorize",
            "{}",
            "OccurrenceConstraintViolation",
            Some("idToken"),
        ),
        (
            Version::V201,
            "StatusNotification",
            r#"{"evseId":"x","connectorId":1,"connectorStatus":"Available"}"#,
            "TypeConstraintViolation",
            Some("evseId"),
        ),
    ] {
        let charger = bench.charger().await;
        let mut socket = bench.socket(&charger, version).await;
        let answer = socket.call(action, payload).await;
        assert_eq!(
            (&answer[0], &answer[2]),
            (&json!(4), &json!(code)),
            "{payload} {answer}"
        );
        socket.works().await;
        let seen = bench.seen(&charger, "unreadable_message", 1).await;
        assert_eq!(seen["field"].as_str(), field, "{seen}");
        let told = bench
            .told(&charger, &mut socket, version, "unreadable_message")
            .await;
        assert_eq!(told.len(), 1, "{told:?}");
    }
}

#[tokio::test]
async fn q19_codes_are_written_as_the_version_does_and_read_in_either_spelling() {
    let bench = Bench::new().await;
    for (version, own, other) in [
        (
            Version::V16,
            "OccurenceConstraintViolation",
            "OccurrenceConstraintViolation",
        ),
        (Version::V201, "FormatViolation", "FormationViolation"),
    ] {
        for treatment in TREATMENTS {
            let charger = bench
                .charger_treated("error_code_spelling", treatment)
                .await;
            let mut socket = bench.socket(&charger, version).await;
            for (code, odd) in [(own, 0), (other, 1), ("Nonsense", 2)] {
                let path = format!("/v1/stations/{}/ocpp/ClearCache", charger.station_id);
                let asking = bench.owner.post(&path, json!({}));
                let station = async {
                    let command = socket.receive().await;
                    assert_eq!(command[2], "ClearCache", "{command}");
                    let id = command[1].as_str().unwrap();
                    socket
                        .text(&format!(r#"[4,"{id}","{code}","no",{{}}]"#))
                        .await;
                };
                let (answer, ()) = tokio::join!(asking, station);
                let body = answer.expect(200);
                assert_eq!(
                    (&body["status"], &body["code"]),
                    (&json!("error"), &json!(code))
                );
                if odd > 0 {
                    let seen = bench.seen(&charger, "error_code_spelling", odd).await;
                    assert_eq!(seen["refused"], 0, "an answer cannot be refused: {seen}");
                } else {
                    assert!(bench.quirk(&charger, "error_code_spelling").await.is_none());
                }
            }
            socket.works().await;
            let told = bench
                .told(&charger, &mut socket, version, "error_code_spelling")
                .await;
            assert_eq!(told.len(), usize::from(treatment != "repair"), "{told:?}");
        }
    }
}
