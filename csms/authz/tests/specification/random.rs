//! Random worlds, and questions to them.

use authz::{Attempts, Intent, Numbers, Resource, Told};
use jiff::{SignedDuration, Timestamp};
use model::*;

use crate::facts::{Facts, UseOf};
use crate::world::*;

/// Numbers that look random and are the same each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most
    }

    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    pub fn sometimes<T>(&mut self, of: usize, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(of).then(|| value(self))
    }
}

pub const PEOPLE: u128 = 14;
pub const TAGS: [u128; 7] = [TAG, UPPER_TAG, POINTS, OTHER_POINTS, 404, 405, 406];
pub const NODES: [u128; 13] = [
    HOME, SITE, AREA, 21, CHARGER, SOCKET_1, SOCKET_2, SINGLE, 41, DOOR, 61, 62, 11,
];
pub const SCHEDULES: [u128; 6] = [WORKING_HOURS, WEEKEND, GONE, 453, 454, 455];

/// Instants around which clocks shift, days turn, and nothing happens.
pub fn instant(dice: &mut Dice) -> Timestamp {
    let around: Timestamp = dice
        .pick(&[
            "2026-11-25T12:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-03-29T00:45:00Z",
            "2026-11-27T23:00:00Z",
            "2026-12-25T06:00:00Z",
        ])
        .parse()
        .unwrap();
    around + SignedDuration::from_mins(dice.below(240) as i64 - 120)
}

pub fn some_time(dice: &mut Dice) -> Timestamp {
    let spread = SignedDuration::from_mins(dice.below(6000) as i64 - 3000);
    instant(dice) + spread
}

pub fn person_id(dice: &mut Dice) -> PersonId {
    PersonId(id(100 + dice.below(PEOPLE as usize) as u128))
}

pub fn tag_id(dice: &mut Dice) -> TagId {
    TagId(id(dice.pick(&TAGS)))
}

pub fn schedule_id(dice: &mut Dice) -> ScheduleId {
    ScheduleId(id(dice.pick(&SCHEDULES)))
}

pub fn node_id(dice: &mut Dice) -> NodeId {
    id(dice.pick(&NODES)).into()
}

pub fn suspension(dice: &mut Dice) -> Suspension {
    Suspension {
        from: some_time(dice),
        until: dice.sometimes(2, some_time),
    }
}

pub fn some_person(dice: &mut Dice, number: u128) -> Person {
    let organisation = if number >= 100 + PEOPLE - 2 {
        PARTNER
    } else {
        HOME
    };
    Person {
        state: if dice.one_in(10) {
            PersonState::Suspended
        } else {
            PersonState::Active
        },
        suspension: dice.sometimes(8, suspension),
        member_until: dice.sometimes(8, some_time),
        stop_group: StopGroup::new(format!("{:016X}", dice.below(6))),
        language: None,
        deleted_at: dice.sometimes(40, |_| now()),
        ..person(number, organisation)
    }
}

pub fn some_credential(dice: &mut Dice, number: u128) -> Credential {
    let kind = dice.pick(&CredentialKind::ALL);
    // Some numbers are each other's in another form.
    let value = match dice.below(5) {
        0 => format!("04A1B2{:02X}D4E5F6", number % 8),
        1 => format!("F6E5D4{:02X}B2A104", number % 8),
        2 => format!("04A1B2{:02X}", number % 8),
        3 => format!("{}", 77_000 + number),
        _ => format!("0{:07X}", number),
    };
    let value = if kind == CredentialKind::App {
        format!("FE{number:012X}")
    } else {
        value
    };
    Credential {
        state: dice.pick(&[
            CredentialState::Active,
            CredentialState::Active,
            CredentialState::Active,
            CredentialState::Suspended,
            CredentialState::Lost,
        ]),
        suspension: dice.sometimes(8, suspension),
        strength: dice.pick(&Strength::ALL),
        places: dice.sometimes(4, |dice| vec![node_id(dice), node_id(dice)]),
        valid_from: dice.sometimes(8, some_time),
        valid_until: dice.sometimes(8, some_time),
        deleted_at: dice.sometimes(20, |_| now()),
        ..credential(
            number,
            100 + dice.below(PEOPLE as usize - 2) as u128,
            kind,
            &value,
        )
    }
}

pub fn some_grant(dice: &mut Dice, number: u128) -> Grant {
    let subject = match dice.below(8) {
        0..4 => Subject::Person(PersonId(id(100 + dice.below(PEOPLE as usize - 2) as u128))),
        4..7 => Subject::Tag(tag_id(dice)),
        _ => Subject::Partner(id(PARTNER).into()),
    };
    let role = dice.pick(&Role::ALL);
    Grant {
        effect: if dice.one_in(6) {
            Effect::Deny
        } else {
            Effect::Allow
        },
        actions: if dice.one_in(6) {
            Action::ALL
                .iter()
                .copied()
                .filter(|_| dice.one_in(2))
                .collect()
        } else {
            role.actions()
        },
        condition: Condition {
            schedule: dice.sometimes(3, schedule_id),
            kinds: dice.sometimes(5, |dice| {
                CredentialKind::ALL
                    .into_iter()
                    .filter(|_| dice.one_in(2))
                    .collect()
            }),
            minimum_strength: dice.sometimes(5, |dice| dice.pick(&Strength::ALL)),
            points: dice.sometimes(5, tag_id),
            credential: dice.sometimes(5, |dice| CredentialId(id(900 + dice.below(30) as u128))),
            limits: dice.sometimes(3, |dice| Limits {
                uses: dice.sometimes(2, |dice| dice.below(3) as u32),
                minutes: dice.sometimes(3, |dice| dice.below(40) as u32),
                wh: dice.sometimes(3, |dice| dice.below(20_000) as u64),
            }),
        },
        valid_from: dice.sometimes(4, some_time),
        valid_until: dice.sometimes(4, some_time),
        revoked_at: dice.sometimes(20, |_| now()),
        ..grant(number, subject, role, dice.pick(&NODES))
    }
}

pub fn some_schedule(dice: &mut Dice, number: u128) -> Schedule {
    let slots = (0..dice.below(4))
        .map(|_| {
            let from = dice.below(1439) as u16;
            let until = from + 1 + dice.below(usize::from(DAY_MINUTES - from)) as u16;
            let days = Days::from_bits(1 + dice.below(255) as u8);
            Slot { days, from, until }
        })
        .collect();
    Schedule {
        id: ScheduleId(id(number)),
        organisation: id(HOME).into(),
        labels: Labels::default(),
        slots,
        calendar: dice.sometimes(2, |dice| CalendarId(id(460 + dice.below(3) as u128))),
        created_at: now(),
        deleted_at: dice.sometimes(12, |_| now()),
    }
}

pub fn some_membership(dice: &mut Dice) -> Membership {
    let member = match dice.below(4) {
        0 => Member::Tag(tag_id(dice)),
        1 => Member::Point(node_id(dice)),
        _ => Member::Person(PersonId(id(100 + dice.below(PEOPLE as usize - 2) as u128))),
    };
    Membership {
        removed_at: dice.sometimes(4, |_| now()),
        ..membership(dice.pick(&TAGS), member)
    }
}

pub fn some_emergency(dice: &mut Dice, number: u128) -> Emergency {
    let kind = dice.pick(&EmergencyKind::ALL);
    Emergency {
        ended_at: dice.sometimes(2, |_| now()),
        ..emergency(
            number,
            kind,
            dice.pick(&NODES),
            dice.sometimes(2, |dice| dice.pick(&TAGS)),
        )
    }
}

/// A world that is not empty anywhere.
pub fn some_world(dice: &mut Dice) -> Facts {
    let mut facts = base();
    facts.installations.push(Installation {
        id: id(11).into(),
        time_zone: dice
            .pick(&["Nowhere/None", "Asia/Kathmandu", "America/New_York"])
            .into(),
        ..facts.installations[0].clone()
    });
    facts.areas.push(Area {
        id: id(21).into(),
        parent: id(AREA).into(),
        ..facts.areas[0].clone()
    });
    for tag in [404, 405, 406] {
        let row = Tag {
            id: TagId(id(tag)),
            ..facts.tags[0].clone()
        };
        facts.tags.push(row);
    }
    for number in 0..PEOPLE {
        facts.people.push(some_person(dice, 100 + number));
    }
    for number in 0..30 {
        let row = some_credential(dice, 900 + number);
        let taken = facts
            .credentials
            .iter()
            .any(|it| it.key == row.key || it.id == row.id);
        if !taken {
            facts.credentials.push(row);
        }
    }
    for number in 0..4 {
        let scopes = Action::ALL
            .iter()
            .copied()
            .filter(|_| dice.one_in(2))
            .collect();
        let node = dice.pick(&NODES);
        facts.keys.push(ApiKey {
            expires_at: dice.sometimes(3, some_time),
            revoked_at: dice.sometimes(6, |_| now()),
            ..api_key(KEY + number, 100 + number, scopes, node)
        });
    }
    for number in [453, 454, 455] {
        facts.schedules.push(some_schedule(dice, number));
    }
    for _ in 0..20 {
        put_membership(&mut facts, some_membership(dice));
    }
    for number in 0..50 {
        facts.grants.push(some_grant(dice, 500 + number));
    }
    for number in 0..dice.below(4) {
        facts
            .emergencies
            .push(some_emergency(dice, 800 + number as u128));
    }
    shuffle_settings(&mut facts, dice);
    for number in 0..6 {
        let charger = dice.pick(&[CHARGER, SINGLE]);
        facts.open.push(transaction(
            TRANSACTION + number,
            charger,
            100 + dice.below(12) as u128,
        ));
    }
    for number in 0..30 {
        let grant = 500 + dice.below(50) as u128;
        facts.uses.push(UseOf {
            of: UseId(id(720 + number)),
            grant: GrantId(id(grant)),
            person: person_id(dice),
            minutes: 0,
            wh: 0,
            running: true,
        });
        if dice.one_in(2) {
            let last = facts.uses.last_mut().unwrap();
            (last.minutes, last.wh, last.running) =
                (dice.below(30) as u32, dice.below(9000) as u64, false);
        }
    }
    for _ in 0..6 {
        let who = person_id(dice);
        facts.inside.retain(|(person, _, _)| *person != who);
        facts.inside.push((who, id(AREA).into(), some_time(dice)));
        facts.remotes.push(authz::PendingRemote {
            charger: id(CHARGER).into(),
            person: person_id(dice),
            until: some_time(dice),
        });
    }
    // One wait a person and charger: the longest counts.
    facts
        .remotes
        .sort_by_key(|it| (it.person, std::cmp::Reverse(it.until)));
    facts.remotes.dedup_by_key(|it| it.person);
    facts
}

pub fn shuffle_settings(facts: &mut Facts, dice: &mut Dice) {
    for site in &mut facts.installations {
        site.authorization_required =
            dice.pick(&[AuthorizationRequired::Required, AuthorizationRequired::Open]);
        site.open_schedule = dice.sometimes(2, schedule_id);
        site.authority = dice.pick(&[Authority::Native, Authority::Native, Authority::Webhook]);
        site.concurrent_transactions = dice.sometimes(2, |dice| dice.below(3) as u32);
    }
    for area in &mut facts.areas {
        area.anti_passback = dice.pick(&[
            AntiPassback::Off,
            AntiPassback::Soft,
            AntiPassback::Hard,
            AntiPassback::Timed(600),
        ]);
    }
    for charger in &mut facts.chargers {
        charger.authorization_required = dice.pick(&[
            ChargerAuthorization::Inherit,
            ChargerAuthorization::Required,
            ChargerAuthorization::Open,
        ]);
        charger.open_schedule = dice.sometimes(2, schedule_id);
        charger.offline_policy = dice.pick(&[
            ChargerOffline::Closed,
            ChargerOffline::List,
            ChargerOffline::Open,
        ]);
    }
    for door in &mut facts.doors {
        door.access = DoorAccess {
            minimum_strength: dice.sometimes(3, |dice| dice.pick(&Strength::ALL)),
            unlock_schedule: dice.sometimes(4, schedule_id),
            passage: dice.sometimes(2, |dice| {
                let area = id(AREA).into();
                if dice.one_in(2) {
                    Passage::Entry(area)
                } else {
                    Passage::Exit(area)
                }
            }),
        };
        door.offline_policy = dice.pick(&[OfflinePolicy::Closed, OfflinePolicy::List]);
    }
}

pub fn put_membership(facts: &mut Facts, row: Membership) {
    facts
        .memberships
        .retain(|it| (it.tag, it.member) != (row.tag, row.member));
    facts.memberships.push(row);
}

pub fn some_question(facts: &Facts, dice: &mut Dice) -> Question {
    let charger = ChargerId(id(dice.pick(&[CHARGER, SINGLE, 999])));
    let resource = match dice.below(6) {
        0 => Resource::AnyEvse(charger),
        1 => Resource::Evse(charger, dice.below(4) as u32),
        2 => Resource::Lock(
            LockId(id(LOCK)),
            dice.sometimes(2, |dice| dice.below(3) as u32),
        ),
        3 => Resource::Lock(
            LockId(id(DOUBLE_LOCK)),
            dice.sometimes(2, |dice| dice.below(3) as u32),
        ),
        _ => Resource::Node(node_id(dice)),
    };
    let this = TransactionId(id(TRANSACTION + dice.below(60) as u128));
    let intent = dice.pick(&[
        Intent::Ask,
        Intent::Start(this),
        Intent::Open(UseId(this.0)),
        Intent::Late,
        Intent::Stop(this),
    ]);
    let told = dice.pick(&[
        None,
        Some(Told::Yes),
        Some(Told::No),
        Some(Told::Nothing),
        Some(Told::Nothing),
    ]);
    let numbers = dice.pick(&[Numbers::Exact, Numbers::Forms, Numbers::WeakForms]);
    let attempts = if dice.one_in(6) {
        Attempts::Exhausted
    } else {
        Attempts::Left
    };
    let question = if dice.one_in(3) {
        let who = 100 + dice.below(PEOPLE as usize) as u128;
        let key = dice.sometimes(3, |dice| KEY + dice.below(5) as u128);
        by(who, key, dice.pick(Action::ALL), resource)
    } else {
        let known = dice.pick(&facts.credentials);
        let value = match dice.below(6) {
            0 => format!("04A1B2{:02X}", dice.below(8)),
            1 => known.key.chars().rev().collect(),
            _ => known.value.to_lowercase(),
        };
        let mut question = card(&value, resource, intent);
        let kind = dice.pick(&[
            TokenKind::IdTag,
            TokenKind::IdTag,
            TokenKind::Iso14443,
            TokenKind::KeyCode,
            TokenKind::Central,
            TokenKind::Emaid,
            TokenKind::NoAuthorization,
        ]);
        question.token.as_mut().unwrap().kind = kind;
        if dice.one_in(5) {
            question.action = Action::StopOwn;
        }
        question
    };
    Question {
        intent,
        told,
        numbers,
        attempts,
        ..question
    }
}
