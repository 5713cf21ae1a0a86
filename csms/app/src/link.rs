//! What `app` needs of the connections: send a command, know who is there.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{OcppVersion, StationKey, StationSettings};

/// The connections to stations; implemented by the gateway's registry.
#[async_trait]
pub trait StationLink: Send + Sync + 'static {
    /// Queues a command behind those already waiting for the station and waits for its real
    /// answer, at most `deadline` from now, waiting time included.
    ///
    /// # Errors
    /// See [`CommandError`].
    async fn command(
        &self,
        station: &StationKey,
        command: StationCommand,
        deadline: Duration,
    ) -> Result<CommandAnswer, CommandError>;

    /// The station's connection, if there is one.
    fn presence(&self, station: &StationKey) -> Option<Presence>;

    /// How many stations are connected.
    fn online(&self) -> usize;

    /// Ends the station's connection, if there is one; it may come back.
    fn disconnect(&self, station: &StationKey, why: Disconnect);

    /// Gives the station's connection, if there is one, new settings: they hold from its next
    /// message on, without a new connection.
    fn configure(&self, station: &StationKey, settings: &StationSettings);
}

/// Why `app` ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnect {
    /// Its credential was changed or withdrawn.
    CredentialChanged,
    /// The station was removed.
    Removed,
}

/// A live connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The version spoken.
    pub version: OcppVersion,
    /// Since when.
    pub since: Timestamp,
    /// From where.
    pub address: SocketAddr,
    /// When the last frame came.
    pub last_seen: Timestamp,
}

/// The other end of an HTTP request, put into the request's extensions by the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client's address; behind a trusted proxy the one the proxy tells (port 0).
    pub address: SocketAddr,
    /// TLS, ours or the trusted proxy's.
    pub encrypted: bool,
}

/// No station is connected, and none can be: for commands that only touch the database.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStations;

#[async_trait]
impl StationLink for NoStations {
    async fn command(
        &self,
        _: &StationKey,
        _: StationCommand,
        _: Duration,
    ) -> Result<CommandAnswer, CommandError> {
        Err(CommandError::Offline)
    }

    fn presence(&self, _: &StationKey) -> Option<Presence> {
        None
    }

    fn online(&self) -> usize {
        0
    }

    fn disconnect(&self, _: &StationKey, _: Disconnect) {}

    fn configure(&self, _: &StationKey, _: &StationSettings) {}
}
