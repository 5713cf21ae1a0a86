//! Connecting a device and keeping it connected.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::core::{Core, Registration, StationError, Wanted};
use super::event::Event;
use super::incoming::Handler;
use super::name::{Setting, SettingName};
use super::{Heartbeats, Reconnect};
use crate::describe;
use crate::transport::{Answer, CloseInfo, Connection, Incoming, Options};
use crate::vendor::Habit;
use crate::wire::{self, BootOutcome, BootReason};

/// The wait before the next BootNotification where the central system leaves it to the station.
const UNTOLD_BOOT_WAIT: Duration = Duration::from_secs(30);

/// A kind of station on top of the core.
#[async_trait::async_trait]
pub(crate) trait Device: Send + Sync + 'static {
    fn core(&self) -> &Core;

    fn heartbeats(&self) -> Heartbeats;

    /// Answers a command of its own kind; nothing if every kind of station does it alike, or none.
    async fn command(self: Arc<Self>, call: &Incoming) -> Option<Answer>;

    /// A setting has changed.
    fn setting_changed(self: Arc<Self>, name: &SettingName);

    /// Connected and accepted.
    async fn came_online(self: Arc<Self>);

    /// The connection has ended.
    fn went_offline(self: Arc<Self>);

    /// Lets go of what does not survive a restart.
    fn restarted(&self);

    /// Whether it has a transaction of this name in progress.
    fn has_transaction(&self, _name: &str) -> bool {
        false
    }
}

/// Connects; boots if the central system has not accepted the station yet.
pub(crate) async fn connect<D: Device>(device: &Arc<D>) -> Result<(), StationError> {
    let core = device.core();
    core.want(Wanted::Online);
    if core.connection().is_some() {
        return Ok(());
    }
    open(device).await?;
    if core.registration() == Registration::Accepted {
        // OCPP-J 1.6 §5.4: no BootNotification after a mere loss of the connection.
        Arc::clone(device).came_online().await;
    }
    Ok(())
}

async fn open<D: Device>(device: &Arc<D>) -> Result<(), StationError> {
    let core = device.core();
    let mut endpoint = core.endpoint.lock().clone();
    core.habits.dress(&mut endpoint);
    let weak = Arc::downgrade(device);
    let options = Options {
        handler: Some(Arc::new(Handler {
            device: weak.clone(),
        })),
        ids: Some(core.ids.clone()),
        tap: core.tap.clone(),
        tasks: core.tasks.clone(),
        ping_patience: core.habits.ping_patience(),
    };
    let connection = Connection::connect_with(&endpoint, options).await?;
    let closed = connection.watch_closed();
    core.tasks
        .spawn(watch(weak.clone(), closed, core.off.clone()));
    match device.heartbeats() {
        Heartbeats::Off => {}
        Heartbeats::AsTold | Heartbeats::Every(_) => {
            core.tasks
                .spawn(beat(weak, connection.watch_closed(), core.changes()));
        }
    }
    core.set_connection(connection);
    core.emit(Event::Connected);
    Ok(())
}

/// BootNotification, and what follows when it is accepted.
pub(crate) async fn boot<D: Device>(
    device: &Arc<D>,
    reason: BootReason,
) -> Result<BootOutcome, StationError> {
    let outcome = device.core().boot(reason).await?;
    if outcome.is_accepted() {
        if device.heartbeats() == Heartbeats::AsTold && outcome.interval_seconds > 0 {
            let seconds = outcome.interval_seconds.to_string();
            device
                .core()
                .settings
                .lock()
                .put_known(Setting::HeartbeatInterval, &seconds);
            device.core().touch();
        }
        Arc::clone(device).came_online().await;
    } else if device.core().reconnect != Reconnect::Manual {
        let core = device.core();
        let told = Duration::from_secs(outcome.interval_seconds);
        let wait = if told.is_zero() {
            UNTOLD_BOOT_WAIT
        } else {
            told
        };
        core.tasks
            .spawn(boot_again(Arc::downgrade(device), core.off.clone(), wait));
    }
    Ok(outcome)
}

/// Begins to connect in the background, and goes on until it succeeds.
pub(crate) fn keep_connected<D: Device>(device: &Arc<D>) {
    let core = device.core();
    core.want(Wanted::Online);
    core.tasks
        .spawn(reconnect(Arc::downgrade(device), core.off.clone()));
}

/// Closes the connection and stays away.
pub(crate) async fn disconnect<D: Device>(device: &Arc<D>) {
    device.core().want(Wanted::Offline);
    if let Some(connection) = device.core().connection() {
        let info = connection.close().await;
        settle(device, info);
    }
}

/// Lets go of the connection without a word.
pub(crate) async fn drop_connection<D: Device>(device: &Arc<D>) {
    if let Some(connection) = device.core().connection() {
        connection.drop_hard().await;
        settle(device, connection.closed().await);
    }
}

/// Loses the network without a trace: the connection stays open, and nothing goes over it any
/// more. The caller keeps it for as long as it shall stay so.
pub(crate) async fn abandon_connection<D: Device>(device: &Arc<D>) -> Option<Connection> {
    let connection = device.core().take_connection()?;
    connection.freeze().await;
    device.core().emit(Event::Disconnected {
        code: None,
        reason: "network gone".to_owned(),
    });
    Arc::clone(device).went_offline();
    Some(connection)
}

/// Disconnects, forgets what does not survive a restart, connects and boots.
pub(crate) async fn restart<D: Device>(
    device: &Arc<D>,
    reason: BootReason,
) -> Result<BootOutcome, StationError> {
    let core = device.core();
    core.emit(Event::Rebooting);
    disconnect(device).await;
    core.set_registration(Registration::Unknown);
    core.settings.lock().reboot();
    core.ids.restart();
    core.clock.lose_power();
    device.restarted();
    core.want(Wanted::Online);
    open(device).await?;
    boot(device, reason).await
}

/// Ends everything.
pub(crate) async fn switch_off<D: Device>(device: &Arc<D>) {
    device.core().off.cancel();
    disconnect(device).await;
}

/// Does once what the end of a connection means.
fn settle<D: Device>(device: &Arc<D>, info: CloseInfo) {
    if device.core().take_ended() {
        device.core().emit(Event::Disconnected {
            code: info.code,
            reason: info.reason,
        });
        Arc::clone(device).went_offline();
    }
}

/// Waits for the end of a connection, then connects again if that is wanted. Holds neither
/// the device nor the connection meanwhile. Boxed, because it watches the new connection, too.
fn watch<D: Device>(
    device: Weak<D>,
    closed: impl Future<Output = CloseInfo> + Send + 'static,
    off: CancellationToken,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let info = tokio::select! {
            () = off.cancelled() => return,
            info = closed => info,
        };
        let Some(strong) = device.upgrade() else {
            return;
        };
        let stays = info.code.is_some() && strong.core().habits.has(Habit::StaysAway);
        settle(&strong, info);
        drop(strong);
        if !stays {
            reconnect(device, off).await;
        }
    })
}

async fn reconnect<D: Device>(device: Weak<D>, off: CancellationToken) {
    let mut attempt = 0;
    let mut wait = match next_wait(&device, attempt) {
        Some(wait) => wait,
        None => return,
    };
    loop {
        tokio::select! {
            () = off.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let failed = match device.upgrade() {
            Some(strong) if strong.core().wanted() == Wanted::Online => {
                connect_and_boot(&strong).await
            }
            Some(_) | None => return,
        };
        let Err(error) = failed else { return };
        attempt += 1;
        let (Some(next), Some(strong)) = (next_wait(&device, attempt), device.upgrade()) else {
            return;
        };
        wait = next;
        strong.core().emit(Event::ConnectFailed {
            error: describe(&error),
            retry_seconds: wait.as_secs(),
        });
    }
}

/// How long to wait before an attempt; nothing if none is wanted.
fn next_wait<D: Device>(device: &Weak<D>, attempt: u32) -> Option<Duration> {
    let strong = device.upgrade()?;
    let core = strong.core();
    match core.reconnect {
        Reconnect::BackOff(back_off)
            if core.wanted() == Wanted::Online && core.connection().is_none() =>
        {
            Some(back_off.wait(attempt))
        }
        Reconnect::BackOff(_) | Reconnect::Manual => None,
    }
}

async fn connect_and_boot<D: Device>(device: &Arc<D>) -> Result<(), StationError> {
    connect(device).await?;
    if device.core().registration() != Registration::Accepted {
        boot(device, BootReason::PowerUp).await?;
    }
    Ok(())
}

/// A station that is not accepted asks again when it is told to (1.6 §4.2, B02.FR.04).
fn boot_again<D: Device>(
    device: Weak<D>,
    off: CancellationToken,
    wait: Duration,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        tokio::select! {
            () = off.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let Some(strong) = device.upgrade() else {
            return;
        };
        let core = strong.core();
        if core.registration() == Registration::NotAccepted
            && core.connection().is_some()
            && let Err(error) = boot(&strong, BootReason::PowerUp).await
        {
            tracing::info!(%error, "boot notification failed");
        }
    })
}

/// Sends heartbeats as long as the connection is open.
async fn beat<D: Device>(
    device: Weak<D>,
    closed: impl Future<Output = CloseInfo>,
    mut changes: watch::Receiver<u64>,
) {
    tokio::pin!(closed);
    let mut last = Instant::now();
    loop {
        let interval = {
            let Some(strong) = device.upgrade() else {
                return;
            };
            match strong.heartbeats() {
                Heartbeats::Off => return,
                Heartbeats::Every(interval) => interval,
                Heartbeats::AsTold => {
                    let seconds = strong
                        .core()
                        .settings
                        .lock()
                        .seconds(Setting::HeartbeatInterval);
                    Duration::from_secs(seconds.filter(|seconds| *seconds > 0).unwrap_or(300))
                }
            }
        };
        tokio::select! {
            _ = &mut closed => return,
            // The interval may have changed.
            changed = changes.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            () = tokio::time::sleep_until(last + interval) => {}
        }
        last = Instant::now();
        let Some(strong) = device.upgrade() else {
            return;
        };
        if strong.core().is_ready() {
            strong.core().tell(wire::heartbeat()).await;
        }
    }
}
