//! What is not a station's.

use gateway::ListenerKind;
use serde_json::Value;

use crate::stage::{Dial, Stage, options, plain};

async fn answer(stage: &Stage, request: &str) -> (u16, Value) {
    let text = stage.raw(request).await;
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    (
        status,
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{text}")),
    )
}

#[tokio::test]
async fn everything_that_is_not_a_stations_goes_to_the_service() {
    let stage = Stage::new().await;
    for (request, method, path) in [
        ("GET / HTTP/1.1", "GET", "/"),
        ("GET /v1/me HTTP/1.1", "GET", "/v1/me"),
        ("POST /ocpp/CP1 HTTP/1.1", "POST", "/ocpp/CP1"),
        ("GET /ocppx HTTP/1.1", "GET", "/ocppx"),
    ] {
        let text = format!("{request}\r\nHost: x\r\nConnection: close\r\n\r\n");
        let (status, body) = answer(&stage, &text).await;
        assert_eq!(status, 200, "{request}");
        assert_eq!(
            (body["method"].as_str(), body["path"].as_str()),
            (Some(method), Some(path))
        );
        assert_eq!(body["address"], "127.0.0.1");
        assert_eq!(body["encrypted"], false);
    }
}

#[tokio::test]
async fn an_upgrade_under_v1_is_not_a_stations() {
    let stage = Stage::new().await;
    stage.fake.open("events");
    let dial = Dial::new("").path("/v1/events").with("Connection", "close");
    let (status, body) = answer(&stage, &dial.request()).await;
    assert_eq!((status, body["path"].as_str()), (200, Some("/v1/events")));
    assert!(stage.fake.hellos.lock().is_empty());
}

#[tokio::test]
async fn bodies_reach_the_service() {
    let stage = Stage::new().await;
    let body = "x".repeat(100_000);
    let request = format!(
        "POST /v1/people HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, answer) = answer(&stage, &request).await;
    assert_eq!((status, answer["size"].as_u64()), (200, Some(100_000)));
}

#[tokio::test]
async fn a_listener_for_stations_serves_nothing_else() {
    let stage = Stage::listening(options(), vec![plain(ListenerKind::Stations)]).await;
    stage.fake.open("CP1");
    let request = "GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n";
    let (status, body) = answer(&stage, request).await;
    assert_eq!(
        (status, body["code"].as_str()),
        (404, Some("stations_only"))
    );
    stage.station("CP1").await.works().await;
}

#[tokio::test]
async fn several_listeners_share_one_registry() {
    use app::link::StationLink;
    let listeners = vec![
        plain(ListenerKind::Everything),
        plain(ListenerKind::Stations),
    ];
    let stage = Stage::listening(options(), listeners).await;
    stage.fake.open("CP1");
    stage.fake.open("CP2");
    let mut first = stage.station("CP1").await;
    let second = stage.gateway.local_addresses()[1];
    let stream = tokio::net::TcpStream::connect(second).await.unwrap();
    let mut other = crate::stage::Client::over(stream, &Dial::new("CP2"))
        .await
        .unwrap();
    first.works().await;
    other.works().await;
    assert_eq!(stage.registry.online(), 2);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    use std::sync::Arc;
    let stage = Stage::new().await;
    let mut listener = plain(ListenerKind::Everything);
    listener.address = stage.address;
    let service = tower::service_fn(|_: http::Request<hyper::body::Incoming>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(
            http_body_util::Empty::<bytes::Bytes>::new(),
        ))
    });
    let stations = Arc::new(crate::fake::Fake::default());
    let failed = gateway::bind(
        vec![listener],
        options(),
        stations,
        stage.registry.clone(),
        service,
    )
    .await;
    let error = failed.err().expect("two cannot have one address");
    assert!(error.to_string().contains(&stage.address.to_string()));
}
