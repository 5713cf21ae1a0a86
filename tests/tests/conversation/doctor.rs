//! `keywatt doctor` against a running server.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use keywatt_tests::{DEADLINE, Options, Server, Version, Wire, eventually, program, unique};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Scene;

fn doctor(server: &Server, key: Option<&str>, args: &[&str]) -> Command {
    let mut command = Command::new(program::keywatt());
    command
        .args(["doctor", "--url", &server.http()])
        .args(args)
        .env_remove("KEYWATT_API_KEY")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(key) = key {
        command.args(["--api-key", key]);
    }
    command
}

/// Exit code and what was said, both streams.
fn once(scene: &Scene, args: &[&str]) -> (i32, String) {
    let args = [&["--once"], args].concat();
    let mut command = doctor(&scene.server, Some(&scene.server.owner_key), &args);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(said).unwrap(),
    )
}

/// A handshake with these headers; the head of the answer.
async fn knock(server: &Server, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

const V16: &str = "Sec-WebSocket-Protocol: ocpp1.6\r\n";

/// The line of an identity and the fix under it.
async fn says(scene: &Scene, who: &str, code: &str) -> (i32, String) {
    eventually(&format!("a line with `{code}`"), DEADLINE, || async {
        let (exit, said) = once(scene, &[]);
        let lines: Vec<&str> = said.lines().collect();
        let at = lines
            .iter()
            .position(|line| line.contains(&format!(" {who}: ")) && line.contains(code))?;
        Some((exit, format!("{}\n{}", lines[at], lines.get(at + 1)?)))
    })
    .await
}

#[tokio::test]
async fn each_reason_why_a_station_does_not_connect_is_told_with_its_fix() {
    let scene = Scene::set(&[]).await;
    let id = scene.charger.station_id.clone();
    let (exit, said) = once(&scene, &[]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("nothing needs you"), "{said}");
    assert!(said.contains("never connected"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colour but on a terminal");

    // The handshake is finished and then closed (OCPP-J 1.6 §3.2), but it is no success.
    knock(&scene.server, &format!("/ocpp/{id}"), "").await;
    let (exit, line) = says(&scene, &id, "no_subprotocol").await;
    assert_eq!(exit, 1);
    assert!(
        line.starts_with("PROBLEM") && line.contains("assume_ocpp16"),
        "{line}"
    );
    assert!(line.contains("Set Subprotocol to ocpp1.6"), "{line}");

    let offered = "Sec-WebSocket-Protocol: OCPP1.6J\r\n";
    knock(&scene.server, &format!("/ocpp/{id}"), offered).await;
    let (_, line) = says(&scene, &id, "unknown_subprotocol").await;
    assert!(
        line.contains("Write `ocpp1.6` instead of `OCPP1.6J`"),
        "{line}"
    );

    // It appends its serial number, as one more segment or behind its identity (Q5).
    for (unknown, path) in [
        ("EN-4711".to_owned(), format!("/ocpp/{id}/EN-4711")),
        (format!("{id}_4711"), format!("/ocpp/{id}_4711")),
    ] {
        let told = knock(&scene.server, &path, V16).await;
        assert!(told.starts_with("HTTP/1.1 404"), "{told}");
        assert!(
            !told.contains("did you mean"),
            "nothing of it to strangers: {told}"
        );
        let (_, line) = says(&scene, &unknown, "unknown_station").await;
        assert!(line.contains(&format!("did you mean `{id}`?")), "{line}");
    }
    let told = knock(&scene.server, "/ocpp/NOBODY", V16).await;
    assert!(told.starts_with("HTTP/1.1 404"), "{told}");
    let (_, line) = says(&scene, "NOBODY", "unknown_station").await;
    assert!(line.contains("POST /v1/stations/claim") && !line.contains("did you mean"));

    for (path, who, code) in [
        ("/ocpp/a%2Fb", "a%2Fb", "bad_identity"),
        ("/a/b/c/d/e/LONG", "LONG", "path_too_long"),
        ("/", "(127.0.0.1)", "no_identity"),
    ] {
        let told = knock(&scene.server, path, V16).await;
        assert!(told.starts_with("HTTP/1.1 400"), "{told}");
        says(&scene, who, code).await;
    }

    // Its password.
    let password = scene.path("/credential");
    let body = json!({ "password_hex": "000102030405060708090a0b0c0d0e0f10111213" });
    scene.owner.put(&password, body).await.expect(204);
    let basic = |user: &str, password: &[u8]| {
        use base64::Engine as _;
        let pair = [user.as_bytes(), b":", password].concat();
        let pair = base64::prelude::BASE64_STANDARD.encode(pair);
        format!("{V16}Authorization: Basic {pair}\r\n")
    };
    let path = format!("/ocpp/{id}");
    for (headers, code, hint) in [
        (V16.to_owned(), "password_missing", "AuthorizationKey"),
        (basic("", b"x"), "user_is_not_identity", "empty user name"),
        (basic(&id, b""), "wrong_password", "an empty password"),
    ] {
        let told = knock(&scene.server, &path, &headers).await;
        assert!(told.starts_with("HTTP/1.1 401"), "{told}");
        let (_, line) = says(&scene, &id, code).await;
        assert!(line.contains(hint), "{line}");
    }
    // The key is taken as bytes and as their hex.
    let bytes: Vec<u8> = (0..20).collect();
    for good in [&bytes[..], b"000102030405060708090a0b0c0d0e0f10111213"] {
        let told = knock(&scene.server, &path, &basic(&id, good)).await;
        assert!(told.starts_with("HTTP/1.1 101"), "{told}");
    }
}

#[tokio::test]
async fn tls_on_a_plain_port_and_plain_http_on_a_tls_port_are_told() {
    let scene = Scene::set(&[]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", scene.server.port()))
        .await
        .unwrap();
    stream
        .write_all(&[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0])
        .await
        .unwrap();
    let (exit, line) = says(&scene, "(127.0.0.1)", "tls_on_plain_port").await;
    assert_eq!(exit, 1);
    assert!(line.contains("`ws://` instead of `wss://`"), "{line}");

    let server = Server::start(Options::default().tls()).await;
    let told = knock(&server, "/ocpp/CP1", V16).await;
    assert!(
        told.starts_with("HTTP/1.1 400") && told.contains("wss://"),
        "{told}"
    );
    let owner = server.owner();
    eventually("it is in the list", DEADLINE, || async {
        let rows = owner.list("/v1/stations/refused").await;
        rows.into_iter()
            .find(|row| row["identity"] == "CP1" && row["code"] == "plain_on_tls_port")
    })
    .await;
}

#[tokio::test]
async fn a_station_that_connects_after_all_is_no_problem_any_more() {
    let scene = Scene::set(&[]).await;
    let id = scene.charger.station_id.clone();
    knock(&scene.server, &format!("/ocpp/{id}"), "").await;
    assert_eq!(says(&scene, &id, "no_subprotocol").await.0, 1);
    let endpoint = scene.server.endpoint(&id, Version::V16);
    let wire = Wire::booted(&endpoint).await;
    let (exit, said) = once(&scene, &[]);
    assert_eq!(exit, 0, "{said}");
    assert!(
        said.contains("OK") && said.contains("connected now"),
        "{said}"
    );

    // A deviation is told, with what it was; and forgotten when its owner says so.
    wire.text("[2,\"1\",\"StatusNotification\",{}]")
        .await
        .unwrap();
    wire.next_text().await.unwrap();
    let finding = scene.finding("refused_payload").await;
    assert_eq!(finding["severity"], "problem");
    let (exit, line) = says(&scene, &id, "refused_payload").await;
    assert_eq!(exit, 1);
    assert!(line.contains("StatusNotification"), "{line}");
    let (exit, said) = once(&scene, &["--station", "NOBODY"]);
    assert_eq!(exit, 0, "of no other station: {said}");
    scene
        .owner
        .delete(&scene.path("/findings"))
        .await
        .expect(204);
    assert_eq!(once(&scene, &[]).0, 0);
}

#[tokio::test]
async fn without_a_good_key_or_a_server_it_says_so() {
    let scene = Scene::set(&[]).await;
    let run = |command: &mut Command| {
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = run(&mut doctor(&scene.server, None, &["--once"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("--api-key"), "{said}");
    let (code, said) = run(&mut doctor(&scene.server, Some("kw_wrong"), &["--once"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("not valid"), "{said}");
    let nowhere = format!("http://127.0.0.1:{}", keywatt_tests::server::free_port());
    let mut command = Command::new(program::keywatt());
    command.args(["doctor", "--once", "--api-key", "kw_x", "--url", &nowhere]);
    let (code, said) = run(&mut command);
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot be asked"), "{said}");
    // A key of a service partner at another site sees neither the station nor strangers.
    let elsewhere = scene.owner.installation().await;
    let body = json!({
        "name": "Partner", "node": { "installation": elsewhere.id }, "scopes": ["manage_settings"],
    });
    let made = scene.owner.post("/v1/api-keys", body).await.expect(201);
    let other = made["key"].as_str().unwrap();
    let output = doctor(&scene.server, Some(other), &["--once"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.contains(&scene.charger.station_id), "{said}");
    assert!(
        said.contains("0 stations") && said.contains("this key does not"),
        "{said}"
    );
}

/// A doctor that watches; killed with the test.
struct Watching {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Watching {
    fn start(scene: &Scene) -> Watching {
        let key = scene.server.owner_key.clone();
        let mut child = doctor(&scene.server, Some(&key), &[]).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (kept, lines) = (
            Arc::clone(&said),
            BufReader::new(child.stdout.take().unwrap()),
        );
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Watching { child, said }
    }

    async fn says(&self, what: &str) {
        eventually(&format!("the doctor says `{what}`"), DEADLINE, || async {
            self.said.lock().unwrap().contains(what).then_some(())
        })
        .await;
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_tells_what_happens_as_it_happens() {
    let scene = Scene::set(&[]).await;
    let id = scene.charger.station_id.clone();
    let watching = Watching::start(&scene);
    watching.says("watching http").await;
    let stranger = unique::station_id("X");
    // The stream may begin a moment later than the line.
    eventually("the stranger is told", DEADLINE, || async {
        let fresh = unique::station_id("X");
        knock(&scene.server, &format!("/ocpp/{fresh}"), V16).await;
        watching
            .said
            .lock()
            .unwrap()
            .contains("unknown_station")
            .then_some(())
    })
    .await;
    knock(&scene.server, &format!("/ocpp/{id}/{stranger}"), V16).await;
    watching.says(&format!("did you mean `{id}`?")).await;
    let wire = Wire::booted(&scene.server.endpoint(&id, Version::V201)).await;
    watching
        .says(&format!("{id}: connected with OCPP 2.0.1"))
        .await;
    wire.text("not json").await.unwrap();
    watching.says("malformed_frame").await;
    wire.close().await;
    watching.says(&format!("{id}: disconnected")).await;
    assert!(!watching.said.lock().unwrap().contains('\u{1b}'));
}
