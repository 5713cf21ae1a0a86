//! Who was refused at which charger of late. Some chargers block a refused card for themselves
//! (Q33: KEBA after a de-authorized start), so a right that is given later is of no use there
//! until their cache is cleared.

use std::collections::{HashMap, HashSet};

use authz::Directory;
use jiff::{SignedDuration, Timestamp};
use model::{
    Change, ChargerId, CredentialState, Effect, Member, PersonId, PersonState, Subject, normalise,
};
use parking_lot::Mutex;

/// What is remembered: a charger that was off for longer has booted since.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// When there is no place left, old ones are looked for this often.
const SWEPT_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How many tokens and people are remembered; those beyond get their right by the station's own
/// cache expiry.
const MOST: usize = 10_000;

/// Who it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Refused {
    /// Somebody known.
    Person(PersonId),
    /// The number of a card that was nobody's.
    Token(String),
}

/// Refusals of the last day.
#[derive(Default)]
pub(crate) struct BlockedCards(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    by: HashMap<Refused, HashMap<ChargerId, Timestamp>>,
    swept_at: Option<Timestamp>,
}

impl Seen {
    /// Whether there is a place for one more.
    fn has_place(&mut self, now: Timestamp) -> bool {
        if self.by.len() < MOST {
            return true;
        }
        if self
            .swept_at
            .is_some_and(|at| now.duration_since(at) < SWEPT_EVERY)
        {
            return false;
        }
        self.swept_at = Some(now);
        self.by.retain(|_, chargers| {
            chargers.retain(|_, at| now.duration_since(*at) < REMEMBERED);
            !chargers.is_empty()
        });
        self.by.len() < MOST
    }
}

impl BlockedCards {
    /// Somebody, or a card of nobody, was refused.
    pub(crate) fn note(
        &self,
        charger: ChargerId,
        person: Option<PersonId>,
        token: Option<String>,
        now: Timestamp,
    ) {
        let Some(who) = person.map(Refused::Person).or(token.map(Refused::Token)) else {
            return;
        };
        let mut seen = self.0.lock();
        if seen.by.contains_key(&who) || seen.has_place(now) {
            seen.by.entry(who).or_default().insert(charger, now);
        }
    }

    /// The chargers where somebody was refused to whom a change may have given a right. They are
    /// forgotten: what is owed to them is noted elsewhere.
    pub(crate) fn take(
        &self,
        change: &Change,
        directory: &Directory,
        now: Timestamp,
    ) -> HashSet<ChargerId> {
        let seen = &mut self.0.lock().by;
        let gaining = match who_gains(change, directory) {
            Gaining::These(who) => who,
            Gaining::Anybody => seen.keys().cloned().collect(),
        };
        gaining
            .into_iter()
            .filter_map(|who| seen.remove(&who))
            .flatten()
            .filter(|(_, at)| now.duration_since(*at) < REMEMBERED)
            .map(|(charger, _)| charger)
            .collect()
    }
}

/// Who may gain by a change.
enum Gaining {
    These(Vec<Refused>),
    /// Hours and sets of points: whom they concern is not looked for.
    Anybody,
}

/// Who may have a right after a change that they had not before.
fn who_gains(change: &Change, directory: &Directory) -> Gaining {
    let all = |people: Vec<PersonId>| people.into_iter().map(Refused::Person).collect();
    Gaining::These(match change {
        Change::Schedule(_) | Change::Calendar(_) => return Gaining::Anybody,
        Change::Membership(row) => match row.member {
            Member::Person(person) => vec![Refused::Person(person)],
            Member::Tag(tag) => all(directory.people_in(tag)),
            Member::Point(_) => return Gaining::Anybody,
        },
        // A permission that begins, or a denial that ends.
        Change::Grant(grant) if (grant.effect == Effect::Allow) == grant.revoked_at.is_none() => {
            match grant.subject {
                Subject::Person(person) => vec![Refused::Person(person)],
                Subject::Tag(tag) => all(directory.people_in(tag)),
                // They present no card here.
                Subject::Partner(_) => Vec::new(),
            }
        }
        Change::Credential(row)
            if row.deleted_at.is_none() && row.state == CredentialState::Active =>
        {
            vec![
                Refused::Person(row.person),
                Refused::Token(normalise(&row.value)),
            ]
        }
        Change::Person(row) if row.deleted_at.is_none() && row.state == PersonState::Active => {
            vec![Refused::Person(row.id)]
        }
        Change::Grant(_)
        | Change::Credential(_)
        | Change::Person(_)
        | Change::Organisation(_)
        | Change::Installation(_)
        | Change::Area(_)
        | Change::Charger(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::ApiKey(_)
        | Change::Sharing(_)
        // Nothing is granted to a tag that is new or goes.
        | Change::Tag(_)
        // Chargers know no emergencies.
        | Change::Emergency(_)
        | Change::Webhook(_) => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn refusals_are_remembered_for_a_day_and_no_more_than_so_many() {
        let refusals = BlockedCards::default();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let charger = ChargerId(Uuid::from_u128(7));
        for number in 0..MOST {
            refusals.note(charger, None, Some(number.to_string()), at(0));
        }
        refusals.note(charger, None, Some("one more".into()), at(1));
        assert_eq!(refusals.0.lock().by.len(), MOST);
        refusals.note(charger, None, None, at(1));
        // A day later there is room again.
        let later = at(24 * 3_600);
        refusals.note(charger, None, Some("one more".into()), later);
        assert_eq!(refusals.0.lock().by.len(), 1);
    }
}
