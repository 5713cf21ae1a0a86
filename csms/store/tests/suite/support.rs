//! Databases, rows and waiting.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use model::{
    Account, Action, Actor, ApiKey, Area, AuthorizationRequired, Charger, ChargerAuthorization,
    Credential, CredentialKind, CredentialState, Decision, Door, DoorFail, Effect, Entry, Evse,
    Grant, Installation, Labels, Lock, OfflinePolicy, Organisation, OrganisationId, Person,
    PersonState, Reason, Revision, Role, Station, StationId, StationKind, StationSettings,
    StopGroup, Subject, Transaction,
};
use serde_json::json;
use store::testing::TestDatabase;
use store::{AuditKey, AuditReader, AuditReport, Store, StoreError, StoreOptions};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Long enough for a job on a busy machine.
pub(crate) const HOLD: Duration = Duration::from_secs(25);

/// Declares a test for each database.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn claim($database: store::testing::TestDatabase) $body

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                claim(store::testing::TestDatabase::sqlite().unwrap()).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(database) = crate::support::postgres().await {
                    claim(database).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;

/// A database on PostgreSQL; `None`, with the reason printed, where there is no PostgreSQL.
pub(crate) async fn postgres() -> Option<TestDatabase> {
    match TestDatabase::postgres().await {
        Ok(database) => Some(database),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("not run on PostgreSQL: {error}");
            None
        }
        Err(error) => panic!("PostgreSQL does not work: {error}"),
    }
}

pub(crate) async fn open(database: &TestDatabase) -> Store {
    Store::open(&database.url, signed()).await.unwrap()
}

/// Options with a key for the chains of the logs.
pub(crate) fn signed() -> StoreOptions {
    StoreOptions {
        audit_key: Some(audit_key()),
        ..StoreOptions::default()
    }
}

pub(crate) fn audit_key() -> AuditKey {
    AuditKey::new([7; 32])
}

/// What a look at the chains finds.
pub(crate) async fn verify(database: &TestDatabase) -> AuditReport {
    let reader = AuditReader::open(&database.url).unwrap();
    let report = reader.verify(&audit_key(), None).await.unwrap();
    reader.close().await;
    report
}

/// The chains are whole.
pub(crate) async fn is_whole(database: &TestDatabase) -> AuditReport {
    let report = verify(database).await;
    assert!(report.is_whole(), "{:#?}", report.findings);
    report
}

/// Runs a job with the primitives of a transaction.
macro_rules! put {
    ($store:expr, |$tx:ident| $body:expr) => {
        $store
            .write(crate::support::HOLD, move |$tx| {
                Box::pin(async move { $body.await })
            })
            .await
    };
    ($store:expr, $row:ident, |$tx:ident| $body:expr) => {{
        let $row = $row.clone();
        $store
            .write(crate::support::HOLD, move |$tx| {
                let $row = $row.clone();
                Box::pin(async move { $body.await })
            })
            .await
    }};
}
pub(crate) use put;

pub(crate) async fn count(database: &TestDatabase, what: &str) -> i64 {
    let rows = database
        .run(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM {what}"))
        .await
        .unwrap();
    rows[0][0].parse().unwrap()
}

/// A job that keeps the writer until it is let go; what is queued meanwhile is one batch.
pub(crate) struct Blocked {
    gate: Arc<Semaphore>,
    job: tokio::task::JoinHandle<Result<(), StoreError>>,
}

pub(crate) async fn block(store: &Store) -> Blocked {
    let gate = Arc::new(Semaphore::new(0));
    let entered = Arc::new(Semaphore::new(0));
    let job = tokio::spawn({
        let (store, gate, entered) = (store.clone(), gate.clone(), entered.clone());
        async move {
            store
                .write(HOLD, move |_tx| {
                    let (gate, entered) = (gate.clone(), entered.clone());
                    Box::pin(async move {
                        entered.add_permits(1);
                        drop(gate.acquire().await.unwrap());
                        Ok(())
                    })
                })
                .await
        }
    });
    drop(entered.acquire().await.unwrap());
    Blocked { gate, job }
}

impl Blocked {
    pub(crate) async fn let_go(self) {
        self.gate.add_permits(1);
        self.job.await.unwrap().unwrap();
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{what}: not within 20 s"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_000_000 + second * 1_000_000 + 123_456).unwrap()
}

pub(crate) fn id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

pub(crate) fn actor() -> Actor {
    Actor {
        person: Some(id()),
        api_key: Some(id()),
        request: Some(id()),
        at: at(0),
        reason: None,
    }
}

pub(crate) fn labels(name: &str) -> Labels {
    let metadata = [
        ("floor".to_owned(), json!(3)),
        ("note".to_owned(), json!("é")),
        ("exact".to_owned(), json!(0.1)),
    ];
    let metadata = metadata.into_iter().collect();
    Labels {
        name: name.to_owned(),
        external_id: Some(format!("ext-{name}")),
        metadata,
    }
}

pub(crate) fn organisation() -> Organisation {
    Organisation {
        id: id(),
        labels: labels("org"),
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn account() -> Account {
    let id: model::AccountId = id();
    let email = format!("{id}@example.org");
    Account {
        id,
        email,
        password_hash: Some("$argon2id$x".to_owned()),
        created_at: at(0),
    }
}

pub(crate) fn person(organisation: OrganisationId) -> Person {
    Person {
        id: id(),
        organisation,
        account: None,
        managed_at: organisation.into(),
        labels: labels("person"),
        email: Some("a@b.c".to_owned()),
        phone: None,
        state: PersonState::Active,
        suspension: None,
        member_until: Some(at(99)),
        stop_group: StopGroup::new("0123456789ABCDEF"),
        language: None,
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn credential(person: &Person, kind: CredentialKind, value: &str) -> Credential {
    Credential {
        id: id(),
        organisation: person.organisation,
        person: person.id,
        kind,
        value: value.to_owned(),
        key: model::normalise(value),
        state: CredentialState::Active,
        suspension: None,
        strength: model::Strength::Weak,
        places: None,
        valid_from: Some(at(0)),
        valid_until: None,
        labels: labels("card"),
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn grant(person: &Person) -> Grant {
    Grant {
        id: id(),
        organisation: person.organisation,
        subject: Subject::Person(person.id),
        role: Some(Role::User),
        actions: Role::User.actions(),
        node: person.organisation.into(),
        effect: Effect::Allow,
        condition: model::Condition::default(),
        valid_from: Some(at(1)),
        valid_until: Some(at(1_000)),
        reason: Some("because".to_owned()),
        source: "api".to_owned(),
        created_by: Some(person.id),
        created_at: at(0),
        revoked_at: None,
    }
}

pub(crate) fn api_key(person: &Person) -> ApiKey {
    let id: model::ApiKeyId = id();
    ApiKey {
        id,
        organisation: person.organisation,
        person: person.id,
        name: "script".to_owned(),
        prefix: format!("kw_{id}"),
        hash: vec![0, 1, 255],
        scopes: Role::Owner.actions(),
        node: person.organisation.into(),
        expires_at: None,
        created_at: at(0),
        revoked_at: None,
    }
}

pub(crate) fn installation(organisation: OrganisationId) -> Installation {
    Installation {
        id: id(),
        organisation,
        labels: labels("site"),
        time_zone: "Europe/Zurich".to_owned(),
        address: None,
        authorization_required: AuthorizationRequired::Required,
        open_schedule: None,
        authority: model::Authority::default(),
        concurrent_transactions: Some(1),
        stop_on_revocation: true,
        language: None,
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn area(installation: &Installation) -> Area {
    Area {
        id: id(),
        organisation: installation.organisation,
        installation: installation.id,
        parent: installation.id.into(),
        kind: "floor".to_owned(),
        anti_passback: model::AntiPassback::default(),
        labels: labels("area"),
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn evse(number: u32) -> Evse {
    Evse {
        id: id(),
        number,
        connectors: vec![1, 2],
    }
}

pub(crate) fn charger(installation: &Installation, station: &str) -> Charger {
    Charger {
        id: id(),
        organisation: installation.organisation,
        installation: installation.id,
        parent: installation.id.into(),
        station: StationId::new(station).unwrap(),
        labels: labels("charger"),
        authorization_required: ChargerAuthorization::Inherit,
        open_schedule: None,
        offline_policy: model::ChargerOffline::default(),
        evses: vec![evse(1), evse(2)],
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn lock(installation: &Installation, station: &str) -> Lock {
    Lock {
        id: id(),
        organisation: installation.organisation,
        installation: installation.id,
        station: StationId::new(station).unwrap(),
        labels: labels("lock"),
        unlock_connector_opens: false,
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn door(lock: &Lock, number: u32) -> Door {
    Door {
        id: id(),
        organisation: lock.organisation,
        installation: lock.installation,
        parent: lock.installation.into(),
        lock: lock.id,
        number,
        labels: labels("door"),
        fail: DoorFail::Secure,
        remote_open: true,
        open_seconds: 5,
        offline_policy: OfflinePolicy::List,
        access: model::DoorAccess::default(),
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn station_of(charger: &Charger) -> Station {
    Station {
        key: charger.station.key(),
        id: charger.station.clone(),
        organisation: charger.organisation,
        installation: charger.installation,
        kind: StationKind::Charger(charger.id),
        password: None,
        settings: StationSettings::default(),
        device_key_hash: None,
        created_at: at(0),
    }
}

pub(crate) fn decision(organisation: Option<OrganisationId>, number: i64) -> Decision {
    Decision {
        id: id(),
        organisation,
        at: at(number),
        as_of: at(number - 1),
        revision: Revision(number),
        entry: Entry::Authorize16,
        station: Some(StationId::new("CP1").unwrap().key()),
        message_id: Some(format!("m{number}")),
        action: Action::Use,
        node: Some(id()),
        evse: Some(1),
        person: Some(id()),
        credential: Some(id()),
        api_key: None,
        token: Some("04…D4".to_owned()),
        reason: Reason::Granted,
        grant: Some(id()),
        duration_ns: number,
    }
}

pub(crate) fn transaction(
    organisation: OrganisationId,
    station: &str,
    number: Option<i64>,
) -> Transaction {
    let id: model::TransactionId = id();
    Transaction {
        id,
        organisation,
        charger: Some(self::id()),
        station: StationId::new(station).unwrap().key(),
        number,
        station_transaction_id: number.map_or_else(|| id.to_string(), |number| number.to_string()),
        evse: Some(self::id()),
        evse_number: Some(1),
        connector: Some(1),
        person: Some(self::id()),
        credential: Some(self::id()),
        id_token: Some("04…D4".to_owned()),
        token_key: Some("04A1B2D4".to_owned()),
        stop_group: Some(StopGroup::new("0123456789ABCDEF")),
        started_at: at(10),
        ended_at: None,
        received_at: at(11),
        meter_start_wh: Some(-5),
        meter_stop_wh: None,
        energy_wh: None,
        stop_reason: None,
        authenticated: true,
        refused: false,
        late: false,
        orphan: false,
        remote_start_id: Some(7),
        decision: Some(self::id()),
        authorization_required: Some(AuthorizationRequired::Open),
    }
}

/// An organisation with a person, an installation and a charger, in the database.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) organisation: Organisation,
    pub(crate) person: Person,
    pub(crate) installation: Installation,
    pub(crate) charger: Charger,
    pub(crate) lock: Lock,
}

pub(crate) async fn world(store: &Store) -> World {
    let organisation = organisation();
    let installation = installation(organisation.id);
    let unique = Uuid::new_v4().simple().to_string();
    let world = World {
        person: person(organisation.id),
        charger: charger(&installation, &format!("CP-{unique}")),
        lock: lock(&installation, &format!("L-{unique}")),
        installation,
        organisation,
    };
    let rows = world.clone();
    store
        .write(HOLD, move |tx| {
            let rows = rows.clone();
            Box::pin(async move {
                tx.insert_organisation(&rows.organisation).await?;
                tx.insert_person(&rows.person).await?;
                tx.insert_installation(&rows.installation).await?;
                tx.insert_charger(&rows.charger).await?;
                tx.insert_lock(&rows.lock).await
            })
        })
        .await
        .unwrap();
    world
}
