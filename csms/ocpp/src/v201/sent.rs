//! The messages to 2.0.1 stations, with the tables of those that are used.
//!
//! Names, lengths and presence: part 2, messages and data types.

use rust_ocpp::v2_0_1::enumerations::attribute_enum_type::AttributeEnumType;
use rust_ocpp::v2_0_1::enumerations::authorization_status_enum_type::AuthorizationStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::id_token_enum_type::IdTokenEnumType;
use rust_ocpp::v2_0_1::enumerations::message_format_enum_type::MessageFormatEnumType;
use rust_ocpp::v2_0_1::enumerations::message_trigger_enum_type::MessageTriggerEnumType;
use rust_ocpp::v2_0_1::enumerations::operational_status_enum_type::OperationalStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::report_base_enum_type::ReportBaseEnumType;
use rust_ocpp::v2_0_1::enumerations::reset_enum_type::ResetEnumType;
use rust_ocpp::v2_0_1::enumerations::update_enum_type::UpdateEnumType;
use rust_ocpp::v2_0_1::messages::cancel_reservation::{
    CancelReservationRequest, CancelReservationResponse,
};
use rust_ocpp::v2_0_1::messages::certificate_signed::{
    CertificateSignedRequest, CertificateSignedResponse,
};
use rust_ocpp::v2_0_1::messages::change_availability::{
    ChangeAvailabilityRequest, ChangeAvailabilityResponse,
};
use rust_ocpp::v2_0_1::messages::clear_cache::{ClearCacheRequest, ClearCacheResponse};
use rust_ocpp::v2_0_1::messages::clear_charging_profile::{
    ClearChargingProfileRequest, ClearChargingProfileResponse,
};
use rust_ocpp::v2_0_1::messages::clear_display_message::{
    ClearDisplayMessageRequest, ClearDisplayMessageResponse,
};
use rust_ocpp::v2_0_1::messages::clear_variable_monitoring::{
    ClearVariableMonitoringRequest, ClearVariableMonitoringResponse,
};
use rust_ocpp::v2_0_1::messages::cost_updated::{CostUpdatedRequest, CostUpdatedResponse};
use rust_ocpp::v2_0_1::messages::customer_information::{
    CustomerInformationRequest, CustomerInformationResponse,
};
use rust_ocpp::v2_0_1::messages::delete_certificate::{
    DeleteCertificateRequest, DeleteCertificateResponse,
};
use rust_ocpp::v2_0_1::messages::get_base_report::{GetBaseReportRequest, GetBaseReportResponse};
use rust_ocpp::v2_0_1::messages::get_charging_profiles::{
    GetChargingProfilesRequest, GetChargingProfilesResponse,
};
use rust_ocpp::v2_0_1::messages::get_composite_schedule::{
    GetCompositeScheduleRequest, GetCompositeScheduleResponse,
};
use rust_ocpp::v2_0_1::messages::get_display_message::{
    GetDisplayMessagesRequest, GetDisplayMessagesResponse,
};
use rust_ocpp::v2_0_1::messages::get_installed_certificate_ids::{
    GetInstalledCertificateIdsRequest, GetInstalledCertificateIdsResponse,
};
use rust_ocpp::v2_0_1::messages::get_local_list_version::{
    GetLocalListVersionRequest, GetLocalListVersionResponse,
};
use rust_ocpp::v2_0_1::messages::get_log::{GetLogRequest, GetLogResponse};
use rust_ocpp::v2_0_1::messages::get_monitoring_report::{
    GetMonitoringReportRequest, GetMonitoringReportResponse,
};
use rust_ocpp::v2_0_1::messages::get_report::{GetReportRequest, GetReportResponse};
use rust_ocpp::v2_0_1::messages::get_transaction_status::{
    GetTransactionStatusRequest, GetTransactionStatusResponse,
};
use rust_ocpp::v2_0_1::messages::get_variables::{GetVariablesRequest, GetVariablesResponse};
use rust_ocpp::v2_0_1::messages::install_certificate::{
    InstallCertificateRequest, InstallCertificateResponse,
};
use rust_ocpp::v2_0_1::messages::publish_firmware::{
    PublishFirmwareRequest, PublishFirmwareResponse,
};
use rust_ocpp::v2_0_1::messages::request_start_transaction::{
    RequestStartTransactionRequest, RequestStartTransactionResponse,
};
use rust_ocpp::v2_0_1::messages::request_stop_transaction::{
    RequestStopTransactionRequest, RequestStopTransactionResponse,
};
use rust_ocpp::v2_0_1::messages::reserve_now::ReserveNowResponse;
use rust_ocpp::v2_0_1::messages::reset::{ResetRequest, ResetResponse};
use rust_ocpp::v2_0_1::messages::send_local_list::{SendLocalListRequest, SendLocalListResponse};
use rust_ocpp::v2_0_1::messages::set_charging_profile::SetChargingProfileResponse;
use rust_ocpp::v2_0_1::messages::set_display_message::{
    SetDisplayMessageRequest, SetDisplayMessageResponse,
};
use rust_ocpp::v2_0_1::messages::set_monitoring_base::{
    SetMonitoringBaseRequest, SetMonitoringBaseResponse,
};
use rust_ocpp::v2_0_1::messages::set_monitoring_level::{
    SetMonitoringLevelRequest, SetMonitoringLevelResponse,
};
use rust_ocpp::v2_0_1::messages::set_network_profile::{
    SetNetworkProfileRequest, SetNetworkProfileResponse,
};
use rust_ocpp::v2_0_1::messages::set_variable_monitoring::{
    SetVariableMonitoringRequest, SetVariableMonitoringResponse,
};
use rust_ocpp::v2_0_1::messages::set_variables::{SetVariablesRequest, SetVariablesResponse};
use rust_ocpp::v2_0_1::messages::trigger_message::{TriggerMessageRequest, TriggerMessageResponse};
use rust_ocpp::v2_0_1::messages::unlock_connector::{
    UnlockConnectorRequest, UnlockConnectorResponse,
};
use rust_ocpp::v2_0_1::messages::unpublish_firmware::{
    UnpublishFirmwareRequest, UnpublishFirmwareResponse,
};
use rust_ocpp::v2_0_1::messages::update_firmware::{UpdateFirmwareRequest, UpdateFirmwareResponse};

use crate::form::{
    CustomData, Field, Form, INTEGER, Kind, List, NUMBER, closed, optional, required,
};
use crate::sent::Sent;
use crate::typed::{anything, fits};

const fn form(fields: &'static [Field]) -> Option<Form> {
    Some(Form::usual(CustomData::Allowed, fields))
}

/// A message of which rust-ocpp has the types.
macro_rules! typed {
    ($action:literal, $form:expr, $request:ty, $answer:ty) => {
        Sent {
            action: $action,
            form: $form,
            request: fits::<$request>,
            answer: fits::<$answer>,
        }
    };
}

/// At least one object of these fields.
macro_rules! some {
    ($fields:expr) => {
        Kind::List(&List {
            item: Kind::Object($fields),
            least: 1,
            most: usize::MAX,
        })
    };
}

/// Every message of [`super::actions::COMMANDS`].
pub(super) const SENT: &[Sent] = &[
    typed!(
        "CancelReservation",
        None,
        CancelReservationRequest,
        CancelReservationResponse
    ),
    typed!(
        "CertificateSigned",
        None,
        CertificateSignedRequest,
        CertificateSignedResponse
    ),
    typed!(
        "ChangeAvailability",
        form(&[
            required("operationalStatus", closed::<OperationalStatusEnumType>()),
            optional("evse", EVSE),
        ]),
        ChangeAvailabilityRequest,
        ChangeAvailabilityResponse
    ),
    typed!(
        "ClearCache",
        form(&[]),
        ClearCacheRequest,
        ClearCacheResponse
    ),
    typed!(
        "ClearChargingProfile",
        None,
        ClearChargingProfileRequest,
        ClearChargingProfileResponse
    ),
    typed!(
        "ClearDisplayMessage",
        None,
        ClearDisplayMessageRequest,
        ClearDisplayMessageResponse
    ),
    typed!(
        "ClearVariableMonitoring",
        None,
        ClearVariableMonitoringRequest,
        ClearVariableMonitoringResponse
    ),
    typed!("CostUpdated", None, CostUpdatedRequest, CostUpdatedResponse),
    typed!(
        "CustomerInformation",
        None,
        CustomerInformationRequest,
        CustomerInformationResponse
    ),
    // rust-ocpp's data is text only; the standard's is anything.
    Sent {
        action: "DataTransfer",
        form: form(&[
            required("vendorId", Kind::Text(255)),
            optional("messageId", Kind::Text(50)),
            optional("data", Kind::Any),
        ]),
        request: anything,
        answer: anything,
    },
    typed!(
        "DeleteCertificate",
        None,
        DeleteCertificateRequest,
        DeleteCertificateResponse
    ),
    typed!(
        "GetBaseReport",
        form(&[
            required("requestId", INTEGER),
            required("reportBase", closed::<ReportBaseEnumType>()),
        ]),
        GetBaseReportRequest,
        GetBaseReportResponse
    ),
    typed!(
        "GetChargingProfiles",
        None,
        GetChargingProfilesRequest,
        GetChargingProfilesResponse
    ),
    typed!(
        "GetCompositeSchedule",
        None,
        GetCompositeScheduleRequest,
        GetCompositeScheduleResponse
    ),
    typed!(
        "GetDisplayMessages",
        None,
        GetDisplayMessagesRequest,
        GetDisplayMessagesResponse
    ),
    typed!(
        "GetInstalledCertificateIds",
        None,
        GetInstalledCertificateIdsRequest,
        GetInstalledCertificateIdsResponse
    ),
    typed!(
        "GetLocalListVersion",
        form(&[]),
        GetLocalListVersionRequest,
        GetLocalListVersionResponse
    ),
    typed!("GetLog", None, GetLogRequest, GetLogResponse),
    typed!(
        "GetMonitoringReport",
        None,
        GetMonitoringReportRequest,
        GetMonitoringReportResponse
    ),
    typed!("GetReport", None, GetReportRequest, GetReportResponse),
    typed!(
        "GetTransactionStatus",
        None,
        GetTransactionStatusRequest,
        GetTransactionStatusResponse
    ),
    typed!(
        "GetVariables",
        form(&[required(
            "getVariableData",
            some!(&[
                required("component", COMPONENT),
                required("variable", VARIABLE),
                optional("attributeType", closed::<AttributeEnumType>()),
            ])
        )]),
        GetVariablesRequest,
        GetVariablesResponse
    ),
    typed!(
        "InstallCertificate",
        None,
        InstallCertificateRequest,
        InstallCertificateResponse
    ),
    typed!(
        "PublishFirmware",
        None,
        PublishFirmwareRequest,
        PublishFirmwareResponse
    ),
    Sent {
        action: "RequestStartTransaction",
        form: form(&[
            required("idToken", ID_TOKEN),
            required("remoteStartId", INTEGER),
            // F01.FR.06: the EVSE, if named, is greater than 0.
            optional("evseId", Kind::Integer(1)),
            optional("groupIdToken", ID_TOKEN),
            optional("chargingProfile", Kind::Any),
        ]),
        // rust-ocpp's ConsumptionCostType.startValue is an integer; the standard's is a number.
        request: |payload| match fits::<RequestStartTransactionRequest>(payload) {
            Err(path) if path.contains("consumptionCost") => Ok(()),
            other => other,
        },
        answer: fits::<RequestStartTransactionResponse>,
    },
    typed!(
        "RequestStopTransaction",
        form(&[required("transactionId", Kind::Token(36))]),
        RequestStopTransactionRequest,
        RequestStopTransactionResponse
    ),
    // rust-ocpp's ConnectorEnumType lacks sBS1361.
    Sent {
        action: "ReserveNow",
        form: None,
        request: anything,
        answer: fits::<ReserveNowResponse>,
    },
    typed!(
        "Reset",
        form(&[
            required("type", closed::<ResetEnumType>()),
            optional("evseId", NUMBER),
        ]),
        ResetRequest,
        ResetResponse
    ),
    typed!(
        "SendLocalList",
        form(&[
            required("versionNumber", INTEGER),
            required("updateType", closed::<UpdateEnumType>()),
            optional("localAuthorizationList", some!(AUTHORIZATION_DATA)),
        ]),
        SendLocalListRequest,
        SendLocalListResponse
    ),
    // rust-ocpp's ConsumptionCostType.startValue is an integer; the standard's is a number.
    Sent {
        action: "SetChargingProfile",
        form: None,
        request: anything,
        answer: fits::<SetChargingProfileResponse>,
    },
    typed!(
        "SetDisplayMessage",
        None,
        SetDisplayMessageRequest,
        SetDisplayMessageResponse
    ),
    typed!(
        "SetMonitoringBase",
        None,
        SetMonitoringBaseRequest,
        SetMonitoringBaseResponse
    ),
    typed!(
        "SetMonitoringLevel",
        None,
        SetMonitoringLevelRequest,
        SetMonitoringLevelResponse
    ),
    typed!(
        "SetNetworkProfile",
        None,
        SetNetworkProfileRequest,
        SetNetworkProfileResponse
    ),
    typed!(
        "SetVariableMonitoring",
        None,
        SetVariableMonitoringRequest,
        SetVariableMonitoringResponse
    ),
    typed!(
        "SetVariables",
        form(&[required(
            "setVariableData",
            some!(&[
                required("component", COMPONENT),
                required("variable", VARIABLE),
                required("attributeValue", Kind::Text(1000)),
                optional("attributeType", closed::<AttributeEnumType>()),
            ])
        )]),
        SetVariablesRequest,
        SetVariablesResponse
    ),
    typed!(
        "TriggerMessage",
        form(&[
            required("requestedMessage", closed::<MessageTriggerEnumType>()),
            optional("evse", EVSE),
        ]),
        TriggerMessageRequest,
        TriggerMessageResponse
    ),
    typed!(
        "UnlockConnector",
        form(&[
            required("evseId", Kind::Integer(1)),
            required("connectorId", Kind::Integer(1)),
        ]),
        UnlockConnectorRequest,
        UnlockConnectorResponse
    ),
    typed!(
        "UnpublishFirmware",
        None,
        UnpublishFirmwareRequest,
        UnpublishFirmwareResponse
    ),
    typed!(
        "UpdateFirmware",
        None,
        UpdateFirmwareRequest,
        UpdateFirmwareResponse
    ),
];

const EVSE: Kind = Kind::Object(&[required("id", NUMBER), optional("connectorId", NUMBER)]);

const COMPONENT: Kind = Kind::Object(&[
    required("name", Kind::Text(50)),
    optional("instance", Kind::Text(50)),
    optional("evse", EVSE),
]);

const VARIABLE: Kind = Kind::Object(&[
    required("name", Kind::Text(50)),
    optional("instance", Kind::Text(50)),
]);

const ID_TOKEN: Kind = Kind::Object(&[
    required("idToken", Kind::Token(36)),
    required("type", closed::<IdTokenEnumType>()),
    optional(
        "additionalInfo",
        some!(&[
            required("additionalIdToken", Kind::Token(36)),
            required("type", Kind::Text(50))
        ]),
    ),
]);

const AUTHORIZATION_DATA: &[Field] = &[
    required("idToken", ID_TOKEN),
    optional(
        "idTokenInfo",
        Kind::Object(&[
            required("status", closed::<AuthorizationStatusEnumType>()),
            optional("cacheExpiryDateTime", Kind::Time),
            optional("chargingPriority", INTEGER),
            optional("language1", Kind::Text(8)),
            optional(
                "evseId",
                Kind::List(&List {
                    item: NUMBER,
                    least: 1,
                    most: usize::MAX,
                }),
            ),
            optional("groupIdToken", ID_TOKEN),
            optional("language2", Kind::Text(8)),
            optional(
                "personalMessage",
                Kind::Object(&[
                    required("format", closed::<MessageFormatEnumType>()),
                    optional("language", Kind::Text(8)),
                    required("content", Kind::Text(512)),
                ]),
            ),
        ]),
    ),
];
