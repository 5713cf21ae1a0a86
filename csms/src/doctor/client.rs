//! The server, as it is asked.

use std::time::Duration;

use anyhow::{Context, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::book::{Entry, Severity};
use super::stream::Stream;

/// For an answer; not for the stream.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// A registered station.
pub(super) struct Station {
    pub(super) id: String,
    pub(super) online: bool,
    pub(super) last_seen: Option<String>,
}

#[derive(Deserialize)]
struct Piece<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct StationBody {
    station_id: String,
    connection: ConnectionBody,
}

#[derive(Deserialize)]
struct ConnectionBody {
    online: bool,
    last_seen_at: Option<String>,
}

#[derive(Deserialize)]
struct FindingsBody {
    items: Vec<FindingBody>,
}

#[derive(Deserialize)]
struct FindingBody {
    code: String,
    severity: String,
    reason: String,
    fix: String,
    detail: String,
    count: u64,
    last_at: String,
}

#[derive(Deserialize)]
struct RefusedBody {
    identity: String,
    address: String,
    code: String,
    reason: String,
    fix: String,
    count: u64,
    last_at: String,
    online: bool,
}

#[derive(Deserialize)]
struct ProblemBody {
    detail: String,
}

impl Client {
    pub(super) fn new(url: &str, key: &str) -> anyhow::Result<Self> {
        // The HTTP client brings no cryptography of its own; an error means that it is set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(TIMEOUT)
            .build()
            .context("an HTTP client")?;
        Ok(Self {
            http,
            base: url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The registered stations that the key may look at, or one of them.
    pub(super) async fn stations(&self, only: Option<&str>) -> anyhow::Result<Vec<Station>> {
        let bodies: Vec<StationBody> = match only {
            Some(id) => {
                let path = format!("/stations/{}", segment(id));
                match self.find(&path).await? {
                    Some(body) => vec![body],
                    // It may be one that knocks and is not registered.
                    None => Vec::new(),
                }
            }
            None => self.all("/stations").await?.unwrap_or_default(),
        };
        let stations = bodies.into_iter().map(|body| Station {
            id: body.station_id,
            online: body.connection.online,
            last_seen: body.connection.last_seen_at,
        });
        Ok(stations.collect())
    }

    pub(super) async fn findings(&self, station: &str) -> anyhow::Result<Vec<Entry>> {
        let path = format!("/stations/{}/findings", segment(station));
        let body: Option<FindingsBody> = self.find(&path).await?;
        let items = body.map(|body| body.items).unwrap_or_default();
        Ok(items
            .into_iter()
            .map(|finding| Entry {
                severity: severity(&finding.severity),
                who: station.to_owned(),
                what: finding.code,
                reason: with_detail(&finding.reason, &finding.detail),
                fix: finding.fix,
                when: times(finding.count, &finding.last_at),
            })
            .collect())
    }

    /// Refused handshakes; `None`: not for this key.
    pub(super) async fn refused(&self) -> anyhow::Result<Option<Vec<Entry>>> {
        let bodies: Option<Vec<RefusedBody>> = self.all("/stations/refused").await?;
        Ok(bodies.map(|bodies| bodies.into_iter().map(refused).collect()))
    }

    /// The stream of what happens, from after an event.
    pub(super) async fn events(&self, last: Option<&str>) -> anyhow::Result<Stream> {
        let mut request = self
            .http
            .get(format!("{}/v1/events", self.base))
            .bearer_auth(&self.key);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        if status != 200 {
            bail!("GET /v1/events answered {status}");
        }
        Ok(Stream::new(response))
    }

    /// All pieces of a list; `None`: not for this key.
    async fn all<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<Vec<T>>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{path}?limit=200{cursor}");
            let Some(piece): Option<Piece<T>> = self.find(&path).await? else {
                return Ok(None);
            };
            items.extend(piece.items);
            match piece.next_cursor {
                Some(next) => cursor = format!("&cursor={}", segment(&next)),
                None => return Ok(Some(items)),
            }
        }
    }

    /// `None`: not there, or not for this key.
    async fn find<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        let response = self
            .http
            .get(format!("{}/v1{path}", self.base))
            .bearer_auth(&self.key)
            .timeout(TIMEOUT)
            .send()
            .await
            .with_context(|| format!("`{}` cannot be asked", self.base))?;
        match response.status().as_u16() {
            200 => Ok(Some(response.json().await?)),
            403 | 404 => Ok(None),
            401 => bail!("the API key is not valid"),
            status => {
                let problem: Result<ProblemBody, _> = response.json().await;
                let detail = problem.map(|problem| problem.detail).unwrap_or_default();
                bail!("GET /v1{path} answered {status}: {detail}")
            }
        }
    }
}

fn refused(body: RefusedBody) -> Entry {
    let (severity, fix) = if body.online {
        (
            Severity::Good,
            "it is connected now; nothing, unless a second device uses this identity".to_owned(),
        )
    } else {
        (Severity::Problem, body.fix)
    };
    Entry {
        severity,
        who: body.identity,
        what: body.code,
        reason: format!("refused: {} (from {})", body.reason, body.address),
        fix,
        when: times(body.count, &body.last_at),
    }
}

pub(super) fn severity(word: &str) -> Severity {
    match word {
        "problem" => Severity::Problem,
        _ => Severity::Note,
    }
}

pub(super) fn with_detail(reason: &str, detail: &str) -> String {
    if detail.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}: {detail}")
    }
}

fn times(count: u64, last: &str) -> String {
    match count {
        0 | 1 => format!(", {last}"),
        count => format!(", {count} times, last {last}"),
    }
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
