//! Server-Sent Events, as far as they are needed here.

use serde::Deserialize;
use serde_json::Value;

use super::book::{Entry, Severity};
use super::client::{severity, with_detail};

/// The longest event that is read; ours are far below.
const MOST_BYTES: usize = 1 << 20;

/// The events of an answer.
pub(super) struct Stream {
    response: reqwest::Response,
    buffer: Vec<u8>,
}

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    kind: String,
    data: String,
}

/// What the doctor makes of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Entry(Entry),
    /// Some were lost.
    Gap,
}

#[derive(Deserialize)]
struct Body {
    at: String,
    data: Value,
}

impl Stream {
    pub(super) const fn new(response: reqwest::Response) -> Self {
        Self {
            response,
            buffer: Vec::new(),
        }
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            if let Some(event) = take(&mut self.buffer) {
                return Ok(Some(event));
            }
            if self.buffer.len() > MOST_BYTES {
                anyhow::bail!("an event is too long");
            }
            match self.response.chunk().await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Takes the first whole event off the buffer; comments (keep-alive) are none.
fn take(buffer: &mut Vec<u8>) -> Option<Event> {
    loop {
        let end = buffer.windows(2).position(|two| two == b"\n\n")?;
        let block: Vec<u8> = buffer.drain(..end + 2).collect();
        let text = String::from_utf8_lossy(&block);
        let mut event = Event::default();
        for line in text.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => event.id = Some(value.to_owned()),
                "event" => value.clone_into(&mut event.kind),
                "data" => event.data.push_str(value),
                _ => {}
            }
        }
        if !event.kind.is_empty() {
            return Some(event);
        }
    }
}

impl Event {
    /// What it says, if it concerns the doctor.
    pub(super) fn told(&self) -> Option<Told> {
        if self.kind == "gap" {
            return Some(Told::Gap);
        }
        let Body { at, data } = serde_json::from_str(&self.data).ok()?;
        let field = |name: &str| {
            let value = data.get(name).and_then(Value::as_str).unwrap_or_default();
            value.to_owned()
        };
        let (severity, who, what, reason, fix) = match self.kind.as_str() {
            "handshake.refused" => (
                Severity::Problem,
                field("identity"),
                field("code"),
                format!("refused: {}", field("reason")),
                field("fix"),
            ),
            "station.finding" => (
                severity(&field("severity")),
                field("station_id"),
                field("code"),
                with_detail(&field("reason"), &field("detail")),
                field("fix"),
            ),
            "station.connected" => (
                Severity::Good,
                field("station_id"),
                "connected".to_owned(),
                format!("connected with OCPP {}", field("version")),
                String::new(),
            ),
            "station.disconnected" => (
                Severity::Note,
                field("station_id"),
                "disconnected".to_owned(),
                "disconnected".to_owned(),
                String::new(),
            ),
            _ => return None,
        };
        Some(Told::Entry(Entry {
            severity,
            who,
            what,
            reason,
            fix,
            when: format!(", {at}"),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (Vec<Event>, usize) {
        let mut buffer = text.as_bytes().to_vec();
        let mut events = Vec::new();
        while let Some(event) = take(&mut buffer) {
            events.push(event);
        }
        (events, buffer.len())
    }

    #[test]
    fn events_are_read_whole_and_keep_alives_passed_over() {
        let (events, rest) =
            all(": alive\n\nevent: a\nid: 7-1\ndata: {}\n\n:\n\nevent: b\ndata: x");
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, "a");
        assert_eq!(events[0].id.as_deref(), Some("7-1"));
        assert_eq!(rest, "event: b\ndata: x".len());
    }

    #[test]
    fn a_refusal_becomes_a_problem_and_what_is_of_no_concern_nothing() {
        let event = |kind: &str, data: &str| Event {
            id: None,
            kind: kind.to_owned(),
            data: data.to_owned(),
        };
        let refused = event(
            "handshake.refused",
            r#"{"at":"2026-01-01T00:00:00Z","data":{"identity":"CP1","code":"no_subprotocol",
                "reason":"none","fix":"set it"}}"#,
        );
        let Some(Told::Entry(entry)) = refused.told() else {
            panic!("nothing told");
        };
        assert_eq!(
            (entry.severity, entry.who.as_str()),
            (Severity::Problem, "CP1")
        );
        assert_eq!(entry.fix, "set it");
        assert_eq!(event("gap", "{}").told(), Some(Told::Gap));
        assert_eq!(event("decision", r#"{"at":"x","data":{}}"#).told(), None);
        assert_eq!(event("station.finding", "rubbish").told(), None);
    }
}
