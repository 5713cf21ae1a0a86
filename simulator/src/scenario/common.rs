//! Steps that chargers and locks do alike: messages and faults of any kind.

use std::time::Duration;

use serde_json::json;

use super::Step;
use super::act::{Got, Outcome, status_of};
use super::fleet_of::Station;
use super::words::{StepFrame, StepHabit};
use crate::describe;
use crate::functions;
use crate::station::{Core, StationError};
use crate::transport::CallFailure;

/// Does the step, if it is one of these.
pub(super) async fn common_step(station: &Station, step: &Step) -> Option<Outcome> {
    let core = match station {
        Station::Charger(charger) => charger.core(),
        Station::Lock(lock) => lock.core(),
    };
    Some(match step {
        Step::Send {
            action, payload, ..
        } => answered(functions::send(core, action, payload.clone()).await),
        Step::SignCertificate { .. } => answered(functions::sign_certificate(core).await),
        Step::Received {
            action,
            with,
            within_seconds,
            ..
        } => {
            let limit = Duration::from_secs(*within_seconds);
            match core.await_call(action, with, limit).await {
                Ok(call) => Ok(Got::with_status("received", Some(&call.answer))),
                Err(_) => Err(format!("no `{action}` with {with} has come")),
            }
        }
        Step::Misbehave {
            fault,
            action,
            seconds,
            ..
        } => {
            core.faults.add(action.as_deref(), fault.fault(*seconds));
            Ok(Got::word("done"))
        }
        Step::Deviate { take_up, drop, .. } => {
            for StepHabit(habit) in take_up {
                core.habits.take_up(*habit);
            }
            for StepHabit(habit) in drop {
                core.habits.drop_habit(*habit);
            }
            Ok(Got::word("done"))
        }
        Step::Frame { kind, bytes, .. } => frame(core, *kind, *bytes).await,
        _ => return None,
    })
}

fn answered(outcome: Result<serde_json::Value, StationError>) -> Outcome {
    match outcome {
        Ok(answer) => Ok(Got::with_status("result", status_of(&answer).as_deref())),
        Err(StationError::Call(CallFailure::Error { code, .. })) => Ok(Got::word(&code)),
        Err(error) => Err(describe(&error)),
    }
}

async fn frame(core: &Core, kind: StepFrame, bytes: usize) -> Outcome {
    let connection = core.connection().ok_or("there is no connection")?;
    let sent = match kind {
        StepFrame::Empty => connection.send_text("").await,
        StepFrame::Binary => connection.send_binary(vec![0; bytes.min(1024)]).await,
        StepFrame::Oversized => {
            let filling = "x".repeat(bytes);
            let payload = json!({ "vendorId": "org.example", "data": filling });
            let frame = json!([2, core.ids.next().as_str(), "DataTransfer", payload]);
            connection.send_text(frame.to_string()).await
        }
    };
    sent.map(|()| Got::word("done"))
        .map_err(|error| error.to_string())
}
