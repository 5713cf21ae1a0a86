use model::command::{CommandAnswer, CommandError, RemoteStart, StationCommand};
use model::neutral::DataTransfer;
use model::{PresentedToken, StopGroup, TokenKind, TransactionRef};
use ocpp::Adapter;
use serde_json::{Value, json};

use crate::conversation::{V16, V201, raw};

fn sent(adapter: Adapter, command: &StationCommand) -> (String, Value) {
    adapter.encode_command(command).unwrap()
}

fn remote_start(evse: Option<u32>, group: Option<&str>) -> StationCommand {
    StationCommand::RemoteStart(RemoteStart {
        token: PresentedToken::new(TokenKind::Central, "FE0123456789AB"),
        evse,
        remote_start_id: 55,
        stop_group: group.map(StopGroup::new),
    })
}

#[test]
fn a_remote_start_names_the_token_and_where() {
    assert_eq!(
        sent(V16, &remote_start(Some(2), Some("AB12CD34EF56"))),
        (
            "RemoteStartTransaction".into(),
            json!({"idTag": "FE0123456789AB", "connectorId": 2})
        )
    );
    assert_eq!(
        sent(V16, &remote_start(None, None)).1,
        json!({"idTag": "FE0123456789AB"})
    );
    assert_eq!(
        sent(V201, &remote_start(Some(2), Some("AB12CD34EF56"))),
        (
            "RequestStartTransaction".into(),
            json!({"idToken": {"idToken": "FE0123456789AB", "type": "Central"},
                "remoteStartId": 55, "evseId": 2,
                "groupIdToken": {"idToken": "AB12CD34EF56", "type": "Central"}})
        )
    );
    assert_eq!(
        sent(V201, &remote_start(None, None)).1,
        json!({"idToken": {"idToken": "FE0123456789AB", "type": "Central"}, "remoteStartId": 55})
    );
}

#[test]
fn a_remote_stop_names_the_transaction_as_the_version_does() {
    let stop = |reference| StationCommand::RemoteStop(reference);
    assert_eq!(
        sent(V16, &stop(TransactionRef::Number(77))),
        ("RemoteStopTransaction".into(), json!({"transactionId": 77}))
    );
    assert_eq!(
        sent(V16, &stop(TransactionRef::Text("77".into()))).1,
        json!({"transactionId": 77})
    );
    assert_eq!(
        sent(V201, &stop(TransactionRef::Text("t-1".into()))),
        (
            "RequestStopTransaction".into(),
            json!({"transactionId": "t-1"})
        )
    );
    for reference in [
        TransactionRef::New,
        TransactionRef::Text("t-1".into()),
        TransactionRef::Number(1 << 40),
    ] {
        assert!(matches!(
            V16.encode_command(&stop(reference)),
            Err(CommandError::InvalidPayload { .. })
        ));
    }
    assert!(V201.encode_command(&stop(TransactionRef::New)).is_err());
}

#[test]
fn the_cache_is_cleared_without_words() {
    for adapter in [V16, V201] {
        assert_eq!(
            sent(adapter, &StationCommand::ClearCache),
            ("ClearCache".into(), json!({}))
        );
    }
}

#[test]
fn data_goes_as_the_version_carries_it() {
    let transfer = StationCommand::DataTransfer(DataTransfer {
        vendor: "com.acme".into(),
        message: Some("m".into()),
        data: Some(json!({"a": 1})),
    });
    assert_eq!(
        sent(V16, &transfer),
        (
            "DataTransfer".into(),
            json!({"vendorId": "com.acme", "messageId": "m", "data": "{\"a\":1}"})
        )
    );
    assert_eq!(
        sent(V201, &transfer).1,
        json!({"vendorId": "com.acme", "messageId": "m", "data": {"a": 1}})
    );
}

#[test]
fn an_answer_tells_its_status_and_stays_as_sent() {
    let command = remote_start(None, None);
    for adapter in [V16, V201] {
        let answer = |text: &str| adapter.decode_answer(&command, &raw(text));
        assert_eq!(
            answer(r#"{"status":"Rejected","more":1.50}"#),
            CommandAnswer::Result {
                status: Some("Rejected".into()),
                payload: serde_json::from_str(r#"{"status":"Rejected","more":1.50}"#).unwrap(),
            }
        );
        for odd in ["{}", "[]", r#"{"status":7}"#, r#""Accepted""#] {
            assert_eq!(
                answer(odd),
                CommandAnswer::Result {
                    status: None,
                    payload: serde_json::from_str(odd).unwrap()
                }
            );
        }
        assert_eq!(
            answer("null"),
            CommandAnswer::Result {
                status: None,
                payload: json!({})
            }
        );
    }
}

#[test]
fn an_odd_answer_is_noted() {
    let quirks = |adapter: Adapter, command: &StationCommand, answer: &str| -> Vec<String> {
        adapter
            .answer_quirks(command, &raw(answer))
            .into_iter()
            .map(|quirk| format!("{} {}", quirk.name, quirk.field))
            .collect()
    };
    let start = remote_start(None, None);
    assert!(quirks(V16, &start, r#"{"status":"Accepted"}"#).is_empty());
    assert!(quirks(V201, &start, r#"{"status":"Accepted","transactionId":"t"}"#).is_empty());
    assert_eq!(
        quirks(V16, &start, r#"{"status":"Maybe"}"#),
        ["answer_form RemoteStartTransaction.status"]
    );
    assert_eq!(
        quirks(V201, &start, "{}"),
        ["answer_form RequestStartTransaction.status"]
    );
    let get = StationCommand::Raw {
        action: "GetConfiguration".into(),
        payload: json!({}),
    };
    assert_eq!(
        quirks(
            V16,
            &get,
            r#"{"configurationKey":[{"key":"A","readonly":false,"value":"1"},{"key":"B","readonly":"no"}]}"#
        ),
        ["answer_form GetConfiguration.configurationKey[1].readonly"]
    );
}
