//! The forms of requests and answers: problems, headers, bad input.

use axum::body::Body;
use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let site = Site::new().await;
    for path in ["/nowhere", "/v1/nowhere", "/v1/chargers/x/y/z", "/v1"] {
        site.get(&site.owner, path).await.problem(404, "not_found");
    }
    let got = site.delete(&site.owner, "/v1/me").await;
    assert!(got.header("allow").contains("GET"), "{got:?}");
    got.problem(405, "method_not_allowed");
    site.post(&site.owner, "/healthz", json!({}))
        .await
        .problem(405, "method_not_allowed");
}

#[tokio::test]
async fn every_answer_has_an_id_and_the_security_headers() {
    let site = Site::new().await;
    let mut ids = std::collections::BTreeSet::new();
    for path in [
        "/v1/me",
        "/nowhere",
        "/",
        "/healthz",
        "/docs/",
        "/openapi.json",
    ] {
        let got = site.get(&site.owner, path).await;
        assert!(
            ids.insert(got.header("keywatt-request-id").to_owned()),
            "{path}"
        );
        assert_eq!(got.header("keywatt-request-id").len(), 36, "{path}");
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(got.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(got.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            got.header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(
            !got.header("strict-transport-security").is_empty(),
            "{path}"
        );
    }
    assert_eq!(
        site.get(&site.owner, "/v1/me")
            .await
            .header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn bad_bodies_are_told_with_the_field_at_fault() {
    let site = Site::new().await;
    let path = "/v1/installations";
    site.post(&site.owner, path, json!({ "nmae": "x" }))
        .await
        .faults(&[("nmae", "unknown")]);
    site.post(&site.owner, path, json!({ "name": 7 }))
        .await
        .faults(&[("name", "invalid")]);
    let several = json!({ "name": "x".repeat(201), "time_zone": "Europe/Atlantis" });
    site.post(&site.owner, path, several)
        .await
        .faults(&[("name", "too_long"), ("time_zone", "unknown")]);
    let big = json!({ "metadata": { "x": "y".repeat(17 * 1024) } });
    site.post(&site.owner, path, big)
        .await
        .faults(&[("metadata", "too_long")]);
    let flag = json!({ "authorization_required": "maybe" });
    site.post(&site.owner, path, flag)
        .await
        .faults(&[("authorization_required", "invalid")]);

    for (kind, body, status, code) in [
        ("application/json", "{\"name\":", 400, "invalid_json"),
        ("application/json", "not json", 400, "invalid_json"),
        ("application/json", "{} trailing", 400, "invalid_json"),
        ("application/json", "\u{feff}{}", 400, "invalid_json"),
        ("text/plain", "{}", 415, "unsupported_media_type"),
        (
            "application/x-www-form-urlencoded",
            "name=x",
            415,
            "unsupported_media_type",
        ),
    ] {
        let request = Site::request(&site.owner, "POST", path).header("content-type", kind);
        let got = site.send(request.body(Body::from(body)).unwrap()).await;
        got.problem(status, code);
    }
    let deep = format!(
        "{{\"metadata\":{}1{}}}",
        "{\"a\":".repeat(300),
        "}".repeat(300)
    );
    for body in [deep.into_bytes(), vec![0xff, 0xfe, 0x00]] {
        let request =
            Site::request(&site.owner, "POST", path).header("content-type", "application/json");
        let got = site.send(request.body(Body::from(body)).unwrap()).await;
        got.problem(400, "invalid_json");
    }
    // Nothing of it was written.
    let list = site.get(&site.owner, path).await.expect(200);
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn bodies_over_a_mebibyte_are_refused_announced_or_not() {
    let site = Site::new().await;
    let body = vec![b' '; 1024 * 1024 + 1];
    let request = || {
        Site::request(&site.owner, "POST", "/v1/installations")
            .header("content-type", "application/json")
    };
    let announced = request()
        .header("content-length", body.len())
        .body(Body::from(body.clone()));
    site.send(announced.unwrap())
        .await
        .problem(413, "body_too_large");
    let chunks = futures_util::stream::iter(
        body.chunks(4096)
            .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
            .collect::<Vec<_>>(),
    );
    let streamed = request().body(Body::from_stream(chunks));
    site.send(streamed.unwrap())
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn what_is_no_id_names_nothing() {
    let site = Site::new().await;
    for path in [
        "/v1/chargers/1",
        "/v1/people/%00",
        "/v1/grants/not-a-uuid",
        "/v1/stations/%ff",
    ] {
        site.get(&site.owner, path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn bad_queries_and_headers_are_told() {
    let site = Site::new().await;
    for query in ["limit=0", "limit=201", "limit=x", "limit=-1", "unknown=1"] {
        let path = format!("/v1/chargers?{query}");
        site.get(&site.owner, &path)
            .await
            .problem(400, "invalid_query");
    }
    for query in [
        "cursor=rubbish",
        "cursor=",
        "cursor=00000000-0000-0000-0000-000000000000~x",
    ] {
        let path = format!("/v1/chargers?{query}");
        site.get(&site.owner, &path)
            .await
            .faults(&[("cursor", "invalid")]);
    }
    let path = "/v1/decisions?reason=BECAUSE";
    site.get(&site.owner, path)
        .await
        .faults(&[("reason", "unknown")]);
    let path = "/v1/transactions?from=yesterday";
    site.get(&site.owner, path)
        .await
        .problem(400, "invalid_query");
    for (name, value) in [
        ("keywatt-min-revision", "x"),
        ("keywatt-min-revision", "-1"),
    ] {
        let got = site
            .with(&site.owner, "GET", "/v1/me", &[(name, value)], None)
            .await;
        got.problem(400, "invalid_header");
    }
}

#[tokio::test]
async fn a_change_tells_its_revision_and_a_read_can_wait_for_it() {
    let site = Site::new().await;
    let got = site.post(&site.owner, "/v1/installations", json!({})).await;
    let revision: i64 = got.header("keywatt-revision").parse().unwrap();
    let there = revision.to_string();
    let read = |revision: String| async move {
        let headers = [("keywatt-min-revision", revision.as_str())];
        site.with(&site.owner, "GET", "/v1/installations", &headers, None)
            .await
    };
    read(there).await.expect(200);
    let site = Site::new().await;
    let ahead = [("keywatt-min-revision", "999999")];
    let got = site
        .with(&site.owner, "GET", "/v1/installations", &ahead, None)
        .await;
    got.problem(503, "revision_not_reached");
}

#[tokio::test]
async fn health_is_open_and_tells_the_truth() {
    let site = Site::new().await;
    site.get("", "/healthz").await.expect(200);
    assert_eq!(site.get("", "/readyz").await.expect(200)["status"], "ready");
    let got = site.get("", "/metrics").await;
    assert_eq!(got.status, 200);
    assert!(got.header("content-type").starts_with("text/plain"));
    let got = site.get("", "/").await;
    assert!(got.text.contains("/docs"), "{}", got.text);
    site.app.store.close().await;
    site.get("", "/readyz").await.problem(503, "not_ready");
    site.get("", "/healthz").await.expect(200);
}
