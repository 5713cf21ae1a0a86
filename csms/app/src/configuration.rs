//! Reading the settings of a station: in small pieces, one question at a time, with patience.
//!
//! Some chargers reboot or fall silent when they are asked for everything at once (Q35), so known
//! names are asked for in pieces, the pieces become smaller when no answer comes, and after a few
//! silences it is given up. Nothing is ever changed by it.

mod names;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{ConfigurationState, ConfigurationValue, KnownConfiguration, OcppVersion, StationKey};
use parking_lot::Mutex;
use serde_json::json;
use store::StoreError;

use crate::App;
use crate::link::Presence;

pub use names::{known_names, limit_name};

/// Silences in a row after which a reading is given up.
const PATIENCE: u32 = 3;

/// How a reading goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether it goes on.
    pub state: ReadingState,
    /// How many settings were asked for so far.
    pub asked: usize,
    /// Of how many.
    pub total: usize,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it was stopped, in plain words.
    pub problem: Option<String>,
}

/// Whether a reading goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadingState {
    /// It goes on.
    Running,
    /// Everything was asked for.
    Done,
    /// It was given up.
    Stopped,
}

impl ReadingState {
    /// The word in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ReadingState::Running => "running",
            ReadingState::Done => "done",
            ReadingState::Stopped => "stopped",
        }
    }
}

/// The last reading of each station since the process began.
#[derive(Debug, Default)]
pub(crate) struct Readings(Mutex<HashMap<StationKey, Reading>>);

impl Readings {
    pub(crate) fn of(&self, station: &StationKey) -> Option<Reading> {
        self.0.lock().get(station).cloned()
    }

    /// Begins one, unless one goes on.
    fn begin(&self, station: &StationKey, total: usize, now: Timestamp) -> Option<Reading> {
        let mut readings = self.0.lock();
        let running = |reading: &Reading| reading.state == ReadingState::Running;
        if readings.get(station).is_some_and(running) {
            return None;
        }
        let reading = Reading {
            state: ReadingState::Running,
            asked: 0,
            total,
            started_at: now,
            ended_at: None,
            problem: None,
        };
        readings.insert(station.clone(), reading.clone());
        Some(reading)
    }

    fn update(&self, station: &StationKey, change: impl FnOnce(&mut Reading)) {
        if let Some(reading) = self.0.lock().get_mut(station) {
            change(reading);
        }
    }

    /// Forgets a station that was removed.
    pub(crate) fn forget(&self, station: &StationKey) {
        self.0.lock().remove(station);
    }
}

/// What is to be read.
pub(crate) struct Question {
    pub(crate) station: StationKey,
    /// The connection; with its end the reading ends.
    pub(crate) presence: Presence,
    pub(crate) names: Vec<String>,
    /// How many at once.
    pub(crate) at_once: usize,
    /// Where it is shown.
    pub(crate) node: model::NodeId,
}

impl App {
    /// Begins to read in the background. `None`: a reading of this station goes on.
    pub(crate) fn begin_reading(&self, question: Question) -> Option<Reading> {
        let app = self.myself.upgrade()?;
        let total = question.names.len();
        let reading = self
            .readings
            .begin(&question.station, total, self.clock.now())?;
        let stop = self.stopping();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = read(&app, question) => {}
            }
        });
        Some(reading)
    }

    async fn keep_values(
        &self,
        station: &StationKey,
        values: Vec<ConfigurationValue>,
    ) -> Result<(), StoreError> {
        let read_at = self.clock.now();
        let rows: Arc<[KnownConfiguration]> = values
            .into_iter()
            .map(|value| KnownConfiguration {
                station: station.clone(),
                value,
                read_at,
            })
            .collect();
        self.store
            .write(self.settings.hold, move |tx| {
                let rows = Arc::clone(&rows);
                Box::pin(async move {
                    for row in rows.iter() {
                        tx.put_configuration(row).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// What to do after a question.
enum Next {
    /// The next piece, after a pause.
    Ask(Duration),
    Stop(String),
}

async fn read(app: &Arc<App>, question: Question) {
    let Question {
        station,
        presence,
        mut names,
        at_once,
        node,
    } = question;
    let limit = limit_name(presence.version);
    let (mut size, mut silences) = (at_once.max(1), 0);
    let mut problem = None;
    while !names.is_empty() && problem.is_none() {
        let stands = app.link.presence(&station);
        if stands.is_none_or(|now| now.since != presence.since) {
            problem = Some("the station disconnected".to_owned());
            break;
        }
        let piece: Vec<String> = names.iter().take(size).cloned().collect();
        let command = StationCommand::ReadConfiguration(piece.clone());
        let deadline = app.settings.command_deadline;
        let next = match app.link.command(&station, command, deadline).await {
            Ok(CommandAnswer::Configuration(values)) => {
                silences = 0;
                // What the station itself says it takes at once.
                let most = values
                    .iter()
                    .find(|value| value.name.eq_ignore_ascii_case(limit))
                    .and_then(|value| value.value.as_deref()?.trim().parse().ok());
                size = size.min(most.unwrap_or(size)).max(1);
                names.drain(..piece.len());
                take(app, &station, piece.len(), values).await
            }
            // It does not take so many at once, or one of them.
            Ok(CommandAnswer::Error { .. } | CommandAnswer::Result { .. }) if piece.len() > 1 => {
                silences = 0;
                size = piece.len() / 2;
                Next::Ask(Duration::ZERO)
            }
            Ok(CommandAnswer::Error { .. } | CommandAnswer::Result { .. }) => {
                silences = 0;
                names.drain(..piece.len());
                let refused = piece.into_iter().map(|name| ConfigurationValue {
                    name,
                    state: ConfigurationState::Refused,
                    value: None,
                    read_only: None,
                });
                take(app, &station, 1, refused.collect()).await
            }
            Err(error @ (CommandError::NoAnswer | CommandError::Busy)) => {
                silences += 1;
                size = (piece.len() / 2).max(1);
                if silences > PATIENCE {
                    Next::Stop(error.to_string())
                } else {
                    Next::Ask(app.settings.configuration_pause * 2_u32.pow(silences - 1))
                }
            }
            Err(CommandError::Offline | CommandError::Lost) => {
                Next::Stop("the station disconnected".to_owned())
            }
            Err(
                error @ (CommandError::UnknownAction { .. }
                | CommandError::InvalidPayload { .. }
                | CommandError::NotAccepted),
            ) => Next::Stop(error.to_string()),
        };
        match next {
            Next::Ask(pause) => tokio::time::sleep(pause).await,
            Next::Stop(why) => problem = Some(why),
        }
    }
    end(app, &station, node, problem);
}

/// Keeps what came.
async fn take(
    app: &App,
    station: &StationKey,
    asked: usize,
    values: Vec<ConfigurationValue>,
) -> Next {
    if let Err(error) = app.keep_values(station, values).await {
        tracing::error!(%error, station.id = %station, "configuration not kept");
        return Next::Stop("the database is away".to_owned());
    }
    app.readings
        .update(station, |reading| reading.asked += asked);
    Next::Ask(Duration::ZERO)
}

fn end(app: &App, station: &StationKey, node: model::NodeId, problem: Option<String>) {
    let now = app.clock.now();
    let state = match problem {
        None => ReadingState::Done,
        Some(_) => ReadingState::Stopped,
    };
    app.readings.update(station, |reading| {
        reading.state = state;
        reading.ended_at = Some(now);
        reading.problem.clone_from(&problem);
    });
    let data = json!({
        "station_id": station.as_str(),
        "state": state.name(),
        "problem": problem,
    });
    let needs = model::Action::Service;
    app.events
        .tell_to(needs, now, "station.configuration", node, data);
}

/// The names asked for where none are given.
pub(crate) fn all_names(version: OcppVersion) -> Vec<String> {
    known_names(version)
        .iter()
        .map(|name| (*name).to_owned())
        .collect()
}
