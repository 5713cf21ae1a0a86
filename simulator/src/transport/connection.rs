//! The handle of a connection: CALLs out, answers back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rpc::{ErrorCode, MessageId, Version};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use super::handler::NothingImplemented;
use super::io_task::{Command, IoTask};
use super::{
    Answer, CloseInfo, ConnectError, Endpoint, Exchange, Incoming, IncomingCalls, Manner,
    MessageIds, Reply, Tap, open,
};

/// Commands, CALLs and stray texts waiting for their reader. Full command queues make the
/// sender wait; stray texts beyond it are dropped.
const QUEUE: usize = 64;

/// Why a CALL got no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// A CALLERROR came back.
    #[error("`{code}`: {description}")]
    Error {
        /// As received.
        code: String,
        /// As received.
        description: String,
    },
    /// Nothing came back.
    #[error("no answer in time")]
    Timeout,
    /// The connection is closed, or closed while waiting.
    #[error("connection is closed{}", code.map(|code| format!(" with {code}")).unwrap_or_default())]
    Closed {
        /// The code of the server's close frame, if it sent one.
        code: Option<u16>,
    },
    /// The payload could not be written.
    #[error("message cannot be written: {0}")]
    NotSent(String),
}

impl CallFailure {
    /// The code of a CALLERROR, in either spelling.
    #[must_use]
    pub fn error_code(&self) -> Option<ErrorCode> {
        match self {
            CallFailure::Error { code, .. } => ErrorCode::parse(code),
            CallFailure::Timeout | CallFailure::Closed { .. } | CallFailure::NotSent(_) => None,
        }
    }
}

/// What a connection may be given.
#[derive(Clone, Default)]
pub struct Options {
    /// Answers the CALLs of the central system; without it all are NotImplemented.
    pub handler: Option<Arc<dyn IncomingCalls>>,
    /// Source of message ids; random by default.
    pub ids: Option<MessageIds>,
    /// Sees all texts.
    pub tap: Option<Arc<dyn Tap>>,
    /// Work that follows answers is spawned here.
    pub tasks: TaskTracker,
    /// Drops the connection when the central system has not pinged for so long (quirk Q9).
    pub ping_patience: Option<Duration>,
}

/// An open connection. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    version: Version,
    station: String,
    subprotocol: Option<String>,
    commands: mpsc::Sender<Command>,
    pending: Arc<Pending>,
    /// One CALL at a time (OCPP-J 1.6 §4.1.1).
    turn: tokio::sync::Mutex<()>,
    ids: MessageIds,
    unsolicited: tokio::sync::Mutex<mpsc::Receiver<String>>,
    closed: watch::Receiver<Option<CloseInfo>>,
    call_timeout: Duration,
    tap: Option<Arc<dyn Tap>>,
}

/// A CALL on its way.
pub struct PendingCall {
    /// Its id.
    pub id: MessageId,
    action: String,
    payload: Value,
    answer: oneshot::Receiver<Result<Value, CallFailure>>,
    shared: Arc<Shared>,
}

impl Connection {
    /// Connects; every CALL of the central system is answered with NotImplemented.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(endpoint: &Endpoint) -> Result<Connection, ConnectError> {
        Connection::connect_with(endpoint, Options::default()).await
    }

    /// Connects.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect_with(
        endpoint: &Endpoint,
        options: Options,
    ) -> Result<Connection, ConnectError> {
        let opened = open(endpoint).await?;
        let (commands, command_queue) = mpsc::channel(QUEUE);
        let (calls, call_queue) = mpsc::channel(QUEUE);
        let (stray, unsolicited) = mpsc::channel(QUEUE);
        let (closing, closed) = watch::channel(None);
        let pending = Arc::new(Pending::default());
        let io = IoTask {
            socket: opened.socket,
            version: endpoint.version,
            station: endpoint.id.clone(),
            commands: command_queue,
            pending: Arc::clone(&pending),
            calls,
            unsolicited: stray,
            closed: closing,
            tap: options.tap.clone(),
            ping_patience: options.ping_patience,
        };
        tokio::spawn(io.run());
        let handler = options
            .handler
            .unwrap_or_else(|| Arc::new(NothingImplemented));
        let answers = commands.downgrade();
        tokio::spawn(serve(
            handler,
            call_queue,
            answers,
            endpoint.version,
            options.tasks,
        ));
        Ok(Connection {
            shared: Arc::new(Shared {
                version: endpoint.version,
                station: endpoint.id.clone(),
                subprotocol: opened.subprotocol,
                commands,
                pending,
                turn: tokio::sync::Mutex::new(()),
                ids: options.ids.unwrap_or(MessageIds::Random),
                unsolicited: tokio::sync::Mutex::new(unsolicited),
                closed,
                call_timeout: endpoint.call_timeout,
                tap: options.tap,
            }),
        })
    }

    /// What the server chose of the offered sub-protocols.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.shared.subprotocol.as_deref()
    }

    /// The version spoken.
    #[must_use]
    pub fn version(&self) -> Version {
        self.shared.version
    }

    /// The id the next CALL would take; it is used up by asking.
    #[must_use]
    pub fn next_message_id(&self) -> MessageId {
        self.shared.ids.next()
    }

    /// Sends a CALL as soon as no other is on its way, and waits for the answer.
    ///
    /// # Errors
    /// See [`CallFailure`].
    pub async fn call(&self, action: &str, payload: Value) -> Result<Value, CallFailure> {
        self.call_with_id(self.next_message_id(), action, payload)
            .await
    }

    /// The same with an id of the caller's choice.
    ///
    /// # Errors
    /// See [`CallFailure`].
    pub async fn call_with_id(
        &self,
        id: MessageId,
        action: &str,
        payload: Value,
    ) -> Result<Value, CallFailure> {
        let _turn = self.shared.turn.lock().await;
        self.start_call(id, action, payload).await?.answer().await
    }

    /// Sends a CALL without waiting for others, which a well-behaved station does not do.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn start_call(
        &self,
        id: MessageId,
        action: &str,
        payload: Value,
    ) -> Result<PendingCall, CallFailure> {
        let text = rpc::call(&id, action, &payload)
            .map_err(|error| CallFailure::NotSent(error.to_string()))?;
        let answer = self.shared.pending.expect(id.clone());
        if let Err(failure) = self.send_text(text).await {
            self.shared.pending.forget(&id);
            return Err(failure);
        }
        let shared = Arc::clone(&self.shared);
        Ok(PendingCall {
            id,
            action: action.to_owned(),
            payload,
            answer,
            shared,
        })
    }

    /// Sends any text as one message.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn send_text(&self, text: impl Into<String>) -> Result<(), CallFailure> {
        self.command(Command::Text(text.into())).await
    }

    /// Sends a binary message, which OCPP does not use.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn send_binary(&self, bytes: impl Into<Vec<u8>>) -> Result<(), CallFailure> {
        self.command(Command::Binary(bytes.into())).await
    }

    /// The next text that answers no CALL of this handle, as received: an answer to a raw text,
    /// or no frame at all. Nothing once the connection is closed and all are read.
    pub async fn next_unsolicited(&self) -> Option<String> {
        self.shared.unsolicited.lock().await.recv().await
    }

    /// Closes with 1000 and waits for the end.
    pub async fn close(&self) -> CloseInfo {
        self.close_with(1000, "").await
    }

    /// Closes with a code and waits for the end.
    pub async fn close_with(&self, code: u16, reason: &str) -> CloseInfo {
        let _ = self
            .command(Command::Close {
                code,
                reason: reason.to_owned(),
            })
            .await;
        self.closed().await
    }

    /// Drops the TCP connection without a close frame.
    pub async fn drop_hard(&self) {
        let _ = self.command(Command::Drop).await;
        self.closed().await;
    }

    /// From now on neither reads nor writes, but keeps the TCP connection open: what a station
    /// looks like whose network has gone. Ends with [`Connection::drop_hard`].
    pub async fn freeze(&self) {
        let _ = self.command(Command::Freeze).await;
    }

    /// How the connection ended, if it has.
    #[must_use]
    pub fn close_info(&self) -> Option<CloseInfo> {
        self.shared.closed.borrow().clone()
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.closed.borrow().is_none()
    }

    /// Waits until the connection has ended.
    pub async fn closed(&self) -> CloseInfo {
        watch_closed(self.shared.closed.clone()).await
    }

    /// The same without keeping the connection open meanwhile.
    pub fn watch_closed(&self) -> impl Future<Output = CloseInfo> + Send + 'static + use<> {
        watch_closed(self.shared.closed.clone())
    }

    async fn command(&self, command: Command) -> Result<(), CallFailure> {
        let sent = self.shared.commands.send(command).await;
        sent.map_err(|_| CallFailure::Closed {
            code: self.close_info().and_then(|info| info.code),
        })
    }
}

async fn watch_closed(mut closed: watch::Receiver<Option<CloseInfo>>) -> CloseInfo {
    match closed.wait_for(Option::is_some).await {
        Ok(info) => info.clone(),
        Err(_) => None,
    }
    .unwrap_or_else(|| CloseInfo {
        code: None,
        reason: "runtime ended".to_owned(),
    })
}

impl PendingCall {
    /// Waits for the answer.
    ///
    /// # Errors
    /// See [`CallFailure`].
    pub async fn answer(self) -> Result<Value, CallFailure> {
        let answer = match tokio::time::timeout(self.shared.call_timeout, self.answer).await {
            Ok(Ok(answer)) => answer?,
            Ok(Err(_)) => return Err(CallFailure::Closed { code: None }),
            Err(_) => {
                self.shared.pending.forget(&self.id);
                return Err(CallFailure::Timeout);
            }
        };
        if let Some(tap) = &self.shared.tap {
            tap.acknowledged(&Exchange {
                station: self.shared.station.clone(),
                message_id: self.id.as_str().to_owned(),
                action: self.action,
                payload: self.payload,
                answer: answer.clone(),
            });
        }
        Ok(answer)
    }
}

/// Who waits for which answer.
#[derive(Default)]
pub(crate) struct Pending {
    state: Mutex<PendingState>,
}

#[derive(Default)]
struct PendingState {
    waiting: HashMap<MessageId, oneshot::Sender<Result<Value, CallFailure>>>,
    /// Set when the connection has ended, with the server's close code.
    ended: Option<Option<u16>>,
}

impl Pending {
    fn expect(&self, id: MessageId) -> oneshot::Receiver<Result<Value, CallFailure>> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        match state.ended {
            Some(code) => drop(sender.send(Err(CallFailure::Closed { code }))),
            None => drop(state.waiting.insert(id, sender)),
        }
        receiver
    }

    fn forget(&self, id: &MessageId) {
        self.state.lock().waiting.remove(id);
    }

    fn settle(&self, id: &MessageId, outcome: Result<Value, CallFailure>) -> bool {
        let waiting = self.state.lock().waiting.remove(id);
        waiting.is_some_and(|sender| sender.send(outcome).is_ok())
    }

    pub(crate) fn answered(&self, id: &MessageId, payload: &RawValue) -> bool {
        let payload = serde_json::from_str(payload.get()).unwrap_or_default();
        self.settle(id, Ok(payload))
    }

    pub(crate) fn refused(&self, id: &MessageId, code: String, description: String) -> bool {
        self.settle(id, Err(CallFailure::Error { code, description }))
    }

    pub(crate) fn fail_all(&self, code: Option<u16>) {
        let mut state = self.state.lock();
        state.ended = Some(code);
        for (_, sender) in state.waiting.drain() {
            let _ = sender.send(Err(CallFailure::Closed { code }));
        }
    }
}

/// Answers the CALLs of one connection until it ends.
async fn serve(
    handler: Arc<dyn IncomingCalls>,
    mut calls: mpsc::Receiver<Incoming>,
    answers: mpsc::WeakSender<Command>,
    version: Version,
    tasks: TaskTracker,
) {
    while let Some(call) = calls.recv().await {
        let id = call.id.clone();
        let Answer {
            reply,
            manner,
            then,
        } = handler.answer(call).await;
        let Some(commands) = answers.upgrade() else {
            return;
        };
        for command in outgoing(version, &id, &reply, &manner) {
            if let Manner::After(wait) = manner {
                let commands = answers.clone();
                tasks.spawn(async move {
                    tokio::time::sleep(wait).await;
                    if let Some(commands) = commands.upgrade() {
                        let _ = commands.send(command).await;
                    }
                });
            } else if commands.send(command).await.is_err() {
                return;
            }
        }
        if let Some(work) = then {
            tasks.spawn(work);
        }
    }
}

/// What goes over the wire for a reply.
fn outgoing(version: Version, id: &MessageId, reply: &Reply, manner: &Manner) -> Vec<Command> {
    let written = |version: Version, id: &MessageId| {
        Command::Text(match reply {
            Reply::Result(payload) => rpc::call_result(id, payload).unwrap_or_else(|error| {
                rpc::call_error(version, id, ErrorCode::InternalError, &error.to_string())
            }),
            Reply::Error { code, description } => rpc::call_error(version, id, *code, description),
        })
    };
    match manner {
        Manner::Usual | Manner::After(_) => vec![written(version, id)],
        Manner::Spelled(other) => vec![written(*other, id)],
        Manner::Never => Vec::new(),
        Manner::WrongId => vec![written(version, &MessageIds::Random.next())],
        Manner::Twice => vec![written(version, id), written(version, id)],
        Manner::Error => {
            let code = ErrorCode::InternalError;
            vec![Command::Text(rpc::call_error(version, id, code, ""))]
        }
        Manner::Text(text) => vec![Command::Text(text.clone())],
        Manner::Drop => vec![Command::Drop],
    }
}
