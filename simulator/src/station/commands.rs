//! Commands that every kind of station answers alike.

use std::sync::Arc;

use rpc::Version;
use serde_json::json;

use super::core::Core;
use super::device::Device;
use super::memory::ListUpdate;
use super::name::Setting;
use super::settings::Switch;
use super::variables;
use crate::transport::{Answer, Incoming};
use crate::wire::{v16, v201};

/// Answers a command; nothing if it is not one of these.
pub(crate) async fn common<D: Device>(device: &Arc<D>, call: &Incoming) -> Option<Answer> {
    let core = device.core();
    let payload = &call.payload;
    Some(match (core.version, call.action.as_str()) {
        (Version::V16, "GetConfiguration") => variables::get_configuration(core, payload),
        (Version::V16, "ChangeConfiguration") => variables::change_configuration(device, payload),
        (Version::V201, "GetVariables") => variables::get_variables(core, payload),
        (Version::V201, "SetVariables") => variables::set_variables(device, payload),
        (_, "ClearCache") => clear_cache(core),
        (_, "SendLocalList") => send_local_list(core, call),
        (_, "GetLocalListVersion") => local_list_version(core),
        (_, "DataTransfer") => Answer::status("UnknownVendorId"),
        _ => return None,
    })
}

fn clear_cache(core: &Core) -> Answer {
    if core.settings.lock().is_on(Setting::Cache, Switch::Off) {
        core.clear_cache();
        Answer::status("Accepted")
    } else {
        Answer::status("Rejected")
    }
}

fn send_local_list(core: &Core, call: &Incoming) -> Answer {
    let enabled = core.settings.lock().is_on(Setting::LocalList, Switch::Off);
    let (list, disabled) = match core.version {
        Version::V16 => (v16::local_list(&call.payload), "NotSupported"),
        Version::V201 => (v201::local_list(&call.payload), "Failed"),
    };
    if !enabled {
        return Answer::status(disabled);
    }
    Answer::status(match core.update_list(list) {
        ListUpdate::Accepted => "Accepted",
        ListUpdate::Failed => "Failed",
        ListUpdate::VersionMismatch => "VersionMismatch",
    })
}

fn local_list_version(core: &Core) -> Answer {
    let enabled = core.settings.lock().is_on(Setting::LocalList, Switch::Off);
    let version = core.memory.lock().list_version();
    match core.version {
        // 1.6 errata 3.52: -1 where local lists are not supported.
        Version::V16 => {
            Answer::result(json!({ "listVersion": if enabled { version } else { -1 } }))
        }
        Version::V201 => {
            Answer::result(json!({ "versionNumber": if enabled { version } else { 0 } }))
        }
    }
}
