//! Firmware kept for other stations of the site (2.0.1, L03 and L04).

use std::sync::Arc;

use serde_json::{Value, json};

use super::firmware::Fate;
use crate::station::{Device, Event};
use crate::transport::Answer;
use crate::wire::{Message, text};

/// What is published, and what is on its way.
#[derive(Default)]
pub(crate) struct Published {
    status: Option<&'static str>,
    request_id: Option<i64>,
    downloading: Option<String>,
    checksums: Vec<String>,
}

/// PublishFirmware.
pub(crate) fn publish<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let location = text(payload, "location").unwrap_or_default().to_owned();
    let checksum = text(payload, "checksum").unwrap_or_default().to_owned();
    {
        let mut state = device.core().functions.published.lock();
        if state.downloading.is_some() {
            return Answer::status("Rejected");
        }
        state.request_id = payload.get("requestId").and_then(Value::as_i64);
        state.downloading = Some(checksum.clone());
    }
    let device = Arc::clone(device);
    Answer::status("Accepted").then(async move { run(&device, &location, checksum).await })
}

async fn run<D: Device>(device: &Arc<D>, location: &str, checksum: String) {
    let steps: &[&'static str] = match Fate::of(location) {
        Fate::Missing | Fate::Denied => &["Downloading", "DownloadFailed"],
        Fate::Forged => &["Downloading", "Downloaded", "InvalidChecksum"],
        Fate::Broken => &[
            "Downloading",
            "Downloaded",
            "ChecksumVerified",
            "PublishFailed",
        ],
        Fate::Good => &["Downloading", "Downloaded", "ChecksumVerified", "Published"],
    };
    for step in steps {
        {
            let mut state = device.core().functions.published.lock();
            state.status = Some(step);
            if *step == "Published" {
                state.checksums.push(checksum.clone());
            }
        }
        tell(device).await;
        tokio::time::sleep(device.core().pace).await;
    }
    device.core().functions.published.lock().downloading = None;
}

/// UnpublishFirmware.
pub(crate) fn unpublish<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let checksum = text(payload, "checksum").unwrap_or_default();
    let mut state = device.core().functions.published.lock();
    if state.downloading.as_deref() == Some(checksum) {
        return Answer::status("DownloadOngoing");
    }
    let before = state.checksums.len();
    state.checksums.retain(|known| known != checksum);
    Answer::status(if state.checksums.len() < before {
        "Unpublished"
    } else {
        "NoFirmware"
    })
}

/// Tells the status as it is.
pub(crate) async fn tell<D: Device>(device: &Arc<D>) {
    let core = device.core();
    let (status, request_id) = {
        let state = core.functions.published.lock();
        (state.status.unwrap_or("Idle"), state.request_id)
    };
    let mut payload = json!({ "status": status });
    if let Some(fields) = payload.as_object_mut() {
        if let (true, Some(id)) = (status != "Idle", request_id) {
            fields.insert("requestId".to_owned(), id.into());
        }
        if status == "Published" {
            // L03.FR.04: where other stations find it.
            let at = format!("http://{}.local/firmware", core.station_id());
            fields.insert("location".to_owned(), json!([at]));
        }
    }
    core.emit(Event::Progress {
        what: "published firmware",
        status: status.to_owned(),
    });
    core.tell(Message {
        action: "PublishFirmwareStatusNotification",
        payload,
    })
    .await;
}

/// What a trigger tells.
pub(crate) fn triggered<D: Device>(device: &Arc<D>) {
    let mut state = device.core().functions.published.lock();
    if state.downloading.is_none() {
        state.status = None;
    }
}
