//! The decision: fixed steps in a fixed order. The numbers are those of docs/authorization.md.

use jiff::Timestamp;
use model::{
    Action, AuthorizationRequired, ChargerId, CredentialKind, CredentialState, Effect, GrantId,
    NodeId, PersonState, Reason,
};

use crate::directory::{CredentialEntry, KeyEntry};
use crate::explain::{GrantFinding, Step, StepFinding, Trace};
use crate::request::{Asker, Denial, Found, Intent, Outcome, Request, Resource, Terms};
use crate::{Directory, GrantEntry, NodeDetail, NodeEntry, PersonEntry, Usage};

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

struct Deciding<'a> {
    request: &'a Request<'a>,
    directory: &'a Directory,
    usage: &'a Usage,
    now: Timestamp,
}

/// The node it is about.
struct Place<'a> {
    node: NodeId,
    entry: &'a NodeEntry,
    /// The charger it is, or belongs to.
    charger: Option<ChargerId>,
    evse: EvseChoice,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EvseChoice {
    /// The node itself: not a matter of EVSEs.
    None,
    /// Any of the charger's.
    Any,
    /// This number.
    Number(u32),
}

/// Who stands behind the asker, and what is wrong with the credential.
struct Identity<'a> {
    found: Found,
    person: Option<&'a PersonEntry>,
    credential: Option<&'a CredentialEntry>,
    key: Option<&'a KeyEntry>,
    /// The normalised token, where one was presented and not empty.
    token_key: Option<String>,
    problem: Option<Reason>,
}

/// What step 8 found.
#[derive(Default)]
struct Rights {
    grant: Option<GrantId>,
    until: Option<Timestamp>,
    evses: Vec<u32>,
}

struct Refusal {
    reason: Reason,
    grant: Option<GrantId>,
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
    /// transaction is open; a plate never opens by itself.
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
                        .any(|transaction| transaction.person == Some(credential.person))
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

    fn weigh<T: Trace>(
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

/// A person's grants on exactly this node: they are sorted by node.
fn grants_on(person: &PersonEntry, node: NodeId) -> &[GrantEntry] {
    let begin = person.grants.partition_point(|grant| grant.node < node);
    let rest = person.grants.get(begin..).unwrap_or(&[]);
    let length = rest.iter().take_while(|grant| grant.node == node).count();
    rest.get(..length).unwrap_or(&[])
}

/// What a set of grants says about one action.
#[derive(Clone, Default)]
struct Weighed {
    /// A denial that holds; the lowest id.
    deny: Option<GrantId>,
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
    fn add<T: Trace>(
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
