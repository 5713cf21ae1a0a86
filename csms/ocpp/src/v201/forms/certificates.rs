//! Block M, ISO 15118 certificate management.

use rust_ocpp::v2_0_1::enumerations::certificate_action_enum_type::CertificateActionEnumType;
use rust_ocpp::v2_0_1::enumerations::delete_certificate_status_enum_type::DeleteCertificateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::get_certificate_id_use_enum_type::GetCertificateIdUseEnumType;
use rust_ocpp::v2_0_1::enumerations::get_certificate_status_enum_type::GetCertificateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::get_installed_certificate_status_enum_type::GetInstalledCertificateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::install_certificate_status_enum_type::InstallCertificateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::install_certificate_use_enum_type::InstallCertificateUseEnumType;
use rust_ocpp::v2_0_1::enumerations::iso15118ev_certificate_status_enum_type::Iso15118EVCertificateStatusEnumType;

use super::objects::{CERTIFICATE_HASH_DATA, OCSP_REQUEST_DATA, STATUS_INFO};
use super::usual;
use crate::form::{Form, Kind, choice, closed, optional, required, some};

pub(crate) const DELETE_CERTIFICATE: Form =
    usual(&[required("certificateHashData", CERTIFICATE_HASH_DATA)]);

pub(crate) const DELETE_CERTIFICATE_ANSWER: Form = usual(&[
    required("status", choice::<DeleteCertificateStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_15118_EV_CERTIFICATE: Form = usual(&[
    required("iso15118SchemaVersion", Kind::Text(50)),
    required("action", choice::<CertificateActionEnumType>()),
    required("exiRequest", Kind::Text(5600)),
]);

pub(crate) const GET_15118_EV_CERTIFICATE_ANSWER: Form = usual(&[
    required("status", choice::<Iso15118EVCertificateStatusEnumType>()),
    required("exiResponse", Kind::Text(5600)),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_CERTIFICATE_STATUS: Form =
    usual(&[required("ocspRequestData", OCSP_REQUEST_DATA)]);

pub(crate) const GET_CERTIFICATE_STATUS_ANSWER: Form = usual(&[
    required("status", choice::<GetCertificateStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
    optional("ocspResult", Kind::Text(5500)),
]);

pub(crate) const GET_INSTALLED_CERTIFICATE_IDS: Form = usual(&[optional(
    "certificateType",
    some!(closed::<GetCertificateIdUseEnumType>()),
)]);

pub(crate) const GET_INSTALLED_CERTIFICATE_IDS_ANSWER: Form = usual(&[
    required("status", choice::<GetInstalledCertificateStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
    optional(
        "certificateHashDataChain",
        some!(CERTIFICATE_HASH_DATA_CHAIN),
    ),
]);

pub(crate) const INSTALL_CERTIFICATE: Form = usual(&[
    required("certificateType", closed::<InstallCertificateUseEnumType>()),
    required("certificate", Kind::Text(5500)),
]);

pub(crate) const INSTALL_CERTIFICATE_ANSWER: Form = usual(&[
    required("status", choice::<InstallCertificateStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

const CERTIFICATE_HASH_DATA_CHAIN: Kind = Kind::Object(&[
    required("certificateHashData", CERTIFICATE_HASH_DATA),
    required("certificateType", choice::<GetCertificateIdUseEnumType>()),
    optional("childCertificateHashData", some!(CERTIFICATE_HASH_DATA, 4)),
]);
