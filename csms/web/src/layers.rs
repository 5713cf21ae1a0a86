//! What every answer gets: an id, security headers, a line in the log.

use std::time::Instant;

use app::link::Peer;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Method, StatusCode, Uri};
use model::RequestId;
use uuid::Uuid;

use crate::problem::Problem;

/// An API needs nothing of a browser.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The pages of `/docs` bring their own scripts and styles; Swagger UI sets styles inline.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; frame-ancestors 'none'";
/// The welcome page styles itself.
const WELCOME_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Names the request, times it, and adds the headers.
pub(crate) async fn dress(mut request: Request, next: Next) -> Response {
    let id = RequestId(Uuid::now_v7());
    let begun = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let encrypted = request
        .extensions()
        .get::<Peer>()
        .is_some_and(|peer| peer.encrypted);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    let status = response.status();
    headers(&mut response, id, &path, encrypted);
    observe(&method, route, status, begun, id);
    response
}

fn headers(response: &mut Response, id: RequestId, path: &str, encrypted: bool) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("keywatt-request-id", value);
    }
    let policy = if path == "/" {
        WELCOME_POLICY
    } else if path == "/docs" || path.starts_with("/docs/") {
        DOCS_POLICY
    } else {
        POLICY
    };
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if path.starts_with("/v1/") {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if encrypted {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
}

fn observe(method: &Method, route: String, status: StatusCode, begun: Instant, id: RequestId) {
    let took = begun.elapsed();
    tracing::info!(
        request.id = %id,
        http.method = %method,
        http.route = route,
        http.status = status.as_u16(),
        duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    let labels = [
        ("method", method.to_string()),
        ("route", route),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("keywatt_http_requests_total", &labels).increment(1);
    metrics::histogram!("keywatt_http_request_duration_seconds", &labels)
        .record(took.as_secs_f64());
}

/// No such path.
pub(crate) async fn no_route(uri: Uri) -> Response {
    tracing::debug!(http.path = uri.path(), "no such path");
    Problem::not_found().into_response()
}

/// No such method on this path; `Allow` is added by the router.
pub(crate) async fn no_method(method: Method) -> Response {
    let detail = format!("`{method}` does nothing here; see the header `Allow`");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into_response()
}
