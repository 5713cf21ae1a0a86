//! The lock as a device: doors, their states told to the central system, modes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use rpc::Version;
use tokio::time::Instant;

use super::config::{LockConfig, mode_name, seconds_name};
use super::door::{Door, Mode, Online, Service};
use super::events::Reports;
use crate::station::{Core, Device, Event, Heartbeats, SettingName, StationError};
use crate::transport::{Answer, Incoming};
use crate::view::{DoorState, DoorView, Padlock};
use crate::wire::v201::Finding;
use crate::wire::{Message, v16, v201};

pub(crate) struct Inner {
    pub config: LockConfig,
    pub core: Core,
    pub doors: Mutex<Doors>,
    pub reports: Reports,
}

pub(crate) struct Doors {
    pub doors: BTreeMap<u32, Door>,
    /// What was answered to each request_id of Door.Open.
    pub requests: HashMap<String, super::commands::OpenAnswer>,
    told: HashMap<u32, Told>,
    shown: HashMap<u32, DoorView>,
    next_event: u64,
    offline_since: Option<Instant>,
}

/// What the central system knows of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    state: DoorState,
    service: Service,
}

impl Inner {
    pub(crate) fn new(config: LockConfig) -> Inner {
        let doors = (1..=config.doors)
            .map(|number| (number, Door::new(number, config.held_after)))
            .collect();
        Inner {
            core: Core::new(config.parts()),
            doors: Mutex::new(Doors {
                doors,
                requests: HashMap::new(),
                told: HashMap::new(),
                shown: HashMap::new(),
                next_event: 1,
                offline_since: None,
            }),
            reports: Reports::default(),
            config,
        }
    }

    /// Does something with a door, and what follows from it.
    pub(crate) fn with_door<T>(
        self: &Arc<Self>,
        number: u32,
        action: impl FnOnce(&mut Door, Instant) -> T,
    ) -> Result<T, StationError> {
        let outcome = {
            let mut doors = self.doors.lock();
            let door = doors
                .doors
                .get_mut(&number)
                .ok_or(StationError::NoSuchPoint(number))?;
            action(door, Instant::now())
        };
        self.follow(number);
        Ok(outcome)
    }

    /// Shows and tells what has changed at a door, now and when it changes by itself.
    fn follow(self: &Arc<Self>, number: u32) {
        self.look_at(number);
        let now = Instant::now();
        let next = self
            .doors
            .lock()
            .doors
            .get(&number)
            .and_then(|door| door.next_change(now));
        if let Some(at) = next {
            let weak = Arc::downgrade(self);
            self.core.tasks.spawn(async move {
                tokio::time::sleep_until(at).await;
                if let Some(lock) = weak.upgrade() {
                    lock.follow(number);
                }
            });
        }
    }

    pub(crate) fn view(&self, number: u32) -> Option<DoorView> {
        let online = if self.core.is_ready() {
            Online::Yes
        } else {
            Online::No
        };
        self.doors
            .lock()
            .doors
            .get(&number)
            .map(|door| door.view(Instant::now(), online))
    }

    /// Shows what has changed at a door and tells it.
    fn look_at(self: &Arc<Self>, number: u32) {
        let Some(view) = self.view(number) else {
            return;
        };
        let before = self.doors.lock().shown.insert(number, view);
        if before.is_none_or(|before| before.light != view.light) {
            self.core.emit(Event::Light {
                point: number,
                light: view.light,
            });
        }
        if before.is_some_and(|before| before.padlock != view.padlock) {
            let position = match view.padlock {
                Padlock::Locked => "locked",
                Padlock::Unlocked => "unlocked",
            };
            self.core.emit(Event::Bolt {
                door: number,
                position,
            });
        }
        if before.is_some_and(|before| before.door != view.door) {
            self.core.emit(Event::Door {
                door: number,
                state: view.door,
            });
        }
        self.keep_variables(&view);
        self.core.touch();
        if self.core.is_ready() {
            let lock = Arc::clone(self);
            self.core
                .tasks
                .spawn(async move { lock.tell_state(number).await });
        }
    }

    /// Variables that can be read show what is so.
    fn keep_variables(&self, view: &DoorView) {
        if self.core.version != Version::V201 {
            return;
        }
        let mut settings = self.core.settings.lock();
        let barrier =
            |variable| SettingName::variable("AccessBarrier", variable).of_evse(view.number);
        let text = |on: bool| if on { "true" } else { "false" };
        settings.put(&barrier("State"), view.door.variable());
        settings.put(&barrier("Active"), text(is_open(view.door)));
        settings.put(&barrier("Problem"), text(is_problem(view.door)));
        let bolt = SettingName::variable("Actuator", "Active").of_evse(view.number);
        settings.put(
            &bolt.with_instance("Bolt"),
            text(view.padlock == Padlock::Unlocked),
        );
    }

    /// Tells the state of a door if it is not the one told last.
    pub(crate) async fn tell_state(self: &Arc<Self>, number: u32) {
        let message = {
            let mut doors = self.doors.lock();
            let Some(door) = doors.doors.get(&number) else {
                return;
            };
            let now = Told {
                state: door.state(Instant::now()),
                service: door.service,
            };
            if doors.told.insert(number, now) == Some(now) {
                return;
            }
            let event_id = doors.next_event;
            doors.next_event += 3;
            self.state_message(number, now, event_id)
        };
        if self.core.call(message).await.is_err() {
            // Told again with the next change or connection.
            self.doors.lock().told.remove(&number);
        }
    }

    /// Tells the state of every door, changed or not.
    pub(crate) async fn tell_all_states(self: &Arc<Self>) {
        self.doors.lock().told.clear();
        for number in self.numbers() {
            self.tell_state(number).await;
        }
    }

    fn state_message(&self, number: u32, now: Told, event_id: u64) -> Message {
        let at = self.core.clock.now();
        match self.core.version {
            Version::V16 => {
                let code = match now.state {
                    DoorState::Jammed => "ConnectorLockFailure",
                    DoorState::Forced => "OtherError",
                    DoorState::Closed | DoorState::Open | DoorState::Held => "NoError",
                };
                let status = match (is_problem(now.state), now.service) {
                    (true, _) => "Faulted",
                    (false, Service::Inoperative) => "Unavailable",
                    (false, Service::Operative) => "Available",
                };
                let info = format!("door={}", now.state.name());
                let payload = v16::status(number, status, code, Some(&info), at);
                Message {
                    action: "StatusNotification",
                    payload,
                }
            }
            Version::V201 => {
                let trigger = if is_problem(now.state) {
                    "Alerting"
                } else {
                    "Delta"
                };
                let finding = |offset, variable, value: String| Finding {
                    event_id: event_id + offset,
                    component: "AccessBarrier",
                    evse: number,
                    variable,
                    value,
                    trigger,
                };
                v201::notify_event(
                    &[
                        finding(0, "State", now.state.variable().to_owned()),
                        finding(1, "Active", is_open(now.state).to_string()),
                        finding(2, "Problem", is_problem(now.state).to_string()),
                    ],
                    at,
                )
            }
        }
    }

    /// How long a door stays unlocked if nothing else is said.
    pub(crate) fn open_seconds(&self, door: u32) -> u32 {
        let settings = self.core.settings.lock();
        settings
            .text(&seconds_name(self.core.version, door))
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(self.config.open_seconds)
    }

    pub(crate) fn set_mode(self: &Arc<Self>, number: u32, mode: Mode) -> Result<(), StationError> {
        self.core
            .settings
            .lock()
            .put(&mode_name(self.core.version, number), mode.name());
        self.with_door(number, |door, _| door.mode = mode)
    }

    fn numbers(&self) -> std::ops::RangeInclusive<u32> {
        1..=self.config.doors
    }
}

fn is_open(state: DoorState) -> bool {
    match state {
        DoorState::Open | DoorState::Held | DoorState::Forced => true,
        DoorState::Closed | DoorState::Jammed => false,
    }
}

fn is_problem(state: DoorState) -> bool {
    match state {
        DoorState::Forced | DoorState::Jammed => true,
        DoorState::Closed | DoorState::Open | DoorState::Held => false,
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
        super::commands::answer(&self, call)
    }

    fn setting_changed(self: Arc<Self>, name: &SettingName) {
        for number in self.numbers() {
            if mode_name(self.core.version, number).is(name) {
                let mode = self
                    .core
                    .settings
                    .lock()
                    .text(name)
                    .and_then(Mode::from_name);
                if let Some(mode) = mode {
                    let _ = self.with_door(number, |door, _| door.mode = mode);
                }
            }
        }
    }

    async fn came_online(self: Arc<Self>) {
        self.doors.lock().offline_since = None;
        for number in self.numbers() {
            self.follow(number);
            self.tell_state(number).await;
        }
        self.send_reports().await;
    }

    fn went_offline(self: Arc<Self>) {
        let since = Instant::now();
        self.doors.lock().offline_since = Some(since);
        for number in self.numbers() {
            self.follow(number);
        }
        let weak = Arc::downgrade(&self);
        let hold = self.config.offline_hold;
        self.core.tasks.spawn(async move {
            tokio::time::sleep(hold).await;
            let Some(lock) = weak.upgrade() else { return };
            if lock.doors.lock().offline_since != Some(since) {
                return;
            }
            // Lockdown and evacuation stay; a door held open does not stay open for ever.
            for number in lock.numbers() {
                let held = lock.doors.lock().doors.get(&number).map(|door| door.mode);
                if held == Some(Mode::HeldOpen) {
                    let _ = lock.set_mode(number, Mode::Normal);
                }
            }
        });
    }

    fn restarted(&self) {
        self.doors.lock().told.clear();
    }
}
