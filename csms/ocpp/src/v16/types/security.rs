//! The messages of the security white paper (edition 2).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A message or an answer.
macro_rules! objects {
    ($($(#[$about:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* })*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
            #[serde(rename_all = "camelCase")]
            pub(crate) struct $name { $($(#[$attribute])* pub(crate) $field: $kind,)* }
        )*
    };
}

/// An enumeration.
macro_rules! choices {
    ($($(#[$about:meta])* $name:ident { $($(#[$attribute:meta])* $value:ident,)* })*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
            pub(crate) enum $name { $($(#[$attribute])* $value,)* }
        )*
    };
}

objects! {
    /// CertificateSigned.req.
    CertificateSignedRequest {
        /// PEM.
        certificate_chain: String,
    }
    /// CertificateSigned.conf.
    CertificateSignedResponse { status: AcceptedOrNot, }
    /// DeleteCertificate.req.
    DeleteCertificateRequest { certificate_hash_data: CertificateHashData, }
    /// DeleteCertificate.conf.
    DeleteCertificateResponse { status: DeleteCertificateStatus, }
    /// ExtendedTriggerMessage.req.
    ExtendedTriggerMessageRequest {
        requested_message: MessageTrigger,
        #[serde(skip_serializing_if = "Option::is_none")]
        connector_id: Option<i64>,
    }
    /// ExtendedTriggerMessage.conf.
    ExtendedTriggerMessageResponse { status: TriggerMessageStatus, }
    /// GetInstalledCertificateIds.req.
    GetInstalledCertificateIdsRequest { certificate_type: CertificateUse, }
    /// GetInstalledCertificateIds.conf.
    GetInstalledCertificateIdsResponse {
        status: GetInstalledCertificateStatus,
        #[serde(skip_serializing_if = "Option::is_none")]
        certificate_hash_data: Option<Vec<CertificateHashData>>,
    }
    /// GetLog.req.
    GetLogRequest {
        log: LogParameters,
        log_type: LogKind,
        request_id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        retries: Option<i64>,
        /// Seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_interval: Option<i64>,
    }
    /// GetLog.conf.
    GetLogResponse {
        status: LogStatus,
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    }
    /// InstallCertificate.req.
    InstallCertificateRequest {
        certificate_type: CertificateUse,
        /// PEM.
        certificate: String,
    }
    /// InstallCertificate.conf.
    InstallCertificateResponse { status: InstallCertificateStatus, }
    /// LogStatusNotification.req.
    LogStatusNotificationRequest {
        status: UploadLogStatus,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<i64>,
    }
    /// LogStatusNotification.conf.
    LogStatusNotificationResponse {}
    /// SecurityEventNotification.req.
    SecurityEventNotificationRequest {
        #[serde(rename = "type")]
        kind: String,
        timestamp: DateTime<Utc>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tech_info: Option<String>,
    }
    /// SecurityEventNotification.conf.
    SecurityEventNotificationResponse {}
    /// SignCertificate.req.
    SignCertificateRequest {
        /// PEM.
        csr: String,
    }
    /// SignCertificate.conf.
    SignCertificateResponse { status: AcceptedOrNot, }
    /// SignedFirmwareStatusNotification.req.
    SignedFirmwareStatusNotificationRequest {
        status: FirmwareStatus,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<i64>,
    }
    /// SignedFirmwareStatusNotification.conf.
    SignedFirmwareStatusNotificationResponse {}
    /// SignedUpdateFirmware.req.
    SignedUpdateFirmwareRequest {
        request_id: i64,
        firmware: Firmware,
        #[serde(skip_serializing_if = "Option::is_none")]
        retries: Option<i64>,
        /// Seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_interval: Option<i64>,
    }
    /// SignedUpdateFirmware.conf.
    SignedUpdateFirmwareResponse { status: UpdateFirmwareStatus, }
    /// CertificateHashDataType.
    CertificateHashData {
        hash_algorithm: HashAlgorithm,
        issuer_name_hash: String,
        issuer_key_hash: String,
        serial_number: String,
    }
    /// FirmwareType.
    Firmware {
        location: String,
        retrieve_date_time: DateTime<Utc>,
        #[serde(skip_serializing_if = "Option::is_none")]
        install_date_time: Option<DateTime<Utc>>,
        /// PEM.
        signing_certificate: String,
        /// Base64.
        signature: String,
    }
    /// LogParametersType.
    LogParameters {
        remote_location: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        oldest_timestamp: Option<DateTime<Utc>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        latest_timestamp: Option<DateTime<Utc>>,
    }
}

choices! {
    /// CertificateSignedStatusEnumType, GenericStatusEnumType.
    AcceptedOrNot { Accepted, Rejected, }
    /// CertificateUseEnumType.
    CertificateUse { CentralSystemRootCertificate, ManufacturerRootCertificate, }
    /// DeleteCertificateStatusEnumType.
    DeleteCertificateStatus { Accepted, Failed, NotFound, }
    /// FirmwareStatusEnumType.
    FirmwareStatus {
        Downloaded,
        DownloadFailed,
        Downloading,
        DownloadScheduled,
        DownloadPaused,
        Idle,
        InstallationFailed,
        Installing,
        Installed,
        InstallRebooting,
        InstallScheduled,
        InstallVerificationFailed,
        InvalidSignature,
        SignatureVerified,
    }
    /// GetInstalledCertificateStatusEnumType.
    GetInstalledCertificateStatus { Accepted, NotFound, }
    /// HashAlgorithmEnumType.
    HashAlgorithm {
        #[serde(rename = "SHA256")]
        Sha256,
        #[serde(rename = "SHA384")]
        Sha384,
        #[serde(rename = "SHA512")]
        Sha512,
    }
    /// InstallCertificateStatusEnumType.
    InstallCertificateStatus { Accepted, Failed, Rejected, }
    /// LogEnumType.
    LogKind { DiagnosticsLog, SecurityLog, }
    /// LogStatusEnumType.
    LogStatus { Accepted, Rejected, AcceptedCanceled, }
    /// MessageTriggerEnumType.
    MessageTrigger {
        BootNotification,
        LogStatusNotification,
        FirmwareStatusNotification,
        Heartbeat,
        MeterValues,
        SignChargePointCertificate,
        StatusNotification,
    }
    /// TriggerMessageStatusEnumType.
    TriggerMessageStatus { Accepted, Rejected, NotImplemented, }
    /// UpdateFirmwareStatusEnumType.
    UpdateFirmwareStatus {
        Accepted,
        Rejected,
        AcceptedCanceled,
        InvalidCertificate,
        RevokedCertificate,
    }
    /// UploadLogStatusEnumType.
    UploadLogStatus {
        BadMessage,
        Idle,
        NotSupportedOperation,
        PermissionDenied,
        Uploaded,
        UploadFailure,
        Uploading,
    }
}
