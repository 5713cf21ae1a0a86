//! Authority elsewhere: an outside service decides, is told, fails, is tried beside, and is left
//! again. The service is a real one on this machine; the stations are real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "authority/switching.rs"]
mod switching;

use std::collections::BTreeSet;

use keywatt_tests::facts::{Card, Installation, text};
use keywatt_tests::webhook::{Mode, Webhook};
use keywatt_tests::wire::{Event201, Presented, Version, moment, status};
use keywatt_tests::{Api, DEADLINE, Options, Server, Wire, eventually, unique};
use serde_json::{Value, json};

const SECRET: &str = "a-bearer-secret-of-theirs";

async fn server() -> Server {
    Server::start(Options::default().args(&["--allow-loopback-webhooks"])).await
}

fn authority(site: &Installation) -> String {
    format!("/v1/installations/{}/authority", site.id)
}

/// Settings under which nothing is held back: tests of failures have many.
fn settings(hook: &Webhook) -> Value {
    json!({
        "url": hook.url, "login": "bearer", "secret": SECRET,
        "deadline_ms": 8000, "breaker_failures": 100,
    })
}

async fn set(owner: &Api, site: &Installation, settings: Value) -> Value {
    let path = format!("{}/webhook", authority(site));
    owner.put(&path, settings).await.expect(200)
}

async fn switch(owner: &Api, site: &Installation, to: &str) -> Value {
    let path = format!("{}/switch", authority(site));
    owner.post(&path, json!({ "to": to })).await.expect(200)
}

/// Sets the service and gives it authority.
async fn elsewhere(owner: &Api, site: &Installation, hook: &Webhook) {
    set(owner, site, settings(hook)).await;
    let shown = switch(owner, site, "webhook").await;
    assert_eq!(shown["authority"], "webhook", "{shown}");
}

fn only(cards: &[&Presented]) -> Mode {
    Mode::Only(cards.iter().map(|card| card.value.clone()).collect())
}

async fn user(owner: &Api, site: &Installation) -> Card {
    owner.user(site.node()).await.1
}

/// Status and reason of an Authorize.
async fn asked(owner: &Api, wire: &Wire, card: &Presented) -> (String, String) {
    let id = unique::message_id();
    let told = status(&wire.authorize(&id, card).await);
    (told, owner.reason(&wire.station_id, &id).await)
}

fn pair(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn it_decides_at_chargers_of_both_versions_and_is_asked_again_at_the_start() {
    let server = server().await;
    let owner = server.owner();
    for version in [Version::V16, Version::V201] {
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        let wire = Wire::booted(&server.endpoint(&charger.station_id, version)).await;
        let (known, strange) = (user(&owner, &site).await, Presented::card(&unique::card()));
        let hook = Webhook::start(only(&[&strange])).await;
        elsewhere(&owner, &site, &hook).await;

        // Who has a right here has none there, and the other way round.
        let refused = asked(&owner, &wire, &known.presented).await;
        assert_eq!(refused, pair("Invalid", "DELEGATED_REFUSAL"));
        let allowed = asked(&owner, &wire, &strange).await;
        assert_eq!(allowed, pair("Accepted", "DELEGATED"));

        let question = hook.wait_for("authorize", 2).await.pop().unwrap();
        let header = |name: &str| question.headers[name].as_str();
        assert_eq!(header("authorization"), format!("Bearer {SECRET}"));
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("keywatt-event"), "authorize");
        assert_eq!(question.body["id"], header("keywatt-request-id"));
        assert_eq!(question.body["purpose"], "decide");
        assert_eq!(question.body["installation_id"], json!(site.id));
        assert_eq!(question.body["point"]["id"], json!(charger.id));
        assert_eq!(question.body["point"]["kind"], "charger");
        assert_eq!(question.body["station_id"], json!(charger.station_id));
        assert_eq!(question.body["token"]["value"], json!(strange.value));
        assert_eq!(question.body["person_id"], Value::Null);
        check_schema("question", &question.body);

        let id = unique::message_id();
        let info = match version {
            Version::V16 => wire.start_16(&id, 1, &strange).await.info,
            Version::V201 => {
                let event = Event201::started(&unique::message_id(), 1, &strange);
                wire.event(&id, &event).await["idTokenInfo"].clone()
            }
        };
        assert_eq!(status(&info), "Accepted");
        let start = hook.wait_for("start", 1).await.remove(0);
        let path = format!("/v1/transactions?charger={}", charger.id);
        let row = owner.list(&path).await.remove(0);
        assert_eq!(start.body["transaction_id"], row["id"]);
        assert_eq!(start.body["point"]["evse"], 1);
        assert_eq!(row["authenticated"], false);
        assert_eq!(
            row["authorization_required"],
            Value::Null,
            "decided elsewhere"
        );
    }
}

#[tokio::test]
async fn it_decides_at_doors_over_ocpp_and_over_http() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let lock = owner.lock(&site).await;
    let door = owner.door(&lock, 1).await;
    let key = owner.device_key(&lock).await;
    let wire = Wire::booted(&server.endpoint(&lock.station_id, Version::V16)).await;
    let (known, strange) = (user(&owner, &site).await, Presented::card(&unique::card()));
    let hook = Webhook::start(only(&[&strange])).await;
    elsewhere(&owner, &site, &hook).await;

    let over_ocpp = async |card: &Presented| {
        let id = unique::message_id();
        let told = wire.door_authorize_16(&id, 1, card).await;
        (status(&told), owner.reason(&lock.station_id, &id).await)
    };
    let refused = over_ocpp(&known.presented).await;
    assert_eq!(refused, pair("Invalid", "DELEGATED_REFUSAL"));
    assert_eq!(over_ocpp(&strange).await, pair("Accepted", "DELEGATED"));

    let controller = server.api(&key);
    let path = format!("/v1/doors/{}/access", door.id);
    let over_http = async |card: &Presented| {
        let body = json!({ "kind": "rfid", "value": card.value });
        text(&controller.post(&path, body).await.expect(200), "reason")
    };
    assert_eq!(over_http(&known.presented).await, "DELEGATED_REFUSAL");
    assert_eq!(over_http(&strange).await, "DELEGATED");
    let question = hook.wait_for("authorize", 4).await.pop().unwrap();
    assert_eq!(question.body["point"]["kind"], "door");
    assert_eq!(question.body["point"]["id"], json!(door.id));

    // No answer: who has a right here enters, as the door's offline policy says.
    hook.set(Mode::Status(500));
    assert_eq!(over_http(&known.presented).await, "GRANTED");
    assert_eq!(over_http(&strange).await, "CREDENTIAL_UNKNOWN");
}

#[tokio::test]
async fn whatever_is_no_answer_leaves_it_to_the_points_offline_policy() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let (known, strange) = (user(&owner, &site).await, Presented::card(&unique::card()));
    let hook = Webhook::start(Mode::Yes).await;
    let inside = Webhook::start(Mode::Yes).await;
    let mut wanted = settings(&hook);
    wanted["deadline_ms"] = json!(700);
    set(&owner, &site, wanted).await;
    switch(&owner, &site, "webhook").await;
    let mut wires = Vec::new();
    for (policy, version) in [
        ("closed", Version::V16),
        ("list", Version::V201),
        ("open", Version::V16),
    ] {
        let fields = json!({ "offline_policy": policy });
        let charger = owner.charger_with(&site, 1, fields).await;
        wires.push(Wire::booted(&server.endpoint(&charger.station_id, version)).await);
    }
    for mode in [
        Mode::Hangs,
        Mode::Closes,
        Mode::Status(500),
        Mode::Status(404),
        Mode::Status(204),
        Mode::Garbage,
        Mode::OtherWords,
        Mode::WrongType,
        Mode::Huge,
        Mode::Redirect(inside.url.clone()),
    ] {
        hook.set(mode.clone());
        let told = async |wire: usize, card: &Presented| asked(&owner, &wires[wire], card).await.1;
        assert_eq!(
            told(0, &known.presented).await,
            "AUTHORITY_SILENT",
            "{mode:?}"
        );
        assert_eq!(told(1, &known.presented).await, "GRANTED", "{mode:?}");
        assert_eq!(told(1, &strange).await, "CREDENTIAL_UNKNOWN", "{mode:?}");
        assert_eq!(told(2, &strange).await, "DELEGATED", "{mode:?}");
    }
    let reached = inside.received(&["check", "authorize", "start"]);
    assert!(reached.is_empty(), "a redirect was followed: {reached:?}");
    hook.set(Mode::Yes);
    set(&owner, &site, settings(&hook)).await;
    assert_eq!(
        asked(&owner, &wires[0], &strange).await,
        pair("Accepted", "DELEGATED")
    );
}

#[tokio::test]
async fn who_fails_too_often_is_not_asked_for_a_while_and_then_once() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner
        .charger_with(&site, 1, json!({ "offline_policy": "closed" }))
        .await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let hook = Webhook::start(Mode::Status(503)).await;
    let mut wanted = settings(&hook);
    wanted["breaker_failures"] = json!(2);
    wanted["breaker_seconds"] = json!(8);
    set(&owner, &site, wanted).await;
    switch(&owner, &site, "webhook").await;
    let card = Presented::card(&unique::card());
    let state = async || {
        let shown = owner.get(&authority(&site)).await.expect(200);
        text(&shown["breaker"], "state")
    };
    assert_eq!(state().await, "closed");
    for _ in 0..4 {
        let told = asked(&owner, &wire, &card).await.1;
        assert_eq!(told, "AUTHORITY_SILENT");
    }
    let questions = hook.received(&["authorize"]).len();
    assert_eq!(questions, 2, "not asked any more");
    let metrics = owner.get("/metrics").await.text;
    assert!(
        metrics.contains("keywatt_webhook_breakers_open"),
        "{metrics}"
    );
    assert!(
        metrics.contains(r#"keywatt_webhook_questions_total{result="not_asked"}"#),
        "{metrics}"
    );

    hook.set(Mode::Yes);
    eventually("it is asked again", DEADLINE, || async {
        (asked(&owner, &wire, &card).await.1 == "DELEGATED").then_some(())
    })
    .await;
    assert_eq!(state().await, "closed");
    assert_eq!(
        hook.received(&["authorize"]).len(),
        questions + 1,
        "one probe"
    );
}

#[tokio::test]
async fn start_and_end_are_told_until_they_are_heard_over_a_crash_too() {
    let mut server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let card = Presented::card(&unique::card());
    let hook = Webhook::start(Mode::Yes).await;
    elsewhere(&owner, &site, &hook).await;
    let endpoint = server.endpoint(&charger.station_id, Version::V16);
    let wire = Wire::booted(&endpoint).await;
    let started = wire.start_16(&unique::message_id(), 1, &card).await;
    let news = hook.wait_for("started", 1).await.remove(0);
    check_schema("news", &news.body);

    hook.set(Mode::Status(500));
    let id = unique::message_id();
    wire.stop_16(&id, started.transaction_id, Some(&card)).await;
    hook.wait_for("ended", 1).await;
    server.kill_9();
    hook.set(Mode::Yes);
    server.start_again();
    let ended = hook.wait_for("ended", 2).await;
    let owner = server.owner();
    eventually("nothing is left to tell", DEADLINE, || async {
        let shown = owner.get(&authority(&site)).await.expect(200);
        (shown["waiting_news"] == 0).then_some(())
    })
    .await;
    let ids: BTreeSet<&str> = ended
        .iter()
        .map(|one| one.body["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 1, "the same news: {ended:?}");
    let body = &ended[0].body;
    check_schema("news", body);
    assert_eq!(body["transaction"]["id"], news.body["transaction"]["id"]);
    assert_eq!(body["transaction"]["energy_wh"], 1000);
    assert!(
        !body.to_string().contains(&card.value),
        "the token is masked"
    );
    // The stop with the token of the start was answered as the start, without asking.
    assert_eq!(hook.received(&["start"]).len(), 1);
}

#[tokio::test]
async fn a_repeated_start_is_answered_as_before_without_asking() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let card = Presented::card(&unique::card());
    let hook = Webhook::start(Mode::Yes).await;
    elsewhere(&owner, &site, &hook).await;
    let time = moment(-1);
    let begin = async || {
        let id = unique::message_id();
        wire.start_16_at(&id, 1, &card, &time, 5).await
    };
    let first = begin().await;
    hook.set(Mode::No);
    let second = begin().await;
    assert_eq!(first.transaction_id, second.transaction_id);
    assert_eq!(status(&second.info), "Accepted");
    assert_eq!(hook.received(&["start"]).len(), 1);
}

#[tokio::test]
async fn a_start_from_offline_hours_is_asked_about_once_and_kept_whatever_is_said() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let hook = Webhook::start(Mode::No).await;
    elsewhere(&owner, &site, &hook).await;
    let event = Event201::started(&unique::message_id(), 1, &Presented::card(&unique::card()))
        .with("offline", json!(true))
        .with("timestamp", json!(moment(-3600)));
    let answer = wire.event(&unique::message_id(), &event).await;
    assert_eq!(answer["idTokenInfo"]["status"], "Invalid");
    let questions = hook.received(&["start"]);
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert_eq!(questions[0].body["late"], true);
    let path = format!("/v1/transactions?charger={}", charger.id);
    let rows = owner.list(&path).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["refused"], true);
    assert_eq!(rows[0]["late"], true);
}

#[tokio::test]
async fn addresses_that_reach_inside_are_refused_and_who_does_not_want_it_is_not_asked() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let path = format!("{}/webhook", authority(&site));
    let refused = async |fields: Value, field: &str, code: &str| {
        let body = owner
            .put(&path, fields.clone())
            .await
            .problem(422, "invalid");
        let fault = &body["errors"][0];
        assert_eq!(fault["field"], json!(field), "{fields}: {body}");
        assert_eq!(fault["code"], json!(code), "{fields}: {body}");
    };
    for (url, code) in [
        ("", "invalid"),
        ("http://example.com/", "not_https"),
        ("https://user:word@example.com/", "user_info"),
        ("https://example.com:8443/", "port"),
        ("https://10.0.0.1/", "not_public"),
        ("https://169.254.169.254/latest", "not_public"),
        ("https://2852039166/", "not_public"),
        ("https://[::ffff:10.0.0.1]/", "not_public"),
        ("https://db.internal/", "not_public"),
        ("https://example.com/#x", "fragment"),
    ] {
        refused(json!({ "url": url }), "url", code).await;
    }
    let hook = Webhook::start(Mode::Yes).await;
    for (field, value) in [
        ("deadline_ms", json!(99)),
        ("deadline_ms", json!(10_001)),
        ("breaker_failures", json!(0)),
        ("breaker_seconds", json!(3601)),
    ] {
        let mut wanted = json!({ "url": hook.url });
        wanted[field] = value;
        refused(wanted, field, "out_of_range").await;
    }
    let bearer = |secret: Value| json!({ "url": hook.url, "login": "bearer", "secret": secret });
    refused(bearer(Value::Null), "secret", "required").await;
    refused(bearer(json!("short")), "secret", "invalid").await;
    refused(bearer(json!("with a blank\r\nX: y")), "secret", "invalid").await;
    let basic = json!({ "url": hook.url, "login": "basic", "secret": SECRET });
    refused(basic, "user", "required").await;
    let basic = json!({ "url": hook.url, "login": "basic", "user": "a:b", "secret": SECRET });
    refused(basic, "user", "invalid").await;
    assert!(hook.received(&["check"]).is_empty(), "nothing was sent yet");

    // One that answers something else: what it said is not told.
    hook.set(Mode::Deaf);
    let answer = owner.put(&path, json!({ "url": hook.url })).await;
    assert!(!answer.text.contains("secret page"), "{answer}");
    let body = answer.problem(422, "invalid");
    assert_eq!(body["errors"][0]["code"], "unverified", "{body}");
    let shown = owner.get(&authority(&site)).await.expect(200);
    assert_eq!(shown["webhook"], Value::Null, "nothing was kept");
    owner
        .post(
            &format!("{}/switch", authority(&site)),
            json!({ "to": "webhook" }),
        )
        .await
        .problem(409, "webhook_missing");

    // Without the switch for tests, this machine is not reached at all.
    let strict = Server::plain().await;
    let owner = strict.owner();
    let site = owner.installation().await;
    let path = format!("{}/webhook", authority(&site));
    let body = owner.put(&path, json!({ "url": hook.url })).await;
    assert_eq!(
        body.problem(422, "invalid")["errors"][0]["code"],
        "not_https"
    );
    assert_eq!(hook.received(&["check"]).len(), 1, "only the one above");
}

#[tokio::test]
async fn the_secret_is_shown_nowhere_and_given_to_no_other_service() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let hook = Webhook::start(Mode::Yes).await;
    let basic = json!({ "url": hook.url, "login": "basic", "user": "kw", "secret": SECRET });
    let shown = set(&owner, &site, basic).await;
    assert_eq!(shown["webhook"]["has_secret"], true);
    assert_eq!(shown["webhook"]["user"], "kw");
    let check = hook.received(&["check"]).remove(0);
    // `kw:` and the secret.
    use base64::Engine as _;
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("kw:{SECRET}"));
    assert_eq!(check.headers["authorization"], format!("Basic {expected}"));

    // Other settings of the same service keep it.
    let same = json!({ "url": hook.url, "login": "basic", "user": "kw", "deadline_ms": 500 });
    let shown = set(&owner, &site, same).await;
    assert_eq!(shown["webhook"]["deadline_ms"], 500);
    let check = hook.received(&["check"]).remove(1);
    assert_eq!(check.headers["authorization"], format!("Basic {expected}"));
    // Another service does not get it.
    let other = Webhook::start(Mode::Yes).await;
    let path = format!("{}/webhook", authority(&site));
    let stolen = json!({ "url": other.url, "login": "basic", "user": "kw" });
    let body = owner.put(&path, stolen).await.problem(422, "invalid");
    assert_eq!(body["errors"][0]["field"], "secret", "{body}");
    assert!(other.received(&["check"]).is_empty());

    let audit = owner.get("/v1/audit?limit=200").await.text;
    assert!(audit.contains("webhook"), "the change is in the log");
    let view = owner.get(&authority(&site)).await.text;
    let said = server.output();
    let mut kept = Vec::new();
    for name in ["keywatt.db", "keywatt.db-wal"] {
        kept.extend(std::fs::read(server.file(name)).unwrap_or_default());
    }
    assert!(!kept.is_empty(), "the database is where it is looked for");
    let kept = String::from_utf8_lossy(&kept).into_owned();
    for (where_, text) in [
        ("audit", audit),
        ("view", view),
        ("log", said),
        ("file", kept),
    ] {
        assert!(!text.contains(SECRET), "the secret is in the {where_}");
        assert!(!text.contains(&expected), "the secret is in the {where_}");
    }
}

/// What is said follows the published schema.
fn check_schema(name: &str, body: &Value) {
    let path = format!(
        "{}/../schemas/webhook/{name}.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(body)
        .map(|fault| format!("{}: {fault}", fault.instance_path))
        .collect();
    assert!(faults.is_empty(), "{faults:?} in {body}");
}
