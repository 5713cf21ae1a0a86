//! The life of a transaction.

use std::sync::Arc;

use rpc::{MessageId, Version};
use serde_json::Value;

use super::inner::Inner;
use super::outbox::Delivered;
use super::outcome::{StartOutcome, StopOutcome};
use super::state::{Energy, LocalId, Transaction};
use crate::station::{Event, Setting, SettingName, StationError};
use crate::token::{Token, TokenInfo};
use crate::transport::CallFailure;
use crate::wire::{
    self, ChargingState, Phase, StopReason, TransactionEvent, TransactionIds, Trigger, v16,
};

impl Inner {
    pub(crate) async fn plug(
        self: &Arc<Self>,
        connector: u32,
    ) -> Result<Option<StartOutcome>, StationError> {
        self.exists(connector)?;
        let (intent, usable) = {
            let mut state = self.state.lock();
            let usable = state.free_connector(Some(connector)).is_some();
            match state.connectors.get_mut(&connector) {
                Some(known) => {
                    known.plugged = true;
                    (known.intent.take(), usable)
                }
                None => return Err(StationError::NoSuchPoint(connector)),
            }
        };
        if let Some(intent) = intent {
            let trigger = if intent.remote {
                Trigger::RemoteStart
            } else {
                Trigger::CablePluggedIn
            };
            let (token, group, id) = (intent.token, intent.group, intent.remote_start_id);
            let start = self.begin(connector, token, group, trigger, id).await?;
            if let Some(profile) = intent.profile {
                self.install_with_transaction(profile);
            }
            return Ok(Some(start));
        }
        if usable && let Some(token) = self.free_token().or_else(|| self.quirky_token()) {
            return self
                .begin(connector, token, None, Trigger::CablePluggedIn, None)
                .await
                .map(Some);
        }
        self.set_display(connector, "present a card");
        self.refresh(connector).await;
        Ok(None)
    }

    /// The token of a transaction that needs no card, where authorization is off.
    fn free_token(&self) -> Option<Token> {
        let settings = self.core.settings.lock();
        match self.core.version {
            Version::V16 => {
                let on = settings.text(&SettingName::key("FreeCharging")) == Some("true");
                let tag = settings.text(&SettingName::key("FreeChargingIdTag"))?;
                on.then(|| Token::card(tag))
            }
            Version::V201 => {
                let name = Setting::Authorization.name(Version::V201)?;
                (settings.text(&name) == Some("false")).then(Token::none)
            }
        }
    }

    pub(crate) async fn unplug(
        self: &Arc<Self>,
        connector: u32,
    ) -> Result<Option<StopOutcome>, StationError> {
        self.exists(connector)?;
        let running = self.state.lock().running(connector).is_some();
        let stop = if running {
            Some(
                self.stop(connector, StopReason::EvDisconnected, None)
                    .await?,
            )
        } else {
            None
        };
        if let Some(known) = self.state.lock().connectors.get_mut(&connector) {
            known.plugged = false;
            known.finishing = false;
            known.display.clear();
        }
        self.refresh(connector).await;
        Ok(stop)
    }

    pub(crate) async fn start_unasked(
        self: &Arc<Self>,
        connector: u32,
        token: &Token,
    ) -> Result<StartOutcome, StationError> {
        self.exists(connector)?;
        if self.state.lock().running(connector).is_some() {
            return Err(StationError::Occupied(connector));
        }
        if let Some(known) = self.state.lock().connectors.get_mut(&connector) {
            known.plugged = true;
        }
        self.begin(connector, token.clone(), None, Trigger::Authorized, None)
            .await
    }

    /// Begins a transaction and tells of it.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        connector: u32,
        token: Token,
        group: Option<String>,
        trigger: Trigger,
        remote_start_id: Option<i64>,
    ) -> Result<StartOutcome, StationError> {
        let reservation = self.use_reservation(connector, &token, group.as_deref());
        let began = self.core.clock.now();
        let local = self.state.lock().begin(Transaction {
            connector,
            token: token.clone(),
            group,
            ids: TransactionIds {
                number: -1,
                uuid: uuid::Uuid::new_v4().to_string(),
            },
            next_seq_no: 0,
            remote_start_id,
            reservation,
            began,
            energy: Energy::Flows,
            ended: false,
            answered: false,
        });
        let event = self.event(local, Phase::Started, trigger, Some(token), None);
        let event = event.ok_or(StationError::NoTransaction(connector))?;
        let answered = self.submit(local, event).await;
        self.after_start().await;
        self.refresh(connector).await;
        // It may be over already, and no longer among the transactions.
        let name = self
            .state
            .lock()
            .transactions
            .get(&local)
            .and_then(|transaction| transaction.name(self.core.version));
        let delivered = delivered(answered)?;
        Ok(StartOutcome {
            transaction: delivered
                .as_ref()
                .and_then(|d| d.transaction.clone())
                .or(name),
            info: delivered
                .as_ref()
                .and_then(|delivered| delivered.info.clone()),
            message_id: delivered.map(|delivered| delivered.message_id),
        })
    }

    /// Ends a transaction and tells of it.
    pub(crate) async fn stop(
        self: &Arc<Self>,
        connector: u32,
        reason: StopReason,
        token: Option<Token>,
    ) -> Result<StopOutcome, StationError> {
        let (local, event) = self
            .end(connector, reason, token)
            .ok_or(StationError::NoTransaction(connector))?;
        let known = self.state.lock().transactions.get(&local).cloned();
        self.before_stop(connector).await;
        let answered = self.submit(local, event).await;
        self.after_stop(connector, known.as_ref()).await;
        self.refresh(connector).await;
        self.after_transaction(connector).await;
        let delivered = delivered(answered)?;
        Ok(StopOutcome {
            transaction: delivered
                .as_ref()
                .and_then(|delivered| delivered.transaction.clone())
                .or_else(|| known.and_then(|transaction| transaction.name(self.core.version))),
            info: delivered
                .as_ref()
                .and_then(|delivered| delivered.info.clone()),
            message_id: delivered.map(|delivered| delivered.message_id),
        })
    }

    /// Ends every running transaction; what cannot be told now waits in the queue.
    pub(crate) async fn end_all(self: &Arc<Self>, reason: StopReason) {
        let running = self.state.lock().all_running();
        for (connector, _) in running {
            if let Some((local, event)) = self.end(connector, reason, None) {
                drop(self.enqueue(local, event));
            }
        }
        self.flush().await;
    }

    /// Marks a transaction as ended.
    fn end(
        &self,
        connector: u32,
        reason: StopReason,
        token: Option<Token>,
    ) -> Option<(LocalId, TransactionEvent)> {
        let local = {
            let mut state = self.state.lock();
            let (local, energy) = state
                .running(connector)
                .map(|(local, running)| (local, running.energy))?;
            if let Some(transaction) = state.transactions.get_mut(&local) {
                transaction.ended = true;
            }
            let known = state.connectors.get_mut(&connector)?;
            if energy == Energy::Flows {
                known.meter_wh += self.config.sample_wh;
            }
            known.transaction = None;
            known.finishing = true;
            known.display = "finished".to_owned();
            state.profiles.transaction_ended(connector);
            local
        };
        let event = self.event(local, Phase::Ended, reason.trigger(), token, Some(reason))?;
        let transaction = self.name_of(local);
        self.core.emit(Event::Stopped {
            connector,
            transaction,
            reason: reason.v16(),
        });
        Some((local, event))
    }

    pub(crate) async fn meter_values(
        self: &Arc<Self>,
        connector: u32,
    ) -> Result<Option<MessageId>, StationError> {
        self.sample(connector, Trigger::MeterValuePeriodic).await
    }

    /// A meter sample of the running transaction, or of the connector alone.
    pub(crate) async fn sample(
        self: &Arc<Self>,
        connector: u32,
        trigger: Trigger,
    ) -> Result<Option<MessageId>, StationError> {
        self.exists(connector)?;
        let (local, meter_wh) = {
            let mut state = self.state.lock();
            let local = state
                .running(connector)
                .map(|(local, running)| (local, running.energy));
            let known = state.connectors.get_mut(&connector);
            let known = known.ok_or(StationError::NoSuchPoint(connector))?;
            if let Some((_, Energy::Flows)) = local {
                known.meter_wh += self.config.sample_wh;
            }
            (local.map(|(local, _)| local), known.meter_wh)
        };
        let event = local.and_then(|local| {
            Some((
                local,
                self.event(local, Phase::Updated, trigger, None, None)?,
            ))
        });
        match event {
            Some((local, event)) => {
                let delivered = delivered(self.submit(local, event).await)?;
                self.after_sample().await;
                Ok(delivered.map(|delivered| delivered.message_id))
            }
            None => {
                let now = self.core.clock.now();
                let values = wire::clock_meter_values(self.core.version, connector, meter_wh, now);
                Ok(Some(self.core.call(values).await?.0))
            }
        }
    }

    /// The next event of a transaction.
    fn event(
        &self,
        local: LocalId,
        phase: Phase,
        trigger: Trigger,
        token: Option<Token>,
        reason: Option<StopReason>,
    ) -> Option<TransactionEvent> {
        let offline = !self.core.is_ready();
        let at = self.core.clock.now();
        let mut state = self.state.lock();
        let transaction = state.transactions.get_mut(&local)?;
        let seq_no = transaction.next_seq_no;
        transaction.next_seq_no += 1;
        let transaction = transaction.clone();
        let known = state.connectors.get(&transaction.connector)?;
        Some(TransactionEvent {
            phase,
            trigger,
            connector: transaction.connector,
            ids: transaction.ids,
            seq_no,
            at,
            offline,
            token,
            meter_wh: known.meter_wh,
            reason,
            remote_start_id: transaction
                .remote_start_id
                .filter(|_| phase == Phase::Started),
            reservation: transaction.reservation.filter(|_| phase == Phase::Started),
            charging_state: match (phase, transaction.energy, known.plugged) {
                (Phase::Ended, _, true) => ChargingState::EvConnected,
                (Phase::Ended, _, false) => ChargingState::Idle,
                (Phase::Started | Phase::Updated, Energy::Flows, _) => ChargingState::Charging,
                (Phase::Started | Phase::Updated, Energy::Cut, _) => ChargingState::SuspendedEvse,
            },
        })
    }

    pub(crate) fn name_of(&self, local: LocalId) -> Option<String> {
        self.state
            .lock()
            .transactions
            .get(&local)?
            .name(self.core.version)
    }

    /// The central system has answered an event. Called by the one who empties the queue, so what
    /// follows is only put into it.
    pub(crate) fn acknowledged(
        self: &Arc<Self>,
        local: LocalId,
        event: &TransactionEvent,
        answer: &Value,
        info: Option<&TokenInfo>,
    ) -> Option<String> {
        if let (Some(token), Some(info)) = (&event.token, info) {
            self.learn(token, info);
        }
        let name = {
            let mut state = self.state.lock();
            let transaction = state.transactions.get_mut(&local)?;
            if event.phase == Phase::Started {
                transaction.answered = true;
                transaction.ids.number = v16::transaction_number(answer).unwrap_or(-1);
                if let Some(group) = info.and_then(|info| info.group.clone()) {
                    transaction.group = Some(group);
                }
            }
            let name = transaction.name(self.core.version);
            if event.phase == Phase::Ended {
                state.transactions.remove(&local);
            }
            name
        };
        if event.phase == Phase::Started {
            self.core.emit(Event::Started {
                connector: event.connector,
                transaction: name.clone(),
                status: info.map(|info| info.status.clone()),
            });
        }
        if let Some(info) = info
            && event.phase != Phase::Ended
            && !info.is_accepted()
        {
            self.deauthorize(local, event.connector, info);
        }
        name
    }

    /// A refused start ends the transaction, or cuts its energy (1.6 §4.8, C15, E05).
    fn deauthorize(self: &Arc<Self>, local: LocalId, connector: u32, info: &TokenInfo) {
        let status = info.status.clone();
        self.core.emit(Event::StartRefused {
            connector,
            status: status.clone(),
        });
        self.block_card(local);
        let still_running = {
            let mut state = self.state.lock();
            let running = state.running(connector).is_some_and(|(id, _)| id == local);
            if running && let Some(transaction) = state.transactions.get_mut(&local) {
                transaction.energy = Energy::Cut;
            }
            running
        };
        if !still_running {
            // It was over before its start was answered.
            return;
        }
        if self.is_on(Setting::StopOnInvalid) {
            if let Some((local, event)) = self.end(connector, StopReason::DeAuthorized, None) {
                drop(self.enqueue(local, event));
            }
        } else if let Some(event) =
            self.event(local, Phase::Updated, Trigger::Deauthorized, None, None)
        {
            drop(self.enqueue(local, event));
        }
        // The light waits for the status of the connector, which must not be sent from here.
        let charger = Arc::clone(self);
        self.core.tasks.spawn(async move {
            charger
                .show_refusal(connector, format!("refused: {status}"))
                .await;
            charger.after_transaction(connector).await;
        });
    }
}

/// The answer to an event, if it has come; a CALLERROR is a failure, a lost connection is not.
fn delivered(
    answered: Option<Result<Delivered, CallFailure>>,
) -> Result<Option<Delivered>, StationError> {
    match answered {
        Some(Ok(delivered)) => Ok(Some(delivered)),
        None | Some(Err(CallFailure::Closed { .. })) => Ok(None),
        Some(Err(failure)) => Err(StationError::Call(failure)),
    }
}
