//! What changes with use: transactions in progress and remote starts that are waited for.

use hashbrown::HashMap;
use jiff::Timestamp;
use model::{ChargerId, InstallationId, PersonId, StopGroup, TransactionId};

/// A transaction in progress that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTransaction {
    /// Which.
    pub id: TransactionId,
    /// Where.
    pub charger: ChargerId,
    /// Where, for the limit.
    pub installation: InstallationId,
    /// Who started it, if known.
    pub person: Option<PersonId>,
    /// The starter's stop group.
    pub stop_group: Option<StopGroup>,
    /// The normalised token that started it.
    pub token_key: Option<String>,
}

/// A remote start that was sent to a charger and may still be answered by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingRemote {
    /// Which charger.
    pub charger: ChargerId,
    /// For whom.
    pub person: PersonId,
    /// Counts before this instant.
    pub until: Timestamp,
}

/// The facts of use, kept apart from the Directory because they change with every transaction.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    by_id: HashMap<TransactionId, OpenTransaction>,
    by_person: HashMap<PersonId, Vec<TransactionId>>,
    by_charger: HashMap<ChargerId, Vec<TransactionId>>,
    remotes: HashMap<(ChargerId, PersonId), Timestamp>,
}

impl Usage {
    /// A transaction began.
    pub fn begin(&mut self, transaction: OpenTransaction) {
        self.end(transaction.id);
        if let Some(person) = transaction.person {
            self.by_person
                .entry(person)
                .or_default()
                .push(transaction.id);
        }
        self.by_charger
            .entry(transaction.charger)
            .or_default()
            .push(transaction.id);
        self.by_id.insert(transaction.id, transaction);
    }

    /// A transaction ended, or its begin was not recorded.
    pub fn end(&mut self, id: TransactionId) {
        let Some(transaction) = self.by_id.remove(&id) else {
            return;
        };
        if let Some(person) = transaction.person {
            drop_from(&mut self.by_person, &person, id);
        }
        drop_from(&mut self.by_charger, &transaction.charger, id);
    }

    /// A remote start was sent.
    pub fn expect_remote(&mut self, pending: PendingRemote) {
        let until = self
            .remotes
            .entry((pending.charger, pending.person))
            .or_insert(pending.until);
        *until = (*until).max(pending.until);
    }

    /// Forgets remote starts that are over.
    pub fn forget_remotes(&mut self, now: Timestamp) {
        self.remotes.retain(|_, until| *until > now);
    }

    /// A remote start failed at the station: its token counts no more.
    pub fn cancel_remote(&mut self, charger: ChargerId, person: PersonId) {
        self.remotes.remove(&(charger, person));
    }

    /// Whether a remote start of this person is waited for at this charger.
    #[must_use]
    pub fn expects_remote(&self, charger: ChargerId, person: PersonId, now: Timestamp) -> bool {
        self.remotes
            .get(&(charger, person))
            .is_some_and(|until| now < *until)
    }

    /// Transactions in progress at a charger.
    pub fn at_charger(&self, charger: ChargerId) -> impl Iterator<Item = &OpenTransaction> {
        self.by_charger
            .get(&charger)
            .into_iter()
            .flatten()
            .filter_map(|id| self.by_id.get(id))
    }

    /// Transactions in progress of a person.
    pub fn of_person(&self, person: PersonId) -> impl Iterator<Item = &OpenTransaction> {
        self.by_person
            .get(&person)
            .into_iter()
            .flatten()
            .filter_map(|id| self.by_id.get(id))
    }

    /// How many transactions are in progress.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.by_id.len()
    }
}

fn drop_from<K: Eq + std::hash::Hash>(
    map: &mut HashMap<K, Vec<TransactionId>>,
    key: &K,
    id: TransactionId,
) {
    if let Some(ids) = map.get_mut(key) {
        ids.retain(|other| *other != id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}
