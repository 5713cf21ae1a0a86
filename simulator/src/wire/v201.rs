//! Payloads of OCPP 2.0.1.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    BootReason, Identity, ListEntry, Message, Phase, TransactionEvent, number, text, time,
};
use crate::clock::wire_time;
use crate::token::{Token, TokenInfo, TokenKind};

pub(crate) fn boot(identity: &Identity, reason: BootReason) -> Value {
    let mut station = json!({ "vendorName": identity.vendor, "model": identity.model });
    if let Some(fields) = station.as_object_mut() {
        if let Some(serial) = &identity.serial {
            fields.insert("serialNumber".to_owned(), serial.as_str().into());
        }
        if let Some(firmware) = &identity.firmware {
            fields.insert("firmwareVersion".to_owned(), firmware.as_str().into());
        }
    }
    json!({ "chargingStation": station, "reason": reason.wire() })
}

pub(crate) fn id_token(token: &Token, door: Option<u32>) -> Value {
    let mut object = json!({ "idToken": token.text(), "type": token.kind().wire() });
    if let (Some(door), Some(fields)) = (door, object.as_object_mut()) {
        fields.insert(
            "additionalInfo".to_owned(),
            json!([{ "type": "door", "additionalIdToken": door.to_string() }]),
        );
    }
    object
}

/// Reads an IdToken; a type we do not know makes it unusable.
pub(crate) fn read_token(object: &Value) -> Option<Token> {
    let kind = TokenKind::from_wire(text(object, "type")?)?;
    Some(Token::new(kind, text(object, "idToken")?))
}

pub(crate) fn authorize(token: &Token, door: Option<u32>) -> Value {
    json!({ "idToken": id_token(token, door) })
}

pub(crate) fn token_info(info: &Value) -> TokenInfo {
    let evses = info
        .get("evseId")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|evse| evse.as_u64().and_then(|evse| u32::try_from(evse).ok()))
        .collect();
    TokenInfo {
        expires: time(info, "cacheExpiryDateTime"),
        group: info
            .get("groupIdToken")
            .and_then(|group| text(group, "idToken"))
            .map(str::to_owned),
        evses,
        message: info
            .get("personalMessage")
            .and_then(|message| text(message, "content"))
            .map(str::to_owned),
        ..TokenInfo::with_status(text(info, "status").unwrap_or_default())
    }
}

pub(crate) fn status(evse: u32, status: &str, at: Timestamp) -> Value {
    json!({
        "timestamp": wire_time(at),
        "connectorStatus": status,
        "evseId": evse,
        "connectorId": 1,
    })
}

pub(crate) fn transaction_event(event: &TransactionEvent) -> Message {
    let (kind, context) = match event.phase {
        Phase::Started => ("Started", "Transaction.Begin"),
        Phase::Updated => ("Updated", "Sample.Periodic"),
        Phase::Ended => ("Ended", "Transaction.End"),
    };
    let mut info = json!({
        "transactionId": event.ids.uuid,
        "chargingState": event.charging_state.wire(),
    });
    if let Some(fields) = info.as_object_mut() {
        if let Some(reason) = event.reason {
            fields.insert("stoppedReason".to_owned(), reason.v201().into());
        }
        if let Some(id) = event.remote_start_id {
            fields.insert("remoteStartId".to_owned(), id.into());
        }
    }
    let mut payload = json!({
        "eventType": kind,
        "timestamp": wire_time(event.at),
        "triggerReason": event.trigger.wire(),
        "seqNo": event.seq_no,
        "transactionInfo": info,
        "evse": { "id": event.connector, "connectorId": 1 },
        "meterValue": [meter_value(event.meter_wh, event.at, context)],
    });
    if let Some(fields) = payload.as_object_mut() {
        if event.offline {
            fields.insert("offline".to_owned(), true.into());
        }
        if let Some(token) = &event.token {
            fields.insert("idToken".to_owned(), id_token(token, None));
        }
        if let Some(id) = event.reservation {
            fields.insert("reservationId".to_owned(), id.into());
        }
    }
    Message {
        action: "TransactionEvent",
        payload,
    }
}

pub(crate) fn meter_values(evse: u32, meter_wh: i64, at: Timestamp) -> Value {
    json!({ "evseId": evse, "meterValue": [meter_value(meter_wh, at, "Sample.Clock")] })
}

fn meter_value(meter_wh: i64, at: Timestamp, context: &str) -> Value {
    json!({
        "timestamp": wire_time(at),
        "sampledValue": [{
            "value": meter_wh,
            "context": context,
            "measurand": "Energy.Active.Import.Register",
            "unitOfMeasure": { "unit": "Wh" },
        }],
    })
}

/// SendLocalList: version, whether it is complete, entries.
pub(crate) fn local_list(payload: &Value) -> (i64, bool, Vec<ListEntry>) {
    let entries = payload
        .get("localAuthorizationList")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            Some(ListEntry {
                token: read_token(entry.get("idToken")?)?,
                info: entry.get("idTokenInfo").map(token_info),
            })
        })
        .collect();
    let version = payload
        .get("versionNumber")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    (
        version,
        text(payload, "updateType") == Some("Full"),
        entries,
    )
}

/// The EVSE named in an `evse` object.
pub(crate) fn evse(payload: &Value) -> Option<u32> {
    payload
        .get("evse")
        .and_then(|evse| number(evse, "id"))
        .filter(|evse| *evse > 0)
}

/// One finding of NotifyEvent.
pub(crate) struct Finding<'a> {
    pub event_id: u64,
    pub component: &'a str,
    pub evse: u32,
    pub variable: &'a str,
    pub value: String,
    /// `Alerting` or `Delta`.
    pub trigger: &'static str,
}

pub(crate) fn notify_event(findings: &[Finding<'_>], at: Timestamp) -> Message {
    let data: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "eventId": finding.event_id,
                "timestamp": wire_time(at),
                "trigger": finding.trigger,
                "actualValue": finding.value,
                "eventNotificationType": "HardWiredNotification",
                "component": { "name": finding.component, "evse": { "id": finding.evse } },
                "variable": { "name": finding.variable },
            })
        })
        .collect();
    let payload = json!({ "generatedAt": wire_time(at), "seqNo": 0, "eventData": data });
    Message {
        action: "NotifyEvent",
        payload,
    }
}
