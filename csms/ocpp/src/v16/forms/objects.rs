//! Objects that several messages hold.

use rust_ocpp::v1_6::types::{
    AuthorizationStatus, ChargingProfileKindType, ChargingProfilePurposeType, ChargingRateUnitType,
    Location, Measurand, Phase, ReadingContext, RecurrencyKindType, ValueFormat,
};

use crate::form::{
    Choice, INTEGER, Kind, NUMBER, any, choice, closed, expected, known, optional, required,
};
use crate::v16::types::UnitOfMeasure;

pub(super) const ID_TAG_INFO: Kind = Kind::Object(&[
    required("status", closed::<AuthorizationStatus>()),
    optional("expiryDate", Kind::Time),
    optional("parentIdTag", Kind::Token(20)),
]);

pub(super) const METER_VALUE: Kind = Kind::Object(&[
    expected("timestamp", Kind::Time),
    expected("sampledValue", any!(SAMPLED_VALUE)),
]);

const SAMPLED_VALUE: Kind = Kind::Object(&[
    // Quirk Q18: `values` is the name of OCPP 1.5.
    required("value", Kind::DecimalText).or_named("values"),
    optional("context", choice::<ReadingContext>()),
    optional("format", choice::<ValueFormat>()),
    optional("measurand", choice::<Measurand>()),
    optional("phase", choice::<Phase>()),
    optional("location", choice::<Location>()),
    optional(
        "unit",
        // Quirk Q18.
        Kind::Choice(Choice {
            knows: known::<UnitOfMeasure>,
            spellings: &[("Hz", "Hertz")],
        }),
    ),
]);

pub(super) const CHARGING_PROFILE: Kind = Kind::Object(&[
    required("chargingProfileId", INTEGER),
    optional("transactionId", INTEGER),
    required("stackLevel", NUMBER),
    required(
        "chargingProfilePurpose",
        choice::<ChargingProfilePurposeType>(),
    ),
    required("chargingProfileKind", choice::<ChargingProfileKindType>()),
    optional("recurrencyKind", choice::<RecurrencyKindType>()),
    optional("validFrom", Kind::Time),
    optional("validTo", Kind::Time),
    required("chargingSchedule", CHARGING_SCHEDULE),
]);

pub(super) const CHARGING_SCHEDULE: Kind = Kind::Object(&[
    optional("duration", INTEGER),
    optional("startSchedule", Kind::Time),
    required("chargingRateUnit", choice::<ChargingRateUnitType>()),
    required("chargingSchedulePeriod", any!(CHARGING_SCHEDULE_PERIOD)),
    optional("minChargingRate", Kind::Decimal),
]);

const CHARGING_SCHEDULE_PERIOD: Kind = Kind::Object(&[
    required("startPeriod", INTEGER),
    required("limit", Kind::Decimal),
    optional("numberPhases", INTEGER),
]);
