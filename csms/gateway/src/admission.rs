//! From a station's handshake to its place in the registry.

use std::net::SocketAddr;
use std::sync::Arc;

use app::station::{Admitted, Answered, Connection, Deviated, Hello, Refusal};
use bytes::Bytes;
use http::StatusCode;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use model::QuirkName;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::dials::Overtaken;
use crate::dispatch::count;
use crate::handshake::Chosen;
use crate::line::Line;
use crate::registry::Unregistered;
use crate::server::{Server, Slot};
use crate::session::{Session, Shared, Socket, Standing};
use crate::transport::Transport;

/// How often it is decided anew about a station while rights change under its handshake.
const DECISIONS: usize = 3;

/// A station that was let in and waits for its upgrade.
pub(crate) struct Arrival {
    /// What was decided about.
    pub(crate) hello: Hello,
    /// The decision.
    pub(crate) admitted: Admitted,
    /// [`crate::Registry::changes`] before it.
    pub(crate) changes: u64,
    /// What was agreed on.
    pub(crate) agreed: Chosen,
}

/// Why a station is not let in.
pub(crate) enum NotAdmitted {
    /// Recorded by whoever decided.
    Refused(Refusal),
    /// Not in time.
    NoDecision,
}

/// What a station is told whose handshake is finished all the same.
struct Goodbye {
    code: CloseCode,
    reason: &'static str,
}

impl Server {
    /// Asks the inside, and notes what the decision rests on.
    pub(crate) async fn admit(&self, hello: &Hello) -> Result<(Admitted, u64), NotAdmitted> {
        let changes = self.registry.changes();
        let limit = self.shared.options.handshake_timeout;
        match tokio::time::timeout(limit, self.shared.stations.admit(hello)).await {
            Ok(Ok(admitted)) => Ok((admitted, changes)),
            Ok(Err(refusal)) => {
                count(refusal.code);
                Err(NotAdmitted::Refused(refusal))
            }
            Err(_) => Err(NotAdmitted::NoDecision),
        }
    }

    /// Waits for the upgrade, takes the station's place in the registry, and serves it.
    pub(crate) async fn begin_session(self, upgrade: OnUpgrade, arrival: Arrival, slot: Slot) {
        let Some((transport, early)) = self.upgraded(upgrade).await else {
            return;
        };
        let agreed = arrival.agreed;
        let version = agreed.version();
        let placed = tokio::select! {
            () = self.shared.stop.cancelled() => return,
            placed = self.shared.dials.place(&arrival.admitted.key) => placed,
        };
        if placed == Err(Overtaken) {
            let goodbye = Goodbye {
                code: CloseCode::Normal,
                reason: "replaced by a newer connection of this station",
            };
            return self.close(transport, &early, goodbye).await;
        }
        let (mut station, line) = match self.register(arrival).await {
            Ok(registered) => registered,
            Err(goodbye) => return self.close(transport, &early, goodbye).await,
        };
        count("accepted");
        tracing::info!(
            station.id = %station.id,
            generation = line.generation,
            version = version.name(),
            authenticated = station.authenticated,
            "a station connected",
        );
        // Only now: it may have been decided more than once.
        let mut quirks = std::mem::take(&mut station.deviations);
        if let Chosen::Assumed(_) = agreed {
            quirks.push((QuirkName::NoSubprotocol, String::new()));
        }
        let (since, generation) = (line.presence().since, line.generation);
        let connection = Connection {
            station,
            version,
            since,
            generation,
            answered: Answered::default(),
        };
        let Server {
            shared, registry, ..
        } = self;
        if !quirks.is_empty() {
            let deviated = Deviated::repaired("handshake", &quirks);
            shared.stations.deviated(&connection, &deviated);
        }
        let standing = Standing::new(registry, shared.stations.clone(), line, connection);
        // A fresh task: this one has grown to the size of a handshake.
        let tasks = shared.tasks.clone();
        tasks.spawn(session(shared, transport, early, standing, slot));
    }

    async fn register(&self, arrival: Arrival) -> Result<(Admitted, Arc<Line>), Goodbye> {
        let Arrival {
            hello,
            mut admitted,
            mut changes,
            agreed,
        } = arrival;
        let version = agreed.version();
        for _ in 0..DECISIONS {
            match self
                .registry
                .register(&admitted, version, hello.address, changes)
            {
                Ok(line) => return Ok((admitted, line)),
                Err(Unregistered::Outdated) => {
                    (admitted, changes) = self.admit(&hello).await.map_err(|_| Goodbye {
                        code: CloseCode::Policy,
                        reason: "the credential of this station was changed",
                    })?;
                }
                Err(Unregistered::AuthenticatedStands) => {
                    return Err(self.authenticated_stands(&hello.identity, hello.address));
                }
                Err(Unregistered::Draining) => {
                    let reason = "the server is going away";
                    return Err(Goodbye {
                        code: CloseCode::Away,
                        reason,
                    });
                }
            }
        }
        Err(Goodbye {
            code: CloseCode::Restart,
            reason: "rights are changing; try again",
        })
    }

    fn authenticated_stands(&self, identity: &str, address: SocketAddr) -> Goodbye {
        let refusal = Refusal {
            status: StatusCode::FORBIDDEN.as_u16(),
            code: "authenticated_connection_stands",
            reason: "a connection without credentials tried to take the place of one with them"
                .to_owned(),
            fix:
                "Give the station its password, or disconnect the other device with this identity."
                    .to_owned(),
        };
        count(refusal.code);
        self.shared.stations.refused(identity, address, &refusal);
        Goodbye {
            code: CloseCode::Policy,
            reason: "a connection with credentials stands",
        }
    }

    /// Closes a station that has no version in common with us.
    pub(crate) async fn say_goodbye(self, upgrade: OnUpgrade, _slot: Slot) {
        if let Some((transport, early)) = self.upgraded(upgrade).await {
            let reason = "no common OCPP version: offer ocpp1.6 or ocpp2.0.1";
            let goodbye = Goodbye {
                code: CloseCode::Protocol,
                reason,
            };
            self.close(transport, &early, goodbye).await;
        }
    }

    async fn close(&self, transport: Transport, early: &[u8], goodbye: Goodbye) {
        let options = &self.shared.options;
        let socket = Socket::new(transport, early, options.max_read_bytes).await;
        tokio::select! {
            () = self.shared.stop.cancelled() => {}
            () = socket.close(goodbye.code, goodbye.reason, options.close_timeout) => {}
        }
    }

    /// The stream after the 101 was sent, and what the station sent right behind its request.
    async fn upgraded(&self, upgrade: OnUpgrade) -> Option<(Transport, Bytes)> {
        let limit = self.shared.options.handshake_timeout;
        let upgraded = tokio::select! {
            () = self.shared.stop.cancelled() => return None,
            upgraded = tokio::time::timeout(limit, upgrade) => upgraded.ok()?.ok()?,
        };
        let parts = upgraded.downcast::<TokioIo<Transport>>().ok()?;
        Some((parts.io.into_inner(), parts.read_buf))
    }
}

/// A station's own task.
async fn session(
    shared: Arc<Shared>,
    transport: Transport,
    early: Bytes,
    standing: Standing,
    slot: Slot,
) {
    let socket = Socket::new(transport, &early, shared.options.max_read_bytes).await;
    // hyper's buffer: 8 KiB that an idle connection shall not hold.
    drop(early);
    let stop = shared.stop.clone();
    let session = Box::new(Session::new(shared, socket, standing));
    tokio::select! {
        () = stop.cancelled() => {}
        () = session.run() => {}
    }
    drop(slot);
}
