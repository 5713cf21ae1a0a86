//! The settings of a station as it tells them.

use authz::act;
use model::command::CommandError;
use model::{KnownConfiguration, OcppVersion};

use super::Admin;
use super::stations::node_of;
use crate::configuration::{Question, Reading, all_names};
use crate::{ApiError, Caller};

/// How many settings may be asked for in one go.
const MOST_NAMES: usize = 500;
/// The longest name, in characters.
const NAME_CHARS: usize = 250;

/// What is known of a station's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigurationView {
    /// The identity, as registered.
    pub station_id: String,
    /// How the last reading goes or went, since the process began.
    pub reading: Option<Reading>,
    /// What the station said last, by name.
    pub values: Vec<KnownConfiguration>,
}

impl Admin {
    /// What a station last said of its settings; also while it is offline. `names`: only these.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on it.
    pub async fn configuration(
        &self,
        caller: &Caller,
        id: &str,
        names: &[String],
    ) -> Result<ConfigurationView, ApiError> {
        let station = self.registered(id).await?;
        let _ = self
            .pep
            .permit::<act::ManageSettings>(caller, node_of(&station))
            .await?;
        let mut values = self.store.configuration_of(&station.key).await?;
        let asked = |row: &KnownConfiguration| {
            names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&row.value.name))
        };
        values.retain(|row| names.is_empty() || asked(row));
        Ok(ConfigurationView {
            station_id: station.id.as_str().to_owned(),
            reading: self.readings.of(&station.key),
            values,
        })
    }

    /// Asks a station for its settings, in the background and in small pieces. `names`: only these;
    /// none: all that the standard of its version knows.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on it; `Invalid` for a name that is none; `Station`
    /// when it is offline; `Conflict` when it is being asked already.
    pub async fn read_configuration(
        &self,
        caller: &Caller,
        id: &str,
        names: Vec<String>,
    ) -> Result<ConfigurationView, ApiError> {
        let station = self.registered(id).await?;
        let node = node_of(&station);
        let _ = self.pep.permit::<act::ManageSettings>(caller, node).await?;
        let presence = self
            .link
            .presence(&station.key)
            .ok_or(CommandError::Offline)?;
        let names = match names.is_empty() {
            true => all_names(presence.version),
            false => checked(names, presence.version)?,
        };
        let at_once = station
            .settings
            .configuration_keys_per_call
            .unwrap_or(self.settings.configuration_keys);
        let question = Question {
            station: station.key.clone(),
            presence,
            names,
            at_once: usize::try_from(at_once).unwrap_or(1),
            node,
        };
        let reading = self
            .begin_reading(question)
            .ok_or_else(|| ApiError::Conflict {
                code: "configuration_is_read",
                detail: "the station is being asked already".to_owned(),
            })?;
        Ok(ConfigurationView {
            station_id: station.id.as_str().to_owned(),
            reading: Some(reading),
            values: self.store.configuration_of(&station.key).await?,
        })
    }
}

fn checked(names: Vec<String>, version: OcppVersion) -> Result<Vec<String>, ApiError> {
    if names.len() > MOST_NAMES {
        return Err(ApiError::field("keys", "too_long", "at most 500"));
    }
    let mut kept: Vec<String> = Vec::with_capacity(names.len());
    for (position, name) in names.into_iter().enumerate() {
        let name = name.trim().to_owned();
        let field = format!("keys[{position}]");
        let length = name.chars().count();
        if length == 0 || length > NAME_CHARS || name.contains(char::is_control) {
            return Err(ApiError::field(field, "invalid", "1 to 250 characters"));
        }
        if version == OcppVersion::V201 && !name.contains('.') {
            return Err(ApiError::field(
                field,
                "invalid",
                "the station speaks 2.0.1: `Component.Variable`, each with `[instance]` behind it \
                 where it has one",
            ));
        }
        if !kept.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
            kept.push(name);
        }
    }
    Ok(kept)
}
