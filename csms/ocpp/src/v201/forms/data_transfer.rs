//! Block P, Data transfer.

use rust_ocpp::v2_0_1::enumerations::data_transfer_status_enum_type::DataTransferStatusEnumType;

use super::objects::STATUS_INFO;
use super::usual;
use crate::form::{Form, Kind, choice, optional, required};

pub(crate) const DATA_TRANSFER: Form = usual(&[
    required("vendorId", Kind::Text(255)),
    optional("messageId", Kind::Text(50)),
    optional("data", Kind::Any),
]);

pub(crate) const DATA_TRANSFER_ANSWER: Form = usual(&[
    required("status", choice::<DataTransferStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
    optional("data", Kind::Any),
]);
