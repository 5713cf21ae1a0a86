//! The conversation with stations as their owner sees and steers it: who is accepted, what a
//! station says of its settings, and what the connection doctor says of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "conversation/acceptance.rs"]
mod acceptance;
#[path = "conversation/configuration.rs"]
mod configuration;
#[path = "conversation/doctor.rs"]
mod doctor;

use keywatt_tests::facts::Charger;
use keywatt_tests::{Api, DEADLINE, Options, Server, Version, Wire, eventually};
use serde_json::Value;

const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// A server with an owner and a charger.
struct Scene {
    server: Server,
    owner: Api,
    charger: Charger,
}

impl Scene {
    async fn set(args: &[&str]) -> Scene {
        let server = Server::start(Options::default().args(args)).await;
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        Scene {
            server,
            owner,
            charger,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/stations/{}{rest}", self.charger.station_id)
    }

    async fn silent(&self, version: Version) -> Wire {
        let endpoint = self.server.endpoint(&self.charger.station_id, version);
        Wire::connect(&endpoint).await.unwrap()
    }

    /// Waits until something was noticed of the charger.
    async fn finding(&self, code: &str) -> Value {
        eventually(&format!("the finding `{code}`"), DEADLINE, || async {
            let found = self.owner.get(&self.path("/findings")).await.ok();
            let items = found["items"].as_array().unwrap().clone();
            items.into_iter().find(|item| item["code"] == code)
        })
        .await
    }
}
