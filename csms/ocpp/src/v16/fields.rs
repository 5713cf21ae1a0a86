//! The field tables of what 1.6 stations send.
//!
//! Names, lengths and presence: C16 chapters 6 and 7, white paper chapters 5 and 6.

use rust_ocpp::v1_6::types::{
    ChargePointErrorCode, ChargePointStatus, DiagnosticsStatus, FirmwareStatus, Location,
    Measurand, Phase, ReadingContext, Reason, UnitOfMeasure, ValueFormat,
};

use crate::form::{
    Choice, CustomData, Field, Form, INTEGER, Kind, List, NUMBER, choice, expected, known,
    optional, required,
};

const fn usual(fields: &'static [Field]) -> Form {
    Form::usual(CustomData::Unknown, fields)
}

const fn kept(fields: &'static [Field]) -> Form {
    Form::kept(CustomData::Unknown, fields)
}

pub(super) const AUTHORIZE: Form = usual(&[required("idTag", Kind::Token(20))]);

pub(super) const BOOT_NOTIFICATION: Form = usual(&[
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

pub(super) const DATA_TRANSFER: Form = usual(&[
    required("vendorId", Kind::Text(255)),
    optional("messageId", Kind::Text(50)),
    optional("data", Kind::JsonText),
]);

pub(super) const HEARTBEAT: Form = usual(&[]);

pub(super) const STATUS_NOTIFICATION: Form = usual(&[
    required("connectorId", NUMBER),
    expected("errorCode", choice::<ChargePointErrorCode>()),
    required("status", choice::<ChargePointStatus>()),
    optional("info", Kind::Text(50)),
    optional("timestamp", Kind::Time),
    optional("vendorId", Kind::Text(255)),
    optional("vendorErrorCode", Kind::Text(50)),
]);

pub(super) const START_TRANSACTION: Form = kept(&[
    required("connectorId", NUMBER),
    required("idTag", Kind::Token(20)),
    expected("meterStart", Kind::Register),
    optional("reservationId", INTEGER),
    expected("timestamp", Kind::Time),
]);

/// The number may be anything: -1 is sent by a station that never got one (OCPP-J errata 3.18).
pub(super) const STOP_TRANSACTION: Form = kept(&[
    expected("transactionId", INTEGER),
    optional("idTag", Kind::Token(20)),
    expected("meterStop", Kind::Register),
    expected("timestamp", Kind::Time),
    optional("reason", choice::<Reason>()),
    optional("transactionData", METER_VALUE_LIST),
]);

pub(super) const METER_VALUES: Form = kept(&[
    required("connectorId", NUMBER),
    optional("transactionId", INTEGER),
    expected("meterValue", METER_VALUE_LIST),
]);

const METER_VALUE_LIST: Kind = Kind::List(&List {
    item: Kind::Object(METER_VALUE),
    least: 0,
    most: usize::MAX,
});

const METER_VALUE: &[Field] = &[
    expected("timestamp", Kind::Time),
    expected(
        "sampledValue",
        Kind::List(&List {
            item: Kind::Object(SAMPLED_VALUE),
            least: 0,
            most: usize::MAX,
        }),
    ),
];

const SAMPLED_VALUE: &[Field] = &[
    // Quirk Q18: `values` is the name of OCPP 1.5.
    required("value", Kind::DecimalText).or_named("values"),
    optional("context", choice::<ReadingContext>()),
    optional("format", choice::<ValueFormat>()),
    optional("measurand", choice::<Measurand>()),
    optional("phase", choice::<Phase>()),
    optional("location", choice::<Location>()),
    optional(
        "unit",
        // Quirk Q18. Hertz is right, but not among the values (C16 7.31, note at Frequency).
        Kind::Choice(Choice {
            knows: |unit| unit == "Hertz" || known::<UnitOfMeasure>(unit),
            spellings: &[("Hz", "Hertz")],
        }),
    ),
];

pub(super) const DIAGNOSTICS_STATUS: Form =
    usual(&[required("status", choice::<DiagnosticsStatus>())]);

pub(super) const FIRMWARE_STATUS: Form = usual(&[required("status", choice::<FirmwareStatus>())]);

pub(super) const LOG_STATUS: Form = usual(&[
    required(
        "status",
        Kind::Choice(Choice {
            knows: |status| LOG_STATUSES.contains(&status),
            spellings: &[],
        }),
    ),
    optional("requestId", INTEGER),
]);

const LOG_STATUSES: &[&str] = &[
    "BadMessage",
    "Idle",
    "NotSupportedOperation",
    "PermissionDenied",
    "Uploaded",
    "UploadFailure",
    "Uploading",
];

pub(super) const SIGNED_FIRMWARE_STATUS: Form = usual(&[
    required(
        "status",
        Kind::Choice(Choice {
            knows: |status| SIGNED_FIRMWARE_STATUSES.contains(&status),
            spellings: &[],
        }),
    ),
    optional("requestId", INTEGER),
]);

const SIGNED_FIRMWARE_STATUSES: &[&str] = &[
    "Downloaded",
    "DownloadFailed",
    "Downloading",
    "DownloadScheduled",
    "DownloadPaused",
    "Idle",
    "InstallationFailed",
    "Installing",
    "Installed",
    "InstallRebooting",
    "InstallScheduled",
    "InstallVerificationFailed",
    "InvalidSignature",
    "SignatureVerified",
];

pub(super) const SECURITY_EVENT: Form = usual(&[
    required("type", Kind::Text(50)),
    expected("timestamp", Kind::Time),
    optional("techInfo", Kind::Text(255)),
]);
