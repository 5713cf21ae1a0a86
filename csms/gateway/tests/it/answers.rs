//! Answers to commands that come late, twice, to nothing, crossing, or not at all: on both
//! versions.

use std::time::Duration;

use app::link::StationLink;
use model::FindingKind;
use model::command::{CommandAnswer, CommandError, StationCommand};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::fake::key;
use crate::stage::{Client, DEADLINE, Dial, Stage, eventually, within};

const BOTH: [&str; 2] = ["ocpp1.6", "ocpp2.0.1"];

type Answer = JoinHandle<Result<CommandAnswer, CommandError>>;

async fn connected(protocol: &str) -> (Stage, Client) {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage
        .dial(&Dial::new("CP1").protocols(protocol))
        .await
        .unwrap();
    client.works().await;
    (stage, client)
}

fn ask(stage: &Stage, deadline: Duration) -> Answer {
    let registry = stage.registry.clone();
    tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, deadline)
            .await
    })
}

async fn asked(client: &mut Client) -> String {
    let call = client.receive().await;
    assert_eq!(call[2], "ClearCache", "{call}");
    call[1].as_str().unwrap().to_owned()
}

fn accepted(id: &str) -> String {
    json!([3, id, { "status": "Accepted" }]).to_string()
}

fn status(answer: &CommandAnswer) -> Option<&str> {
    match answer {
        CommandAnswer::Result { status, .. } => status.as_deref(),
        CommandAnswer::Error { code, .. } => Some(code),
        CommandAnswer::Configuration(_) => None,
    }
}

async fn noticed(stage: &Stage, kind: FindingKind) {
    eventually("it is noticed", || {
        stage.fake.findings("CP1").contains(&kind)
    })
    .await;
}

#[tokio::test]
async fn a_late_answer_is_dropped_noticed_and_given_to_nobody() {
    for protocol in BOTH {
        let (stage, mut client) = connected(protocol).await;
        let first = ask(&stage, Duration::from_millis(50));
        let late = asked(&mut client).await;
        assert_eq!(within(first).await.unwrap(), Err(CommandError::NoAnswer));
        noticed(&stage, FindingKind::NoAnswer).await;
        let second = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        client.send(&accepted(&late)).await;
        client.send(&accepted(&late)).await;
        client.works().await;
        assert!(!second.is_finished(), "{protocol}");
        client
            .send(&json!([3, id, { "status": "Rejected" }]).to_string())
            .await;
        let answer = within(second).await.unwrap().unwrap();
        assert_eq!(status(&answer), Some("Rejected"), "{protocol}");
        assert_eq!(
            stage.fake.findings("CP1"),
            [
                FindingKind::NoAnswer,
                FindingKind::LateAnswer,
                FindingKind::DuplicateAnswer
            ],
            "{protocol}"
        );
    }
}

#[tokio::test]
async fn the_first_answer_counts_and_a_second_one_harms_nobody() {
    for protocol in BOTH {
        let (stage, mut client) = connected(protocol).await;
        let first = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        client.send(&accepted(&id)).await;
        client
            .send(&json!([4, id, "InternalError", "", {}]).to_string())
            .await;
        let answer = within(first).await.unwrap().unwrap();
        assert_eq!(status(&answer), Some("Accepted"), "{protocol}");
        noticed(&stage, FindingKind::DuplicateAnswer).await;
        let second = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        client.send(&accepted(&id)).await;
        within(second).await.unwrap().unwrap();
        client.works().await;
    }
}

#[tokio::test]
async fn an_answer_to_nothing_is_dropped_and_the_command_still_waits_for_its_own() {
    for protocol in BOTH {
        let (stage, mut client) = connected(protocol).await;
        let command = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        for other in ["", "somebody-else", &id.to_uppercase()] {
            client.send(&accepted(other)).await;
            client
                .send(&json!([4, other, "GenericError", "", {}]).to_string())
                .await;
        }
        client.works().await;
        assert!(!command.is_finished(), "{protocol}");
        noticed(&stage, FindingKind::UnknownAnswer).await;
        client.send(&accepted(&id)).await;
        within(command).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_stations_error_comes_back_as_it_is() {
    for protocol in BOTH {
        let (stage, mut client) = connected(protocol).await;
        let command = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        client
            .send(&json!([4, id, "NotSupported", "no cache", { "a": 1 }]).to_string())
            .await;
        let expected = CommandAnswer::Error {
            code: "NotSupported".into(),
            description: "no cache".into(),
            details: json!({ "a": 1 }),
        };
        assert_eq!(within(command).await.unwrap(), Ok(expected), "{protocol}");
    }
}

#[tokio::test]
async fn calls_of_the_station_are_answered_while_its_own_answer_is_waited_for() {
    for protocol in BOTH {
        let (stage, mut client) = connected(protocol).await;
        let command = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        // OCPP-J 1.6 §4.1.1, OCPP 2.0.1 part 4 §4.1.1: CALLs may cross.
        for number in 0..5 {
            client.heartbeat(&number.to_string()).await;
            let answer = client.receive().await;
            assert_eq!(
                (&answer[0], &answer[1]),
                (&json!(3), &json!(number.to_string()))
            );
        }
        assert!(!command.is_finished(), "{protocol}");
        client.send(&accepted(&id)).await;
        within(command).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_call_with_the_id_of_our_own_is_a_call_and_no_answer() {
    for protocol in BOTH {
        let (stage, mut client) = connected(protocol).await;
        let command = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        client.heartbeat(&id).await;
        assert_eq!(client.receive().await[0], 3, "{protocol}");
        assert!(!command.is_finished(), "{protocol}");
        client.send(&accepted(&id)).await;
        within(command).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_command_loses_it_and_the_next_has_none() {
    for protocol in BOTH {
        let (stage, mut client) = connected(protocol).await;
        let command = ask(&stage, DEADLINE);
        let id = asked(&mut client).await;
        drop(client);
        assert_eq!(within(command).await.unwrap(), Err(CommandError::Lost));
        stage.is_empty_again().await;
        let mut again = stage
            .dial(&Dial::new("CP1").protocols(protocol))
            .await
            .unwrap();
        // The answer comes on the new connection, where nobody waits for it.
        again.send(&accepted(&id)).await;
        again.works().await;
        noticed(&stage, FindingKind::UnknownAnswer).await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_noticed_with_what_it_was() {
    for (protocol, other) in [
        ("ocpp1.6", "TransactionEvent"),
        ("ocpp2.0.1", "StartTransaction"),
    ] {
        let (stage, mut client) = connected(protocol).await;
        for frame in [
            json!([2, "1", other, {}]),
            json!([2, "2", "Invented\u{1b}[31m", {}]),
            json!([2, "3", "StatusNotification", {}]),
            json!([2, "4"]),
        ] {
            client.send(&frame.to_string()).await;
            let answer: Value = client.receive().await;
            assert_eq!(answer[0], 4, "{protocol} {frame}");
        }
        let told: Vec<(FindingKind, String)> = stage
            .fake
            .noticed
            .lock()
            .iter()
            .map(|(_, kind, detail)| (*kind, detail.clone()))
            .collect();
        assert_eq!(told[0], (FindingKind::OtherVersion, other.to_owned()));
        assert_eq!(
            told[1],
            (FindingKind::UnknownAction, "Invented31m".to_owned())
        );
        assert_eq!(told[2].0, FindingKind::RefusedPayload);
        assert!(told[2].1.starts_with("StatusNotification: "), "{told:?}");
        assert_eq!(told[3].0, FindingKind::MalformedFrame);
    }
}
