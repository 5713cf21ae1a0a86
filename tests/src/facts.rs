//! Facts, made through the API.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::wire::Presented;
use crate::{Api, unique};

/// An installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Its id.
    pub id: String,
}

/// A charger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charger {
    /// Its id.
    pub id: String,
    /// Its OCPP identity.
    pub station_id: String,
    /// The ids of its EVSEs 1, 2, …
    pub evses: Vec<String>,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its id.
    pub id: String,
    /// Its OCPP identity.
    pub station_id: String,
}

/// A door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Its id.
    pub id: String,
    /// Its number at the lock.
    pub number: u32,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: String,
}

/// A credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its id.
    pub id: String,
    /// What a reader reads.
    pub presented: Presented,
}

/// The password of every login made here.
const PASSWORD: &str = "a long sentence about doors";

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "tests run on the real clock, as the program does"
)]
#[must_use]
pub fn clock() -> Timestamp {
    Timestamp::now()
}

/// Some seconds from now, as the API writes it.
#[must_use]
pub fn instant(seconds: i64) -> String {
    (clock() + SignedDuration::from_secs(seconds)).to_string()
}

impl Api {
    /// An installation that requires authorization.
    pub async fn installation(&self) -> Installation {
        self.installation_with(json!({ "authorization_required": "required" }))
            .await
    }

    /// An installation with these fields.
    pub async fn installation_with(&self, mut fields: Value) -> Installation {
        merge(
            &mut fields,
            json!({ "name": "Test site", "time_zone": "Europe/Zurich" }),
        );
        Installation {
            id: self.made("/v1/installations", fields).await,
        }
    }

    /// A charger with some EVSEs of one connector each, that does as its installation says.
    pub async fn charger(&self, at: &Installation, evses: u32) -> Charger {
        self.charger_with(at, evses, json!({})).await
    }

    /// The same with more fields.
    pub async fn charger_with(&self, at: &Installation, evses: u32, mut fields: Value) -> Charger {
        let numbers: Vec<Value> = (1..=evses).map(|n| json!({ "number": n })).collect();
        merge(
            &mut fields,
            json!({
                "name": "Charger", "installation_id": at.id, "evses": numbers,
                "station_id": unique::station_id("CP"), "authorization_required": "inherit",
            }),
        );
        let body = self.post("/v1/chargers", fields).await.expect(201);
        let evses = body["evses"]
            .as_array()
            .unwrap_or_else(|| panic!("no EVSEs in {body}"));
        Charger {
            id: text(&body, "id"),
            station_id: text(&body, "station_id"),
            evses: evses.iter().map(|evse| text(evse, "id")).collect(),
        }
    }

    /// A lock.
    pub async fn lock(&self, at: &Installation) -> Lock {
        let fields = json!({
            "name": "Lock", "installation_id": at.id, "station_id": unique::station_id("LK"),
        });
        let body = self.post("/v1/locks", fields).await.expect(201);
        Lock {
            id: text(&body, "id"),
            station_id: text(&body, "station_id"),
        }
    }

    /// A door of a lock.
    pub async fn door(&self, lock: &Lock, number: u32) -> Door {
        self.door_with(lock, number, json!({})).await
    }

    /// The same with more fields.
    pub async fn door_with(&self, lock: &Lock, number: u32, mut fields: Value) -> Door {
        merge(
            &mut fields,
            json!({ "name": "Door", "lock_id": lock.id, "number": number }),
        );
        Door {
            id: self.made("/v1/doors", fields).await,
            number,
        }
    }

    /// A key for a lock whose controller speaks HTTP.
    pub async fn device_key(&self, lock: &Lock) -> String {
        let path = format!("/v1/locks/{}/device-key", lock.id);
        let body = self.call("POST", &path, None).await.ok();
        text(&body, "device_key")
    }

    /// A person.
    pub async fn person(&self) -> Person {
        self.person_with(json!({})).await
    }

    /// A person with these fields.
    pub async fn person_with(&self, mut fields: Value) -> Person {
        merge(&mut fields, json!({ "name": "Somebody" }));
        Person {
            id: self.made("/v1/people", fields).await,
        }
    }

    /// A person who can log in, and the API as that person.
    pub async fn person_with_login(&self) -> (Person, Api) {
        let email = unique::email();
        let person = self.person_with(json!({ "email": email })).await;
        let api = self.log_in(&person, &email).await;
        (person, api)
    }

    /// Gives a person a login and logs in.
    pub async fn log_in(&self, person: &Person, email: &str) -> Api {
        let login = json!({ "password": PASSWORD });
        drop(
            self.post(&format!("/v1/people/{}/login", person.id), login)
                .await
                .ok(),
        );
        self.session(email, PASSWORD).await
    }

    /// Logs in.
    pub async fn session(&self, email: &str, password: &str) -> Api {
        let login = json!({ "email": email, "password": password });
        let body = self.anonymous().post("/v1/sessions", login).await.ok();
        self.with_key(&text(&body, "token"))
    }

    /// A card of a person.
    pub async fn card(&self, person: &Person) -> Card {
        self.card_with(person, json!({})).await
    }

    /// A credential of a person with these fields; `kind` and `value` may be left out.
    pub async fn card_with(&self, person: &Person, mut fields: Value) -> Card {
        let path = format!("/v1/people/{}/credentials", person.id);
        if let Some(kind @ ("pin" | "guest" | "one_time")) = fields["kind"].as_str() {
            let kind = kind.to_owned();
            let body = self.post(&path, fields).await.expect(201);
            return Card {
                id: text(&body, "id"),
                presented: Presented {
                    kind,
                    value: text(&body, "code"),
                },
            };
        }
        let value = match fields["kind"].as_str() {
            Some("emaid") => unique::contract(),
            _ => unique::card(),
        };
        merge(&mut fields, json!({ "kind": "rfid", "value": value }));
        let presented = Presented {
            kind: text(&fields, "kind"),
            value: text(&fields, "value"),
        };
        Card {
            id: self.made(&path, fields).await,
            presented,
        }
    }

    /// Gives a person a role on a node: `("charger", id)`.
    pub async fn grant(&self, person: &Person, role: &str, on: (&str, &str)) -> String {
        self.grant_with(person, on, json!({ "role": role })).await
    }

    /// Gives or denies a person something on a node, with these fields.
    pub async fn grant_with(&self, person: &Person, on: (&str, &str), mut fields: Value) -> String {
        merge(
            &mut fields,
            json!({ "subject": { "person": person.id }, "resource": { on.0: on.1 } }),
        );
        self.made("/v1/grants", fields).await
    }

    /// Ends a grant.
    pub async fn revoke(&self, grant: &str) {
        self.delete(&format!("/v1/grants/{grant}"))
            .await
            .expect(204);
    }

    /// A person with a card and the role of a user on a node.
    pub async fn user(&self, on: (&str, &str)) -> (Person, Card) {
        let person = self.person().await;
        let card = self.card(&person).await;
        self.grant(&person, "user", on).await;
        (person, card)
    }

    /// The flag of an installation.
    pub async fn set_installation_flag(&self, at: &Installation, flag: &str) {
        let path = format!("/v1/installations/{}", at.id);
        self.patch(&path, json!({ "authorization_required": flag }))
            .await
            .expect(200);
    }

    /// The flag of a charger.
    pub async fn set_charger_flag(&self, charger: &Charger, flag: &str) {
        let path = format!("/v1/chargers/{}", charger.id);
        self.patch(&path, json!({ "authorization_required": flag }))
            .await
            .expect(200);
    }

    async fn made(&self, path: &str, fields: Value) -> String {
        text(&self.post(path, fields).await.expect(201), "id")
    }
}

impl Charger {
    /// As a node of a grant.
    #[must_use]
    pub fn node(&self) -> (&str, &str) {
        ("charger", &self.id)
    }
}

impl Installation {
    /// As a node of a grant.
    #[must_use]
    pub fn node(&self) -> (&str, &str) {
        ("installation", &self.id)
    }
}

impl Door {
    /// As a node of a grant.
    #[must_use]
    pub fn node(&self) -> (&str, &str) {
        ("door", &self.id)
    }
}

/// A text field of an object.
///
/// # Panics
/// When there is none.
#[track_caller]
#[must_use]
pub fn text(body: &Value, field: &str) -> String {
    body[field]
        .as_str()
        .unwrap_or_else(|| panic!("no `{field}` in {body}"))
        .to_owned()
}

/// Adds fields that are not there yet.
fn merge(fields: &mut Value, further: Value) {
    let Value::Object(further) = further else {
        return;
    };
    for (name, value) in further {
        if fields[&name].is_null() {
            fields[&name] = value;
        }
    }
}
