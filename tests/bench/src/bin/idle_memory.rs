//! Memory of connected stations that have booted and say nothing.
//!
//! `cargo build --release --workspace --bins`, then
//! `cargo run --release -p bench --bin idle_memory`.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use anyhow::ensure;
use bench::client::{Client, Login};
use bench::server::Server;
use bench::site::Site;
use bench::{process, server};
use clap::Parser;

#[derive(Parser)]
struct Args {
    /// How many stations.
    #[arg(long, default_value_t = 5000)]
    stations: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    process::need_open_files(u64::try_from(args.stations)? + 200)?;
    process::stay_on_core(server::LOAD_CORE)?;
    let folder = tempfile::tempdir()?;
    let site = Site::make(folder.path())?;
    let server = site.serve()?;
    let api = site.api(&server);
    let installation = api.installation().await?;
    let logins = api
        .chargers(&installation, args.stations, &server.address)
        .await?;
    server.stop()?;

    // Again from the beginning, so that what registering needed is not counted.
    let server = site.serve()?;
    let with_address = |login: &Login| Login {
        address: server.address.clone(),
        ..login.clone()
    };
    let logins: Vec<Login> = logins.iter().map(with_address).collect();
    let before = settled(&server).await?;
    let mut clients = Vec::with_capacity(logins.len());
    for login in &logins {
        let mut client = Client::connect(login).await?;
        let boot = if login.subprotocol == "ocpp1.6" {
            r#"[2,"1","BootNotification",{"chargePointVendor":"Keywatt","chargePointModel":"Bench"}]"#
        } else {
            r#"[2,"1","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"Keywatt","model":"Bench"}}]"#
        };
        let answer = client.call(boot).await?;
        ensure!(answer.contains("Accepted"), "not accepted: {answer}");
        clients.push(client);
    }
    let after = settled(&server).await?;
    let count = u64::try_from(clients.len())?;
    println!(
        "{count} stations: {:.1} MB before, {:.1} MB with them, {} bytes each",
        megabytes(before),
        megabytes(after),
        after.saturating_sub(before) / count.max(1),
    );
    Ok(())
}

/// Its memory once it has not changed for a while.
async fn settled(server: &Server) -> anyhow::Result<u64> {
    let mut last = process::resident_bytes(server.process())?;
    let mut same = 0;
    while same < 4 {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let now = process::resident_bytes(server.process())?;
        same = if now.abs_diff(last) < 100_000 {
            same + 1
        } else {
            0
        };
        last = now;
    }
    Ok(last)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
