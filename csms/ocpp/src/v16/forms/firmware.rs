//! The Firmware Management profile.

use rust_ocpp::v1_6::types::{DiagnosticsStatus, FirmwareStatus};

use super::usual;
use crate::form::{Form, INTEGER, Kind, TEXT, choice, optional, required};

pub(crate) const DIAGNOSTICS_STATUS_NOTIFICATION: Form =
    usual(&[required("status", choice::<DiagnosticsStatus>())]);

pub(crate) const DIAGNOSTICS_STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const FIRMWARE_STATUS_NOTIFICATION: Form =
    usual(&[required("status", choice::<FirmwareStatus>())]);

pub(crate) const FIRMWARE_STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const GET_DIAGNOSTICS: Form = usual(&[
    required("location", TEXT),
    optional("retries", INTEGER),
    optional("retryInterval", INTEGER),
    optional("startTime", Kind::Time),
    optional("stopTime", Kind::Time),
]);

pub(crate) const GET_DIAGNOSTICS_ANSWER: Form = usual(&[optional("fileName", Kind::Text(255))]);

pub(crate) const UPDATE_FIRMWARE: Form = usual(&[
    required("location", TEXT),
    required("retrieveDate", Kind::Time),
    optional("retries", INTEGER),
    optional("retryInterval", INTEGER),
]);

pub(crate) const UPDATE_FIRMWARE_ANSWER: Form = usual(&[]);
