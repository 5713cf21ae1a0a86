//! Block L, Firmware management.

use rust_ocpp::v2_0_1::enumerations::firmware_status_enum_type::FirmwareStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::generic_status_enum_type::GenericStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::publish_firmware_status_enum_type::PublishFirmwareStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::unpublish_firmware_status_enum_type::UnpublishFirmwareStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::update_firmware_status_enum_type::UpdateFirmwareStatusEnumType;

use super::objects::STATUS_INFO;
use super::usual;
use crate::form::{Form, INTEGER, Kind, choice, optional, required, some};

pub(crate) const FIRMWARE_STATUS_NOTIFICATION: Form = usual(&[
    required("status", choice::<FirmwareStatusEnumType>()),
    optional("requestId", INTEGER),
]);

pub(crate) const FIRMWARE_STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const PUBLISH_FIRMWARE: Form = usual(&[
    required("location", Kind::Text(512)),
    required("checksum", Kind::Text(32)),
    required("requestId", INTEGER),
    optional("retries", INTEGER),
    optional("retryInterval", INTEGER),
]);

pub(crate) const PUBLISH_FIRMWARE_ANSWER: Form = usual(&[
    required("status", choice::<GenericStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const PUBLISH_FIRMWARE_STATUS_NOTIFICATION: Form = usual(&[
    required("status", choice::<PublishFirmwareStatusEnumType>()),
    optional("location", some!(Kind::Text(512))),
    optional("requestId", INTEGER),
]);

pub(crate) const PUBLISH_FIRMWARE_STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const UNPUBLISH_FIRMWARE: Form = usual(&[required("checksum", Kind::Text(32))]);

pub(crate) const UNPUBLISH_FIRMWARE_ANSWER: Form = usual(&[required(
    "status",
    choice::<UnpublishFirmwareStatusEnumType>(),
)]);

pub(crate) const UPDATE_FIRMWARE: Form = usual(&[
    required("requestId", INTEGER),
    required("firmware", FIRMWARE),
    optional("retries", INTEGER),
    optional("retryInterval", INTEGER),
]);

pub(crate) const UPDATE_FIRMWARE_ANSWER: Form = usual(&[
    required("status", choice::<UpdateFirmwareStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

const FIRMWARE: Kind = Kind::Object(&[
    required("location", Kind::Text(512)),
    required("retrieveDateTime", Kind::Time),
    optional("installDateTime", Kind::Time),
    optional("signingCertificate", Kind::Text(5500)),
    optional("signature", Kind::Text(800)),
]);
