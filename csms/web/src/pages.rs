//! What is not under `/v1`: welcome, documentation, health, metrics.

use app::link::Peer;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::problem::Problem;
use crate::state::Api;

const WELCOME: &str = include_str!("welcome.html");

/// `/`
pub(crate) async fn welcome() -> Html<&'static str> {
    Html(WELCOME)
}

/// `/healthz`: the process answers.
pub(crate) async fn healthz() -> Json<serde_json::Value> {
    Json(json!({ "status": "alive" }))
}

/// `/readyz`: the database answers and the Directory is loaded.
pub(crate) async fn readyz(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
) -> Result<Json<serde_json::Value>, Problem> {
    api.stranger(peer.map(|Extension(peer)| peer.address.ip()))?;
    let unready = |what: &str| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            what.to_owned(),
        )
    };
    if !api.live.is_loaded() {
        return Err(unready("the database has not been read yet"));
    }
    api.store
        .ping()
        .await
        .map_err(|_| unready("the database does not answer"))?;
    Ok(Json(
        json!({ "status": "ready", "revision": api.live.directory().revision() }),
    ))
}

/// `/metrics`, in Prometheus' text form.
pub(crate) async fn metrics(State(api): State<Api>) -> Response {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        api.metrics(),
    )
        .into_response()
}
