//! Commands to stations.

use std::sync::Arc;
use std::time::Duration;

use app::link::{Disconnect, StationLink};
use model::command::{CommandAnswer, CommandError, StationCommand};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::fake::key;
use crate::stage::{Client, DEADLINE, Dial, Stage, eventually, options, within};

type Answer = JoinHandle<Result<CommandAnswer, CommandError>>;

fn clear_cache(stage: &Stage, deadline: Duration) -> Answer {
    let registry = stage.registry.clone();
    tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, deadline)
            .await
    })
}

/// The id of the next CALL.
async fn called(client: &mut Client) -> String {
    let call = client.receive().await;
    assert_eq!(
        (&call[0], &call[2]),
        (&json!(2), &json!("ClearCache")),
        "{call}"
    );
    call[1].as_str().unwrap().to_owned()
}

async fn stage_with_station() -> (Stage, Client) {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let client = stage.station("CP1").await;
    eventually("it is registered", || stage.registry.online() == 1).await;
    (stage, client)
}

#[tokio::test]
async fn the_stations_answer_comes_back_as_it_is() {
    let (stage, mut client) = stage_with_station().await;
    let answer = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    assert!(id.len() <= 36);
    client
        .send(&json!([3, id, {"status": "Rejected"}]).to_string())
        .await;
    let CommandAnswer::Result { status, payload } = within(answer).await.unwrap().unwrap() else {
        panic!("no result");
    };
    assert_eq!(status.as_deref(), Some("Rejected"));
    assert_eq!(payload, json!({"status": "Rejected"}));
}

#[tokio::test]
async fn the_stations_error_is_an_answer_too() {
    let (stage, mut client) = stage_with_station().await;
    let answer = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    client
        .send(&json!([4, id, "NotSupported", "no cache", {"a": 1}]).to_string())
        .await;
    let expected = CommandAnswer::Error {
        code: "NotSupported".into(),
        description: "no cache".into(),
        details: json!({"a": 1}),
    };
    assert_eq!(within(answer).await.unwrap(), Ok(expected));
}

#[tokio::test]
async fn a_station_that_is_not_there_is_offline() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    assert_eq!(
        clear_cache(&stage, DEADLINE).await.unwrap(),
        Err(CommandError::Offline)
    );
    drop(stage.station("CP1").await);
    stage.is_empty_again().await;
    assert_eq!(
        clear_cache(&stage, DEADLINE).await.unwrap(),
        Err(CommandError::Offline)
    );
}

#[tokio::test]
async fn only_one_command_is_on_its_way_at_a_time() {
    let (stage, mut client) = stage_with_station().await;
    let first = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    let second = clear_cache(&stage, DEADLINE);
    // Nothing but the answer comes before the first is answered.
    client.works().await;
    client
        .send(&json!([3, id, {"status": "Accepted"}]).to_string())
        .await;
    within(first).await.unwrap().unwrap();
    let id = called(&mut client).await;
    client
        .send(&json!([3, id, {"status": "Accepted"}]).to_string())
        .await;
    within(second).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_late_answer_is_dropped_and_harms_no_other() {
    let (stage, mut client) = stage_with_station().await;
    let first = clear_cache(&stage, Duration::from_millis(50));
    let late = called(&mut client).await;
    assert_eq!(within(first).await.unwrap(), Err(CommandError::NoAnswer));
    let second = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    client
        .send(&json!([3, late, {"status": "Accepted"}]).to_string())
        .await;
    client.works().await;
    assert!(!second.is_finished());
    client
        .send(&json!([3, id, {"status": "Rejected"}]).to_string())
        .await;
    let answer = within(second).await.unwrap().unwrap();
    assert!(
        matches!(answer, CommandAnswer::Result { status: Some(status), .. } if status == "Rejected")
    );
}

#[tokio::test]
async fn the_deadline_covers_the_time_in_the_queue() {
    let (stage, mut client) = stage_with_station().await;
    let first = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    let second = clear_cache(&stage, Duration::from_millis(50));
    assert_eq!(within(second).await.unwrap(), Err(CommandError::NoAnswer));
    client
        .send(&json!([3, id, {"status": "Accepted"}]).to_string())
        .await;
    within(first).await.unwrap().unwrap();
    // The second was never sent.
    client.works().await;
}

#[tokio::test]
async fn no_deadline_is_longer_than_the_gateways() {
    let mut options = options();
    options.command_timeout = Duration::from_millis(50);
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let answer = clear_cache(&stage, Duration::from_secs(3600));
    assert_eq!(within(answer).await.unwrap(), Err(CommandError::NoAnswer));
}

#[tokio::test]
async fn a_full_queue_is_busy() {
    let mut options = options();
    options.max_waiting_commands = 2;
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let first = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    let waiting = [clear_cache(&stage, DEADLINE), clear_cache(&stage, DEADLINE)];
    // One too many of the three: whichever comes last.
    let further = clear_cache(&stage, DEADLINE);
    let mut all: Vec<Answer> = waiting.into_iter().chain([further]).collect();
    eventually("one is turned away", || {
        all.iter().any(JoinHandle::is_finished)
    })
    .await;
    let busy = all.iter().position(JoinHandle::is_finished).unwrap();
    assert_eq!(
        within(all.remove(busy)).await.unwrap(),
        Err(CommandError::Busy)
    );
    client
        .send(&json!([3, id, {"status": "Accepted"}]).to_string())
        .await;
    within(first).await.unwrap().unwrap();
    for answer in all {
        let id = called(&mut client).await;
        client
            .send(&json!([3, id, {"status": "Accepted"}]).to_string())
            .await;
        drop(answer);
    }
}

#[tokio::test]
async fn commands_nobody_waits_for_take_no_place_in_the_queue() {
    let mut options = options();
    options.max_waiting_commands = 1;
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let first = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    let given_up = clear_cache(&stage, Duration::from_millis(20));
    assert_eq!(within(given_up).await.unwrap(), Err(CommandError::NoAnswer));
    let third = clear_cache(&stage, DEADLINE);
    client
        .send(&json!([3, id, {"status": "Accepted"}]).to_string())
        .await;
    within(first).await.unwrap().unwrap();
    let id = called(&mut client).await;
    client
        .send(&json!([3, id, {"status": "Accepted"}]).to_string())
        .await;
    within(third).await.unwrap().unwrap();
}

#[tokio::test]
async fn commands_to_a_connection_that_breaks_are_lost() {
    let (stage, mut client) = stage_with_station().await;
    let sent = clear_cache(&stage, DEADLINE);
    called(&mut client).await;
    let waiting = clear_cache(&stage, DEADLINE);
    client.works().await;
    drop(client);
    assert_eq!(within(sent).await.unwrap(), Err(CommandError::Lost));
    let waiting = within(waiting).await.unwrap();
    assert!(
        matches!(waiting, Err(CommandError::Lost | CommandError::Offline)),
        "{waiting:?}"
    );
}

#[tokio::test]
async fn an_unreadable_answer_is_no_answer() {
    let (stage, mut client) = stage_with_station().await;
    let answer = clear_cache(&stage, DEADLINE);
    let id = called(&mut client).await;
    client.send(&format!(r#"[3,"{id}",{{]"#)).await;
    assert_eq!(within(answer).await.unwrap(), Err(CommandError::NoAnswer));
    client.works().await;
}

#[tokio::test]
async fn what_is_no_message_of_the_version_is_not_sent() {
    let (stage, mut client) = stage_with_station().await;
    let station = key("CP1");
    let raw = |action: &str, payload| StationCommand::Raw {
        action: action.into(),
        payload,
    };
    let unknown = stage
        .registry
        .command(&station, raw("NoSuchThing", json!({})), DEADLINE);
    let expected = CommandError::UnknownAction {
        action: "NoSuchThing".into(),
        version: "1.6",
    };
    assert_eq!(within(unknown).await, Err(expected));
    let invalid = stage
        .registry
        .command(&station, raw("Reset", json!({"type": 7})), DEADLINE);
    assert!(matches!(
        within(invalid).await,
        Err(CommandError::InvalidPayload { .. })
    ));
    client.works().await;
}

#[tokio::test]
async fn a_station_whose_credential_changed_may_come_back() {
    let (stage, mut client) = stage_with_station().await;
    stage
        .registry
        .disconnect(&key("CP1"), Disconnect::CredentialChanged);
    client.closed_with(1012).await;
    stage.is_empty_again().await;
    stage.station("CP1").await.works().await;
}

#[tokio::test]
async fn a_removed_station_is_closed_for_good() {
    let (stage, mut client) = stage_with_station().await;
    stage.registry.disconnect(&key("CP1"), Disconnect::Removed);
    client.closed_with(1008).await;
    stage.is_empty_again().await;
    stage.registry.disconnect(&key("CP1"), Disconnect::Removed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hundreds_of_commands_to_hundreds_of_stations_find_their_way() {
    let stage = Arc::new(Stage::new().await);
    let mut stations = Vec::new();
    for number in 0..100 {
        let id = format!("CP{number}");
        stage.fake.open(&id);
        let mut client = stage.dial(&Dial::new(&id)).await.unwrap();
        client.works().await;
        stations.push(tokio::spawn(async move {
            let call = client.receive().await;
            client
                .send(&json!([3, call[1], {"status": id}]).to_string())
                .await;
            client
        }));
    }
    for number in 0..100 {
        let id = format!("CP{number}");
        let station = key(&id);
        let answer = stage
            .registry
            .command(&station, StationCommand::ClearCache, DEADLINE);
        let answer = within(answer).await.unwrap();
        assert!(
            matches!(&answer, CommandAnswer::Result { payload, .. } if payload["status"] == id),
            "{answer:?}"
        );
    }
    for station in stations {
        drop(within(station).await.unwrap());
    }
    stage.is_empty_again().await;
}
