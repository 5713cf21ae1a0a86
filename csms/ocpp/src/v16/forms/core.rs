//! The Core profile.

use rust_ocpp::v1_6::types::{
    AvailabilityStatus, AvailabilityType, ChargePointErrorCode, ChargePointStatus,
    ClearCacheStatus, ConfigurationStatus, DataTransferStatus, Reason, RegistrationStatus,
    RemoteStartStopStatus, ResetRequestStatus, ResetResponseStatus, UnlockStatus,
};

use super::objects::{CHARGING_PROFILE, ID_TAG_INFO, METER_VALUE};
use super::{kept, usual};
use crate::form::{Form, INTEGER, Kind, NUMBER, any, choice, closed, expected, optional, required};

pub(crate) const AUTHORIZE: Form = usual(&[required("idTag", Kind::Token(20))]);

pub(crate) const AUTHORIZE_ANSWER: Form = usual(&[required("idTagInfo", ID_TAG_INFO)]);

pub(crate) const BOOT_NOTIFICATION: Form = usual(&[
    required("chargePointVendor", Kind::Text(20)),
    required("chargePointModel", Kind::Text(20)),
    optional("chargePointSerialNumber", Kind::Text(25)),
    optional("chargeBoxSerialNumber", Kind::Text(25)),
    optional("firmwareVersion", Kind::Text(50)),
    optional("iccid", Kind::Text(20)),
    optional("imsi", Kind::Text(20)),
    optional("meterType", Kind::Text(25)),
    optional("meterSerialNumber", Kind::Text(25)),
]);

pub(crate) const BOOT_NOTIFICATION_ANSWER: Form = usual(&[
    required("status", choice::<RegistrationStatus>()),
    required("currentTime", Kind::Time),
    required("interval", INTEGER),
]);

pub(crate) const CHANGE_AVAILABILITY: Form = usual(&[
    required("connectorId", NUMBER),
    required("type", closed::<AvailabilityType>()),
]);

pub(crate) const CHANGE_AVAILABILITY_ANSWER: Form =
    usual(&[required("status", choice::<AvailabilityStatus>())]);

pub(crate) const CHANGE_CONFIGURATION: Form = usual(&[
    required("key", Kind::Text(50)),
    required("value", Kind::Text(500)),
]);

pub(crate) const CHANGE_CONFIGURATION_ANSWER: Form =
    usual(&[required("status", choice::<ConfigurationStatus>())]);

pub(crate) const CLEAR_CACHE: Form = usual(&[]);

pub(crate) const CLEAR_CACHE_ANSWER: Form =
    usual(&[required("status", choice::<ClearCacheStatus>())]);

pub(crate) const DATA_TRANSFER: Form = usual(&[
    required("vendorId", Kind::Text(255)),
    optional("messageId", Kind::Text(50)),
    optional("data", Kind::JsonText),
]);

pub(crate) const DATA_TRANSFER_ANSWER: Form = usual(&[
    required("status", choice::<DataTransferStatus>()),
    optional("data", Kind::JsonText),
]);

pub(crate) const GET_CONFIGURATION: Form = usual(&[optional("key", any!(Kind::Text(50)))]);

pub(crate) const GET_CONFIGURATION_ANSWER: Form = usual(&[
    optional("configurationKey", any!(KEY_VALUE)),
    optional("unknownKey", any!(Kind::Text(50))),
]);

const KEY_VALUE: Kind = Kind::Object(&[
    required("key", Kind::Text(50)),
    required("readonly", Kind::Boolean),
    optional("value", Kind::Text(500)),
]);

pub(crate) const HEARTBEAT: Form = usual(&[]);

pub(crate) const HEARTBEAT_ANSWER: Form = usual(&[required("currentTime", Kind::Time)]);

pub(crate) const METER_VALUES: Form = kept(&[
    required("connectorId", NUMBER),
    optional("transactionId", INTEGER),
    expected("meterValue", any!(METER_VALUE)),
]);

pub(crate) const METER_VALUES_ANSWER: Form = usual(&[]);

pub(crate) const REMOTE_START_TRANSACTION: Form = usual(&[
    // C16 6.33: connectorId SHALL be > 0.
    optional("connectorId", Kind::Integer(1)),
    required("idTag", Kind::Token(20)),
    optional("chargingProfile", CHARGING_PROFILE),
]);

pub(crate) const REMOTE_START_TRANSACTION_ANSWER: Form =
    usual(&[required("status", choice::<RemoteStartStopStatus>())]);

pub(crate) const REMOTE_STOP_TRANSACTION: Form = usual(&[required("transactionId", INTEGER)]);

pub(crate) const REMOTE_STOP_TRANSACTION_ANSWER: Form =
    usual(&[required("status", choice::<RemoteStartStopStatus>())]);

pub(crate) const RESET: Form = usual(&[required("type", closed::<ResetRequestStatus>())]);

pub(crate) const RESET_ANSWER: Form = usual(&[required("status", choice::<ResetResponseStatus>())]);

pub(crate) const START_TRANSACTION: Form = kept(&[
    required("connectorId", NUMBER),
    required("idTag", Kind::Token(20)),
    expected("meterStart", Kind::Register),
    optional("reservationId", INTEGER),
    expected("timestamp", Kind::Time),
]);

pub(crate) const START_TRANSACTION_ANSWER: Form = usual(&[
    required("idTagInfo", ID_TAG_INFO),
    required("transactionId", INTEGER),
]);

pub(crate) const STATUS_NOTIFICATION: Form = usual(&[
    required("connectorId", NUMBER),
    expected("errorCode", choice::<ChargePointErrorCode>()),
    required("status", choice::<ChargePointStatus>()),
    optional("info", Kind::Text(50)),
    optional("timestamp", Kind::Time),
    optional("vendorId", Kind::Text(255)),
    optional("vendorErrorCode", Kind::Text(50)),
]);

pub(crate) const STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

/// The number may be anything: -1 is sent by a station that never got one (OCPP-J errata 3.18).
pub(crate) const STOP_TRANSACTION: Form = kept(&[
    expected("transactionId", INTEGER),
    optional("idTag", Kind::Token(20)),
    expected("meterStop", Kind::Register),
    expected("timestamp", Kind::Time),
    optional("reason", choice::<Reason>()),
    optional("transactionData", any!(METER_VALUE)),
]);

pub(crate) const STOP_TRANSACTION_ANSWER: Form = usual(&[optional("idTagInfo", ID_TAG_INFO)]);

// C16 6.53: connectorId SHALL be > 0.
pub(crate) const UNLOCK_CONNECTOR: Form = usual(&[required("connectorId", Kind::Integer(1))]);

pub(crate) const UNLOCK_CONNECTOR_ANSWER: Form =
    usual(&[required("status", choice::<UnlockStatus>())]);
