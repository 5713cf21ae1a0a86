//! Network profiles (2.0.1, B09).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::station::{Device, SettingName};
use crate::transport::Answer;
use crate::wire::{number, text};

/// Slots of OCPPCommCtrlr.NetworkConfigurationPriority.
const SLOTS: std::ops::RangeInclusive<u32> = 1..=3;

/// The profiles by slot. They count from the next restart on; the simulator stays where it is.
#[derive(Default)]
pub(crate) struct Network {
    slots: BTreeMap<u32, Value>,
}

/// SetNetworkProfile.
pub(crate) fn set<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let slot = number(payload, "configurationSlot").filter(|slot| SLOTS.contains(slot));
    let profile = payload.get("connectionData").unwrap_or(&Value::Null);
    let url = text(profile, "ocppCsmsUrl").unwrap_or_default();
    let usable = text(profile, "ocppTransport") == Some("JSON")
        && (url.starts_with("ws://") || url.starts_with("wss://"));
    let (Some(slot), true) = (slot, usable) else {
        return Answer::status("Rejected");
    };
    let core = device.core();
    // A05.FR.02: a profile of a lower security is refused.
    let own = core
        .settings
        .lock()
        .text(&SettingName::variable("SecurityCtrlr", "SecurityProfile"))
        .and_then(|text| text.parse::<u32>().ok())
        .unwrap_or_default();
    if number(profile, "securityProfile").is_none_or(|wanted| wanted < own) {
        return Answer::status("Rejected");
    }
    core.functions
        .network
        .lock()
        .slots
        .insert(slot, profile.clone());
    Answer::status("Accepted")
}
