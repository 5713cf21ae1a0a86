//! The admin API on axum: a `tower::Service` that the gateway hands requests to.
//!
//! Bodies and their OpenAPI schemas live with their endpoints in `api`; what a request may do,
//! and whether its input makes sense, is decided in `app::admin`.

mod api;
mod ask;
mod auth;
mod body;
mod fields;
mod layers;
mod listing;
mod openapi;
mod pages;
mod problem;
mod state;
mod words;

use std::sync::Arc;

use app::App;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

pub use state::WebOptions;

use crate::state::Api;

/// Everything that is served over HTTP.
pub fn router(app: Arc<App>, options: WebOptions) -> Router {
    let api = Api::new(app, options);
    let (endpoints, document) = api::router().split_for_parts();
    let document = openapi::complete(document);
    Router::new()
        .merge(endpoints)
        .route("/", get(pages::welcome))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/metrics", get(pages::metrics))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(layers::no_route)
        .method_not_allowed_fallback(layers::no_method)
        .layer(from_fn(layers::dress))
        .with_state(api)
}

/// An explanation as `POST /v1/decisions/explain` answers it.
#[must_use]
pub fn explanation(explained: &app::insight::Explained) -> serde_json::Value {
    let body = api::ExplanationBody::from(explained);
    serde_json::to_value(&body).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        serde_json::Value::Null
    })
}

/// The OpenAPI document, as it is served at `/openapi.json`.
#[must_use]
pub fn openapi() -> OpenApi {
    openapi::complete(api::router().into_openapi())
}
