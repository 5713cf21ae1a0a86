//! Steps 7 and 8: what a person's grants say about an action on a node.

use jiff::Timestamp;
use model::{Action, Effect, GrantId, NodeId, Reason};

use crate::decide::{Deciding, EvseChoice, Identity, Place, Refusal, Rights};
use crate::explain::{GrantFinding, Step, StepFinding, Trace};
use crate::{GrantEntry, NodeDetail, PersonEntry};

impl Deciding<'_> {
    /// Weighs denials and permissions on the node and above it, and on its EVSEs.
    pub(crate) fn weigh<T: Trace>(
        &self,
        person: &PersonEntry,
        identity: &Identity<'_>,
        place: &Place<'_>,
        action: Action,
        trace: &mut T,
    ) -> Result<Rights, Refusal> {
        let scope = identity.key;
        let evses: &[_] = match &place.entry.detail {
            NodeDetail::Charger { evses, .. } => evses,
            NodeDetail::Organisation
            | NodeDetail::Installation(_)
            | NodeDetail::Area
            | NodeDetail::Evse { .. }
            | NodeDetail::Door(_) => &[],
        };
        let mut base = Weighed::default();
        for node in place.entry.path.iter() {
            base.add(grants_on(person, *node), action, self.now, trace);
        }
        let within = scope
            .is_none_or(|key| key.scopes.contains(action) && place.entry.path.contains(&key.node));

        let mut best = base.clone();
        let mut allowed = Vec::new();
        match place.evse {
            EvseChoice::None => {}
            EvseChoice::Number(number) => {
                for (other, id) in evses {
                    if *other == number {
                        best.add(grants_on(person, (*id).into()), action, self.now, trace);
                    }
                }
                if best.deny.is_none() && best.allow.is_none() {
                    for (other, id) in evses {
                        if *other != number {
                            let mut elsewhere = base.clone();
                            elsewhere.add(grants_on(person, (*id).into()), action, self.now, trace);
                            if let (None, Some(grant)) = (elsewhere.deny, elsewhere.allow) {
                                best.miss(Reason::NotThisEvse, Some(grant));
                            }
                        }
                    }
                }
            }
            EvseChoice::Any => {
                let mut denied: Vec<GrantId> = Vec::new();
                let mut any: Option<Weighed> = None;
                for (number, id) in evses {
                    let mut here = base.clone();
                    here.add(grants_on(person, (*id).into()), action, self.now, trace);
                    match (here.deny, here.allow) {
                        (Some(grant), _) => denied.push(grant),
                        (None, Some(_)) => {
                            allowed.push(*number);
                            any = Some(any.map_or(here.clone(), |any| any.joined(&here)));
                        }
                        (None, None) => best.take_miss(&here),
                    }
                }
                if let Some(any) = any {
                    best = any;
                } else if denied.len() == evses.len() {
                    // Denied at each of them.
                    best.deny = best.deny.into_iter().chain(denied).min();
                }
                if allowed.len() == evses.len() {
                    allowed.clear();
                }
            }
        }

        if let Some(grant) = best.deny {
            trace.step(Step::DenyRules, StepFinding::Refused(Reason::DeniedByRule));
            return Err(Refusal {
                reason: Reason::DeniedByRule,
                grant: Some(grant),
            });
        }
        trace.step(Step::DenyRules, StepFinding::Passed);

        match best.allow {
            Some(grant) if within => {
                trace.step(Step::Grants, StepFinding::Allowed(Reason::Granted));
                Ok(Rights {
                    grant: Some(grant),
                    until: best.until(),
                    evses: allowed,
                })
            }
            // The key may do less than its person: what it lacks, it was not granted.
            Some(_) => {
                trace.step(Step::Grants, StepFinding::Refused(Reason::NoGrant));
                Err(Reason::NoGrant.into())
            }
            None => {
                let (reason, grant) = best
                    .nearest
                    .map_or((Reason::NoGrant, None), |miss| (miss.reason, miss.grant));
                trace.step(Step::Grants, StepFinding::Refused(reason));
                Err(Refusal { reason, grant })
            }
        }
    }
}

/// A person's grants on exactly this node: they are sorted by node.
pub(crate) fn grants_on(person: &PersonEntry, node: NodeId) -> &[GrantEntry] {
    let begin = person.grants.partition_point(|grant| grant.node < node);
    let rest = person.grants.get(begin..).unwrap_or(&[]);
    let length = rest.iter().take_while(|grant| grant.node == node).count();
    rest.get(..length).unwrap_or(&[])
}

/// What a set of grants says about one action.
#[derive(Clone, Default)]
pub(crate) struct Weighed {
    /// A denial that holds; the lowest id.
    pub(crate) deny: Option<GrantId>,
    /// A permission that holds; the lowest id.
    allow: Option<GrantId>,
    /// The latest end of the permissions that hold, microseconds.
    allowed_until: Option<i64>,
    /// The earliest begin of a denial to come, microseconds.
    denied_from: Option<i64>,
    nearest: Option<Miss>,
}

#[derive(Clone, Copy)]
struct Miss {
    reason: Reason,
    grant: Option<GrantId>,
}

impl Weighed {
    pub(crate) fn add<T: Trace>(
        &mut self,
        grants: &[GrantEntry],
        action: Action,
        now: Timestamp,
        trace: &mut T,
    ) {
        let now = now.as_microsecond();
        for grant in grants {
            if !grant.actions.contains(action) {
                trace.grant(grant, GrantFinding::OtherAction);
                continue;
            }
            let begun = grant.from <= now;
            let over = grant.until <= now;
            match grant.effect {
                Effect::Deny if begun && !over => {
                    trace.grant(grant, GrantFinding::Denies);
                    self.deny = Some(self.deny.map_or(grant.id, |other| other.min(grant.id)));
                }
                Effect::Deny => {
                    trace.grant(grant, GrantFinding::DenialNotNow);
                    if !begun {
                        let from = self.denied_from.map_or(grant.from, |f| f.min(grant.from));
                        self.denied_from = Some(from);
                    }
                }
                Effect::Allow if over => {
                    trace.grant(grant, GrantFinding::Expired);
                    self.miss(Reason::GrantExpired, Some(grant.id));
                }
                Effect::Allow if !begun => {
                    trace.grant(grant, GrantFinding::NotYetValid);
                    self.miss(Reason::NotYetValid, Some(grant.id));
                }
                Effect::Allow => {
                    trace.grant(grant, GrantFinding::Allows);
                    self.allow = Some(self.allow.map_or(grant.id, |other| other.min(grant.id)));
                    let until = self
                        .allowed_until
                        .map_or(grant.until, |u| u.max(grant.until));
                    self.allowed_until = Some(until);
                }
            }
        }
    }

    /// Keeps the nearest miss: by the order of the table, ties by the newest grant.
    fn miss(&mut self, reason: Reason, grant: Option<GrantId>) {
        let candidate = Miss { reason, grant };
        let better = self.nearest.is_none_or(|nearest| {
            (distance(reason), std::cmp::Reverse(grant))
                < (distance(nearest.reason), std::cmp::Reverse(nearest.grant))
        });
        if better {
            self.nearest = Some(candidate);
        }
    }

    fn take_miss(&mut self, other: &Self) {
        if let Some(miss) = other.nearest {
            self.miss(miss.reason, miss.grant);
        }
    }

    /// Of several EVSEs that are allowed: the lowest grant, the earliest end.
    fn joined(mut self, other: &Self) -> Self {
        self.allow = self.allow.into_iter().chain(other.allow).min();
        self.allowed_until = self
            .allowed_until
            .into_iter()
            .chain(other.allowed_until)
            .min();
        self.denied_from = self.denied_from.into_iter().chain(other.denied_from).min();
        self
    }

    fn until(&self) -> Option<Timestamp> {
        self.allowed_until
            .into_iter()
            .chain(self.denied_from)
            .min()
            .filter(|until| *until != i64::MAX)
            .and_then(|until| Timestamp::from_microsecond(until).ok())
    }
}

/// The order of step 8; a smaller number is nearer.
const fn distance(reason: Reason) -> u8 {
    match reason {
        Reason::NotThisEvse => 0,
        // 1: OUTSIDE_SCHEDULE
        Reason::NotYetValid => 2,
        // 3: TOO_WEAK
        Reason::GrantExpired => 4,
        Reason::NoGrant
        | Reason::PointUnknown
        | Reason::DoorNotNamed
        | Reason::OpenAccess
        | Reason::NoCredential
        | Reason::CredentialUnknown
        | Reason::CredentialSuspended
        | Reason::CredentialLost
        | Reason::CredentialExpired
        | Reason::PersonSuspended
        | Reason::MembershipEnded
        | Reason::DeniedByRule
        | Reason::Concurrent
        | Reason::StopOwn
        | Reason::Granted => 5,
    }
}
