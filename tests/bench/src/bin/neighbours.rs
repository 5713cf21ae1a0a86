//! What the other stations feel of one that misbehaves: their Authorize from socket to answer, in
//! one run against one server in its default configuration, on a core of its own.
//!
//! Each round measures three times: undisturbed; with the stations that misbehave; and, as the
//! control, with the same bytes sent at the same rate to the null server on the core of the load,
//! so that what the load does to its own measurement is known. The stations that are measured stay
//! connected throughout, and the disturbance begins with the measurement, its first burst
//! included. "Within noise" is read off the ratios of each undisturbed measurement to the one
//! before it.
//!
//! `cargo build --release --workspace --bins`, then
//! `cargo run --release -p bench --bin neighbours`.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bench::client::{Client, Login, authorize, boot};
use bench::figures::{Sample, median};
use bench::misbehaviour::{Kind, Misbehaving};
use bench::process;
use bench::random::Random;
use bench::server::{LOAD_CORE, Server, program};
use bench::site::{Cards, Site};
use clap::{Parser, ValueEnum as _};
use tokio::task::JoinSet;

/// For what is in flight between two measurements.
const SETTLE: Duration = Duration::from_millis(300);

#[derive(Parser)]
struct Args {
    /// Stations that behave, half of them 1.6.
    #[arg(long, default_value_t = 50)]
    stations: usize,
    /// Stations that misbehave.
    #[arg(long, default_value_t = 5)]
    bad: usize,
    /// Round trips per second of the good ones together.
    #[arg(long, default_value_t = 2000)]
    paced: u32,
    /// How long each measurement takes, in milliseconds.
    #[arg(long, default_value_t = 2000)]
    milliseconds: u64,
    /// How often they alternate, for each kind.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these.
    #[arg(long, value_enum)]
    kinds: Vec<Kind>,
}

/// In microseconds.
#[derive(Clone, Copy, Debug)]
struct Quantiles {
    p50: f64,
    p99: f64,
}

/// A station that behaves, connected for the whole run.
struct Good {
    client: Client,
    is_16: bool,
    cards: Cards,
    random: Random,
    number: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    process::stay_on_core(LOAD_CORE)?;
    let folder = tempfile::tempdir()?;
    let site = Site::make(folder.path())?;
    // As anybody runs it: the rate of a station is limited. Commands end soon, so that some end.
    let server = site.serve_with(&["--command-seconds", "1"])?;
    let api = site.api(&server);
    let null_folder = tempfile::tempdir()?;
    let null = program("null_server", "NULL_SERVER_BIN")?;
    let null = Server::start_on(LOAD_CORE, &null, &[], null_folder.path())?;
    process::have_give_way(null.process())?;
    let installation = api.installation().await?;
    let all = args.stations + args.bad;
    let logins = api.chargers(&installation, all, &server.address).await?;
    let cards = api.cards(&installation, 100).await?;
    let card = cards.accepted.first().context("no cards")?;
    let (bad, good) = logins.split_at(args.bad);
    let bad_at_null: Vec<Login> = bad
        .iter()
        .map(|login| Login {
            address: null.address.clone(),
            ..login.clone()
        })
        .collect();
    let mut stations = Vec::with_capacity(good.len());
    for (seed, login) in (1..).zip(good) {
        stations.push(Good {
            client: boot(login).await?,
            is_16: login.subprotocol == "ocpp1.6",
            cards: cards.clone(),
            random: Random::new(seed),
            number: 0,
        });
    }
    println!(
        "{} stations at {}/s together, {} that misbehave, {} ms each, {} rounds",
        args.stations, args.paced, args.bad, args.milliseconds, args.rounds
    );
    println!(
        "             p50, p99 undisturbed    p99 disturbed  ratio p50   p99   control   grew by"
    );
    let duration = Duration::from_millis(args.milliseconds);
    let kinds = match args.kinds.as_slice() {
        [] => Kind::value_variants(),
        some => some,
    };
    let mut undisturbed = Vec::new();
    for kind in kinds {
        let mut rows = Vec::new();
        let before = process::resident_bytes(server.process())?;
        for _ in 0..args.rounds {
            let quiet = measure(&mut stations, duration, args.paced).await?;
            let noise = Misbehaving::begin(*kind, bad, card, &api);
            let noisy = measure(&mut stations, duration, args.paced).await?;
            let sent = noise.end()?;
            tokio::time::sleep(SETTLE).await;
            let noise = Misbehaving::paced(*kind, &bad_at_null, card, sent, duration);
            let control = measure(&mut stations, duration, args.paced).await?;
            noise.end()?;
            tokio::time::sleep(SETTLE).await;
            undisturbed.push(quiet);
            rows.push((quiet, noisy, control));
        }
        let grown = process::resident_bytes(server.process())?.saturating_sub(before) >> 20;
        let of = |value: fn(&(Quantiles, Quantiles, Quantiles)) -> f64| {
            median(rows.iter().map(value).collect())
        };
        println!(
            "{:<12} {:7.0} µs {:7.0} µs {:13.0} µs {:9.2} {:7.2} {:7.2} {grown:7} MiB",
            format!("{kind:?}"),
            of(|(quiet, _, _)| quiet.p50),
            of(|(quiet, _, _)| quiet.p99),
            of(|(_, noisy, _)| noisy.p99),
            of(|(quiet, noisy, _)| noisy.p50 / quiet.p50),
            of(|(quiet, noisy, _)| noisy.p99 / quiet.p99),
            of(|(quiet, _, control)| control.p99 / quiet.p99),
        );
    }
    noise(&undisturbed);
    drop(stations);
    server.stop().context("the server under test")
}

/// How much two undisturbed measurements differ, one after the other.
fn noise(undisturbed: &[Quantiles]) {
    let mut ratios: Vec<f64> = undisturbed
        .iter()
        .zip(undisturbed.iter().skip(1))
        .map(|(earlier, later)| later.p99 / earlier.p99)
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        let last = ratios.len().saturating_sub(1);
        ratios
            .get(last * percent / 100)
            .copied()
            .unwrap_or(f64::NAN)
    };
    println!(
        "undisturbed p99 to the one before, {} pairs: 5 % below {:.2}, median {:.2}, 5 % above {:.2}",
        ratios.len(),
        at(5),
        at(50),
        at(95),
    );
}

/// What the stations that behave see in so much time.
async fn measure(
    stations: &mut Vec<Good>,
    duration: Duration,
    rate: u32,
) -> anyhow::Result<Quantiles> {
    let count = u32::try_from(stations.len())?;
    let pause = Duration::from_secs(1) * count / rate.max(1);
    let end = Instant::now() + duration;
    let mut running = JoinSet::new();
    for station in stations.drain(..) {
        running.spawn(station.ask(end, pause));
    }
    let mut all = Sample::default();
    while let Some(done) = running.join_next().await {
        let (station, sample) = done??;
        all.extend(&sample);
        stations.push(station);
    }
    let microseconds = |duration: Duration| duration.as_secs_f64() * 1e6;
    Ok(Quantiles {
        p50: microseconds(all.per_mille(500)),
        p99: microseconds(all.per_mille(990)),
    })
}

impl Good {
    async fn ask(mut self, end: Instant, pause: Duration) -> anyhow::Result<(Good, Sample)> {
        let mut sample = Sample::with_capacity(1_000);
        let mut next = tokio::time::Instant::now();
        next += pause * u32::try_from(self.random.below(1000))? / 1000;
        loop {
            tokio::time::sleep_until(next).await;
            next += pause;
            if Instant::now() >= end {
                return Ok((self, sample));
            }
            self.number += 1;
            let card = self.random.pick(&self.cards.accepted).context("no cards")?;
            let call = authorize(&self.number.to_string(), card, self.is_16);
            let begun = Instant::now();
            let answer = self.client.call(&call).await?;
            sample.add(begun.elapsed());
            ensure!(answer.contains(r#""Accepted""#), "{call} got {answer}");
        }
    }
}
