//! Lists in pieces.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::site::Site;

async fn all(site: &Site, key: &str, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let list = site
            .get(key, &format!("{path}?limit={limit}{cursor}"))
            .await
            .expect(200);
        let piece = list["items"].as_array().unwrap();
        assert!(piece.len() <= limit, "{list}");
        items.extend(piece.iter().cloned());
        match list["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn ids(items: &[Value]) -> BTreeSet<String> {
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn pieces_hold_everything_once_whatever_their_size() {
    let site = Site::new().await;
    for number in 0..7 {
        site.person(&format!("Person {number}")).await;
    }
    for limit in [1, 2, 3, 7, 8, 200] {
        let items = all(&site, &site.owner, "/v1/people", limit).await;
        assert_eq!((items.len(), ids(&items).len()), (8, 8), "limit {limit}");
    }
}

#[tokio::test]
async fn a_list_shows_what_the_caller_sees_and_goes_on_past_the_rest() {
    let site = Site::new().await;
    let mut seen = BTreeSet::new();
    let (person, user) = site.member("user@example.com").await;
    for number in 0..12 {
        let id = site.installation().await;
        if number % 4 == 3 {
            site.grant(&person, "installation", &id, json!({ "role": "user" }))
                .await;
            seen.insert(id);
        }
    }
    for limit in [1, 2, 5, 50] {
        let items = all(&site, &user, "/v1/installations", limit).await;
        assert_eq!(ids(&items), seen, "limit {limit}");
        assert_eq!(items.len(), seen.len(), "limit {limit}");
    }
}

#[tokio::test]
async fn a_list_spans_the_organisations_of_the_caller() {
    let site = Site::new().await;
    let (person, token) = site.member("founder@example.com").await;
    let mut expected = BTreeSet::new();
    let home = site.installation().await;
    site.grant(&person, "installation", &home, json!({ "role": "user" }))
        .await;
    expected.insert(home);
    for _ in 0..3 {
        let made = site
            .post(&token, "/v1/organisations", json!({}))
            .await
            .expect(201);
        for _ in 0..2 {
            let body = json!({ "organisation_id": made["id"] });
            let made = site
                .post(&token, "/v1/installations", body)
                .await
                .expect(201);
            expected.insert(made["id"].as_str().unwrap().to_owned());
        }
    }
    for limit in [1, 2, 3, 50] {
        let items = all(&site, &token, "/v1/installations", limit).await;
        assert_eq!(
            (items.len(), ids(&items)),
            (7, expected.clone()),
            "limit {limit}"
        );
    }
    assert_eq!(all(&site, &token, "/v1/organisations", 1).await.len(), 3);
}

#[tokio::test]
async fn a_cursor_of_another_organisation_opens_nothing() {
    let site = Site::new().await;
    for _ in 0..3 {
        site.installation().await;
    }
    let list = site
        .get(&site.owner, "/v1/installations?limit=1")
        .await
        .expect(200);
    let outsider = site.outsider().await;
    let path = format!(
        "/v1/installations?cursor={}",
        list["next_cursor"].as_str().unwrap()
    );
    let got = site.get(&outsider, &path).await.expect(200);
    assert_eq!(got["items"], json!([]));
}
