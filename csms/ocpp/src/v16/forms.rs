//! The field tables of 1.6, by feature profile: what each message and each answer holds.
//!
//! Names, lengths and presence: C16 chapters 6 and 7, white paper chapters 5 and 6; where those
//! and the official JSON schemas differ, the schemas are right. A field that a station must send
//! but whose message can be read without is `expected`.

use crate::form::{CustomData, Field, Form};

pub(crate) mod core;
pub(crate) mod firmware;
pub(crate) mod local_list;
mod objects;
pub(crate) mod remote_trigger;
pub(crate) mod reservation;
pub(crate) mod security;
pub(crate) mod smart_charging;

const fn usual(fields: &'static [Field]) -> Form {
    Form::usual(CustomData::Unknown, fields)
}

const fn kept(fields: &'static [Field]) -> Form {
    Form::kept(CustomData::Unknown, fields)
}
