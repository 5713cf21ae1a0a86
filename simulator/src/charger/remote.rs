//! Remote start and stop.

use std::sync::Arc;

use rpc::Version;
use serde_json::{Value, json};

use super::inner::Inner;
use crate::charging::Profile;
use crate::station::{Setting, StationError};
use crate::token::{Token, TokenKind};
use crate::transport::Answer;
use crate::vendor::Habit;
use crate::wire::{StopReason, Trigger, number, text, v16, v201};

/// A remote start of either version.
struct RemoteStart {
    connector: u32,
    token: Token,
    group: Option<String>,
    /// Nothing in 1.6.
    id: Option<i64>,
    /// A profile for the transaction.
    profile: Option<Profile>,
}

impl Inner {
    /// RemoteStartTransaction.
    pub(crate) fn remote_start_v16(self: &Arc<Self>, payload: &Value) -> Answer {
        let wanted = v16::connector(payload);
        let connector = self.state.lock().free_connector(wanted);
        match (connector, text(payload, "idTag")) {
            (Some(connector), Some(tag)) => self.remote_start(RemoteStart {
                connector,
                token: Token::card(tag),
                group: None,
                id: None,
                profile: self.profile_of(connector, payload),
            }),
            (_, _) => Answer::status("Rejected"),
        }
    }

    /// RequestStartTransaction.
    pub(crate) fn remote_start_v201(self: &Arc<Self>, payload: &Value) -> Answer {
        let connector = self.state.lock().free_connector(number(payload, "evseId"));
        let token = payload.get("idToken").and_then(v201::read_token);
        match (connector, token) {
            (Some(connector), Some(token)) => self.remote_start(RemoteStart {
                connector,
                token,
                group: payload
                    .get("groupIdToken")
                    .and_then(|group| text(group, "idToken"))
                    .map(str::to_owned),
                id: payload.get("remoteStartId").and_then(Value::as_i64),
                profile: self.profile_of(connector, payload),
            }),
            (_, _) => Answer::status("Rejected"),
        }
    }

    /// The profile that comes with a remote start.
    fn profile_of(&self, connector: u32, payload: &Value) -> Option<Profile> {
        let raw = payload.get("chargingProfile")?;
        Profile::read(self.core.version, connector, raw)
    }

    fn remote_start(self: &Arc<Self>, start: RemoteStart) -> Answer {
        let reserved =
            self.is_reserved_for_others(start.connector, &start.token, start.group.as_deref());
        let plugged = self.is_plugged(start.connector);
        if reserved || !plugged && self.core.habits.has(Habit::StartOnlyPlugged) {
            return Answer::status("Rejected");
        }
        let charger = Arc::clone(self);
        Answer::status("Accepted").then(async move {
            let connector = start.connector;
            if let Err(error) = charger.obey_remote_start(start).await {
                tracing::info!(%error, connector, "remote start came to nothing");
            }
        })
    }

    async fn obey_remote_start(self: &Arc<Self>, start: RemoteStart) -> Result<(), StationError> {
        let RemoteStart {
            connector,
            token,
            mut group,
            id,
            profile,
        } = start;
        if self.must_authorize(&token) {
            let checked = self.check(&token).await;
            let refused = match &checked {
                Ok(outcome) if !outcome.is_accepted() => Some(outcome.info.status.clone()),
                Ok(outcome) if !outcome.info.holds_for(Some(connector)) => {
                    Some("not this EVSE".to_owned())
                }
                Ok(_) => None,
                Err(_) => Some("no decision".to_owned()),
            };
            if let Some(status) = refused {
                self.show_refusal(connector, format!("refused: {status}"))
                    .await;
                return checked.map(drop);
            }
            group = group.or(checked?.info.group);
        }
        if self.is_plugged(connector) {
            self.begin(connector, token, group, Trigger::RemoteStart, id)
                .await?;
            if let Some(profile) = profile {
                self.install_with_transaction(profile);
            }
        } else {
            self.await_cable(connector, token, group, Some(id), profile)
                .await;
        }
        Ok(())
    }

    /// A profile that came with a remote start comes into force with the transaction.
    pub(crate) fn install_with_transaction(&self, mut profile: Profile) {
        // 1.6 §5.11, F01.FR.11: it is one of this transaction, whatever its id.
        profile.transaction = None;
        if let Err(error) = self.install_profile(profile) {
            tracing::info!(error, "the profile of a remote start is not used");
        }
    }

    pub(crate) fn is_plugged(&self, connector: u32) -> bool {
        self.state
            .lock()
            .connectors
            .get(&connector)
            .is_some_and(|known| known.plugged)
    }

    /// AuthorizeRemoteTxRequests / AuthorizeRemoteStart; C05.FR.01: tokens made by the central
    /// system itself are never asked about.
    fn must_authorize(&self, token: &Token) -> bool {
        let asked_about = match token.kind() {
            TokenKind::Central | TokenKind::NoAuthorization => false,
            TokenKind::EMaid
            | TokenKind::Iso14443
            | TokenKind::Iso15693
            | TokenKind::KeyCode
            | TokenKind::Local
            | TokenKind::MacAddress => true,
        };
        asked_about && self.is_on(Setting::AuthorizeRemote)
    }

    /// RemoteStopTransaction and RequestStopTransaction.
    pub(crate) fn remote_stop(self: &Arc<Self>, payload: &Value) -> Answer {
        let wanted = match self.core.version {
            Version::V16 => payload
                .get("transactionId")
                .and_then(Value::as_i64)
                .map(|number| number.to_string()),
            Version::V201 => text(payload, "transactionId").map(str::to_owned),
        };
        let connector = {
            let state = self.state.lock();
            state
                .all_running()
                .into_iter()
                .find_map(|(connector, local)| {
                    let name = state.transactions.get(&local)?.name(self.core.version);
                    (name.is_some() && name == wanted).then_some(connector)
                })
        };
        let Some(connector) = connector else {
            return Answer::status("Rejected");
        };
        let charger = Arc::clone(self);
        Answer::status("Accepted").then(async move {
            if let Err(error) = charger.stop(connector, StopReason::Remote, None).await {
                tracing::info!(%error, connector, "remote stop came to nothing");
            }
        })
    }

    /// UnlockConnector.
    pub(crate) async fn unlock(self: &Arc<Self>, payload: &Value) -> Answer {
        let connector = match self.core.version {
            Version::V16 => v16::connector(payload),
            Version::V201 => number(payload, "evseId"),
        };
        let Some(connector) = connector.filter(|connector| self.exists(*connector).is_ok()) else {
            return Answer::status(match self.core.version {
                Version::V16 => "NotSupported",
                Version::V201 => "UnknownConnector",
            });
        };
        let running = self.state.lock().running(connector).is_some();
        let charger = Arc::clone(self);
        match (running, self.core.version) {
            // F05.FR.02: a transaction is not ended by unlocking.
            (true, Version::V201) => Answer::result(json!({
                "status": "OngoingAuthorizedTransaction",
            })),
            // 1.6 §5.18: the transaction ends first.
            (true, Version::V16) => Answer::status("Unlocked").then(async move {
                let _ = charger
                    .stop(connector, StopReason::UnlockCommand, None)
                    .await;
                charger.release_cable(connector);
            }),
            (false, _) => {
                self.release_cable(connector);
                Answer::status("Unlocked")
            }
        }
    }

    fn release_cable(&self, connector: u32) {
        self.core
            .emit(crate::station::Event::CableReleased { connector });
    }
}
