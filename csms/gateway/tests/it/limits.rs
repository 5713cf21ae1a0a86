//! Sizes, silence and peers that do not read.

use std::time::Duration;

use app::link::StationLink;
use futures_util::{SinkExt, StreamExt};
use model::command::{CommandError, StationCommand};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::fake::key;
use crate::stage::{Client, DEADLINE, Dial, Stage, options, within};

/// A CALL of exactly this size.
fn call_of(size: usize) -> String {
    let (head, tail) = (r#"[2,"big","Heartbeat",{"x":""#, r#""}]"#);
    let text = format!("{head}{}{tail}", "a".repeat(size - head.len() - tail.len()));
    assert_eq!(text.len(), size);
    text
}

#[tokio::test]
async fn messages_up_to_1_mib_are_worked_on() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.send(&call_of(1 << 20)).await;
    let answer = client.receive().await;
    let error = answer[2].as_str().unwrap_or_default();
    assert_eq!(answer[1], "big");
    assert_ne!(error, "FormationViolation", "{answer}");
    client.works().await;
}

#[tokio::test]
async fn larger_messages_up_to_4_mib_are_refused_and_the_connection_stays() {
    // Megabytes are waited for, and none of the others is measured here.
    let mut options = options();
    options.rate = None;
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    for (protocol, code) in [
        ("ocpp1.6", "FormationViolation"),
        ("ocpp2.0.1", "FormatViolation"),
    ] {
        let mut client = stage
            .dial(&Dial::new("CP1").protocols(protocol))
            .await
            .unwrap();
        for size in [(1 << 20) + 1, 4 << 20] {
            client.send(&call_of(size)).await;
            let answer = client.receive().await;
            assert_eq!(answer[0], 4);
            assert_eq!(
                (&answer[1], &answer[2]),
                (&json!("big"), &json!(code)),
                "{size}"
            );
        }
        // Without an id, 2.0.1 answers to "-1", 1.6 not at all.
        client.send(&"x".repeat(2 << 20)).await;
        if protocol == "ocpp2.0.1" {
            assert_eq!(client.receive().await[1], "-1");
        }
        client.works().await;
    }
    assert!(
        stage
            .fake
            .begun
            .lock()
            .iter()
            .all(|(_, id, _)| id == "works")
    );
}

#[tokio::test]
async fn an_oversized_answer_of_the_station_is_no_answer() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let registry = stage.registry.clone();
    let command = tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, DEADLINE)
            .await
    });
    let call = client.receive().await;
    let answer = json!([3, call[1], {"status": "a".repeat(2 << 20)}]);
    client.send(&answer.to_string()).await;
    assert_eq!(within(command).await.unwrap(), Err(CommandError::NoAnswer));
    client.works().await;
}

#[tokio::test]
async fn messages_above_4_mib_are_closed_with_1009() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    // All of it is taken, so that the station reads the close frame instead of a reset.
    client.send(&call_of(8 << 20)).await;
    client.closed_with(1009).await;
    stage.is_empty_again().await;

    // In pieces, too.
    let mut client = stage.station("CP1").await;
    let piece = "a".repeat(1 << 20);
    for number in 0..5 {
        use tokio_tungstenite::tungstenite::protocol::frame::Frame;
        use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
        let kind = if number == 0 {
            Data::Text
        } else {
            Data::Continue
        };
        let frame = Frame::message(piece.clone(), OpCode::Data(kind), false);
        let _ = within(client.ws.send(Message::Frame(frame))).await;
    }
    client.closed_with(1009).await;
    stage.is_empty_again().await;
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_closed_with_1007() {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    let frame = Frame::message(vec![0xFF, 0xFE], OpCode::Data(Data::Text), true);
    within(client.ws.send(Message::Frame(frame))).await.unwrap();
    client.closed_with(1007).await;
}

#[tokio::test]
async fn what_is_not_websocket_is_closed_with_1002() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    // An unmasked frame (RFC 6455 §5.1).
    let stream = client.ws.get_mut();
    within(tokio::io::AsyncWriteExt::write_all(
        stream,
        &[0x81, 0x01, b'x'],
    ))
    .await
    .unwrap();
    client.closed_with(1002).await;
    stage.is_empty_again().await;
}

#[tokio::test]
async fn q9_a_silent_station_is_pinged_and_given_up() {
    let mut options = options();
    options.ping_interval = Some(Duration::from_millis(200));
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    // Its pongs keep it.
    let begin = tokio::time::Instant::now();
    for _ in 0..5 {
        let ping = within(client.ws.next()).await.unwrap().unwrap();
        assert!(matches!(ping, Message::Ping(_)), "{ping:?}");
        within(client.ws.flush()).await.unwrap();
    }
    assert!(
        begin.elapsed() >= Duration::from_millis(900),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(stage.registry.online(), 1);
    // Not read any more, it sends no pongs either.
    stage.is_empty_again().await;
}

#[tokio::test]
async fn q9_a_station_that_talks_is_not_pinged() {
    let mut options = options();
    options.ping_interval = Some(Duration::from_millis(400));
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    let begin = tokio::time::Instant::now();
    while begin.elapsed() < Duration::from_millis(1000) {
        client.heartbeat("1").await;
        let next = within(client.ws.next()).await.unwrap().unwrap();
        assert!(matches!(next, Message::Text(_)), "{next:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn q9_pings_can_be_turned_off() {
    let mut options = options();
    options.ping_interval = None;
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    stage.station("CP1").await.works().await;
}

#[tokio::test]
async fn a_station_that_does_not_read_is_given_up() {
    let mut options = options();
    options.write_timeout = Duration::from_millis(200);
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(stage.address).await.unwrap();
    let mut client = Client::over(stream, &Dial::new("CP1")).await.unwrap();
    client.works().await;
    // More than the system's buffers hold, less than ours may.
    let payload = json!({"vendorId": "x", "data": "a".repeat(7 << 20)});
    let command = StationCommand::Raw {
        action: "DataTransfer".into(),
        payload,
    };
    let answer = stage.registry.command(&key("CP1"), command, DEADLINE).await;
    assert_eq!(answer, Err(CommandError::Lost));
    stage.is_empty_again().await;
    drop(client);
}

#[tokio::test]
async fn what_a_station_leaves_unread_is_bounded() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let payload = json!({"vendorId": "x", "data": "a".repeat(9 << 20)});
    let command = StationCommand::Raw {
        action: "DataTransfer".into(),
        payload,
    };
    let answer = stage.registry.command(&key("CP1"), command, DEADLINE).await;
    assert_eq!(answer, Err(CommandError::Lost));
    stage.is_empty_again().await;
    drop(client);
}
