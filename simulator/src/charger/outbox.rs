//! Transaction messages: sent in order, one after the other, kept while there is no connection.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use rpc::MessageId;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::RetryId;
use super::inner::Inner;
use super::state::LocalId;
use crate::station::{Event, StationError};
use crate::token::TokenInfo;
use crate::transport::CallFailure;
use crate::wire::{self, Phase, TransactionEvent};

/// A transaction message was answered.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub message_id: MessageId,
    pub info: Option<TokenInfo>,
    /// How the central system knows the transaction.
    pub transaction: Option<String>,
}

/// A message as it went over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub id: MessageId,
    pub action: &'static str,
    pub payload: Value,
}

struct Item {
    event: TransactionEvent,
    local: LocalId,
    attempts: u32,
    not_before: Option<Instant>,
    waiter: Option<oneshot::Sender<Result<Delivered, CallFailure>>>,
}

#[derive(Default)]
pub(crate) struct Outbox {
    queue: Mutex<VecDeque<Item>>,
    /// Held by the one who sends.
    sending: tokio::sync::Mutex<()>,
    last: Mutex<Option<Sent>>,
}

impl Outbox {
    pub(crate) fn length(&self) -> usize {
        self.queue.lock().len()
    }

    pub(crate) fn last_sent(&self) -> Option<Sent> {
        self.last.lock().clone()
    }

    /// Whether messages of a transaction of this name wait (2.0.1).
    pub(crate) fn waits_for(&self, name: &str) -> bool {
        self.queue
            .lock()
            .iter()
            .any(|item| item.event.ids.uuid == name)
    }

    /// Fault: the first two that wait change places. False if there are no two.
    pub(crate) fn swap(&self) -> bool {
        let mut queue = self.queue.lock();
        let enough = queue.len() >= 2;
        if enough {
            queue.swap(0, 1);
        }
        enough
    }

    fn push(
        &self,
        local: LocalId,
        event: TransactionEvent,
    ) -> oneshot::Receiver<Result<Delivered, CallFailure>> {
        let (waiter, answer) = oneshot::channel();
        self.queue.lock().push_back(Item {
            event,
            local,
            attempts: 0,
            not_before: None,
            waiter: Some(waiter),
        });
        answer
    }
}

/// What one attempt came to.
enum Step {
    Again,
    Done,
}

impl Inner {
    /// Sends the last transaction message again, as it was before any habit changed it.
    pub(crate) async fn retry(&self, id: RetryId) -> Result<Value, StationError> {
        let sent = self
            .outbox
            .last_sent()
            .ok_or(StationError::NothingToRetry)?;
        let id = match id {
            RetryId::Same => sent.id,
            RetryId::New => self.core.ids.next(),
        };
        self.core.call_with_id(id, sent.action, sent.payload).await
    }

    /// Puts an event in the queue and sends what can be sent. Nothing comes back if it still
    /// waits.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        local: LocalId,
        event: TransactionEvent,
    ) -> Option<Result<Delivered, CallFailure>> {
        let mut answer = self.enqueue(local, event);
        self.flush().await;
        answer.try_recv().ok()
    }

    /// Puts an event in the queue.
    pub(crate) fn enqueue(
        &self,
        local: LocalId,
        event: TransactionEvent,
    ) -> oneshot::Receiver<Result<Delivered, CallFailure>> {
        let what = match event.phase {
            Phase::Started => "start of a transaction",
            Phase::Updated => "meter values",
            Phase::Ended => "end of a transaction",
        };
        let answer = self.outbox.push(local, event);
        if !self.core.is_ready() {
            self.core.emit(Event::Queued {
                what,
                waiting: self.outbox.length(),
            });
        }
        answer
    }

    /// Sends the queue, in order, as far as the connection carries.
    pub(crate) async fn flush(self: &Arc<Self>) {
        let _sending = self.outbox.sending.lock().await;
        while let Step::Again = self.send_first().await {}
        self.core.touch();
    }

    async fn send_first(self: &Arc<Self>) -> Step {
        if !self.core.is_ready() {
            return Step::Done;
        }
        let (local, mut event) = {
            let queue = self.outbox.queue.lock();
            let Some(item) = queue.front() else {
                return Step::Done;
            };
            if item
                .not_before
                .is_some_and(|instant| Instant::now() < instant)
            {
                return Step::Done;
            }
            (item.local, item.event.clone())
        };
        // The number of a 1.6 transaction may have become known since.
        if let Some(transaction) = self.state.lock().transactions.get(&local) {
            event.ids = transaction.ids.clone();
        }
        let message = wire::transaction_event(self.core.version, &event);
        let id = self.core.ids.next();
        *self.outbox.last.lock() = Some(Sent {
            id: id.clone(),
            action: message.action,
            payload: message.payload.clone(),
        });
        let answer = self
            .core
            .call_with_id(id.clone(), message.action, message.payload)
            .await;
        match answer {
            Ok(answer) => {
                let info = wire::read_token_info(self.core.version, &answer);
                let item = self.outbox.queue.lock().pop_front();
                let transaction = self.acknowledged(local, &event, &answer, info.as_ref());
                if let Some(waiter) = item.and_then(|item| item.waiter) {
                    let _ = waiter.send(Ok(Delivered {
                        message_id: id,
                        info,
                        transaction,
                    }));
                }
                Step::Again
            }
            Err(StationError::Call(failure)) => self.failed(message.action, failure),
            Err(_) => Step::Done,
        }
    }

    /// The message stays in the queue, or is given up (OCPP 1.6 §3.7.1, E13.FR.01..04).
    fn failed(self: &Arc<Self>, action: &'static str, failure: CallFailure) -> Step {
        let mut queue = self.outbox.queue.lock();
        let Some(item) = queue.front_mut() else {
            return Step::Done;
        };
        if let Some(waiter) = item.waiter.take() {
            let _ = waiter.send(Err(failure.clone()));
        }
        if let CallFailure::Closed { .. } = failure {
            return Step::Done;
        }
        item.attempts += 1;
        if item.attempts >= self.config.transaction_attempts {
            let dropped = queue.pop_front();
            drop(queue);
            if let Some(item) = dropped.filter(|item| item.event.phase == Phase::Ended) {
                self.state.lock().transactions.remove(&item.local);
            }
            self.core.emit(Event::Dropped {
                what: action,
                error: failure.to_string(),
            });
            return Step::Again;
        }
        let wait = self.config.transaction_retry * item.attempts;
        item.not_before = Some(Instant::now() + wait);
        let weak = Arc::downgrade(self);
        self.core.tasks.spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(charger) = weak.upgrade() {
                charger.flush().await;
            }
        });
        Step::Done
    }
}
