//! Doors whose controller speaks HTTP: it asks and tells with its device key.

use std::net::IpAddr;

use app::ApiError;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use http::request::Parts;
use jiff::Timestamp;
use model::neutral::{DoorEventReport, DoorReply};
use model::{Decision, DoorEvent, DoorId, EventTime, PresentedToken, TokenKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Auth, bearer, peer_address};
use crate::body::Body;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{DoorResultWord, EffectWord};

/// Events in one request.
const EVENTS: usize = 200;

/// The device key that was sent.
pub(crate) struct DeviceKey {
    key: String,
    address: Option<IpAddr>,
}

impl FromRequestParts<Api> for DeviceKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let address = peer_address(parts);
        match bearer(&parts.headers) {
            Some(key) => Ok(Self {
                key: key.to_owned(),
                address,
            }),
            None => {
                api.stranger(address)?;
                Err(Problem::unauthenticated())
            }
        }
    }
}

impl DeviceKey {
    /// Counts a wrong key against its address.
    fn refused(&self, api: &Api, error: ApiError) -> Problem {
        if matches!(error, ApiError::Unauthenticated)
            && let Err(too_many) = api.stranger(self.address)
        {
            return too_many.into();
        }
        error.into()
    }
}

/// How something is presented.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PresentedKind {
    /// A card or fob.
    Rfid,
    /// A mechatronic key.
    Key,
    /// A contract id.
    Emaid,
    /// A code of a person.
    Pin,
    /// A code of a guest.
    Guest,
    /// A code for one time.
    OneTime,
}

impl PresentedKind {
    const fn name(self) -> &'static str {
        match self {
            PresentedKind::Rfid => "rfid",
            PresentedKind::Key => "key",
            PresentedKind::Emaid => "emaid",
            PresentedKind::Pin => "pin",
            PresentedKind::Guest => "guest",
            PresentedKind::OneTime => "one_time",
        }
    }

    const fn token(self) -> TokenKind {
        match self {
            PresentedKind::Rfid => TokenKind::Iso14443,
            PresentedKind::Key => TokenKind::Local,
            PresentedKind::Emaid => TokenKind::Emaid,
            PresentedKind::Pin | PresentedKind::Guest | PresentedKind::OneTime => {
                TokenKind::KeyCode
            }
        }
    }
}

/// What is presented at a door.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessBody {
    kind: PresentedKind,
    /// As read.
    #[schema(max_length = 255)]
    value: String,
}

/// The decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccessAnswerBody {
    effect: EffectWord,
    #[schema(example = "GRANTED")]
    reason: &'static str,
    /// How long to unlock; 0 if refused.
    open_seconds: u32,
    /// A line for the display.
    text: String,
    /// Its row in the decision log.
    decision_id: Uuid,
}

impl From<(Decision, DoorReply)> for AccessAnswerBody {
    fn from((decision, reply): (Decision, DoorReply)) -> Self {
        let reason = decision.reason;
        Self {
            effect: reason.effect().into(),
            reason: reason.code(),
            open_seconds: if reason.allows() {
                reply.open_seconds
            } else {
                0
            },
            text: reply.text,
            decision_id: decision.id.0,
        }
    }
}

fn check_value(value: &str, field: &str) -> Result<(), Problem> {
    if value.trim().is_empty() {
        return Err(Problem::field(field, "required", "nothing was presented"));
    }
    if value.chars().count() > 255 {
        return Err(Problem::field(field, "too_long", "at most 255 characters"));
    }
    Ok(())
}

/// Ask for access at a door
///
/// For controllers that speak HTTP, with the lock's device key as `Authorization: Bearer`.
#[utoipa::path(
    post, path = "/v1/doors/{id}/access", operation_id = "ask_door_access", tag = "doors",
    security(("device_key" = [])),
    params(("id" = Uuid, Path, description = "The door")),
    request_body = AccessBody,
    responses((status = 200, description = "The decision", body = AccessAnswerBody)),
)]
pub(crate) async fn access(
    State(api): State<Api>,
    device: DeviceKey,
    Id(door): Id<DoorId>,
    Body(body): Body<AccessBody>,
) -> Result<Json<AccessAnswerBody>, Problem> {
    check_value(&body.value, "value")?;
    match api
        .door_access(&device.key, door, body.kind.name(), &body.value)
        .await
    {
        Ok(answer) => Ok(Json(AccessAnswerBody::from(answer))),
        Err(error) => Err(device.refused(&api, error)),
    }
}

/// Events of a door.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsBody {
    #[schema(min_items = 1, max_items = 200)]
    events: Vec<NewEventBody>,
}

/// An event of a door, as its controller tells it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewEventBody {
    /// Made by the lock; an event is kept once per id.
    #[schema(min_length = 1, max_length = 64)]
    event_id: String,
    /// When, RFC 3339.
    time: String,
    result: DoorResultWord,
    /// What was presented, if anything was.
    #[serde(default)]
    token: Option<AccessBody>,
    /// `card`, `remote`, `offline_list` …
    #[serde(default)]
    #[schema(max_length = 64)]
    cause: Option<String>,
}

/// What became of the events.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventsAnswerBody {
    /// All are kept now.
    accepted: usize,
    /// So many were not known before.
    new: usize,
}

impl NewEventBody {
    fn report(self, place: usize) -> Result<DoorEventReport, Problem> {
        let field = |name: &str| format!("events[{place}].{name}");
        if !(1..=64).contains(&self.event_id.chars().count()) {
            let message = "1 to 64 characters";
            return Err(Problem::field(&field("event_id"), "out_of_range", message));
        }
        let Ok(time) = self.time.parse::<Timestamp>() else {
            let message = "use RFC 3339, e.g. 2026-11-24T12:00:00Z";
            return Err(Problem::field(&field("time"), "invalid", message));
        };
        if self
            .cause
            .as_ref()
            .is_some_and(|cause| cause.chars().count() > 64)
        {
            return Err(Problem::field(
                &field("cause"),
                "too_long",
                "at most 64 characters",
            ));
        }
        let token = match self.token {
            Some(token) => {
                check_value(&token.value, &field("token.value"))?;
                Some(PresentedToken::new(token.kind.token(), token.value))
            }
            None => None,
        };
        Ok(DoorEventReport {
            event_id: self.event_id,
            // The path names the door.
            door: 0,
            token,
            at: EventTime {
                text: self.time,
                time: Some(time),
            },
            result: self.result.into(),
            cause: self.cause,
        })
    }
}

/// Tell what happened at a door
///
/// For controllers that speak HTTP, with the lock's device key as `Authorization: Bearer`. An
/// event is kept once per `event_id`, so that it can be told again until it was answered.
#[utoipa::path(
    post, path = "/v1/doors/{id}/events", operation_id = "tell_door_events", tag = "doors",
    security(("device_key" = [])),
    params(("id" = Uuid, Path, description = "The door")),
    request_body = EventsBody,
    responses((status = 200, description = "They are kept", body = EventsAnswerBody)),
)]
pub(crate) async fn tell(
    State(api): State<Api>,
    device: DeviceKey,
    Id(door): Id<DoorId>,
    Body(body): Body<EventsBody>,
) -> Result<Json<EventsAnswerBody>, Problem> {
    if !(1..=EVENTS).contains(&body.events.len()) {
        return Err(Problem::field("events", "out_of_range", "1 to 200 events"));
    }
    let mut events = Vec::with_capacity(body.events.len());
    for (place, event) in body.events.into_iter().enumerate() {
        events.push(event.report(place)?);
    }
    let accepted = events.len();
    match api.door_events(&device.key, door, events).await {
        Ok(new) => Ok(Json(EventsAnswerBody { accepted, new })),
        Err(error) => Err(device.refused(&api, error)),
    }
}

/// What happened at a door.
#[derive(Serialize, ToSchema)]
pub(crate) struct DoorEventBody {
    event_id: String,
    door_id: Option<Uuid>,
    /// As the lock says; the time of receipt where that cannot be read.
    at: Timestamp,
    received_at: Timestamp,
    result: DoorResultWord,
    cause: Option<String>,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    /// Masked.
    id_token: Option<String>,
}

impl From<&DoorEvent> for DoorEventBody {
    fn from(row: &DoorEvent) -> Self {
        Self {
            event_id: row.event_id.clone(),
            door_id: row.door.map(|id| id.0),
            at: row.at.time.unwrap_or(row.received_at),
            received_at: row.received_at,
            result: row.result.into(),
            cause: row.cause.clone(),
            person_id: row.person.map(|id| id.0),
            credential_id: row.credential.map(|id| id.0),
            id_token: row.token.clone(),
        }
    }
}

/// List what happened at a door
///
/// Everything with `view_all`, one's own with `view_own`.
#[utoipa::path(
    get, path = "/v1/doors/{id}/events", operation_id = "list_door_events", tag = "doors",
    params(("id" = Uuid, Path, description = "The door"), PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<DoorEventBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<DoorId>,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<DoorEventBody>>, Problem> {
    Ok(ListBody::of(
        api.door_history(&caller, id, &page.piece()?).await?,
    ))
}
