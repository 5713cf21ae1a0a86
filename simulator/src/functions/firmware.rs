//! Firmware updates, told step by step. Nothing is fetched: the address says what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rpc::Version;
use serde_json::{Value, json};

use super::hashes;
use crate::clock::StationClock;
use crate::station::{self, Core, Device, Event};
use crate::transport::Answer;
use crate::wire::{BootReason, Message, text, time};

/// The update in progress, and the last status told.
pub(crate) struct Firmware {
    status: &'static str,
    request_id: Option<i64>,
    /// Tells 1.6 apart: its update of the core document, or the signed one.
    signed: bool,
    running: bool,
    /// Counts updates, so that a newer one ends an older one.
    number: u64,
}

impl Default for Firmware {
    fn default() -> Firmware {
        Firmware {
            status: "Idle",
            request_id: None,
            signed: false,
            running: false,
            number: 0,
        }
    }
}

/// What an address leads to: a part of its path says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All goes well.
    Good,
    /// `missing`: nothing can be fetched there.
    Missing,
    /// `forged`: the signature, or the checksum, is wrong.
    Forged,
    /// `broken`: it cannot be installed.
    Broken,
    /// `denied`: the server refuses.
    Denied,
}

impl Fate {
    pub(crate) fn of(location: &str) -> Fate {
        [
            ("missing", Fate::Missing),
            ("forged", Fate::Forged),
            ("broken", Fate::Broken),
            ("denied", Fate::Denied),
        ]
        .into_iter()
        .find(|(word, _)| location.contains(word))
        .map_or(Fate::Good, |(_, fate)| fate)
    }
}

/// An update that was accepted.
struct Job {
    number: u64,
    location: String,
    retrieve: Option<Timestamp>,
    install: Option<Timestamp>,
    retries: u64,
    signed: bool,
}

/// UpdateFirmware of the core document of 1.6, which knows no refusal.
pub(crate) fn update_unsigned<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let job = begin(device, payload, payload, "retrieveDate", None);
    follow(device, job, Answer::result(json!({})))
}

/// SignedUpdateFirmware of 1.6, UpdateFirmware of 2.0.1.
pub(crate) fn update<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let firmware = payload.get("firmware").unwrap_or(&Value::Null);
    // L01.FR.22: the certificate is looked at before anything is fetched.
    if let Some(pem) = text(firmware, "signingCertificate")
        && hashes::read(pem).is_none()
    {
        return Answer::status("InvalidCertificate");
    }
    let request_id = payload.get("requestId").and_then(Value::as_i64);
    let running = device.core().functions.firmware.lock().running;
    let job = begin(device, payload, firmware, "retrieveDateTime", request_id);
    // L01.FR.24: an update in progress ends.
    let status = if running {
        "AcceptedCanceled"
    } else {
        "Accepted"
    };
    follow(device, job, Answer::status(status))
}

fn begin<D: Device>(
    device: &Arc<D>,
    payload: &Value,
    firmware: &Value,
    retrieve: &str,
    request_id: Option<i64>,
) -> Job {
    let core = device.core();
    let mut state = core.functions.firmware.lock();
    state.number += 1;
    state.running = true;
    state.request_id = request_id;
    state.signed = core.version == Version::V16 && request_id.is_some();
    Job {
        number: state.number,
        location: text(firmware, "location").unwrap_or_default().to_owned(),
        retrieve: time(firmware, retrieve),
        install: time(firmware, "installDateTime"),
        retries: payload
            .get("retries")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        signed: firmware.get("signature").is_some(),
    }
}

fn follow<D: Device>(device: &Arc<D>, job: Job, answer: Answer) -> Answer {
    let device = Arc::clone(device);
    answer.then(async move { run(device, job).await })
}

async fn run<D: Device>(device: Arc<D>, job: Job) {
    // The core document of 1.6 knows the plain steps only.
    let plain = {
        let state = device.core().functions.firmware.lock();
        device.core().version == Version::V16 && !state.signed
    };
    let fate = Fate::of(&job.location);
    if let Some(wait) = until(&device.core().clock, job.retrieve) {
        if !plain && !step(&device, &job, "DownloadScheduled").await {
            return;
        }
        tokio::time::sleep(wait).await;
    }
    let attempts = match fate {
        Fate::Missing | Fate::Denied => job.retries + 1,
        Fate::Good | Fate::Forged | Fate::Broken => 1,
    };
    for _ in 0..attempts {
        if !step(&device, &job, "Downloading").await {
            return;
        }
    }
    if matches!(fate, Fate::Missing | Fate::Denied) {
        return end(&device, &job, "DownloadFailed").await;
    }
    if !step(&device, &job, "Downloaded").await {
        return;
    }
    if !plain && job.signed {
        if fate == Fate::Forged {
            return end(&device, &job, "InvalidSignature").await;
        }
        if !step(&device, &job, "SignatureVerified").await {
            return;
        }
    }
    if let Some(wait) = until(&device.core().clock, job.install) {
        if !plain && !step(&device, &job, "InstallScheduled").await {
            return;
        }
        tokio::time::sleep(wait).await;
    }
    if !step(&device, &job, "Installing").await {
        return;
    }
    if matches!(fate, Fate::Broken | Fate::Forged) {
        return end(&device, &job, "InstallationFailed").await;
    }
    if !plain && !step(&device, &job, "InstallRebooting").await {
        return;
    }
    device.core().identity.lock().firmware = Some(version_of(&job.location));
    if let Err(error) = station::restart(&device, BootReason::FirmwareUpdate).await {
        tracing::warn!(%error, "not back after the firmware update");
    }
    end(&device, &job, "Installed").await;
}

/// How long until an instant that has not come yet.
fn until(clock: &StationClock, at: Option<Timestamp>) -> Option<Duration> {
    let wait = at?.duration_since(clock.now());
    Duration::try_from(wait).ok().filter(|wait| !wait.is_zero())
}

/// The name of the file, without its last ending.
fn version_of(location: &str) -> String {
    let file = location.rsplit('/').next().unwrap_or_default();
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    name.chars().take(50).collect()
}

/// Tells a step and waits; false if a newer update has begun.
async fn step<D: Device>(device: &Arc<D>, job: &Job, status: &'static str) -> bool {
    if !note(device.core(), job, status) {
        return false;
    }
    tell(device).await;
    tokio::time::sleep(device.core().pace).await;
    device.core().functions.firmware.lock().number == job.number
}

async fn end<D: Device>(device: &Arc<D>, job: &Job, status: &'static str) {
    if note(device.core(), job, status) {
        tell(device).await;
        device.core().functions.firmware.lock().running = false;
    }
}

fn note(core: &Core, job: &Job, status: &'static str) -> bool {
    let mut state = core.functions.firmware.lock();
    let newest = state.number == job.number;
    if newest {
        state.status = status;
    }
    newest
}

/// Tells the status as it is, of an update or triggered.
pub(crate) async fn tell<D: Device>(device: &Arc<D>) {
    let core = device.core();
    let (message, status) = {
        let state = core.functions.firmware.lock();
        (status_message(core.version, &state), state.status)
    };
    core.emit(Event::Progress {
        what: "firmware",
        status: status.to_owned(),
    });
    core.tell(message).await;
}

fn status_message(version: Version, state: &Firmware) -> Message {
    let action = if state.signed {
        "SignedFirmwareStatusNotification"
    } else {
        "FirmwareStatusNotification"
    };
    let mut payload = json!({ "status": state.status });
    let with_id = version == Version::V201 || state.signed;
    // L01.FR.20: no request id without a request, or with Idle.
    if let (true, Some(id), Some(fields)) = (
        with_id && state.status != "Idle",
        state.request_id,
        payload.as_object_mut(),
    ) {
        fields.insert("requestId".to_owned(), id.into());
    }
    Message { action, payload }
}

/// What a trigger tells: the step of an update in progress, else Idle (1.6 §4.5, L01.FR.25).
pub(crate) fn triggered(core: &Core) {
    let mut state = core.functions.firmware.lock();
    if !state.running {
        state.status = "Idle";
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, version_of};

    #[test]
    fn the_address_says_what_becomes_of_it() {
        assert_eq!(Fate::of("https://files/charger-2.1.bin"), Fate::Good);
        assert_eq!(Fate::of("https://files/missing/2.1.bin"), Fate::Missing);
        assert_eq!(version_of("https://files/charger-2.1.bin"), "charger-2.1");
    }
}
