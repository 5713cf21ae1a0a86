//! Stations of other people's libraries that send every message of their version, and get every
//! one: PyPI `ocpp` and npm `ocpp-rpc` in strict mode. Both check each message, both ways, against
//! the official schemas.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeMap;
use std::path::Path;

use keywatt_tests::facts::{Charger, text};
use keywatt_tests::{Api, Client, Server, Version};
use serde_json::{Value, json};

/// At least 16 bytes.
const PASSWORD: &str = "everything-0123456";

#[tokio::test]
async fn pypi_ocpp_sends_and_gets_every_message_of_1_6() {
    check(Client::python, "everything.py", Version::V16).await;
}

#[tokio::test]
async fn pypi_ocpp_sends_and_gets_every_message_of_2_0_1() {
    check(Client::python, "everything.py", Version::V201).await;
}

#[tokio::test]
async fn npm_ocpp_rpc_sends_and_gets_every_message_of_1_6() {
    check(Client::node, "everything.mjs", Version::V16).await;
}

#[tokio::test]
async fn npm_ocpp_rpc_sends_and_gets_every_message_of_2_0_1() {
    check(Client::node, "everything.mjs", Version::V201).await;
}

const fn name_of(version: Version) -> &'static str {
    match version {
        Version::V16 => "1.6",
        Version::V201 => "2.0.1",
    }
}

async fn check(start: fn(&str, &Value) -> Client, script: &str, version: Version) {
    let server = Server::plain().await;
    let owner = server.owner();
    let charger = charger(&owner).await;
    let mut client = start(
        script,
        &json!({
            "url": server.ws(),
            "station_id": charger.station_id,
            "password": PASSWORD,
            "version": name_of(version),
        }),
    );
    let mut steps = Vec::new();
    let mut statuses = BTreeMap::new();
    while let Some(line) = client.line().await {
        if line["ask"] == "central" {
            send_all(&owner, &charger, version).await;
            continue;
        }
        let step = text(&line, "step");
        assert!(line.get("error").is_none(), "{step} was met with {line}");
        statuses.insert(step.clone(), line["status"].clone());
        steps.push(step);
    }
    client.succeeded(&steps).await;
    for (action, expected) in statuses_of(version) {
        assert_eq!(statuses.get(*action), Some(&json!(expected)), "{action}");
    }
}

/// What is told where the function comes later: the honest answer of its schema.
const fn statuses_of(version: Version) -> &'static [(&'static str, &'static str)] {
    match version {
        Version::V16 => &[
            ("BootNotification", "Accepted"),
            ("DataTransfer", "UnknownVendorId"),
            ("SignCertificate", "Rejected"),
        ],
        Version::V201 => &[
            ("BootNotification", "Accepted"),
            ("DataTransfer", "UnknownVendorId"),
            ("SignCertificate", "Rejected"),
            ("Get15118EVCertificate", "Failed"),
            ("GetCertificateStatus", "Failed"),
        ],
    }
}

async fn charger(owner: &Api) -> Charger {
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let path = format!("/v1/stations/{}/credential", charger.station_id);
    drop(owner.put(&path, json!({ "password": PASSWORD })).await.ok());
    charger
}

/// Every message to the station, through the raw endpoint; its answer comes back as it was given.
async fn send_all(owner: &Api, charger: &Charger, version: Version) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/messages.json");
    let messages: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for sample in messages[name_of(version)]["central"].as_array().unwrap() {
        let action = text(sample, "action");
        let path = format!("/v1/stations/{}/ocpp/{action}", charger.station_id);
        let answer = owner
            .post(&path, sample["payload"].clone())
            .await
            .expect(200);
        let expected = json!({ "status": "result", "payload": sample["answer"] });
        assert_eq!(answer["status"], expected["status"], "{action}: {answer}");
        assert_eq!(answer["payload"], expected["payload"], "{action}");
    }
}
