//! The form of `cases/conformance/*.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::cases;
use crate::wire::Version;

/// The file of the rows; all others of the folder hold scenarios.
const ROWS: &str = "rows.yaml";

/// A demand of the standard, as far as it concerns messages and conversation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `RPC-01`, `1.6-Heartbeat`, `C09`.
    pub id: String,
    /// What it is about, in a few words.
    pub title: String,
    /// The versions it holds for.
    pub versions: Vec<SpokenVersion>,
}

/// A version, as it is written in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SpokenVersion {
    /// OCPP 1.6.
    #[serde(rename = "1.6")]
    V16,
    /// OCPP 2.0.1.
    #[serde(rename = "2.0.1")]
    V201,
}

impl SpokenVersion {
    /// As messages know it.
    #[must_use]
    pub const fn version(self) -> Version {
        match self {
            SpokenVersion::V16 => Version::V16,
            SpokenVersion::V201 => Version::V201,
        }
    }

    /// `1.6` or `2.0.1`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SpokenVersion::V16 => "1.6",
            SpokenVersion::V201 => "2.0.1",
        }
    }
}

/// A conversation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The row it belongs to.
    pub row: String,
    /// What it shows, as a claim.
    pub claim: String,
    /// The versions it is played in; left out: those of its row.
    pub versions: Option<Vec<SpokenVersion>>,
    /// What there is before it begins.
    #[serde(default)]
    pub given: Given,
    /// What happens, in this order.
    pub steps: Vec<Step>,
}

/// What there is before a scenario begins: a charger in an installation of its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// How many EVSEs the charger has; left out: 2.
    pub evses: Option<u32>,
    /// Fields of the installation.
    pub installation: Option<Value>,
    /// Fields of the charger.
    pub charger: Option<Value>,
    /// The password it must present, and presents.
    pub password: Option<String>,
    /// How far the conversation is.
    #[serde(default)]
    pub station: Begin,
    /// Whether everything is under TLS.
    #[serde(default)]
    pub transport: Transport,
}

impl Given {
    /// Whether everything is under TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.transport == Transport::Tls
    }
}

/// How far the conversation is when a scenario begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    /// Connected, and BootNotification was accepted.
    #[default]
    Accepted,
    /// Connected; nothing was said yet.
    Connected,
    /// Registered, not connected.
    Registered,
}

/// The transport of a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// `ws`.
    #[default]
    Plain,
    /// `wss`.
    Tls,
}

/// A step: one of the actions of [`super::step`], and what belongs to it.
///
/// One flat structure, because numbers do not survive untagged enumerations in this build.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The socket it is about, by name; left out: the first one.
    pub on: Option<String>,

    /// The station sends a CALL of this action.
    pub sends: Option<String>,
    /// Under this message id; left out: a fresh one.
    pub id: Option<String>,
    /// The station sends this text.
    pub says: Option<String>,
    /// The whole frame that must come back.
    pub hears: Option<Value>,
    /// Nothing comes back: what is heard next is the answer to something asked afterwards.
    #[serde(default)]
    pub silence: bool,

    /// The operator sends a message of this action through the raw endpoint.
    pub raw: Option<String>,
    /// What the station answers to it.
    pub station: Option<Value>,
    /// With which CALLERROR the station answers it.
    pub station_error: Option<String>,

    /// The operator calls the API: `POST /v1/…`.
    pub calls: Option<String>,
    /// With `calls`: the answer is waited for by a later `ends` of this name.
    pub begins: Option<String>,
    /// Waits for the answer to what was begun under this name.
    pub ends: Option<String>,
    /// What is sent.
    pub body: Option<Value>,
    /// The HTTP status; left out: any success.
    pub status: Option<u16>,
    /// The operator looks here until `gets` is there.
    pub sees: Option<String>,

    /// The station gets a CALL of this action.
    pub receives: Option<String>,
    /// Under this name the message id of what is received is kept.
    pub named: Option<String>,
    /// No CALL of this action has come.
    pub receives_no: Option<String>,
    /// From now on the station answers this action with `station` or `station_error`, or not at
    /// all with `silence`.
    pub answers: Option<String>,

    /// The station connects.
    pub connects: Option<Connect>,
    /// The station closes the connection in order.
    #[serde(default)]
    pub closes: bool,
    /// The TCP connection goes away without a word.
    #[serde(default)]
    pub drops: bool,
    /// The server closes the connection with this code.
    pub closed: Option<u16>,
    /// The station sends a WebSocket ping and gets its pong.
    #[serde(default)]
    pub pings: bool,
    /// The server pings the station.
    #[serde(default)]
    pub pinged: bool,

    /// What was kept is looked at.
    pub value: Option<Value>,
    /// The payload of the message; of a received one: what must be in it.
    pub payload: Option<Value>,
    /// What must be in the answer.
    pub gets: Option<Value>,
    /// The code of the CALLERROR that must come back.
    pub error: Option<String>,
    /// What is kept under a name, by JSON pointer into the answer or the received payload.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// The payload breaks the schema on purpose.
    #[serde(default)]
    pub wrong: bool,
}

/// How a station connects, and what must come of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The identity, unless it is that of the charger.
    pub identity: Option<String>,
    /// The path as sent, unless it is made of the identity.
    pub path: Option<String>,
    /// The sub-protocols offered, unless it is the one of the version.
    pub offers: Option<Vec<String>>,
    /// Further header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The user of Basic auth, unless it is the identity.
    pub user: Option<String>,
    /// The password, unless it is the given one.
    pub password: Option<String>,
    /// No password is sent.
    #[serde(default)]
    pub no_password: bool,
    /// Refused with this HTTP status.
    pub refused: Option<u16>,
    /// The sub-protocol that must have been chosen; `none`: no one.
    pub chosen: Option<String>,
    /// The server closes at once, without a word of OCPP.
    #[serde(default)]
    pub closed: bool,
}

/// Every row, in the order of the file.
///
/// # Panics
/// When the file is not one of rows.
#[must_use]
pub fn rows() -> Vec<Row> {
    cases::read(&format!("conformance/{ROWS}"))
}

/// Every scenario, in the order of files and lines.
///
/// # Panics
/// When a file is not one of scenarios.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    let mut names: Vec<String> = std::fs::read_dir(cases::folder().join("conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml") && name != ROWS)
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|name| cases::read::<Vec<Scenario>>(&format!("conformance/{name}")))
        .collect()
}
