//! Rows come back as they were given.

use model::{
    AcceptedState, AuthorizationRequired, ChargerAuthorization, ConnectorState, CredentialKind,
    CredentialState, OcppVersion, PasswordHash, PersonState, QuirkExample, QuirkName,
    ReaderProfile, ReaderStep, RefusedHandshake, SeenQuirk, Session, StationId, StationKind,
    StationRecord, StationSettings,
};
use store::{Constraint, Droppable, IdempotencyRecord, Page};

use crate::support::*;

on_both! {
    async fn organisations_and_accounts_come_back(database) {
        let store = open(&database).await;
        let mut row = organisation();
        assert!(!put!(store, row, |tx| tx.update_organisation(&row)).unwrap());
        put!(store, row, |tx| tx.insert_organisation(&row)).unwrap();
        row.labels.external_id = None;
        row.deleted_at = Some(at(5));
        assert!(put!(store, row, |tx| tx.update_organisation(&row)).unwrap());
        assert_eq!(store.get_organisation(row.id).await.unwrap(), Some(row));
        assert_eq!(store.organisations().await.unwrap(), []);

        let mut login = account();
        put!(store, login, |tx| tx.insert_account(&login)).unwrap();
        login.password_hash = None;
        login.email = "new@example.org".to_owned();
        assert!(put!(store, login, |tx| tx.update_account(&login)).unwrap());
        assert_eq!(store.get_account(login.id).await.unwrap(), Some(login.clone()));
        assert_eq!(store.find_account("new@example.org").await.unwrap(), Some(login));
    }

    async fn sessions_are_found_by_their_token_and_end(database) {
        let store = open(&database).await;
        let login = account();
        put!(store, login, |tx| tx.insert_account(&login)).unwrap();
        let sessions: Vec<Session> = (0..4)
            .map(|number| Session {
                id: id(),
                account: login.id,
                token_hash: vec![number; 32],
                created_at: at(0),
                expires_at: at(i64::from(number)),
            })
            .collect();
        for row in &sessions {
            put!(store, row, |tx| tx.insert_session(&row)).unwrap();
        }
        assert_eq!(store.find_session(&[2; 32]).await.unwrap().as_ref(), Some(&sessions[2]));
        assert_eq!(store.find_session(&[9; 32]).await.unwrap(), None);
        assert_eq!(put!(store, |tx| tx.delete_ended_sessions(at(1))).unwrap(), 2);
        let third = sessions[2].id;
        assert!(put!(store, |tx| tx.delete_session(third)).unwrap());
        assert!(!put!(store, |tx| tx.delete_session(third)).unwrap());
        let login = login.id;
        assert_eq!(put!(store, |tx| tx.delete_sessions_of(login)).unwrap(), 1);
    }

    async fn people_and_credentials_come_back(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let login = account();
        put!(store, login, |tx| tx.insert_account(&login)).unwrap();
        let mut row = world.person.clone();
        row.account = Some(login.id);
        row.state = PersonState::Suspended;
        row.member_until = None;
        row.managed_at = world.installation.id.into();
        assert!(put!(store, row, |tx| tx.update_person(&row)).unwrap());
        assert_eq!(store.get_person(row.id).await.unwrap(), Some(row.clone()));
        assert_eq!(store.people_of_account(login.id).await.unwrap(), [row.clone()]);

        let mut card = credential(&row, CredentialKind::Rfid, "04:a1:b2:c3");
        put!(store, card, |tx| tx.insert_credential(&card)).unwrap();
        let find = async |key: &str| store.find_credential(row.organisation, key).await.unwrap();
        assert_eq!(find("04A1B2C3").await, Some(card.clone()));
        card.state = CredentialState::Lost;
        card.valid_until = Some(at(7));
        assert!(put!(store, card, |tx| tx.update_credential(&card)).unwrap());
        assert_eq!(store.get_credential(card.id).await.unwrap(), Some(card.clone()));

        // A plate may look like a card: it stands in a namespace of its own and is not found.
        let plate = credential(&row, CredentialKind::Plate, "04A1B2C3");
        put!(store, plate, |tx| tx.insert_credential(&plate)).unwrap();
        assert_eq!(find("04A1B2C3").await, Some(card.clone()));

        // A removed card leaves its number to another person.
        card.deleted_at = Some(at(9));
        assert!(put!(store, card, |tx| tx.update_credential(&card)).unwrap());
        assert_eq!(find("04A1B2C3").await, None);
        let again = credential(&row, CredentialKind::Key, "04A1B2C3");
        put!(store, again, |tx| tx.insert_credential(&again)).unwrap();
        card.deleted_at = None;
        let back = put!(store, card, |tx| tx.update_credential(&card)).unwrap_err();
        assert_eq!(back.conflict(), Some(Constraint::CredentialKey));

        let app = credential(&row, CredentialKind::App, "FE0102030405");
        put!(store, app, |tx| tx.insert_credential(&app)).unwrap();
        assert_eq!(store.find_app_credential(row.id).await.unwrap(), Some(app));
    }

    async fn grants_and_keys_end_once_and_are_never_overwritten(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut right = grant(&world.person);
        put!(store, right, |tx| tx.insert_grant(&right)).unwrap();
        assert_eq!(store.get_grant(right.id).await.unwrap(), Some(right.clone()));
        let ended = right.id;
        assert!(put!(store, |tx| tx.revoke_grant(ended, at(5))).unwrap());
        assert!(!put!(store, |tx| tx.revoke_grant(ended, at(6))).unwrap());
        right.revoked_at = Some(at(5));
        assert_eq!(store.get_grant(right.id).await.unwrap(), Some(right));
        let mut denial = grant(&world.person);
        denial.effect = model::Effect::Deny;
        denial.role = None;
        denial.valid_from = None;
        put!(store, denial, |tx| tx.insert_grant(&denial)).unwrap();
        assert_eq!(store.get_grant(denial.id).await.unwrap(), Some(denial));

        let mut key = api_key(&world.person);
        put!(store, key, |tx| tx.insert_api_key(&key)).unwrap();
        assert_eq!(store.find_api_key(&key.prefix).await.unwrap(), Some(key.clone()));
        let ended = key.id;
        assert!(put!(store, |tx| tx.revoke_api_key(ended, at(5))).unwrap());
        assert!(!put!(store, |tx| tx.revoke_api_key(ended, at(6))).unwrap());
        key.revoked_at = Some(at(5));
        assert_eq!(store.get_api_key(key.id).await.unwrap(), Some(key));
    }

    async fn the_tree_comes_back(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut site = world.installation.clone();
        site.authorization_required = AuthorizationRequired::Open;
        site.concurrent_transactions = None;
        site.address = Some("Weg 1".to_owned());
        assert!(put!(store, site, |tx| tx.update_installation(&site)).unwrap());
        assert_eq!(store.get_installation(site.id).await.unwrap(), Some(site.clone()));

        let mut floor = area(&site);
        put!(store, floor, |tx| tx.insert_area(&floor)).unwrap();
        let below = model::Area { parent: floor.id.into(), ..area(&site) };
        put!(store, below, |tx| tx.insert_area(&below)).unwrap();
        floor.kind = "circuit".to_owned();
        assert!(put!(store, floor, |tx| tx.update_area(&floor)).unwrap());
        assert_eq!(store.get_area(floor.id).await.unwrap(), Some(floor.clone()));

        let mut controller = world.lock.clone();
        controller.unlock_connector_opens = true;
        assert!(put!(store, controller, |tx| tx.update_lock(&controller)).unwrap());
        assert_eq!(store.get_lock(controller.id).await.unwrap(), Some(controller.clone()));
        let mut entrance = door(&controller, 1);
        put!(store, entrance, |tx| tx.insert_door(&entrance)).unwrap();
        entrance.parent = floor.id.into();
        entrance.fail = model::DoorFail::Safe;
        entrance.offline_policy = model::OfflinePolicy::Closed;
        entrance.open_seconds = 3_600;
        assert!(put!(store, entrance, |tx| tx.update_door(&entrance)).unwrap());
        assert_eq!(store.get_door(entrance.id).await.unwrap(), Some(entrance.clone()));
        assert_eq!(store.doors_of(controller.id).await.unwrap(), [entrance.clone()]);
        entrance.deleted_at = Some(at(5));
        assert!(put!(store, entrance, |tx| tx.update_door(&entrance)).unwrap());
        let again = door(&controller, 1);
        put!(store, again, |tx| tx.insert_door(&again)).unwrap();
        assert_eq!(store.doors_of(controller.id).await.unwrap(), [again]);
    }

    async fn an_evse_keeps_its_id_while_its_number_stays(database) {
        let store = open(&database).await;
        let mut row = world(&store).await.charger;
        assert_eq!(store.get_charger(row.id).await.unwrap(), Some(row.clone()));
        let kept = row.evses[0].id;
        let removed = row.evses[1].clone();
        row.authorization_required = ChargerAuthorization::Open;
        row.evses = vec![evse(1), evse(3)];
        row.evses[0].connectors = vec![1];
        let stored = put!(store, row, |tx| tx.update_charger(&row)).unwrap().unwrap();
        assert_eq!(stored.evses[0].id, kept);
        assert_eq!(stored.evses[0].connectors, [1]);
        assert_eq!(stored.evses[1], row.evses[1]);
        assert_eq!(stored.authorization_required, ChargerAuthorization::Open);
        assert_eq!(store.get_charger(row.id).await.unwrap(), Some(stored.clone()));
        // A number that was gone begins anew: nobody gets back what was given on the old one.
        row.evses = vec![evse(1), evse(2)];
        let stored = put!(store, row, |tx| tx.update_charger(&row)).unwrap().unwrap();
        assert_ne!(stored.evses[1].id, removed.id);
        let unknown = charger(&installation(id()), "x");
        let mut nobody = unknown.clone();
        nobody.installation = row.installation;
        assert_eq!(put!(store, nobody, |tx| tx.update_charger(&nobody)).unwrap(), None);
    }

    async fn stations_come_back_and_free_their_identity(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut row = station_of(&world.charger);
        row.id = StationId::new("Straße #1").unwrap();
        row.key = row.id.key();
        put!(store, row, |tx| tx.insert_station(&row)).unwrap();
        assert_eq!(store.get_station(&row.key).await.unwrap(), Some(row.clone()));
        assert_eq!(store.station_of_charger(world.charger.id).await.unwrap(), Some(row.clone()));

        row.password = Some(PasswordHash { salt: vec![0; 16], hash: vec![255; 32] });
        row.settings = StationSettings {
            assume_ocpp16: true,
            ping_interval_seconds: Some(0),
            tolerance: [(model::QuirkName::TimeForm, model::Treatment::Refuse)].into_iter().collect(),
            reader_profile: ReaderProfile::new(vec![ReaderStep::DecimalToHex { bytes: 7 }]),
            ..StationSettings::default()
        };
        row.device_key_hash = Some(vec![7; 32]);
        let elsewhere = installation(world.organisation.id);
        row.installation = elsewhere.id;
        let wanted = row.clone();
        let done = store
            .write(HOLD, move |tx| {
                let (row, elsewhere) = (wanted.clone(), elsewhere.clone());
                Box::pin(async move {
                    tx.insert_installation(&elsewhere).await?;
                    Ok([
                        tx.set_station_password(&row.key, row.password.as_ref()).await?,
                        tx.set_station_settings(&row.key, &row.settings).await?,
                        tx.set_station_device_key(&row.key, row.device_key_hash.as_deref()).await?,
                        tx.move_station(&row.key, elsewhere.id).await?,
                        !tx.set_station_password(&StationId::new("x").unwrap().key(), None).await?,
                    ])
                })
            })
            .await
            .unwrap();
        assert_eq!(done, [true; 5]);
        assert_eq!(store.get_station(&row.key).await.unwrap(), Some(row.clone()));

        let of_lock = model::Station {
            kind: StationKind::Lock(world.lock.id),
            id: world.lock.station.clone(),
            key: world.lock.station.key(),
            ..row.clone()
        };
        put!(store, of_lock, |tx| tx.insert_station(&of_lock)).unwrap();
        assert_eq!(store.station_of_lock(world.lock.id).await.unwrap(), Some(of_lock));

        let state = connector(&row.key, "Available", 1);
        put!(store, state, |tx| tx.put_connector_state(&state)).unwrap();
        assert!(put!(store, row, |tx| tx.delete_station(&row.key)).unwrap());
        assert!(!put!(store, row, |tx| tx.delete_station(&row.key)).unwrap());
        assert_eq!(store.get_station(&row.key).await.unwrap(), None);
        assert_eq!(store.connector_states(&row.key).await.unwrap(), []);
        put!(store, row, |tx| tx.insert_station(&row)).unwrap();
    }

    async fn what_is_known_of_a_station_comes_back(database) {
        let store = open(&database).await;
        let key = StationId::new("CP1").unwrap().key();
        let mut row = StationRecord {
            key: key.clone(),
            accepted: AcceptedState::New,
            vendor: Some("V".to_owned()),
            model: None,
            serial: None,
            firmware: None,
            version: None,
            last_seen_at: None,
        };
        put!(store, row, |tx| tx.put_station_record(&row)).unwrap();
        row.accepted = AcceptedState::Accepted;
        row.version = Some(OcppVersion::V201);
        row.last_seen_at = Some(at(5));
        put!(store, row, |tx| tx.put_station_record(&row)).unwrap();
        assert_eq!(store.get_station_record(&key).await.unwrap(), Some(row.clone()));

        for second in [9, 7] {
            store.offer(Droppable::Seen { station: key.clone(), at: at(second) });
        }
        store.flush().await;
        row.last_seen_at = Some(at(9));
        assert_eq!(store.station_records().await.unwrap(), [row]);
    }

    async fn deviations_are_counted_and_their_examples_forgotten(database) {
        let store = open(&database).await;
        let key = StationId::new("CP1").unwrap().key();
        let seen = |name, second: i64, refused, example: Option<&str>| SeenQuirk {
            station: key.clone(),
            name,
            count: 1,
            refused,
            first_at: at(second),
            last_at: at(second),
            action: "MeterValues".to_owned(),
            field: format!("field{second}"),
            example: example.map(|text| QuirkExample { text: text.to_owned(), at: at(second) }),
        };
        for row in [
            seen(QuirkName::TimeForm, 1, 0, Some("{\"a\":1}")),
            seen(QuirkName::TooLong, 2, 0, None),
            seen(QuirkName::TimeForm, 3, 1, None),
        ] {
            store.offer(Droppable::Quirk(row));
        }
        store.flush().await;
        let times = SeenQuirk {
            count: 2,
            first_at: at(1),
            example: Some(QuirkExample { text: "{\"a\":1}".to_owned(), at: at(1) }),
            ..seen(QuirkName::TimeForm, 3, 1, None)
        };
        let long = seen(QuirkName::TooLong, 2, 0, None);
        assert_eq!(store.station_quirks(&key).await.unwrap(), [times.clone(), long]);
        assert_eq!(put!(store, |tx| tx.forget_quirk_examples(at(1))).unwrap(), 0);
        assert_eq!(put!(store, |tx| tx.forget_quirk_examples(at(2))).unwrap(), 1);
        let left = store.station_quirks(&key).await.unwrap();
        assert_eq!(left[0], SeenQuirk { example: None, ..times });
        let newer = seen(QuirkName::TimeForm, 4, 0, Some("{}"));
        put!(store, newer, |tx| tx.count_quirk(&newer)).unwrap();
        let newest = store.station_quirks(&key).await.unwrap().remove(0);
        assert_eq!((newest.count, newest.example), (3, newer.example));
        let world = world(&store).await;
        let station = model::Station { key: key.clone(), ..station_of(&world.charger) };
        put!(store, station, |tx| tx.insert_station(&station)).unwrap();
        assert!(store.station_quirks(&key).await.unwrap().is_empty(), "another station's");
        assert!(store.station_quirks(&StationId::new("CP2").unwrap().key()).await.unwrap().is_empty());
    }

    async fn an_old_connector_state_undoes_nothing(database) {
        let store = open(&database).await;
        let key = StationId::new("CP1").unwrap().key();
        let first = connector(&key, "Available", 5);
        let second = connector(&key, "Charging", 6);
        let late = connector(&key, "Preparing", 4);
        assert!(put!(store, first, |tx| tx.put_connector_state(&first)).unwrap());
        assert!(put!(store, second, |tx| tx.put_connector_state(&second)).unwrap());
        assert!(!put!(store, late, |tx| tx.put_connector_state(&late)).unwrap());
        assert_eq!(store.connector_states(&key).await.unwrap(), std::slice::from_ref(&second));
        assert_eq!(store.all_connector_states().await.unwrap(), [second]);
    }

    async fn refused_identities_are_counted_and_the_oldest_is_forgotten(database) {
        let store = open(&database).await;
        let refused = |number: i64| RefusedHandshake {
            identity: format!("cp{number}"),
            address: "127.0.0.1:5".to_owned(),
            code: "unknown_station".to_owned(),
            reason: "not known".to_owned(),
            fix: "register it".to_owned(),
            count: 1,
            first_at: at(number),
            last_at: at(number),
        };
        let rows: Vec<_> = (0..1_003).map(refused).collect();
        store
            .write(HOLD, move |tx| {
                let rows = rows.clone();
                Box::pin(async move {
                    for row in &rows {
                        tx.note_refused_handshake(row).await?;
                    }
                    tx.note_refused_handshake(&RefusedHandshake {
                        last_at: at(5_000),
                        first_at: at(5_000),
                        code: "bad_password".to_owned(),
                        ..rows[500].clone()
                    })
                    .await
                })
            })
            .await
            .unwrap();
        assert_eq!(count(&database, "refused_handshakes").await, 1_000);
        let first = store.list_refused_handshakes(&Page::first(2)).await.unwrap();
        assert_eq!(first.items[0].identity, "cp500");
        assert_eq!((first.items[0].count, first.items[0].first_at), (2, at(500)));
        assert_eq!(first.items[0].code, "bad_password");
        assert_eq!(first.items[1].identity, "cp1002");
        let next = Page::new(1_000, first.next);
        let rest = store.list_refused_handshakes(&next).await.unwrap();
        assert_eq!(rest.items.len(), 998);
        assert_eq!(rest.items.last().unwrap().identity, "cp3");
        assert!(put!(store, |tx| tx.delete_refused_handshake("cp3")).unwrap());
    }

    async fn an_answer_is_remembered_for_its_time(database) {
        let store = open(&database).await;
        let answer = |status, second| IdempotencyRecord {
            principal: "person:1".to_owned(),
            key: "k".to_owned(),
            body_hash: vec![1, 2, 3],
            status,
            body: "{\"id\":1}".to_owned(),
            created_at: at(second),
        };
        let put = async |row: IdempotencyRecord, since| {
            store
                .write(HOLD, move |tx| {
                    let row = row.clone();
                    Box::pin(async move { tx.put_idempotency(&row, at(since)).await })
                })
                .await
        };
        let get = async |since| store.get_idempotency("person:1", "k", at(since)).await.unwrap();
        put(answer(201, 100), 0).await.unwrap();
        assert_eq!(get(99).await, Some(answer(201, 100)));
        assert_eq!(get(100).await, None);
        let early = put(answer(409, 150), 50).await.unwrap_err();
        assert_eq!(early.conflict(), Some(Constraint::IdempotencyKey));
        put(answer(409, 200), 100).await.unwrap();
        assert_eq!(get(100).await, Some(answer(409, 200)));
        assert_eq!(put!(store, |tx| tx.forget_idempotency(at(199))).unwrap(), 0);
        assert_eq!(put!(store, |tx| tx.forget_idempotency(at(200))).unwrap(), 1);
    }
}

fn connector(station: &model::StationKey, status: &str, second: i64) -> ConnectorState {
    ConnectorState {
        station: station.clone(),
        evse: 1,
        connector: 1,
        status: status.to_owned(),
        error_code: Some("NoError".to_owned()),
        info: None,
        at: at(second),
    }
}
