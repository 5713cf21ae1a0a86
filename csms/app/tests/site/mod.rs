//! A small site on a database of its own, for tests of the use cases.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::sync::Arc;
use std::time::Duration;

use app::clock::{Clock, SystemRandom};
use app::link::NoStations;
use app::secret::Pepper;
use app::station::{Admitted, Answered, Connection, LiveSettings, Stations};
use app::{App, Live, Parts, Settings};
use jiff::{SignedDuration, Timestamp};
use model::neutral::{
    Boot, Delivery, StationReply, StationRequest, TransactionEvent, TransactionReply,
};
use model::*;
use parking_lot::Mutex;
use store::{Store, StoreOptions};
use uuid::Uuid;

/// A clock that stands until it is moved.
pub struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

pub struct Site {
    pub app: Arc<App>,
    pub clock: Arc<Standing>,
    pub organisation: OrganisationId,
    pub installation: InstallationId,
    pub store: Store,
    folder: tempfile::TempDir,
}

pub fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

impl Site {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("kw.db").display());
        let (app, clock, store) = open(&url, noon()).await;
        let organisation = OrganisationId(Uuid::now_v7());
        let installation = InstallationId(Uuid::now_v7());
        let site = Self {
            app,
            clock,
            organisation,
            installation,
            store,
            folder,
        };
        site.change(Change::Organisation(Organisation {
            id: organisation,
            labels: Labels::default(),
            created_at: noon(),
            deleted_at: None,
        }))
        .await;
        site.change(Change::Installation(Installation {
            id: installation,
            organisation,
            labels: Labels::default(),
            time_zone: "UTC".into(),
            address: None,
            authorization_required: AuthorizationRequired::Required,
            open_schedule: None,
            authority: model::Authority::default(),
            concurrent_transactions: None,
            stop_on_revocation: false,
            language: None,
            created_at: noon(),
            deleted_at: None,
        }))
        .await;
        site
    }

    /// Stops everything and begins again on the same database.
    pub async fn restart(&mut self) {
        self.app.stop().await;
        self.store.close().await;
        let url = format!("sqlite://{}", self.folder.path().join("kw.db").display());
        let (app, clock, store) = open(&url, self.clock.now()).await;
        (self.app, self.clock, self.store) = (app, clock, store);
    }

    pub fn pass(&self, seconds: i64) {
        let mut now = self.clock.0.lock();
        *now += SignedDuration::from_secs(seconds);
    }

    /// The names of the deviations seen of a station, last first.
    pub async fn quirks(&self, connection: &Connection) -> Vec<&'static str> {
        self.store.flush().await;
        let seen = self.store.station_quirks(&connection.station.key).await;
        seen.unwrap()
            .iter()
            .map(|quirk| quirk.name.name())
            .collect()
    }

    pub async fn change(&self, change: Change) {
        let actor = Actor {
            person: None,
            api_key: None,
            request: None,
            at: noon(),
            reason: None,
        };
        self.store
            .change(actor, move |tx| {
                let change = change.clone();
                Box::pin(async move {
                    match &change {
                        Change::Organisation(row) => tx.insert_organisation(row).await?,
                        Change::Installation(row) => tx.insert_installation(row).await?,
                        Change::Area(row) => tx.insert_area(row).await?,
                        Change::Charger(row) => tx.insert_charger(row).await?,
                        Change::Lock(row) => tx.insert_lock(row).await?,
                        Change::Station(row) => tx.insert_station(row).await?,
                        Change::Door(row) => tx.insert_door(row).await?,
                        Change::Person(row) => tx.insert_person(row).await?,
                        Change::Credential(row) => tx.insert_credential(row).await?,
                        Change::Grant(row) => tx.insert_grant(row).await?,
                        Change::ApiKey(row) => tx.insert_api_key(row).await?,
                        Change::Tag(row) => tx.insert_tag(row).await?,
                        Change::Membership(row) => tx.put_membership(row).await?,
                        Change::Schedule(row) => tx.insert_schedule(row).await?,
                        Change::Calendar(row) => tx.insert_calendar(row).await?,
                        Change::Emergency(row) => tx.insert_emergency(row).await?,
                        Change::Sharing(_) => panic!("nothing here invites anybody"),
                        Change::Webhook(row) => tx.put_webhook(row).await?,
                    }
                    tx.record(change, None);
                    Ok(())
                })
            })
            .await
            .unwrap();
    }

    /// A charger with two EVSEs that has booted.
    pub async fn charger(&self, name: &str, version: OcppVersion) -> Connection {
        let id = ChargerId(Uuid::now_v7());
        let station = StationId::new(name).unwrap();
        self.change(Change::Charger(Charger {
            id,
            organisation: self.organisation,
            installation: self.installation,
            parent: self.installation.into(),
            station: station.clone(),
            labels: Labels::default(),
            authorization_required: ChargerAuthorization::Inherit,
            open_schedule: None,
            offline_policy: model::ChargerOffline::default(),
            evses: vec![
                Evse {
                    id: EvseId(Uuid::now_v7()),
                    number: 1,
                    connectors: vec![1],
                },
                Evse {
                    id: EvseId(Uuid::now_v7()),
                    number: 2,
                    connectors: vec![1],
                },
            ],
            created_at: noon(),
            deleted_at: None,
        }))
        .await;
        let row = Station {
            key: station.key(),
            id: station.clone(),
            organisation: self.organisation,
            installation: self.installation,
            kind: StationKind::Charger(id),
            password: None,
            settings: StationSettings::default(),
            device_key_hash: None,
            created_at: noon(),
        };
        self.store
            .write(Duration::from_secs(5), move |tx| {
                let row = row.clone();
                Box::pin(async move { tx.insert_station(&row).await })
            })
            .await
            .unwrap();
        let connection = Connection {
            station: Admitted {
                key: station.key(),
                id: station,
                kind: StationKind::Charger(id),
                doors: Vec::new(),
                authenticated: true,
                settings: LiveSettings::new(StationSettings::default()),
                deviations: Vec::new(),
            },
            version,
            since: self.clock.now(),
            generation: 1,
            answered: Answered::default(),
        };
        let boot = Boot {
            vendor: "Test".into(),
            model: "One".into(),
            serial: None,
            firmware: None,
            reason: None,
        };
        self.app
            .handle(&connection, "boot", StationRequest::Boot(boot))
            .await
            .unwrap();
        connection
    }

    /// A person with a card and the right to use the installation.
    pub async fn driver(&self, card: &str) -> PersonId {
        let person = self
            .person(card, StopGroup::new(format!("{:016X}", card.len())))
            .await;
        self.grant(person).await;
        person
    }

    pub async fn person(&self, card: &str, stop_group: StopGroup) -> PersonId {
        let person = PersonId(Uuid::now_v7());
        self.change(Change::Person(Person {
            id: person,
            organisation: self.organisation,
            account: None,
            managed_at: self.organisation.into(),
            labels: Labels::default(),
            email: None,
            phone: None,
            state: PersonState::Active,
            suspension: None,
            member_until: None,
            stop_group,
            language: None,
            created_at: noon(),
            deleted_at: None,
        }))
        .await;
        self.change(Change::Credential(Credential {
            id: CredentialId(Uuid::now_v7()),
            organisation: self.organisation,
            person,
            kind: CredentialKind::Rfid,
            value: card.into(),
            key: normalise(card),
            state: CredentialState::Active,
            suspension: None,
            strength: model::Strength::Weak,
            places: None,
            valid_from: None,
            valid_until: None,
            labels: Labels::default(),
            created_at: noon(),
            deleted_at: None,
        }))
        .await;
        person
    }

    pub async fn grant(&self, person: PersonId) -> GrantId {
        let id = GrantId(Uuid::now_v7());
        self.change(Change::Grant(Grant {
            id,
            organisation: self.organisation,
            subject: Subject::Person(person),
            role: Some(Role::User),
            actions: Role::User.actions(),
            node: self.installation.into(),
            effect: Effect::Allow,
            condition: model::Condition::default(),
            valid_from: None,
            valid_until: None,
            reason: None,
            source: "test".into(),
            created_by: None,
            created_at: noon(),
            revoked_at: None,
        }))
        .await;
        id
    }

    pub async fn send(&self, connection: &Connection, event: TransactionEvent) -> TransactionReply {
        let request = StationRequest::Transaction(Box::new(event));
        match self.app.handle(connection, "m", request).await.unwrap() {
            StationReply::Transaction(reply) => *reply,
            other => panic!("{other:?}"),
        }
    }

    /// Every transaction of a station, by its start.
    pub async fn transactions(&self, connection: &Connection) -> Vec<Transaction> {
        let filter = store::TransactionFilter {
            station: Some(connection.station.key.clone()),
            ..store::TransactionFilter::default()
        };
        let page = store::Page {
            limit: 100,
            after: None,
        };
        let mut all = self
            .store
            .list_transactions(self.organisation, &filter, &page)
            .await
            .unwrap()
            .items;
        all.sort_by_key(|transaction| transaction.id);
        all
    }
}

async fn open(url: &str, now: Timestamp) -> (Arc<App>, Arc<Standing>, Store) {
    let live = Live::new((1, 2));
    let options = StoreOptions {
        on_commit: live.hook(),
        ..StoreOptions::default()
    };
    let store = Store::open(url, options).await.unwrap();
    let clock = Arc::new(Standing(Mutex::new(now)));
    let app = App::start(Parts {
        store: store.clone(),
        live,
        link: Arc::new(NoStations),
        outside: Arc::new(app::authority::Nowhere),
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        settings: Settings::new(Pepper::new([9; 32])),
    })
    .await
    .unwrap();
    (app, clock, store)
}

pub fn at(text: &str) -> EventTime {
    EventTime {
        text: text.into(),
        time: text.parse().ok(),
    }
}

pub fn event(
    phase: Phase,
    reference: TransactionRef,
    time: &str,
    card: Option<&str>,
) -> TransactionEvent {
    TransactionEvent {
        phase,
        reference,
        seq_no: None,
        trigger: None,
        at: at(time),
        delivery: Delivery::Live,
        evse: Some(1),
        connector: Some(1),
        token: card.map(|card| PresentedToken::new(TokenKind::IdTag, card)),
        meter_wh: Some(1000),
        remote_start_id: None,
        reservation_id: None,
        stop_reason: None,
        charging_state: None,
        samples: Vec::new(),
    }
}

pub fn start(time: &str, card: &str) -> TransactionEvent {
    event(Phase::Started, TransactionRef::New, time, Some(card))
}

pub fn stop(number: i64, time: &str, meter: i64, card: Option<&str>) -> TransactionEvent {
    TransactionEvent {
        meter_wh: Some(meter),
        evse: None,
        connector: None,
        ..event(Phase::Ended, TransactionRef::Number(number), time, card)
    }
}

pub fn event201(
    phase: Phase,
    name: &str,
    seq_no: i64,
    time: &str,
    card: Option<&str>,
) -> TransactionEvent {
    TransactionEvent {
        seq_no: Some(seq_no),
        token: card.map(|card| PresentedToken::new(TokenKind::Iso14443, card)),
        ..event(phase, TransactionRef::Text(name.into()), time, card)
    }
}
