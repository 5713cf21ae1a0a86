//! The field tables of 2.0.1, by functional block: what each message and each answer holds.
//!
//! Names, lengths and presence: part 2, messages and data types; where that and the official JSON
//! schemas differ, the schemas are right. A field that a station must send but whose message can
//! be read without is `expected`; for what is sent to stations that is as good as `required`.

use crate::form::{CustomData, Field, Form};

pub(crate) mod authorization;
pub(crate) mod availability;
pub(crate) mod certificates;
pub(crate) mod cost;
pub(crate) mod data_transfer;
pub(crate) mod diagnostics;
pub(crate) mod display;
pub(crate) mod firmware;
pub(crate) mod local_list;
pub(crate) mod meter_values;
mod objects;
pub(crate) mod provisioning;
pub(crate) mod remote_control;
pub(crate) mod reservation;
pub(crate) mod security;
pub(crate) mod smart_charging;
pub(crate) mod transactions;

const fn usual(fields: &'static [Field]) -> Form {
    Form::usual(CustomData::Allowed, fields)
}

const fn kept(fields: &'static [Field]) -> Form {
    Form::kept(CustomData::Allowed, fields)
}
