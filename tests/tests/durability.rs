//! Nothing acknowledged is lost, and nothing is kept twice: twenty-four stations talk without
//! pause while the server is killed (SIGKILL) inside a batch, twenty times on each database.
//!
//! Each station notes what was acknowledged. What was not, it sends again after the restart, with
//! the same content, as stations do; every other one under a new message id.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "durability/station.rs"]
mod station;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use keywatt_tests::{DEADLINE, DatabaseKind, Options, Server, Version, Wire, eventually};
use station::{End, Kind, Station, Traffic};

/// How often the server is killed while at least [`IN_FLIGHT`] CALLs wait for their answer.
const KILLS: usize = 20;
/// A kill that met fewer is done once more, so often at most.
const MOST_KILLS: usize = 60;
/// CALLs without an answer when the server was killed.
const IN_FLIGHT: usize = 5;
/// Acknowledgements between two kills, so that the kill meets work and not connecting.
const ACKNOWLEDGED: usize = 60;

const CHARGERS: usize = 20;
const LOCKS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_what_was_acknowledged_through_twenty_kills() {
    check(DatabaseKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_what_was_acknowledged_through_twenty_kills() {
    check(DatabaseKind::Postgres).await;
}

#[tokio::test]
async fn sqlite_is_set_to_survive_a_power_cut() {
    let mut server = Server::plain().await;
    // The file belongs to one program at a time.
    server.terminate();
    let store = store_of(&server).await;
    let durability = store.settings_read_back().await.unwrap();
    let store::Durability::Sqlite {
        synchronous,
        journal_mode,
        foreign_keys,
    } = durability
    else {
        panic!("not SQLite: {durability:?}");
    };
    assert_eq!(synchronous, 2, "PRAGMA synchronous is FULL");
    assert_eq!(journal_mode, "wal");
    assert_eq!(foreign_keys, 1);
    store.close().await;
}

#[tokio::test]
async fn postgresql_is_set_to_survive_a_power_cut() {
    let server = Server::start(Options::on(DatabaseKind::Postgres)).await;
    let store = store_of(&server).await;
    let durability = store.settings_read_back().await.unwrap();
    let store::Durability::Postgres {
        synchronous_commit, ..
    } = durability
    else {
        panic!("not PostgreSQL: {durability:?}");
    };
    assert_ne!(synchronous_commit, "off");
    store.close().await;
}

/// The program's own way of opening its database.
async fn store_of(server: &Server) -> store::Store {
    let options = store::StoreOptions::default();
    store::Store::open(server.database().url(), options)
        .await
        .unwrap()
}

async fn check(kind: DatabaseKind) {
    let mut server = Server::start(Options::on(kind)).await;
    let mut stations = stations(&server).await;
    let mut met = 0;
    for kill in 1..=MOST_KILLS {
        let (back, unanswered) = until_killed(&mut server, stations).await;
        stations = back;
        met += usize::from(unanswered >= IN_FLIGHT);
        eprintln!("kill {kill}: {unanswered} CALLs were unanswered");
        server.start_again();
        let (code, told, errors) = server.run(&["audit", "verify"], "");
        assert_eq!(code, 0, "kill {kill} broke a chain: {told}{errors}");
        if met == KILLS {
            break;
        }
    }
    assert_eq!(met, KILLS, "too few kills met {IN_FLIGHT} unanswered CALLs");
    stations = join_all(stations.into_iter().map(Station::settle)).await;

    let owner = server.owner();
    for station in &stations {
        station.is_as_acknowledged(&owner).await;
    }
    let (code, told, errors) = server.run(&["audit", "verify"], "");
    assert_eq!(code, 0, "the logs are whole: {told}{errors}");
    server.terminate();
    for station in &stations {
        station.is_kept_once(&server).await;
    }
    let acknowledged: usize = stations.iter().map(|station| station.acknowledged).sum();
    eprintln!("{acknowledged} acknowledged messages are there, each once");
    assert!(
        acknowledged > KILLS * ACKNOWLEDGED,
        "the stations hardly spoke"
    );
}

/// Lets the stations talk and kills the server in the middle; how many CALLs had no answer.
async fn until_killed(server: &mut Server, stations: Vec<Station>) -> (Vec<Station>, usize) {
    let traffic = Arc::new(Traffic::default());
    let talking: Vec<_> = stations
        .into_iter()
        .map(|station| tokio::spawn(station.talk(Arc::clone(&traffic))))
        .collect();
    eventually("stations that talk", DEADLINE, || async {
        let enough = traffic.acknowledged.load(Ordering::SeqCst) >= ACKNOWLEDGED;
        let busy = traffic.in_flight.load(Ordering::SeqCst) >= 2 * IN_FLIGHT;
        (enough && busy).then_some(())
    })
    .await;
    server.kill_9();
    let mut stations = Vec::new();
    let mut unanswered = 0;
    for station in talking {
        let (station, end) = station.await.unwrap();
        unanswered += usize::from(end == End::Unanswered);
        stations.push(station);
    }
    (stations, unanswered)
}

async fn stations(server: &Server) -> Vec<Station> {
    let owner = server.owner();
    let site = owner.installation().await;
    let mut stations = Vec::new();
    for number in 0..CHARGERS + LOCKS {
        let version = if number % 2 == 0 {
            Version::V16
        } else {
            Version::V201
        };
        let (kind, id, station_id) = if number < CHARGERS {
            let charger = owner.charger(&site, 1).await;
            (Kind::Charger, charger.id, charger.station_id)
        } else {
            let lock = owner.lock(&site).await;
            owner.door(&lock, 1).await;
            (Kind::Lock, lock.id, lock.station_id)
        };
        let (_, card) = owner.user(site.node()).await;
        let endpoint = server.endpoint(&station_id, version);
        Wire::booted(&endpoint).await.close().await;
        stations.push(Station::new(number, kind, id, endpoint, card.presented));
    }
    stations
}
