//! From the neutral answers to the payloads 1.6 stations are told.

use model::neutral::{BootStatus, StationReply, StationRequest, TransactionReply, Verdict};
use rust_ocpp::v1_6::messages::authorize::AuthorizeResponse;
use rust_ocpp::v1_6::messages::boot_notification::BootNotificationResponse;
use rust_ocpp::v1_6::messages::data_transfer::DataTransferResponse;
use rust_ocpp::v1_6::messages::heart_beat::HeartbeatResponse;
use rust_ocpp::v1_6::messages::start_transaction::StartTransactionResponse;
use rust_ocpp::v1_6::messages::stop_transaction::StopTransactionResponse;
use rust_ocpp::v1_6::types::{DataTransferStatus, IdTagInfo, RegistrationStatus};
use serde_json::value::RawValue;

use super::messages::MESSAGES;
use super::status::{status, status_text};
use crate::adapter::{empty, to_raw};
use crate::error::WireError;
use crate::lock::{self, Refusal};
use crate::message;
use crate::occasion::Occasion;
use crate::time::whole_seconds;

/// Writes the answer to `action`.
///
/// # Errors
/// The answer does not belong to the action.
pub(crate) fn encode(
    action: &str,
    request: &StationRequest,
    reply: &StationReply,
) -> Result<Box<RawValue>, WireError> {
    let unfitting = || WireError::unfitting_reply(action);
    match (action, reply) {
        ("BootNotification", StationReply::Boot(boot)) => to_raw(&BootNotificationResponse {
            current_time: whole_seconds(boot.now),
            interval: boot.interval_seconds,
            status: match boot.status {
                BootStatus::Accepted => RegistrationStatus::Accepted,
                BootStatus::Pending => RegistrationStatus::Pending,
                BootStatus::Rejected => RegistrationStatus::Rejected,
            },
        }),
        ("Heartbeat", StationReply::Time(now)) => to_raw(&HeartbeatResponse {
            current_time: whole_seconds(*now),
        }),
        ("Authorize", StationReply::Authorized(verdict)) => to_raw(&AuthorizeResponse {
            id_tag_info: id_tag_info(verdict, Occasion::Authorize),
        }),
        ("Authorize", StationReply::Door(door)) => to_raw(&AuthorizeResponse {
            id_tag_info: id_tag_info(&door.verdict, Occasion::Authorize),
        }),
        ("StartTransaction", StationReply::Transaction(reply)) => {
            started(reply).unwrap_or_else(|| Err(unfitting()))
        }
        ("StopTransaction", StationReply::Transaction(reply)) => stopped(request, reply),
        ("DataTransfer", reply) => data_transfer(reply).unwrap_or_else(|| Err(unfitting())),
        ("StatusNotification" | "MeterValues", StationReply::Received) => empty(),
        (_, StationReply::Received) => {
            message::kept_answer(MESSAGES, action).unwrap_or_else(|| Err(unfitting()))
        }
        _ => Err(unfitting()),
    }
}

/// A start is answered with a number and a status, whatever was decided (C16 4.8).
fn started(reply: &TransactionReply) -> Option<Result<Box<RawValue>, WireError>> {
    let verdict = reply.verdict.as_ref()?;
    let number = i32::try_from(reply.number?).ok()?;
    Some(to_raw(&StartTransactionResponse {
        id_tag_info: id_tag_info(verdict, Occasion::Start),
        transaction_id: number,
    }))
}

/// idTagInfo only if an idTag was sent (C16 4.10).
fn stopped(request: &StationRequest, reply: &TransactionReply) -> Result<Box<RawValue>, WireError> {
    let asked = matches!(request, StationRequest::Transaction(event) if event.token.is_some());
    let verdict = reply.verdict.as_ref().filter(|_| asked);
    to_raw(&StopTransactionResponse {
        id_tag_info: verdict.map(|verdict| id_tag_info(verdict, Occasion::Stop)),
    })
}

fn id_tag_info(verdict: &Verdict, occasion: Occasion) -> IdTagInfo {
    IdTagInfo {
        expiry_date: verdict.expires_at.map(whole_seconds),
        parent_id_tag: verdict
            .stop_group
            .as_ref()
            .map(|group| group.as_str().to_owned()),
        status: status(verdict.reason, occasion),
    }
}

fn data_transfer(reply: &StationReply) -> Option<Result<Box<RawValue>, WireError>> {
    let (status, data) = match reply {
        StationReply::Door(door) => {
            let status = status_text(door.verdict.reason, Occasion::Authorize);
            (
                DataTransferStatus::Accepted,
                Some(lock::door_answer(door, status)),
            )
        }
        StationReply::EventStored => (DataTransferStatus::Accepted, None),
        StationReply::UnknownVendor => (DataTransferStatus::UnknownVendorId, None),
        StationReply::Boot(_)
        | StationReply::Time(_)
        | StationReply::Authorized(_)
        | StationReply::Transaction(_)
        | StationReply::Received => return None,
    };
    Some(to_raw(&DataTransferResponse { status, data }))
}

/// The answer to a message of the lock profile that cannot be served.
pub(super) fn refused(refusal: &Refusal) -> Result<Box<RawValue>, WireError> {
    let (status, data) = match refusal {
        Refusal::UnknownMessage => (DataTransferStatus::UnknownMessageId, None),
        Refusal::Malformed(problem) => (
            DataTransferStatus::Rejected,
            Some(lock::malformed_answer(problem)),
        ),
    };
    to_raw(&DataTransferResponse { status, data })
}
