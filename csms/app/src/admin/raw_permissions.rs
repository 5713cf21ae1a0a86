//! What a raw message to a station amounts to: the table behind
//! `POST /v1/stations/{station_id}/ocpp/{Action}`.
//!
//! A message that is not here needs everything an owner holds.

use std::collections::BTreeSet;

use model::{Action, ActionSet};
use serde_json::Value;

/// What stands behind the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A charger.
    Charger,
    /// A controller of doors.
    Lock,
}

/// What somebody must hold to send a raw message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// These actions, at the charger or at the lock's installation.
    Actions(ActionSet),
    /// `remote_use` on these doors of the lock, by number.
    Doors(BTreeSet<u32>),
    /// `remote_use` on every door of the lock: it does not say which.
    EveryDoor,
    /// Everything an owner holds: the message is not in the table.
    Owner,
    /// Nobody: passwords are set by `PUT /v1/stations/{station_id}/credential`.
    Nobody,
}

/// Messages that amount to one action, whatever they hold. Both versions; the names do not
/// collide.
const TABLE: &[(&str, Action)] = &[
    // Charging for somebody.
    ("RemoteStartTransaction", Action::RemoteUse),
    ("RequestStartTransaction", Action::RemoteUse),
    ("RemoteStopTransaction", Action::StopAny),
    ("RequestStopTransaction", Action::StopAny),
    // Who may charge without us.
    ("SendLocalList", Action::ManageAccess),
    ("ReserveNow", Action::ManageAccess),
    ("CancelReservation", Action::ManageAccess),
    ("CustomerInformation", Action::ManageAccess),
    // Keys, certificates, where it connects to.
    ("CertificateSigned", Action::ManageSecurity),
    ("InstallCertificate", Action::ManageSecurity),
    ("DeleteCertificate", Action::ManageSecurity),
    ("GetInstalledCertificateIds", Action::ManageSecurity),
    ("SetNetworkProfile", Action::ManageSecurity),
    // How it behaves.
    ("SetChargingProfile", Action::ManageSettings),
    ("ClearChargingProfile", Action::ManageSettings),
    ("SetDisplayMessage", Action::ManageSettings),
    ("ClearDisplayMessage", Action::ManageSettings),
    ("SetMonitoringBase", Action::ManageSettings),
    ("SetMonitoringLevel", Action::ManageSettings),
    ("SetVariableMonitoring", Action::ManageSettings),
    ("ClearVariableMonitoring", Action::ManageSettings),
    ("CostUpdated", Action::ManageSettings),
    // Technical work.
    ("ChangeAvailability", Action::Service),
    ("ClearCache", Action::Service),
    ("ExtendedTriggerMessage", Action::Service),
    ("GetBaseReport", Action::Service),
    ("GetChargingProfiles", Action::Service),
    ("GetCompositeSchedule", Action::Service),
    ("GetConfiguration", Action::Service),
    ("GetDiagnostics", Action::Service),
    ("GetDisplayMessages", Action::Service),
    ("GetLocalListVersion", Action::Service),
    ("GetLog", Action::Service),
    ("GetMonitoringReport", Action::Service),
    ("GetReport", Action::Service),
    ("GetTransactionStatus", Action::Service),
    ("GetVariables", Action::Service),
    ("PublishFirmware", Action::Service),
    ("Reset", Action::Service),
    ("SignedUpdateFirmware", Action::Service),
    ("TriggerMessage", Action::Service),
    ("UnpublishFirmware", Action::Service),
    ("UpdateFirmware", Action::Service),
];

/// 1.6 keys that decide who may charge (docs/authorization.md; rules.md §9, makers' own last).
const ACCESS_KEYS: &[&str] = &[
    "AllowOfflineTxForUnknownId",
    "AuthorizationCacheEnabled",
    "AuthorizeRemoteTxRequests",
    "LocalAuthListEnabled",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MaxEnergyOnInvalidId",
    "StopTransactionOnInvalidId",
    "AuthEnabled",
    "AuthEnabledOffline",
    "AuthorizationRequired",
    "ChargePointAuthEnable",
    "FreeCharging",
    "FreeChargingIdTag",
    "freecharging",
    "rfidtagfreecharging",
    "FreeModeActive",
    "FreeModeRFID",
    "FreevendEnabled",
    "PlugAndChargeIdentifier",
    "MO_FreeVendActive",
    "MO_FreeVendIdTag",
    "Cst_FreeVendActive",
    "Cst_FreeVendIdTag",
    "AO_FreeVendActive",
    "AO_FreeVendIdTag",
];

/// 1.6 keys of security (OCPP 1.6 security whitepaper, and makers' own addresses of the central
/// system).
const SECURITY_KEYS: &[&str] = &[
    "AdditionalRootCertificateCheck",
    "CertificateSignedMaxChainSize",
    "CertificateStoreMaxLength",
    "CentralSystemURL",
    "CentralSystemUrl",
    "CpoName",
    "CSURL",
    "HttpProxy",
    "OcppServerUrl",
    "SecurityProfile",
    "UseAuthorizationKeyWithoutDecoding",
];

/// 2.0.1 components that decide who may charge.
const ACCESS_COMPONENTS: &[&str] = &[
    "AuthCtrlr",
    "AuthCacheCtrlr",
    "LocalAuthListCtrlr",
    "TokenReader",
    "AccessBarrier",
];
/// 2.0.1 components of security.
const SECURITY_COMPONENTS: &[&str] = &["SecurityCtrlr", "OCPPCommCtrlr"];
/// 2.0.1 variables of `OCPPCommCtrlr` that are no matter of security.
const HARMLESS_COMM_VARIABLES: &[&str] = &[
    "HeartbeatInterval",
    "WebSocketPingInterval",
    "RetryBackOffRepeatTimes",
    "RetryBackOffRandomRange",
    "RetryBackOffWaitMinimum",
    "ResetRetries",
    "UnlockOnEVSideDisconnect",
    "QueueAllMessages",
    "MessageTimeout",
    "MessageAttempts",
    "MessageAttemptInterval",
];
/// 2.0.1 variables of `TxCtrlr` that decide who may charge.
const ACCESS_TX_VARIABLES: &[&str] = &[
    "StopTxOnInvalidId",
    "MaxEnergyOnInvalidId",
    "TxStartPoint",
    "TxBeforeAcceptedEnabled",
];

/// What a message needs.
#[must_use]
pub fn needs(point: Point, action: &str, payload: &Value) -> Needs {
    match action {
        "UnlockConnector" => match point {
            Point::Charger => one(Action::Service),
            // At a lock it may open the door.
            Point::Lock => {
                one_door(door(payload, "evseId").or_else(|| door(payload, "connectorId")))
            }
        },
        "DataTransfer" => data_transfer(point, payload),
        "ChangeConfiguration" => change_configuration(payload),
        "SetVariables" => set_variables(payload),
        _ => TABLE
            .iter()
            .find(|(name, _)| *name == action)
            .map_or(Needs::Owner, |(_, needed)| one(*needed)),
    }
}

fn one(action: Action) -> Needs {
    Needs::Actions(ActionSet::EMPTY.with(action))
}

/// A door number; 0 is the controller.
fn door(payload: &Value, field: &str) -> Option<u32> {
    let number = u32::try_from(payload.get(field)?.as_u64()?).ok()?;
    (number > 0).then_some(number)
}

fn one_door(number: Option<u32>) -> Needs {
    number.map_or(Needs::EveryDoor, |number| {
        Needs::Doors(BTreeSet::from([number]))
    })
}

fn text<'a>(payload: &'a Value, path: &str) -> Option<&'a str> {
    payload.pointer(path)?.as_str()
}

fn data_transfer(point: Point, payload: &Value) -> Needs {
    let is = |path, wanted| text(payload, path).is_some_and(|is| is.eq_ignore_ascii_case(wanted));
    let opens = is("/vendorId", "io.keywatt.lock") && is("/messageId", "Door.Open");
    match (point, opens) {
        (Point::Lock, true) => {
            let parsed: Option<Value> =
                text(payload, "/data").and_then(|text| serde_json::from_str(text).ok());
            one_door(
                parsed
                    .as_ref()
                    .or(payload.get("data"))
                    .and_then(|data| door(data, "door")),
            )
        }
        // What makers put into it is unknown: it may open the door as well.
        (Point::Lock, false) => Needs::Owner,
        (Point::Charger, _) => one(Action::Service),
    }
}

fn among(names: &[&str], name: &str) -> bool {
    names
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name.trim()))
}

fn is_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("password") || name == "authorizationkey"
}

fn change_configuration(payload: &Value) -> Needs {
    let Some(key) = text(payload, "/key").map(str::trim) else {
        return Needs::Owner;
    };
    if is_password(key) {
        Needs::Nobody
    } else if among(SECURITY_KEYS, key) {
        one(Action::ManageSecurity)
    } else if among(ACCESS_KEYS, key) || key.to_ascii_lowercase().starts_with("lockmode") {
        one(Action::ManageAccess)
    } else {
        one(Action::ManageSettings)
    }
}

fn set_variables(payload: &Value) -> Needs {
    let Some(list) = payload.get("setVariableData").and_then(Value::as_array) else {
        return Needs::Owner;
    };
    let mut needed = ActionSet::EMPTY;
    for item in list {
        let (Some(component), Some(variable)) =
            (text(item, "/component/name"), text(item, "/variable/name"))
        else {
            return Needs::Owner;
        };
        if is_password(variable) {
            return Needs::Nobody;
        }
        needed = needed.with(variable_needs(component, variable));
    }
    if needed.is_empty() {
        one(Action::ManageSettings)
    } else {
        Needs::Actions(needed)
    }
}

fn variable_needs(component: &str, variable: &str) -> Action {
    let comm = component.trim().eq_ignore_ascii_case("OCPPCommCtrlr");
    if comm && among(HARMLESS_COMM_VARIABLES, variable) {
        Action::ManageSettings
    } else if among(SECURITY_COMPONENTS, component) {
        Action::ManageSecurity
    } else if among(ACCESS_COMPONENTS, component)
        || (component.trim().eq_ignore_ascii_case("TxCtrlr")
            && among(ACCESS_TX_VARIABLES, variable))
    {
        Action::ManageAccess
    } else {
        Action::ManageSettings
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(point: Point, action: &str, payload: Value, expected: Needs) {
        assert_eq!(
            needs(point, action, &payload),
            expected,
            "{action} {payload}"
        );
    }

    #[test]
    fn a_message_needs_what_it_amounts_to() {
        use Point::{Charger, Lock};
        let doors = |numbers: &[u32]| Needs::Doors(numbers.iter().copied().collect());
        check(
            Charger,
            "RemoteStartTransaction",
            json!({}),
            one(Action::RemoteUse),
        );
        check(
            Charger,
            "RequestStopTransaction",
            json!({}),
            one(Action::StopAny),
        );
        check(
            Charger,
            "SendLocalList",
            json!({}),
            one(Action::ManageAccess),
        );
        check(
            Charger,
            "InstallCertificate",
            json!({}),
            one(Action::ManageSecurity),
        );
        check(Charger, "Reset", json!({}), one(Action::Service));
        check(Charger, "MakeCoffee", json!({}), Needs::Owner);
        check(
            Charger,
            "UnlockConnector",
            json!({"connectorId": 1}),
            one(Action::Service),
        );
        check(
            Lock,
            "UnlockConnector",
            json!({"connectorId": 2}),
            doors(&[2]),
        );
        check(
            Lock,
            "UnlockConnector",
            json!({"evseId": 3, "connectorId": 1}),
            doors(&[3]),
        );
        check(Lock, "UnlockConnector", json!({}), Needs::EveryDoor);
        let open = |data: Value| json!({"vendorId": "io.keywatt.lock", "messageId": "Door.Open", "data": data});
        check(
            Lock,
            "DataTransfer",
            open(json!("{\"door\":1}")),
            doors(&[1]),
        );
        check(Lock, "DataTransfer", open(json!({"door": 4})), doors(&[4]));
        check(
            Lock,
            "DataTransfer",
            open(json!("rubbish")),
            Needs::EveryDoor,
        );
        check(Lock, "DataTransfer", json!({"vendorId": "x"}), Needs::Owner);
        check(
            Charger,
            "DataTransfer",
            json!({"vendorId": "x"}),
            one(Action::Service),
        );
    }

    #[test]
    fn keys_need_what_they_decide_and_passwords_are_not_settable() {
        for (key, expected) in [
            ("HeartbeatInterval", one(Action::ManageSettings)),
            ("localpreauthorize", one(Action::ManageAccess)),
            ("LockMode1", one(Action::ManageAccess)),
            ("SecurityProfile", one(Action::ManageSecurity)),
            ("AuthorizationKey", Needs::Nobody),
            ("WifiPassword", Needs::Nobody),
        ] {
            check(
                Point::Charger,
                "ChangeConfiguration",
                json!({"key": key, "value": "1"}),
                expected,
            );
        }
        let variables = |list: &[(&str, &str)]| {
            let data: Vec<Value> = list
                .iter()
                .map(|(component, variable)| {
                    json!({"component": {"name": component}, "variable": {"name": variable}})
                })
                .collect();
            json!({ "setVariableData": data })
        };
        let mixed = ActionSet::EMPTY
            .with(Action::ManageAccess)
            .with(Action::ManageSettings);
        for (list, expected) in [
            (
                &[("AuthCtrlr", "Enabled"), ("ClockCtrlr", "x")][..],
                Needs::Actions(mixed),
            ),
            (
                &[("OCPPCommCtrlr", "HeartbeatInterval")],
                one(Action::ManageSettings),
            ),
            (
                &[("OCPPCommCtrlr", "NetworkConfigurationPriority")],
                one(Action::ManageSecurity),
            ),
            (&[("SecurityCtrlr", "BasicAuthPassword")], Needs::Nobody),
            (
                &[("TxCtrlr", "StopTxOnInvalidId")],
                one(Action::ManageAccess),
            ),
            (&[], one(Action::ManageSettings)),
        ] {
            check(Point::Charger, "SetVariables", variables(list), expected);
        }
        check(
            Point::Charger,
            "SetVariables",
            json!({"setVariableData": [{}]}),
            Needs::Owner,
        );
    }

    #[test]
    fn no_message_is_in_the_table_twice() {
        let names: BTreeSet<&str> = TABLE.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), TABLE.len());
    }
}
