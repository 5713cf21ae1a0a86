//! The demo's site: facts made through the API, stations simulated.

use anyhow::Context;
use serde_json::{Value, json};
use simulator::lock::{Lock, LockConfig};
use simulator::{Charger, ChargerConfig, Endpoint, Token, Version};

use super::client::Client;

/// Urs's card.
pub(crate) const CARD: &str = "04A1B2C3D4E5F6";
/// Urs's old card, suspended.
pub(crate) const SUSPENDED_CARD: &str = "04B7C8D9E0F1A2";
/// The service partner's card.
pub(crate) const SERVICE_CARD: &str = "04C3D4E5F6A7B8";
/// The cards of the tenants.
pub(crate) const TENANT_CARDS: [&str; 6] = [
    "04D1000000000A",
    "04D1000000000B",
    "04D1000000000C",
    "04D1000000000D",
    "04D1000000000E",
    "04D1000000000F",
];
/// By whose clock hours are told.
pub(crate) const TIME_ZONE: &str = "Europe/Zurich";
/// Nobody's card.
pub(crate) const UNKNOWN_CARD: &str = "04FFEEDDCCBBAA";

/// What was made.
pub(crate) struct Site {
    /// OCPP 1.6, authorization required.
    pub(crate) required: Charger,
    /// OCPP 2.0.1, open.
    pub(crate) open: Charger,
    /// One door.
    pub(crate) lock: Lock,
    pub(crate) installation: String,
    pub(crate) required_id: String,
    pub(crate) open_id: String,
    pub(crate) door_id: String,
    pub(crate) user: String,
    pub(crate) service: String,
}

impl Site {
    /// Makes the facts, switches the stations on.
    pub(crate) async fn make(client: &Client, stations: &str) -> anyhow::Result<Self> {
        let installation = client
            .make(
                "/installations",
                json!({ "name": "Garage", "time_zone": TIME_ZONE }),
            )
            .await?;
        let required_id = client
            .make(
                "/chargers",
                json!({ "name": "Garage left", "installation_id": installation,
                        "station_id": "GARAGE-1", "authorization_required": "required" }),
            )
            .await?;
        let open_id = client
            .make(
                "/chargers",
                json!({ "name": "Street", "installation_id": installation,
                        "station_id": "STREET-2", "authorization_required": "open" }),
            )
            .await?;
        let lock_id = client
            .make(
                "/locks",
                json!({ "name": "Front door controller", "installation_id": installation,
                        "station_id": "FRONT-3" }),
            )
            .await?;
        let door_id = client
            .make(
                "/doors",
                json!({ "name": "Front door", "lock_id": lock_id, "number": 1,
                        "fail": "secure", "remote_open": true, "open_seconds": 5 }),
            )
            .await?;

        let user = client
            .make("/people", json!({ "name": "Urs, user" }))
            .await?;
        let service = client
            .make("/people", json!({ "name": "Sam, service partner" }))
            .await?;
        for (person, card, state) in [
            (&user, CARD, "active"),
            (&user, SUSPENDED_CARD, "suspended"),
            (&service, SERVICE_CARD, "active"),
        ] {
            let path = format!("/people/{person}/credentials");
            let card = json!({ "kind": "rfid", "value": card, "state": state });
            client.make(&path, card).await?;
        }
        for (person, role) in [(&user, "user"), (&service, "service")] {
            let grant = json!({ "subject": { "person": person }, "role": role,
                                "resource": { "installation": installation } });
            client.make("/grants", grant).await?;
        }

        let required = charger(stations, "GARAGE-1", Version::V16);
        let open = charger(stations, "STREET-2", Version::V201);
        let lock = Lock::new(LockConfig::new(Endpoint::new(
            stations,
            "FRONT-3",
            Version::V201,
        )));
        required.switch_on().await.context("GARAGE-1")?;
        open.switch_on().await.context("STREET-2")?;
        lock.switch_on().await.context("FRONT-3")?;
        Ok(Self {
            required,
            open,
            lock,
            installation,
            required_id,
            open_id,
            door_id,
            user,
            service,
        })
    }

    /// What there is, for people.
    pub(crate) fn describe(&self) -> String {
        format!(
            "One installation, three simulated stations:\n\
             \x20 GARAGE-1  charger, OCPP {}, authorization required\n\
             \x20 STREET-2  charger, OCPP {}, open to everybody\n\
             \x20 FRONT-3   lock with one door, OCPP {}\n\
             Olivia owns it; Urs is a user with a card and an old, suspended one; Sam is the \
             service partner, with a card; the tenants come later.\n",
            self.required.version().number(),
            self.open.version().number(),
            self.lock.version().number(),
        )
    }

    pub(crate) async fn switch_off(&self) {
        self.required.switch_off().await;
        self.open.switch_off().await;
        self.lock.switch_off().await;
    }
}

fn charger(stations: &str, id: &str, version: Version) -> Charger {
    Charger::new(ChargerConfig::new(Endpoint::new(stations, id, version)))
}

/// A card as a token.
pub(crate) fn card(value: &str) -> Token {
    Token::card(value)
}

/// A body with the person to charge for.
pub(crate) fn for_person(person: &str) -> Value {
    json!({ "person_id": person })
}
