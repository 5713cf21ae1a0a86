//! Messages of 1.6 that rust-ocpp lacks or cannot read whole.

pub(crate) mod meter;
pub(crate) mod security;

pub(crate) use meter::UnitOfMeasure;
