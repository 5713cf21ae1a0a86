//! The parts of the standard that a device may have or lack.

use std::fmt;

use rpc::Version;

/// A part of the standard that is not needed to be a station at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// Local authorization list.
    LocalList,
    /// Reservations.
    Reservation,
    /// Charging profiles.
    SmartCharging,
    /// Firmware updates.
    Firmware,
    /// Firmware kept for other stations of the site (2.0.1).
    PublishFirmware,
    /// Diagnostics and logs.
    Logs,
    /// TriggerMessage.
    RemoteTrigger,
    /// Certificates of the security profiles 2 and 3.
    Certificates,
    /// Messages on the display (2.0.1).
    DisplayMessages,
    /// Monitoring of variables (2.0.1).
    Monitoring,
    /// What the station knows about a customer (2.0.1).
    CustomerInformation,
    /// Running cost (2.0.1).
    Cost,
    /// Network profiles (2.0.1).
    NetworkProfiles,
}

impl Function {
    /// All of them.
    pub const ALL: [Function; 13] = [
        Function::LocalList,
        Function::Reservation,
        Function::SmartCharging,
        Function::Firmware,
        Function::PublishFirmware,
        Function::Logs,
        Function::RemoteTrigger,
        Function::Certificates,
        Function::DisplayMessages,
        Function::Monitoring,
        Function::CustomerInformation,
        Function::Cost,
        Function::NetworkProfiles,
    ];

    /// The name on the command line and in scenario files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Function::LocalList => "local_list",
            Function::Reservation => "reservation",
            Function::SmartCharging => "smart_charging",
            Function::Firmware => "firmware",
            Function::PublishFirmware => "publish_firmware",
            Function::Logs => "logs",
            Function::RemoteTrigger => "remote_trigger",
            Function::Certificates => "certificates",
            Function::DisplayMessages => "display_messages",
            Function::Monitoring => "monitoring",
            Function::CustomerInformation => "customer_information",
            Function::Cost => "cost",
            Function::NetworkProfiles => "network_profiles",
        }
    }

    /// By its name.
    ///
    /// # Errors
    /// With the names there are, when it is none of them.
    pub fn parse(name: &str) -> Result<Function, String> {
        Function::ALL
            .into_iter()
            .find(|function| function.name() == name)
            .ok_or_else(|| {
                let names: Vec<&str> = Function::ALL.iter().map(|known| known.name()).collect();
                format!("`{name}` is none of {}", names.join(", "))
            })
    }

    /// The feature profile of 1.6 (§3.3); nothing where that version has none.
    #[must_use]
    pub const fn profile(self) -> Option<&'static str> {
        match self {
            Function::LocalList => Some("LocalAuthListManagement"),
            Function::Reservation => Some("Reservation"),
            Function::SmartCharging => Some("SmartCharging"),
            Function::Firmware | Function::Logs => Some("FirmwareManagement"),
            Function::RemoteTrigger => Some("RemoteTrigger"),
            Function::PublishFirmware
            | Function::Certificates
            | Function::DisplayMessages
            | Function::Monitoring
            | Function::CustomerInformation
            | Function::Cost
            | Function::NetworkProfiles => None,
        }
    }

    /// The function a command of the central system needs; nothing for those of every station.
    #[must_use]
    pub fn of(version: Version, action: &str) -> Option<Function> {
        Some(match (version, action) {
            (_, "SendLocalList" | "GetLocalListVersion") => Function::LocalList,
            (_, "ReserveNow" | "CancelReservation") => Function::Reservation,
            (
                _,
                "SetChargingProfile"
                | "ClearChargingProfile"
                | "GetCompositeSchedule"
                | "GetChargingProfiles",
            ) => Function::SmartCharging,
            (_, "UpdateFirmware" | "SignedUpdateFirmware") => Function::Firmware,
            (_, "PublishFirmware" | "UnpublishFirmware") => Function::PublishFirmware,
            (_, "GetDiagnostics" | "GetLog") => Function::Logs,
            (_, "TriggerMessage" | "ExtendedTriggerMessage") => Function::RemoteTrigger,
            (
                _,
                "InstallCertificate"
                | "DeleteCertificate"
                | "GetInstalledCertificateIds"
                | "CertificateSigned",
            ) => Function::Certificates,
            (Version::V201, "SetDisplayMessage" | "GetDisplayMessages" | "ClearDisplayMessage") => {
                Function::DisplayMessages
            }
            (
                Version::V201,
                "SetVariableMonitoring"
                | "ClearVariableMonitoring"
                | "SetMonitoringBase"
                | "SetMonitoringLevel"
                | "GetMonitoringReport",
            ) => Function::Monitoring,
            (Version::V201, "CustomerInformation") => Function::CustomerInformation,
            (Version::V201, "CostUpdated") => Function::Cost,
            (Version::V201, "SetNetworkProfile") => Function::NetworkProfiles,
            (_, _) => return None,
        })
    }

    /// SupportedFeatureProfiles of 1.6.
    #[must_use]
    pub fn profiles(without: &[Function]) -> String {
        let mut names = vec!["Core"];
        for function in Function::ALL {
            if let Some(name) = function.profile()
                && !without.contains(&function)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names.join(",")
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use rpc::Version;

    use super::Function;
    use crate::messages;

    #[test]
    fn every_function_has_commands() {
        for function in Function::ALL {
            let has = |version| {
                messages::all(version)
                    .iter()
                    .any(|kind| Function::of(version, kind.action) == Some(function))
            };
            assert!(has(Version::V16) || has(Version::V201), "{function}");
            assert_eq!(Function::parse(function.name()), Ok(function));
        }
        assert!(Function::parse("dancing").is_err());
    }

    #[test]
    fn the_feature_profiles_are_those_that_are_there() {
        assert_eq!(
            Function::profiles(&[]),
            "Core,LocalAuthListManagement,Reservation,SmartCharging,FirmwareManagement,\
             RemoteTrigger"
        );
        let without = [Function::Reservation, Function::Firmware];
        assert_eq!(
            Function::profiles(&without),
            "Core,LocalAuthListManagement,SmartCharging,FirmwareManagement,RemoteTrigger"
        );
    }
}
