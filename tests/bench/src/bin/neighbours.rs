//! What the other stations feel of one that misbehaves: their Authorize from socket to answer, in
//! alternation without and with it, in one run against one server. Default configuration.
//!
//! `cargo build --release --workspace --bins`, then
//! `cargo run --release -p bench --bin neighbours`.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bench::client::{Client, Login, frame};
use bench::figures::{Sample, median};
use bench::process;
use bench::random::Random;
use bench::server::{LOAD_CORE, Server};
use bench::site::{Cards, Site};
use clap::Parser;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[derive(Parser)]
struct Args {
    /// Stations that behave, half of them 1.6.
    #[arg(long, default_value_t = 50)]
    stations: usize,
    /// Stations that misbehave.
    #[arg(long, default_value_t = 5)]
    bad: usize,
    /// Round trips per second of the good ones together.
    #[arg(long, default_value_t = 500)]
    paced: u32,
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often they alternate, for each kind.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// How a station misbehaves.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Heartbeats without waiting for answers.
    Heartbeats,
    /// Authorize without waiting for answers.
    Authorizes,
    /// Messages of 3 MiB.
    Huge,
    /// Texts that are no OCPP.
    Garbage,
    /// The answers are never read.
    Unread,
    /// It dials again and again, and leaves each time in the middle of a message of 4 MiB.
    Halves,
}

const KINDS: [Kind; 6] = [
    Kind::Heartbeats,
    Kind::Authorizes,
    Kind::Huge,
    Kind::Garbage,
    Kind::Unread,
    Kind::Halves,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    process::stay_on_core(LOAD_CORE)?;
    let folder = tempfile::tempdir()?;
    let site = Site::make(folder.path())?;
    // As anybody runs it: the rate of a station is limited.
    let server = site.serve_with(&[])?;
    let api = site.api(&server);
    let installation = api.installation().await?;
    let all = args.stations + args.bad;
    let logins = api.chargers(&installation, all, &server.address).await?;
    let cards = api.cards(&installation, 100).await?;
    let (bad, good) = logins.split_at(args.bad);
    println!(
        "{} stations at {}/s together, {} that misbehave, {} s each, {} rounds",
        args.stations, args.paced, args.bad, args.seconds, args.rounds
    );
    println!("kind        p99 without   p99 with      ratio   server grew by");
    let duration = Duration::from_secs(args.seconds);
    for kind in KINDS {
        let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let before = resident_kib(&server)?;
        for _ in 0..args.rounds {
            let quiet = measure(good, &cards, duration, args.paced).await?;
            let mut noise = JoinSet::new();
            for login in bad {
                noise.spawn(misbehave(login.clone(), kind, cards.clone()));
            }
            let noisy = measure(good, &cards, duration, args.paced).await?;
            noise.shutdown().await;
            without.push(quiet.as_secs_f64() * 1e6);
            with.push(noisy.as_secs_f64() * 1e6);
            ratios.push(noisy.as_secs_f64() / quiet.as_secs_f64());
        }
        let grown = resident_kib(&server)?.saturating_sub(before) / 1024;
        println!(
            "{:<11} {:8.0} µs {:8.0} µs {:10.2} {grown:8} MiB",
            format!("{kind:?}"),
            median(without),
            median(with),
            median(ratios),
        );
    }
    server.stop().context("the server under test")
}

/// The p99 of the stations that behave.
async fn measure(
    logins: &[Login],
    cards: &Cards,
    duration: Duration,
    rate: u32,
) -> anyhow::Result<Duration> {
    let count = u32::try_from(logins.len())?;
    let pause = Duration::from_secs(1) * count / rate.max(1);
    let end = Instant::now() + duration;
    let mut running = JoinSet::new();
    for (seed, login) in (1..).zip(logins) {
        let client = boot(login).await?;
        let is_16 = login.subprotocol == "ocpp1.6";
        running.spawn(ask(
            client,
            is_16,
            cards.clone(),
            Random::new(seed),
            end,
            pause,
        ));
    }
    let mut sample = Sample::default();
    while let Some(station) = running.join_next().await {
        sample.extend(&station??);
    }
    Ok(sample.per_mille(990))
}

async fn boot(login: &Login) -> anyhow::Result<Client> {
    let mut client = Client::connect(login).await?;
    let boot = if login.subprotocol == "ocpp1.6" {
        r#"[2,"boot","BootNotification",{"chargePointVendor":"Keywatt","chargePointModel":"Bench"}]"#
    } else {
        r#"[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"Keywatt","model":"Bench"}}]"#
    };
    let answer = client.call(boot).await?;
    ensure!(answer.contains("Accepted"), "not accepted: {answer}");
    Ok(client)
}

async fn ask(
    mut client: Client,
    is_16: bool,
    cards: Cards,
    mut random: Random,
    end: Instant,
    pause: Duration,
) -> anyhow::Result<Sample> {
    let mut sample = Sample::with_capacity(10_000);
    let mut next = tokio::time::Instant::now();
    next += pause * u32::try_from(random.below(1000))? / 1000;
    let mut number = 0_u64;
    while Instant::now() < end {
        tokio::time::sleep_until(next).await;
        next += pause;
        number += 1;
        let card = random.pick(&cards.accepted).context("no cards")?;
        let call = authorize(&number.to_string(), card, is_16);
        let begun = Instant::now();
        let answer = client.call(&call).await?;
        sample.add(begun.elapsed());
        ensure!(answer.contains(r#""Accepted""#), "{call} got {answer}");
    }
    Ok(sample)
}

fn authorize(id: &str, card: &str, is_16: bool) -> String {
    if is_16 {
        format!(r#"[2,"{id}","Authorize",{{"idTag":"{card}"}}]"#)
    } else {
        format!(r#"[2,"{id}","Authorize",{{"idToken":{{"idToken":"{card}","type":"ISO14443"}}}}]"#)
    }
}

/// Goes on until it is told to stop; dials again when it is thrown out.
async fn misbehave(login: Login, kind: Kind, cards: Cards) {
    loop {
        // That the connection breaks is what is to be expected here.
        let _ = once(&login, kind, &cards).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn once(login: &Login, kind: Kind, cards: &Cards) -> anyhow::Result<()> {
    let stream = boot(login).await?.into_stream();
    let card = cards.accepted.first().context("no cards")?;
    let text = match kind {
        Kind::Heartbeats | Kind::Unread => r#"[2,"x","Heartbeat",{}]"#.to_owned(),
        Kind::Authorizes => authorize("x", card, login.subprotocol == "ocpp1.6"),
        Kind::Huge => format!(r#"[2,"x","Heartbeat",{{"x":"{}"}}]"#, "a".repeat(3 << 20)),
        Kind::Garbage => "[,{ not even wrong".to_owned(),
        Kind::Halves => return half(stream).await,
    };
    let bytes = frame(0x81, text.as_bytes());
    let (mut from, mut to) = stream.into_split();
    let read = async {
        let mut scratch = vec![0; 64 << 10];
        loop {
            if matches!(kind, Kind::Unread) {
                std::future::pending::<()>().await;
            }
            ensure!(from.read(&mut scratch).await? > 0, "closed");
        }
    };
    let write = async {
        loop {
            to.write_all(&bytes).await?;
        }
    };
    tokio::select! {
        ended = read => ended,
        ended = write => ended,
    }
}

async fn half(mut stream: TcpStream) -> anyhow::Result<()> {
    // A text of 4 MiB, of which 2 kB come.
    let mut head = vec![0x81, 0x80 | 127];
    head.extend((4_u64 << 20).to_be_bytes());
    head.extend([0; 4]);
    head.extend([b'x'; 2_000]);
    stream.write_all(&head).await?;
    Ok(())
}

fn resident_kib(server: &Server) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process()))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kib.context("no VmRSS")?.parse()?)
}
