//! Block O, Display message.

use rust_ocpp::v2_0_1::enumerations::clear_message_status_enum_type::ClearMessageStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::display_message_status_enum_type::DisplayMessageStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::get_display_messages_status_enum_type::GetDisplayMessagesStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::message_priority_enum_type::MessagePriorityEnumType;
use rust_ocpp::v2_0_1::enumerations::message_state_enum_type::MessageStateEnumType;

use super::objects::{COMPONENT, MESSAGE_CONTENT, STATUS_INFO};
use super::usual;
use crate::form::{Form, INTEGER, Kind, choice, closed, optional, required, some};

pub(crate) const CLEAR_DISPLAY_MESSAGE: Form = usual(&[required("id", INTEGER)]);

pub(crate) const CLEAR_DISPLAY_MESSAGE_ANSWER: Form = usual(&[
    required("status", choice::<ClearMessageStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_DISPLAY_MESSAGES: Form = usual(&[
    required("requestId", INTEGER),
    optional("id", some!(INTEGER)),
    optional("priority", closed::<MessagePriorityEnumType>()),
    optional("state", closed::<MessageStateEnumType>()),
]);

pub(crate) const GET_DISPLAY_MESSAGES_ANSWER: Form = usual(&[
    required("status", choice::<GetDisplayMessagesStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const NOTIFY_DISPLAY_MESSAGES: Form = usual(&[
    required("requestId", INTEGER),
    optional("messageInfo", some!(MESSAGE_INFO)),
    optional("tbc", Kind::Boolean),
]);

pub(crate) const NOTIFY_DISPLAY_MESSAGES_ANSWER: Form = usual(&[]);

pub(crate) const SET_DISPLAY_MESSAGE: Form = usual(&[required("message", MESSAGE_INFO)]);

pub(crate) const SET_DISPLAY_MESSAGE_ANSWER: Form = usual(&[
    required("status", choice::<DisplayMessageStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

const MESSAGE_INFO: Kind = Kind::Object(&[
    required("id", INTEGER),
    required("priority", choice::<MessagePriorityEnumType>()),
    required("message", MESSAGE_CONTENT),
    optional("display", COMPONENT),
    optional("state", choice::<MessageStateEnumType>()),
    optional("startDateTime", Kind::Time),
    optional("endDateTime", Kind::Time),
    optional("transactionId", Kind::Text(36)),
]);
