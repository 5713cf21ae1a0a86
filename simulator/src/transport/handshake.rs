//! The WebSocket handshake, done by hand so that a refusal keeps its status and text, and any
//! path, user or sub-protocol can be tried.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::endpoint::Target;
use super::tls::{self, TlsError};
use super::{Endpoint, InvalidUrl};

/// More than any answer to a handshake needs.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is unusable.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// Nobody answered, or the connection broke during the handshake.
    #[error("connection to `{authority}` failed")]
    Io {
        /// Host and port.
        authority: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// TLS failed.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The server refused the upgrade.
    #[error("refused with HTTP {status}: {body}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The body, as text.
        body: String,
        /// The header lines, names in lower case.
        headers: Vec<(String, String)>,
    },
    /// The answer is not that of a WebSocket server.
    #[error("the answer is not a WebSocket handshake: {0}")]
    NotWebSocket(&'static str),
    /// The server shares no OCPP version with us: it named none, or one that was not offered.
    #[error("the server did not choose the offered sub-protocol, but {}", chosen.as_deref().unwrap_or("none"))]
    NoSubprotocol {
        /// What it chose.
        chosen: Option<String>,
    },
    /// The handshake took too long.
    #[error("no handshake in time")]
    Timeout,
}

/// A byte stream to the server.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open WebSocket.
pub type Socket = WebSocketStream<Box<dyn Stream>>;

/// A finished handshake.
pub struct Opened {
    /// The socket.
    pub socket: Socket,
    /// What the server chose of the offered sub-protocols.
    pub subprotocol: Option<String>,
}

/// Connects and upgrades.
///
/// # Errors
/// See [`ConnectError`].
pub async fn open(endpoint: &Endpoint) -> Result<Opened, ConnectError> {
    tokio::time::timeout(endpoint.connect_timeout, open_unhurried(endpoint))
        .await
        .map_err(|_| ConnectError::Timeout)?
}

async fn open_unhurried(endpoint: &Endpoint) -> Result<Opened, ConnectError> {
    let target = endpoint.target()?;
    let failed = |source| ConnectError::Io {
        authority: target.authority.clone(),
        source,
    };
    let tcp = TcpStream::connect((target.host.as_str(), target.port))
        .await
        .map_err(failed)?;
    tcp.set_nodelay(true).map_err(failed)?;
    let mut stream: Box<dyn Stream> = if target.secure {
        Box::new(tls::connect(tcp, &target.host, endpoint.ca_pem.as_deref()).await?)
    } else {
        Box::new(tcp)
    };
    let key = generate_key();
    let offered = endpoint.offered();
    stream
        .write_all(request(endpoint, &target, &key, &offered).as_bytes())
        .await
        .map_err(failed)?;
    let (head, rest) = read_head(&mut stream).await.map_err(failed)?;
    let response = Response::parse(&head)?;
    if response.status != 101 {
        let body = read_body(&mut stream, rest, &response).await;
        return Err(ConnectError::Refused {
            status: response.status,
            body,
            headers: response.headers,
        });
    }
    if response.header("sec-websocket-accept") != Some(&derive_accept_key(key.as_bytes())) {
        return Err(ConnectError::NotWebSocket("wrong Sec-WebSocket-Accept"));
    }
    let subprotocol = response.header("sec-websocket-protocol").map(str::to_owned);
    let agreed = subprotocol
        .as_ref()
        .is_some_and(|chosen| offered.contains(chosen));
    if endpoint.subprotocols.is_none() && !agreed {
        return Err(ConnectError::NoSubprotocol {
            chosen: subprotocol,
        });
    }
    // Small buffers: a test holds thousands of connections.
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0);
    let socket =
        WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(config)).await;
    Ok(Opened {
        socket,
        subprotocol,
    })
}

/// The upgrade request.
fn request(endpoint: &Endpoint, target: &Target, key: &str, offered: &[String]) -> String {
    let mut text = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n",
        target.path, target.authority
    );
    if !offered.is_empty() {
        text += &format!("Sec-WebSocket-Protocol: {}\r\n", offered.join(", "));
    }
    if let Some(password) = &endpoint.password {
        let user = endpoint.user.as_deref().unwrap_or(endpoint.id.as_bytes());
        let pair = [user, b":", password].concat();
        text += &format!("Authorization: Basic {}\r\n", STANDARD.encode(pair));
    }
    for (name, value) in &endpoint.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// The head of the response, and what was read beyond it.
async fn read_head(stream: &mut Box<dyn Stream>) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(512);
    loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(at + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        if bytes.len() > MAX_RESPONSE_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "response head too long",
            ));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The body of a refusal: as long as announced, else until the server stops.
async fn read_body(stream: &mut Box<dyn Stream>, mut body: Vec<u8>, head: &Response) -> String {
    let announced = head
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    let chunked = head
        .header("transfer-encoding")
        .is_some_and(|coding| coding.contains("chunked"));
    let wanted = announced
        .unwrap_or(MAX_RESPONSE_BYTES)
        .min(MAX_RESPONSE_BYTES);
    while body.len() < wanted && !(chunked && body.ends_with(b"0\r\n\r\n")) {
        match stream.read_buf(&mut body).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Status and headers.
struct Response {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Response {
    fn parse(head: &str) -> Result<Response, ConnectError> {
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1."))
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|status| status.parse().ok())
            .ok_or(ConnectError::NotWebSocket("no HTTP status line"))?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Ok(Response { status, headers })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}
