//! The names of settings that the standards know.

use model::OcppVersion;

/// The names asked for where none are given; the one that says how many may be asked for at once
/// comes first. What may only be written (AuthorizationKey, BasicAuthPassword) is not among them.
#[must_use]
pub const fn known_names(version: OcppVersion) -> &'static [&'static str] {
    match version {
        OcppVersion::V16 => V16,
        OcppVersion::V201 => V201,
    }
}

/// The setting that says how many may be asked for at once.
#[must_use]
pub const fn limit_name(version: OcppVersion) -> &'static str {
    match version {
        OcppVersion::V16 => "GetConfigurationMaxKeys",
        OcppVersion::V201 => "DeviceDataCtrlr.ItemsPerMessage[GetVariables]",
    }
}

/// OCPP 1.6 chapter 9, security white paper chapter 2.
const V16: &[&str] = &[
    "GetConfigurationMaxKeys",
    "SupportedFeatureProfiles",
    "NumberOfConnectors",
    "AllowOfflineTxForUnknownId",
    "AuthorizationCacheEnabled",
    "AuthorizeRemoteTxRequests",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "StopTransactionOnInvalidId",
    "MaxEnergyOnInvalidId",
    "StopTransactionOnEVSideDisconnect",
    "UnlockConnectorOnEVSideDisconnect",
    "ConnectionTimeOut",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "HeartbeatInterval",
    "WebSocketPingInterval",
    "MeterValueSampleInterval",
    "MeterValuesSampledData",
    "MeterValuesSampledDataMaxLength",
    "ClockAlignedDataInterval",
    "MeterValuesAlignedData",
    "MeterValuesAlignedDataMaxLength",
    "StopTxnSampledData",
    "StopTxnSampledDataMaxLength",
    "StopTxnAlignedData",
    "StopTxnAlignedDataMaxLength",
    "ConnectorPhaseRotation",
    "ConnectorPhaseRotationMaxLength",
    "SupportedFeatureProfilesMaxLength",
    "MinimumStatusDuration",
    "ResetRetries",
    "BlinkRepeat",
    "LightIntensity",
    "LocalAuthListEnabled",
    "LocalAuthListMaxLength",
    "SendLocalListMaxLength",
    "ReserveConnectorZeroSupported",
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "ConnectorSwitch3to1PhaseSupported",
    "MaxChargingProfilesInstalled",
    "SupportedFileTransferProtocols",
    "SecurityProfile",
    "CpoName",
    "AdditionalRootCertificateCheck",
    "CertificateSignedMaxChainSize",
    "CertificateStoreMaxLength",
];

/// OCPP 2.0.1 part 2 appendices, referenced components and variables.
const V201: &[&str] = &[
    "DeviceDataCtrlr.ItemsPerMessage[GetVariables]",
    "DeviceDataCtrlr.BytesPerMessage[GetVariables]",
    "DeviceDataCtrlr.ItemsPerMessage[GetReport]",
    "DeviceDataCtrlr.BytesPerMessage[GetReport]",
    "DeviceDataCtrlr.ItemsPerMessage[SetVariables]",
    "DeviceDataCtrlr.BytesPerMessage[SetVariables]",
    "AuthCtrlr.Enabled",
    "AuthCtrlr.AuthorizeRemoteStart",
    "AuthCtrlr.LocalAuthorizeOffline",
    "AuthCtrlr.LocalPreAuthorize",
    "AuthCtrlr.OfflineTxForUnknownIdEnabled",
    "AuthCtrlr.DisableRemoteAuthorization",
    "AuthCacheCtrlr.Enabled",
    "AuthCacheCtrlr.LifeTime",
    "AuthCacheCtrlr.Policy",
    "AuthCacheCtrlr.DisablePostAuthorize",
    "LocalAuthListCtrlr.Enabled",
    "LocalAuthListCtrlr.Entries",
    "LocalAuthListCtrlr.ItemsPerMessage",
    "LocalAuthListCtrlr.BytesPerMessage",
    "LocalAuthListCtrlr.DisablePostAuthorize",
    "TxCtrlr.EVConnectionTimeOut",
    "TxCtrlr.MaxEnergyOnInvalidId",
    "TxCtrlr.StopTxOnEVSideDisconnect",
    "TxCtrlr.StopTxOnInvalidId",
    "TxCtrlr.TxBeforeAcceptedEnabled",
    "TxCtrlr.TxStartPoint",
    "TxCtrlr.TxStopPoint",
    "OCPPCommCtrlr.ActiveNetworkProfile",
    "OCPPCommCtrlr.FileTransferProtocols",
    "OCPPCommCtrlr.HeartbeatInterval",
    "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]",
    "OCPPCommCtrlr.MessageAttempts[TransactionEvent]",
    "OCPPCommCtrlr.MessageTimeout[Default]",
    "OCPPCommCtrlr.NetworkConfigurationPriority",
    "OCPPCommCtrlr.NetworkProfileConnectionAttempts",
    "OCPPCommCtrlr.OfflineThreshold",
    "OCPPCommCtrlr.QueueAllMessages",
    "OCPPCommCtrlr.ResetRetries",
    "OCPPCommCtrlr.RetryBackOffRandomRange",
    "OCPPCommCtrlr.RetryBackOffRepeatTimes",
    "OCPPCommCtrlr.RetryBackOffWaitMinimum",
    "OCPPCommCtrlr.UnlockOnEVSideDisconnect",
    "OCPPCommCtrlr.WebSocketPingInterval",
    "SecurityCtrlr.Identity",
    "SecurityCtrlr.OrganizationName",
    "SecurityCtrlr.SecurityProfile",
    "SecurityCtrlr.CertificateEntries",
    "SecurityCtrlr.AdditionalRootCertificateCheck",
    "SecurityCtrlr.MaxCertificateChainSize",
    "ClockCtrlr.DateTime",
    "ClockCtrlr.TimeSource",
    "ClockCtrlr.TimeZone",
    "SampledDataCtrlr.Enabled",
    "SampledDataCtrlr.TxStartedMeasurands",
    "SampledDataCtrlr.TxUpdatedInterval",
    "SampledDataCtrlr.TxUpdatedMeasurands",
    "SampledDataCtrlr.TxEndedInterval",
    "SampledDataCtrlr.TxEndedMeasurands",
    "AlignedDataCtrlr.Enabled",
    "AlignedDataCtrlr.Interval",
    "AlignedDataCtrlr.Measurands",
    "AlignedDataCtrlr.TxEndedInterval",
    "AlignedDataCtrlr.TxEndedMeasurands",
    "SmartChargingCtrlr.Enabled",
    "SmartChargingCtrlr.Entries[ChargingProfiles]",
    "SmartChargingCtrlr.LimitChangeSignificance",
    "SmartChargingCtrlr.PeriodsPerSchedule",
    "SmartChargingCtrlr.ProfileStackLevel",
    "SmartChargingCtrlr.RateUnit",
    "ReservationCtrlr.Enabled",
    "ReservationCtrlr.NonEvseSpecific",
    "DisplayMessageCtrlr.SupportedFormats",
    "DisplayMessageCtrlr.SupportedPriorities",
    "MonitoringCtrlr.Enabled",
    "TariffCostCtrlr.Enabled[Tariff]",
    "TariffCostCtrlr.Enabled[Cost]",
    "TariffCostCtrlr.Currency",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_limit_is_asked_for_first_and_nothing_twice_and_no_secret() {
        for version in [OcppVersion::V16, OcppVersion::V201] {
            let names = known_names(version);
            assert_eq!(names.first(), Some(&limit_name(version)));
            let distinct: HashSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len());
            for name in names {
                assert!(!name.contains("Password") && !name.contains("AuthorizationKey"));
            }
        }
    }
}
