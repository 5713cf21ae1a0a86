//! Who gains and who loses by a change of access, before it is made; and between two moments.
//!
//! Both sides are pictures; every answer on either side comes from the engine. Compared are, for
//! each point, all whom its grants may concern (as [`App::who`] lists them), and the cards that
//! were presented there of late, as if they were presented again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use authz::{Directory, Intent, NodeDetail, Outcome, Request};
use jiff::{SignedDuration, Timestamp};
use model::{
    Action, CredentialId, NodeId, NodeKind, OrganisationId, PersonId, PresentedToken, Reason,
    Revision, TokenKind,
};
use store::Sighting;

use super::view::{Note, View};
use super::{of_person, resource_of};
use crate::{ApiError, App};

/// How far back a card counts as seen.
pub const SEEN_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Cards and points at which they were seen that are looked at, the latest first.
const MOST_SEEN: u32 = 20_000;
/// Decisions on each side after which the rest is left out.
const MOST_DECISIONS: usize = 200_000;
/// Lines told of each kind; all are counted.
const MOST_LINES: usize = 1_000;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Somebody whose answer at a point differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Who.
    pub person: PersonId,
    /// With which card; `None`: whatever they present.
    pub credential: Option<CredentialId>,
    /// Where.
    pub node: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// Why, before.
    pub before: Reason,
    /// Why, after.
    pub after: Reason,
}

/// Those who gain and those who lose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shifts {
    /// May after, and not before; at most a thousand.
    pub gains: Vec<Shift>,
    /// May before, and not after; at most a thousand.
    pub losses: Vec<Shift>,
    /// All who gain.
    pub gained: usize,
    /// All who lose.
    pub lost: usize,
}

impl Shifts {
    fn add(&mut self, shift: Shift) {
        let (lines, count) = if shift.after.allows() {
            (&mut self.gains, &mut self.gained)
        } else {
            (&mut self.losses, &mut self.lost)
        };
        *count += 1;
        if lines.len() < MOST_LINES {
            lines.push(shift);
        }
    }
}

/// What differs between two pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// People, whatever they present: the difference between who may before and after.
    pub people: Shifts,
    /// Cards seen of late, as if they were presented again.
    pub cards: Shifts,
    /// Points that admit everybody after, and not before.
    pub opened: Vec<NodeId>,
    /// Points that admitted everybody before, and not after.
    pub closed: Vec<NodeId>,
    /// How many points were looked at.
    pub points: usize,
    /// How many points there are.
    pub of_points: usize,
    /// Whether anything was left out: points, or cards seen.
    pub is_cut: bool,
    /// The revisions compared; of a change not made, the one it would be made on twice.
    pub revisions: (Revision, Revision),
    /// The instants asked about.
    pub at: (Timestamp, Timestamp),
    /// What the answer rests on that may have been otherwise.
    pub notes: Vec<Note>,
}

/// How many would be refused by a change who were seen of late and may now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// People who may, now or when they usually come; where authority changes hands, credentials.
    pub may: usize,
    /// Those of them who would be refused where they come.
    pub refused: usize,
    /// Of those: the service that is to decide said nothing of them.
    pub unanswered: usize,
}

impl Impact {
    /// More than one in ten, and at least five.
    #[must_use]
    pub const fn is_massive(self) -> bool {
        self.refused >= 5 && self.refused.saturating_mul(10) > self.may
    }

    /// What must be typed to go ahead.
    #[must_use]
    pub fn phrase(self) -> String {
        format!("refuse {} of {}", self.refused, self.may)
    }
}

/// A card as it was presented, if it can be presented again.
fn token_of(seen: &Sighting) -> Option<PresentedToken> {
    let (kind, value) = seen.presented.as_ref()?;
    (!kind.is_code()).then(|| PresentedToken::new(TokenKind::IdTag, value.clone()))
}

impl App {
    /// The people a change would newly refuse, of those seen of late at the points of an
    /// organisation: each is asked about where they were seen, now and at the hour of the week at
    /// which they were last there.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn impact(
        &self,
        organisation: OrganisationId,
        before: &Directory,
        after: &Directory,
    ) -> Result<Impact, ApiError> {
        let now = self.clock.now();
        let since = now.checked_sub(SEEN_WITHIN).unwrap_or(now);
        let seen = self
            .store
            .seen_since(organisation, since, MOST_SEEN)
            .await?;
        let mut may: BTreeSet<PersonId> = BTreeSet::new();
        let mut refused: BTreeSet<PersonId> = BTreeSet::new();
        for seen in seen {
            let Some(resource) = resource_of(before, seen.node) else {
                continue;
            };
            let token = token_of(&seen);
            let request = match &token {
                Some(token) => Request::token(token, resource, Intent::Ask),
                None => of_person(seen.person, Action::Use, resource),
            };
            for at in [now, next_visit(seen.at, now)] {
                if !self.pep.decide_over(before, None, &request, at).allows() {
                    continue;
                }
                may.insert(seen.person);
                if !self.pep.decide_over(after, None, &request, at).allows() {
                    refused.insert(seen.person);
                }
            }
        }
        Ok(Impact {
            may: may.len(),
            refused: refused.len(),
            unanswered: 0,
        })
    }

    /// What differs between two views of an organisation, at the points at or below a node.
    pub(crate) async fn difference(
        &self,
        organisation: OrganisationId,
        scope: NodeId,
        action: Action,
        before: &View,
        after: &View,
    ) -> Result<Difference, ApiError> {
        let points = points_below(scope, [&before.directory, &after.directory]);
        let mut difference = Difference {
            people: Shifts::default(),
            cards: Shifts::default(),
            opened: Vec::new(),
            closed: Vec::new(),
            points: 0,
            of_points: points.len(),
            is_cut: false,
            revisions: (before.directory.revision(), after.directory.revision()),
            at: (before.at, after.at),
            notes: before.notes.iter().chain(&after.notes).copied().collect(),
        };
        difference.notes.sort_unstable();
        difference.notes.dedup();
        let now = self.clock.now();
        let since = now.checked_sub(SEEN_WITHIN).unwrap_or(now);
        let seen = if action == Action::Use {
            self.store
                .seen_since(organisation, since, MOST_SEEN)
                .await?
        } else {
            // Nothing else is asked for with a card.
            Vec::new()
        };
        difference.is_cut = seen.len() >= MOST_SEEN as usize;
        let mut seen_at: BTreeMap<NodeId, Vec<Sighting>> = BTreeMap::new();
        for sighting in seen {
            seen_at.entry(sighting.node).or_default().push(sighting);
        }
        let mut left = MOST_DECISIONS;
        for (node, kind) in points {
            if left == 0 {
                difference.is_cut = true;
                break;
            }
            let seen = seen_at.remove(&node).unwrap_or_default();
            let comparing = Comparing {
                app: self,
                before,
                after,
                node,
                kind,
                action,
            };
            let asked = comparing.point(&seen, &mut difference);
            left = left.saturating_sub(asked);
            difference.points += 1;
            // Others have their turn.
            tokio::task::yield_now().await;
        }
        Ok(difference)
    }
}

/// When somebody who comes every week comes next.
fn next_visit(last: Timestamp, now: Timestamp) -> Timestamp {
    let mut next = last;
    while next < now {
        match next.checked_add(WEEK) {
            Ok(later) => next = later,
            Err(_) => return now,
        }
    }
    next
}

/// The chargers and doors at or below a node in either picture, by id.
fn points_below(scope: NodeId, pictures: [&Arc<Directory>; 2]) -> Vec<(NodeId, NodeKind)> {
    let mut points: BTreeMap<NodeId, NodeKind> = BTreeMap::new();
    for picture in pictures {
        for (id, entry) in picture.nodes() {
            let is_point = matches!(
                entry.detail,
                NodeDetail::Charger { .. } | NodeDetail::Door(_)
            );
            if is_point && entry.path.contains(&scope) {
                points.insert(id, entry.kind);
            }
        }
    }
    points.into_iter().collect()
}

/// Two views compared at one point.
struct Comparing<'a> {
    app: &'a App,
    before: &'a View,
    after: &'a View,
    node: NodeId,
    kind: NodeKind,
    action: Action,
}

impl Comparing<'_> {
    /// Compares; how often was asked on each side.
    fn point(&self, seen: &[Sighting], into: &mut Difference) -> usize {
        let sides = [&self.before.directory, &self.after.directory];
        let people: BTreeSet<PersonId> = sides
            .into_iter()
            .flat_map(|picture| authz::candidates(picture, self.node))
            .collect();
        for person in &people {
            let [before, after] = self.ask(|resource| of_person(*person, self.action, resource));
            self.note(*person, None, before, after, &mut into.people);
        }
        for seen in seen {
            if let Some(token) = token_of(seen) {
                let [before, after] =
                    self.ask(|resource| Request::token(&token, resource, Intent::Ask));
                self.note(seen.person, seen.credential, before, after, &mut into.cards);
            }
        }
        let nobody = |resource| Request {
            asker: authz::Asker::Nobody,
            action: self.action,
            resource,
            intent: Intent::Ask,
            context: authz::Context::default(),
        };
        match self.ask(nobody).map(Reason::allows) {
            [false, true] => into.opened.push(self.node),
            [true, false] => into.closed.push(self.node),
            [true, true] | [false, false] => {}
        }
        people.len() + seen.len() + 1
    }

    /// The reasons on both sides; a point that is not there is not known.
    fn ask<'r>(&self, request: impl Fn(authz::Resource) -> Request<'r>) -> [Reason; 2] {
        [self.before, self.after].map(|view| {
            resource_of(&view.directory, self.node).map_or(Reason::PointUnknown, |resource| {
                let outcome: Outcome = view.decide(self.app, &request(resource));
                outcome.reason()
            })
        })
    }

    fn note(
        &self,
        person: PersonId,
        credential: Option<CredentialId>,
        before: Reason,
        after: Reason,
        into: &mut Shifts,
    ) {
        if before.allows() != after.allows() {
            into.add(Shift {
                person,
                credential,
                node: self.node,
                kind: self.kind,
                before,
                after,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_tenth_and_at_least_five_are_many() {
        let massive = |refused, may| {
            let unanswered = 0;
            Impact {
                may,
                refused,
                unanswered,
            }
            .is_massive()
        };
        assert!(!massive(4, 4), "few");
        assert!(massive(5, 5));
        assert!(!massive(5, 50), "a tenth is not more than a tenth");
        assert!(massive(5, 49));
        assert!(!massive(100, 1000));
        assert!(massive(101, 1000));
        assert!(!massive(0, 0));
    }
}
