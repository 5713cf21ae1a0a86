//! The WebSocket of one station.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes, error::ProtocolError};

use crate::transport::Transport;

/// Held by every connection, so as small as it may be: most messages are shorter, longer ones make
/// it grow.
const READ_BUFFER_BYTES: usize = 2 << 10;
/// For what is read and dropped at the end.
const SCRATCH_BYTES: usize = 16 << 10;
/// What a station may leave untaken before its connection is given up.
const WRITE_BUFFER_LIMIT_BYTES: usize = 8 << 20;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A message.
    Text(Utf8Bytes),
    /// A message of the kind that OCPP does not use: its size in bytes.
    Binary(usize),
    /// Ping (answered already) or pong.
    Sign,
    /// The station closes.
    Close,
}

impl Received {
    /// In bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Received::Text(text) => text.len(),
            Received::Binary(bytes) => *bytes,
            Received::Sign | Received::Close => 0,
        }
    }
}

/// Why nothing more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A message larger than what is read at all.
    TooBig,
    /// A text message that is not UTF-8.
    NotUtf8,
    /// Not WebSocket.
    Protocol,
    /// The stream ended.
    Lost,
}

/// A WebSocket and what waits to be written to it.
pub(crate) struct Socket {
    ws: WebSocketStream<Transport>,
    unflushed: bool,
    stuck_since: Option<Instant>,
    /// What comes cannot be read as frames any more.
    unreadable: bool,
}

impl Socket {
    /// On a stream after its handshake; `early` is what the peer sent right behind it.
    pub(crate) async fn new(transport: Transport, early: &[u8], max_read_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_LIMIT_BYTES)
            .max_message_size(Some(max_read_bytes))
            .max_frame_size(Some(max_read_bytes));
        let ws = if early.is_empty() {
            WebSocketStream::from_raw_socket(transport, Role::Server, Some(config)).await
        } else {
            let early = early.to_vec();
            WebSocketStream::from_partially_read(transport, early, Role::Server, Some(config)).await
        };
        Self {
            ws,
            unflushed: false,
            stuck_since: None,
            unreadable: false,
        }
    }

    /// Queues a text message; [`Socket::poll_flush`] writes what could not be written at once.
    pub(crate) fn send(&mut self, text: String) -> Result<(), Broken> {
        self.start(Message::Text(text.into()))
    }

    /// Queues a ping.
    pub(crate) fn ping(&mut self) -> Result<(), Broken> {
        self.start(Message::Ping(Bytes::new()))
    }

    fn start(&mut self, message: Message) -> Result<(), Broken> {
        self.unflushed = true;
        Pin::new(&mut self.ws)
            .start_send(message)
            .map_err(|error| broken(&error))
    }

    /// Writes what waits.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut self.ws).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                self.unflushed = false;
                self.stuck_since = None;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(broken(&error))),
            Poll::Pending => {
                self.stuck_since.get_or_insert_with(Instant::now);
                Poll::Pending
            }
        }
    }

    /// Since when the peer takes nothing.
    pub(crate) fn stuck_since(&self) -> Option<Instant> {
        self.stuck_since
    }

    /// The next thing that comes.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, Broken>> {
        let message = match ready!(Pin::new(&mut self.ws).poll_next(cx)) {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                let broken = broken(&error);
                self.unreadable = broken != Broken::Lost;
                return Poll::Ready(Err(broken));
            }
            None => return Poll::Ready(Err(Broken::Lost)),
        };
        Poll::Ready(Ok(match message {
            Message::Text(text) => Received::Text(text),
            Message::Binary(bytes) => Received::Binary(bytes.len()),
            Message::Ping(_) => {
                // The pong is queued.
                self.unflushed = true;
                Received::Sign
            }
            Message::Pong(_) | Message::Frame(_) => Received::Sign,
            Message::Close(_) => Received::Close,
        }))
    }

    /// Says goodbye and waits until the peer has heard it, at most `limit`.
    pub(crate) async fn close(mut self, code: CloseCode, reason: &'static str, limit: Duration) {
        let goodbye = async {
            let frame = CloseFrame {
                code,
                reason: Utf8Bytes::from_static(reason),
            };
            let sent = self.start(Message::Close(Some(frame)));
            let flushed = std::future::poll_fn(|cx| self.poll_flush(cx)).await;
            if sent.is_ok() && flushed.is_ok() {
                self.until_closed().await;
            }
            // TLS says goodbye too.
            let _ = self.ws.get_mut().shutdown().await;
        };
        // The peer is not owed more than this.
        let _ = tokio::time::timeout(limit, goodbye).await;
    }

    /// Reads and drops what still comes: closing a socket with unread bytes resets the
    /// connection, and a reset can overtake the close frame.
    async fn until_closed(&mut self) {
        while !self.unreadable {
            let next = std::future::poll_fn(|cx| {
                // A pong or the rest of an answer; a failure shows in reading, too.
                let _ = self.poll_flush(cx);
                self.poll_receive(cx)
            });
            if next.await == Err(Broken::Lost) {
                return;
            }
        }
        let mut scratch = vec![0; SCRATCH_BYTES];
        while self
            .ws
            .get_mut()
            .read(&mut scratch)
            .await
            .is_ok_and(|count| count > 0)
        {}
    }
}

fn broken(error: &WsError) -> Broken {
    match error {
        WsError::Capacity(_) => Broken::TooBig,
        WsError::Utf8(_) => Broken::NotUtf8,
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Broken::Lost,
        WsError::Protocol(_) => Broken::Protocol,
        _ => Broken::Lost,
    }
}
