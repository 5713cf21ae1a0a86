//! The settings of a station and the rules for changing them.

use rpc::Version;

use super::name::{Setting, SettingName};

/// Who may do what with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
    WriteOnly,
}

/// What values it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Bool,
    /// A whole number, not negative.
    Count,
    /// One of these, compared without case and underscores.
    Choice(&'static [&'static str]),
}

/// When a new value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    AtOnce,
    AfterReboot,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub name: SettingName,
    pub value: String,
    pub kind: Kind,
    pub access: Access,
    pub effect: Effect,
    /// Waits for the reboot.
    pub next: Option<String>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Done,
    AfterReboot,
    ReadOnly,
    BadValue,
    UnknownComponent,
    UnknownVariable,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    Value(String),
    WriteOnly,
    UnknownComponent,
    UnknownVariable,
}

/// All settings of a station, in the order of its reports.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    version: Version,
    entries: Vec<Entry>,
}

impl Settings {
    pub(crate) fn new(version: Version) -> Settings {
        Settings {
            version,
            entries: Vec::new(),
        }
    }

    /// Adds or replaces a setting.
    pub(crate) fn define(&mut self, name: SettingName, kind: Kind, access: Access, value: &str) {
        self.entries.retain(|entry| !entry.name.is(&name));
        self.entries.push(Entry {
            name,
            value: value.to_owned(),
            kind,
            access,
            effect: Effect::AtOnce,
            next: None,
        });
    }

    /// Adds a setting of those the simulator acts on, where the version has it.
    pub(crate) fn define_known(&mut self, setting: Setting, kind: Kind, value: &str) {
        if let Some(name) = setting.name(self.version) {
            let access = match setting {
                Setting::Password => Access::WriteOnly,
                Setting::AuthorizeRemote
                | Setting::LocalPreAuthorize
                | Setting::LocalAuthorizeOffline
                | Setting::OfflineForUnknown
                | Setting::Cache
                | Setting::LocalList
                | Setting::StopOnInvalid
                | Setting::HeartbeatInterval
                | Setting::ConnectionTimeout
                | Setting::Authorization => Access::ReadWrite,
            };
            self.define(name, kind, access, value);
        }
    }

    pub(crate) fn needs_reboot(&mut self, name: &SettingName) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.name.is(name)) {
            entry.effect = Effect::AfterReboot;
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn get(&self, name: &SettingName) -> Lookup {
        match self.entries.iter().find(|entry| entry.name.is(name)) {
            Some(entry) if entry.access == Access::WriteOnly => Lookup::WriteOnly,
            Some(entry) => Lookup::Value(entry.value.clone()),
            None if self.knows_component(name) => Lookup::UnknownVariable,
            None => Lookup::UnknownComponent,
        }
    }

    /// A change by the central system.
    pub(crate) fn change(&mut self, name: &SettingName, value: &str) -> Change {
        let known_component = self.knows_component(name);
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.name.is(name)) else {
            return if known_component {
                Change::UnknownVariable
            } else {
                Change::UnknownComponent
            };
        };
        if entry.access == Access::ReadOnly {
            return Change::ReadOnly;
        }
        let Some(value) = accepted(entry.kind, value) else {
            return Change::BadValue;
        };
        match entry.effect {
            Effect::AtOnce => {
                entry.value = value;
                Change::Done
            }
            Effect::AfterReboot => {
                entry.next = Some(value);
                Change::AfterReboot
            }
        }
    }

    /// A change by the station itself, whatever the access.
    pub(crate) fn put(&mut self, name: &SettingName, value: &str) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.name.is(name)) {
            value.clone_into(&mut entry.value);
        }
    }

    pub(crate) fn put_known(&mut self, setting: Setting, value: &str) {
        if let Some(name) = setting.name(self.version) {
            self.put(&name, value);
        }
    }

    /// Values that waited for the reboot begin to count.
    pub(crate) fn reboot(&mut self) {
        for entry in &mut self.entries {
            if let Some(next) = entry.next.take() {
                entry.value = next;
            }
        }
    }

    /// A switch; `missing` where the station has no such setting.
    pub(crate) fn is_on(&self, setting: Setting, missing: Switch) -> bool {
        let value = setting.name(self.version).and_then(|name| self.text(&name));
        value.map_or(missing == Switch::On, |value| value == "true")
    }

    pub(crate) fn seconds(&self, setting: Setting) -> Option<u64> {
        self.text(&setting.name(self.version)?)?.parse().ok()
    }

    /// The value, even of a setting that may only be written.
    pub(crate) fn text(&self, name: &SettingName) -> Option<&str> {
        self.entries
            .iter()
            .find(|entry| entry.name.is(name))
            .map(|entry| entry.value.as_str())
    }

    fn knows_component(&self, name: &SettingName) -> bool {
        self.entries.iter().any(|entry| entry.name.is_in(name))
    }
}

/// A switch that is not a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

/// The value in its usual spelling, if the kind takes it.
fn accepted(kind: Kind, value: &str) -> Option<String> {
    match kind {
        Kind::Text => Some(value.to_owned()),
        Kind::Bool => ["true", "false"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(value))
            .map(str::to_owned),
        Kind::Count => value.parse::<u32>().ok().map(|count| count.to_string()),
        Kind::Choice(choices) => {
            let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
            choices
                .iter()
                .find(|known| plain(known) == plain(value))
                .map(|known| (*known).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use rpc::Version;

    use super::{Access, Change, Kind, Lookup, Settings};
    use crate::station::name::SettingName;

    #[test]
    fn settings_change_only_as_they_may() {
        let mut settings = Settings::new(Version::V201);
        let mode = SettingName::variable("AccessBarrier", "Mode").of_evse(1);
        let state = SettingName::variable("AccessBarrier", "State").of_evse(1);
        let key = SettingName::variable("SecurityCtrlr", "BasicAuthPassword");
        settings.define(
            mode.clone(),
            Kind::Choice(&["Normal", "HeldOpen"]),
            Access::ReadWrite,
            "Normal",
        );
        settings.define(state.clone(), Kind::Text, Access::ReadOnly, "Closed");
        settings.define(key.clone(), Kind::Text, Access::WriteOnly, "");
        assert_eq!(settings.change(&mode, "held_open"), Change::Done);
        assert_eq!(settings.get(&mode), Lookup::Value("HeldOpen".to_owned()));
        assert_eq!(settings.change(&mode, "ajar"), Change::BadValue);
        assert_eq!(settings.change(&state, "Open"), Change::ReadOnly);
        assert_eq!(
            settings.change(&mode.clone().of_evse(2), "Normal"),
            Change::UnknownComponent
        );
        let none = SettingName::variable("AccessBarrier", "Colour").of_evse(1);
        assert_eq!(settings.change(&none, "x"), Change::UnknownVariable);
        assert_eq!(settings.change(&key, "secret"), Change::Done);
        assert_eq!(settings.get(&key), Lookup::WriteOnly);
        settings.needs_reboot(&mode);
        assert_eq!(settings.change(&mode, "Normal"), Change::AfterReboot);
        assert_eq!(settings.get(&mode), Lookup::Value("HeldOpen".to_owned()));
        settings.reboot();
        assert_eq!(settings.get(&mode), Lookup::Value("Normal".to_owned()));
    }
}
