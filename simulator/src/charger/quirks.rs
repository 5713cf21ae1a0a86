//! What some makers' chargers do besides, or otherwise, where it is more than other JSON.

use std::sync::Arc;

use rpc::Version;
use serde_json::json;

use super::RetryId;
use super::inner::Inner;
use super::state::{LocalId, Transaction};
use crate::token::{Token, TokenInfo};
use crate::vendor::Habit;
use crate::wire::{self, ConnectorStatus, Message, v16, v201};

/// How often a start is repeated (quirk Q24).
const REPEATED_STARTS: usize = 3;

impl Inner {
    fn does(&self, habit: Habit) -> bool {
        self.core.habits.has(habit)
    }

    /// After booting.
    pub(crate) async fn greet(self: &Arc<Self>) {
        if self.does(Habit::ObjectInData) {
            let message = Message {
                action: "DataTransfer",
                payload: json!({
                    "vendorId": self.core.identity.lock().vendor,
                    "messageId": "Hello",
                    "data": "{\"power\":11,\"phases\":3}",
                }),
            };
            self.core.tell(message).await;
        }
        if self.does(Habit::EvseZero) && self.core.version == Version::V201 {
            let now = self.core.clock.now();
            for (evse, connector) in [(0, 0), (1, 0), (0, 1)] {
                let mut payload = v201::status(evse, "Available", now);
                if let Some(fields) = payload.as_object_mut() {
                    fields.insert("connectorId".to_owned(), connector.into());
                }
                self.core
                    .tell(Message {
                        action: "StatusNotification",
                        payload,
                    })
                    .await;
            }
        }
    }

    /// What is said about a token without asking anybody.
    pub(crate) fn quirky_decision(&self, token: &Token) -> Option<TokenInfo> {
        if self.does(Habit::BlocksCard) && self.core.memory.lock().is_blocked(token) {
            return Some(TokenInfo::with_status("Blocked"));
        }
        self.does(Habit::NoAuthorize)
            .then(|| TokenInfo::with_status("Accepted"))
    }

    /// The token of a transaction that begins without a card.
    pub(crate) fn quirky_token(&self) -> Option<Token> {
        self.does(Habit::FreeTag)
            .then(|| Token::card("#FreeCharging"))
    }

    /// A start was refused.
    pub(crate) fn block_card(&self, local: LocalId) {
        if !self.does(Habit::BlocksCard) {
            return;
        }
        let token = self
            .state
            .lock()
            .transactions
            .get(&local)
            .map(|transaction| transaction.token.clone());
        if let Some(token) = token {
            self.core.memory.lock().block(&token);
        }
    }

    /// After the start of a transaction was sent.
    pub(crate) async fn after_start(self: &Arc<Self>) {
        if !self.does(Habit::RepeatsStart) || !self.core.is_ready() {
            return;
        }
        for _ in 0..REPEATED_STARTS {
            if let Err(error) = self.retry(RetryId::Same).await {
                tracing::debug!(%error, "the repeated start was not answered");
            }
        }
    }

    /// Before the end of a transaction is sent.
    pub(crate) async fn before_stop(self: &Arc<Self>, connector: u32) {
        if self.does(Habit::AvailableBeforeStop) && self.core.is_ready() {
            let free = ConnectorStatus::Available;
            let now = self.core.clock.now();
            self.core
                .tell(wire::status(self.core.version, connector, free, now))
                .await;
        }
    }

    /// After the end of a transaction was sent.
    pub(crate) async fn after_stop(
        self: &Arc<Self>,
        connector: u32,
        transaction: Option<&Transaction>,
    ) {
        let Some(transaction) = transaction else {
            return;
        };
        if self.does(Habit::ValuesAfterStop) && self.core.version == Version::V16 {
            let meter = self.meter(connector);
            let now = self.core.clock.now();
            let number = Some(transaction.ids.number);
            let payload = v16::meter_values(connector, number, meter, now, "Transaction.End");
            self.core
                .tell(Message {
                    action: "MeterValues",
                    payload,
                })
                .await;
        }
    }

    /// After a meter sample of a transaction was sent.
    pub(crate) async fn after_sample(self: &Arc<Self>) {
        if self.does(Habit::SumOnZero) && self.core.is_ready() {
            let sum = self.numbers().map(|connector| self.meter(connector)).sum();
            let now = self.core.clock.now();
            let values = wire::clock_meter_values(self.core.version, 0, sum, now);
            self.core.tell(values).await;
        }
    }

    fn meter(&self, connector: u32) -> i64 {
        self.state
            .lock()
            .connectors
            .get(&connector)
            .map(|known| known.meter_wh)
            .unwrap_or_default()
    }
}
