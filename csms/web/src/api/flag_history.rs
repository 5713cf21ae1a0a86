//! What the flag at a charger was.

use app::admin::FlagQuery;
use app::{FlagSource, FlagSpan};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::ChargerId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::Auth;
use crate::listing::{Id, ListBody, Params, piece};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{AuthorityWord, InstallationFlag};

/// Of which time.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlagHistoryParams {
    /// Left out: thirty days before `until`.
    from: Option<Timestamp>,
    /// Left out: now.
    until: Option<Timestamp>,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the piece before.
    cursor: Option<String>,
}

/// Whose flag decided.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FlagSourceWord {
    /// The charger's own.
    Charger,
    /// The installation's.
    Installation,
}

/// A stretch of time in which the flag was one.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlagSpanBody {
    from: Timestamp,
    /// Null: it still is so.
    until: Option<Timestamp>,
    /// The flag in effect.
    authorization_required: InstallationFlag,
    source: FlagSourceWord,
    /// The schedule it went by.
    schedule_id: Option<Uuid>,
    /// While this was not `native` the flag was without effect.
    authority: AuthorityWord,
    /// The change that made it so, as in `/v1/audit`.
    revision: i64,
}

impl From<&FlagSpan> for FlagSpanBody {
    fn from(span: &FlagSpan) -> Self {
        Self {
            from: span.from,
            until: span.until,
            authorization_required: span.flag.into(),
            source: match span.source {
                FlagSource::Charger => FlagSourceWord::Charger,
                FlagSource::Installation => FlagSourceWord::Installation,
            },
            schedule_id: span.schedule.map(|id| id.0),
            authority: span.authority.into(),
            revision: span.revision.0,
        }
    }
}

/// What the flag was
///
/// Oldest first, with the edges of schedules: was authorization required here at a time?
#[utoipa::path(
    get, path = "/v1/chargers/{id}/flag-history", operation_id = "list_flag_history",
    tag = "chargers",
    params(("id" = Uuid, Path, description = "The charger"), FlagHistoryParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<FlagSpanBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<ChargerId>,
    Params(params): Params<FlagHistoryParams>,
) -> Result<Json<ListBody<FlagSpanBody>>, Problem> {
    let which = FlagQuery {
        from: params.from,
        until: params.until,
    };
    let piece = piece(params.limit, params.cursor)?;
    Ok(ListBody::of(
        api.flag_history(&caller, id, &which, &piece).await?,
    ))
}
