//! Stations that misbehave: what becomes of them, that the others are served meanwhile, and that
//! the memory of the server stays bounded. How much the others feel of it is measured by
//! `cargo run --release -p bench --bin neighbours`; no time is asserted here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "misbehaving/commands.rs"]
mod commands;
#[path = "misbehaving/floods.rs"]
mod floods;
#[path = "misbehaving/replays.rs"]
mod replays;
#[path = "misbehaving/socket.rs"]
mod socket;

use keywatt_tests::facts::{Card, Charger};
use keywatt_tests::{Api, DEADLINE, Options, Response, Server, Version, Wire, eventually};
use serde_json::{Value, json};
use socket::Socket;

const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// A server, a charger that will misbehave, and one of each version that does not.
struct Scene {
    server: Server,
    owner: Api,
    bad: Charger,
    card: Card,
    others: Vec<Wire>,
}

impl Scene {
    async fn set(args: &[&str]) -> Scene {
        let server = Server::start(Options::default().args(args)).await;
        let owner = server.owner();
        let site = owner.installation().await;
        let bad = owner.charger(&site, 2).await;
        let (_, card) = owner.user(site.node()).await;
        let mut others = Vec::new();
        for version in BOTH {
            let charger = owner.charger(&site, 1).await;
            let endpoint = server.endpoint(&charger.station_id, version);
            others.push(Wire::booted(&endpoint).await);
        }
        Scene {
            server,
            owner,
            bad,
            card,
            others,
        }
    }

    /// The one that will misbehave, booted.
    async fn bad(&self, version: Version) -> Socket {
        let mut socket = Socket::connect(&self.server, &self.bad.station_id, version).await;
        let boot = match version {
            Version::V16 => json!({ "chargePointVendor": "Bad", "chargePointModel": "Boy" }),
            Version::V201 => json!({
                "reason": "PowerUp", "chargingStation": { "vendorName": "Bad", "model": "Boy" },
            }),
        };
        let answer = socket.call("BootNotification", boot).await;
        assert_eq!(answer["status"], "Accepted", "{answer}");
        socket
    }

    /// The others ask and are answered, and do as they are told.
    async fn others_are_served(&self) {
        for other in &self.others {
            assert_eq!(other.status_of(&self.card.presented).await, "Accepted");
            let path = format!("/v1/stations/{}/ocpp/ClearCache", other.station_id);
            let answer = self.owner.post(&path, json!({})).await.ok();
            assert_eq!(answer["payload"]["status"], "Accepted", "{answer}");
        }
    }

    /// A command to the one that misbehaves, in the background.
    fn command(&self, action: &str) -> tokio::task::JoinHandle<Response> {
        let owner = self.owner.clone();
        let path = format!("/v1/stations/{}/ocpp/{action}", self.bad.station_id);
        tokio::spawn(async move { owner.post(&path, json!({})).await })
    }

    /// Waits until something was noticed of it.
    async fn finding(&self, code: &str) -> Value {
        let path = format!("/v1/stations/{}/findings", self.bad.station_id);
        eventually(&format!("the finding `{code}`"), DEADLINE, || async {
            let found = self.owner.get(&path).await.ok();
            let items = found["items"].as_array().unwrap().clone();
            items.into_iter().find(|item| item["code"] == code)
        })
        .await
    }

    /// Resident memory of the server, in MiB.
    fn memory_mib(&self) -> u64 {
        let id = self.server.process_id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib: u64 = line
            .and_then(|line| line.split_whitespace().nth(1))
            .and_then(|kib| kib.parse().ok())
            .unwrap();
        kib / 1024
    }
}
