//! A station that costs next to nothing: the load must not be what is measured.
//!
//! It speaks WebSocket by hand (RFC 6455): frames are masked with zero, which changes no byte, and
//! answers are searched for a text instead of being parsed.

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// RFC 6455 §5.2: the opcodes used here, with FIN.
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// Where and as whom.
#[derive(Clone, Debug)]
pub struct Login {
    /// `127.0.0.1:8080`.
    pub address: String,
    /// The identity.
    pub station_id: String,
    /// `ocpp1.6` or `ocpp2.0.1`.
    pub subprotocol: &'static str,
    /// For Basic auth.
    pub password: String,
}

/// A connection.
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    used: usize,
}

impl Client {
    /// Connects with Basic auth.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(login: &Login) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&login.address)
            .await
            .context("connect")?;
        Self::over(stream, login).await
    }

    /// The same over a stream that stands.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn over(mut stream: TcpStream, login: &Login) -> anyhow::Result<Self> {
        stream.set_nodelay(true)?;
        let credentials =
            BASE64_STANDARD.encode(format!("{}:{}", login.station_id, login.password));
        let request = format!(
            "GET /ocpp/{} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {}\r\nAuthorization: Basic {credentials}\r\n\r\n",
            login.station_id, login.address, login.subprotocol,
        );
        stream.write_all(request.as_bytes()).await?;
        let mut client = Self {
            stream,
            received: Vec::new(),
            used: 0,
        };
        loop {
            if let Some(end) = find(&client.received, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(client.received.get(..end).unwrap_or(&[]));
                ensure!(head.starts_with("HTTP/1.1 101 "), "refused: {head}");
                client.used = end + 4;
                return Ok(client);
            }
            client.read_more().await?;
        }
    }

    /// Sends a text.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn send(&mut self, text: &str) -> anyhow::Result<()> {
        let frame = frame(TEXT, text.as_bytes());
        self.stream.write_all(&frame).await?;
        Ok(())
    }

    /// The next answer to a CALL made here. Pings are answered, CALLs of the server refused.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn answer(&mut self) -> anyhow::Result<String> {
        loop {
            let (opcode, payload) = self.next_frame().await?;
            match opcode {
                TEXT => {
                    let text = String::from_utf8(payload)?;
                    if text.starts_with("[2,") {
                        let call: serde_json::Value = serde_json::from_str(&text)?;
                        let id = call.get(1).cloned().unwrap_or_default();
                        let refusal = serde_json::json!([4, id, "NotSupported", "", {}]);
                        self.send(&refusal.to_string()).await?;
                    } else {
                        return Ok(text);
                    }
                }
                PING => self.stream.write_all(&frame(PONG, &payload)).await?,
                PONG => {}
                CLOSE => bail!("closed by the server: {payload:?}"),
                other => bail!("a frame of kind {other:#x}"),
            }
        }
    }

    /// Sends BootNotification.
    ///
    /// # Errors
    /// When it is not accepted.
    pub async fn boot(&mut self, login: &Login) -> anyhow::Result<()> {
        let boot = if login.subprotocol == "ocpp1.6" {
            r#"[2,"boot","BootNotification",{"chargePointVendor":"Keywatt","chargePointModel":"Bench"}]"#
        } else {
            r#"[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"Keywatt","model":"Bench"}}]"#
        };
        let answer = self.call(boot).await?;
        ensure!(answer.contains("Accepted"), "not accepted: {answer}");
        Ok(())
    }

    /// The id of the next CALL of the server; answers are passed over.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn next_call(&mut self) -> anyhow::Result<String> {
        loop {
            let (opcode, payload) = self.next_frame().await?;
            match opcode {
                TEXT if payload.starts_with(b"[2,") => {
                    let call: serde_json::Value = serde_json::from_slice(&payload)?;
                    let id = call.get(1).and_then(serde_json::Value::as_str);
                    return Ok(id.context("no id")?.to_owned());
                }
                PING => self.stream.write_all(&frame(PONG, &payload)).await?,
                CLOSE => bail!("closed by the server: {payload:?}"),
                _ => {}
            }
        }
    }

    /// Sends a CALL and returns the text of its answer.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn call(&mut self, call: &str) -> anyhow::Result<String> {
        self.send(call).await?;
        self.answer().await
    }

    /// The stream itself, for who wants to misuse it.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    async fn next_frame(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        loop {
            let rest = self.received.get(self.used..).unwrap_or(&[]);
            if let Some((opcode, start, length)) = header(rest)
                && let Some(payload) = rest.get(start..start + length)
            {
                let payload = payload.to_vec();
                self.used += start + length;
                return Ok((opcode, payload));
            }
            self.received.drain(..self.used);
            self.used = 0;
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.received).await?;
        ensure!(read > 0, "the connection ended");
        Ok(())
    }
}

/// Connects and boots.
///
/// # Errors
/// When the server refuses.
pub async fn boot(login: &Login) -> anyhow::Result<Client> {
    let mut client = Client::connect(login).await?;
    client.boot(login).await?;
    Ok(client)
}
/// The CALL by which a station asks for a card.
#[must_use]
pub fn authorize(id: &str, card: &str, is_16: bool) -> String {
    if is_16 {
        format!(r#"[2,"{id}","Authorize",{{"idTag":"{card}"}}]"#)
    } else {
        format!(r#"[2,"{id}","Authorize",{{"idToken":{{"idToken":"{card}","type":"ISO14443"}}}}]"#)
    }
}

/// First byte, begin of the payload and its length, once they are there.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    match second & 0x7F {
        126 => {
            let length = u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]);
            Some((first, 4, usize::from(length)))
        }
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            Some((first, 10, usize::try_from(length).ok()?))
        }
        length => Some((first, 2, usize::from(length))),
    }
}

/// A masked frame; the mask is zero.
#[must_use]
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(first);
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | length),
        Ok(_) | Err(_) => match u16::try_from(payload.len()) {
            Ok(length) => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&length.to_be_bytes());
            }
            Err(_) => {
                let length = u64::try_from(payload.len()).unwrap_or(u64::MAX);
                frame.push(0x80 | 127);
                frame.extend_from_slice(&length.to_be_bytes());
            }
        },
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_says_its_length_in_the_shortest_form() {
        assert_eq!(frame(TEXT, b"ab"), [0x81, 0x82, 0, 0, 0, 0, b'a', b'b']);
        let long = frame(TEXT, &[b'x'; 200]);
        assert_eq!(long[..8], [0x81, 0xFE, 0, 200, 0, 0, 0, 0]);
        let huge = frame(TEXT, &[b'x'; 70_000]);
        assert_eq!(huge[..10], [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    }

    #[test]
    fn a_header_is_read_once_it_is_complete() {
        assert_eq!(header(&[0x81]), None);
        assert_eq!(header(&[0x81, 5]), Some((0x81, 2, 5)));
        assert_eq!(header(&[0x81, 126, 1]), None);
        assert_eq!(header(&[0x81, 126, 1, 0]), Some((0x81, 4, 256)));
    }
}
