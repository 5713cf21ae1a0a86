//! A station's socket with nothing in between: any frame, whole or not.

use futures_util::{SinkExt as _, StreamExt as _};
use keywatt_tests::{DEADLINE, Server, Version, unique};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub(crate) struct Socket {
    ws: WebSocketStream<TcpStream>,
}

impl Socket {
    pub(crate) async fn connect(server: &Server, id: &str, version: Version) -> Socket {
        let stream = TcpStream::connect(("127.0.0.1", server.port()))
            .await
            .unwrap();
        let url = format!("{}/{id}", server.ws());
        let mut request = url.into_client_request().unwrap();
        let name = version.subprotocol().parse().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", name);
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let connected =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
        Socket {
            ws: connected.unwrap().0,
        }
    }

    /// Sends a text; `false`: the server has closed.
    pub(crate) async fn try_send(&mut self, text: String) -> bool {
        self.ws.send(Message::text(text)).await.is_ok()
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        assert!(self.try_send(frame.to_string()).await, "it is closed");
    }

    /// Puts a text behind what waits to be sent, without waiting.
    pub(crate) async fn feed(&mut self, frame: &Value) -> bool {
        self.ws.feed(Message::text(frame.to_string())).await.is_ok()
    }

    /// Bytes, whatever they are.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.ws.get_mut().write_all(bytes).await;
    }

    /// The next text; `None` at the end.
    pub(crate) async fn receive(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.ws.next()).await;
            match next.expect("something in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).ok(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The id of the next CALL of the server, which is this one.
    pub(crate) async fn asked(&mut self, action: &str) -> String {
        let call = self.receive().await.unwrap();
        assert_eq!((&call[0], &call[2]), (&json!(2), &json!(action)), "{call}");
        call[1].as_str().unwrap().to_owned()
    }

    /// A CALL and the payload of its result.
    pub(crate) async fn call(&mut self, action: &str, payload: Value) -> Value {
        self.call_as(&unique::message_id(), action, payload).await
    }

    pub(crate) async fn call_as(&mut self, id: &str, action: &str, payload: Value) -> Value {
        self.send(&json!([2, id, action, payload])).await;
        let answer = self.receive().await.unwrap();
        assert_eq!(
            (&answer[0], &answer[1]),
            (&json!(3), &json!(id)),
            "{answer}"
        );
        answer[2].clone()
    }

    /// The connection works.
    pub(crate) async fn works(&mut self) {
        let answer = self.call("Heartbeat", json!({})).await;
        assert!(answer["currentTime"].is_string(), "{answer}");
    }
}
