//! Cards at the reader.

use std::sync::Arc;

use tokio::time::Instant;

use super::inner::Inner;
use super::outcome::{AuthorizeOutcome, Presented};
use super::state::{Intent, Service};
use crate::charging::Profile;
use crate::station::{Event, Setting, Source, StationError, Switch};
use crate::token::{Token, TokenInfo};
use crate::transport::CallFailure;
use crate::wire::{self, StopReason, Trigger};

impl Inner {
    pub(crate) fn is_on(&self, setting: Setting) -> bool {
        self.core.settings.lock().is_on(setting, Switch::Off)
    }

    /// Sends Authorize and remembers the answer.
    pub(crate) async fn ask(&self, token: &Token) -> Result<AuthorizeOutcome, StationError> {
        let (id, answer) = self
            .core
            .call(wire::authorize(self.core.version, token))
            .await?;
        let info =
            wire::read_token_info(self.core.version, &answer).ok_or(StationError::BadAnswer {
                action: "Authorize",
                field: "token info",
            })?;
        self.learn(token, &info);
        let outcome = AuthorizeOutcome {
            info,
            source: Source::CentralSystem,
            message_id: Some(id),
        };
        self.tell_checked(token, &outcome);
        Ok(outcome)
    }

    /// Puts an answer into the cache, if there is one.
    pub(crate) fn learn(&self, token: &Token, info: &TokenInfo) {
        if self.is_on(Setting::Cache) {
            self.core.memory.lock().learn(token, info);
        }
    }

    fn tell_checked(&self, token: &Token, outcome: &AuthorizeOutcome) {
        self.core.emit(Event::Checked {
            token: token.masked(),
            status: outcome.info.status.clone(),
            source: outcome.source,
            message_id: outcome.message_id.clone(),
        });
    }

    /// What list and cache say; the list beats the cache.
    fn remembered(&self, token: &Token) -> Option<(Source, TokenInfo)> {
        let memory = self.core.memory.lock();
        let listed = self
            .is_on(Setting::LocalList)
            .then(|| memory.listed(token))
            .flatten()
            .map(|info| (Source::LocalList, info.clone()));
        let cached = || {
            self.is_on(Setting::Cache)
                .then(|| memory.cached(token))
                .flatten()
                .map(|info| (Source::Cache, info.clone()))
        };
        listed.or_else(cached)
    }

    /// Whether a token may be used: from memory, from the central system, or offline.
    pub(crate) async fn check(&self, token: &Token) -> Result<AuthorizeOutcome, StationError> {
        if let Some(info) = self.quirky_decision(token) {
            return Ok(self.decided(token, info, Source::Nobody));
        }
        let remembered = self.remembered(token);
        if self.core.is_ready() {
            // 1.6 §3.5.1: a valid entry may be used at once, a not-valid one is asked again.
            if self.is_on(Setting::LocalPreAuthorize)
                && let Some((source, info)) = &remembered
                && info.is_valid_at(self.core.clock.now(), None)
            {
                return Ok(self.decided(token, info.clone(), *source));
            }
            match self.ask(token).await {
                Err(
                    StationError::NotConnected
                    | StationError::Call(CallFailure::Timeout | CallFailure::Closed { .. }),
                ) => {}
                answered => return answered,
            }
        }
        Ok(self.check_offline(token, remembered))
    }

    fn check_offline(
        &self,
        token: &Token,
        remembered: Option<(Source, TokenInfo)>,
    ) -> AuthorizeOutcome {
        match remembered {
            Some((source, info)) if self.is_on(Setting::LocalAuthorizeOffline) => {
                if info.is_accepted() && !info.is_valid_at(self.core.clock.now(), None) {
                    return self.decided(token, TokenInfo::with_status("Expired"), source);
                }
                self.decided(token, info, source)
            }
            None if self.is_on(Setting::OfflineForUnknown) => {
                let info = TokenInfo::with_status("Accepted");
                self.decided(token, info, Source::OfflineForUnknown)
            }
            Some(_) | None => {
                self.decided(token, TokenInfo::with_status("Invalid"), Source::Nobody)
            }
        }
    }

    /// An answer without a message.
    fn decided(&self, token: &Token, info: TokenInfo, source: Source) -> AuthorizeOutcome {
        let outcome = AuthorizeOutcome {
            info,
            source,
            message_id: None,
        };
        self.tell_checked(token, &outcome);
        outcome
    }

    pub(crate) async fn present(
        self: &Arc<Self>,
        connector: u32,
        token: &Token,
    ) -> Result<Presented, StationError> {
        self.exists(connector)?;
        let running = self
            .state
            .lock()
            .running(connector)
            .map(|(_, transaction)| (transaction.token.clone(), transaction.group.clone()));
        match running {
            Some((starter, group)) => {
                self.present_to_stop(connector, token, &starter, group.as_deref())
                    .await
            }
            None => self.present_to_start(connector, token).await,
        }
    }

    /// 1.6 §4.1: the card that started needs no question; another one must be of its group.
    async fn present_to_stop(
        self: &Arc<Self>,
        connector: u32,
        token: &Token,
        starter: &Token,
        group: Option<&str>,
    ) -> Result<Presented, StationError> {
        if token == starter {
            let stop = self
                .stop(connector, StopReason::Local, Some(token.clone()))
                .await?;
            return Ok(Presented::Stopped(stop));
        }
        let outcome = self.check_or_show(connector, token).await?;
        // C09.FR.11: a member of the group that is not Accepted must not stop.
        let same_group = outcome.info.group.is_some() && outcome.info.group.as_deref() == group;
        if outcome.is_accepted() && same_group {
            let stop = self
                .stop(connector, StopReason::Local, Some(token.clone()))
                .await?;
            return Ok(Presented::Stopped(stop));
        }
        self.show_refusal(connector, "not your session".to_owned())
            .await;
        Ok(Presented::NotYours(outcome))
    }

    async fn present_to_start(
        self: &Arc<Self>,
        connector: u32,
        token: &Token,
    ) -> Result<Presented, StationError> {
        let usable = {
            let state = self.state.lock();
            state.connectors.get(&connector).is_some_and(|connector| {
                connector.service == Service::Operative && connector.fault.is_none()
            })
        };
        if !usable {
            self.show_refusal(connector, "out of service".to_owned())
                .await;
            return Ok(Presented::OutOfService);
        }
        let outcome = self.check_or_show(connector, token).await?;
        // C01.FR.20: the token may hold for some EVSEs only.
        if !outcome.is_accepted() || !outcome.info.holds_for(Some(connector)) {
            let text = outcome.info.message.clone();
            let display = text.unwrap_or_else(|| format!("refused: {}", outcome.info.status));
            self.show_refusal(connector, display).await;
            return Ok(Presented::Refused(outcome));
        }
        let group = outcome.info.group.clone();
        if self.is_reserved_for_others(connector, token, group.as_deref()) {
            self.show_refusal(connector, "reserved".to_owned()).await;
            return Ok(Presented::Reserved(outcome));
        }
        let plugged = self
            .state
            .lock()
            .connectors
            .get(&connector)
            .is_some_and(|known| known.plugged);
        if plugged {
            let start = self
                .begin(connector, token.clone(), group, Trigger::Authorized, None)
                .await?;
            return Ok(Presented::Started {
                authorization: outcome,
                start,
            });
        }
        self.await_cable(connector, token.clone(), group, None, None)
            .await;
        Ok(Presented::Waiting(outcome))
    }

    /// Like `check`; a CALLERROR shows as a refusal.
    async fn check_or_show(
        self: &Arc<Self>,
        connector: u32,
        token: &Token,
    ) -> Result<AuthorizeOutcome, StationError> {
        let checked = self.check(token).await;
        if checked.is_err() {
            self.show_refusal(connector, "no decision, try again".to_owned())
                .await;
        }
        checked
    }

    /// Waits for the cable, as long as ConnectionTimeOut says. `remote` is the id of the remote
    /// start, with nothing in it for one of 1.6.
    pub(crate) async fn await_cable(
        self: &Arc<Self>,
        connector: u32,
        token: Token,
        group: Option<String>,
        remote: Option<Option<i64>>,
        profile: Option<Profile>,
    ) {
        let seconds = self
            .core
            .settings
            .lock()
            .seconds(Setting::ConnectionTimeout)
            .unwrap_or(60);
        let until = Instant::now() + std::time::Duration::from_secs(seconds);
        if let Some(connector) = self.state.lock().connectors.get_mut(&connector) {
            connector.intent = Some(Intent {
                token,
                group,
                remote_start_id: remote.flatten(),
                remote: remote.is_some(),
                until,
                profile,
            });
            connector.refused_until = None;
            connector.display = "plug in".to_owned();
        }
        self.refresh(connector).await;
        let weak = Arc::downgrade(self);
        self.core.tasks.spawn(async move {
            tokio::time::sleep_until(until).await;
            if let Some(charger) = weak.upgrade() {
                charger.forget_intent(connector, until).await;
            }
        });
    }

    async fn forget_intent(self: &Arc<Self>, connector: u32, until: Instant) {
        let forgotten = self
            .state
            .lock()
            .connectors
            .get_mut(&connector)
            .and_then(|connector| {
                let forgotten = connector.intent.take_if(|intent| intent.until == until);
                if forgotten.is_some() {
                    connector.display.clear();
                }
                forgotten
            });
        if forgotten.is_some() {
            self.refresh(connector).await;
        }
    }
}
