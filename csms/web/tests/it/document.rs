//! The OpenAPI document: in step with the code, complete, and served.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::site::Site;

/// Set to write the document anew: `KEYWATT_WRITE_SCHEMAS=1 cargo test -p web`.
const WRITE: &str = "KEYWATT_WRITE_SCHEMAS";

/// What needs no credentials of ours.
const OPEN: [&str; 3] = [
    "create_session",
    "look_at_invitation",
    "register_by_invitation",
];

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json")
}

fn document() -> Value {
    serde_json::from_str(&serde_json::to_string(&web::openapi()).unwrap()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item[method].is_object() {
                operations.push((method.to_owned(), path.clone(), item[method].clone()));
            }
        }
    }
    operations
}

#[test]
fn the_checked_in_document_is_that_of_the_code() {
    let text = format!("{}\n", web::openapi().to_pretty_json().unwrap());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(file(), &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(
        checked_in == text,
        "schemas/openapi.json is not in step: run `{WRITE}=1 cargo test -p web`"
    );
}

#[test]
fn every_operation_has_an_id_a_summary_and_its_errors() {
    let document = document();
    let operations = operations(&document);
    assert!(operations.len() > 60, "{}", operations.len());
    let mut ids = BTreeSet::new();
    for (method, path, operation) in &operations {
        let place = format!("{method} {path}");
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{place}: no id"));
        assert!(ids.insert(id), "{place}: `{id}` twice");
        assert!(operation["summary"].is_string(), "{place}: no summary");
        assert!(operation["tags"][0].is_string(), "{place}: no tag");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{place}: no success"
        );
        let mut expected = vec!["401", "429", "500", "503"];
        if method != "get" {
            expected.extend(["409", "413", "415", "422"]);
        }
        if path.contains('{') {
            expected.push("404");
        }
        for status in expected {
            let schema = &responses
                .get(status)
                .unwrap_or_else(|| panic!("{place}: no {status}"))["content"]["application/problem+json"]
                ["schema"];
            assert_eq!(
                schema["$ref"], "#/components/schemas/Problem",
                "{place} {status}"
            );
        }
        let secured = operation.get("security");
        let open = OPEN.contains(&id);
        let device = ["ask_door_access", "tell_door_events"].contains(&id);
        assert_eq!(secured.is_some(), open || device, "{place}: {secured:?}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_no_schema_is_idle() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut named = BTreeSet::new();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(name)) = fields.get("$ref") {
                    named.insert(name.trim_start_matches("#/components/schemas/").to_owned());
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let known: BTreeSet<String> = schemas.keys().cloned().collect();
    assert_eq!(
        named.difference(&known).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(
        known.difference(&named).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

#[tokio::test]
async fn the_document_and_its_pages_are_served() {
    let site = Site::new().await;
    assert_eq!(site.get("", "/openapi.json").await.expect(200), document());
    let got = site.get("", "/docs/").await;
    assert!(got.text.contains("swagger-ui"), "{}", got.text);
    assert!(
        !got.text.contains("https://"),
        "the pages bring everything themselves"
    );
    let init = site.get("", "/docs/swagger-initializer.js").await;
    assert!(init.text.contains("/openapi.json"), "{}", init.text);
}

#[tokio::test]
async fn every_route_of_the_document_wants_credentials() {
    let site = Site::new().await;
    let nowhere = "00000000-0000-0000-0000-000000000000";
    for (method, path, operation) in operations(&document()) {
        let id = operation["operationId"].as_str().unwrap();
        let open = OPEN.contains(&id);
        let path = path
            .replace("{id}", nowhere)
            .replace("{station_id}", "X")
            .replace("{action}", "Reset");
        let body = json!({});
        let body = (method != "get").then_some(&body);
        let got = site
            .with("", &method.to_uppercase(), &path, &[], body)
            .await;
        let expected = if open { 422 } else { 401 };
        assert_eq!(
            got.status.as_u16(),
            expected,
            "{method} {path}: {}",
            got.text
        );
    }
}
