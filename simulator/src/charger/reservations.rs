//! Reservations: a connector, or any, kept for a token until an instant.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rpc::Version;
use serde_json::{Value, json};

use super::inner::Inner;
use super::state::Service;
use crate::station::{Event, SettingName};
use crate::token::Token;
use crate::transport::Answer;
use crate::wire::{Message, number, text, time, v16, v201};

/// One reservation.
#[derive(Clone, Debug)]
pub(crate) struct Reservation {
    pub id: i64,
    /// Nothing for any connector.
    pub connector: Option<u32>,
    pub token: Token,
    pub group: Option<String>,
    pub until: Timestamp,
}

impl Reservation {
    /// Whether a token may use it (1.6 §5.13, H03.FR.07).
    pub(crate) fn is_for(&self, token: &Token, group: Option<&str>) -> bool {
        self.token == *token || self.group.is_some() && self.group.as_deref() == group
    }
}

impl Inner {
    /// ReserveNow.
    pub(crate) fn reserve_now(self: &Arc<Self>, payload: &Value) -> Answer {
        let Some(reservation) = self.read_reservation(payload) else {
            return Answer::status("Rejected");
        };
        if reservation.until <= self.core.clock.now() {
            return Answer::status("Rejected");
        }
        if let Err(status) = self.may_reserve(&reservation) {
            return Answer::status(status);
        }
        let connector = reservation.connector;
        let id = reservation.id;
        let wait = reservation.until.duration_since(self.core.clock.now());
        {
            let mut state = self.state.lock();
            // The same id replaces the reservation (1.6 §5.13, H01.FR.02).
            state.reservations.retain(|known| known.id != id);
            state.reservations.push(reservation);
        }
        let charger = Arc::clone(self);
        Answer::status("Accepted").then(async move {
            charger.show_reservation(connector).await;
            let weak = Arc::downgrade(&charger);
            drop(charger);
            tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
            if let Some(charger) = weak.upgrade() {
                charger.expire_reservation(id).await;
            }
        })
    }

    fn read_reservation(&self, payload: &Value) -> Option<Reservation> {
        Some(match self.core.version {
            Version::V16 => Reservation {
                id: payload.get("reservationId")?.as_i64()?,
                connector: v16::connector(payload),
                token: Token::card(text(payload, "idTag")?),
                group: text(payload, "parentIdTag").map(str::to_owned),
                until: time(payload, "expiryDate")?,
            },
            Version::V201 => Reservation {
                id: payload.get("id")?.as_i64()?,
                connector: number(payload, "evseId"),
                token: payload.get("idToken").and_then(v201::read_token)?,
                group: payload
                    .get("groupIdToken")
                    .and_then(|group| text(group, "idToken"))
                    .map(str::to_owned),
                until: time(payload, "expiryDateTime")?,
            },
        })
    }

    fn may_reserve(&self, reservation: &Reservation) -> Result<(), &'static str> {
        let any_allowed = self
            .core
            .settings
            .lock()
            .text(&match self.core.version {
                Version::V16 => SettingName::key("ReserveConnectorZeroSupported"),
                Version::V201 => SettingName::variable("ReservationCtrlr", "NonEvseSpecific"),
            })
            .is_some_and(|value| value == "true");
        let state = self.state.lock();
        let Some(wanted) = reservation.connector else {
            let free = state.free_connector(None).is_some();
            return match (any_allowed, free) {
                (false, _) => Err("Rejected"),
                (true, false) => Err("Occupied"),
                (true, true) => Ok(()),
            };
        };
        let connector = state.connectors.get(&wanted).ok_or("Rejected")?;
        let others = state
            .reservations
            .iter()
            .any(|known| known.connector == Some(wanted) && known.id != reservation.id);
        if connector.fault.is_some() {
            Err("Faulted")
        } else if connector.service == Service::Inoperative {
            Err("Unavailable")
        } else if connector.transaction.is_some() || connector.intent.is_some() || others {
            Err("Occupied")
        } else {
            Ok(())
        }
    }

    /// CancelReservation.
    pub(crate) fn cancel_reservation(self: &Arc<Self>, payload: &Value) -> Answer {
        let id = payload.get("reservationId").and_then(Value::as_i64);
        match self.take_reservation(id) {
            Some(reservation) => {
                let charger = Arc::clone(self);
                Answer::status("Accepted").then(async move {
                    charger.show_reservation(reservation.connector).await;
                })
            }
            None => Answer::status("Rejected"),
        }
    }

    fn take_reservation(&self, id: Option<i64>) -> Option<Reservation> {
        let mut state = self.state.lock();
        let at = state
            .reservations
            .iter()
            .position(|known| Some(known.id) == id)?;
        Some(state.reservations.remove(at))
    }

    async fn expire_reservation(self: &Arc<Self>, id: i64) {
        let over = self
            .state
            .lock()
            .reservations
            .iter()
            .any(|known| known.id == id && known.until <= self.core.clock.now());
        // It was used, cancelled, or given a later end meanwhile.
        if !over {
            return;
        }
        if let Some(reservation) = self.take_reservation(Some(id)) {
            self.tell_reservation(id, "Expired").await;
            self.show_reservation(reservation.connector).await;
        }
    }

    /// H01.FR.09, H01.FR.10: a reservation whose connector cannot be used is taken away.
    pub(crate) async fn drop_reservations_of(self: &Arc<Self>, connector: u32) {
        let dropped: Vec<i64> = {
            let mut state = self.state.lock();
            let ids = state
                .reservations
                .iter()
                .filter(|known| known.connector == Some(connector))
                .map(|known| known.id)
                .collect();
            state
                .reservations
                .retain(|known| known.connector != Some(connector));
            ids
        };
        for id in dropped {
            self.tell_reservation(id, "Removed").await;
        }
    }

    /// ReservationStatusUpdate; 1.6 tells by the status of the connector only.
    async fn tell_reservation(&self, id: i64, status: &'static str) {
        self.core.emit(Event::Progress {
            what: "reservation",
            status: format!("{id} {status}"),
        });
        if self.core.version == Version::V201 {
            let payload = json!({ "reservationId": id, "reservationUpdateStatus": status });
            self.core
                .tell(Message {
                    action: "ReservationStatusUpdate",
                    payload,
                })
                .await;
        }
    }

    async fn show_reservation(self: &Arc<Self>, connector: Option<u32>) {
        match connector {
            Some(connector) => self.refresh(connector).await,
            None => {
                for connector in self.numbers() {
                    self.refresh(connector).await;
                }
            }
        }
    }

    /// A transaction uses the reservation of its token; its id, if there was one.
    pub(crate) fn use_reservation(
        &self,
        connector: u32,
        token: &Token,
        group: Option<&str>,
    ) -> Option<i64> {
        let mut state = self.state.lock();
        let at = state.reservations.iter().position(|known| {
            known.is_for(token, group) && known.connector.is_none_or(|id| id == connector)
        })?;
        Some(state.reservations.remove(at).id)
    }

    /// Whether somebody else has reserved the connector.
    pub(crate) fn is_reserved_for_others(
        &self,
        connector: u32,
        token: &Token,
        group: Option<&str>,
    ) -> bool {
        let state = self.state.lock();
        let own = state
            .reservations
            .iter()
            .any(|known| known.is_for(token, group));
        let here = state
            .reservations
            .iter()
            .any(|known| known.connector == Some(connector) && !known.is_for(token, group));
        // Connectors that are kept for anybody's choice must not all be taken (1.6 §5.13).
        let kept = state
            .reservations
            .iter()
            .filter(|known| known.connector.is_none())
            .count();
        here || !own && kept > 0 && state.usable_connectors() <= kept
    }
}
