//! How a connection ends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use app::station::Connection;
use futures_util::future::BoxFuture;
use model::FindingKind;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::calls::{self, Call, Outcome};
use super::socket::Broken;
use super::{Session, Shared, commands};
use crate::line::Ending;

/// A connection that was replaced so soon after it was heard was no dead one.
const ALIVE: Duration = Duration::from_secs(10);

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// From outside the task.
    Ordered(Ending),
    /// The station closed it.
    ByStation,
    /// The stream.
    Broken(Broken),
    /// A transaction message could not be recorded.
    NotRecorded,
    /// Our code failed; the station keeps what it has no answer for.
    Failed,
    /// Nothing was heard for too long.
    Unresponsive,
    /// The station takes nothing.
    Stuck,
}

impl End {
    /// What the station is told: code and reason.
    ///
    /// 1000 for a replaced connection, because the station has a better one and shall not come
    /// back for this one; 1008 where it need not come back; 1012 and 1013 where it should.
    fn goodbye(self) -> (CloseCode, &'static str) {
        match self {
            End::Ordered(Ending::Replaced) => (
                CloseCode::Normal,
                "replaced by a newer connection of this station",
            ),
            End::Ordered(Ending::CredentialChanged) => (
                CloseCode::Restart,
                "the credential of this station was changed",
            ),
            End::Ordered(Ending::Removed) => (CloseCode::Policy, "this station was removed"),
            End::Ordered(Ending::Drained) => (CloseCode::Away, "the server is going away"),
            // Not sent: the station has closed already, or is gone.
            End::ByStation | End::Broken(Broken::Lost) => (CloseCode::Normal, ""),
            End::Broken(Broken::TooBig) => (CloseCode::Size, "the message is too large"),
            End::Broken(Broken::NotUtf8) => (CloseCode::Invalid, "the message is not UTF-8"),
            End::Broken(Broken::Protocol) => (CloseCode::Protocol, "this is not WebSocket"),
            End::NotRecorded => (
                CloseCode::Again,
                "the message could not be recorded; send it again",
            ),
            End::Failed => (
                CloseCode::Error,
                "an internal error; send the message again",
            ),
            End::Unresponsive => (CloseCode::Away, "nothing was heard for too long"),
            End::Stuck => (CloseCode::Away, "nothing was taken for too long"),
        }
    }

    /// What the station's owner should know of it.
    fn finding(self) -> Option<(FindingKind, &'static str)> {
        match self {
            End::Ordered(Ending::Replaced) => Some((FindingKind::Replaced, "")),
            End::Unresponsive => Some((FindingKind::WentSilent, "")),
            End::Stuck => Some((FindingKind::TakesNothing, "")),
            End::Broken(Broken::TooBig | Broken::NotUtf8 | Broken::Protocol) => {
                Some((FindingKind::BrokenStream, self.goodbye().1))
            }
            End::Ordered(Ending::CredentialChanged | Ending::Removed | Ending::Drained)
            | End::ByStation
            | End::Broken(Broken::Lost)
            | End::NotRecorded
            | End::Failed => None,
        }
    }

    /// Whether what was received before is still worked on. What a station reported has happened,
    /// whether or not it hears that we know; but nothing is taken from one that was locked out,
    /// and after a failure the station sends everything again.
    fn keeps_what_was_received(self) -> bool {
        match self {
            End::Ordered(Ending::Replaced | Ending::Drained)
            | End::ByStation
            | End::Broken(_)
            | End::Unresponsive
            | End::Stuck => true,
            End::Ordered(Ending::CredentialChanged | Ending::Removed)
            | End::NotRecorded
            | End::Failed => false,
        }
    }
}

impl Session {
    /// Leaves the registry first, so that nobody waits for a station that is gone; then says
    /// goodbye.
    pub(super) async fn finish(self: Box<Self>, end: End) {
        let dead = end == End::Ordered(Ending::Replaced) && !self.timing.heard_within(ALIVE);
        if let Some((kind, detail)) = end.finding().filter(|_| !dead) {
            self.notice(kind, detail);
        }
        let Session {
            shared,
            socket,
            standing,
            version,
            working,
            mut waiting,
            outstanding,
            ..
        } = *self;
        let connection = standing.connection().clone();
        tracing::info!(
            station.id = %connection.station.id,
            generation = connection.generation,
            end = ?end,
            "the station's connection ends",
        );
        if let Some(command) = outstanding {
            // Dropped without an answer, so its sender learns that the connection is lost.
            commands::count(version, &command.action, "lost");
        }
        drop(standing);
        if !end.keeps_what_was_received() {
            waiting.clear();
        }
        if working.is_some() || !waiting.is_empty() {
            let tasks = shared.tasks.clone();
            tasks.spawn(finish_work(shared.clone(), connection, working, waiting));
        }
        let (code, reason) = end.goodbye();
        socket
            .close(code, reason, shared.options.close_timeout)
            .await;
    }
}

/// Lets work that was begun come to its end, and then what waits behind it.
async fn finish_work(
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    working: Option<BoxFuture<'static, Outcome>>,
    waiting: VecDeque<Call>,
) {
    let stop = shared.stop.clone();
    let work = async {
        let mut last = match working {
            Some(working) => working.await,
            None => Outcome::Answer(String::new()),
        };
        for call in waiting {
            match last {
                Outcome::Answer(_) => {
                    last = calls::work(shared.clone(), connection.clone(), call).await;
                }
                // The station sends the rest again, in its order.
                Outcome::NotRecorded | Outcome::Failed => return,
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}
