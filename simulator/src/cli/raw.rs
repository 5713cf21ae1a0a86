//! Commands that chargers and locks share: messages by name, garbage, faults.

use std::time::Duration;

use rpc::MessageId;
use serde_json::Value;
use simulator::charger::Charger;
use simulator::lock::Lock;
use simulator::station::{Fault, Received};
use simulator::transport::{CallFailure, Connection};
use simulator::vendor::{Habit, Habits};
use simulator::{StationError, Version, describe, messages};

use super::console::{Next, number};

/// The part of `help` about them.
pub(super) const HELP: &str = "\
send ACTION [JSON]  a message of its version, checked before it goes out; without JSON a believable
                    one. `actions` lists them
call ACTION JSON    a CALL of any kind, unchecked
raw TEXT            any text as one frame: raw [2,\"1\",\"Heartbeat\",{}
empty, binary, oversized [BYTES]   frames that are none of OCPP
flood N             so many Heartbeats at once
misbehave FAULT [ACTION] [SECONDS]   spoils the answer to the next CALL of the central system:
                    no_answer, late_answer, wrong_id, twice, error, garbled, drop
deviate [-]NAME     takes up (or drops) a deviation; `deviations` lists them
received            what the central system has sent";

/// More than any message of OCPP needs.
const OVERSIZED: usize = 2 * 1024 * 1024;

/// How long an answer to garbage may take; after this there is none.
const STRAY_ANSWER: Duration = Duration::from_secs(2);

/// What is left of a line behind its first words.
fn rest(line: &str, words: usize) -> &str {
    let mut rest = line.trim();
    for _ in 0..words {
        rest = rest
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim_start());
    }
    rest
}

/// JSON in a command; nothing if there is none.
fn json(text: &str) -> Result<Option<Value>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| format!("this is no JSON: {error}"))
}

/// What an answer is told as.
pub(super) fn told(outcome: Result<Value, StationError>) -> Result<Next, String> {
    match outcome {
        Ok(answer) => Ok(Next::line(format!("answered with {answer}"))),
        Err(error) => Err(describe(&error)),
    }
}

/// A station as these commands see it.
#[async_trait::async_trait]
pub(super) trait Driven: Sync {
    fn connection(&self) -> Option<Connection>;
    fn version(&self) -> Version;
    fn habits(&self) -> &Habits;
    fn misbehave(&self, action: Option<&str>, fault: Fault);
    fn received(&self) -> Vec<Received>;
    async fn send(&self, action: &str, payload: Option<Value>) -> Result<Value, StationError>;
}

macro_rules! driven {
    ($station:ty) => {
        #[async_trait::async_trait]
        impl Driven for $station {
            fn connection(&self) -> Option<Connection> {
                self.connection()
            }

            fn version(&self) -> Version {
                self.version()
            }

            fn habits(&self) -> &Habits {
                self.habits()
            }

            fn misbehave(&self, action: Option<&str>, fault: Fault) {
                self.misbehave(action, fault);
            }

            fn received(&self) -> Vec<Received> {
                self.received()
            }

            async fn send(
                &self,
                action: &str,
                payload: Option<Value>,
            ) -> Result<Value, StationError> {
                self.send(action, payload).await
            }
        }
    };
}

driven!(Charger);
driven!(Lock);

/// Obeys a command of these; nothing if it is none.
pub(super) async fn obey(
    station: &impl Driven,
    line: &str,
    words: &[String],
) -> Option<Result<Next, String>> {
    Some(match words.first()?.as_str() {
        "actions" => Ok(actions(station.version())),
        "send" => send(station, line, words).await,
        "misbehave" => fault(words).map(|(action, fault)| {
            station.misbehave(action, fault);
            Next::Go(Vec::new())
        }),
        "deviate" => deviate(station.habits(), words),
        "deviations" => Ok(deviations(station.habits())),
        "received" => Ok(Next::Go(
            station
                .received()
                .iter()
                .map(|call| format!("{} {}: {}", call.action, call.payload, call.answer))
                .collect(),
        )),
        command @ ("call" | "raw" | "empty" | "binary" | "oversized" | "flood") => {
            match station.connection() {
                Some(connection) => frame(&connection, command, line, words).await,
                None => Err("there is no connection".to_owned()),
            }
        }
        _ => return None,
    })
}

async fn send(station: &impl Driven, line: &str, words: &[String]) -> Result<Next, String> {
    let action = words
        .get(1)
        .ok_or("`send` needs an action; `actions` lists them")?;
    let payload = json(rest(line, 2))?;
    told(station.send(action, payload).await)
}

/// The messages of a version that stations send.
fn actions(version: Version) -> Next {
    let names = messages::all(version)
        .iter()
        .filter(|kind| kind.from_station())
        .map(|kind| kind.action.to_owned());
    Next::Go(names.collect())
}

async fn frame(
    connection: &Connection,
    command: &str,
    line: &str,
    words: &[String],
) -> Result<Next, String> {
    let failed = |failure: CallFailure| failure.to_string();
    let text = match command {
        "call" => {
            let action = words.get(1).ok_or("`call` needs an action")?;
            let payload = json(rest(line, 2))?.ok_or("`call` needs a payload")?;
            let answer = connection.call(action, payload).await.map_err(failed)?;
            return Ok(Next::line(format!("answered with {answer}")));
        }
        "flood" => {
            let count = number(words.get(1))?;
            let mut calls = Vec::new();
            for _ in 0..count {
                let id = connection.next_message_id();
                let call = connection
                    .start_call(id, "Heartbeat", serde_json::json!({}))
                    .await
                    .map_err(failed)?;
                calls.push(call);
            }
            let mut answered = 0;
            for call in calls {
                answered += u32::from(call.answer().await.is_ok());
            }
            return Ok(Next::line(format!("{answered} of {count} answered")));
        }
        "binary" => {
            connection.send_binary(vec![0; 16]).await.map_err(failed)?;
            String::new()
        }
        "oversized" => {
            let bytes = words.get(1).map_or(Ok(OVERSIZED), |word| {
                word.parse()
                    .map_err(|_| format!("`{word}` is not a number"))
            })?;
            oversized(&connection.next_message_id(), bytes)
        }
        "empty" => String::new(),
        _ => rest(line, 1).to_owned(),
    };
    if command != "binary" {
        connection.send_text(text).await.map_err(failed)?;
    }
    let answer = tokio::time::timeout(STRAY_ANSWER, connection.next_unsolicited()).await;
    Ok(Next::line(answer.ok().flatten().map_or_else(
        || "no answer".to_owned(),
        |text| format!("answered with {text}"),
    )))
}

fn oversized(id: &MessageId, bytes: usize) -> String {
    let payload = serde_json::json!({ "vendorId": "org.example", "data": "x".repeat(bytes) });
    serde_json::json!([2, id.as_str(), "DataTransfer", payload]).to_string()
}

/// `misbehave FAULT [ACTION] [SECONDS]`.
fn fault(words: &[String]) -> Result<(Option<&str>, Fault), String> {
    let name = words.get(1).ok_or("`misbehave` needs a fault")?;
    let number = words.iter().skip(2).find_map(|word| word.parse().ok());
    let action = words
        .iter()
        .skip(2)
        .find(|word| word.parse::<u64>().is_err());
    let fault = Fault::parse(name, number.unwrap_or(1))
        .ok_or_else(|| format!("`{name}` is none of {}", Fault::NAMES.join(", ")))?;
    Ok((action.map(String::as_str), fault))
}

/// `deviate [-]NAME`.
fn deviate(habits: &Habits, words: &[String]) -> Result<Next, String> {
    let word = words.get(1).ok_or("`deviate` needs a name")?;
    match word.strip_prefix('-') {
        Some(name) => habits.drop_habit(Habit::parse(name)?),
        None => habits.take_up(Habit::parse(word)?),
    }
    Ok(Next::Go(Vec::new()))
}

/// The habits that there are, and which of them it has.
fn deviations(habits: &Habits) -> Next {
    let lines = Habit::ALL.iter().map(|habit| {
        let mark = if habits.has(*habit) { "*" } else { " " };
        let (name, quirk, what) = (habit.name(), habit.quirk(), habit.what());
        format!("{mark} {name:<23} {quirk:<4} {what}")
    });
    Next::Go(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::{fault, rest};
    use simulator::station::Fault;
    use std::time::Duration;

    #[test]
    fn the_rest_of_a_line_keeps_its_spaces() {
        let line = "send DataTransfer  {\"data\": \"a  b\"}";
        assert_eq!(rest(line, 2), "{\"data\": \"a  b\"}");
        assert_eq!(rest("raw", 1), "");
    }

    #[test]
    fn faults_take_an_action_and_seconds_in_any_order() {
        let words =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let late = Fault::LateAnswer(Duration::from_secs(5));
        let line = words("misbehave late_answer Reset 5");
        assert_eq!(fault(&line), Ok((Some("Reset"), late)));
        let line = words("misbehave no_answer");
        assert_eq!(fault(&line), Ok((None, Fault::NoAnswer)));
        assert!(fault(&words("misbehave nicely")).is_err());
    }
}
