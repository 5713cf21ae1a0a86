//! Every sample of every schema through the adapters.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use model::OcppVersion;
use model::command::StationCommand;
use model::neutral::{StationReply, StationRequest};
use ocpp::{Adapter, Message, Peer, Sender, Usage, messages};
use serde_json::Value;

use super::{Side, of_version, samples};
use crate::conversation::raw;

/// What came of the samples of one message.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) message: &'static Message,
    /// Samples of the request and of the answer.
    pub(crate) samples: (usize, usize),
    /// What the inside was given.
    pub(crate) received: BTreeSet<String>,
    /// What the station is told where nothing but keeping is done.
    pub(crate) told: Option<String>,
    /// It was sent as given.
    pub(crate) raw: bool,
    /// What went wrong.
    pub(crate) faults: Vec<String>,
}

/// Runs the samples of a version; in the order of the adapter's table.
pub(crate) fn run(version: OcppVersion) -> Vec<Outcome> {
    let adapter = Adapter::for_version(version);
    let mut schemas: BTreeMap<(String, Side), Value> = of_version(version)
        .into_iter()
        .map(|official| ((official.action, official.side), official.schema))
        .collect();
    let outcomes = messages(version)
        .iter()
        .map(|message| {
            let mut take = |side| {
                schemas
                    .remove(&(message.action().to_owned(), side))
                    .unwrap_or_else(|| panic!("{}: no schema", message.action()))
            };
            let (request, answer) = (take(Side::Request), take(Side::Answer));
            Run::of(adapter, message).both(&request, &answer)
        })
        .collect();
    assert!(
        schemas.is_empty(),
        "not in the table: {:?}",
        schemas.keys().collect::<Vec<_>>()
    );
    outcomes
}

/// One payload of one message; what it is told otherwise is in the error.
pub(crate) fn one(
    adapter: Adapter,
    message: &'static Message,
    side: Side,
    validator: &Validator,
    payload: &Value,
) -> Result<(), String> {
    Run::of(adapter, message).one(side, validator, payload)
}

struct Run {
    adapter: Adapter,
    outcome: Outcome,
}

impl Run {
    fn of(adapter: Adapter, message: &'static Message) -> Self {
        Self {
            adapter,
            outcome: Outcome {
                message,
                samples: (0, 0),
                received: BTreeSet::new(),
                told: None,
                raw: message.sender() != Sender::Station,
                faults: Vec::new(),
            },
        }
    }

    fn both(mut self, request: &Value, answer: &Value) -> Outcome {
        self.outcome.samples = (
            self.side(Side::Request, request),
            self.side(Side::Answer, answer),
        );
        self.outcome
    }

    fn side(&mut self, side: Side, schema: &Value) -> usize {
        let validator = validator(schema);
        let all = samples(schema);
        for sample in &all {
            if let Err(fault) = self.one(side, &validator, &sample.payload) {
                let action = self.outcome.message.action();
                self.outcome
                    .faults
                    .push(format!("{action} {side:?} ({}): {fault}", sample.about));
            }
        }
        all.len()
    }

    fn one(&mut self, side: Side, validator: &Validator, payload: &Value) -> Result<(), String> {
        let message = self.outcome.message;
        if let Err(error) = validator.validate(payload) {
            return Err(format!("the sample is not valid: {error}"));
        }
        let shape = match side {
            Side::Request => message.request(),
            Side::Answer => message.answer(),
        };
        let deviations = shape.deviations(payload);
        if !deviations.is_empty() {
            return Err(format!("deviations where there are none: {deviations:?}"));
        }
        let carried = shape.carry(payload)?;
        if let Err(error) = validator.validate(&carried) {
            return Err(format!("not valid any more: {error}"));
        }
        same(payload, &carried, "")?;
        match (side, message.sender()) {
            (Side::Request, Sender::Station) => self.received(payload),
            (Side::Request, Sender::System) => self.sent(payload),
            (Side::Request, Sender::Either) => {
                self.received(payload)?;
                self.sent(payload)
            }
            (Side::Answer, Sender::System | Sender::Either) => self.answered(payload),
            (Side::Answer, Sender::Station) => Ok(()),
        }
    }

    fn received(&mut self, payload: &Value) -> Result<(), String> {
        let action = self.outcome.message.action();
        let decoded = self
            .adapter
            .decode(&Peer::Charger, action, &raw(&payload.to_string()))
            .map_err(|error| format!("refused: {error}"))?;
        if !decoded.quirks.is_empty() {
            return Err(format!("quirks: {:?}", decoded.quirks));
        }
        for request in &decoded.requests {
            self.outcome.received.insert(name(request));
            if let StationRequest::Report(report) = request {
                kept(payload, &report.payload, "")?;
            }
        }
        if matches!(
            self.outcome.message.usage(),
            Usage::Reported | Usage::Refused
        ) {
            let told = self
                .adapter
                .encode_reply(action, &decoded.requests[0], &StationReply::Received)
                .map_err(|error| format!("no answer: {error}"))?;
            let told: Value = serde_json::from_str(told.get()).unwrap();
            let deviations = self.outcome.message.answer().deviations(&told);
            if !deviations.is_empty() {
                return Err(format!("the answer is not valid: {deviations:?}"));
            }
            self.outcome.told = told["status"].as_str().map(str::to_owned);
        }
        Ok(())
    }

    fn command(&self, payload: &Value) -> StationCommand {
        StationCommand::Raw {
            action: self.outcome.message.action().to_owned(),
            payload: payload.clone(),
        }
    }

    fn sent(&self, payload: &Value) -> Result<(), String> {
        let (action, sent) = self
            .adapter
            .encode_command(&self.command(payload))
            .map_err(|error| format!("not sent: {error}"))?;
        if action != self.outcome.message.action() || sent != *payload {
            return Err("sent otherwise than given".to_owned());
        }
        Ok(())
    }

    fn answered(&self, payload: &Value) -> Result<(), String> {
        let command = self.command(&Value::Null);
        let quirks = self
            .adapter
            .answer_quirks(&command, &raw(&payload.to_string()));
        if quirks.is_empty() {
            Ok(())
        } else {
            Err(format!("quirks in the answer: {quirks:?}"))
        }
    }
}

/// The published schemas' own draft is named in them.
pub(crate) fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap()
}

/// What the inside is given, in its own words.
fn name(request: &StationRequest) -> String {
    match request {
        StationRequest::Boot(_) => "boot".to_owned(),
        StationRequest::Heartbeat => "heartbeat".to_owned(),
        StationRequest::Status(_) => "connector state".to_owned(),
        StationRequest::Authorize(_) => "authorization".to_owned(),
        StationRequest::Transaction(_) => "transaction".to_owned(),
        StationRequest::Meter(_) => "meter values".to_owned(),
        StationRequest::DoorEvent(_) => "door event".to_owned(),
        StationRequest::DoorState(_) => "door state".to_owned(),
        StationRequest::Report(report) => format!("report `{}`", report.kind.name()),
        StationRequest::DataTransfer(_) => "data".to_owned(),
    }
}

/// The same, though a number may be written otherwise and a time in another form.
fn same(given: &Value, got: &Value, place: &str) -> Result<(), String> {
    match (given, got) {
        (Value::Object(given), Value::Object(got)) => {
            let names: BTreeSet<&String> = given.keys().chain(got.keys()).collect();
            names.into_iter().try_for_each(|name| {
                let place = format!("{place}.{name}");
                match (given.get(name), got.get(name)) {
                    (Some(given), Some(got)) => same(given, got, &place),
                    (Some(_), None) => Err(format!("lost: {place}")),
                    (None, _) => Err(format!("invented: {place}")),
                }
            })
        }
        (Value::Array(given), Value::Array(got)) if given.len() == got.len() => given
            .iter()
            .zip(got)
            .try_for_each(|(given, got)| same(given, got, &format!("{place}[]"))),
        (Value::Number(given), Value::Number(got)) if given.as_f64() == got.as_f64() => Ok(()),
        (Value::String(given), Value::String(got)) if instant(given) == instant(got) => Ok(()),
        (given, got) if given == got => Ok(()),
        _ => Err(format!("changed: {place}")),
    }
}

/// The moment a text tells, or the text.
fn instant(text: &str) -> Result<jiff::Timestamp, &str> {
    text.parse().map_err(|_| text)
}

/// What is kept is what was sent, but for what is masked.
fn kept(given: &Value, got: &Value, place: &str) -> Result<(), String> {
    match (given, got) {
        (Value::Object(given), Value::Object(got)) if given.len() == got.len() => {
            given.iter().try_for_each(|(name, given)| {
                let place = format!("{place}.{name}");
                match got.get(name) {
                    Some(got) => kept(given, got, &place),
                    None => Err(format!("not kept: {place}")),
                }
            })
        }
        (Value::Array(given), Value::Array(got)) if given.len() == got.len() => given
            .iter()
            .zip(got)
            .try_for_each(|(given, got)| kept(given, got, &format!("{place}[]"))),
        (Value::String(_), Value::String(got)) if got.contains('…') => Ok(()),
        (given, got) if given == got => Ok(()),
        _ => Err(format!("kept otherwise: {place}")),
    }
}

#[test]
fn a_thing_lost_changed_or_invented_is_noticed() {
    use serde_json::json;
    let given = json!({"a": [{"b": 1.50, "at": "2024-06-01T14:00:00+02:00", "text": "x"}]});
    let got = |b: Value, at: &str, text: Value| json!({"a": [{"b": b, "at": at, "text": text}]});
    let noon = "2024-06-01T12:00:00Z";
    assert_eq!(same(&given, &got(json!(1.5), noon, json!("x")), ""), Ok(()));
    for wrong in [
        got(json!(1.51), noon, json!("x")),
        got(json!(1.5), "2024-06-01T12:00:01Z", json!("x")),
        got(json!(1.5), noon, json!("y")),
        got(json!(1.5), noon, Value::Null),
        json!({"a": []}),
        json!({"a": [{"b": 1.5, "at": noon}]}),
        json!({}),
    ] {
        assert!(same(&given, &wrong, "").is_err(), "{wrong}");
        assert!(same(&wrong, &given, "").is_err(), "{wrong}");
    }
}
