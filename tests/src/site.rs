//! The facts of a case, made through the API in an installation of their own.

mod stations;

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use self::stations::{charger_at, door_fields, enter, lock_at, make_area, schedule};
use crate::cases::{
    CardFacts, Case, Elsewhere, GrantFacts, PersonFacts, Places, Revoked, Spelling, seconds,
};
use crate::facts::{Card, Charger, Door, Installation, Lock, Person, instant};
use crate::webhook::{Mode, Webhook};
use crate::wire::{Presented, Version};
use crate::{Api, Server, Wire, unique};

/// An installation with a charger and a lock for each version, all alike.
pub struct Site {
    /// The owner.
    pub owner: Api,
    /// The installation.
    pub installation: Installation,
    /// The charger that speaks 1.6.
    pub charger_16: ChargerAt,
    /// The charger that speaks 2.0.1.
    pub charger_201: ChargerAt,
    /// The lock that speaks 1.6; its doors are asked over HTTP too.
    pub lock_16: LockAt,
    /// The lock that speaks 2.0.1.
    pub lock_201: LockAt,
    /// The key with which the doors of `lock_16` are asked over HTTP.
    pub device_key: String,
    /// The service that decides, in a case that has one.
    pub webhook: Option<Webhook>,
    people: BTreeMap<String, Person>,
    cards: BTreeMap<String, Card>,
    /// What a reader that cuts shows for all cards of the case.
    cut: String,
    /// A one-time code that was made anew for the question.
    renewed: Mutex<Option<Card>>,
}

/// A charger and its socket.
pub struct ChargerAt {
    /// The charger.
    pub charger: Charger,
    /// The socket.
    pub wire: Wire,
}

/// A lock, its doors and its socket.
pub struct LockAt {
    /// The lock.
    pub lock: Lock,
    /// Its doors 1, 2, …
    pub doors: Vec<Door>,
    /// The socket.
    pub wire: Wire,
}

impl Site {
    /// Makes what a case needs, and connects its stations.
    pub async fn make(server: &Server, case: &Case) -> Site {
        let owner = server.owner();
        let installation = owner
            .installation_with(json!({
                "authorization_required": case.installation,
                "concurrent_transactions": case.concurrent,
            }))
            .await;
        let area = match case.needs("area") || case.door.zone.is_some() {
            true => Some(make_area(&owner, &installation, case.door.zone.as_deref()).await),
            false => None,
        };
        let unlock = match &case.door.unlock {
            Some(hours) => Some(schedule(&owner, hours).await),
            None => None,
        };
        let charger = |version| charger_at(server, &owner, case, &installation, &area, version);
        let lock = |version| {
            let asks = door_fields(case, area.as_deref(), unlock.as_deref());
            lock_at(server, &owner, case, &installation, asks, version)
        };
        let charger_16 = charger(Version::V16).await;
        let charger_201 = charger(Version::V201).await;
        let lock_16 = lock(Version::V16).await;
        let lock_201 = lock(Version::V201).await;
        let device_key = owner.device_key(&lock_16.lock).await;
        let mut site = Site {
            owner,
            installation,
            charger_16,
            charger_201,
            lock_16,
            lock_201,
            device_key,
            webhook: None,
            people: BTreeMap::new(),
            cards: BTreeMap::new(),
            cut: unique::short_card(),
            renewed: Mutex::new(None),
        };
        let mut groups = BTreeMap::new();
        for (name, facts) in &case.people {
            site.add_person(case, name, facts, area.as_deref(), &mut groups)
                .await;
        }
        if let Some(numbers) = &case.numbers {
            site.set_numbers(numbers).await;
        }
        for card in &case.used {
            site.use_up(card).await;
        }
        for _ in 0..case.wrong_codes {
            site.enter_wrong_code().await;
        }
        for kind in &case.emergencies {
            site.begin_emergency(case, kind).await;
        }
        for card in &case.inside {
            let token = &site.card(card).presented;
            for lock in [&site.lock_16, &site.lock_201] {
                enter(lock, token).await;
            }
        }
        if let Some(elsewhere) = case.elsewhere {
            site.place_authority_elsewhere(elsewhere).await;
        }
        site
    }

    /// Access is edited before: it cannot be while it is decided elsewhere.
    async fn place_authority_elsewhere(&mut self, elsewhere: Elsewhere) {
        let webhook = Webhook::start(match elsewhere {
            Elsewhere::Allows => Mode::Yes,
            Elsewhere::Refuses => Mode::No,
            Elsewhere::Silent => Mode::Status(503),
        })
        .await;
        let path = format!("/v1/installations/{}/authority", self.installation.id);
        let fields = json!({ "url": webhook.url, "breaker_failures": 100 });
        let set = self.owner.put(&format!("{path}/webhook"), fields).await;
        drop(set.expect(200));
        let to = json!({ "to": "webhook" });
        let switched = self.owner.post(&format!("{path}/switch"), to).await;
        drop(switched.expect(200));
        self.webhook = Some(webhook);
    }

    async fn add_person(
        &mut self,
        case: &Case,
        name: &str,
        facts: &PersonFacts,
        area: Option<&str>,
        groups: &mut BTreeMap<String, String>,
    ) {
        let mut fields = json!({ "name": name });
        if let Some(state) = &facts.state {
            fields["state"] = json!(state);
        }
        for (name, span) in [
            ("member_until", &facts.member_until),
            ("suspended_from", &facts.suspended_from),
            ("suspended_until", &facts.suspended_until),
        ] {
            if let Some(span) = span {
                fields[name] = json!(instant(seconds(span)));
            }
        }
        if let Some(label) = &facts.group {
            let group = groups
                .entry(label.clone())
                .or_insert_with(unique::stop_group);
            fields["stop_group"] = json!(group);
        }
        let person = self.owner.person_with(fields).await;
        for (card, facts) in &facts.cards {
            let made = self.make_card(case, &person, facts).await;
            self.cards.insert(format!("{name}.{card}"), made);
        }
        for grant in &facts.grants {
            for (kind, id) in self.nodes(case, grant, area).await {
                let mut fields = fields_of(grant);
                if let Some(hours) = &grant.hours {
                    fields["schedule_id"] = json!(schedule(&self.owner, hours).await);
                }
                if grant.to.as_deref() == Some("tag") {
                    fields["subject"] = json!({ "tag": self.tag_of(&person).await });
                }
                let made = self.owner.grant_with(&person, (&kind, &id), fields).await;
                if grant.revoked == Revoked::Yes {
                    self.owner.revoke(&made).await;
                }
            }
        }
        self.people.insert(name.to_owned(), person);
    }

    /// A tag that the person stands in, by way of another.
    async fn tag_of(&self, person: &Person) -> String {
        let mut member = json!({ "person": person.id });
        let mut tag = String::new();
        for _ in 0..2 {
            let made = self.owner.post("/v1/tags", json!({ "name": "T" })).await;
            tag = crate::facts::text(&made.expect(201), "id");
            let path = format!("/v1/tags/{tag}/members");
            drop(self.owner.post(&path, member).await.expect(201));
            member = json!({ "tag": tag });
        }
        tag
    }

    /// A one-time code serves once: where it is to be presented at each entry, each gets another.
    pub async fn renew(&self, case: &Case) {
        let Some((name, card)) = case.ask.card.split_once('.') else {
            return;
        };
        let facts = case.people.get(name).and_then(|it| it.cards.get(card));
        let once = facts.filter(|facts| facts.kind.as_deref() == Some("one_time"));
        if let Some(facts) = once.filter(|_| !case.used.contains(&case.ask.card)) {
            let made = self.make_card(case, self.person(name), facts).await;
            *self.renewed.lock().unwrap() = Some(made);
        }
    }

    /// The code that was made anew for the question, if one was.
    ///
    /// # Panics
    /// Never: nobody panics while holding it.
    #[must_use]
    pub fn renewed(&self) -> Option<Card> {
        self.renewed.lock().unwrap().clone()
    }

    /// The card of somebody's that is presented in the question; `None` for a stranger's.
    #[must_use]
    pub fn asked_card(&self, case: &Case) -> Option<Card> {
        let known = || self.cards.get(&case.ask.card).cloned();
        self.renewed().or_else(known)
    }

    async fn begin_emergency(&self, case: &Case, kind: &str) {
        let mut fields = json!({ "reason": "Drill" });
        if kind == "lockdown" && !case.exempt.is_empty() {
            let made = self
                .owner
                .post("/v1/tags", json!({ "name": "Guards" }))
                .await;
            let tag = crate::facts::text(&made.expect(201), "id");
            for name in &case.exempt {
                let path = format!("/v1/tags/{tag}/members");
                let member = json!({ "person": self.person(name).id });
                drop(self.owner.post(&path, member).await.expect(201));
            }
            fields["exempt_tag_id"] = json!(tag);
        }
        let path = format!("/v1/installations/{}/{kind}", self.installation.id);
        drop(
            self.owner
                .call("PUT", &path, Some(&fields))
                .await
                .expect(200),
        );
    }

    async fn set_numbers(&self, numbers: &str) {
        for station in [
            &self.charger_16.charger.station_id,
            &self.charger_201.charger.station_id,
            &self.lock_16.lock.station_id,
            &self.lock_201.lock.station_id,
        ] {
            let path = format!("/v1/stations/{}", crate::api::encode(station));
            let settings = json!({ "settings": { "card_numbers": numbers } });
            self.owner.patch(&path, settings).await.expect(200);
        }
    }

    /// Opens the first door with a card.
    async fn use_up(&self, card: &str) {
        let token = &self.card(card).presented;
        let path = format!("/v1/doors/{}/access", self.lock_16.doors[0].id);
        let body = json!({ "kind": token.kind_at_door(), "value": token.value });
        let controller = self.owner.with_key(&self.device_key);
        let answer = controller.post(&path, body).await.ok();
        assert_eq!(answer["effect"], "allow", "{answer}");
    }

    /// Enters a code nobody has at every point that takes codes.
    async fn enter_wrong_code(&self) {
        let wrong = Presented {
            kind: "pin".to_owned(),
            value: "0000".to_owned(),
        };
        let id = unique::message_id;
        self.charger_201.wire.authorize_201(&id(), &wrong).await;
        let at_door = self.lock_16.wire.door_authorize_16(&id(), 1, &wrong).await;
        assert_ne!(at_door["status"], "Accepted");
        let wire = &self.lock_201.wire;
        wire.authorize_201_at_door(&id(), &wrong, Some(1)).await;
    }

    async fn make_card(&self, case: &Case, person: &Person, facts: &CardFacts) -> Card {
        let mut fields = card_fields(facts);
        if let Some("pin" | "guest" | "one_time") = facts.kind.as_deref() {
            let places: Vec<String> = match facts.places {
                Places::Point => {
                    let chargers = [&self.charger_16, &self.charger_201];
                    let doors = self.lock_16.doors.iter().chain(&self.lock_201.doors);
                    let chargers = chargers.iter().map(|it| it.charger.id.clone());
                    chargers.chain(doors.map(|it| it.id.clone())).collect()
                }
                Places::Elsewhere => {
                    vec![self.owner.charger(&self.installation, case.evses).await.id]
                }
            };
            fields["place_ids"] = json!(places);
            if let Some(uses) = facts.uses {
                fields["limits"] = json!({ "uses": uses });
            }
            return self.owner.card_with(person, fields).await;
        }
        let mut read = unique::card();
        match facts.spelling {
            Spelling::Same => return self.owner.card_with(person, fields).await,
            Spelling::LowerWithColons => fields["value"] = json!(with_colons(&read)),
            Spelling::Reversed => fields["value"] = json!(reversed(&read)),
            Spelling::Cut => {
                fields["value"] = json!(format!("{}{}", self.cut, &read[8..14]));
                read.clone_from(&self.cut);
            }
        }
        let card = self.owner.card_with(person, fields).await;
        Card {
            presented: Presented {
                value: read,
                ..card.presented
            },
            ..card
        }
    }

    /// The nodes a grant of the case is meant for.
    async fn nodes(
        &self,
        case: &Case,
        grant: &GrantFacts,
        area: Option<&str>,
    ) -> Vec<(String, String)> {
        let own = |kind: &str, ids: Vec<String>| -> Vec<(String, String)> {
            ids.into_iter().map(|id| (kind.to_owned(), id)).collect()
        };
        let chargers = [&self.charger_16.charger, &self.charger_201.charger];
        let locks = [&self.lock_16, &self.lock_201];
        let of_chargers = || own("charger", chargers.iter().map(|c| c.id.clone()).collect());
        let of_doors = |number: u32| {
            let door = |lock: &&LockAt| lock.doors[number as usize - 1].id.clone();
            own("door", locks.iter().map(door).collect())
        };
        let (word, number) = match grant.on.rsplit_once(' ') {
            Some((word, number)) if number.parse::<u32>().is_ok() => {
                (word, number.parse::<u32>().unwrap())
            }
            _ => (grant.on.as_str(), 1),
        };
        match word {
            "organisation" => own("organisation", vec![organisation_of(&self.owner).await]),
            "installation" => own("installation", vec![self.installation.id.clone()]),
            "area" => own("area", vec![area.expect("an area was made").to_owned()]),
            "charger" => of_chargers(),
            "evse" => {
                let evse = |charger: &&Charger| charger.evses[number as usize - 1].clone();
                own("evse", chargers.iter().map(evse).collect())
            }
            "door" => of_doors(number),
            "point" => {
                let doors = match case.doors {
                    0 => Vec::new(),
                    _ => of_doors(case.ask.door.unwrap_or(1).min(case.doors)),
                };
                of_chargers().into_iter().chain(doors).collect()
            }
            "other charger" => own(
                "charger",
                vec![self.owner.charger(&self.installation, 1).await.id],
            ),
            "other installation" => own("installation", vec![self.owner.installation().await.id]),
            other => panic!("`{other}` is no node of a case"),
        }
    }

    /// A person by name.
    ///
    /// # Panics
    /// When the case has none of it.
    #[must_use]
    pub fn person(&self, name: &str) -> &Person {
        self.people
            .get(name)
            .unwrap_or_else(|| panic!("there is no person `{name}`"))
    }

    /// A card by person and name: `anna.card`.
    ///
    /// # Panics
    /// When the case has none of it.
    #[must_use]
    pub fn card(&self, name: &str) -> &Card {
        self.cards
            .get(name)
            .unwrap_or_else(|| panic!("there is no card `{name}`"))
    }
}

impl Case {
    fn needs(&self, node: &str) -> bool {
        self.people
            .values()
            .flat_map(|person| &person.grants)
            .any(|grant| grant.on == node)
    }
}

/// `04A1B2` as `B2A104`.
fn reversed(hex: &str) -> String {
    let bytes: Vec<&str> = (0..hex.len())
        .step_by(2)
        .map(|at| &hex[at..at + 2])
        .collect();
    bytes.into_iter().rev().collect()
}

fn card_fields(facts: &CardFacts) -> Value {
    let mut fields = json!({});
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields[name] = value;
        }
    };
    set("kind", facts.kind.as_ref().map(|kind| json!(kind)));
    set("state", facts.state.as_ref().map(|state| json!(state)));
    set(
        "strength",
        facts.strength.as_ref().map(|strength| json!(strength)),
    );
    for (name, span) in [
        ("valid_from", &facts.from),
        ("valid_until", &facts.until),
        ("suspended_from", &facts.suspended_from),
        ("suspended_until", &facts.suspended_until),
    ] {
        let span = span.as_deref();
        set(name, span.map(|span| json!(instant(seconds(span)))));
    }
    fields
}

/// `04A1B2` as `04:a1:b2`.
fn with_colons(hex: &str) -> String {
    let bytes: Vec<String> = hex
        .as_bytes()
        .chunks(2)
        .map(|two| String::from_utf8_lossy(two).to_lowercase())
        .collect();
    bytes.join(":")
}

fn fields_of(grant: &GrantFacts) -> Value {
    let mut fields = json!({});
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields[name] = value;
        }
    };
    set("role", grant.role.as_ref().map(|role| json!(role)));
    set(
        "actions",
        grant.actions.as_ref().map(|actions| json!(actions)),
    );
    set(
        "credential_kinds",
        grant.kinds.as_ref().map(|kinds| json!(kinds)),
    );
    set(
        "minimum_strength",
        grant.strength.as_ref().map(|strength| json!(strength)),
    );
    set("limits", grant.uses.map(|uses| json!({ "uses": uses })));
    set("effect", grant.effect.as_ref().map(|effect| json!(effect)));
    set(
        "valid_from",
        grant
            .from
            .as_deref()
            .map(|span| json!(instant(seconds(span)))),
    );
    set(
        "valid_until",
        grant
            .until
            .as_deref()
            .map(|span| json!(instant(seconds(span)))),
    );
    fields
}

/// The caller's only organisation.
pub async fn organisation_of(api: &Api) -> String {
    let me = api.get("/v1/me").await.ok();
    let persons = me["persons"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let [person] = persons else {
        panic!("not one organisation: {me}")
    };
    crate::facts::text(person, "organisation_id")
}
