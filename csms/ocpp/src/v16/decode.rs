//! From the payloads of 1.6 stations to the neutral words.

use model::neutral::{
    Authorize, AuthorizeForm, Boot, DataTransfer, ReportKind, StationRequest, Status,
};
use model::{PresentedToken, TokenKind};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::forms::core as forms;
use super::messages::MESSAGES;
use super::{lock_state, reply, transaction};
use crate::adapter::Decoded;
use crate::error::WireError;
use crate::form::{self, Form};
use crate::lock;
use crate::message;
use crate::peer::Peer;
use crate::quirk::Quirk;
use crate::read::Fields;

/// Reads a message; `None` if the action is not served.
pub(crate) fn decode(
    peer: &Peer,
    action: &str,
    payload: &RawValue,
) -> Option<Result<Decoded, WireError>> {
    let one = |form: &Form, to: fn(Fields<'_>) -> StationRequest| {
        let repaired = form::read(form, payload)?;
        Ok(Decoded::one(
            to(Fields::new(&repaired.fields)),
            repaired.quirks,
        ))
    };
    Some(match action {
        "Authorize" => one(&forms::AUTHORIZE, authorize),
        "BootNotification" => boot_notification(payload),
        "DataTransfer" => data_transfer(peer, payload),
        "Heartbeat" => one(&forms::HEARTBEAT, |_| StationRequest::Heartbeat),
        "MeterValues" => one(&forms::METER_VALUES, transaction::meter_values),
        "StartTransaction" => one(&forms::START_TRANSACTION, transaction::start),
        "StatusNotification" => status_notification(peer, payload),
        "StopTransaction" => form::read(&forms::STOP_TRANSACTION, payload)
            .map_err(WireError::from)
            .and_then(transaction::stop),
        // Whatever else a station may send is kept.
        _ => return message::reported(MESSAGES, action, payload),
    })
}

fn authorize(fields: Fields<'_>) -> StationRequest {
    StationRequest::Authorize(Authorize {
        token: id_tag(fields).unwrap_or_else(|| PresentedToken::new(TokenKind::IdTag, "")),
        door: None,
        form: AuthorizeForm::Standard,
    })
}

/// The idTag, if there is one.
pub(super) fn id_tag(fields: Fields<'_>) -> Option<PresentedToken> {
    fields
        .text("idTag")
        .map(|tag| PresentedToken::new(TokenKind::IdTag, tag))
}

/// What the station says of itself beyond what [`Boot`] holds is kept as a report.
fn boot_notification(payload: &RawValue) -> Result<Decoded, WireError> {
    let repaired = form::read(&forms::BOOT_NOTIFICATION, payload)?;
    let boot = boot(Fields::new(&repaired.fields));
    Ok(Decoded::and_report(boot, ReportKind::Boot, repaired))
}

fn boot(fields: Fields<'_>) -> StationRequest {
    StationRequest::Boot(Boot {
        vendor: fields.string("chargePointVendor").unwrap_or_default(),
        model: fields.string("chargePointModel").unwrap_or_default(),
        serial: fields
            .filled("chargePointSerialNumber")
            .or_else(|| fields.filled("chargeBoxSerialNumber")),
        firmware: fields.filled("firmwareVersion"),
        reason: None,
    })
}

fn status_notification(peer: &Peer, payload: &RawValue) -> Result<Decoded, WireError> {
    let repaired = form::read(&forms::STATUS_NOTIFICATION, payload)?;
    let fields = Fields::new(&repaired.fields);
    // A negative connector is noted; what is said can only be of the station.
    let number = fields.point("connectorId").unwrap_or(0);
    let status = Status {
        evse: number,
        connector: u32::from(number > 0),
        status: fields.string("status").unwrap_or_default(),
        error_code: fields.filled("errorCode"),
        info: fields.filled("info"),
        at: fields.time("timestamp"),
    };
    let door = peer
        .is_lock()
        .then(|| lock_state::door_state(fields, &status))
        .flatten();
    let mut requests = vec![StationRequest::Status(status)];
    requests.extend(door.map(StationRequest::DoorState));
    Ok(Decoded {
        requests,
        answer: None,
        quirks: repaired.quirks,
    })
}

fn data_transfer(peer: &Peer, payload: &RawValue) -> Result<Decoded, WireError> {
    let repaired = form::read(&forms::DATA_TRANSFER, payload)?;
    let fields = Fields::new(&repaired.fields);
    if peer.is_lock() && fields.text("vendorId") == Some(lock::VENDOR) {
        return door_message(&repaired.fields, repaired.quirks);
    }
    let transfer = DataTransfer {
        vendor: fields.string("vendorId").unwrap_or_default(),
        message: fields.string("messageId"),
        data: fields.value("data").cloned(),
    };
    Ok(Decoded::one(
        StationRequest::DataTransfer(transfer),
        repaired.quirks,
    ))
}

fn door_message(fields: &Map<String, Value>, mut quirks: Vec<Quirk>) -> Result<Decoded, WireError> {
    match lock::read(Fields::new(fields)) {
        lock::Message::Request(request, more) => {
            quirks.extend(more);
            Ok(Decoded::one(*request, quirks))
        }
        lock::Message::Refused(refusal) => Ok(Decoded {
            requests: Vec::new(),
            answer: Some(reply::refused(&refusal)?),
            quirks,
        }),
    }
}
