//! Stations that misbehave, as a load: each kind as hard as one connection can.
//!
//! They run on a thread that gives way to the stations that are measured, and count what they
//! sent, so that the same can be sent to a server that is not measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::client::{Client, Login, authorize, frame};
use crate::process;
use crate::site::Api;

/// Small, so that what counts as sent has been taken by the server, or nearly.
const SEND_BUFFER_BYTES: u32 = 8 << 10;

/// How a station misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Heartbeats without waiting for answers.
    Heartbeats,
    /// Authorize without waiting for answers.
    Authorizes,
    /// The same transaction again and again, its messages out of order, without waiting.
    Replays,
    /// Answers to what nobody asked.
    Strays,
    /// Commands are not answered, late, with a wrong id, twice, or with CALLERROR.
    Commands,
    /// Messages of 3 MiB.
    Huge,
    /// Texts that are no OCPP.
    Garbage,
    /// Heartbeats whose answers are never read.
    Unread,
    /// It dials again and again, and leaves each time in the middle of a message of 4 MiB.
    Halves,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// In bytes, frames only.
    pub bytes: u64,
    /// Handshakes.
    pub connections: u64,
}

#[derive(Debug, Default)]
struct Counts {
    bytes: AtomicU64,
    connections: AtomicU64,
}

/// Running stations; they end when told, or when dropped.
pub struct Misbehaving {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
    counts: Arc<Counts>,
}

/// One of them.
#[derive(Clone)]
struct Station {
    login: Login,
    kind: Kind,
    card: String,
    api: Option<Arc<Api>>,
    /// Time between two frames, or two connections; `None`: as fast as they are taken.
    pause: Option<Duration>,
    counts: Arc<Counts>,
}

impl Misbehaving {
    /// As hard as they can. `api` sends them the commands that they answer badly.
    #[must_use]
    pub fn begin(kind: Kind, logins: &[Login], card: &str, api: &Api) -> Self {
        Self::start(kind, logins, card, Some(api.anew()), None)
    }

    /// The same kind, so many bytes and connections in so much time, evenly.
    #[must_use]
    pub fn paced(kind: Kind, logins: &[Login], card: &str, sent: Sent, over: Duration) -> Self {
        let stations = u64::try_from(logins.len()).unwrap_or(1).max(1);
        let each = match kind {
            Kind::Halves => sent.connections,
            _ => {
                sent.bytes
                    / u64::try_from(bytes(kind, card, true).len())
                        .unwrap_or(1)
                        .max(1)
            }
        };
        let times = u32::try_from(each / stations).unwrap_or(u32::MAX).max(1);
        Self::start(kind, logins, card, None, Some(over / times))
    }

    fn start(
        kind: Kind,
        logins: &[Login],
        card: &str,
        api: Option<Api>,
        pause: Option<Duration>,
    ) -> Self {
        let counts = Arc::new(Counts::default());
        let api = api.map(Arc::new);
        let stations: Vec<Station> = logins
            .iter()
            .map(|login| Station {
                login: login.clone(),
                kind,
                card: card.to_owned(),
                api: api.clone(),
                pause,
                counts: counts.clone(),
            })
            .collect();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || run(stations, stopped));
        Self {
            stop: Some(stop),
            thread: Some(thread),
            counts,
        }
    }

    /// Ends them.
    ///
    /// # Errors
    /// When they could not begin.
    pub fn end(mut self) -> anyhow::Result<Sent> {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            ended.map_err(|_| anyhow::anyhow!("a station failed"))??;
        }
        Ok(Sent {
            bytes: self.counts.bytes.load(Ordering::Relaxed),
            connections: self.counts.connections.load(Ordering::Relaxed),
        })
    }
}

fn run(stations: Vec<Station>, stopped: oneshot::Receiver<()>) -> anyhow::Result<()> {
    process::give_way()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for station in stations {
            running.spawn(station.misbehave());
        }
        // An error: told to stop.
        let _ = stopped.await;
        running.shutdown().await;
    });
    Ok(())
}

/// What one of a kind says, framed; for 1.6 or 2.0.1.
fn bytes(kind: Kind, card: &str, is_16: bool) -> Vec<u8> {
    let texts = match kind {
        Kind::Heartbeats | Kind::Unread => vec![r#"[2,"x","Heartbeat",{}]"#.to_owned()],
        Kind::Authorizes => vec![authorize("x", card, is_16)],
        Kind::Replays => replays(card, is_16),
        Kind::Strays | Kind::Commands => vec![r#"[3,"nobody-asked",{}]"#.to_owned()],
        Kind::Huge => vec![format!(
            r#"[2,"x","Heartbeat",{{"x":"{}"}}]"#,
            "a".repeat(3 << 20)
        )],
        Kind::Garbage | Kind::Halves => vec!["[,{ not even wrong".to_owned()],
    };
    let framed = texts.iter().map(|text| frame(0x81, text.as_bytes()));
    framed.flatten().collect()
}

fn replays(card: &str, is_16: bool) -> Vec<String> {
    let at = "2026-01-01T00:00:00Z";
    if is_16 {
        return vec![
            format!(
                r#"[2,"a","StopTransaction",{{"transactionId":1,"meterStop":9,"timestamp":"{at}"}}]"#
            ),
            format!(
                r#"[2,"b","StartTransaction",{{"connectorId":1,"idTag":"{card}","meterStart":1,"timestamp":"{at}"}}]"#
            ),
        ];
    }
    let event = |number: u32, kind: &str| {
        format!(
            r#"[2,"{number}","TransactionEvent",{{"eventType":"{kind}","timestamp":"{at}","triggerReason":"Trigger","seqNo":{number},"transactionInfo":{{"transactionId":"t1"}},"evse":{{"id":1}}}}]"#
        )
    };
    vec![event(2, "Ended"), event(1, "Updated"), event(0, "Started")]
}

impl Station {
    /// Goes on until it is ended; dials again when it is thrown out.
    async fn misbehave(self) {
        loop {
            // That the connection breaks is what is to be expected here.
            let _ = self.once().await;
            tokio::time::sleep(self.pause.unwrap_or(Duration::from_millis(10))).await;
        }
    }

    async fn once(&self) -> anyhow::Result<()> {
        let is_16 = self.login.subprotocol == "ocpp1.6";
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        let stream = socket.connect(self.login.address.parse()?).await?;
        let mut client = Client::over(stream, &self.login).await?;
        client.boot(&self.login).await?;
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        if let (Kind::Commands, Some(api)) = (self.kind, &self.api) {
            return self.answer_badly(client, api).await;
        }
        let stream = client.into_stream();
        if self.kind == Kind::Halves {
            return half(stream).await;
        }
        let bytes = bytes(self.kind, &self.card, is_16);
        let (mut from, mut to) = stream.into_split();
        let read = async {
            let mut scratch = vec![0; 64 << 10];
            loop {
                if self.kind == Kind::Unread {
                    std::future::pending::<()>().await;
                }
                ensure!(from.read(&mut scratch).await? > 0, "closed");
            }
        };
        let write = async {
            let mut next = tokio::time::Instant::now();
            loop {
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let count = to.write(rest).await?;
                    self.count(count);
                    rest = rest.get(count..).unwrap_or_default();
                }
                if let Some(pause) = self.pause {
                    next += pause;
                    tokio::time::sleep_until(next).await;
                }
            }
        };
        tokio::select! {
            ended = read => ended,
            ended = write => ended,
        }
    }

    fn count(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    async fn answer_badly(&self, mut client: Client, api: &Api) -> anyhow::Result<()> {
        let ask = async {
            loop {
                // Refused, not answered, lost: it is asked again.
                let _ = api.command(&self.login.station_id, "ClearCache").await;
            }
        };
        let answer = async {
            let mut late: Option<String> = None;
            for turn in 0_u32.. {
                let id = client.next_call().await?;
                let result = |id: &str| format!(r#"[3,"{id}",{{"status":"Accepted"}}]"#);
                let mut answers = Vec::new();
                answers.extend(late.take());
                match turn % 5 {
                    0 => {}
                    1 => late = Some(result(&id)),
                    2 => answers.extend([result("wrong"), result(&id)]),
                    3 => answers.extend([result(&id), result(&id)]),
                    _ => answers.push(format!(r#"[4,"{id}","InternalError","no",{{}}]"#)),
                }
                for answer in answers {
                    client.send(&answer).await?;
                    self.count(answer.len() + 6);
                }
            }
            Ok(())
        };
        tokio::select! {
            () = ask => Ok(()),
            ended = answer => ended,
        }
    }
}

async fn half(mut stream: TcpStream) -> anyhow::Result<()> {
    // A text of 4 MiB, of which 2 kB come.
    let mut head = vec![0x81, 0x80 | 127];
    head.extend((4_u64 << 20).to_be_bytes());
    head.extend([0; 4]);
    head.extend([b'x'; 2_000]);
    stream.write_all(&head).await.context("half a message")?;
    Ok(())
}
