//! The edges of schedules on the flag: where a charger asks for authorization again, the cards its
//! station remembers from the open hours are cleared, as when somebody turns the flag.

use std::collections::HashSet;
use std::time::Duration;

use authz::Directory;
use jiff::Timestamp;
use model::{AuthorizationRequired, ChargerId, NodeKind};

use crate::App;

/// The next edge is looked for at least that often, whatever the clocks say.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Whether any edge has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edges {
    Passed,
    None,
}

/// The edges up to an instant were followed.
#[derive(Debug)]
pub(crate) struct FlagEdges {
    followed: Timestamp,
    next: Option<Timestamp>,
}

impl FlagEdges {
    /// How long there is nothing to do.
    pub(crate) fn wait(&self, now: Timestamp) -> Duration {
        let Some(next) = self.next else {
            return LOOK_AGAIN;
        };
        let left = Duration::try_from(next.duration_since(now)).unwrap_or(Duration::ZERO);
        left.min(LOOK_AGAIN)
    }

    /// The picture has changed: the next edge may be another.
    pub(crate) fn look(&mut self, directory: &Directory, now: Timestamp) {
        self.next = chargers(directory)
            .filter_map(|(_, node)| directory.flag_edge(node, now))
            .min();
    }
}

/// Every charger.
fn chargers(directory: &Directory) -> impl Iterator<Item = (ChargerId, &authz::NodeEntry)> {
    directory
        .nodes()
        .filter(|(_, node)| node.kind == NodeKind::Charger)
        .map(|(id, node)| (id.into(), node))
}

/// The chargers whose flag a schedule turned to `Required` after `since` and that still stands.
fn closed(directory: &Directory, since: Timestamp, now: Timestamp) -> HashSet<ChargerId> {
    chargers(directory)
        .filter(|(_, node)| {
            directory
                .flag_edge(node, since)
                .is_some_and(|edge| edge <= now)
        })
        .filter(|(_, node)| {
            directory.authorization_required(node, now) == AuthorizationRequired::Required
        })
        .map(|(id, _)| id)
        .collect()
}

impl App {
    /// Begins where the process before left off.
    pub(crate) async fn take_up_edges(&self) -> FlagEdges {
        let now = self.clock.now();
        let followed = match self.store.followed_edges().await {
            Ok(followed) => followed.unwrap_or(now).min(now),
            Err(error) => {
                tracing::error!(%error, "which schedules were followed is not known");
                now
            }
        };
        let mut edges = FlagEdges {
            followed,
            next: Some(now),
        };
        self.follow_edges(&mut edges).await;
        edges
    }

    /// Does what follows from the edges that have passed.
    pub(crate) async fn follow_edges(&self, edges: &mut FlagEdges) -> Edges {
        let directory = self.live.directory();
        let now = self.clock.now();
        if edges.next.is_none_or(|next| next > now) {
            return Edges::None;
        }
        let closed = closed(&directory, edges.followed, now);
        if !closed.is_empty() {
            tracing::info!(chargers = closed.len(), "authorization is required again");
            self.owe_caches_by_time(closed, directory.revision()).await;
        }
        edges.followed = now;
        let noted = self
            .store
            .write(self.settings.hold, move |tx| {
                Box::pin(async move { tx.note_edges(now).await })
            })
            .await;
        if let Err(error) = noted {
            // Followed once more after the next start.
            tracing::warn!(%error, "that schedules were followed was not noted");
        }
        edges.look(&directory, now);
        Edges::Passed
    }
}
