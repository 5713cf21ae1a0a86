//! An outside authority on this machine that behaves, or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{DEADLINE, eventually};

/// How it answers questions; the check it always answers, unless it is [`Mode::Deaf`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Yes to these numbers, no to all others.
    Only(BTreeSet<String>),
    /// It takes the question and says nothing.
    Hangs,
    /// This status, with a body that would be a yes.
    Status(u16),
    /// Not JSON, though it says so.
    Garbage,
    /// JSON that says yes, and is no longer read.
    Huge,
    /// A redirect to another address.
    Redirect(String),
    /// It closes the connection.
    Closes,
    /// A yes that is said to be a page.
    WrongType,
    /// Other words than asked for.
    OtherWords,
    /// It does not even answer the check.
    Deaf,
}

/// What it was sent.
#[derive(Clone, Debug)]
pub struct Received {
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

impl Received {
    /// `authorize`, `start`, `started`, `ended`, `check`.
    #[must_use]
    pub fn event(&self) -> &str {
        self.body["event"].as_str().unwrap_or_default()
    }
}

/// The service; it ends with the test.
pub struct Webhook {
    /// Where it is.
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    mode: Mutex<Mode>,
    received: Mutex<Vec<Received>>,
}

impl Webhook {
    /// One that behaves so.
    pub async fn start(mode: Mode) -> Webhook {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            mode: Mutex::new(mode),
            received: Mutex::default(),
        });
        let serving = Arc::downgrade(&inner);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let Some(inner) = serving.upgrade() else {
                    return;
                };
                tokio::spawn(async move {
                    // A caller that goes away is not at fault.
                    let _ = serve(socket, &inner).await;
                });
            }
        });
        Webhook {
            url: format!("http://127.0.0.1:{port}/hook"),
            inner,
        }
    }

    /// Behaves otherwise from now on.
    pub fn set(&self, mode: Mode) {
        *self.inner.mode.lock().unwrap() = mode;
    }

    /// What it was sent so far, of these events.
    #[must_use]
    pub fn received(&self, events: &[&str]) -> Vec<Received> {
        let all = self.inner.received.lock().unwrap();
        all.iter()
            .filter(|one| events.contains(&one.event()))
            .cloned()
            .collect()
    }

    /// Waits until it was sent so many of an event.
    pub async fn wait_for(&self, event: &str, count: usize) -> Vec<Received> {
        eventually(event, DEADLINE, || async {
            let all = self.received(&[event]);
            (all.len() >= count).then_some(all)
        })
        .await
    }
}

async fn serve(mut socket: TcpStream, inner: &Inner) -> std::io::Result<()> {
    let Some(received) = read(&mut socket).await? else {
        return Ok(());
    };
    let mode = inner.mode.lock().unwrap().clone();
    inner.received.lock().unwrap().push(received.clone());
    let json = "application/json";
    if received.event() == "check" {
        if mode != Mode::Deaf {
            let body = json!({ "challenge": received.body["challenge"] }).to_string();
            return answer(&mut socket, 200, json, &[], &body).await;
        }
        return answer(
            &mut socket,
            200,
            json,
            &[],
            r#"{"challenge":"secret page"}"#,
        )
        .await;
    }
    let yes = r#"{"decision":"allow"}"#;
    let no = r#"{"decision":"deny"}"#;
    match mode {
        Mode::Yes => answer(&mut socket, 200, json, &[], yes).await,
        Mode::No | Mode::Deaf => answer(&mut socket, 200, json, &[], no).await,
        Mode::Only(numbers) => {
            let number = received.body["token"]["number"]
                .as_str()
                .unwrap_or_default();
            let body = if numbers.contains(number) { yes } else { no };
            answer(&mut socket, 200, json, &[], body).await
        }
        Mode::Hangs => {
            // Until the caller has had enough.
            let mut rest = [0; 64];
            while socket.read(&mut rest).await? > 0 {}
            Ok(())
        }
        Mode::Status(status) => answer(&mut socket, status, json, &[], yes).await,
        Mode::Garbage => answer(&mut socket, 200, json, &[], "\u{1}{allow").await,
        Mode::Huge => {
            let body = format!(
                r#"{{"decision":"allow","note":"{}"}}"#,
                "x".repeat(1_000_000)
            );
            answer(&mut socket, 200, json, &[], &body).await
        }
        Mode::Redirect(to) => answer(&mut socket, 307, json, &[("Location", &to)], yes).await,
        Mode::Closes => Ok(()),
        Mode::WrongType => answer(&mut socket, 200, "text/html", &[], yes).await,
        Mode::OtherWords => {
            let body = r#"{"decision":true,"allow":"allow"}"#;
            answer(&mut socket, 200, json, &[], body).await
        }
    }
}

/// A request with its body; `None` where the connection ended before it.
async fn read(socket: &mut TcpStream) -> std::io::Result<Option<Received>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let count = socket.read(&mut piece).await?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece[..count]);
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let headers: BTreeMap<String, String> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    while bytes.len() < head + 4 + length {
        let count = socket.read(&mut piece).await?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece[..count]);
    }
    let body = serde_json::from_slice(&bytes[head + 4..head + 4 + length]).unwrap_or(Value::Null);
    Ok(Some(Received { headers, body }))
}

async fn answer(
    socket: &mut TcpStream,
    status: u16,
    kind: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<()> {
    let mut text = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Connection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    socket.write_all(text.as_bytes()).await?;
    socket.write_all(body.as_bytes()).await?;
    socket.shutdown().await
}
