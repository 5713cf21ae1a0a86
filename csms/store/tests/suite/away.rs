//! The database goes away and comes back: what waits is held, what was answered is kept, and nothing
//! is written twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use model::{Change, Committed};
use store::testing::{Postgres, TestDatabase};
use store::{Store, StoreError, StoreOptions};

use crate::proxy::{Cut, Proxy, server_of};
use crate::support::*;

/// A database on a server of its own; `None`, with the reason printed, where there is none.
async fn own_server() -> Option<(Postgres, TestDatabase)> {
    match Postgres::start().await {
        Ok(server) => {
            let database = TestDatabase::on(&server).await.unwrap();
            Some((server, database))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("not run: {error}");
            None
        }
        Err(error) => panic!("PostgreSQL does not start: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_held_then_refused_and_decisions_are_kept() {
    let Some((server, database)) = own_server().await else {
        return;
    };
    let store = open(&database).await;
    let before = organisation();
    put!(store, before, |tx| tx.insert_organisation(&before)).unwrap();
    server.stop().await.unwrap();

    let row = organisation();
    let begun = Instant::now();
    let refused = store
        .write(Duration::from_secs(1), {
            let row = row.clone();
            move |tx| {
                let row = row.clone();
                Box::pin(async move { tx.insert_organisation(&row).await })
            }
        })
        .await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(
        (1..5).contains(&begun.elapsed().as_secs()),
        "{:?}",
        begun.elapsed()
    );
    assert!(matches!(
        store.ping().await,
        Err(StoreError::Unavailable(_))
    ));
    for number in 0..10 {
        store
            .log_decision(decision(None, number), Duration::ZERO)
            .await
            .unwrap();
    }
    let held = organisation();
    let waiting = tokio::spawn({
        let (store, held) = (store.clone(), held.clone());
        async move { put!(store, held, |tx| tx.insert_organisation(&held)) }
    });

    server.restart().await.unwrap();
    waiting.await.unwrap().unwrap();
    store.flush().await;
    assert_eq!(count(&database, "decisions").await, 10);
    is_whole(&database).await;
    let mut there: Vec<_> = store
        .organisations()
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    there.sort_unstable();
    assert_eq!(there, [before.id, held.id], "the refused one is not there");
    until("readiness comes back", async || store.ping().await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_connection_is_ended_is_run_again() {
    let Some(database) = postgres().await else {
        return;
    };
    let store = open(&database).await;
    let blocked = block(&store).await;
    let jobs: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let row = organisation();
                put!(store, row, |tx| tx.insert_organisation(&row))
            })
        })
        .collect();
    store.log_decision(decision(None, 1), HOLD).await.unwrap();
    database
        .run(
            "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
    blocked.let_go().await;
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    store.flush().await;
    assert_eq!(count(&database, "organisations").await, 20);
    assert_eq!(count(&database, "decisions").await, 1);
    is_whole(&database).await;
}

/// Cuts the connection at a commit: how often the job ran, and what the hook heard.
async fn cut_at_commit(cut: Cut) -> Option<(usize, usize)> {
    let database = postgres().await?;
    let proxy = Proxy::before(server_of(&database.url)).await;
    let heard: Arc<Mutex<Vec<Committed>>> = Arc::default();
    let on_commit = {
        let heard = heard.clone();
        Arc::new(move |changes: &[Committed]| heard.lock().unwrap().extend_from_slice(changes))
    };
    let options = StoreOptions {
        on_commit,
        ..signed()
    };
    let store = Store::open(&proxy.url(&database.url), options)
        .await
        .unwrap();
    store.flush().await;

    let runs = Arc::new(AtomicUsize::new(0));
    proxy.set(cut);
    let row = organisation();
    let (_, revision) = store
        .change(actor(), {
            let (row, runs) = (row.clone(), runs.clone());
            move |tx| {
                let (row, runs) = (row.clone(), runs.clone());
                Box::pin(async move {
                    runs.fetch_add(1, Ordering::SeqCst);
                    tx.insert_organisation(&row).await?;
                    tx.next_number(store::Counter::TransactionNumber).await?;
                    tx.record(Change::Organisation(row), None);
                    Ok(())
                })
            }
        })
        .await
        .unwrap();
    assert_eq!(proxy.get(), Cut::None, "it was cut");
    assert_eq!(revision, Some(model::Revision(1)));
    assert_eq!(store.organisations().await.unwrap(), [row]);
    let next = put!(store, |tx| tx
        .next_number(store::Counter::TransactionNumber))
    .unwrap();
    assert_eq!(next, 2, "the first number was taken once");
    store.log_decision(decision(None, 1), HOLD).await.unwrap();
    store.flush().await;
    assert_eq!(is_whole(&database).await.rows, 2);
    let heard = heard.lock().unwrap().len();
    Some((runs.load(Ordering::SeqCst), heard))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_done_unheard_is_not_repeated() {
    if let Some(seen) = cut_at_commit(Cut::AfterCommit).await {
        assert_eq!(seen, (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_not_done_is_repeated() {
    if let Some(seen) = cut_at_commit(Cut::BeforeCommit).await {
        assert_eq!(seen, (2, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_more_is_given_up() {
    let Some(database) = postgres().await else {
        return;
    };
    let proxy = Proxy::before(server_of(&database.url)).await;
    let store = Store::open(&proxy.url(&database.url), signed())
        .await
        .unwrap();
    proxy.set(Cut::Silence);
    let row = organisation();
    let begun = Instant::now();
    let refused = store
        .write(Duration::from_secs(2), {
            let row = row.clone();
            move |tx| {
                let row = row.clone();
                Box::pin(async move { tx.insert_organisation(&row).await })
            }
        })
        .await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    store
        .log_decision(decision(None, 1), Duration::ZERO)
        .await
        .unwrap();
    proxy.set(Cut::None);
    let later = organisation();
    put!(store, later, |tx| tx.insert_organisation(&later)).unwrap();
    store.flush().await;
    assert_eq!(count(&database, "decisions").await, 1);
    assert_eq!(store.organisations().await.unwrap(), [later]);
    is_whole(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_keeps_is_waited_for() {
    let database = TestDatabase::sqlite().unwrap();
    let store = open(&database).await;
    // As a shell or a backup would; it knows nothing of our lock.
    let kept = database.keep().await.unwrap();
    store
        .log_decision(decision(None, 1), Duration::ZERO)
        .await
        .unwrap();
    let row = organisation();
    let refused = store
        .write(Duration::from_millis(100), {
            let row = row.clone();
            move |tx| {
                let row = row.clone();
                Box::pin(async move { tx.insert_organisation(&row).await })
            }
        })
        .await;
    assert!(
        matches!(refused, Err(StoreError::Busy | StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(store.organisations().await.unwrap(), [], "reading goes on");
    let held = tokio::spawn({
        let store = store.clone();
        async move { put!(store, row, |tx| tx.insert_organisation(&row)) }
    });
    // Longer than SQLite itself waits, so that the writer has to begin again.
    until("the writer notices", async || store.ping().await.is_err()).await;
    kept.let_go().await.unwrap();
    held.await.unwrap().unwrap();
    store.flush().await;
    assert_eq!(count(&database, "decisions").await, 1);
    assert_eq!(count(&database, "organisations").await, 1);
}
