//! A small world for tests: rows in, a Directory out.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

use authz::{Directory, DirectoryBuilder, Intent, Outcome, Request, Resource, Usage, decide};
use jiff::{SignedDuration, Timestamp};
use model::*;
use uuid::Uuid;

pub fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Organisation 1, installation 10, area 20 in it, charger 30 (EVSEs 31, 32) in the area, charger
/// 40 (EVSE 41) in the installation, lock 50 with door 51, lock 60 with doors 61 and 62.
pub struct World {
    pub rows: Vec<Change>,
    pub usage: Usage,
}

pub const ORGANISATION: u128 = 1;
pub const INSTALLATION: u128 = 10;
pub const AREA: u128 = 20;
pub const CHARGER: u128 = 30;
pub const EVSE_1: u128 = 31;
pub const EVSE_2: u128 = 32;
pub const OTHER_CHARGER: u128 = 40;
pub const LOCK: u128 = 50;
pub const DOOR: u128 = 51;
pub const DOUBLE_LOCK: u128 = 60;

impl World {
    pub fn new() -> Self {
        let mut world = Self {
            rows: Vec::new(),
            usage: Usage::default(),
        };
        world.rows.push(Change::Organisation(Organisation {
            id: id(ORGANISATION).into(),
            labels: Labels::default(),
            created_at: now(),
            deleted_at: None,
        }));
        world.installation(AuthorizationRequired::Required, None);
        world.rows.push(Change::Area(Area {
            id: id(AREA).into(),
            organisation: id(ORGANISATION).into(),
            installation: id(INSTALLATION).into(),
            parent: id(INSTALLATION).into(),
            kind: "floor".into(),
            anti_passback: model::AntiPassback::default(),
            labels: Labels::default(),
            created_at: now(),
            deleted_at: None,
        }));
        world.charger(
            CHARGER,
            AREA,
            &[EVSE_1, EVSE_2],
            ChargerAuthorization::Inherit,
        );
        world.charger(
            OTHER_CHARGER,
            INSTALLATION,
            &[41],
            ChargerAuthorization::Inherit,
        );
        world.lock(LOCK, &[DOOR]);
        world.lock(DOUBLE_LOCK, &[61, 62]);
        world
    }

    pub fn installation(&mut self, flag: AuthorizationRequired, concurrent: Option<u32>) {
        self.rows.push(Change::Installation(Installation {
            id: id(INSTALLATION).into(),
            organisation: id(ORGANISATION).into(),
            labels: Labels::default(),
            time_zone: "UTC".into(),
            address: None,
            authorization_required: flag,
            open_schedule: None,
            authority: model::Authority::default(),
            concurrent_transactions: concurrent,
            stop_on_revocation: false,
            language: None,
            created_at: now(),
            deleted_at: None,
        }));
    }

    pub fn charger(
        &mut self,
        number: u128,
        parent: u128,
        evses: &[u128],
        flag: ChargerAuthorization,
    ) {
        self.rows.push(Change::Charger(Charger {
            id: id(number).into(),
            organisation: id(ORGANISATION).into(),
            installation: id(INSTALLATION).into(),
            parent: id(parent).into(),
            station: StationId::new(&format!("CP{number}")).unwrap(),
            labels: Labels::default(),
            authorization_required: flag,
            open_schedule: None,
            offline_policy: model::ChargerOffline::default(),
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
        }));
    }

    fn lock(&mut self, number: u128, doors: &[u128]) {
        self.rows.push(Change::Lock(Lock {
            id: LockId(id(number)),
            organisation: id(ORGANISATION).into(),
            installation: id(INSTALLATION).into(),
            station: StationId::new(&format!("LOCK{number}")).unwrap(),
            labels: Labels::default(),
            unlock_connector_opens: false,
            created_at: now(),
            deleted_at: None,
        }));
        for (door, position) in doors.iter().zip(1..) {
            self.rows.push(Change::Door(Door {
                id: id(*door).into(),
                organisation: id(ORGANISATION).into(),
                installation: id(INSTALLATION).into(),
                parent: id(INSTALLATION).into(),
                lock: LockId(id(number)),
                number: position,
                labels: Labels::default(),
                fail: DoorFail::Secure,
                remote_open: true,
                open_seconds: 5,
                offline_policy: OfflinePolicy::List,
                access: model::DoorAccess::default(),
                created_at: now(),
                deleted_at: None,
            }));
        }
    }

    pub fn person(&mut self, number: u128) -> &mut Self {
        self.person_with(number, |_| {})
    }

    pub fn person_with(&mut self, number: u128, change: impl FnOnce(&mut Person)) -> &mut Self {
        let mut person = Person {
            id: PersonId(id(number)),
            organisation: id(ORGANISATION).into(),
            account: None,
            managed_at: id(ORGANISATION).into(),
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
        };
        change(&mut person);
        self.rows.push(Change::Person(person));
        self
    }

    pub fn card(&mut self, person: u128, value: &str) -> &mut Self {
        self.card_with(person, value, |_| {})
    }

    pub fn card_with(
        &mut self,
        person: u128,
        value: &str,
        change: impl FnOnce(&mut Credential),
    ) -> &mut Self {
        let mut card = Credential {
            id: CredentialId(id(9_000 + self.rows.len() as u128)),
            organisation: id(ORGANISATION).into(),
            person: PersonId(id(person)),
            kind: CredentialKind::Rfid,
            value: value.into(),
            key: normalise(value),
            state: CredentialState::Active,
            suspension: None,
            strength: model::Strength::Weak,
            places: None,
            valid_from: None,
            valid_until: None,
            labels: Labels::default(),
            created_at: now(),
            deleted_at: None,
        };
        change(&mut card);
        self.rows.push(Change::Credential(card));
        self
    }

    pub fn grant(&mut self, number: u128, person: u128, role: Role, node: u128) -> &mut Self {
        self.grant_with(number, person, role, node, |_| {})
    }

    pub fn grant_with(
        &mut self,
        number: u128,
        person: u128,
        role: Role,
        node: u128,
        change: impl FnOnce(&mut Grant),
    ) -> &mut Self {
        let mut grant = grant(number, person, role, node);
        change(&mut grant);
        self.rows.push(Change::Grant(grant));
        self
    }

    pub fn directory(&self) -> Directory {
        let mut builder = DirectoryBuilder::new((1, 2));
        for row in &self.rows {
            builder.add(row);
        }
        builder.finish(Revision(1))
    }

    pub fn decide(&self, request: &Request<'_>) -> Outcome {
        decide(request, &self.directory(), &self.usage, now())
    }

    /// A card at the two-EVSE charger, as Authorize asks.
    pub fn authorize(&self, card: &str) -> Reason {
        self.present(card, Resource::AnyEvse(id(CHARGER).into()), Intent::Ask)
    }

    pub fn present(&self, card: &str, resource: Resource, intent: Intent) -> Reason {
        let token = PresentedToken::new(TokenKind::IdTag, card);
        self.decide(&Request::token(&token, resource, intent))
            .reason()
    }

    pub fn person_may(&self, person: u128, action: Action, node: u128) -> Reason {
        let request = Request::person(PersonId(id(person)), None, action, NodeId(id(node)));
        self.decide(&request).reason()
    }
}

pub fn grant(number: u128, person: u128, role: Role, node: u128) -> Grant {
    Grant {
        id: GrantId(id(number)),
        organisation: id(ORGANISATION).into(),
        subject: Subject::Person(PersonId(id(person))),
        role: Some(role),
        actions: role.actions(),
        node: NodeId(id(node)),
        effect: Effect::Allow,
        condition: model::Condition::default(),
        valid_from: None,
        valid_until: None,
        reason: None,
        source: "test".into(),
        created_by: None,
        created_at: now(),
        revoked_at: None,
    }
}
