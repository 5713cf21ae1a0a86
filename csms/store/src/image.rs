//! Rows as the change log shows them: credentials masked, hashes left out.

use model::{
    ActionSet, AntiPassback, ApiKey, Area, AuthorizationRequired, Change, Charger,
    ChargerAuthorization, ChargerOffline, Credential, CredentialState, Door, DoorFail, Grant,
    Installation, Labels, Language, Lock, OfflinePolicy, Organisation, Passage, Person,
    PersonState, Role, Station, Strength, Subject, mask,
};
use serde_json::{Map, Value, json};

macro_rules! fields {
    ($($name:literal: $value:expr),* $(,)?) => {{
        let mut fields = Map::new();
        $(fields.insert($name.to_owned(), json!($value));)*
        fields
    }};
}

mod access;
mod read;
mod sharing;

pub use read::row as row_of_image;

/// A row as JSON, as it may be kept and shown: the value of a credential is masked, the hashes of
/// API keys and stations and the stop group of a person are left out.
#[must_use]
pub fn image(change: &Change) -> Value {
    let (mut fields, labels) = match change {
        Change::Organisation(row) => (organisation(row), Some(&row.labels)),
        Change::Installation(row) => (installation(row), Some(&row.labels)),
        Change::Area(row) => (area(row), Some(&row.labels)),
        Change::Charger(row) => (charger(row), Some(&row.labels)),
        Change::Lock(row) => (lock(row), Some(&row.labels)),
        Change::Station(row) => (station(row), None),
        Change::Door(row) => (door(row), Some(&row.labels)),
        Change::Person(row) => (person(row), Some(&row.labels)),
        Change::Credential(row) => (credential(row), Some(&row.labels)),
        Change::Grant(row) => (grant(row), None),
        Change::ApiKey(row) => (api_key(row), None),
        Change::Tag(row) => (access::tag(row), Some(&row.labels)),
        Change::Membership(row) => (access::membership(row), None),
        Change::Schedule(row) => (access::schedule(row), Some(&row.labels)),
        Change::Calendar(row) => (access::calendar(row), Some(&row.labels)),
        Change::Emergency(row) => (access::emergency(row), None),
        Change::Sharing(row) => (sharing::row(row), None),
        Change::Webhook(row) => (access::webhook(row), None),
    };
    if let Some(Labels {
        name,
        external_id,
        metadata,
    }) = labels
    {
        fields.insert("name".to_owned(), json!(name));
        fields.insert("external_id".to_owned(), json!(external_id));
        fields.insert("metadata".to_owned(), Value::Object(metadata.clone()));
    }
    Value::Object(fields)
}

fn organisation(row: &Organisation) -> Map<String, Value> {
    fields! { "id": row.id, "created_at": row.created_at, "deleted_at": row.deleted_at }
}

fn installation(row: &Installation) -> Map<String, Value> {
    let required = match row.authorization_required {
        AuthorizationRequired::Required => "required",
        AuthorizationRequired::Open => "open",
    };
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "time_zone": row.time_zone,
        "address": row.address,
        "authorization_required": required,
        "open_schedule_id": row.open_schedule,
        "authority": row.authority.name(),
        "concurrent_transactions": row.concurrent_transactions,
        "stop_on_revocation": row.stop_on_revocation,
        "language": row.language.map(Language::tag),
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

fn area(row: &Area) -> Map<String, Value> {
    let anti_passback = match row.anti_passback {
        AntiPassback::Off => json!("off"),
        AntiPassback::Soft => json!("soft"),
        AntiPassback::Hard => json!("hard"),
        AntiPassback::Timed(minutes) => json!({ "timed_minutes": minutes }),
    };
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "installation_id": row.installation,
        "parent_id": row.parent,
        "kind": row.kind,
        "anti_passback": anti_passback,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

fn charger(row: &Charger) -> Map<String, Value> {
    let required = match row.authorization_required {
        ChargerAuthorization::Inherit => "inherit",
        ChargerAuthorization::Required => "required",
        ChargerAuthorization::Open => "open",
    };
    let offline_policy = match row.offline_policy {
        ChargerOffline::Closed => "closed",
        ChargerOffline::List => "list",
        ChargerOffline::Open => "open",
    };
    let evses: Vec<Value> = row
        .evses
        .iter()
        .map(|evse| json!({ "id": evse.id, "number": evse.number, "connectors": evse.connectors }))
        .collect();
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "installation_id": row.installation,
        "parent_id": row.parent,
        "station_id": row.station,
        "authorization_required": required,
        "open_schedule_id": row.open_schedule,
        "offline_policy": offline_policy,
        "evses": evses,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

fn lock(row: &Lock) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "installation_id": row.installation,
        "station_id": row.station,
        "unlock_connector_opens": row.unlock_connector_opens,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

fn station(row: &Station) -> Map<String, Value> {
    fields! {
        "station_id": row.id,
        "organisation_id": row.organisation,
        "installation_id": row.installation,
        "settings": row.settings,
        "created_at": row.created_at,
    }
}

fn door(row: &Door) -> Map<String, Value> {
    let fail = match row.fail {
        DoorFail::Safe => "safe",
        DoorFail::Secure => "secure",
    };
    let (entry, exit) = match row.access.passage {
        Some(Passage::Entry(area)) => (Some(area), None),
        Some(Passage::Exit(area)) => (None, Some(area)),
        None => (None, None),
    };
    let offline_policy = match row.offline_policy {
        OfflinePolicy::Closed => "closed",
        OfflinePolicy::List => "list",
    };
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "installation_id": row.installation,
        "parent_id": row.parent,
        "lock_id": row.lock,
        "number": row.number,
        "fail": fail,
        "remote_open": row.remote_open,
        "open_seconds": row.open_seconds,
        "offline_policy": offline_policy,
        "minimum_strength": row.access.minimum_strength.map(Strength::name),
        "unlock_schedule_id": row.access.unlock_schedule,
        "entry_to": entry,
        "exit_from": exit,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

fn person(row: &Person) -> Map<String, Value> {
    let state = match row.state {
        PersonState::Active => "active",
        PersonState::Suspended => "suspended",
    };
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "account_id": row.account,
        "managed_at": row.managed_at,
        "email": row.email,
        "phone": row.phone,
        "state": state,
        "suspension": access::suspension(row.suspension),
        "member_until": row.member_until,
        "language": row.language.map(Language::tag),
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

fn credential(row: &Credential) -> Map<String, Value> {
    let state = match row.state {
        CredentialState::Active => "active",
        CredentialState::Suspended => "suspended",
        CredentialState::Lost => "lost",
    };
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "person_id": row.person,
        "kind": row.kind.name(),
        "value": mask(&row.value),
        "state": state,
        "suspension": access::suspension(row.suspension),
        "strength": row.strength.name(),
        "places": row.places,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

fn grant(row: &Grant) -> Map<String, Value> {
    let subject = match row.subject {
        Subject::Person(id) => json!({ "person": id }),
        Subject::Tag(id) => json!({ "tag": id }),
        Subject::Partner(id) => json!({ "partner": id }),
    };
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "subject": subject,
        "role": row.role.map(Role::name),
        "actions": names(row.actions),
        "node_id": row.node,
        "effect": row.effect.name(),
        "condition": access::condition(&row.condition),
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "reason": row.reason,
        "source": row.source,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
    }
}

fn api_key(row: &ApiKey) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "person_id": row.person,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": names(row.scopes),
        "node_id": row.node,
        "expires_at": row.expires_at,
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
    }
}

fn names(actions: ActionSet) -> Vec<&'static str> {
    actions.iter().map(model::Action::name).collect()
}
