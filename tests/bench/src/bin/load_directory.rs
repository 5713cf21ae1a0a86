//! The Directory read from a database: 100,000 people, 1,000,000 grants, 20,000 points.
//!
//! `cargo run --release -p bench --bin load_directory`. It makes the database first, which takes
//! minutes; `--organisations 10` makes a tenth of it, `--database postgres://…` has it on PostgreSQL.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use app::Live;
use bench::figures::median;
use bench::population::{self, Size};
use clap::Parser;
use futures_util::TryStreamExt as _;
use model::Change;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Database, Executor, IntoArguments, Postgres, Sqlite};
use store::{Store, StoreError, StoreOptions, Tx};

/// Rows in one job.
const AT_ONCE: usize = 5_000;
const HOLD: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Args {
    /// Tenants of 1,000 people, 10,000 grants and 200 chargers each.
    #[arg(long, default_value_t = Size::GOAL.organisations)]
    organisations: usize,
    /// An empty database to take, which stays filled [default: an SQLite file that goes away].
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// How often it is read.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("keywatt.db");
    let url = args
        .database
        .unwrap_or_else(|| format!("sqlite://{}", file.display()));
    let store = Store::open(&url, StoreOptions::default()).await?;
    let begun = Instant::now();
    let rows = fill(&store, args.organisations).await?;
    println!("{rows} rows written in {:.1?}", begun.elapsed());

    let (mut reads, mut loads) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        let begun = Instant::now();
        let values = read_only(&url).await?;
        let read = begun.elapsed();
        let live = Live::new((0, 0));
        let begun = Instant::now();
        live.read(&store, population::NOW).await?;
        let loaded = begun.elapsed();
        let [nodes, people, credentials, grants] = live.directory().size();
        println!(
            "{round}: the rows alone {read:.2?} ({values}), the Directory {loaded:.2?} ({nodes} \
             nodes, {people} people, {credentials} credentials, {grants} grants)"
        );
        reads.push(read.as_secs_f64());
        loads.push(loaded.as_secs_f64());
    }
    let (read, loaded) = (median(reads), median(loads));
    println!(
        "median: {loaded:.2} s, {:.1} times the reading of the rows",
        loaded / read
    );
    store.close().await;
    Ok(())
}

/// Writes the rows through the store; how many.
async fn fill(store: &Store, organisations: usize) -> anyhow::Result<usize> {
    let size = Size {
        organisations,
        ..Size::GOAL
    };
    let (sender, mut parts) = tokio::sync::mpsc::channel::<Vec<Change>>(4);
    let making = std::thread::spawn(move || {
        let mut part = Vec::with_capacity(AT_ONCE);
        population::rows(size, &mut |row| {
            part.push(row);
            if part.len() == AT_ONCE {
                // The other end is gone after an error, which is told there.
                let _ = sender.blocking_send(std::mem::take(&mut part));
            }
        });
        let _ = sender.blocking_send(part);
    });
    let mut written = 0;
    while let Some(part) = parts.recv().await {
        written += part.len();
        let part = Arc::new(part);
        store
            .write(HOLD, move |tx| {
                let part = Arc::clone(&part);
                Box::pin(async move {
                    for row in part.iter() {
                        insert(tx, row).await?;
                    }
                    Ok(())
                })
            })
            .await?;
    }
    making.join().ok().context("the rows could not be made")?;
    Ok(written)
}

async fn insert(tx: &mut Tx, row: &Change) -> Result<(), StoreError> {
    match row {
        Change::Organisation(row) => tx.insert_organisation(row).await,
        Change::Installation(row) => tx.insert_installation(row).await,
        Change::Area(row) => tx.insert_area(row).await,
        Change::Charger(row) => tx.insert_charger(row).await,
        Change::Person(row) => tx.insert_person(row).await,
        Change::Credential(row) => tx.insert_credential(row).await,
        Change::Grant(row) => tx.insert_grant(row).await,
        other => unreachable!("the population has none: {other:?}"),
    }
}

/// The reference of the run: the same rows read by the same library, a row at a time, and only
/// counted.
async fn read_only(url: &str) -> anyhow::Result<usize> {
    if url.starts_with("sqlite:") {
        let options: SqliteConnectOptions = url.parse()?;
        count_rows::<Sqlite>(&mut options.connect().await?).await
    } else {
        let options: PgConnectOptions = url.parse()?;
        count_rows::<Postgres>(&mut options.connect().await?).await
    }
}

async fn count_rows<D: Database>(connection: &mut D::Connection) -> anyhow::Result<usize>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    D::Arguments: IntoArguments<D>,
{
    let mut count = 0;
    for sql in [
        "SELECT * FROM areas",
        "SELECT * FROM chargers",
        "SELECT * FROM evses",
        "SELECT * FROM people",
        "SELECT * FROM credentials",
        "SELECT * FROM grants",
    ] {
        let mut rows = sqlx::query(sql).fetch(&mut *connection);
        while rows.try_next().await?.is_some() {
            count += 1;
        }
    }
    Ok(count)
}
