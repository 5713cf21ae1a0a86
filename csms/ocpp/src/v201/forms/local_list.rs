//! Block D, Local authorization list management.

use rust_ocpp::v2_0_1::enumerations::send_local_list_status_enum_type::SendLocalListStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::update_enum_type::UpdateEnumType;

use super::objects::{ID_TOKEN, ID_TOKEN_INFO, STATUS_INFO};
use super::usual;
use crate::form::{Form, INTEGER, Kind, choice, closed, optional, required, some};

pub(crate) const GET_LOCAL_LIST_VERSION: Form = usual(&[]);

pub(crate) const GET_LOCAL_LIST_VERSION_ANSWER: Form = usual(&[required("versionNumber", INTEGER)]);

pub(crate) const SEND_LOCAL_LIST: Form = usual(&[
    required("versionNumber", INTEGER),
    required("updateType", closed::<UpdateEnumType>()),
    optional("localAuthorizationList", some!(AUTHORIZATION_DATA)),
]);

pub(crate) const SEND_LOCAL_LIST_ANSWER: Form = usual(&[
    required("status", choice::<SendLocalListStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

const AUTHORIZATION_DATA: Kind = Kind::Object(&[
    required("idToken", ID_TOKEN),
    optional("idTokenInfo", ID_TOKEN_INFO),
]);
