//! Payloads of OCPP 1.6.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Identity, ListEntry, Message, Phase, TransactionEvent, number, text, time};
use crate::clock::wire_time;
use crate::token::{Token, TokenInfo};

pub(crate) fn boot(identity: &Identity) -> Value {
    let mut payload = json!({
        "chargePointVendor": identity.vendor,
        "chargePointModel": identity.model,
    });
    add(
        &mut payload,
        "chargePointSerialNumber",
        identity.serial.as_deref(),
    );
    add(
        &mut payload,
        "firmwareVersion",
        identity.firmware.as_deref(),
    );
    payload
}

pub(crate) fn authorize(token: &Token) -> Value {
    json!({ "idTag": token.text() })
}

pub(crate) fn token_info(info: &Value) -> TokenInfo {
    TokenInfo {
        expires: time(info, "expiryDate"),
        group: text(info, "parentIdTag").map(str::to_owned),
        ..TokenInfo::with_status(text(info, "status").unwrap_or_default())
    }
}

pub(crate) fn status(
    connector: u32,
    status: &str,
    error_code: &str,
    info: Option<&str>,
    at: Timestamp,
) -> Value {
    let mut payload = json!({
        "connectorId": connector,
        "errorCode": error_code,
        "status": status,
        "timestamp": wire_time(at),
    });
    add(&mut payload, "info", info);
    payload
}

pub(crate) fn transaction_event(event: &TransactionEvent) -> Message {
    match event.phase {
        Phase::Started => Message {
            action: "StartTransaction",
            payload: {
                let mut payload = json!({
                    "connectorId": event.connector,
                    "idTag": event.token.as_ref().map(Token::text).unwrap_or_default(),
                    "meterStart": event.meter_wh,
                    "timestamp": wire_time(event.at),
                });
                if let (Some(id), Some(fields)) = (event.reservation, payload.as_object_mut()) {
                    fields.insert("reservationId".to_owned(), id.into());
                }
                payload
            },
        },
        Phase::Updated => Message {
            action: "MeterValues",
            payload: meter_values(
                event.connector,
                Some(event.ids.number),
                event.meter_wh,
                event.at,
                "Sample.Periodic",
            ),
        },
        Phase::Ended => {
            let mut payload = json!({
                "meterStop": event.meter_wh,
                "timestamp": wire_time(event.at),
                "transactionId": event.ids.number,
            });
            add(&mut payload, "idTag", event.token.as_ref().map(Token::text));
            add(
                &mut payload,
                "reason",
                event.reason.map(super::StopReason::v16),
            );
            Message {
                action: "StopTransaction",
                payload,
            }
        }
    }
}

pub(crate) fn meter_values(
    connector: u32,
    transaction: Option<i64>,
    meter_wh: i64,
    at: Timestamp,
    context: &str,
) -> Value {
    let mut payload = json!({
        "connectorId": connector,
        "meterValue": [{
            "timestamp": wire_time(at),
            "sampledValue": [{
                "value": meter_wh.to_string(),
                "context": context,
                "measurand": "Energy.Active.Import.Register",
                "unit": "Wh",
            }],
        }],
    });
    if let (Some(transaction), Some(fields)) = (transaction, payload.as_object_mut()) {
        fields.insert("transactionId".to_owned(), transaction.into());
    }
    payload
}

/// The number StartTransaction was answered with.
pub(crate) fn transaction_number(answer: &Value) -> Option<i64> {
    answer.get("transactionId").and_then(Value::as_i64)
}

/// SendLocalList: version, whether it is complete, entries.
pub(crate) fn local_list(payload: &Value) -> (i64, bool, Vec<ListEntry>) {
    let entries = payload
        .get("localAuthorizationList")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|entry| ListEntry {
            token: Token::card(text(entry, "idTag").unwrap_or_default()),
            info: entry.get("idTagInfo").map(token_info),
        })
        .collect();
    let version = payload
        .get("listVersion")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    (
        version,
        text(payload, "updateType") == Some("Full"),
        entries,
    )
}

/// `connectorId` of a command; 0 and absent mean the station.
pub(crate) fn connector(payload: &Value) -> Option<u32> {
    number(payload, "connectorId").filter(|connector| *connector > 0)
}

fn add(payload: &mut Value, field: &str, value: Option<&str>) {
    if let (Some(value), Some(fields)) = (value, payload.as_object_mut()) {
        fields.insert(field.to_owned(), value.into());
    }
}
