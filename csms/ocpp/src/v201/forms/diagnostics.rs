//! Block N, Diagnostics.

use rust_ocpp::v2_0_1::enumerations::clear_monitoring_status_enum_type::ClearMonitoringStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::customer_information_status_enum_type::CustomerInformationStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::event_notification_enum_type::EventNotificationEnumType;
use rust_ocpp::v2_0_1::enumerations::event_trigger_enum_type::EventTriggerEnumType;
use rust_ocpp::v2_0_1::enumerations::generic_device_model_status_enum_type::GenericDeviceModelStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::generic_status_enum_type::GenericStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::log_enum_type::LogEnumType;
use rust_ocpp::v2_0_1::enumerations::log_status_enum_type::LogStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::monitor_enum_type::MonitorEnumType;
use rust_ocpp::v2_0_1::enumerations::monitoring_base_enum_type::MonitoringBaseEnumType;
use rust_ocpp::v2_0_1::enumerations::monitoring_criterion_enum_type::MonitoringCriterionEnumType;
use rust_ocpp::v2_0_1::enumerations::set_monitoring_status_enum_type::SetMonitoringStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::upload_log_status_enum_type::UploadLogStatusEnumType;

use super::objects::{
    CERTIFICATE_HASH_DATA, COMPONENT, COMPONENT_VARIABLE, ID_TOKEN, STATUS_INFO, VARIABLE,
};
use super::usual;
use crate::form::{
    Form, INTEGER, Kind, NUMBER, choice, closed, expected, optional, required, some,
};

pub(crate) const CLEAR_VARIABLE_MONITORING: Form = usual(&[required("id", some!(INTEGER))]);

pub(crate) const CLEAR_VARIABLE_MONITORING_ANSWER: Form = usual(&[required(
    "clearMonitoringResult",
    some!(CLEAR_MONITORING_RESULT),
)]);

pub(crate) const CUSTOMER_INFORMATION: Form = usual(&[
    required("requestId", INTEGER),
    required("report", Kind::Boolean),
    required("clear", Kind::Boolean),
    optional("customerCertificate", CERTIFICATE_HASH_DATA),
    optional("idToken", ID_TOKEN),
    optional("customerIdentifier", Kind::Text(64)),
]);

pub(crate) const CUSTOMER_INFORMATION_ANSWER: Form = usual(&[
    required("status", choice::<CustomerInformationStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_LOG: Form = usual(&[
    required("log", LOG_PARAMETERS),
    required("logType", closed::<LogEnumType>()),
    required("requestId", INTEGER),
    optional("retries", INTEGER),
    optional("retryInterval", INTEGER),
]);

pub(crate) const GET_LOG_ANSWER: Form = usual(&[
    required("status", choice::<LogStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
    optional("filename", Kind::Text(255)),
]);

pub(crate) const GET_MONITORING_REPORT: Form = usual(&[
    required("requestId", INTEGER),
    optional("componentVariable", some!(COMPONENT_VARIABLE)),
    optional(
        "monitoringCriteria",
        some!(closed::<MonitoringCriterionEnumType>(), 3),
    ),
]);

pub(crate) const GET_MONITORING_REPORT_ANSWER: Form = usual(&[
    required("status", choice::<GenericDeviceModelStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const LOG_STATUS_NOTIFICATION: Form = usual(&[
    required("status", choice::<UploadLogStatusEnumType>()),
    optional("requestId", INTEGER),
]);

pub(crate) const LOG_STATUS_NOTIFICATION_ANSWER: Form = usual(&[]);

pub(crate) const NOTIFY_CUSTOMER_INFORMATION: Form = usual(&[
    expected("data", Kind::Text(512)),
    expected("seqNo", NUMBER),
    expected("generatedAt", Kind::Time),
    required("requestId", INTEGER),
    optional("tbc", Kind::Boolean),
]);

pub(crate) const NOTIFY_CUSTOMER_INFORMATION_ANSWER: Form = usual(&[]);

pub(crate) const NOTIFY_EVENT: Form = usual(&[
    expected("generatedAt", Kind::Time),
    expected("seqNo", NUMBER),
    required("eventData", some!(EVENT_DATA)),
    optional("tbc", Kind::Boolean),
]);

pub(crate) const NOTIFY_EVENT_ANSWER: Form = usual(&[]);

pub(crate) const NOTIFY_MONITORING_REPORT: Form = usual(&[
    required("requestId", INTEGER),
    expected("seqNo", NUMBER),
    expected("generatedAt", Kind::Time),
    optional("monitor", some!(MONITORING_DATA)),
    optional("tbc", Kind::Boolean),
]);

pub(crate) const NOTIFY_MONITORING_REPORT_ANSWER: Form = usual(&[]);

pub(crate) const SET_MONITORING_BASE: Form = usual(&[required(
    "monitoringBase",
    closed::<MonitoringBaseEnumType>(),
)]);

pub(crate) const SET_MONITORING_BASE_ANSWER: Form = usual(&[
    required("status", choice::<GenericDeviceModelStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const SET_MONITORING_LEVEL: Form = usual(&[required("severity", INTEGER)]);

pub(crate) const SET_MONITORING_LEVEL_ANSWER: Form = usual(&[
    required("status", choice::<GenericStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const SET_VARIABLE_MONITORING: Form =
    usual(&[required("setMonitoringData", some!(SET_MONITORING_DATA))]);

pub(crate) const SET_VARIABLE_MONITORING_ANSWER: Form = usual(&[required(
    "setMonitoringResult",
    some!(SET_MONITORING_RESULT),
)]);

const CLEAR_MONITORING_RESULT: Kind = Kind::Object(&[
    required("status", choice::<ClearMonitoringStatusEnumType>()),
    required("id", INTEGER),
    optional("statusInfo", STATUS_INFO),
]);

const EVENT_DATA: Kind = Kind::Object(&[
    expected("eventId", INTEGER),
    expected("timestamp", Kind::Time),
    expected("trigger", choice::<EventTriggerEnumType>()),
    optional("cause", INTEGER),
    required("actualValue", Kind::Text(2500)),
    optional("techCode", Kind::Text(50)),
    optional("techInfo", Kind::Text(500)),
    optional("cleared", Kind::Boolean),
    optional("transactionId", Kind::Text(36)),
    required("component", COMPONENT),
    optional("variableMonitoringId", INTEGER),
    expected(
        "eventNotificationType",
        choice::<EventNotificationEnumType>(),
    ),
    required("variable", VARIABLE),
]);

const LOG_PARAMETERS: Kind = Kind::Object(&[
    required("remoteLocation", Kind::Text(512)),
    optional("oldestTimestamp", Kind::Time),
    optional("latestTimestamp", Kind::Time),
]);

const MONITORING_DATA: Kind = Kind::Object(&[
    required("component", COMPONENT),
    required("variable", VARIABLE),
    required("variableMonitoring", some!(VARIABLE_MONITORING)),
]);

const SET_MONITORING_DATA: Kind = Kind::Object(&[
    required("value", Kind::Decimal),
    required("type", closed::<MonitorEnumType>()),
    required("severity", INTEGER),
    required("component", COMPONENT),
    required("variable", VARIABLE),
    optional("id", INTEGER),
    optional("transaction", Kind::Boolean),
]);

const SET_MONITORING_RESULT: Kind = Kind::Object(&[
    required("status", choice::<SetMonitoringStatusEnumType>()),
    required("type", choice::<MonitorEnumType>()),
    required("component", COMPONENT),
    required("variable", VARIABLE),
    required("severity", INTEGER),
    optional("id", INTEGER),
    optional("statusInfo", STATUS_INFO),
]);

const VARIABLE_MONITORING: Kind = Kind::Object(&[
    required("id", INTEGER),
    required("transaction", Kind::Boolean),
    required("value", Kind::Decimal),
    required("type", choice::<MonitorEnumType>()),
    required("severity", INTEGER),
]);
