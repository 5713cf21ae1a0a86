//! Bodies of requests: read within bounds, parsed, and what is wrong with them told.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::problem::Problem;
use crate::state::Api;

/// The largest body.
const BODY_BYTES: usize = 1024 * 1024;
/// The largest file.
const FILE_BYTES: usize = 4 * BODY_BYTES;
/// How much of a body that is too large is read and thrown away: its sender must be done writing
/// to hear the answer, since a connection that is closed while it writes takes the answer along.
const DISCARDED_BYTES: usize = 8 * BODY_BYTES;

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

/// No particulars; fields are refused.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

pub(crate) async fn read(headers: &HeaderMap, body: axum::body::Body) -> Result<Bytes, Problem> {
    let too_large = || too_large("a body is at most 1 MiB");
    read_at_most(BODY_BYTES, headers, body, too_large).await
}

/// Reads a list in CSV.
pub(crate) async fn read_csv(
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Bytes, Problem> {
    if media_type(headers).as_deref() != Some("text/csv") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send `Content-Type: text/csv`",
        ));
    }
    let too_large = || too_large("a file is at most 4 MiB");
    read_at_most(FILE_BYTES, headers, body, too_large).await
}

async fn read_at_most(
    most: usize,
    headers: &HeaderMap,
    mut body: axum::body::Body,
    too_large: impl Fn() -> Problem,
) -> Result<Bytes, Problem> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > DISCARDED_BYTES) {
        return Err(too_large());
    }
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_incomplete",
                "the body could not be read to its end",
            )
        })?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        length += data.len();
        if length > DISCARDED_BYTES {
            return Err(too_large());
        }
        if length <= most {
            kept.extend_from_slice(data);
        } else {
            kept = Vec::new();
        }
    }
    if length > most {
        return Err(too_large());
    }
    Ok(kept.into())
}

fn too_large(detail: &str) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

pub(crate) fn parse<B: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<B, Problem> {
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

/// The media type of a body, without parameters.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media = value.split(';').next().unwrap_or_default();
    Some(media.trim().to_ascii_lowercase())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(media) = media_type(headers) else {
        return false;
    };
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
}
