//! Every message of 1.6: what is done with it, and what request and answer look like.

use rust_ocpp::v1_6::messages as m;

use super::{answers, forms, types};
use crate::message::{Message, message};

const CORE: &str = "Core";
const FIRMWARE: &str = "Firmware Management";
const LOCAL_LIST: &str = "Local Auth List Management";
const REMOTE_TRIGGER: &str = "Remote Trigger";
const RESERVATION: &str = "Reservation";
const SMART_CHARGING: &str = "Smart Charging";
const SECURITY: &str = "Security white paper";

/// The table, by feature profile.
#[rustfmt::skip]
pub(crate) const MESSAGES: &[Message] = &[
    message! { served "Authorize" in CORE:
        forms::core::AUTHORIZE as m::authorize::AuthorizeRequest,
        forms::core::AUTHORIZE_ANSWER as m::authorize::AuthorizeResponse },
    message! { served "BootNotification" in CORE:
        forms::core::BOOT_NOTIFICATION as m::boot_notification::BootNotificationRequest,
        forms::core::BOOT_NOTIFICATION_ANSWER as m::boot_notification::BootNotificationResponse },
    message! { raw "ChangeAvailability" in CORE:
        forms::core::CHANGE_AVAILABILITY as m::change_availability::ChangeAvailabilityRequest,
        forms::core::CHANGE_AVAILABILITY_ANSWER as m::change_availability::ChangeAvailabilityResponse },
    message! { raw "ChangeConfiguration" in CORE:
        forms::core::CHANGE_CONFIGURATION as m::change_configuration::ChangeConfigurationRequest,
        forms::core::CHANGE_CONFIGURATION_ANSWER as m::change_configuration::ChangeConfigurationResponse },
    message! { commanded "ClearCache" in CORE:
        forms::core::CLEAR_CACHE as m::clear_cache::ClearCacheRequest,
        forms::core::CLEAR_CACHE_ANSWER as m::clear_cache::ClearCacheResponse },
    message! { both "DataTransfer" in CORE:
        forms::core::DATA_TRANSFER as m::data_transfer::DataTransferRequest,
        forms::core::DATA_TRANSFER_ANSWER as m::data_transfer::DataTransferResponse },
    message! { commanded "GetConfiguration" in CORE:
        forms::core::GET_CONFIGURATION as m::get_configuration::GetConfigurationRequest,
        forms::core::GET_CONFIGURATION_ANSWER as m::get_configuration::GetConfigurationResponse },
    message! { served "Heartbeat" in CORE:
        forms::core::HEARTBEAT as m::heart_beat::HeartbeatRequest,
        forms::core::HEARTBEAT_ANSWER as m::heart_beat::HeartbeatResponse },
    message! { served "MeterValues" in CORE:
        forms::core::METER_VALUES as types::meter::MeterValuesRequest,
        forms::core::METER_VALUES_ANSWER as m::meter_values::MeterValuesResponse },
    message! { commanded "RemoteStartTransaction" in CORE:
        forms::core::REMOTE_START_TRANSACTION as m::remote_start_transaction::RemoteStartTransactionRequest,
        forms::core::REMOTE_START_TRANSACTION_ANSWER as m::remote_start_transaction::RemoteStartTransactionResponse },
    message! { commanded "RemoteStopTransaction" in CORE:
        forms::core::REMOTE_STOP_TRANSACTION as m::remote_stop_transaction::RemoteStopTransactionRequest,
        forms::core::REMOTE_STOP_TRANSACTION_ANSWER as m::remote_stop_transaction::RemoteStopTransactionResponse },
    message! { raw "Reset" in CORE:
        forms::core::RESET as m::reset::ResetRequest,
        forms::core::RESET_ANSWER as m::reset::ResetResponse },
    message! { served "StartTransaction" in CORE:
        forms::core::START_TRANSACTION as m::start_transaction::StartTransactionRequest,
        forms::core::START_TRANSACTION_ANSWER as m::start_transaction::StartTransactionResponse },
    message! { served "StatusNotification" in CORE:
        forms::core::STATUS_NOTIFICATION as m::status_notification::StatusNotificationRequest,
        forms::core::STATUS_NOTIFICATION_ANSWER as m::status_notification::StatusNotificationResponse },
    message! { served "StopTransaction" in CORE:
        forms::core::STOP_TRANSACTION as types::meter::StopTransactionRequest,
        forms::core::STOP_TRANSACTION_ANSWER as m::stop_transaction::StopTransactionResponse },
    message! { raw "UnlockConnector" in CORE:
        forms::core::UNLOCK_CONNECTOR as m::unlock_connector::UnlockConnectorRequest,
        forms::core::UNLOCK_CONNECTOR_ANSWER as m::unlock_connector::UnlockConnectorResponse },
    message! { reported(LogStatus) "DiagnosticsStatusNotification" in FIRMWARE:
        forms::firmware::DIAGNOSTICS_STATUS_NOTIFICATION as m::diagnostics_status_notification::DiagnosticsStatusNotificationRequest,
        forms::firmware::DIAGNOSTICS_STATUS_NOTIFICATION_ANSWER as m::diagnostics_status_notification::DiagnosticsStatusNotificationResponse },
    message! { reported(FirmwareStatus) "FirmwareStatusNotification" in FIRMWARE:
        forms::firmware::FIRMWARE_STATUS_NOTIFICATION as m::firmware_status_notification::FirmwareStatusNotificationRequest,
        forms::firmware::FIRMWARE_STATUS_NOTIFICATION_ANSWER as m::firmware_status_notification::FirmwareStatusNotificationResponse },
    message! { raw "GetDiagnostics" in FIRMWARE:
        forms::firmware::GET_DIAGNOSTICS as m::get_diagnostics::GetDiagnosticsRequest,
        forms::firmware::GET_DIAGNOSTICS_ANSWER as m::get_diagnostics::GetDiagnosticsResponse },
    message! { raw "UpdateFirmware" in FIRMWARE:
        forms::firmware::UPDATE_FIRMWARE as m::update_firmware::UpdateFirmwareRequest,
        forms::firmware::UPDATE_FIRMWARE_ANSWER as m::update_firmware::UpdateFirmwareResponse },
    message! { raw "GetLocalListVersion" in LOCAL_LIST:
        forms::local_list::GET_LOCAL_LIST_VERSION as m::get_local_list_version::GetLocalListVersionRequest,
        forms::local_list::GET_LOCAL_LIST_VERSION_ANSWER as m::get_local_list_version::GetLocalListVersionResponse },
    message! { raw "SendLocalList" in LOCAL_LIST:
        forms::local_list::SEND_LOCAL_LIST as m::send_local_list::SendLocalListRequest,
        forms::local_list::SEND_LOCAL_LIST_ANSWER as m::send_local_list::SendLocalListResponse },
    message! { commanded "TriggerMessage" in REMOTE_TRIGGER:
        forms::remote_trigger::TRIGGER_MESSAGE as m::trigger_message::TriggerMessageRequest,
        forms::remote_trigger::TRIGGER_MESSAGE_ANSWER as m::trigger_message::TriggerMessageResponse },
    message! { raw "CancelReservation" in RESERVATION:
        forms::reservation::CANCEL_RESERVATION as m::cancel_reservation::CancelReservationRequest,
        forms::reservation::CANCEL_RESERVATION_ANSWER as m::cancel_reservation::CancelReservationResponse },
    message! { raw "ReserveNow" in RESERVATION:
        forms::reservation::RESERVE_NOW as m::reserve_now::ReserveNowRequest,
        forms::reservation::RESERVE_NOW_ANSWER as m::reserve_now::ReserveNowResponse },
    message! { raw "ClearChargingProfile" in SMART_CHARGING:
        forms::smart_charging::CLEAR_CHARGING_PROFILE as m::clear_charging_profile::ClearChargingProfileRequest,
        forms::smart_charging::CLEAR_CHARGING_PROFILE_ANSWER as m::clear_charging_profile::ClearChargingProfileResponse },
    message! { raw "GetCompositeSchedule" in SMART_CHARGING:
        forms::smart_charging::GET_COMPOSITE_SCHEDULE as m::get_composite_schedule::GetCompositeScheduleRequest,
        forms::smart_charging::GET_COMPOSITE_SCHEDULE_ANSWER as m::get_composite_schedule::GetCompositeScheduleResponse },
    message! { raw "SetChargingProfile" in SMART_CHARGING:
        forms::smart_charging::SET_CHARGING_PROFILE as m::set_charging_profile::SetChargingProfileRequest,
        forms::smart_charging::SET_CHARGING_PROFILE_ANSWER as m::set_charging_profile::SetChargingProfileResponse },
    message! { raw "CertificateSigned" in SECURITY:
        forms::security::CERTIFICATE_SIGNED as types::security::CertificateSignedRequest,
        forms::security::CERTIFICATE_SIGNED_ANSWER as types::security::CertificateSignedResponse },
    message! { raw "DeleteCertificate" in SECURITY:
        forms::security::DELETE_CERTIFICATE as types::security::DeleteCertificateRequest,
        forms::security::DELETE_CERTIFICATE_ANSWER as types::security::DeleteCertificateResponse },
    message! { raw "ExtendedTriggerMessage" in SECURITY:
        forms::security::EXTENDED_TRIGGER_MESSAGE as types::security::ExtendedTriggerMessageRequest,
        forms::security::EXTENDED_TRIGGER_MESSAGE_ANSWER as types::security::ExtendedTriggerMessageResponse },
    message! { raw "GetInstalledCertificateIds" in SECURITY:
        forms::security::GET_INSTALLED_CERTIFICATE_IDS as types::security::GetInstalledCertificateIdsRequest,
        forms::security::GET_INSTALLED_CERTIFICATE_IDS_ANSWER as types::security::GetInstalledCertificateIdsResponse },
    message! { raw "GetLog" in SECURITY:
        forms::security::GET_LOG as types::security::GetLogRequest,
        forms::security::GET_LOG_ANSWER as types::security::GetLogResponse },
    message! { raw "InstallCertificate" in SECURITY:
        forms::security::INSTALL_CERTIFICATE as types::security::InstallCertificateRequest,
        forms::security::INSTALL_CERTIFICATE_ANSWER as types::security::InstallCertificateResponse },
    message! { reported(LogStatus) "LogStatusNotification" in SECURITY:
        forms::security::LOG_STATUS_NOTIFICATION as types::security::LogStatusNotificationRequest,
        forms::security::LOG_STATUS_NOTIFICATION_ANSWER as types::security::LogStatusNotificationResponse },
    message! { reported(SecurityEvent) "SecurityEventNotification" in SECURITY:
        forms::security::SECURITY_EVENT_NOTIFICATION as types::security::SecurityEventNotificationRequest,
        forms::security::SECURITY_EVENT_NOTIFICATION_ANSWER as types::security::SecurityEventNotificationResponse },
    message! { refused(CertificateRequest, answers::not_signed) "SignCertificate" in SECURITY:
        forms::security::SIGN_CERTIFICATE as types::security::SignCertificateRequest,
        forms::security::SIGN_CERTIFICATE_ANSWER as types::security::SignCertificateResponse },
    message! { reported(FirmwareStatus) "SignedFirmwareStatusNotification" in SECURITY:
        forms::security::SIGNED_FIRMWARE_STATUS_NOTIFICATION as types::security::SignedFirmwareStatusNotificationRequest,
        forms::security::SIGNED_FIRMWARE_STATUS_NOTIFICATION_ANSWER as types::security::SignedFirmwareStatusNotificationResponse },
    message! { raw "SignedUpdateFirmware" in SECURITY:
        forms::security::SIGNED_UPDATE_FIRMWARE as types::security::SignedUpdateFirmwareRequest,
        forms::security::SIGNED_UPDATE_FIRMWARE_ANSWER as types::security::SignedUpdateFirmwareResponse },
];
