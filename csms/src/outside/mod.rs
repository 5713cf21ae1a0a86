//! Outside services over HTTP, kept from reaching into our network: names lead to public addresses
//! only, and the connection goes to the address that was looked at (SSRF; OWASP ASVS 1.3.6).

mod address;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use app::authority::{AddressFault, Call, CallError, Expects, Login, Outside};
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};

pub(crate) use address::Reach;

/// The longest answer that is read.
const ANSWER_BYTES: usize = 16 * 1024;
/// Connections that nothing goes over are closed after it.
const IDLE: Duration = Duration::from_secs(60);

/// Speaks HTTP with outside services.
pub(crate) struct Web {
    http: reqwest::Client,
    reach: Reach,
}

impl Web {
    /// With the bundled roots of trust; no proxy, no redirects, no cookies.
    pub(crate) fn new(reach: Reach) -> anyhow::Result<Self> {
        // Another part of the process may have been first, with the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(concat!("keywatt/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Guarded(reach)))
            .pool_idle_timeout(IDLE)
            .build()
            .context("the HTTP client")?;
        Ok(Self { http, reach })
    }
}

#[async_trait]
impl Outside for Web {
    fn check(&self, url: &str) -> Result<String, AddressFault> {
        self.reach.check(url).map(String::from)
    }

    async fn send(&self, call: Call) -> Result<Vec<u8>, CallError> {
        let url: Url = self.reach.check(&call.url)?;
        let mut request = self
            .http
            .post(url)
            .timeout(call.deadline)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header("Keywatt-Event", call.event)
            .header("Keywatt-Request-Id", call.id.to_string())
            .body(call.body);
        request = match &call.login {
            Login::None => request,
            Login::Bearer(secret) => request.bearer_auth(secret.reveal()),
            Login::Basic(user, secret) => request.basic_auth(user, Some(secret.reveal())),
        };
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status();
        match call.expects {
            Expects::Nothing if status.is_success() => return Ok(Vec::new()),
            Expects::Json if status == StatusCode::OK => {}
            Expects::Nothing | Expects::Json => return Err(CallError::Status(status.as_u16())),
        }
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !is_json(kind) {
            return Err(CallError::Malformed);
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + piece.len() > ANSWER_BYTES {
                return Err(CallError::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

/// `application/json`, with or without parameters.
fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn failure(error: &reqwest::Error) -> CallError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return CallError::NotPublic;
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        CallError::Late
    } else {
        CallError::Unreachable
    }
}

/// A name that leads to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
struct NotPublic;

/// Looks names up, and gives none out of which one is not public: a name that leads to both is a
/// trick. The client connects to what it was given and does not look again.
struct Guarded(Reach);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !reach.allows(address.ip())) {
                return Err(NotPublic.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        assert!(is_json("application/json"));
        assert!(is_json("Application/JSON; charset=utf-8"));
        for other in ["", "text/html", "application/jsonp", "text/json"] {
            assert!(!is_json(other), "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_called() {
        let web = Web::new(Reach::Public).unwrap();
        let resolved = Guarded(Reach::Public)
            .resolve("localhost".parse().unwrap())
            .await;
        let error = resolved.err().map(|error| error.to_string());
        assert_eq!(error, Some(NotPublic.to_string()));
        let call = Call {
            url: "http://127.0.0.1:9/".into(),
            login: Login::None,
            event: "check",
            id: uuid::Uuid::nil(),
            body: "{}".into(),
            deadline: Duration::from_secs(1),
            expects: Expects::Json,
        };
        // Checked again at each call, whatever was kept.
        assert!(matches!(web.send(call).await, Err(CallError::Address(_))));
    }
}
