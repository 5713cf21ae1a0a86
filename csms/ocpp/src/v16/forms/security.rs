//! The messages of the security white paper (edition 2).

use super::usual;
use crate::form::{Form, INTEGER, Kind, choice, closed, expected, optional, required, some};
use crate::v16::types::security::{
    AcceptedOrNot, CertificateUse, DeleteCertificateStatus, FirmwareStatus,
    GetInstalledCertificateStatus, HashAlgorithm, InstallCertificateStatus, LogKind, LogStatus,
    MessageTrigger, TriggerMessageStatus, UpdateFirmwareStatus, UploadLogStatus,
};

pub(crate) const CERTIFICATE_SIGNED: Form =
    usual(&[required("certificateChain", Kind::Text(10000))]);

pub(crate) const CERTIFICATE_SIGNED_ANSWER: Form =
    usual(&[required("status", choice::<AcceptedOrNot>())]);

pub(crate) const DELETE_CERTIFICATE: Form =
    usual(&[required("certificateHashData", CERTIFICATE_HASH_DATA)]);

pub(crate) const DELETE_CERTIFICATE_ANSWER: Form =
    usual(&[required("status", choice::<DeleteCertificateStatus>())]);

pub(crate) const EXTENDED_TRIGGER_MESSAGE: Form = usual(&[
    required("requestedMessage", closed::<MessageTrigger>()),
    // White paper, ExtendedTriggerMessage.req: connectorId > 0.
    optional("connectorId", Kind::Integer(1)),
]);

pub(crate) const EXTENDED_TRIGGER_MESSAGE_ANSWER: Form =
    usual(&[required("status", choice::<TriggerMessageStatus>())]);

pub(crate) const GET_INSTALLED_CERTIFICATE_IDS: Form =
    usual(&[required("certificateType", closed::<CertificateUse>())]);

pub(crate) const GET_INSTALLED_CERTIFICATE_IDS_ANSWER: Form = usual(&[
    required("status", choice::<GetInstalledCertificateStatus>()),
    optional("certificateHashData", some!(CERTIFICATE_HASH_DATA)),
]);

pub(crate) const GET_LOG: Form = usual(&[
    required("log", LOG_PARAMETERS),
    required("logType", closed::<LogKind>()),
    required("requestId", INTEGER),
    optional("retries", INTEGER),
    optional("retryInterval", INTEGER),
]);

pub(crate) const GET_LOG_ANSWER: Form = usual(&[
    required("status", choice::<LogStatus>()),
    optional("filename", Kind::Text(255)),
]);

pub(crate) const INSTALL_CERTIFICATE: Form = usual(&[
    required("certificateType", closed::<CertificateUse>()),
    required("certificate", Kind::Text(5500)),
]);

pub(crate) const INSTALL_CERTIFICATE_ANSWER: Form =
    usual(&[required("status", choice::<InstallCertificateStatus>())]);

pub(crate) const LOG_STATUS_NOTIFICATION: Form = usual(&[
    required("status", choice::<UploadLogStatus>()),
    optional("requestId", INTEGER),
]);

pub(crate) const LOG_STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const SECURITY_EVENT_NOTIFICATION: Form = usual(&[
    required("type", Kind::Text(50)),
    expected("timestamp", Kind::Time),
    optional("techInfo", Kind::Text(255)),
]);

pub(crate) const SECURITY_EVENT_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const SIGN_CERTIFICATE: Form = usual(&[required("csr", Kind::Text(5500))]);

pub(crate) const SIGN_CERTIFICATE_ANSWER: Form =
    usual(&[required("status", choice::<AcceptedOrNot>())]);

pub(crate) const SIGNED_FIRMWARE_STATUS_NOTIFICATION: Form = usual(&[
    required("status", choice::<FirmwareStatus>()),
    optional("requestId", INTEGER),
]);

pub(crate) const SIGNED_FIRMWARE_STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const SIGNED_UPDATE_FIRMWARE: Form = usual(&[
    required("requestId", INTEGER),
    required("firmware", FIRMWARE),
    optional("retries", INTEGER),
    optional("retryInterval", INTEGER),
]);

pub(crate) const SIGNED_UPDATE_FIRMWARE_ANSWER: Form =
    usual(&[required("status", choice::<UpdateFirmwareStatus>())]);

const CERTIFICATE_HASH_DATA: Kind = Kind::Object(&[
    required("hashAlgorithm", choice::<HashAlgorithm>()),
    required("issuerNameHash", Kind::Text(128)),
    required("issuerKeyHash", Kind::Text(128)),
    required("serialNumber", Kind::Text(40)),
]);

const FIRMWARE: Kind = Kind::Object(&[
    required("location", Kind::Text(512)),
    required("retrieveDateTime", Kind::Time),
    required("signingCertificate", Kind::Text(5500)),
    required("signature", Kind::Text(800)),
    optional("installDateTime", Kind::Time),
]);

const LOG_PARAMETERS: Kind = Kind::Object(&[
    required("remoteLocation", Kind::Text(512)),
    optional("oldestTimestamp", Kind::Time),
    optional("latestTimestamp", Kind::Time),
]);
