//! Stations: what connects, whatever it is.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ChargerId, InstallationId, LockId, OrganisationId, StationId, StationKey, StationSettings,
};

/// The OCPP version of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OcppVersion {
    /// 1.6
    #[serde(rename = "1.6")]
    V16,
    /// 2.0.1
    #[serde(rename = "2.0.1")]
    V201,
}

impl OcppVersion {
    /// `1.6` or `2.0.1`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            OcppVersion::V16 => "1.6",
            OcppVersion::V201 => "2.0.1",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::V16, Self::V201]
            .into_iter()
            .find(|version| version.name() == name)
    }
}

/// What stands behind a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StationKind {
    /// A charger.
    Charger(ChargerId),
    /// A controller of doors.
    Lock(LockId),
}

/// Whether the station was accepted by its last BootNotification; survives reconnect and restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AcceptedState {
    /// Never booted.
    New,
    /// Accepted.
    Accepted,
    /// Told to wait.
    Pending,
    /// Refused.
    Rejected,
}

/// A salted, peppered HMAC-SHA-256 of a station's password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// 16 random bytes.
    pub salt: Vec<u8>,
    /// 32 bytes.
    pub hash: Vec<u8>,
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A registered station.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Unique per deployment, without case.
    pub key: StationKey,
    /// As registered.
    pub id: StationId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The site.
    pub installation: InstallationId,
    /// Charger or lock.
    pub kind: StationKind,
    /// Basic auth; `None`: security profile 0.
    pub password: Option<PasswordHash>,
    /// What the owner decides.
    pub settings: StationSettings,
    /// A device key for controllers that speak HTTP: HMAC-SHA-256 under the pepper.
    pub device_key_hash: Option<Vec<u8>>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// What the station says about itself and what was seen of it.
#[derive(Clone, Debug, PartialEq)]
pub struct StationRecord {
    /// Which station.
    pub key: StationKey,
    /// By its last BootNotification.
    pub accepted: AcceptedState,
    /// As reported.
    pub vendor: Option<String>,
    /// As reported.
    pub model: Option<String>,
    /// As reported.
    pub serial: Option<String>,
    /// As reported.
    pub firmware: Option<String>,
    /// Of the last connection.
    pub version: Option<OcppVersion>,
    /// Flushed now and then.
    pub last_seen_at: Option<Timestamp>,
}

/// The last reported state of a connector, or of a door's reader and bolt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorState {
    /// Which station.
    pub station: StationKey,
    /// EVSE number; 0 is the station.
    pub evse: u32,
    /// Connector number; 0 is the EVSE.
    pub connector: u32,
    /// As reported, e.g. `Available`.
    pub status: String,
    /// As reported, e.g. `NoError`.
    pub error_code: Option<String>,
    /// Free text.
    pub info: Option<String>,
    /// Station time where it can be read, else time of receipt.
    pub at: Timestamp,
}

/// A handshake that was refused, for the operator of the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedHandshake {
    /// As received, cut to 100 characters.
    pub identity: String,
    /// Where it came from.
    pub address: String,
    /// A stable code, e.g. `unknown_station`.
    pub code: String,
    /// Why, in plain words.
    pub reason: String,
    /// What to do about it, in plain words.
    pub fix: String,
    /// How often since it was first seen.
    pub count: i64,
    /// First.
    pub first_at: Timestamp,
    /// Last.
    pub last_at: Timestamp,
}
