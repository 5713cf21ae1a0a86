//! Wrong messages and requests: a clear error, and nothing lost by it. The cases are in
//! tests/cases/bad_input.yaml.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::path::Path;

use keywatt_tests::facts::{Card, Charger, Installation, Person};
use keywatt_tests::wire::{Event201, Version};
use keywatt_tests::{Api, DEADLINE, Server, Wire, unique};
use serde::Deserialize;
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;
use simulator::transport::ConnectError;
use tokio::time::timeout;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    frames: Vec<FrameCase>,
    http: Vec<HttpCase>,
    handshakes: Vec<HandshakeCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameCase {
    name: String,
    #[serde(rename = "in")]
    versions: Vec<String>,
    text: Option<String>,
    binary: Option<String>,
    fill: Option<String>,
    times: Option<usize>,
    then: Yaml,
    /// How many transactions are recorded because of it.
    #[serde(default)]
    records: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpCase {
    name: String,
    method: String,
    path: String,
    body: Option<String>,
    bytes: Option<Vec<u8>>,
    #[serde(rename = "type", default = "json_type")]
    content_type: String,
    header: Option<(String, String)>,
    fill: Option<String>,
    times: Option<usize>,
    status: Yaml,
    code: Option<Yaml>,
    field: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandshakeCase {
    name: String,
    path: String,
    status: u16,
    code: String,
}

fn json_type() -> String {
    "application/json".to_owned()
}

fn cases() -> Cases {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/bad_input.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Puts the repeated text into its place.
fn filled(text: &str, fill: Option<&str>, times: Option<usize>) -> String {
    match (fill, times) {
        (Some(fill), Some(times)) => text.replace("@@", &fill.repeat(times)),
        (None, None) => text.to_owned(),
        _ => panic!("`fill` and `times` go together"),
    }
}

/// One, or several of which any will do, as texts.
fn any_of(value: &Yaml) -> Vec<String> {
    let text = |value: &Yaml| match value {
        Yaml::String(text) => text.clone(),
        Yaml::Number(number) => number.to_string(),
        other => panic!("neither text nor number: {other:?}"),
    };
    match value {
        Yaml::Sequence(several) => several.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

#[test]
fn there_are_more_than_sixty_cases() {
    let cases = cases();
    let frames: usize = cases.frames.iter().map(|case| case.versions.len()).sum();
    let all = frames + cases.http.len() + cases.handshakes.len();
    println!(
        "{frames} frames, {} requests, {} handshakes",
        cases.http.len(),
        cases.handshakes.len()
    );
    assert!(all >= 60, "{all}");
}

/// What must be as it was afterwards.
struct Scene {
    owner: Api,
    site: Installation,
    charger: Charger,
    person: Person,
    card: Card,
    before: Vec<Value>,
}

impl Scene {
    async fn set(server: &Server) -> Scene {
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        let (person, card) = owner.user(site.node()).await;
        Scene {
            owner,
            site,
            charger,
            person,
            card,
            before: Vec::new(),
        }
    }

    /// A charger that charges.
    async fn wire(&mut self, server: &Server, version: Version) -> Wire {
        let wire = Wire::booted(&server.endpoint(&self.charger.station_id, version)).await;
        let id = unique::message_id();
        match version {
            Version::V16 => {
                wire.start_16(&id, 1, &self.card.presented).await;
            }
            Version::V201 => {
                let event = Event201::started(&unique::message_id(), 1, &self.card.presented);
                wire.event(&id, &event).await;
            }
        }
        self.before = self.recorded().await;
        assert_eq!(self.before.len(), 1);
        wire
    }

    async fn recorded(&self) -> Vec<Value> {
        self.owner
            .list(&format!("/v1/transactions?charger={}", self.charger.id))
            .await
    }

    /// The same socket works, nothing was lost, and as much was recorded as said.
    async fn still_works(&mut self, wire: &Wire, records: usize) -> Result<(), String> {
        let told = wire.status_of(&self.card.presented).await;
        let mut now = self.recorded().await;
        let kept = self.before.iter().all(|before| now.contains(before));
        let new = now.len().saturating_sub(self.before.len());
        self.before = std::mem::take(&mut now);
        match (told.as_str(), kept) {
            ("Accepted", true) if new == records => Ok(()),
            ("Accepted", true) => Err(format!(
                "{new} transactions were recorded: {:?}",
                self.before
            )),
            ("Accepted", false) => Err("what was recorded has changed".to_owned()),
            (told, _) => Err(format!("the card is told {told} afterwards")),
        }
    }
}

#[tokio::test]
async fn a_bad_frame_of_1_6_gets_a_clear_error_and_loses_nothing() {
    check_frames(Version::V16, "1.6").await;
}

#[tokio::test]
async fn a_bad_frame_of_2_0_1_gets_a_clear_error_and_loses_nothing() {
    check_frames(Version::V201, "2.0.1").await;
}

async fn check_frames(version: Version, version_name: &str) {
    let server = Server::plain().await;
    let mut scene = Scene::set(&server).await;
    let wire = scene.wire(&server, version).await;
    let mut faults = Vec::new();
    let mut wire = wire;
    for case in cases().frames {
        if !case.versions.iter().any(|own| own == version_name) {
            continue;
        }
        let name = format!("{version_name}: {}", case.name);
        let then = case.then.get(version_name).unwrap_or(&case.then).clone();
        send(&wire, &case).await;
        if let Err(fault) = follows(&scene, &wire, &then).await {
            faults.push(format!("{name}: {fault}"));
        }
        if !wire.connection().is_open() {
            wire = Wire::connect(&server.endpoint(&scene.charger.station_id, version))
                .await
                .unwrap();
        }
        if let Err(fault) = scene.still_works(&wire, case.records).await {
            faults.push(format!("{name}: {fault}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

async fn send(wire: &Wire, case: &FrameCase) {
    let fill = |text: &String| filled(text, case.fill.as_deref(), case.times);
    match (&case.text, &case.binary) {
        (Some(text), None) => wire.text(fill(text)).await.unwrap(),
        (None, Some(bytes)) => wire.connection().send_binary(fill(bytes)).await.unwrap(),
        _ => panic!("{}: either text or binary", case.name),
    }
}

async fn follows(scene: &Scene, wire: &Wire, then: &Yaml) -> Result<(), String> {
    if then.as_str() == Some("silence") {
        // Whatever is answered comes before the answer to what is asked now.
        wire.status_of(&scene.card.presented).await;
        return match futures_util::FutureExt::now_or_never(wire.next_text()) {
            None => Ok(()),
            Some(said) => Err(format!("was to be passed over in silence; said {said:?}")),
        };
    }
    if let Some(code) = then.get("closed").and_then(Yaml::as_u64) {
        let closed = timeout(DEADLINE, wire.connection().closed()).await;
        let closed = closed.map_err(|_| "was not closed".to_owned())?;
        let as_wanted = closed.code.map(u64::from) == Some(code);
        return if as_wanted {
            Ok(())
        } else {
            Err(format!("was closed with {closed:?}"))
        };
    }
    let said = timeout(DEADLINE, wire.next_text())
        .await
        .map_err(|_| "no answer".to_owned())?;
    let said = said.ok_or("the connection was closed")?;
    let answer: Value = serde_json::from_str(&said).map_err(|_| format!("not JSON: {said}"))?;
    if then.as_str() == Some("result") {
        let is_result = answer[0] == 3 && answer[1] == "1" && answer[2].is_object();
        return if is_result {
            Ok(())
        } else {
            Err(format!("was to be taken; said {said}"))
        };
    }
    let codes = any_of(
        then.get("error")
            .unwrap_or_else(|| panic!("unknown form: {then:?}")),
    );
    let id = then.get("id").and_then(Yaml::as_str).unwrap_or("1");
    let is_error = answer[0] == 4
        && answer[1] == id
        && codes.iter().any(|code| answer[2] == code.as_str())
        && answer[4].is_object()
        && answer
            .as_array()
            .is_some_and(|elements| elements.len() == 5);
    let clear = answer[3]
        .as_str()
        .is_some_and(|text| (4..=255).contains(&text.chars().count()));
    match (is_error, clear) {
        (true, true) => Ok(()),
        (true, false) => Err(format!("does not say what is wrong: {said}")),
        (false, _) => Err(format!("was to be {codes:?} for `{id}`; said {said}")),
    }
}

#[tokio::test]
async fn a_bad_request_gets_a_problem_and_changes_nothing() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    let state = [
        "/v1/people",
        "/v1/installations",
        "/v1/chargers",
        "/v1/grants",
    ];
    let mut before = Vec::new();
    for path in state {
        before.push(scene.owner.list(path).await);
    }
    let mut faults = Vec::new();
    for case in cases().http {
        if let Err(fault) = check_request(&scene, &case).await {
            faults.push(format!("{}: {fault}", case.name));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    for (path, before) in state.iter().zip(before) {
        assert_eq!(scene.owner.list(path).await, before, "{path}");
    }
    let wire = Wire::booted(&server.endpoint(&scene.charger.station_id, Version::V16)).await;
    assert_eq!(wire.status_of(&scene.card.presented).await, "Accepted");
}

async fn check_request(scene: &Scene, case: &HttpCase) -> Result<(), String> {
    let with_ids = |text: &str| {
        text.replace("{installation}", &scene.site.id)
            .replace("{charger}", &scene.charger.id)
            .replace("{person}", &scene.person.id)
            .replace("{station}", &scene.charger.station_id)
    };
    let fill = |text: &str| filled(text, case.fill.as_deref(), case.times);
    let method = case.method.parse().unwrap();
    let mut request = scene.owner.request(method, &with_ids(&case.path));
    match (&case.body, &case.bytes) {
        (Some(body), None) => request = request.body(fill(&with_ids(body))),
        (None, Some(bytes)) => request = request.body(bytes.clone()),
        (None, None) => {}
        (Some(_), Some(_)) => panic!("{}: either body or bytes", case.name),
    }
    if case.body.is_some() || case.bytes.is_some() {
        request = request.header("content-type", &case.content_type);
    }
    if let Some((name, value)) = &case.header {
        request = request.header(name, fill(value));
    }
    let answer = scene.owner.send(request).await;
    let status = any_of(&case.status).contains(&answer.status.to_string());
    let code = case
        .code
        .as_ref()
        .is_none_or(|code| any_of(code).iter().any(|code| answer.code() == Some(code)));
    let field = case.field.as_ref().is_none_or(|field| {
        answer.body["errors"]
            .as_array()
            .is_some_and(|errors| errors.iter().any(|error| error["field"] == field.as_str()))
    });
    let problem = answer
        .headers
        .get("content-type")
        .map(|value| value.as_bytes())
        == Some(b"application/problem+json")
        && ["type", "title", "detail"]
            .iter()
            .all(|name| answer.body[name].is_string())
        && answer.body["status"] == answer.status;
    if status && code && field && problem {
        Ok(())
    } else {
        Err(answer.to_string())
    }
}

#[tokio::test]
async fn a_bad_handshake_is_refused_in_plain_words() {
    let server = Server::plain().await;
    let mut faults = Vec::new();
    for case in cases().handshakes {
        let mut endpoint = server.endpoint("CP1", Version::V16);
        endpoint.raw_path = Some(case.path.clone());
        match Wire::connect(&endpoint).await {
            Err(ConnectError::Refused { status, body, .. }) => {
                let said: Value = serde_json::from_str(&body).unwrap_or(json!({}));
                if status != case.status || said["code"] != case.code.as_str() {
                    faults.push(format!("{}: {status} {body}", case.name));
                }
            }
            Err(error) => faults.push(format!("{}: {error}", case.name)),
            Ok(_) => faults.push(format!("{}: was let in", case.name)),
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
