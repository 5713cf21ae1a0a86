//! What the owner decides about one station holds for that one, from its next message on.

use std::time::Duration;

use app::link::StationLink;
use futures_util::StreamExt;
use model::{FindingKind, RateLimit, StationSettings};
use tokio_tungstenite::tungstenite::Message;

use crate::fake::key;
use crate::stage::{Stage, options, within};

#[tokio::test]
async fn q9_a_station_on_a_metered_link_is_not_pinged_and_not_given_up() {
    let mut options = options();
    options.ping_interval = Some(Duration::from_millis(100));
    let stage = Stage::with(options).await;
    let unpinged = StationSettings {
        ping_interval_seconds: Some(0),
        ..StationSettings::default()
    };
    stage.fake.decided("QUIET", unpinged);
    stage.fake.open("CP1");
    let mut quiet = stage.station("QUIET").await;
    let mut other = stage.station("CP1").await;
    // Neither reads nor sends: the other is pinged, and given up after a while.
    for _ in 0..2 {
        let next = within(other.ws.next()).await.unwrap().unwrap();
        assert!(matches!(next, Message::Ping(_)), "{next:?}");
    }
    drop(other);
    let gone = || stage.registry.presence(&key("CP1")).is_none();
    crate::stage::eventually("the other has left", gone).await;
    quiet.heartbeat("1").await;
    let first = within(quiet.ws.next()).await.unwrap().unwrap();
    assert!(matches!(first, Message::Text(_)), "{first:?}");
}

#[tokio::test]
async fn a_change_reaches_a_connection_that_stands() {
    let mut options = options();
    options.ping_interval = None;
    let stage = Stage::with(options).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    client.works().await;
    let change = |settings: StationSettings| stage.registry.configure(&key("CP1"), &settings);
    change(StationSettings {
        max_message_bytes: Some(4096),
        ..StationSettings::default()
    });
    let text = format!(r#"[2,"big","Heartbeat",{{"x":"{}"}}]"#, "a".repeat(5000));
    client.send(&text).await;
    let answer = client.receive().await;
    assert_eq!(
        (&answer[0], &answer[2]),
        (&4.into(), &"FormationViolation".into())
    );
    assert_eq!(stage.fake.findings("CP1"), [FindingKind::OversizedFrame]);

    change(StationSettings {
        rate_limit: Some(RateLimit {
            calls_per_second: 50,
            burst: 1,
        }),
        ..StationSettings::default()
    });
    client.send(&text).await;
    assert_eq!(client.receive().await[0], 3);
    for _ in 0..3 {
        client.works().await;
    }
    assert!(stage.fake.findings("CP1").contains(&FindingKind::TooFast));

    change(StationSettings {
        ping_interval_seconds: Some(1),
        ..StationSettings::default()
    });
    let next = within(client.ws.next()).await.unwrap().unwrap();
    assert!(matches!(next, Message::Ping(_)), "{next:?}");
}
