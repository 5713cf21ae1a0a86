//! The matrix: every action x role x kind of resource x own or other installation, decided by the
//! running engine and checked in as `cases/matrix.csv`; and each cell that a route of the API asks
//! for is asked for by that route too.
//!
//! `KEYWATT_WRITE_DOCS=1` writes the table anew. Cells that no route asks for are listed in
//! `cases/matrix-open.yaml`, which may only shrink.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use keywatt_tests::api::encode;
use keywatt_tests::facts::{Installation, text};
use keywatt_tests::site::organisation_of;
use keywatt_tests::wire::{Presented, Version};
use keywatt_tests::{Api, Server, Wire, cases, unique};
use serde_json::{Value, json};

const ACTIONS: [&str; 13] = [
    "use",
    "remote_use",
    "stop_own",
    "stop_any",
    "view_own",
    "view_all",
    "manage_access",
    "manage_settings",
    "manage_security",
    "service",
    "service_test",
    "reports",
    "emergency",
];

const KINDS: [&str; 6] = [
    "organisation",
    "installation",
    "area",
    "charger",
    "evse",
    "door",
];

/// A node of each kind, and what stands at them.
struct Tree {
    nodes: BTreeMap<&'static str, String>,
    station: String,
    lock: String,
    transaction: String,
}

/// One who holds something somewhere.
struct Holder {
    by: &'static str,
    role: &'static str,
    granted_on: &'static str,
    person: String,
    api: Api,
}

struct World {
    _server: Server,
    owner: Api,
    own: Tree,
    other: Tree,
    holders: Vec<Holder>,
}

#[tokio::test]
async fn the_matrix_is_what_the_engine_decides_and_what_the_routes_do() {
    let world = World::make().await;
    let mut table = format!("by,role,granted_on,asked,where,{}\n", ACTIONS.join(","));
    let mut asked = BTreeSet::new();
    let mut wrong = Vec::new();
    for holder in &world.holders {
        for (place, tree) in [("own", &world.own), ("other", &world.other)] {
            for kind in KINDS {
                // There is one organisation.
                if kind == "organisation" && place == "other" {
                    continue;
                }
                let mut row = Vec::new();
                for action in ACTIONS {
                    let cell = world.decided(holder, tree, kind, action).await;
                    if let Some(done) = world.done(holder, tree, kind, action).await {
                        asked.insert((action, kind));
                        if done != (cell == "yes") {
                            wrong.push(format!(
                                "{} {} on {}: {action} on {place} {kind} is `{cell}`, and the \
                                 route says {done}",
                                holder.by, holder.role, holder.granted_on
                            ));
                        }
                    }
                    row.push(cell);
                }
                let _ = writeln!(
                    table,
                    "{},{},{},{kind},{place},{}",
                    holder.by,
                    holder.role,
                    holder.granted_on,
                    row.join(",")
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    every_cell_is_asked_for_or_listed(&asked);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/matrix.csv");
    if std::env::var_os("KEYWATT_WRITE_DOCS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for (line, (kept, now)) in kept.lines().zip(table.lines()).enumerate() {
        assert_eq!(kept, now, "line {} of cases/matrix.csv", line + 1);
    }
    assert_eq!(kept.lines().count(), table.lines().count());
}

/// The list of cells that no route asks for is what it says, and no longer than it was.
fn every_cell_is_asked_for_or_listed(asked: &BTreeSet<(&str, &str)>) {
    let open: BTreeMap<String, Vec<String>> = cases::read("matrix-open.yaml");
    let listed: BTreeSet<(&str, &str)> = open
        .iter()
        .flat_map(|(action, kinds)| kinds.iter().map(|kind| (action.as_str(), kind.as_str())))
        .collect();
    let all: BTreeSet<(&str, &str)> = ACTIONS
        .into_iter()
        .flat_map(|action| KINDS.map(|kind| (action, kind)))
        .collect();
    let left: BTreeSet<(&str, &str)> = all.difference(asked).copied().collect();
    assert_eq!(left, listed, "cases/matrix-open.yaml");
    assert!(listed.len() <= LISTED, "the list may only shrink");
}

/// How many cells no route asked for when the list was made.
const LISTED: usize = 58;

#[tokio::test]
async fn a_tag_makes_nobody_an_owner() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let tag = text(
        &owner.post("/v1/tags", json!({ "name": "T" })).await.ok(),
        "id",
    );
    let grant = json!({
        "subject": { "tag": tag }, "role": "owner", "resource": { "installation": site.id },
    });
    owner
        .post("/v1/grants", grant)
        .await
        .problem(422, "invalid");
}

impl World {
    async fn make() -> World {
        let mut server = Server::plain().await;
        // With SQLite the server must not be running while an owner is made.
        server.kill_9();
        let names = ["Owning", "Using", "Serving"];
        let partners = names.map(|name| server.create_owner(&unique::email(), Some(name)));
        server.start_again();
        let owner = server.owner();
        let organisation = organisation_of(&owner).await;
        let own = Tree::make(&server, &owner, &organisation).await;
        let other = Tree::make(&server, &owner, &organisation).await;
        let mut holders = Vec::new();
        for role in ["owner", "user", "service", "none"] {
            for granted_on in ["organisation", "installation", "area", "charger", "door"] {
                if role == "none" && granted_on != "installation" {
                    continue;
                }
                let (person, api) = owner.person_with_login().await;
                if role != "none" {
                    owner
                        .grant(&person, role, (granted_on, &own.nodes[granted_on]))
                        .await;
                }
                let person = person.id;
                holders.push(Holder {
                    by: "person",
                    role,
                    granted_on,
                    person,
                    api,
                });
            }
        }
        let resource = json!({ "installation": own.nodes["installation"] });
        for role in ["user", "service"] {
            let (person, api) = owner.person_with_login().await;
            let tag = text(
                &owner.post("/v1/tags", json!({ "name": "T" })).await.ok(),
                "id",
            );
            let member = json!({ "person": person.id });
            let path = format!("/v1/tags/{tag}/members");
            drop(owner.post(&path, member).await.expect(201));
            let grant = json!({ "subject": { "tag": tag }, "role": role, "resource": resource });
            drop(owner.post("/v1/grants", grant).await.expect(201));
            holders.push(Holder {
                by: "tag",
                role,
                granted_on: "installation",
                person: person.id,
                api,
            });
        }
        for (role, key) in ["owner", "user", "service"].into_iter().zip(partners) {
            let partner = server.api(&key);
            let (person, api) = partner.person_with_login().await;
            let asked = json!({ "role": role });
            let link = partner.post("/v1/partner-links", asked).await.expect(201);
            let consent = json!({ "token": text(&link, "token"), "resource": resource });
            let path = "/v1/partner-links/confirm";
            drop(owner.post(path, consent).await.expect(201));
            holders.push(Holder {
                by: "partner",
                role,
                granted_on: "installation",
                person: person.id,
                api,
            });
        }
        World {
            _server: server,
            owner,
            own,
            other,
            holders,
        }
    }

    /// What the engine decides.
    async fn decided(
        &self,
        holder: &Holder,
        tree: &Tree,
        kind: &str,
        action: &str,
    ) -> &'static str {
        let body = json!({
            "person": holder.person, "action": action, "point": { kind: tree.nodes[kind] },
        });
        let answer = self.owner.post("/v1/decisions/explain", body).await.ok();
        match (answer["effect"].as_str(), answer["reason"].as_str()) {
            (Some("allow"), Some("GRANTED")) => "yes",
            // There is no transaction to stop; the right to stop one's own is there.
            (Some("deny"), Some("NO_GRANT")) if answer["grant_id"].is_string() => "own",
            // Somebody of elsewhere is nobody here.
            (Some("deny"), Some("NO_GRANT" | "CREDENTIAL_UNKNOWN")) => "-",
            _ => panic!("{answer}"),
        }
    }

    /// Whether a route that needs exactly this action on this kind of node does it; `None`: there
    /// is no such route. Where it can, it is asked for something that is refused for another
    /// reason once the right is there, so that nothing changes.
    async fn done(&self, holder: &Holder, tree: &Tree, kind: &str, action: &str) -> Option<bool> {
        let node = &tree.nodes[kind];
        let api = &holder.api;
        let collection = format!("/v1/{kind}s/{node}");
        let status = match (action, kind) {
            ("use", "charger" | "door") => {
                let path = format!("/v1/people/{}/what?action=use", holder.person);
                let may = api.list(&path).await;
                return Some(may.iter().any(|point| point["node_id"] == json!(node)));
            }
            ("remote_use", "charger") => {
                api.post(&format!("{collection}/start"), json!({}))
                    .await
                    .status
            }
            ("remote_use", "door") => {
                let why = json!({ "reason": "a test" });
                api.post(&format!("{collection}/open"), why).await.status
            }
            ("stop_any", "charger") => {
                let path = format!("/v1/transactions/{}/stop", tree.transaction);
                api.post(&path, json!({})).await.status
            }
            ("view_all", "charger") => {
                let path = format!("/v1/transactions?charger={node}");
                return Some(!api.list(&path).await.is_empty());
            }
            ("manage_access", _) => {
                let body = json!({
                    "subject": { "person": holder.person }, "role": "user",
                    "resource": { kind: node }, "reason": "x".repeat(501),
                });
                api.post("/v1/grants", body).await.status
            }
            ("manage_settings", "organisation" | "installation" | "area" | "charger" | "door") => {
                api.patch(&collection, json!({})).await.status
            }
            ("manage_security", "installation") => {
                let path = format!("/v1/locks/{}/device-key", tree.lock);
                api.post(&path, json!({})).await.status
            }
            ("manage_security", "charger") => {
                let path = format!("/v1/stations/{}/credential", encode(&tree.station));
                api.put(&path, json!({ "password": "short" })).await.status
            }
            ("service", "charger") => {
                let path = format!("/v1/stations/{}/ocpp/Reset", encode(&tree.station));
                api.post(&path, json!({ "type": "Soft" })).await.status
            }
            _ => return None,
        };
        match status {
            403 | 404 => Some(false),
            200 | 201 | 409 | 422 => Some(true),
            other => panic!("{action} on {kind}: {other}"),
        }
    }
}

impl Tree {
    async fn make(server: &Server, owner: &Api, organisation: &str) -> Tree {
        let site: Installation = owner.installation().await;
        let area = json!({ "name": "Garage", "parent_id": site.id, "kind": "circuit" });
        let area = text(&owner.post("/v1/areas", area).await.expect(201), "id");
        let inside = json!({ "area_id": area });
        let charger = owner.charger_with(&site, 1, inside.clone()).await;
        let lock = owner.lock(&site).await;
        let mut fields = inside;
        fields["remote_open"] = Value::Bool(true);
        let door = owner.door_with(&lock, 1, fields).await;
        let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
        let card = Presented::card(&unique::card());
        let started = wire.start_16(&unique::message_id(), 1, &card).await;
        wire.stop_16(&unique::message_id(), started.transaction_id, None)
            .await;
        wire.close().await;
        let path = format!("/v1/transactions?charger={}", charger.id);
        let transaction = text(&owner.list(&path).await[0], "id");
        let nodes = BTreeMap::from([
            ("organisation", organisation.to_owned()),
            ("installation", site.id.clone()),
            ("area", area),
            ("charger", charger.id.clone()),
            ("evse", charger.evses[0].clone()),
            ("door", door.id.clone()),
        ]);
        Tree {
            nodes,
            station: charger.station_id,
            lock: lock.id,
            transaction,
        }
    }
}
