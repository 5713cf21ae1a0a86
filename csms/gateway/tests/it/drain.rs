//! Going away.

use std::sync::Arc;
use std::time::Duration;

use app::link::StationLink;
use gateway::Drained;
use model::command::{CommandError, StationCommand};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::fake::{Conduct, key};
use crate::stage::{DEADLINE, Dial, Stage, eventually, options, within};

#[tokio::test]
async fn stations_are_told_that_the_server_goes_away() {
    let stage = Stage::new().await;
    let mut clients = Vec::new();
    for number in 0..10 {
        let id = format!("CP{number}");
        stage.fake.open(&id);
        let mut client = stage.station(&id).await;
        client.works().await;
        clients.push(client);
    }
    let begin = tokio::time::Instant::now();
    let told = async {
        for client in &mut clients {
            client.closed_with(1001).await;
        }
    };
    let (drained, ()) = tokio::join!(stage.gateway.drain(Duration::from_millis(300)), told);
    assert_eq!(
        drained,
        Drained {
            stations: 10,
            complete: true
        }
    );
    // Spread, not all at once.
    assert!(
        begin.elapsed() >= Duration::from_millis(250),
        "{:?}",
        begin.elapsed()
    );
    stage.is_empty_again().await;
    assert!(
        TcpStream::connect(stage.address).await.is_err(),
        "it still listens"
    );
}

#[tokio::test]
async fn what_was_received_is_answered_before_the_goodbye() {
    let stage = Arc::new(Stage::new().await);
    stage.fake.open("CP1");
    let gate = Arc::new(Semaphore::new(0));
    stage.fake.conduct("CP1", Conduct::Hold(gate.clone()));
    let mut client = stage.station("CP1").await;
    for id in ["1", "2", "3"] {
        client.heartbeat(id).await;
    }
    eventually("the first is worked on", || {
        stage.fake.begun.lock().len() == 1
    })
    .await;
    // Read behind the three.
    within(futures_util::SinkExt::send(
        &mut client.ws,
        tokio_tungstenite::tungstenite::Message::Ping("".into()),
    ))
    .await
    .unwrap();
    within(futures_util::StreamExt::next(&mut client.ws))
        .await
        .unwrap()
        .unwrap();
    let drain = {
        let stage = stage.clone();
        tokio::spawn(async move { stage.gateway.drain(Duration::ZERO).await })
    };
    eventually("it stopped listening", || {
        stage.registry.online() == 1 && !drain.is_finished()
    })
    .await;
    gate.add_permits(3);
    for id in ["1", "2", "3"] {
        assert_eq!(client.receive().await[1], id);
    }
    client.closed_with(1001).await;
    assert!(within(drain).await.unwrap().complete);
}

#[tokio::test]
async fn work_that_does_not_end_does_not_hold_up_the_drain_for_ever() {
    let mut options = options();
    options.drain_timeout = Duration::from_millis(200);
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    stage
        .fake
        .conduct("CP1", Conduct::Hold(Arc::new(Semaphore::new(0))));
    let mut client = stage.station("CP1").await;
    client.heartbeat("1").await;
    eventually("it is worked on", || stage.fake.begun.lock().len() == 1).await;
    let drained = within(stage.gateway.drain(Duration::ZERO)).await;
    assert_eq!(
        drained,
        Drained {
            stations: 1,
            complete: false
        }
    );
    stage.is_empty_again().await;
}

#[tokio::test]
async fn a_command_on_its_way_gets_its_answer_during_the_drain() {
    let stage = Arc::new(Stage::new().await);
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let command = |deadline| {
        let registry = stage.registry.clone();
        tokio::spawn(async move {
            registry
                .command(&key("CP1"), StationCommand::ClearCache, deadline)
                .await
        })
    };
    let sent = command(DEADLINE);
    let call = client.receive().await;
    let drain = {
        let stage = stage.clone();
        tokio::spawn(async move { stage.gateway.drain(Duration::ZERO).await })
    };
    // New ones are turned away.
    within(async {
        while within(command(Duration::from_millis(20))).await.unwrap()
            != Err(CommandError::Offline)
        {}
    })
    .await;
    client
        .send(&serde_json::json!([3, call[1], {"status": "Accepted"}]).to_string())
        .await;
    assert!(within(sent).await.unwrap().is_ok());
    client.closed_with(1001).await;
    assert!(within(drain).await.unwrap().complete);
}

#[tokio::test]
async fn an_answer_that_does_not_come_does_not_cost_the_station_its_goodbye() {
    let mut options = options();
    options.drain_timeout = Duration::from_secs(1);
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let registry = stage.registry.clone();
    let command = tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, DEADLINE)
            .await
    });
    client.receive().await;
    let (drained, ()) = tokio::join!(
        stage.gateway.drain(Duration::ZERO),
        client.closed_with(1001)
    );
    assert!(drained.complete);
    assert_eq!(within(command).await.unwrap(), Err(CommandError::Lost));
}

#[tokio::test]
async fn stop_ends_everything_at_once() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    stage
        .fake
        .conduct("CP1", Conduct::Hold(Arc::new(Semaphore::new(0))));
    let mut client = stage.dial(&Dial::new("CP1")).await.unwrap();
    client.heartbeat("1").await;
    eventually("it is worked on", || stage.fake.begun.lock().len() == 1).await;
    // A peer in the middle of its request.
    let _half = TcpStream::connect(stage.address).await.unwrap();
    within(stage.gateway.stop()).await;
    stage.is_empty_again().await;
    assert_eq!(client.closed().await, None);
}
