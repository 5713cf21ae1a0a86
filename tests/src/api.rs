//! The API as a program uses it.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Longer than the program waits for a station.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A caller.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    key: Option<String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// What was asked, for messages.
    pub asked: String,
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as received.
    pub text: String,
    /// The body as JSON; `Null` where it is empty or something else.
    pub body: Value,
}

impl Api {
    /// A caller without credentials; `trusted` is a PEM certificate.
    #[must_use]
    pub fn new(base: &str, trusted: Option<&str>) -> Api {
        // Fails if another test of this process was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder().timeout(TIMEOUT).no_proxy();
        if let Some(pem) = trusted {
            let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
            builder = builder.add_root_certificate(certificate);
        }
        Api {
            http: builder.build().unwrap(),
            base: base.to_owned(),
            key: None,
        }
    }

    /// The same with another key or session token.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Api {
        Api {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same without credentials.
    #[must_use]
    pub fn anonymous(&self) -> Api {
        Api {
            key: None,
            ..self.clone()
        }
    }

    /// The key it calls with.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The address of a path: `/v1/...`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The client, for requests of another form.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Sends a request that was made with [`Api::request`].
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Response {
        let request = request.build().unwrap();
        let asked = format!("{} {}", request.method(), request.url().path());
        let answer = self.http.execute(request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer
            .text()
            .await
            .unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Response {
            asked,
            status,
            headers,
            text,
            body,
        }
    }

    /// Any method, with or without a JSON body.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let method = method.to_uppercase().parse().unwrap();
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Response {
        self.call("GET", path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.call("POST", path, Some(&body)).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Response {
        self.call("PUT", path, Some(&body)).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Response {
        self.call("PATCH", path, Some(&body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Response {
        self.call("DELETE", path, None).await
    }

    /// All items of a list, page by page.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = match &cursor {
                None => path.to_owned(),
                Some(cursor) => format!("{path}{joint}cursor={}", encode(cursor)),
            };
            let body = self.get(&page).await.ok();
            items.extend(body["items"].as_array().cloned().unwrap_or_default());
            match body["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }
}

impl Response {
    /// The body of a success.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    #[must_use]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self}");
        self.body
    }

    /// The body, if the status is this one.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.body
    }

    /// A problem of this status and code, as RFC 9457 says.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.body["code"], code, "{self}");
        let kind = self
            .headers
            .get("content-type")
            .map(|value| value.as_bytes());
        assert_eq!(kind, Some(&b"application/problem+json"[..]), "{self}");
        assert_eq!(self.body["status"], status, "{self}");
        self.body
    }

    /// The `code` of a problem, if it is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.body["code"].as_str()
    }
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {}: {}", self.asked, self.status, self.text)
    }
}

/// Percent-encodes a segment or a value of a query.
#[must_use]
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
