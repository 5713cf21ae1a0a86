//! From the payloads of 1.6 stations to the neutral words.

use model::neutral::{
    Authorize, AuthorizeForm, Boot, DataTransfer, Report, ReportKind, StationRequest, Status,
};
use model::{PresentedToken, TokenKind};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{fields, lock_state, reply, transaction};
use crate::adapter::Decoded;
use crate::error::WireError;
use crate::form::{self, Form};
use crate::lock;
use crate::mask;
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
    let report = |form: &Form, kind: ReportKind| {
        let repaired = form::read(form, payload)?;
        let payload = mask::report(repaired.fields);
        Ok(Decoded::one(
            StationRequest::Report(Report { kind, payload }),
            repaired.quirks,
        ))
    };
    Some(match action {
        "Authorize" => one(&fields::AUTHORIZE, authorize),
        "BootNotification" => one(&fields::BOOT_NOTIFICATION, boot),
        "DataTransfer" => data_transfer(peer, payload),
        "DiagnosticsStatusNotification" => {
            report(&fields::DIAGNOSTICS_STATUS, ReportKind::LogStatus)
        }
        "FirmwareStatusNotification" => {
            report(&fields::FIRMWARE_STATUS, ReportKind::FirmwareStatus)
        }
        "Heartbeat" => one(&fields::HEARTBEAT, |_| StationRequest::Heartbeat),
        "LogStatusNotification" => report(&fields::LOG_STATUS, ReportKind::LogStatus),
        "MeterValues" => one(&fields::METER_VALUES, transaction::meter_values),
        "SecurityEventNotification" => report(&fields::SECURITY_EVENT, ReportKind::SecurityEvent),
        "SignedFirmwareStatusNotification" => {
            report(&fields::SIGNED_FIRMWARE_STATUS, ReportKind::FirmwareStatus)
        }
        "StartTransaction" => one(&fields::START_TRANSACTION, transaction::start),
        "StatusNotification" => status_notification(peer, payload),
        "StopTransaction" => form::read(&fields::STOP_TRANSACTION, payload)
            .map_err(WireError::from)
            .and_then(transaction::stop),
        _ => return None,
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
    let repaired = form::read(&fields::STATUS_NOTIFICATION, payload)?;
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
    let repaired = form::read(&fields::DATA_TRANSFER, payload)?;
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
