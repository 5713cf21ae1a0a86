//! `keywatt demo`: the main job on an embedded database, with simulated chargers and a lock.
//!
//! Facts are made through the API and every question goes over a real socket, as it would at a
//! site; nothing here knows the engine.

mod access;
mod client;
mod report;
mod round;
mod site;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use app::admin::{Admin, NewOwner};
use app::clock::{Random, SystemRandom};

use crate::cli::{DemoArgs, LogFormat, ServeArgs};
use crate::config::Config;
use crate::serve::{self, Running};
use crate::{FAILED, OK, logging, print_line};
use client::Client;
use site::Site;

/// Goes through the round; stays up afterwards unless told to go once.
pub(crate) async fn demo(options: DemoArgs) -> anyhow::Result<u8> {
    let temporary = match &options.folder {
        Some(_) => None,
        None => Some(tempfile::tempdir().context("a temporary folder")?),
    };
    let folder = match (&options.folder, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => std::env::current_dir()?,
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("`{}`", folder.display()))?;
    let (running, address) = start(&folder, options.listen, options.once).await?;
    let result = go(&running, address, &options, &folder).await;
    running.drain().await;
    result
}

async fn go(
    running: &Running,
    address: SocketAddr,
    options: &DemoArgs,
    folder: &Path,
) -> anyhow::Result<u8> {
    let page = format!("http://localhost:{}", address.port());
    print_line(&format!(
        "Keywatt demo at {page}, database in {}\n",
        folder.display()
    ));
    let (login, key) = owner(running, "olivia", "Demo").await?;
    let client = Client::new(&format!("http://{address}"), &key)?;
    // A key works in its own organisation; who works on others' chargers logs in.
    let (ingrid, key_of_her_own) = owner(running, "ingrid", INSTALLER).await?;
    let installer = Client::new(&format!("http://{address}"), &key_of_her_own)?
        .logged_in(&ingrid.email, &ingrid.password)
        .await?;
    let site = Site::make(&client, &format!("ws://{address}/ocpp")).await?;
    print_line(&site.describe());
    let report = round::go(&client, &installer, &site).await?;
    print_line(&report.summary());
    if options.once {
        site.switch_off().await;
        return Ok(if report.is_as_expected() { OK } else { FAILED });
    }
    print_line(&how_to_go_on(&page, &key, &login, &site));
    tokio::signal::ctrl_c()
        .await
        .context("waiting for the interrupt")?;
    site.switch_off().await;
    Ok(if report.is_as_expected() { OK } else { FAILED })
}

/// Starts on the address that was asked for; a round that ends by itself takes another port where
/// that one is taken.
async fn start(
    folder: &Path,
    listen: SocketAddr,
    once: bool,
) -> anyhow::Result<(Running, SocketAddr)> {
    let config = |listen: SocketAddr| {
        Config::gather(ServeArgs {
            database: crate::cli::DatabaseArgs {
                database: Some(format!("sqlite://{}", folder.join("keywatt.db").display())),
                log: Some("warn".to_owned()),
                log_format: Some(LogFormat::Text),
                ..Default::default()
            },
            listen: vec![listen],
            ..Default::default()
        })
    };
    let wanted = config(listen)?;
    logging::init(&wanted);
    wanted.check()?;
    let free = SocketAddr::new(listen.ip(), 0);
    let running = match serve::start(&wanted).await {
        Err(error) if once && is_taken(&error) => serve::start(&config(free)?).await?,
        Err(error) if is_taken(&error) => {
            return Err(error.context(format!("give another address, e.g. --listen {free}")));
        }
        other => other?,
    };
    let (address, _) = running
        .addresses
        .first()
        .copied()
        .context("it listens nowhere")?;
    Ok((running, address))
}

fn is_taken(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|cause| cause.kind() == std::io::ErrorKind::AddrInUse)
    })
}

/// Who looks after the chargers.
const INSTALLER: &str = "Volta Service";

/// The login of an owner.
struct Login {
    email: String,
    password: String,
}

async fn owner(
    running: &Running,
    name: &str,
    organisation: &str,
) -> anyhow::Result<(Login, String)> {
    let mut bytes = [0; 9];
    SystemRandom.fill(&mut bytes);
    let email = format!("{name}-{}@example.org", base64_of(&bytes[..3]));
    let login = Login {
        email: email.to_lowercase(),
        password: base64_of(&bytes) + "-demo",
    };
    let made = Admin::new(running.app.clone())
        .create_owner(NewOwner {
            email: login.email.clone(),
            password: login.password.clone(),
            organisation: Some(organisation.to_owned()),
        })
        .await?;
    Ok((login, made.api_key.reveal().to_owned()))
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(bytes)
        .replace(['_', '-'], "x")
}

fn how_to_go_on(page: &str, key: &str, login: &Login, site: &Site) -> String {
    let stations = page.replace("http", "ws");
    format!(
        "\nIt stays up; the simulated stations stay connected. Ctrl-C ends it.\n\
         \x20 API and pages  {page}   documentation {page}/docs\n\
         \x20 stations       {stations}/ocpp/{{station_id}}\n\
         \x20 API key        {key}\n\
         \x20 login          {email} / {password}\n\n\
         Try:\n\
         \x20 curl -s -H 'Authorization: Bearer {key}' '{page}/v1/decisions?limit=3'\n\
         \x20 curl -s -H 'Authorization: Bearer {key}' -X POST -H 'Content-Type: application/json' \
         -d '{{\"person_id\":\"{user}\"}}' {page}/v1/chargers/{charger}/start\n\
         \x20 curl -s -H 'Authorization: Bearer {key}' -X POST -H 'Content-Type: application/json' \
         -d '{{\"reason\":\"parcel\"}}' {page}/v1/doors/{door}/open",
        email = login.email,
        password = login.password,
        user = site.user,
        charger = site.required_id,
        door = site.door_id,
    )
}
