//! Block E, Transactions.

use rust_ocpp::v2_0_1::enumerations::charging_state_enum_type::ChargingStateEnumType;
use rust_ocpp::v2_0_1::enumerations::id_token_enum_type::IdTokenEnumType;
use rust_ocpp::v2_0_1::enumerations::reason_enum_type::ReasonEnumType;
use rust_ocpp::v2_0_1::enumerations::transaction_event_enum_type::TransactionEventEnumType;
use rust_ocpp::v2_0_1::enumerations::trigger_reason_enum_type::TriggerReasonEnumType;

use super::objects::{ADDITIONAL_INFO, EVSE, ID_TOKEN_INFO, MESSAGE_CONTENT, METER_VALUE};
use super::{kept, usual};
use crate::form::{
    Form, INTEGER, Kind, NUMBER, choice, closed, expected, optional, required, some,
};

pub(crate) const GET_TRANSACTION_STATUS: Form = usual(&[optional("transactionId", Kind::Text(36))]);

pub(crate) const GET_TRANSACTION_STATUS_ANSWER: Form = usual(&[
    required("messagesInQueue", Kind::Boolean),
    optional("ongoingIndicator", Kind::Boolean),
]);

pub(crate) const TRANSACTION_EVENT: Form = kept(&[
    required("eventType", closed::<TransactionEventEnumType>()),
    expected("timestamp", Kind::Time),
    expected("triggerReason", choice::<TriggerReasonEnumType>()),
    expected("seqNo", NUMBER),
    optional("offline", Kind::Boolean),
    optional("numberOfPhasesUsed", INTEGER),
    optional("cableMaxCurrent", INTEGER),
    optional("reservationId", INTEGER),
    required("transactionInfo", TRANSACTION),
    optional("evse", EVSE),
    optional("idToken", PRESENTED_TOKEN),
    optional("meterValue", some!(METER_VALUE)),
]);

/// As `ID_TOKEN`, but the event is kept whatever kind the token is said to be of.
const PRESENTED_TOKEN: Kind = Kind::Object(&[
    required("idToken", Kind::Token(36)),
    expected("type", choice::<IdTokenEnumType>()),
    optional("additionalInfo", some!(ADDITIONAL_INFO)),
]);

pub(crate) const TRANSACTION_EVENT_ANSWER: Form = usual(&[
    optional("totalCost", Kind::Decimal),
    optional("chargingPriority", INTEGER),
    optional("idTokenInfo", ID_TOKEN_INFO),
    optional("updatedPersonalMessage", MESSAGE_CONTENT),
]);

const TRANSACTION: Kind = Kind::Object(&[
    required("transactionId", Kind::Text(36)),
    optional("chargingState", choice::<ChargingStateEnumType>()),
    optional("timeSpentCharging", INTEGER),
    optional("stoppedReason", choice::<ReasonEnumType>()),
    optional("remoteStartId", INTEGER),
]);
