//! Wiring and lifecycle: database, inside, web, listeners; ready; drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use app::clock::{SystemClock, SystemRandom};
use app::link::StationLink;
use app::station::Stations;
use app::{App, Live, Parts};
use gateway::{Gateway, GatewayOptions, ListenerConfig, ListenerKind, Rate, Registry, load_tls};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::{Store, StoreOptions};

use crate::config::Config;
use crate::outside::{Reach, Web};
use crate::{logging, pepper};

/// Stations are told to go over this long, so that they do not all come back at once.
const STAGGER: Duration = Duration::from_secs(5);
/// A handful is told at once.
const STAGGER_EACH: Duration = Duration::from_millis(5);
/// What a station may say at once, however few messages a second it is allowed: it greets and
/// reports its connectors. Otherwise a second's worth.
const LEAST_BURST: u32 = 20;
/// Upkeep of the metrics.
const UPKEEP: Duration = Duration::from_secs(5);

/// A running central system.
pub(crate) struct Running {
    pub(crate) app: Arc<App>,
    gateway: Gateway,
    store: Store,
    upkeep: tokio::task::JoinHandle<()>,
    /// Where it listens, and whether with TLS.
    pub(crate) addresses: Vec<(SocketAddr, Scheme)>,
}

/// Whether an address is served with TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `http`, `ws`.
    Plain,
    /// `https`, `wss`.
    Tls,
}

/// Serves until told to stop.
pub(crate) async fn serve(config: Config) -> anyhow::Result<u8> {
    logging::init(&config);
    config.check()?;
    let mut signals = Signals::new()?;
    let running = start(&config).await?;
    eprintln!("keywatt ready {}", running.pages().join(" "));
    signals.next().await;
    tracing::info!("draining; once more stops at once");
    tokio::select! {
        () = running.drain() => {}
        () = signals.next() => {
            tracing::warn!("stopped without draining");
            running.gateway.stop().await;
        }
    }
    Ok(crate::OK)
}

/// Opens everything and listens.
pub(crate) async fn start(config: &Config) -> anyhow::Result<Running> {
    let pepper = pepper::read_or_make(&config.pepper_file)?;
    let metrics = metrics()?;
    let live = Live::new(seed());
    let options = StoreOptions {
        on_commit: live.hook(),
        audit_key: Some(app::secret::audit_key(&pepper)),
        ..StoreOptions::default()
    };
    let store = Store::open(&config.database, options)
        .await
        .context("the database")?;
    let clock = Arc::new(SystemClock);
    let options = gateway_options(config);
    let registry = Registry::new(clock.clone(), &options);
    let app = App::start(Parts {
        store: store.clone(),
        live,
        link: Arc::clone(&registry) as Arc<dyn StationLink>,
        outside: Arc::new(Web::new(reach(config))?),
        clock,
        random: Arc::new(SystemRandom),
        settings: config.settings(pepper),
    })
    .await?;
    app.keep_retention();
    let router = web::router(Arc::clone(&app), web::WebOptions::new(metrics.clone()));
    let listeners = listeners(config)?;
    let schemes: Vec<Scheme> = listeners
        .iter()
        .map(|listener| {
            if listener.tls.is_some() {
                Scheme::Tls
            } else {
                Scheme::Plain
            }
        })
        .collect();
    let stations = Arc::clone(&app) as Arc<dyn Stations>;
    let gateway = gateway::bind(listeners, options, stations, registry, router).await?;
    let addresses = gateway
        .local_addresses()
        .iter()
        .copied()
        .zip(schemes)
        .collect();
    let upkeep = tokio::spawn(async move {
        let mut interval = tokio::time::interval(UPKEEP);
        loop {
            interval.tick().await;
            metrics.run_upkeep();
        }
    });
    Ok(Running {
        app,
        gateway,
        store,
        upkeep,
        addresses,
    })
}

impl Running {
    /// The addresses as pages: `http://localhost:8080`.
    pub(crate) fn pages(&self) -> Vec<String> {
        self.addresses
            .iter()
            .map(|(address, scheme)| page(*address, *scheme))
            .collect()
    }

    /// Lets everything in flight come to its end, writes what is queued, and closes.
    pub(crate) async fn drain(&self) {
        let online = u32::try_from(self.app.link.online()).unwrap_or(u32::MAX);
        let stagger = (STAGGER_EACH * online).min(STAGGER);
        self.app.begin_closing();
        let drained = self.gateway.drain(stagger).await;
        self.app.stop().await;
        self.store.close().await;
        self.upkeep.abort();
        tracing::info!(
            stations = drained.stations,
            complete = drained.complete,
            "drained"
        );
    }
}

/// Passkeys refuse an IP address, so loopback is called by its name.
fn page(address: SocketAddr, scheme: Scheme) -> String {
    let scheme = match scheme {
        Scheme::Plain => "http",
        Scheme::Tls => "https",
    };
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", address.port())
    } else {
        format!("{scheme}://{address}")
    }
}

fn listeners(config: &Config) -> anyhow::Result<Vec<ListenerConfig>> {
    let tls = match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Some(load_tls(cert, key)?),
        _ => None,
    };
    let first = config.listens_with_tls().then(|| tls.clone()).flatten();
    let everything = config.listen.iter().map(|address| ListenerConfig {
        address: *address,
        tls: first.clone(),
        kind: ListenerKind::Everything,
    });
    let stations = config.ocpp_tls_listen.iter().map(|address| ListenerConfig {
        address: *address,
        tls: tls.clone(),
        kind: ListenerKind::Stations,
    });
    Ok(everything.chain(stations).collect())
}

fn gateway_options(config: &Config) -> GatewayOptions {
    GatewayOptions {
        behind_proxy: config.behind_proxy,
        trusted_proxies: config.trusted_proxy.iter().map(|proxy| proxy.0).collect(),
        ping_interval: (config.ping_seconds > 0)
            .then(|| Duration::from_secs(config.ping_seconds.into())),
        rate: (config.messages_per_second > 0).then(|| Rate {
            per_second: config.messages_per_second,
            burst: config.messages_per_second.max(LEAST_BURST),
        }),
        command_timeout: Duration::from_secs(config.command_seconds.into()),
        ..GatewayOptions::default()
    }
}

fn reach(config: &Config) -> Reach {
    if config.allow_loopback_webhooks {
        Reach::Loopback
    } else {
        Reach::Public
    }
}

fn metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // A second server in one process (tests) shares nothing with the first but keeps running.
    if let Err(error) = metrics::set_global_recorder(recorder) {
        tracing::debug!(%error, "metrics are recorded elsewhere");
    }
    Ok(handle)
}

fn seed() -> (u64, u64) {
    let mut bytes = [0; 16];
    app::clock::Random::fill(&SystemRandom, &mut bytes);
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    (
        u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        u64::from_be_bytes(rest),
    )
}

/// SIGTERM and interrupt.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
