//! The API, as any program would use it.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

/// How long the log may take to hold a decision: it is committed in batches.
const LOGGED_WITHIN: Duration = Duration::from_secs(10);

/// A client with a key.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// The answer to a request: status and body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    path: String,
}

impl Answer {
    /// Its body, if all went well.
    pub(crate) fn ok(self) -> anyhow::Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("{} answered {}: {}", self.path, self.status, self.body);
        }
        Ok(self.body)
    }
}

impl Client {
    pub(crate) fn new(base: &str, key: &str) -> anyhow::Result<Self> {
        // The HTTP client brings no cryptography of its own; an error means that it is set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .context("an HTTP client")?;
        Ok(Self {
            http,
            base: base.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The same place, with a session.
    pub(crate) async fn logged_in(self, email: &str, password: &str) -> anyhow::Result<Self> {
        let login = serde_json::json!({ "email": email, "password": password });
        let session = self.ask("/sessions", Some(login)).await?.ok()?;
        let key = text(&session, "token").context("no session")?;
        Ok(Self { key, ..self })
    }

    /// Sends, and gives whatever is answered.
    pub(crate) async fn ask(&self, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        match body {
            Some(body) => self.call(Method::POST, path, body, None).await,
            None => self.call(Method::GET, path, Value::Null, None).await,
        }
    }

    /// The same with any method, and with the phrase that confirms a change that refuses many.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Value,
        confirm: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}/v1{path}", self.base);
        let mut request = self.http.request(method, url).bearer_auth(&self.key);
        if !body.is_null() {
            request = request.json(&body);
        }
        if let Some(phrase) = confirm {
            request = request.header("Keywatt-Confirm", phrase);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let body = response.json().await.unwrap_or(Value::Null);
        let path = path.to_owned();
        Ok(Answer { status, body, path })
    }

    /// Makes something; its id.
    pub(crate) async fn make(&self, path: &str, body: Value) -> anyhow::Result<String> {
        let made = self.ask(path, Some(body)).await?.ok()?;
        text(&made, "id").with_context(|| format!("POST {path} gave no id"))
    }

    /// The reason of the decision on a station's message.
    pub(crate) async fn reason(&self, station: &str, message: &str) -> anyhow::Result<String> {
        let path = format!("/decisions?station_id={station}&message_id={message}");
        let until = Instant::now() + LOGGED_WITHIN;
        loop {
            let answer = self.ask(&path, None).await?;
            let first = answer.body.get("items").and_then(|items| items.get(0));
            if let Some(reason) = first.and_then(|decision| text(decision, "reason")) {
                return Ok(reason);
            }
            if answer.status != 200 || Instant::now() > until {
                bail!(
                    "no decision on message {message} of {station}: {}",
                    answer.body
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A text field.
pub(crate) fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned)
}
