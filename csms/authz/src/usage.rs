//! What changes with use: transactions in progress, remote starts that are waited for, what was
//! taken of limited grants, and who is inside a zone.

use hashbrown::HashMap;
use jiff::Timestamp;
use model::{
    AreaId, ChargerId, GrantId, InstallationId, Limits, PersonId, StopGroup, TransactionId, UseId,
};

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

/// What a person has used of a limited grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Transactions begun and doors opened.
    pub uses: u32,
    /// Minutes of ended transactions.
    pub minutes: u32,
    /// Energy of ended transactions, Wh.
    pub wh: u64,
    /// Transactions that run: what they take is not known yet.
    pub running: u32,
}

impl Used {
    /// Whether something is left for another use.
    #[must_use]
    pub fn leaves_of(self, limits: Limits) -> bool {
        limits.uses.is_none_or(|most| self.uses < most)
            && limits.minutes.is_none_or(|most| self.minutes < most)
            && limits.wh.is_none_or(|most| self.wh < most)
            && !(limits.are_measured() && self.running > 0)
    }
}

/// A use that was taken of a limited grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    grant: GrantId,
    person: PersonId,
    running: bool,
}

/// The facts of use, kept apart from the Directory because they change with every transaction.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    by_id: HashMap<TransactionId, OpenTransaction>,
    by_person: HashMap<PersonId, Vec<TransactionId>>,
    by_charger: HashMap<ChargerId, Vec<TransactionId>>,
    remotes: HashMap<(ChargerId, PersonId), Timestamp>,
    used: HashMap<(GrantId, PersonId), Used>,
    taken: HashMap<UseId, Taken>,
    seen: HashMap<(PersonId, AreaId), Seen>,
}

/// On which side of a zone's doors a person was seen last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    side: Side,
    at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Inside,
    Outside,
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

    /// What a person has used of a grant.
    #[must_use]
    pub fn used(&self, grant: GrantId, person: PersonId) -> Used {
        self.used.get(&(grant, person)).copied().unwrap_or_default()
    }

    /// What a person has used of a grant, as it was stored.
    pub fn set_used(&mut self, grant: GrantId, person: PersonId, used: Used) {
        self.used.insert((grant, person), used);
    }

    /// Whether this use was taken of this grant already.
    #[must_use]
    pub fn has_taken(&self, of: UseId, grant: GrantId, person: PersonId) -> bool {
        self.taken
            .get(&of)
            .is_some_and(|taken| taken.grant == grant && taken.person == person)
    }

    /// A use was taken; one that was taken already takes nothing again. `running`: how much it
    /// takes is known when it ends.
    pub fn take(&mut self, of: UseId, grant: GrantId, person: PersonId, running: bool) {
        if self.taken.contains_key(&of) {
            return;
        }
        let taken = Taken {
            grant,
            person,
            running,
        };
        self.taken.insert(of, taken);
        let used = self.used.entry((grant, person)).or_default();
        used.uses = used.uses.saturating_add(1);
        if running {
            used.running = used.running.saturating_add(1);
        }
    }

    /// A use whose end is not known yet, from before the last stop; what it took is in
    /// [`Usage::set_used`] already.
    pub fn recall(&mut self, of: UseId, grant: GrantId, person: PersonId) {
        let taken = Taken {
            grant,
            person,
            running: true,
        };
        self.taken.insert(of, taken);
    }

    /// A use that was taken did not begin after all.
    pub fn give_back(&mut self, of: UseId) {
        if let Some(taken) = self.taken.remove(&of)
            && let Some(used) = self.used.get_mut(&(taken.grant, taken.person))
        {
            used.uses = used.uses.saturating_sub(1);
            if taken.running {
                used.running = used.running.saturating_sub(1);
            }
        }
    }

    /// A transaction ended: what it took.
    pub fn settle(&mut self, of: UseId, minutes: u32, wh: u64) {
        if let Some(taken) = self.taken.get_mut(&of)
            && std::mem::take(&mut taken.running)
            && let Some(used) = self.used.get_mut(&(taken.grant, taken.person))
        {
            used.running = used.running.saturating_sub(1);
            used.minutes = used.minutes.saturating_add(minutes);
            used.wh = used.wh.saturating_add(wh);
        }
    }

    /// A person entered a zone.
    pub fn enter(&mut self, person: PersonId, zone: AreaId, at: Timestamp) {
        self.see(person, zone, Side::Inside, at);
    }

    /// A person left a zone.
    pub fn leave(&mut self, person: PersonId, zone: AreaId, at: Timestamp) {
        self.see(person, zone, Side::Outside, at);
    }

    /// What is told late does not undo what happened later.
    fn see(&mut self, person: PersonId, zone: AreaId, side: Side, at: Timestamp) {
        let seen = Seen { side, at };
        let last = self.seen.entry((person, zone)).or_insert(seen);
        if last.at <= at {
            *last = seen;
        }
    }

    /// Since when a person is inside a zone.
    #[must_use]
    pub fn inside_since(&self, person: PersonId, zone: AreaId) -> Option<Timestamp> {
        self.seen
            .get(&(person, zone))
            .filter(|seen| seen.side == Side::Inside)
            .map(|seen| seen.at)
    }

    /// How many people are inside a zone.
    #[must_use]
    pub fn occupancy(&self, zone: AreaId) -> usize {
        self.seen
            .iter()
            .filter(|((_, other), seen)| *other == zone && seen.side == Side::Inside)
            .count()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_late_does_not_undo_what_happened_later() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let person = PersonId(uuid::Uuid::from_u128(1));
        let zone = AreaId(uuid::Uuid::from_u128(2));
        let mut usage = Usage::default();
        usage.leave(person, zone, at(20));
        usage.enter(person, zone, at(10));
        assert_eq!(usage.inside_since(person, zone), None);
        usage.enter(person, zone, at(30));
        usage.leave(person, zone, at(20));
        assert_eq!(usage.inside_since(person, zone), Some(at(30)));
        assert_eq!(usage.occupancy(zone), 1);
        usage.leave(person, zone, at(40));
        assert_eq!(usage.occupancy(zone), 0);
    }
}
