//! Names of settings: configuration keys of 1.6, components and variables of 2.0.1.

use std::fmt;

use rpc::Version;

/// What a setting is called. In 1.6 the component is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingName {
    /// Component, empty in 1.6.
    pub component: String,
    /// The EVSE of the component.
    pub evse: Option<u32>,
    /// Variable, or the key of 1.6.
    pub variable: String,
    /// Instance of the variable.
    pub instance: Option<String>,
}

impl SettingName {
    /// A key of 1.6.
    #[must_use]
    pub fn key(key: &str) -> SettingName {
        SettingName::variable("", key)
    }

    /// A variable of 2.0.1.
    #[must_use]
    pub fn variable(component: &str, variable: &str) -> SettingName {
        SettingName {
            component: component.to_owned(),
            evse: None,
            variable: variable.to_owned(),
            instance: None,
        }
    }

    /// The same of one EVSE's component.
    #[must_use]
    pub fn of_evse(mut self, evse: u32) -> SettingName {
        self.evse = Some(evse);
        self
    }

    /// The same with an instance of the variable.
    #[must_use]
    pub fn with_instance(mut self, instance: &str) -> SettingName {
        self.instance = Some(instance.to_owned());
        self
    }

    /// Whether both mean the same setting; names are compared without case.
    pub(crate) fn is(&self, other: &SettingName) -> bool {
        self.is_in(other)
            && self.variable.eq_ignore_ascii_case(&other.variable)
            && match (&self.instance, &other.instance) {
                (None, None) => true,
                (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
                (None, Some(_)) | (Some(_), None) => false,
            }
    }

    /// Whether both are of the same component.
    pub(crate) fn is_in(&self, other: &SettingName) -> bool {
        self.component.eq_ignore_ascii_case(&other.component) && self.evse == other.evse
    }
}

/// `HeartbeatInterval`, `AuthCtrlr.Enabled`, `AccessBarrier(1).Mode`.
impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.component)?;
        if let Some(evse) = self.evse {
            write!(f, "({evse})")?;
        }
        if !self.component.is_empty() {
            f.write_str(".")?;
        }
        f.write_str(&self.variable)?;
        match &self.instance {
            Some(instance) => write!(f, "[{instance}]"),
            None => Ok(()),
        }
    }
}

/// Settings that decide how the simulator behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Ask again after a remote start.
    AuthorizeRemote,
    /// Start online from list or cache without asking.
    LocalPreAuthorize,
    /// Start offline from list or cache.
    LocalAuthorizeOffline,
    /// Start offline for anybody.
    OfflineForUnknown,
    /// The authorization cache.
    Cache,
    /// The local list.
    LocalList,
    /// End a transaction whose start was refused.
    StopOnInvalid,
    /// Seconds between heartbeats.
    HeartbeatInterval,
    /// Seconds to plug in after a card was accepted.
    ConnectionTimeout,
    /// Whether authorization is needed at all; 1.6 has no standard key.
    Authorization,
    /// The password of Basic authentication.
    Password,
}

impl Setting {
    /// How the version names it; nothing where it has no such setting.
    #[must_use]
    pub fn name(self, version: Version) -> Option<SettingName> {
        let key = |key| Some(SettingName::key(key));
        let variable = |component, name| Some(SettingName::variable(component, name));
        match (self, version) {
            (Setting::AuthorizeRemote, Version::V16) => key("AuthorizeRemoteTxRequests"),
            (Setting::AuthorizeRemote, Version::V201) => {
                variable("AuthCtrlr", "AuthorizeRemoteStart")
            }
            (Setting::LocalPreAuthorize, Version::V16) => key("LocalPreAuthorize"),
            (Setting::LocalPreAuthorize, Version::V201) => {
                variable("AuthCtrlr", "LocalPreAuthorize")
            }
            (Setting::LocalAuthorizeOffline, Version::V16) => key("LocalAuthorizeOffline"),
            (Setting::LocalAuthorizeOffline, Version::V201) => {
                variable("AuthCtrlr", "LocalAuthorizeOffline")
            }
            (Setting::OfflineForUnknown, Version::V16) => key("AllowOfflineTxForUnknownId"),
            (Setting::OfflineForUnknown, Version::V201) => {
                variable("AuthCtrlr", "OfflineTxForUnknownIdEnabled")
            }
            (Setting::Cache, Version::V16) => key("AuthorizationCacheEnabled"),
            (Setting::Cache, Version::V201) => variable("AuthCacheCtrlr", "Enabled"),
            (Setting::LocalList, Version::V16) => key("LocalAuthListEnabled"),
            (Setting::LocalList, Version::V201) => variable("LocalAuthListCtrlr", "Enabled"),
            (Setting::StopOnInvalid, Version::V16) => key("StopTransactionOnInvalidId"),
            (Setting::StopOnInvalid, Version::V201) => variable("TxCtrlr", "StopTxOnInvalidId"),
            (Setting::HeartbeatInterval, Version::V16) => key("HeartbeatInterval"),
            (Setting::HeartbeatInterval, Version::V201) => {
                variable("OCPPCommCtrlr", "HeartbeatInterval")
            }
            (Setting::ConnectionTimeout, Version::V16) => key("ConnectionTimeOut"),
            (Setting::ConnectionTimeout, Version::V201) => {
                variable("TxCtrlr", "EVConnectionTimeOut")
            }
            (Setting::Authorization, Version::V16) => None,
            (Setting::Authorization, Version::V201) => variable("AuthCtrlr", "Enabled"),
            (Setting::Password, Version::V16) => key("AuthorizationKey"),
            (Setting::Password, Version::V201) => variable("SecurityCtrlr", "BasicAuthPassword"),
        }
    }
}
