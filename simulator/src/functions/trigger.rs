//! Triggered messages of the functions that chargers and locks share.

use std::sync::Arc;

use rpc::Version;

use super::logs::Which;
use super::{Function, certificates, firmware, logs, publish};
use crate::station::{self, Device};
use crate::transport::Answer;
use crate::wire::{self, BootReason};

/// Answers TriggerMessage or ExtendedTriggerMessage for a message that is none of the device's
/// trade; nothing if it is, or is unknown.
pub(crate) fn trigger<D: Device>(device: &Arc<D>, wanted: &str) -> Option<Answer> {
    let core = device.core();
    let version = core.version;
    let lacks = |function| core.without.contains(&function);
    let refusal = || Some(Answer::status("NotImplemented"));
    let device = Arc::clone(device);
    let accepted = Answer::status("Accepted");
    Some(match (version, wanted) {
        (_, "BootNotification") => accepted.then(async move {
            if let Err(error) = station::boot(&device, BootReason::Triggered).await {
                tracing::info!(%error, "triggered boot notification failed");
            }
        }),
        (_, "Heartbeat") => accepted.then(async move {
            device.core().tell(wire::heartbeat()).await;
        }),
        (_, "FirmwareStatusNotification") if lacks(Function::Firmware) => return refusal(),
        (_, "FirmwareStatusNotification") => accepted.then(async move {
            firmware::triggered(device.core());
            firmware::tell(&device).await;
        }),
        (_, "LogStatusNotification" | "DiagnosticsStatusNotification") if lacks(Function::Logs) => {
            return refusal();
        }
        (Version::V16, "DiagnosticsStatusNotification") => accepted.then(async move {
            logs::triggered(device.core(), Which::Diagnostics);
            logs::tell(&device, Which::Diagnostics).await;
        }),
        (_, "LogStatusNotification") => accepted.then(async move {
            logs::triggered(device.core(), Which::Log);
            logs::tell(&device, Which::Log).await;
        }),
        (Version::V201, "PublishFirmwareStatusNotification") => {
            if lacks(Function::PublishFirmware) {
                return refusal();
            }
            accepted.then(async move {
                publish::triggered(&device);
                publish::tell(&device).await;
            })
        }
        (Version::V16, "SignChargePointCertificate") => sign(&device, None)?,
        (Version::V201, "SignChargingStationCertificate" | "SignCombinedCertificate") => {
            sign(&device, Some("ChargingStationCertificate"))?
        }
        (_, _) => return None,
    })
}

fn sign<D: Device>(device: &Arc<D>, kind: Option<&'static str>) -> Option<Answer> {
    if device.core().without.contains(&Function::Certificates) {
        return None;
    }
    let device = Arc::clone(device);
    Some(Answer::status("Accepted").then(async move {
        if let Err(error) = certificates::sign(device.core(), kind).await {
            tracing::info!(%error, "no certificate was asked for");
        }
    }))
}
