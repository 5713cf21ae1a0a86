//! The stations of a case, their hours and their areas.

use serde_json::{Value, json};

use super::{ChargerAt, LockAt};
use crate::cases::Case;
use crate::facts::Installation;
use crate::wire::{Presented, Version};
use crate::{Api, Server, Wire, unique};

pub(super) async fn charger_at(
    server: &Server,
    owner: &Api,
    case: &Case,
    installation: &Installation,
    area: &Option<String>,
    version: Version,
) -> ChargerAt {
    let mut fields = json!({ "authorization_required": case.charger });
    if let Some(offline) = &case.offline {
        fields["offline_policy"] = json!(offline);
    }
    if let Some(area) = area {
        fields["area_id"] = json!(area);
    }
    let charger = owner.charger_with(installation, case.evses, fields).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, version)).await;
    ChargerAt { charger, wire }
}

/// Hours that hold always, or never.
pub(super) async fn schedule(owner: &Api, hours: &str) -> String {
    let days = json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]);
    let slots = match hours {
        "always" => json!([{ "days": days, "from": "00:00", "until": "24:00" }]),
        "never" => json!([]),
        other => panic!("`{other}` are no hours of a case"),
    };
    let fields = json!({ "name": hours, "slots": slots });
    let made = owner.post("/v1/schedules", fields).await;
    crate::facts::text(&made.expect(201), "id")
}

/// What the doors of a case are made with.
pub(super) fn door_fields(case: &Case, area: Option<&str>, unlock: Option<&str>) -> Value {
    let mut fields = json!({});
    if let Some(area) = area {
        match case.door.zone {
            Some(_) => fields["entry_area_id"] = json!(area),
            None => fields["area_id"] = json!(area),
        }
    }
    if let Some(unlock) = unlock {
        fields["unlock_schedule_id"] = json!(unlock);
    }
    if let Some(strength) = &case.door.strength {
        fields["minimum_strength"] = json!(strength);
    }
    if let Some(offline) = case.offline.as_ref().filter(|it| *it != "open") {
        // A door has no `open`.
        fields["offline_policy"] = json!(offline);
    }
    fields
}

/// The lock tells that somebody entered by its first door.
pub(super) async fn enter(lock: &LockAt, token: &Presented) {
    let event = json!({
        "event_id": unique::message_id(), "door": 1, "time": crate::wire::now(),
        "token": { "kind": token.kind_at_door(), "value": token.value },
        "result": "granted", "cause": "card",
    });
    assert_eq!(lock.wire.door_event(&event).await, "Accepted");
}

pub(super) async fn lock_at(
    server: &Server,
    owner: &Api,
    case: &Case,
    installation: &Installation,
    asks: Value,
    version: Version,
) -> LockAt {
    let lock = owner.lock(installation).await;
    let mut doors = Vec::new();
    for number in 1..=case.doors {
        doors.push(owner.door_with(&lock, number, asks.clone()).await);
    }
    let wire = Wire::booted(&server.endpoint(&lock.station_id, version)).await;
    LockAt { lock, doors, wire }
}

pub(super) async fn make_area(
    owner: &Api,
    installation: &Installation,
    zone: Option<&str>,
) -> String {
    let mut fields = json!({ "name": "Garage", "parent_id": installation.id, "kind": "floor" });
    if let Some(zone) = zone {
        fields["anti_passback"] = json!(zone);
        if zone == "timed" {
            fields["anti_passback_minutes"] = json!(60);
        }
    }
    crate::facts::text(&owner.post("/v1/areas", fields).await.expect(201), "id")
}
