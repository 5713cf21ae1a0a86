//! The live picture: everything a decision may look at, of one moment.

use model::{Change, ChangeKind, CredentialKind, Revision};
use store::StoreError;

use crate::support::*;

on_both! {
    async fn everything_live_is_loaded_and_nothing_else(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut wanted = vec![
            Change::Organisation(world.organisation.clone()),
            Change::Installation(world.installation.clone()),
            Change::Charger(world.charger.clone()),
            Change::Lock(world.lock.clone()),
            Change::Person(world.person.clone()),
        ];
        let floor = area(&world.installation);
        put!(store, floor, |tx| tx.insert_area(&floor)).unwrap();
        wanted.push(Change::Area(floor));
        let entrance = door(&world.lock, 1);
        put!(store, entrance, |tx| tx.insert_door(&entrance)).unwrap();
        wanted.push(Change::Door(entrance));
        let card = credential(&world.person, CredentialKind::Rfid, "04A1");
        put!(store, card, |tx| tx.insert_credential(&card)).unwrap();
        wanted.push(Change::Credential(card));
        let key = api_key(&world.person);
        put!(store, key, |tx| tx.insert_api_key(&key)).unwrap();
        wanted.push(Change::ApiKey(key));
        for (until, revoked, live) in [
            (None, None, true),
            (Some(at(50)), None, true),
            // Ended at the moment asked for, or before.
            (Some(at(40)), None, false),
            (None, Some(at(1)), false),
        ] {
            let mut row = grant(&world.person);
            row.valid_until = until;
            row.revoked_at = revoked;
            put!(store, row, |tx| tx.insert_grant(&row)).unwrap();
            if live {
                wanted.push(Change::Grant(row));
            }
        }
        remove_some(&store, &world).await;

        let mut loaded = Vec::new();
        let revision = store
            .load_live(at(40), |change| {
                loaded.push(change);
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(revision, Revision(0));
        let order = [
            ChangeKind::Organisation,
            ChangeKind::Installation,
            ChangeKind::Area,
            ChangeKind::Charger,
            ChangeKind::Lock,
            ChangeKind::Door,
            ChangeKind::Person,
            ChangeKind::Credential,
            ChangeKind::Grant,
            ChangeKind::ApiKey,
        ];
        let place = |change: &Change| order.iter().position(|kind| *kind == change.kind());
        wanted.sort_by_key(place);
        let mut kinds: Vec<_> = loaded.iter().map(Change::kind).collect();
        kinds.dedup();
        assert_eq!(kinds, order);
        for change in &wanted {
            assert!(loaded.contains(change), "{change:?}");
        }
        assert_eq!(loaded.len(), wanted.len());
    }

    async fn many_rows_with_odd_texts_are_loaded_as_they_are(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let texts = [
            "", "plain", "two\nlines\r\n", "\"quoted\"", "back\\slash", "[null,1]", "tab\tand \u{1}",
            "Zoë 🚪", "\u{2028}\u{FEFF}", "'; DROP TABLE people",
        ];
        let people: Vec<_> = texts
            .iter()
            .cycle()
            .take(1_100)
            .enumerate()
            .map(|(number, text)| {
                let mut row = person(world.organisation.id);
                row.labels.name = (*text).to_owned();
                row.labels.metadata.insert((*text).to_owned(), number.into());
                row.email = (number % 2 == 0).then(|| format!("{number}@example.org"));
                row.deleted_at = (number % 3 == 0).then(|| at(1));
                row
            })
            .collect();
        let mut post = charger(&world.installation, "odd");
        post.evses = vec![evse(3), evse(1), evse(2)];
        let rows = (people.clone(), post.clone());
        store
            .write(HOLD, move |tx| {
                let (people, post) = rows.clone();
                Box::pin(async move {
                    for row in &people {
                        tx.insert_person(row).await?;
                    }
                    tx.insert_charger(&post).await
                })
            })
            .await
            .unwrap();
        let (mut loaded, mut numbers) = (Vec::new(), Vec::new());
        store
            .load_live(at(0), |change| {
                match change {
                    Change::Person(row) => loaded.push(row),
                    Change::Charger(row) if row.id == post.id => {
                        numbers.extend(row.evses.iter().map(|evse| evse.number));
                    }
                    _ => {}
                }
                Ok(())
            })
            .await
            .unwrap();
        let mut wanted: Vec<_> = people.into_iter().filter(|it| it.deleted_at.is_none()).collect();
        wanted.push(world.person.clone());
        wanted.sort_by_key(|row| row.id);
        loaded.sort_by_key(|row| row.id);
        assert_eq!(loaded, wanted);
        assert_eq!(numbers, [1, 2, 3], "EVSEs by number, in whatever order they were made");
    }

    async fn what_is_loaded_is_of_one_moment(database) {
        let store = open(&database).await;
        let first = organisation();
        make(&store, first.clone()).await;
        let mut loaded = Vec::new();
        let (row, other) = (installation(first.id), store.clone());
        let revision = store
            .load_live(at(0), |change| {
                if loaded.is_empty() {
                    // While it is read, an installation is added, and committed.
                    let (row, other) = (row.clone(), other.clone());
                    tokio::task::block_in_place(|| {
                        tokio::runtime::Handle::current().block_on(async {
                            put!(other, row, |tx| tx.insert_installation(&row)).unwrap();
                            make(&other, organisation()).await;
                        });
                    });
                }
                loaded.push(change);
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(revision, Revision(1));
        assert_eq!(loaded, [Change::Organisation(first)]);
        assert_eq!(store.revision().await.unwrap(), Revision(2));
    }

    async fn a_reader_that_stops_leaves_no_transaction_behind(database) {
        let store = open(&database).await;
        world(&store).await;
        for _ in 0..10 {
            let stopped = store.load_live(at(0), |_| Err(StoreError::Busy)).await;
            assert!(matches!(stopped, Err(StoreError::Busy)), "{stopped:?}");
        }
        assert_eq!(store.organisations().await.unwrap().len(), 1);
    }
}

async fn make(store: &store::Store, row: model::Organisation) {
    store
        .change(actor(), move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_organisation(&row).await?;
                tx.record(Change::Organisation(row), None);
                Ok(())
            })
        })
        .await
        .unwrap();
}

/// Rows that are removed: none of them is live.
async fn remove_some(store: &store::Store, world: &World) {
    let gone = Some(at(1));
    let mut organisation = organisation();
    organisation.deleted_at = gone;
    let mut site = installation(world.organisation.id);
    site.deleted_at = gone;
    let mut floor = area(&world.installation);
    floor.deleted_at = gone;
    let mut post = charger(&world.installation, "gone");
    post.deleted_at = gone;
    let mut controller = lock(&world.installation, "gone");
    controller.deleted_at = gone;
    let mut entrance = door(&world.lock, 9);
    entrance.deleted_at = gone;
    let mut nobody = person(world.organisation.id);
    nobody.deleted_at = gone;
    let mut card = credential(&world.person, CredentialKind::Rfid, "gone");
    card.deleted_at = gone;
    let mut key = api_key(&world.person);
    key.revoked_at = gone;
    store
        .write(HOLD, move |tx| {
            let (organisation, site, floor) = (organisation.clone(), site.clone(), floor.clone());
            let (post, controller, entrance) = (post.clone(), controller.clone(), entrance.clone());
            let (nobody, card, key) = (nobody.clone(), card.clone(), key.clone());
            Box::pin(async move {
                tx.insert_organisation(&organisation).await?;
                tx.insert_installation(&site).await?;
                tx.insert_area(&floor).await?;
                tx.insert_charger(&post).await?;
                tx.insert_lock(&controller).await?;
                tx.insert_door(&entrance).await?;
                tx.insert_person(&nobody).await?;
                tx.insert_credential(&card).await?;
                tx.insert_api_key(&key).await
            })
        })
        .await
        .unwrap();
}
