//! What a station says of its settings: asked for in small pieces, kept, readable while it is away.

use std::collections::HashSet;

use keywatt_tests::wire::Scripted;
use keywatt_tests::{DEADLINE, Version, Wire, eventually};
use rpc::ErrorCode;
use serde_json::{Value, json};

use crate::{BOTH, Scene};

const SECRET: &str = "0123456789abcdefSECRET";

fn question(version: Version) -> (&'static str, &'static str) {
    match version {
        Version::V16 => ("GetConfiguration", "key"),
        Version::V201 => ("GetVariables", "getVariableData"),
    }
}

/// A station that takes three at once, knows its heartbeat, and tells a secret.
fn told(version: Version) -> Value {
    let variable = |component: &str, name: &str, instance: Option<&str>, value: &str| {
        let mut variable = json!({ "name": name });
        if let Some(instance) = instance {
            variable["instance"] = json!(instance);
        }
        json!({
            "attributeStatus": "Accepted", "attributeValue": value,
            "component": { "name": component }, "variable": variable,
        })
    };
    match version {
        Version::V16 => json!({
            "configurationKey": [
                { "key": "GetConfigurationMaxKeys", "readonly": true, "value": "3" },
                { "key": "HeartbeatInterval", "readonly": false, "value": "86400" },
                { "key": "AuthorizationKey", "readonly": false, "value": SECRET },
            ],
        }),
        Version::V201 => json!({ "getVariableResult": [
            variable("DeviceDataCtrlr", "ItemsPerMessage", Some("GetVariables"), "3"),
            variable("OCPPCommCtrlr", "HeartbeatInterval", None, "86400"),
            variable("SecurityCtrlr", "BasicAuthPassword", None, SECRET),
        ]}),
    }
}

impl Scene {
    async fn configuration(&self) -> Value {
        self.owner.get(&self.path("/configuration")).await.ok()
    }

    async fn begin(&self, body: Value) -> Value {
        let path = self.path("/configuration");
        self.owner.post(&path, body).await.expect(202)
    }

    async fn ended(&self, state: &str) -> Value {
        eventually(&format!("the reading is {state}"), DEADLINE, || async {
            let body = self.configuration().await;
            (body["reading"]["state"] == state).then_some(body)
        })
        .await
    }

    async fn booted(&self, version: Version) -> Wire {
        let endpoint = self.server.endpoint(&self.charger.station_id, version);
        Wire::booted(&endpoint).await
    }
}

fn item<'a>(body: &'a Value, name: &str) -> &'a Value {
    let items = body["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {body}"))
}

#[tokio::test]
async fn q35_settings_are_asked_for_in_small_pieces_and_kept_while_the_station_is_away() {
    for version in BOTH {
        let scene = Scene::set(&["--configuration-keys", "7"]).await;
        let wire = scene.booted(version).await;
        let (action, field) = question(version);
        wire.commands
            .script(action, Scripted::Result(told(version)));
        let begun = scene.begin(json!({})).await;
        assert_eq!(begun["reading"]["state"], "running", "{begun}");
        let total = begun["reading"]["total"].as_u64().unwrap();
        assert!(total > 40, "{begun}");
        let body = scene.ended("done").await;
        assert_eq!(body["reading"]["asked"], total);

        let questions = wire.commands.received(action);
        let sizes: Vec<usize> = questions
            .iter()
            .map(|question| question[field].as_array().unwrap().len())
            .collect();
        assert_eq!(sizes[0], 7, "as the deployment says");
        assert!(
            sizes[1..].iter().all(|size| *size <= 3),
            "as the station says: {sizes:?}"
        );
        assert_eq!(
            sizes.iter().sum::<usize>() as u64,
            total,
            "nothing is asked twice"
        );
        let asked: HashSet<String> = questions
            .iter()
            .flat_map(|question| question[field].as_array().unwrap().clone())
            .map(|one| one.to_string())
            .collect();
        assert_eq!(asked.len() as u64, total);

        let (heartbeat, secret) = match version {
            Version::V16 => ("HeartbeatInterval", "AuthorizationKey"),
            Version::V201 => (
                "OCPPCommCtrlr.HeartbeatInterval",
                "SecurityCtrlr.BasicAuthPassword",
            ),
        };
        wire.close().await;
        let body = scene.configuration().await;
        let known = item(&body, heartbeat);
        assert_eq!(
            (&known["state"], &known["value"]),
            (&json!("known"), &json!("86400"))
        );
        assert!(known["read_at"].is_string());
        let hidden = item(&body, secret);
        assert_eq!(
            (&hidden["state"], &hidden["value"]),
            (&json!("hidden"), &Value::Null)
        );
        assert!(!body.to_string().contains(SECRET));
        assert!(!scene.server.output().contains(SECRET));
        let path = scene.path(&format!("/configuration?keys={heartbeat},nothing"));
        let some = scene.owner.get(&path).await.ok();
        assert_eq!(some["items"].as_array().unwrap().len(), 1, "{some}");

        // Not in the database either.
        let mut scene = scene;
        assert_eq!(scene.server.terminate(), 0);
        for entry in std::fs::read_dir(scene.server.folder()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
            let found = bytes
                .windows(SECRET.len())
                .any(|window| window == SECRET.as_bytes());
            assert!(!found, "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_station_that_refuses_many_at_once_is_asked_one_by_one() {
    for version in BOTH {
        let scene = Scene::set(&[]).await;
        let wire = scene.booted(version).await;
        let (action, field) = question(version);
        wire.commands
            .script(action, Scripted::Error(ErrorCode::InternalError));
        let keys = ["A.One", "A.Two", "A.Three", "A.one"];
        let begun = scene.begin(json!({ "keys": keys })).await;
        assert_eq!(
            begun["reading"]["total"], 3,
            "the same name twice is one: {begun}"
        );
        let body = scene.ended("done").await;
        for name in ["A.One", "A.Two", "A.Three"] {
            assert_eq!(item(&body, name)["state"], "refused");
        }
        let sizes: Vec<usize> = wire
            .commands
            .received(action)
            .iter()
            .map(|question| question[field].as_array().unwrap().len())
            .collect();
        assert_eq!(sizes, [3, 1, 1, 1]);
    }
}

#[tokio::test]
async fn a_reading_ends_with_the_connection_and_only_one_goes_on_at_a_time() {
    for version in BOTH {
        let scene = Scene::set(&[]).await;
        let wire = scene.booted(version).await;
        let (action, _) = question(version);
        wire.commands.script(action, Scripted::Silence);
        scene.begin(json!({})).await;
        wire.commands.wait_for(action, 1).await;
        let path = scene.path("/configuration");
        let second = scene.owner.post(&path, json!({})).await;
        second.problem(409, "configuration_is_read");
        wire.close().await;
        let body = scene.ended("stopped").await;
        let problem = body["reading"]["problem"].as_str().unwrap();
        assert!(problem.contains("disconnected"), "{problem}");
        let away = scene.owner.post(&path, json!({})).await;
        away.problem(409, "station_offline");
    }
}

#[tokio::test]
async fn names_that_are_none_are_told_and_nothing_is_asked() {
    let scene = Scene::set(&[]).await;
    let wire = scene.booted(Version::V201).await;
    let path = scene.path("/configuration");
    for (keys, field) in [
        (json!(["A.B", ""]), "keys[1]"),
        (json!(["HeartbeatInterval"]), "keys[0]"),
        (json!(["x".repeat(251)]), "keys[0]"),
        (json!(vec!["A.B"; 501]), "keys"),
    ] {
        let refused = scene.owner.post(&path, json!({ "keys": keys })).await;
        let problem = refused.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let malformed = scene.owner.post(&path, json!({ "keys": ["A[.B"] })).await;
    assert_eq!(malformed.status, 202);
    let body = scene.ended("stopped").await;
    assert!(
        body["reading"]["problem"]
            .as_str()
            .unwrap()
            .contains("A[.B"),
        "{body}"
    );
    assert!(wire.commands.all().is_empty());
}
