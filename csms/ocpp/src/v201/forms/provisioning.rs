//! Block B, Provisioning.

use rust_ocpp::v2_0_1::enumerations::apn_authentication_enum_type::APNAuthenticationEnumType;
use rust_ocpp::v2_0_1::enumerations::attribute_enum_type::AttributeEnumType;
use rust_ocpp::v2_0_1::enumerations::boot_reason_enum_type::BootReasonEnumType;
use rust_ocpp::v2_0_1::enumerations::component_criterion_enum_type::ComponentCriterionEnumType;
use rust_ocpp::v2_0_1::enumerations::data_enum_type::DataEnumType;
use rust_ocpp::v2_0_1::enumerations::generic_device_model_status_enum_type::GenericDeviceModelStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::get_variable_status_enum_type::GetVariableStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::mutability_enum_type::MutabilityEnumType;
use rust_ocpp::v2_0_1::enumerations::ocpp_interface_enum_type::OCPPInterfaceEnumType;
use rust_ocpp::v2_0_1::enumerations::ocpp_transport_enum_type::OCPPTransportEnumType;
use rust_ocpp::v2_0_1::enumerations::ocpp_version_enum_type::OCPPVersionEnumType;
use rust_ocpp::v2_0_1::enumerations::registration_status_enum_type::RegistrationStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::report_base_enum_type::ReportBaseEnumType;
use rust_ocpp::v2_0_1::enumerations::reset_enum_type::ResetEnumType;
use rust_ocpp::v2_0_1::enumerations::reset_status_enum_type::ResetStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::set_network_profile_status_enum_type::SetNetworkProfileStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::set_variable_status_enum_type::SetVariableStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::vpn_enum_type::VPNEnumType;

use super::objects::{COMPONENT, COMPONENT_VARIABLE, STATUS_INFO, VARIABLE};
use super::usual;
use crate::form::{
    Form, INTEGER, Kind, NUMBER, choice, closed, expected, optional, required, some,
};

pub(crate) const BOOT_NOTIFICATION: Form = usual(&[
    required("chargingStation", CHARGING_STATION),
    expected("reason", choice::<BootReasonEnumType>()),
]);

pub(crate) const BOOT_NOTIFICATION_ANSWER: Form = usual(&[
    required("currentTime", Kind::Time),
    required("interval", INTEGER),
    required("status", choice::<RegistrationStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_BASE_REPORT: Form = usual(&[
    required("requestId", INTEGER),
    required("reportBase", closed::<ReportBaseEnumType>()),
]);

pub(crate) const GET_BASE_REPORT_ANSWER: Form = usual(&[
    required("status", choice::<GenericDeviceModelStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_REPORT: Form = usual(&[
    required("requestId", INTEGER),
    optional("componentVariable", some!(COMPONENT_VARIABLE)),
    optional(
        "componentCriteria",
        some!(closed::<ComponentCriterionEnumType>(), 4),
    ),
]);

pub(crate) const GET_REPORT_ANSWER: Form = usual(&[
    required("status", choice::<GenericDeviceModelStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const GET_VARIABLES: Form =
    usual(&[required("getVariableData", some!(GET_VARIABLE_DATA))]);

pub(crate) const GET_VARIABLES_ANSWER: Form =
    usual(&[required("getVariableResult", some!(GET_VARIABLE_RESULT))]);

pub(crate) const NOTIFY_REPORT: Form = usual(&[
    required("requestId", INTEGER),
    expected("generatedAt", Kind::Time),
    expected("seqNo", NUMBER),
    optional("reportData", some!(REPORT_DATA)),
    optional("tbc", Kind::Boolean),
]);

pub(crate) const NOTIFY_REPORT_ANSWER: Form = usual(&[]);

pub(crate) const RESET: Form = usual(&[
    required("type", closed::<ResetEnumType>()),
    optional("evseId", NUMBER),
]);

pub(crate) const RESET_ANSWER: Form = usual(&[
    required("status", choice::<ResetStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const SET_NETWORK_PROFILE: Form = usual(&[
    required("configurationSlot", INTEGER),
    required("connectionData", NETWORK_CONNECTION_PROFILE),
]);

pub(crate) const SET_NETWORK_PROFILE_ANSWER: Form = usual(&[
    required("status", choice::<SetNetworkProfileStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const SET_VARIABLES: Form =
    usual(&[required("setVariableData", some!(SET_VARIABLE_DATA))]);

pub(crate) const SET_VARIABLES_ANSWER: Form =
    usual(&[required("setVariableResult", some!(SET_VARIABLE_RESULT))]);

const CHARGING_STATION: Kind = Kind::Object(&[
    required("model", Kind::Text(20)),
    required("vendorName", Kind::Text(50)),
    optional("serialNumber", Kind::Text(25)),
    optional("modem", MODEM),
    optional("firmwareVersion", Kind::Text(50)),
]);

const GET_VARIABLE_DATA: Kind = Kind::Object(&[
    required("component", COMPONENT),
    required("variable", VARIABLE),
    optional("attributeType", closed::<AttributeEnumType>()),
]);

const GET_VARIABLE_RESULT: Kind = Kind::Object(&[
    required("attributeStatus", choice::<GetVariableStatusEnumType>()),
    required("component", COMPONENT),
    required("variable", VARIABLE),
    optional("attributeStatusInfo", STATUS_INFO),
    optional("attributeType", choice::<AttributeEnumType>()),
    optional("attributeValue", Kind::Text(2500)),
]);

const NETWORK_CONNECTION_PROFILE: Kind = Kind::Object(&[
    required("ocppVersion", closed::<OCPPVersionEnumType>()),
    required("ocppTransport", closed::<OCPPTransportEnumType>()),
    required("ocppCsmsUrl", Kind::Text(512)),
    required("messageTimeout", INTEGER),
    required("securityProfile", INTEGER),
    required("ocppInterface", closed::<OCPPInterfaceEnumType>()),
    optional("apn", APN),
    optional("vpn", VPN),
]);

const REPORT_DATA: Kind = Kind::Object(&[
    required("component", COMPONENT),
    required("variable", VARIABLE),
    expected("variableAttribute", some!(VARIABLE_ATTRIBUTE, 4)),
    optional("variableCharacteristics", VARIABLE_CHARACTERISTICS),
]);

const SET_VARIABLE_DATA: Kind = Kind::Object(&[
    required("attributeValue", Kind::Text(1000)),
    required("component", COMPONENT),
    required("variable", VARIABLE),
    optional("attributeType", closed::<AttributeEnumType>()),
]);

const SET_VARIABLE_RESULT: Kind = Kind::Object(&[
    required("attributeStatus", choice::<SetVariableStatusEnumType>()),
    required("component", COMPONENT),
    required("variable", VARIABLE),
    optional("attributeType", choice::<AttributeEnumType>()),
    optional("attributeStatusInfo", STATUS_INFO),
]);

const MODEM: Kind = Kind::Object(&[
    optional("iccid", Kind::Text(20)),
    optional("imsi", Kind::Text(20)),
]);

const APN: Kind = Kind::Object(&[
    required("apn", Kind::Text(512)),
    required("apnAuthentication", closed::<APNAuthenticationEnumType>()),
    optional("apnUserName", Kind::Text(20)),
    optional("apnPassword", Kind::Text(20)),
    optional("simPin", INTEGER),
    optional("preferredNetwork", Kind::Text(6)),
    optional("useOnlyPreferredNetwork", Kind::Boolean),
]);

const VPN: Kind = Kind::Object(&[
    required("server", Kind::Text(512)),
    required("user", Kind::Text(20)),
    required("password", Kind::Text(20)),
    required("key", Kind::Text(255)),
    required("type", closed::<VPNEnumType>()),
    optional("group", Kind::Text(20)),
]);

const VARIABLE_ATTRIBUTE: Kind = Kind::Object(&[
    optional("type", choice::<AttributeEnumType>()),
    optional("value", Kind::Text(2500)),
    optional("mutability", choice::<MutabilityEnumType>()),
    optional("persistent", Kind::Boolean),
    optional("constant", Kind::Boolean),
]);

const VARIABLE_CHARACTERISTICS: Kind = Kind::Object(&[
    expected("dataType", choice::<DataEnumType>()),
    expected("supportsMonitoring", Kind::Boolean),
    optional("unit", Kind::Text(16)),
    optional("minLimit", Kind::Decimal),
    optional("maxLimit", Kind::Decimal),
    optional("valuesList", Kind::Text(1000)),
]);
