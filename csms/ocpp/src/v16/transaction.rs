//! StartTransaction, StopTransaction and MeterValues.

use model::neutral::{Delivery, MeterReport, StationRequest, TransactionEvent};
use model::{EventTime, MeterSample, Phase, TransactionRef};
use rpc::ErrorCode;

use super::decode::id_tag;
use crate::adapter::Decoded;
use crate::error::WireError;
use crate::form::Repaired;
use crate::meter::{self, PERIODIC, REGISTER};
use crate::read::Fields;

pub(super) fn start(fields: Fields<'_>) -> StationRequest {
    let connector = fields.point("connectorId");
    StationRequest::Transaction(Box::new(TransactionEvent {
        phase: Phase::Started,
        reference: TransactionRef::New,
        seq_no: None,
        trigger: None,
        at: fields.time_or_none("timestamp"),
        // 1.6 does not say; `app` sees it by the time.
        delivery: Delivery::Live,
        evse: connector,
        connector: connector.filter(|number| *number > 0).map(|_| 1),
        token: id_tag(fields),
        meter_wh: fields.integer("meterStart"),
        remote_start_id: None,
        reservation_id: fields.integer("reservationId"),
        stop_reason: None,
        charging_state: None,
        samples: Vec::new(),
    }))
}

/// # Errors
/// A stop that says neither what nor when has no meaning.
pub(super) fn stop(repaired: Repaired) -> Result<Decoded, WireError> {
    let fields = Fields::new(&repaired.fields);
    let number = fields.integer("transactionId");
    if number.is_none() && fields.text("timestamp").is_none() {
        return Err(WireError::new(
            ErrorCode::OccurrenceConstraintViolation,
            "`transactionId` is missing",
        ));
    }
    let samples = samples(fields, "transactionData");
    let event = TransactionEvent {
        phase: Phase::Ended,
        // Quirk Q26: without a number it is looked for like one with an unknown number.
        reference: TransactionRef::Number(number.unwrap_or(0)),
        seq_no: None,
        trigger: None,
        at: fields.time_or_none("timestamp"),
        delivery: Delivery::Live,
        evse: None,
        connector: None,
        token: id_tag(fields),
        meter_wh: fields
            .integer("meterStop")
            .or_else(|| meter::register(&samples, Phase::Ended)),
        remote_start_id: None,
        reservation_id: None,
        stop_reason: fields.filled("reason"),
        charging_state: None,
        samples,
    };
    Ok(Decoded::one(
        StationRequest::Transaction(Box::new(event)),
        repaired.quirks,
    ))
}

pub(super) fn meter_values(fields: Fields<'_>) -> StationRequest {
    StationRequest::Meter(MeterReport {
        evse: fields.point("connectorId").unwrap_or(0),
        transaction: fields.integer("transactionId").map(TransactionRef::Number),
        samples: samples(fields, "meterValue"),
    })
}

fn samples(fields: Fields<'_>, list: &str) -> Vec<MeterSample> {
    fields
        .objects(list)
        .flat_map(|value| {
            let at = value.time_or_none("timestamp");
            value
                .objects("sampledValue")
                .map(move |sampled| sample(&at, sampled))
        })
        .collect()
}

fn sample(at: &EventTime, sampled: Fields<'_>) -> MeterSample {
    let value = sampled.string("value").unwrap_or_default();
    let measurand = sampled
        .filled("measurand")
        .unwrap_or_else(|| REGISTER.to_owned());
    let unit = sampled.filled("unit").map(|unit| match unit.as_str() {
        // OCPP-J errata: both spellings are right.
        "Celcius" => "Celsius".to_owned(),
        _ => unit,
    });
    let unit = unit.or_else(|| meter::default_unit(&measurand).map(str::to_owned));
    let phase = sampled.filled("phase");
    let signed = (sampled.text("format") == Some("SignedData"))
        .then(|| serde_json::Value::from(value.as_str()).to_string());
    let energy_wh = (measurand == REGISTER && phase.is_none() && signed.is_none())
        .then(|| meter::watt_hours(&value, unit.as_deref()))
        .flatten();
    MeterSample {
        at: at.clone(),
        value,
        measurand,
        unit,
        context: sampled
            .filled("context")
            .or_else(|| Some(PERIODIC.to_owned())),
        phase,
        location: sampled.filled("location"),
        energy_wh,
        signed,
    }
}
