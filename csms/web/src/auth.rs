//! Who calls.

use std::net::IpAddr;
use std::time::Duration;

use app::Caller;
use app::link::Peer;
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use model::{RequestId, Revision};

use crate::problem::Problem;
use crate::state::Api;

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

pub(crate) async fn authenticate(parts: &Parts, api: &Api) -> Result<Caller, Problem> {
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
    let mut caller = api.authenticate(token, request, reason, address).await?;
    caller.confirmation = confirmation(&parts.headers)?;
    Ok(caller)
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

/// The phrase with which a caller goes ahead with a change that would refuse many.
fn confirmation(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("keywatt-confirm") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(_) => Err(bad_header("Keywatt-Confirm", "printable ASCII characters")),
    }
}

pub(crate) fn bad_header(name: &str, message: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_header",
        format!("{name}: {message}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_compared_without_case() {
        let with = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(bearer(&with("bearer abc")), Some("abc"));
        assert_eq!(bearer(&with("Basic abc")), None);
        assert_eq!(bearer(&with("Bearer ")), None);
    }
}
