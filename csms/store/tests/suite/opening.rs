//! Opening a database: its tables, its settings, and who else has it.

use store::testing::{TestDatabase, is_sqlite, prepare_all, statements};
use store::{Constraint, ConstraintKind, Durability, OpenError, Store, StoreError, StoreOptions};

use crate::support::*;

on_both! {
    async fn tables_are_made_once_and_kept(database) {
        Store::migrate(&database.url).await.unwrap();
        let store = open(&database).await;
        let row = organisation();
        put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        store.close().await;
        Store::migrate(&database.url).await.unwrap();
        let store = open(&database).await;
        assert_eq!(store.get_organisation(row.id).await.unwrap(), Some(row));
        store.ping().await.unwrap();
    }

    async fn every_statement_is_understood(database) {
        Store::migrate(&database.url).await.unwrap();
        assert!(statements().len() > 100, "{}", statements().len());
        assert_eq!(prepare_all(&database.url).await.unwrap(), []);
    }

    async fn what_is_acknowledged_survives_a_crash_of_the_machine(database) {
        let store = open(&database).await;
        match store.settings_read_back().await.unwrap() {
            Durability::Sqlite { synchronous, journal_mode, foreign_keys } => {
                assert_eq!((synchronous, journal_mode.as_str(), foreign_keys), (2, "wal", 1));
            }
            Durability::Postgres { synchronous_commit, fsync } => {
                assert_eq!((synchronous_commit.as_str(), fsync.as_str()), ("on", "on"));
            }
        }
    }

    async fn every_constraint_of_the_tables_has_its_word(database) {
        Store::migrate(&database.url).await.unwrap();
        let mut there: Vec<String> = if is_sqlite(&database.url) {
            let rows = database.run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").await;
            let text = rows.unwrap().concat().join("\n");
            let named = text.split("CONSTRAINT ").skip(1);
            let unique = text.split("CREATE UNIQUE INDEX ").skip(1);
            named.chain(unique).map(|rest| rest.split_whitespace().next().unwrap().to_owned()).collect()
        } else {
            let sql = "SELECT conname::text FROM pg_constraint WHERE conrelid <> 0 \
                 AND connamespace = 'public'::regnamespace \
                 UNION SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class \
                 ON pg_class.oid = indrelid WHERE indisunique \
                 AND relnamespace = 'public'::regnamespace";
            database.run(sql).await.unwrap().concat()
        };
        there.retain(|name| !name.starts_with("_sqlx"));
        there.sort_unstable();
        there.dedup();
        let mut ours: Vec<_> = Constraint::ALL.iter().map(|constraint| constraint.name()).collect();
        ours.sort_unstable();
        assert_eq!(there, ours);
        assert!(Constraint::ALL.iter().any(|one| one.kind() == ConstraintKind::Foreign));
    }

    async fn a_database_is_looked_at_beside_the_one_who_writes_it(database) {
        let none = Store::look(&database.url).await.err();
        assert!(matches!(none, Some(OpenError::Connect(_) | OpenError::Form)), "{none:?}");
        let store = open(&database).await;
        let look = Store::look(&database.url).await.unwrap();
        let row = organisation();
        put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        assert_eq!(look.get_organisation(row.id).await.unwrap().as_ref(), Some(&row));
        let refused = put!(look, row, |tx| tx.insert_organisation(&row)).unwrap_err();
        assert!(matches!(refused, StoreError::Closed), "{refused:?}");
        look.flush().await;
        look.close().await;
        database.run("DELETE FROM _sqlx_migrations WHERE version = 1").await.unwrap();
        let older = Store::look(&database.url).await.err();
        assert!(matches!(older, Some(OpenError::Form)), "{older:?}");
        store.close().await;
    }

    async fn a_database_of_a_newer_version_is_refused(database) {
        Store::migrate(&database.url).await.unwrap();
        database
            .run(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) SELECT 9999, 'later', success, checksum, 0 \
                 FROM _sqlx_migrations WHERE version = 1",
            )
            .await
            .unwrap();
        let refused = Store::open(&database.url, StoreOptions::default()).await.err();
        assert!(matches!(refused, Some(OpenError::Migrate(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_acknowledges_early_is_told_not_to() {
    let Some(database) = postgres().await else {
        return;
    };
    let name = database
        .url
        .rsplit('/')
        .next()
        .unwrap()
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    database
        .run(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = off"
        ))
        .await
        .unwrap();
    assert_eq!(
        database
            .run("SHOW synchronous_commit")
            .await
            .unwrap()
            .concat(),
        ["on"]
    );
    let store = open(&database).await;
    let Durability::Postgres {
        synchronous_commit, ..
    } = store.settings_read_back().await.unwrap()
    else {
        panic!("not PostgreSQL");
    };
    assert_eq!(synchronous_commit, "on");
}

#[tokio::test]
async fn a_file_is_for_one_process() {
    let database = TestDatabase::sqlite().unwrap();
    let store = open(&database).await;
    let second = Store::open(&database.url, StoreOptions::default())
        .await
        .err();
    assert!(matches!(second, Some(OpenError::InUse(_))), "{second:?}");
    assert!(second.unwrap().to_string().contains("keywatt.db"));
    assert!(matches!(
        Store::migrate(&database.url).await,
        Err(OpenError::InUse(_))
    ));
    store.close().await;
    open(&database).await.close().await;
}

#[tokio::test]
async fn the_last_handle_gives_the_file_back() {
    let database = TestDatabase::sqlite().unwrap();
    let store = open(&database).await;
    store.log_decision(decision(None, 1), HOLD).await.unwrap();
    drop(store);
    until("the file is free", async || {
        Store::migrate(&database.url).await.is_ok()
    })
    .await;
    assert_eq!(count(&database, "decisions").await, 1);
}

#[tokio::test]
async fn what_is_no_database_is_named() {
    for url in [
        "mysql://x",
        "keywatt.db",
        "",
        "sqlite::memory:",
        "sqlite://a?mode=memory",
    ] {
        let refused = Store::open(url, StoreOptions::default()).await.err();
        assert!(
            matches!(refused, Some(OpenError::Url(_))),
            "{url}: {refused:?}"
        );
    }
    let secret = Store::open("postgres://u:geheim@h:notaport/x", StoreOptions::default())
        .await
        .err();
    assert!(
        !format!("{secret:?} {}", secret.as_ref().unwrap()).contains("geheim"),
        "{secret:?}"
    );
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}",
        folder.path().join("no/such/folder.db").display()
    );
    let refused = Store::open(&url, StoreOptions::default()).await.err();
    assert!(
        matches!(refused, Some(OpenError::File { .. })),
        "{refused:?}"
    );
    let nobody = Store::open("postgres://a@127.0.0.1:1/x", StoreOptions::default())
        .await
        .err();
    assert!(matches!(nobody, Some(OpenError::Connect(_))), "{nobody:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let database = TestDatabase::sqlite().unwrap();
    let path = database.folder().unwrap().join("keywatt.db");
    let text = "a letter, not a database ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    assert!(
        Store::open(&database.url, StoreOptions::default())
            .await
            .is_err()
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}
