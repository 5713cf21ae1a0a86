//! Block G, Availability.

use rust_ocpp::v2_0_1::enumerations::change_availability_status_enum_type::ChangeAvailabilityStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::connector_status_enum_type::ConnectorStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::operational_status_enum_type::OperationalStatusEnumType;

use super::objects::{EVSE, STATUS_INFO};
use super::usual;
use crate::form::{Form, Kind, NUMBER, choice, closed, expected, optional, required};

pub(crate) const CHANGE_AVAILABILITY: Form = usual(&[
    required("operationalStatus", closed::<OperationalStatusEnumType>()),
    optional("evse", EVSE),
]);

pub(crate) const CHANGE_AVAILABILITY_ANSWER: Form = usual(&[
    required("status", choice::<ChangeAvailabilityStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const HEARTBEAT: Form = usual(&[]);

pub(crate) const HEARTBEAT_ANSWER: Form = usual(&[required("currentTime", Kind::Time)]);

pub(crate) const STATUS_NOTIFICATION: Form = usual(&[
    expected("timestamp", Kind::Time),
    required("connectorStatus", choice::<ConnectorStatusEnumType>()),
    required("evseId", NUMBER),
    expected("connectorId", NUMBER),
]);

pub(crate) const STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);
