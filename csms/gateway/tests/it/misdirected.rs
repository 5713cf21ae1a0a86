//! The wrong thing spoken at a port, or at a path: told where that is possible, and recorded.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::{Dial, Stage, eventually, within};

async fn recorded(stage: &Stage, code: &'static str) -> (String, String, String) {
    eventually("it is recorded", || stage.fake.refused_codes() == [code]).await;
    let (identity, _, refusal) = stage.fake.refused.lock()[0].clone();
    (identity, refusal.reason, refusal.fix)
}

#[tokio::test]
async fn tls_on_a_plain_port_is_recorded() {
    let stage = Stage::new().await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    // The beginning of a ClientHello.
    stream
        .write_all(&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])
        .await
        .unwrap();
    let mut rest = Vec::new();
    let _ = within(stream.read_to_end(&mut rest)).await;
    let (identity, reason, fix) = recorded(&stage, "tls_on_plain_port").await;
    assert_eq!(identity, "(127.0.0.1)");
    assert!(
        reason.contains(&stage.address.port().to_string()),
        "{reason}"
    );
    assert!(fix.contains("ws://"), "{fix}");
}

#[tokio::test]
async fn a_station_url_opened_without_an_upgrade_is_recorded_under_its_identity() {
    let stage = Stage::new().await;
    let answer = stage
        .raw("GET /ocpp/CP%201 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
    let (identity, _, fix) = recorded(&stage, "no_upgrade").await;
    assert_eq!(identity, "CP 1");
    assert!(fix.contains("SOAP") && fix.contains("proxy"), "{fix}");
}

#[tokio::test]
async fn a_station_on_a_path_of_the_api_is_recorded() {
    let stage = Stage::new().await;
    let dial = Dial::new("").path("/v1/ocpp/CP1");
    assert!(stage.dial(&dial.with("Connection", "close")).await.is_err());
    let (identity, _, fix) = recorded(&stage, "reserved_path").await;
    assert_eq!(identity, "CP1");
    assert!(fix.contains("/ocpp/"), "{fix}");
}

#[tokio::test]
async fn a_path_without_an_identity_is_recorded_under_the_address() {
    let stage = Stage::new().await;
    let head = stage.dial(&Dial::new("").path("/")).await.err().unwrap();
    assert_eq!(head.status, 400);
    assert_eq!(recorded(&stage, "no_identity").await.0, "(127.0.0.1)");
}

#[tokio::test]
async fn what_stood_before_the_identity_is_told_to_who_decides() {
    let stage = Stage::new().await;
    stage.fake.open("EN123");
    stage
        .dial(&Dial::new("").path("/ocpp/CP%201/EN123"))
        .await
        .unwrap();
    assert_eq!(stage.fake.hellos.lock()[0].prefix, ["ocpp", "CP 1"]);
}
