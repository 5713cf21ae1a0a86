//! One step of a scenario.

use std::collections::HashMap;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use simulator::Endpoint;
use simulator::transport::ConnectError;
use tokio::task::JoinHandle;

use super::expect;
use super::scenario::{Connect, Given, Step};
use super::scene::Scene;
use super::schemas::{Half, Schemas};
use super::station::{Script, Station};
use crate::api::{Response, encode};
use crate::wire::Version;
use crate::{DEADLINE, Server, eventually, unique};

/// The socket of steps that name none.
const FIRST: &str = "first";

/// A scenario in progress.
pub(super) struct Stage {
    pub(super) server: Arc<Server>,
    pub(super) schemas: Arc<Schemas>,
    pub(super) scene: Scene,
    pub(super) version: Version,
    pub(super) given: Given,
    sockets: HashMap<String, Station>,
    scripts: HashMap<String, Script>,
    begun: HashMap<String, JoinHandle<Response>>,
}

impl Stage {
    pub(super) fn new(
        server: Arc<Server>,
        schemas: Arc<Schemas>,
        scene: Scene,
        version: Version,
        given: Given,
    ) -> Stage {
        Stage {
            server,
            schemas,
            scene,
            version,
            given,
            sockets: HashMap::new(),
            scripts: HashMap::new(),
            begun: HashMap::new(),
        }
    }

    /// Does a step.
    ///
    /// # Errors
    /// What came instead of what was expected.
    pub(super) async fn step(&mut self, step: &Step) -> Result<(), String> {
        let on = step.on.as_deref().unwrap_or(FIRST);
        if let Some(connect) = &step.connects {
            return self.connect(on, connect).await;
        }
        if let Some(action) = &step.sends {
            return self.send(on, action, step).await;
        }
        if let Some(text) = &step.says {
            return self.say(on, text, step).await;
        }
        if let Some(action) = &step.raw {
            return self.raw(on, action, step).await;
        }
        if let Some(name) = &step.begins {
            let call = step.calls.as_ref().ok_or("`begins` needs `calls`")?;
            let request = tokio::spawn(self.request(call, step)?);
            self.begun.insert(name.clone(), request);
            return Ok(());
        }
        if let Some(call) = &step.calls {
            let answer = self.request(call, step)?.await;
            return self.answered(step, &answer);
        }
        if let Some(name) = &step.ends {
            let request = self
                .begun
                .remove(name)
                .ok_or("nothing was begun under this name")?;
            let answer = request.await.map_err(|error| error.to_string())?;
            return self.answered(step, &answer);
        }
        if let Some(path) = &step.sees {
            return self.see(path, step).await;
        }
        if let Some(value) = &step.value {
            let value = self.scene.names.json(value)?;
            return self.look(step, &value);
        }
        if let Some(action) = &step.receives {
            return self.receive(on, action, step).await;
        }
        if let Some(action) = &step.receives_no {
            return match self.socket(on)?.untaken(action).first() {
                None => Ok(()),
                Some(call) => Err(format!("it was sent {action} {}", call.payload)),
            };
        }
        if let Some(action) = &step.answers {
            let script = self.script(step)?;
            if let Some(socket) = self.sockets.get(on) {
                socket.script(action, script.clone());
            }
            self.scripts.insert(action.clone(), script);
            return Ok(());
        }
        self.end_of_connection(on, step).await
    }

    async fn end_of_connection(&mut self, on: &str, step: &Step) -> Result<(), String> {
        if step.pings {
            self.socket(on)?.ping().await;
        } else if step.pinged {
            self.socket(on)?.pinged().await;
        } else if step.closes {
            self.socket(on)?.close().await;
            self.sockets.remove(on);
        } else if step.drops {
            self.socket(on)?.drop_hard().await;
            self.sockets.remove(on);
        } else if let Some(expected) = step.closed {
            let code = self.socket(on)?.ended().await;
            self.sockets.remove(on);
            if code != Some(expected) {
                return Err(format!("closed with {code:?} instead of {expected}"));
            }
        } else {
            return Err("the step does nothing".to_owned());
        }
        Ok(())
    }

    fn socket(&self, on: &str) -> Result<&Station, String> {
        self.sockets
            .get(on)
            .ok_or_else(|| format!("`{on}` is not connected"))
    }

    /// Connects, and boots.
    pub(super) async fn begin(&mut self, boots: bool) -> Result<(), String> {
        self.connect(FIRST, &Connect::default()).await?;
        if !boots {
            return Ok(());
        }
        let payload = match self.version {
            Version::V16 => json!({
                "chargePointVendor": "Keywatt", "chargePointModel": "Test bench",
            }),
            Version::V201 => json!({
                "reason": "PowerUp",
                "chargingStation": { "vendorName": "Keywatt", "model": "Test bench" },
            }),
        };
        let step = Step {
            payload: Some(payload),
            gets: Some(json!({ "status": "Accepted" })),
            ..Step::default()
        };
        self.send(FIRST, "BootNotification", &step).await
    }

    fn endpoint(&self, connect: &Connect) -> Result<Endpoint, String> {
        let names = &self.scene.names;
        let identity = match &connect.identity {
            Some(identity) => names.text(identity)?,
            None => self.scene.station_id.clone(),
        };
        let mut endpoint = self.server.endpoint(&identity, self.version);
        endpoint.raw_path = connect
            .path
            .as_ref()
            .map(|path| names.text(path))
            .transpose()?;
        // With offers of its own, any choice of the server is taken; it is looked at below.
        endpoint.subprotocols = Some(match &connect.offers {
            Some(offers) => offers.clone(),
            None => vec![self.version.subprotocol().to_owned()],
        });
        endpoint.headers = connect.headers.clone().into_iter().collect();
        endpoint.user = connect.user.as_ref().map(|user| user.clone().into_bytes());
        let password = connect.password.as_ref().or(self.given.password.as_ref());
        endpoint.password = password
            .filter(|_| !connect.no_password)
            .map(|password| password.clone().into_bytes());
        Ok(endpoint)
    }

    async fn connect(&mut self, on: &str, connect: &Connect) -> Result<(), String> {
        let endpoint = self.endpoint(connect)?;
        let connected = Station::connect(&endpoint, self.scripts.clone()).await;
        let station = match (connected, connect.refused) {
            (Ok(station), None) => station,
            (Ok(_), Some(status)) => {
                return Err(format!("let in instead of refused with {status}"));
            }
            (Err(ConnectError::Refused { status, .. }), Some(expected)) if status == expected => {
                return Ok(());
            }
            (Err(error), _) => return Err(error.to_string()),
        };
        let own = self.version.subprotocol();
        let chosen = station.subprotocol.as_deref();
        let expected = match connect.chosen.as_deref() {
            Some("none") => None,
            Some(other) => Some(other),
            None => Some(own),
        };
        if chosen != expected {
            return Err(format!("sub-protocol {chosen:?} instead of {expected:?}"));
        }
        if connect.closed {
            station.ended().await;
            return match station.next().await {
                Err(_) => Ok(()),
                Ok(text) => Err(format!("it was told {text} before the close")),
            };
        }
        self.sockets.insert(on.to_owned(), station);
        Ok(())
    }

    async fn send(&mut self, on: &str, action: &str, step: &Step) -> Result<(), String> {
        let payload = self.payload(step)?;
        if !step.wrong {
            self.schemas
                .check(self.version, action, Half::Request, &payload)?;
        }
        let id = match &step.id {
            Some(id) => self.scene.names.text(id)?,
            None => unique::message_id(),
        };
        let socket = self.socket(on)?;
        socket.text(json!([2, id, action, payload]).to_string());
        let frame = socket.answer(&id).await?;
        self.schemas_of_answer(action, &frame)?;
        let problem = |expected: &str| format!("{expected}, but the answer is {frame}");
        let answer = match (frame[0].as_i64(), &step.error) {
            (Some(3), None) => frame.get(2).ok_or_else(|| problem("a result"))?,
            (Some(4), Some(code)) => {
                let form = json!([4, id, code, { "$at_most": 255 }, {}]);
                return expect::check(&form, Some(&frame));
            }
            (_, None) => return Err(problem("expected a CALLRESULT")),
            (_, Some(code)) => return Err(problem(&format!("expected CALLERROR {code}"))),
        };
        self.look(step, answer)?;
        self.keep(step, answer)
    }

    /// Every CALLRESULT of the server keeps its schema, whatever the step asks for.
    fn schemas_of_answer(&self, action: &str, frame: &Value) -> Result<(), String> {
        if frame[0] != json!(3) {
            return Ok(());
        }
        let payload = frame.get(2).unwrap_or(&Value::Null);
        self.schemas
            .check(self.version, action, Half::Answer, payload)
    }

    async fn say(&mut self, on: &str, text: &str, step: &Step) -> Result<(), String> {
        let text = self.scene.names.text(text)?;
        let socket = self.socket(on)?;
        socket.text(text);
        if let Some(expected) = &step.hears {
            let expected = self.scene.names.json(expected)?;
            let heard = socket.next().await?;
            return expect::check(&expected, Some(&heard));
        }
        if step.silence {
            // Messages are answered in order: were there an answer, it would come first.
            let id = unique::message_id();
            socket.text(json!([2, id, "NoSuchAction", {}]).to_string());
            let heard = socket.next().await?;
            return expect::check(&json!([4, id, "NotImplemented", "$any", {}]), Some(&heard));
        }
        Ok(())
    }

    /// From the operator to the station and back, nothing changed on the way.
    async fn raw(&mut self, on: &str, action: &str, step: &Step) -> Result<(), String> {
        let payload = self.payload(step)?;
        if !step.wrong {
            self.schemas
                .check(self.version, action, Half::Request, &payload)?;
        }
        let script = self.script(step)?;
        if let Script::Result(answer) = &script {
            self.schemas
                .check(self.version, action, Half::Answer, answer)?;
        }
        self.socket(on)?.script(action, script.clone());
        let path = format!(
            "/v1/stations/{}/ocpp/{action}",
            encode(&self.scene.station_id)
        );
        let response = self.scene.owner.post(&path, payload.clone()).await;
        if let Some(status) = step.status {
            // Not sent: the station has nothing to answer.
            if response.status != status {
                return Err(format!("{response}, not {status}"));
            }
            return self.look(step, &response.body);
        }
        if response.status != 200 {
            return Err(response.to_string());
        }
        let call = self.socket(on)?.call(action).await?;
        expect::check(&json!({ "$exactly": payload }), Some(&call.payload))?;
        let expected = match &script {
            Script::Result(answer) => {
                json!({ "status": "result", "payload": { "$exactly": answer } })
            }
            Script::Error(code) => json!({ "status": "error", "code": code }),
            Script::Silence => return Err("silence has no answer of 200".to_owned()),
        };
        expect::check(&expected, Some(&response.body))?;
        self.keep(step, &response.body["payload"])
    }

    /// The request of a step, to be awaited.
    fn request(
        &self,
        call: &str,
        step: &Step,
    ) -> Result<impl Future<Output = Response> + Send + use<>, String> {
        let call = self.scene.names.text(call)?;
        let (method, path) = call.split_once(' ').ok_or("a call is `METHOD /path`")?;
        let method: Method = method
            .parse()
            .map_err(|_| format!("`{method}`: no method"))?;
        let body = match &step.body {
            Some(body) => Some(self.scene.names.json(body)?),
            None => None,
        };
        let api = self.scene.owner.clone();
        let path = path.to_owned();
        Ok(async move { api.call(method.as_str(), &path, body.as_ref()).await })
    }

    fn answered(&mut self, step: &Step, answer: &Response) -> Result<(), String> {
        let as_expected = match step.status {
            Some(status) => answer.status == status,
            None => (200..300).contains(&answer.status),
        };
        if !as_expected {
            return Err(answer.to_string());
        }
        self.look(step, &answer.body)?;
        self.keep(step, &answer.body)
    }

    async fn see(&mut self, path: &str, step: &Step) -> Result<(), String> {
        let path = self.scene.names.text(path)?;
        let expected = match &step.gets {
            Some(expected) => self.scene.names.json(expected)?,
            None => return Err("`sees` needs `gets`".to_owned()),
        };
        let last = std::sync::Mutex::new(String::new());
        let owner = &self.scene.owner;
        let look = eventually("the API to show it", DEADLINE, || async {
            let answer = owner.get(&path).await;
            match expect::check(&expected, Some(&answer.body)) {
                Ok(()) => Some(answer.body),
                Err(problem) => {
                    *last.lock().unwrap() = format!("GET {path} ({}): {problem}", answer.status);
                    None
                }
            }
        });
        let found = tokio::time::timeout(DEADLINE / 2, look).await;
        match found {
            Ok(body) => self.keep(step, &body),
            Err(_) => Err(last.into_inner().unwrap()),
        }
    }

    async fn receive(&mut self, on: &str, action: &str, step: &Step) -> Result<(), String> {
        let call = self.socket(on)?.call(action).await?;
        self.schemas
            .check(self.version, action, Half::Request, &call.payload)?;
        if let Some(expected) = &step.payload {
            let expected = self.scene.names.json(expected)?;
            expect::check(&expected, Some(&call.payload))?;
        }
        if let Some(name) = &step.named {
            self.scene.names.set(name, json!(call.id));
        }
        self.keep(step, &call.payload)
    }

    fn script(&self, step: &Step) -> Result<Script, String> {
        Ok(match (&step.station, &step.station_error) {
            (Some(answer), None) => Script::Result(self.scene.names.json(answer)?),
            (None, Some(code)) => Script::Error(code.clone()),
            (None, None) if step.silence || step.status.is_some() => Script::Silence,
            (None, None) => Script::Result(json!({})),
            (Some(_), Some(_)) => return Err("the station answers one way".to_owned()),
        })
    }

    fn payload(&self, step: &Step) -> Result<Value, String> {
        match &step.payload {
            Some(payload) => self.scene.names.json(payload),
            None => Ok(json!({})),
        }
    }

    fn look(&self, step: &Step, answer: &Value) -> Result<(), String> {
        match &step.gets {
            Some(expected) => expect::check(&self.scene.names.json(expected)?, Some(answer)),
            None => Ok(()),
        }
    }

    fn keep(&mut self, step: &Step, answer: &Value) -> Result<(), String> {
        for (name, pointer) in &step.keep {
            let found = answer.pointer(pointer);
            let found = found.ok_or_else(|| format!("no `{pointer}` in {answer}"))?;
            self.scene.names.set(name, found.clone());
        }
        Ok(())
    }
}
