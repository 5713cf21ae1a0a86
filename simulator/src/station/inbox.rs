//! What the central system has sent, for those who wait for it.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde_json::Value;

use crate::transport::Incoming;

/// CALLs that are kept; the oldest go first.
const KEPT: usize = 1000;

/// A CALL of the central system, and what it was answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Value,
    /// The status, or error code, of the answer.
    pub answer: String,
}

/// The last CALLs, in order.
#[derive(Default)]
pub(crate) struct Inbox {
    kept: Mutex<VecDeque<Received>>,
}

impl Inbox {
    pub(crate) fn put(&self, call: &Incoming, answer: &str) {
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(Received {
            action: call.action.clone(),
            payload: call.payload.clone(),
            answer: answer.to_owned(),
        });
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.kept.lock().iter().cloned().collect()
    }

    /// Takes out the first CALL of an action whose payload holds what is wanted, and all before
    /// it.
    pub(crate) fn take(&self, action: &str, wanted: &Value) -> Option<Received> {
        let mut kept = self.kept.lock();
        let at = kept
            .iter()
            .position(|call| call.action == action && holds(&call.payload, wanted))?;
        let found = kept.get(at).cloned();
        kept.drain(..=at);
        found
    }

    /// Whether such a CALL is there.
    pub(crate) fn has(&self, action: &str, wanted: &Value) -> bool {
        self.kept
            .lock()
            .iter()
            .any(|call| call.action == action && holds(&call.payload, wanted))
    }
}

/// Whether a value has all that is wanted: of an object the fields, of anything else itself.
pub(crate) fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (_, Value::Null) => true,
        (Value::Object(value), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| value.get(name).is_some_and(|value| holds(value, wanted))),
        (Value::Array(value), Value::Array(wanted)) => {
            value.len() == wanted.len()
                && value
                    .iter()
                    .zip(wanted)
                    .all(|(value, wanted)| holds(value, wanted))
        }
        (_, _) => value == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::holds;

    #[test]
    fn a_part_of_a_payload_is_enough() {
        let payload = json!({ "type": "Soft", "evse": { "id": 1, "connectorId": 2 }, "n": [1, 2] });
        assert!(holds(&payload, &Value::Null));
        assert!(holds(&payload, &json!({ "evse": { "id": 1 } })));
        assert!(!holds(&payload, &json!({ "evse": { "id": 2 } })));
        assert!(!holds(&payload, &json!({ "n": [1] })));
        assert!(!holds(&payload, &json!({ "m": 1 })));
    }
}
