//! Authorize from socket to answer, `keywatt serve` in alternation with the null server: each on
//! one core, the load on another. Default configuration, Basic auth, every decision in the
//! database.
//!
//! `cargo build --release --workspace --bins`, then
//! `cargo run --release -p bench --bin round_trips`.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bench::client::{Client, Login, authorize, boot};
use bench::figures::{Sample, median};
use bench::process;
use bench::random::Random;
use bench::server::{LOAD_CORE, Server, program};
use bench::site::{Cards, Site};
use clap::Parser;
use tokio::task::JoinSet;

#[derive(Parser)]
struct Args {
    /// Stations at once, half of them 1.6, each with one CALL in flight.
    #[arg(long, default_value_t = 50)]
    stations: usize,
    /// How long each server is measured at a time.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often they alternate.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// For the quiet measurement: round trips per second of all stations together.
    #[arg(long, default_value_t = 1000)]
    paced: u32,
}

/// One measurement.
struct Measured {
    sample: Sample,
    accepted: usize,
    refused: usize,
    took: Duration,
    /// Share of its core that the server used, in percent.
    server_core: f64,
    load_core: f64,
}

impl Measured {
    fn per_second(&self) -> f64 {
        let count = u32::try_from(self.sample.count()).unwrap_or(u32::MAX);
        f64::from(count) / self.took.as_secs_f64()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    process::stay_on_core(LOAD_CORE)?;
    let folder = tempfile::tempdir()?;
    let site = Site::make(folder.path())?;
    let keywatt = site.serve()?;
    let api = site.api(&keywatt);
    let installation = api.installation().await?;
    let logins = api
        .chargers(&installation, args.stations, &keywatt.address)
        .await?;
    let cards = Arc::new(api.cards(&installation, 300).await?);
    let null_folder = tempfile::tempdir()?;
    let null = Server::start(
        &program("null_server", "NULL_SERVER_BIN")?,
        &[],
        null_folder.path(),
    )?;
    let null_logins: Vec<Login> = logins
        .iter()
        .map(|login| Login {
            address: null.address.clone(),
            ..login.clone()
        })
        .collect();

    println!(
        "{} stations, {} s each, {} rounds",
        args.stations, args.seconds, args.rounds
    );
    let duration = Duration::from_secs(args.seconds);
    let mut answered = 0;
    let (mut ratios, mut nulls, mut keywatts) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        let of_null = measure(&null, &null_logins, &cards, duration, None).await?;
        let of_keywatt = measure(&keywatt, &logins, &cards, duration, None).await?;
        print(&format!("{round} null   "), of_null, &mut nulls);
        answered += of_keywatt.sample.count();
        print(&format!("{round} keywatt"), of_keywatt, &mut keywatts);
        if let (Some(null), Some(keywatt)) = (nulls.last(), keywatts.last()) {
            ratios.push(keywatt / null);
        }
    }
    let paced = Some(args.paced);
    print(
        "quiet null   ",
        measure(&null, &null_logins, &cards, duration, paced).await?,
        &mut Vec::new(),
    );
    let quiet = measure(&keywatt, &logins, &cards, duration, paced).await?;
    answered += quiet.sample.count();
    print("quiet keywatt", quiet, &mut Vec::new());

    println!(
        "median: null {:.0}/s, keywatt {:.0}/s, ratio {:.3}",
        median(nulls),
        median(keywatts),
        median(ratios)
    );
    keywatt.stop().context("the server under test")?;
    let rows = site.count("decisions").await?;
    println!("Authorize answered {answered}, decision rows {rows}");
    ensure!(
        usize::try_from(rows)? >= answered,
        "decision rows were lost"
    );
    Ok(())
}

fn print(name: &str, mut measured: Measured, rates: &mut Vec<f64>) {
    let rate = measured.per_second();
    let all = measured.accepted + measured.refused;
    println!(
        "{name}: {rate:7.0}/s, {}, {} % refused, core of the server {:.0} %, of the load {:.0} %",
        measured.sample.summary(),
        measured.refused * 100 / all.max(1),
        measured.server_core,
        measured.load_core,
    );
    rates.push(rate);
}

/// All stations connect and boot, then ask without pause, or so often in all.
async fn measure(
    server: &Server,
    logins: &[Login],
    cards: &Arc<Cards>,
    duration: Duration,
    paced: Option<u32>,
) -> anyhow::Result<Measured> {
    let mut stations = Vec::with_capacity(logins.len());
    for (seed, login) in (1..).zip(logins) {
        stations.push(Station::boot(login, cards, seed).await?);
    }
    let pause = paced.map(|rate| {
        Duration::from_secs(1) * u32::try_from(stations.len()).unwrap_or(u32::MAX) / rate.max(1)
    });
    let (server_before, load_before) = (
        process::processor_time(server.process())?,
        process::processor_time(std::process::id())?,
    );
    let begun = Instant::now();
    let end = begun + duration;
    let mut running = JoinSet::new();
    for station in stations {
        running.spawn(station.ask(end, pause));
    }
    let mut measured = Measured {
        sample: Sample::default(),
        accepted: 0,
        refused: 0,
        took: Duration::ZERO,
        server_core: 0.0,
        load_core: 0.0,
    };
    while let Some(station) = running.join_next().await {
        let station = station??;
        measured.sample.extend(&station.sample);
        measured.accepted += station.accepted;
        measured.refused += station.refused;
    }
    measured.took = begun.elapsed();
    let share = |used: Duration| used.as_secs_f64() * 100.0 / measured.took.as_secs_f64();
    let server_core = share(process::processor_time(server.process())? - server_before);
    let load_core = share(process::processor_time(std::process::id())? - load_before);
    Ok(Measured {
        server_core,
        load_core,
        ..measured
    })
}

/// A connected station that asks for one card after the other.
struct Station {
    client: Client,
    is_16: bool,
    cards: Arc<Cards>,
    random: Random,
    sample: Sample,
    accepted: usize,
    refused: usize,
}

impl Station {
    async fn boot(login: &Login, cards: &Arc<Cards>, seed: u64) -> anyhow::Result<Station> {
        let client = boot(login).await?;
        let is_16 = login.subprotocol == "ocpp1.6";
        let cards = Arc::clone(cards);
        let random = Random::new(seed);
        let sample = Sample::with_capacity(100_000);
        Ok(Station {
            client,
            is_16,
            cards,
            random,
            sample,
            accepted: 0,
            refused: 0,
        })
    }

    /// 30 % of the cards are refused ones.
    fn card(&mut self) -> Option<&String> {
        let cards = Arc::as_ref(&self.cards);
        let of = if self.random.below(10) < 3 {
            &cards.refused
        } else {
            &cards.accepted
        };
        self.random.pick(of)
    }

    async fn ask(mut self, end: Instant, pause: Option<Duration>) -> anyhow::Result<Station> {
        let mut number = 0_u64;
        // The stations of a quiet site do not all ask in the same instant.
        let mut next = tokio::time::Instant::now();
        if let Some(pause) = pause {
            next += pause * u32::try_from(self.random.below(1000))? / 1000;
        }
        while Instant::now() < end {
            if let Some(pause) = pause {
                tokio::time::sleep_until(next).await;
                next += pause;
            }
            number += 1;
            let is_16 = self.is_16;
            let card = self.card().context("no cards")?;
            let call = authorize(&number.to_string(), card, is_16);
            let begun = Instant::now();
            let answer = self.client.call(&call).await?;
            self.sample.add(begun.elapsed());
            ensure!(answer.starts_with("[3,"), "{call} got {answer}");
            if answer.contains(r#""Accepted""#) {
                self.accepted += 1;
            } else {
                self.refused += 1;
            }
        }
        Ok(self)
    }
}
