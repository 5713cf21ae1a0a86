//! The CALLs of the server to a scripted station.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use simulator::transport::{Answer, Incoming, IncomingCalls};

use crate::{DEADLINE, eventually};

/// How an action is answered.
#[derive(Clone, Debug)]
pub enum Scripted {
    /// With a result.
    Result(Value),
    /// With a CALLERROR.
    Error(rpc::ErrorCode),
    /// Not at all; what comes later on the connection is not answered either.
    Silence,
}

/// A CALL of the server.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its action.
    pub action: String,
    /// Its payload.
    pub payload: Value,
}

/// What was received, and what is to be answered. Clones share it.
#[derive(Clone, Default)]
pub struct Commands {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    scripted: HashMap<String, Scripted>,
}

impl Commands {
    /// From now on an action is answered so.
    pub fn script(&self, action: &str, scripted: Scripted) {
        self.state
            .lock()
            .unwrap()
            .scripted
            .insert(action.to_owned(), scripted);
    }

    /// From now on an action is answered with a status and nothing else.
    pub fn script_status(&self, action: &str, status: &str) {
        self.script(action, Scripted::Result(json!({ "status": status })));
    }

    /// The payloads of an action so far.
    #[must_use]
    pub fn received(&self, action: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        let of_action = state.received.iter().filter(|call| call.action == action);
        of_action.map(|call| call.payload.clone()).collect()
    }

    /// Everything so far.
    #[must_use]
    pub fn all(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// Waits for the `n`th CALL of an action, counted from 1, and returns its payload.
    pub async fn wait_for(&self, action: &str, n: usize) -> Value {
        let what = format!("call {n} of {action}");
        eventually(&what, DEADLINE, || async {
            self.received(action).get(n - 1).cloned()
        })
        .await
    }
}

#[async_trait::async_trait]
impl IncomingCalls for Commands {
    async fn answer(&self, call: Incoming) -> Answer {
        let scripted = {
            let mut state = self.state.lock().unwrap();
            let received = Received {
                action: call.action.clone(),
                payload: call.payload.clone(),
            };
            state.received.push(received);
            state.scripted.get(&call.action).cloned()
        };
        match scripted {
            Some(Scripted::Result(payload)) => Answer::result(payload),
            Some(Scripted::Error(code)) => Answer::error(code, "scripted"),
            Some(Scripted::Silence) => std::future::pending().await,
            None => usual(&call.action, &call.payload),
        }
    }
}

/// What a plain station answers.
fn usual(action: &str, payload: &Value) -> Answer {
    match action {
        "RemoteStartTransaction"
        | "RemoteStopTransaction"
        | "RequestStartTransaction"
        | "RequestStopTransaction"
        | "ClearCache"
        | "Reset"
        | "ChangeAvailability"
        | "ChangeConfiguration"
        | "SendLocalList" => Answer::status("Accepted"),
        "UnlockConnector" => Answer::status("Unlocked"),
        "DataTransfer" => Answer::status("UnknownVendorId"),
        "GetConfiguration" => {
            let asked = payload["key"].clone();
            let unknown = if asked.is_null() { json!([]) } else { asked };
            Answer::result(json!({ "configurationKey": [], "unknownKey": unknown }))
        }
        "GetLocalListVersion" => Answer::result(json!({ "listVersion": 0, "versionNumber": 0 })),
        "SetVariables" => variables(payload, "setVariableData", "setVariableResult", "Accepted"),
        "GetVariables" => variables(
            payload,
            "getVariableData",
            "getVariableResult",
            "UnknownVariable",
        ),
        _ => Answer::error(
            rpc::ErrorCode::NotImplemented,
            "not known to the test bench",
        ),
    }
}

fn variables(payload: &Value, asked: &str, answered: &str, status: &str) -> Answer {
    let results: Vec<Value> = payload[asked]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            json!({
                "attributeStatus": status,
                "component": item["component"],
                "variable": item["variable"],
            })
        })
        .collect();
    Answer::result(json!({ answered: results }))
}
