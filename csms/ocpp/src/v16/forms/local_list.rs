//! The Local Auth List Management profile.

use rust_ocpp::v1_6::types::{UpdateStatus, UpdateType};

use super::objects::ID_TAG_INFO;
use super::usual;
use crate::form::{Form, INTEGER, Kind, any, choice, closed, optional, required};

pub(crate) const GET_LOCAL_LIST_VERSION: Form = usual(&[]);

pub(crate) const GET_LOCAL_LIST_VERSION_ANSWER: Form = usual(&[required("listVersion", INTEGER)]);

pub(crate) const SEND_LOCAL_LIST: Form = usual(&[
    required("listVersion", INTEGER),
    required("updateType", closed::<UpdateType>()),
    optional("localAuthorizationList", any!(AUTHORIZATION_DATA)),
]);

const AUTHORIZATION_DATA: Kind = Kind::Object(&[
    required("idTag", Kind::Token(20)),
    optional("idTagInfo", ID_TAG_INFO),
]);

pub(crate) const SEND_LOCAL_LIST_ANSWER: Form =
    usual(&[required("status", choice::<UpdateStatus>())]);
