//! Block F, Remote control.

use rust_ocpp::v2_0_1::enumerations::message_trigger_enum_type::MessageTriggerEnumType;
use rust_ocpp::v2_0_1::enumerations::request_start_stop_status_enum_type::RequestStartStopStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::trigger_message_status_enum_type::TriggerMessageStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::unlock_status_enum_type::UnlockStatusEnumType;

use super::objects::{CHARGING_PROFILE, EVSE, ID_TOKEN, STATUS_INFO};
use super::usual;
use crate::form::{Form, INTEGER, Kind, choice, closed, optional, required};

pub(crate) const REQUEST_START_TRANSACTION: Form = usual(&[
    required("idToken", ID_TOKEN),
    required("remoteStartId", INTEGER),
    // F01.FR.06: the EVSE, if named, is greater than 0.
    optional("evseId", Kind::Integer(1)),
    optional("groupIdToken", ID_TOKEN),
    optional("chargingProfile", CHARGING_PROFILE),
]);

pub(crate) const REQUEST_START_TRANSACTION_ANSWER: Form = usual(&[
    required("status", choice::<RequestStartStopStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
    optional("transactionId", Kind::Text(36)),
]);

pub(crate) const REQUEST_STOP_TRANSACTION: Form =
    usual(&[required("transactionId", Kind::Token(36))]);

pub(crate) const REQUEST_STOP_TRANSACTION_ANSWER: Form = usual(&[
    required("status", choice::<RequestStartStopStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const TRIGGER_MESSAGE: Form = usual(&[
    required("requestedMessage", closed::<MessageTriggerEnumType>()),
    optional("evse", EVSE),
]);

pub(crate) const TRIGGER_MESSAGE_ANSWER: Form = usual(&[
    required("status", choice::<TriggerMessageStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const UNLOCK_CONNECTOR: Form = usual(&[
    required("evseId", Kind::Integer(1)),
    required("connectorId", Kind::Integer(1)),
]);

pub(crate) const UNLOCK_CONNECTOR_ANSWER: Form = usual(&[
    required("status", choice::<UnlockStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);
