//! The decision a second time, written from docs/authorization.md alone: slow, without an index,
//! over plain lists of facts, and without a line of the engine's.

use authz::{Asker, Attempts, Intent, Request, Resource, Told};
use jiff::{SignedDuration, Timestamp};
use model::*;

use crate::facts::Facts;

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes(Reason, Option<GrantId>),
    No(Reason, Option<GrantId>),
    Ask,
}
use Answer::{Ask, No, Yes};

/// The point that is asked for.
struct Place<'f> {
    node: NodeId,
    /// The point, and everything above it.
    chain: Vec<NodeId>,
    organisation: OrganisationId,
    installation: Option<&'f Installation>,
    charger: Option<&'f Charger>,
    door: Option<&'f Door>,
    /// For each socket that would do: its number, and the node where it has one. A single line
    /// without a socket for everything that has none.
    sockets: Vec<(Option<u32>, Option<NodeId>)>,
    any: bool,
}

/// Who asks.
#[derive(Default)]
struct Who<'f> {
    person: Option<&'f Person>,
    credential: Option<&'f Credential>,
    key: Option<&'f ApiKey>,
    token: Option<String>,
    problem: Option<Reason>,
}

pub fn decide(q: &Request<'_>, f: &Facts, now: Timestamp) -> Answer {
    // 1. The point is known and in service.
    let place = match place(q, f) {
        Ok(place) => place,
        Err(reason) => return No(reason, None),
    };
    let who = who(q, f, &place, now);
    let (reason, grant) = match steps(q, q.action, f, &place, &who, now) {
        Ask => return Ask,
        // Holding `stop_own` is no transaction of one's own yet.
        Yes(_, grant) if q.action == Action::StopOwn => (Reason::NoGrant, grant),
        Yes(reason, grant) => return Yes(reason, grant),
        No(reason, grant) => (reason, grant),
    };
    if stops_own(q, f, &place, &who, now) {
        return Yes(Reason::StopOwn, None);
    }
    if q.action == Action::StopOwn
        && reason == Reason::NoGrant
        && let Yes(reason, grant) = steps(q, Action::StopAny, f, &place, &who, now)
    {
        return Yes(reason, grant);
    }
    No(reason, grant)
}

fn steps(
    q: &Request<'_>,
    action: Action,
    f: &Facts,
    place: &Place<'_>,
    who: &Who<'_>,
    now: Timestamp,
) -> Answer {
    let is_use = action == Action::Use;
    let mut native = true;
    if is_use {
        // 2. Doors: evacuation, else lockdown.
        let in_force = f.emergencies.iter().filter(|it| {
            place.door.is_some() && it.ended_at.is_none() && place.chain.contains(&it.node)
        });
        let exempt = |it: &Emergency| {
            let tag = it.exempt.zip(who.person);
            tag.is_some_and(|(tag, person)| f.stands_in(Member::Person(person.id), tag))
        };
        let kinds: Vec<(EmergencyKind, bool)> = in_force.map(|it| (it.kind, exempt(it))).collect();
        if kinds
            .iter()
            .any(|(kind, _)| *kind == EmergencyKind::Evacuation)
        {
            return Yes(Reason::Evacuation, None);
        }
        if kinds.iter().any(|(_, exempt)| !exempt) {
            return No(Reason::Lockdown, None);
        }
        // 3. Authority elsewhere; no answer: the point's offline policy.
        let is_point = place.charger.is_some() || place.door.is_some();
        if is_point
            && place
                .installation
                .is_some_and(|it| it.authority != Authority::Native)
        {
            native = false;
            let closed = place
                .door
                .is_some_and(|it| it.offline_policy == OfflinePolicy::Closed)
                || place
                    .charger
                    .is_some_and(|it| it.offline_policy == ChargerOffline::Closed);
            let open = place
                .charger
                .is_some_and(|it| it.offline_policy == ChargerOffline::Open);
            match q.context.told {
                None => return Ask,
                Some(Told::Yes) => return Yes(Reason::Delegated, None),
                Some(Told::No) => return No(Reason::DelegatedRefusal, None),
                Some(Told::Nothing) if open => return Yes(Reason::Delegated, None),
                Some(Told::Nothing) if closed => return No(Reason::AuthoritySilent, None),
                Some(Told::Nothing) => {}
            }
        }
        // 4. Authorization is not required here.
        if native && is_open(f, place, now) {
            return Yes(Reason::OpenAccess, None);
        }
    }
    // 5. The credential.
    if let Some(problem) = who.problem {
        return No(problem, None);
    }
    let needed = place.door.and_then(|door| door.access.minimum_strength);
    if who
        .credential
        .zip(needed)
        .is_some_and(|(it, needed)| it.strength < needed)
    {
        return No(Reason::TooWeak, None);
    }
    // 6. The person.
    let Some(person) = who.person else {
        return No(Reason::CredentialUnknown, None);
    };
    if is_suspended(person, now) {
        return No(Reason::PersonSuspended, None);
    }
    if person.member_until.is_some_and(|until| until <= now) {
        return No(Reason::MembershipEnded, None);
    }
    // 7 and 8. What the grants say at each socket that would do.
    let remote = who
        .credential
        .is_some_and(|it| it.kind == CredentialKind::App);
    let asked = if is_use && remote {
        Action::RemoteUse
    } else {
        action
    };
    let at = |socket: Option<NodeId>| says(q, is_use, asked, f, place, who, socket, now);
    let all: Vec<Saying> = place.sockets.iter().map(|(_, node)| at(*node)).collect();
    if all.iter().all(|it| !it.denials.is_empty()) {
        let lowest = all.iter().flat_map(|it| it.denials.iter().copied()).min();
        return No(Reason::DeniedByRule, lowest);
    }
    let open: Vec<&Saying> = all.iter().filter(|it| it.denials.is_empty()).collect();
    let best = open
        .iter()
        .flat_map(|it| it.permissions.iter().copied())
        .min();
    let Some((used_up, _, grant)) = best else {
        let mut misses: Vec<(u8, std::cmp::Reverse<GrantId>)> = Vec::new();
        misses.extend(open.iter().flat_map(|it| it.misses.iter().copied()));
        if !place.any
            && let Some(charger) = place.charger
            && let [(Some(number), _)] = place.sockets.as_slice()
        {
            for evse in charger.evses.iter().filter(|it| it.number != *number) {
                let there = at(Some(evse.id.into()));
                let granted = there.permissions.into_iter().min();
                if let (true, Some((false, _, grant))) = (there.denials.is_empty(), granted) {
                    misses.push((0, std::cmp::Reverse(grant)));
                }
            }
        }
        return match misses.into_iter().min() {
            None => No(Reason::NoGrant, None),
            Some((order, std::cmp::Reverse(grant))) => No(MISSES[usize::from(order)], Some(grant)),
        };
    };
    if who
        .key
        .is_some_and(|key| !key.scopes.contains(asked) || !place.chain.contains(&key.node))
    {
        return No(Reason::NoGrant, None);
    }
    // 9. Limits, concurrency, anti-passback.
    let late = q.intent == Intent::Late;
    if is_use && used_up && !late {
        return No(Reason::LimitReached, Some(grant));
    }
    if let (Intent::Start(starting), Some(site)) = (q.intent, place.installation)
        && let Some(most) = site.concurrent_transactions
    {
        let mine = f.open.iter().filter(|it| {
            it.person == Some(person.id) && it.installation == site.id && it.id != starting
        });
        if mine.count() >= most as usize {
            return No(Reason::Concurrent, Some(grant));
        }
    }
    if is_use
        && !late
        && let Some(Passage::Entry(zone)) = place.door.and_then(|door| door.access.passage)
        && let Some((_, _, since)) = f
            .inside
            .iter()
            .find(|(p, z, _)| (*p, *z) == (person.id, zone))
    {
        let area = f
            .areas
            .iter()
            .find(|area| area.id == zone && area.deleted_at.is_none());
        match area.map_or(AntiPassback::Off, |area| area.anti_passback) {
            AntiPassback::Off | AntiPassback::Soft => {}
            AntiPassback::Timed(minutes)
                if *since + SignedDuration::from_mins(i64::from(minutes)) <= now => {}
            AntiPassback::Hard | AntiPassback::Timed(_) => {
                return No(Reason::AntiPassback, Some(grant));
            }
        }
    }
    // 10. Allowed.
    Yes(Reason::Granted, Some(grant))
}

/// The nearest miss first.
const MISSES: [Reason; 5] = [
    Reason::NotThisEvse,
    Reason::OutsideSchedule,
    Reason::NotYetValid,
    Reason::TooWeak,
    Reason::GrantExpired,
];

/// What the grants say at one socket.
#[derive(Default)]
struct Saying {
    denials: Vec<GrantId>,
    /// Used up, limited, which: the smallest is used.
    permissions: Vec<(bool, bool, GrantId)>,
    misses: Vec<(u8, std::cmp::Reverse<GrantId>)>,
}

#[allow(clippy::too_many_arguments)]
fn says(
    q: &Request<'_>,
    is_use: bool,
    action: Action,
    f: &Facts,
    place: &Place<'_>,
    who: &Who<'_>,
    socket: Option<NodeId>,
    now: Timestamp,
) -> Saying {
    let mut saying = Saying::default();
    let Some(person) = who.person else {
        return saying;
    };
    let home = person.organisation == place.organisation;
    let (kind, strength) = who
        .credential
        .map_or((CredentialKind::App, Strength::Strong), |it| {
            (it.kind, it.strength)
        });
    for grant in f.grants.iter().filter(|grant| grant.revoked_at.is_none()) {
        let condition = &grant.condition;
        let to_them = match grant.subject {
            Subject::Person(id) => home && id == person.id,
            Subject::Tag(tag) => home && f.stands_in(Member::Person(person.id), tag),
            Subject::Partner(id) => !home && id == person.organisation,
        };
        let mut nodes = place.chain.iter().copied().chain(socket);
        let here = nodes.any(|node| node == grant.node)
            && condition.points.is_none_or(|tag| {
                place
                    .chain
                    .iter()
                    .any(|node| f.stands_in(Member::Point(*node), tag))
            });
        if !to_them || !here || !grant.actions.contains(action) {
            continue;
        }
        let begun = grant.valid_from.is_none_or(|from| from <= now);
        let over = grant.valid_until.is_some_and(|until| until <= now);
        let hours = condition
            .schedule
            .map(|schedule| f.holds(schedule, place.installation, now));
        let kind_fits = condition.kinds.is_none_or(|kinds| kinds.contains(kind));
        if grant.effect == Effect::Deny {
            // A schedule that is not there denies always.
            if begun && !over && kind_fits && hours != Some(Some(false)) {
                saying.denials.push(grant.id);
            }
            continue;
        }
        // A right made with a credential is for that one; a guest's code has no other.
        let guest = matches!(kind, CredentialKind::Guest | CredentialKind::OneTime);
        let mine = match condition.credential {
            Some(id) => who.credential.is_some_and(|it| it.id == id),
            None => !guest,
        };
        if !mine {
            continue;
        }
        let weak = condition
            .minimum_strength
            .is_some_and(|least| strength < least);
        let miss = if over {
            Some(4)
        } else if !kind_fits || weak {
            Some(3)
        } else if !begun {
            Some(2)
        } else if hours.is_some_and(|holds| holds != Some(true)) {
            Some(1)
        } else {
            None
        };
        if let Some(miss) = miss {
            saying.misses.push((miss, std::cmp::Reverse(grant.id)));
            continue;
        }
        let limits = condition.limits.filter(|_| is_use);
        let used_up =
            limits.is_some_and(|limits| !f.is_left(q.intent, grant.id, person.id, limits));
        saying
            .permissions
            .push((used_up, limits.is_some(), grant.id));
    }
    saying
}

fn who<'f>(q: &Request<'_>, f: &'f Facts, place: &Place<'f>, now: Timestamp) -> Who<'f> {
    let mut who = Who::default();
    let mut id = None;
    match q.asker {
        Asker::Nobody => who.problem = Some(Reason::NoCredential),
        Asker::Token(token) if token.is_nothing() => who.problem = Some(Reason::NoCredential),
        // Whoever tries codes too often is not listened to.
        Asker::Token(token)
            if token.kind == TokenKind::KeyCode && q.context.attempts == Attempts::Exhausted =>
        {
            who.problem = Some(Reason::TooManyAttempts);
        }
        Asker::Token(token) => {
            who.token = Some(normalise(&token.value));
            match f
                .cards_of(place.organisation, token, q.context.numbers)
                .as_slice()
            {
                [] => who.problem = Some(Reason::CredentialUnknown),
                [one] if counts(q, one, f, place, now) => {
                    who.credential = Some(one);
                    who.problem = problem_of(one, now);
                    id = Some(one.person);
                }
                [_] => who.problem = Some(Reason::CredentialUnknown),
                _ => who.problem = Some(Reason::Ambiguous),
            }
        }
        Asker::Person { person, key } => {
            id = Some(person);
            if let Some(key) = key {
                who.key = f
                    .keys
                    .iter()
                    .find(|it| it.id == key && it.person == person && it.revoked_at.is_none());
                who.problem = match who.key.map(|it| it.expires_at) {
                    None => Some(Reason::CredentialUnknown),
                    Some(Some(end)) if end <= now => Some(Reason::CredentialExpired),
                    Some(_) => None,
                };
            }
        }
    }
    who.person = f.people.iter().find(|it| {
        Some(it.id) == id
            && it.deleted_at.is_none()
            && (it.organisation == place.organisation
                || f.is_partner(it.organisation, place.organisation))
    });
    if who.person.is_none() {
        who.problem = who.problem.or(Some(Reason::CredentialUnknown));
    }
    who
}

/// Whether a credential counts at this point at all.
fn counts(q: &Request<'_>, it: &Credential, f: &Facts, place: &Place<'_>, now: Timestamp) -> bool {
    let here = match &it.places {
        Some(places) => places
            .iter()
            .any(|node| place.chain.contains(node) || place.node == *node),
        None => !matches!(
            it.kind,
            CredentialKind::Pin | CredentialKind::Guest | CredentialKind::OneTime
        ),
    };
    let awaited = |charger: ChargerId| {
        f.remotes.iter().any(|remote| {
            remote.charger == charger && remote.person == it.person && now < remote.until
        }) || f.open.iter().any(|open| {
            // Its own transaction only, where one starts.
            let this = !matches!(q.intent, Intent::Start(id) if id != open.id);
            open.charger == charger && open.person == Some(it.person) && this
        })
    };
    here && match it.kind {
        CredentialKind::Plate => false,
        CredentialKind::App => place.charger.is_some_and(|charger| awaited(charger.id)),
        _ => true,
    }
}

fn problem_of(it: &Credential, now: Timestamp) -> Option<Reason> {
    let dated = it
        .suspension
        .is_some_and(|s| s.from <= now && s.until.is_none_or(|end| now < end));
    if it.state == CredentialState::Suspended || dated {
        Some(Reason::CredentialSuspended)
    } else if it.state == CredentialState::Lost {
        Some(Reason::CredentialLost)
    } else if it.valid_from.is_some_and(|from| now < from)
        || it.valid_until.is_some_and(|until| until <= now)
    {
        Some(Reason::CredentialExpired)
    } else {
        None
    }
}

fn is_suspended(person: &Person, now: Timestamp) -> bool {
    let dated = person.suspension;
    person.state == PersonState::Suspended
        || dated.is_some_and(|s| s.from <= now && s.until.is_none_or(|end| now < end))
}

/// The flag: the nearest that is not `inherit`; a door has its unlock schedule instead.
fn is_open(f: &Facts, place: &Place<'_>, now: Timestamp) -> bool {
    let while_open = |schedule: Option<ScheduleId>| {
        schedule.is_none_or(|id| f.holds(id, place.installation, now) == Some(true))
    };
    if let Some(door) = place.door {
        let unlocked = door.access.unlock_schedule;
        return unlocked.is_some() && while_open(unlocked);
    }
    let Some(charger) = place.charger else {
        return false;
    };
    match charger.authorization_required {
        ChargerAuthorization::Required => false,
        ChargerAuthorization::Open => while_open(charger.open_schedule),
        ChargerAuthorization::Inherit => place.installation.is_some_and(|it| {
            it.authorization_required == AuthorizationRequired::Open && while_open(it.open_schedule)
        }),
    }
}

/// Whoever began a transaction here, and their stop group, may end it.
fn stops_own(q: &Request<'_>, f: &Facts, place: &Place<'_>, who: &Who<'_>, now: Timestamp) -> bool {
    let presents = matches!(q.asker, Asker::Token(_));
    let asks_to_use = q.action == Action::Use && q.intent == Intent::Ask && presents;
    let Some(charger) = place.charger else {
        return false;
    };
    let barred = [
        Reason::CredentialSuspended,
        Reason::CredentialLost,
        Reason::NoCredential,
    ];
    if !(asks_to_use || q.action == Action::StopOwn)
        || who.problem.is_some_and(|problem| barred.contains(&problem))
        || who.person.is_some_and(|person| is_suspended(person, now))
        || who.key.is_some_and(|key| {
            !key.scopes.contains(Action::StopOwn) || !place.chain.contains(&key.node)
        })
    {
        return false;
    }
    // The socket that is named counts; where any would do, none is.
    let named = (!place.any).then(|| place.sockets[0].1).flatten();
    for action in [Action::Use, Action::StopOwn] {
        if !says(q, false, action, f, place, who, named, now)
            .denials
            .is_empty()
        {
            return false;
        }
    }
    f.open
        .iter()
        .filter(|open| open.charger == charger.id)
        .any(|open| {
            let this = !matches!(q.intent, Intent::Stop(id) if id != open.id);
            let person = who.person.is_some_and(|it| open.person == Some(it.id));
            let group = who
                .person
                .is_some_and(|it| open.stop_group.as_ref() == Some(&it.stop_group));
            let token =
                q.action == Action::StopOwn && who.token.is_some() && open.token_key == who.token;
            this && (person || group || token)
        })
}

fn place<'f>(q: &Request<'_>, f: &'f Facts) -> Result<Place<'f>, Reason> {
    let (node, evse) = match q.resource {
        Resource::Node(node) => (node, None),
        Resource::AnyEvse(charger) => (charger.into(), Some(None)),
        Resource::Evse(charger, number) => (charger.into(), Some(Some(number))),
        Resource::Lock(lock, number) => {
            if !f
                .locks
                .iter()
                .any(|it| it.id == lock && it.deleted_at.is_none())
            {
                return Err(Reason::PointUnknown);
            }
            let doors = f
                .doors
                .iter()
                .filter(|it| it.lock == lock && it.deleted_at.is_none());
            let doors: Vec<&Door> = doors.collect();
            let door = match (number, doors.as_slice()) {
                (Some(number), doors) => doors.iter().find(|it| it.number == number),
                (None, [_, _, ..]) => return Err(Reason::DoorNotNamed),
                (None, doors) => doors.first(),
            };
            (door.ok_or(Reason::PointUnknown)?.id.into(), None)
        }
    };
    let charger_of = |node: NodeId| {
        let live = || f.chargers.iter().filter(|it| it.deleted_at.is_none());
        let own = live().find(|it| NodeId::from(it.id) == node);
        own.or_else(|| live().find(|it| it.evses.iter().any(|evse| NodeId::from(evse.id) == node)))
    };
    let charger = charger_of(node);
    if evse.is_some() && charger.is_none_or(|it| NodeId::from(it.id) != node) {
        return Err(Reason::PointUnknown);
    }
    let door = f
        .doors
        .iter()
        .find(|it| NodeId::from(it.id) == node && it.deleted_at.is_none());
    let start = charger.map_or(node, |it| it.id.into());
    let chain = f.chain(start);
    let Some(NodeId(root)) = chain.last().copied() else {
        return Err(Reason::PointUnknown);
    };
    let live_sites = || f.installations.iter().filter(|it| it.deleted_at.is_none());
    let installation = live_sites().find(|it| chain.contains(&it.id.into()));
    let numbered = |number: u32| {
        let evses = charger.into_iter().flat_map(|it| &it.evses);
        evses
            .clone()
            .find(|it| it.number == number)
            .map(|it| NodeId::from(it.id))
    };
    let (sockets, named) = match (evse, charger) {
        (Some(None), Some(charger)) if !charger.evses.is_empty() => {
            let each = charger.evses.iter();
            (
                each.map(|it| (Some(it.number), Some(it.id.into())))
                    .collect(),
                node,
            )
        }
        (Some(Some(number)), _) => {
            let id = numbered(number);
            (vec![(Some(number), id)], id.unwrap_or(node))
        }
        // A socket asked for by its node.
        (None, Some(charger)) if NodeId::from(charger.id) != node => {
            let number = charger.evses.iter().find(|it| NodeId::from(it.id) == node);
            (vec![(number.map(|it| it.number), Some(node))], node)
        }
        _ => (vec![(None, None)], node),
    };
    Ok(Place {
        node: named,
        chain,
        organisation: OrganisationId(root),
        installation,
        charger,
        door,
        sockets,
        any: evse == Some(None),
    })
}
