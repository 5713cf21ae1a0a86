//! The chains of the logs: whole whatever happens, and over what retention deletes.

use jiff::Timestamp;
use model::{Change, Entry, OrganisationId};
use store::testing::TestDatabase;
use store::{AuditLog, AuditReader, Finding, Store, StoreOptions};

use crate::support::*;

/// Writes `count` decisions at a second each, those at odd ones at doors.
pub(crate) async fn log(
    store: &Store,
    organisation: OrganisationId,
    seconds: std::ops::Range<i64>,
) {
    for second in seconds {
        let mut row = decision(Some(organisation), second);
        if second % 2 == 1 {
            row.entry = Entry::DoorHttp;
        }
        store.log_decision(row, HOLD).await.unwrap();
    }
    store.flush().await;
}

/// Changes an organisation, by a person.
pub(crate) async fn change(store: &Store, organisation: OrganisationId, times: usize) {
    for _ in 0..times {
        let row = person(organisation);
        let mut actor = actor();
        actor.reason = Some("moved in".to_owned());
        store
            .change(actor, move |tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.record(Change::Person(row.clone()), None);
                    let before = store::image(&Change::Person(row.clone()));
                    tx.record(Change::Person(row), Some(before));
                    Ok(())
                })
            })
            .await
            .unwrap();
    }
}

/// Deletes what is older, as the program does.
pub(crate) async fn expire(store: &Store, log: AuditLog, before: Timestamp) -> usize {
    let segments = store.expired_segments(log, before).await.unwrap();
    for number in &segments {
        let number = *number;
        checkpoint(store, number, before).await;
        while !put!(store, |tx| tx.purge_segment(number)).unwrap() {}
    }
    segments.len()
}

async fn checkpoint(store: &Store, number: i64, before: Timestamp) -> bool {
    store
        .write(HOLD, move |tx| {
            Box::pin(async move {
                let key = audit_key();
                tx.checkpoint_segment(Some(&key), number, before, at(9))
                    .await
            })
        })
        .await
        .unwrap()
}

on_both! {
    async fn what_was_written_is_whole(database) {
        let store = open(&database).await;
        assert_eq!(is_whole(&database).await.segments, 0);
        let organisations = [id(), id()];
        for organisation in organisations {
            log(&store, organisation, 0..40).await;
            change(&store, organisation, 3).await;
        }
        store.log_decision(decision(None, 1), HOLD).await.unwrap();
        store.flush().await;
        let report = is_whole(&database).await;
        assert_eq!((report.segments, report.rows), (7, 2 * (40 + 6) + 1));
        store.close().await;

        // Another process goes on.
        let store = open(&database).await;
        for organisation in organisations {
            log(&store, organisation, 40..50).await;
            change(&store, organisation, 1).await;
        }
        let report = is_whole(&database).await;
        assert_eq!((report.segments, report.rows), (13, 2 * (50 + 8) + 1));
        let reader = AuditReader::open(&database.url).unwrap();
        let one = reader.verify(&audit_key(), Some(organisations[0])).await.unwrap();
        assert_eq!((one.segments, one.rows, one.found), (6, 58, 0));
    }

    async fn it_can_be_looked_at_while_it_is_written(database) {
        let store = open(&database).await;
        let writing = tokio::spawn({
            let store = store.clone();
            async move {
                for _ in 0..20 {
                    log(&store, id(), 0..20).await;
                    change(&store, id(), 2).await;
                }
            }
        });
        let mut looks = 0;
        while !writing.is_finished() {
            is_whole(&database).await;
            looks += 1;
        }
        writing.await.unwrap();
        assert!(looks > 0);
        assert_eq!(is_whole(&database).await.rows, 20 * (20 + 4));
    }

    async fn another_key_and_no_key_are_told(database) {
        let store = open(&database).await;
        log(&store, id(), 0..2).await;
        let reader = AuditReader::open(&database.url).unwrap();
        let report = reader.verify(&store::AuditKey::new([8; 32]), None).await.unwrap();
        assert!(report.findings.contains(&Finding::ChangedRegister), "{report:?}");
        let records = report.findings.iter().filter(|found| matches!(found, Finding::ChangedRecord(_)));
        assert_eq!(records.count(), 2);
        store.close().await;

        let store = Store::open(&database.url, StoreOptions::default()).await.unwrap();
        log(&store, id(), 0..1).await;
        let report = verify(&database).await;
        assert!(report.findings.iter().any(|found| matches!(found, Finding::Unsigned(_))), "{report:?}");
    }

    async fn a_day_ends_a_segment_and_retention_deletes_it_whole(database) {
        let store = open(&database).await;
        let organisation = id();
        let day = 86_400;
        for number in 0..4 {
            log(&store, organisation, number * day..number * day + 10).await;
        }
        let before = is_whole(&database).await;
        assert_eq!((before.segments, before.rows), (8, 40));

        // A row at the limit keeps its segment.
        assert_eq!(expire(&store, AuditLog::Doors, at(2 * day + 9)).await, 2);
        assert_eq!(count(&database, "decisions").await, 30);
        assert_eq!(count(&database, "decisions WHERE entry = 'door_http'").await, 10);
        let report = is_whole(&database).await;
        assert_eq!((report.segments, report.rows), (6, 30));
        assert_eq!((report.checkpoints, report.checkpoint_rows), (2, 10));
        assert_eq!(expire(&store, AuditLog::Doors, at(2 * day + 9)).await, 0);

        // What is still written goes on behind a checkpoint.
        assert_eq!(expire(&store, AuditLog::Decisions, at(9 * day)).await, 4);
        log(&store, organisation, 3 * day + 20..3 * day + 30).await;
        let report = is_whole(&database).await;
        assert_eq!((report.checkpoints, report.rows), (6, 20));
        assert_eq!(report.unchained, 0);
    }

    async fn a_stop_between_checkpoint_and_deletion_breaks_nothing(database) {
        let store = open(&database).await;
        let organisation = id();
        log(&store, organisation, 0..3000).await;
        change(&store, organisation, 1).await;
        let doors = store.expired_segments(AuditLog::Doors, at(90_000)).await.unwrap();
        assert_eq!(doors.len(), 1);
        let number = doors[0];
        assert!(!checkpoint(&store, number, at(2_999)).await, "it has a row of that time");
        let early = put!(store, |tx| tx.purge_segment(number));
        assert!(early.is_err(), "nothing is deleted without a checkpoint");
        assert!(checkpoint(&store, number, at(90_000)).await);
        is_whole(&database).await;
        assert!(!put!(store, |tx| tx.purge_segment(number)).unwrap());
        assert_eq!(count(&database, "decisions").await, 2000);
        is_whole(&database).await;
        store.close().await;

        let store = open(&database).await;
        assert_eq!(store.expired_segments(AuditLog::Doors, at(0)).await.unwrap(), doors);
        assert_eq!(expire(&store, AuditLog::Doors, at(0)).await, 1);
        assert_eq!(count(&database, "decisions").await, 1500);
        let report = is_whole(&database).await;
        assert_eq!((report.checkpoints, report.checkpoint_rows), (1, 1500));
    }

    async fn a_change_log_is_deleted_in_segments_too(database) {
        let store = open(&database).await;
        let organisation = id();
        change(&store, organisation, 3).await;
        assert_eq!(expire(&store, AuditLog::Changes, at(1)).await, 1);
        assert_eq!(count(&database, "change_log").await, 0);
        change(&store, organisation, 1).await;
        assert_eq!(is_whole(&database).await.rows, 2);
        assert_eq!(store.revision().await.unwrap().0, 8, "revisions go on");
    }

    async fn events_of_doors_are_deleted_by_their_age(database) {
        let store = open(&database).await;
        for second in 0..5 {
            database
                .run(&format!(
                    "INSERT INTO door_events (lock_id, event_id, organisation_id, door_number, \
                     time_text, time_read, happened_at, received_at, result) VALUES \
                     ('l', 'e{second}', 'o', 1, '', TRUE, 0, {}, 'granted')",
                    at(second).as_microsecond()
                ))
                .await
                .unwrap();
        }
        assert_eq!(put!(store, |tx| tx.purge_door_events(at(3))).unwrap(), 3);
        assert_eq!(put!(store, |tx| tx.purge_door_events(at(3))).unwrap(), 0);
        assert_eq!(count(&database, "door_events").await, 2);
    }

    async fn what_was_there_before_the_chains_is_told_and_younger_rows_are_found(database) {
        let store = open(&database).await;
        log(&store, id(), 100..110).await;
        let old = "INSERT INTO decisions (id, at, as_of, revision, entry, action, reason, allowed, \
                   duration_ns) VALUES ";
        let row = |name: &str, second| {
            let at = at(second).as_microsecond();
            format!("{old} ('{name}', {at}, 0, 0, 'api', 'use', 'GRANTED', TRUE, 0)")
        };
        database.run(&row("a", 99)).await.unwrap();
        assert_eq!(is_whole(&database).await.unchained, 1);
        database.run(&row("b", 100)).await.unwrap();
        let found = verify(&database).await.findings;
        assert_eq!(found, [Finding::Unchained { table: "decisions", rows: 1 }]);
        assert_eq!(put!(store, |tx| tx.purge_unchained_decisions(at(100))).unwrap(), 1);
    }
}

/// Two processes on one database: each has its own segments, and the numbers have no gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_write_side_by_side() {
    let Some(database) = postgres().await else {
        return;
    };
    let organisation: OrganisationId = id();
    let mut writers = Vec::new();
    for _ in 0..3 {
        let store = open(&database).await;
        writers.push(tokio::spawn(async move {
            for part in 0..10 {
                log(&store, organisation, part * 10..part * 10 + 10).await;
                change(&store, organisation, 2).await;
                log(&store, id(), 0..2).await;
            }
            store.close().await;
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let report = is_whole(&database).await;
    assert_eq!(report.rows, 3 * 10 * (10 + 4 + 2));
}

/// A database brought back to an older state under a running process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_not_as_it_was_left_begins_another_segment() {
    let database: TestDatabase = TestDatabase::sqlite().unwrap();
    let store = open(&database).await;
    let organisation = id();
    log(&store, organisation, 0..1).await;
    let saved = database
        .run("SELECT CAST(length AS TEXT), hex(head), hex(seal) FROM audit_segments")
        .await;
    let saved = saved.unwrap().remove(0);
    log(&store, organisation, 2..3).await;
    database
        .run(&format!(
            "DELETE FROM decisions WHERE sequence = 2; UPDATE audit_segments SET length = {}, \
             head = X'{}', seal = X'{}', last_at = begun_at",
            saved[0], saved[1], saved[2]
        ))
        .await
        .unwrap();
    log(&store, organisation, 4..5).await;
    change(&store, organisation, 1).await;
    let report = is_whole(&database).await;
    assert_eq!((report.segments, report.rows), (3, 4));
}
