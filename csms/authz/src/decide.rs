//! The decision: fixed steps in a fixed order. The numbers are those of docs/authorization.md.

use jiff::Timestamp;
use model::{
    Action, AuthorizationRequired, ChargerId, CredentialKind, CredentialState, GrantId, NodeId,
    PersonState, Reason,
};

use crate::directory::{CredentialEntry, KeyEntry};
use crate::explain::{Step, StepFinding, Trace};
use crate::request::{Asker, Denial, Found, Intent, Outcome, Request, Resource, Terms};
use crate::weigh::{Weighed, grants_on};
use crate::{Directory, NodeDetail, NodeEntry, PersonEntry, Usage};

/// Decides. Pure: the same question over the same facts at the same instant has one answer.
/// Cannot fail, cannot panic; silence is deny.
#[must_use]
pub fn decide(
    request: &Request<'_>,
    directory: &Directory,
    usage: &Usage,
    now: Timestamp,
) -> Outcome {
    decide_traced(request, directory, usage, now, &mut ())
}

/// [`decide`], telling a trace what each step found. The one implementation behind both.
pub fn decide_traced<T: Trace>(
    request: &Request<'_>,
    directory: &Directory,
    usage: &Usage,
    now: Timestamp,
    trace: &mut T,
) -> Outcome {
    let decision = Deciding {
        request,
        directory,
        usage,
        now,
    };

    // 1. The point is known and in service.
    let place = match decision.place() {
        Ok(place) => place,
        Err(reason) => {
            trace.step(Step::Point, StepFinding::Refused(reason));
            return decision.deny(reason, Found::default(), None);
        }
    };
    trace.step(Step::Point, StepFinding::Passed);

    // 2. Doors: evacuation, lockdown. 3. Authority elsewhere. Both come before 4 when they join.

    let identity = decision.identify(&place);

    // 4. Authorization not required here: only for `use` presented at the point, so that an open
    // charger lets no stranger start remotely, read or change anything.
    if request.action == Action::Use
        && directory.authorization_required(place.entry) == AuthorizationRequired::Open
    {
        trace.step(Step::OpenAccess, StepFinding::Allowed(Reason::OpenAccess));
        return decision.allow(Reason::OpenAccess, identity.found, Rights::default());
    }
    trace.step(Step::OpenAccess, StepFinding::NotApplicable);

    let refusal = match decision.rights(&identity, &place, trace) {
        Ok(rights) if request.action == Action::StopOwn => {
            // Holding `stop_own` means one's own: which it is, is looked at below.
            Refusal {
                reason: Reason::NoGrant,
                grant: rights.grant,
            }
        }
        Ok(rights) => return decision.allow(Reason::Granted, identity.found, rights),
        Err(refusal) => refusal,
    };

    // A person, or their group, may end what they began, even when expired, out of schedule or
    // used up; not when denied or suspended.
    if decision.may_stop_own(&identity, &place) {
        trace.step(Step::OwnTransaction, StepFinding::Allowed(Reason::StopOwn));
        return decision.allow(Reason::StopOwn, identity.found, Rights::default());
    }
    trace.step(Step::OwnTransaction, StepFinding::NotApplicable);

    if request.action == Action::StopOwn && refusal.reason == Reason::NoGrant {
        let anybody = Request {
            action: Action::StopAny,
            ..*request
        };
        let decision = Deciding {
            request: &anybody,
            ..decision
        };
        if let Ok(rights) = decision.rights(&identity, &place, trace) {
            return decision.allow(Reason::Granted, identity.found, rights);
        }
    }
    decision.deny(refusal.reason, identity.found, refusal.grant)
}

pub(crate) struct Deciding<'a> {
    request: &'a Request<'a>,
    directory: &'a Directory,
    usage: &'a Usage,
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

/// Who stands behind the asker, and what is wrong with the credential.
pub(crate) struct Identity<'a> {
    pub(crate) found: Found,
    pub(crate) person: Option<&'a PersonEntry>,
    pub(crate) credential: Option<&'a CredentialEntry>,
    pub(crate) key: Option<&'a KeyEntry>,
    /// The normalised token, where one was presented and not empty.
    pub(crate) token_key: Option<String>,
    pub(crate) problem: Option<Reason>,
}

/// What step 8 found.
#[derive(Default)]
pub(crate) struct Rights {
    pub(crate) grant: Option<GrantId>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) evses: Vec<u32>,
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

impl<'a> Deciding<'a> {
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
            | NodeDetail::Installation(_)
            | NodeDetail::Area
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

    /// Looks for the person, and for what is wrong with the credential (step 5).
    fn identify(&self, place: &Place<'_>) -> Identity<'a> {
        let mut identity = Identity {
            found: Found {
                node: Some(place.node),
                ..Found::default()
            },
            person: None,
            credential: None,
            key: None,
            token_key: None,
            problem: None,
        };
        match self.request.asker {
            Asker::Nobody => identity.problem = Some(Reason::NoCredential),
            Asker::Token(token) if token.is_nothing() => {
                identity.problem = Some(Reason::NoCredential);
            }
            Asker::Token(token) => {
                let key = token.key();
                let credential = self
                    .directory
                    .credential(place.entry.organisation, &key)
                    .filter(|credential| token.kind.admits(credential.kind))
                    .filter(|credential| self.counts(credential, place));
                identity.token_key = Some(key);
                match credential {
                    None => identity.problem = Some(Reason::CredentialUnknown),
                    Some(credential) => {
                        identity.credential = Some(credential);
                        identity.found.credential = Some(credential.id);
                        identity.found.remote_token = credential.kind == CredentialKind::App;
                        identity.found.person = Some(credential.person);
                        identity.problem = self.problem_of(credential);
                    }
                }
            }
            Asker::Person { person, key } => {
                identity.found.person = Some(person);
                if let Some(id) = key {
                    identity.key = self.directory.key(id).filter(|key| key.person == person);
                    identity.problem = match identity.key {
                        None => Some(Reason::CredentialUnknown),
                        Some(key) if key.expires_at.is_some_and(|end| end <= self.now) => {
                            Some(Reason::CredentialExpired)
                        }
                        Some(_) => None,
                    };
                }
            }
        }
        identity.person = identity
            .found
            .person
            .and_then(|person| self.directory.person(person))
            // A person counts within their own organisation only.
            .filter(|person| person.organisation == place.entry.organisation);
        if identity.person.is_none() {
            identity.found.person = None;
            identity.problem = identity.problem.or(Some(Reason::CredentialUnknown));
        }
        identity.found.stop_group = identity.person.map(|person| person.stop_group.clone());
        identity
    }

    /// The remote token counts at a station only while a command of ours is pending there, or its
    /// transaction is open; one command allows one start, so an open transaction lets no other one
    /// begin. A plate never opens by itself.
    fn counts(&self, credential: &CredentialEntry, place: &Place<'_>) -> bool {
        match credential.kind {
            CredentialKind::Rfid | CredentialKind::Key | CredentialKind::Emaid => true,
            CredentialKind::Plate => false,
            CredentialKind::App => place.charger.is_some_and(|charger| {
                self.usage
                    .expects_remote(charger, credential.person, self.now)
                    || self
                        .usage
                        .at_charger(charger)
                        .filter(|open| open.person == Some(credential.person))
                        .any(|open| match self.request.intent {
                            Intent::Start(starting) => open.id == starting,
                            Intent::Ask | Intent::Late | Intent::Stop(_) => true,
                        })
            }),
        }
    }

    fn problem_of(&self, credential: &CredentialEntry) -> Option<Reason> {
        match credential.state {
            CredentialState::Suspended => return Some(Reason::CredentialSuspended),
            CredentialState::Lost => return Some(Reason::CredentialLost),
            CredentialState::Active => {}
        }
        let begun = credential.valid_from.is_none_or(|from| from <= self.now);
        let over = credential
            .valid_until
            .is_some_and(|until| until <= self.now);
        (!begun || over).then_some(Reason::CredentialExpired)
    }

    /// Steps 5 to 9.
    fn rights<T: Trace>(
        &self,
        identity: &Identity<'a>,
        place: &Place<'a>,
        trace: &mut T,
    ) -> Result<Rights, Refusal> {
        // 5. Credential.
        if let Some(reason) = identity.problem {
            trace.step(Step::Credential, StepFinding::Refused(reason));
            return Err(reason.into());
        }
        trace.step(Step::Credential, StepFinding::Passed);

        // 6. Person.
        let Some(person) = identity.person else {
            trace.step(
                Step::Person,
                StepFinding::Refused(Reason::CredentialUnknown),
            );
            return Err(Reason::CredentialUnknown.into());
        };
        if let Some(reason) = problem_of_person(person, self.now) {
            trace.step(Step::Person, StepFinding::Refused(reason));
            return Err(reason.into());
        }
        trace.step(Step::Person, StepFinding::Passed);

        // 7 and 8. What the grants say.
        let action = self.action_of(identity);
        let held = self.weigh(person, identity, place, action, trace)?;

        // 9. Concurrency, at a start only. Limits and anti-passback join here.
        if let Intent::Start(starting) = self.request.intent
            && let Some((installation, settings)) = self.directory.installation_of(place.entry)
            && let Some(most) = settings.concurrent_transactions
        {
            let open = identity.found.person.map_or(0, |person| {
                self.usage
                    .of_person(person)
                    .filter(|open| open.installation == installation && open.id != starting)
                    .count()
            });
            if u32::try_from(open).unwrap_or(u32::MAX) >= most {
                trace.step(Step::Concurrency, StepFinding::Refused(Reason::Concurrent));
                return Err(Refusal {
                    reason: Reason::Concurrent,
                    grant: held.grant,
                });
            }
            trace.step(Step::Concurrency, StepFinding::Passed);
        } else {
            trace.step(Step::Concurrency, StepFinding::NotApplicable);
        }

        // 10. Allow, until the first fact it rests on ends.
        let ends = [
            held.until,
            identity
                .credential
                .and_then(|credential| credential.valid_until),
            identity.key.and_then(|key| key.expires_at),
            person.member_until,
        ];
        Ok(Rights {
            until: ends.into_iter().flatten().min(),
            ..held
        })
    }

    /// The remote token is presented for what was asked for remotely.
    fn action_of(&self, identity: &Identity<'_>) -> Action {
        if identity.found.remote_token && self.request.action == Action::Use {
            Action::RemoteUse
        } else {
            self.request.action
        }
    }

    fn may_stop_own(&self, identity: &Identity<'_>, place: &Place<'_>) -> bool {
        let asks_to_use = self.request.action == Action::Use
            && self.request.intent == Intent::Ask
            && matches!(self.request.asker, Asker::Token(_));
        if !asks_to_use && self.request.action != Action::StopOwn {
            return false;
        }
        let Some(charger) = place.charger else {
            return false;
        };
        let suspended = matches!(
            identity.problem,
            Some(
                Reason::CredentialSuspended
                    | Reason::CredentialLost
                    | Reason::NoCredential
                    | Reason::PersonSuspended
            )
        );
        if suspended {
            return false;
        }
        // A person's own session needs no card; an API key needs the scope.
        if identity.key.is_some_and(|key| {
            !key.scopes.contains(Action::StopOwn) || !place.entry.path.contains(&key.node)
        }) {
            return false;
        }
        if let Some(person) = identity.person {
            if person.state == PersonState::Suspended {
                return false;
            }
            let mut denied = Weighed::default();
            for node in place.entry.path.iter().chain(std::iter::once(&place.node)) {
                for action in [Action::Use, Action::StopOwn] {
                    denied.add(grants_on(person, *node), action, self.now, &mut ());
                }
            }
            if denied.deny.is_some() {
                return false;
            }
        }
        let which = match self.request.intent {
            Intent::Stop(id) => Some(id),
            Intent::Ask | Intent::Start(_) | Intent::Late => None,
        };
        self.usage
            .at_charger(charger)
            .filter(|open| which.is_none_or(|id| open.id == id))
            .any(|open| {
                let same_person =
                    identity.found.person.is_some() && open.person == identity.found.person;
                let same_group = identity.found.stop_group.is_some()
                    && open.stop_group == identity.found.stop_group;
                let same_token = self.request.action == Action::StopOwn
                    && identity.token_key.is_some()
                    && open.token_key == identity.token_key;
                same_person || same_group || same_token
            })
    }

    fn allow(&self, reason: Reason, found: Found, rights: Rights) -> Outcome {
        Outcome::Allow(Terms {
            reason,
            found,
            grant: rights.grant,
            until: rights.until,
            evses: rights.evses,
            revision: self.directory.revision(),
            action: self.request.action,
        })
    }

    fn deny(&self, reason: Reason, found: Found, grant: Option<GrantId>) -> Outcome {
        Outcome::Deny(Denial {
            reason,
            found,
            grant,
            revision: self.directory.revision(),
        })
    }
}

fn problem_of_person(person: &PersonEntry, now: Timestamp) -> Option<Reason> {
    match person.state {
        PersonState::Suspended => Some(Reason::PersonSuspended),
        PersonState::Active => person
            .member_until
            .is_some_and(|until| until <= now)
            .then_some(Reason::MembershipEnded),
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
