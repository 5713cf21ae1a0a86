//! The messages of OCPP 1.6: core document and security white paper.

use ocpp_types::v16 as wire;

use super::typed::messages;

messages! {
    "Authorize": Station, wire::AuthorizeRequest, wire::AuthorizeResponse;
    "BootNotification": Station, wire::BootNotificationRequest, wire::BootNotificationResponse;
    "CancelReservation": CentralSystem, wire::CancelReservationRequest, wire::CancelReservationResponse;
    "CertificateSigned": CentralSystem, wire::CertificateSignedRequest, wire::CertificateSignedResponse;
    "ChangeAvailability": CentralSystem, wire::ChangeAvailabilityRequest, wire::ChangeAvailabilityResponse;
    "ChangeConfiguration": CentralSystem, wire::ChangeConfigurationRequest, wire::ChangeConfigurationResponse;
    "ClearCache": CentralSystem, wire::ClearCacheRequest, wire::ClearCacheResponse;
    "ClearChargingProfile": CentralSystem, wire::ClearChargingProfileRequest, wire::ClearChargingProfileResponse;
    "DataTransfer": Both, wire::DataTransferRequest, wire::DataTransferResponse;
    "DeleteCertificate": CentralSystem, wire::DeleteCertificateRequest, wire::DeleteCertificateResponse;
    "DiagnosticsStatusNotification": Station, wire::DiagnosticsStatusNotificationRequest, wire::DiagnosticsStatusNotificationResponse;
    "ExtendedTriggerMessage": CentralSystem, wire::ExtendedTriggerMessageRequest, wire::ExtendedTriggerMessageResponse;
    "FirmwareStatusNotification": Station, wire::FirmwareStatusNotificationRequest, wire::FirmwareStatusNotificationResponse;
    "GetCompositeSchedule": CentralSystem, wire::GetCompositeScheduleRequest, wire::GetCompositeScheduleResponse;
    "GetConfiguration": CentralSystem, wire::GetConfigurationRequest, wire::GetConfigurationResponse;
    "GetDiagnostics": CentralSystem, wire::GetDiagnosticsRequest, wire::GetDiagnosticsResponse;
    "GetInstalledCertificateIds": CentralSystem, wire::GetInstalledCertificateIdsRequest, wire::GetInstalledCertificateIdsResponse;
    "GetLocalListVersion": CentralSystem, wire::GetLocalListVersionRequest, wire::GetLocalListVersionResponse;
    "GetLog": CentralSystem, wire::GetLogRequest, wire::GetLogResponse;
    "Heartbeat": Station, wire::HeartbeatRequest, wire::HeartbeatResponse;
    "InstallCertificate": CentralSystem, wire::InstallCertificateRequest, wire::InstallCertificateResponse;
    "LogStatusNotification": Station, wire::LogStatusNotificationRequest, wire::LogStatusNotificationResponse;
    "MeterValues": Station, wire::MeterValuesRequest, wire::MeterValuesResponse;
    "RemoteStartTransaction": CentralSystem, wire::RemoteStartTransactionRequest, wire::RemoteStartTransactionResponse;
    "RemoteStopTransaction": CentralSystem, wire::RemoteStopTransactionRequest, wire::RemoteStopTransactionResponse;
    "ReserveNow": CentralSystem, wire::ReserveNowRequest, wire::ReserveNowResponse;
    "Reset": CentralSystem, wire::ResetRequest, wire::ResetResponse;
    "SecurityEventNotification": Station, wire::SecurityEventNotificationRequest, wire::SecurityEventNotificationResponse;
    "SendLocalList": CentralSystem, wire::SendLocalListRequest, wire::SendLocalListResponse;
    "SetChargingProfile": CentralSystem, wire::SetChargingProfileRequest, wire::SetChargingProfileResponse;
    "SignCertificate": Station, wire::SignCertificateRequest, wire::SignCertificateResponse;
    "SignedFirmwareStatusNotification": Station, wire::SignedFirmwareStatusNotificationRequest, wire::SignedFirmwareStatusNotificationResponse;
    "SignedUpdateFirmware": CentralSystem, wire::SignedUpdateFirmwareRequest, wire::SignedUpdateFirmwareResponse;
    "StartTransaction": Station, wire::StartTransactionRequest, wire::StartTransactionResponse;
    "StatusNotification": Station, wire::StatusNotificationRequest, wire::StatusNotificationResponse;
    "StopTransaction": Station, wire::StopTransactionRequest, wire::StopTransactionResponse;
    "TriggerMessage": CentralSystem, wire::TriggerMessageRequest, wire::TriggerMessageResponse;
    "UnlockConnector": CentralSystem, wire::UnlockConnectorRequest, wire::UnlockConnectorResponse;
    "UpdateFirmware": CentralSystem, wire::UpdateFirmwareRequest, wire::UpdateFirmwareResponse;
}
