//! The Smart Charging profile.

use rust_ocpp::v1_6::types::{
    ChargingProfilePurposeType, ChargingProfileStatus, ChargingRateUnitType,
    ClearChargingProfileStatus, GetCompositeScheduleStatus,
};

use super::objects::{CHARGING_PROFILE, CHARGING_SCHEDULE};
use super::usual;
use crate::form::{Form, INTEGER, Kind, NUMBER, choice, closed, optional, required};

pub(crate) const CLEAR_CHARGING_PROFILE: Form = usual(&[
    optional("id", INTEGER),
    optional("connectorId", NUMBER),
    optional(
        "chargingProfilePurpose",
        closed::<ChargingProfilePurposeType>(),
    ),
    optional("stackLevel", NUMBER),
]);

pub(crate) const CLEAR_CHARGING_PROFILE_ANSWER: Form =
    usual(&[required("status", choice::<ClearChargingProfileStatus>())]);

pub(crate) const GET_COMPOSITE_SCHEDULE: Form = usual(&[
    required("connectorId", NUMBER),
    required("duration", INTEGER),
    optional("chargingRateUnit", closed::<ChargingRateUnitType>()),
]);

pub(crate) const GET_COMPOSITE_SCHEDULE_ANSWER: Form = usual(&[
    required("status", choice::<GetCompositeScheduleStatus>()),
    optional("connectorId", NUMBER),
    optional("scheduleStart", Kind::Time),
    optional("chargingSchedule", CHARGING_SCHEDULE),
]);

pub(crate) const SET_CHARGING_PROFILE: Form = usual(&[
    required("connectorId", NUMBER),
    required("csChargingProfiles", CHARGING_PROFILE),
]);

pub(crate) const SET_CHARGING_PROFILE_ANSWER: Form =
    usual(&[required("status", choice::<ChargingProfileStatus>())]);
