//! Steps 7 and 8: what the grants of a person, of their tags and of their organisation as a partner
//! say about an action on a node.

use std::cmp::Reverse;

use jiff::Timestamp;
use model::{
    Action, CredentialId, CredentialKind, Effect, GrantId, Limits, NodeId, PersonId, Reason,
    Strength,
};

use crate::decide::{Deciding, EvseChoice, Place};
use crate::explain::{GrantFinding, Trace};
use crate::identify::Identity;
use crate::request::Taking;
use crate::{GrantEntry, Grants, NodeDetail, PersonEntry};

/// What whoever was allowed may do.
#[derive(Default)]
pub(crate) struct Rights {
    pub(crate) grant: Option<GrantId>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) evses: Vec<u32>,
    pub(crate) taking: Option<Taking>,
    pub(crate) once: bool,
    pub(crate) passed_back: bool,
}

/// What all grants together say.
pub(crate) struct Verdict {
    /// A denial that holds; the lowest id.
    pub(crate) denied: Option<GrantId>,
    /// A permission that holds.
    pub(crate) allowed: Option<Allowed>,
    /// Where none holds: why not, and which came nearest.
    pub(crate) miss: (Reason, Option<GrantId>),
    pub(crate) until: Option<Timestamp>,
    /// EVSE numbers, where not all.
    pub(crate) evses: Vec<u32>,
}

/// A permission that holds, as far as hours and credentials go.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    pub(crate) grant: GrantId,
    pub(crate) limits: Option<Limits>,
    pub(crate) is_used_up: bool,
}

impl Allowed {
    /// The first is used: one without limits before one with, one with something left before one
    /// that is used up, then the lowest id.
    fn rank(&self) -> (bool, bool, GrantId) {
        (self.is_used_up, self.limits.is_some(), self.grant)
    }

    fn better(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other.rank() < self.rank() => other,
            Some(_) | None => self,
        }
    }
}

impl<'a> Deciding<'a> {
    /// Weighs denials and permissions on the node and above it, and on its EVSEs.
    pub(crate) fn weigh<T: Trace>(
        &self,
        identity: &Identity<'a>,
        place: &Place<'a>,
        trace: &mut T,
    ) -> Verdict {
        let Some(person) = identity.person else {
            return Weighed::default().verdict(Vec::new());
        };
        // The remote token is presented for what was asked for remotely.
        let action = if identity.found.remote_token && self.request.action == Action::Use {
            Action::RemoteUse
        } else {
            self.request.action
        };
        let weighing = Weighing::new(self, person, identity, place, action);
        let base = weighing.weigh(place.entry.path.iter().copied(), trace);
        let evses: &[_] = match &place.entry.detail {
            NodeDetail::Charger { evses, .. } => evses,
            NodeDetail::Organisation
            | NodeDetail::Installation
            | NodeDetail::Area(_)
            | NodeDetail::Evse { .. }
            | NodeDetail::Door(_) => &[],
        };
        // As a rule no grant names an EVSE: each is as its charger is.
        let evses = if evses.iter().any(|(_, id)| weighing.names((*id).into())) {
            evses
        } else {
            &[]
        };
        let mut at = |id: NodeId| {
            let mut here = base.clone();
            here.add(weighing.weigh(std::iter::once(id), trace));
            here
        };

        let mut allowed = Vec::new();
        let mut best = base.clone();
        match place.evse {
            EvseChoice::None => {}
            EvseChoice::Number(number) => {
                for (_, id) in evses.iter().filter(|(other, _)| *other == number) {
                    best = at((*id).into());
                }
                if best.deny.is_none() && best.allow.is_none() {
                    for (_, id) in evses.iter().filter(|(other, _)| *other != number) {
                        let elsewhere = at((*id).into());
                        if let (None, Some(there)) = (elsewhere.deny, elsewhere.allow)
                            && !there.is_used_up
                        {
                            best.miss(Reason::NotThisEvse, there.grant);
                        }
                    }
                }
            }
            EvseChoice::Any => {
                let mut denied: Vec<GrantId> = Vec::new();
                let mut any: Option<Weighed> = None;
                let mut used_up: Option<Weighed> = None;
                let mut all_so_far = true;
                for (index, (number, id)) in evses.iter().enumerate() {
                    let here = at((*id).into());
                    let is_allowed =
                        here.deny.is_none() && here.allow.is_some_and(|there| !there.is_used_up);
                    if is_allowed && !all_so_far {
                        allowed.push(*number);
                    } else if !is_allowed && all_so_far {
                        // As a rule this is not reached, and nothing is allocated.
                        all_so_far = false;
                        let before = evses.iter().take(index);
                        allowed.extend(before.map(|(number, _)| *number));
                    }
                    match (here.deny, here.allow) {
                        (Some(grant), _) => denied.push(grant),
                        (None, Some(_)) if is_allowed => any = Some(Weighed::joined(any, here)),
                        (None, Some(_)) => used_up = Some(Weighed::joined(used_up, here)),
                        (None, None) => best.take_miss(&here),
                    }
                }
                if let Some(joined) = any.or(used_up) {
                    best = joined;
                } else if denied.len() == evses.len() {
                    // Denied at each of them.
                    best.deny = best.deny.into_iter().chain(denied).min();
                }
            }
        }

        // An API key may do less than its person: what it lacks, it was not granted.
        if let Some(key) = identity.key
            && best.allow.is_some()
            && !(key.scopes.contains(action) && place.entry.path.contains(&key.node))
        {
            best.allow = None;
            best.nearest = None;
        }
        best.verdict(allowed)
    }
}

/// Who asks for what, as far as grants look at it.
pub(crate) struct Weighing<'w, 'a> {
    deciding: &'w Deciding<'a>,
    place: &'w Place<'a>,
    own: Option<&'a Grants>,
    /// The grants of tags and of partners.
    shared: Vec<&'a Grants>,
    person: Option<PersonId>,
    credential: Option<CredentialId>,
    kind: CredentialKind,
    strength: Strength,
    action: Action,
}

impl<'w, 'a> Weighing<'w, 'a> {
    pub(crate) fn new(
        deciding: &'w Deciding<'a>,
        person: &'a PersonEntry,
        identity: &Identity<'a>,
        place: &'w Place<'a>,
        action: Action,
    ) -> Self {
        let directory = deciding.directory;
        let (kind, strength) = identity.presented();
        let at_home = person.organisation == place.entry.organisation;
        let (own, shared): (_, Vec<&Grants>) = if at_home {
            let tags = person.tags().iter();
            let tags = tags.filter_map(|tag| directory.tag(*tag));
            (Some(&person.grants), tags.map(|tag| &tag.grants).collect())
        } else {
            let partner = directory.partner_grants(person.organisation);
            (None, partner.into_iter().collect())
        };
        Self {
            deciding,
            place,
            own,
            shared,
            person: identity.found.person,
            credential: identity.found.credential,
            kind,
            strength,
            action,
        }
    }

    /// Whether there is a grant on exactly this node.
    fn names(&self, node: NodeId) -> bool {
        let mut all = self.own.iter().chain(&self.shared);
        all.any(|grants| !grants.on(node).is_empty())
    }

    /// What the grants on these nodes say.
    pub(crate) fn weigh<T: Trace>(
        &self,
        nodes: impl Iterator<Item = NodeId> + Clone,
        trace: &mut T,
    ) -> Weighed {
        let mut weighed = Weighed::default();
        for grants in self.own.iter().chain(&self.shared) {
            for node in nodes.clone() {
                for grant in grants.on(node) {
                    self.add(grant, &mut weighed, trace);
                }
            }
        }
        weighed
    }

    fn add<T: Trace>(&self, grant: &GrantEntry, into: &mut Weighed, trace: &mut T) {
        if !grant.actions.contains(self.action) {
            trace.grant(grant, GrantFinding::OtherAction);
            return;
        }
        let condition = grant.condition.as_deref();
        let points = condition.and_then(|condition| condition.points);
        if points.is_some_and(|tag| !self.deciding.directory.stands_in(self.place.entry, tag)) {
            trace.grant(grant, GrantFinding::OtherPoint);
            return;
        }
        let fits_kind = condition
            .and_then(|condition| condition.kinds)
            .is_none_or(|kinds| kinds.contains(self.kind));
        match grant.effect {
            Effect::Deny if fits_kind => self.add_denial(grant, into, trace),
            Effect::Deny => trace.grant(grant, GrantFinding::TooWeak),
            Effect::Allow => {
                // A guest's code has its own right, and gets nothing of what its host holds.
                let this_one = match condition.and_then(|condition| condition.credential) {
                    Some(credential) => self.credential == Some(credential),
                    None => !self.kind.has_own_right(),
                };
                if !this_one {
                    trace.grant(grant, GrantFinding::TooWeak);
                    return;
                }
                let strong = condition
                    .and_then(|condition| condition.minimum_strength)
                    .is_none_or(|minimum| minimum <= self.strength);
                self.add_permission(grant, fits_kind && strong, into, trace);
            }
        }
    }

    fn add_denial<T: Trace>(&self, grant: &GrantEntry, into: &mut Weighed, trace: &mut T) {
        let now = self.deciding.now.as_microsecond();
        let mut begins = grant.from;
        if grant.from <= now && now < grant.until {
            match self.schedule(grant) {
                Hours::Always | Hours::Until(_) | Hours::Unknown => {
                    trace.grant(grant, GrantFinding::Denies);
                    into.deny = into.deny.into_iter().chain([grant.id]).min();
                    return;
                }
                Hours::From(next) => begins = next,
            }
        }
        trace.grant(grant, GrantFinding::DenialNotNow);
        if now < begins && begins < grant.until {
            into.denied_from = into.denied_from.into_iter().chain([begins]).min();
        }
    }

    fn add_permission<T: Trace>(
        &self,
        grant: &GrantEntry,
        fits: bool,
        into: &mut Weighed,
        trace: &mut T,
    ) {
        let now = self.deciding.now.as_microsecond();
        // A grant that misses for several reasons misses for the farthest of them.
        let miss = if grant.until <= now {
            Some((GrantFinding::Expired, Reason::GrantExpired))
        } else if !fits {
            Some((GrantFinding::TooWeak, Reason::TooWeak))
        } else if now < grant.from {
            Some((GrantFinding::NotYetValid, Reason::NotYetValid))
        } else {
            None
        };
        if let Some((finding, reason)) = miss {
            trace.grant(grant, finding);
            into.miss(reason, grant.id);
            return;
        }
        let until = match self.schedule(grant) {
            Hours::Always => grant.until,
            Hours::Until(change) => grant.until.min(change),
            Hours::From(_) | Hours::Unknown => {
                trace.grant(grant, GrantFinding::OutsideSchedule);
                into.miss(Reason::OutsideSchedule, grant.id);
                return;
            }
        };
        let allowed = self.allowed_by(grant);
        let finding = if allowed.is_used_up {
            GrantFinding::UsedUp
        } else {
            GrantFinding::Allows
        };
        trace.grant(grant, finding);
        into.allow = Some(allowed.better(into.allow));
        into.allowed_until = Some(into.allowed_until.map_or(until, |other| other.max(until)));
    }

    fn allowed_by(&self, grant: &GrantEntry) -> Allowed {
        let request = self.deciding.request;
        // Only what is used at the point takes from a limit.
        let limits = grant
            .condition
            .as_deref()
            .and_then(|condition| condition.limits)
            .filter(|_| request.action == Action::Use);
        let is_used_up = limits.zip(self.person).is_some_and(|(limits, person)| {
            let usage = self.deciding.usage;
            let again = request
                .intent
                .takes()
                .is_some_and(|of| usage.has_taken(of, grant.id, person));
            !again && !usage.used(grant.id, person).leaves_of(limits)
        });
        Allowed {
            grant: grant.id,
            limits,
            is_used_up,
        }
    }

    /// What the schedule of a grant says at the place.
    fn schedule(&self, grant: &GrantEntry) -> Hours {
        let Some(schedule) = grant.condition.as_deref().and_then(|c| c.schedule) else {
            return Hours::Always;
        };
        let now = self.deciding.now;
        match self
            .deciding
            .directory
            .hours(schedule, self.place.entry.installation)
        {
            None => Hours::Unknown,
            Some(hours) if hours.hold(now) => Hours::Until(hours.next_change(now).as_microsecond()),
            Some(hours) => Hours::From(hours.next_change(now).as_microsecond()),
        }
    }
}

/// What a schedule says now; instants in microseconds.
enum Hours {
    /// There is none.
    Always,
    /// It holds until then.
    Until(i64),
    /// It does not hold before then.
    From(i64),
    /// It is not there, or its clock is not: it allows never and denies always.
    Unknown,
}

/// What a set of grants says about one action.
#[derive(Clone, Default)]
pub(crate) struct Weighed {
    /// A denial that holds; the lowest id.
    pub(crate) deny: Option<GrantId>,
    /// The permission that holds and is used first.
    allow: Option<Allowed>,
    /// The latest end of the permissions that hold, microseconds.
    allowed_until: Option<i64>,
    /// The earliest begin of a denial to come, microseconds.
    denied_from: Option<i64>,
    nearest: Option<Miss>,
}

#[derive(Clone, Copy)]
struct Miss {
    reason: Reason,
    grant: GrantId,
}

impl Miss {
    /// By the order of the table, ties by the newest grant.
    fn rank(self) -> (u8, Reverse<GrantId>) {
        (distance(self.reason), Reverse(self.grant))
    }
}

impl Weighed {
    /// With what other grants on the same way say.
    fn add(&mut self, other: Self) {
        self.deny = self.deny.into_iter().chain(other.deny).min();
        if let Some(allowed) = other.allow {
            self.allow = Some(allowed.better(self.allow));
        }
        self.allowed_until = self.allowed_until.max(other.allowed_until);
        self.denied_from = earliest(self.denied_from, other.denied_from);
        self.take_miss(&other);
    }

    /// Of several EVSEs that are allowed: the grant that is used first, the earliest end.
    fn joined(one: Option<Self>, other: Self) -> Self {
        let Some(one) = one else { return other };
        Self {
            allow: other
                .allow
                .map_or(one.allow, |it| Some(it.better(one.allow))),
            allowed_until: earliest(one.allowed_until, other.allowed_until),
            denied_from: earliest(one.denied_from, other.denied_from),
            ..one
        }
    }

    /// Keeps the nearest miss.
    fn miss(&mut self, reason: Reason, grant: GrantId) {
        let miss = Miss { reason, grant };
        if self
            .nearest
            .is_none_or(|nearest| miss.rank() < nearest.rank())
        {
            self.nearest = Some(miss);
        }
    }

    fn take_miss(&mut self, other: &Self) {
        if let Some(miss) = other.nearest {
            self.miss(miss.reason, miss.grant);
        }
    }

    fn verdict(self, evses: Vec<u32>) -> Verdict {
        Verdict {
            denied: self.deny,
            allowed: self.allow,
            miss: self.nearest.map_or((Reason::NoGrant, None), |miss| {
                (miss.reason, Some(miss.grant))
            }),
            until: earliest(self.allowed_until, self.denied_from)
                .filter(|until| *until != i64::MAX)
                .and_then(|until| Timestamp::from_microsecond(until).ok()),
            evses,
        }
    }
}

fn earliest(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// The order of step 8; a smaller number is nearer.
const fn distance(reason: Reason) -> u8 {
    match reason {
        Reason::NotThisEvse => 0,
        Reason::OutsideSchedule => 1,
        Reason::NotYetValid => 2,
        Reason::TooWeak => 3,
        Reason::GrantExpired => 4,
        Reason::NoGrant
        | Reason::PointUnknown
        | Reason::DoorNotNamed
        | Reason::Evacuation
        | Reason::Lockdown
        | Reason::Delegated
        | Reason::DelegatedRefusal
        | Reason::AuthoritySilent
        | Reason::OpenAccess
        | Reason::NoCredential
        | Reason::CredentialUnknown
        | Reason::TooManyAttempts
        | Reason::Ambiguous
        | Reason::CredentialSuspended
        | Reason::CredentialLost
        | Reason::CredentialExpired
        | Reason::PersonSuspended
        | Reason::MembershipEnded
        | Reason::DeniedByRule
        | Reason::LimitReached
        | Reason::Concurrent
        | Reason::AntiPassback
        | Reason::StopOwn
        | Reason::Granted => 5,
    }
}
