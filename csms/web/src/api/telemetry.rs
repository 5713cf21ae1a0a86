//! What is known of a station, in the bodies of chargers, locks, doors and stations.

use app::admin::{Detail, Telemetry};
use jiff::Timestamp;
use model::{SeenQuirk, Treatment};
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::TreatmentWord;

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
    /// Deviations from the standard that were seen, last first; for technical work only.
    quirks: Vec<QuirkBody>,
}

/// A deviation.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuirkBody {
    #[schema(example = "time_without_zone")]
    name: &'static str,
    /// What the station does, in plain words.
    meaning: &'static str,
    /// What is done about it.
    treatment: TreatmentWord,
    count: i64,
    /// How often of these the message was refused for it.
    refused: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    /// The message in which it was seen last.
    #[schema(example = "MeterValues")]
    action: String,
    /// The field in it, list positions left out; null for the whole message.
    #[schema(example = "meterValue[].timestamp")]
    field: Option<String>,
    example: Option<QuirkExampleBody>,
}

/// A payload with a deviation; kept for seven days.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuirkExampleBody {
    /// JSON, cards and secrets masked, cut to 2,000 characters.
    payload: String,
    at: Timestamp,
}

fn quirk((seen, treatment): &(SeenQuirk, Treatment)) -> QuirkBody {
    QuirkBody {
        name: seen.name.name(),
        meaning: seen.name.meaning(),
        treatment: (*treatment).into(),
        count: seen.count,
        refused: seen.refused,
        first_at: seen.first_at,
        last_at: seen.last_at,
        action: seen.action.clone(),
        field: Some(seen.field.clone()).filter(|field| !field.is_empty()),
        example: seen.example.as_ref().map(|example| QuirkExampleBody {
            payload: example.text.clone(),
            at: example.at,
        }),
    }
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
        quirks: telemetry.quirks.iter().map(quirk).collect(),
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
