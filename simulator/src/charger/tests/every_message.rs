//! Every message of both versions, in the direction in which it goes.

use std::collections::BTreeSet;

use rpc::Version;
use serde_json::{Value, json};

use super::charger;
use crate::command_samples;
use crate::messages;
use crate::official_schemas::{Side, validate};
use crate::token::Token;

#[tokio::test]
async fn every_message_of_a_station_is_sent_and_is_valid() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        for kind in messages::all(version) {
            if !kind.from_station() {
                let refused = charger.send(kind.action, None).await.unwrap_err();
                let text = refused.to_string();
                assert!(text.contains("central system only"), "{text}");
                continue;
            }
            charger
                .send(kind.action, None)
                .await
                .unwrap_or_else(|error| panic!("{version} {}: {error}", kind.action));
            let sent = csms.payloads(kind.action).pop().unwrap();
            validate(version, kind.action, Side::Request, &sent);
        }
    }
}

#[tokio::test]
async fn what_has_not_its_form_is_not_sent() {
    let (csms, charger) = charger(Version::V16).await;
    let send = |payload: Value| charger.send("Authorize", Some(payload));
    assert!(send(json!({})).await.is_err());
    assert!(send(json!({ "idTag": "0".repeat(21) })).await.is_err());
    let extra = send(json!({ "idTag": "04A1", "mood": "good" })).await;
    let error = extra.unwrap_err().to_string();
    assert_eq!(
        error,
        "`Authorize` cannot be sent: `mood` is no field of it"
    );
    assert!(charger.send("Dance", None).await.is_err());
    assert!(csms.received().is_empty());
}

#[tokio::test]
async fn every_command_is_answered_with_a_valid_answer() {
    for version in Version::ALL {
        let rows = command_samples::all(version);
        let tried: BTreeSet<&str> = rows.iter().map(|(action, _, _)| *action).collect();
        let known: BTreeSet<&str> = messages::all(version)
            .iter()
            .filter(|kind| kind.from_central_system())
            .map(|kind| kind.action)
            .collect();
        assert_eq!(tried, known, "the table of {version} is not whole");
        for (action, payload, status) in rows {
            validate(version, action, Side::Request, &payload);
            // A station of its own each: some commands restart it or change what others meet.
            let (csms, charger) = charger(version).await;
            if action == "ReserveNow" {
                charger.plug(1).await.unwrap();
                let card = Token::card("04A1");
                charger.present(1, &card).await.unwrap();
            }
            let answer = csms.command(action, payload).await;
            assert_eq!(answer["error"], Value::Null, "{version} {action}: {answer}");
            validate(version, action, Side::Answer, &answer);
            if let Some(status) = status {
                assert_eq!(answer["status"], status, "{version} {action}");
            }
        }
    }
}
