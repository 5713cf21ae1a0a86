//! A running gateway and stations that dial it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::clock::SystemClock;
use app::link::{Peer, StationLink};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use gateway::{Gateway, GatewayOptions, ListenerConfig, ListenerKind, Registry, bind};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::fake::Fake;

/// No wait of a test takes longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// A gateway with its inside.
pub(crate) struct Stage {
    pub(crate) gateway: Gateway,
    pub(crate) fake: Arc<Fake>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) address: SocketAddr,
}

/// Short times, so that tests which wait for them are quick; and a test dials as often as it
/// likes.
pub(crate) fn options() -> GatewayOptions {
    GatewayOptions {
        dial_rate: None,
        close_timeout: Duration::from_millis(500),
        ..GatewayOptions::default()
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: GatewayOptions) -> Self {
        Self::listening(options, vec![plain(ListenerKind::Everything)]).await
    }

    pub(crate) async fn listening(options: GatewayOptions, listeners: Vec<ListenerConfig>) -> Self {
        let fake = Arc::new(Fake::default());
        let registry = Registry::new(Arc::new(SystemClock), &options);
        let http = tower::service_fn(echo);
        let gateway = bind(listeners, options, fake.clone(), registry.clone(), http)
            .await
            .unwrap();
        let address = gateway.local_addresses()[0];
        Self {
            gateway,
            fake,
            registry,
            address,
        }
    }

    /// Connects a 1.6 station without credentials.
    pub(crate) async fn station(&self, id: &str) -> Client {
        self.dial(&Dial::new(id)).await.expect("let in")
    }

    pub(crate) async fn dial(&self, dial: &Dial) -> Result<Client, Head> {
        Client::over(TcpStream::connect(self.address).await.unwrap(), dial).await
    }

    /// Sends a request as it stands and reads the answer until the connection is closed.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Everything has left.
    pub(crate) async fn is_empty_again(&self) {
        eventually("the registry is empty", || self.registry.online() == 0).await;
        eventually("each connection was taken back", || {
            self.fake.connected.lock().len() == self.fake.disconnected.lock().len()
        })
        .await;
    }
}

/// A plain listener on a free port.
pub(crate) fn plain(kind: ListenerKind) -> ListenerConfig {
    ListenerConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        kind,
    }
}

/// The HTTP service: tells method, path, body size and peer.
async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let peer = *request.extensions().get::<Peer>().unwrap();
    let (method, path) = (
        request.method().to_string(),
        request.uri().path().to_owned(),
    );
    let size = request
        .into_body()
        .collect()
        .await
        .map_or(0, |body| body.to_bytes().len());
    let body = json!({
        "method": method,
        "path": path,
        "size": size,
        "address": peer.address.ip().to_string(),
        "encrypted": peer.encrypted,
    });
    Ok(Response::new(Full::from(body.to_string())))
}

/// What a station says when it dials.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Dial {
    /// `/ocpp/{id}`, ocpp1.6, no credentials.
    pub(crate) fn new(id: &str) -> Self {
        let headers = [
            ("Host", "localhost"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Protocol", "ocpp1.6"),
        ];
        let headers = headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        Self {
            path: format!("/ocpp/{id}"),
            headers,
        }
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    pub(crate) fn protocols(self, names: &str) -> Self {
        self.with("Sec-WebSocket-Protocol", names)
    }

    pub(crate) fn password(self, id: &str, password: &[u8]) -> Self {
        let pair = [id.as_bytes(), b":", password].concat();
        self.with(
            "Authorization",
            &format!("Basic {}", BASE64_STANDARD.encode(pair)),
        )
    }

    pub(crate) fn request(&self) -> String {
        let lines: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!("GET {} HTTP/1.1\r\n{lines}\r\n", self.path)
    }
}

/// The head of an answer, and the body of a refusal.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A station's end.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) ws: WebSocketStream<S>,
    pub(crate) head: Head,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn over(mut stream: S, dial: &Dial) -> Result<Self, Head> {
        within(stream.write_all(dial.request().as_bytes()))
            .await
            .unwrap();
        let mut head = within(read_head(&mut stream)).await;
        if head.status != 101 {
            within(stream.read_to_string(&mut head.body)).await.unwrap();
            return Err(head);
        }
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let ws = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
        Ok(Self { ws, head })
    }

    pub(crate) async fn send(&mut self, text: &str) {
        within(self.ws.send(Message::text(text))).await.unwrap();
    }

    pub(crate) async fn heartbeat(&mut self, id: &str) {
        self.send(&format!(r#"[2,"{id}","Heartbeat",{{}}]"#)).await;
    }

    /// The next message as JSON; pings are passed over.
    pub(crate) async fn receive(&mut self) -> Value {
        loop {
            match within(self.ws.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no text but {other:?}"),
            }
        }
    }

    /// The connection works: a heartbeat is answered.
    pub(crate) async fn works(&mut self) {
        self.heartbeat("works").await;
        let answer = self.receive().await;
        assert_eq!(answer[0], 3, "{answer}");
        assert_eq!(answer[1], "works");
        assert!(answer[2]["currentTime"].is_string(), "{answer}");
    }

    /// Code and reason of the close frame; `None` when the stream just ends.
    pub(crate) async fn closed(&mut self) -> Option<(u16, String)> {
        loop {
            match within(self.ws.next()).await {
                Some(Ok(Message::Close(frame))) => {
                    let frame = frame.expect("a close frame with a code");
                    // Answers the close frame.
                    let _ = within(self.ws.flush()).await;
                    return Some((frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn closed_with(&mut self, code: u16) {
        let closed = self.closed().await;
        assert_eq!(
            closed.as_ref().map(|(code, _)| *code),
            Some(code),
            "{closed:?}"
        );
    }
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Head {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.expect("an answer"));
    }
    let text = String::from_utf8(text).unwrap();
    let mut lines = text.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Head {
        status,
        headers,
        body: String::new(),
    }
}

/// Fails the test when something takes too long.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .expect("in time")
}

/// Waits until something holds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = tokio::time::Instant::now();
    while !holds() {
        assert!(begin.elapsed() < DEADLINE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
