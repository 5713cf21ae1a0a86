//! Lists: of one organisation, in pieces, without what is removed.

use model::{CredentialKind, NodeId};
use store::{Cursor, GrantFilter, List, Page, StoreError};

use crate::support::*;

/// Walks a list in pieces of two.
async fn walk<T>(list: impl AsyncFn(Page) -> Result<List<T>, StoreError>) -> Vec<T> {
    let mut walked = Vec::new();
    let mut page = Page::first(2);
    loop {
        let piece = list(page).await.unwrap();
        assert!(piece.items.len() <= 2);
        walked.extend(piece.items);
        let Some(next) = piece.next else {
            return walked;
        };
        page = Page::new(2, Some(next));
    }
}

on_both! {
    async fn lists_hold_what_is_ours_and_not_removed(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let other = self::world(&store).await;
        let organisation = world.organisation.id;

        let mut people = vec![world.person.clone()];
        let mut cards = Vec::new();
        for number in 0..4 {
            let mut row = person(organisation);
            row.deleted_at = (number == 2).then(|| at(1));
            put!(store, row, |tx| tx.insert_person(&row)).unwrap();
            if number != 2 {
                people.push(row);
            }
            let mut card = credential(&world.person, CredentialKind::Rfid, &format!("04A{number}"));
            card.deleted_at = (number == 1).then(|| at(1));
            put!(store, card, |tx| tx.insert_credential(&card)).unwrap();
            if number != 1 {
                cards.push(card);
            }
        }
        let listed = walk(async |page| store.list_people(organisation, &page).await).await;
        assert_eq!(listed, people);
        let listed = walk(async |page| store.list_credentials(organisation, &page).await).await;
        assert_eq!(listed, cards);
        let person = world.person.id;
        let listed = walk(async |page| store.list_credentials_of(person, &page).await).await;
        assert_eq!(listed, cards);
        let none = store.list_credentials_of(other.person.id, &Page::default()).await.unwrap();
        assert_eq!(none, List { items: Vec::new(), next: None });
    }

    async fn the_tree_is_listed_by_organisation_and_by_site(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let organisation = world.organisation.id;
        let second = installation(organisation);
        put!(store, second, |tx| tx.insert_installation(&second)).unwrap();
        let mut chargers = vec![world.charger.clone()];
        let mut areas = Vec::new();
        let mut doors = Vec::new();
        for number in 1..=4 {
            let site = if number == 4 { &second } else { &world.installation };
            let mut post = charger(site, &format!("P{number}"));
            post.evses.truncate(if number == 3 { 1 } else { 2 });
            put!(store, post, |tx| tx.insert_charger(&post)).unwrap();
            chargers.push(post);
            let floor = area(site);
            put!(store, floor, |tx| tx.insert_area(&floor)).unwrap();
            areas.push(floor);
            let entrance = door(&world.lock, number);
            put!(store, entrance, |tx| tx.insert_door(&entrance)).unwrap();
            doors.push(entrance);
        }
        let listed = walk(async |page| store.list_installations(organisation, &page).await).await;
        assert_eq!(listed, [world.installation.clone(), second.clone()]);
        let listed = walk(async |page| store.list_chargers(organisation, None, &page).await).await;
        assert_eq!(listed, chargers);
        let there = Some(second.id);
        let listed = walk(async |page| store.list_chargers(organisation, there, &page).await).await;
        assert_eq!(listed, chargers[4..]);
        let listed = walk(async |page| store.list_areas(organisation, None, &page).await).await;
        assert_eq!(listed, areas);
        let listed = walk(async |page| store.list_areas(organisation, there, &page).await).await;
        assert_eq!(listed, areas[3..]);
        let listed = walk(async |page| store.list_doors(organisation, None, &page).await).await;
        assert_eq!(listed, doors);
        assert_eq!(store.list_doors(organisation, there, &Page::default()).await.unwrap().items, []);
        let listed = walk(async |page| store.list_locks(organisation, None, &page).await).await;
        assert_eq!(listed, std::slice::from_ref(&world.lock));
        assert_eq!(store.list_locks(organisation, there, &Page::default()).await.unwrap().items, []);
    }

    async fn grants_and_keys_are_listed_by_whom_and_where(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let organisation = world.organisation.id;
        let second = person(organisation);
        put!(store, second, |tx| tx.insert_person(&second)).unwrap();
        let node: NodeId = world.installation.id.into();
        let mut rows = Vec::new();
        for number in 0..5 {
            let mut row = grant(if number == 3 { &second } else { &world.person });
            row.node = if number == 4 { node } else { row.node };
            row.revoked_at = (number == 0).then(|| at(2));
            put!(store, row, |tx| tx.insert_grant(&row)).unwrap();
            rows.push(row);
        }
        let find = async |filter: GrantFilter| {
            walk(async |page| store.list_grants(organisation, &filter, &page).await).await
        };
        let all = GrantFilter::default;
        assert_eq!(find(all()).await, rows[1..]);
        assert_eq!(find(GrantFilter { include_revoked: true, ..all() }).await, rows);
        assert_eq!(find(GrantFilter { person: Some(second.id), ..all() }).await, rows[3..4]);
        assert_eq!(find(GrantFilter { node: Some(node), ..all() }).await, rows[4..]);

        let mut keys = Vec::new();
        for number in 0..3 {
            let mut key = api_key(&world.person);
            key.revoked_at = (number == 1).then(|| at(2));
            put!(store, key, |tx| tx.insert_api_key(&key)).unwrap();
            if number != 1 {
                keys.push(key);
            }
        }
        let listed = walk(async |page| store.list_api_keys(organisation, &page).await).await;
        assert_eq!(listed, keys);
    }

    async fn stations_are_listed_by_key(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let organisation = world.organisation.id;
        let mut rows = Vec::new();
        for name in ["a", "b", "c"] {
            let post = charger(&world.installation, name);
            let station = station_of(&post);
            put!(store, post, |tx| tx.insert_charger(&post)).unwrap();
            put!(store, station, |tx| tx.insert_station(&station)).unwrap();
            rows.push(station);
        }
        let listed = walk(async |page| store.list_stations(organisation, None, &page).await).await;
        assert_eq!(listed, rows);
        let elsewhere = store.list_stations(organisation, Some(id()), &Page::default()).await.unwrap();
        assert_eq!(elsewhere.items, []);
        let listed = walk(async |page| store.list_all_stations(&page).await).await;
        assert_eq!(listed, rows);
    }

    async fn a_limit_is_kept_within_reason(database) {
        let store = open(&database).await;
        for _ in 0..3 {
            let row = organisation();
            put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        }
        let world = world(&store).await;
        let none = Page::new(0, Some(Cursor { at: 0, id: "'; DROP TABLE people; --".to_owned() }));
        let piece = store.list_people(world.organisation.id, &none).await.unwrap();
        assert!(piece.items.len() <= 1);
        let all = store.list_people(world.organisation.id, &Page::first(u32::MAX)).await.unwrap();
        assert_eq!(all.items.len(), 1);
    }
}

#[test]
fn a_cursor_survives_being_handed_out() {
    let cursor = Cursor {
        at: -5,
        id: "a.b|c".to_owned(),
    };
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    for wrong in ["", "x", "x.y", "1"] {
        assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
    }
}
