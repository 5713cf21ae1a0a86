//! Scenario files: stations, and what happens to them step by step, with expectations.
//!
//! A file is YAML with `name`, `url`, `stations` and `steps`; its form is published as
//! `schemas/scenario.schema.json`. Every step is a map with one key, the name of the step:
//!
//! ```yaml
//! name: a card is accepted
//! url: ws://127.0.0.1:8080/ocpp
//! stations:
//!   CP1: { version: "1.6" }
//! steps:
//!   - connect: {}
//!   - boot: { expect: Accepted }
//!   - plug: {}
//!   - card: { token: "04A1B2C3", expect: started }
//! ```
//!
//! `station` may be left out where there is only one; `connector` and `door` are 1 unless said
//! otherwise. Tokens are quoted, since YAML reads `41122334` as a number.

mod act;
mod common;
mod fleet_of;
mod run;
mod spec;
mod step;
#[cfg(test)]
mod tests;
mod words;

pub use fleet_of::BadStation;
pub use run::{Options, ScenarioError, run};
pub use spec::Scenario;
use step::Step;

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadScenario {
    /// It is not YAML.
    #[error("not YAML")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// It has not the form of a scenario.
    #[error("`{path}`: {error}")]
    Form {
        /// Where.
        path: String,
        /// What is wrong.
        error: String,
    },
    /// It names a station it does not have, or none where there are several.
    #[error("step {number}: {error}")]
    Step {
        /// Counted from 1.
        number: usize,
        /// What is wrong.
        error: String,
    },
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// When the text is not a scenario; the error names the place.
    pub fn parse(text: &str) -> Result<Scenario, BadScenario> {
        // By way of JSON, in which a map with one key is a named alternative.
        let value: serde_json::Value = serde_yaml_ng::from_str(text)?;
        let scenario: Scenario =
            serde_path_to_error::deserialize(value).map_err(|error| BadScenario::Form {
                path: error.path().to_string(),
                error: error.inner().to_string(),
            })?;
        for (index, step) in scenario.steps.iter().enumerate() {
            scenario
                .station_of(step)
                .map_err(|error| BadScenario::Step {
                    number: index + 1,
                    error,
                })?;
        }
        Ok(scenario)
    }

    /// The station a step is about; nothing for steps about none.
    pub(crate) fn station_of(&self, step: &Step) -> Result<Option<&str>, String> {
        let Some(named) = step.station() else {
            return Ok(None);
        };
        match named {
            Some(name) => match self.stations.get_key_value(name) {
                Some((name, _)) => Ok(Some(name)),
                None => Err(format!("there is no station `{name}`")),
            },
            None => {
                let mut names = self.stations.keys();
                match (names.next(), names.next()) {
                    (Some(only), None) => Ok(Some(only)),
                    (_, _) => Err("`station` is missing".to_owned()),
                }
            }
        }
    }
}
