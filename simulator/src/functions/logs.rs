//! Diagnostics and logs, told step by step. Nothing is sent: the address says what becomes of it.

use std::sync::Arc;

use rpc::Version;
use serde_json::{Value, json};

use super::firmware::Fate;
use crate::station::{Core, Device, Event};
use crate::transport::Answer;
use crate::wire::{Message, text};

/// Uploads in progress, and the last status told.
pub(crate) struct Logs {
    diagnostics: Upload,
    log: Upload,
}

struct Upload {
    status: &'static str,
    request_id: Option<i64>,
    running: bool,
    number: u64,
}

impl Default for Logs {
    fn default() -> Logs {
        let idle = || Upload {
            status: "Idle",
            request_id: None,
            running: false,
            number: 0,
        };
        Logs {
            diagnostics: idle(),
            log: idle(),
        }
    }
}

/// Which of the two mechanisms of 1.6; 2.0.1 has only the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// GetDiagnostics.
    Diagnostics,
    /// GetLog.
    Log,
}

impl Logs {
    fn upload(&mut self, which: Which) -> &mut Upload {
        match which {
            Which::Diagnostics => &mut self.diagnostics,
            Which::Log => &mut self.log,
        }
    }

    fn begin(&mut self, which: Which, request_id: Option<i64>) -> u64 {
        let upload = self.upload(which);
        upload.number += 1;
        upload.running = true;
        upload.request_id = request_id;
        upload.number
    }
}

/// GetDiagnostics of 1.6.
pub(crate) fn get_diagnostics<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let location = text(payload, "location").unwrap_or_default();
    let number = device
        .core()
        .functions
        .logs
        .lock()
        .begin(Which::Diagnostics, None);
    let file = format!("{}-diagnostics.log", device.core().station_id());
    let answer = Answer::result(json!({ "fileName": file }));
    follow(device, Which::Diagnostics, number, location, answer)
}

/// GetLog of either version.
pub(crate) fn get_log<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let core = device.core();
    let location = payload
        .get("log")
        .and_then(|log| text(log, "remoteLocation"))
        .unwrap_or_default();
    let request_id = payload.get("requestId").and_then(Value::as_i64);
    let mut logs = core.functions.logs.lock();
    // N01.FR.12: an upload in progress ends.
    let status = if logs.upload(Which::Log).running {
        "AcceptedCanceled"
    } else {
        "Accepted"
    };
    let number = logs.begin(Which::Log, request_id);
    drop(logs);
    let kind = match text(payload, "logType") {
        Some("SecurityLog") => "security",
        Some(_) | None => "diagnostics",
    };
    let file = format!("{}-{kind}.log", core.station_id());
    let answer = Answer::result(json!({ "status": status, "filename": file }));
    follow(device, Which::Log, number, location, answer)
}

fn follow<D: Device>(
    device: &Arc<D>,
    which: Which,
    number: u64,
    location: &str,
    answer: Answer,
) -> Answer {
    let device = Arc::clone(device);
    let location = location.to_owned();
    answer.then(async move { run(&device, which, number, &location).await })
}

async fn run<D: Device>(device: &Arc<D>, which: Which, number: u64, location: &str) {
    if !note(device.core(), which, number, "Uploading") {
        return;
    }
    tell(device, which).await;
    tokio::time::sleep(device.core().pace).await;
    let known = ["http://", "https://", "ftp://", "ftps://", "sftp://"]
        .iter()
        .any(|scheme| location.starts_with(scheme));
    let end = match (which, Fate::of(location)) {
        (Which::Diagnostics, Fate::Good) => "Uploaded",
        (Which::Diagnostics, _) => "UploadFailed",
        (Which::Log, _) if !known => "NotSupportedOperation",
        (Which::Log, Fate::Good) => "Uploaded",
        (Which::Log, Fate::Denied) => "PermissionDenied",
        (Which::Log, Fate::Forged) => "BadMessage",
        (Which::Log, Fate::Missing | Fate::Broken) => "UploadFailure",
    };
    if note(device.core(), which, number, end) {
        tell(device, which).await;
        device.core().functions.logs.lock().upload(which).running = false;
    }
}

/// False if a newer upload has begun.
fn note(core: &Core, which: Which, number: u64, status: &'static str) -> bool {
    let mut logs = core.functions.logs.lock();
    let upload = logs.upload(which);
    let newest = upload.number == number;
    if newest {
        upload.status = status;
    }
    newest
}

/// Tells the status as it is.
pub(crate) async fn tell<D: Device>(device: &Arc<D>, which: Which) {
    let core = device.core();
    let (status, request_id) = {
        let mut logs = core.functions.logs.lock();
        let upload = logs.upload(which);
        (upload.status, upload.request_id)
    };
    core.emit(Event::Progress {
        what: match which {
            Which::Diagnostics => "diagnostics",
            Which::Log => "log",
        },
        status: status.to_owned(),
    });
    core.tell(message(core.version, which, status, request_id))
        .await;
}

fn message(
    version: Version,
    which: Which,
    status: &'static str,
    request_id: Option<i64>,
) -> Message {
    match (version, which) {
        (Version::V16, Which::Diagnostics) => Message {
            action: "DiagnosticsStatusNotification",
            payload: json!({ "status": status }),
        },
        (_, _) => {
            let mut payload = json!({ "status": status });
            if let (true, Some(id), Some(fields)) =
                (status != "Idle", request_id, payload.as_object_mut())
            {
                fields.insert("requestId".to_owned(), id.into());
            }
            Message {
                action: "LogStatusNotification",
                payload,
            }
        }
    }
}

/// What a trigger tells: the step of an upload in progress, else Idle.
pub(crate) fn triggered(core: &Core, which: Which) {
    let mut logs = core.functions.logs.lock();
    let upload = logs.upload(which);
    if !upload.running {
        upload.status = "Idle";
    }
}
