//! What stations report: stored once, found again.

use model::neutral::ReportKind;
use model::{
    DoorEvent, DoorResult, DoorState, EventTime, MeterSample, Phase, Revision, StationId,
    StationKey, Transaction, TransactionRecord,
};
use serde_json::json;
use store::{
    CacheDebt, Counter, DoorStateRow, Page, RemoteStartRow, StationReport, TransactionFilter,
};

use crate::support::*;

pub(crate) fn record(transaction: &Transaction, natural_key: &str) -> TransactionRecord {
    TransactionRecord {
        station: transaction.station.clone(),
        natural_key: natural_key.to_owned(),
        transaction: transaction.id,
        phase: Phase::Updated,
        seq_no: Some(3),
        trigger: Some("MeterValuePeriodic".to_owned()),
        time_text: "2027-01-15T08:00:00Z".to_owned(),
        received_at: at(1),
        answer: Some(r#"{"number":4}"#.to_owned()),
        body: None,
    }
}

pub(crate) fn report(station: &StationKey, organisation: model::OrganisationId) -> StationReport {
    StationReport {
        id: id(),
        station: station.clone(),
        organisation,
        kind: ReportKind::SecurityEvent,
        payload: json!({ "type": "TamperDetectionActivated", "n": 1.50 }),
        received_at: at(5),
    }
}

pub(crate) fn remote_start(station: &StationKey, id: i64) -> RemoteStartRow {
    RemoteStartRow {
        id,
        station: station.clone(),
        organisation: crate::support::id(),
        person: crate::support::id(),
        token_key: "FE0102030405".to_owned(),
        evse: None,
        created_at: at(0),
        until: at(180),
        transaction: None,
    }
}

pub(crate) fn sample(text: &str, readable: Option<jiff::Timestamp>) -> MeterSample {
    MeterSample {
        at: EventTime {
            text: text.to_owned(),
            time: readable,
        },
        value: "12.50".to_owned(),
        measurand: "Energy.Active.Import.Register".to_owned(),
        unit: Some("kWh".to_owned()),
        context: None,
        phase: Some("L1".to_owned()),
        location: None,
        energy_wh: Some(12_500),
        signed: None,
    }
}

fn key(name: &str) -> StationKey {
    StationId::new(name).unwrap().key()
}

on_both! {
    async fn a_cache_is_owed_until_it_is_paid_for_the_last_change(database) {
        let store = open(&database).await;
        let debt = |name: &str, revision| CacheDebt {
            station: StationId::new(name).unwrap().key(),
            revision: Revision(revision),
        };
        for owed in [debt("CP1", 7), debt("CP1", 4), debt("CP2", 5)] {
            put!(store, owed, |tx| tx.owe_cache(&owed)).unwrap();
        }
        assert_eq!(store.cache_debts().await.unwrap(), [debt("CP1", 7), debt("CP2", 5)]);
        let (early, last) = (debt("CP1", 6), debt("CP1", 7));
        assert!(!put!(store, early, |tx| tx.pay_cache(&early)).unwrap());
        assert!(put!(store, last, |tx| tx.pay_cache(&last)).unwrap());
        assert_eq!(store.cache_debts().await.unwrap(), [debt("CP2", 5)]);
    }

    async fn how_far_changes_were_followed_only_rises(database) {
        let store = open(&database).await;
        assert_eq!(store.followed_revision().await.unwrap(), None);
        for revision in [3, 9, 5] {
            put!(store, |tx| tx.note_followed(Revision(revision))).unwrap();
        }
        assert_eq!(store.followed_revision().await.unwrap(), Some(Revision(9)));
    }

    async fn a_message_is_known_again_by_its_natural_key(database) {
        let store = open(&database).await;
        let started = transaction(id(), "CP1", Some(1));
        let row = record(&started, "start|1|04A1|2027-01-15T08:00:00Z|0");
        put!(store, row, |tx| tx.insert_record(&row)).unwrap();
        assert_eq!(store.find_record(&row.station, &row.natural_key).await.unwrap(), Some(row.clone()));
        assert_eq!(store.find_record(&key("cp2"), &row.natural_key).await.unwrap(), None);
        assert_eq!(store.records_of(started.id).await.unwrap(), std::slice::from_ref(&row));
        let found = store.find_record_by_seq_no(started.id, 3).await.unwrap();
        assert_eq!(found, Some(row.clone()));
        assert_eq!(store.find_record_by_seq_no(started.id, 4).await.unwrap(), None);
        let renamed = store
            .write(HOLD, {
                let row = row.clone();
                move |tx| {
                    let row = row.clone();
                    Box::pin(async move {
                        tx.rename_record(&row.station, &row.natural_key, "old").await
                    })
                }
            })
            .await
            .unwrap();
        assert!(renamed);
        assert_eq!(store.find_record(&row.station, &row.natural_key).await.unwrap(), None);
    }

    async fn a_transaction_lives_from_start_to_stop(database) {
        let store = open(&database).await;
        let organisation = id();
        let mut row = transaction(organisation, "CP1", Some(17));
        put!(store, row, |tx| tx.insert_transaction(&row)).unwrap();
        assert_eq!(store.get_transaction(row.id).await.unwrap(), Some(row.clone()));
        assert_eq!(store.find_transaction_by_number(&row.station, 17).await.unwrap(), Some(row.clone()));
        assert_eq!(store.find_transaction_by_name(&row.station, "17").await.unwrap(), Some(row.clone()));
        assert_eq!(store.open_of_station(&row.station).await.unwrap(), [row.clone()]);
        assert_eq!(store.open_all().await.unwrap(), [row.clone()]);
        row.ended_at = Some(at(99));
        row.meter_stop_wh = Some(9_000);
        row.energy_wh = Some(9_005);
        row.stop_reason = Some("EVDisconnected".to_owned());
        row.late = true;
        assert!(put!(store, row, |tx| tx.update_transaction(&row)).unwrap());
        assert_eq!(store.get_transaction(row.id).await.unwrap(), Some(row.clone()));
        assert_eq!(store.open_of_station(&row.station).await.unwrap(), []);
        // A station that names its transactions alike again: the last one is meant.
        let mut again = transaction(organisation, "CP1", None);
        again.station_transaction_id = "17".to_owned();
        again.received_at = at(200);
        put!(store, again, |tx| tx.insert_transaction(&again)).unwrap();
        assert_eq!(store.find_transaction_by_name(&row.station, "17").await.unwrap(), Some(again));
    }

    async fn transactions_are_found_by_each_of_their_marks(database) {
        let store = open(&database).await;
        let organisation = id();
        let mut rows = Vec::new();
        for number in 0..25 {
            let mut row = transaction(organisation, &format!("CP{}", number % 5), Some(number));
            row.started_at = at(number);
            row.ended_at = (number % 2 == 0).then(|| at(number + 1));
            rows.push(row.clone());
            put!(store, row, |tx| tx.insert_transaction(&row)).unwrap();
        }
        let strange = transaction(id(), "CP9", Some(1));
        put!(store, strange, |tx| tx.insert_transaction(&strange)).unwrap();
        let find = async |filter: TransactionFilter| {
            let page = Page::first(100);
            store.list_transactions(organisation, &filter, &page).await.unwrap().items
        };
        let all = TransactionFilter::default;
        let newest_first: Vec<_> = rows.iter().rev().cloned().collect();
        assert_eq!(find(all()).await, newest_first);
        let third = [rows[3].clone()];
        assert_eq!(find(TransactionFilter { charger: rows[3].charger, ..all() }).await, third);
        assert_eq!(find(TransactionFilter { person: rows[3].person, ..all() }).await, third);
        let station = TransactionFilter { station: Some(key("cp3")), ..all() };
        assert_eq!(find(station).await.len(), 5);
        let window = TransactionFilter { from: Some(at(3)), until: Some(at(4)), ..all() };
        assert_eq!(find(window).await, third);
        assert_eq!(find(TransactionFilter { open: Some(true), ..all() }).await.len(), 12);
        assert_eq!(find(TransactionFilter { open: Some(false), ..all() }).await.len(), 13);

        let mut walked = Vec::new();
        let mut page = Page::first(4);
        loop {
            let piece = store.list_transactions(organisation, &all(), &page).await.unwrap();
            walked.extend(piece.items);
            let Some(next) = piece.next else { break };
            // As the API hands it out and gets it back.
            page = Page::new(4, Some(next.to_string().parse().unwrap()));
        }
        assert_eq!(walked, newest_first);
    }

    async fn a_sample_is_stored_once_however_often_it_is_sent(database) {
        let store = open(&database).await;
        let transaction: model::TransactionId = id();
        let samples: Vec<_> = (0..300)
            .map(|number| {
                let readable = (number != 7).then(|| at(number));
                (format!("{number}|L1"), sample(&format!("t{number}"), readable), Some(1))
            })
            .collect();
        let put = async |samples: Vec<(String, MeterSample, Option<u32>)>| {
            store
                .write(HOLD, move |tx| {
                    let samples = samples.clone();
                    Box::pin(async move {
                        tx.insert_samples(&key("cp1"), Some(transaction), &samples, at(1_000)).await
                    })
                })
                .await
                .unwrap()
        };
        assert_eq!(put(samples[..200].to_vec()).await, 200);
        assert_eq!(put(samples.clone()).await, 100);
        assert_eq!(put(samples.clone()).await, 0);
        assert_eq!(put(Vec::new()).await, 0);
        let mut walked = Vec::new();
        let mut page = Page::first(90);
        loop {
            let piece = store.list_samples(transaction, &page).await.unwrap();
            walked.extend(piece.items);
            let Some(next) = piece.next else { break };
            page = Page::new(90, Some(next));
        }
        assert_eq!(walked.len(), 300);
        // The one whose time cannot be read stands where it was received, and says so.
        assert_eq!(walked[299].sample, samples[7].1);
        assert_eq!(walked[8].sample, samples[9].1);
        assert_eq!((walked[8].evse, walked[8].received_at), (Some(1), at(1_000)));
    }

    async fn numbers_stay_positive_and_within_32_bits(database) {
        let store = open(&database).await;
        let next = async || put!(store, |tx| tx.next_number(Counter::TransactionNumber)).unwrap();
        assert_eq!((next().await, next().await), (1, 2));
        database
            .run("UPDATE counters SET value = 2147483646 WHERE name = 'transaction_number'")
            .await
            .unwrap();
        assert_eq!((next().await, next().await), (2_147_483_647, 1));
        assert_eq!(put!(store, |tx| tx.next_number(Counter::RemoteStartId)).unwrap(), 1);
    }

    async fn a_door_event_is_stored_once_and_an_old_state_undoes_nothing(database) {
        let store = open(&database).await;
        let door = id();
        let event = DoorEvent {
            event_id: "e-1".to_owned(),
            organisation: id(),
            lock: id(),
            door: Some(door),
            door_number: 1,
            at: EventTime { text: "yesterday".to_owned(), time: None },
            received_at: at(3),
            result: DoorResult::Granted,
            cause: Some("card".to_owned()),
            person: Some(id()),
            credential: None,
            token: Some("04…D4".to_owned()),
        };
        assert!(put!(store, event, |tx| tx.insert_door_event(&event)).unwrap());
        assert!(!put!(store, event, |tx| tx.insert_door_event(&event)).unwrap());
        let mut other = event.clone();
        other.lock = id();
        other.at = EventTime { text: "t".to_owned(), time: Some(at(9)) };
        assert!(put!(store, other, |tx| tx.insert_door_event(&other)).unwrap());
        let listed = store.list_door_events(door, &Page::first(10)).await.unwrap().items;
        assert_eq!(listed, [other, event]);

        let open = DoorStateRow { door, state: Some(DoorState::Open), problem: None, at: at(5) };
        let older = DoorStateRow { state: Some(DoorState::Closed), at: at(4), ..open.clone() };
        let fault = DoorStateRow {
            door,
            state: None,
            problem: Some("ReaderFailure".to_owned()),
            at: at(6),
        };
        assert!(put!(store, open, |tx| tx.put_door_state(&open)).unwrap());
        assert!(!put!(store, older, |tx| tx.put_door_state(&older)).unwrap());
        assert!(put!(store, fault, |tx| tx.put_door_state(&fault)).unwrap());
        let known = DoorStateRow { state: Some(DoorState::Open), ..fault };
        assert_eq!(store.get_door_state(door).await.unwrap(), Some(known.clone()));
        assert_eq!(store.door_states().await.unwrap(), [known]);
    }

    async fn a_remote_start_waits_for_one_transaction_and_not_too_long(database) {
        let store = open(&database).await;
        let station = key("cp1");
        for number in [1, 2, 3] {
            let row = remote_start(&station, number);
            put!(store, row, |tx| tx.insert_remote_start(&row)).unwrap();
        }
        let begun: model::TransactionId = id();
        assert!(put!(store, |tx| tx.close_remote_start(2, begun)).unwrap());
        assert!(!put!(store, |tx| tx.close_remote_start(2, id())).unwrap());
        assert!(put!(store, |tx| tx.delete_remote_start(3)).unwrap());
        assert!(!put!(store, |tx| tx.delete_remote_start(2)).unwrap());
        let waiting = async |now| {
            let rows = store.find_pending(&station, now).await.unwrap();
            rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(waiting(at(179)).await, [1]);
        assert_eq!(waiting(at(180)).await, [0; 0]);
        assert_eq!(store.all_pending(at(0)).await.unwrap().len(), 1);
        assert_eq!(store.get_remote_start(2).await.unwrap().unwrap().transaction, Some(begun));
    }

    async fn the_newest_reports_of_each_kind_are_kept(database) {
        let store = open(&database).await;
        let station = key("cp1");
        let organisation = id();
        let mut other = report(&station, organisation);
        other.kind = ReportKind::Inventory;
        put!(store, other, |tx| tx.insert_report(&other)).unwrap();
        for number in 0..503 {
            let mut row = report(&station, organisation);
            row.received_at = at(10 + number);
            put!(store, row, |tx| tx.insert_report(&row)).unwrap();
        }
        let page = Page::first(1000);
        let kept = store.list_reports(organisation, &station, None, &page).await.unwrap().items;
        assert_eq!(kept.len(), 501);
        let kind = Some(ReportKind::SecurityEvent);
        let kept = store.list_reports(organisation, &station, kind, &page).await.unwrap().items;
        let times = (kept.first().map(|row| row.received_at), kept.last().map(|row| row.received_at));
        assert_eq!((kept.len(), times), (500, (Some(at(512)), Some(at(13)))));
    }

    async fn reports_belong_to_the_tenant_the_station_had_then(database) {
        let store = open(&database).await;
        let station = key("cp1");
        let first = report(&station, id());
        let mut second = report(&station, first.organisation);
        second.kind = ReportKind::Inventory;
        second.received_at = at(6);
        let strange = report(&station, id());
        for row in [&first, &second, &strange] {
            put!(store, row, |tx| tx.insert_report(&row)).unwrap();
        }
        let page = Page::first(10);
        let list = async |kind| {
            store.list_reports(first.organisation, &station, kind, &page).await.unwrap().items
        };
        assert_eq!(list(None).await, [second.clone(), first.clone()]);
        assert_eq!(list(Some(ReportKind::Inventory)).await, [second]);
    }
}
