//! Erasing a person: the rows name nobody any more, and the chains stay whole.

use std::collections::BTreeSet;

use model::{Change, CredentialKind, Decision, PersonId, Revision};
use store::testing::TestDatabase;
use store::{DecisionFilter, Page, Store};

use crate::support::*;

/// Every text of every table, by table and column.
async fn everything(database: &TestDatabase) -> Vec<(String, String)> {
    let sqlite = store::testing::is_sqlite(&database.url);
    let mut texts = Vec::new();
    for (table, column) in columns(database).await {
        let text = if sqlite {
            format!("COALESCE(CAST({column} AS TEXT), '')")
        } else {
            format!("COALESCE(CAST(\"{column}\" AS TEXT), '')")
        };
        let rows = database.run(&format!("SELECT {text} FROM {table}")).await;
        // SQLite shows bytes that are no text as an error; there are no names in them.
        for row in rows.unwrap_or_default() {
            texts.push((format!("{table}.{column}"), row[0].clone()));
        }
    }
    texts
}

async fn columns(database: &TestDatabase) -> Vec<(String, String)> {
    let sql = if store::testing::is_sqlite(&database.url) {
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'"
    } else {
        "SELECT table_name::text, column_name::text FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'"
    };
    let rows = database.run(sql).await.unwrap();
    rows.into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect()
}

fn about(person: &model::Person, credential: &model::Credential, second: i64) -> Decision {
    Decision {
        person: Some(person.id),
        credential: Some(credential.id),
        ..decision(Some(person.organisation), second)
    }
}

async fn erase(store: &Store, person: PersonId, account: Option<model::AccountId>) {
    store
        .write(HOLD, move |tx| {
            Box::pin(async move {
                let key = audit_key();
                tx.erase_person(Some(&key), person, account, at(50)).await
            })
        })
        .await
        .unwrap();
}

on_both! {
    async fn the_rows_of_who_was_erased_name_nobody(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let account = account();
        let mut row = person(world.organisation.id);
        row.labels.name = "Berta Unvergessen".to_owned();
        row.email = Some("berta@example.org".to_owned());
        row.account = Some(account.id);
        let card = credential(&row, CredentialKind::Rfid, "04DEADBEEF5566");
        let (right, key) = (grant(&row), api_key(&row));
        let mut started = transaction(world.organisation.id, "CP1", Some(1));
        started.person = Some(row.id);
        started.credential = Some(card.id);
        started.token_key = Some(card.key.clone());
        started.ended_at = Some(at(20));
        let record = crate::facts::record(&started, "start|1|04DEADBEEF5566|t|0");
        let mut by = actor();
        by.person = Some(row.id);
        by.api_key = Some(key.id);
        by.reason = Some("Berta asked for it".to_owned());
        store
            .change(by, {
                let (row, card, right, key, account) =
                    (row.clone(), card.clone(), right.clone(), key.clone(), account.clone());
                let (started, record) = (started.clone(), record.clone());
                move |tx| {
                    let (row, card, right, key, account) =
                        (row.clone(), card.clone(), right.clone(), key.clone(), account.clone());
                    let (started, record) = (started.clone(), record.clone());
                    Box::pin(async move {
                        tx.insert_account(&account).await?;
                        tx.insert_person(&row).await?;
                        tx.insert_credential(&card).await?;
                        tx.insert_grant(&right).await?;
                        tx.insert_api_key(&key).await?;
                        tx.insert_transaction(&started).await?;
                        tx.insert_record(&record).await?;
                        tx.record(Change::Person(row), None);
                        tx.record(Change::Credential(card), None);
                        tx.record(Change::Grant(right), None);
                        tx.record(Change::ApiKey(key), None);
                        Ok(())
                    })
                }
            })
            .await
            .unwrap();
        let other = credential(&world.person, CredentialKind::Rfid, "0411223344");
        for second in 0..5 {
            store.log_decision(about(&row, &card, second), HOLD).await.unwrap();
            store.log_decision(about(&world.person, &other, second), HOLD).await.unwrap();
        }
        store.flush().await;
        let of = |person| DecisionFilter { person: Some(person), ..DecisionFilter::default() };
        let organisation = Some(world.organisation.id);
        let find = async |person| {
            let list = store.list_decisions(organisation, &of(person), &Page::first(50)).await;
            list.unwrap().items
        };
        let theirs = find(row.id).await;
        assert_eq!(theirs.len(), 5);
        assert_eq!((theirs[0].person, theirs[0].credential), (Some(row.id), Some(card.id)));
        let stored = database.run("SELECT COALESCE(person_id, '') FROM decisions").await.unwrap();
        assert!(stored.iter().all(|text| text[0] != row.id.to_string()), "only pseudonyms are stored");

        // As the use case does: removed first, then erased.
        let mut gone = row.clone();
        gone.deleted_at = Some(at(40));
        put!(store, gone, |tx| tx.update_person(&gone)).unwrap();
        assert!(!put!(store, gone, |tx| tx.has_open_transaction(gone.id)).unwrap());
        erase(&store, row.id, Some(account.id)).await;

        let report = is_whole(&database).await;
        assert_eq!((report.rows, report.erased_rows, report.erased_names), (14, 4, 3));
        assert_eq!(find(row.id).await, []);
        assert_eq!(find(world.person.id).await.len(), 5, "others are still named");
        let seen = store.get_decision(theirs[0].id).await.unwrap().unwrap();
        assert_eq!((seen.person, seen.credential), (None, None));
        assert_eq!(seen.grant, theirs[0].grant, "what was decided is still known");
        let changes = store.list_changes(world.organisation.id, &Page::first(50)).await.unwrap();
        assert_eq!(changes.items.len(), 4);
        for entry in changes.items {
            assert_eq!((entry.person, entry.api_key, entry.reason), (None, None, None));
            assert_eq!((entry.before, entry.after), (None, serde_json::Value::Null));
        }

        // What is left of the id is that it was there: the empty row and that it was changed.
        let left: BTreeSet<String> = everything(&database)
            .await
            .into_iter()
            .filter(|(_, text)| text.contains(&row.id.to_string()))
            .map(|(place, _)| place)
            .collect();
        assert_eq!(left.into_iter().collect::<Vec<_>>(), ["change_log.row_id", "people.id"]);
        for (place, text) in everything(&database).await {
            for secret in [
                "Berta",
                "berta@",
                "04DEADBEEF5566",
                &card.id.to_string(),
                &account.id.to_string(),
            ] {
                let is_id = place == "change_log.row_id";
                assert!(is_id || !text.contains(secret), "{secret} in {place}: {text}");
            }
        }
        // Again, and of somebody who was never in a log.
        erase(&store, row.id, None).await;
        is_whole(&database).await;
    }

    async fn what_is_shown_of_who_was_erased_is_found(database) {
        let store = open(&database).await;
        let organisation = id();
        crate::audit::change(&store, organisation, 1).await;
        let entry = store.changes_after(Revision(0), 1).await.unwrap().remove(0);
        erase(&store, entry.row.into(), None).await;
        is_whole(&database).await;
        database.run("UPDATE change_log SET after_row = '{\"name\":\"X\"}' WHERE revision = 1").await.unwrap();
        let found = verify(&database).await.findings;
        assert!(matches!(found.as_slice(), [store::Finding::ChangedRow { sequence: 1, .. }]), "{found:?}");
    }

    async fn a_person_with_a_transaction_in_progress_is_told(database) {
        let store = open(&database).await;
        let started = transaction(id(), "CP1", Some(1));
        put!(store, started, |tx| tx.insert_transaction(&started)).unwrap();
        let person = started.person.unwrap();
        assert!(put!(store, |tx| tx.has_open_transaction(person)).unwrap());
        assert!(!put!(store, |tx| tx.has_open_transaction(PersonId(uuid::Uuid::nil()))).unwrap());
    }

    async fn every_column_about_people_is_thought_of(database) {
        let _store = open(&database).await;
        let erased = [
            // Emptied or deleted by `Tx::erase_person`.
            "api_keys.person_id",
            "change_log.actor_person_id",
            "credentials.person_id",
            "decisions.credential_id",
            "decisions.person_id",
            "door_events.credential_id",
            "door_events.person_id",
            "emergencies.created_by_person_id",
            "emergencies.release_asked_by_person_id",
            "enrolments.credential_id",
            "enrolments.opened_by_person_id",
            "enrolments.person_id",
            "grant_totals.person_id",
            "grant_uses.person_id",
            "grants.created_by_person_id",
            "grants.credential_id",
            "grants.person_id",
            "handovers.from_person_id",
            "handovers.to_person_id",
            "invitations.accepted_by_person_id",
            "invitations.created_by_person_id",
            "invitations.person_id",
            "partner_links.created_by_person_id",
            "partnerships.confirmed_by_person_id",
            "partnerships.proposed_by_person_id",
            "people.account_id",
            "pseudonyms.person_id",
            "remote_starts.person_id",
            "sessions.account_id",
            "shadow_answers.credential_id",
            "shadow_answers.person_id",
            "stop_groups.person_id",
            "tag_members.member_id",
            "transactions.credential_id",
            "transactions.person_id",
        ];
        let found: BTreeSet<String> = columns(&database)
            .await
            .into_iter()
            .filter(|(_, column)| {
                ["person_id", "credential_id", "account_id", "member_id"].iter().any(|word| column.ends_with(word))
            })
            .map(|(table, column)| format!("{table}.{column}"))
            .collect();
        let erased: BTreeSet<String> = erased.into_iter().map(str::to_owned).collect();
        assert_eq!(
            found, erased,
            "say in audit/erasure.rs what becomes of the column when a person is erased, and here"
        );
    }
}
