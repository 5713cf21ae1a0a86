//! Rights on their way as the change log shows them: the hashes of links are left out, and the
//! address of who is invited, which is the row's to forget.

use model::{
    Handover, Invitation, PartnerLink, PartnerProfile, Partnership, Promise, Role, Sharing, Side,
};
use serde_json::{Map, Value, json};

use super::names;

pub(super) fn row(row: &Sharing) -> Map<String, Value> {
    match row {
        Sharing::Invitation(row) => invitation(row),
        Sharing::Handover(row) => handover(row),
        Sharing::PartnerProfile(row) => profile(row),
        Sharing::Partnership(row) => partnership(row),
        Sharing::PartnerLink(row) => link(row),
    }
}

fn promise(promise: &Promise) -> Value {
    json!({
        "role": promise.role.map(Role::name),
        "actions": names(promise.actions),
        "node_id": promise.node,
        "valid_from": promise.valid_from,
        "valid_until": promise.valid_until,
    })
}

fn invitation(row: &Invitation) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "person_id": row.person,
        "promise": promise(&row.promise),
        "created_by": row.by.person,
        "created_by_key": row.by.key,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted.map(|accepted| accepted.at),
        "accepted_by": row.accepted.map(|accepted| accepted.person),
        "grant_id": row.accepted.map(|accepted| accepted.grant),
        "revoked_at": row.revoked_at,
    }
}

fn handover(row: &Handover) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "node_id": row.node,
        "from": row.from,
        "to": row.to,
        "leaves_role": row.leaves.map(Role::name),
        "message": row.message,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted_at,
        "ended_at": row.ended_at,
    }
}

fn profile(row: &PartnerProfile) -> Map<String, Value> {
    fields! {
        "organisation_id": row.organisation,
        "lookup_key": row.lookup_key,
        "verified_name": row.verified_name,
        "verified_at": row.verified_at,
        "changed_at": row.changed_at,
    }
}

fn partnership(row: &Partnership) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "organisation_id": row.organisation,
        "partner_organisation_id": row.partner,
        "state": row.state().name(),
        "promise": promise(&row.promise),
        "message": row.message,
        "proposed_by": row.proposed_by,
        "proposed_at": row.proposed_at,
        "confirmed_by": row.confirmed.map(|(person, _)| person),
        "confirmed_at": row.confirmed.map(|(_, at)| at),
        "ended_by": row.ended.map(|(side, _)| Side::name(side)),
        "ended_at": row.ended.map(|(_, at)| at),
    }
}

fn link(row: &PartnerLink) -> Map<String, Value> {
    fields! {
        "id": row.id,
        "partner_organisation_id": row.partner,
        "role": row.role.map(Role::name),
        "actions": names(row.actions),
        "message": row.message,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "used_at": row.used.map(|(at, _)| at),
        "partnership_id": row.used.map(|(_, partnership)| partnership),
        "revoked_at": row.revoked_at,
    }
}
