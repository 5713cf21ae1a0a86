//! Caches of stations that must be cleared, over a restart too, and how far changes were followed.

use jiff::Timestamp;
use model::{OrganisationId, Revision, StationKey};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{Store, StoreError, Tx};

statements! {
    OWE = "INSERT INTO cache_debts (station_key, revision) VALUES ($1, $2) \
        ON CONFLICT (station_key) DO UPDATE SET revision = excluded.revision \
        WHERE cache_debts.revision < excluded.revision";
    PAY = "DELETE FROM cache_debts WHERE station_key = $1 AND revision <= $2";
    DEBTS = "SELECT station_key, revision FROM cache_debts ORDER BY station_key";
    FOLLOWED = "INSERT INTO counters (name, value) VALUES ('followed_revision', $1) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value \
        WHERE counters.value < excluded.value";
    FOLLOWED_NOW = "SELECT value FROM counters WHERE name = 'followed_revision'";
    FOLLOWED_EDGES = "INSERT INTO counters (name, value) VALUES ('followed_flag_edges', $1) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value \
        WHERE counters.value < excluded.value";
    FOLLOWED_EDGES_NOW = "SELECT value FROM counters WHERE name = 'followed_flag_edges'";
    CHANGED_SINCE = "SELECT DISTINCT organisation_id FROM change_log WHERE revision > $1 \
        ORDER BY organisation_id";
}

/// A cache that must be cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheDebt {
    /// Of which station.
    pub station: StationKey,
    /// The last change that made it so.
    pub revision: Revision,
}

queries! {
    /// Every cache that must be cleared.
    cache_debts() -> Vec<CacheDebt> = DEBTS [];
}

impl Store {
    /// The last change whose consequences at stations were noted; `None` before the first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn followed_revision(&self) -> Result<Option<Revision>, StoreError> {
        let value: Option<i64> = self.find(FOLLOWED_NOW, &[]).await?;
        Ok(value.map(Revision))
    }

    /// Up to when the edges of schedules on flags were followed; `None` before the first time.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn followed_edges(&self) -> Result<Option<Timestamp>, StoreError> {
        let value: Option<i64> = self.find(FOLLOWED_EDGES_NOW, &[]).await?;
        Ok(value.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
    }

    /// The organisations in which something was changed after a revision.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn organisations_changed_after(
        &self,
        revision: Revision,
    ) -> Result<Vec<OrganisationId>, StoreError> {
        let rows: Vec<Changed> = self.find_all(CHANGED_SINCE, args![revision]).await?;
        Ok(rows.into_iter().map(|Changed(id)| id).collect())
    }
}

impl Tx {
    /// The cache of a station must be cleared because of this change or one before it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owe_cache(&mut self, debt: &CacheDebt) -> Result<(), StoreError> {
        let args = args![debt.station, debt.revision];
        self.run(OWE, args).await.map(drop)
    }

    /// The cache was cleared, or the station is gone. `false`: a later change asks for it again,
    /// or nothing was owed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pay_cache(&mut self, debt: &CacheDebt) -> Result<bool, StoreError> {
        self.touched(PAY, args![debt.station, debt.revision]).await
    }

    /// The consequences of the changes up to this one are noted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_followed(&mut self, revision: Revision) -> Result<(), StoreError> {
        self.run(FOLLOWED, args![revision]).await.map(drop)
    }
}

impl Tx {
    /// The edges of schedules on flags were followed up to this instant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_edges(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.run(FOLLOWED_EDGES, args![at]).await.map(drop)
    }
}

impl Record for CacheDebt {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            station: columns.take()?,
            revision: columns.take()?,
        })
    }
}

struct Changed(OrganisationId);

impl Record for Changed {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take().map(Self)
    }
}
