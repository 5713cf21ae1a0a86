//! Which OCPP version a connection speaks.

use app::station::Refusal;
use http::{HeaderMap, header};
use model::{OcppVersion, QuirkName, StationSettings, Treatment};
use rpc::Version;

/// What the handshake says about the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Offered, and named in the answer.
    Offered(OcppVersion),
    /// None was offered; the owner says what it speaks, and the answer names none (Q1).
    Assumed(OcppVersion),
}

impl Chosen {
    /// The version spoken.
    pub(crate) const fn version(self) -> OcppVersion {
        match self {
            Chosen::Offered(version) | Chosen::Assumed(version) => version,
        }
    }
}

/// The version of a connection: the one its owner pinned it to (Q2), else the first of the client's
/// list that we know. A version in the URL has no say (OCPP 2.0.1 part 4, errata 4.2), an unknown name beside a known one does no harm
/// (TC_B_58_CSMS).
pub(super) fn choose(headers: &HeaderMap, settings: &StationSettings) -> Result<Chosen, Refusal> {
    let offered: Vec<&str> = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let mut known = offered
        .iter()
        .filter_map(|name| Version::from_subprotocol(name))
        .map(spoken);
    let chosen = match settings.pinned_version {
        Some(pinned) => known.clone().find(|version| *version == pinned),
        None => known.next(),
    };
    if let Some(version) = chosen {
        return Ok(Chosen::Offered(version));
    }
    if let (Some(pinned), Some(offered)) = (settings.pinned_version, known.next()) {
        let (pinned, offered) = (pinned.name(), offered.name());
        return Err(Refusal {
            status: 400,
            code: "version_not_allowed",
            reason: format!("the station offers OCPP {offered} and may speak OCPP {pinned} only"),
            fix: format!(
                "Set the station to OCPP {pinned} in its menu, or change `pinned_version` of it."
            ),
        });
    }
    if offered.is_empty() {
        let tolerated = settings.tolerance.of(QuirkName::NoSubprotocol) != Treatment::Refuse;
        let may_be = settings
            .pinned_version
            .is_none_or(|pinned| pinned == OcppVersion::V16);
        if settings.assume_ocpp16 && may_be && tolerated {
            return Ok(Chosen::Assumed(OcppVersion::V16));
        }
        return Err(Refusal {
            status: 400,
            code: "no_subprotocol",
            reason: "the station names no OCPP version in its handshake".to_owned(),
            fix: "Set Subprotocol to ocpp1.6 (or the OCPP version to 1.6 JSON or 2.0.1) in the \
                  station's menu, or allow `assume_ocpp16` for it."
                .to_owned(),
        });
    }
    let names: String = offered.join(", ").chars().take(100).collect();
    Err(Refusal {
        status: 400,
        code: "unknown_subprotocol",
        reason: format!("the station offers only `{names}`; known are ocpp1.6 and ocpp2.0.1"),
        fix: fix_of(&offered),
    })
}

/// What to do about names we do not know.
fn fix_of(offered: &[&str]) -> String {
    let meant = |name: &str| {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|char| char.to_ascii_lowercase())
            .collect();
        match plain.as_str() {
            "ocpp16" | "ocpp16j" | "ocpp16json" | "16" | "16j" => Some("ocpp1.6"),
            "ocpp201" | "ocpp201j" | "201" => Some("ocpp2.0.1"),
            _ => None,
        }
    };
    if let Some((name, known)) = offered.iter().find_map(|name| Some((name, meant(name)?))) {
        let name: String = name.chars().take(30).collect();
        return format!("Write `{known}` instead of `{name}` in the station's settings.");
    }
    if offered.iter().any(|name| name.starts_with("ocpp2.1")) {
        return "Let the station offer ocpp2.0.1 besides ocpp2.1.".to_owned();
    }
    if offered.iter().any(|name| name.starts_with("ocpp")) {
        return "Set the station to OCPP 1.6 JSON or 2.0.1; a firmware update may bring one."
            .to_owned();
    }
    "Set Subprotocol to ocpp1.6 or ocpp2.0.1 in the station's menu.".to_owned()
}

/// The domain's word for a version.
fn spoken(version: Version) -> OcppVersion {
    match version {
        Version::V16 => OcppVersion::V16,
        Version::V201 => OcppVersion::V201,
    }
}

/// The wire's word for a version.
pub(crate) fn wire(version: OcppVersion) -> Version {
    match version {
        OcppVersion::V16 => Version::V16,
        OcppVersion::V201 => Version::V201,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: Result<Chosen, &str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SEC_WEBSOCKET_PROTOCOL, line.parse().unwrap());
        }
        let found = choose(&headers, &StationSettings::default()).map_err(|refusal| refusal.code);
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn the_first_known_name_of_the_client_is_chosen() {
        use OcppVersion::{V16, V201};
        check(&["ocpp1.6"], Ok(Chosen::Offered(V16)));
        check(&["ocpp2.0.1"], Ok(Chosen::Offered(V201)));
        check(&["ocpp2.0.1, ocpp1.6"], Ok(Chosen::Offered(V201)));
        check(&["ocpp1.6,ocpp2.0.1"], Ok(Chosen::Offered(V16)));
        check(&["ocpp1.6", "ocpp2.0.1"], Ok(Chosen::Offered(V16)));
        check(&["ocpp2.1 , , ocpp2.0.1"], Ok(Chosen::Offered(V201)));
        check(&["nonsense", "ocpp1.6"], Ok(Chosen::Offered(V16)));
    }

    #[test]
    fn a_pinned_version_is_the_only_one() {
        let pinned = |version, offered: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, offered.parse().unwrap());
            let settings = StationSettings {
                assume_ocpp16: true,
                pinned_version: Some(version),
                ..StationSettings::default()
            };
            choose(&headers, &settings).map_err(|refusal| refusal.code)
        };
        use OcppVersion::{V16, V201};
        let both = "ocpp2.0.1, ocpp1.6";
        assert_eq!(pinned(V16, both), Ok(Chosen::Offered(V16)));
        assert_eq!(pinned(V201, both), Ok(Chosen::Offered(V201)));
        assert_eq!(pinned(V16, "ocpp2.0.1"), Err("version_not_allowed"));
        assert_eq!(pinned(V16, "ocpp2.1"), Err("unknown_subprotocol"));
        assert_eq!(pinned(V16, " , "), Ok(Chosen::Assumed(V16)));
        assert_eq!(pinned(V201, " , "), Err("no_subprotocol"));
    }

    #[test]
    fn nothing_in_common_is_refused() {
        check(&[], Err("no_subprotocol"));
        check(&[" , "], Err("no_subprotocol"));
        check(&["ocpp1.5, ocpp2.1"], Err("unknown_subprotocol"));
        check(&["OCPP1.6"], Err("unknown_subprotocol"));
    }

    #[test]
    fn what_to_do_depends_on_what_was_offered() {
        for (offered, fix) in [
            ("OCPP1.6", "Write `ocpp1.6` instead of `OCPP1.6`"),
            ("ocpp1.6j", "Write `ocpp1.6`"),
            ("ocpp201", "Write `ocpp2.0.1`"),
            ("ocpp2.1", "besides ocpp2.1"),
            ("ocpp1.5", "a firmware update"),
            ("chat", "Set Subprotocol to"),
        ] {
            assert!(fix_of(&[offered]).contains(fix), "{offered}");
        }
    }

    #[test]
    fn the_owner_may_say_that_a_silent_station_speaks_1_6() {
        let settings = StationSettings {
            assume_ocpp16: true,
            ..StationSettings::default()
        };
        let assumed = choose(&HeaderMap::new(), &settings);
        assert_eq!(assumed, Ok(Chosen::Assumed(OcppVersion::V16)));
        let mut headers = HeaderMap::new();
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, "ocpp2.1".parse().unwrap());
        assert_eq!(
            choose(&headers, &settings).unwrap_err().code,
            "unknown_subprotocol"
        );
    }
}
