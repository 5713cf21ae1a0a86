//! Logging in and out.

use app::admin::Login;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Auth;
use crate::body::Body;
use crate::problem::Problem;
use crate::state::Api;
use app::link::Peer;

/// A login.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    email: String,
    #[schema(format = Password)]
    password: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionBody {
    id: Uuid,
    /// For `Authorization: Bearer`; shown once.
    token: String,
    expires_at: Timestamp,
}

/// Log in
///
/// An unknown e-mail address and a wrong password get the same answer. Ten attempts with one
/// address, then one every six seconds. `Idempotency-Key` is not looked at: the token is shown
/// once, and each login is a session of its own.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "create_session", tag = "sessions",
    security(()),
    request_body = LoginBody,
    responses((status = 201, description = "The session", body = SessionBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    Body(body): Body<LoginBody>,
) -> Result<Response, Problem> {
    let address = peer.map(|Extension(peer)| peer.address.ip());
    let login = Login {
        email: body.email,
        password: body.password,
        address,
    };
    let made = api.login(login).await.map_err(|error| match error {
        app::ApiError::Unauthenticated => Problem::new(
            StatusCode::UNAUTHORIZED,
            "wrong_login",
            "the e-mail address or the password is wrong",
        ),
        other => other.into(),
    })?;
    let body = SessionBody {
        id: made.session.id.0,
        token: made.token.reveal().to_owned(),
        expires_at: made.session.expires_at,
    };
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// Log out
///
/// Ends the session used for this request.
#[utoipa::path(
    delete, path = "/v1/sessions", operation_id = "delete_session", tag = "sessions",
    responses((status = 204, description = "The session has ended")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Auth(caller): Auth,
) -> Result<StatusCode, Problem> {
    api.logout(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
