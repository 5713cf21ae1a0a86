//! The field tables of what 2.0.1 stations send.
//!
//! Names, lengths and presence: part 2, messages and data types.

use rust_ocpp::v2_0_1::enumerations::attribute_enum_type::AttributeEnumType;
use rust_ocpp::v2_0_1::enumerations::boot_reason_enum_type::BootReasonEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_state_enum_type::ChargingStateEnumType;
use rust_ocpp::v2_0_1::enumerations::connector_status_enum_type::ConnectorStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::data_enum_type::DataEnumType;
use rust_ocpp::v2_0_1::enumerations::event_notification_enum_type::EventNotificationEnumType;
use rust_ocpp::v2_0_1::enumerations::event_trigger_enum_type::EventTriggerEnumType;
use rust_ocpp::v2_0_1::enumerations::firmware_status_enum_type::FirmwareStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::id_token_enum_type::IdTokenEnumType;
use rust_ocpp::v2_0_1::enumerations::location_enum_type::LocationEnumType;
use rust_ocpp::v2_0_1::enumerations::measurand_enum_type::MeasurandEnumType;
use rust_ocpp::v2_0_1::enumerations::mutability_enum_type::MutabilityEnumType;
use rust_ocpp::v2_0_1::enumerations::phase_enum_type::PhaseEnumType;
use rust_ocpp::v2_0_1::enumerations::reading_context_enum_type::ReadingContextEnumType;
use rust_ocpp::v2_0_1::enumerations::reason_enum_type::ReasonEnumType;
use rust_ocpp::v2_0_1::enumerations::transaction_event_enum_type::TransactionEventEnumType;
use rust_ocpp::v2_0_1::enumerations::trigger_reason_enum_type::TriggerReasonEnumType;
use rust_ocpp::v2_0_1::enumerations::upload_log_status_enum_type::UploadLogStatusEnumType;

use crate::form::{
    CustomData, Field, Form, INTEGER, Kind, List, NUMBER, choice, closed, expected, optional,
    required,
};

const fn usual(fields: &'static [Field]) -> Form {
    Form::usual(CustomData::Allowed, fields)
}

const fn kept(fields: &'static [Field]) -> Form {
    Form::kept(CustomData::Allowed, fields)
}

/// At least one object of these fields.
macro_rules! some {
    ($fields:expr) => {
        Kind::List(&List {
            item: Kind::Object($fields),
            least: 1,
            most: usize::MAX,
        })
    };
}

pub(super) const AUTHORIZE: Form = usual(&[
    required(
        "idToken",
        Kind::Object(&[
            required("idToken", Kind::Token(36)),
            required("type", closed::<IdTokenEnumType>()),
            optional("additionalInfo", some!(ADDITIONAL_INFO)),
        ]),
    ),
    optional("certificate", Kind::Text(5500)),
    optional(
        "iso15118CertificateHashData",
        Kind::List(&List {
            item: Kind::Any,
            least: 1,
            most: 4,
        }),
    ),
]);

const ADDITIONAL_INFO: &[Field] = &[
    required("additionalIdToken", Kind::Token(36)),
    required("type", Kind::Text(50)),
];

pub(super) const BOOT_NOTIFICATION: Form = usual(&[
    required(
        "chargingStation",
        Kind::Object(&[
            required("model", Kind::Text(20)),
            required("vendorName", Kind::Text(50)),
            optional("serialNumber", Kind::Text(25)),
            optional("firmwareVersion", Kind::Text(50)),
            optional(
                "modem",
                Kind::Object(&[
                    optional("iccid", Kind::Text(20)),
                    optional("imsi", Kind::Text(20)),
                ]),
            ),
        ]),
    ),
    expected("reason", choice::<BootReasonEnumType>()),
]);

pub(super) const DATA_TRANSFER: Form = usual(&[
    required("vendorId", Kind::Text(255)),
    optional("messageId", Kind::Text(50)),
    optional("data", Kind::Any),
]);

pub(super) const HEARTBEAT: Form = usual(&[]);

pub(super) const STATUS_NOTIFICATION: Form = usual(&[
    expected("timestamp", Kind::Time),
    required("connectorStatus", choice::<ConnectorStatusEnumType>()),
    required("evseId", NUMBER),
    expected("connectorId", NUMBER),
]);

pub(super) const TRANSACTION_EVENT: Form = kept(&[
    required("eventType", closed::<TransactionEventEnumType>()),
    expected("timestamp", Kind::Time),
    expected("triggerReason", choice::<TriggerReasonEnumType>()),
    expected("seqNo", NUMBER),
    optional("offline", Kind::Boolean),
    optional("numberOfPhasesUsed", INTEGER),
    optional("cableMaxCurrent", INTEGER),
    optional("reservationId", INTEGER),
    required(
        "transactionInfo",
        Kind::Object(&[
            required("transactionId", Kind::Text(36)),
            optional("chargingState", choice::<ChargingStateEnumType>()),
            optional("timeSpentCharging", INTEGER),
            optional("stoppedReason", choice::<ReasonEnumType>()),
            optional("remoteStartId", INTEGER),
        ]),
    ),
    optional("evse", EVSE),
    optional(
        "idToken",
        Kind::Object(&[
            required("idToken", Kind::Token(36)),
            expected("type", choice::<IdTokenEnumType>()),
            optional("additionalInfo", some!(ADDITIONAL_INFO)),
        ]),
    ),
    optional("meterValue", METER_VALUES_LIST),
]);

const EVSE: Kind = Kind::Object(&[required("id", NUMBER), optional("connectorId", NUMBER)]);

pub(super) const METER_VALUES: Form = kept(&[
    required("evseId", NUMBER),
    expected("meterValue", METER_VALUES_LIST),
]);

const METER_VALUES_LIST: Kind = some!(&[
    expected("timestamp", Kind::Time),
    expected("sampledValue", some!(SAMPLED_VALUE)),
]);

const SAMPLED_VALUE: &[Field] = &[
    required("value", Kind::Decimal),
    optional("context", choice::<ReadingContextEnumType>()),
    optional("measurand", choice::<MeasurandEnumType>()),
    optional("phase", choice::<PhaseEnumType>()),
    optional("location", choice::<LocationEnumType>()),
    optional(
        "signedMeterValue",
        Kind::Object(&[
            expected("signedMeterData", Kind::Text(2500)),
            expected("signingMethod", Kind::Text(50)),
            expected("encodingMethod", Kind::Text(50)),
            expected("publicKey", Kind::Text(2500)),
        ]),
    ),
    optional(
        "unitOfMeasure",
        Kind::Object(&[
            optional("unit", Kind::Text(20)),
            optional("multiplier", INTEGER),
        ]),
    ),
];

pub(super) const NOTIFY_EVENT: Form = usual(&[
    expected("generatedAt", Kind::Time),
    optional("tbc", Kind::Boolean),
    expected("seqNo", NUMBER),
    required(
        "eventData",
        some!(&[
            expected("eventId", INTEGER),
            expected("timestamp", Kind::Time),
            expected("trigger", choice::<EventTriggerEnumType>()),
            optional("cause", INTEGER),
            required("actualValue", Kind::Text(2500)),
            optional("techCode", Kind::Text(50)),
            optional("techInfo", Kind::Text(500)),
            optional("cleared", Kind::Boolean),
            optional("transactionId", Kind::Text(36)),
            required("component", COMPONENT),
            optional("variableMonitoringId", INTEGER),
            expected(
                "eventNotificationType",
                choice::<EventNotificationEnumType>()
            ),
            required("variable", VARIABLE),
        ]),
    ),
]);

const COMPONENT: Kind = Kind::Object(&[
    required("name", Kind::Text(50)),
    optional("instance", Kind::Text(50)),
    optional("evse", EVSE),
]);

const VARIABLE: Kind = Kind::Object(&[
    required("name", Kind::Text(50)),
    optional("instance", Kind::Text(50)),
]);

pub(super) const NOTIFY_REPORT: Form = usual(&[
    required("requestId", INTEGER),
    expected("generatedAt", Kind::Time),
    optional("tbc", Kind::Boolean),
    expected("seqNo", NUMBER),
    optional(
        "reportData",
        some!(&[
            required("component", COMPONENT),
            required("variable", VARIABLE),
            expected(
                "variableAttribute",
                Kind::List(&List {
                    item: Kind::Object(VARIABLE_ATTRIBUTE),
                    least: 1,
                    most: 4
                }),
            ),
            optional("variableCharacteristics", VARIABLE_CHARACTERISTICS),
        ]),
    ),
]);

const VARIABLE_ATTRIBUTE: &[Field] = &[
    optional("type", choice::<AttributeEnumType>()),
    optional("value", Kind::Text(2500)),
    optional("mutability", choice::<MutabilityEnumType>()),
    optional("persistent", Kind::Boolean),
    optional("constant", Kind::Boolean),
];

const VARIABLE_CHARACTERISTICS: Kind = Kind::Object(&[
    optional("unit", Kind::Text(16)),
    expected("dataType", choice::<DataEnumType>()),
    optional("minLimit", Kind::Decimal),
    optional("maxLimit", Kind::Decimal),
    optional("valuesList", Kind::Text(1000)),
    expected("supportsMonitoring", Kind::Boolean),
]);

pub(super) const SECURITY_EVENT: Form = usual(&[
    required("type", Kind::Text(50)),
    expected("timestamp", Kind::Time),
    optional("techInfo", Kind::Text(255)),
]);

pub(super) const LOG_STATUS: Form = usual(&[
    required("status", choice::<UploadLogStatusEnumType>()),
    optional("requestId", INTEGER),
]);

pub(super) const FIRMWARE_STATUS: Form = usual(&[
    required("status", choice::<FirmwareStatusEnumType>()),
    optional("requestId", INTEGER),
]);
