//! A recorded time asked again: what was decided then comes out again, reason and grant.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

use std::sync::Arc;

use app::clock::{Clock, SystemRandom};
use app::insight::{About, AsOf, Note, Question};
use app::link::NoStations;
use app::pep::Origin;
use app::secret::Pepper;
use app::{App, Live, Parts, Settings};
use authz::{Asker, Context, Intent, Request, Resource};
use jiff::{SignedDuration, Timestamp};
use model::*;
use parking_lot::Mutex;
use store::testing::TestDatabase;
use store::{Store, StoreOptions, image};
use uuid::Uuid;

/// A clock that stands until it is moved.
struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

/// Numbers in an order of their own, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

fn id<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}

fn begin() -> Timestamp {
    "2026-11-23T05:00:00Z".parse().unwrap()
}

/// Everything that is, as it is now.
struct World {
    app: Arc<App>,
    store: Store,
    clock: Arc<Standing>,
    organisation: OrganisationId,
    rows: Vec<Change>,
}

impl World {
    async fn on(database: &TestDatabase) -> Self {
        let live = Live::new((3, 4));
        let options = StoreOptions {
            on_commit: live.hook(),
            ..StoreOptions::default()
        };
        let store = Store::open(&database.url, options).await.unwrap();
        let clock = Arc::new(Standing(Mutex::new(begin())));
        let app = App::start(Parts {
            store: store.clone(),
            live,
            link: Arc::new(NoStations),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            outside: Arc::new(app::authority::Nowhere),
            settings: Settings::new(Pepper::new([9; 32])),
        })
        .await
        .unwrap();
        let mut world = Self {
            app,
            store,
            clock,
            organisation: id(),
            rows: Vec::new(),
        };
        for row in site(world.organisation) {
            world.write(None, row).await;
        }
        world
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn write(&mut self, before: Option<Change>, after: Change) {
        let actor = Actor {
            person: None,
            api_key: None,
            request: None,
            at: self.now(),
            reason: None,
        };
        let (old, new) = (before.clone(), after.clone());
        self.store
            .change(actor, move |tx| {
                let (old, new) = (old.clone(), new.clone());
                Box::pin(async move {
                    match (&new, old.is_some()) {
                        (Change::Organisation(row), false) => tx.insert_organisation(row).await?,
                        (Change::Installation(row), false) => tx.insert_installation(row).await?,
                        (Change::Installation(row), true) => {
                            let _ = tx.update_installation(row).await?;
                        }
                        (Change::Charger(row), false) => tx.insert_charger(row).await?,
                        (Change::Charger(row), true) => {
                            let _ = tx.update_charger(row).await?;
                        }
                        (Change::Lock(row), false) => tx.insert_lock(row).await?,
                        (Change::Door(row), false) => tx.insert_door(row).await?,
                        (Change::Person(row), false) => tx.insert_person(row).await?,
                        (Change::Person(row), true) => {
                            let _ = tx.update_person(row).await?;
                        }
                        (Change::Credential(row), false) => tx.insert_credential(row).await?,
                        (Change::Credential(row), true) => {
                            let _ = tx.update_credential(row).await?;
                        }
                        (Change::Grant(row), false) => tx.insert_grant(row).await?,
                        (Change::Grant(row), true) => {
                            let _ = tx.revoke_grant(row.id, row.revoked_at.unwrap()).await?;
                        }
                        (Change::Tag(row), false) => tx.insert_tag(row).await?,
                        (Change::Membership(row), _) => tx.put_membership(row).await?,
                        (Change::Schedule(row), false) => tx.insert_schedule(row).await?,
                        (Change::Schedule(row), true) => {
                            let _ = tx.update_schedule(row).await?;
                        }
                        (Change::Emergency(row), false) => tx.insert_emergency(row).await?,
                        (Change::Emergency(row), true) => {
                            let _ = tx.end_emergency(row.id, row.ended_at.unwrap()).await?;
                        }
                        (other, _) => panic!("{other:?} is not changed here"),
                    }
                    let old = old.filter(|row| !matches!(row, Change::Membership(_)));
                    tx.record(new, old.as_ref().map(image));
                    Ok(())
                })
            })
            .await
            .unwrap();
        match before.and_then(|before| self.rows.iter().position(|row| *row == before)) {
            Some(index) => self.rows[index] = after,
            None => self.rows.push(after),
        }
    }

    /// Changes something, whatever it is.
    async fn change(&mut self, dice: &mut Dice) {
        let before = self.rows[dice.below(self.rows.len())].clone();
        let now = self.now();
        let mut after = before.clone();
        match &mut after {
            Change::Installation(row) => {
                row.authorization_required = match dice.below(4) {
                    0 => AuthorizationRequired::Open,
                    _ => AuthorizationRequired::Required,
                };
                row.time_zone = ["UTC", "Europe/Zurich", "Asia/Kathmandu"][dice.below(3)].into();
            }
            Change::Charger(row) => {
                row.authorization_required = [
                    ChargerAuthorization::Inherit,
                    ChargerAuthorization::Required,
                    ChargerAuthorization::Open,
                ][dice.below(3)];
            }
            Change::Person(row) => match dice.below(7) {
                0 => row.state = PersonState::Suspended,
                1 => row.member_until = Some(now + SignedDuration::from_hours(1)),
                2 => row.stop_group = StopGroup::new(format!("{:016X}", dice.below(3))),
                _ => {
                    row.state = PersonState::Active;
                    row.member_until = None;
                }
            },
            Change::Credential(row) => {
                row.state = match dice.below(8) {
                    0 => CredentialState::Lost,
                    1 => CredentialState::Suspended,
                    _ => CredentialState::Active,
                };
            }
            Change::Grant(row) if row.revoked_at.is_none() => row.revoked_at = Some(now),
            Change::Membership(row) => {
                row.removed_at = match row.removed_at {
                    None => Some(now),
                    Some(_) => {
                        row.created_at = now;
                        None
                    }
                };
            }
            Change::Schedule(row) => {
                let from = u16::try_from(dice.below(1_200)).unwrap();
                row.slots = vec![Slot {
                    days: Days::EVERY,
                    from,
                    until: from + 200,
                }];
            }
            Change::Emergency(row) if row.ended_at.is_none() => row.ended_at = Some(now),
            Change::Grant(_)
            | Change::Emergency(_)
            | Change::Sharing(_)
            | Change::Webhook(_)
            | Change::Organisation(_)
            | Change::Area(_)
            | Change::Lock(_)
            | Change::Station(_)
            | Change::Door(_)
            | Change::ApiKey(_)
            | Change::Tag(_)
            | Change::Calendar(_) => return self.give(dice).await,
        }
        if after != before {
            self.write(Some(before), after).await;
        }
    }

    /// Gives a grant, now and then an alarm.
    async fn give(&mut self, dice: &mut Dice) {
        let now = self.now();
        if dice.below(24) == 0 {
            let alarm = Emergency {
                id: id(),
                organisation: self.organisation,
                node: self.organisation.into(),
                kind: EmergencyKind::ALL[dice.below(2)],
                exempt: None,
                created_by: None,
                created_at: now,
                ended_at: None,
            };
            return self.write(None, Change::Emergency(alarm)).await;
        }
        let people = self.people();
        let tag = self.rows.iter().find_map(|row| match row {
            Change::Tag(row) => Some(row.id),
            _ => None,
        });
        let schedule = self.rows.iter().find_map(|row| match row {
            Change::Schedule(row) => Some(row.id),
            _ => None,
        });
        let subject = match dice.below(2) {
            0 => Subject::Person(people[dice.below(people.len())]),
            _ => Subject::Tag(tag.unwrap()),
        };
        let points = self.points();
        let node = match dice.below(3) {
            0 => self.organisation.into(),
            _ => points[dice.below(points.len())],
        };
        let effect = match dice.below(5) {
            0 => Effect::Deny,
            _ => Effect::Allow,
        };
        let limits = (effect == Effect::Allow && dice.below(2) == 0).then_some(Limits {
            uses: Some(1),
            minutes: None,
            wh: None,
        });
        let grant = Grant {
            id: id(),
            organisation: self.organisation,
            subject,
            role: None,
            actions: Role::User.actions(),
            node,
            effect,
            condition: Condition {
                schedule: schedule.filter(|_| dice.below(4) > 0),
                minimum_strength: (effect == Effect::Allow && dice.below(4) == 0)
                    .then_some(Strength::Medium),
                limits,
                ..Condition::default()
            },
            valid_from: (dice.below(4) == 0).then(|| now + SignedDuration::from_hours(2)),
            valid_until: (dice.below(4) == 0).then(|| now + SignedDuration::from_hours(5)),
            reason: None,
            source: "test".into(),
            created_by: None,
            created_at: now,
            revoked_at: None,
        };
        self.write(None, Change::Grant(grant)).await;
    }

    fn people(&self) -> Vec<PersonId> {
        self.rows
            .iter()
            .filter_map(|row| match row {
                Change::Person(row) => Some(row.id),
                _ => None,
            })
            .collect()
    }

    fn points(&self) -> Vec<NodeId> {
        self.rows
            .iter()
            .filter_map(|row| match row {
                Change::Charger(row) => Some(row.id.into()),
                Change::Door(row) => Some(row.id.into()),
                _ => None,
            })
            .collect()
    }

    /// Somebody asks at a point, with a card or without.
    async fn ask(&self, dice: &mut Dice) -> (About, NodeId, Decision) {
        let points = self.points();
        let node = points[dice.below(points.len())];
        let resource = if self.app.live.directory().door(node.into()).is_some() {
            Resource::Node(node)
        } else {
            Resource::AnyEvse(node.into())
        };
        let people = self.people();
        let about = match dice.below(5) {
            0 => About::Person(people[dice.below(people.len())]),
            1 => About::Token(PresentedToken::new(TokenKind::IdTag, "NOBODYS")),
            _ => About::Token(PresentedToken::new(
                TokenKind::IdTag,
                format!("CARD{}", dice.below(people.len())),
            )),
        };
        let asker = match &about {
            About::Person(person) => Asker::Person {
                person: *person,
                key: None,
            },
            About::Token(token) => Asker::Token(token),
            About::Credential(_) => panic!("not asked here"),
        };
        // A door is opened, which takes of what is limited.
        let intent = match resource {
            Resource::Node(_) => Intent::Open(UseId(Uuid::now_v7())),
            Resource::AnyEvse(_) | Resource::Evse(..) | Resource::Lock(..) => Intent::Ask,
        };
        let request = Request {
            asker,
            action: Action::Use,
            resource,
            intent,
            context: Context::default(),
        };
        let origin = Origin {
            entry: Entry::DoorHttp,
            ..Origin::API
        };
        let decided = self.app.pep.decide_taken(&request, &origin).await.unwrap();
        (about, node, decided.row)
    }
}

/// A site with two chargers, two doors, and people with cards in a tag.
fn site(organisation: OrganisationId) -> Vec<Change> {
    let at = begin();
    let labels = Labels::default();
    let schedule = Schedule {
        id: id(),
        organisation,
        labels: labels.clone(),
        slots: vec![Slot {
            days: Days::EVERY,
            from: 420,
            until: 1_200,
        }],
        calendar: None,
        created_at: at,
        deleted_at: None,
    };
    let installation = Installation {
        id: id(),
        organisation,
        labels: labels.clone(),
        time_zone: "UTC".into(),
        address: None,
        authorization_required: AuthorizationRequired::Required,
        open_schedule: Some(schedule.id),
        authority: Authority::Native,
        concurrent_transactions: None,
        stop_on_revocation: false,
        language: None,
        created_at: at,
        deleted_at: None,
    };
    let unique = Uuid::now_v7().simple().to_string();
    let lock = Lock {
        id: id(),
        organisation,
        installation: installation.id,
        station: StationId::new(&format!("L{unique}")).unwrap(),
        labels: labels.clone(),
        unlock_connector_opens: false,
        created_at: at,
        deleted_at: None,
    };
    let tag = Tag {
        id: id(),
        organisation,
        labels: labels.clone(),
        smart: false,
        created_at: at,
        deleted_at: None,
    };
    let mut rows = vec![
        Change::Organisation(Organisation {
            id: organisation,
            labels: labels.clone(),
            created_at: at,
            deleted_at: None,
        }),
        Change::Schedule(schedule),
        Change::Installation(installation.clone()),
        Change::Lock(lock.clone()),
        Change::Tag(tag.clone()),
    ];
    for number in 1..=2 {
        rows.push(Change::Charger(Charger {
            id: id(),
            organisation,
            installation: installation.id,
            parent: installation.id.into(),
            station: StationId::new(&format!("C{number}{unique}")).unwrap(),
            labels: labels.clone(),
            authorization_required: ChargerAuthorization::Inherit,
            open_schedule: None,
            offline_policy: ChargerOffline::List,
            evses: vec![Evse {
                id: id(),
                number: 1,
                connectors: vec![1],
            }],
            created_at: at,
            deleted_at: None,
        }));
        rows.push(Change::Door(Door {
            id: id(),
            organisation,
            installation: installation.id,
            parent: installation.id.into(),
            lock: lock.id,
            number,
            labels: labels.clone(),
            fail: DoorFail::Secure,
            remote_open: false,
            open_seconds: 5,
            offline_policy: OfflinePolicy::List,
            access: DoorAccess::default(),
            created_at: at,
            deleted_at: None,
        }));
    }
    for number in 0..4 {
        let person: PersonId = id();
        let value = format!("CARD{number}");
        rows.push(Change::Person(Person {
            id: person,
            organisation,
            account: None,
            managed_at: organisation.into(),
            labels: labels.clone(),
            email: None,
            phone: None,
            state: PersonState::Active,
            suspension: None,
            member_until: None,
            stop_group: StopGroup::new(format!("{number:016X}")),
            language: None,
            created_at: at,
            deleted_at: None,
        }));
        rows.push(Change::Credential(Credential {
            id: id(),
            organisation,
            person,
            kind: CredentialKind::Rfid,
            key: normalise(&value),
            value,
            state: CredentialState::Active,
            suspension: None,
            strength: Strength::Medium,
            places: None,
            valid_from: None,
            valid_until: None,
            labels: labels.clone(),
            created_at: at,
            deleted_at: None,
        }));
        if number % 2 == 0 {
            rows.push(Change::Membership(Membership {
                tag: tag.id,
                member: Member::Person(person),
                organisation,
                created_at: at,
                removed_at: None,
            }));
        }
    }
    rows
}

async fn a_recorded_time_is_decided_again_as_it_was(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let mut dice = Dice(11);
    let mut recorded = Vec::new();
    for _ in 0..12 {
        world.give(&mut dice).await;
    }
    for _ in 0..400 {
        *world.clock.0.lock() += SignedDuration::from_mins(7);
        if dice.below(2) == 0 {
            world.change(&mut dice).await;
        }
        recorded.push(world.ask(&mut dice).await);
    }
    let mut reasons = std::collections::BTreeMap::new();
    for (about, node, row) in &recorded {
        let question = Question {
            about: about.clone(),
            node: *node,
            action: row.action,
            at: Some(row.as_of),
            as_of: AsOf::Revision(row.revision),
            language: None,
        };
        let explained = world
            .app
            .explain_unasked(world.organisation, &question)
            .await
            .unwrap();
        let outcome = &explained.explanation.outcome;
        assert_eq!(
            (outcome.reason(), outcome.grant(), outcome.revision()),
            (row.reason, row.grant, row.revision),
            "{about:?} at {node}: {row:?}\n{:#?}",
            explained.explanation
        );
        assert_eq!(outcome.found().person, row.person);
        assert_eq!(explained.notes, [Note::UsageFromRecords]);
        assert!(explained.person_text.is_some());
        *reasons.entry(row.reason).or_insert(0) += 1;
    }
    for reason in [
        Reason::Granted,
        Reason::NoGrant,
        Reason::OutsideSchedule,
        Reason::CredentialUnknown,
        Reason::DeniedByRule,
        Reason::LimitReached,
        Reason::OpenAccess,
    ] {
        assert!(reasons.contains_key(&reason), "{reason:?} of {reasons:?}");
    }
    world.app.stop().await;
    world.store.close().await;
}

mod as_of {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_recorded_time_is_decided_again_as_it_was_on_sqlite() {
        super::a_recorded_time_is_decided_again_as_it_was(TestDatabase::sqlite().unwrap()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_recorded_time_is_decided_again_as_it_was_on_postgres() {
        match TestDatabase::postgres().await {
            Ok(database) => super::a_recorded_time_is_decided_again_as_it_was(database).await,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("not run on PostgreSQL: {error}");
            }
            Err(error) => panic!("PostgreSQL does not work: {error}"),
        }
    }
}
