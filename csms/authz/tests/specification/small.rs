//! Every combination of a small world: two sheets of facts, each asked every question.
//!
//! The first sheet is about what stands before the grants (steps 1 to 6), the second about the
//! grants and what stands behind them (steps 5 to 10).

use authz::{Attempts, Intent, Numbers, Resource, Told};
use model::*;

use crate::facts::{Facts, UseOf};
use crate::world::*;

/// A guest's code.
const CODE: u128 = 910;

/// A world, and what is asked of it.
pub struct Case {
    pub facts: Facts,
    pub told: Option<Told>,
    /// What the card shows at the reader.
    pub shown: &'static str,
    pub kind: TokenKind,
    pub numbers: Numbers,
    pub attempts: Attempts,
}

/// How many choices each place of a sheet has.
const GATES: [usize; 6] = [7, 7, 5, 12, 4, 3];
const RIGHTS: [usize; 5] = [4, 9, 17, 15, 7];

pub const fn count() -> usize {
    product(&GATES) + product(&RIGHTS)
}

const fn product(choices: &[usize]) -> usize {
    let mut all = 1;
    let mut index = 0;
    while index < choices.len() {
        all *= choices[index];
        index += 1;
    }
    all
}

/// The combination of this number.
pub fn case(number: usize) -> Case {
    let gates = product(&GATES);
    if number < gates {
        gate(digits(number, &GATES))
    } else {
        right(digits(number - gates, &RIGHTS))
    }
}

fn digits<const N: usize>(mut number: usize, choices: &[usize; N]) -> [usize; N] {
    choices.map(|of| {
        let digit = number % of;
        number /= of;
        digit
    })
}

fn plain() -> Case {
    let mut facts = base();
    facts.people.push(person(ME, HOME));
    facts.people.push(person(OTHER, HOME));
    facts.people.push(person(TECHNICIAN, PARTNER));
    facts
        .credentials
        .push(credential(900, ME, CredentialKind::Rfid, CARD));
    let all = Action::ALL
        .iter()
        .copied()
        .filter(|it| *it != Action::StopOwn)
        .collect();
    facts.keys.push(api_key(KEY, ME, all, AREA));
    Case {
        facts,
        told: None,
        shown: CARD,
        kind: TokenKind::IdTag,
        numbers: Numbers::Exact,
        attempts: Attempts::Left,
    }
}

fn gate([flag, authority, emergency_, card, who, granted]: [usize; 6]) -> Case {
    let mut case = plain();
    let facts = &mut case.facts;
    let (site, charger) = match flag {
        0 => (None, ChargerAuthorization::Inherit),
        1 => (None, ChargerAuthorization::Open),
        2 => (Some(None), ChargerAuthorization::Inherit),
        3 => (Some(None), ChargerAuthorization::Required),
        4 => (Some(Some(WORKING_HOURS)), ChargerAuthorization::Inherit),
        5 => (Some(Some(WEEKEND)), ChargerAuthorization::Inherit),
        _ => (Some(Some(GONE)), ChargerAuthorization::Inherit),
    };
    if let Some(schedule) = site {
        facts.installations[0].authorization_required = AuthorizationRequired::Open;
        facts.installations[0].open_schedule = schedule.map(|it| ScheduleId(id(it)));
        facts.doors[0].access.unlock_schedule = schedule.map(|it| ScheduleId(id(it)));
    }
    facts.chargers[0].authorization_required = charger;
    if flag == 1 {
        facts.chargers[0].open_schedule = Some(ScheduleId(id(WORKING_HOURS)));
    }
    if authority > 0 {
        facts.installations[0].authority = Authority::Webhook;
    }
    case.told = [
        None,
        None,
        Some(Told::Yes),
        Some(Told::No),
        Some(Told::Nothing),
        Some(Told::Nothing),
        Some(Told::Nothing),
    ][authority];
    let (at_charger, at_door) = match authority {
        5 => (ChargerOffline::Closed, OfflinePolicy::Closed),
        6 => (ChargerOffline::Open, OfflinePolicy::List),
        _ => (ChargerOffline::List, OfflinePolicy::List),
    };
    facts.chargers[0].offline_policy = at_charger;
    facts.doors[0].offline_policy = at_door;
    match emergency_ {
        0 => {}
        1 => facts
            .emergencies
            .push(emergency(800, EmergencyKind::Lockdown, SITE, None)),
        2 => {
            facts.emergencies.push(emergency(
                800,
                EmergencyKind::Lockdown,
                AREA,
                Some(UPPER_TAG),
            ));
            facts
                .memberships
                .push(membership(TAG, Member::Person(PersonId(id(ME)))));
        }
        3 => {
            facts
                .emergencies
                .push(emergency(800, EmergencyKind::Lockdown, HOME, None));
            facts
                .emergencies
                .push(emergency(801, EmergencyKind::Evacuation, DOOR, None));
        }
        _ => {
            let mut over = emergency(800, EmergencyKind::Lockdown, SITE, None);
            over.ended_at = Some(now());
            facts.emergencies.push(over);
        }
    }
    let mine = &mut facts.credentials[0];
    match card {
        0 => {}
        1 => mine.state = CredentialState::Suspended,
        2 => {
            mine.suspension = Some(Suspension {
                from: hours(-1),
                until: Some(hours(1)),
            });
            mine.state = CredentialState::Lost;
        }
        3 => mine.state = CredentialState::Lost,
        4 => mine.valid_until = Some(now()),
        5 => mine.valid_from = Some(hours(1)),
        6 => case.shown = "04FFFFFFFFFFFF",
        // Read the other way round.
        7 => (case.shown, case.numbers) = ("F6E5D4C3B2A104", Numbers::Forms),
        // Cut by the reader, which says so, and two cards begin alike.
        8 => {
            (case.shown, case.numbers) = ("04A1B2C3", Numbers::WeakForms);
            facts.credentials.push(credential(
                901,
                OTHER,
                CredentialKind::Rfid,
                "04A1B2C3000000",
            ));
        }
        9 => (case.shown, case.numbers) = ("04A1B2C3", Numbers::WeakForms),
        _ => {
            if card == 11 {
                case.attempts = Attempts::Exhausted;
            }
            let mut code = credential(902, ME, CredentialKind::Pin, "123456");
            code.places = Some(vec![id(DOOR).into(), id(SOCKET_1).into()]);
            facts.credentials.push(code);
            (case.shown, case.kind) = ("123456", TokenKind::KeyCode);
            facts.doors[0].access.minimum_strength = Some(Strength::Medium);
        }
    }
    match who {
        0 => {}
        1 => facts.people[0].state = PersonState::Suspended,
        2 => {
            facts.people[0].suspension = Some(Suspension {
                from: hours(-1),
                until: None,
            });
            facts.people[0].member_until = Some(hours(-2));
        }
        _ => facts.people[0].member_until = Some(now()),
    }
    if granted > 0 {
        facts.grants.push(grant(
            500,
            Subject::Person(PersonId(id(ME))),
            Role::Owner,
            SITE,
        ));
        facts.open.push(transaction(TRANSACTION, CHARGER, ME));
    }
    if granted == 2 {
        let denial = grant(501, Subject::Person(PersonId(id(ME))), Role::User, AREA);
        facts.grants.push(Grant {
            effect: Effect::Deny,
            ..denial
        });
    }
    case
}

fn right([holder, denial, first, second, usage]: [usize; 5]) -> Case {
    let mut case = plain();
    let me = Subject::Person(PersonId(id(ME)));
    let facts = &mut case.facts;
    facts
        .memberships
        .push(membership(TAG, Member::Person(PersonId(id(ME)))));
    facts.grants.push(grant(
        599,
        Subject::Partner(id(PARTNER).into()),
        Role::Service,
        SITE,
    ));
    if holder == 1 {
        let key = credential(901, ME, CredentialKind::Key, "04000000000001");
        facts.credentials.push(key);
        case.shown = "04000000000001";
        facts.doors[0].access.minimum_strength = Some(Strength::Medium);
    }
    if holder > 1 {
        let kind = [CredentialKind::Guest, CredentialKind::OneTime][holder - 2];
        let mut code = credential(CODE, ME, kind, "123456");
        code.places = Some(vec![id(DOOR).into(), id(CHARGER).into()]);
        facts.credentials.push(code);
        (case.shown, case.kind) = ("123456", TokenKind::KeyCode);
    }
    let schedule = |it: u128| Some(ScheduleId(id(it)));
    let deny = |number, subject, node| Grant {
        effect: Effect::Deny,
        ..grant(number, subject, Role::User, node)
    };
    let denied = match denial {
        0 => None,
        1 => Some(deny(550, me, AREA)),
        2 => Some(Grant {
            valid_from: Some(hours(1)),
            ..deny(550, me, SITE)
        }),
        3 => Some(deny(550, me, SOCKET_1)),
        4 => {
            let mut it = deny(550, Subject::Tag(TagId(id(UPPER_TAG))), HOME);
            it.condition.schedule = schedule(WORKING_HOURS);
            Some(it)
        }
        5 => {
            let mut it = deny(550, me, SITE);
            it.condition.schedule = schedule(WEEKEND);
            Some(it)
        }
        6 => {
            let mut it = deny(550, me, SITE);
            it.condition.schedule = schedule(GONE);
            Some(it)
        }
        7 => {
            let mut it = deny(550, me, SITE);
            it.condition.kinds = Some([CredentialKind::Key].into_iter().collect());
            it.condition.minimum_strength = Some(Strength::Strong);
            Some(it)
        }
        _ => {
            let mut it = deny(550, me, HOME);
            it.condition.points = Some(TagId(id(POINTS)));
            Some(it)
        }
    };
    facts.grants.extend(denied);
    // What is made with a credential stands in the first grant only.
    let second = if second < 13 { second } else { second + 2 };
    for (number, what) in [(510, first), (520, second)] {
        facts.grants.extend(permission(number, what, me));
    }
    match usage {
        0 => {}
        1 => {
            facts.installations[0].concurrent_transactions = Some(1);
            facts.open.push(transaction(701, SINGLE, ME));
        }
        2 => facts.open.push(transaction(TRANSACTION, CHARGER, ME)),
        3 | 4 => {
            facts
                .inside
                .push((PersonId(id(ME)), id(AREA).into(), hours(-1)));
            facts.areas[0].anti_passback = if usage == 3 {
                AntiPassback::Hard
            } else {
                AntiPassback::Timed(60)
            };
            facts.doors[0].access.passage = Some(Passage::Entry(id(AREA).into()));
            facts.uses.push(a_use(750, 510));
        }
        5 => {
            facts.installations[0].concurrent_transactions = Some(1);
            facts.open.push(transaction(701, SINGLE, ME));
            facts.uses.push(a_use(750, 510));
            facts.uses.push(a_use(751, 520));
        }
        // This very use was taken already: a retry.
        _ => facts.uses.push(a_use(TRANSACTION, 510)),
    }
    case
}

/// What one of the two grants may be.
fn permission(number: u128, what: usize, me: Subject) -> Option<Grant> {
    let mut it = grant(number, me, Role::User, SITE);
    let condition = &mut it.condition;
    match what {
        0 => return None,
        1 => {}
        2 => it.subject = Subject::Tag(TagId(id(UPPER_TAG))),
        3 => it.node = id(SOCKET_2).into(),
        4 => condition.schedule = Some(ScheduleId(id(WEEKEND))),
        5 => condition.schedule = Some(ScheduleId(id(WORKING_HOURS))),
        6 => it.valid_from = Some(hours(1)),
        7 => condition.minimum_strength = Some(Strength::Medium),
        8 => condition.kinds = Some([CredentialKind::Rfid].into_iter().collect()),
        9 => it.valid_until = Some(now()),
        10 => {
            condition.limits = Some(Limits {
                uses: Some(1),
                ..Limits::default()
            })
        }
        11 => {
            condition.limits = Some(Limits {
                uses: Some(2),
                wh: Some(10_000),
                ..Limits::default()
            })
        }
        12 => condition.points = Some(TagId(id(OTHER_POINTS))),
        13 => {
            condition.credential = Some(CredentialId(id(CODE)));
            condition.limits = Some(Limits {
                uses: Some(1),
                ..Limits::default()
            });
        }
        14 => {
            // Another's.
            condition.credential = Some(CredentialId(id(CODE + 1)));
            condition.schedule = Some(ScheduleId(id(WEEKEND)));
        }
        15 => {
            it.node = id(AREA).into();
            it.actions = Role::Owner.actions();
            condition.points = Some(TagId(id(POINTS)));
        }
        _ => {
            it.node = id(DOOR).into();
            it.valid_until = Some(hours(-1));
            condition.minimum_strength = Some(Strength::Strong);
        }
    }
    Some(it)
}

fn a_use(number: u128, grant: u128) -> UseOf {
    UseOf {
        of: UseId(id(number)),
        grant: GrantId(id(grant)),
        person: PersonId(id(ME)),
        minutes: 10,
        wh: 4000,
        running: number == 751,
    }
}

/// Everything that is asked of each world.
pub fn questions(case: &Case) -> Vec<Question> {
    let charger = ChargerId(id(CHARGER));
    let lock = LockId(id(LOCK));
    let this = TransactionId(id(TRANSACTION));
    let start = Intent::Start(this);
    let open = Intent::Open(this.into());
    let node = |it: u128| Resource::Node(id(it).into());
    let use_at = |resource, intent| card(case.shown, resource, intent);
    let mut all = vec![
        use_at(Resource::AnyEvse(charger), Intent::Ask),
        use_at(Resource::AnyEvse(charger), start),
        use_at(Resource::Evse(charger, 1), start),
        use_at(Resource::Evse(charger, 2), Intent::Late),
        use_at(Resource::Evse(charger, 3), start),
        use_at(Resource::AnyEvse(id(SINGLE).into()), start),
        use_at(Resource::AnyEvse(id(999).into()), Intent::Ask),
        use_at(Resource::Lock(lock, None), open),
        use_at(Resource::Lock(lock, Some(1)), Intent::Ask),
        use_at(Resource::Lock(lock, Some(1)), Intent::Late),
        use_at(Resource::Lock(lock, Some(2)), open),
        use_at(Resource::Lock(LockId(id(DOUBLE_LOCK)), None), open),
        Question {
            action: Action::StopOwn,
            ..use_at(Resource::AnyEvse(charger), Intent::Stop(this))
        },
        Question {
            action: Action::StopOwn,
            ..card(
                "04FFFFFFFFFFFF",
                Resource::Evse(charger, 1),
                Intent::Stop(this),
            )
        },
        Question {
            token: None,
            ..use_at(Resource::AnyEvse(charger), start)
        },
        by(ME, None, Action::Use, Resource::AnyEvse(charger)),
        by(ME, None, Action::Use, node(DOOR)),
        by(ME, None, Action::RemoteUse, node(SOCKET_1)),
        by(ME, None, Action::RemoteUse, node(DOOR)),
        by(ME, None, Action::ManageAccess, node(AREA)),
        by(ME, Some(KEY), Action::RemoteUse, node(CHARGER)),
        by(ME, Some(KEY), Action::ManageAccess, node(SITE)),
        by(ME, Some(KEY), Action::StopOwn, node(CHARGER)),
        by(ME, None, Action::StopOwn, node(CHARGER)),
        by(TECHNICIAN, None, Action::Service, node(CHARGER)),
        by(TECHNICIAN, None, Action::ViewAll, node(SITE)),
    ];
    for question in &mut all {
        question.told = case.told;
        question.numbers = case.numbers;
        question.attempts = case.attempts;
        if let Some(token) = &mut question.token
            && token.value == case.shown
        {
            token.kind = case.kind;
        }
    }
    all
}
