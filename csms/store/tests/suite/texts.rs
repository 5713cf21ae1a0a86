//! Texts no database likes: NUL characters, and more than an index takes.

use model::{Change, Transaction};
use serde_json::json;
use store::{DecisionFilter, Droppable, IdempotencyRecord, Page};

use crate::facts::{record, report, sample};
use crate::support::*;

on_both! {
    async fn a_nul_is_replaced_and_harms_nobody(database) {
        let store = open(&database).await;
        let mut row = organisation();
        row.labels.name = "a\0b".to_owned();
        row.labels.metadata.insert("k\0".to_owned(), json!("v\0"));
        put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        let stored = store.get_organisation(row.id).await.unwrap().unwrap();
        assert_eq!(stored.labels.name, "a\u{FFFD}b");
        assert_eq!(stored.labels.metadata["k\0"], "v\0", "JSON has an escape for it");

        let mut asked = decision(None, 1);
        asked.message_id = Some("m\0".to_owned());
        asked.token = Some("\0".to_owned());
        store.log_decision(asked.clone(), HOLD).await.unwrap();
        store.flush().await;
        let filter = DecisionFilter { message_id: Some("m\0".to_owned()), ..DecisionFilter::default() };
        let found = store.list_decisions(None, &filter, &Page::first(5)).await.unwrap();
        assert_eq!(found.items.len(), 1);
        assert_eq!(found.items[0].token.as_deref(), Some("\u{FFFD}"));

        let started = transaction(id(), "CP1", Some(1));
        let message = record(&started, "start|\0|1");
        put!(store, message, |tx| tx.insert_record(&message)).unwrap();
        assert!(store.find_record(&message.station, "start|\0|1").await.unwrap().is_some());
        // As a value to look for, too.
        assert_eq!(store.find_account("\0").await.unwrap(), None);
    }

    async fn a_change_with_a_nul_is_logged(database) {
        let store = open(&database).await;
        let mut actor = actor();
        actor.reason = Some("because\0".to_owned());
        let mut row = organisation();
        row.labels.name = "\0".to_owned();
        let (_, revision) = store
            .change(actor, move |tx| {
                tx.record(Change::Organisation(row.clone()), None);
                Box::pin(async { Ok(()) })
            })
            .await
            .unwrap();
        assert!(revision.is_some());
    }

    async fn long_names_of_stations_are_stored_and_found(database) {
        let store = open(&database).await;
        let long = |text: &str| format!("{text}{}", "é9".repeat(10_000));
        let started = Transaction {
            station_transaction_id: long("t"),
            ..transaction(id(), "CP1", None)
        };
        put!(store, started, |tx| tx.insert_transaction(&started)).unwrap();
        let found = store.find_transaction_by_name(&started.station, &long("t")).await.unwrap();
        assert_eq!(found, Some(started.clone()), "echoed as it was sent");
        assert_eq!(store.find_transaction_by_name(&started.station, &long("u")).await.unwrap(), None);

        let message = record(&started, &long("start"));
        put!(store, message, |tx| tx.insert_record(&message)).unwrap();
        let again = put!(store, message, |tx| tx.insert_record(&message)).unwrap_err();
        assert_eq!(again.conflict(), Some(store::Constraint::TransactionRecord));
        assert!(store.find_record(&message.station, &long("start")).await.unwrap().is_some());

        let samples = vec![(long("s"), sample("t", None), None)];
        let station = started.station.clone();
        for new in [1, 0] {
            let (samples, station) = (samples.clone(), station.clone());
            let stored = store
                .write(HOLD, move |tx| {
                    let (samples, station) = (samples.clone(), station.clone());
                    Box::pin(async move {
                        tx.insert_samples(&station, None, &samples, at(1)).await
                    })
                })
                .await
                .unwrap();
            assert_eq!(stored, new);
        }
        let mut asked = decision(None, 1);
        asked.message_id = Some(long("m"));
        store.log_decision(asked.clone(), HOLD).await.unwrap();
        store.flush().await;
        let filter = DecisionFilter { message_id: asked.message_id, ..DecisionFilter::default() };
        assert_eq!(store.list_decisions(None, &filter, &Page::first(5)).await.unwrap().items.len(), 1);

        let answer = IdempotencyRecord {
            principal: long("p"),
            key: long("k"),
            body_hash: vec![1],
            status: 201,
            body: "{}".to_owned(),
            created_at: at(0),
        };
        let kept = answer.clone();
        store
            .write(HOLD, move |tx| {
                let answer = answer.clone();
                Box::pin(async move { tx.put_idempotency(&answer, at(-1)).await })
            })
            .await
            .unwrap();
        let found = store.get_idempotency(&kept.principal, &kept.key, at(-1)).await.unwrap();
        assert_eq!(found.map(|row| row.status), Some(201));
    }

    async fn a_huge_payload_is_kept_whole(database) {
        let store = open(&database).await;
        let mut row = report(&transaction(id(), "CP1", None).station, id());
        row.payload = json!({ "blob": "x".repeat(8 << 20) });
        store.offer(Droppable::Report(row.clone()));
        store.flush().await;
        let list = store.list_reports(row.organisation, &row.station, None, &Page::first(1)).await;
        assert_eq!(list.unwrap().items, [row]);
    }
}
