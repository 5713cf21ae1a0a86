//! Connections against bare servers.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rpc::{MessageId, Version};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{CallFailure, ConnectError, Connection, Endpoint, Journal, MessageIds, Options};
use crate::scripted_csms::{LIMIT, Script, ScriptedCsms};

/// A server that reads one request head, answers with a text, and hands out the head.
async fn once(answer: &'static str) -> (Endpoint, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ocpp", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = read_head(&mut socket).await;
        socket.write_all(answer.as_bytes()).await.unwrap();
        head
    });
    (Endpoint::new(&url, "CP 1", Version::V16), served)
}

async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(socket.read_buf(&mut head).await.unwrap(), 0);
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_refusal_keeps_status_text_and_headers() {
    let (endpoint, _served) = once(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 24\r\nX-Reason: unknown\r\n\r\n\
         no such station: `CP 1`\n",
    )
    .await;
    let error = Connection::connect(&endpoint).await.err().unwrap();
    let ConnectError::Refused {
        status,
        body,
        headers,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((status, body.trim()), (404, "no such station: `CP 1`"));
    assert!(headers.contains(&("x-reason".to_owned(), "unknown".to_owned())));
}

#[tokio::test]
async fn the_request_carries_identity_version_and_password_bytes() {
    let (endpoint, served) = once("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    let password = [b'a', b':', 0xFF, 0x00];
    let endpoint = endpoint.with_password(&password);
    assert!(Connection::connect(&endpoint).await.is_err());
    let head = served.await.unwrap();
    assert!(head.starts_with("GET /ocpp/CP%201 HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("Sec-WebSocket-Protocol: ocpp1.6\r\n"),
        "{head}"
    );
    let pair = [b"CP 1:".as_slice(), &password].concat();
    assert!(
        head.contains(&format!(
            "Authorization: Basic {}\r\n",
            STANDARD.encode(pair)
        )),
        "{head}"
    );
}

#[tokio::test]
async fn a_server_without_our_version_is_left_unless_any_choice_was_asked_for() {
    let csms = ScriptedCsms::start(Version::V201).await;
    let mut endpoint = csms.endpoint("CP1");
    endpoint.version = Version::V16;
    let error = Connection::connect(&endpoint).await.err().unwrap();
    assert!(
        matches!(&error, ConnectError::NoSubprotocol { chosen: Some(name) } if name == "ocpp2.0.1"),
        "{error}"
    );
    endpoint.subprotocols = Some(vec!["ocpp9".to_owned(), "ocpp2.0.1".to_owned()]);
    let connection = Connection::connect(&endpoint).await.unwrap();
    assert_eq!(connection.subprotocol(), Some("ocpp2.0.1"));
}

#[tokio::test]
async fn what_answers_no_call_of_ours_can_be_read() {
    let csms = ScriptedCsms::start(Version::V16).await;
    let connection = Connection::connect(&csms.endpoint("CP1")).await.unwrap();
    connection
        .send_text(r#"[2,"mine","Heartbeat",{}]"#)
        .await
        .unwrap();
    let answer = tokio::time::timeout(LIMIT, connection.next_unsolicited())
        .await
        .unwrap();
    assert_eq!(
        answer.unwrap(),
        r#"[3,"mine",{"currentTime":"2026-05-01T12:00:00Z"}]"#
    );
}

#[tokio::test]
async fn calls_end_as_the_central_system_ends_them() {
    let csms = ScriptedCsms::start(Version::V16).await;
    let mut endpoint = csms.endpoint("CP1");
    endpoint.call_timeout = std::time::Duration::from_millis(50);
    let journal = Journal::in_memory();
    let options = Options {
        ids: Some(MessageIds::counter()),
        tap: Some(Arc::new(journal.clone())),
        ..Options::default()
    };
    let connection = Connection::connect_with(&endpoint, options).await.unwrap();
    assert!(connection.call("Heartbeat", json!({})).await.is_ok());
    csms.on("Heartbeat", |_| {
        Script::Error(rpc::ErrorCode::FormatViolation)
    });
    let failure = connection.call("Heartbeat", json!({})).await.unwrap_err();
    assert_eq!(failure.error_code(), Some(rpc::ErrorCode::FormatViolation));
    assert!(matches!(&failure, CallFailure::Error { code, .. } if code == "FormationViolation"));
    csms.on("Heartbeat", |_| Script::Silence);
    assert_eq!(
        connection.call("Heartbeat", json!({})).await,
        Err(CallFailure::Timeout)
    );
    csms.on("Heartbeat", |_| Script::DropConnection);
    let lost = connection.call("Heartbeat", json!({})).await;
    assert_eq!(lost, Err(CallFailure::Closed { code: None }));
    assert_eq!(
        connection.call("Heartbeat", json!({})).await,
        Err(CallFailure::Closed { code: None })
    );
    // Only what was acknowledged is in the journal.
    let acknowledged = journal.exchanges();
    assert_eq!(acknowledged.len(), 1);
    assert_eq!(
        (
            acknowledged[0].message_id.as_str(),
            acknowledged[0].action.as_str()
        ),
        ("1", "Heartbeat")
    );
}

#[tokio::test]
async fn a_code_of_the_server_can_be_seen() {
    use futures_util::SinkExt as _;
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
        let frame = CloseFrame {
            code: 1013.into(),
            reason: "later".into(),
        };
        socket.close(Some(frame)).await.unwrap();
        let _ = socket.flush().await;
    });
    let mut endpoint = Endpoint::new(&url, "CP1", Version::V16);
    endpoint.subprotocols = Some(Vec::new());
    let connection = Connection::connect(&endpoint).await.unwrap();
    let info = tokio::time::timeout(LIMIT, connection.closed())
        .await
        .unwrap();
    assert_eq!((info.code, info.reason.as_str()), (Some(1013), "later"));
    assert!(!connection.is_open());
}

#[tokio::test]
async fn several_calls_can_be_on_their_way_at_once_if_one_insists() {
    let csms = ScriptedCsms::start(Version::V16).await;
    let connection = Connection::connect(&csms.endpoint("CP1")).await.unwrap();
    let id = |text| MessageId::new(text).unwrap();
    let one = connection
        .start_call(id("a"), "Heartbeat", json!({}))
        .await
        .unwrap();
    let two = connection
        .start_call(id("b"), "Heartbeat", json!({}))
        .await
        .unwrap();
    assert!(two.answer().await.is_ok());
    assert!(one.answer().await.is_ok());
}

#[tokio::test]
async fn a_half_open_connection_stays_open_and_silent() {
    let csms = ScriptedCsms::start(Version::V16).await;
    let mut endpoint = csms.endpoint("CP1");
    endpoint.call_timeout = std::time::Duration::from_millis(50);
    let connection = Connection::connect(&endpoint).await.unwrap();
    connection.freeze().await;
    assert_eq!(
        connection.call("Heartbeat", json!({})).await,
        Err(CallFailure::Timeout)
    );
    assert!(connection.is_open());
    assert_eq!(csms.received().len(), 0);
    connection.drop_hard().await;
    assert!(!connection.is_open());
}

#[tokio::test]
async fn tls_needs_a_trusted_server() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let pem = made.cert.pem();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(tls) = acceptor.accept(socket).await {
                let socket = tokio_tungstenite::accept_async(tls).await.unwrap();
                tokio::spawn(async move { futures_util::StreamExt::count(socket).await });
            }
        }
    });
    let mut endpoint = Endpoint::new(&url, "CP1", Version::V16);
    endpoint.subprotocols = Some(Vec::new());
    let untrusting = Connection::connect(&endpoint).await;
    assert!(matches!(untrusting.err(), Some(ConnectError::Tls(_))));
    let stranger = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let wrong =
        Connection::connect(&endpoint.clone().with_ca(stranger.cert.pem().as_bytes())).await;
    assert!(matches!(wrong.err(), Some(ConnectError::Tls(_))));
    let connection = Connection::connect(&endpoint.with_ca(pem.as_bytes()))
        .await
        .unwrap();
    assert!(connection.is_open());
}
