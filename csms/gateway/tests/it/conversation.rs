//! What happens on a connection that stands.

use std::sync::Arc;

use app::link::{Disconnect, StationLink};
use app::station::StationFailure;
use futures_util::SinkExt;
use model::QuirkName;
use model::command::StationCommand;
use model::neutral::StationRequest;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::Message;

use crate::fake::{Conduct, key};
use crate::stage::{DEADLINE, Dial, Stage, eventually, options, within};

#[tokio::test]
async fn answers_come_in_the_order_of_the_calls() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let gate = Arc::new(Semaphore::new(0));
    stage.fake.conduct("CP1", Conduct::Hold(gate.clone()));
    let mut client = stage.station("CP1").await;
    for number in 0..20 {
        client.heartbeat(&number.to_string()).await;
    }
    eventually("the first is worked on", || {
        stage.fake.begun.lock().len() == 1
    })
    .await;
    gate.add_permits(20);
    for number in 0..20 {
        assert_eq!(client.receive().await[1], number.to_string());
    }
}

#[tokio::test]
async fn more_calls_than_may_wait_are_read_when_there_is_room() {
    let mut options = options();
    options.max_waiting_calls = 2;
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let gate = Arc::new(Semaphore::new(0));
    stage.fake.conduct("CP1", Conduct::Hold(gate.clone()));
    let mut client = stage.station("CP1").await;
    for number in 0..50 {
        client.heartbeat(&number.to_string()).await;
    }
    gate.add_permits(50);
    for number in 0..50 {
        assert_eq!(client.receive().await[1], number.to_string());
    }
}

#[tokio::test]
async fn a_held_call_blocks_neither_pings_nor_answers_of_the_station() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let gate = Arc::new(Semaphore::new(0));
    stage.fake.conduct("CP1", Conduct::Hold(gate.clone()));
    let mut client = stage.station("CP1").await;
    client.heartbeat("held").await;
    eventually("it is worked on", || stage.fake.begun.lock().len() == 1).await;

    // Crossing CALLs (OCPP-J 1.6 §4.1.1): ours is sent and its answer read meanwhile.
    let registry = stage.registry.clone();
    let command = tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, DEADLINE)
            .await
    });
    let call = client.receive().await;
    assert_eq!((&call[0], &call[2]), (&json!(2), &json!("ClearCache")));
    client
        .send(&json!([3, call[1], {"status": "Accepted"}]).to_string())
        .await;
    within(command).await.unwrap().unwrap();

    within(client.ws.send(Message::Ping("x".into())))
        .await
        .unwrap();
    let pong = within(futures_util::StreamExt::next(&mut client.ws))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(pong, Message::Pong("x".into()));

    assert!(stage.fake.done.lock().is_empty());
    gate.add_permits(1);
    assert_eq!(client.receive().await[1], "held");
}

#[tokio::test]
async fn failures_of_the_inside_become_what_each_version_says() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    for protocol in ["ocpp1.6", "ocpp2.0.1"] {
        let mut client = stage
            .dial(&Dial::new("CP1").protocols(protocol))
            .await
            .unwrap();
        for (failure, code) in [
            (StationFailure::NotAccepted, "SecurityError"),
            (StationFailure::Unavailable, "InternalError"),
        ] {
            stage.fake.conduct("CP1", Conduct::Fail(failure));
            client.heartbeat("1").await;
            let answer = client.receive().await;
            assert_eq!(
                (&answer[0], &answer[2]),
                (&json!(4), &json!(code)),
                "{answer}"
            );
            assert_eq!(answer[4], json!({}));
        }
        stage.fake.conduct("CP1", Conduct::Answer);
        client.works().await;
    }
}

#[tokio::test]
async fn what_could_not_be_recorded_is_not_answered_and_closed_with_1013() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    stage
        .fake
        .conduct("CP1", Conduct::Fail(StationFailure::NotRecorded));
    let mut client = stage.station("CP1").await;
    client.heartbeat("1").await;
    client.heartbeat("2").await;
    client.closed_with(1013).await;
    // The station sends both again; the second must not overtake the first.
    assert_eq!(stage.fake.begun.lock().len(), 1);
    stage.is_empty_again().await;
}

#[tokio::test]
async fn a_panic_ends_one_connection_and_no_other() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    stage.fake.open("CP2");
    stage.fake.conduct("CP1", Conduct::Panic);
    let mut bad = stage.station("CP1").await;
    let mut good = stage.station("CP2").await;
    bad.heartbeat("1").await;
    bad.closed_with(1011).await;
    good.works().await;
    assert_eq!(stage.registry.online(), 1);
    stage.fake.conduct("CP1", Conduct::Answer);
    stage.station("CP1").await.works().await;
}

/// The answer to a frame, then a heartbeat that shows that the connection stands.
async fn answered(protocol: &str, frame: &str) -> Option<Value> {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage
        .dial(&Dial::new("CP1").protocols(protocol))
        .await
        .unwrap();
    client.send(frame).await;
    client.heartbeat("after").await;
    let first = client.receive().await;
    if first[1] == "after" && first[0] == 3 {
        return None;
    }
    assert_eq!(client.receive().await[1], "after");
    Some(first)
}

#[tokio::test]
async fn garbage_is_answered_where_the_version_says_so_and_the_connection_stays() {
    let deep = format!(
        r#"[2,"1","Heartbeat",{}{}]"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    let long = format!(r#"[2,"{}","Heartbeat",{{}}]"#, "x".repeat(37));
    for (frame, code16, code201) in [
        ("", None, None),
        ("  ", None, None),
        ("[,{", None, Some("RpcFrameworkError")),
        ("not json", None, Some("RpcFrameworkError")),
        ("{}", None, Some("RpcFrameworkError")),
        ("[]", None, Some("MessageTypeNotSupported")),
        (r#"[9,"1","x",{}]"#, None, Some("MessageTypeNotSupported")),
        (
            r#"[2,"1"]"#,
            Some("GenericError"),
            Some("RpcFrameworkError"),
        ),
        (
            r#"[2,"1","Heartbeat",[]]"#,
            Some("FormationViolation"),
            Some("FormatViolation"),
        ),
        (
            r#"[2,"1","Heartbeat",{]"#,
            Some("FormationViolation"),
            Some("FormatViolation"),
        ),
        (
            r#"[2,"1","NoSuchThing",{}]"#,
            Some("NotImplemented"),
            Some("NotImplemented"),
        ),
        (&long, Some("GenericError"), Some("RpcFrameworkError")),
        (&deep, Some("FormationViolation"), Some("FormatViolation")),
        (r#"[3,"nothing we asked",{}]"#, None, None),
        (
            r#"[4,"nothing we asked","InternalError","",{}]"#,
            None,
            None,
        ),
    ] {
        for (protocol, code) in [("ocpp1.6", code16), ("ocpp2.0.1", code201)] {
            let answer = answered(protocol, frame).await;
            let found = answer.as_ref().map(|answer| answer[2].as_str().unwrap());
            assert_eq!(found, code, "{protocol} {frame:.60}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn an_id_of_37_characters_comes_back_in_the_error() {
    let id = "x".repeat(37);
    let answer = answered("ocpp1.6", &format!(r#"[2,"{id}","Heartbeat",{{}}]"#))
        .await
        .unwrap();
    assert_eq!((&answer[0], &answer[1]), (&json!(4), &json!(id)));
}

#[tokio::test]
async fn a_null_payload_is_an_empty_one() {
    // Quirk Q16.
    assert_eq!(
        answered("ocpp1.6", r#"[2,"1","Heartbeat",null]"#)
            .await
            .unwrap()[0],
        3
    );
}

#[tokio::test]
async fn binary_frames_are_not_ocpp_and_harm_nothing() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let binary = || Message::binary(r#"[2,"1","Heartbeat",{}]"#.as_bytes().to_vec());
    let mut old = stage.station("CP1").await;
    within(old.ws.send(binary())).await.unwrap();
    old.works().await;
    let mut new = stage
        .dial(&Dial::new("CP1").protocols("ocpp2.0.1"))
        .await
        .unwrap();
    within(new.ws.send(binary())).await.unwrap();
    let answer = new.receive().await;
    assert_eq!((&answer[0], &answer[1]), (&json!(4), &json!("-1")));
    assert_eq!(answer[2], "RpcFrameworkError");
    new.works().await;
}

#[tokio::test]
async fn bytes_sent_right_behind_the_handshake_are_not_lost() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    // A masked text frame with the mask 0, in the same packet as the request.
    let text = r#"[2,"early","Heartbeat",{}]"#;
    let head = [0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    let bytes = [
        Dial::new("CP1").request().as_bytes(),
        &head,
        text.as_bytes(),
    ]
    .concat();
    let mut stream = tokio::net::TcpStream::connect(stage.address).await.unwrap();
    within(tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes))
        .await
        .unwrap();
    eventually("it is worked on", || {
        stage
            .fake
            .done
            .lock()
            .first()
            .is_some_and(|id| id == "early")
    })
    .await;
}

#[tokio::test]
async fn what_was_received_before_the_connection_broke_is_still_worked_on() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let gate = Arc::new(Semaphore::new(0));
    stage.fake.conduct("CP1", Conduct::Hold(gate.clone()));
    let mut client = stage.station("CP1").await;
    for number in 0..5 {
        client.heartbeat(&number.to_string()).await;
    }
    eventually("the first is worked on", || {
        stage.fake.begun.lock().len() == 1
    })
    .await;
    // Read behind the five, so all of them have been.
    within(client.ws.send(Message::Ping("".into())))
        .await
        .unwrap();
    within(futures_util::StreamExt::next(&mut client.ws))
        .await
        .unwrap()
        .unwrap();
    drop(client);
    stage.is_empty_again().await;
    gate.add_permits(5);
    eventually("all five were worked on", || {
        stage.fake.done.lock().len() == 5
    })
    .await;
    assert_eq!(*stage.fake.done.lock(), ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn nothing_more_is_taken_from_a_station_that_was_locked_out() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let gate = Arc::new(Semaphore::new(0));
    stage.fake.conduct("CP1", Conduct::Hold(gate.clone()));
    let mut client = stage.station("CP1").await;
    for id in ["1", "2", "3"] {
        client.heartbeat(id).await;
    }
    within(client.ws.send(Message::Ping("".into())))
        .await
        .unwrap();
    within(futures_util::StreamExt::next(&mut client.ws))
        .await
        .unwrap()
        .unwrap();
    stage
        .registry
        .disconnect(&key("CP1"), Disconnect::CredentialChanged);
    client.closed_with(1012).await;
    gate.add_permits(3);
    // What was begun comes to its end, so that nothing is half done.
    eventually("the first was worked on", || {
        stage.fake.done.lock().len() == 1
    })
    .await;
    assert!(
        within(stage.gateway.drain(std::time::Duration::ZERO))
            .await
            .complete
    );
    assert_eq!(*stage.fake.done.lock(), ["1"]);
}

#[tokio::test]
async fn presence_tells_version_address_and_when_the_last_frame_came() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    assert_eq!(stage.registry.presence(&key("CP1")), None);
    let mut client = stage
        .dial(&Dial::new("CP1").protocols("ocpp2.0.1"))
        .await
        .unwrap();
    client.works().await;
    let before = stage.registry.presence(&key("cp1")).unwrap();
    assert_eq!(before.version.name(), "2.0.1");
    assert!(before.address.ip().is_loopback());
    client.works().await;
    let after = stage.registry.presence(&key("CP1")).unwrap();
    assert_eq!(after.since, before.since);
    assert!(after.last_seen > before.last_seen);
}

#[tokio::test]
async fn a_station_that_closes_gets_its_close_frame_back() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    within(client.ws.close(None)).await.unwrap();
    let answer = within(futures_util::StreamExt::next(&mut client.ws)).await;
    assert!(matches!(answer, Some(Ok(Message::Close(_)))), "{answer:?}");
    stage.is_empty_again().await;
}

#[tokio::test]
async fn deviations_are_tolerated_and_told() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.send(r#"[2,"1","Heartbeat",{"invented":1}]"#).await;
    assert_eq!(client.receive().await[0], 3);
    let (station, name, field) = stage.fake.quirks.lock()[0].clone();
    assert_eq!(
        (station, name, field.as_str()),
        (key("CP1"), QuirkName::ExtraField, "invented")
    );
}

#[tokio::test]
async fn only_locks_are_served_the_profile_of_locks() {
    let stage = Stage::new().await;
    let event = json!({
        "event_id": "e1", "door": 1, "time": "2026-01-02T03:04:05Z", "result": "granted",
    });
    let payload = json!({
        "vendorId": "io.keywatt.lock", "messageId": "Door.Event", "data": event.to_string(),
    });
    for id in ["LOCK1", "CP1"] {
        stage.fake.open(id);
        let mut client = stage.station(id).await;
        client
            .send(&json!([2, "1", "DataTransfer", payload]).to_string())
            .await;
        client.receive().await;
    }
    let begun = stage.fake.begun.lock().clone();
    assert!(
        matches!(begun[0].2, StationRequest::DoorEvent(_)),
        "{begun:?}"
    );
    assert!(
        !begun
            .iter()
            .skip(1)
            .any(|(_, _, request)| { matches!(request, StationRequest::DoorEvent(_)) })
    );
}
