//! What a lock says about its doors with StatusNotification (locks.md): the error code, and
//! `door=open` in info.

use model::DoorState;
use model::neutral::{DoorStateReport, Status};

use crate::read::Fields;

/// The state of the door, if the message tells one; door 0 is the controller.
pub(super) fn door_state(fields: Fields<'_>, status: &Status) -> Option<DoorStateReport> {
    let told = status.info.as_deref().and_then(state_in);
    let (state, problem) = match status.error_code.as_deref() {
        Some(code @ "ConnectorLockFailure") => (
            told.or(Some(DoorState::Jammed)),
            Some(problem(code, fields, status)),
        ),
        Some(code @ ("ReaderFailure" | "OtherError")) => {
            (told, Some(problem(code, fields, status)))
        }
        _ => (told, None),
    };
    (state.is_some() || problem.is_some()).then(|| DoorStateReport {
        door: status.evse,
        state,
        problem,
        at: status.at.clone(),
    })
}

/// `door=open`, alone or among other words.
fn state_in(info: &str) -> Option<DoorState> {
    info.split([';', ',', ' '])
        .filter_map(|word| word.trim().strip_prefix("door="))
        .find_map(|state| DoorState::from_name(state.trim()))
}

fn problem(code: &str, fields: Fields<'_>, status: &Status) -> String {
    let detail = fields
        .filled("vendorErrorCode")
        .or_else(|| status.info.clone().filter(|info| state_in(info).is_none()));
    match detail {
        Some(detail) => format!("{code}: {detail}"),
        None => code.to_owned(),
    }
}
