//! Many jobs in one transaction, and each answered for itself.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use store::{Constraint, Droppable, Store, StoreError, StoreOptions};

use crate::support::*;

on_both! {
    async fn a_row_is_committed_when_its_job_is_answered(database) {
        let store = open(&database).await;
        let row = organisation();
        put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        assert_eq!(count(&database, "organisations").await, 1);
        assert_eq!(store.get_organisation(row.id).await.unwrap(), Some(row));
    }

    async fn only_the_guilty_jobs_of_a_batch_fail(database) {
        let store = open(&database).await;
        let taken = account();
        put!(store, taken, |tx| tx.insert_account(&taken)).unwrap();
        let blocked = block(&store).await;
        let jobs: Vec<_> = (0..40)
            .map(|number| {
                let (store, mut row) = (store.clone(), account());
                if number % 10 == 3 {
                    row.email.clone_from(&taken.email);
                }
                tokio::spawn(async move {
                    (number, put!(store, row, |tx| tx.insert_account(&row)))
                })
            })
            .collect();
        // Rows without a job are in the same batch.
        for number in 0..5 {
            store.log_decision(decision(None, number), HOLD).await.unwrap();
        }
        blocked.let_go().await;
        for job in jobs {
            let (number, result) = job.await.unwrap();
            if number % 10 == 3 {
                let conflict = result.unwrap_err().conflict();
                assert_eq!(conflict, Some(Constraint::AccountEmail), "{number}");
            } else {
                result.unwrap();
            }
        }
        store.flush().await;
        assert_eq!(count(&database, "accounts").await, 1 + 36);
        assert_eq!(count(&database, "decisions").await, 5);
    }

    async fn a_job_that_hides_a_failed_statement_fails_all_the_same(database) {
        let store = open(&database).await;
        let row = organisation();
        put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        let other = organisation();
        let hidden = other.clone();
        let result = store
            .write(HOLD, move |tx| {
                let (row, other) = (row.clone(), other.clone());
                Box::pin(async move {
                    tx.insert_organisation(&other).await?;
                    let refused = tx.insert_organisation(&row).await;
                    // PostgreSQL would refuse anything more; so SQLite does here.
                    assert!(tx.get_organisation(row.id).await.is_err());
                    drop(refused);
                    Ok(())
                })
            })
            .await;
        assert_eq!(result.unwrap_err().conflict(), Some(Constraint::OrganisationId));
        assert_eq!(store.get_organisation(hidden.id).await.unwrap(), None);
    }

    async fn a_job_that_panics_fails_alone(database) {
        let store = open(&database).await;
        let blocked = block(&store).await;
        let bad = tokio::spawn({
            let store = store.clone();
            async move {
                store
                    .write::<(), _>(HOLD, |tx| {
                        Box::pin(async move {
                            tx.insert_organisation(&organisation()).await?;
                            panic!("the panic of this test")
                        })
                    })
                    .await
            }
        });
        let row = organisation();
        let good = tokio::spawn({
            let (store, row) = (store.clone(), row.clone());
            async move { put!(store, row, |tx| tx.insert_organisation(&row)) }
        });
        blocked.let_go().await;
        assert!(matches!(bad.await.unwrap(), Err(StoreError::Panicked)));
        good.await.unwrap().unwrap();
        assert_eq!(count(&database, "organisations").await, 1);
    }

    async fn a_job_sees_what_the_jobs_before_it_wrote(database) {
        let store = open(&database).await;
        let blocked = block(&store).await;
        let jobs: Vec<_> = (0..20)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    put!(store, |tx| tx.next_number(store::Counter::TransactionNumber))
                })
            })
            .collect();
        blocked.let_go().await;
        let mut numbers = Vec::new();
        for job in jobs {
            numbers.push(job.await.unwrap().unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    }

    async fn a_caller_that_gives_up_before_its_turn_has_written_nothing(database) {
        let store = open(&database).await;
        let blocked = block(&store).await;
        let row = organisation();
        let late = store
            .write(Duration::from_millis(50), {
                let row = row.clone();
                move |tx| {
                    let row = row.clone();
                    Box::pin(async move { tx.insert_organisation(&row).await })
                }
            })
            .await;
        assert!(matches!(late, Err(StoreError::Busy)), "{late:?}");
        blocked.let_go().await;
        store.flush().await;
        assert_eq!(store.get_organisation(row.id).await.unwrap(), None);
    }

    async fn a_flush_waits_for_everything_queued_before_it(database) {
        let store = open(&database).await;
        let ran = Arc::new(AtomicUsize::new(0));
        let blocked = block(&store).await;
        for number in 0..300 {
            store.log_decision(decision(None, number), HOLD).await.unwrap();
        }
        let flush = tokio::spawn({
            let (store, ran) = (store.clone(), ran.clone());
            async move {
                store.flush().await;
                ran.fetch_add(1, Ordering::SeqCst);
            }
        });
        tokio::task::yield_now().await;
        assert_eq!(ran.load(Ordering::SeqCst), 0);
        blocked.let_go().await;
        flush.await.unwrap();
        assert_eq!(count(&database, "decisions").await, 300);
    }

    async fn rows_that_nobody_waits_for_come_by_themselves_and_with_the_next_job(database) {
        let store = open(&database).await;
        store.log_decision(decision(None, 1), HOLD).await.unwrap();
        while count(&database, "decisions").await < 1 {
            tokio::task::yield_now().await;
        }
        // This soon after, they are gathered.
        store.log_decision(decision(None, 2), HOLD).await.unwrap();
        store.log_decision(decision(None, 3), HOLD).await.unwrap();
        let row = organisation();
        put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        assert_eq!(count(&database, "decisions").await, 3);
        assert_eq!(is_whole(&database).await.rows, 3);
    }

    async fn a_flush_waits_also_for_rows_taken_before_it(database) {
        let options = StoreOptions { max_batch: 7, ..signed() };
        let store = Store::open(&database.url, options).await.unwrap();
        for number in 0..50 {
            store.log_decision(decision(None, number), HOLD).await.unwrap();
        }
        store.flush().await;
        assert_eq!(count(&database, "decisions").await, 50);
    }

    async fn a_closed_store_has_committed_everything_and_takes_nothing_more(database) {
        let store = open(&database).await;
        for number in 0..100 {
            store.log_decision(decision(None, number), HOLD).await.unwrap();
        }
        store.close().await;
        assert_eq!(count(&database, "decisions").await, 100);
        let row = organisation();
        let refused = put!(store, row, |tx| tx.insert_organisation(&row));
        assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
        let refused = store.log_decision(decision(None, 1), HOLD).await;
        assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
        store.close().await;
    }

    async fn what_may_be_dropped_is_dropped_and_nothing_else(database) {
        let options = StoreOptions { queue: 8, ..signed() };
        let store = Store::open(&database.url, options).await.unwrap();
        let world = world(&store).await;
        let blocked = block(&store).await;
        let state = |number: u32| {
            Droppable::Connector(model::ConnectorState {
                station: world.charger.station.key(),
                evse: number,
                connector: 1,
                status: "Available".to_owned(),
                error_code: None,
                info: None,
                at: at(i64::from(number)),
            })
        };
        let dropped = Dropped::default();
        metrics::with_local_recorder(&dropped, || {
            for number in 0..50 {
                store.offer(state(number));
            }
        });
        assert_eq!(*dropped.labels.lock().unwrap(), ["kind=connector_state"]);
        assert_eq!(dropped.count.load(Ordering::SeqCst), 42);
        store.log_decision(decision(None, 1), HOLD).await.unwrap();
        blocked.let_go().await;
        store.flush().await;
        let kept = store.connector_states(&world.charger.station.key()).await.unwrap();
        assert_eq!(kept.iter().map(|row| row.evse).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
        assert_eq!(count(&database, "decisions").await, 1);
    }
}

/// Sees how often `keywatt_store_dropped_total` is counted up, and for which kinds.
#[derive(Default)]
struct Dropped {
    count: Arc<AtomicU64>,
    labels: Mutex<Vec<String>>,
}

impl Recorder for Dropped {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        assert_eq!(key.name(), "keywatt_store_dropped_total");
        let labels = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()));
        let mut seen = self.labels.lock().unwrap();
        seen.extend(labels);
        seen.dedup();
        Counter::from_arc(self.count.clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
