//! The inbox of cards that nobody has.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{UnknownCard, UnknownCardId, mask};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::credentials::CredentialBody;
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;

/// A card that was presented and is nobody's.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnknownCardBody {
    id: Uuid,
    organisation_id: Uuid,
    /// Masked.
    #[schema(example = "04…D4")]
    value: String,
    /// The charger or door at which it was presented; at another one it is another line.
    node_id: Uuid,
    /// Its station, in lower case; null: a door whose controller speaks HTTP.
    station_id: Option<String>,
    /// How often; what comes within 10 seconds of the last is one presentation.
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl From<&UnknownCard> for UnknownCardBody {
    fn from(row: &UnknownCard) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            value: mask(&row.value),
            node_id: row.node.0,
            station_id: row.station.as_ref().map(|key| key.as_str().to_owned()),
            count: row.count,
            first_at: row.first_at,
            last_at: row.last_at,
        }
    }
}

/// List cards that nobody has
///
/// Those presented at chargers and doors where the caller manages access, the last first. At
/// most 1,000 an organisation are kept.
#[utoipa::path(
    get, path = "/v1/unknown-cards", operation_id = "list_unknown_cards", tag = "credentials",
    params(PageParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<UnknownCardBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<UnknownCardBody>>, Problem> {
    Ok(ListBody::of(
        api.unknown_cards(&caller, &page.piece()?).await?,
    ))
}

/// Whose the card is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignBody {
    person_id: Uuid,
    /// What the card is to be called.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
}

/// Give a card that nobody has to a person
///
/// Needs `manage_access` where it was presented and where the person is managed; 409
/// `credential_taken` when somebody has it by now.
#[utoipa::path(
    post, path = "/v1/unknown-cards/{id}/assign", operation_id = "assign_unknown_card",
    tag = "credentials",
    params(("id" = Uuid, Path, description = "The card")),
    request_body = AssignBody,
    responses((status = 201, description = "The card, now the person's", body = CredentialBody)),
)]
pub(crate) async fn assign(
    State(api): State<Api>,
    Id(id): Id<UnknownCardId>,
    ask: Ask<AssignBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<CredentialBody, _>(StatusCode::CREATED);
    let (person, name) = (body.person_id.into(), body.name.unwrap_or_default());
    Ok(Written(
        api.assign_unknown_card(write, id, person, name).await?,
    ))
}

/// Take a card out of the inbox
///
/// It comes back when it is presented again. Needs `manage_access` where it was presented.
#[utoipa::path(
    delete, path = "/v1/unknown-cards/{id}", operation_id = "dismiss_unknown_card",
    tag = "credentials",
    params(("id" = Uuid, Path, description = "The card")),
    responses((status = 204, description = "It is forgotten")),
)]
pub(crate) async fn dismiss(
    State(api): State<Api>,
    Id(id): Id<UnknownCardId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.dismiss_unknown_card(write, id).await?))
}
