//! The decision log: never dropped, whatever happens.

use std::time::Duration;

use model::{Effect, Reason};
use store::{DecisionFilter, Page, Store, StoreError, StoreOptions};

use crate::support::*;

on_both! {
    async fn a_full_queue_refuses_and_loses_nothing_it_took(database) {
        let options = StoreOptions { queue: 4, ..signed() };
        let store = Store::open(&database.url, options).await.unwrap();
        let blocked = block(&store).await;
        for number in 0..4 {
            store.log_decision(decision(None, number), Duration::ZERO).await.unwrap();
        }
        let refused = store.log_decision(decision(None, 4), Duration::from_millis(20)).await;
        assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
        let waiting = tokio::spawn({
            let store = store.clone();
            async move { store.log_decision(decision(None, 5), HOLD).await }
        });
        blocked.let_go().await;
        waiting.await.unwrap().unwrap();
        store.flush().await;
        assert_eq!(count(&database, "decisions").await, 5);
    }

    async fn every_decision_of_many_callers_is_stored_through_a_small_queue(database) {
        let options = StoreOptions { queue: 8, max_batch: 5, ..signed() };
        let store = Store::open(&database.url, options).await.unwrap();
        let callers: Vec<_> = (0..50)
            .map(|caller| {
                let store = store.clone();
                tokio::spawn(async move {
                    for number in 0..40 {
                        let row = decision(None, caller * 40 + number);
                        store.log_decision(row, HOLD).await.unwrap();
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        store.flush().await;
        assert_eq!(count(&database, "decisions").await, 2_000);
        assert_eq!(is_whole(&database).await.rows, 2_000);
    }

    async fn a_row_that_cannot_be_stored_does_not_hold_up_the_others(database) {
        let store = open(&database).await;
        // Nothing a decision holds is refused by the tables: a rule of an operator stands in.
        database
            .run("CREATE UNIQUE INDEX only_one ON decisions (duration_ns) WHERE duration_ns = 13")
            .await
            .unwrap();
        let blocked = block(&store).await;
        let row = organisation();
        let job = tokio::spawn({
            let (store, row) = (store.clone(), row.clone());
            async move { put!(store, row, |tx| tx.insert_organisation(&row)) }
        });
        for number in [1, 13, 2, 13, 3] {
            store.log_decision(decision(None, number), HOLD).await.unwrap();
        }
        blocked.let_go().await;
        store.flush().await;
        job.await.unwrap().unwrap();
        assert_eq!(count(&database, "decisions").await, 4);
        assert_eq!(count(&database, "decisions WHERE duration_ns = 13").await, 1);
        assert_eq!(is_whole(&database).await.rows, 4, "what was left out has no place");
    }

    async fn a_decision_logged_in_a_job_is_committed_with_it(database) {
        let store = open(&database).await;
        let row = decision(None, 1);
        put!(store, row, |tx| async {
            tx.insert_decision(&row);
            Ok(())
        })
        .unwrap();
        assert_eq!(store.get_decision(row.id).await.unwrap(), Some(row));
        assert_eq!(is_whole(&database).await.rows, 1);
    }

    async fn decisions_are_found_by_each_of_their_marks(database) {
        let store = open(&database).await;
        let organisation = id();
        let mut rows: Vec<_> = (0..30).map(|number| decision(Some(organisation), number)).collect();
        rows[7].reason = Reason::NoGrant;
        for row in rows.iter().cloned().chain([decision(None, 7), decision(Some(id()), 7)]) {
            store.log_decision(row, HOLD).await.unwrap();
        }
        store.flush().await;
        let find = async |filter: DecisionFilter| {
            let page = Page::first(100);
            store.list_decisions(Some(organisation), &filter, &page).await.unwrap().items
        };
        let all = DecisionFilter::default;
        let newest_first: Vec<_> = rows.iter().rev().cloned().collect();
        assert_eq!(find(all()).await, newest_first);
        let seventh = [rows[7].clone()];
        let message =
            DecisionFilter { station: rows[7].station.clone(), message_id: Some("m7".into()), ..all() };
        assert_eq!(find(message).await, seventh);
        assert_eq!(find(DecisionFilter { person: rows[7].person, ..all() }).await, seventh);
        assert_eq!(find(DecisionFilter { node: rows[7].node, ..all() }).await, seventh);
        assert_eq!(find(DecisionFilter { reason: Some(Reason::NoGrant), ..all() }).await, seventh);
        assert_eq!(find(DecisionFilter { effect: Some(Effect::Deny), ..all() }).await, seventh);
        assert_eq!(find(DecisionFilter { effect: Some(Effect::Allow), ..all() }).await.len(), 29);
        let window = DecisionFilter { from: Some(at(7)), until: Some(at(8)), ..all() };
        assert_eq!(find(window).await, seventh);
        let nobodys = store.list_decisions(None, &all(), &Page::first(100)).await.unwrap();
        assert_eq!(nobodys.items.len(), 1);

        let first = store.list_decisions(Some(organisation), &all(), &Page::first(20)).await.unwrap();
        assert_eq!(first.items, newest_first[..20]);
        let next = Page::new(20, first.next);
        let rest = store.list_decisions(Some(organisation), &all(), &next).await.unwrap();
        assert_eq!((rest.items.as_slice(), rest.next), (&newest_first[20..], None));
    }
}
