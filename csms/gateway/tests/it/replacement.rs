//! Two connections of one station.

use std::sync::Arc;

use app::link::{Disconnect, StationLink};
use model::QuirkName;
use model::command::{CommandError, StationCommand};
use tokio::sync::Semaphore;

use crate::fake::key;
use crate::stage::{Client, DEADLINE, Dial, Stage, eventually, within};

async fn protected() -> (Stage, Dial) {
    let stage = Stage::new().await;
    stage.fake.protected("CP1", b"0123456789abcdef");
    let dial = Dial::new("CP1").password("CP1", b"0123456789abcdef");
    (stage, dial)
}

async fn connect(stage: &Stage, dial: &Dial) -> Client {
    let mut client = stage.dial(dial).await.unwrap();
    client.works().await;
    client
}

#[tokio::test]
async fn the_newest_connection_wins_and_the_old_one_is_closed() {
    let (stage, dial) = protected().await;
    let mut old = connect(&stage, &dial).await;
    let mut new = connect(&stage, &dial).await;
    let (code, reason) = old.closed().await.unwrap();
    assert_eq!(code, 1000);
    assert!(reason.contains("replaced"), "{reason}");
    eventually("the old one is taken back", || {
        stage.fake.disconnected.lock().len() == 1
    })
    .await;
    // Its end removed only itself.
    assert_eq!(stage.registry.online(), 1);
    assert_eq!(stage.fake.disconnected.lock()[0].generation, 1);
    assert_eq!(stage.fake.connected.lock()[1].generation, 2);
    new.works().await;
}

#[tokio::test]
async fn a_half_open_old_connection_does_not_hold_up_the_new_one() {
    let (stage, dial) = protected().await;
    // Held, never read again: as when the station's network went away.
    let _old = connect(&stage, &dial).await;
    let mut new = connect(&stage, &dial).await;
    let registry = stage.registry.clone();
    let command = tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, DEADLINE)
            .await
    });
    let call = new.receive().await;
    new.send(&serde_json::json!([3, call[1], {"status": "Accepted"}]).to_string())
        .await;
    within(command).await.unwrap().unwrap();
    eventually("the old one is given up", || {
        stage.fake.disconnected.lock().len() == 1
    })
    .await;
    assert_eq!(stage.registry.online(), 1);
}

#[tokio::test]
async fn commands_waiting_for_the_old_connection_are_lost() {
    let (stage, dial) = protected().await;
    let mut old = connect(&stage, &dial).await;
    let registry = stage.registry.clone();
    let command = tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, DEADLINE)
            .await
    });
    old.receive().await;
    let _new = connect(&stage, &dial).await;
    assert_eq!(within(command).await.unwrap(), Err(CommandError::Lost));
}

#[tokio::test]
async fn without_credentials_nobody_takes_the_place_of_one_that_has_them() {
    let (stage, dial) = protected().await;
    let mut old = connect(&stage, &dial).await;
    stage.fake.forget_password("CP1");
    let mut intruder = stage.dial(&Dial::new("CP1")).await.unwrap();
    intruder.closed_with(1008).await;
    assert_eq!(
        stage.fake.refused_codes(),
        ["authenticated_connection_stands"]
    );
    old.works().await;
    assert_eq!(stage.fake.connected.lock().len(), 1);
}

#[tokio::test]
async fn without_credentials_the_newest_of_the_same_kind_wins() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut old = connect(&stage, &Dial::new("CP1")).await;
    let mut new = connect(&stage, &Dial::new("CP1")).await;
    old.closed_with(1000).await;
    new.works().await;
    // One that proves itself wins over one that did not.
    stage.fake.protected("CP1", b"0123456789abcdef");
    let dial = Dial::new("CP1").password("CP1", b"0123456789abcdef");
    let mut proven = connect(&stage, &dial).await;
    new.closed_with(1000).await;
    proven.works().await;
}

#[tokio::test]
async fn of_many_connections_at_once_one_remains() {
    let (stage, dial) = protected().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(stage.dial(&dial).await.unwrap());
    }
    eventually("all but one are closed", || {
        stage.fake.disconnected.lock().len() == 19
    })
    .await;
    assert_eq!(stage.registry.online(), 1);
    clients.last_mut().unwrap().works().await;
    drop(clients);
    stage.is_empty_again().await;
}

#[tokio::test]
async fn a_credential_withdrawn_during_the_handshake_lets_nobody_in() {
    let (stage, dial) = protected().await;
    let gate = Arc::new(Semaphore::new(0));
    *stage.fake.admit_gate.lock() = Some(gate.clone());
    let changed = async {
        eventually("it was decided", || stage.fake.hellos.lock().len() == 1).await;
        // The owner sets another password and is told that nobody is connected with the old one.
        stage.fake.protected("CP1", b"another password");
        stage
            .registry
            .disconnect(&key("CP1"), Disconnect::CredentialChanged);
        gate.add_permits(10);
    };
    let (client, ()) = tokio::join!(stage.dial(&dial), changed);
    client.unwrap().closed_with(1008).await;
    assert!(stage.fake.connected.lock().is_empty());
    // The new one does.
    let dial = Dial::new("CP1").password("CP1", b"another password");
    connect(&stage, &dial).await;
}

#[tokio::test]
async fn a_change_elsewhere_does_not_keep_a_station_out() {
    let (stage, dial) = protected().await;
    let gate = Arc::new(Semaphore::new(0));
    *stage.fake.admit_gate.lock() = Some(gate.clone());
    let changed = async {
        eventually("it was decided", || stage.fake.hellos.lock().len() == 1).await;
        stage.registry.disconnect(&key("CP2"), Disconnect::Removed);
        gate.add_permits(10);
    };
    // A deviation of the handshake counts once, however often it is decided about.
    let dial = dial.path("/ocpp//CP1");
    let (client, ()) = tokio::join!(stage.dial(&dial), changed);
    client.unwrap().works().await;
    assert_eq!(stage.fake.hellos.lock().len(), 2, "it was decided anew");
    let noted = stage.fake.quirks.lock().clone();
    assert_eq!(
        noted,
        [(key("CP1"), QuirkName::PathSlashes, "path".to_owned())]
    );
}
