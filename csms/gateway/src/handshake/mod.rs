//! The WebSocket handshake of a station, as far as it needs nobody's decision.
//!
//! Done here instead of by tungstenite: the password must stay bytes, a station without a common
//! subprotocol must be let in and closed (OCPP-J 1.6 §3.2), and tungstenite refuses keys that some
//! chargers send.

mod basic;
mod path;
mod subprotocol;

use app::station::{BasicAuth, Refusal};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use model::{OcppVersion, StationId, StationSettings};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::answer::{self, Body};
pub(crate) use subprotocol::{Chosen, wire};

/// What a request to the listener is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// A station wants to connect.
    Station,
    /// Somebody opened a station's URL without WebSocket.
    StationUrl,
    /// A station wants to connect on a path of the API.
    Reserved,
    /// Anything else: the HTTP service's.
    Http,
}

/// Looks at the Upgrade header first, then at the path.
pub(crate) fn errand(request: &Parts) -> Errand {
    let path = request.uri.path();
    let is_api = path == "/v1" || path.starts_with("/v1/");
    if request.method != Method::GET {
        Errand::Http
    } else if is_api && wants_websocket(&request.headers) {
        Errand::Reserved
    } else if is_api {
        Errand::Http
    } else if wants_websocket(&request.headers) {
        Errand::Station
    } else if path == "/ocpp" || path.starts_with("/ocpp/") {
        Errand::StationUrl
    } else {
        Errand::Http
    }
}

/// `Connection: Upgrade` is not insisted on: proxies eat it, and some chargers forget it.
fn wants_websocket(headers: &HeaderMap) -> bool {
    headers
        .get_all(UPGRADE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// A handshake in order so far.
pub(crate) struct Opening {
    /// From the path.
    pub(crate) identity: StationId,
    /// What stood before it in the path.
    pub(crate) prefix: Vec<String>,
    /// As sent.
    pub(crate) basic: Option<BasicAuth>,
    /// The path has slashes doubled or at its end.
    pub(crate) odd_slashes: bool,
    key: HeaderValue,
}

/// A handshake that is not in order.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// For the record; as far as it could be read.
    pub(crate) identity: String,
    /// What to tell.
    pub(crate) refusal: Refusal,
}

/// Reads path and headers.
pub(crate) fn open(request: &Parts) -> Result<Opening, Rejected> {
    let path = request.uri.path();
    let identity = path::identity(path).map_err(|refusal| Rejected {
        identity: path::raw_identity(path),
        refusal,
    })?;
    let rejected = |refusal| Rejected {
        identity: identity.as_str().to_owned(),
        refusal,
    };
    check_http_version(request.version).map_err(rejected)?;
    check_websocket_version(&request.headers).map_err(rejected)?;
    let key = websocket_key(&request.headers).map_err(rejected)?;
    let basic = basic::basic_auth(&request.headers).map_err(rejected)?;
    Ok(Opening {
        identity,
        prefix: path::prefix(path),
        basic,
        odd_slashes: path::has_odd_slashes(path),
        key,
    })
}

/// An upgrade is a matter of HTTP/1.1 (RFC 6455 §4.1).
fn check_http_version(version: Version) -> Result<(), Refusal> {
    if version >= Version::HTTP_11 {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::BAD_REQUEST.as_u16(),
        code: "http_version",
        reason: "the handshake is not HTTP/1.1".to_owned(),
        fix: "Use a WebSocket client of RFC 6455; a proxy in between must speak HTTP/1.1 to us \
              (nginx: `proxy_http_version 1.1`)."
            .to_owned(),
    })
}

/// RFC 6455 §4.4.
fn check_websocket_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_13 = headers
        .get_all(SEC_WEBSOCKET_VERSION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|version| version.trim() == "13");
    if is_13 {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::UPGRADE_REQUIRED.as_u16(),
        code: "websocket_version",
        reason: "the handshake does not name WebSocket version 13".to_owned(),
        fix: "Use a WebSocket client of RFC 6455.".to_owned(),
    })
}

fn websocket_key(headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| !key.is_empty())
        .cloned()
        .ok_or_else(|| Refusal {
            status: StatusCode::BAD_REQUEST.as_u16(),
            code: "websocket_key",
            reason: "the handshake has no Sec-WebSocket-Key".to_owned(),
            fix: "Use a WebSocket client of RFC 6455; a proxy in between must pass the header on."
                .to_owned(),
        })
}

/// Why a handshake comes to nothing although its sender may connect.
#[derive(Debug)]
pub(crate) enum Disagreed {
    /// No version in common: 101 without a subprotocol, then the close.
    Version(Refusal),
    /// Refused before the upgrade.
    Refused(Refusal),
}

/// What was agreed on, and the answer that says so.
pub(crate) fn agree(
    request: &Parts,
    opening: &Opening,
    settings: &StationSettings,
) -> Result<(Chosen, Response<Body>), Disagreed> {
    let chosen = subprotocol::choose(&request.headers, settings).map_err(Disagreed::Version)?;
    check_identity(chosen.version(), &opening.identity).map_err(Disagreed::Refused)?;
    let mut response = switch(opening);
    if let Chosen::Offered(version) = chosen {
        answer::set(
            &mut response,
            SEC_WEBSOCKET_PROTOCOL,
            wire(version).subprotocol(),
        );
    }
    Ok((chosen, response))
}

/// OCPP 2.0.1 part 4 §3.1.1: the identity is the user name of Basic auth too, so it holds no colon.
/// Identities of 1.6 may.
fn check_identity(version: OcppVersion, identity: &StationId) -> Result<(), Refusal> {
    if version == OcppVersion::V16 || !identity.as_str().contains(':') {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::BAD_REQUEST.as_u16(),
        code: "bad_identity",
        reason: "an identity of OCPP 2.0.1 holds no colon".to_owned(),
        fix: "Give the station an identity without `:`, and register it so.".to_owned(),
    })
}

/// 101 without a subprotocol.
pub(crate) fn switch(opening: &Opening) -> Response<Body> {
    let mut response = Response::new(answer::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    answer::set(&mut response, CONNECTION, "Upgrade");
    answer::set(&mut response, UPGRADE, "websocket");
    let accept = derive_accept_key(opening.key.as_bytes());
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// What a refused station is told: the reason, and what to do about it.
pub(crate) fn refuse(refusal: &Refusal) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::FORBIDDEN);
    let detail = format!("{}. {}", refusal.reason, refusal.fix);
    let mut response = answer::problem(status, refusal.code, &detail);
    if status == StatusCode::UPGRADE_REQUIRED {
        answer::set(&mut response, SEC_WEBSOCKET_VERSION, "13");
    }
    response
}

/// The identity that a path names, if it names one.
pub(crate) fn identity(path: &str) -> Option<String> {
    path::identity(path).ok().map(|id| id.as_str().to_owned())
}

/// A station's URL was opened without an upgrade: by a browser, by a station that speaks OCPP over
/// SOAP, or through a proxy that ate the headers.
pub(crate) fn no_upgrade() -> Refusal {
    Refusal {
        status: StatusCode::UPGRADE_REQUIRED.as_u16(),
        code: "no_upgrade",
        reason: "the URL was opened by HTTP without an upgrade to WebSocket".to_owned(),
        fix: "Nothing, if it was a browser. A station must be set to OCPP JSON over WebSocket \
              (not SOAP); a proxy in between must pass `Upgrade` and `Connection` on (nginx: \
              `proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade`)."
            .to_owned(),
    }
}

/// Paths under `/v1/` are the API's.
pub(crate) fn reserved() -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST.as_u16(),
        code: "reserved_path",
        reason: "the path begins with `/v1/`, which belongs to the API".to_owned(),
        fix: "Use the URL `/ocpp/` followed by the station's identity.".to_owned(),
    }
}

/// What somebody is told who opened a station's URL in a browser.
pub(crate) fn not_a_page() -> Response<Body> {
    let detail = "This is the address that charging stations and locks connect to by OCPP over \
                  WebSocket (subprotocol ocpp1.6 or ocpp2.0.1); there is no page here. Enter this \
                  URL in the station, with ws:// or wss:// in front and the station's identity at \
                  the end.";
    let mut response = answer::problem(StatusCode::UPGRADE_REQUIRED, "websocket_only", detail);
    answer::set(&mut response, SEC_WEBSOCKET_VERSION, "13");
    response
}
