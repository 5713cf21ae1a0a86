//! From the neutral answers to the payloads 2.0.1 stations are told.

use model::TokenKind;
use model::neutral::{
    BootReply, BootStatus, PersonMessage, StationReply, StationRequest, TransactionEvent,
    TransactionReply, Verdict,
};
use rust_ocpp::v2_0_1::datatypes::id_token_info_type::IdTokenInfoType;
use rust_ocpp::v2_0_1::datatypes::message_content_type::MessageContentType;
use rust_ocpp::v2_0_1::enumerations::authorization_status_enum_type::AuthorizationStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::data_transfer_status_enum_type::DataTransferStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::message_format_enum_type::MessageFormatEnumType;
use rust_ocpp::v2_0_1::enumerations::registration_status_enum_type::RegistrationStatusEnumType;
use rust_ocpp::v2_0_1::messages::authorize::AuthorizeResponse;
use rust_ocpp::v2_0_1::messages::datatransfer::DataTransferResponse;
use rust_ocpp::v2_0_1::messages::heartbeat::HeartbeatResponse;
use rust_ocpp::v2_0_1::messages::transaction_event::TransactionEventResponse;
use serde_json::value::RawValue;

use super::messages::MESSAGES;
use super::status::{status, status_text};
use super::token;
use super::types::BootNotificationResponse;
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
        ("BootNotification", StationReply::Boot(boot)) => booted(boot),
        ("Heartbeat", StationReply::Time(now)) => to_raw(&HeartbeatResponse {
            current_time: whole_seconds(*now),
        }),
        ("Authorize", StationReply::Authorized(verdict)) => authorized(verdict),
        ("Authorize", StationReply::Door(door)) => authorized(&door.verdict),
        ("TransactionEvent", StationReply::Transaction(reply)) => match request {
            StationRequest::Transaction(event) => {
                transaction(event, reply).ok_or_else(unfitting)?
            }
            StationRequest::Boot(_)
            | StationRequest::Heartbeat
            | StationRequest::Status(_)
            | StationRequest::Authorize(_)
            | StationRequest::Meter(_)
            | StationRequest::DoorEvent(_)
            | StationRequest::DoorState(_)
            | StationRequest::Report(_)
            | StationRequest::DataTransfer(_) => Err(unfitting()),
        },
        ("DataTransfer", reply) => data_transfer(reply).unwrap_or_else(|| Err(unfitting())),
        ("StatusNotification" | "MeterValues" | "NotifyEvent", StationReply::Received) => empty(),
        (_, StationReply::Received) => {
            message::kept_answer(MESSAGES, action).unwrap_or_else(|| Err(unfitting()))
        }
        _ => Err(unfitting()),
    }
}

fn booted(boot: &BootReply) -> Result<Box<RawValue>, WireError> {
    to_raw(&BootNotificationResponse {
        current_time: whole_seconds(boot.now),
        interval: i64::from(boot.interval_seconds),
        status: match boot.status {
            BootStatus::Accepted => RegistrationStatusEnumType::Accepted,
            BootStatus::Pending => RegistrationStatusEnumType::Pending,
            BootStatus::Rejected => RegistrationStatusEnumType::Rejected,
        },
        status_info: None,
    })
}

fn authorized(verdict: &Verdict) -> Result<Box<RawValue>, WireError> {
    // C01.FR.20: evseId names the EVSEs it holds for, if not all.
    let evses = verdict
        .evses
        .iter()
        .filter_map(|evse| i32::try_from(*evse).ok())
        .collect();
    let info = id_token_info(verdict, Occasion::Authorize);
    to_raw(&AuthorizeResponse {
        certificate_status: None,
        id_token_info: IdTokenInfoType {
            evse_id: Some(evses).filter(|evses: &Vec<i32>| {
                !evses.is_empty() && info.status == AuthorizationStatusEnumType::Accepted
            }),
            ..info
        },
    })
}

/// E01.FR.11, E01.FR.12: whoever sends a token is told about it. `None` if nothing was decided.
fn transaction(
    event: &TransactionEvent,
    reply: &TransactionReply,
) -> Option<Result<Box<RawValue>, WireError>> {
    let info = match &event.token {
        None => None,
        // C02.FR.02: always, whatever was decided.
        Some(token) if token.kind == TokenKind::NoAuthorization => {
            Some(plain_info(AuthorizationStatusEnumType::Accepted))
        }
        Some(_) => Some(id_token_info(reply.verdict.as_ref()?, event.phase.into())),
    };
    Some(to_raw(&TransactionEventResponse {
        total_cost: None,
        charging_priority: None,
        id_token_info: info,
        updated_personal_message: None,
    }))
}

fn id_token_info(verdict: &Verdict, occasion: Occasion) -> IdTokenInfoType {
    IdTokenInfoType {
        cache_expiry_date_time: verdict.expires_at.map(whole_seconds),
        group_id_token: verdict.stop_group.as_ref().map(token::group),
        personal_message: verdict.message.as_ref().map(message_content),
        ..plain_info(status(verdict.reason, occasion))
    }
}

/// The most a station takes of a message (OCPP 2.0.1, MessageContentType), characters.
const CONTENT: usize = 512;

fn message_content(message: &PersonMessage) -> MessageContentType {
    MessageContentType {
        format: MessageFormatEnumType::UTF8,
        language: Some(message.language.tag().to_owned()),
        content: message.text.chars().take(CONTENT).collect(),
    }
}

fn plain_info(status: AuthorizationStatusEnumType) -> IdTokenInfoType {
    IdTokenInfoType {
        status,
        cache_expiry_date_time: None,
        charging_priority: None,
        language1: None,
        evse_id: None,
        language2: None,
        group_id_token: None,
        personal_message: None,
    }
}

fn data_transfer(reply: &StationReply) -> Option<Result<Box<RawValue>, WireError>> {
    let (status, data) = match reply {
        StationReply::Door(door) => {
            let status = status_text(door.verdict.reason, Occasion::Authorize);
            (
                DataTransferStatusEnumType::Accepted,
                Some(lock::door_answer(door, status)),
            )
        }
        StationReply::EventStored => (DataTransferStatusEnumType::Accepted, None),
        StationReply::UnknownVendor => (DataTransferStatusEnumType::UnknownVendorId, None),
        StationReply::Boot(_)
        | StationReply::Time(_)
        | StationReply::Authorized(_)
        | StationReply::Transaction(_)
        | StationReply::Received => return None,
    };
    Some(to_raw(&DataTransferResponse {
        status,
        data,
        status_info: None,
    }))
}

/// The answer to a message of the lock profile that cannot be served.
pub(super) fn refused(refusal: &Refusal) -> Result<Box<RawValue>, WireError> {
    let (status, data) = match refusal {
        Refusal::UnknownMessage => (DataTransferStatusEnumType::UnknownMessageId, None),
        Refusal::Malformed(problem) => (
            DataTransferStatusEnumType::Rejected,
            Some(lock::malformed_answer(problem)),
        ),
    };
    to_raw(&DataTransferResponse {
        status,
        data,
        status_info: None,
    })
}
