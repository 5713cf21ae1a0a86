//! The task that owns a socket: writes what it is told, hands on what it reads.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rpc::{Frame, Version};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::connection::Pending;
use super::{Incoming, Socket, Tap};

/// The patience of a station that needs no ping: ten years.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseInfo {
    /// The code of the server's close frame; nothing if it went without one.
    pub code: Option<u16>,
    /// Its reason, or what broke.
    pub reason: String,
}

/// What the handle asks of the task.
pub(crate) enum Command {
    Text(String),
    Binary(Vec<u8>),
    Close {
        code: u16,
        reason: String,
    },
    /// Let go of the socket without a close frame.
    Drop,
    /// Keep the socket open and neither read nor write any more, like a station whose
    /// network has gone without a trace.
    Freeze,
}

pub(crate) struct IoTask {
    pub socket: Socket,
    pub version: Version,
    pub station: String,
    pub commands: mpsc::Receiver<Command>,
    pub pending: Arc<Pending>,
    pub calls: mpsc::Sender<Incoming>,
    pub unsolicited: mpsc::Sender<String>,
    pub closed: watch::Sender<Option<CloseInfo>>,
    pub tap: Option<Arc<dyn Tap>>,
    /// How long the central system may leave the station without a ping.
    pub ping_patience: Option<Duration>,
}

/// Whether the task goes on.
enum Next {
    Go,
    End(CloseInfo),
}

impl IoTask {
    pub(crate) async fn run(mut self) {
        let patience = self.ping_patience.unwrap_or(FOREVER);
        let mut last_ping = Instant::now();
        let info = loop {
            let next = tokio::select! {
                command = self.commands.recv() => self.obey(command).await,
                message = self.socket.next() => {
                    if let Some(Ok(Message::Ping(_))) = &message {
                        last_ping = Instant::now();
                    }
                    self.take(message).await
                }
                () = tokio::time::sleep_until(last_ping + patience) => {
                    ended(None, "not pinged")
                }
            };
            if let Next::End(info) = next {
                break info;
            }
        };
        self.pending.fail_all(info.code);
        self.closed.send_replace(Some(info));
    }

    async fn obey(&mut self, command: Option<Command>) -> Next {
        let sent = match command {
            Some(Command::Text(text)) => {
                if let Some(tap) = &self.tap {
                    tap.sent(&self.station, &text);
                }
                self.socket.send(Message::text(text)).await
            }
            Some(Command::Binary(bytes)) => self.socket.send(Message::binary(bytes)).await,
            Some(Command::Close { code, reason }) => self.close(code, reason).await,
            // Every handle is gone.
            None => self.close(1000, String::new()).await,
            Some(Command::Drop) => return ended(None, "dropped by the station"),
            Some(Command::Freeze) => return self.freeze().await,
        };
        sent.map_or_else(broken, |()| Next::Go)
    }

    /// Sends our close frame; the server's answer is read by the loop.
    async fn close(&mut self, code: u16, reason: String) -> Result<(), Error> {
        self.commands.close();
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        match self.socket.close(Some(frame)).await {
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => Ok(()),
            other => other,
        }?;
        // A server that never answers must not keep the task alive.
        let rest = async { while let Some(Ok(_)) = self.socket.next().await {} };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(5), rest).await;
        Err(Error::ConnectionClosed)
    }

    async fn freeze(&mut self) -> Next {
        loop {
            match self.commands.recv().await {
                Some(Command::Drop | Command::Close { .. }) | None => {
                    return ended(None, "dropped by the station");
                }
                Some(Command::Text(_) | Command::Binary(_) | Command::Freeze) => {}
            }
        }
    }

    async fn take(&mut self, message: Option<Result<Message, Error>>) -> Next {
        match message {
            Some(Ok(Message::Text(text))) => {
                if let Some(tap) = &self.tap {
                    tap.received(&self.station, text.as_str());
                }
                self.read(text.as_str());
                Next::Go
            }
            Some(Ok(Message::Close(frame))) => {
                // The library answers the close frame when the socket is polled again.
                let _ = self.socket.close(None).await;
                match frame {
                    Some(frame) => ended(Some(frame.code.into()), frame.reason.as_str()),
                    None => ended(None, "closed without a code"),
                }
            }
            Some(Ok(
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_),
            )) => Next::Go,
            Some(Err(error)) => broken(error),
            None => ended(None, "connection lost"),
        }
    }

    fn read(&self, text: &str) {
        match Frame::parse(self.version, text) {
            Ok(Frame::Call {
                id,
                action,
                payload,
            }) => {
                let payload = serde_json::from_str(rpc::object_text(&payload)).unwrap_or_default();
                if self
                    .calls
                    .try_send(Incoming {
                        id,
                        action,
                        payload,
                    })
                    .is_err()
                {
                    tracing::warn!(station.id = %self.station, "too many CALLs at once, one is dropped");
                }
            }
            Ok(Frame::CallResult { id, payload }) => {
                if !self.pending.answered(&id, &payload) {
                    self.unexpected(text);
                }
            }
            Ok(Frame::CallError {
                id,
                code,
                description,
                ..
            }) => {
                if !self.pending.refused(&id, code, description) {
                    self.unexpected(text);
                }
            }
            Err(_) => self.unexpected(text),
        }
    }

    /// Keeps what nobody waits for; when nobody ever asks for it, the newest are dropped.
    fn unexpected(&self, text: &str) {
        let _ = self.unsolicited.try_send(text.to_owned());
    }
}

fn ended(code: Option<u16>, reason: &str) -> Next {
    Next::End(CloseInfo {
        code,
        reason: reason.to_owned(),
    })
}

fn broken(error: Error) -> Next {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => ended(None, "closed by the station"),
        other => ended(None, &other.to_string()),
    }
}
