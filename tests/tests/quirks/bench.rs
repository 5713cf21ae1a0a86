//! A server with an installation, stations as bare sockets, and what is seen of their deviations.

use futures_util::{SinkExt as _, StreamExt as _};
use keywatt_tests::facts::{Charger, Installation};
use keywatt_tests::{Api, DEADLINE, Server, Version, eventually, unique};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

pub(crate) const BOTH: [Version; 2] = [Version::V16, Version::V201];
pub(crate) const TREATMENTS: [&str; 3] = ["repair", "report", "refuse"];

/// The number of an EVSE that no station here has: marks an event as the one waited for.
const MARK: u32 = 77;

pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) owner: Api,
    pub(crate) site: Installation,
}

impl Bench {
    pub(crate) async fn new() -> Bench {
        let server = Server::plain().await;
        let owner = server.owner();
        let site = owner.installation().await;
        Bench {
            server,
            owner,
            site,
        }
    }

    pub(crate) async fn charger(&self) -> Charger {
        self.owner.charger(&self.site, 2).await
    }

    /// A charger of which a deviation is treated so.
    pub(crate) async fn charger_treated(&self, quirk: &str, treatment: &str) -> Charger {
        let charger = self.charger().await;
        self.set(&charger, json!({ "tolerance": { quirk: treatment } }))
            .await;
        charger
    }

    pub(crate) async fn set(&self, charger: &Charger, settings: Value) {
        let path = format!("/v1/stations/{}", charger.station_id);
        self.owner
            .patch(&path, json!({ "settings": settings }))
            .await
            .expect(200);
    }

    pub(crate) async fn password(&self, charger: &Charger, credential: Value) {
        let path = format!("/v1/stations/{}/credential", charger.station_id);
        self.owner.put(&path, credential).await.expect(204);
    }

    /// What is shown of a deviation, if it was seen.
    pub(crate) async fn quirk(&self, charger: &Charger, name: &str) -> Option<Value> {
        let path = format!("/v1/stations/{}", charger.station_id);
        let station = self.owner.get(&path).await.ok();
        let quirks = station["connection"]["quirks"].as_array().cloned();
        quirks
            .unwrap_or_default()
            .into_iter()
            .find(|quirk| quirk["name"] == name)
    }

    /// Waits until a deviation was counted so often.
    pub(crate) async fn seen(&self, charger: &Charger, name: &str, times: i64) -> Value {
        let what = format!("{times} times `{name}` of `{}`", charger.station_id);
        eventually(&what, DEADLINE, || async {
            self.quirk(charger, name)
                .await
                .filter(|quirk| quirk["count"] == times)
        })
        .await
    }

    /// Waits until the refused handshake of a station is listed with a code.
    pub(crate) async fn listed(&self, identity: &str, code: &str) -> Value {
        let what = format!("`{code}` of `{identity}`");
        eventually(&what, DEADLINE, || async {
            let all = self.owner.list("/v1/stations/refused").await;
            all.into_iter()
                .find(|row| row["identity"] == identity && row["code"] == code)
        })
        .await
    }

    /// A bare socket that has booted.
    pub(crate) async fn socket(&self, charger: &Charger, version: Version) -> Socket {
        let offered = match version {
            Version::V16 => "ocpp1.6",
            Version::V201 => "ocpp2.0.1",
        };
        let path = format!("/ocpp/{}", charger.station_id);
        let mut socket = Socket::connect(&self.server, &path, &[offered]).await;
        socket.boot(version).await;
        socket
    }

    /// What watchers were told of a deviation of a station until now.
    pub(crate) async fn told(
        &self,
        charger: &Charger,
        socket: &mut Socket,
        version: Version,
        name: &str,
    ) -> Vec<Value> {
        let (action, payload) = match version {
            Version::V16 => (
                "StatusNotification",
                json!({ "connectorId": MARK, "errorCode": "NoError", "status": "Available" }),
            ),
            Version::V201 => (
                "StatusNotification",
                json!({ "evseId": MARK, "connectorId": 1, "connectorStatus": "Available",
                    "timestamp": keywatt_tests::wire::now() }),
            ),
        };
        assert_eq!(socket.call(action, &payload.to_string()).await[0], 3);
        let request = self
            .owner
            .request("GET".parse().unwrap(), "/v1/events")
            // Of no run of the program: everything that is kept is told again.
            .header("last-event-id", "0-0");
        let mut stream = request.send().await.unwrap();
        let mut text = String::new();
        let mut told = Vec::new();
        loop {
            while let Some((event, rest)) = text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let event: Value = data
                    .and_then(|data| serde_json::from_str(data).ok())
                    .unwrap_or_default();
                text = rest.to_owned();
                if event["data"]["station_id"] != charger.station_id.as_str() {
                    continue;
                }
                if event["kind"] == "station.quirk" && event["data"]["quirk"] == name {
                    told.push(event["data"].clone());
                }
                if event["kind"] == "connector.status" && event["data"]["evse"] == MARK {
                    return told;
                }
            }
            let chunk = timeout(DEADLINE, stream.chunk()).await;
            let chunk = chunk.expect("events come").unwrap().expect("events go on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

/// A station as a bare socket: any text, in any order.
pub(crate) struct Socket {
    ws: WebSocketStream<TcpStream>,
    /// The sub-protocol the server named.
    pub(crate) subprotocol: Option<String>,
}

impl Socket {
    pub(crate) async fn connect(server: &Server, path: &str, offered: &[&str]) -> Socket {
        Socket::dial(server, path, offered, None)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Connects with Basic authentication, `user:password` as bytes.
    ///
    /// # Errors
    /// The HTTP status and the `code` of the problem.
    pub(crate) async fn dial(
        server: &Server,
        path: &str,
        offered: &[&str],
        basic: Option<&[u8]>,
    ) -> Result<Socket, String> {
        let mut request = format!("ws://127.0.0.1:{}{path}", server.port())
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        if !offered.is_empty() {
            let names = offered.join(", ").parse().unwrap();
            headers.insert("sec-websocket-protocol", names);
        }
        if let Some(pair) = basic {
            use base64::Engine as _;
            let pair = base64::prelude::BASE64_STANDARD.encode(pair);
            headers.insert("authorization", format!("Basic {pair}").parse().unwrap());
        }
        let stream = TcpStream::connect(("127.0.0.1", server.port()))
            .await
            .unwrap();
        match timeout(DEADLINE, tokio_tungstenite::client_async(request, stream)).await {
            Ok(Ok((ws, response))) => {
                let named = response.headers().get("sec-websocket-protocol");
                let subprotocol = named.map(|name| name.to_str().unwrap().to_owned());
                Ok(Socket { ws, subprotocol })
            }
            Ok(Err(tokio_tungstenite::tungstenite::Error::Http(response))) => {
                let body = response.body().clone().unwrap_or_default();
                let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
                let code = problem["code"].as_str().unwrap_or("no code");
                Err(format!("{} {code}", response.status().as_u16()))
            }
            Ok(Err(tokio_tungstenite::tungstenite::Error::Protocol(
                tokio_tungstenite::tungstenite::error::ProtocolError::SecWebSocketSubProtocolError(
                    _,
                ),
            ))) => Err("no sub-protocol named".to_owned()),
            Ok(Err(error)) => panic!("{path}: {error}"),
            Err(_) => panic!("{path}: no answer to the handshake"),
        }
    }

    pub(crate) async fn boot(&mut self, version: Version) {
        self.boot_with(version, json!({})).await;
    }

    /// Boots with further fields of the station.
    pub(crate) async fn boot_with(&mut self, version: Version, more: Value) {
        let mut station = match version {
            Version::V16 => json!({ "chargePointVendor": "V", "chargePointModel": "M" }),
            Version::V201 => json!({ "vendorName": "V", "model": "M" }),
        };
        for (name, value) in more.as_object().unwrap() {
            station[name] = value.clone();
        }
        let payload = match version {
            Version::V16 => station,
            Version::V201 => json!({ "reason": "PowerUp", "chargingStation": station }),
        };
        let answer = self.call("BootNotification", &payload.to_string()).await;
        assert_eq!(answer[2]["status"], "Accepted", "{answer}");
    }

    /// Sends a CALL with any text for a payload; its answer, CALLRESULT or CALLERROR.
    pub(crate) async fn call(&mut self, action: &str, payload: &str) -> Value {
        let id = unique::message_id();
        self.text(&format!(r#"[2,"{id}","{action}",{payload}]"#))
            .await;
        loop {
            let answer = self.receive().await;
            if answer[1] == id.as_str() {
                return answer;
            }
        }
    }

    pub(crate) async fn text(&mut self, text: &str) {
        let sent = self.ws.send(Message::text(text.to_owned()));
        timeout(DEADLINE, sent).await.unwrap().unwrap();
    }

    /// The next text.
    pub(crate) async fn receive(&mut self) -> Value {
        let next = async {
            loop {
                match self.ws.next().await {
                    Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("no text came: {other:?}"),
                }
            }
        };
        timeout(DEADLINE, next).await.expect("a text comes")
    }

    /// Waits until the server closes; the code.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let end = async {
            loop {
                match self.ws.next().await {
                    Some(Ok(Message::Close(frame))) => {
                        return frame.map(|frame| u16::from(frame.code));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        timeout(DEADLINE, end).await.expect("the connection ends")
    }

    /// Whether it is still answered.
    pub(crate) async fn works(&mut self) {
        let answer = self.call("Heartbeat", "{}").await;
        assert_eq!(answer[0], 3, "{answer}");
    }

    /// Nothing comes for as long as it takes to answer something else.
    pub(crate) async fn heard_nothing_before(&mut self, action: &str, payload: &str) -> Value {
        let id = unique::message_id();
        self.text(&format!(r#"[2,"{id}","{action}",{payload}]"#))
            .await;
        let answer = self.receive().await;
        assert_eq!(answer[1], id.as_str(), "{answer}");
        answer
    }
}

/// A deviation in the form of a message.
pub(crate) struct Form<'a> {
    pub(crate) quirk: &'a str,
    pub(crate) version: Version,
    pub(crate) action: &'a str,
    pub(crate) payload: &'a str,
    /// In the spelling of the version; `None`: the message tells what has happened and is never
    /// refused for its form.
    pub(crate) code: Option<&'a str>,
    /// Where it is found.
    pub(crate) field: Option<&'a str>,
}

/// A message with a deviation is answered where that is repaired or reported and gets the right
/// CALLERROR where it is refused; it is counted, shown with a masked example, and told.
pub(crate) async fn check(bench: &Bench, form: &Form<'_>) {
    for treatment in TREATMENTS {
        let charger = bench.charger_treated(form.quirk, treatment).await;
        let mut socket = bench.socket(&charger, form.version).await;
        let answer = socket.call(form.action, form.payload).await;
        let place = format!("{} {treatment} {} {answer}", form.quirk, form.payload);
        let refused = match form.code.filter(|_| treatment == "refuse") {
            Some(code) => {
                assert_eq!(
                    (&answer[0], &answer[2]),
                    (&json!(4), &json!(code)),
                    "{place}"
                );
                assert_ne!(answer[3], "", "{place}");
                true
            }
            None => {
                assert_eq!(answer[0], 3, "{place}");
                false
            }
        };
        socket.works().await;
        let seen = bench.seen(&charger, form.quirk, 1).await;
        assert_eq!(seen["treatment"], treatment, "{seen}");
        assert_eq!(seen["refused"], i64::from(refused), "{seen}");
        assert_eq!(seen["action"], form.action, "{seen}");
        assert_eq!(seen["field"].as_str(), form.field, "{seen}");
        assert!(seen["example"]["payload"].is_string(), "{seen}");
        let told = bench
            .told(&charger, &mut socket, form.version, form.quirk)
            .await;
        if treatment == "repair" {
            assert!(told.is_empty(), "{told:?}");
        } else {
            assert_eq!(told.len(), 1, "{place}: {told:?}");
            let handling = if refused { "refused" } else { "repaired" };
            assert_eq!(told[0]["handling"], handling, "{told:?}");
        }
    }
}
