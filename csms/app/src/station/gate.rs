//! What may be asked of a station before it is accepted: the one way on which commands go out.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{AcceptedState, StationKey, StationSettings};
use serde_json::Value;

use super::Standing;
use crate::clock::SharedClock;
use crate::link::{Disconnect, Presence, StationLink};

/// The connections to stations, for those that may be asked.
pub(crate) struct Gate {
    pub(crate) link: Arc<dyn StationLink>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) clock: SharedClock,
}

#[async_trait]
impl StationLink for Gate {
    async fn command(
        &self,
        station: &StationKey,
        command: StationCommand,
        deadline: Duration,
    ) -> Result<CommandAnswer, CommandError> {
        if !may_be_asked(self.standing.accepted(station), &command) {
            return match self.link.presence(station) {
                Some(_) => Err(CommandError::NotAccepted),
                None => Err(CommandError::Offline),
            };
        }
        if let Some(asked) = asks_for(&command) {
            // Before it is sent: what it asks for may come before the answer.
            self.standing.ask(station, asked, self.clock.now());
        }
        self.link.command(station, command, deadline).await
    }

    fn presence(&self, station: &StationKey) -> Option<Presence> {
        self.link.presence(station)
    }

    fn online(&self) -> usize {
        self.link.online()
    }

    fn disconnect(&self, station: &StationKey, why: Disconnect) {
        self.link.disconnect(station, why);
    }

    fn configure(&self, station: &StationKey, settings: &StationSettings) {
        self.link.configure(station, settings);
    }
}

/// Whether a station in this state may be asked this.
fn may_be_asked(state: AcceptedState, command: &StationCommand) -> bool {
    match state {
        // A station that never booted here may have been accepted elsewhere (OCPP 1.6 §4.2: no
        // BootNotification on reconnect).
        AcceptedState::New | AcceptedState::Accepted => true,
        // OCPP 1.6 §4.2, B02.FR.05.
        AcceptedState::Pending => !starts_or_stops(command),
        // OCPP 1.6 §4.2, B03.FR.03.
        AcceptedState::Rejected => false,
    }
}

fn starts_or_stops(command: &StationCommand) -> bool {
    match command {
        StationCommand::RemoteStart(_) | StationCommand::RemoteStop(_) => true,
        StationCommand::Raw { action, .. } => matches!(
            action.as_str(),
            "RemoteStartTransaction"
                | "RemoteStopTransaction"
                | "RequestStartTransaction"
                | "RequestStopTransaction"
        ),
        StationCommand::ClearCache
        | StationCommand::OpenDoor(_)
        | StationCommand::SetDoorMode { .. }
        | StationCommand::DataTransfer(_)
        | StationCommand::TriggerBoot
        | StationCommand::ReadConfiguration(_) => false,
    }
}

/// The message that a command makes the station send.
fn asks_for(command: &StationCommand) -> Option<String> {
    let StationCommand::Raw { action, payload } = command else {
        return None;
    };
    match action.as_str() {
        "TriggerMessage" | "ExtendedTriggerMessage" => payload
            .get("requestedMessage")
            .and_then(Value::as_str)
            .map(str::to_owned),
        // B07, B08: the report comes in messages of its own.
        "GetBaseReport" | "GetReport" => Some("NotifyReport".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(action: &str, payload: Value) -> StationCommand {
        StationCommand::Raw {
            action: action.to_owned(),
            payload,
        }
    }

    #[test]
    fn a_station_told_to_wait_may_be_asked_anything_but_starts_and_stops() {
        let start = raw("RequestStartTransaction", json!({}));
        let reset = raw("Reset", json!({}));
        for (state, expected) in [
            (AcceptedState::New, (true, true)),
            (AcceptedState::Accepted, (true, true)),
            (AcceptedState::Pending, (false, true)),
            (AcceptedState::Rejected, (false, false)),
        ] {
            let found = (may_be_asked(state, &start), may_be_asked(state, &reset));
            assert_eq!(found, expected, "{state:?}");
        }
    }

    #[test]
    fn what_a_command_makes_the_station_send_is_known() {
        let trigger = raw("TriggerMessage", json!({"requestedMessage": "Heartbeat"}));
        assert_eq!(asks_for(&trigger).as_deref(), Some("Heartbeat"));
        let report = raw("GetBaseReport", json!({}));
        assert_eq!(asks_for(&report).as_deref(), Some("NotifyReport"));
        assert_eq!(asks_for(&raw("Reset", json!({}))), None);
        assert_eq!(asks_for(&raw("TriggerMessage", json!({}))), None);
        assert_eq!(asks_for(&StationCommand::ClearCache), None);
    }
}
