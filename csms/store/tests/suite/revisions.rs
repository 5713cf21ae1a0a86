//! Changes, their revisions, the change log, and the hook that hears of them.

use std::sync::{Arc, Mutex};

use model::{Actor, Change, Committed, CredentialKind, Revision};
use store::{Constraint, Page, Store, StoreError, StoreOptions, image};

use crate::support::*;

/// What the hook heard, in order.
type Heard = Arc<Mutex<Vec<Committed>>>;

async fn listening(url: &str) -> (Store, Heard) {
    let heard = Heard::default();
    let on_commit = {
        let heard = heard.clone();
        Arc::new(move |changes: &[Committed]| heard.lock().unwrap().extend_from_slice(changes))
    };
    let store = Store::open(
        url,
        StoreOptions {
            on_commit,
            ..signed()
        },
    );
    (store.await.unwrap(), heard)
}

/// Makes an organisation, as the API does.
async fn make(store: &Store, row: model::Organisation) -> Result<Option<Revision>, StoreError> {
    let result = store
        .change(actor(), move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_organisation(&row).await?;
                tx.record(Change::Organisation(row), None);
                Ok(())
            })
        })
        .await;
    result.map(|((), revision)| revision)
}

on_both! {
    async fn revisions_follow_the_order_of_commits_and_the_hook_hears_before_the_caller(database) {
        let (store, heard) = listening(&database.url).await;
        let changers: Vec<_> = (0..64)
            .map(|_| {
                let (store, heard) = (store.clone(), heard.clone());
                tokio::spawn(async move {
                    let mut last = Revision(0);
                    for _ in 0..5 {
                        let row = organisation();
                        let revision = make(&store, row.clone()).await.unwrap().unwrap();
                        assert!(revision > last);
                        last = revision;
                        let mine = Committed { revision, change: Change::Organisation(row) };
                        assert!(heard.lock().unwrap().contains(&mine), "the hook comes first");
                    }
                })
            })
            .collect();
        for changer in changers {
            changer.await.unwrap();
        }
        let heard = heard.lock().unwrap().clone();
        let numbers: Vec<i64> = heard.iter().map(|committed| committed.revision.0).collect();
        assert_eq!(numbers, (1..=320).collect::<Vec<_>>());
        assert_eq!(store.revision().await.unwrap(), Revision(320));
        let log = store.changes_after(Revision(0), 1_000).await.unwrap();
        assert_eq!(log.len(), 320);
        for (entry, committed) in log.iter().zip(&heard) {
            assert_eq!(entry.revision, committed.revision);
            assert_eq!(entry.row, committed.change.id());
        }
    }

    async fn a_refused_change_leaves_no_revision_and_none_is_told_twice(database) {
        let (store, heard) = listening(&database.url).await;
        let taken = organisation();
        make(&store, taken.clone()).await.unwrap();
        let blocked = block(&store).await;
        let jobs: Vec<_> = (0..20)
            .map(|number| {
                let store = store.clone();
                let row = if number % 5 == 2 { taken.clone() } else { organisation() };
                tokio::spawn(async move { make(&store, row).await })
            })
            .collect();
        blocked.let_go().await;
        let mut told = Vec::new();
        for job in jobs {
            match job.await.unwrap() {
                Ok(revision) => told.push(revision.unwrap().0),
                Err(error) => assert_eq!(error.conflict(), Some(Constraint::OrganisationId)),
            }
        }
        told.sort_unstable();
        assert_eq!(told, (2..=17).collect::<Vec<_>>());
        let heard: Vec<i64> =
            heard.lock().unwrap().iter().map(|committed| committed.revision.0).collect();
        assert_eq!(heard, (1..=17).collect::<Vec<_>>());
        assert_eq!(count(&database, "change_log").await, 17);
    }

    async fn a_job_with_several_changes_gets_the_last_revision(database) {
        let (store, heard) = listening(&database.url).await;
        let ((), revision) = store
            .change(actor(), |tx| {
                Box::pin(async move {
                    for _ in 0..3 {
                        let row = organisation();
                        tx.insert_organisation(&row).await?;
                        tx.record(Change::Organisation(row), None);
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        assert_eq!(revision, Some(Revision(3)));
        assert_eq!(heard.lock().unwrap().len(), 3);
        let nothing = store.change(actor(), |_| Box::pin(async { Ok("refused") })).await.unwrap();
        assert_eq!(nothing, ("refused", None));
    }

    async fn a_change_without_an_actor_is_refused(database) {
        let (store, heard) = listening(&database.url).await;
        let row = organisation();
        let refused = store
            .write(HOLD, move |tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.insert_organisation(&row).await?;
                    tx.record(Change::Organisation(row), None);
                    Ok(())
                })
            })
            .await;
        assert!(matches!(refused, Err(StoreError::NoActor)), "{refused:?}");
        assert!(heard.lock().unwrap().is_empty());
        assert_eq!(count(&database, "organisations").await, 0);
    }

    async fn a_hook_that_panics_does_not_stop_the_writer(database) {
        let on_commit = Arc::new(|_: &[Committed]| panic!("the panic of this test"));
        let options = StoreOptions { on_commit, ..signed() };
        let store = Store::open(&database.url, options).await.unwrap();
        assert_eq!(make(&store, organisation()).await.unwrap(), Some(Revision(1)));
        assert_eq!(make(&store, organisation()).await.unwrap(), Some(Revision(2)));
    }

    async fn the_change_log_says_who_what_and_why_and_hides_what_opens(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let card = credential(&world.person, CredentialKind::Rfid, "04A1B2C3D4E5F6");
        let key = api_key(&world.person);
        let actor = Actor { reason: Some("a new card".to_owned()), ..actor() };
        let before = world.person.clone();
        let mut after = before.clone();
        after.labels.name = "renamed".to_owned();
        let changes = [
            (Change::Credential(card.clone()), None),
            (Change::ApiKey(key.clone()), None),
            (Change::Person(after.clone()), Some(image(&Change::Person(before.clone())))),
        ];
        store
            .change(actor.clone(), move |tx| {
                for (change, before) in &changes {
                    tx.record(change.clone(), before.clone());
                }
                Box::pin(async { Ok(()) })
            })
            .await
            .unwrap();

        let log = store.list_changes(world.organisation.id, &Page::first(10)).await.unwrap().items;
        assert_eq!(log.len(), 3);
        let renamed = &log[0];
        assert_eq!(renamed.revision, Revision(3));
        assert_eq!(renamed.kind, model::ChangeKind::Person);
        assert_eq!(renamed.row, world.person.id.0);
        assert_eq!(
            (renamed.person, renamed.api_key, renamed.request, renamed.at, renamed.reason.clone()),
            (actor.person, actor.api_key, actor.request, actor.at, actor.reason),
        );
        assert_eq!(renamed.before.as_ref().unwrap()["name"], "person");
        assert_eq!(renamed.after["name"], "renamed");

        let text = database.run("SELECT after_row FROM change_log ORDER BY revision").await.unwrap();
        let text = text.concat().concat();
        assert!(text.contains("04…F6") && !text.contains("04A1B2C3D4E5F6"), "{text}");
        assert!(text.contains(&key.prefix) && !text.contains("hash"), "{text}");
        assert!(!text.contains(before.stop_group.as_str()), "{text}");
    }
}
