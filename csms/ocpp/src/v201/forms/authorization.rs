//! Block C, Authorization.

use rust_ocpp::v2_0_1::enumerations::authorize_certificate_status_enum_type::AuthorizeCertificateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::clear_cache_status_enum_type::ClearCacheStatusEnumType;

use super::objects::{ID_TOKEN, ID_TOKEN_INFO, OCSP_REQUEST_DATA, STATUS_INFO};
use super::usual;
use crate::form::{Form, Kind, choice, optional, required, some};

pub(crate) const AUTHORIZE: Form = usual(&[
    required("idToken", ID_TOKEN),
    optional("certificate", Kind::Text(5500)),
    optional("iso15118CertificateHashData", some!(OCSP_REQUEST_DATA, 4)),
]);

pub(crate) const AUTHORIZE_ANSWER: Form = usual(&[
    required("idTokenInfo", ID_TOKEN_INFO),
    optional(
        "certificateStatus",
        choice::<AuthorizeCertificateStatusEnumType>(),
    ),
]);

pub(crate) const CLEAR_CACHE: Form = usual(&[]);

pub(crate) const CLEAR_CACHE_ANSWER: Form = usual(&[
    required("status", choice::<ClearCacheStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);
