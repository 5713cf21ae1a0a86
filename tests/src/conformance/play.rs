//! A scenario from its first step to its last.

use std::sync::Arc;

use super::scenario::{Begin, Scenario, SpokenVersion};
use super::scene::Scene;
use super::schemas::Schemas;
use super::step::Stage;
use crate::Server;

/// What a run of a scenario came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The row.
    pub row: String,
    /// The version it was played in.
    pub version: &'static str,
    /// The claim.
    pub claim: String,
    /// The step that went wrong, counted from 1, and how.
    pub fault: Option<String>,
}

/// Plays a scenario in one version.
pub async fn play(
    server: Arc<Server>,
    schemas: Arc<Schemas>,
    scenario: Scenario,
    version: SpokenVersion,
) -> Outcome {
    let outcome = |fault| Outcome {
        row: scenario.row.clone(),
        version: version.name(),
        claim: scenario.claim.clone(),
        fault,
    };
    // A task of its own: a panic of the harness is a fault of this scenario only.
    let task = tokio::spawn(steps(server, schemas, scenario.clone(), version));
    match task.await {
        Ok(Ok(())) => outcome(None),
        Ok(Err(fault)) => outcome(Some(fault)),
        Err(panic) => outcome(Some(panicked(panic))),
    }
}

fn panicked(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "it was cancelled".to_owned();
    };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}

async fn steps(
    server: Arc<Server>,
    schemas: Arc<Schemas>,
    scenario: Scenario,
    version: SpokenVersion,
) -> Result<(), String> {
    let scene = Scene::make(server.owner(), &scenario).await;
    let given = scenario.given.clone();
    let mut stage = Stage::new(server, schemas, scene, version.version(), given);
    let begun = match scenario.given.station {
        Begin::Accepted => stage.begin(true).await,
        Begin::Connected => stage.begin(false).await,
        Begin::Registered => Ok(()),
    };
    begun.map_err(|fault| format!("before the first step: {fault}"))?;
    for (index, step) in scenario.steps.iter().enumerate() {
        let done = stage.step(step).await;
        done.map_err(|fault| format!("step {}: {fault}", index + 1))?;
    }
    Ok(())
}
