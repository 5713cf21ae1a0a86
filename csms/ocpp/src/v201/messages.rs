//! Every message of 2.0.1: what is done with it, and what request and answer look like.

use rust_ocpp::v2_0_1::messages as m;

use super::{answers, forms, types};
use crate::message::{Message, message};

const SECURITY: &str = "A, Security";
const PROVISIONING: &str = "B, Provisioning";
const AUTHORIZATION: &str = "C, Authorization";
const LOCAL_LIST: &str = "D, Local authorization list management";
const TRANSACTIONS: &str = "E, Transactions";
const REMOTE_CONTROL: &str = "F, Remote control";
const AVAILABILITY: &str = "G, Availability";
const RESERVATION: &str = "H, Reservation";
const COST: &str = "I, Tariff and cost";
const METER_VALUES: &str = "J, Meter values";
const SMART_CHARGING: &str = "K, Smart charging";
const FIRMWARE: &str = "L, Firmware management";
const CERTIFICATES: &str = "M, ISO 15118 certificate management";
const DIAGNOSTICS: &str = "N, Diagnostics";
const DISPLAY: &str = "O, Display message";
const DATA_TRANSFER: &str = "P, Data transfer";

/// The table, by functional block.
#[rustfmt::skip]
pub(crate) const MESSAGES: &[Message] = &[
    message! { raw "CertificateSigned" in SECURITY:
        forms::security::CERTIFICATE_SIGNED as m::certificate_signed::CertificateSignedRequest,
        forms::security::CERTIFICATE_SIGNED_ANSWER as m::certificate_signed::CertificateSignedResponse },
    message! { reported(SecurityEvent) "SecurityEventNotification" in SECURITY:
        forms::security::SECURITY_EVENT_NOTIFICATION as m::security_event_notification::SecurityEventNotificationRequest,
        forms::security::SECURITY_EVENT_NOTIFICATION_ANSWER as m::security_event_notification::SecurityEventNotificationResponse },
    message! { refused(CertificateRequest, answers::not_signed) "SignCertificate" in SECURITY:
        forms::security::SIGN_CERTIFICATE as m::sign_certificate::SignCertificateRequest,
        forms::security::SIGN_CERTIFICATE_ANSWER as m::sign_certificate::SignCertificateResponse },
    message! { served "BootNotification" in PROVISIONING:
        forms::provisioning::BOOT_NOTIFICATION as m::boot_notification::BootNotificationRequest,
        forms::provisioning::BOOT_NOTIFICATION_ANSWER as types::BootNotificationResponse },
    message! { raw "GetBaseReport" in PROVISIONING:
        forms::provisioning::GET_BASE_REPORT as m::get_base_report::GetBaseReportRequest,
        forms::provisioning::GET_BASE_REPORT_ANSWER as m::get_base_report::GetBaseReportResponse },
    message! { raw "GetReport" in PROVISIONING:
        forms::provisioning::GET_REPORT as m::get_report::GetReportRequest,
        forms::provisioning::GET_REPORT_ANSWER as m::get_report::GetReportResponse },
    message! { commanded "GetVariables" in PROVISIONING:
        forms::provisioning::GET_VARIABLES as m::get_variables::GetVariablesRequest,
        forms::provisioning::GET_VARIABLES_ANSWER as m::get_variables::GetVariablesResponse },
    message! { reported(Inventory) "NotifyReport" in PROVISIONING:
        forms::provisioning::NOTIFY_REPORT as m::notify_report::NotifyReportRequest,
        forms::provisioning::NOTIFY_REPORT_ANSWER as m::notify_report::NotifyReportResponse },
    message! { raw "Reset" in PROVISIONING:
        forms::provisioning::RESET as m::reset::ResetRequest,
        forms::provisioning::RESET_ANSWER as m::reset::ResetResponse },
    message! { raw "SetNetworkProfile" in PROVISIONING:
        forms::provisioning::SET_NETWORK_PROFILE as m::set_network_profile::SetNetworkProfileRequest,
        forms::provisioning::SET_NETWORK_PROFILE_ANSWER as m::set_network_profile::SetNetworkProfileResponse },
    message! { raw "SetVariables" in PROVISIONING:
        forms::provisioning::SET_VARIABLES as m::set_variables::SetVariablesRequest,
        forms::provisioning::SET_VARIABLES_ANSWER as m::set_variables::SetVariablesResponse },
    message! { served "Authorize" in AUTHORIZATION:
        forms::authorization::AUTHORIZE as m::authorize::AuthorizeRequest,
        forms::authorization::AUTHORIZE_ANSWER as m::authorize::AuthorizeResponse },
    message! { commanded "ClearCache" in AUTHORIZATION:
        forms::authorization::CLEAR_CACHE as m::clear_cache::ClearCacheRequest,
        forms::authorization::CLEAR_CACHE_ANSWER as m::clear_cache::ClearCacheResponse },
    message! { raw "GetLocalListVersion" in LOCAL_LIST:
        forms::local_list::GET_LOCAL_LIST_VERSION as m::get_local_list_version::GetLocalListVersionRequest,
        forms::local_list::GET_LOCAL_LIST_VERSION_ANSWER as m::get_local_list_version::GetLocalListVersionResponse },
    message! { raw "SendLocalList" in LOCAL_LIST:
        forms::local_list::SEND_LOCAL_LIST as m::send_local_list::SendLocalListRequest,
        forms::local_list::SEND_LOCAL_LIST_ANSWER as m::send_local_list::SendLocalListResponse },
    message! { raw "GetTransactionStatus" in TRANSACTIONS:
        forms::transactions::GET_TRANSACTION_STATUS as m::get_transaction_status::GetTransactionStatusRequest,
        forms::transactions::GET_TRANSACTION_STATUS_ANSWER as m::get_transaction_status::GetTransactionStatusResponse },
    message! { served "TransactionEvent" in TRANSACTIONS:
        forms::transactions::TRANSACTION_EVENT as m::transaction_event::TransactionEventRequest,
        forms::transactions::TRANSACTION_EVENT_ANSWER as m::transaction_event::TransactionEventResponse },
    message! { commanded "RequestStartTransaction" in REMOTE_CONTROL:
        forms::remote_control::REQUEST_START_TRANSACTION as types::RequestStartTransactionRequest,
        forms::remote_control::REQUEST_START_TRANSACTION_ANSWER as m::request_start_transaction::RequestStartTransactionResponse },
    message! { commanded "RequestStopTransaction" in REMOTE_CONTROL:
        forms::remote_control::REQUEST_STOP_TRANSACTION as m::request_stop_transaction::RequestStopTransactionRequest,
        forms::remote_control::REQUEST_STOP_TRANSACTION_ANSWER as m::request_stop_transaction::RequestStopTransactionResponse },
    message! { commanded "TriggerMessage" in REMOTE_CONTROL:
        forms::remote_control::TRIGGER_MESSAGE as m::trigger_message::TriggerMessageRequest,
        forms::remote_control::TRIGGER_MESSAGE_ANSWER as m::trigger_message::TriggerMessageResponse },
    message! { raw "UnlockConnector" in REMOTE_CONTROL:
        forms::remote_control::UNLOCK_CONNECTOR as m::unlock_connector::UnlockConnectorRequest,
        forms::remote_control::UNLOCK_CONNECTOR_ANSWER as m::unlock_connector::UnlockConnectorResponse },
    message! { raw "ChangeAvailability" in AVAILABILITY:
        forms::availability::CHANGE_AVAILABILITY as m::change_availability::ChangeAvailabilityRequest,
        forms::availability::CHANGE_AVAILABILITY_ANSWER as m::change_availability::ChangeAvailabilityResponse },
    message! { served "Heartbeat" in AVAILABILITY:
        forms::availability::HEARTBEAT as m::heartbeat::HeartbeatRequest,
        forms::availability::HEARTBEAT_ANSWER as m::heartbeat::HeartbeatResponse },
    message! { served "StatusNotification" in AVAILABILITY:
        forms::availability::STATUS_NOTIFICATION as m::status_notification::StatusNotificationRequest,
        forms::availability::STATUS_NOTIFICATION_ANSWER as m::status_notification::StatusNotificationResponse },
    message! { raw "CancelReservation" in RESERVATION:
        forms::reservation::CANCEL_RESERVATION as m::cancel_reservation::CancelReservationRequest,
        forms::reservation::CANCEL_RESERVATION_ANSWER as m::cancel_reservation::CancelReservationResponse },
    message! { reported(ReservationStatus) "ReservationStatusUpdate" in RESERVATION:
        forms::reservation::RESERVATION_STATUS_UPDATE as m::reservation_status_update::ReservationStatusUpdateRequest,
        forms::reservation::RESERVATION_STATUS_UPDATE_ANSWER as m::reservation_status_update::ReservationStatusUpdateResponse },
    message! { raw "ReserveNow" in RESERVATION:
        forms::reservation::RESERVE_NOW as types::ReserveNowRequest,
        forms::reservation::RESERVE_NOW_ANSWER as m::reserve_now::ReserveNowResponse },
    message! { raw "CostUpdated" in COST:
        forms::cost::COST_UPDATED as m::cost_updated::CostUpdatedRequest,
        forms::cost::COST_UPDATED_ANSWER as m::cost_updated::CostUpdatedResponse },
    message! { served "MeterValues" in METER_VALUES:
        forms::meter_values::METER_VALUES as m::meter_values::MeterValuesRequest,
        forms::meter_values::METER_VALUES_ANSWER as m::meter_values::MeterValuesResponse },
    message! { raw "ClearChargingProfile" in SMART_CHARGING:
        forms::smart_charging::CLEAR_CHARGING_PROFILE as m::clear_charging_profile::ClearChargingProfileRequest,
        forms::smart_charging::CLEAR_CHARGING_PROFILE_ANSWER as m::clear_charging_profile::ClearChargingProfileResponse },
    message! { reported(ChargingLimitCleared) "ClearedChargingLimit" in SMART_CHARGING:
        forms::smart_charging::CLEARED_CHARGING_LIMIT as m::cleared_charging_limit::ClearedChargingLimitRequest,
        forms::smart_charging::CLEARED_CHARGING_LIMIT_ANSWER as m::cleared_charging_limit::ClearedChargingLimitResponse },
    message! { raw "GetChargingProfiles" in SMART_CHARGING:
        forms::smart_charging::GET_CHARGING_PROFILES as m::get_charging_profiles::GetChargingProfilesRequest,
        forms::smart_charging::GET_CHARGING_PROFILES_ANSWER as m::get_charging_profiles::GetChargingProfilesResponse },
    message! { raw "GetCompositeSchedule" in SMART_CHARGING:
        forms::smart_charging::GET_COMPOSITE_SCHEDULE as m::get_composite_schedule::GetCompositeScheduleRequest,
        forms::smart_charging::GET_COMPOSITE_SCHEDULE_ANSWER as m::get_composite_schedule::GetCompositeScheduleResponse },
    message! { reported(ChargingLimit) "NotifyChargingLimit" in SMART_CHARGING:
        forms::smart_charging::NOTIFY_CHARGING_LIMIT as types::NotifyChargingLimitRequest,
        forms::smart_charging::NOTIFY_CHARGING_LIMIT_ANSWER as m::notify_charging_limit::NotifyChargingLimitResponse },
    message! { refused(EvChargingNeeds, answers::no_schedule) "NotifyEVChargingNeeds" in SMART_CHARGING:
        forms::smart_charging::NOTIFY_EV_CHARGING_NEEDS as m::notify_ev_charging_needs::NotifyEVChargingNeedsRequest,
        forms::smart_charging::NOTIFY_EV_CHARGING_NEEDS_ANSWER as m::notify_ev_charging_needs::NotifyEVChargingNeedsResponse },
    message! { reported(EvChargingSchedule, answers::schedule_received) "NotifyEVChargingSchedule" in SMART_CHARGING:
        forms::smart_charging::NOTIFY_EV_CHARGING_SCHEDULE as types::NotifyEVChargingScheduleRequest,
        forms::smart_charging::NOTIFY_EV_CHARGING_SCHEDULE_ANSWER as m::notify_ev_charging_schedule::NotifyEVChargingScheduleResponse },
    message! { reported(ChargingProfiles) "ReportChargingProfiles" in SMART_CHARGING:
        forms::smart_charging::REPORT_CHARGING_PROFILES as types::ReportChargingProfilesRequest,
        forms::smart_charging::REPORT_CHARGING_PROFILES_ANSWER as m::report_charging_profiles::ReportChargingProfilesResponse },
    message! { raw "SetChargingProfile" in SMART_CHARGING:
        forms::smart_charging::SET_CHARGING_PROFILE as types::SetChargingProfileRequest,
        forms::smart_charging::SET_CHARGING_PROFILE_ANSWER as m::set_charging_profile::SetChargingProfileResponse },
    message! { reported(FirmwareStatus) "FirmwareStatusNotification" in FIRMWARE:
        forms::firmware::FIRMWARE_STATUS_NOTIFICATION as m::firmware_status_notification::FirmwareStatusNotificationRequest,
        forms::firmware::FIRMWARE_STATUS_NOTIFICATION_ANSWER as m::firmware_status_notification::FirmwareStatusNotificationResponse },
    message! { raw "PublishFirmware" in FIRMWARE:
        forms::firmware::PUBLISH_FIRMWARE as m::publish_firmware::PublishFirmwareRequest,
        forms::firmware::PUBLISH_FIRMWARE_ANSWER as m::publish_firmware::PublishFirmwareResponse },
    message! { reported(PublishFirmwareStatus) "PublishFirmwareStatusNotification" in FIRMWARE:
        forms::firmware::PUBLISH_FIRMWARE_STATUS_NOTIFICATION as m::publish_firmware_status_notification::PublishFirmwareStatusNotificationRequest,
        forms::firmware::PUBLISH_FIRMWARE_STATUS_NOTIFICATION_ANSWER as m::publish_firmware_status_notification::PublishFirmwareStatusNotificationResponse },
    message! { raw "UnpublishFirmware" in FIRMWARE:
        forms::firmware::UNPUBLISH_FIRMWARE as m::unpublish_firmware::UnpublishFirmwareRequest,
        forms::firmware::UNPUBLISH_FIRMWARE_ANSWER as m::unpublish_firmware::UnpublishFirmwareResponse },
    message! { raw "UpdateFirmware" in FIRMWARE:
        forms::firmware::UPDATE_FIRMWARE as m::update_firmware::UpdateFirmwareRequest,
        forms::firmware::UPDATE_FIRMWARE_ANSWER as m::update_firmware::UpdateFirmwareResponse },
    message! { raw "DeleteCertificate" in CERTIFICATES:
        forms::certificates::DELETE_CERTIFICATE as m::delete_certificate::DeleteCertificateRequest,
        forms::certificates::DELETE_CERTIFICATE_ANSWER as m::delete_certificate::DeleteCertificateResponse },
    message! { refused(EvCertificateRequest, answers::no_ev_certificate) "Get15118EVCertificate" in CERTIFICATES:
        forms::certificates::GET_15118_EV_CERTIFICATE as m::get_15118ev_certificate::Get15118EVCertificateRequest,
        forms::certificates::GET_15118_EV_CERTIFICATE_ANSWER as m::get_15118ev_certificate::Get15118EVCertificateResponse },
    message! { refused(CertificateStatusRequest, answers::no_certificate_status) "GetCertificateStatus" in CERTIFICATES:
        forms::certificates::GET_CERTIFICATE_STATUS as m::get_certificate_status::GetCertificateStatusRequest,
        forms::certificates::GET_CERTIFICATE_STATUS_ANSWER as m::get_certificate_status::GetCertificateStatusResponse },
    message! { raw "GetInstalledCertificateIds" in CERTIFICATES:
        forms::certificates::GET_INSTALLED_CERTIFICATE_IDS as m::get_installed_certificate_ids::GetInstalledCertificateIdsRequest,
        forms::certificates::GET_INSTALLED_CERTIFICATE_IDS_ANSWER as m::get_installed_certificate_ids::GetInstalledCertificateIdsResponse },
    message! { raw "InstallCertificate" in CERTIFICATES:
        forms::certificates::INSTALL_CERTIFICATE as m::install_certificate::InstallCertificateRequest,
        forms::certificates::INSTALL_CERTIFICATE_ANSWER as m::install_certificate::InstallCertificateResponse },
    message! { raw "ClearVariableMonitoring" in DIAGNOSTICS:
        forms::diagnostics::CLEAR_VARIABLE_MONITORING as m::clear_variable_monitoring::ClearVariableMonitoringRequest,
        forms::diagnostics::CLEAR_VARIABLE_MONITORING_ANSWER as m::clear_variable_monitoring::ClearVariableMonitoringResponse },
    message! { raw "CustomerInformation" in DIAGNOSTICS:
        forms::diagnostics::CUSTOMER_INFORMATION as m::customer_information::CustomerInformationRequest,
        forms::diagnostics::CUSTOMER_INFORMATION_ANSWER as m::customer_information::CustomerInformationResponse },
    message! { raw "GetLog" in DIAGNOSTICS:
        forms::diagnostics::GET_LOG as m::get_log::GetLogRequest,
        forms::diagnostics::GET_LOG_ANSWER as m::get_log::GetLogResponse },
    message! { raw "GetMonitoringReport" in DIAGNOSTICS:
        forms::diagnostics::GET_MONITORING_REPORT as m::get_monitoring_report::GetMonitoringReportRequest,
        forms::diagnostics::GET_MONITORING_REPORT_ANSWER as m::get_monitoring_report::GetMonitoringReportResponse },
    message! { reported(LogStatus) "LogStatusNotification" in DIAGNOSTICS:
        forms::diagnostics::LOG_STATUS_NOTIFICATION as m::log_status_notification::LogStatusNotificationRequest,
        forms::diagnostics::LOG_STATUS_NOTIFICATION_ANSWER as m::log_status_notification::LogStatusNotificationResponse },
    message! { reported(CustomerInformation) "NotifyCustomerInformation" in DIAGNOSTICS:
        forms::diagnostics::NOTIFY_CUSTOMER_INFORMATION as m::notify_customer_information::NotifyCustomerInformationRequest,
        forms::diagnostics::NOTIFY_CUSTOMER_INFORMATION_ANSWER as m::notify_customer_information::NotifyCustomerInformationResponse },
    message! { served "NotifyEvent" in DIAGNOSTICS:
        forms::diagnostics::NOTIFY_EVENT as m::notify_event::NotifyEventRequest,
        forms::diagnostics::NOTIFY_EVENT_ANSWER as m::notify_event::NotifyEventResponse },
    message! { reported(Monitoring) "NotifyMonitoringReport" in DIAGNOSTICS:
        forms::diagnostics::NOTIFY_MONITORING_REPORT as m::notify_monitoring_report::NotifyMonitoringReportRequest,
        forms::diagnostics::NOTIFY_MONITORING_REPORT_ANSWER as m::notify_monitoring_report::NotifyMonitoringReportResponse },
    message! { raw "SetMonitoringBase" in DIAGNOSTICS:
        forms::diagnostics::SET_MONITORING_BASE as m::set_monitoring_base::SetMonitoringBaseRequest,
        forms::diagnostics::SET_MONITORING_BASE_ANSWER as m::set_monitoring_base::SetMonitoringBaseResponse },
    message! { raw "SetMonitoringLevel" in DIAGNOSTICS:
        forms::diagnostics::SET_MONITORING_LEVEL as m::set_monitoring_level::SetMonitoringLevelRequest,
        forms::diagnostics::SET_MONITORING_LEVEL_ANSWER as m::set_monitoring_level::SetMonitoringLevelResponse },
    message! { raw "SetVariableMonitoring" in DIAGNOSTICS:
        forms::diagnostics::SET_VARIABLE_MONITORING as m::set_variable_monitoring::SetVariableMonitoringRequest,
        forms::diagnostics::SET_VARIABLE_MONITORING_ANSWER as m::set_variable_monitoring::SetVariableMonitoringResponse },
    message! { raw "ClearDisplayMessage" in DISPLAY:
        forms::display::CLEAR_DISPLAY_MESSAGE as m::clear_display_message::ClearDisplayMessageRequest,
        forms::display::CLEAR_DISPLAY_MESSAGE_ANSWER as m::clear_display_message::ClearDisplayMessageResponse },
    message! { raw "GetDisplayMessages" in DISPLAY:
        forms::display::GET_DISPLAY_MESSAGES as m::get_display_message::GetDisplayMessagesRequest,
        forms::display::GET_DISPLAY_MESSAGES_ANSWER as m::get_display_message::GetDisplayMessagesResponse },
    message! { reported(DisplayMessages) "NotifyDisplayMessages" in DISPLAY:
        forms::display::NOTIFY_DISPLAY_MESSAGES as m::notify_display_messages::NotifyDisplayMessagesRequest,
        forms::display::NOTIFY_DISPLAY_MESSAGES_ANSWER as m::notify_display_messages::NotifyDisplayMessagesResponse },
    message! { raw "SetDisplayMessage" in DISPLAY:
        forms::display::SET_DISPLAY_MESSAGE as m::set_display_message::SetDisplayMessageRequest,
        forms::display::SET_DISPLAY_MESSAGE_ANSWER as m::set_display_message::SetDisplayMessageResponse },
    message! { both "DataTransfer" in DATA_TRANSFER:
        forms::data_transfer::DATA_TRANSFER as types::DataTransferRequest,
        forms::data_transfer::DATA_TRANSFER_ANSWER as types::DataTransferResponse },
];
