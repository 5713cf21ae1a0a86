//! The charger as a device.

use std::sync::Arc;

use parking_lot::Mutex;
use rpc::Version;
use tokio::time::Instant;

use super::config::ChargerConfig;
use super::outbox::Outbox;
use super::state::{REFUSAL_SHOWN, State};
use crate::station::{Core, Device, Event, Heartbeats, SettingName, StationError};
use crate::transport::{Answer, Incoming};
use crate::wire::{self, ConnectorStatus};

pub(crate) struct Inner {
    pub config: ChargerConfig,
    pub core: Core,
    pub state: Mutex<State>,
    pub outbox: Outbox,
}

impl Inner {
    pub(crate) fn new(config: ChargerConfig) -> Inner {
        Inner {
            core: Core::new(config.parts()),
            state: Mutex::new(State::new(config.connectors)),
            outbox: Outbox::default(),
            config,
        }
    }

    pub(crate) fn exists(&self, connector: u32) -> Result<(), StationError> {
        if self.state.lock().connectors.contains_key(&connector) {
            Ok(())
        } else {
            Err(StationError::NoSuchPoint(connector))
        }
    }

    /// Shows the light of a connector, and tells its status if it has changed.
    pub(crate) async fn refresh(self: &Arc<Self>, connector: u32) {
        self.show_light(connector);
        let status = {
            let state = self.state.lock();
            let told = state
                .connectors
                .get(&connector)
                .and_then(|connector| connector.told);
            state
                .status(connector)
                .filter(|status| told != Some(*status))
        };
        if status.is_some() && self.core.is_ready() {
            // A failure shows in the log; the status is told again after the next connection.
            let _ = self.tell_status(connector).await;
        }
    }

    fn show_light(&self, connector: u32) {
        let changed = {
            let mut state = self.state.lock();
            let light = state.light(connector, Instant::now());
            match state.connectors.get_mut(&connector) {
                Some(known) if known.shown != light => {
                    known.shown = light;
                    light
                }
                Some(_) | None => None,
            }
        };
        match changed {
            Some(light) => self.core.emit(Event::Light {
                point: connector,
                light,
            }),
            None => self.core.touch(),
        }
    }

    pub(crate) async fn tell_status(self: &Arc<Self>, connector: u32) -> Result<(), StationError> {
        let status = self
            .state
            .lock()
            .status(connector)
            .ok_or(StationError::NoSuchPoint(connector))?;
        let now = self.core.clock.now();
        self.core
            .call(wire::status(self.core.version, connector, status, now))
            .await?;
        if let Some(connector) = self.state.lock().connectors.get_mut(&connector) {
            connector.told = Some(status);
        }
        Ok(())
    }

    /// Shows red for a while.
    pub(crate) async fn show_refusal(self: &Arc<Self>, connector: u32, display: String) {
        if let Some(connector) = self.state.lock().connectors.get_mut(&connector) {
            connector.refused_until = Some(Instant::now() + REFUSAL_SHOWN);
            connector.display = display;
        }
        self.refresh(connector).await;
        let weak = Arc::downgrade(self);
        self.core.tasks.spawn(async move {
            tokio::time::sleep(REFUSAL_SHOWN).await;
            if let Some(charger) = weak.upgrade() {
                charger.show_light(connector);
            }
        });
    }

    pub(crate) fn set_display(&self, connector: u32, display: &str) {
        if let Some(connector) = self.state.lock().connectors.get_mut(&connector) {
            display.clone_into(&mut connector.display);
        }
    }

    /// The connector on which a transaction runs, by the name the central system gives it.
    pub(crate) fn connector_of(&self, name: &str) -> Option<u32> {
        let state = self.state.lock();
        state
            .all_running()
            .into_iter()
            .find_map(|(connector, local)| {
                let known = state.transactions.get(&local)?.name(self.core.version);
                (known.as_deref() == Some(name)).then_some(connector)
            })
    }

    pub(crate) fn numbers(&self) -> std::ops::RangeInclusive<u32> {
        1..=self.config.connectors
    }
}

#[async_trait::async_trait]
impl Device for Inner {
    fn core(&self) -> &Core {
        &self.core
    }

    fn heartbeats(&self) -> Heartbeats {
        self.config.heartbeats
    }

    async fn command(self: Arc<Self>, call: &Incoming) -> Option<Answer> {
        super::commands::answer(&self, call).await
    }

    fn setting_changed(self: Arc<Self>, _name: &SettingName) {
        // Settings are looked at when they are needed.
    }

    async fn came_online(self: Arc<Self>) {
        let whole = !std::mem::replace(&mut self.state.lock().station_told, true);
        if whole && self.core.version == Version::V16 {
            let well = ConnectorStatus::Available;
            let now = self.core.clock.now();
            self.core
                .tell(wire::status(self.core.version, 0, well, now))
                .await;
        }
        if whole {
            self.greet().await;
        }
        for connector in self.numbers() {
            self.refresh(connector).await;
        }
        self.flush().await;
    }

    fn went_offline(self: Arc<Self>) {}

    fn has_transaction(&self, name: &str) -> bool {
        self.connector_of(name).is_some()
    }

    fn restarted(&self) {
        let mut state = self.state.lock();
        state.reset_when_idle = false;
        state.station_told = false;
        for connector in state.connectors.values_mut() {
            connector.intent = None;
            connector.refused_until = None;
            connector.told = None;
            connector.display.clear();
        }
    }
}
