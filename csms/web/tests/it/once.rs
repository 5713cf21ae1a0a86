//! Idempotency-Key: what happens once.

use axum::body::Body;
use model::command::CommandError;
use serde_json::{Value, json};

use crate::site::{Got, Site};

async fn post(site: &Site, key: &str, path: &str, once: &str, body: &Value) -> Got {
    site.with(key, "POST", path, &[("idempotency-key", once)], Some(body))
        .await
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_and_changes_nothing_again() {
    let site = Site::new().await;
    let body = json!({ "name": "Garage" });
    let first = post(&site, &site.owner, "/v1/installations", "k1", &body).await;
    let again = post(&site, &site.owner, "/v1/installations", "k1", &body).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(first.header("keywatt-idempotent-replay"), "");
    assert_eq!(again.header("keywatt-idempotent-replay"), "true");
    let list = site.get(&site.owner, "/v1/installations").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);

    // A deletion too: the second is no 404.
    let path = format!("/v1/installations/{}", first.body["id"].as_str().unwrap());
    let headers = [("idempotency-key", "k2")];
    for _ in 0..2 {
        site.with(&site.owner, "DELETE", &path, &headers, None)
            .await
            .expect(204);
    }
    site.delete(&site.owner, &path)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_caller_for_a_day() {
    let site = Site::new().await;
    let body = json!({ "name": "One" });
    post(&site, &site.owner, "/v1/installations", "k", &body)
        .await
        .expect(201);
    let other = json!({ "name": "Other" });
    let got = post(&site, &site.owner, "/v1/installations", "k", &other).await;
    got.problem(422, "idempotency_key_reused");
    let got = post(&site, &site.owner, "/v1/people", "k", &body).await;
    got.problem(422, "idempotency_key_reused");
    let outsider = site.outsider().await;
    post(&site, &outsider, "/v1/installations", "k", &other)
        .await
        .expect(201);
    site.pass(24 * 3600 + 1);
    post(&site, &site.owner, "/v1/installations", "k", &other)
        .await
        .expect(201);
    for bad in ["", " ", &"x".repeat(256)] {
        let got = post(&site, &site.owner, "/v1/installations", bad, &body).await;
        got.problem(400, "invalid_header");
    }
}

#[tokio::test]
async fn a_request_that_failed_may_be_tried_again() {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.charger(&installation, "CP1").await;
    let body = json!({ "installation_id": installation, "station_id": "cp1" });
    let got = post(&site, &site.owner, "/v1/chargers", "k", &body).await;
    got.problem(409, "station_id_taken");
    let chargers = site.get(&site.owner, "/v1/chargers").await.expect(200);
    let there = chargers["items"][0]["id"].as_str().unwrap().to_owned();
    site.delete(&site.owner, &format!("/v1/chargers/{there}"))
        .await
        .expect(204);
    post(&site, &site.owner, "/v1/chargers", "k", &body)
        .await
        .expect(201);
}

#[tokio::test]
async fn of_requests_at_the_same_time_one_happens() {
    let site = Site::new().await;
    let body = json!({ "name": "Once" });
    let all = (0..8).map(|_| post(&site, &site.owner, "/v1/installations", "k", &body));
    let all = futures_util::future::join_all(all).await;
    let mut ids = std::collections::BTreeSet::new();
    for got in all {
        match got.status.as_u16() {
            201 => drop(ids.insert(got.body["id"].as_str().unwrap().to_owned())),
            409 => drop(got.problem(409, "idempotency_in_progress")),
            _ => panic!("{got:?}"),
        }
    }
    assert_eq!(ids.len(), 1);
    let list = site.get(&site.owner, "/v1/installations").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_never_again() {
    let site = Site::new().await;
    let body = json!({ "name": "K", "scopes": ["view_all"] });
    let first = post(&site, &site.owner, "/v1/api-keys", "k", &body)
        .await
        .expect(201);
    assert!(first["key"].as_str().unwrap().starts_with("kw_"));
    let got = post(&site, &site.owner, "/v1/api-keys", "k", &body).await;
    got.problem(409, "idempotency_replay_secret");
    let list = site.get(&site.owner, "/v1/api-keys").await;
    assert!(!list.text.contains(first["key"].as_str().unwrap()));
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_effect_at_a_station_happens_once_even_without_an_answer() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let lock = site.lock(&installation, "LK1").await;
    let door = site.door(&lock, 1).await;
    let path = format!("/v1/doors/{door}/open");
    let body = json!({ "reason": "parcel" });
    for _ in 0..2 {
        let got = post(&site, &site.owner, &path, "a", &body)
            .await
            .expect(200);
        assert_eq!(got["status"], "Accepted");
    }
    assert_eq!(site.link.sent.lock().len(), 1);
    *site.link.answer.lock() = Err(CommandError::NoAnswer);
    for _ in 0..2 {
        let got = post(&site, &site.owner, &path, "b", &body).await;
        got.problem(504, "station_no_answer");
    }
    assert_eq!(site.link.sent.lock().len(), 2);
    // Nothing was sent to a station that is offline: it may be tried again.
    *site.link.answer.lock() = Err(CommandError::Offline);
    for _ in 0..2 {
        let got = post(&site, &site.owner, &path, "c", &body).await;
        got.problem(409, "station_offline");
    }
    assert_eq!(site.link.sent.lock().len(), 4);
}

#[tokio::test]
async fn the_key_is_looked_at_before_the_body_is_understood() {
    let site = Site::new().await;
    let send = |body: &'static str| {
        let request = Site::request(&site.owner, "POST", "/v1/installations")
            .header("content-type", "application/json")
            .header("idempotency-key", "k");
        site.send(request.body(Body::from(body)).unwrap())
    };
    send("{\"name\":\"One\"}").await.expect(201);
    send("rubbish").await.problem(422, "idempotency_key_reused");
}
