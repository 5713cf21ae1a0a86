//! The Remote Trigger profile.

use rust_ocpp::v1_6::types::{MessageTrigger, TriggerMessageStatus};

use super::usual;
use crate::form::{Form, Kind, choice, closed, optional, required};

pub(crate) const TRIGGER_MESSAGE: Form = usual(&[
    required("requestedMessage", closed::<MessageTrigger>()),
    optional("connectorId", Kind::Integer(1)),
]);

pub(crate) const TRIGGER_MESSAGE_ANSWER: Form =
    usual(&[required("status", choice::<TriggerMessageStatus>())]);
