//! Lockdown and evacuation of the doors of an installation or area.

use app::admin::{DoorModeView, EmergencyView, NewEmergency};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{AreaId, EmergencyKind, InstallationId, NodeKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::listing::Id;
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{DoorModeWord, EmergencyKindWord};

/// A new lockdown or evacuation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEmergencyBody {
    /// Why, for people and the log.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// Lockdown: the people of this tag pass as before.
    #[serde(default)]
    exempt_tag_id: Option<Uuid>,
}

/// A lockdown or evacuation in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct EmergencyBody {
    id: Uuid,
    organisation_id: Uuid,
    node_id: Uuid,
    kind: EmergencyKindWord,
    exempt_tag_id: Option<Uuid>,
    created_by: Option<Uuid>,
    created_at: Timestamp,
    /// Who asked for its release first; a lockdown needs a second owner within 15 minutes.
    release_asked_by: Option<Uuid>,
    /// When.
    release_asked_at: Option<Timestamp>,
    doors: Vec<DoorModeBody>,
}

/// What a door is set to.
#[derive(Serialize, ToSchema)]
pub(crate) struct DoorModeBody {
    door_id: Uuid,
    /// What it is to be set to: an evacuation above it beats a lockdown.
    mode: DoorModeWord,
    state: DoorModeStateWord,
    /// When its lock did.
    confirmed_at: Option<Timestamp>,
}

/// Whether a lock does what it was asked.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DoorModeStateWord {
    /// The lock has not said so, or speaks HTTP: it is refused or let in when it asks.
    Requested,
    /// The lock has said so when it was read back.
    Confirmed,
}

impl From<&DoorModeView> for DoorModeBody {
    fn from(view: &DoorModeView) -> Self {
        Self {
            door_id: view.door.0,
            mode: view.mode.into(),
            state: match view.confirmed_at {
                Some(_) => DoorModeStateWord::Confirmed,
                None => DoorModeStateWord::Requested,
            },
            confirmed_at: view.confirmed_at,
        }
    }
}

impl From<&EmergencyView> for EmergencyBody {
    fn from(view: &EmergencyView) -> Self {
        let row = &view.emergency;
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            node_id: row.node.0,
            kind: row.kind.into(),
            exempt_tag_id: row.exempt.map(|id| id.0),
            created_by: row.created_by.map(|id| id.0),
            created_at: row.created_at,
            release_asked_by: view.release_asked.map(|asked| asked.by.0),
            release_asked_at: view.release_asked.map(|asked| asked.at),
            doors: view.doors.iter().map(DoorModeBody::from).collect(),
        }
    }
}

/// The routes of one kind of emergency at one kind of node: they differ in nothing but their path.
macro_rules! emergency {
    (
        $name:ident, $node:ty, $node_kind:expr, $kind:expr, $path:tt,
        $get:tt, $put:tt, $delete:tt, $get_title:tt, $put_title:tt, $delete_title:tt $(,)?
    ) => {
        pub(crate) mod $name {
            use super::*;

            #[utoipa::path(
                get, path = $path, operation_id = $get, tag = "emergencies", summary = $get_title,
                params(("id" = Uuid, Path, description = "Where")),
                responses((status = 200, description = "What is in force", body = EmergencyBody)),
            )]
            pub(crate) async fn get(
                State(api): State<Api>,
                Auth(caller): Auth,
                Id(id): Id<$node>,
            ) -> Result<Json<EmergencyBody>, Problem> {
                let node = api.emergency_node(&caller, id.into(), $node_kind)?;
                let view = api.emergency(&caller, node, $kind).await?;
                Ok(Json(EmergencyBody::from(&view)))
            }

            #[utoipa::path(
                put, path = $path, operation_id = $put, tag = "emergencies", summary = $put_title,
                description = "Needs `emergency`. Holds at once in every decision; the locks are \
                    told after the answer. One that is in force goes on.",
                params(("id" = Uuid, Path, description = "Where")),
                request_body = NewEmergencyBody,
                responses((status = 200, description = "What is in force", body = EmergencyBody)),
            )]
            pub(crate) async fn put(
                State(api): State<Api>,
                Id(id): Id<$node>,
                ask: Ask<NewEmergencyBody>,
            ) -> Result<Written, Problem> {
                let node = api.emergency_node(&ask.caller, id.into(), $node_kind)?;
                let (write, body) = ask.write::<EmergencyBody, _>(StatusCode::OK);
                let new = NewEmergency {
                    reason: body.reason,
                    exempt: body.exempt_tag_id.map(Into::into),
                };
                Ok(Written(api.begin_emergency(write, node, $kind, new).await?))
            }

            #[utoipa::path(
                delete, path = $path, operation_id = $delete, tag = "emergencies",
                summary = $delete_title,
                description = "Needs `emergency`. Where an installation has two owners, two of \
                    them release a lockdown: the first is answered 202, the second within 15 \
                    minutes 204; 409 `two_owners_needed` for who is no owner.",
                params(("id" = Uuid, Path, description = "Where")),
                responses(
                    (status = 202, description = "A second owner is needed", body = EmergencyBody),
                    (status = 204, description = "It has ended"),
                ),
            )]
            pub(crate) async fn delete(
                State(api): State<Api>,
                Id(id): Id<$node>,
                ask: Ask<Nothing>,
            ) -> Result<Written, Problem> {
                let node = api.emergency_node(&ask.caller, id.into(), $node_kind)?;
                let (write, Nothing {}) = ask.write_if_any::<EmergencyBody, _>();
                Ok(Written(api.end_emergency(write, node, $kind).await?))
            }
        }
    };
}

emergency!(
    installation_lockdown,
    InstallationId,
    NodeKind::Installation,
    EmergencyKind::Lockdown,
    "/v1/installations/{id}/lockdown",
    "get_installation_lockdown",
    "lock_down_installation",
    "release_installation_lockdown",
    "Get the lockdown of an installation",
    "Lock down an installation",
    "Release the lockdown of an installation",
);
emergency!(
    installation_evacuation,
    InstallationId,
    NodeKind::Installation,
    EmergencyKind::Evacuation,
    "/v1/installations/{id}/evacuation",
    "get_installation_evacuation",
    "evacuate_installation",
    "end_installation_evacuation",
    "Get the evacuation of an installation",
    "Evacuate an installation",
    "End the evacuation of an installation",
);
emergency!(
    area_lockdown,
    AreaId,
    NodeKind::Area,
    EmergencyKind::Lockdown,
    "/v1/areas/{id}/lockdown",
    "get_area_lockdown",
    "lock_down_area",
    "release_area_lockdown",
    "Get the lockdown of an area",
    "Lock down an area",
    "Release the lockdown of an area",
);
emergency!(
    area_evacuation,
    AreaId,
    NodeKind::Area,
    EmergencyKind::Evacuation,
    "/v1/areas/{id}/evacuation",
    "get_area_evacuation",
    "evacuate_area",
    "end_area_evacuation",
    "Get the evacuation of an area",
    "Evacuate an area",
    "End the evacuation of an area",
);
