//! The station of a scenario: a socket on which anything may be said, in any order.
//!
//! It keeps what it hears until a step looks at it, and answers the CALLs of the server only as it
//! was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use simulator::transport::{ConnectError, Opened, Socket, open};
use simulator::{Endpoint, Version};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::{DEADLINE, eventually};

/// How a CALL of the server is answered.
#[derive(Clone, Debug)]
pub(super) enum Script {
    /// With a CALLRESULT.
    Result(Value),
    /// With a CALLERROR of this code.
    Error(String),
    /// Not at all.
    Silence,
}

/// A CALL of the server.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) id: String,
    pub(super) action: String,
    pub(super) payload: Value,
}

/// What was heard so far.
#[derive(Default)]
struct State {
    /// Everything that is no CALL, until it is taken.
    texts: Vec<String>,
    /// CALLs, until they are taken.
    calls: Vec<Heard>,
    scripts: HashMap<String, Script>,
    pings: usize,
    pongs: usize,
    /// How it ended, with the code of the server's close frame.
    ended: Option<Option<u16>>,
}

enum Order {
    Send(Message),
    Drop,
}

/// A connected station.
pub(super) struct Station {
    orders: mpsc::UnboundedSender<Order>,
    state: Arc<Mutex<State>>,
    /// What the server chose.
    pub(super) subprotocol: Option<String>,
}

impl Station {
    /// Connects; the first answers are those of `scripts`.
    pub(super) async fn connect(
        endpoint: &Endpoint,
        scripts: HashMap<String, Script>,
    ) -> Result<Station, ConnectError> {
        let Opened {
            socket,
            subprotocol,
        } = open(endpoint).await?;
        let state = Arc::new(Mutex::new(State {
            scripts,
            ..State::default()
        }));
        let (orders, queue) = mpsc::unbounded_channel();
        tokio::spawn(run(socket, queue, Arc::clone(&state), endpoint.version));
        Ok(Station {
            orders,
            state,
            subprotocol,
        })
    }

    pub(super) fn script(&self, action: &str, script: Script) {
        let mut state = self.state.lock().unwrap();
        state.scripts.insert(action.to_owned(), script);
    }

    pub(super) fn text(&self, text: String) {
        let _ = self.orders.send(Order::Send(Message::text(text)));
    }

    /// Closes in order and waits for the end.
    pub(super) async fn close(&self) {
        let _ = self.orders.send(Order::Send(Message::Close(None)));
        self.ended().await;
    }

    /// Lets go of the TCP connection.
    pub(super) async fn drop_hard(&self) {
        let _ = self.orders.send(Order::Drop);
        self.ended().await;
    }

    /// Waits for the end; the code of the server's close frame.
    pub(super) async fn ended(&self) -> Option<u16> {
        eventually("the end of the connection", DEADLINE, || async {
            self.state.lock().unwrap().ended
        })
        .await
    }

    /// Sends a WebSocket ping and waits for its pong.
    pub(super) async fn ping(&self) {
        let before = self.state.lock().unwrap().pongs;
        let ping = Message::Ping(b"?".to_vec().into());
        let _ = self.orders.send(Order::Send(ping));
        eventually("the pong", DEADLINE, || async {
            (self.state.lock().unwrap().pongs > before).then_some(())
        })
        .await;
    }

    /// Waits until the server pings.
    pub(super) async fn pinged(&self) {
        let before = self.state.lock().unwrap().pings;
        eventually("a ping of the server", DEADLINE, || async {
            (self.state.lock().unwrap().pings > before).then_some(())
        })
        .await;
    }

    /// Takes the answer to a CALL of ours. Answers to others stay.
    ///
    /// # Errors
    /// When the connection ended before it came.
    pub(super) async fn answer(&self, id: &str) -> Result<Value, String> {
        self.take(&format!("the answer to `{id}`"), |state| {
            let parsed = state.texts.iter().map(|text| frame(text));
            let at = parsed.into_iter().position(|frame| frame[1] == id)?;
            Some(frame(&state.texts.remove(at)))
        })
        .await
    }

    /// Takes the next text that is no CALL.
    ///
    /// # Errors
    /// When the connection ended before it came.
    pub(super) async fn next(&self) -> Result<Value, String> {
        self.take("a message", |state| {
            (!state.texts.is_empty()).then(|| frame(&state.texts.remove(0)))
        })
        .await
    }

    /// Takes the next CALL of an action.
    ///
    /// # Errors
    /// When the connection ended before it came.
    pub(super) async fn call(&self, action: &str) -> Result<Heard, String> {
        self.take(&format!("a CALL of {action}"), |state| {
            let at = state.calls.iter().position(|call| call.action == action)?;
            Some(state.calls.remove(at))
        })
        .await
    }

    /// The CALLs of an action that nobody took yet.
    pub(super) fn untaken(&self, action: &str) -> Vec<Heard> {
        let state = self.state.lock().unwrap();
        let of_action = state.calls.iter().filter(|call| call.action == action);
        of_action.cloned().collect()
    }

    async fn take<T>(
        &self,
        what: &str,
        found: impl Fn(&mut State) -> Option<T>,
    ) -> Result<T, String> {
        eventually(what, DEADLINE, || async {
            let mut state = self.state.lock().unwrap();
            if let Some(found) = found(&mut state) {
                return Some(Ok(found));
            }
            let ended = state.ended?;
            Some(Err(format!(
                "the connection ended ({}) before {what} came; left over: {:?}",
                ended.map_or("no code".to_owned(), |code| code.to_string()),
                state.texts,
            )))
        })
        .await
    }
}

/// A text as JSON, or as itself where it is none.
fn frame(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

async fn run(
    mut socket: Socket,
    mut orders: mpsc::UnboundedReceiver<Order>,
    state: Arc<Mutex<State>>,
    version: Version,
) {
    let code = loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Send(message)) => {
                    if socket.send(message).await.is_err() {
                        break None;
                    }
                }
                Some(Order::Drop) | None => break None,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let answer = hear(&mut state.lock().unwrap(), text.as_str(), version);
                    if let Some(answer) = answer && socket.send(Message::text(answer)).await.is_err() {
                        break None;
                    }
                }
                Some(Ok(Message::Ping(_))) => state.lock().unwrap().pings += 1,
                Some(Ok(Message::Pong(_))) => state.lock().unwrap().pongs += 1,
                Some(Ok(Message::Close(close))) => {
                    // The library answers when it is polled again.
                    let _ = socket.flush().await;
                    break close.map(|close| close.code.into());
                }
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => {}
                Some(Err(_)) | None => break None,
            },
        }
    };
    state.lock().unwrap().ended = Some(code);
}

/// Keeps a text; the answer, where there is one to give.
fn hear(state: &mut State, text: &str, version: Version) -> Option<String> {
    let heard = frame(text);
    if heard[0] != json!(2) {
        state.texts.push(text.to_owned());
        return None;
    }
    let id = heard[1].as_str().unwrap_or_default().to_owned();
    let action = heard[2].as_str().unwrap_or_default().to_owned();
    let script = state.scripts.get(&action).cloned();
    state.calls.push(Heard {
        id: id.clone(),
        action: action.clone(),
        payload: heard[3].clone(),
    });
    let answer = match script.unwrap_or_else(|| usual(&action)) {
        Script::Result(payload) => json!([3, id, payload]),
        Script::Error(code) => {
            let code = match rpc::ErrorCode::parse(&code) {
                Some(known) => known.wire(version).to_owned(),
                None => code,
            };
            json!([4, id, code, "", {}])
        }
        Script::Silence => return None,
    };
    Some(answer.to_string())
}

/// What a station answers to what a scenario says nothing of. A change of access is followed by
/// ClearCache.
fn usual(action: &str) -> Script {
    match action {
        "ClearCache" => Script::Result(json!({ "status": "Accepted" })),
        _ => Script::Error("NotImplemented".to_owned()),
    }
}
