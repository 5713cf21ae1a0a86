//! An inside that does as the test says and remembers what it was told.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use app::station::{
    Admitted, Connection, Deviated, Hello, LiveSettings, Refusal, StationFailure, Stations,
};
use async_trait::async_trait;
use model::neutral::{BootReply, BootStatus, StationReply, StationRequest};
use model::{
    ChargerId, FindingKind, LockId, QuirkName, StationId, StationKey, StationKind, StationSettings,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// How requests of a station are met.
#[derive(Clone)]
pub(crate) enum Conduct {
    /// At once.
    Answer,
    /// Each waits for a permit.
    Hold(Arc<Semaphore>),
    /// By a panic.
    Panic,
    /// Without an answer.
    Fail(StationFailure),
}

/// A registered station.
#[derive(Clone)]
struct Registered {
    pair: Option<Vec<u8>>,
    settings: StationSettings,
    conduct: Conduct,
}

/// The inside.
#[derive(Default)]
pub(crate) struct Fake {
    not_ready: AtomicBool,
    /// Decisions about peers are handed out when it says so.
    pub(crate) admit_gate: Mutex<Option<Arc<Semaphore>>>,
    stations: Mutex<HashMap<StationKey, Registered>>,
    pub(crate) hellos: Mutex<Vec<Hello>>,
    pub(crate) refused: Mutex<Vec<(String, SocketAddr, Refusal)>>,
    pub(crate) connected: Mutex<Vec<Connection>>,
    pub(crate) disconnected: Mutex<Vec<Connection>>,
    /// Generation, message id, request; when the work on it began.
    pub(crate) begun: Mutex<Vec<(u64, String, StationRequest)>>,
    /// When it came to its end.
    pub(crate) done: Mutex<Vec<String>>,
    pub(crate) noticed: Mutex<Vec<(StationKey, FindingKind, String)>>,
    /// Station, deviation, field.
    pub(crate) quirks: Mutex<Vec<(StationKey, QuirkName, String)>>,
}

impl Fake {
    /// Registers a station without a credential.
    pub(crate) fn open(&self, id: &str) {
        self.register(id, None, StationSettings::default());
    }

    /// Registers a station with a password.
    pub(crate) fn protected(&self, id: &str, password: &[u8]) {
        let pair = [id.as_bytes(), b":", password].concat();
        self.register(id, Some(pair), StationSettings::default());
    }

    /// Registers a station that offers no subprotocol.
    pub(crate) fn silent(&self, id: &str) {
        self.register(
            id,
            None,
            StationSettings {
                assume_ocpp16: true,
                ..StationSettings::default()
            },
        );
    }

    /// Registers a station about which its owner decided something.
    pub(crate) fn decided(&self, id: &str, settings: StationSettings) {
        self.register(id, None, settings);
    }

    fn register(&self, id: &str, pair: Option<Vec<u8>>, settings: StationSettings) {
        let registered = Registered {
            pair,
            settings,
            conduct: Conduct::Answer,
        };
        self.stations.lock().insert(key(id), registered);
    }

    /// The station has no credential any more.
    pub(crate) fn forget_password(&self, id: &str) {
        self.stations.lock().get_mut(&key(id)).unwrap().pair = None;
    }

    pub(crate) fn conduct(&self, id: &str, conduct: Conduct) {
        self.stations.lock().get_mut(&key(id)).unwrap().conduct = conduct;
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.not_ready.store(!ready, Ordering::Relaxed);
    }

    /// What was noticed of a station.
    pub(crate) fn findings(&self, id: &str) -> Vec<FindingKind> {
        let all = self.noticed.lock();
        let own = all.iter().filter(|(station, _, _)| *station == key(id));
        own.map(|(_, kind, _)| *kind).collect()
    }

    /// The codes of recorded refusals.
    pub(crate) fn refused_codes(&self) -> Vec<&'static str> {
        self.refused
            .lock()
            .iter()
            .map(|(_, _, refusal)| refusal.code)
            .collect()
    }
}

pub(crate) fn key(id: &str) -> StationKey {
    StationId::new(id).unwrap().key()
}

fn refusal(status: u16, code: &'static str) -> Refusal {
    Refusal {
        status,
        code,
        reason: "the reason".into(),
        fix: "The fix.".into(),
    }
}

#[async_trait]
impl Stations for Fake {
    fn ready(&self) -> bool {
        !self.not_ready.load(Ordering::Relaxed)
    }

    async fn admit(&self, hello: &Hello) -> Result<Admitted, Refusal> {
        self.hellos.lock().push(hello.clone());
        // Identities that name a status are refused with it.
        if let Some(status) = hello.identity.strip_prefix("REFUSED-") {
            return Err(refusal(status.parse().unwrap(), "as_asked"));
        }
        let key = key(&hello.identity);
        let Some(registered) = self.stations.lock().get(&key).cloned() else {
            return Err(refusal(404, "unknown_station"));
        };
        if let Some(pair) = &registered.pair
            && hello.basic.as_ref().map(|basic| &basic.pair) != Some(pair)
        {
            return Err(refusal(401, "wrong_credential"));
        }
        let (kind, doors) = match hello.identity.starts_with("LOCK") {
            true => (StationKind::Lock(LockId(Uuid::nil())), vec![1, 2]),
            false => (StationKind::Charger(ChargerId(Uuid::nil())), Vec::new()),
        };
        let gate = self.admit_gate.lock().clone();
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        Ok(Admitted {
            key,
            id: StationId::new(&hello.identity).unwrap(),
            kind,
            doors,
            authenticated: registered.pair.is_some(),
            settings: LiveSettings::new(registered.settings),
            deviations: hello
                .odd_slashes
                .then(|| (QuirkName::PathSlashes, "path".to_owned()))
                .into_iter()
                .collect(),
        })
    }

    fn refused(&self, identity: &str, address: SocketAddr, refusal: &Refusal) {
        self.refused
            .lock()
            .push((identity.to_owned(), address, refusal.clone()));
    }

    fn connected(&self, connection: &Connection) {
        self.connected.lock().push(connection.clone());
    }

    fn disconnected(&self, connection: &Connection) {
        self.disconnected.lock().push(connection.clone());
    }

    async fn handle(
        &self,
        connection: &Connection,
        message_id: &str,
        request: StationRequest,
    ) -> Result<StationReply, StationFailure> {
        let entry = (
            connection.generation,
            message_id.to_owned(),
            request.clone(),
        );
        self.begun.lock().push(entry);
        let conduct = self
            .stations
            .lock()
            .get(&connection.station.key)
            .unwrap()
            .conduct
            .clone();
        match conduct {
            Conduct::Answer => {}
            Conduct::Hold(permits) => permits.acquire().await.unwrap().forget(),
            Conduct::Panic => panic!("as asked"),
            Conduct::Fail(failure) => return Err(failure),
        }
        self.done.lock().push(message_id.to_owned());
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        Ok(match request {
            StationRequest::Boot(_) => StationReply::Boot(BootReply {
                status: BootStatus::Accepted,
                interval_seconds: 300,
                now,
            }),
            StationRequest::Heartbeat => StationReply::Time(now),
            StationRequest::DataTransfer(_) => StationReply::UnknownVendor,
            StationRequest::Status(_)
            | StationRequest::Authorize(_)
            | StationRequest::Transaction(_)
            | StationRequest::Meter(_)
            | StationRequest::DoorEvent(_)
            | StationRequest::DoorState(_)
            | StationRequest::Report(_) => StationReply::Received,
        })
    }

    fn noticed(&self, station: &StationKey, kind: FindingKind, detail: String) {
        self.noticed.lock().push((station.clone(), kind, detail));
    }

    fn deviated(&self, connection: &Connection, deviated: &Deviated<'_>) {
        let station = &connection.station.key;
        let entries = deviated
            .quirks
            .iter()
            .map(|(name, field)| (station.clone(), *name, field.clone()));
        self.quirks.lock().extend(entries);
    }
}
