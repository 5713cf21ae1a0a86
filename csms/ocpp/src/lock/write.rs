//! Writing what a lock is told by DataTransfer.

use model::command::OpenDoor;
use model::neutral::DoorReply;
use serde_json::json;

use crate::time::whole_seconds_text;

/// `data` of the answer to `Door.Authorize`; `status` is the one of the connection's version.
pub(crate) fn door_answer(door: &DoorReply, status: &str) -> String {
    json!({
        "status": status,
        "reason": door.verdict.reason.code(),
        "open_seconds": door.open_seconds,
        "text": door.text,
    })
    .to_string()
}

/// `data` of the answer to a message that cannot be read.
pub(crate) fn malformed_answer(problem: &str) -> String {
    json!({ "error": problem }).to_string()
}

/// `data` of `Door.Open`.
pub(crate) fn open_data(open: &OpenDoor) -> String {
    json!({
        "door": open.door,
        "seconds": open.seconds,
        "request_id": open.request_id,
        "expires_at": whole_seconds_text(open.expires_at),
    })
    .to_string()
}
