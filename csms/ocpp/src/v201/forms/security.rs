//! Block A, Security.

use rust_ocpp::v2_0_1::enumerations::certificate_signed_status_enum_type::CertificateSignedStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::certificate_signing_use_enum_type::CertificateSigningUseEnumType;
use rust_ocpp::v2_0_1::enumerations::generic_status_enum_type::GenericStatusEnumType;

use super::objects::STATUS_INFO;
use super::usual;
use crate::form::{Form, Kind, choice, closed, expected, optional, required};

pub(crate) const CERTIFICATE_SIGNED: Form = usual(&[
    required("certificateChain", Kind::Text(10000)),
    optional("certificateType", closed::<CertificateSigningUseEnumType>()),
]);

pub(crate) const CERTIFICATE_SIGNED_ANSWER: Form = usual(&[
    required("status", choice::<CertificateSignedStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const SECURITY_EVENT_NOTIFICATION: Form = usual(&[
    required("type", Kind::Text(50)),
    expected("timestamp", Kind::Time),
    optional("techInfo", Kind::Text(255)),
]);

pub(crate) const SECURITY_EVENT_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const SIGN_CERTIFICATE: Form = usual(&[
    required("csr", Kind::Text(5500)),
    optional("certificateType", choice::<CertificateSigningUseEnumType>()),
]);

pub(crate) const SIGN_CERTIFICATE_ANSWER: Form = usual(&[
    required("status", choice::<GenericStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);
