//! Which stations are connected.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app::clock::SharedClock;
use app::link::{Disconnect, Presence, StationLink};
use app::station::Admitted;
use async_trait::async_trait;
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{OcppVersion, StationKey, StationSettings};
use ocpp::Adapter;
use parking_lot::{Mutex, RwLock};
use rpc::MessageId;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use crate::line::{Command, Ending, Line};
use crate::options::GatewayOptions;
use crate::session::Bucket;

/// The connections to stations, at most one each.
///
/// The newest authenticated connection wins; one without credentials never takes the place of one
/// that has them. A closing connection removes only itself.
pub struct Registry {
    clock: SharedClock,
    max_waiting_commands: usize,
    command_timeout: Duration,
    last_generation: AtomicU64,
    lines: RwLock<Lines>,
    /// When the buckets of those that left are empty. Locked after `lines`.
    debts: Mutex<HashMap<StationKey, Instant>>,
}

/// How many debts are kept before it is looked which are paid off.
const DEBTS: usize = 1_000;

#[derive(Default)]
struct Lines {
    by_station: HashMap<StationKey, Arc<Line>>,
    /// Nothing is let in any more.
    draining: bool,
    /// Rises whenever a station's right to be connected or its settings changed.
    changes: u64,
}

/// Why a connection that shook hands is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unregistered {
    /// It carries no credentials, and one that does stands.
    AuthenticatedStands,
    /// Somebody's right to be connected, or settings, changed since it was decided about this one.
    Outdated,
    /// The server goes away.
    Draining,
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new(clock: SharedClock, options: &GatewayOptions) -> Arc<Self> {
        Arc::new(Self {
            clock,
            max_waiting_commands: options.max_waiting_commands,
            command_timeout: options.command_timeout,
            last_generation: AtomicU64::new(0),
            lines: RwLock::default(),
            debts: Mutex::default(),
        })
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// To be taken before it is decided about a connection.
    pub(crate) fn changes(&self) -> u64 {
        self.lines.read().changes
    }

    /// Lets a connection in; the one it replaces is told to end.
    ///
    /// Between the decision and this call a credential may have been withdrawn or a setting changed;
    /// its owner was told that it holds, so `changes` must still be what it was.
    pub(crate) fn register(
        &self,
        station: &Admitted,
        version: OcppVersion,
        address: SocketAddr,
        changes: u64,
    ) -> Result<Arc<Line>, Unregistered> {
        let authenticated = station.authenticated;
        let since = self.clock.now();
        let mut lines = self.lines.write();
        if lines.draining {
            return Err(Unregistered::Draining);
        }
        if lines.changes != changes {
            return Err(Unregistered::Outdated);
        }
        let old = lines.by_station.get(&station.key);
        if !authenticated && old.is_some_and(|old| old.authenticated) {
            return Err(Unregistered::AuthenticatedStands);
        }
        let bucket = match old {
            Some(old) => old.bucket.clone(),
            None => Arc::new(Bucket::owing(self.debts.lock().remove(&station.key))),
        };
        // Taken under the lock, so that of two connections the later has the higher one.
        let generation = self.last_generation.fetch_add(1, Ordering::Relaxed) + 1;
        let line = Arc::new(Line::new(
            generation,
            version,
            authenticated,
            since,
            address,
            station.settings.clone(),
            bucket,
        ));
        let old = lines.by_station.insert(station.key.clone(), line.clone());
        drop(lines);
        if let Some(old) = old {
            old.end(Ending::Replaced);
        }
        Ok(line)
    }

    /// Removes a connection, unless a newer one stands in its place; what the identity owes of
    /// its rate is kept, so that its next connection does not begin with a full burst.
    pub(crate) fn remove(&self, station: &StationKey, generation: u64) {
        let mut lines = self.lines.write();
        if let Entry::Occupied(entry) = lines.by_station.entry(station.clone())
            && entry.get().generation == generation
        {
            let line = entry.remove();
            let now = Instant::now();
            if let Some(empty_at) = line.bucket.owed(now) {
                self.keep_debt(station, empty_at, now);
            }
        }
    }

    /// Lets nothing in any more; gives those that stand.
    pub(crate) fn begin_drain(&self) -> Vec<Arc<Line>> {
        let mut lines = self.lines.write();
        lines.draining = true;
        lines.by_station.values().cloned().collect()
    }

    /// Those that are paid off are forgotten when there are many.
    fn keep_debt(&self, station: &StationKey, empty_at: Instant, now: Instant) {
        let mut debts = self.debts.lock();
        if debts.len() >= DEBTS {
            debts.retain(|_, empty_at| *empty_at > now);
        }
        debts.insert(station.clone(), empty_at);
    }

    fn line(&self, station: &StationKey) -> Option<Arc<Line>> {
        self.lines.read().by_station.get(station).cloned()
    }
}

#[async_trait]
impl StationLink for Registry {
    async fn command(
        &self,
        station: &StationKey,
        command: StationCommand,
        deadline: Duration,
    ) -> Result<CommandAnswer, CommandError> {
        let deadline = Instant::now() + deadline.min(self.command_timeout);
        let line = self.line(station).ok_or(CommandError::Offline)?;
        let (answer, answered) = oneshot::channel();
        let command = encode(&line, command, deadline, answer)?;
        line.push(command, self.max_waiting_commands)?;
        match tokio::time::timeout_at(deadline, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(CommandError::Lost),
            Err(_) => Err(CommandError::NoAnswer),
        }
    }

    fn presence(&self, station: &StationKey) -> Option<Presence> {
        self.line(station).map(|line| line.presence())
    }

    fn online(&self) -> usize {
        self.lines.read().by_station.len()
    }

    fn disconnect(&self, station: &StationKey, why: Disconnect) {
        let line = {
            let mut lines = self.lines.write();
            lines.changes += 1;
            lines.by_station.get(station).cloned()
        };
        if let Some(line) = line {
            line.end(match why {
                Disconnect::CredentialChanged => Ending::CredentialChanged,
                Disconnect::Removed => Ending::Removed,
            });
        }
    }

    fn configure(&self, station: &StationKey, settings: &StationSettings) {
        let mut lines = self.lines.write();
        lines.changes += 1;
        if let Some(line) = lines.by_station.get(station) {
            line.configure(settings.clone());
        }
    }
}

/// The frame of a command, in the words of the connection's version.
fn encode(
    line: &Line,
    command: StationCommand,
    deadline: Instant,
    answer: oneshot::Sender<Result<CommandAnswer, CommandError>>,
) -> Result<Box<Command>, CommandError> {
    let (action, payload) = Adapter::for_version(line.version).encode_command(&command)?;
    let unsendable = |problem: String| CommandError::InvalidPayload {
        action: action.clone(),
        problem,
    };
    let id = MessageId::new(&Uuid::new_v4().to_string())
        .map_err(|error| unsendable(error.to_string()))?;
    let frame = rpc::call(&id, &action, &payload).map_err(|error| unsendable(error.to_string()))?;
    Ok(Box::new(Command {
        id,
        command,
        action,
        frame,
        deadline,
        answer,
    }))
}
