//! A connection's place in the registry.

use std::sync::Arc;

use app::station::{Connection, Stations};
use metrics::gauge;

use crate::line::Line;
use crate::measures;
use crate::registry::Registry;

/// Held by the task that owns the socket; when it is dropped, whatever the reason (a panic
/// included), the connection leaves the registry and the inside learns of it.
pub(crate) struct Standing {
    registry: Arc<Registry>,
    stations: Arc<dyn Stations>,
    line: Arc<Line>,
    connection: Arc<Connection>,
}

impl Standing {
    /// Tells the inside that the connection stands.
    pub(crate) fn new(
        registry: Arc<Registry>,
        stations: Arc<dyn Stations>,
        line: Arc<Line>,
        connection: Connection,
    ) -> Self {
        let standing = Self {
            registry,
            stations,
            line,
            connection: Arc::new(connection),
        };
        gauge!(measures::CONNECTIONS, "version" => standing.connection.version.name()).increment(1);
        standing.stations.connected(&standing.connection);
        standing
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.registry
            .remove(&self.connection.station.key, self.connection.generation);
        self.line.close();
        gauge!(measures::CONNECTIONS, "version" => self.connection.version.name()).decrement(1);
        self.stations.disconnected(&self.connection);
    }
}
