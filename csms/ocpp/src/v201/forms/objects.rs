//! Objects that messages of several blocks hold.

use rust_ocpp::v2_0_1::enumerations::authorization_status_enum_type::AuthorizationStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_profile_kind_enum_type::ChargingProfileKindEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_profile_purpose_enum_type::ChargingProfilePurposeEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_rate_unit_enum_type::ChargingRateUnitEnumType;
use rust_ocpp::v2_0_1::enumerations::cost_kind_enum_type::CostKindEnumType;
use rust_ocpp::v2_0_1::enumerations::hash_algorithm_enum_type::HashAlgorithmEnumType;
use rust_ocpp::v2_0_1::enumerations::id_token_enum_type::IdTokenEnumType;
use rust_ocpp::v2_0_1::enumerations::location_enum_type::LocationEnumType;
use rust_ocpp::v2_0_1::enumerations::measurand_enum_type::MeasurandEnumType;
use rust_ocpp::v2_0_1::enumerations::message_format_enum_type::MessageFormatEnumType;
use rust_ocpp::v2_0_1::enumerations::phase_enum_type::PhaseEnumType;
use rust_ocpp::v2_0_1::enumerations::reading_context_enum_type::ReadingContextEnumType;
use rust_ocpp::v2_0_1::enumerations::recurrency_kind_enum_type::RecurrencyKindEnumType;

use crate::form::{INTEGER, Kind, NUMBER, choice, closed, expected, optional, required, some};

pub(super) const ADDITIONAL_INFO: Kind = Kind::Object(&[
    required("additionalIdToken", Kind::Token(36)),
    required("type", Kind::Text(50)),
]);

pub(super) const CERTIFICATE_HASH_DATA: Kind = Kind::Object(&[
    required("hashAlgorithm", choice::<HashAlgorithmEnumType>()),
    required("issuerNameHash", Kind::Text(128)),
    required("issuerKeyHash", Kind::Text(128)),
    required("serialNumber", Kind::Text(40)),
]);

pub(super) const CHARGING_PROFILE: Kind = Kind::Object(&[
    required("id", INTEGER),
    required("stackLevel", INTEGER),
    required(
        "chargingProfilePurpose",
        choice::<ChargingProfilePurposeEnumType>(),
    ),
    required(
        "chargingProfileKind",
        choice::<ChargingProfileKindEnumType>(),
    ),
    required("chargingSchedule", some!(CHARGING_SCHEDULE, 3)),
    optional("recurrencyKind", choice::<RecurrencyKindEnumType>()),
    optional("validFrom", Kind::Time),
    optional("validTo", Kind::Time),
    optional("transactionId", Kind::Text(36)),
]);

pub(super) const CHARGING_SCHEDULE_PERIOD: Kind = Kind::Object(&[
    required("startPeriod", INTEGER),
    required("limit", Kind::Decimal),
    optional("numberPhases", INTEGER),
    optional("phaseToUse", INTEGER),
]);

pub(super) const CHARGING_SCHEDULE: Kind = Kind::Object(&[
    required("id", INTEGER),
    required("chargingRateUnit", choice::<ChargingRateUnitEnumType>()),
    required(
        "chargingSchedulePeriod",
        some!(CHARGING_SCHEDULE_PERIOD, 1024),
    ),
    optional("startSchedule", Kind::Time),
    optional("duration", INTEGER),
    optional("minChargingRate", Kind::Decimal),
    optional("salesTariff", SALES_TARIFF),
]);

pub(super) const COMPONENT: Kind = Kind::Object(&[
    required("name", Kind::Text(50)),
    optional("evse", EVSE),
    optional("instance", Kind::Text(50)),
]);

pub(super) const COMPONENT_VARIABLE: Kind = Kind::Object(&[
    required("component", COMPONENT),
    optional("variable", VARIABLE),
]);

pub(super) const CONSUMPTION_COST: Kind = Kind::Object(&[
    required("startValue", Kind::Decimal),
    required("cost", some!(COST, 3)),
]);

pub(super) const COST: Kind = Kind::Object(&[
    required("costKind", choice::<CostKindEnumType>()),
    required("amount", INTEGER),
    optional("amountMultiplier", INTEGER),
]);

pub(super) const EVSE: Kind =
    Kind::Object(&[required("id", NUMBER), optional("connectorId", NUMBER)]);

pub(super) const ID_TOKEN_INFO: Kind = Kind::Object(&[
    required("status", closed::<AuthorizationStatusEnumType>()),
    optional("cacheExpiryDateTime", Kind::Time),
    optional("chargingPriority", INTEGER),
    optional("language1", Kind::Text(8)),
    optional("evseId", some!(NUMBER)),
    optional("groupIdToken", ID_TOKEN),
    optional("language2", Kind::Text(8)),
    optional("personalMessage", MESSAGE_CONTENT),
]);

pub(super) const ID_TOKEN: Kind = Kind::Object(&[
    required("idToken", Kind::Token(36)),
    required("type", closed::<IdTokenEnumType>()),
    optional("additionalInfo", some!(ADDITIONAL_INFO)),
]);

pub(super) const MESSAGE_CONTENT: Kind = Kind::Object(&[
    required("format", choice::<MessageFormatEnumType>()),
    required("content", Kind::Text(512)),
    optional("language", Kind::Text(8)),
]);

pub(super) const METER_VALUE: Kind = Kind::Object(&[
    expected("timestamp", Kind::Time),
    expected("sampledValue", some!(SAMPLED_VALUE)),
]);

pub(super) const OCSP_REQUEST_DATA: Kind = Kind::Object(&[
    required("hashAlgorithm", choice::<HashAlgorithmEnumType>()),
    required("issuerNameHash", Kind::Text(128)),
    required("issuerKeyHash", Kind::Text(128)),
    required("serialNumber", Kind::Text(40)),
    required("responderURL", Kind::Text(512)),
]);

pub(super) const RELATIVE_TIME_INTERVAL: Kind =
    Kind::Object(&[required("start", INTEGER), optional("duration", INTEGER)]);

pub(super) const SALES_TARIFF_ENTRY: Kind = Kind::Object(&[
    required("relativeTimeInterval", RELATIVE_TIME_INTERVAL),
    optional("ePriceLevel", NUMBER),
    optional("consumptionCost", some!(CONSUMPTION_COST, 3)),
]);

pub(super) const SALES_TARIFF: Kind = Kind::Object(&[
    required("id", INTEGER),
    required("salesTariffEntry", some!(SALES_TARIFF_ENTRY, 1024)),
    optional("salesTariffDescription", Kind::Text(32)),
    optional("numEPriceLevels", INTEGER),
]);

pub(super) const SAMPLED_VALUE: Kind = Kind::Object(&[
    required("value", Kind::Decimal),
    optional("context", choice::<ReadingContextEnumType>()),
    optional("measurand", choice::<MeasurandEnumType>()),
    optional("phase", choice::<PhaseEnumType>()),
    optional("location", choice::<LocationEnumType>()),
    optional("signedMeterValue", SIGNED_METER_VALUE),
    optional("unitOfMeasure", UNIT_OF_MEASURE),
]);

pub(super) const SIGNED_METER_VALUE: Kind = Kind::Object(&[
    expected("signedMeterData", Kind::Text(2500)),
    expected("signingMethod", Kind::Text(50)),
    expected("encodingMethod", Kind::Text(50)),
    expected("publicKey", Kind::Text(2500)),
]);

pub(super) const STATUS_INFO: Kind = Kind::Object(&[
    required("reasonCode", Kind::Text(20)),
    optional("additionalInfo", Kind::Text(512)),
]);

pub(super) const UNIT_OF_MEASURE: Kind = Kind::Object(&[
    optional("unit", Kind::Text(20)),
    optional("multiplier", INTEGER),
]);

pub(super) const VARIABLE: Kind = Kind::Object(&[
    required("name", Kind::Text(50)),
    optional("instance", Kind::Text(50)),
]);
