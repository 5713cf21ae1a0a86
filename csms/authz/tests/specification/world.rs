//! The pieces that small and large worlds are made of.

use authz::{Asker, Attempts, Context, Intent, Numbers, Request, Resource, Told};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use model::*;
use uuid::Uuid;

use crate::facts::Facts;

/// A Wednesday, 13:00 by the clock in Zürich.
pub fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

pub fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub const HOME: u128 = 1;
pub const PARTNER: u128 = 2;
pub const SITE: u128 = 10;
pub const AREA: u128 = 20;
pub const CHARGER: u128 = 30;
pub const SOCKET_1: u128 = 31;
pub const SOCKET_2: u128 = 32;
pub const SINGLE: u128 = 40;
pub const LOCK: u128 = 50;
pub const DOOR: u128 = 51;
pub const DOUBLE_LOCK: u128 = 60;
pub const ME: u128 = 100;
pub const OTHER: u128 = 101;
pub const TECHNICIAN: u128 = 200;
pub const KEY: u128 = 300;
pub const TAG: u128 = 400;
pub const UPPER_TAG: u128 = 401;
pub const POINTS: u128 = 402;
pub const OTHER_POINTS: u128 = 403;
pub const WORKING_HOURS: u128 = 450;
pub const WEEKEND: u128 = 451;
pub const GONE: u128 = 452;
pub const TRANSACTION: u128 = 700;
pub const CARD: &str = "04A1B2C3D4E5F6";

/// Two organisations, a site with an area, two chargers, two locks, tags, hours, and nobody.
pub fn base() -> Facts {
    let home = OrganisationId(id(HOME));
    let mut facts = Facts::default();
    for number in [HOME, PARTNER] {
        facts.organisations.push(Organisation {
            id: id(number).into(),
            labels: Labels::default(),
            created_at: now(),
            deleted_at: None,
        });
    }
    facts.installations.push(Installation {
        id: id(SITE).into(),
        organisation: home,
        labels: Labels::default(),
        time_zone: "Europe/Zurich".into(),
        address: None,
        authorization_required: AuthorizationRequired::Required,
        open_schedule: None,
        authority: Authority::Native,
        concurrent_transactions: None,
        stop_on_revocation: false,
        language: None,
        created_at: now(),
        deleted_at: None,
    });
    facts.areas.push(Area {
        id: id(AREA).into(),
        organisation: home,
        installation: id(SITE).into(),
        parent: id(SITE).into(),
        kind: "floor".into(),
        anti_passback: AntiPassback::Off,
        labels: Labels::default(),
        created_at: now(),
        deleted_at: None,
    });
    facts
        .chargers
        .push(charger(CHARGER, AREA, &[SOCKET_1, SOCKET_2]));
    facts.chargers.push(charger(SINGLE, SITE, &[41]));
    for (lock, doors) in [(LOCK, &[DOOR][..]), (DOUBLE_LOCK, &[61, 62])] {
        facts.locks.push(Lock {
            id: LockId(id(lock)),
            organisation: home,
            installation: id(SITE).into(),
            station: StationId::new(&format!("LOCK{lock}")).unwrap(),
            labels: Labels::default(),
            unlock_connector_opens: false,
            created_at: now(),
            deleted_at: None,
        });
        let area = if lock == LOCK { AREA } else { SITE };
        facts.doors.extend(
            doors
                .iter()
                .zip(1..)
                .map(|(it, number)| door(*it, lock, number, area)),
        );
    }
    for tag in [TAG, UPPER_TAG, POINTS, OTHER_POINTS] {
        facts.tags.push(Tag {
            id: TagId(id(tag)),
            organisation: home,
            labels: Labels::default(),
            smart: false,
            created_at: now(),
            deleted_at: None,
        });
    }
    facts
        .memberships
        .push(membership(UPPER_TAG, Member::Tag(TagId(id(TAG)))));
    facts
        .memberships
        .push(membership(POINTS, Member::Point(id(AREA).into())));
    facts
        .memberships
        .push(membership(OTHER_POINTS, Member::Point(id(SINGLE).into())));
    let slot = |days, from, until| Slot { days, from, until };
    for (number, slots) in [
        (WORKING_HOURS, vec![slot(Days::WORKING, 7 * 60, 20 * 60)]),
        (
            WEEKEND,
            vec![
                slot(Days::WEEKEND, 0, DAY_MINUTES),
                slot(Days::HOLIDAYS, 600, 720),
            ],
        ),
    ] {
        facts.schedules.push(Schedule {
            id: ScheduleId(id(number)),
            organisation: home,
            labels: Labels::default(),
            slots,
            calendar: Some(CalendarId(id(460))),
            created_at: now(),
            deleted_at: None,
        });
    }
    facts.calendars.push(Calendar {
        id: CalendarId(id(460)),
        organisation: home,
        labels: Labels::default(),
        dates: vec![date(2026, 12, 25), date(2026, 11, 27)],
        created_at: now(),
        deleted_at: None,
    });
    facts
}

pub fn charger(number: u128, parent: u128, evses: &[u128]) -> Charger {
    Charger {
        id: id(number).into(),
        organisation: id(HOME).into(),
        installation: id(SITE).into(),
        parent: id(parent).into(),
        station: StationId::new(&format!("CP{number}")).unwrap(),
        labels: Labels::default(),
        authorization_required: ChargerAuthorization::Inherit,
        open_schedule: None,
        offline_policy: ChargerOffline::List,
        evses: evses
            .iter()
            .zip(1..)
            .map(|(evse, number)| Evse {
                id: id(*evse).into(),
                number,
                connectors: vec![1],
            })
            .collect(),
        created_at: now(),
        deleted_at: None,
    }
}

pub fn door(number: u128, lock: u128, position: u32, parent: u128) -> Door {
    Door {
        id: id(number).into(),
        organisation: id(HOME).into(),
        installation: id(SITE).into(),
        parent: id(parent).into(),
        lock: LockId(id(lock)),
        number: position,
        labels: Labels::default(),
        fail: DoorFail::Secure,
        remote_open: true,
        open_seconds: 5,
        offline_policy: OfflinePolicy::List,
        access: DoorAccess::default(),
        created_at: now(),
        deleted_at: None,
    }
}

pub fn membership(tag: u128, member: Member) -> Membership {
    Membership {
        tag: TagId(id(tag)),
        member,
        organisation: id(HOME).into(),
        created_at: now(),
        removed_at: None,
    }
}

pub fn person(number: u128, organisation: u128) -> Person {
    Person {
        id: PersonId(id(number)),
        organisation: id(organisation).into(),
        account: None,
        managed_at: id(organisation).into(),
        labels: Labels::default(),
        email: None,
        phone: None,
        state: PersonState::Active,
        suspension: None,
        member_until: None,
        stop_group: StopGroup::new(format!("{number:016X}")),
        language: None,
        created_at: now(),
        deleted_at: None,
    }
}

pub fn credential(number: u128, person: u128, kind: CredentialKind, value: &str) -> Credential {
    Credential {
        id: CredentialId(id(number)),
        organisation: id(HOME).into(),
        person: PersonId(id(person)),
        kind,
        value: value.into(),
        key: normalise(value),
        state: CredentialState::Active,
        suspension: None,
        strength: kind.strength(),
        places: None,
        valid_from: None,
        valid_until: None,
        labels: Labels::default(),
        created_at: now(),
        deleted_at: None,
    }
}

pub fn api_key(number: u128, person: u128, scopes: ActionSet, node: u128) -> ApiKey {
    ApiKey {
        id: ApiKeyId(id(number)),
        organisation: id(HOME).into(),
        person: PersonId(id(person)),
        name: String::new(),
        prefix: format!("kw_{number}"),
        hash: Vec::new(),
        scopes,
        node: NodeId(id(node)),
        expires_at: None,
        created_at: now(),
        revoked_at: None,
    }
}

pub fn grant(number: u128, subject: Subject, role: Role, node: u128) -> Grant {
    Grant {
        id: GrantId(id(number)),
        organisation: id(HOME).into(),
        subject,
        role: Some(role),
        actions: role.actions(),
        node: NodeId(id(node)),
        effect: Effect::Allow,
        condition: Condition::default(),
        valid_from: None,
        valid_until: None,
        reason: None,
        source: "test".into(),
        created_by: None,
        created_at: now(),
        revoked_at: None,
    }
}

pub fn emergency(number: u128, kind: EmergencyKind, node: u128, exempt: Option<u128>) -> Emergency {
    Emergency {
        id: EmergencyId(id(number)),
        organisation: id(HOME).into(),
        node: id(node).into(),
        kind,
        exempt: exempt.map(|tag| TagId(id(tag))),
        created_by: None,
        created_at: now(),
        ended_at: None,
    }
}

pub fn transaction(number: u128, charger: u128, person: u128) -> authz::OpenTransaction {
    authz::OpenTransaction {
        id: TransactionId(id(number)),
        charger: id(charger).into(),
        installation: id(SITE).into(),
        person: Some(PersonId(id(person))),
        stop_group: Some(StopGroup::new(format!("{person:016X}"))),
        token_key: Some(CARD.into()),
    }
}

/// A question that owns what it asks with.
#[derive(Clone, Debug)]
pub struct Question {
    pub token: Option<PresentedToken>,
    pub person: Option<(u128, Option<u128>)>,
    pub action: Action,
    pub resource: Resource,
    pub intent: Intent,
    pub told: Option<Told>,
    pub numbers: Numbers,
    pub attempts: Attempts,
}

impl Question {
    pub fn request(&self) -> Request<'_> {
        let asker = match (&self.token, self.person) {
            (Some(token), _) => Asker::Token(token),
            (None, Some((person, key))) => Asker::Person {
                person: PersonId(id(person)),
                key: key.map(|key| ApiKeyId(id(key))),
            },
            (None, None) => Asker::Nobody,
        };
        Request {
            asker,
            action: self.action,
            resource: self.resource,
            intent: self.intent,
            context: Context {
                told: self.told,
                numbers: self.numbers,
                attempts: self.attempts,
            },
        }
    }
}

/// A card at a point, to use it.
pub fn card(value: &str, resource: Resource, intent: Intent) -> Question {
    Question {
        token: Some(PresentedToken::new(TokenKind::IdTag, value)),
        person: None,
        action: Action::Use,
        resource,
        intent,
        told: None,
        numbers: Numbers::Exact,
        attempts: Attempts::Left,
    }
}

/// A person by session or key.
pub fn by(person: u128, key: Option<u128>, action: Action, resource: Resource) -> Question {
    Question {
        token: None,
        person: Some((person, key)),
        action,
        resource,
        intent: Intent::Ask,
        told: None,
        numbers: Numbers::Exact,
        attempts: Attempts::Left,
    }
}
