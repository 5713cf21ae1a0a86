//! Enrolment of cards by presenting them.

use app::admin::NewEnrolment;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{Enrolment, EnrolmentId, EnrolmentState, NodeKind, mask};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::credentials::CredentialBody;
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::Resource;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{EnrolmentProblemWord, EnrolmentStateWord};

/// For whom a card is to be presented, and where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEnrolmentBody {
    person_id: Uuid,
    /// A charger or a door.
    at: Resource,
}

/// An enrolment.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolmentBody {
    id: Uuid,
    organisation_id: Uuid,
    person_id: Uuid,
    /// The charger or door.
    node_id: Uuid,
    opened_by: Option<Uuid>,
    opened_at: Timestamp,
    /// While it is open: for the card. Once a card was presented: for the confirmation.
    until: Timestamp,
    state: EnrolmentStateWord,
    /// The card that was presented, masked.
    #[schema(example = "04…D4")]
    value: Option<String>,
    presented_at: Option<Timestamp>,
    /// Why the last card presented could not be taken; another one can be presented.
    problem: Option<EnrolmentProblemWord>,
    /// What it was confirmed as.
    credential_id: Option<Uuid>,
}

impl From<&Enrolment> for EnrolmentBody {
    fn from(row: &Enrolment) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            person_id: row.person.0,
            node_id: row.node.0,
            opened_by: row.opened_by.map(|id| id.0),
            opened_at: row.opened_at,
            until: row.until,
            state: row.state.into(),
            value: row.value.as_deref().map(mask),
            presented_at: row.presented_at,
            problem: row.problem.map(Into::into),
            credential_id: row.credential.map(|id| id.0),
        }
    }
}

/// As it stands now: that its time is over may not be written yet.
fn standing(mut row: Enrolment, now: Timestamp) -> Enrolment {
    row.state = row.state_at(now);
    if row.state == EnrolmentState::Ended {
        row.value = None;
    }
    row
}

/// Enrol a card by presenting it
///
/// For 60 seconds the next card presented at the charger or door is proposed for the person. It
/// is answered there as it would be without: a card that nobody has is refused. Needs
/// `manage_access` where the person is managed and at the point; 409 `enrolment_open` while
/// another card is waited for there.
#[utoipa::path(
    post, path = "/v1/credentials/enrol", operation_id = "open_enrolment", tag = "credentials",
    request_body = NewEnrolmentBody,
    responses((status = 201, description = "It waits for a card", body = EnrolmentBody)),
)]
pub(crate) async fn open(
    State(api): State<Api>,
    ask: Ask<NewEnrolmentBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<EnrolmentBody, _>(StatusCode::CREATED);
    let (node, kind) = body.at.node("at")?;
    if !matches!(kind, NodeKind::Charger | NodeKind::Door) {
        return Err(Problem::field("at", "invalid", "a charger or a door"));
    }
    let new = NewEnrolment {
        person: body.person_id.into(),
        node,
        kind,
    };
    Ok(Written(api.open_enrolment(write, new).await?))
}

/// List enrolments
///
/// One's own, and those of the people whose access the caller manages.
#[utoipa::path(
    get, path = "/v1/credentials/enrol", operation_id = "list_enrolments", tag = "credentials",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<EnrolmentBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<EnrolmentBody>>, Problem> {
    let now = api.clock.now();
    let list = api.enrolments(&caller, &page.piece()?).await?;
    Ok(ListBody::of(list.map(|row| standing(row, now))))
}

/// Get an enrolment
///
/// With the card that was presented, masked. For the person, and for who manages their access.
#[utoipa::path(
    get, path = "/v1/credentials/enrol/{id}", operation_id = "get_enrolment", tag = "credentials",
    params(("id" = Uuid, Path, description = "The enrolment")),
    responses((status = 200, description = "The enrolment", body = EnrolmentBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<EnrolmentId>,
) -> Result<Json<EnrolmentBody>, Problem> {
    let now = api.clock.now();
    let row = standing(api.enrolment(&caller, id).await?, now);
    Ok(Json(EnrolmentBody::from(&row)))
}

/// What the card is to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
}

/// Confirm the card that was presented
///
/// Within 10 minutes; by the person, or by who manages their access. 409 `enrolment_waiting`
/// before a card was presented, `enrolment_ended` when its time is over, `credential_taken` when
/// somebody has the card by now.
#[utoipa::path(
    post, path = "/v1/credentials/enrol/{id}/confirm", operation_id = "confirm_enrolment",
    tag = "credentials",
    params(("id" = Uuid, Path, description = "The enrolment")),
    request_body = ConfirmBody,
    responses((status = 201, description = "The card, now the person's", body = CredentialBody)),
)]
pub(crate) async fn confirm(
    State(api): State<Api>,
    Id(id): Id<EnrolmentId>,
    ask: Ask<ConfirmBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<CredentialBody, _>(StatusCode::CREATED);
    let name = body.name.unwrap_or_default();
    Ok(Written(api.confirm_enrolment(write, id, name).await?))
}

/// Call an enrolment off
///
/// A card that was presented is forgotten. Needs `manage_access` where the person is managed.
#[utoipa::path(
    delete, path = "/v1/credentials/enrol/{id}", operation_id = "end_enrolment",
    tag = "credentials",
    params(("id" = Uuid, Path, description = "The enrolment")),
    responses((status = 204, description = "It is over")),
)]
pub(crate) async fn end(
    State(api): State<Api>,
    Id(id): Id<EnrolmentId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.end_enrolment(write, id).await?))
}
