//! MeterValues and StopTransaction: rust-ocpp's unit of measure has no `Hertz`, and writes
//! `Celsius` for `Celcius`.

use chrono::{DateTime, Utc};
use rust_ocpp::v1_6::types::{Location, Measurand, Phase, ReadingContext, Reason, ValueFormat};
use serde::{Deserialize, Serialize};

/// MeterValues.req.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeterValuesRequest {
    pub(crate) connector_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_id: Option<i64>,
    pub(crate) meter_value: Vec<MeterValue>,
}

/// StopTransaction.req.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StopTransactionRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_tag: Option<String>,
    /// Wh.
    pub(crate) meter_stop: i64,
    pub(crate) timestamp: DateTime<Utc>,
    pub(crate) transaction_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_data: Option<Vec<MeterValue>>,
}

/// MeterValue.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeterValue {
    pub(crate) timestamp: DateTime<Utc>,
    pub(crate) sampled_value: Vec<SampledValue>,
}

/// SampledValue.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SampledValue {
    pub(crate) value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<ReadingContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<ValueFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) measurand: Option<Measurand>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<Phase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<UnitOfMeasure>,
}

/// UnitOfMeasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum UnitOfMeasure {
    Wh,
    #[serde(rename = "kWh")]
    KiloWh,
    #[serde(rename = "varh")]
    Varh,
    #[serde(rename = "kvarh")]
    Kilovarh,
    W,
    #[serde(rename = "kW")]
    KiloW,
    #[serde(rename = "VA")]
    VoltAmpere,
    #[serde(rename = "kVA")]
    KiloVoltAmpere,
    #[serde(rename = "var")]
    Var,
    #[serde(rename = "kvar")]
    Kilovar,
    A,
    V,
    /// The spelling of the first edition; OCPP-J errata: both are right.
    Celcius,
    Celsius,
    Fahrenheit,
    K,
    Percent,
    /// C16 7.31, note at Frequency.
    Hertz,
}
