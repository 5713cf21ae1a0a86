//! Block K, Smart charging.

use rust_ocpp::v2_0_1::enumerations::charging_limit_source_enum_type::ChargingLimitSourceEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_profile_purpose_enum_type::ChargingProfilePurposeEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_profile_status_enum_type::ChargingProfileStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_rate_unit_enum_type::ChargingRateUnitEnumType;
use rust_ocpp::v2_0_1::enumerations::clear_charging_profile_status_enum_type::ClearChargingProfileStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::energy_transfer_mode_enum_type::EnergyTransferModeEnumType;
use rust_ocpp::v2_0_1::enumerations::generic_status_enum_type::GenericStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::get_charging_profile_status_enum_type::GetChargingProfileStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::notify_ev_charging_needs_status_enum_type::NotifyEVChargingNeedsStatusEnumType;

use super::objects::{CHARGING_PROFILE, CHARGING_SCHEDULE, CHARGING_SCHEDULE_PERIOD, STATUS_INFO};
use super::usual;
use crate::form::{Form, INTEGER, Kind, NUMBER, choice, closed, optional, required, some};

pub(crate) const CLEAR_CHARGING_PROFILE: Form = usual(&[
    optional("chargingProfileId", INTEGER),
    optional("chargingProfileCriteria", CLEAR_CHARGING_PROFILE_CRITERIA),
]);

pub(crate) const CLEAR_CHARGING_PROFILE_ANSWER: Form = usual(&[
    required("status", choice::<ClearChargingProfileStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const CLEARED_CHARGING_LIMIT: Form = usual(&[
    required(
        "chargingLimitSource",
        choice::<ChargingLimitSourceEnumType>(),
    ),
    optional("evseId", NUMBER),
]);

pub(crate) const CLEARED_CHARGING_LIMIT_ANSWER: Form = usual(&[]);

pub(crate) const GET_CHARGING_PROFILES: Form = usual(&[
    required("requestId", INTEGER),
    required("chargingProfile", CHARGING_PROFILE_CRITERION),
    optional("evseId", NUMBER),
]);

pub(crate) const GET_CHARGING_PROFILES_ANSWER: Form = usual(&[
    required("status", choice::<GetChargingProfileStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_COMPOSITE_SCHEDULE: Form = usual(&[
    required("duration", INTEGER),
    required("evseId", NUMBER),
    optional("chargingRateUnit", closed::<ChargingRateUnitEnumType>()),
]);

pub(crate) const GET_COMPOSITE_SCHEDULE_ANSWER: Form = usual(&[
    required("status", choice::<GenericStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
    optional("schedule", COMPOSITE_SCHEDULE),
]);

pub(crate) const NOTIFY_CHARGING_LIMIT: Form = usual(&[
    required("chargingLimit", CHARGING_LIMIT),
    optional("chargingSchedule", some!(CHARGING_SCHEDULE)),
    optional("evseId", NUMBER),
]);

pub(crate) const NOTIFY_CHARGING_LIMIT_ANSWER: Form = usual(&[]);

pub(crate) const NOTIFY_EV_CHARGING_NEEDS: Form = usual(&[
    required("chargingNeeds", CHARGING_NEEDS),
    required("evseId", NUMBER),
    optional("maxScheduleTuples", INTEGER),
]);

pub(crate) const NOTIFY_EV_CHARGING_NEEDS_ANSWER: Form = usual(&[
    required("status", choice::<NotifyEVChargingNeedsStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const NOTIFY_EV_CHARGING_SCHEDULE: Form = usual(&[
    required("timeBase", Kind::Time),
    required("chargingSchedule", CHARGING_SCHEDULE),
    required("evseId", NUMBER),
]);

pub(crate) const NOTIFY_EV_CHARGING_SCHEDULE_ANSWER: Form = usual(&[
    required("status", choice::<GenericStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const REPORT_CHARGING_PROFILES: Form = usual(&[
    required("requestId", INTEGER),
    required(
        "chargingLimitSource",
        choice::<ChargingLimitSourceEnumType>(),
    ),
    required("chargingProfile", some!(CHARGING_PROFILE)),
    required("evseId", NUMBER),
    optional("tbc", Kind::Boolean),
]);

pub(crate) const REPORT_CHARGING_PROFILES_ANSWER: Form = usual(&[]);

pub(crate) const SET_CHARGING_PROFILE: Form = usual(&[
    required("evseId", NUMBER),
    required("chargingProfile", CHARGING_PROFILE),
]);

pub(crate) const SET_CHARGING_PROFILE_ANSWER: Form = usual(&[
    required("status", choice::<ChargingProfileStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

const CHARGING_LIMIT: Kind = Kind::Object(&[
    required(
        "chargingLimitSource",
        choice::<ChargingLimitSourceEnumType>(),
    ),
    optional("isGridCritical", Kind::Boolean),
]);

const CHARGING_NEEDS: Kind = Kind::Object(&[
    required(
        "requestedEnergyTransfer",
        choice::<EnergyTransferModeEnumType>(),
    ),
    optional("acChargingParameters", AC_CHARGING_PARAMETERS),
    optional("dcChargingParameters", DC_CHARGING_PARAMETERS),
    optional("departureTime", Kind::Time),
]);

const CHARGING_PROFILE_CRITERION: Kind = Kind::Object(&[
    optional(
        "chargingProfilePurpose",
        closed::<ChargingProfilePurposeEnumType>(),
    ),
    optional("stackLevel", INTEGER),
    optional("chargingProfileId", some!(INTEGER)),
    optional(
        "chargingLimitSource",
        some!(closed::<ChargingLimitSourceEnumType>(), 4),
    ),
]);

const CLEAR_CHARGING_PROFILE_CRITERIA: Kind = Kind::Object(&[
    optional("evseId", NUMBER),
    optional(
        "chargingProfilePurpose",
        closed::<ChargingProfilePurposeEnumType>(),
    ),
    optional("stackLevel", INTEGER),
]);

const COMPOSITE_SCHEDULE: Kind = Kind::Object(&[
    required("chargingSchedulePeriod", some!(CHARGING_SCHEDULE_PERIOD)),
    required("evseId", NUMBER),
    required("duration", INTEGER),
    required("scheduleStart", Kind::Time),
    required("chargingRateUnit", choice::<ChargingRateUnitEnumType>()),
]);

const AC_CHARGING_PARAMETERS: Kind = Kind::Object(&[
    required("energyAmount", INTEGER),
    required("evMinCurrent", INTEGER),
    required("evMaxCurrent", INTEGER),
    required("evMaxVoltage", INTEGER),
]);

const DC_CHARGING_PARAMETERS: Kind = Kind::Object(&[
    required("evMaxCurrent", INTEGER),
    required("evMaxVoltage", INTEGER),
    optional("energyAmount", INTEGER),
    optional("evMaxPower", INTEGER),
    optional("stateOfCharge", NUMBER),
    optional("evEnergyCapacity", INTEGER),
    optional("fullSoC", NUMBER),
    optional("bulkSoC", NUMBER),
]);
