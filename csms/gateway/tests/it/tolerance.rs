//! Settings of a station reach its connection while it stands.

use app::link::StationLink as _;
use model::{QuirkName, StationSettings, Treatment};
use serde_json::json;

use crate::fake::key;
use crate::stage::{Dial, Stage};

fn refusing(quirk: QuirkName) -> StationSettings {
    StationSettings {
        tolerance: [(quirk, Treatment::Refuse)].into_iter().collect(),
        ..StationSettings::default()
    }
}

#[tokio::test]
async fn a_change_of_settings_holds_from_the_next_message_without_a_new_connection() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    let odd = r#"[2,"1","Heartbeat",{"mood":1}]"#;
    client.send(odd).await;
    assert_eq!(client.receive().await[0], 3);
    let settings = refusing(QuirkName::ExtraField);
    stage.registry.configure(&key("CP1"), &settings);
    client.send(odd).await;
    let answer = client.receive().await;
    assert_eq!(
        (&answer[0], &answer[2], &answer[3]),
        (
            &json!(4),
            &json!("FormationViolation"),
            &json!("`mood` is not a field of this message")
        )
    );
    stage
        .registry
        .configure(&key("cp1"), &StationSettings::default());
    client.send(odd).await;
    assert_eq!(client.receive().await[0], 3);
    // A station that is not connected is nobody's matter.
    stage.registry.configure(&key("CP2"), &settings);
    client.works().await;
}

#[tokio::test]
async fn what_has_happened_is_answered_though_nothing_is_tolerated() {
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    let settings = StationSettings {
        tolerance: QuirkName::ALL
            .iter()
            .map(|quirk| (*quirk, Treatment::Refuse))
            .collect(),
        ..StationSettings::default()
    };
    stage.registry.configure(&key("CP1"), &settings);
    client
        .send(
            r#"[2,"1","MeterValues",{"connectorId":"1","mood":1,"meterValue":[{"timestamp":"1970-01-01",
            "sampledValue":[{"value":1,"unit":"Hz"}]}]}]"#,
        )
        .await;
    let answer = client.receive().await;
    assert_eq!(answer[0], 3, "{answer}");
}

#[tokio::test]
async fn an_assumed_version_is_noted_and_an_odd_path_told_to_the_inside() {
    let stage = Stage::new().await;
    stage.fake.silent("CP1");
    let dial = Dial::new("CP1")
        .without("Sec-WebSocket-Protocol")
        .path("/ocpp//CP1/");
    let mut client = stage.dial(&dial).await.ok().unwrap();
    client.works().await;
    let noted = stage.fake.quirks.lock().clone();
    let expected = [
        (key("CP1"), QuirkName::PathSlashes, "path".to_owned()),
        (key("CP1"), QuirkName::NoSubprotocol, String::new()),
    ];
    assert_eq!(noted, expected);
    assert!(stage.fake.hellos.lock()[0].odd_slashes);
}
