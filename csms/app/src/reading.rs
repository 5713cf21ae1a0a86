//! The live picture read from the database.

use std::collections::HashSet;

use authz::DirectoryBuilder;
use jiff::{SignedDuration, Timestamp};
use model::{Area, Change, NodeId};
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
        // Areas come by id; what they stand in must be known first.
        let mut areas: Vec<Area> = Vec::new();
        let ended_since = now.checked_sub(ENDED_GRANTS_KEPT).unwrap_or(now);
        let revision = store
            .load_live(ended_since, |change| {
                match change {
                    Change::Area(area) => areas.push(area),
                    change @ (Change::Organisation(_) | Change::Installation(_)) => {
                        builder.add(&change);
                    }
                    change @ (Change::Charger(_)
                    | Change::Lock(_)
                    | Change::Station(_)
                    | Change::Door(_)
                    | Change::Person(_)
                    | Change::Credential(_)
                    | Change::Grant(_)
                    | Change::ApiKey(_)
                    | Change::Tag(_)
                    | Change::Membership(_)
                    | Change::Schedule(_)
                    | Change::Calendar(_)
                    | Change::Emergency(_)
                    | Change::Sharing(_)
                    | Change::Webhook(_)) => {
                        for area in parents_first(std::mem::take(&mut areas)) {
                            builder.add(&area);
                        }
                        builder.add(&change);
                    }
                }
                Ok(())
            })
            .await?;
        for area in parents_first(areas) {
            builder.add(&area);
        }
        self.load(builder.finish(revision));
        Ok(())
    }
}

/// Areas after what they stand in.
pub(crate) fn parents_first(mut areas: Vec<Area>) -> Vec<Change> {
    let mut ordered = Vec::with_capacity(areas.len());
    let mut known: HashSet<NodeId> = areas.iter().map(|area| area.installation.into()).collect();
    loop {
        let before = areas.len();
        let (ready, waiting): (Vec<_>, Vec<_>) = areas
            .into_iter()
            .partition(|area| known.contains(&area.parent));
        for area in ready {
            known.insert(area.id.into());
            ordered.push(Change::Area(area));
        }
        areas = waiting;
        if areas.len() == before {
            // What is left stands in nothing; it permits nothing either.
            ordered.extend(areas.into_iter().map(Change::Area));
            return ordered;
        }
    }
}
