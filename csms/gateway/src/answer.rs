//! HTTP answers of the gateway's own: refusals as problems (RFC 9457).

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use serde::Serialize;

/// Whatever a body may fail with.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The body of every answer, ours or the HTTP service's.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Where a refused station is told when to come back; between the reconnects of one, and the
/// restart of a server.
const RETRY_AFTER_BUSY_SECONDS: u64 = 10;
/// The same after too many attempts.
const RETRY_AFTER_LIMIT_SECONDS: u64 = 60;

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
}

/// A body without content.
pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A problem with the headers its status asks for.
pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Response<Body> {
    let problem = Problem {
        // RFC 9457 §4.2.1: no more than what the status says; `code` is what programs look at.
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail,
        code,
    };
    let text = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(
        Full::from(text)
            .map_err(|never| match never {})
            .boxed_unsync(),
    );
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, "application/problem+json");
    // What follows a refused upgrade on the same connection is nothing anybody wants to read.
    set(&mut response, CONNECTION, "close");
    match status {
        StatusCode::UNAUTHORIZED => {
            set(&mut response, WWW_AUTHENTICATE, "Basic realm=\"OCPP\"");
        }
        StatusCode::UPGRADE_REQUIRED => {
            set(&mut response, UPGRADE, "websocket");
            set(&mut response, CONNECTION, "upgrade, close");
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            response
                .headers_mut()
                .insert(RETRY_AFTER, RETRY_AFTER_BUSY_SECONDS.into());
        }
        StatusCode::TOO_MANY_REQUESTS => {
            response
                .headers_mut()
                .insert(RETRY_AFTER, RETRY_AFTER_LIMIT_SECONDS.into());
        }
        _ => {}
    }
    response
}

/// Sets a header to a fixed text.
pub(crate) fn set(response: &mut Response<Body>, name: HeaderName, value: &'static str) {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}
