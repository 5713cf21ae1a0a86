//! The program as a program: settings, exit codes, what it announces, how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::process::Command;

use keywatt_tests::wire::{Scripted, Version};
use keywatt_tests::{DEADLINE, DatabaseKind, Options, Server, Wire, eventually, unique};
use serde_json::json;
use tokio::time::timeout;

const BOTH: [Version; 2] = [Version::V16, Version::V201];

#[tokio::test]
async fn every_command_explains_itself() {
    let server = Server::plain().await;
    for command in [
        &[][..],
        &["serve"],
        &["demo"],
        &["owner", "create"],
        &["config", "check"],
        &["audit", "verify"],
        &["explain"],
    ] {
        let mut program = Command::new(keywatt_tests::program::keywatt());
        let output = program.args(command).arg("--help").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Usage: keywatt"), "{command:?}: {text}");
    }
    drop(server);
}

#[tokio::test]
async fn wrong_usage_exits_with_2_and_failure_with_1() {
    let server = Server::plain().await;
    assert_eq!(server.run(&["serve", "--lissten", "x"], "").0, 2);
    assert_eq!(server.run(&["serve", "--listen", "nowhere"], "").0, 2);
    assert_eq!(server.run(&["fly"], "").0, 2);
    let (code, stdout, stderr) = server.run(&["owner", "create", "--email", "a@b.example"], "x\n");
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    let taken = format!("127.0.0.1:{}", server.port());
    let other = format!("sqlite://{}", server.file("other.db").display());
    let (code, stdout, stderr) = alone(
        &server,
        &["serve", "--listen", &taken, "--database", &other],
    );
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(
        stderr.contains(&taken),
        "the address that is taken is named: {stderr}"
    );
}

#[tokio::test]
async fn the_demo_comes_out_as_expected() {
    let server = Server::plain().await;
    let (code, stdout, stderr) = alone(&server, &["demo", "--once", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    for shown in [
        "GRANTED",
        "OPEN_ACCESS",
        "OUTSIDE_SCHEDULE",
        "why: tag \"Tenants\" -> charger \"Garage left\"",
        "LIMIT_REACHED",
        "by its lookup key",
        "Keywatt-Confirm: refuse 6 of 7",
        "35 of 35 as expected",
    ] {
        assert!(stdout.contains(shown), "{shown} is missing in\n{stdout}");
    }
}

/// Runs the program without the server's database; exit code, standard output, standard error.
fn alone(server: &Server, args: &[&str]) -> (i32, String, String) {
    let mut program = Command::new(keywatt_tests::program::keywatt());
    let output = program
        .args(args)
        .current_dir(server.folder())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn settings_come_from_the_file_then_the_environment_then_flags() {
    let server = Server::plain().await;
    let file = server.file("settings.toml");
    let text = "heartbeat_seconds = 11\ncache_hours = 12\nping_seconds = 13\n\
                database = \"postgres://kw:hidden@db.example/kw\"\n";
    std::fs::write(&file, text).unwrap();
    let mut program = Command::new(keywatt_tests::program::keywatt());
    let output = program
        .args(["config", "check", "--config"])
        .arg(&file)
        .args(["--ping-seconds", "33"])
        .env("KEYWATT_CACHE_HOURS", "22")
        .env("KEYWATT_PING_SECONDS", "23")
        .current_dir(server.folder())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    for line in [
        "heartbeat_seconds = 11",
        "cache_hours = 22",
        "ping_seconds = 33",
    ] {
        assert!(told.contains(line), "`{line}` is not in:\n{told}");
    }
    assert!(
        !told.contains("hidden") && told.contains("db.example"),
        "secrets are masked:\n{told}"
    );

    std::fs::write(&file, "heartbeat_secs = 11\n").unwrap();
    let named = file.display().to_string();
    let (code, _, stderr) = alone(&server, &["config", "check", "--config", &named]);
    assert_eq!(code, 1);
    assert!(
        stderr.contains("heartbeat_secs"),
        "the unknown key is named: {stderr}"
    );
}

#[tokio::test]
async fn elsewhere_than_on_this_machine_it_does_not_listen_without_tls() {
    let server = Server::plain().await;
    let other = format!("sqlite://{}", server.file("other.db").display());
    let args = ["serve", "--listen", "0.0.0.0:0", "--database", &other];
    let (code, _, stderr) = alone(&server, &args);
    assert_eq!(code, 1);
    assert!(
        stderr.contains("--insecure-listen"),
        "what to do is told: {stderr}"
    );
    assert!(
        !server.file("other.db").exists(),
        "refused before anything is made"
    );
}

#[tokio::test]
async fn an_owner_can_be_made_before_the_first_start_and_only_once() {
    // The server's own owner was made before its first start, with the key alone on standard
    // output: the harness insists on it.
    let mut server = Server::plain().await;
    let me = server.owner().get("/v1/me").await.ok();
    assert!(me.to_string().contains(&server.owner_email), "{me}");
    let email = server.owner_email.clone();
    server.terminate();
    let args = ["owner", "create", "--password-stdin", "--email", &email];
    let (code, stdout, stderr) = server.run(&args, "another long password\n");
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    let other = unique::email();
    let args = ["owner", "create", "--password-stdin", "--email", &other];
    assert_eq!(server.run(&args, "\n").0, 1, "an empty password");
}

#[tokio::test]
async fn migrating_twice_is_as_good_as_once() {
    for kind in DatabaseKind::available().await {
        let mut server = Server::start(Options::on(kind)).await;
        server.terminate();
        for _ in 0..2 {
            let (code, _, stderr) = server.run(&["migrate"], "");
            assert_eq!(code, 0, "{stderr}");
        }
        server.start_again();
        server.owner().get("/v1/me").await.expect(200);
    }
}

#[tokio::test]
async fn it_tells_that_it_lives_is_ready_and_what_it_does() {
    for kind in DatabaseKind::available().await {
        let server = Server::start(Options::on(kind)).await;
        let anybody = server.anonymous();
        anybody.get("/healthz").await.expect(200);
        anybody.get("/readyz").await.expect(200);
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        let (_, card) = owner.user(charger.node()).await;
        let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
        assert_eq!(wire.status_of(&card.presented).await, "Accepted");
        let metrics = anybody.get("/metrics").await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.text.contains("# TYPE keywatt_"), "{}", metrics.text);
        assert!(
            metrics.text.contains("Authorize"),
            "calls are counted: {}",
            metrics.text
        );
        assert!(
            !metrics.text.contains(&card.presented.value),
            "a card is in the metrics"
        );
        let output = server.output();
        assert!(
            output.contains("keywatt ready http://localhost:"),
            "{output}"
        );
    }
}

#[tokio::test]
async fn the_log_names_no_card_no_key_and_no_password() {
    let options = Options::default().env("KEYWATT_LOG", "debug");
    let mut server = Server::start(options).await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let (person, card) = owner.user(charger.node()).await;
    let path = format!("/v1/stations/{}/credential", charger.station_id);
    let password = "a password for a station";
    drop(owner.put(&path, json!({ "password": password })).await.ok());
    for version in BOTH {
        let endpoint = server.endpoint(&charger.station_id, version);
        let wire = Wire::booted(&endpoint.with_password(password.as_bytes())).await;
        assert_eq!(wire.status_of(&card.presented).await, "Accepted");
        wire.text(format!(
            r#"[2,"1","Authorize",{{"idTag":["{}"]}}]"#,
            card.presented.value
        ))
        .await
        .unwrap();
        wire.next_text().await;
        wire.close().await;
    }
    let email = unique::email();
    let path = format!("/v1/people/{}", person.id);
    drop(
        owner
            .patch(
                &path,
                json!({ "email": email, "phone": "+41 44 555 01 23" }),
            )
            .await
            .ok(),
    );
    let login = json!({ "email": server.owner_email, "password": "not the password" });
    server
        .anonymous()
        .post("/v1/sessions", login)
        .await
        .expect(401);
    server.terminate();
    let output = server.output();
    let secrets = [
        card.presented.value.as_str(),
        password,
        server.owner_key.as_str(),
        "not the password",
        email.as_str(),
        "555 01 23",
    ];
    for secret in secrets {
        assert!(
            !output.contains(secret),
            "`{secret}` is in the log:\n{output}"
        );
    }
    assert!(
        output.contains("DEBUG"),
        "the log is a detailed one:\n{output}"
    );
}

#[tokio::test]
async fn q8_a_signal_lets_stations_go_in_order() {
    let mut server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let mut wires = Vec::new();
    for version in BOTH {
        let charger = owner.charger(&site, 1).await;
        wires.push(Wire::booted(&server.endpoint(&charger.station_id, version)).await);
    }
    assert_eq!(server.terminate(), 0, "{}", server.output());
    for wire in wires {
        let closed = timeout(DEADLINE, wire.connection().closed())
            .await
            .expect("closed");
        assert_eq!(closed.code, Some(1001), "{closed:?}");
    }
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let mut server = Server::start(Options::default().args(&["--command-seconds", "600"])).await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    // An operator waits for a charger that does not answer: there is something to drain.
    wire.commands.script("Reset", Scripted::Silence);
    let path = format!("/v1/stations/{}/ocpp/Reset", charger.station_id);
    let waiting = tokio::spawn({
        let owner = owner.clone();
        async move {
            let request = owner.request("POST".parse().unwrap(), &path);
            drop(request.json(&json!({ "type": "Soft" })).send().await);
        }
    });
    wire.commands.wait_for("Reset", 1).await;
    let process = server.process_id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .arg(&process)
            .status()
            .unwrap()
            .success()
    );
    eventually("draining", DEADLINE, || async {
        server.output().contains("draining").then_some(())
    })
    .await;
    assert_eq!(server.terminate(), 0);
    let output = server.output();
    assert!(output.contains("stopped without draining"), "{output}");
    timeout(DEADLINE, waiting)
        .await
        .expect("the operator is told")
        .unwrap();
}
