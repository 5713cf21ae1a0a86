//! What a station that says very much leaves to the others. Each test is one thread, so the order
//! of what happens is that of turns, not of chance.

use std::io::ErrorKind;

use gateway::Rate;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::stage::{Client, Dial, Stage, options, within};

/// Many more frames than a task handles before the runtime takes its turn away by itself.
const FLOOD: usize = 2_000;

/// Masked text frames, the mask zero; shorter than 126 bytes each.
fn frames(texts: impl Iterator<Item = String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        let length = u8::try_from(text.len()).unwrap();
        bytes.extend([0x81, 0x80 | length, 0, 0, 0, 0]);
        bytes.extend(text.into_bytes());
    }
    bytes
}

fn heartbeats(count: usize) -> Vec<u8> {
    frames((0..count).map(|number| format!(r#"[2,"f{number}","Heartbeat",{{}}]"#)))
}

async fn unpaced() -> Stage {
    let mut options = options();
    options.rate = None;
    let stage = Stage::with(options).await;
    stage.fake.open("FLOOD");
    stage.fake.open("CP1");
    stage
}

/// How many requests of the one that floods came before the first of the other.
fn before_the_other(stage: &Stage) -> usize {
    let begun = stage.fake.begun.lock();
    begun
        .iter()
        .position(|(_, id, _)| id == "works")
        .expect("it was served")
}

#[tokio::test]
async fn a_station_waits_for_a_message_of_another_not_for_its_flood() {
    let stage = unpaced().await;
    let mut flood = stage.station("FLOOD").await;
    let mut other = stage.station("CP1").await;
    let all = heartbeats(FLOOD);
    within(flood.ws.get_mut().write_all(&all)).await.unwrap();
    other.works().await;
    let before = before_the_other(&stage);
    assert!(before < 20, "{before} of {FLOOD} came first");
    for number in 0..FLOOD {
        assert_eq!(flood.receive().await[1], format!("f{number}"));
    }
}

#[tokio::test]
async fn a_station_does_not_wait_for_the_garbage_of_another() {
    let stage = unpaced().await;
    let mut flood = stage.station("FLOOD").await;
    let mut other = stage.station("CP1").await;
    let garbage = frames((0..FLOOD).map(|_| "[,{ not even wrong".to_owned()));
    within(flood.ws.get_mut().write_all(&garbage))
        .await
        .unwrap();
    other.works().await;
    let noticed = stage.fake.findings("FLOOD").len();
    assert!(noticed < 20, "{noticed} of {FLOOD} came first");
    flood.works().await;
    assert_eq!(stage.fake.findings("FLOOD").len(), FLOOD);
}

#[tokio::test]
async fn who_takes_no_answers_is_not_read_on() {
    let stage = unpaced().await;
    // A small window, so that few answers fill it.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let stream = socket.connect(stage.address).await.unwrap();
    let flood = Client::over(stream, &Dial::new("FLOOD")).await.unwrap();
    let mut other = stage.station("CP1").await;
    let stream = flood.ws.get_ref();
    let all = heartbeats(FLOOD);
    // Until nothing is taken any more, however often the gateway has its turn.
    'flood: loop {
        let mut rest = all.as_slice();
        let mut idle = 0;
        while !rest.is_empty() {
            match stream.try_write(rest) {
                Ok(count) => {
                    rest = &rest[count..];
                    idle = 0;
                }
                Err(error) => {
                    // Read on, what waits for it would end the connection at last.
                    assert_eq!(error.kind(), ErrorKind::WouldBlock, "given up: {error}");
                    idle += 1;
                    tokio::task::yield_now().await;
                }
            }
            if idle > 20_000 {
                break 'flood;
            }
        }
    }
    other.works().await;
    // It begins to take them, and is listened to again.
    let mut flood = flood;
    let answer = flood.receive().await;
    assert_eq!(answer[1], "f0");
}

#[tokio::test]
async fn a_flood_on_one_connection_does_not_keep_others_from_coming_in() {
    let stage = unpaced().await;
    let mut flood = stage.station("FLOOD").await;
    let all = heartbeats(FLOOD);
    within(flood.ws.get_mut().write_all(&all)).await.unwrap();
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let mut other = Client::over(stream, &Dial::new("CP1")).await.unwrap();
    other.works().await;
    let before = before_the_other(&stage);
    // Accepting, the head, the upgrade and the first message are turns of several tasks.
    assert!(before < FLOOD / 4, "{before} of {FLOOD} came first");
}

#[tokio::test]
async fn who_dials_again_and_again_waits_and_the_newest_is_served() {
    let mut options = options();
    options.dial_rate = Some(Rate {
        per_second: 1,
        burst: 2,
    });
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    stage.fake.open("CP2");
    let mut first = stage.station("CP1").await;
    first.works().await;
    let mut dials = Vec::new();
    for _ in 0..20 {
        dials.push(stage.station("CP1").await);
    }
    // Another is let in meanwhile.
    stage.station("CP2").await.works().await;
    let mut newest = dials.pop().unwrap();
    newest.works().await;
    first.closed_with(1000).await;
    for mut dial in dials {
        dial.closed_with(1000).await;
    }
    let came_in = stage.fake.connected.lock().len();
    assert!(came_in < 10, "{came_in} of 22 took a place");
}
