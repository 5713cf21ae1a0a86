//! Server-Sent Events.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use model::{NodeId, PersonId};
use serde_json::json;

use crate::site::{Site, noon};

/// What comes until it holds a text; the rest is not waited for.
async fn until(body: &mut Body, text: &str) -> String {
    let mut seen = String::new();
    let read = async {
        while !seen.contains(text) {
            let frame = body.frame().await.expect("the stream goes on").unwrap();
            seen.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .unwrap();
    seen
}

fn tell(site: &Site, kind: &'static str, node: &str, person: Option<&str>) {
    let node = NodeId(node.parse().unwrap());
    let person = person.map(|id| PersonId(id.parse().unwrap()));
    site.app.events.tell(noon(), kind, node, person, json!({}));
}

async fn watch(site: &Site, key: &str, last: Option<&str>) -> Body {
    let mut request = Site::request(key, "GET", "/v1/events");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = site.stream(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body()
}

#[tokio::test]
async fn a_watcher_sees_what_it_may_and_what_concerns_it() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let (ann, token) = site
        .with_role("ann@example.com", "user", "installation", &installation)
        .await;
    let mut owner = watch(&site, &site.owner, None).await;
    let mut driver = watch(&site, &token, None).await;
    tell(&site, "of.nobody", &installation, None);
    tell(&site, "of.ann", &installation, Some(&ann));
    tell(&site, "the.end", &installation, Some(&ann));
    let seen = until(&mut owner, "the.end").await;
    assert!(
        seen.contains("event: of.nobody") && seen.contains("event: of.ann"),
        "{seen}"
    );
    let seen = until(&mut driver, "the.end").await;
    assert!(
        !seen.contains("of.nobody") && seen.contains("of.ann"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_watcher_comes_back_where_it_left_and_is_told_of_gaps() {
    let site = Site::new().await;
    let installation = site.installation().await;
    for kind in ["one", "two", "three"] {
        tell(&site, kind, &installation, None);
    }
    let mut body = watch(&site, &site.owner, Some("0-0")).await;
    let seen = until(&mut body, "event: three").await;
    assert!(
        seen.starts_with("event: gap"),
        "another run of the process: {seen}"
    );
    let id = seen
        .split("id: ")
        .nth(1)
        .unwrap()
        .split('\n')
        .next()
        .unwrap();
    let mut body = watch(&site, &site.owner, Some(id)).await;
    let seen = until(&mut body, "event: three").await;
    assert!(
        !seen.contains("gap") && !seen.contains("event: one"),
        "{seen}"
    );
    assert!(seen.contains("event: two"), "{seen}");
}

#[tokio::test]
async fn nobody_watches_without_credentials() {
    let site = Site::new().await;
    site.get("", "/v1/events")
        .await
        .problem(401, "unauthenticated");
}
