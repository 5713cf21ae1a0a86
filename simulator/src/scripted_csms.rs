//! A central system for tests: answers as scripted, and checks every message it gets.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use rpc::{ErrorCode, Frame, MessageId, Version};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::transport::Endpoint;
use crate::wire::check;

/// How long a test waits for something that should happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// What the central system does with a CALL.
pub(crate) enum Script {
    Result(Value),
    Error(ErrorCode),
    Silence,
    DropConnection,
}

/// A CALL of the station.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub id: String,
    pub action: String,
    pub payload: Value,
}

type Rule = Box<dyn FnMut(&Value) -> Script + Send>;
type Command = (String, Value, oneshot::Sender<Value>);

#[derive(Clone)]
pub(crate) struct ScriptedCsms {
    version: Version,
    /// Whether a malformed message fails the test.
    strict: Arc<AtomicBool>,
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    rules: Mutex<HashMap<String, Rule>>,
    received: Mutex<Vec<Received>>,
    /// What is no frame.
    strays: Mutex<Vec<String>>,
    count: watch::Sender<usize>,
    station: Mutex<Option<mpsc::Sender<Command>>>,
    next_transaction: Mutex<i64>,
}

impl ScriptedCsms {
    pub(crate) async fn start(version: Version) -> ScriptedCsms {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let csms = ScriptedCsms {
            version,
            strict: Arc::new(AtomicBool::new(true)),
            address: listener.local_addr().unwrap(),
            shared: Arc::new(Shared {
                rules: Mutex::default(),
                received: Mutex::default(),
                strays: Mutex::default(),
                count: watch::channel(0).0,
                station: Mutex::new(None),
                next_transaction: Mutex::new(100),
            }),
        };
        let accepting = csms.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(socket));
            }
        });
        csms
    }

    pub(crate) fn endpoint(&self, id: &str) -> Endpoint {
        let mut endpoint = Endpoint::new(&format!("ws://{}/ocpp", self.address), id, self.version);
        endpoint.call_timeout = Duration::from_secs(5);
        endpoint
    }

    /// Answers an action by a rule instead of the usual way.
    pub(crate) fn on(&self, action: &str, rule: impl FnMut(&Value) -> Script + Send + 'static) {
        self.shared
            .rules
            .lock()
            .insert(action.to_owned(), Box::new(rule));
    }

    /// Takes malformed messages, as the deviations of makers make them.
    pub(crate) fn tolerate(&self) {
        self.strict.store(false, Ordering::Relaxed);
    }

    /// Answers every Authorize with this status.
    pub(crate) fn authorize_as(&self, status: &'static str) {
        self.authorize_with(json!({ "status": status }));
    }

    pub(crate) fn authorize_with(&self, info: Value) {
        let field = info_field(self.version);
        self.on("Authorize", move |_| Script::Result(json!({ field: info })));
    }

    /// Sends a CALL to the station and waits for its result.
    pub(crate) async fn command(&self, action: &str, payload: Value) -> Value {
        let station = self
            .shared
            .station
            .lock()
            .clone()
            .expect("no station is connected");
        let (sender, answer) = oneshot::channel();
        station
            .send((action.to_owned(), payload, sender))
            .await
            .unwrap();
        tokio::time::timeout(LIMIT, answer)
            .await
            .expect("no answer")
            .unwrap()
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    /// Payloads of one action, in order.
    pub(crate) fn payloads(&self, action: &str) -> Vec<Value> {
        self.received()
            .into_iter()
            .filter(|call| call.action == action)
            .map(|call| call.payload)
            .collect()
    }

    /// What came and was no frame.
    pub(crate) fn strays(&self) -> Vec<String> {
        self.shared.strays.lock().clone()
    }

    pub(crate) fn forget(&self) {
        self.shared.received.lock().clear();
    }

    /// Waits until that many CALLs of an action have come.
    pub(crate) async fn wait_for(&self, action: &str, count: usize) -> Vec<Value> {
        let mut changes = self.shared.count.subscribe();
        let waiting = async {
            loop {
                let payloads = self.payloads(action);
                if payloads.len() >= count {
                    return payloads;
                }
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(LIMIT, waiting)
            .await
            .unwrap_or_else(|_| panic!("no {count} {action} in {:#?}", self.received()))
    }

    async fn serve(self, socket: TcpStream) {
        let name = self.version.subprotocol();
        #[expect(clippy::result_large_err, reason = "the library asks for this type")]
        let choose = |_: &Request, mut response: Response| {
            response
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", name.parse().unwrap());
            Ok(response)
        };
        let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(socket, choose).await else {
            return;
        };
        let (commands, mut queue) = mpsc::channel::<Command>(8);
        *self.shared.station.lock() = Some(commands);
        let mut waiting: HashMap<String, oneshot::Sender<Value>> = HashMap::new();
        let mut next_id = 0;
        loop {
            tokio::select! {
                Some((action, payload, answer)) = queue.recv() => {
                    next_id += 1;
                    let id = MessageId::new(&format!("c{next_id}")).unwrap();
                    waiting.insert(id.as_str().to_owned(), answer);
                    let text = rpc::call(&id, &action, &payload).unwrap();
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                message = socket.next() => {
                    let text = match message {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return,
                        Some(Ok(_)) => continue,
                    };
                    let parsed = match Frame::parse(self.version, text.as_str()) {
                        Ok(frame) => frame,
                        Err(error) if self.strict.load(Ordering::Relaxed) => {
                            panic!("{text} is no frame: {error}")
                        }
                        Err(_) => {
                            self.shared.strays.lock().push(text.as_str().to_owned());
                            self.shared.count.send_modify(|count| *count += 1);
                            continue;
                        }
                    };
                    let answer = match parsed {
                        Frame::Call { id, action, payload } => {
                            let payload = serde_json::from_str(payload.get()).unwrap();
                            match self.answer(&id, &action, payload) {
                                Some(answer) => answer,
                                None => return,
                            }
                        }
                        Frame::CallResult { id, payload } => {
                            if let Some(waiting) = waiting.remove(id.as_str()) {
                                let _ = waiting.send(serde_json::from_str(payload.get()).unwrap());
                            }
                            continue;
                        }
                        Frame::CallError { id, code, description, .. } => {
                            if let Some(waiting) = waiting.remove(id.as_str()) {
                                let _ = waiting.send(json!({ "error": code, "text": description }));
                            }
                            continue;
                        }
                    };
                    if !answer.is_empty() && socket.send(Message::text(answer)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The text to send back; empty for silence, nothing to drop the connection.
    fn answer(&self, id: &MessageId, action: &str, payload: Value) -> Option<String> {
        if self.strict.load(Ordering::Relaxed)
            && let Err(error) = check::request(self.version, action, &payload)
        {
            panic!("{action} {payload} is malformed: {error}");
        }
        let script = match self.shared.rules.lock().get_mut(action) {
            Some(rule) => rule(&payload),
            None => Script::Result(self.usual(action, &payload)),
        };
        self.shared.received.lock().push(Received {
            id: id.as_str().to_owned(),
            action: action.to_owned(),
            payload,
        });
        self.shared.count.send_modify(|count| *count += 1);
        match script {
            Script::Result(result) => {
                check::answer(self.version, action, &result).unwrap();
                Some(rpc::call_result(id, &result).unwrap())
            }
            Script::Error(code) => Some(rpc::call_error(self.version, id, code, "as scripted")),
            Script::Silence => Some(String::new()),
            Script::DropConnection => None,
        }
    }

    fn usual(&self, action: &str, payload: &Value) -> Value {
        let now = "2026-05-01T12:00:00Z";
        let accepted = json!({ "status": "Accepted" });
        match action {
            "BootNotification" => {
                json!({ "status": "Accepted", "currentTime": now, "interval": 300 })
            }
            "Heartbeat" => json!({ "currentTime": now }),
            "Authorize" => json!({ info_field(self.version): accepted }),
            "StartTransaction" => {
                let mut next = self.shared.next_transaction.lock();
                *next += 1;
                json!({ "transactionId": *next, "idTagInfo": accepted })
            }
            "StopTransaction" if payload.get("idTag").is_some() => json!({ "idTagInfo": accepted }),
            "TransactionEvent" if payload.get("idToken").is_some() => {
                json!({ "idTokenInfo": accepted })
            }
            "DataTransfer" => json!({ "status": "UnknownVendorId" }),
            "SignCertificate"
            | "NotifyEVChargingNeeds"
            | "NotifyEVChargingSchedule"
            | "GetCertificateStatus" => accepted,
            "Get15118EVCertificate" => json!({ "status": "Accepted", "exiResponse": "gJg=" }),
            _ => json!({}),
        }
    }
}

fn info_field(version: Version) -> &'static str {
    match version {
        Version::V16 => "idTagInfo",
        Version::V201 => "idTokenInfo",
    }
}
