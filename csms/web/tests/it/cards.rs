//! Cards on their way to a person: presented to be enrolled, or waiting in the inbox.

use app::station::{Admitted, Answered, Connection, LiveSettings, Stations};
use model::neutral::{Authorize, AuthorizeForm, Boot, StationReply, StationRequest};
use model::{
    OcppVersion, PresentedToken, Reason, StationId, StationKind, StationSettings, TokenKind,
};
use serde_json::{Value, json};

use crate::site::Site;

const CARD: &str = "04A1B2C3D4E5F6";

/// A charger that is connected and has booted.
struct Charger {
    id: String,
    connection: Connection,
}

impl Charger {
    async fn new(site: &Site, installation: &str, station: &str) -> Self {
        let id = site.charger(installation, station).await;
        let station = StationId::new(station).unwrap();
        let connection = Connection {
            station: Admitted {
                key: station.key(),
                id: station,
                kind: StationKind::Charger(id.parse().unwrap()),
                doors: Vec::new(),
                authenticated: true,
                settings: LiveSettings::new(StationSettings::default()),
                deviations: Vec::new(),
            },
            version: OcppVersion::V16,
            since: site.app.clock.now(),
            generation: 1,
            answered: Answered::default(),
        };
        let boot = Boot {
            vendor: "Vendor".into(),
            model: "One".into(),
            serial: None,
            firmware: None,
            reason: None,
        };
        site.app
            .handle(&connection, "boot", StationRequest::Boot(boot))
            .await
            .unwrap();
        Self { id, connection }
    }

    /// Presents a card; why the charger is answered as it is.
    async fn tap(&self, site: &Site, number: &str) -> Reason {
        let request = StationRequest::Authorize(Authorize {
            token: PresentedToken::new(TokenKind::IdTag, number),
            form: AuthorizeForm::Standard,
            door: None,
        });
        let reply = site
            .app
            .handle(&self.connection, "tap", request)
            .await
            .unwrap();
        site.app.store.flush().await;
        match reply {
            StationReply::Authorized(verdict) => verdict.reason,
            other => panic!("{other:?}"),
        }
    }
}

async fn open(site: &Site, person: &str, kind: &str, node: &str) -> String {
    let body = json!({ "person_id": person, "at": { kind: node } });
    site.make("/v1/credentials/enrol", body).await
}

async fn enrolment(site: &Site, id: &str) -> Value {
    let path = format!("/v1/credentials/enrol/{id}");
    site.get(&site.owner, &path).await.expect(200)
}

async fn inbox(site: &Site, key: &str) -> Vec<Value> {
    let body = site.get(key, "/v1/unknown-cards").await.expect(200);
    body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_card_is_enrolled_by_presenting_it_at_a_charger() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let charger = Charger::new(&site, &garage, "CP1").await;
    let ann = site.person("Ann").await;
    site.grant(&ann, "installation", &garage, json!({ "role": "user" }))
        .await;
    let id = open(&site, &ann, "charger", &charger.id).await;
    assert_eq!(enrolment(&site, &id).await["state"], "open");
    let confirm = format!("/v1/credentials/enrol/{id}/confirm");
    site.post(&site.owner, &confirm, json!({}))
        .await
        .problem(409, "enrolment_waiting");

    // The tap itself is answered as if there were no window: nobody has the card.
    assert_eq!(charger.tap(&site, CARD).await, Reason::CredentialUnknown);
    let shown = enrolment(&site, &id).await;
    assert_eq!(shown["state"], "presented", "{shown}");
    assert_eq!(shown["value"], "04…F6");
    assert_eq!(charger.tap(&site, CARD).await, Reason::CredentialUnknown);

    let got = site
        .post(&site.owner, &confirm, json!({ "name": "Blue fob" }))
        .await;
    assert!(!got.header("keywatt-revision").is_empty());
    let made = got.expect(201);
    assert_eq!(made["person_id"], ann);
    assert_eq!(made["name"], "Blue fob");
    assert_eq!(made["metadata"]["enrolled_at"], charger.id);
    assert_eq!(charger.tap(&site, CARD).await, Reason::Granted);
    let shown = enrolment(&site, &id).await;
    assert_eq!(
        (&shown["state"], &shown["value"]),
        (&json!("confirmed"), &Value::Null)
    );
    assert_eq!(shown["credential_id"], made["id"]);
    site.post(&site.owner, &confirm, json!({}))
        .await
        .problem(409, "enrolment_confirmed");
    assert!(inbox(&site, &site.owner).await.is_empty());
}

#[tokio::test]
async fn a_card_is_enrolled_by_presenting_it_at_a_door() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let lock = site.lock(&garage, "L1").await;
    let door = site.door(&lock, 1).await;
    let key = site
        .post(
            &site.owner,
            &format!("/v1/locks/{lock}/device-key"),
            json!({}),
        )
        .await
        .expect(201);
    let key = key["device_key"]
        .as_str()
        .unwrap_or_else(|| panic!("{key}"));
    let ann = site.person("Ann").await;
    let id = open(&site, &ann, "door", &door).await;
    let tap = json!({ "kind": "rfid", "value": CARD });
    let path = format!("/v1/doors/{door}/access");
    let answer = site.post(key, &path, tap).await.expect(200);
    assert_eq!(answer["reason"], "CREDENTIAL_UNKNOWN");
    assert_eq!(enrolment(&site, &id).await["state"], "presented");
    // A code is not a card: it goes to no window and no inbox.
    let other = open(&site, &ann, "door", &door).await;
    let code = json!({ "kind": "pin", "value": "123456" });
    site.post(key, &path, code).await.expect(200);
    assert_eq!(enrolment(&site, &other).await["state"], "open");
    site.app.store.flush().await;
    assert!(inbox(&site, &site.owner).await.is_empty());
}

#[tokio::test]
async fn a_window_takes_one_good_card_and_tells_what_is_wrong_with_others() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let charger = Charger::new(&site, &garage, "CP1").await;
    let (ann, bob) = (site.person("Ann").await, site.person("Bob").await);
    let card = json!({ "kind": "rfid", "value": "04BBBBBBBBBBBB" });
    site.make(&format!("/v1/people/{bob}/credentials"), card)
        .await;
    let id = open(&site, &ann, "charger", &charger.id).await;
    let unprintable = format!("04{}", "\u{7f}".repeat(6));
    for (number, problem) in [
        ("04:bb:bb:bb:bb:bb:bb", "taken"),
        ("08A1B2C3", "random_uid"),
        (unprintable.as_str(), "unusable"),
    ] {
        charger.tap(&site, number).await;
        let shown = enrolment(&site, &id).await;
        assert_eq!(shown["problem"], problem, "{shown}");
        assert_eq!(
            (&shown["state"], &shown["value"]),
            (&json!("open"), &Value::Null)
        );
    }
    charger.tap(&site, CARD).await;
    // The window has its card; the next one is nobody's and waits in the inbox.
    charger.tap(&site, "04CCCCCCCCCCCC").await;
    assert_eq!(enrolment(&site, &id).await["value"], "04…F6");
    let waiting = inbox(&site, &site.owner).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0]["value"], "04…CC");
    // Somebody is given the card meanwhile.
    let card = json!({ "kind": "rfid", "value": CARD });
    site.make(&format!("/v1/people/{bob}/credentials"), card)
        .await;
    site.post(
        &site.owner,
        &format!("/v1/credentials/enrol/{id}/confirm"),
        json!({}),
    )
    .await
    .problem(409, "credential_taken");
}

#[tokio::test]
async fn a_point_has_one_window_and_it_ends_with_its_time() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let charger = Charger::new(&site, &garage, "CP1").await;
    let elsewhere = Charger::new(&site, &garage, "CP2").await;
    let ann = site.person("Ann").await;
    let first = open(&site, &ann, "charger", &charger.id).await;
    let body = json!({ "person_id": ann, "at": { "charger": charger.id } });
    site.post(&site.owner, "/v1/credentials/enrol", body)
        .await
        .problem(409, "enrolment_open");
    open(&site, &ann, "charger", &elsewhere.id).await;

    site.pass(59);
    assert_eq!(enrolment(&site, &first).await["state"], "open");
    site.pass(1);
    assert_eq!(enrolment(&site, &first).await["state"], "ended");
    charger.tap(&site, CARD).await;
    assert_eq!(enrolment(&site, &first).await["value"], Value::Null);
    assert_eq!(inbox(&site, &site.owner).await.len(), 1);

    // A card that is not confirmed in time is forgotten.
    let second = open(&site, &ann, "charger", &charger.id).await;
    charger.tap(&site, CARD).await;
    assert_eq!(enrolment(&site, &second).await["state"], "presented");
    site.pass(600);
    let shown = enrolment(&site, &second).await;
    assert_eq!(
        (&shown["state"], &shown["value"]),
        (&json!("ended"), &Value::Null)
    );
    let confirm = format!("/v1/credentials/enrol/{second}/confirm");
    site.post(&site.owner, &confirm, json!({}))
        .await
        .problem(409, "enrolment_ended");

    // One that is called off takes no card.
    let third = open(&site, &ann, "charger", &charger.id).await;
    let path = format!("/v1/credentials/enrol/{third}");
    site.delete(&site.owner, &path).await.expect(204);
    site.delete(&site.owner, &path)
        .await
        .problem(409, "enrolment_ended");
    charger.tap(&site, CARD).await;
    assert_eq!(enrolment(&site, &third).await["value"], Value::Null);
    let listed = site
        .get(&site.owner, "/v1/credentials/enrol")
        .await
        .expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn only_who_manages_person_and_point_opens_a_window_and_the_person_may_confirm() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let charger = Charger::new(&site, &garage, "CP1").await;
    let (ann, token) = site
        .with_role("ann@example.com", "user", "installation", &garage)
        .await;
    let (bob, stranger) = site.member("bob@example.com").await;
    let outsider = site.outsider().await;
    let body = json!({ "person_id": ann, "at": { "charger": charger.id } });
    for key in [&token, &stranger, &outsider] {
        let got = site.post(key, "/v1/credentials/enrol", body.clone()).await;
        got.problem(404, "not_found");
    }
    for (at, fault) in [
        (json!({ "installation": garage }), ("at", "invalid")),
        (json!({}), ("at", "required")),
        (json!({ "door": charger.id }), ("at", "unknown")),
    ] {
        let body = json!({ "person_id": ann, "at": at });
        site.post(&site.owner, "/v1/credentials/enrol", body)
            .await
            .faults(&[fault]);
    }
    let id = open(&site, &ann, "charger", &charger.id).await;
    let path = format!("/v1/credentials/enrol/{id}");
    charger.tap(&site, CARD).await;
    for key in [&stranger, &outsider] {
        site.get(key, &path).await.problem(404, "not_found");
        let confirm = format!("{path}/confirm");
        site.post(key, &confirm, json!({}))
            .await
            .problem(404, "not_found");
    }
    assert_eq!(site.get(&token, &path).await.expect(200)["value"], "04…F6");
    let made = site
        .post(&token, &format!("{path}/confirm"), json!({}))
        .await
        .expect(201);
    assert_eq!(made["person_id"], ann);
    let of_bob = site
        .get(&stranger, "/v1/credentials/enrol")
        .await
        .expect(200);
    assert_eq!(of_bob["items"], json!([]), "{bob}");
}

#[tokio::test]
async fn a_card_that_nobody_has_waits_in_the_inbox_until_it_is_given_to_somebody() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let charger = Charger::new(&site, &garage, "CP1").await;
    let other = Charger::new(&site, &garage, "CP2").await;
    charger.tap(&site, CARD).await;
    // A charger asks twice for one tap.
    charger.tap(&site, "04:a1:b2:c3:d4:e5:f6").await;
    site.pass(60);
    charger.tap(&site, CARD).await;
    site.pass(60);
    other.tap(&site, CARD).await;
    // Another number at each tap, and no number at all: nothing to be assigned.
    charger.tap(&site, "08A1B2C3").await;
    charger.tap(&site, "").await;

    let got = site.get(&site.owner, "/v1/unknown-cards").await;
    assert!(!got.text.contains("A1B2C3D4"), "{}", got.text);
    let waiting = inbox(&site, &site.owner).await;
    let seen: Vec<_> = waiting
        .iter()
        .map(|row| {
            (
                row["node_id"].as_str().unwrap(),
                row["count"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [(other.id.as_str(), 1), (charger.id.as_str(), 2)]);
    assert_eq!(waiting[1]["station_id"], "cp1");
    assert_eq!(waiting[1]["last_at"], "2026-11-24T12:01:00Z");

    let ann = site.person("Ann").await;
    site.grant(&ann, "installation", &garage, json!({ "role": "user" }))
        .await;
    let assign = format!(
        "/v1/unknown-cards/{}/assign",
        waiting[1]["id"].as_str().unwrap()
    );
    let nobody = json!({ "person_id": charger.id });
    site.post(&site.owner, &assign, nobody)
        .await
        .faults(&[("person_id", "unknown")]);
    let body = json!({ "person_id": ann, "name": "Blue fob" });
    let made = site.post(&site.owner, &assign, body.clone()).await;
    assert_eq!(made.expect(201)["value"], "04…F6");
    assert!(inbox(&site, &site.owner).await.is_empty());
    site.post(&site.owner, &assign, body)
        .await
        .problem(404, "not_found");
    assert_eq!(charger.tap(&site, CARD).await, Reason::Granted);
    assert_eq!(other.tap(&site, CARD).await, Reason::Granted);
    assert!(inbox(&site, &site.owner).await.is_empty());
}

#[tokio::test]
async fn the_inbox_is_for_who_manages_access_at_the_point() {
    let site = Site::new().await;
    let (garage, office) = (site.installation().await, site.installation().await);
    let charger = Charger::new(&site, &garage, "CP1").await;
    Charger::new(&site, &office, "CP2")
        .await
        .tap(&site, "04CCCCCCCCCCCC")
        .await;
    charger.tap(&site, CARD).await;
    let (_, user) = site
        .with_role("ann@example.com", "user", "installation", &garage)
        .await;
    let (_, manager) = site
        .with_role("max@example.com", "owner", "installation", &garage)
        .await;
    let outsider = site.outsider().await;
    assert_eq!(inbox(&site, &site.owner).await.len(), 2);
    let seen = inbox(&site, &manager).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["node_id"], charger.id);
    assert!(inbox(&site, &user).await.is_empty());
    assert!(inbox(&site, &outsider).await.is_empty());
    let path = format!("/v1/unknown-cards/{}", seen[0]["id"].as_str().unwrap());
    site.delete(&outsider, &path)
        .await
        .problem(404, "not_found");
    site.delete(&user, &path).await.problem(403, "forbidden");
    site.delete(&manager, &path).await.expect(204);
    assert!(inbox(&site, &manager).await.is_empty());
    charger.tap(&site, CARD).await;
    assert_eq!(inbox(&site, &manager).await.len(), 1);
}

#[tokio::test]
async fn a_lost_card_is_refused_told_of_and_can_be_found_again() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let charger = Charger::new(&site, &garage, "CP1").await;
    let ann = site.person("Ann").await;
    site.grant(&ann, "installation", &garage, json!({ "role": "user" }))
        .await;
    let card = json!({ "kind": "rfid", "value": CARD });
    let id = site
        .make(&format!("/v1/people/{ann}/credentials"), card)
        .await;
    let path = format!("/v1/credentials/{id}");
    assert_eq!(charger.tap(&site, CARD).await, Reason::Granted);
    let mut events = site.app.events.subscribe_from(None);
    for (state, reason) in [
        ("lost", Reason::CredentialLost),
        ("active", Reason::Granted),
        ("suspended", Reason::CredentialSuspended),
    ] {
        let got = site
            .patch(&site.owner, &path, json!({ "state": state }))
            .await;
        assert_eq!(got.expect(200)["state"], state);
        assert_eq!(charger.tap(&site, CARD).await, reason);
    }
    // A card that has a person does not wait in the inbox, whatever its state.
    assert!(inbox(&site, &site.owner).await.is_empty());
    let mut told = Vec::new();
    while let Ok(event) = events.live.try_recv() {
        if event.kind.starts_with("card.") {
            assert_eq!(event.data.json()["token"], "04…F6");
            assert_eq!(event.data.json()["credential_id"], id);
            told.push(event.kind);
        }
    }
    assert_eq!(told, ["card.lost_presented"]);
    // Each step is in the audit, with what was before.
    let audit = site
        .get(&site.owner, "/v1/audit?limit=200")
        .await
        .expect(200);
    let steps: Vec<(Value, Value)> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "credential" && !row["before"].is_null())
        .map(|row| {
            (
                row["before"]["state"].clone(),
                row["after"]["state"].clone(),
            )
        })
        .collect();
    assert_eq!(steps.len(), 3, "{audit}");
    assert!(
        steps.contains(&(json!("active"), json!("lost"))),
        "{steps:?}"
    );
    assert!(
        steps.contains(&(json!("lost"), json!("active"))),
        "{steps:?}"
    );
}

#[tokio::test]
async fn a_known_card_that_a_reader_shows_otherwise_proposes_a_profile_and_applies_none() {
    let site = Site::new().await;
    let garage = site.installation().await;
    let charger = Charger::new(&site, &garage, "CP1").await;
    // The same model elsewhere in the organisation has the same reader.
    Charger::new(&site, &garage, "CP2").await;
    let ann = site.person("Ann").await;
    let card = json!({ "kind": "rfid", "value": "7186A61E" });
    site.make(&format!("/v1/people/{ann}/credentials"), card)
        .await;
    for _ in 0..3 {
        charger.tap(&site, "1ea68671").await;
    }
    // What explains nothing is not proposed.
    charger.tap(&site, "04CCCCCC").await;
    charger.tap(&site, "7186A61E").await;
    for station in ["CP1", "CP2"] {
        let path = format!("/v1/stations/{station}");
        let shown = site.get(&site.owner, &path).await.expect(200);
        assert_eq!(shown["settings"]["reader_profile"], json!([]));
        let proposals = shown["reader_proposals"].as_array().unwrap();
        assert_eq!(proposals.len(), 1, "{shown}");
        assert_eq!(proposals[0]["count"], 3);
        assert_eq!(
            proposals[0]["reader_profile"],
            json!([{ "step": "reverse_bytes" }])
        );
        // The owner takes it over as it is shown; then it is no proposal any more.
        let settings = json!({ "settings": { "reader_profile": proposals[0]["reader_profile"] } });
        let got = site.patch(&site.owner, &path, settings).await.expect(200);
        assert_eq!(got["reader_proposals"], json!([]));
    }
}
