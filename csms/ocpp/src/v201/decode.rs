//! From the payloads of 2.0.1 stations to the neutral words.

use model::neutral::{
    Authorize, AuthorizeForm, Boot, DataTransfer, ReportKind, StationRequest, Status,
};
use model::{PresentedToken, QuirkName, TokenKind};
use serde_json::value::RawValue;

use super::messages::MESSAGES;
use super::{forms, lock_state, reply, token, transaction};
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
        "Authorize" => authorize(peer, payload),
        "BootNotification" => boot_notification(payload),
        "DataTransfer" => data_transfer(peer, payload),
        "Heartbeat" => one(&forms::availability::HEARTBEAT, |_| {
            StationRequest::Heartbeat
        }),
        "MeterValues" => one(
            &forms::meter_values::METER_VALUES,
            transaction::meter_values,
        ),
        "NotifyEvent" => form::read(&forms::diagnostics::NOTIFY_EVENT, payload)
            .map_err(WireError::from)
            .map(|repaired| lock_state::notify_event(peer, repaired)),
        "StatusNotification" => one(
            &forms::availability::STATUS_NOTIFICATION,
            status_notification,
        ),
        "TransactionEvent" => one(&forms::transactions::TRANSACTION_EVENT, transaction::event),
        // Whatever else a station may send is kept.
        _ => return message::reported(MESSAGES, action, payload),
    })
}

/// At a lock the door stands in additionalInfo (locks.md); elsewhere that is nobody's matter.
fn authorize(peer: &Peer, payload: &RawValue) -> Result<Decoded, WireError> {
    let mut repaired = form::read(&forms::authorization::AUTHORIZE, payload)?;
    let fields = Fields::new(&repaired.fields);
    let id_token = fields.object("idToken");
    let named = id_token.filter(|_| peer.is_lock()).and_then(|id_token| {
        id_token
            .objects("additionalInfo")
            .find(|info| {
                info.text("type")
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("door"))
            })?
            .text("additionalIdToken")
    });
    let door = named.and_then(|number| number.trim().parse().ok());
    if named.is_some() && door.is_none() {
        repaired.quirks.push(Quirk {
            name: QuirkName::DoorUnreadable,
            field: "idToken.additionalInfo[].additionalIdToken".to_owned(),
        });
    }
    let nothing = || PresentedToken::new(TokenKind::NoAuthorization, "");
    let request = StationRequest::Authorize(Authorize {
        token: id_token.and_then(token::read).unwrap_or_else(nothing),
        door,
        form: AuthorizeForm::Standard,
    });
    Ok(Decoded::one(request, repaired.quirks))
}

/// What the station says of itself beyond what [`Boot`] holds is kept as a report.
fn boot_notification(payload: &RawValue) -> Result<Decoded, WireError> {
    let repaired = form::read(&forms::provisioning::BOOT_NOTIFICATION, payload)?;
    let boot = boot(Fields::new(&repaired.fields));
    Ok(Decoded::and_report(boot, ReportKind::Boot, repaired))
}

fn boot(fields: Fields<'_>) -> StationRequest {
    let station = fields.object("chargingStation");
    let of_station = |name| station.and_then(|station| station.filled(name));
    StationRequest::Boot(Boot {
        vendor: of_station("vendorName").unwrap_or_default(),
        model: of_station("model").unwrap_or_default(),
        serial: of_station("serialNumber"),
        firmware: of_station("firmwareVersion"),
        reason: fields.filled("reason"),
    })
}

/// Quirk Q20: (0,0), (1,0) and (0,1) are sent for the station.
fn status_notification(fields: Fields<'_>) -> StationRequest {
    StationRequest::Status(Status {
        evse: fields.point("evseId").unwrap_or(0),
        connector: fields.point("connectorId").unwrap_or(0),
        status: fields.string("connectorStatus").unwrap_or_default(),
        error_code: None,
        info: None,
        at: fields.time("timestamp"),
    })
}

fn data_transfer(peer: &Peer, payload: &RawValue) -> Result<Decoded, WireError> {
    let mut repaired = form::read(&forms::data_transfer::DATA_TRANSFER, payload)?;
    let fields = Fields::new(&repaired.fields);
    if !peer.is_lock() || fields.text("vendorId") != Some(lock::VENDOR) {
        let transfer = DataTransfer {
            vendor: fields.string("vendorId").unwrap_or_default(),
            message: fields.string("messageId"),
            data: fields.value("data").cloned(),
        };
        return Ok(Decoded::one(
            StationRequest::DataTransfer(transfer),
            repaired.quirks,
        ));
    }
    match lock::read(fields) {
        lock::Message::Request(request, more) => {
            repaired.quirks.extend(more);
            Ok(Decoded::one(*request, repaired.quirks))
        }
        lock::Message::Refused(refusal) => Ok(Decoded {
            requests: Vec::new(),
            answer: Some(reply::refused(&refusal)?),
            quirks: repaired.quirks,
        }),
    }
}
