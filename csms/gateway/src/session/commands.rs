//! Our CALLs: their answers.

use metrics::counter;
use model::QuirkName;
use model::command::{CommandAnswer, CommandError};
use ocpp::{Adapter, Quirk};
use rpc::{MessageId, Version};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Session, calls};
use crate::line::Command;
use crate::measures;

/// The station's CALLERROR to a command: an answer, too.
fn error(code: String, description: String, details: &RawValue) -> CommandAnswer {
    let details: Value = serde_json::from_str(details.get()).unwrap_or_default();
    CommandAnswer::Error {
        code,
        description,
        details,
    }
}

/// Counts a command that came to its end.
pub(super) fn count(version: Version, action: &str, result: &'static str) {
    counter!(
        measures::COMMANDS,
        "version" => version.number(), "action" => action.to_owned(), "result" => result,
    )
    .increment(1);
}

impl Session {
    /// An answer of the station. It may come late, or to nothing we asked; then it is dropped.
    pub(super) fn on_answer(
        &mut self,
        id: &MessageId,
        read: impl FnOnce(&Self, &Command) -> Result<CommandAnswer, CommandError>,
    ) {
        let Some(command) = self.outstanding.take_if(|command| command.id == *id) else {
            let why = self.past.of(id);
            counter!(measures::ANSWERS_DROPPED, "why" => why.name()).increment(1);
            // The first of its kind is told as a finding; a line for each would flood the log.
            tracing::debug!(
                station.id = %self.connection().station.id,
                message.id = %id,
                why = why.name(),
                "an answer that nobody waits for was dropped",
            );
            self.notice(why.finding(), String::new());
            return;
        };
        let answer = read(self, &command);
        let result = match &answer {
            Ok(CommandAnswer::Result { .. } | CommandAnswer::Configuration(_)) => "ok",
            Ok(CommandAnswer::Error { .. }) => "error",
            Err(_) => "unreadable",
        };
        count(self.version, &command.action, result);
        self.past.answered(command.id);
        // Whoever asked may have gone.
        let _ = command.answer.send(answer);
    }

    /// The station's CALLRESULT to a command. Deviations are noted; they make it no less an answer.
    pub(super) fn result(&self, command: &Command, payload: &RawValue) -> CommandAnswer {
        let connection = self.connection();
        let adapter = Adapter::for_version(connection.version);
        let quirks = adapter.answer_quirks(&command.command, payload);
        calls::note(&*self.shared.stations, connection, &command.action, quirks);
        adapter.decode_answer(&command.command, payload)
    }

    /// The station's CALLERROR to a command; any code is taken, in either spelling (Q19).
    pub(super) fn error(
        &self,
        command: &Command,
        code: String,
        description: String,
        details: &RawValue,
    ) -> CommandAnswer {
        let connection = self.connection();
        if !Adapter::for_version(connection.version).is_error_code(&code) {
            let quirk = Quirk {
                name: QuirkName::ErrorCodeSpelling,
                field: "errorCode".to_owned(),
            };
            calls::note(
                &*self.shared.stations,
                connection,
                &command.action,
                vec![quirk],
            );
        }
        error(code, description, details)
    }
}
