//! The station's side: who may connect, and what is done with what stations say.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::Timestamp;
use model::neutral::{StationReply, StationRequest};
use model::{
    FindingKind, OcppVersion, QuirkName, Station, StationId, StationKey, StationKind,
    StationSettings,
};

mod answer;
mod answered;
mod authorize;
mod boot;
mod cards;
mod deviation;
mod door;
mod findings;
mod gate;
mod handshake;
mod keeping;
mod reader;
mod refusals;
mod requests;
mod samples;
mod standing;
mod time;
mod told;
mod transaction;

pub use answered::Answered;
pub(crate) use cards::Windows;
pub(crate) use deviation::EXAMPLES_KEPT;
pub use deviation::{Deviated, Handling};
pub(crate) use door::follow_passage;
pub(crate) use findings::Findings;
pub(crate) use gate::Gate;
pub(crate) use refusals::Refusals;
pub(crate) use standing::Standing;

/// What the listener knows of a peer that wants to speak OCPP.
#[derive(Clone, Debug)]
pub struct Hello {
    /// The identity from the path, decoded once.
    pub identity: String,
    /// What stood before the identity in the path: some stations append to the URL they are given
    /// (Q5).
    pub prefix: Vec<String>,
    /// The peer's address.
    pub address: SocketAddr,
    /// Plain, on a loopback listener, and no proxy in between (flags and headers looked at).
    pub trusted_loopback: bool,
    /// TLS.
    pub encrypted: bool,
    /// Basic auth as sent.
    pub basic: Option<BasicAuth>,
    /// The path has slashes doubled or at its end (Q4).
    pub odd_slashes: bool,
}

/// Basic auth, as bytes: passwords need not be UTF-8.
#[derive(Clone)]
pub struct BasicAuth {
    /// The whole `user:password`, decoded from base64, split by whoever knows the identity
    /// (1.6 identities could hold `:`).
    pub pair: Vec<u8>,
}

impl std::fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BasicAuth(…)")
    }
}

/// A station that may connect.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The key of its identity.
    pub key: StationKey,
    /// The identity as registered.
    pub id: StationId,
    /// Charger or lock.
    pub kind: StationKind,
    /// Door numbers, of a lock.
    pub doors: Vec<u32>,
    /// It proved who it is; a connection that did not never replaces one that did.
    pub authenticated: bool,
    /// What the owner decides about it, as it is now.
    pub settings: LiveSettings,
    /// What its handshake has beside the standard, each with its field; noted once it is in.
    pub deviations: Vec<(QuirkName, String)>,
}

/// The settings of a station that is connected; a change reaches its next message.
#[derive(Clone, Debug)]
pub struct LiveSettings(Arc<ArcSwap<StationSettings>>);

impl LiveSettings {
    /// As they are when the station is admitted.
    #[must_use]
    pub fn new(settings: StationSettings) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(settings)))
    }

    /// As they are now.
    #[must_use]
    pub fn now(&self) -> Arc<StationSettings> {
        self.0.load_full()
    }

    /// They were changed.
    pub fn set(&self, settings: StationSettings) {
        self.0.store(Arc::new(settings));
    }
}

impl Admitted {
    /// What is known of whatever is presented at it: the one place where its settings become part
    /// of a question.
    pub(crate) fn context(&self) -> authz::Context {
        authz::Context {
            numbers: self.settings.now().card_numbers,
            ..authz::Context::default()
        }
    }

    /// A station that showed in another way who it is: by the device key of its lock.
    pub(crate) fn by_device_key(station: Station) -> Self {
        Self {
            key: station.key,
            id: station.id,
            kind: station.kind,
            doors: Vec::new(),
            authenticated: true,
            settings: LiveSettings::new(station.settings),
            deviations: Vec::new(),
        }
    }
}

/// Why a peer may not connect: an HTTP status, and what to tell the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 400, 401, 403, 404, 429 or 503.
    pub status: u16,
    /// Stable, e.g. `unknown_station`.
    pub code: &'static str,
    /// Why, in plain words.
    pub reason: String,
    /// What to do about it, in plain words.
    pub fix: String,
}

/// One connection of a station.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Whose.
    pub station: Admitted,
    /// The version spoken.
    pub version: OcppVersion,
    /// Since when.
    pub since: Timestamp,
    /// Which: rises with each connection.
    pub generation: u64,
    /// What was answered on it of late.
    pub answered: Answered,
}

/// Why a request of a station has no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StationFailure {
    /// Not accepted yet: CALLERROR SecurityError.
    #[error("the station has not been accepted; it must send BootNotification first")]
    NotAccepted,
    /// No decision or no record could be had: CALLERROR InternalError.
    #[error("no answer can be given now")]
    Unavailable,
    /// A transaction message could not be recorded: no answer, close with 1013, so that the
    /// station queues it.
    #[error("the message could not be recorded")]
    NotRecorded,
}

/// What the gateway needs of the inside: implemented by [`crate::App`], and by fakes in its tests.
#[async_trait]
pub trait Stations: Send + Sync + 'static {
    /// Whether the Directory is loaded; upgrades get 503 before.
    fn ready(&self) -> bool;

    /// Who may connect. A refusal is recorded.
    async fn admit(&self, hello: &Hello) -> Result<Admitted, Refusal>;

    /// Records a handshake that the gateway itself refused (path, subprotocol, headers).
    fn refused(&self, identity: &str, address: SocketAddr, refusal: &Refusal);

    /// A connection stands.
    fn connected(&self, connection: &Connection);

    /// A connection ended.
    fn disconnected(&self, connection: &Connection);

    /// Answers a request. `message_id` is the id of the CALL, `None` for what a message carries
    /// besides.
    ///
    /// # Errors
    /// See [`StationFailure`].
    async fn handle(
        &self,
        connection: &Connection,
        message_id: &str,
        request: StationRequest,
    ) -> Result<StationReply, StationFailure>;

    /// What a message, or the handshake, had beside the standard.
    fn deviated(&self, connection: &Connection, deviated: &Deviated<'_>);

    /// Something about the conversation that the station's owner should know; `detail` tells the
    /// particulars (an action, a size), never a card number.
    fn noticed(&self, station: &StationKey, kind: FindingKind, detail: String);
}
