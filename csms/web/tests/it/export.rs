//! The logs as files, and erasure as the API does it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::site::Site;

/// The rows of a CSV file by its line of names, without the guards against formulas.
fn rows_of(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let cells = names.iter().zip(record.iter()).map(|(name, cell)| {
                let cell = cell.strip_prefix('\'').unwrap_or(cell);
                (name.to_owned(), cell.to_owned())
            });
            cells.collect()
        })
        .collect()
}

/// A row of the JSON file in the form of a row of the CSV file.
fn flat(row: &Value) -> BTreeMap<String, String> {
    row.as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            let text = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name.clone(), text)
        })
        .collect()
}

#[tokio::test]
async fn an_export_of_changes_says_the_same_in_both_forms_and_as_the_list() {
    let site = Site::new().await;
    let evil = "=HYPERLINK(\"http://x\")";
    for name in [evil, "+49", "'quoted'", "a,b\"c;d", "ß"] {
        site.person(name).await;
    }
    let headers = [("keywatt-reason", "@SUM(1)")];
    let body = json!({ "name": "because" });
    site.with(&site.owner, "POST", "/v1/people", &headers, Some(&body))
        .await
        .expect(201);
    let got = site.get(&site.owner, "/v1/audit/export").await;
    assert_eq!(got.header("content-type"), "application/json");
    let rows = got.expect(200);
    let rows = rows.as_array().unwrap();
    let list = site
        .get(&site.owner, "/v1/audit?limit=200")
        .await
        .expect(200);
    assert_eq!(Value::from(rows.clone()), list["items"]);

    let got = site.get(&site.owner, "/v1/audit/export?format=csv").await;
    assert!(got.header("content-type").starts_with("text/csv"));
    assert!(
        got.header("content-disposition")
            .contains("keywatt-changes.csv")
    );
    assert_eq!(got.status, 200);
    let table = rows_of(&got.text);
    let expected: Vec<_> = rows.iter().map(flat).collect();
    assert_eq!(table, expected);
    assert!(got.text.contains("'@SUM(1)"), "{}", got.text);
    for record in csv::Reader::from_reader(got.text.as_bytes()).records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '@']), "a formula: {cell}");
        }
    }
}

#[tokio::test]
async fn an_export_of_decisions_is_whole_over_many_pieces() {
    let site = Site::new().await;
    // Every change asks the engine once.
    for number in 0..610 {
        site.person(&format!("P{number}")).await;
    }
    // The exports are decisions themselves, and later.
    site.pass(60);
    site.app.store.flush().await;
    let path = "/v1/decisions/export?until=2026-11-24T12:00:30Z";
    let json = site.get(&site.owner, path).await.expect(200);
    let rows = json.as_array().unwrap().clone();
    assert!(rows.len() > 600, "{}", rows.len());
    let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), rows.len(), "each once");
    let got = site.get(&site.owner, &format!("{path}&format=csv")).await;
    assert_eq!(
        rows_of(&got.text),
        rows.iter().map(flat).collect::<Vec<_>>()
    );
    site.app.store.flush().await;
    let later = "/v1/decisions/export?from=2026-11-24T12:00:30Z";
    let seen = site.get(&site.owner, later).await.expect(200);
    let seen = seen.as_array().unwrap();
    assert!(seen.len() >= 2, "{seen:?}");
    assert!(
        seen.iter().all(|row| row["action"] == "reports"),
        "looks are logged: {seen:?}"
    );
}

#[tokio::test]
async fn an_export_is_of_a_span_of_time_and_of_who_may_report() {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.pass(3600);
    site.person("Late").await;
    site.app.store.flush().await;
    let count = async |key: &str, path: &str| {
        let body = site.get(key, path).await.expect(200);
        body.as_array().unwrap().len()
    };
    let from = "from=2026-11-24T13:00:00Z";
    let late = count(&site.owner, &format!("/v1/audit/export?{from}")).await;
    assert_eq!(late, 2, "the person and their remote token");
    let none = format!("/v1/audit/export?{from}&until=2026-11-24T13:00:00Z");
    assert_eq!(count(&site.owner, &none).await, 0);
    let early = count(&site.owner, "/v1/audit/export?until=2026-11-24T13:00:00Z").await;
    assert_eq!(early + 2, count(&site.owner, "/v1/audit/export").await);

    let (_, local) = site
        .with_role("local@example.com", "owner", "installation", &installation)
        .await;
    let (_, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    site.charger(&installation, "CP1").await;
    site.app.store.flush().await;
    let all = count(&site.owner, "/v1/decisions/export").await;
    let own = count(&local, "/v1/decisions/export").await;
    assert!(own > 0 && own < all, "{own} of {all}");
    for path in ["/v1/audit/export", "/v1/decisions/export"] {
        assert_eq!(site.get(&user, path).await.status, 404, "{path}");
        site.get("", path).await.problem(401, "unauthenticated");
        let named = format!("{path}?organisation_id={}", site.organisation);
        let outsider = site.outsider_key().await;
        site.get(&outsider, &named).await.problem(404, "not_found");
        assert_eq!(site.get(&outsider, path).await.status, 200);
    }
    site.get(&local, "/v1/audit/export")
        .await
        .problem(404, "not_found");
    for query in ["format=xml", "from=yesterday", "colour=red"] {
        let path = format!("/v1/audit/export?{query}");
        site.get(&site.owner, &path)
            .await
            .problem(400, "invalid_query");
    }
}

#[tokio::test]
async fn who_was_erased_is_named_nowhere_and_the_erasure_is_logged() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let (ann, token) = site
        .with_role("ann@example.com", "user", "installation", &installation)
        .await;
    let card = json!({ "kind": "rfid", "value": "04A1B2C3D4E5F6" });
    let path = format!("/v1/people/{ann}");
    site.post(&site.owner, &format!("{path}/credentials"), card.clone())
        .await
        .expect(201);
    let got = site.get(&token, "/v1/me").await;
    assert_eq!(got.status, 200);
    let erase = format!("{path}/erase");
    site.with(&token, "POST", &erase, &[], None)
        .await
        .problem(404, "not_found");
    let done = site.with(&site.owner, "POST", &erase, &[], None).await;
    assert_eq!((done.status.as_u16(), done.text.as_str()), (204, ""));
    site.app.store.flush().await;

    site.get(&site.owner, &path).await.problem(404, "not_found");
    site.get(&token, "/v1/me")
        .await
        .problem(401, "unauthenticated");
    let rows = site.get(&site.owner, "/v1/audit/export").await.expect(200);
    for secret in ["ann@example.com", "04A1", "F6\""] {
        assert!(!rows.to_string().contains(secret), "{secret} in {rows}");
    }
    let last = &rows[0];
    assert_eq!(
        (&last["kind"], &last["id"]),
        (&json!("person"), &json!(ann))
    );
    assert_eq!(last["after"]["name"], "erased");
    assert!(last["person_id"].is_string() && last["request_id"].is_string());
    let about = format!("/v1/decisions?person_id={ann}");
    let named = site.get(&site.owner, &about).await.expect(200);
    assert_eq!(named["items"], json!([]));

    // Once more, and somebody who was removed before; the card is free.
    assert_eq!(
        site.with(&site.owner, "POST", &erase, &[], None)
            .await
            .status,
        204
    );
    let bob = site.person("Bob").await;
    let path = format!("/v1/people/{bob}");
    site.post(&site.owner, &format!("{path}/credentials"), card)
        .await
        .expect(201);
    assert_eq!(site.delete(&site.owner, &path).await.status, 204);
    let erase = format!("{path}/erase");
    assert_eq!(
        site.with(&site.owner, "POST", &erase, &[], None)
            .await
            .status,
        204
    );
    let rows = site.get(&site.owner, "/v1/audit/export").await.expect(200);
    assert!(!rows.to_string().contains("Bob"), "{rows}");
    let unknown = format!("/v1/people/{}/erase", uuid::Uuid::new_v4());
    site.with(&site.owner, "POST", &unknown, &[], None)
        .await
        .problem(404, "not_found");
    site.is_whole().await;
}

#[tokio::test]
async fn the_last_owner_is_not_erased() {
    let site = Site::new().await;
    let me = site.get(&site.owner, "/v1/me").await.expect(200);
    let text = me.to_string();
    let people = site.get(&site.owner, "/v1/people").await.expect(200);
    let id = people["items"][0]["id"].as_str().unwrap();
    assert!(text.contains(id), "{text}");
    let path = format!("/v1/people/{id}/erase");
    site.with(&site.owner, "POST", &path, &[], None)
        .await
        .problem(409, "last_owner");
    site.get(&site.owner, "/v1/me").await.expect(200);
}

#[tokio::test]
async fn what_is_old_is_deleted_as_the_settings_say() {
    let site = Site::new().await;
    site.person("Early").await;
    site.app.store.flush().await;
    assert_eq!(
        site.app.delete_expired().await.unwrap(),
        app::Deleted::default()
    );
    let day = 86_400;
    site.pass(401 * day);
    let changes = site.get(&site.owner, "/v1/audit").await.expect(200);
    site.app.store.flush().await;
    let deleted = site.app.delete_expired().await.unwrap();
    assert_eq!(deleted.segments, 1, "{deleted:?}");
    let rows = site
        .get(&site.owner, "/v1/decisions/export")
        .await
        .expect(200);
    let rows = rows.as_array().unwrap();
    assert!(
        rows.iter().all(|row| row["at"].as_str().unwrap() > "2027"),
        "{rows:?}"
    );
    let after = site.get(&site.owner, "/v1/audit").await.expect(200);
    assert_eq!(after, changes, "changes are kept for ever");
    site.is_whole().await;
}
