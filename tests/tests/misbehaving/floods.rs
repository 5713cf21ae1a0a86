//! As much as possible, as fast as possible, as large as possible, and never whole.

use std::time::Duration;

use keywatt_tests::Version;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::socket::Socket;
use crate::{BOTH, Scene};

/// What the server may grow by in any of these, in MiB: far less than what it is offered, far more
/// than what an allocator keeps for itself.
const BOUND_MIB: u64 = 160;

/// The head of a masked text frame (RFC 6455 §5.2) of this length, the mask zero.
fn head(length: u64) -> Vec<u8> {
    let mut bytes = vec![0x81, 0x80 | 127];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes
}

fn check(scene: &Scene, before: u64) {
    let after = scene.memory_mib();
    assert!(
        after < before + BOUND_MIB,
        "from {before} MiB to {after} MiB"
    );
}

#[tokio::test]
async fn a_flood_of_calls_is_read_slowly_and_answered_whole() {
    for version in BOTH {
        let scene = Scene::set(&["--messages-per-second", "50"]).await;
        let mut bad = scene.bad(version).await;
        let before = scene.memory_mib();
        let authorize = match version {
            Version::V16 => json!({ "idTag": scene.card.presented.value }),
            Version::V201 => {
                json!({ "idToken": { "idToken": scene.card.presented.value, "type": "ISO14443" } })
            }
        };
        let sent = 600;
        for number in 0..sent {
            let id = number.to_string();
            let frame = match number % 2 {
                0 => json!([2, id, "Heartbeat", {}]),
                _ => json!([2, id, "Authorize", authorize]),
            };
            assert!(bad.feed(&frame).await);
        }
        // Behind them, so that all of them are on their way.
        bad.send(&json!([2, "last", "Heartbeat", {}])).await;
        scene.others_are_served().await;
        for number in 0..sent {
            let answer = bad.receive().await.unwrap();
            assert_eq!(
                (&answer[0], &answer[1]),
                (&json!(3), &json!(number.to_string()))
            );
        }
        assert_eq!(bad.receive().await.unwrap()[1], "last");
        assert_eq!(scene.finding("too_fast").await["severity"], "note");
        scene.others_are_served().await;
        check(&scene, before);
    }
}

#[tokio::test]
async fn a_flood_whose_answers_nobody_reads_fills_no_memory() {
    let scene = Scene::set(&["--messages-per-second", "0"]).await;
    let mut bad = scene.bad(Version::V16).await;
    let before = scene.memory_mib();
    let until = Instant::now() + Duration::from_secs(3);
    let mut sent = 0_u32;
    // As fast as they are taken; the answers are left where they are.
    while Instant::now() < until {
        let frame = json!([2, sent.to_string(), "DataTransfer", {
            "vendorId": "x", "data": "y".repeat(200),
        }]);
        let limit = Duration::from_millis(500);
        match tokio::time::timeout(limit, bad.try_send(frame.to_string())).await {
            Ok(true) => sent += 1,
            // Nothing more is taken, or the connection was given up: both will do.
            Ok(false) | Err(_) => break,
        }
    }
    assert!(sent > 0);
    scene.others_are_served().await;
    check(&scene, before);
}

#[tokio::test]
async fn huge_messages_are_refused_or_end_the_connection_and_fill_no_memory() {
    for version in BOTH {
        let scene = Scene::set(&["--messages-per-second", "100000"]).await;
        let mut bad = scene.bad(version).await;
        let before = scene.memory_mib();
        for number in 0..20 {
            let call = json!([2, number.to_string(), "Heartbeat", { "x": "a".repeat(3 << 20) }]);
            bad.send(&call).await;
            let answer = bad.receive().await.unwrap();
            assert_eq!(
                (&answer[0], &answer[1]),
                (&json!(4), &json!(number.to_string()))
            );
        }
        scene.finding("oversized_frame").await;
        scene.others_are_served().await;
        check(&scene, before);
        for _ in 0..5 {
            let call = json!([2, "x", "Heartbeat", { "x": "a".repeat(6 << 20) }]);
            bad.try_send(call.to_string()).await;
            assert_eq!(bad.receive().await, None, "the connection is closed");
            bad = scene.bad(version).await;
        }
        scene.finding("broken_stream").await;
        bad.works().await;
        scene.others_are_served().await;
        check(&scene, before);
    }
}

#[tokio::test]
async fn thousands_of_half_sent_frames_and_requests_hold_nothing() {
    let scene = Scene::set(&[]).await;
    let before = scene.memory_mib();
    // One station that dials again and again, each time in the middle of a message of 4 MiB.
    let mut halves = Vec::new();
    for _ in 0..1_000 {
        let mut half = Socket::connect(&scene.server, &scene.bad.station_id, Version::V16).await;
        half.bytes(&head(4 << 20)).await;
        half.bytes(&[b'x'; 2_000]).await;
        halves.push(half);
    }
    // And strangers in the middle of a request.
    let mut requests = Vec::new();
    for _ in 0..1_000 {
        let mut stream = TcpStream::connect(("127.0.0.1", scene.server.port()))
            .await
            .unwrap();
        let head = format!(
            "GET /ocpp/{} HTTP/1.1\r\nX: {}",
            scene.bad.station_id,
            "y".repeat(2_000)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        requests.push(stream);
    }
    scene.others_are_served().await;
    check(&scene, before);
    // The newest whole connection is the station's.
    let mut bad = scene.bad(Version::V16).await;
    bad.works().await;
    drop((halves, requests));
    bad.works().await;
    scene.others_are_served().await;
}

#[tokio::test]
async fn a_frame_in_a_thousand_pieces_and_pings_without_end_harm_nobody() {
    let scene = Scene::set(&["--messages-per-second", "1000"]).await;
    let mut bad = scene.bad(Version::V16).await;
    let before = scene.memory_mib();
    let text = br#"[2,"slow","Heartbeat",{}]"#;
    for _ in 0..2_000 {
        // An empty ping, masked.
        bad.bytes(&[0x89, 0x80, 0, 0, 0, 0]).await;
    }
    // The first piece is text without FIN, the others continue it; pings may stand between.
    for (at, byte) in text.iter().enumerate() {
        let first = if at == 0 { 0x01 } else { 0x00 };
        bad.bytes(&[first, 0x81, 0, 0, 0, 0, *byte]).await;
        bad.bytes(&[0x89, 0x80, 0, 0, 0, 0]).await;
    }
    bad.bytes(&[0x80, 0x80, 0, 0, 0, 0]).await;
    let answer = bad.receive().await.unwrap();
    assert_eq!((&answer[0], &answer[1]), (&json!(3), &json!("slow")));
    scene.others_are_served().await;
    check(&scene, before);
}
