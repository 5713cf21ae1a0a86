//! The live picture: the Directory that decisions look at, and how it follows the database.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use authz::Directory;
use model::{Committed, Revision};
use parking_lot::Mutex;
use tokio::sync::{broadcast, watch};

/// How many revisions a slow listener may lag behind before it must look for itself.
const LAG: usize = 1_024;

/// Hears of committed changes in the order of their revisions.
pub type CommitHook = Arc<dyn Fn(&[Committed]) + Send + Sync>;

/// Holds the Directory. Readers never wait; changes are applied in the order of their revision,
/// before anybody is told that they were made.
pub struct Live {
    directory: ArcSwap<Directory>,
    /// One at a time changes it; also keeps what is committed before the first load.
    change: Mutex<Loading>,
    revision: watch::Sender<Revision>,
    changes: broadcast::Sender<Arc<[Committed]>>,
}

enum Loading {
    /// Committed since the process began, in order.
    Before(Vec<Committed>),
    /// The database was read.
    Loaded,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Live(revision {})", self.directory.load().revision())
    }
}

impl Live {
    /// Empty, until [`Live::load`].
    #[must_use]
    pub fn new(seed: (u64, u64)) -> Arc<Self> {
        Arc::new(Self {
            directory: ArcSwap::from_pointee(Directory::new(seed)),
            change: Mutex::new(Loading::Before(Vec::new())),
            revision: watch::Sender::new(Revision(0)),
            changes: broadcast::Sender::new(LAG),
        })
    }

    /// What the store calls after each commit, before it answers.
    #[must_use]
    pub fn hook(self: &Arc<Self>) -> CommitHook {
        let live = Arc::clone(self);
        Arc::new(move |changes| live.committed(changes))
    }

    /// The picture now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Takes the picture read from the database, and what was committed meanwhile.
    pub fn load(&self, directory: Directory) {
        let mut state = self.change.lock();
        let next = match &*state {
            Loading::Before(changes) => directory.with(changes),
            Loading::Loaded => directory,
        };
        *state = Loading::Loaded;
        self.publish(next);
    }

    /// Whether the database was read.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        matches!(*self.change.lock(), Loading::Loaded)
    }

    /// Waits until the picture stands at a revision; `false` when it takes longer.
    pub async fn reaches(&self, revision: Revision, within: Duration) -> bool {
        let mut seen = self.revision.subscribe();
        tokio::time::timeout(within, seen.wait_for(|now| *now >= revision))
            .await
            .is_ok_and(|reached| reached.is_ok())
    }

    /// Changes, as they come.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Arc<[Committed]>> {
        self.changes.subscribe()
    }

    fn committed(&self, changes: &[Committed]) {
        let mut state = self.change.lock();
        match &mut *state {
            Loading::Before(waiting) => waiting.extend_from_slice(changes),
            Loading::Loaded => {
                let next = self.directory.load().with(changes);
                self.publish(next);
            }
        }
        drop(state);
        // Nobody listening is fine.
        let _ = self.changes.send(changes.into());
    }

    fn publish(&self, next: Directory) {
        let revision = next.revision();
        self.directory.store(Arc::new(next));
        self.revision.send_replace(revision);
    }
}
