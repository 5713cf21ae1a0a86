//! One question, asked at one entry through its real socket.

use serde_json::{Value, json};

use crate::api::encode;
use crate::cases::{Ask, Case, Entry, Place, Purpose};
use crate::explained::{self, Said};
use crate::facts::Person;
use crate::site::{ChargerAt, LockAt, Site};
use crate::wire::{Event201, Presented, Version, status};
use crate::{DEADLINE, eventually, unique};

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The reason in the decision log.
    pub reason: String,
    /// What was told: the status of the wire, or of HTTP.
    pub status: String,
    /// What the explanation said of the same question just before, where it was asked.
    pub explained: Option<String>,
}

/// Asks a case's question at an entry.
pub async fn ask(site: &Site, case: &Case, entry: Entry) -> Outcome {
    site.renew(case).await;
    if case.at == Place::LockAsCharger {
        return ask_lock_as_charger(site, case, entry).await;
    }
    match entry {
        Entry::Authorize16 | Entry::Start16 => {
            at_charger(site, case, &site.charger_16, entry).await
        }
        Entry::Authorize201 | Entry::TransactionEvent201 => {
            at_charger(site, case, &site.charger_201, entry).await
        }
        Entry::Lock16 => at_lock(site, case, &site.lock_16).await,
        Entry::Lock201 => at_lock(site, case, &site.lock_201).await,
        Entry::DoorHttp => over_http(site, case).await,
        Entry::Api => remote_start(site, case).await,
    }
}

/// Asks at a lock as if it were a charger, which a lock should not.
async fn ask_lock_as_charger(site: &Site, case: &Case, entry: Entry) -> Outcome {
    let lock = if entry == Entry::Start16 {
        &site.lock_16
    } else {
        &site.lock_201
    };
    let token = presented(site, &case.ask, None);
    let id = unique::message_id();
    let number = case.ask.door.unwrap_or(1);
    let info = match lock.wire.version() {
        Version::V16 => lock.wire.start_16(&id, number, &token).await.info,
        Version::V201 => {
            let event = Event201::started(&unique::message_id(), number, &token);
            lock.wire.event(&id, &event).await["idTokenInfo"].clone()
        }
    };
    logged(site, &lock.lock.station_id, &id, status(&info)).await
}

async fn at_charger(site: &Site, case: &Case, at: &ChargerAt, entry: Entry) -> Outcome {
    let prepared = prepare(site, case, at).await;
    let token = presented(site, &case.ask, prepared.remote_token.as_deref());
    let id = unique::message_id();
    let mut open = prepared.open;
    let mut explained = None;
    let info = match entry {
        Entry::Authorize16 | Entry::Authorize201 => {
            let point = json!({ "charger": at.charger.id });
            let said = at.wire.version().into();
            explained = explained::reason(site, case, point, &token, said).await;
            at.wire.authorize(&id, &token).await
        }
        Entry::Start16 => {
            let started = at.wire.start_16(&id, case.ask.evse, &token).await;
            open.push(Open {
                reference: started.transaction_id.to_string(),
                seq_no: 1,
            });
            started.info
        }
        Entry::TransactionEvent201 if case.ask.to == Purpose::Stop => {
            let begun = open.pop().expect("the case begins what it stops");
            let event = Event201::new("Ended", "StopAuthorized", &begun.reference, begun.seq_no);
            at.wire.event(&id, &event.by(&token)).await["idTokenInfo"].clone()
        }
        Entry::TransactionEvent201 => {
            let reference = unique::message_id();
            let event = Event201::started(&reference, case.ask.evse, &token);
            open.push(Open {
                reference,
                seq_no: 1,
            });
            at.wire.event(&id, &event).await["idTokenInfo"].clone()
        }
        Entry::Lock16 | Entry::Lock201 | Entry::DoorHttp | Entry::Api => {
            unreachable!("not asked by a charger")
        }
    };
    let outcome = logged(site, &at.charger.station_id, &id, status(&info)).await;
    for begun in open {
        end(at, &begun).await;
    }
    restore(site, case).await;
    Outcome {
        explained,
        ..outcome
    }
}

/// What was done before a question.
#[derive(Default)]
struct Prepared {
    open: Vec<Open>,
    remote_token: Option<String>,
}

/// A transaction in progress.
struct Open {
    reference: String,
    seq_no: i64,
}

async fn prepare(site: &Site, case: &Case, at: &ChargerAt) -> Prepared {
    let mut prepared = Prepared::default();
    for before in &case.before {
        if let Some(card) = &before.start {
            let token = site.card(card).presented.clone();
            prepared
                .open
                .push(begin(at, before.evse.unwrap_or(1), &token).await);
        }
        if let Some(person) = &before.remote_start {
            prepared.remote_token = Some(send_remote_start(site, at, site.person(person)).await);
        }
        if let Some(person) = &before.suspend {
            let path = format!("/v1/people/{}", site.person(person).id);
            site.owner
                .patch(&path, json!({ "state": "suspended" }))
                .await
                .expect(200);
        }
        if let Some(card) = &before.expire {
            let path = format!("/v1/credentials/{}", site.card(card).id);
            let end = crate::facts::instant(-1);
            site.owner
                .patch(&path, json!({ "valid_until": end }))
                .await
                .expect(200);
        }
    }
    prepared
}

/// Undoes what would change the facts of the next entry.
async fn restore(site: &Site, case: &Case) {
    for before in &case.before {
        if let Some(person) = &before.suspend {
            let path = format!("/v1/people/{}", site.person(person).id);
            site.owner
                .patch(&path, json!({ "state": "active" }))
                .await
                .expect(200);
        }
        if let Some(card) = &before.expire {
            let path = format!("/v1/credentials/{}", site.card(card).id);
            site.owner
                .patch(&path, json!({ "valid_until": null }))
                .await
                .expect(200);
        }
    }
}

async fn begin(at: &ChargerAt, evse: u32, token: &Presented) -> Open {
    let id = unique::message_id();
    match at.wire.version() {
        Version::V16 => {
            let started = at.wire.start_16(&id, evse, token).await;
            assert_eq!(started.info["status"], "Accepted", "{}", started.info);
            Open {
                reference: started.transaction_id.to_string(),
                seq_no: 1,
            }
        }
        Version::V201 => {
            let reference = unique::message_id();
            let answer = at
                .wire
                .event(&id, &Event201::started(&reference, evse, token))
                .await;
            assert_eq!(answer["idTokenInfo"]["status"], "Accepted", "{answer}");
            Open {
                reference,
                seq_no: 1,
            }
        }
    }
}

async fn end(at: &ChargerAt, open: &Open) {
    let id = unique::message_id();
    match at.wire.version() {
        Version::V16 => {
            let number = open.reference.parse().unwrap();
            at.wire.stop_16(&id, number, None).await;
        }
        Version::V201 => {
            let event = Event201::new("Ended", "EVDeparted", &open.reference, open.seq_no);
            at.wire.event(&id, &event).await;
        }
    }
}

/// Has the owner start for a person; returns the token the charger was given.
async fn send_remote_start(site: &Site, at: &ChargerAt, person: &Person) -> String {
    let (action, pointer) = match at.wire.version() {
        Version::V16 => ("RemoteStartTransaction", "/idTag"),
        Version::V201 => ("RequestStartTransaction", "/idToken/idToken"),
    };
    let so_far = at.wire.commands.received(action).len();
    let path = format!("/v1/chargers/{}/start", at.charger.id);
    site.owner
        .post(&path, json!({ "person_id": person.id }))
        .await
        .expect(200);
    let command = at.wire.commands.wait_for(action, so_far + 1).await;
    let token = command.pointer(pointer).and_then(Value::as_str);
    token
        .unwrap_or_else(|| panic!("no token in {command}"))
        .to_owned()
}

async fn at_lock(site: &Site, case: &Case, at: &LockAt) -> Outcome {
    let remote_token = remote_token_at_charger(site, case).await;
    let token = presented(site, &case.ask, remote_token.as_deref());
    let id = unique::message_id();
    let said = match (at.wire.version(), case.ask.door) {
        (Version::V16, None) => Said::Bare,
        (Version::V16, Some(_)) | (Version::V201, _) => Said::WithKind,
    };
    let explained = match door_asked(case, at) {
        Some(point) => explained::reason(site, case, point, &token, said).await,
        None => None,
    };
    let told = match (at.wire.version(), case.ask.door) {
        (Version::V16, Some(door)) => at.wire.door_authorize_16(&id, door, &token).await,
        (Version::V201, door) => at.wire.authorize_201_at_door(&id, &token, door).await,
        (Version::V16, None) => at.wire.authorize(&id, &token).await,
    };
    let outcome = logged(site, &at.lock.station_id, &id, status(&told)).await;
    Outcome {
        explained,
        ..outcome
    }
}

/// The door that is asked, if there is one and it is named, or the only one.
fn door_asked(case: &Case, at: &LockAt) -> Option<Value> {
    let door = match (case.ask.door, at.doors.as_slice()) {
        (None, [only]) => only,
        (None, _) => return None,
        (Some(number), doors) => doors.get((number as usize).checked_sub(1)?)?,
    };
    Some(json!({ "door": door.id }))
}

/// A remote token exists only once a command was sent; doors have none of their own.
async fn remote_token_at_charger(site: &Site, case: &Case) -> Option<String> {
    let person = case
        .before
        .iter()
        .find_map(|before| before.remote_start.as_ref())?;
    Some(send_remote_start(site, &site.charger_16, site.person(person)).await)
}

async fn over_http(site: &Site, case: &Case) -> Outcome {
    let remote_token = remote_token_at_charger(site, case).await;
    let token = presented(site, &case.ask, remote_token.as_deref());
    let number = case.ask.door.unwrap_or(1) as usize;
    let door = &site.lock_16.doors[number - 1];
    let controller = site.owner.with_key(&site.device_key);
    let path = format!("/v1/doors/{}/access", door.id);
    let point = json!({ "door": door.id });
    let explained = explained::reason(site, case, point, &token, Said::WithKind).await;
    let body = json!({ "kind": token.kind_at_door(), "value": token.value });
    let answer = controller.post(&path, body).await.ok();
    let reason = crate::facts::text(&answer, "reason");
    let effect = crate::facts::text(&answer, "effect");
    // The answer is what was decided and logged, not something of its own.
    let decision = crate::facts::text(&answer, "decision_id");
    let row = eventually("the decision of the door", DEADLINE, || async {
        let found = site.owner.get(&format!("/v1/decisions/{decision}")).await;
        (found.status == 200).then_some(found.body)
    })
    .await;
    assert_eq!(
        row["reason"],
        json!(reason),
        "answer and log differ: {answer} {row}"
    );
    assert_eq!(row["entry"], Entry::DoorHttp.name(), "{row}");
    let opens = answer["open_seconds"].as_u64().unwrap_or(0) > 0;
    assert_eq!(
        opens,
        effect == "allow",
        "it opens exactly if allowed: {answer}"
    );
    Outcome {
        reason,
        status: effect,
        explained,
    }
}

async fn remote_start(site: &Site, case: &Case) -> Outcome {
    let (person, _) = case
        .ask
        .card
        .split_once('.')
        .expect("the API starts for a person");
    let person = site.person(person);
    let prepared = prepare(site, case, &site.charger_16).await;
    let path = format!("/v1/chargers/{}/start", site.charger_16.charger.id);
    let body = json!({ "person_id": person.id, "evse": case.ask.evse });
    let point = json!({ "charger": site.charger_16.charger.id });
    let asked = json!({ "person": person.id, "action": "remote_use", "point": point });
    let explained = match case.evses {
        // A start names an EVSE, the question is about the charger.
        1 => {
            let told = site.owner.post("/v1/decisions/explain", asked).await;
            Some(crate::facts::text(&told.expect(200), "reason"))
        }
        _ => None,
    };
    let before = api_decisions(site, person).await.len();
    let answer = site.owner.post(&path, body).await;
    let row = eventually("the decision of the API", DEADLINE, || async {
        let rows = api_decisions(site, person).await;
        (rows.len() > before)
            .then(|| rows.last().cloned())
            .flatten()
    })
    .await;
    for open in prepared.open {
        end(&site.charger_16, &open).await;
    }
    restore(site, case).await;
    Outcome {
        reason: crate::facts::text(&row, "reason"),
        status: answer.status.to_string(),
        explained,
    }
}

/// What the API decided about a person's remote starts, oldest first.
async fn api_decisions(site: &Site, person: &Person) -> Vec<Value> {
    let path = format!("/v1/decisions?person_id={}", encode(&person.id));
    let mut rows: Vec<Value> = site
        .owner
        .list(&path)
        .await
        .into_iter()
        .filter(|row| {
            row["entry"] == Entry::Api.name()
                && row["action"] == "remote_use"
                && row["person_id"] == json!(person.id)
        })
        .collect();
    rows.sort_by_key(|row| row["at"].as_str().unwrap_or_default().to_owned());
    rows
}

fn presented(site: &Site, ask: &Ask, remote_token: Option<&str>) -> Presented {
    let kind = ask.kind.clone().unwrap_or_else(|| "rfid".to_owned());
    match ask.card.as_str() {
        "nothing" => Presented::nothing(),
        "stranger" if kind == "emaid" => Presented {
            kind,
            value: unique::contract(),
        },
        "stranger" if kind == "app" => Presented {
            kind,
            value: format!("FE{}", &unique::card()[2..]),
        },
        "stranger" => Presented {
            kind,
            value: unique::card(),
        },
        card if card.ends_with(".app") => Presented {
            kind: "app".to_owned(),
            value: remote_token
                .expect("a remote start comes before")
                .to_owned(),
        },
        card => {
            let renewed = site.renewed();
            let card = renewed.as_ref().unwrap_or_else(|| site.card(card));
            let mut presented = card.presented.clone();
            if let Some(kind) = &ask.kind {
                presented.kind.clone_from(kind);
            }
            presented
        }
    }
}

async fn logged(site: &Site, station_id: &str, message_id: &str, status: String) -> Outcome {
    let reason = site.owner.reason(station_id, message_id).await;
    Outcome {
        reason,
        status,
        explained: None,
    }
}
