//! The decision: fixed steps in a fixed order. The numbers are those of docs/authorization.md.

use jiff::Timestamp;
use model::{Action, ChargerId, GrantId, NodeId, Reason};

use crate::explain::{Step, StepFinding, Trace};
use crate::identify::Identity;
use crate::request::{Asking, Denial, Found, Outcome, Request, Resource, Terms};
use crate::steps::{Course, Next};
use crate::weigh::Rights;
use crate::{Directory, NodeDetail, NodeEntry, Usage};

/// The order of the steps after the first, which finds the point, and before the last, which
/// allows.
pub const ORDER: &[Step] = &[
    Step::Emergency,
    Step::Authority,
    Step::OpenAccess,
    Step::Credential,
    Step::Person,
    Step::DenyRules,
    Step::Grants,
    Step::Limits,
    Step::Concurrency,
    Step::AntiPassback,
];

/// Decides. Pure: the same question over the same facts at the same instant has one answer.
/// Cannot fail, cannot panic; silence is deny.
#[must_use]
pub fn decide(
    request: &Request<'_>,
    directory: &Directory,
    usage: &Usage,
    now: Timestamp,
) -> Outcome {
    take_steps(ORDER, request, directory, usage, now, &mut ())
}

/// [`decide`] with the steps in an order of one's own: any but [`ORDER`] is a fault, which tests
/// seed to show that it is found.
#[doc(hidden)]
pub fn decide_in_order<T: Trace>(
    order: &[Step],
    request: &Request<'_>,
    directory: &Directory,
    usage: &Usage,
    now: Timestamp,
    trace: &mut T,
) -> Outcome {
    take_steps(order, request, directory, usage, now, trace)
}

/// The one implementation behind everything; tells a trace what each step found.
pub(crate) fn take_steps<T: Trace>(
    order: &[Step],
    request: &Request<'_>,
    directory: &Directory,
    usage: &Usage,
    now: Timestamp,
    trace: &mut T,
) -> Outcome {
    let deciding = Deciding {
        request,
        directory,
        usage,
        now,
    };

    // Neither depends on the other, so memory is waited for once.
    let presented = deciding.presented();

    // 1. The point is known and in service.
    let place = match deciding.place() {
        Ok(place) => place,
        Err(reason) => {
            trace.step(Step::Point, StepFinding::Refused(reason));
            return deciding.deny(reason.into(), Found::default());
        }
    };
    trace.step(Step::Point, StepFinding::Passed);

    let identity = deciding.identify(presented, &place);
    let refusal = match deciding.walk(order, &place, &identity, trace) {
        Answer::Allowed(_, rights) if request.action == Action::StopOwn => {
            // Holding `stop_own` means one's own: which it is, is looked at below.
            Refusal {
                reason: Reason::NoGrant,
                grant: rights.grant,
            }
        }
        Answer::Allowed(reason, rights) => return deciding.allow(reason, identity.found, rights),
        Answer::Elsewhere(authority) => {
            return Outcome::Ask(Asking {
                authority,
                found: identity.found,
                revision: directory.revision(),
            });
        }
        Answer::Refused(refusal) => refusal,
    };

    // A person, or their group, may end what they began, even when expired, out of schedule or
    // used up; not when denied or suspended.
    if deciding.may_stop_own(&identity, &place) {
        trace.step(Step::OwnTransaction, StepFinding::Allowed(Reason::StopOwn));
        let rights = Rights {
            once: true,
            ..Rights::default()
        };
        return deciding.allow(Reason::StopOwn, identity.found, rights);
    }
    trace.step(Step::OwnTransaction, StepFinding::NotApplicable);

    if request.action == Action::StopOwn && refusal.reason == Reason::NoGrant {
        let anybody = Request {
            action: Action::StopAny,
            ..*request
        };
        let deciding = Deciding {
            request: &anybody,
            ..deciding
        };
        if let Answer::Allowed(reason, rights) = deciding.walk(order, &place, &identity, trace) {
            return deciding.allow(reason, identity.found, rights);
        }
    }
    deciding.deny(refusal, identity.found)
}

/// One decision under way.
pub(crate) struct Deciding<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) directory: &'a Directory,
    pub(crate) usage: &'a Usage,
    pub(crate) now: Timestamp,
}

/// The node it is about.
pub(crate) struct Place<'a> {
    pub(crate) node: NodeId,
    pub(crate) entry: &'a NodeEntry,
    /// The charger it is, or belongs to.
    pub(crate) charger: Option<ChargerId>,
    pub(crate) evse: EvseChoice,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EvseChoice {
    /// The node itself: not a matter of EVSEs.
    None,
    /// Any of the charger's.
    Any,
    /// This number.
    Number(u32),
}

pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) grant: Option<GrantId>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            grant: None,
        }
    }
}

/// What the steps came to.
enum Answer {
    Allowed(Reason, Rights),
    Elsewhere(model::Authority),
    Refused(Refusal),
}

impl<'a> Deciding<'a> {
    /// Steps 2 to 9; whoever gets through all of them is allowed (10).
    fn walk<T: Trace>(
        &self,
        order: &[Step],
        place: &Place<'a>,
        identity: &Identity<'a>,
        trace: &mut T,
    ) -> Answer {
        let mut course = Course::new(self, place, identity);
        for step in order {
            match course.take(*step, trace) {
                Next::On(finding) => trace.step(*step, finding),
                Next::Allow(reason, until) => {
                    trace.step(*step, StepFinding::Allowed(reason));
                    let rights = Rights {
                        until,
                        // An evacuation ends, and an outside authority is asked each time.
                        once: reason != Reason::OpenAccess,
                        ..Rights::default()
                    };
                    return Answer::Allowed(reason, rights);
                }
                Next::Ask(authority) => {
                    trace.step(*step, StepFinding::Elsewhere);
                    return Answer::Elsewhere(authority);
                }
                Next::Refuse(refusal) => {
                    trace.step(*step, StepFinding::Refused(refusal.reason));
                    return Answer::Refused(refusal);
                }
            }
        }
        Answer::Allowed(Reason::Granted, course.rights())
    }

    fn place(&self) -> Result<Place<'a>, Reason> {
        match self.request.resource {
            Resource::Node(node) => self.place_of(node),
            Resource::AnyEvse(charger) => {
                let entry = self.charger(charger)?;
                let node = charger.into();
                Ok(Place {
                    node,
                    entry,
                    charger: Some(charger),
                    evse: EvseChoice::Any,
                })
            }
            Resource::Evse(charger, number) => {
                let entry = self.charger(charger)?;
                let node = evse_node(entry, number).unwrap_or_else(|| charger.into());
                let evse = EvseChoice::Number(number);
                Ok(Place {
                    node,
                    entry,
                    charger: Some(charger),
                    evse,
                })
            }
            Resource::Lock(lock, number) => {
                let lock = self.directory.lock(lock).ok_or(Reason::PointUnknown)?;
                let door = match (number, &*lock.doors) {
                    (Some(number), doors) => doors
                        .iter()
                        .find(|(other, _)| *other == number)
                        .map(|(_, id)| *id),
                    (None, [(_, only)]) => Some(*only),
                    (None, []) => None,
                    (None, _) => return Err(Reason::DoorNotNamed),
                };
                self.place_of(door.ok_or(Reason::PointUnknown)?.into())
            }
        }
    }

    fn place_of(&self, node: NodeId) -> Result<Place<'a>, Reason> {
        let entry = self.directory.node(node).ok_or(Reason::PointUnknown)?;
        match entry.detail {
            NodeDetail::Evse { number, charger } => {
                let entry = self.charger(charger)?;
                let evse = EvseChoice::Number(number);
                Ok(Place {
                    node,
                    entry,
                    charger: Some(charger),
                    evse,
                })
            }
            NodeDetail::Charger { .. } => {
                let charger = Some(ChargerId::from(node));
                Ok(Place {
                    node,
                    entry,
                    charger,
                    evse: EvseChoice::None,
                })
            }
            NodeDetail::Organisation
            | NodeDetail::Installation
            | NodeDetail::Area(_)
            | NodeDetail::Door(_) => Ok(Place {
                node,
                entry,
                charger: None,
                evse: EvseChoice::None,
            }),
        }
    }

    fn charger(&self, id: ChargerId) -> Result<&'a NodeEntry, Reason> {
        self.directory
            .node(id)
            .filter(|entry| matches!(entry.detail, NodeDetail::Charger { .. }))
            .ok_or(Reason::PointUnknown)
    }

    fn allow(&self, reason: Reason, found: Found, rights: Rights) -> Outcome {
        Outcome::Allow(Terms {
            reason,
            once: rights.once || found.remote_token,
            found,
            grant: rights.grant,
            until: rights.until,
            evses: rights.evses,
            revision: self.directory.revision(),
            taking: rights.taking,
            passed_back: rights.passed_back,
            action: self.request.action,
        })
    }

    fn deny(&self, refusal: Refusal, found: Found) -> Outcome {
        Outcome::Deny(Denial {
            reason: refusal.reason,
            found,
            grant: refusal.grant,
            revision: self.directory.revision(),
        })
    }
}

fn evse_node(charger: &NodeEntry, number: u32) -> Option<NodeId> {
    let NodeDetail::Charger { evses, .. } = &charger.detail else {
        return None;
    };
    evses
        .iter()
        .find(|(other, _)| *other == number)
        .map(|(_, id)| (*id).into())
}
