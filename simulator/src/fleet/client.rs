//! A station with no task of its own: one socket, one CALL at a time. Load should cost the
//! central system more than it costs the one who makes it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rpc::{ErrorCode, Frame, MessageId, Version};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Text;

use crate::transport::{CallFailure, ConnectError, Endpoint, Socket, open};
use crate::wire::Message;

pub(super) struct Client {
    socket: Socket,
    version: Version,
    timeout: Duration,
    next_id: u64,
    /// Tells apart the ids of one run from those of another.
    run: String,
}

impl Client {
    pub(super) async fn connect(endpoint: &Endpoint, run: &str) -> Result<Client, ConnectError> {
        Ok(Client {
            socket: open(endpoint).await?.socket,
            version: endpoint.version,
            timeout: endpoint.call_timeout,
            next_id: 1,
            run: run.to_owned(),
        })
    }

    pub(super) fn next_id(&mut self) -> MessageId {
        let id = format!("{}-{}", self.run, self.next_id);
        self.next_id += 1;
        MessageId::new(&id).unwrap_or_else(|_| MessageId::unreadable())
    }

    /// Sends a CALL and reads until its answer.
    pub(super) async fn call(
        &mut self,
        id: &MessageId,
        message: &Message,
    ) -> Result<Value, CallFailure> {
        let text = rpc::call(id, message.action, &message.payload)
            .map_err(|error| CallFailure::NotSent(error.to_string()))?;
        let timeout = self.timeout;
        tokio::time::timeout(timeout, async {
            self.send(text).await?;
            self.read_answer(id).await
        })
        .await
        .map_err(|_| CallFailure::Timeout)?
    }

    async fn send(&mut self, text: String) -> Result<(), CallFailure> {
        self.socket
            .send(Text::text(text))
            .await
            .map_err(|_| CallFailure::Closed { code: None })
    }

    async fn read_answer(&mut self, wanted: &MessageId) -> Result<Value, CallFailure> {
        loop {
            match self.read().await? {
                Some(Frame::CallResult { id, payload }) if id == *wanted => {
                    return Ok(serde_json::from_str(payload.get()).unwrap_or_default());
                }
                Some(Frame::CallError {
                    id,
                    code,
                    description,
                    ..
                }) if id == *wanted => {
                    return Err(CallFailure::Error { code, description });
                }
                Some(_) | None => {}
            }
        }
    }

    /// Reads until the connection ends, answering what the central system asks.
    pub(super) async fn idle(&mut self) -> CallFailure {
        loop {
            if let Err(failure) = self.read().await {
                return failure;
            }
        }
    }

    /// Closes the connection as a station does that is switched off.
    pub(super) async fn close(&mut self) {
        if self.socket.close(None).await.is_ok() {
            let rest = async { while let Some(Ok(_)) = self.socket.next().await {} };
            let _ = tokio::time::timeout(Duration::from_secs(2), rest).await;
        }
    }

    /// One message; CALLs are answered here, what is no frame is skipped.
    async fn read(&mut self) -> Result<Option<Frame>, CallFailure> {
        let text = match self.socket.next().await {
            Some(Ok(Text::Text(text))) => text,
            Some(Ok(Text::Close(frame))) => {
                return Err(CallFailure::Closed {
                    code: frame.map(|frame| frame.code.into()),
                });
            }
            Some(Ok(Text::Binary(_) | Text::Ping(_) | Text::Pong(_) | Text::Frame(_))) => {
                return Ok(None);
            }
            Some(Err(_)) | None => return Err(CallFailure::Closed { code: None }),
        };
        match Frame::parse(self.version, text.as_str()) {
            Ok(Frame::Call { id, action, .. }) => {
                let answer = self.answer(&id, &action);
                self.send(answer).await?;
                Ok(None)
            }
            Ok(frame) => Ok(Some(frame)),
            Err(_) => Ok(None),
        }
    }

    /// A station of a fleet does what it is told and knows little.
    fn answer(&self, id: &MessageId, action: &str) -> String {
        let accepts = matches!(
            action,
            "ClearCache" | "SendLocalList" | "ChangeConfiguration" | "ChangeAvailability"
        );
        let result = accepts.then(|| rpc::call_result(id, &json!({ "status": "Accepted" })).ok());
        result.flatten().unwrap_or_else(|| {
            rpc::call_error(self.version, id, ErrorCode::NotImplemented, "one of many")
        })
    }
}
