//! What is counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use app::link::StationLink;
use app::station::StationFailure;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString,
    Unit,
};
use model::command::StationCommand;
use parking_lot::Mutex;
use serde_json::json;

use crate::fake::{Conduct, key};
use crate::stage::{DEADLINE, Dial, Stage, eventually};

/// Keeps counters and gauges by name and labels.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<BTreeMap<String, Arc<Cell>>>>);

#[derive(Default)]
struct Cell(AtomicU64);

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }
    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn decrement(&self, _: f64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
    fn set(&self, _: f64) {}
}

impl Counts {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<&str> = key.labels().map(metrics::Label::value).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        self.0.lock().entry(name).or_default().clone()
    }

    fn get(&self, name: &str) -> u64 {
        self.0
            .lock()
            .get(name)
            .map_or(0, |cell| cell.0.load(Ordering::Relaxed))
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

// One thread, so that everything is counted by the recorder of this test.
#[tokio::test(flavor = "current_thread")]
async fn connections_calls_commands_and_what_was_dropped_are_counted() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let stage = Stage::new().await;
    stage.fake.open("CP1");
    assert!(stage.dial(&Dial::new("UNKNOWN")).await.is_err());
    let mut client = stage.station("CP1").await;
    client.works().await;
    client.works().await;
    client.send(r#"[2,"1","InventedByTheStation",{}]"#).await;
    client.receive().await;
    stage
        .fake
        .conduct("CP1", Conduct::Fail(StationFailure::NotAccepted));
    client.heartbeat("1").await;
    client.receive().await;
    client.send("not json").await;
    client.send(r#"[3,"nothing we asked",{}]"#).await;
    let registry = stage.registry.clone();
    let command = tokio::spawn(async move {
        registry
            .command(&key("CP1"), StationCommand::ClearCache, DEADLINE)
            .await
    });
    let call = client.receive().await;
    client
        .send(&json!([3, call[1], {"status": "Accepted"}]).to_string())
        .await;
    command.await.unwrap().unwrap();

    for (name, count) in [
        ("keywatt_station_handshakes_total accepted", 1),
        ("keywatt_station_handshakes_total unknown_station", 1),
        ("keywatt_station_connections 1.6", 1),
        ("keywatt_station_calls_total 1.6 Heartbeat ok", 2),
        ("keywatt_station_calls_total 1.6 Heartbeat not_accepted", 1),
        // A station cannot make names.
        ("keywatt_station_calls_total 1.6 unknown NotImplemented", 1),
        ("keywatt_station_frames_dropped_total malformed", 1),
        ("keywatt_station_answers_dropped_total unknown", 1),
        ("keywatt_station_commands_total 1.6 ClearCache ok", 1),
    ] {
        assert_eq!(counts.get(name), count, "{name}");
    }
    drop(client);
    eventually("it is counted out", || {
        counts.get("keywatt_station_connections 1.6") == 0
    })
    .await;
}
