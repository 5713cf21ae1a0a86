//! Nobody takes away the last owner of an organisation or an installation.

use authz::{Directory, Outcome, Request};
use jiff::Timestamp;
use model::{Change, Committed, Member, NodeId, NodeKind, PersonId, Revision, Role, Subject};

use super::Admin;
use crate::ApiError;

/// Whether somebody holds everything an owner may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Owned {
    now: bool,
    /// With no end in sight: an owner whose right ends tomorrow is the last one today only.
    for_good: bool,
}

impl Owned {
    const fn keeps(self, before: Self) -> bool {
        (self.now || !before.now) && (self.for_good || !before.for_good)
    }
}

impl Admin {
    /// Looks at what would be after some changes: wherever there is an owner now, there must be
    /// one then. The order must be held alone until they are committed.
    pub(super) fn keeps_owners(&self, changes: &[Change]) -> Result<(), ApiError> {
        let live = self.live.directory();
        let now = self.clock.now();
        let concerned: Vec<PersonId> = changes
            .iter()
            .flat_map(|change| concerned_by(change, &live))
            .collect();
        let mut places: Vec<NodeId> = Vec::new();
        for (id, node) in live.nodes() {
            let top = matches!(node.kind, NodeKind::Organisation | NodeKind::Installation);
            let theirs = top
                && concerned.iter().any(|person| {
                    live.person(*person)
                        .is_some_and(|entry| entry.organisation == node.organisation)
                        && self.owns(&live, *person, id, now).now
                });
            if theirs {
                places.push(id);
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        let then = live.with(&in_order(&live, changes));
        for place in places {
            if !self
                .owned(&then, place, now)
                .keeps(self.owned(&live, place, now))
            {
                return Err(ApiError::Conflict {
                    code: "last_owner",
                    detail: "this would take away the last owner; make somebody else an owner \
                             first"
                        .to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Everybody who holds all that an owner may, now.
    pub(super) fn owners_of(&self, node: NodeId) -> Vec<PersonId> {
        let live = self.live.directory();
        let now = self.clock.now();
        authz::candidates(&live, node)
            .into_iter()
            .filter(|person| self.owns(&live, *person, node, now).now)
            .collect()
    }

    /// Whether somebody would be an owner of a node after some changes.
    pub(super) fn would_own(&self, changes: &[Change], person: PersonId, node: NodeId) -> bool {
        let live = self.live.directory();
        let then = live.with(&in_order(&live, changes));
        self.owns(&then, person, node, self.clock.now()).now
    }

    fn owned(&self, directory: &Directory, node: NodeId, now: Timestamp) -> Owned {
        let mut owned = Owned::default();
        for person in authz::candidates(directory, node) {
            let one = self.owns(directory, person, node, now);
            owned = Owned {
                now: owned.now || one.now,
                for_good: owned.for_good || one.for_good,
            };
            if owned.now && owned.for_good {
                break;
            }
        }
        owned
    }

    fn owns(&self, directory: &Directory, person: PersonId, node: NodeId, now: Timestamp) -> Owned {
        let mut owned = Owned {
            now: true,
            for_good: true,
        };
        for action in Role::Owner.actions().iter() {
            let request = Request::person(person, None, action, node);
            match self.pep.decide_over(directory, None, &request, now) {
                Outcome::Allow(terms) => owned.for_good &= terms.until.is_none(),
                Outcome::Deny(_) | Outcome::Ask(_) => return Owned::default(),
            }
        }
        owned
    }
}

/// Changes as if they were committed next.
fn in_order(live: &Directory, changes: &[Change]) -> Vec<Committed> {
    let next = live.revision().0.saturating_add(1);
    changes
        .iter()
        .zip(next..)
        .map(|(change, revision)| Committed {
            revision: Revision(revision),
            change: change.clone(),
        })
        .collect()
}

/// Whose rights a change is about. A tag makes no owners, since nobody manages access by one, and
/// a partner is of another organisation; but what a tag is denied, an owner in it is denied.
fn concerned_by(change: &Change, live: &Directory) -> Vec<PersonId> {
    match change {
        Change::Person(person) => vec![person.id],
        Change::Grant(grant) => match grant.subject {
            Subject::Person(person) => vec![person],
            Subject::Tag(tag) => live.people_in(tag),
            Subject::Partner(_) => Vec::new(),
        },
        Change::Membership(membership) => match membership.member {
            Member::Person(person) => vec![person],
            Member::Tag(tag) => live.people_in(tag),
            Member::Point(_) => live.people_in(membership.tag),
        },
        Change::Organisation(_)
        | Change::Installation(_)
        | Change::Area(_)
        | Change::Charger(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::Credential(_)
        | Change::ApiKey(_)
        | Change::Tag(_)
        | Change::Schedule(_)
        | Change::Calendar(_)
        | Change::Emergency(_)
        | Change::Sharing(_)
        | Change::Webhook(_) => Vec::new(),
    }
}
