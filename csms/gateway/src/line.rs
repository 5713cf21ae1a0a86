//! What the rest of the program holds of a connection: where to put commands for it, and how to
//! end it. The socket itself belongs to its one task.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Waker;

use app::link::Presence;
use app::station::LiveSettings;
use futures_util::task::AtomicWaker;
use jiff::Timestamp;
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{OcppVersion, StationSettings};
use parking_lot::Mutex;
use rpc::MessageId;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::session::Bucket;

/// Why a connection is ended from outside its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A newer connection of the same station took its place.
    Replaced,
    /// Its credential was changed or withdrawn.
    CredentialChanged,
    /// The station was removed.
    Removed,
    /// The server goes away: what was received is answered first.
    Drained,
}

/// A CALL of ours on its way to the station.
pub(crate) struct Command {
    /// Unique.
    pub(crate) id: MessageId,
    /// For reading the answer.
    pub(crate) command: StationCommand,
    /// For the log.
    pub(crate) action: String,
    /// The whole frame.
    pub(crate) frame: String,
    /// After it nobody waits any more.
    pub(crate) deadline: Instant,
    /// Where the answer goes; dropped without one when the connection is lost.
    pub(crate) answer: oneshot::Sender<Result<CommandAnswer, CommandError>>,
}

/// One connection, seen from outside.
pub(crate) struct Line {
    /// Rises with each connection.
    pub(crate) generation: u64,
    /// The version spoken.
    pub(crate) version: OcppVersion,
    /// It proved who it is.
    pub(crate) authenticated: bool,
    /// What the owner decides about the station; the same as in its
    /// [`app::station::Connection`].
    pub(crate) settings: LiveSettings,
    /// What the identity took lately.
    pub(crate) bucket: Arc<Bucket>,
    since: Timestamp,
    address: SocketAddr,
    /// Microseconds since 1970.
    last_seen: AtomicI64,
    mailbox: Mutex<Mailbox>,
    /// Of the task that owns the socket. A waker and a deque are a tenth of what a channel holds
    /// for each connection.
    task: AtomicWaker,
}

#[derive(Default)]
struct Mailbox {
    commands: VecDeque<Box<Command>>,
    ending: Option<Ending>,
    closed: bool,
}

impl Line {
    pub(crate) fn new(
        generation: u64,
        version: OcppVersion,
        authenticated: bool,
        since: Timestamp,
        address: SocketAddr,
        settings: LiveSettings,
        bucket: Arc<Bucket>,
    ) -> Self {
        Self {
            generation,
            version,
            authenticated,
            settings,
            bucket,
            since,
            address,
            last_seen: AtomicI64::new(since.as_microsecond()),
            mailbox: Mutex::default(),
            task: AtomicWaker::new(),
        }
    }

    /// Queues a command behind those that wait already.
    ///
    /// # Errors
    /// `Busy` when `limit` wait, `Offline` when the connection has ended.
    pub(crate) fn push(&self, command: Box<Command>, limit: usize) -> Result<(), CommandError> {
        {
            let mut mailbox = self.mailbox.lock();
            if mailbox.closed {
                return Err(CommandError::Offline);
            }
            if mailbox.commands.len() >= limit {
                // Those nobody waits for any more take no place.
                mailbox
                    .commands
                    .retain(|command| !command.answer.is_closed());
            }
            if mailbox.commands.len() >= limit {
                return Err(CommandError::Busy);
            }
            mailbox.commands.push_back(command);
        }
        self.task.wake();
        Ok(())
    }

    /// Asks the task to end the connection. The first reason stays.
    pub(crate) fn end(&self, ending: Ending) {
        {
            let mut mailbox = self.mailbox.lock();
            // A replaced or removed station does not wait for a drain that has begun.
            if mailbox
                .ending
                .is_none_or(|earlier| earlier == Ending::Drained)
            {
                mailbox.ending = Some(ending);
            }
        }
        self.task.wake();
    }

    /// The owner decided otherwise about the station; the task looks.
    pub(crate) fn configure(&self, settings: StationSettings) {
        self.settings.set(settings);
        self.task.wake();
    }

    /// The connection as others see it.
    pub(crate) fn presence(&self) -> Presence {
        let last_seen = self.last_seen.load(Ordering::Relaxed);
        Presence {
            version: self.version,
            since: self.since,
            address: self.address,
            last_seen: Timestamp::from_microsecond(last_seen).unwrap_or(self.since),
        }
    }

    /// A frame came.
    pub(crate) fn seen(&self, now: Timestamp) {
        self.last_seen
            .store(now.as_microsecond(), Ordering::Relaxed);
    }

    /// Has the task woken when something comes in; to be called before looking.
    pub(crate) fn watch(&self, waker: &Waker) {
        self.task.register(waker);
    }

    /// Why the connection is to end, if it is.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.mailbox.lock().ending
    }

    /// The next command somebody still waits for.
    pub(crate) fn next_command(&self) -> Option<Box<Command>> {
        let mut mailbox = self.mailbox.lock();
        while let Some(command) = mailbox.commands.pop_front() {
            if !command.answer.is_closed() {
                return Some(command);
            }
        }
        // An idle connection holds no buffer.
        mailbox.commands = VecDeque::new();
        None
    }

    /// Takes no more commands; those that wait learn that the connection is lost.
    pub(crate) fn close(&self) {
        let waiting = {
            let mut mailbox = self.mailbox.lock();
            mailbox.closed = true;
            std::mem::take(&mut mailbox.commands)
        };
        drop(waiting);
    }
}
