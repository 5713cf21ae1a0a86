//! Many stations on one address: for load, and for what idle connections cost.
//!
//! All connect, with bounded concurrency, before any begins to work, so that the measured time
//! holds nothing else. Each has one CALL in flight.

mod client;
mod config;
mod histogram;
mod report;
mod shared;
mod station;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use config::{FleetConfig, FleetStation, Mix, Until, Work};
pub use histogram::Histogram;
pub use report::{ActionCounts, FleetReport, Latency, Unanswered};
use shared::Shared;
use station::{NotReady, Station};

/// A fleet at work. Dropping it ends it.
pub struct Fleet {
    config: Arc<FleetConfig>,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    /// Stations that are connected, or have failed to.
    settled: watch::Receiver<Settled>,
    go: watch::Sender<Option<Instant>>,
    begin: Instant,
}

#[derive(Clone, Copy, Debug, Default)]
struct Settled {
    accepted: usize,
    failed: usize,
}

impl Fleet {
    /// Begins to connect the stations. Needs a tokio runtime; a current-thread one will do.
    #[must_use]
    pub fn start(config: FleetConfig) -> Fleet {
        let config = Arc::new(config);
        let shared = Arc::new(Shared::default());
        let (settle, settled) = watch::channel(Settled::default());
        let (go, _) = watch::channel(None);
        let connecting = Arc::new(Semaphore::new(config.connect_concurrency.max(1)));
        let mut tasks = JoinSet::new();
        for (number, _) in config.stations.iter().enumerate() {
            tasks.spawn(run(
                Arc::clone(&config),
                Arc::clone(&shared),
                number,
                Arc::clone(&connecting),
                settle.clone(),
                go.subscribe(),
            ));
        }
        Fleet {
            config,
            shared,
            tasks,
            settled,
            go,
            begin: Instant::now(),
        }
    }

    /// Waits until every station is connected and accepted, or has failed; tells how many are.
    pub async fn connected(&mut self) -> usize {
        let all = self.config.stations.len();
        match self
            .settled
            .wait_for(|settled| settled.accepted + settled.failed >= all)
            .await
        {
            Ok(settled) => settled.accepted,
            Err(_) => 0,
        }
    }

    /// Ends the work early; [`Fleet::finish`] then returns soon.
    pub fn stop(&self) {
        self.shared.stop.cancel();
    }

    /// What [`Fleet::stop`] does, for another task.
    #[must_use]
    pub fn stopper(&self) -> tokio_util::sync::CancellationToken {
        self.shared.stop.clone()
    }

    /// Lets the stations work until they are done.
    pub async fn finish(mut self) -> FleetReport {
        let accepted = self.connected().await;
        let connect_time = self.begin.elapsed();
        let begin = Instant::now();
        self.go.send_replace(Some(begin));
        while self.tasks.join_next().await.is_some() {}
        let end = self.shared.worked_until().unwrap_or_else(Instant::now);
        let elapsed = end.saturating_duration_since(begin);
        let (mut report, histogram) = self.shared.take();
        report.stations = self.config.stations.len();
        report.accepted = accepted;
        report.connect_milliseconds = report::milliseconds(connect_time);
        if let Work::Load(_) = self.config.work {
            report.set_load(elapsed, &histogram);
        }
        report
    }
}

/// Connects, waits for the others, works.
async fn run(
    config: Arc<FleetConfig>,
    shared: Arc<Shared>,
    number: usize,
    connecting: Arc<Semaphore>,
    settled: watch::Sender<Settled>,
    mut go: watch::Receiver<Option<Instant>>,
) {
    let work = config.work.clone();
    let started = start(config, Arc::clone(&shared), number, &connecting).await;
    let station = match started {
        Ok(station) => {
            settled.send_modify(|settled| settled.accepted += 1);
            station
        }
        Err(error) => {
            shared.not_ready(crate::describe(&error));
            settled.send_modify(|settled| settled.failed += 1);
            return;
        }
    };
    drop(settled);
    // Idle stations answer pings from the beginning; load waits for everybody.
    if let Work::Load(_) = work {
        tokio::select! {
            begin = go.wait_for(Option::is_some) => if begin.is_err() { return },
            () = shared.stop.cancelled() => return,
        }
    }
    station.work().await;
}

async fn start(
    config: Arc<FleetConfig>,
    shared: Arc<Shared>,
    number: usize,
    connecting: &Semaphore,
) -> Result<Station, NotReady> {
    let _turn = connecting.acquire().await;
    let Some(station) = config.stations.get(number).cloned() else {
        return Err(NotReady::NotAccepted("no such station".to_owned()));
    };
    let seed = u64::try_from(number).unwrap_or(u64::MAX);
    Station::start(config, shared, &station, seed).await
}
