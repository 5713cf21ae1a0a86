//! What chargers and locks share: connection, registration, settings, memory, clock, events.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rpc::{MessageId, Version};
use serde_json::Value;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::event::Event;
use super::faults::Faults;
use super::inbox::{Inbox, Received};
use super::memory::{ListUpdate, TokenMemory};
use super::settings::Settings;
use super::{BackOff, Reconnect};
use crate::clock::StationClock;
use crate::functions::{Function, Functions};
use crate::messages::{self, Malformed};
use crate::transport::{CallFailure, ConnectError, Connection, Endpoint, MessageIds, Tap};
use crate::vendor::{self, Habit, Habits};
use crate::wire::{self, BootOutcome, Identity, ListEntry, Message};

/// Events a slow reader may fall behind before it loses the oldest.
const EVENT_BACKLOG: usize = 4096;

/// Why the station could not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// There is no connection.
    #[error("there is no connection")]
    NotConnected,
    /// The connection could not be made.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The central system did not answer with a result.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// The station has no such connector or door.
    #[error("there is no connector or door {0}")]
    NoSuchPoint(u32),
    /// No transaction runs there.
    #[error("no transaction runs on connector {0}")]
    NoTransaction(u32),
    /// A transaction runs there already.
    #[error("a transaction runs on connector {0} already")]
    Occupied(u32),
    /// No message was sent that could be sent again.
    #[error("nothing was sent yet that could be sent again")]
    NothingToRetry,
    /// The answer lacks what the version demands.
    #[error("the answer to `{action}` has no `{field}`")]
    BadAnswer {
        /// The action of the CALL.
        action: &'static str,
        /// What is missing.
        field: &'static str,
    },
    /// A message of the station's own has not the form of its version; it was not sent.
    #[error("`{action}` cannot be sent: {error}")]
    NotSent {
        /// The action.
        action: String,
        /// What is wrong.
        error: Malformed,
    },
    /// Only the central system sends this.
    #[error("`{0}` is sent by the central system only")]
    NotOurs(String),
    /// No certificate request could be made.
    #[error("no certificate request can be made: {error}")]
    NoCertificateRequest {
        /// What the library said.
        error: String,
    },
}

/// How the central system sees the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Not asked yet.
    Unknown,
    /// Accepted.
    Accepted,
    /// Pending or Rejected: nothing but BootNotification may be sent.
    NotAccepted,
}

/// What a station is made of, apart from its settings.
pub(crate) struct Parts {
    pub identity: Identity,
    pub endpoint: Endpoint,
    pub ids: MessageIds,
    pub clock: StationClock,
    pub settings: Settings,
    pub memory: TokenMemory,
    pub reconnect: Reconnect,
    pub tap: Option<Arc<dyn Tap>>,
    pub pace: Duration,
    pub without: Vec<Function>,
    pub habits: Habits,
}

pub(crate) struct Core {
    /// A firmware update changes it.
    pub identity: Mutex<Identity>,
    pub version: Version,
    pub ids: MessageIds,
    pub clock: StationClock,
    pub settings: Mutex<Settings>,
    pub memory: Mutex<TokenMemory>,
    pub reconnect: Reconnect,
    pub tap: Option<Arc<dyn Tap>>,
    /// Between two steps of a firmware update or an upload.
    pub pace: Duration,
    /// What the station lacks.
    pub without: Vec<Function>,
    /// How it deviates from the standard.
    pub habits: Habits,
    /// How its answers go wrong.
    pub faults: Faults,
    /// What the central system has sent.
    pub inbox: Inbox,
    pub functions: Functions,
    pub endpoint: Mutex<Endpoint>,
    /// Work that outlives a method.
    pub tasks: TaskTracker,
    /// Cancelled when the station is switched off.
    pub off: CancellationToken,
    state: Mutex<Online>,
    events: broadcast::Sender<Event>,
    changes: watch::Sender<u64>,
}

struct Online {
    connection: Option<Connection>,
    registration: Registration,
    /// Whether the station tries to be connected.
    wanted: Wanted,
}

/// Whether the station tries to be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Online,
    Offline,
}

impl Core {
    pub(crate) fn new(parts: Parts) -> Core {
        Core {
            identity: Mutex::new(parts.identity),
            version: parts.endpoint.version,
            ids: parts.ids,
            clock: parts.clock,
            settings: Mutex::new(parts.settings),
            memory: Mutex::new(parts.memory),
            reconnect: parts.reconnect,
            tap: parts.tap,
            pace: parts.pace,
            without: parts.without,
            habits: parts.habits,
            faults: Faults::default(),
            inbox: Inbox::default(),
            functions: Functions::default(),
            endpoint: Mutex::new(parts.endpoint),
            tasks: TaskTracker::new(),
            off: CancellationToken::new(),
            state: Mutex::new(Online {
                connection: None,
                registration: Registration::Unknown,
                wanted: Wanted::Offline,
            }),
            events: broadcast::channel(EVENT_BACKLOG).0,
            changes: watch::channel(0).0,
        }
    }

    /// Tells what happened.
    pub(crate) fn emit(&self, event: Event) {
        tracing::debug!(station.id = %self.station_id(), "{event}");
        let _ = self.events.send(event);
        self.touch();
    }

    /// Something changed that somebody may wait for.
    pub(crate) fn touch(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Forgets the connection without closing it.
    pub(crate) fn take_connection(&self) -> Option<Connection> {
        self.state.lock().connection.take()
    }

    /// Waits for a CALL of the central system and takes it out of the inbox.
    pub(crate) async fn await_call(
        &self,
        action: &str,
        wanted: &Value,
        limit: Duration,
    ) -> Result<Received, tokio::time::error::Elapsed> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            if let Some(found) = self.inbox.take(action, wanted) {
                return Ok(found);
            }
            let rest = deadline.saturating_duration_since(tokio::time::Instant::now());
            self.wait_until(rest, || self.inbox.has(action, wanted))
                .await?;
        }
    }

    /// Counts changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Waits until the condition holds, looking again after every change.
    pub(crate) async fn wait_until(
        &self,
        limit: Duration,
        condition: impl Fn() -> bool,
    ) -> Result<(), tokio::time::error::Elapsed> {
        let mut changes = self.changes.subscribe();
        tokio::time::timeout(limit, async {
            while !condition() {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        })
        .await
    }

    pub(crate) fn station_id(&self) -> String {
        self.endpoint.lock().id.clone()
    }

    pub(crate) fn connection(&self) -> Option<Connection> {
        self.state
            .lock()
            .connection
            .clone()
            .filter(Connection::is_open)
    }

    pub(crate) fn set_connection(&self, connection: Connection) {
        self.state.lock().connection = Some(connection);
    }

    /// Forgets the connection if it has ended; true for the one who noticed first.
    pub(crate) fn take_ended(&self) -> bool {
        let mut state = self.state.lock();
        state
            .connection
            .take_if(|connection| !connection.is_open())
            .is_some()
    }

    pub(crate) fn registration(&self) -> Registration {
        self.state.lock().registration
    }

    pub(crate) fn set_registration(&self, registration: Registration) {
        self.state.lock().registration = registration;
    }

    pub(crate) fn wanted(&self) -> Wanted {
        self.state.lock().wanted
    }

    pub(crate) fn want(&self, wanted: Wanted) {
        self.state.lock().wanted = wanted;
    }

    /// Connected and accepted: messages may go out.
    pub(crate) fn is_ready(&self) -> bool {
        self.connection().is_some() && self.registration() == Registration::Accepted
    }

    /// Sends a CALL and looks at the form of the answer.
    pub(crate) async fn call(&self, message: Message) -> Result<(MessageId, Value), StationError> {
        let id = self.ids.next();
        let answer = self
            .call_with_id(id.clone(), message.action, message.payload)
            .await?;
        Ok((id, answer))
    }

    pub(crate) async fn call_with_id(
        &self,
        id: MessageId,
        action: &str,
        payload: Value,
    ) -> Result<Value, StationError> {
        // What the station makes by itself is well-formed; deviations come afterwards.
        messages::check_request(self.version, action, &payload).map_err(|error| {
            StationError::NotSent {
                action: action.to_owned(),
                error,
            }
        })?;
        let connection = self.connection().ok_or(StationError::NotConnected)?;
        let payload = self.habits.request(self, action, payload);
        let answer = connection.call_with_id(id, action, payload).await?;
        for stray in self.habits.strays_after(action) {
            connection.send_text(stray).await?;
        }
        if action == "Heartbeat" {
            self.clock.heard();
        }
        if let Err(error) = wire::check::answer(self.version, action, &answer) {
            tracing::warn!(station.id = %self.station_id(), ocpp.action = action, %error, "malformed answer");
            self.emit(Event::BadMessage {
                action: action.to_owned(),
                error,
            });
        }
        Ok(answer)
    }

    /// Sends a message of the caller's making, if it is one that stations send and has the form
    /// of its version.
    pub(crate) async fn send(
        &self,
        action: &str,
        payload: Value,
    ) -> Result<(MessageId, Value), StationError> {
        if messages::find(self.version, action).is_some_and(|kind| !kind.from_station()) {
            return Err(StationError::NotOurs(action.to_owned()));
        }
        let id = self.ids.next();
        let answer = self.call_with_id(id.clone(), action, payload).await?;
        Ok((id, answer))
    }

    /// Sends a CALL whose answer says nothing; failures are only logged.
    pub(crate) async fn tell(&self, message: Message) {
        let action = message.action;
        if let Err(error) = self.call(message).await {
            tracing::debug!(station.id = %self.station_id(), ocpp.action = action, %error, "not told");
        }
    }

    /// Sends BootNotification and notes the answer.
    pub(crate) async fn boot(&self, reason: wire::BootReason) -> Result<BootOutcome, StationError> {
        let boot = wire::boot(self.version, &self.identity.lock(), reason);
        let (_, answer) = self.call(boot).await?;
        let mut outcome = wire::read_boot(&answer);
        if self.habits.has(Habit::ReadsZOnly)
            && !wire::text(&answer, "currentTime").is_some_and(vendor::is_plain_time)
        {
            "the time cannot be read".clone_into(&mut outcome.status);
        }
        self.set_registration(if outcome.is_accepted() {
            Registration::Accepted
        } else {
            Registration::NotAccepted
        });
        self.emit(Event::Booted {
            status: outcome.status.clone(),
        });
        Ok(outcome)
    }

    pub(crate) fn clear_cache(&self) {
        self.memory.lock().clear_cache();
        self.emit(Event::CacheCleared);
    }

    pub(crate) fn update_list(
        &self,
        (version, full, entries): (i64, bool, Vec<ListEntry>),
    ) -> ListUpdate {
        let (update, event) = {
            let mut memory = self.memory.lock();
            let update = if full {
                memory.replace(version, entries)
            } else {
                memory.update(version, entries)
            };
            let entries = memory.list_length();
            (
                update,
                Event::LocalList {
                    version: memory.list_version(),
                    entries,
                },
            )
        };
        if update == ListUpdate::Accepted {
            self.emit(event);
        }
        update
    }
}

impl BackOff {
    /// The wait before an attempt, doubled up to `repeat_times` (OCPP 2.0.1 part 4 §5.3).
    pub(crate) fn wait(&self, attempt: u32) -> Duration {
        let doubled = self
            .minimum
            .saturating_mul(1 << attempt.min(self.repeat_times).min(16));
        let range = u64::try_from(self.random_range.as_millis()).unwrap_or(u64::MAX);
        // Without randomness all stations of a site would come back at the same instant.
        let random = getrandom::u64().unwrap_or_default();
        doubled + Duration::from_millis(random.checked_rem(range.saturating_add(1)).unwrap_or(0))
    }
}
