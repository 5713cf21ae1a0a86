//! Where a station connects to, and as whom.

use std::fmt;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rpc::Version;

/// Characters of an identity that need no encoding in a path (RFC 3986 unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The central system as one station sees it.
#[derive(Clone)]
pub struct Endpoint {
    /// Base address, e.g. `ws://127.0.0.1:8080/ocpp`; the identity is appended.
    pub url: String,
    /// The identity.
    pub id: String,
    /// The version spoken.
    pub version: Version,
    /// Password for Basic authentication, as bytes (security profiles 1 and 2).
    pub password: Option<Vec<u8>>,
    /// PEM certificates that may have signed the server's; needed for `wss`.
    pub ca_pem: Option<Vec<u8>>,
    /// User name for Basic authentication, where it is not the identity.
    pub user: Option<Vec<u8>>,
    /// Sub-protocols to offer instead of the version's own. With these, any choice of the
    /// server is taken, even none.
    pub subprotocols: Option<Vec<String>>,
    /// Path and query to send instead of base path and encoded identity.
    pub raw_path: Option<String>,
    /// Further header lines.
    pub headers: Vec<(String, String)>,
    /// How long the handshake may take.
    pub connect_timeout: Duration,
    /// How long a CALL waits for its answer.
    pub call_timeout: Duration,
}

/// The base address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address like `ws://host:port/path` or `wss://host:port/path`")]
pub struct InvalidUrl(pub String);

/// The parts of an address that a handshake needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub secure: bool,
    pub host: String,
    pub port: u16,
    /// As sent in the Host header.
    pub authority: String,
    /// As sent in the request line.
    pub path: String,
}

impl Endpoint {
    /// An endpoint without a password.
    #[must_use]
    pub fn new(url: &str, id: &str, version: Version) -> Endpoint {
        Endpoint {
            url: url.to_owned(),
            id: id.to_owned(),
            version,
            password: None,
            ca_pem: None,
            user: None,
            subprotocols: None,
            raw_path: None,
            headers: Vec::new(),
            connect_timeout: Duration::from_secs(15),
            call_timeout: Duration::from_secs(30),
        }
    }

    /// The same with Basic authentication.
    #[must_use]
    pub fn with_password(mut self, password: &[u8]) -> Endpoint {
        self.password = Some(password.to_vec());
        self
    }

    /// The same trusting these PEM certificates for `wss`.
    #[must_use]
    pub fn with_ca(mut self, pem: &[u8]) -> Endpoint {
        self.ca_pem = Some(pem.to_vec());
        self
    }

    /// Whether the address can be used.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check_url(&self) -> Result<(), InvalidUrl> {
        self.target().map(drop)
    }

    /// Splits the address and adds the identity, percent-encoded (OCPP-J 1.6 §3.1.1).
    pub(crate) fn target(&self) -> Result<Target, InvalidUrl> {
        let invalid = || InvalidUrl(self.url.clone());
        let (scheme, rest) = self.url.split_once("://").ok_or_else(invalid)?;
        let secure = match scheme {
            "ws" => false,
            "wss" => true,
            _ => return Err(invalid()),
        };
        let (authority, base) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let default_port = if secure { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of `[::1]` are not the one before a port.
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| invalid())?)
            }
            _ => (authority, default_port),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(invalid());
        }
        let path = self.raw_path.clone().unwrap_or_else(|| {
            format!(
                "{}/{}",
                base.trim_end_matches('/'),
                utf8_percent_encode(&self.id, SEGMENT)
            )
        });
        Ok(Target {
            secure,
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
            path,
        })
    }

    /// The sub-protocols to offer.
    pub(crate) fn offered(&self) -> Vec<String> {
        self.subprotocols
            .clone()
            .unwrap_or_else(|| vec![self.version.subprotocol().to_owned()])
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("url", &self.url)
            .field("id", &self.id)
            .field("version", &self.version)
            .field("password", &self.password.as_ref().map(|_| "***"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Target};
    use rpc::Version;

    #[test]
    fn the_identity_becomes_one_encoded_segment() {
        let target = Endpoint::new("ws://127.0.0.1:8080/ocpp/", "RDAM 1/2", Version::V16).target();
        assert_eq!(
            target,
            Ok(Target {
                secure: false,
                host: "127.0.0.1".into(),
                port: 8080,
                authority: "127.0.0.1:8080".into(),
                path: "/ocpp/RDAM%201%2F2".into(),
            })
        );
    }

    #[test]
    fn ports_and_hosts_have_their_usual_forms() {
        let target = |url| Endpoint::new(url, "A", Version::V16).target();
        let secure = target("wss://csms.example").unwrap();
        assert_eq!(
            (secure.secure, secure.port, secure.path.as_str()),
            (true, 443, "/A")
        );
        let six = target("ws://[::1]:9000").unwrap();
        assert_eq!((six.host.as_str(), six.port), ("::1", 9000));
        assert_eq!(target("ws://[::1]").unwrap().port, 80);
        for wrong in ["http://a", "a", "ws://", "ws://a:b", "ws://:80/x"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_password_stays_out_of_debug_texts() {
        let endpoint =
            Endpoint::new("ws://a", "A", Version::V16).with_password(b"secret-secret-00");
        assert!(!format!("{endpoint:?}").contains("secret"));
    }
}
