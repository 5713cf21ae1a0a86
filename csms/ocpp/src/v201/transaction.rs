//! TransactionEvent and MeterValues.

use model::neutral::{Delivery, MeterReport, StationRequest, TransactionEvent};
use model::{EventTime, MeterSample, Phase, TransactionRef};
use serde_json::Value;

use super::token;
use crate::decimal::Decimal;
use crate::meter::{self, PERIODIC, REGISTER};
use crate::read::Fields;

pub(super) fn event(fields: Fields<'_>) -> StationRequest {
    let info = fields.object("transactionInfo");
    let evse = fields.object("evse");
    let phase = match fields.text("eventType") {
        Some("Started") => Phase::Started,
        Some("Ended") => Phase::Ended,
        // The table lets no fourth pass.
        _ => Phase::Updated,
    };
    let samples = samples(fields, "meterValue");
    StationRequest::Transaction(Box::new(TransactionEvent {
        phase,
        reference: TransactionRef::Text(
            info.and_then(|info| info.string("transactionId"))
                .unwrap_or_default(),
        ),
        seq_no: fields.integer("seqNo"),
        trigger: fields.filled("triggerReason"),
        at: fields.time_or_none("timestamp"),
        delivery: match fields.boolean("offline") {
            Some(true) => Delivery::Offline,
            Some(false) | None => Delivery::Live,
        },
        evse: evse.and_then(|evse| evse.point("id")),
        connector: evse.and_then(|evse| evse.point("connectorId")),
        token: fields.object("idToken").and_then(token::read),
        meter_wh: meter::register(&samples, phase),
        remote_start_id: info.and_then(|info| info.integer("remoteStartId")),
        reservation_id: fields.integer("reservationId"),
        stop_reason: info.and_then(|info| info.filled("stoppedReason")),
        charging_state: info.and_then(|info| info.filled("chargingState")),
        samples,
    }))
}

pub(super) fn meter_values(fields: Fields<'_>) -> StationRequest {
    StationRequest::Meter(MeterReport {
        evse: fields.point("evseId").unwrap_or(0),
        // 2.0.1 sends the values of transactions with their events.
        transaction: None,
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
    let unit_of_measure = sampled.object("unitOfMeasure");
    let exponent = unit_of_measure
        .and_then(|unit| unit.integer("multiplier"))
        .unwrap_or(0);
    let number = match sampled.value("value") {
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let value = multiplied(number, exponent);
    let measurand = sampled
        .filled("measurand")
        .unwrap_or_else(|| REGISTER.to_owned());
    let unit = unit_of_measure
        .and_then(|unit| unit.filled("unit"))
        .or_else(|| meter::default_unit(&measurand).map(str::to_owned));
    let phase = sampled.filled("phase");
    let energy_wh = (measurand == REGISTER && phase.is_none())
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
        signed: sampled.value("signedMeterValue").map(Value::to_string),
    }
}

/// The value with its multiplier (a power of ten) in it, exactly; there is no other place for it.
fn multiplied(number: String, exponent: i64) -> String {
    if exponent == 0 {
        return number;
    }
    i32::try_from(exponent)
        .ok()
        .and_then(|exponent| Decimal::parse(&number)?.shifted(exponent))
        .map_or_else(|| format!("{number}e{exponent}"), Decimal::to_text)
}
