//! Charging transactions, as far as the caller may see them.

use authz::act;
use jiff::Timestamp;
use model::{
    Action, ChargerId, NodeId, PersonId, StationId, StationKey, Transaction, TransactionId,
};
use store::{StopRequested, StoredSample, TransactionFilter};

use super::{Admin, ListQuery, Listing};
use crate::{ApiError, Caller};

/// Which transactions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionQuery {
    /// Of this charger.
    pub charger: Option<ChargerId>,
    /// Of the station with this identity.
    pub station: Option<String>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// Begun at or after.
    pub from: Option<Timestamp>,
    /// Begun before.
    pub until: Option<Timestamp>,
    /// In progress, or ended.
    pub open: Option<bool>,
}

impl Admin {
    /// The transactions the caller may see: all where they hold `view_all`, else their own where
    /// they hold `view_own`.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn transactions(
        &self,
        caller: &Caller,
        which: &TransactionQuery,
        query: &ListQuery,
    ) -> Result<Listing<Transaction>, ApiError> {
        let Ok(station) = key_of(which.station.as_deref()) else {
            return Ok(Listing {
                items: Vec::new(),
                next: None,
            });
        };
        let filter = TransactionFilter {
            charger: which.charger,
            station,
            person: which.person,
            from: which.from,
            until: which.until,
            open: which.open,
        };
        let seen = |row: &Transaction| self.shows_transaction(caller, row);
        self.list_reached(caller, query, seen, |organisation, page| {
            let filter = filter.clone();
            async move {
                self.store
                    .list_transactions(organisation, &filter, &page)
                    .await
            }
        })
        .await
    }

    fn shows_transaction(&self, caller: &Caller, row: &Transaction) -> bool {
        let at = self.transaction_node(row);
        let own = row.person.is_some() && caller.person_in(row.organisation) == row.person;
        self.pep.holds(caller, Action::ViewAll, at)
            || (own && self.pep.holds(caller, Action::ViewOwn, at))
    }

    /// Where it is decided who sees it; the organisation, if the charger is gone.
    fn transaction_node(&self, row: &Transaction) -> NodeId {
        let directory = self.live.directory();
        row.charger
            .filter(|charger| directory.node(*charger).is_some())
            .map_or(row.organisation.into(), NodeId::from)
    }

    /// A transaction.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `view_all`, or `view_own` for one's own.
    pub async fn transaction(
        &self,
        caller: &Caller,
        id: TransactionId,
    ) -> Result<Transaction, ApiError> {
        let row = self
            .store
            .get_transaction(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        if !self.shows_transaction(caller, &row) {
            let _ = self
                .pep
                .permit::<act::ViewAll>(caller, self.transaction_node(&row))
                .await?;
        }
        Ok(row)
    }

    /// Why a transaction that the caller saw was asked to stop by the system, if it was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stop_requested(
        &self,
        seen: &Transaction,
    ) -> Result<Option<StopRequested>, ApiError> {
        Ok(self.store.get_stop(seen.id).await?)
    }

    /// What was metered during a transaction.
    ///
    /// # Errors
    /// As [`Admin::transaction`].
    pub async fn samples(
        &self,
        caller: &Caller,
        id: TransactionId,
        query: &ListQuery,
    ) -> Result<Listing<StoredSample>, ApiError> {
        let row = self.transaction(caller, id).await?;
        self.list_seen(
            query,
            |_| true,
            |page| async move { self.store.list_samples(row.id, &page).await },
        )
        .await
    }
}

/// The key of a station named by a caller; an impossible identity has none.
pub(super) fn key_of(id: Option<&str>) -> Result<Option<StationKey>, ()> {
    id.map(|id| StationId::new(id).map(|id| id.key()))
        .transpose()
        .map_err(|_| ())
}
