//! What a device does beside its trade, whether it is a charger or a lock: firmware, logs,
//! certificates, displayed messages, monitoring, reports, customer information.
//!
//! A device may lack any of them (`--without`); it says so honestly.

mod certificates;
mod customer;
mod display;
mod example;
mod firmware;
mod hashes;
mod logs;
mod monitor;
mod monitoring;
mod network;
mod publish;
mod reports;
mod supported;
mod trigger;

use std::sync::Arc;

use parking_lot::Mutex;
use rpc::Version;
use serde_json::{Value, json};

pub use supported::Function;

use crate::station::{Core, Device, StationError};
use crate::transport::{Answer, Incoming};

pub(crate) use monitoring::setting_changed;
pub(crate) use trigger::trigger;

/// What the functions remember.
#[derive(Default)]
pub(crate) struct Functions {
    firmware: Mutex<firmware::Firmware>,
    published: Mutex<publish::Published>,
    logs: Mutex<logs::Logs>,
    certificates: Mutex<certificates::Certificates>,
    display: Mutex<display::Display>,
    monitoring: Mutex<monitoring::Monitoring>,
    network: Mutex<network::Network>,
}

impl Functions {
    /// Messages on the display, as people read them.
    pub(crate) fn displayed(&self) -> Vec<String> {
        self.display.lock().texts()
    }

    /// Certificates installed.
    pub(crate) fn certificates(&self) -> usize {
        self.certificates.lock().count()
    }
}

/// Sends a message, if it is one that stations send and has the form of its version; without a
/// payload a believable one.
///
/// # Errors
/// When it is none, has not its form, or is not answered with a result.
pub(crate) async fn send(
    core: &Core,
    action: &str,
    payload: Option<Value>,
) -> Result<Value, StationError> {
    let payload = payload
        .or_else(|| example::example(core, 1, action))
        .unwrap_or_else(|| json!({}));
    Ok(core.send(action, payload).await?.1)
}

/// Asks for a certificate with a new key.
///
/// # Errors
/// When no request can be made, or it is not answered with a result.
pub(crate) async fn sign_certificate(core: &Core) -> Result<Value, StationError> {
    certificates::sign(core, Some("ChargingStationCertificate")).await
}

/// Answers a command; nothing if it is none of these.
pub(crate) fn answer<D: Device>(device: &Arc<D>, call: &Incoming) -> Option<Answer> {
    let payload = &call.payload;
    Some(match (device.core().version, call.action.as_str()) {
        (Version::V16, "UpdateFirmware") => firmware::update_unsigned(device, payload),
        (Version::V16, "SignedUpdateFirmware") | (Version::V201, "UpdateFirmware") => {
            firmware::update(device, payload)
        }
        (Version::V16, "GetDiagnostics") => logs::get_diagnostics(device, payload),
        (_, "GetLog") => logs::get_log(device, payload),
        (Version::V201, "PublishFirmware") => publish::publish(device, payload),
        (Version::V201, "UnpublishFirmware") => publish::unpublish(device, payload),
        (_, "InstallCertificate") => certificates::install(device, payload),
        (_, "DeleteCertificate") => certificates::delete(device, payload),
        (_, "GetInstalledCertificateIds") => certificates::installed(device, payload),
        (_, "CertificateSigned") => certificates::signed(device, payload),
        (Version::V201, "SetDisplayMessage") => display::set(device, payload),
        (Version::V201, "GetDisplayMessages") => display::get(device, payload),
        (Version::V201, "ClearDisplayMessage") => display::clear(device, payload),
        (Version::V201, "SetVariableMonitoring") => monitoring::set(device, payload),
        (Version::V201, "ClearVariableMonitoring") => monitoring::clear(device, payload),
        (Version::V201, "SetMonitoringBase") => monitoring::set_base(device, payload),
        (Version::V201, "SetMonitoringLevel") => monitoring::set_level(device, payload),
        (Version::V201, "GetMonitoringReport") => monitoring::report(device, payload),
        (Version::V201, "GetBaseReport") => reports::base(device, payload),
        (Version::V201, "GetReport") => reports::custom(device, payload),
        (Version::V201, "CustomerInformation") => customer::information(device, payload),
        (Version::V201, "SetNetworkProfile") => network::set(device, payload),
        (_, _) => return None,
    })
}
