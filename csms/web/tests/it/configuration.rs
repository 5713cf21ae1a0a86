//! Patience with stations that do not say what they are asked.

use std::time::Duration;

use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{ConfigurationState, ConfigurationValue};
use serde_json::{Value, json};

use crate::site::Site;

const PATH: &str = "/v1/stations/cp1/configuration";

async fn begun(keys: usize, answer: Result<CommandAnswer, CommandError>) -> Site {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.charger(&installation, "CP1").await;
    *site.link.answer.lock() = answer;
    let keys: Vec<String> = (0..keys).map(|number| format!("Key{number}")).collect();
    let body = json!({ "keys": keys });
    let begun = site.with(&site.owner, "POST", PATH, &[], Some(&body)).await;
    begun.expect(202);
    site
}

/// Waits until the reading has ended.
async fn ended(site: &Site) -> Value {
    for _ in 0..5_000 {
        let body = site.get(&site.owner, PATH).await.expect(200);
        if body["reading"]["state"] != "running" {
            return body;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the reading does not end");
}

fn sizes(site: &Site) -> Vec<usize> {
    let sent = site.link.sent.lock();
    sent.iter()
        .map(|(_, command)| match command {
            StationCommand::ReadConfiguration(names) => names.len(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn q35_after_each_silence_fewer_are_asked_for_and_after_four_none() {
    let site = begun(30, Err(CommandError::NoAnswer)).await;
    let body = ended(&site).await;
    assert_eq!(body["reading"]["state"], "stopped");
    assert_eq!(body["reading"]["asked"], 0);
    assert_eq!(
        body["reading"]["problem"],
        "the station did not answer in time"
    );
    assert_eq!(sizes(&site), [10, 5, 2, 1]);
}

#[tokio::test]
async fn what_a_station_says_besides_is_kept_and_what_it_does_not_say_is_not() {
    let value = ConfigurationValue {
        name: "Vendor".to_owned(),
        state: ConfigurationState::Known,
        value: Some("1".to_owned()),
        read_only: Some(true),
    };
    let site = begun(25, Ok(CommandAnswer::Configuration(vec![value]))).await;
    let body = ended(&site).await;
    assert_eq!(body["reading"]["state"], "done", "{body}");
    assert_eq!(body["reading"]["asked"], 25);
    assert_eq!(sizes(&site), [10, 10, 5]);
    let items = body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{body}");
    assert_eq!(
        (&items[0]["name"], &items[0]["read_only"]),
        (&json!("Vendor"), &json!(true))
    );
}
