//! An organisation with something of everything, and those who ask.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use keywatt_tests::api::encode;
use keywatt_tests::facts::{Charger, Installation, Lock, Person, instant, text};
use keywatt_tests::site::organisation_of;
use keywatt_tests::wire::{Presented, Version};
use keywatt_tests::{Api, DEADLINE, Server, Wire, eventually, unique};
use serde_json::{Value, json};

use crate::{Line, Who};

/// An organisation with something of everything, and those who ask.
pub(crate) struct World {
    server: Server,
    callers: BTreeMap<Who, Api>,
    owner: Api,
    pub(crate) organisation: String,
    site: Installation,
    charger: Charger,
    lock: Lock,
    user: Person,
    service: Person,
    heir: Person,
    /// An owner of the site, logged in.
    seller: Api,
    /// Whose tag it is, and in which organisation partners are.
    tag: String,
    partner_owner: Api,
    partner_organisation: String,
    /// Makes organisations to be found.
    founder: Api,
    /// One partnership for each route.
    partnerships: Mutex<BTreeMap<String, String>>,
    doors: AtomicU32,
    transaction: String,
    decision: String,
}

impl World {
    pub(crate) async fn make() -> World {
        let mut server = Server::plain().await;
        // With SQLite the server must not be running while an owner is made.
        server.kill_9();
        let other = server.create_owner(&unique::email(), Some("Another organisation"));
        let partner = server.create_owner(&unique::email(), Some("A partner"));
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

        let (heir, _) = owner.person_with_login().await;
        let (owning, seller) = owner.person_with_login().await;
        owner.grant(&owning, "owner", site.node()).await;
        let partner_owner = server.api(&partner);
        let partner_organisation = organisation_of(&partner_owner).await;
        let (_, as_partner) = partner_owner.person_with_login().await;
        join(&partner_owner, &owner, &site).await;
        let tag = text(
            &owner
                .post("/v1/tags", json!({ "name": "Users" }))
                .await
                .expect(201),
            "id",
        );
        let (by_tag, as_by_tag) = owner.person_with_login().await;
        put_into(&owner, &tag, &by_tag).await;
        let to_tag = json!({
            "subject": { "tag": tag }, "role": "user", "resource": { "installation": site.id },
        });
        drop(owner.post("/v1/grants", to_tag).await.expect(201));
        let key = json!({ "name": "Less", "scopes": ["manage_settings", "view_all"] });
        let key = text(&owner.post("/v1/api-keys", key).await.expect(201), "key");
        let (_, founder) = partner_owner.person_with_login().await;

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
            (Who::Partner, as_partner),
            (Who::ByTag, as_by_tag),
            (Who::Key, server.api(&key)),
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
            heir,
            seller,
            tag,
            partner_owner,
            partner_organisation,
            founder,
            partnerships: Mutex::default(),
            doors: AtomicU32::new(1),
            transaction,
            decision,
        }
    }

    pub(crate) async fn ask(&self, line: &Line, who: Who) -> keywatt_tests::Response {
        let (method, path) = line.route.split_once(' ').expect("method and path");
        let mut path = self.fill_path(path, &line.route).await;
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
        if let Some(csv) = &line.csv {
            let request = caller.request(method.parse().unwrap(), &path);
            let request = request.header("content-type", "text/csv");
            return caller.send(request.body(csv.clone())).await;
        }
        if path == "/v1/events" {
            return head_of_stream(&caller, &path).await;
        }
        caller.call(method, &path, body.as_ref()).await
    }

    /// A caller like this one; those with a session get one of their own.
    async fn fresh(&self, who: Who) -> Api {
        let role = match who {
            Who::User => Some("user"),
            Who::Service => Some("service"),
            Who::Member => None,
            Who::Partner => return self.partner_owner.person_with_login().await.1,
            Who::ByTag => {
                let (person, session) = self.owner.person_with_login().await;
                put_into(&self.owner, &self.tag, &person).await;
                return session;
            }
            Who::Nobody | Who::Owner | Who::Outsider | Who::Device | Who::Key => {
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
        for (subject, role) in [
            (json!({ "tag": self.tag }), "user"),
            (json!({ "partner": self.partner_organisation }), "service"),
        ] {
            let fields = json!({
                "subject": subject, "role": role, "resource": { "installation": made.id },
            });
            drop(self.owner.post("/v1/grants", fields).await.expect(201));
        }
        made.id
    }

    /// The key of an organisation that was just made.
    async fn lookup_key(&self) -> String {
        let fields = json!({ "name": "To be found" });
        let made = self.founder.post("/v1/organisations", fields).await;
        let path = format!(
            "/v1/organisations/{}/lookup-key",
            text(&made.expect(201), "id")
        );
        let made = self.founder.put(&path, json!({})).await.expect(200);
        text(&made, "lookup_key")
    }

    async fn invitation(&self) -> Value {
        let fields = json!({
            "email": unique::email(), "role": "user", "resource": { "installation": self.site.id },
        });
        self.owner.post("/v1/invitations", fields).await.expect(201)
    }

    async fn partner_link(&self, of: &Api) -> Value {
        let fields = json!({ "role": "service" });
        of.post("/v1/partner-links", fields).await.expect(201)
    }

    /// A proposed partnership, the same for all who ask for it by one route: whoever has no part
    /// in it hears the same before and after.
    async fn partnership(&self, route: &str) -> String {
        let known = self.partnerships.lock().unwrap().get(route).cloned();
        if let Some(known) = known {
            return known;
        }
        let fields = json!({
            "lookup_key": self.lookup_key().await, "role": "service",
            "resource": { "installation": self.site.id },
        });
        let made = self.seller.post("/v1/partners", fields).await.expect(201);
        let id = text(&made, "id");
        let mut known = self.partnerships.lock().unwrap();
        known.insert(route.to_owned(), id.clone());
        id
    }

    /// Puts things of the organisation in the place of the parameters, made for this request.
    async fn fill_path(&self, path: &str, route: &str) -> String {
        let mut filled = Vec::new();
        let mut collection = "";
        for segment in path.split('/') {
            if segment.starts_with('{') {
                let thing = match collection {
                    "partners" => self.partnership(route).await,
                    other => self.thing(other, segment).await,
                };
                filled.push(encode(&thing));
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
            "grants" => {
                let person = owner.person().await;
                owner.grant(&person, "user", self.site.node()).await
            }
            "rules" => {
                let fields = json!({
                    "people_tag_id": self.new_tag().await,
                    "resource": { "installation": self.site.id },
                });
                text(&owner.post("/v1/rules", fields).await.expect(201), "id")
            }
            "tags" => {
                let tag = self.new_tag().await;
                let member = json!({ "person": self.user.id });
                drop(
                    owner
                        .post(&format!("/v1/tags/{tag}/members"), member)
                        .await
                        .expect(201),
                );
                tag
            }
            "invitations" => text(&self.invitation().await["invitation"], "id"),
            "partner-links" => text(&self.partner_link(owner).await["link"], "id"),
            "handovers" => {
                let fields = json!({
                    "resource": { "installation": self.site.id }, "to": self.heir.id,
                });
                text(
                    &self.seller.post("/v1/handovers", fields).await.expect(201),
                    "id",
                )
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
            "enrol" => {
                let person = owner.person().await.id;
                let charger = owner.charger(&self.site, 1).await.id;
                let fields = json!({ "person_id": person, "at": { "charger": charger } });
                let made = owner.post("/v1/credentials/enrol", fields).await;
                text(&made.expect(201), "id")
            }
            "unknown-cards" => self.unknown_card().await,
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

    async fn new_tag(&self) -> String {
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
            filled = filled.replace("$tag", &self.new_tag().await);
        }
        // Made only where they are named.
        if text == "$lookup_key" {
            return self.lookup_key().await;
        }
        if text == "$invitation_token" {
            return keywatt_tests::facts::text(&self.invitation().await, "token");
        }
        if text == "$link_token" {
            let made = self.partner_link(&self.partner_owner).await;
            return keywatt_tests::facts::text(&made, "token");
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
            ("$heir", self.heir.id.clone()),
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

/// A service partnership on a site.
async fn join(partner: &Api, owner: &Api, site: &Installation) {
    let made = partner
        .post("/v1/partner-links", json!({ "role": "service" }))
        .await
        .expect(201);
    let consent = json!({
        "token": text(&made, "token"), "resource": { "installation": site.id },
    });
    drop(
        owner
            .post("/v1/partner-links/confirm", consent)
            .await
            .expect(201),
    );
}

async fn put_into(owner: &Api, tag: &str, person: &Person) {
    let member = json!({ "person": person.id });
    let path = format!("/v1/tags/{tag}/members");
    drop(owner.post(&path, member).await.expect(201));
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
