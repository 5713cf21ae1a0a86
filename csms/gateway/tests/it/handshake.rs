//! Who is let in, who is not, and what both are told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::stage::{Dial, Stage, options, within};

async fn accepted(stage: &Stage, dial: Dial, protocol: Option<&str>) {
    let mut client = stage
        .dial(&dial)
        .await
        .unwrap_or_else(|head| panic!("{dial:?}: {head:?}"));
    assert_eq!(client.head.header("sec-websocket-protocol"), protocol);
    // RFC 6455 §1.3 has this pair.
    assert_eq!(
        client.head.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    client.works().await;
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.request())
    }
}

#[tokio::test]
async fn a_registered_station_is_let_in_and_answered() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    accepted(&stage, Dial::new("CP1"), Some("ocpp1.6")).await;
    let hello = stage.fake.hellos.lock()[0].clone();
    assert_eq!(hello.identity, "CP1");
    assert!(hello.trusted_loopback && !hello.encrypted && hello.basic.is_none());
    let connection = stage.fake.connected.lock()[0].clone();
    assert_eq!(
        (connection.generation, connection.version.name()),
        (1, "1.6")
    );
}

#[tokio::test]
async fn the_version_is_the_clients_first_that_we_know() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    for (offered, chosen) in [
        ("ocpp2.0.1", "ocpp2.0.1"),
        ("ocpp1.6,ocpp2.0.1", "ocpp1.6"),
        ("ocpp2.0.1, ocpp1.6", "ocpp2.0.1"),
        ("ocpp2.1, ocpp2.0.1", "ocpp2.0.1"),
        ("x, ocpp1.6", "ocpp1.6"),
    ] {
        accepted(&stage, Dial::new("CP1").protocols(offered), Some(chosen)).await;
    }
    let repeated = Dial::new("CP1")
        .protocols("ocpp2.1")
        .and("Sec-WebSocket-Protocol", "ocpp1.6");
    accepted(&stage, repeated, Some("ocpp1.6")).await;
    // OCPP 2.0.1 part 4 errata 4.2: a version in the URL decides nothing.
    let misleading = Dial::new("CP1")
        .path("/ocpp/1.6/CP1")
        .protocols("ocpp2.0.1");
    accepted(&stage, misleading, Some("ocpp2.0.1")).await;
}

#[tokio::test]
async fn paths_of_real_chargers_lead_to_their_station() {
    let stage = Stage::new().await;
    stage.fake.open("CP 1");
    for path in [
        "/ocpp/CP%201",
        "/CP%201",
        "/ocpp/CP%201/",
        "//ocpp//CP%201//",
        "/a/b/c/d/CP%201",
        "/ocpp/CP%201?token=1&x=/v1/",
    ] {
        accepted(&stage, Dial::new("").path(path), Some("ocpp1.6")).await;
    }
    // Case decides nothing (Q6).
    accepted(&stage, Dial::new("").path("/ocpp/cp%201"), Some("ocpp1.6")).await;
}

#[tokio::test]
async fn headers_of_careless_clients_do() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    for dial in [
        Dial::new("CP1").with("Upgrade", "WebSocket"),
        Dial::new("CP1").with("Connection", "keep-alive, Upgrade"),
        Dial::new("CP1").without("Connection"),
    ] {
        accepted(&stage, dial, Some("ocpp1.6")).await;
    }
    // tungstenite's own handshake would refuse a key that is not 16 bytes of base64.
    let dial = Dial::new("CP1").with("Sec-WebSocket-Key", "short");
    stage.dial(&dial).await.unwrap().works().await;
}

/// Refused with a problem, and recorded with a reason and a fix.
async fn refused(dial: Dial, status: u16, code: &'static str) {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let head = stage
        .dial(&dial)
        .await
        .err()
        .unwrap_or_else(|| panic!("{dial:?} was let in"));
    assert_eq!(head.status, status, "{dial:?}");
    let problem = head.problem();
    assert_eq!(problem["code"], code, "{dial:?}");
    assert_eq!(problem["status"], status);
    assert_eq!(stage.fake.refused_codes(), [code]);
    let (_, _, refusal) = stage.fake.refused.lock()[0].clone();
    assert!(!refusal.reason.is_empty() && !refusal.fix.is_empty());
    assert!(problem["detail"].as_str().unwrap().contains(&refusal.fix));
    match status {
        401 => assert_eq!(
            head.header("www-authenticate"),
            Some("Basic realm=\"OCPP\"")
        ),
        426 => assert_eq!(head.header("sec-websocket-version"), Some("13")),
        _ => {}
    }
    assert!(stage.fake.connected.lock().is_empty());
}

#[tokio::test]
async fn what_names_no_station_is_refused_and_recorded() {
    let at = |path: &str| Dial::new("").path(path);
    refused(at("/"), 400, "no_identity").await;
    refused(at("/a/b/c/d/e/CP1"), 400, "path_too_long").await;
    for path in [
        "/ocpp/a%2Fb",
        "/ocpp/a%2fCP1",
        "/ocpp/a%00b",
        "/ocpp/a%0D%0Ab",
        "/ocpp/%20",
    ] {
        refused(at(path), 400, "bad_identity").await;
    }
    refused(
        at(&format!("/ocpp/{}", "x".repeat(49))),
        400,
        "bad_identity",
    )
    .await;
}

#[tokio::test]
async fn an_identity_with_a_colon_is_one_of_1_6_only() {
    let stage = Stage::new().await;
    stage.fake.open("A:1");
    accepted(&stage, Dial::new("A:1"), Some("ocpp1.6")).await;
    let Err(head) = stage.dial(&Dial::new("A:1").protocols("ocpp2.0.1")).await else {
        panic!("let in");
    };
    assert_eq!(head.status, 400);
    assert_eq!(stage.fake.refused.lock().len(), 1);
}

#[tokio::test]
async fn broken_headers_are_refused_and_recorded() {
    let dial = || Dial::new("CP1");
    refused(
        dial().without("Sec-WebSocket-Version"),
        426,
        "websocket_version",
    )
    .await;
    refused(
        dial().with("Sec-WebSocket-Version", "8"),
        426,
        "websocket_version",
    )
    .await;
    refused(dial().without("Sec-WebSocket-Key"), 400, "websocket_key").await;
    for value in ["Basic", "Basic !!!", "Bearer abc", "Basic bm9jb2xvbg=="] {
        refused(
            dial().with("Authorization", value),
            401,
            "malformed_authorization",
        )
        .await;
    }
}

#[tokio::test]
async fn refusals_of_the_inside_reach_the_station() {
    let stage = Stage::new().await;
    for status in [401, 403, 404, 429, 503] {
        let dial = Dial::new(&format!("REFUSED-{status}"));
        let head = stage.dial(&dial).await.err().unwrap();
        assert_eq!(head.status, status);
        let problem = head.problem();
        assert_eq!(problem["code"], "as_asked");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["detail"], "the reason. The fix.");
        assert_eq!(
            head.header("retry-after").is_some(),
            matches!(status, 429 | 503),
            "{status}"
        );
        assert_eq!(
            head.header("www-authenticate").is_some(),
            status == 401,
            "{status}"
        );
    }
    // Recorded by whoever decided, not twice.
    assert!(stage.fake.refused.lock().is_empty());
}

#[tokio::test]
async fn a_password_of_any_bytes_reaches_the_inside() {
    let stage = Stage::new().await;
    let password = b"\x00\x01\xFF\xFE:not UTF-8";
    stage.fake.protected("CP1", password);
    let right = Dial::new("CP1").password("CP1", password);
    accepted(&stage, right, Some("ocpp1.6")).await;
    let wrong = Dial::new("CP1").password("CP1", b"\x00\x01\xFF\xFE");
    assert_eq!(stage.dial(&wrong).await.err().unwrap().status, 401);
    let none = stage.dial(&Dial::new("CP1")).await.err().unwrap();
    assert_eq!(none.status, 401);
}

/// Let in without a subprotocol, closed at once, recorded.
async fn no_common_version(dial: Dial, code: &'static str) {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.dial(&dial).await.expect("the handshake is finished");
    assert_eq!(client.head.header("sec-websocket-protocol"), None);
    let (closed, reason) = client.closed().await.unwrap();
    assert_eq!(closed, 1002);
    assert!(reason.contains("ocpp1.6"), "{reason}");
    assert_eq!(stage.fake.refused_codes(), [code]);
    assert!(stage.fake.connected.lock().is_empty());
}

#[tokio::test]
async fn without_a_common_version_the_handshake_is_finished_and_closed() {
    no_common_version(
        Dial::new("CP1").protocols("ocpp1.5, ocpp2.1"),
        "unknown_subprotocol",
    )
    .await;
    no_common_version(
        Dial::new("CP1").without("Sec-WebSocket-Protocol"),
        "no_subprotocol",
    )
    .await;
}

#[tokio::test]
async fn a_station_marked_as_silent_speaks_1_6_without_saying_so() {
    let stage = Stage::new().await;
    stage.fake.silent("CP1");
    accepted(
        &stage,
        Dial::new("CP1").without("Sec-WebSocket-Protocol"),
        None,
    )
    .await;
    assert_eq!(stage.fake.connected.lock()[0].version.name(), "1.6");
}

#[tokio::test]
async fn before_the_inside_is_ready_stations_are_sent_away() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    stage.fake.set_ready(false);
    let head = stage.dial(&Dial::new("CP1")).await.err().unwrap();
    assert_eq!(head.status, 503);
    assert!(head.header("retry-after").is_some());
    assert_eq!(head.problem()["code"], "not_ready");
    assert!(stage.fake.hellos.lock().is_empty());
    stage.fake.set_ready(true);
    accepted(&stage, Dial::new("CP1"), Some("ocpp1.6")).await;
}

#[tokio::test]
async fn signs_of_a_proxy_end_the_trust_in_loopback() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let trusted = async |dial: Dial| {
        accepted(&stage, dial, Some("ocpp1.6")).await;
        stage.fake.hellos.lock().last().unwrap().trusted_loopback
    };
    assert!(trusted(Dial::new("CP1")).await);
    for name in [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Anything",
    ] {
        assert!(
            !trusted(Dial::new("CP1").with(name, "192.0.2.1")).await,
            "{name}"
        );
    }
    // Nobody believes what they say.
    let hello = stage.fake.hellos.lock()[2].clone();
    assert!(hello.address.ip().is_loopback() && !hello.encrypted);
}

#[tokio::test]
async fn a_listed_proxy_tells_the_clients_address() {
    let mut options = options();
    options.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let dial = Dial::new("CP1")
        .with("X-Forwarded-For", "10.0.0.1, 192.0.2.7")
        .with("X-Forwarded-Proto", "wss");
    accepted(&stage, dial, Some("ocpp1.6")).await;
    let hello = stage.fake.hellos.lock()[0].clone();
    assert_eq!(hello.address.to_string(), "192.0.2.7:0");
    assert!(hello.encrypted && !hello.trusted_loopback);
}

#[tokio::test]
async fn the_url_of_a_station_in_a_browser_is_explained() {
    let stage = Stage::new().await;
    let text = stage.raw("GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 426 "), "{text}");
    assert!(text.to_lowercase().contains("upgrade: websocket"), "{text}");
    let body: serde_json::Value =
        serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["code"], json!("websocket_only"));
    assert!(body["detail"].as_str().unwrap().contains("WebSocket"));
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_not_waited_for() {
    let mut options = options();
    options.header_timeout = Duration::from_millis(100);
    let stage = Stage::with(options).await;
    let text = stage.raw("GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n").await;
    assert!(
        text.is_empty() || text.starts_with("HTTP/1.1 408"),
        "{text}"
    );
}

#[tokio::test]
async fn a_decision_that_does_not_come_is_not_waited_for() {
    let mut options = options();
    options.handshake_timeout = Duration::from_millis(100);
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    *stage.fake.admit_gate.lock() = Some(Arc::new(Semaphore::new(0)));
    let head = stage.dial(&Dial::new("CP1")).await.err().unwrap();
    assert_eq!(head.status, 503);
}

#[tokio::test]
async fn an_upgrade_in_http_1_0_is_refused_and_recorded() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let request = Dial::new("CP1").request().replace("HTTP/1.1", "HTTP/1.0");
    let text = stage.raw(&request).await;
    assert!(text.contains(" 400 "), "{text}");
    assert_eq!(stage.fake.refused_codes(), ["http_version"]);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_room_comes_back() {
    let mut options = options();
    options.max_connections = 1;
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut first = stage.station("CP1").await;
    assert!(!is_served(&stage).await);
    first.works().await;
    drop(first);
    within(async { while !is_served(&stage).await {} }).await;
}

/// Whether a further connection gets an answer.
async fn is_served(stage: &Stage) -> bool {
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut byte = [0];
    stream.write_all(request.as_bytes()).await.is_ok()
        && matches!(within(stream.read(&mut byte)).await, Ok(1))
}
