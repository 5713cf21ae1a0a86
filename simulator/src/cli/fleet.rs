//! `simulator fleet`.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use simulator::Token;
use simulator::fleet::{Fleet, FleetConfig, Mix, Until, Work};
use simulator::transport::Journal;

use super::Verdict;
use super::args::FleetArgs;
use super::console::{complain, say};

pub(super) async fn run(args: FleetArgs) -> anyhow::Result<Verdict> {
    let tokens =
        |texts: &[String]| -> Vec<Token> { texts.iter().map(|text| Token::parse(text)).collect() };
    let work = match args.idle {
        Some(seconds) => Work::Idle(Duration::from_secs(seconds)),
        None => Work::Load(Mix {
            until: args
                .calls
                .map_or(Until::Elapsed(args.load_time()), Until::Calls),
            tokens: tokens(&args.token),
            refused_tokens: tokens(&args.refused_token),
            refused_percent: args.refused_percent,
            authorize_percent: args.authorize_percent,
            samples: args.samples,
            pause: Duration::from_millis(args.pause_ms),
        }),
    };
    let password = args.target.password_bytes();
    let version = args.target.version.into();
    let mut config = FleetConfig::numbered(
        &args.target.url,
        version,
        &args.id,
        args.stations,
        password.as_deref(),
        work,
    );
    config.ca_pem = args.target.ca_pem()?;
    config.connect_concurrency = args.connect_concurrency;
    config.seed = args.seed;
    if let Some(path) = &args.journal {
        let file = File::create(path)
            .with_context(|| format!("`{}` cannot be written", path.display()))?;
        config.tap = Some(Arc::new(Journal::to_writer(BufWriter::new(file))));
    }
    let mut fleet = Fleet::start(config);
    let stop = fleet.stopper();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let connected = fleet.connected().await;
    complain(&format!(
        "{connected} of {} stations are connected",
        args.stations
    ));
    let report = fleet.finish().await;
    if args.json {
        say(&serde_json::to_string_pretty(&report)?);
    } else {
        say(&report.to_string());
    }
    Ok(if report.is_clean() {
        Verdict::Good
    } else {
        Verdict::Bad
    })
}
