//! The live picture read from the database.

use authz::DirectoryBuilder;
use jiff::{SignedDuration, Timestamp};
use store::{Store, StoreError};

use crate::live::Live;

/// Grants that ended since then are kept, to tell why somebody is refused.
pub(crate) const ENDED_GRANTS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

impl Live {
    /// Reads the picture; what is committed meanwhile is kept and comes on top.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn read(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let mut seed = [0; 16];
        seed.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        let [a, b, c, d, e, f, g, h, rest @ ..] = seed;
        let seed = (
            u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            u64::from_be_bytes(rest),
        );
        let mut builder = DirectoryBuilder::new(seed);
        let ended_since = now.checked_sub(ENDED_GRANTS_KEPT).unwrap_or(now);
        let revision = store
            .load_live(ended_since, |row| {
                builder.add(&row);
                Ok(())
            })
            .await?;
        self.load(builder.finish(revision));
        Ok(())
    }
}
