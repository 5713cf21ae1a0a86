//! Habits of the handshake and the connection.

use std::time::Duration;

use rpc::Version;

use super::Habit;
use crate::transport::Endpoint;

/// What a station that wants to be pinged waits (quirk Q9).
pub(super) const PING_PATIENCE: Duration = Duration::from_secs(60);

/// The segment of those who have one too many.
const SEGMENT: &str = "ocpp1.6";

/// Changes where and how the station connects; `count` are the handshakes before this one.
pub(super) fn dress(habit: Habit, endpoint: &mut Endpoint, count: u32) {
    let names = |versions: &[Version]| -> Vec<String> {
        versions
            .iter()
            .map(|version| version.subprotocol().to_owned())
            .collect()
    };
    match habit {
        Habit::NoSubprotocol => endpoint.subprotocols = Some(Vec::new()),
        Habit::SeveralSubprotocols => {
            let order = if count.is_multiple_of(2) {
                [Version::V16, Version::V201]
            } else {
                [Version::V201, Version::V16]
            };
            endpoint.subprotocols = Some(names(&order));
        }
        Habit::OtherSubprotocol => endpoint.subprotocols = Some(names(&[Version::V201])),
        Habit::TrailingSlash => change_path(endpoint, |path| format!("{path}/")),
        Habit::ExtraSegment => {
            change_identity(endpoint, |id| format!("{SEGMENT}/{id}"));
        }
        Habit::LowerCaseId => {
            endpoint.user = Some(endpoint.id.to_ascii_lowercase().into_bytes());
            change_identity(endpoint, str::to_ascii_lowercase);
        }
        _ => {}
    }
}

fn change_path(endpoint: &mut Endpoint, change: impl FnOnce(String) -> String) {
    if let Ok(target) = endpoint.target() {
        endpoint.raw_path = Some(change(target.path));
    }
}

/// Changes the last segment of the path, whatever slashes are behind it.
fn change_identity(endpoint: &mut Endpoint, change: impl FnOnce(&str) -> String) {
    change_path(endpoint, |path| {
        let bare = path.trim_end_matches('/');
        let slashes = path.get(bare.len()..).unwrap_or_default();
        match bare.rsplit_once('/') {
            Some((base, id)) => format!("{base}/{}{slashes}", change(id)),
            None => path.clone(),
        }
    });
}
