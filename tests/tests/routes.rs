//! Every route of the API, asked by everybody: the table of who gets what is checked in.
//!
//! The routes are those of `/openapi.json`. A route without a line must be listed in
//! `cases/routes-open.yaml`, which may only shrink, and is empty.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use keywatt_tests::api::encode;
use keywatt_tests::facts::{Charger, Installation, Lock, Person, instant, text};
use keywatt_tests::site::organisation_of;
use keywatt_tests::wire::{Presented, Version};
use keywatt_tests::{Api, DEADLINE, Server, Wire, cases, eventually, unique};
use serde::Deserialize;
use serde_json::{Value, json};

/// A line of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Method and path, as in the OpenAPI document.
    route: String,
    /// What is sent; texts that begin with `$` are filled in.
    body: Option<Value>,
    /// What is sent as CSV, in place of a body in JSON.
    csv: Option<String>,
    /// Appended to the path.
    query: Option<String>,
    /// The answers.
    answers: BTreeMap<Who, u16>,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    /// Without credentials.
    Nobody,
    /// Owner of the organisation.
    Owner,
    /// User of the installation.
    User,
    /// Service partner of the installation.
    Service,
    /// A person of the organisation without any grant.
    Member,
    /// Owner of another organisation.
    Outsider,
    /// A door's controller, with its device key.
    Device,
}

impl Who {
    const ALL: [Who; 7] = [
        Who::Nobody,
        Who::Owner,
        Who::User,
        Who::Service,
        Who::Member,
        Who::Outsider,
        Who::Device,
    ];

    const fn name(self) -> &'static str {
        match self {
            Who::Nobody => "nobody",
            Who::Owner => "owner",
            Who::User => "user",
            Who::Service => "service",
            Who::Member => "member",
            Who::Outsider => "outsider",
            Who::Device => "device",
        }
    }
}

#[tokio::test]
async fn every_route_has_a_line_and_no_line_is_stale() {
    let server = Server::plain().await;
    let routes = routes(&server).await;
    let lines: Vec<Line> = cases::read("routes.yaml");
    let told: BTreeSet<String> = lines.iter().map(|line| line.route.clone()).collect();
    assert_eq!(told.len(), lines.len(), "a route has two lines");
    let open: BTreeSet<String> = cases::read::<Vec<String>>("routes-open.yaml")
        .into_iter()
        .collect();
    assert!(
        open.is_empty(),
        "the list of routes without a line was empty already"
    );

    let without: Vec<&String> = routes
        .iter()
        .filter(|route| !told.contains(*route))
        .collect();
    assert!(without.is_empty(), "routes without a line: {without:#?}");
    let stale: Vec<&String> = told
        .iter()
        .filter(|route| !routes.contains(*route))
        .collect();
    assert!(stale.is_empty(), "lines without a route: {stale:#?}");
    for line in &lines {
        let missing: Vec<&str> = Who::ALL
            .into_iter()
            .filter(|who| !line.answers.contains_key(who))
            .map(Who::name)
            .collect();
        assert!(
            missing.is_empty(),
            "{}: nothing is said of {missing:?}",
            line.route
        );
    }
}

#[tokio::test]
async fn every_caller_gets_what_the_table_says() {
    let world = World::make().await;
    let mut wrong = Vec::new();
    for line in cases::read::<Vec<Line>>("routes.yaml") {
        let mut seen = BTreeMap::new();
        for who in Who::ALL {
            let answer = world.ask(&line, who).await;
            seen.insert(who, answer.status);
            if Some(&answer.status) != line.answers.get(&who) {
                wrong.push(format!("{} {answer}", who.name()));
            }
            check_form(&answer);
            if who == Who::Outsider {
                let leaks = answer.text.contains(&world.organisation);
                assert!(
                    !leaks,
                    "another organisation is shown what is here: {answer}"
                );
            }
        }
        if seen != line.answers {
            let row: Vec<String> = seen
                .iter()
                .map(|(who, status)| format!("{}: {status}", who.name()))
                .collect();
            wrong.push(format!("  {}\n  {}", line.route, row.join("\n  ")));
        }
    }
    assert!(
        wrong.is_empty(),
        "the table says otherwise:\n{}",
        wrong.join("\n")
    );
}

/// Errors are problems (RFC 9457), and none is ours.
fn check_form(answer: &keywatt_tests::Response) {
    assert!(answer.status != 500, "{answer}");
    if answer.status >= 400 {
        let kind = answer
            .headers
            .get("content-type")
            .and_then(|value| value.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{answer}");
        assert!(answer.code().is_some(), "{answer}");
    }
}

/// Method and path of every route of the OpenAPI document.
async fn routes(server: &Server) -> BTreeSet<String> {
    let document = server.anonymous().get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().expect("paths");
    let mut routes = BTreeSet::new();
    for (path, item) in paths {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item[method].is_object() {
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    assert!(routes.len() > 40, "{} routes only", routes.len());
    routes
}

/// An organisation with something of everything, and those who ask.
struct World {
    server: Server,
    callers: BTreeMap<Who, Api>,
    owner: Api,
    organisation: String,
    site: Installation,
    charger: Charger,
    lock: Lock,
    user: Person,
    service: Person,
    doors: AtomicU32,
    transaction: String,
    decision: String,
}

impl World {
    async fn make() -> World {
        let mut server = Server::plain().await;
        // With SQLite the server must not be running while an owner is made.
        server.kill_9();
        let other = server.create_owner(&unique::email(), Some("Another organisation"));
        server.start_again();
        let owner = server.owner();
        let outsider = server.api(&other);
        let organisation = organisation_of(&owner).await;
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        let lock = owner.lock(&site).await;
        let (user, as_user) = owner.person_with_login().await;
        owner.grant(&user, "user", site.node()).await;
        let (service, as_service) = owner.person_with_login().await;
        owner.grant(&service, "service", site.node()).await;
        let (_, as_member) = owner.person_with_login().await;
        // An owner of this organisation, so that the first one is never the last.
        let second = owner.person().await;
        owner
            .grant(&second, "owner", ("organisation", &organisation))
            .await;

        let card = Presented::card(&unique::card());
        let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
        let id = unique::message_id();
        let started = wire.start_16(&id, 1, &card).await;
        wire.stop_16(&unique::message_id(), started.transaction_id, None)
            .await;
        let decision = text(&owner.decision(&charger.station_id, &id).await.row, "id");
        let list = owner
            .list(&format!("/v1/transactions?charger={}", charger.id))
            .await;
        let transaction = text(&list[0], "id");
        wire.close().await;
        let callers = BTreeMap::from([
            (Who::Nobody, server.anonymous()),
            (Who::Owner, owner.clone()),
            (Who::User, as_user),
            (Who::Service, as_service),
            (Who::Member, as_member),
            (Who::Outsider, outsider),
            (Who::Device, server.api(&owner.device_key(&lock).await)),
        ]);
        World {
            server,
            callers,
            owner,
            organisation,
            site,
            charger,
            lock,
            user,
            service,
            doors: AtomicU32::new(1),
            transaction,
            decision,
        }
    }

    async fn ask(&self, line: &Line, who: Who) -> keywatt_tests::Response {
        let (method, path) = line.route.split_once(' ').expect("method and path");
        let mut path = self.fill_path(path).await;
        let is_emergency = path.ends_with("/lockdown") || path.ends_with("/evacuation");
        if is_emergency && method != "PUT" {
            let reason = json!({ "reason": "Drill" });
            let begun = self.owner.call("PUT", &path, Some(&reason)).await;
            drop(begun.expect(200));
        }
        if let Some(query) = &line.query {
            path = format!("{path}?{}", self.fill_text(query).await);
        }
        let mut body = line.body.clone();
        if let Some(body) = &mut body {
            self.fill(body).await;
        }
        let caller = match line.route.as_str() {
            // A session that ends would be missed by the lines to come; and whoever is in two
            // organisations must say which one they mean.
            "DELETE /v1/sessions" | "POST /v1/organisations" => self.fresh(who).await,
            _ => self.callers[&who].clone(),
        };
        if path == "/v1/events" {
            return head_of_stream(&caller, &path).await;
        }
        if let Some(csv) = &line.csv {
            let request = caller.request(method.parse().unwrap(), &path);
            let request = request.header("content-type", "text/csv");
            return caller.send(request.body(csv.clone())).await;
        }
        caller.call(method, &path, body.as_ref()).await
    }

    /// A caller like this one; those with a session get one of their own.
    async fn fresh(&self, who: Who) -> Api {
        let role = match who {
            Who::User => Some("user"),
            Who::Service => Some("service"),
            Who::Member => None,
            Who::Nobody | Who::Owner | Who::Outsider | Who::Device => {
                return self.callers[&who].clone();
            }
        };
        let (person, session) = self.owner.person_with_login().await;
        if let Some(role) = role {
            self.owner.grant(&person, role, self.site.node()).await;
        }
        session
    }

    /// An installation in which the callers hold what they hold in the shared one.
    async fn installation(&self) -> String {
        let made = self.owner.installation().await;
        self.owner.grant(&self.user, "user", made.node()).await;
        self.owner
            .grant(&self.service, "service", made.node())
            .await;
        made.id
    }

    /// Puts things of the organisation in the place of the parameters, made for this request.
    async fn fill_path(&self, path: &str) -> String {
        let mut filled = Vec::new();
        let mut collection = "";
        for segment in path.split('/') {
            if segment.starts_with('{') {
                filled.push(encode(&self.thing(collection, segment).await));
            } else {
                collection = segment;
                filled.push(segment.to_owned());
            }
        }
        filled.join("/")
    }

    async fn thing(&self, collection: &str, parameter: &str) -> String {
        let owner = &self.owner;
        match collection {
            "organisations" => self.organisation.clone(),
            "installations" => self.installation().await,
            "areas" => {
                let fields = json!({ "name": "A", "parent_id": self.site.id, "kind": "floor" });
                text(&owner.post("/v1/areas", fields).await.expect(201), "id")
            }
            "chargers" => owner.charger(&self.site, 1).await.id,
            "locks" => owner.lock(&self.site).await.id,
            "doors" => {
                let number = self.doors.fetch_add(1, Ordering::Relaxed);
                let fields = json!({ "remote_open": true });
                owner.door_with(&self.lock, number, fields).await.id
            }
            "people" => {
                owner
                    .person_with(json!({ "email": unique::email() }))
                    .await
                    .id
            }
            "credentials" => {
                let person = owner.person().await;
                owner.card(&person).await.id
            }
            "enrol" => {
                let person = owner.person().await.id;
                let charger = owner.charger(&self.site, 1).await.id;
                let fields = json!({ "person_id": person, "at": { "charger": charger } });
                let made = owner.post("/v1/credentials/enrol", fields).await;
                text(&made.expect(201), "id")
            }
            "unknown-cards" => self.unknown_card().await,
            "grants" => {
                let person = owner.person().await;
                owner.grant(&person, "user", self.site.node()).await
            }
            "rules" => {
                let fields = json!({
                    "people_tag_id": self.tag().await,
                    "resource": { "installation": self.site.id },
                });
                text(&owner.post("/v1/rules", fields).await.expect(201), "id")
            }
            "tags" => {
                let tag = text(
                    &owner
                        .post("/v1/tags", json!({ "name": "T" }))
                        .await
                        .expect(201),
                    "id",
                );
                let member = json!({ "person": self.user.id });
                drop(
                    owner
                        .post(&format!("/v1/tags/{tag}/members"), member)
                        .await
                        .expect(201),
                );
                tag
            }
            "members" => self.user.id.clone(),
            "schedules" => {
                let fields = json!({ "slots": [] });
                text(&owner.post("/v1/schedules", fields).await.expect(201), "id")
            }
            "calendars" => {
                let fields = json!({ "dates": [] });
                text(&owner.post("/v1/calendars", fields).await.expect(201), "id")
            }
            "api-keys" => {
                let fields = json!({ "name": "K", "scopes": ["view_all"] });
                text(&owner.post("/v1/api-keys", fields).await.expect(201), "id")
            }
            "transactions" => self.transaction.clone(),
            "decisions" => self.decision.clone(),
            "stations" => owner.charger(&self.site, 1).await.station_id,
            "ocpp" => "ClearCache".to_owned(),
            other => panic!("nothing is known for {parameter} after {other}"),
        }
    }

    /// A card that nobody has, presented at a door of its own.
    async fn unknown_card(&self) -> String {
        let number = self.doors.fetch_add(1, Ordering::Relaxed);
        let door = self.owner.door_with(&self.lock, number, json!({})).await.id;
        let tap = json!({ "kind": "rfid", "value": unique::card() });
        let path = format!("/v1/doors/{door}/access");
        self.callers[&Who::Device]
            .post(&path, tap)
            .await
            .expect(200);
        eventually("the card is in the inbox", DEADLINE, || async {
            let inbox = self.owner.list("/v1/unknown-cards").await;
            let row = inbox.iter().find(|row| row["node_id"] == door)?;
            Some(text(row, "id"))
        })
        .await
    }

    async fn tag(&self) -> String {
        let made = self.owner.post("/v1/tags", json!({ "name": "T" })).await;
        text(&made.expect(201), "id")
    }

    async fn fill(&self, value: &mut Value) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) if text.starts_with('$') => {
                    let filled = self.fill_text(text).await;
                    let number = filled.parse::<u32>().ok().filter(|_| *text == "$number");
                    *value = number.map_or(Value::String(filled), Value::from);
                }
                Value::Array(items) => open.extend(items.iter_mut()),
                Value::Object(fields) => open.extend(fields.values_mut()),
                Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
    }

    async fn fill_text(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        if filled.contains("$tag") {
            filled = filled.replace("$tag", &self.tag().await);
        }
        for (name, value) in [
            ("$organisation", self.organisation.clone()),
            ("$installation", self.site.id.clone()),
            ("$charger", self.charger.id.clone()),
            ("$lock", self.lock.id.clone()),
            (
                "$number",
                (500 + self.doors.fetch_add(1, Ordering::Relaxed)).to_string(),
            ),
            ("$user", self.user.id.clone()),
            ("$new_station", unique::station_id("NEW")),
            ("$new_card", unique::card()),
            ("$new_email", unique::email()),
            ("$owner_email", self.server.owner_email.clone()),
            (
                "$owner_password",
                keywatt_tests::server::OWNER_PASSWORD.to_owned(),
            ),
            ("$tomorrow", instant(86400)),
        ] {
            filled = filled.replace(name, &value);
        }
        assert!(!filled.contains('$'), "`{text}` names something unknown");
        filled
    }
}

/// A stream of events does not end; what it begins with is the answer.
async fn head_of_stream(caller: &Api, path: &str) -> keywatt_tests::Response {
    let answer = caller
        .request("GET".parse().unwrap(), path)
        .send()
        .await
        .unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = if status == 200 {
        String::new()
    } else {
        answer.text().await.unwrap()
    };
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    keywatt_tests::Response {
        asked: format!("GET {path}"),
        status,
        headers,
        text,
        body,
    }
}
