//! Resets, availability, faults.

use std::sync::Arc;

use rpc::Version;
use serde_json::Value;

use super::inner::Inner;
use super::state::Service;
use crate::station::{self, Event, StationError};
use crate::transport::Answer;
use crate::wire::{BootReason, StopReason, text, v16, v201};

impl Inner {
    /// Reset.
    pub(crate) fn reset(self: &Arc<Self>, payload: &Value) -> Answer {
        let kind = text(payload, "type").unwrap_or_default();
        let busy = !self.state.lock().all_running().is_empty();
        match (self.core.version, kind) {
            // The EVSEs of this charger cannot be reset alone.
            (Version::V201, _) if payload.get("evseId").is_some() => Answer::status("Rejected"),
            // B12.FR.01: the reset waits for the end of the transactions.
            (Version::V201, "OnIdle") if busy => {
                self.state.lock().reset_when_idle = true;
                Answer::status("Scheduled")
            }
            (Version::V201, "OnIdle") | (Version::V16, "Soft") => {
                self.reset_now(StopReason::SoftReset)
            }
            (_, _) => self.reset_now(StopReason::HardReset),
        }
    }

    fn reset_now(self: &Arc<Self>, reason: StopReason) -> Answer {
        let charger = Arc::clone(self);
        Answer::status("Accepted").then(async move {
            charger.end_all(reason).await;
            charger.restart_after_reset().await;
        })
    }

    async fn restart_after_reset(self: &Arc<Self>) {
        if let Err(error) = station::restart(self, BootReason::RemoteReset).await {
            tracing::warn!(%error, "not back after the reset");
        }
    }

    /// What waited for the end of a transaction.
    pub(crate) async fn after_transaction(self: &Arc<Self>, connector: u32) {
        let service = {
            let mut state = self.state.lock();
            let running = state.running(connector).is_some();
            state
                .connectors
                .get_mut(&connector)
                .filter(|_| !running)
                .and_then(|known| known.next_service.take())
        };
        if let Some(service) = service {
            self.set_service(connector, service).await;
        }
        let reset = {
            let mut state = self.state.lock();
            let idle = state.all_running().is_empty();
            idle && std::mem::take(&mut state.reset_when_idle)
        };
        if reset {
            let charger = Arc::clone(self);
            self.core
                .tasks
                .spawn(async move { charger.restart_after_reset().await });
        }
    }

    /// ChangeAvailability.
    pub(crate) fn change_availability(self: &Arc<Self>, payload: &Value) -> Answer {
        let (connector, kind) = match self.core.version {
            Version::V16 => (v16::connector(payload), text(payload, "type")),
            Version::V201 => (v201::evse(payload), text(payload, "operationalStatus")),
        };
        let service = match kind {
            Some("Operative") => Service::Operative,
            Some("Inoperative") => Service::Inoperative,
            Some(_) | None => return Answer::status("Rejected"),
        };
        if connector.is_some_and(|connector| self.exists(connector).is_err()) {
            return Answer::status("Rejected");
        }
        let connectors: Vec<u32> =
            connector.map_or_else(|| self.numbers().collect(), |connector| vec![connector]);
        let (now, later): (Vec<u32>, Vec<u32>) = {
            let mut state = self.state.lock();
            let split: (Vec<u32>, Vec<u32>) = connectors.into_iter().partition(|connector| {
                service == Service::Operative || state.running(*connector).is_none()
            });
            for connector in &split.1 {
                if let Some(known) = state.connectors.get_mut(connector) {
                    known.next_service = Some(service);
                }
            }
            split
        };
        let charger = Arc::clone(self);
        Answer::status(if later.is_empty() {
            "Accepted"
        } else {
            "Scheduled"
        })
        .then(async move {
            for connector in now {
                charger.set_service(connector, service).await;
            }
        })
    }

    async fn set_service(self: &Arc<Self>, connector: u32, service: Service) {
        if let Some(known) = self.state.lock().connectors.get_mut(&connector) {
            known.service = service;
            known.next_service = None;
            if service == Service::Inoperative {
                known.intent = None;
            }
        }
        self.core.emit(Event::Availability {
            point: connector,
            kind: service.wire(),
        });
        if service == Service::Inoperative {
            self.drop_reservations_of(connector).await;
        }
        self.refresh(connector).await;
    }

    pub(crate) async fn set_fault(
        self: &Arc<Self>,
        connector: u32,
        fault: Option<&str>,
    ) -> Result<(), StationError> {
        self.exists(connector)?;
        if let Some(known) = self.state.lock().connectors.get_mut(&connector) {
            known.fault = fault.map(str::to_owned);
            known.display = fault.unwrap_or_default().to_owned();
        }
        if fault.is_some() {
            self.drop_reservations_of(connector).await;
        }
        self.refresh(connector).await;
        Ok(())
    }
}
