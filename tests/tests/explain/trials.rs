//! Changes that are tried, guarded, and compared; and what the program itself explains.

use std::collections::BTreeSet;

use keywatt_tests::facts::{Charger, text};
use keywatt_tests::program;
use keywatt_tests::wait::until_equal;
use keywatt_tests::wire::Version;
use keywatt_tests::{Api, Server, Wire};
use serde_json::{Value, json};

use crate::{always, garage, revision, tomorrow, who};

/// Every person at every charger: who may.
async fn all_who(owner: &Api, chargers: &[Charger]) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for charger in chargers {
        for person in who(owner, charger, "").await {
            pairs.insert((person, charger.id.clone()));
        }
    }
    pairs
}

fn pairs_of(shifts: &Value) -> BTreeSet<(String, String)> {
    shifts
        .as_array()
        .unwrap()
        .iter()
        .map(|shift| (text(shift, "person_id"), text(shift, "node_id")))
        .collect()
}

#[tokio::test]
async fn what_would_be_is_what_comes_of_it() {
    let server = Server::plain().await;
    let owner = server.owner();
    let garage = garage(&owner, always(), 3).await;
    let chargers = [garage.charger.clone(), owner.charger(&garage.site, 2).await];
    let other = owner.person().await;
    let hours = owner.list("/v1/schedules").await;
    let hours = text(&hours[0], "id");
    let members = |id: &str| format!("/v1/tags/{}/members/{id}", garage.floor);
    let first = &garage.tenants[0].0;
    let second = &garage.tenants[1].0;
    let denial = json!({
        "subject": { "person": second.id }, "role": "user", "effect": "deny",
        "resource": { "installation": garage.site.id },
    });
    let new = json!({
        "subject": { "person": other.id }, "role": "user",
        "resource": { "charger": chargers[1].id },
    });
    // Each as it is tried, and as it is then made.
    let steps: Vec<(Value, &str, String, Option<Value>)> = vec![
        (
            json!({ "create_grant": new }),
            "POST",
            "/v1/grants".into(),
            Some(new.clone()),
        ),
        (
            json!({ "create_grant": denial }),
            "POST",
            "/v1/grants".into(),
            Some(denial.clone()),
        ),
        (
            json!({ "remove_member": { "tag_id": garage.floor, "member_id": first.id } }),
            "DELETE",
            members(&first.id),
            None,
        ),
        (
            json!({ "add_member": { "tag_id": garage.floor, "member": { "person": other.id } } }),
            "POST",
            format!("/v1/tags/{}/members", garage.floor),
            Some(json!({ "person": other.id })),
        ),
        (
            json!({ "person": { "id": other.id, "state": "suspended" } }),
            "PATCH",
            format!("/v1/people/{}", other.id),
            Some(json!({ "state": "suspended" })),
        ),
        (
            json!({ "charger": { "id": chargers[0].id, "authorization_required": "open" } }),
            "PATCH",
            format!("/v1/chargers/{}", chargers[0].id),
            Some(json!({ "authorization_required": "open" })),
        ),
        (
            json!({ "charger": { "id": chargers[0].id, "authorization_required": "inherit" } }),
            "PATCH",
            format!("/v1/chargers/{}", chargers[0].id),
            Some(json!({ "authorization_required": "inherit" })),
        ),
        (
            json!({ "schedule": { "id": hours, "slots": [] } }),
            "PATCH",
            format!("/v1/schedules/{hours}"),
            Some(json!({ "slots": [] })),
        ),
        (
            json!({ "schedule": { "id": hours, "slots": always() } }),
            "PATCH",
            format!("/v1/schedules/{hours}"),
            Some(json!({ "slots": always() })),
        ),
        (
            json!({ "installation": { "id": garage.site.id, "authorization_required": "open" } }),
            "PATCH",
            format!("/v1/installations/{}", garage.site.id),
            Some(json!({ "authorization_required": "open" })),
        ),
        // Where everybody may, nobody loses anything by a grant.
        (
            json!({
                "installation": { "id": garage.site.id, "authorization_required": "required" },
            }),
            "PATCH",
            format!("/v1/installations/{}", garage.site.id),
            Some(json!({ "authorization_required": "required" })),
        ),
        (
            json!({ "end_grant": garage.grant }),
            "DELETE",
            format!("/v1/grants/{}", garage.grant),
            None,
        ),
    ];
    let scope = json!({ "installation": garage.site.id });
    let mut moved = 0;
    for (proposal, method, path, body) in steps {
        let before = all_who(&owner, &chargers).await;
        let tried = json!({ "scope": scope, "changes": [proposal] });
        let tried = owner.post("/v1/decisions/what-if", tried).await.ok();
        // Nothing was changed by it.
        assert_eq!(all_who(&owner, &chargers).await, before);
        let made = owner.call(method, &path, body.as_ref()).await;
        assert!(made.status < 300, "{made}");
        let after = all_who(&owner, &chargers).await;
        let people = &tried["difference"]["people"];
        let gains: BTreeSet<_> = after.difference(&before).cloned().collect();
        let losses: BTreeSet<_> = before.difference(&after).cloned().collect();
        assert_eq!(pairs_of(&people["gains"]), gains, "{proposal}: {tried}");
        assert_eq!(pairs_of(&people["losses"]), losses, "{proposal}: {tried}");
        assert_eq!(people["gained"], json!(gains.len()));
        assert_eq!(people["lost"], json!(losses.len()));
        moved += gains.len() + losses.len();
    }
    assert!(moved > 10, "{moved}");
}

/// Waits until so many were allowed at a charger, as the decision log has it.
async fn seen(owner: &Api, count: usize) {
    until_equal("decisions in the log", count, || async {
        owner
            .list("/v1/decisions?effect=allow")
            .await
            .iter()
            .filter(|row| row["entry"] != "api")
            .count()
    })
    .await;
}

#[tokio::test]
async fn a_change_that_would_refuse_many_is_made_when_its_figures_are_sent_back() {
    let server = Server::plain().await;
    let owner = server.owner();
    let garage = garage(&owner, always(), 6).await;
    let wire = Wire::booted(&server.endpoint(&garage.charger.station_id, Version::V201)).await;
    let path = format!("/v1/grants/{}", garage.grant);
    for (_, card) in garage.tenants.iter().take(4) {
        assert_eq!(wire.status_of(&card.presented).await, "Accepted");
    }
    let scope = json!({ "installation": garage.site.id });
    let trial = json!({ "scope": scope, "changes": [{ "end_grant": garage.grant }] });
    // What was presented is in the log a moment later.
    seen(&owner, 4).await;
    // Four are few.
    let impact = async || {
        let tried = owner
            .post("/v1/decisions/what-if", trial.clone())
            .await
            .ok();
        (
            tried["impact"].clone(),
            tried["difference"]["cards"]["lost"].clone(),
        )
    };
    let (few, cards) = impact().await;
    assert_eq!(
        (&few["would_refuse"], &few["phrase"]),
        (&json!(4), &Value::Null),
        "{few}"
    );
    assert_eq!(cards, json!(4));
    for (_, card) in garage.tenants.iter().skip(4) {
        assert_eq!(wire.status_of(&card.presented).await, "Accepted");
    }
    seen(&owner, 6).await;
    let (many, _) = impact().await;
    assert_eq!(
        (&many["would_refuse"], &many["may"]),
        (&json!(6), &json!(6)),
        "{many}"
    );
    let phrase = text(&many, "phrase");

    let refused = owner
        .delete(&path)
        .await
        .problem(409, "confirmation_needed");
    assert_eq!(
        refused["confirmation"],
        json!({ "phrase": phrase, "would_refuse": 6, "of": 6 })
    );
    let with = |confirm: &str| {
        let request = owner.request(reqwest::Method::DELETE, &path);
        owner.send(request.header("Keywatt-Confirm", confirm))
    };
    with("refuse 5 of 6")
        .await
        .problem(409, "confirmation_needed");
    with("yes").await.problem(409, "confirmation_needed");
    let card = &garage.tenants[0].1.presented;
    assert_eq!(
        wire.status_of(card).await,
        "Accepted",
        "nothing was changed"
    );
    with(&phrase).await.expect(204);
    assert_eq!(wire.status_of(card).await, "NotAtThisLocation");
}

#[tokio::test]
async fn every_kind_of_change_that_would_refuse_many_is_guarded() {
    let server = Server::plain().await;
    let owner = server.owner();
    let garage = garage(&owner, always(), 5).await;
    let wire = Wire::booted(&server.endpoint(&garage.charger.station_id, Version::V201)).await;
    for (_, card) in &garage.tenants {
        assert_eq!(wire.status_of(&card.presented).await, "Accepted");
    }
    seen(&owner, 5).await;
    let hours = owner.list("/v1/schedules").await;
    let hours = format!("/v1/schedules/{}", text(&hours[0], "id"));
    owner
        .patch(&hours, json!({ "slots": [] }))
        .await
        .problem(409, "confirmation_needed");
    let tags = owner.list("/v1/tags").await;
    let tenants = tags.iter().find(|tag| tag["name"] == "Tenants").unwrap();
    let out = format!("/v1/tags/{}/members/{}", text(tenants, "id"), garage.floor);
    owner.delete(&out).await.problem(409, "confirmation_needed");
    let denial = json!({
        "subject": { "tag": garage.floor }, "role": "user", "effect": "deny",
        "resource": { "charger": garage.charger.id },
    });
    owner
        .post("/v1/grants", denial)
        .await
        .problem(409, "confirmation_needed");
    // Strangers' cards are no people; those known who live by the open flag are.
    owner.set_charger_flag(&garage.charger, "open").await;
    for (person, card) in &garage.tenants {
        let member = format!("/v1/tags/{}/members/{}", garage.floor, person.id);
        owner.delete(&member).await.expect(204);
        assert_eq!(wire.status_of(&card.presented).await, "Accepted");
    }
    seen(&owner, 10).await;
    let charger = format!("/v1/chargers/{}", garage.charger.id);
    let required = json!({ "authorization_required": "required" });
    owner
        .patch(&charger, required)
        .await
        .problem(409, "confirmation_needed");
    owner
        .patch(&charger, json!({ "authorization_required": "inherit" }))
        .await
        .problem(409, "confirmation_needed");
    owner.set_installation_flag(&garage.site, "open").await;
    owner
        .patch(&charger, json!({ "authorization_required": "inherit" }))
        .await
        .expect(200);
    let site = format!("/v1/installations/{}", garage.site.id);
    let required = json!({ "authorization_required": "required" });
    owner
        .patch(&site, required)
        .await
        .problem(409, "confirmation_needed");
    // A name is no change of access.
    owner
        .patch(&site, json!({ "name": "Another" }))
        .await
        .expect(200);
}

#[tokio::test]
async fn the_program_explains_over_the_api_and_from_the_database() {
    let mut server = Server::plain().await;
    let owner = server.owner();
    let garage = garage(&owner, tomorrow(), 1).await;
    let (person, card) = &garage.tenants[0];
    let key = owner.key().unwrap().to_owned();
    let url = server.http();
    let about = ["--person", &person.id, "--charger", &garage.charger.id];
    let over_api = ["explain", "--url", &url, "--api-key", &key];

    let (code, page, errors) = server.run(&[&over_api[..], &about].concat(), "");
    assert_eq!(code, 0, "{errors}");
    assert!(page.starts_with("REFUSED  OUTSIDE_SCHEDULE: "), "{page}");
    for part in [
        "tag \"3rd floor\" in tag \"Tenants\" -> area \"Garage\"",
        "opens at ",
        " 8  a permission allows it",
    ] {
        assert!(page.contains(part), "{part} in\n{page}");
    }
    let json_args = [
        &over_api[..],
        &[
            "--token",
            &card.presented.value,
            "--charger",
            &garage.charger.id,
            "--json",
        ],
    ]
    .concat();
    let (code, page, _) = server.run(&json_args, "");
    let told: Value = serde_json::from_str(&page).unwrap();
    assert_eq!((code, &told["reason"]), (0, &json!("OUTSIDE_SCHEDULE")));

    // Usage, and what cannot be asked.
    assert_eq!(server.run(&["explain"], "").0, 2);
    assert_eq!(
        server
            .run(
                &["explain", "--person", "x", "--charger", &garage.charger.id],
                ""
            )
            .0,
        2
    );
    let nobody = [
        &over_api[..],
        &["--person", &person.id, "--charger", &person.id],
    ]
    .concat();
    let (code, page, errors) = server.run(&nobody, "");
    assert_eq!((code, page.as_str()), (1, ""), "{errors}");
    assert!(errors.contains("no such thing"), "{errors}");

    // From the database itself, beside the server and with the server being down.
    let before = revision(&owner, &garage.charger).await.to_string();
    let from_database = [&["explain"][..], &about, &["--json", "--as-of", &before]].concat();
    for is_up in [true, false] {
        if !is_up {
            assert_eq!(server.terminate(), 0);
        }
        let (code, page, errors) = server.run(&from_database, "");
        assert_eq!(code, 0, "{errors}");
        let told: Value = serde_json::from_str(&page).unwrap();
        assert_eq!(told["reason"], "OUTSIDE_SCHEDULE");
        assert_eq!(told["grant_id"], json!(garage.grant));
    }
    let (code, _, errors) = server.run(
        &[&["explain"][..], &about, &["--as-of", "soon"]].concat(),
        "",
    );
    assert_eq!(code, 1);
    assert!(errors.contains("--as-of"), "{errors}");

    // A database that is not there is said to be what is wrong, and is not made.
    let nowhere = tempfile::tempdir().unwrap();
    let file = nowhere.path().join("nowhere.db");
    let url = format!("sqlite://{}", file.display());
    let ended = std::process::Command::new(program::keywatt())
        .args(["explain", "--database", &url])
        .args(about)
        .current_dir(nowhere.path())
        .env_remove("KEYWATT_API_KEY")
        .output()
        .unwrap();
    let errors = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("the database cannot be reached"),
        "{errors}"
    );
    assert!(!file.exists());
}
