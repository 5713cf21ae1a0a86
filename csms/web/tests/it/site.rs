//! A deployment with one organisation and its owner.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::admin::{Admin, NewOwner};
use app::clock::{Clock, SystemRandom};
use app::link::{Disconnect, Peer, Presence, StationLink};
use app::secret::Pepper;
use app::{App, Live, Parts, Settings};
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use metrics_exporter_prometheus::PrometheusBuilder;
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{StationKey, StationSettings};
use parking_lot::Mutex;
use serde_json::{Value, json};
use store::{Store, StoreOptions};
use tower::ServiceExt;

pub(crate) const EMAIL: &str = "owner@example.com";
pub(crate) const PASSWORD: &str = "a long sentence about doors";

/// A clock that stands until it is moved.
pub(crate) struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

/// Stations that are all connected, and answer as they are told.
pub(crate) struct FakeLink {
    pub(crate) answer: Mutex<Result<CommandAnswer, CommandError>>,
    pub(crate) sent: Mutex<Vec<(StationKey, StationCommand)>>,
    pub(crate) disconnected: Mutex<Vec<(StationKey, Disconnect)>>,
    pub(crate) configured: Mutex<Vec<(StationKey, StationSettings)>>,
}

#[async_trait::async_trait]
impl StationLink for FakeLink {
    async fn command(
        &self,
        station: &StationKey,
        command: StationCommand,
        _: Duration,
    ) -> Result<CommandAnswer, CommandError> {
        self.sent.lock().push((station.clone(), command));
        self.answer.lock().clone()
    }

    fn presence(&self, _: &StationKey) -> Option<Presence> {
        Some(Presence {
            version: model::OcppVersion::V16,
            since: noon(),
            address: SocketAddr::from(([192, 0, 2, 7], 4711)),
            last_seen: noon(),
        })
    }

    fn online(&self) -> usize {
        1
    }

    fn disconnect(&self, station: &StationKey, why: Disconnect) {
        self.disconnected.lock().push((station.clone(), why));
    }

    fn configure(&self, station: &StationKey, settings: &StationSettings) {
        let configured = (station.clone(), settings.clone());
        self.configured.lock().push(configured);
    }
}

pub(crate) fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub(crate) struct Site {
    pub(crate) app: Arc<App>,
    pub(crate) admin: Admin,
    pub(crate) link: Arc<FakeLink>,
    pub(crate) clock: Arc<Standing>,
    router: Router,
    /// The owner's key.
    pub(crate) owner: String,
    pub(crate) organisation: String,
    database: String,
    _folder: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Got {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// A problem in the form of RFC 9457, with this code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        assert_eq!(self.body["code"], code, "{}", self.text);
        assert_eq!(self.body["status"], status, "{}", self.text);
        for field in ["type", "title", "detail"] {
            assert!(self.body[field].is_string(), "{field}: {}", self.text);
        }
        self.body
    }

    /// A problem with these fields at fault.
    #[track_caller]
    pub(crate) fn faults(self, expected: &[(&str, &str)]) {
        let body = self.problem(422, "invalid");
        let found: Vec<(&str, &str)> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| {
                (
                    fault["field"].as_str().unwrap(),
                    fault["code"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("kw.db").display());
        let live = Live::new((1, 2));
        let options = StoreOptions {
            on_commit: live.hook(),
            audit_key: Some(app::secret::audit_key(&Pepper::new([9; 32]))),
            ..StoreOptions::default()
        };
        let store = Store::open(&url, options).await.unwrap();
        let clock = Arc::new(Standing(Mutex::new(noon())));
        let accepted = json!({ "status": "Accepted" });
        let link = Arc::new(FakeLink {
            answer: Mutex::new(Ok(CommandAnswer::Result {
                status: Some("Accepted".into()),
                payload: accepted,
            })),
            sent: Mutex::default(),
            disconnected: Mutex::default(),
            configured: Mutex::default(),
        });
        let app = App::start(Parts {
            store,
            live,
            link: Arc::clone(&link) as Arc<dyn StationLink>,
            outside: Arc::new(app::authority::Nowhere),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            settings: Settings {
                configuration_pause: Duration::from_millis(1),
                ..Settings::new(Pepper::new([9; 32]))
            },
        })
        .await
        .unwrap();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let router = web::router(Arc::clone(&app), web::WebOptions::new(metrics));
        let admin = Admin::new(Arc::clone(&app));
        let made = admin
            .create_owner(NewOwner {
                email: EMAIL.into(),
                password: PASSWORD.into(),
                organisation: None,
            })
            .await
            .unwrap();
        Self {
            app,
            admin,
            link,
            clock,
            router,
            owner: made.api_key.reveal().to_owned(),
            organisation: made.organisation.id.to_string(),
            database: url,
            _folder: folder,
        }
    }

    /// An owner of one more organisation; the key.
    pub(crate) async fn outsider_key(&self) -> String {
        let new = NewOwner {
            email: format!("{}@example.com", uuid::Uuid::new_v4()),
            password: PASSWORD.into(),
            organisation: Some(uuid::Uuid::new_v4().to_string()),
        };
        let made = self.admin.create_owner(new).await.unwrap();
        made.api_key.reveal().to_owned()
    }

    /// The logs are as they were written.
    pub(crate) async fn is_whole(&self) {
        self.app.store.flush().await;
        let key = app::secret::audit_key(&Pepper::new([9; 32]));
        let reader = store::AuditReader::open(&self.database).unwrap();
        let report = reader.verify(&key, None).await.unwrap();
        assert!(report.is_whole(), "{:#?}", report.findings);
        assert!(report.rows > 0);
        reader.close().await;
    }

    /// An owner of another organisation; the key.
    pub(crate) async fn outsider(&self) -> String {
        let new = NewOwner {
            email: "outsider@example.com".into(),
            password: PASSWORD.into(),
            organisation: Some("Elsewhere".into()),
        };
        self.admin
            .create_owner(new)
            .await
            .unwrap()
            .api_key
            .reveal()
            .to_owned()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        let mut now = self.clock.0.lock();
        *now += SignedDuration::from_secs(seconds);
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Got {
        let address = SocketAddr::from(([198, 51, 100, 1], 1234));
        request.extensions_mut().insert(Peer {
            address,
            encrypted: true,
        });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Got {
            status: parts.status,
            headers: parts.headers,
            text,
            body,
        }
    }

    /// The same without waiting for the end of the body.
    pub(crate) async fn stream(&self, request: Request<Body>) -> http::Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) fn request(key: &str, method: &str, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        if key.is_empty() {
            request
        } else {
            request.header("authorization", format!("Bearer {key}"))
        }
    }

    /// Sends JSON with headers.
    pub(crate) async fn with(
        &self,
        key: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Got {
        let mut request = Self::request(key, method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Got {
        self.with(key, "GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: Value) -> Got {
        self.with(key, "POST", path, &[], Some(&body)).await
    }

    pub(crate) async fn patch(&self, key: &str, path: &str, body: Value) -> Got {
        self.with(key, "PATCH", path, &[], Some(&body)).await
    }

    pub(crate) async fn delete(&self, key: &str, path: &str) -> Got {
        self.with(key, "DELETE", path, &[], None).await
    }

    /// Makes something as the owner; its id.
    #[track_caller]
    pub(crate) fn make(&self, path: &str, body: Value) -> impl Future<Output = String> + use<'_> {
        let path = path.to_owned();
        async move {
            let body = self.post(&self.owner, &path, body).await.expect(201);
            body["id"].as_str().unwrap().to_owned()
        }
    }

    pub(crate) async fn installation(&self) -> String {
        self.make("/v1/installations", json!({ "name": "Garage" }))
            .await
    }

    pub(crate) async fn charger(&self, installation: &str, station: &str) -> String {
        let body = json!({ "installation_id": installation, "station_id": station });
        self.make("/v1/chargers", body).await
    }

    pub(crate) async fn lock(&self, installation: &str, station: &str) -> String {
        let body = json!({ "installation_id": installation, "station_id": station });
        self.make("/v1/locks", body).await
    }

    pub(crate) async fn door(&self, lock: &str, number: u32) -> String {
        let body = json!({ "lock_id": lock, "number": number, "remote_open": true });
        self.make("/v1/doors", body).await
    }

    pub(crate) async fn person(&self, name: &str) -> String {
        self.make("/v1/people", json!({ "name": name })).await
    }

    /// A person with a login; their id and token.
    pub(crate) async fn member(&self, email: &str) -> (String, String) {
        let person = self
            .make("/v1/people", json!({ "name": email, "email": email }))
            .await;
        let path = format!("/v1/people/{person}/login");
        self.post(&self.owner, &path, json!({ "password": PASSWORD }))
            .await
            .expect(201);
        (person, self.login(email, PASSWORD).await)
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> String {
        let body = json!({ "email": email, "password": password });
        let body = self.post("", "/v1/sessions", body).await.expect(201);
        body["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn grant(&self, person: &str, kind: &str, node: &str, what: Value) -> String {
        let mut body = json!({ "subject": { "person": person }, "resource": { kind: node } });
        for (name, value) in what.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.make("/v1/grants", body).await
    }

    /// A member with a role on a node; their id and token.
    pub(crate) async fn with_role(
        &self,
        email: &str,
        role: &str,
        kind: &str,
        node: &str,
    ) -> (String, String) {
        let (person, token) = self.member(email).await;
        self.grant(&person, kind, node, json!({ "role": role }))
            .await;
        (person, token)
    }
}
