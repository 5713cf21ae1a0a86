//! From an HTTP request to a caller and a checked body, and from a result to an answer.

use std::net::IpAddr;
use std::time::Duration;

use app::Caller;
use app::admin::{Answer, Begun, Done, Kept, Once, Write};
use app::link::Peer;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request};
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::{RequestId, Revision};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::problem::Problem;
use crate::state::Api;

/// The largest body.
const BODY_BYTES: usize = 1024 * 1024;
/// How long a read waits for the revision it asks for.
const REVISION_WAIT: Duration = Duration::from_millis(250);
/// The longest reason, in bytes.
const REASON_BYTES: usize = 500;

/// Who calls: a valid API key or session token.
pub(crate) struct Auth(pub(crate) Caller);

impl FromRequestParts<Api> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = authenticate(parts, api).await?;
        let Some(wanted) = min_revision(&parts.headers)? else {
            return Ok(Self(caller));
        };
        if api.live.reaches(wanted, REVISION_WAIT).await {
            Ok(Self(caller))
        } else {
            Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "revision_not_reached",
                "the revision asked for by Keywatt-Min-Revision is not here yet",
            ))
        }
    }
}

async fn authenticate(parts: &Parts, api: &Api) -> Result<Caller, Problem> {
    let address = peer_address(parts);
    let Some(token) = bearer(&parts.headers) else {
        api.stranger(address)?;
        return Err(Problem::unauthenticated());
    };
    let request = parts
        .extensions
        .get::<RequestId>()
        .copied()
        .unwrap_or_else(|| RequestId(uuid::Uuid::now_v7()));
    let reason = reason(&parts.headers)?;
    Ok(api.authenticate(token, request, reason, address).await?)
}

/// The other end, as the gateway tells it.
pub(crate) fn peer_address(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Peer>().map(|peer| peer.address.ip())
}

/// The token of `Authorization: Bearer`; the word is compared without case (RFC 9110 §11.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn min_revision(headers: &HeaderMap) -> Result<Option<Revision>, Problem> {
    let Some(value) = headers.get("keywatt-min-revision") else {
        return Ok(None);
    };
    let number = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse::<i64>().ok());
    match number.filter(|number| *number >= 0) {
        Some(number) => Ok(Some(Revision(number))),
        None => Err(bad_header(
            "Keywatt-Min-Revision",
            "a revision is a whole number",
        )),
    }
}

fn reason(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("keywatt-reason") else {
        return Ok(None);
    };
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) if text.len() <= REASON_BYTES => Ok(Some(text.trim().to_owned())),
        _ => Err(bad_header("Keywatt-Reason", "UTF-8 of at most 500 bytes")),
    }
}

fn bad_header(name: &str, message: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_header",
        format!("{name}: {message}"),
    )
}

/// A write: who asks, for what, and under which Idempotency-Key.
pub(crate) struct Ask<B> {
    pub(crate) caller: Caller,
    pub(crate) once: Option<Once>,
    pub(crate) body: B,
}

impl<B> Ask<B> {
    /// What the use case needs, to answer with `D`.
    pub(crate) fn write<D, T>(self, status: StatusCode) -> (Write<T>, B)
    where
        D: for<'a> From<&'a T> + Serialize,
    {
        self.into_write(Answer {
            status: status.as_u16(),
            show: show::<D, T>,
            kept: Kept::Body,
        })
    }

    /// The same for an answer with a secret in it, which is not kept.
    pub(crate) fn write_secret<D, T>(self) -> (Write<T>, B)
    where
        D: for<'a> From<&'a T> + Serialize,
    {
        let status = StatusCode::CREATED.as_u16();
        self.into_write(Answer {
            status,
            show: show::<D, T>,
            kept: Kept::Nothing,
        })
    }

    /// The same for an answer without a body.
    pub(crate) fn write_nothing(self) -> (Write<()>, B) {
        let status = StatusCode::NO_CONTENT.as_u16();
        self.into_write(Answer {
            status,
            show: |()| String::new(),
            kept: Kept::Body,
        })
    }

    fn into_write<T>(self, answer: Answer<T>) -> (Write<T>, B) {
        let Self { caller, once, body } = self;
        (
            Write {
                caller,
                once,
                answer,
            },
            body,
        )
    }
}

fn show<D, T>(value: &T) -> String
where
    D: for<'a> From<&'a T> + Serialize,
{
    serde_json::to_string(&D::from(value)).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        String::new()
    })
}

impl<B: DeserializeOwned> FromRequest<Api> for Ask<B> {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let caller = authenticate(&parts, api)
            .await
            .map_err(IntoResponse::into_response)?;
        let bytes = read(&parts.headers, body)
            .await
            .map_err(IntoResponse::into_response)?;
        let once = match begin(&parts, api, &caller, &bytes).await {
            Ok(None) => None,
            Ok(Some(Begun::New(once))) => Some(once),
            Ok(Some(Begun::Answered(done))) => {
                let mut response = Written(done).into_response();
                let replayed = HeaderValue::from_static("true");
                response
                    .headers_mut()
                    .insert("keywatt-idempotent-replay", replayed);
                return Err(response);
            }
            Err(problem) => return Err(problem.into_response()),
        };
        let body = parse(&parts.headers, &bytes).map_err(IntoResponse::into_response)?;
        Ok(Self { caller, once, body })
    }
}

/// A body for who has no credentials of ours yet.
pub(crate) struct Body<B>(pub(crate) B);

impl<B: DeserializeOwned> FromRequest<Api> for Body<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Api) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body).await?;
        parse(&parts.headers, &bytes).map(Self)
    }
}

async fn begin(
    parts: &Parts,
    api: &Api,
    caller: &Caller,
    body: &Bytes,
) -> Result<Option<Begun>, Problem> {
    let Some(key) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|key| (1..=255).contains(&key.len()))
        .ok_or_else(|| bad_header("Idempotency-Key", "1 to 255 printable ASCII characters"))?;
    let path = parts
        .extensions
        .get::<OriginalUri>()
        .map_or_else(|| parts.uri.to_string(), |uri| uri.0.to_string());
    let request = [parts.method.as_str().as_bytes(), path.as_bytes(), body];
    Ok(Some(api.begin_once(caller.proof, key, &request).await?))
}

async fn read(headers: &HeaderMap, body: axum::body::Body) -> Result<Bytes, Problem> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES) {
        return Err(too_large());
    }
    match Limited::new(body, BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "body_incomplete",
            "the body could not be read to its end",
        )),
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "a body is at most 1 MiB",
    )
}

fn parse<B: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<B, Problem> {
    // A write without particulars needs no body.
    let bytes = if bytes.is_empty() {
        b"{}"
    } else {
        if !is_json(headers) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send `Content-Type: application/json`",
            ));
        }
        bytes
    };
    // Serde takes an array for a struct, field by field; nobody means that.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| field_problem(".", &error))?;
        return Err(Problem::field(
            "body",
            "invalid",
            "a JSON object is expected",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        field_problem(&path, error.inner())
    })?;
    json.end().map_err(|error| field_problem(".", &error))?;
    Ok(body)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let media = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

/// What serde says, as a problem with the field at fault.
fn field_problem(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(message, _)| message);
    if !error.is_data() {
        let place = format!("line {}, column {}", error.line(), error.column());
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_json",
            format!("the body is not JSON: {message} at {place}"),
        );
    }
    let parent = if path == "." || path == "?" { "" } else { path };
    let named = message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("missing field") {
        Problem::field(&within(parent, named), "required", "this field is required")
    } else if message.starts_with("unknown field") {
        Problem::field(&within(parent, named), "unknown", message)
    } else if message.starts_with("duplicate field") {
        Problem::field(&within(parent, named), "duplicate", message)
    } else {
        let field = if parent.is_empty() { "body" } else { parent };
        Problem::field(field, "invalid", message)
    }
}

/// A field below a path; serde's path may name it already.
fn within(parent: &str, field: &str) -> String {
    match parent.rsplit_once('.').map_or(parent, |(_, last)| last) {
        "" => field.to_owned(),
        last if last == field => parent.to_owned(),
        _ => format!("{parent}.{field}"),
    }
}

/// No particulars; fields are refused.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The answer to a write.
pub(crate) struct Written(pub(crate) Done);

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let Done {
            status,
            body,
            revision,
        } = self.0;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = if body.is_empty() {
            status.into_response()
        } else {
            let kind = if status.is_success() {
                "application/json"
            } else {
                crate::problem::PROBLEM_JSON
            };
            (status, [(CONTENT_TYPE, kind)], body).into_response()
        };
        if let Some(revision) = revision {
            response
                .headers_mut()
                .insert("keywatt-revision", HeaderValue::from(revision.0));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only parsed")]
        name: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only parsed")]
        parts: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only parsed")]
        number: u32,
    }

    fn check(body: &str, expected: (u16, &str, &str)) {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())]);
        let problem = parse::<Outer>(&headers, body.as_bytes()).unwrap_err();
        let json: serde_json::Value = serde_json::from_str(&problem.to_json()).unwrap();
        let field = json["errors"][0]["field"].as_str().unwrap_or("-");
        let code = json["errors"][0]["code"]
            .as_str()
            .or(json["code"].as_str())
            .unwrap();
        assert_eq!((problem.status(), field, code), expected, "{body}");
    }

    #[test]
    fn bad_bodies_name_the_field_at_fault() {
        check("", (422, "name", "required"));
        check("{", (400, "-", "invalid_json"));
        check("nonsense", (400, "-", "invalid_json"));
        check("{\"name\":\"x\"} {}", (400, "-", "invalid_json"));
        check("[]", (422, "body", "invalid"));
        check("{\"name\":1}", (422, "name", "invalid"));
        check("{\"name\":\"x\",\"other\":1}", (422, "other", "unknown"));
        check(
            "{\"name\":\"x\",\"name\":\"y\"}",
            (422, "name", "duplicate"),
        );
        check(
            "{\"name\":\"x\",\"parts\":[{}]}",
            (422, "parts[0].number", "required"),
        );
        check(
            "{\"name\":\"x\",\"parts\":[{\"number\":-1}]}",
            (422, "parts[0].number", "invalid"),
        );
        check(
            "{\"name\":\"x\",\"parts\":[{\"n\":1}]}",
            (422, "parts[0].n", "unknown"),
        );
        check(&"[".repeat(200), (400, "-", "invalid_json"));
    }

    #[test]
    fn other_media_types_are_refused() {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, "text/plain".parse().unwrap())]);
        let problem = parse::<BTreeMap<String, String>>(&headers, b"{}").unwrap_err();
        assert_eq!(problem.status(), 415);
    }

    #[test]
    fn the_scheme_is_compared_without_case() {
        let with = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(bearer(&with("bearer abc")), Some("abc"));
        assert_eq!(bearer(&with("Basic abc")), None);
        assert_eq!(bearer(&with("Bearer ")), None);
    }
}
