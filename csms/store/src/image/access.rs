//! Tags, hours, conditions and emergencies as the change log shows them.

use model::{
    Calendar, Condition, CredentialKind, Emergency, Member, Membership, Schedule, Strength,
    Suspension, Tag, Webhook, WebhookLogin,
};
use serde_json::{Map, Value, json};

pub(super) fn tag(row: &Tag) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "smart": row.smart,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

pub(super) fn membership(row: &Membership) -> Map<String, Value> {
    let kind = match row.member {
        Member::Person(_) => "person",
        Member::Tag(_) => "tag",
        Member::Point(_) => "point",
    };
    fields! {
        "tag_id": row.tag,
        "kind": kind,
        "member_id": row.member.id(),
        "organisation_id": row.organisation,
        "created_at": row.created_at,
        "removed_at": row.removed_at,
    }
}

pub(super) fn schedule(row: &Schedule) -> Map<String, Value> {
    let slots: Vec<Value> = row
        .slots
        .iter()
        .map(|slot| json!({ "days": slot.days.bits(), "from": slot.from, "until": slot.until }))
        .collect();
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "slots": slots,
        "calendar_id": row.calendar,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

pub(super) fn calendar(row: &Calendar) -> Map<String, Value> {
    let dates: Vec<String> = row.dates.iter().map(ToString::to_string).collect();
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "dates": dates,
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

pub(super) fn emergency(row: &Emergency) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "node_id": row.node,
        "kind": row.kind.name(),
        "exempt_tag_id": row.exempt,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "ended_at": row.ended_at,
    }
}

/// The address may hold a secret in its path, so only where it leads is told.
pub(super) fn webhook(row: &Webhook) -> Map<String, Value> {
    let (login, name) = match &row.login {
        WebhookLogin::None => ("none", None),
        WebhookLogin::Bearer => ("bearer", None),
        WebhookLogin::Basic(name) => ("basic", Some(name)),
    };
    fields! {
        "installation_id": row.installation,
        "organisation_id": row.organisation,
        "host": row.host(),
        "login": login,
        "login_name": name,
        "has_secret": row.secret.is_some(),
        "deadline_ms": row.deadline_ms,
        "breaker_failures": row.breaker_failures,
        "breaker_seconds": row.breaker_seconds,
        "shadow_since": row.shadow_since,
        "former_authority": row.former.map(|former| former.authority.name()),
        "switched_at": row.former.map(|former| former.switched_at),
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
    }
}

pub(super) fn condition(condition: &Condition) -> Value {
    let kinds: Option<Vec<&str>> = condition
        .kinds
        .map(|kinds| kinds.iter().map(CredentialKind::name).collect());
    let limits = condition
        .limits
        .map(|limits| json!({ "uses": limits.uses, "minutes": limits.minutes, "wh": limits.wh }));
    json!({
        "schedule_id": condition.schedule,
        "kinds": kinds,
        "minimum_strength": condition.minimum_strength.map(Strength::name),
        "points_tag_id": condition.points,
        "limits": limits,
        "credential_id": condition.credential,
    })
}

pub(super) fn suspension(suspension: Option<Suspension>) -> Value {
    suspension.map_or(
        Value::Null,
        |suspension| json!({ "from": suspension.from, "until": suspension.until }),
    )
}
