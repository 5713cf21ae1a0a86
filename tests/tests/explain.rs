//! Every answer explained: to people at displays in their language, to owners in names and words,
//! as of a moment of the past, and before a change is made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "explain/trials.rs"]
mod trials;

use std::collections::BTreeSet;

use keywatt_tests::facts::{Card, Charger, Installation, Person, instant, text};
use keywatt_tests::wire::{Event201, Version};
use keywatt_tests::{Api, DatabaseKind, Options, Server, Wire, unique};
use serde_json::{Value, json};

async fn tag(owner: &Api, name: &str) -> String {
    let body = owner.post("/v1/tags", json!({ "name": name })).await;
    text(&body.expect(201), "id")
}

async fn put(owner: &Api, tag: &str, member: Value) {
    let path = format!("/v1/tags/{tag}/members");
    drop(owner.post(&path, member).await.expect(201));
}

async fn explain(owner: &Api, body: Value) -> Value {
    owner.post("/v1/decisions/explain", body).await.ok()
}

/// Who may at a charger, with the reasons.
async fn who(owner: &Api, charger: &Charger, query: &str) -> BTreeSet<String> {
    owner
        .list(&format!("/v1/chargers/{}/who?limit=3{query}", charger.id))
        .await
        .iter()
        .map(|row| text(row, "person_id"))
        .collect()
}

/// The revision that stands.
async fn revision(owner: &Api, charger: &Charger) -> i64 {
    let who = owner.get(&format!("/v1/chargers/{}/who", charger.id)).await;
    who.ok()["revision"].as_i64().unwrap()
}

/// What OCPP 2.0.1 says of MessageContentType.
#[track_caller]
fn message_of(info: &Value) -> (String, String) {
    let message = &info["personalMessage"];
    let names: BTreeSet<&str> = message
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, BTreeSet::from(["content", "format", "language"]));
    assert_eq!(message["format"], "UTF8");
    let (language, content) = (text(message, "language"), text(message, "content"));
    assert!((1..=8).contains(&language.len()), "{message}");
    assert!((1..=512).contains(&content.chars().count()), "{message}");
    (language, content)
}

#[tokio::test]
async fn people_are_told_in_their_language_at_chargers_and_at_doors() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let path = format!("/v1/installations/{}", site.id);
    let charger = owner.charger(&site, 1).await;
    let lock = owner.lock(&site).await;
    let door = owner.door(&lock, 1).await;
    let modern = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let at_door = Wire::booted(&server.endpoint(&lock.station_id, Version::V16)).await;

    let mut told = BTreeSet::new();
    for (language, refused, welcome, entered) in [
        ("en", "for it.", "charge now.", "come in."),
        (
            "de",
            "beantragen Sie ihn bei der Verwaltung.",
            "jetzt laden.",
            "treten Sie ein.",
        ),
        (
            "fr",
            "demander à la gérance.",
            "charger maintenant.",
            "entrer.",
        ),
        ("it", "chieda all’amministrazione.", "ricaricare.", "entri."),
    ] {
        let person = owner.person_with(json!({ "language": language })).await;
        let card = owner.card(&person).await;
        let info = modern
            .authorize(&unique::message_id(), &card.presented)
            .await;
        let (said_in, text_of) = message_of(&info);
        assert_eq!(said_in, language);
        assert!(text_of.ends_with(refused), "{text_of}");
        assert!(told.insert(text_of), "a language of its own");
        owner.grant(&person, "user", site.node()).await;
        let info = modern
            .authorize(&unique::message_id(), &card.presented)
            .await;
        assert!(message_of(&info).1.ends_with(welcome), "{info}");
        let event = Event201::started(&unique::message_id(), 1, &card.presented);
        let answer = modern.event(&unique::message_id(), &event).await;
        assert!(
            message_of(&answer["idTokenInfo"]).1.ends_with(welcome),
            "{answer}"
        );
        let answer = at_door
            .door_authorize_16(&unique::message_id(), door.number, &card.presented)
            .await;
        assert!(text(&answer, "text").ends_with(entered), "{answer}");
        // The same start again has the same answer, sentence and all.
        let again = modern.event(&unique::message_id(), &event).await;
        assert_eq!(again["idTokenInfo"], answer_of(&modern, &event).await);
    }

    // Whoever set none is spoken to as the site says.
    let person = owner.person().await;
    let card = owner.card(&person).await;
    let language_now = async || {
        let info = modern
            .authorize(&unique::message_id(), &card.presented)
            .await;
        message_of(&info).0
    };
    assert_eq!(language_now().await, "en");
    owner
        .patch(&path, json!({ "language": "fr" }))
        .await
        .expect(200);
    assert_eq!(language_now().await, "fr");
    let theirs = format!("/v1/people/{}", person.id);
    let body = owner
        .patch(&theirs, json!({ "language": "it" }))
        .await
        .expect(200);
    assert_eq!(body["language"], "it");
    assert_eq!(language_now().await, "it");
    owner
        .patch(&theirs, json!({ "language": null }))
        .await
        .expect(200);
    assert_eq!(language_now().await, "fr");
    owner
        .patch(&theirs, json!({ "language": "rm" }))
        .await
        .problem(422, "invalid");

    // 1.6 has no place for it.
    let other = owner.charger(&site, 1).await;
    let old = Wire::booted(&server.endpoint(&other.station_id, Version::V16)).await;
    let info = old.authorize(&unique::message_id(), &card.presented).await;
    assert_eq!(info.get("personalMessage"), None);
}

async fn answer_of(wire: &Wire, event: &Event201) -> Value {
    wire.event(&unique::message_id(), event).await["idTokenInfo"].clone()
}

/// A site whose tenants may use the garage by day, through a tag in a tag.
struct Garage {
    site: Installation,
    charger: Charger,
    grant: String,
    floor: String,
    tenants: Vec<(Person, Card)>,
}

/// Hours that do not hold now and do tomorrow, whenever that is.
fn tomorrow() -> Value {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let today = keywatt_tests::facts::clock()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .weekday()
        .to_monday_zero_offset();
    let index = usize::try_from(today).unwrap();
    // Two days on: what the clock on the wall shows is within a day of what it shows in UTC.
    json!([{ "days": [days[(index + 2) % 7]], "from": "08:00", "until": "09:00" }])
}

async fn garage(owner: &Api, slots: Value, people: usize) -> Garage {
    let site = owner.installation().await;
    let area = owner
        .post(
            "/v1/areas",
            json!({ "name": "Garage", "parent_id": site.id, "kind": "garage" }),
        )
        .await;
    let area = text(&area.expect(201), "id");
    let charger = owner
        .charger_with(&site, 1, json!({ "area_id": area }))
        .await;
    let (floor, tenants) = (tag(owner, "3rd floor").await, tag(owner, "Tenants").await);
    put(owner, &tenants, json!({ "tag": floor })).await;
    let hours = json!({ "name": "By day", "slots": slots });
    let hours = text(&owner.post("/v1/schedules", hours).await.expect(201), "id");
    let grant = json!({
        "subject": { "tag": tenants }, "role": "user", "resource": { "area": area },
        "schedule_id": hours,
    });
    let grant = text(&owner.post("/v1/grants", grant).await.expect(201), "id");
    let mut all = Vec::new();
    for _ in 0..people {
        let person = owner.person().await;
        put(owner, &floor, json!({ "person": person.id })).await;
        let card = owner.card(&person).await;
        all.push((person, card));
    }
    Garage {
        site,
        charger,
        grant,
        floor,
        tenants: all,
    }
}

fn always() -> Value {
    let days = json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]);
    json!([{ "days": days, "from": "00:00", "until": "24:00" }])
}

#[tokio::test]
async fn an_explanation_names_the_chain_and_when_a_near_miss_would_hold() {
    let server = Server::plain().await;
    let owner = server.owner();
    let garage = garage(&owner, tomorrow(), 1).await;
    let (person, card) = &garage.tenants[0];
    let point = json!({ "charger": garage.charger.id });
    let asked = json!({ "person": person.id, "point": point, "language": "de" });
    let told = explain(&owner, asked).await;
    assert_eq!(told["reason"], "OUTSIDE_SCHEDULE", "{told}");
    assert_eq!(told["grant_id"], json!(garage.grant));
    let chain = text(&told, "chain");
    assert!(
        chain.starts_with("tag \"3rd floor\" in tag \"Tenants\" -> area \"Garage\", ")
            && chain.contains(" 08:00-09:00, from api"),
        "{chain}"
    );
    let grant = &told["grants"][0];
    assert_eq!(grant["finding"], "outside_schedule");
    assert_eq!(grant["tags"][0]["id"], json!(garage.floor));
    assert_eq!(grant["schedule"]["name"], "By day");
    let opens = text(&told, "allowed_from");
    assert_eq!(told["until"], told["allowed_from"]);
    assert_eq!(grant["holds_from"], told["allowed_from"]);
    let problem = text(grant, "problem");
    assert!(
        problem.starts_with("opens at ") && problem.ends_with(" 08:00"),
        "{problem}"
    );
    assert_eq!(told["person_language"], "de");
    let spoken = text(&told, "person_text");
    assert!(
        spoken.contains("Wieder möglich") && spoken.contains("um 08:00 Uhr"),
        "{spoken}"
    );

    // What the explanation promises is so then.
    let then = json!({ "person": person.id, "point": point, "at": opens });
    let then = explain(&owner, then).await;
    assert_eq!(
        (&then["reason"], &then["effect"]),
        (&json!("GRANTED"), &json!("allow"))
    );
    assert!(then["until"].is_string());

    // By the card, and by what a reader sends, it is the same.
    for about in [
        json!({ "credential": card.id }),
        json!({ "token": { "value": card.presented.value } }),
        json!({ "token": { "kind": "iso14443", "value": card.presented.value.to_lowercase() } }),
    ] {
        let mut asked = about;
        asked["point"] = point.clone();
        let told = explain(&owner, asked).await;
        assert_eq!(
            (&told["reason"], &told["credential_id"]),
            (&json!("OUTSIDE_SCHEDULE"), &json!(card.id))
        );
    }
    let unknown = json!({ "token": { "value": "NOBODYS" }, "point": point });
    assert_eq!(
        explain(&owner, unknown).await["reason"],
        "CREDENTIAL_UNKNOWN"
    );

    // Near misses of the other kinds.
    let later = json!({ "role": "user", "valid_from": instant(86_400 * 30) });
    let other = owner.charger(&garage.site, 1).await;
    owner.grant_with(person, other.node(), later).await;
    let strong = json!({ "role": "user", "minimum_strength": "strong" });
    owner.grant_with(person, other.node(), strong).await;
    let ended = json!({ "role": "user", "valid_until": instant(-60) });
    owner.grant_with(person, other.node(), ended).await;
    let asked = json!({ "credential": card.id, "point": { "charger": other.id } });
    let told = explain(&owner, asked).await;
    assert_eq!(told["reason"], "NOT_YET_VALID");
    let problems: Vec<String> = told["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| text(grant, "problem"))
        .collect();
    for begin in ["valid from ", "needs a strong credential", "ended "] {
        assert!(
            problems.iter().any(|it| it.starts_with(begin)),
            "{begin}: {problems:?}"
        );
    }
    assert!(
        text(&told, "person_text").starts_with("Your access begins on "),
        "{told}"
    );
}

#[tokio::test]
async fn somebody_who_asks_about_themselves_hears_the_reason_and_no_rule() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let (person, session) = owner.person_with_login().await;
    owner.grant(&person, "user", charger.node()).await;
    let point = json!({ "charger": charger.id });
    let own = json!({ "person": person.id, "point": point });
    let told = explain(&session, own.clone()).await;
    assert_eq!(
        (&told["reason"], &told["reduced"]),
        (&json!("GRANTED"), &json!(true))
    );
    for hidden in ["person_id", "credential_id", "grant_id", "chain"] {
        assert!(told[hidden].is_null(), "{hidden}: {told}");
    }
    assert_eq!((&told["steps"], &told["grants"]), (&json!([]), &json!([])));
    assert!(!text(&told, "person_text").is_empty());
    assert_eq!(explain(&owner, own).await["reduced"], json!(false));
    // About others nothing.
    let other = owner.person().await;
    for about in [
        json!({ "person": other.id }),
        json!({ "token": { "value": "04AABBCC" } }),
    ] {
        let mut asked = about;
        asked["point"] = point.clone();
        session
            .post("/v1/decisions/explain", asked)
            .await
            .problem(403, "forbidden");
    }
}

#[tokio::test]
async fn questions_that_make_no_sense_are_told_so() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let person = owner.person().await;
    let point = json!({ "charger": charger.id });
    let fault = |body: &Value| {
        (
            text(&body["errors"][0], "field"),
            text(&body["errors"][0], "code"),
        )
    };
    for (asked, field, code) in [
        (json!({}), "person", "required"),
        (
            json!({ "person": person.id, "token": { "value": "A" } }),
            "credential",
            "invalid",
        ),
        (
            json!({ "token": { "value": "" } }),
            "token.value",
            "out_of_range",
        ),
        (
            json!({ "token": { "value": "A".repeat(256) } }),
            "token.value",
            "out_of_range",
        ),
        (
            json!({ "person": person.id, "as_of": "yesterday" }),
            "as_of",
            "invalid",
        ),
        (
            json!({ "person": person.id, "as_of": "9000000000" }),
            "as_of",
            "out_of_range",
        ),
        (
            json!({ "person": person.id, "as_of": "-1" }),
            "as_of",
            "out_of_range",
        ),
        (
            json!({ "person": person.id, "as_of": instant(3600) }),
            "as_of",
            "out_of_range",
        ),
    ] {
        let mut asked = asked;
        asked["point"] = point.clone();
        let body = owner
            .post("/v1/decisions/explain", asked)
            .await
            .problem(422, "invalid");
        assert_eq!(fault(&body), (field.to_owned(), code.to_owned()));
    }
    let path = format!("/v1/chargers/{}/who", charger.id);
    owner
        .get(&format!("{path}?cursor=x"))
        .await
        .problem(422, "invalid");
    owner
        .get(&format!("{path}?limit=0"))
        .await
        .problem(400, "invalid_query");
    owner
        .get(&format!("{path}?as_of=x"))
        .await
        .problem(422, "invalid");

    let scope = json!({ "installation": site.id });
    let nothing = uuid::Uuid::now_v7();
    for (changes, field) in [
        (json!([]), "changes"),
        (json!([{}]), "changes[0]"),
        (json!([{ "end_grant": nothing }]), "changes[0]"),
        (
            json!([{ "person": { "id": person.id, "state": "suspended" } }, { "end_grant": nothing }]),
            "changes[1]",
        ),
        (
            json!([{ "end_grant": nothing, "person": { "id": person.id } }]),
            "changes[0]",
        ),
        (
            json!([{ "create_grant": {
                "subject": { "person": nothing }, "role": "user", "resource": point,
            } }]),
            "changes[0].subject.person",
        ),
        (
            Value::Array(vec![json!({ "end_grant": nothing }); 101]),
            "changes",
        ),
    ] {
        let body = json!({ "scope": scope, "changes": changes });
        let body = owner
            .post("/v1/decisions/what-if", body)
            .await
            .problem(422, "invalid");
        assert_eq!(fault(&body).0, field, "{body}");
    }
}

#[tokio::test]
async fn the_past_is_asked_as_it_was_on_both_databases() {
    for kind in DatabaseKind::available().await {
        let server = Server::start(Options::on(kind)).await;
        let owner = server.owner();
        let garage = garage(&owner, always(), 4).await;
        let (person, card) = &garage.tenants[0];
        let before = revision(&owner, &garage.charger).await;
        let everybody = who(&owner, &garage.charger, "").await;
        let ids: BTreeSet<String> = garage.tenants.iter().map(|(it, _)| it.id.clone()).collect();
        assert!(ids.is_subset(&everybody), "in pieces of three, all of them");

        let member = format!("/v1/tags/{}/members/{}", garage.floor, person.id);
        owner.delete(&member).await.expect(204);
        owner.set_charger_flag(&garage.charger, "open").await;
        owner
            .patch(
                &format!("/v1/credentials/{}", card.id),
                json!({ "state": "lost" }),
            )
            .await
            .expect(200);
        let opened = revision(&owner, &garage.charger).await;
        owner.set_charger_flag(&garage.charger, "inherit").await;

        let point = json!({ "charger": garage.charger.id });
        let asked = |as_of: Option<i64>| {
            let mut body = json!({ "credential": card.id, "point": point });
            if let Some(revision) = as_of {
                body["as_of"] = json!(revision.to_string());
            }
            body
        };
        let now = explain(&owner, asked(None)).await;
        assert_eq!(now["reason"], "CREDENTIAL_LOST");
        assert_eq!(now["notes"], json!([]));
        let then = explain(&owner, asked(Some(before))).await;
        assert_eq!(
            (&then["reason"], &then["revision"]),
            (&json!("GRANTED"), &json!(before)),
            "{then}"
        );
        assert!(
            text(&then, "chain").starts_with("tag \"3rd floor\" in tag \"Tenants\""),
            "{then}"
        );
        let notes: Vec<String> = then["notes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| text(it, "code"))
            .collect();
        assert_eq!(notes, ["usage_from_records"]);
        let open = explain(&owner, asked(Some(opened))).await;
        assert_eq!(open["reason"], "OPEN_ACCESS");

        let at = format!("&as_of={before}");
        assert_eq!(who(&owner, &garage.charger, &at).await, everybody);
        assert!(!who(&owner, &garage.charger, "").await.contains(&person.id));
        let path = format!("/v1/people/{}/what", person.id);
        assert_eq!(owner.list(&path).await, Vec::<Value>::new());
        let held = owner.list(&format!("{path}?as_of={before}")).await;
        assert_eq!(held[0]["node_id"], json!(garage.charger.id));
        let who_then = owner
            .get(&format!(
                "/v1/chargers/{}/who?as_of={opened}",
                garage.charger.id
            ))
            .await
            .ok();
        assert_eq!(who_then["everybody"]["reason"], "OPEN_ACCESS");

        // By an instant of the past: before anything was.
        let long_ago =
            json!({ "person": person.id, "point": point, "as_of": "2020-01-01T00:00:00Z" });
        owner
            .post("/v1/decisions/explain", long_ago)
            .await
            .problem(404, "not_found");

        // What changed between the two moments.
        let diff =
            json!({ "scope": { "installation": garage.site.id }, "from": before.to_string() });
        let diff = owner.post("/v1/decisions/diff", diff).await.ok();
        let lost = &diff["people"]["losses"];
        assert_eq!(diff["people"]["lost"], json!(1), "{diff}");
        assert_eq!(diff["people"]["gained"], json!(0));
        assert_eq!(
            (&lost[0]["person_id"], &lost[0]["before"], &lost[0]["after"]),
            (&json!(person.id), &json!("GRANTED"), &json!("NO_GRANT"))
        );
        assert_eq!(diff["cut"], json!(false));
        let back = json!({
            "scope": { "installation": garage.site.id },
            "from": opened.to_string(), "until": before.to_string(),
        });
        let back = owner.post("/v1/decisions/diff", back).await.ok();
        assert_eq!(back["closed"], json!([garage.charger.id]));
    }
}
