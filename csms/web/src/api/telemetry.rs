//! What is known of a station, in the bodies of chargers, locks, doors and stations.

use app::admin::{Detail, Telemetry};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The connection of a station.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionBody {
    online: bool,
    /// OCPP version, `1.6` or `2.0.1`; of the last connection while offline.
    version: Option<&'static str>,
    /// Since when it stands; null while offline.
    since: Option<Timestamp>,
    /// When something was heard last.
    last_seen_at: Option<Timestamp>,
    /// Where it comes from; for technical work only.
    address: Option<String>,
    /// Deviations that were seen and repaired, with their counts; for technical work only.
    quirks: Vec<QuirkBody>,
}

/// A deviation.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuirkBody {
    name: String,
    count: i64,
}

/// What a station says about itself.
#[derive(Default)]
pub(crate) struct Nameplate {
    pub(crate) vendor: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) firmware: Option<String>,
    pub(crate) serial: Option<String>,
}

/// The state of a connector as last reported; EVSE 0 is the station, connector 0 the EVSE.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectorStateBody {
    evse: u32,
    connector: u32,
    #[schema(example = "Available")]
    status: String,
    error_code: Option<String>,
    info: Option<String>,
    at: Timestamp,
}

pub(crate) fn connection(telemetry: &Telemetry) -> ConnectionBody {
    let technical = telemetry.detail == Detail::Technical;
    let presence = telemetry.presence.as_ref();
    let record = telemetry.record.as_ref();
    let quirks = record
        .filter(|_| technical)
        .map(|record| record.quirks.as_slice());
    ConnectionBody {
        online: presence.is_some(),
        version: presence
            .map(|presence| presence.version)
            .or_else(|| record.and_then(|record| record.version))
            .map(|version| version.name()),
        since: presence.map(|presence| presence.since),
        last_seen_at: presence
            .map(|presence| presence.last_seen)
            .or_else(|| record.and_then(|record| record.last_seen_at)),
        address: presence
            .filter(|_| technical)
            .map(|presence| presence.address.to_string()),
        quirks: quirks
            .unwrap_or_default()
            .iter()
            .map(|(name, count)| QuirkBody {
                name: name.clone(),
                count: *count,
            })
            .collect(),
    }
}

pub(crate) fn nameplate(telemetry: &Telemetry) -> Nameplate {
    let Some(record) = &telemetry.record else {
        return Nameplate::default();
    };
    let technical = telemetry.detail == Detail::Technical;
    Nameplate {
        vendor: record.vendor.clone(),
        model: record.model.clone(),
        firmware: record.firmware.clone(),
        serial: record.serial.clone().filter(|_| technical),
    }
}

pub(crate) fn connector_states(telemetry: &Telemetry) -> Vec<ConnectorStateBody> {
    telemetry
        .connectors
        .iter()
        .map(|state| ConnectorStateBody {
            evse: state.evse,
            connector: state.connector,
            status: state.status.clone(),
            error_code: state.error_code.clone(),
            info: state.info.clone(),
            at: state.at,
        })
        .collect()
}
