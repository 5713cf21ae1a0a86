//! What a partner sees: the technical side of the installations it works on, and nobody's history.

use std::collections::BTreeSet;

use keywatt_tests::api::encode;
use keywatt_tests::facts::{Card, Charger, Door, Lock, Person, text};
use keywatt_tests::wire::Version;
use keywatt_tests::{Api, Response, Wire, unique};
use serde_json::{Value, json};

use crate::{Two, ids};

const NAME: &str = "Wilhelmina Verysecret";

/// An installation where somebody charged and entered.
struct Used {
    two: Two,
    charger: Charger,
    lock: Lock,
    door: Door,
    person: Person,
    card: Card,
    email: String,
    transaction: String,
    decision: String,
    grant: String,
    things: Vec<(&'static str, String)>,
}

impl Used {
    async fn make() -> Used {
        let two = Two::make().await;
        let owner = &two.owner;
        let charger = owner.charger(&two.site, 1).await;
        let lock = owner.lock(&two.site).await;
        let door = owner.door(&lock, 1).await;
        let email = unique::email();
        let fields = json!({ "name": NAME, "email": email, "phone": "+41791234567" });
        let person = owner.person_with(fields).await;
        let card = owner.card(&person).await;
        let grant = owner.grant(&person, "user", two.site.node()).await;
        let wire = Wire::booted(&two.server.endpoint(&charger.station_id, Version::V16)).await;
        let id = unique::message_id();
        let started = wire.start_16(&id, 1, &card.presented).await;
        let stop = unique::message_id();
        wire.stop_16(&stop, started.transaction_id, Some(&card.presented))
            .await;
        let decision = text(&owner.decision(&charger.station_id, &id).await.row, "id");
        let list = owner.list("/v1/transactions").await;
        let transaction = text(&list[0], "id");
        wire.close().await;
        // The door, over HTTP, by a card that enters and by one that does not.
        let key = owner.device_key(&lock).await;
        let device = two.server.api(&key);
        for value in [card.presented.value.clone(), unique::card()] {
            let path = format!("/v1/doors/{}/access", door.id);
            let shown = json!({ "kind": "rfid", "value": value });
            drop(device.post(&path, shown).await.ok());
        }
        let area = json!({ "name": "A", "parent_id": two.site.id, "kind": "floor" });
        let tag = json!({ "name": "T" });
        let made = |path: &'static str, body: Value| async move {
            text(&owner.post(path, body).await.expect(201), "id")
        };
        let things = vec![
            ("areas", made("/v1/areas", area).await),
            ("tags", made("/v1/tags", tag).await),
            (
                "schedules",
                made("/v1/schedules", json!({ "slots": [] })).await,
            ),
            (
                "calendars",
                made("/v1/calendars", json!({ "dates": [] })).await,
            ),
        ];
        let tag = &things[1].1;
        let member = json!({ "person": person.id });
        drop(
            owner
                .post(&format!("/v1/tags/{tag}/members"), member)
                .await
                .expect(201),
        );
        two.joined().await;
        Used {
            charger,
            lock,
            door,
            person,
            card,
            email,
            transaction,
            decision,
            grant,
            things,
            two,
        }
    }

    /// What of a person must not be told.
    fn personal(&self) -> Vec<String> {
        vec![
            NAME.to_owned(),
            self.email.clone(),
            "+41791234567".to_owned(),
            self.person.id.clone(),
            self.card.id.clone(),
            self.card.presented.value.clone(),
            self.grant.clone(),
            self.transaction.clone(),
            self.decision.clone(),
        ]
    }

    /// Every GET of the API, with things of the installation in the place of its parameters.
    async fn paths(&self) -> Vec<String> {
        let document = self.two.owner.anonymous().get("/openapi.json").await.ok();
        let mut paths = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            // The stream of events does not end; who is told what there is shown elsewhere.
            if !item["get"].is_object() || path == "/v1/events" {
                continue;
            }
            let query = if path.ends_with("/who") || path.ends_with("/what") {
                "?action=use"
            } else {
                ""
            };
            paths.push(format!("{}{query}", self.fill(path)));
        }
        assert!(paths.len() > 40, "{paths:?}");
        paths
    }

    fn fill(&self, path: &str) -> String {
        let mut filled: Vec<String> = Vec::new();
        for segment in path.split('/') {
            let above = filled.last().map_or("", String::as_str);
            let of_tag = |name: &str| {
                let found = self.things.iter().find(|(kind, _)| *kind == name);
                found.map(|(_, id)| id.clone())
            };
            let thing = match (segment.starts_with('{'), above) {
                (false, _) => segment.to_owned(),
                (true, "organisations") => self.two.organisation.clone(),
                (true, "installations") => self.two.site.id.clone(),
                (true, "chargers") => self.charger.id.clone(),
                (true, "locks") => self.lock.id.clone(),
                (true, "doors") => self.door.id.clone(),
                (true, "people") => self.person.id.clone(),
                (true, "credentials") => self.card.id.clone(),
                (true, "grants") => self.grant.clone(),
                (true, "transactions") => self.transaction.clone(),
                (true, "decisions") => self.decision.clone(),
                (true, "stations") => encode(&self.charger.station_id),
                // What there is none of here is asked for all the same.
                (true, other) => of_tag(other).unwrap_or_else(|| uuid::Uuid::now_v7().to_string()),
            };
            filled.push(thing);
        }
        filled.join("/")
    }
}

#[tokio::test]
async fn a_partner_is_told_nothing_of_anybody_by_any_route() {
    let used = Used::make().await;
    let personal = used.personal();
    let (_, member) = used.two.partner.person_with_login().await;
    let mut told_owner: BTreeSet<&str> = BTreeSet::new();
    for path in used.paths().await {
        let answer = used.two.owner.get(&path).await;
        for secret in &personal {
            if answer.text.contains(secret.as_str()) {
                told_owner.insert(secret);
            }
        }
        for partner in [&used.two.partner, &member] {
            let answer = partner.get(&path).await;
            assert!(answer.status < 500, "{answer}");
            check_silent(&answer, &path, &personal);
        }
    }
    // The question is a real one: the owner is told nearly all of it.
    assert!(told_owner.len() >= personal.len() - 1, "{told_owner:?}");
    // Nor by asking why.
    let about = json!({
        "person": used.person.id, "point": { "charger": used.charger.id }, "action": "use",
    });
    let answer = used.two.partner.post("/v1/decisions/explain", about).await;
    answer.problem(403, "forbidden");
}

/// Nothing of a person is in an answer, beyond what was asked with.
fn check_silent(answer: &Response, path: &str, personal: &[String]) {
    for secret in personal {
        let asked = path.contains(secret.as_str());
        let told = answer.text.contains(secret.as_str());
        assert!(
            !told || (asked && answer.status >= 400),
            "{secret} in {answer}"
        );
    }
}

#[tokio::test]
async fn a_partner_sees_the_technical_side_of_what_it_works_on_and_of_nothing_else() {
    let used = Used::make().await;
    let (owner, partner) = (&used.two.owner, &used.two.partner);
    let other = owner.installation().await;
    let elsewhere = owner.charger(&other, 1).await;
    assert_eq!(
        ids(&partner.list("/v1/installations").await),
        std::slice::from_ref(&used.two.site.id)
    );
    assert_eq!(
        ids(&partner.list("/v1/chargers").await),
        std::slice::from_ref(&used.charger.id)
    );
    assert_eq!(
        ids(&partner.list("/v1/doors").await),
        std::slice::from_ref(&used.door.id)
    );
    assert_eq!(
        ids(&partner.list("/v1/locks").await),
        std::slice::from_ref(&used.lock.id)
    );
    assert_eq!(partner.list("/v1/areas").await.len(), 1);
    let mut stations: Vec<String> = partner
        .list("/v1/stations")
        .await
        .iter()
        .map(|station| text(station, "station_id"))
        .collect();
    stations.sort();
    let mut known = vec![
        used.charger.station_id.clone(),
        used.lock.station_id.clone(),
    ];
    known.sort();
    assert_eq!(stations, known);
    for path in ["", "/findings", "/configuration", "/reports"] {
        let path = format!("/v1/stations/{}{path}", encode(&used.charger.station_id));
        assert_eq!(partner.get(&path).await.status, 200, "{path}");
    }
    for path in [
        format!("/v1/chargers/{}", elsewhere.id),
        format!("/v1/installations/{}", other.id),
        format!("/v1/organisations/{}", used.two.organisation),
        format!("/v1/stations/{}", encode(&elsewhere.station_id)),
    ] {
        partner.get(&path).await.problem(404, "not_found");
    }
    for list in ["/v1/people", "/v1/transactions", "/v1/decisions"] {
        let items = partner.list(list).await;
        assert!(
            items
                .iter()
                .all(|item| !item.to_string().contains(&used.two.organisation)),
            "{list}: {items:?}"
        );
    }
    // What it holds of its own it lists beside.
    let own = partner.installation().await;
    let mut seen = ids(&partner.list("/v1/installations").await);
    seen.sort();
    let mut expected = vec![own.id.clone(), used.two.site.id.clone()];
    expected.sort();
    assert_eq!(seen, expected);
    // Piece by piece as well as at once.
    let mut piecemeal = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = partner
            .get(&format!("/v1/installations?limit=1{cursor}"))
            .await
            .ok();
        piecemeal.extend(ids(page["items"].as_array().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={}", encode(next));
    }
    piecemeal.sort();
    assert_eq!(piecemeal, expected);
}

#[tokio::test]
async fn what_is_given_to_a_partner_by_name_it_sees() {
    let used = Used::make().await;
    let partner = &used.two.partner;
    let path = format!("/v1/transactions/{}", used.transaction);
    partner.get(&path).await.problem(403, "forbidden");
    give(&used, &["view_all"]).await;
    let seen = partner.get(&path).await.expect(200);
    assert_eq!(seen["person_id"], json!(used.person.id));
    assert!(ids(&partner.list("/v1/transactions").await).contains(&used.transaction));
    assert!(ids(&partner.list("/v1/decisions").await).contains(&used.decision));
}

async fn give(used: &Used, actions: &[&str]) {
    let fields = json!({
        "subject": { "partner": used.two.partner_organisation }, "actions": actions,
        "resource": { "installation": used.two.site.id },
    });
    drop(used.two.owner.post("/v1/grants", fields).await.expect(201));
}

#[tokio::test]
async fn whoever_belongs_to_both_does_what_either_may_and_nothing_that_is_denied_at_home() {
    let two = Two::make().await;
    let charger = two.owner.charger(&two.site, 1).await;
    two.joined().await;
    let (_, session) = two.partner.person_with_login().await;
    let email = text(&session.get("/v1/me").await.ok()["account"], "email");
    let offer = json!({
        "email": email, "role": "user", "resource": { "charger": charger.id },
    });
    let made = two.owner.post("/v1/invitations", offer).await.expect(201);
    let token = json!({ "token": text(&made, "token") });
    let joined = session
        .post("/v1/invitations/accept", token)
        .await
        .expect(201);
    let person = Person {
        id: text(&joined, "person_id"),
    };
    let path = format!("/v1/chargers/{}", charger.id);
    let rename = || session.patch(&path, json!({ "name": "Renamed" }));
    assert_eq!(rename().await.status, 200, "by the partner");
    assert_eq!(
        start(&session, &path).await.status,
        409,
        "as a user; it is offline"
    );
    let denial = json!({ "actions": ["manage_settings"], "effect": "deny" });
    let denied = two.owner.grant_with(&person, two.site.node(), denial).await;
    let refused = rename().await;
    assert_eq!(
        refused.problem(403, "forbidden")["reason"],
        "DENIED_BY_RULE"
    );
    two.owner.revoke(&denied).await;
    assert_eq!(rename().await.status, 200);
    let suspended = json!({ "state": "suspended" });
    two.owner
        .patch(&format!("/v1/people/{}", person.id), suspended)
        .await
        .expect(200);
    let refused = rename().await;
    assert!(matches!(refused.status, 403 | 404), "{refused}");
}

async fn start(as_whom: &Api, charger: &str) -> Response {
    as_whom.post(&format!("{charger}/start"), json!({})).await
}
