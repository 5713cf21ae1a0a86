//! From the API's answer that a right is gone to the refusal of the next Authorize, with 200
//! stations connected.
//!
//! Each round gives a card a right, sees it accepted at a station, takes the right back, and asks
//! the moment the API has answered: at one station, then at all of them at once. Another acceptance
//! after the answer is a fault and ends the run.
//!
//! `cargo build --release --workspace --bins`, then
//! `cargo run --release -p bench --bin revocation`.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use std::time::Instant;

use anyhow::{Context as _, ensure};
use bench::client::{Client, authorize, boot};
use bench::figures::Sample;
use bench::process;
use bench::random::Random;
use bench::server::LOAD_CORE;
use bench::site::Site;
use clap::Parser;
use futures_util::future::try_join_all;

#[derive(Parser)]
struct Args {
    /// Stations connected, half of them 1.6.
    #[arg(long, default_value_t = 200)]
    stations: usize,
    /// How often a right is given and taken back.
    #[arg(long, default_value_t = 500)]
    rounds: usize,
    /// In how many of the rounds all stations are asked at once.
    #[arg(long, default_value_t = 20)]
    at_once: usize,
}

struct Station {
    client: Client,
    is_16: bool,
    asked: u64,
}

impl Station {
    async fn is_accepted(&mut self, card: &str) -> anyhow::Result<bool> {
        self.asked += 1;
        let call = authorize(&self.asked.to_string(), card, self.is_16);
        let answer = self.client.call(&call).await?;
        ensure!(answer.starts_with("[3,"), "{call} got {answer}");
        Ok(answer.contains(r#""Accepted""#))
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
    let mut stations = Vec::with_capacity(logins.len());
    for login in &logins {
        stations.push(Station {
            client: boot(login).await?,
            is_16: login.subprotocol == "ocpp1.6",
            asked: 0,
        });
    }
    let mut random = Random::new(1);
    let mut api_took = Sample::with_capacity(args.rounds);
    let mut before = Sample::with_capacity(args.rounds);
    let mut after = Sample::with_capacity(args.rounds);
    let mut all = Sample::with_capacity(args.at_once * args.stations);
    for round in 0..args.rounds {
        let card = format!("04EE{round:010X}");
        let given = api.person_with_card(&card, &installation).await?;
        let at = random.below(stations.len());
        let station = stations.get_mut(at).context("a station")?;
        // What an Authorize takes that nothing was changed before: the reference of this run.
        ensure!(station.is_accepted(&card).await?, "not accepted");
        let begun = Instant::now();
        ensure!(station.is_accepted(&card).await?, "not accepted");
        before.add(begun.elapsed());

        let begun = Instant::now();
        api.revoke(&given).await?;
        api_took.add(begun.elapsed());
        let answered = Instant::now();
        let accepted = station.is_accepted(&card).await?;
        after.add(answered.elapsed());
        ensure!(!accepted, "accepted after the API had answered");
        if round < args.at_once {
            let again = api.give_again(&given, &installation).await?;
            api.revoke(&again).await?;
            let answered = Instant::now();
            let each = stations.iter_mut().map(|station| {
                let card = &card;
                async move {
                    let accepted = station.is_accepted(card).await?;
                    ensure!(!accepted, "accepted after the API had answered");
                    anyhow::Ok(answered.elapsed())
                }
            });
            for took in try_join_all(each).await? {
                all.add(took);
            }
        }
    }
    println!("{} stations, {} rounds", args.stations, args.rounds);
    println!("an Authorize before it:           {}", before.summary());
    println!("the API's answer to the DELETE:   {}", api_took.summary());
    println!("from it to the refusal, one:      {}", after.summary());
    println!("from it to the refusal, all:      {}", all.summary());
    keywatt.stop().context("the server under test")?;
    Ok(())
}
