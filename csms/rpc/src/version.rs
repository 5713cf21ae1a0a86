//! The protocol versions of a connection.

use std::fmt;

/// The OCPP version agreed in the WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// OCPP 1.6 over JSON.
    V16,
    /// OCPP 2.0.1.
    V201,
}

impl Version {
    /// All versions, the older one first.
    pub const ALL: [Version; 2] = [Version::V16, Version::V201];

    /// The name in `Sec-WebSocket-Protocol`.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Version::V16 => "ocpp1.6",
            Version::V201 => "ocpp2.0.1",
        }
    }

    /// The version a WebSocket subprotocol names. Subprotocol names are case-sensitive
    /// (RFC 6455 §4.1).
    #[must_use]
    pub fn from_subprotocol(name: &str) -> Option<Version> {
        Version::ALL
            .into_iter()
            .find(|version| version.subprotocol() == name)
    }

    /// The number people write, `1.6` or `2.0.1`.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Version::V16 => "1.6",
            Version::V201 => "2.0.1",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn subprotocol_names_lead_back_to_their_version() {
        for version in Version::ALL {
            assert_eq!(
                Version::from_subprotocol(version.subprotocol()),
                Some(version)
            );
        }
        assert_eq!(Version::from_subprotocol("ocpp2.1"), None);
        assert_eq!(Version::from_subprotocol("OCPP1.6"), None);
    }
}
