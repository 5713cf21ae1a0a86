//! Playing a scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use super::act::{Got, Outcome, charger_step, lock_step, wire_step};
use super::common::common_step;
use super::fleet_of::{BadStation, Station};
use super::{Scenario, Step};
use crate::transport::Connection;

/// What comes from outside the file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Overrides the address in the file.
    pub url: Option<String>,
    /// PEM certificates that may have signed the server's.
    pub ca_pem: Option<Vec<u8>>,
}

/// Why a scenario did not go through.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Neither the file nor the options name an address.
    #[error("the scenario has no `url`, and none is given")]
    NoUrl,
    /// A station cannot be made.
    #[error(transparent)]
    BadStation(#[from] BadStation),
    /// A step came to something else than expected.
    #[error("step {number} ({step}): expected `{expected}`, got `{got}`")]
    Unexpected {
        /// Counted from 1.
        number: usize,
        /// Its name.
        step: &'static str,
        /// What the file says.
        expected: String,
        /// What happened.
        got: String,
    },
    /// A step could not be done.
    #[error("step {number} ({step}): {error}")]
    Failed {
        /// Counted from 1.
        number: usize,
        /// Its name.
        step: &'static str,
        /// Why.
        error: String,
    },
}

/// Plays a scenario; `tell` gets one line for every step.
///
/// # Errors
/// With the first step that fails or comes to something unexpected.
pub async fn run(
    scenario: &Scenario,
    options: &Options,
    tell: &mut (dyn FnMut(&str) + Send),
) -> Result<(), ScenarioError> {
    let url = options
        .url
        .as_ref()
        .or(scenario.url.as_ref())
        .ok_or(ScenarioError::NoUrl)?;
    let mut player = Player {
        stations: BTreeMap::new(),
        half_open: Vec::new(),
    };
    for (id, spec) in &scenario.stations {
        let station = Station::new(url, id, spec, options.ca_pem.as_deref())?;
        player.stations.insert(id.clone(), station);
    }
    let mut outcome = Ok(());
    for (index, step) in scenario.steps.iter().enumerate() {
        let number = index + 1;
        let name = scenario.station_of(step).ok().flatten().unwrap_or_default();
        outcome = match player.play(name, step).await {
            Ok(got) => {
                tell(&format!(
                    "{number:>3} {name} {}: {}",
                    step.name(),
                    got.all()
                ));
                check(number, step, &got)
            }
            Err(error) => Err(ScenarioError::Failed {
                number,
                step: step.name(),
                error,
            }),
        };
        if outcome.is_err() {
            break;
        }
    }
    player.switch_off().await;
    outcome
}

fn check(number: usize, step: &Step, got: &Got) -> Result<(), ScenarioError> {
    match step.expect() {
        Some(expected) if expected != got.word && Some(expected) != got.status.as_deref() => {
            Err(ScenarioError::Unexpected {
                number,
                step: step.name(),
                expected: expected.to_owned(),
                got: got.all(),
            })
        }
        Some(_) | None => Ok(()),
    }
}

struct Player {
    stations: BTreeMap<String, Station>,
    /// Kept, so that they stay open.
    half_open: Vec<Connection>,
}

impl Player {
    async fn switch_off(self) {
        for station in self.stations.into_values() {
            match station {
                Station::Charger(charger) => charger.switch_off().await,
                Station::Lock(lock) => lock.switch_off().await,
            }
        }
        for connection in self.half_open {
            connection.drop_hard().await;
        }
    }

    async fn play(&mut self, name: &str, step: &Step) -> Outcome {
        if let Step::Wait { seconds } = step {
            tokio::time::sleep(Duration::from_secs(*seconds)).await;
            return Ok(Got::word("done"));
        }
        let station = self
            .stations
            .get(name)
            .ok_or("there is no such station")?
            .clone();
        if let Step::HalfOpen { .. } = step {
            let old = match &station {
                Station::Charger(charger) => charger.abandon_connection().await,
                Station::Lock(lock) => lock.abandon_connection().await,
            };
            self.half_open.push(old.ok_or("there is no connection")?);
            return Ok(Got::word("done"));
        }
        if let Some(outcome) = wire_step(&station, step).await {
            return outcome;
        }
        if let Some(outcome) = common_step(&station, step).await {
            return outcome;
        }
        match &station {
            Station::Charger(charger) => charger_step(charger, step).await,
            Station::Lock(lock) => lock_step(lock, step).await,
        }
    }
}
