//! Tags, hours, conditions of grants, and what is taken of limits.

use model::{
    Calendar, Condition, CredentialKind, Days, DoorEvent, DoorMode, DoorResult, Emergency,
    EmergencyKind, EventTime, Labels, Limits, Member, Membership, OrganisationId, Passage, Person,
    Schedule, Slot, StationKind, Strength, Subject, Suspension, Tag, UseId, UsedUp,
};
use store::{
    DueMode, GrantTotal, LastPassage, Lasting, Page, ReleaseAsked, StopRequested, Store, Strictness,
};

use crate::support::*;

pub(crate) fn tag(organisation: OrganisationId) -> Tag {
    Tag {
        id: id(),
        organisation,
        labels: Labels::default(),
        smart: true,
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn membership(tag: &Tag, person: &Person) -> Membership {
    Membership {
        tag: tag.id,
        member: Member::Person(person.id),
        organisation: tag.organisation,
        created_at: at(0),
        removed_at: None,
    }
}

pub(crate) fn calendar(organisation: OrganisationId) -> Calendar {
    Calendar {
        id: id(),
        organisation,
        labels: Labels::default(),
        dates: vec!["2026-12-25".parse().unwrap()],
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn schedule(organisation: OrganisationId) -> Schedule {
    Schedule {
        id: id(),
        organisation,
        labels: Labels::default(),
        slots: vec![Slot {
            days: Days::WORKING,
            from: 0,
            until: 1440,
        }],
        calendar: None,
        created_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn lockdown(organisation: OrganisationId) -> Emergency {
    Emergency {
        id: id(),
        organisation,
        node: organisation.into(),
        kind: EmergencyKind::Lockdown,
        exempt: None,
        created_by: None,
        created_at: at(0),
        ended_at: None,
    }
}

on_both! {
    async fn tags_hours_and_emergencies_come_back(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let group = tag(world.organisation.id);
        let inside = membership(&group, &world.person);
        put!(store, group, |tx| tx.insert_tag(&group)).unwrap();
        put!(store, inside, |tx| tx.put_membership(&inside)).unwrap();
        assert_eq!(store.get_tag(group.id).await.unwrap(), Some(group.clone()));
        let members = store.list_members(group.id, &Page::first(10)).await.unwrap();
        assert_eq!(members.items, [inside]);
        let mut out = inside;
        out.removed_at = Some(at(1));
        put!(store, out, |tx| tx.put_membership(&out)).unwrap();
        assert_eq!(store.memberships_of(world.person.id.0).await.unwrap(), []);

        let mut days = calendar(world.organisation.id);
        put!(store, days, |tx| tx.insert_calendar(&days)).unwrap();
        days.dates.clear();
        assert!(put!(store, days, |tx| tx.update_calendar(&days)).unwrap());
        assert_eq!(store.get_calendar(days.id).await.unwrap(), Some(days.clone()));
        let mut hours = schedule(world.organisation.id);
        hours.calendar = Some(days.id);
        put!(store, hours, |tx| tx.insert_schedule(&hours)).unwrap();
        assert_eq!(store.schedules_with(days.id).await.unwrap(), [hours]);

        let closed = lockdown(world.organisation.id);
        put!(store, closed, |tx| tx.insert_emergency(&closed)).unwrap();
        assert_eq!(store.emergencies_of(closed.organisation).await.unwrap(), std::slice::from_ref(&closed));
        assert!(put!(store, closed, |tx| tx.end_emergency(closed.id, at(1))).unwrap());
        assert!(!put!(store, closed, |tx| tx.end_emergency(closed.id, at(2))).unwrap());
        assert_eq!(store.emergencies_of(closed.organisation).await.unwrap(), []);
    }

    async fn grants_come_back_with_their_conditions(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let group = tag(world.organisation.id);
        let hours = schedule(world.organisation.id);
        put!(store, group, |tx| tx.insert_tag(&group)).unwrap();
        put!(store, hours, |tx| tx.insert_schedule(&hours)).unwrap();
        let partner = self::world(&store).await.organisation.id;
        for subject in [
            Subject::Person(world.person.id),
            Subject::Tag(group.id),
            Subject::Partner(partner),
        ] {
            let mut right = grant(&world.person);
            right.subject = subject;
            right.condition = Condition {
                schedule: Some(hours.id),
                kinds: Some([CredentialKind::Key, CredentialKind::OneTime].into_iter().collect()),
                minimum_strength: Some(Strength::Medium),
                points: Some(group.id),
                limits: Some(Limits { uses: Some(1), minutes: None, wh: Some(5) }),
                credential: Some(id()),
            };
            put!(store, right, |tx| tx.insert_grant(&right)).unwrap();
            assert_eq!(store.get_grant(right.id).await.unwrap(), Some(right));
        }
        assert_eq!(store.grants_with_tag(group.id).await.unwrap().len(), 3);
        assert_eq!(store.grants_with_schedule(hours.id).await.unwrap().len(), 3);
    }

    async fn suspensions_and_strength_come_back(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let suspension = Some(Suspension { from: at(1), until: Some(at(2)) });
        let mut person = world.person.clone();
        person.suspension = suspension;
        assert!(put!(store, person, |tx| tx.update_person(&person)).unwrap());
        assert_eq!(store.get_person(person.id).await.unwrap(), Some(person.clone()));
        let mut card = credential(&person, CredentialKind::Rfid, "04D4E5F6");
        card.suspension = suspension;
        card.strength = Strength::Strong;
        card.places = Some(vec![world.installation.id.into()]);
        put!(store, card, |tx| tx.insert_credential(&card)).unwrap();
        assert_eq!(store.get_credential(card.id).await.unwrap(), Some(card));
    }

    async fn a_use_is_taken_once_and_never_more_than_there_is(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let right = grant(&world.person);
        let limits = Limits { uses: Some(2), ..Limits::default() };
        let of = |number: u128| UseId(uuid::Uuid::from_u128(number));
        for (number, taken) in [(1, true), (1, true), (2, true), (3, false), (2, true), (3, false)] {
            let receipt = take(&store, &right, of(number), limits, Strictness::Within).await;
            assert_eq!(receipt, taken, "use {number}");
        }
        // The same use of another grant is no retry.
        let other = grant(&world.person);
        assert!(!take(&store, &other, of(1), limits, Strictness::Within).await);
        // What was given back is there again; what has happened is taken whatever is left.
        assert!(put!(store, |tx| tx.give_back_use(UseId(uuid::Uuid::from_u128(2)))).unwrap());
        assert!(take(&store, &right, of(3), limits, Strictness::Within).await);
        assert!(take(&store, &right, of(4), limits, Strictness::Overdraw).await);
        let total = store.get_total(right.id, world.person.id).await.unwrap().unwrap();
        assert_eq!(total.uses, 3);
    }

    async fn what_is_measured_is_taken_by_one_at_a_time(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let right = grant(&world.person);
        let limits = Limits { wh: Some(10_000), ..Limits::default() };
        let of = |number: u128| UseId(uuid::Uuid::from_u128(number));
        assert!(take(&store, &right, of(1), limits, Strictness::Within).await);
        assert!(!take(&store, &right, of(2), limits, Strictness::Within).await);
        assert_eq!(store.running_uses().await.unwrap().len(), 1);
        assert!(put!(store, |tx| tx.settle_use(UseId(uuid::Uuid::from_u128(1)), 7, 9_999, at(1))).unwrap());
        assert!(!put!(store, |tx| tx.settle_use(UseId(uuid::Uuid::from_u128(1)), 7, 9_999, at(1))).unwrap());
        assert!(take(&store, &right, of(2), limits, Strictness::Within).await);
        assert!(put!(store, |tx| tx.settle_use(UseId(uuid::Uuid::from_u128(2)), 1, 1, at(2))).unwrap());
        assert!(!take(&store, &right, of(3), limits, Strictness::Within).await);
        let expected = GrantTotal {
            grant: right.id,
            person: world.person.id,
            uses: 2,
            minutes: 8,
            wh: 10_000,
            running: 0,
        };
        assert_eq!(store.all_totals().await.unwrap(), [expected]);
    }

    async fn of_many_at_once_as_many_get_a_use_as_there_are(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let right = grant(&world.person);
        let limits = Limits { uses: Some(3), ..Limits::default() };
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..50 {
            let (store, right) = (store.clone(), right.clone());
            asking.spawn(async move {
                let of = UseId(uuid::Uuid::from_u128(number));
                take(&store, &right, of, limits, Strictness::Within).await
            });
        }
        let taken = asking.join_all().await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 3);
    }

    async fn modes_of_doors_are_due_until_their_lock_confirms_them(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let front = door(&world.lock, 1);
        put!(store, front, |tx| tx.insert_door(&front)).unwrap();
        let mut station = station_of(&world.charger);
        station.id = world.lock.station.clone();
        station.key = station.id.key();
        station.kind = StationKind::Lock(world.lock.id);
        put!(store, station, |tx| tx.insert_station(&station)).unwrap();
        let due = async || store.due_modes_at(&station.key).await.unwrap();
        assert_eq!(store.get_door_mode(front.id).await.unwrap(), None);
        let lockdown = DoorMode::Lockdown;
        assert!(put!(store, |tx| tx.request_mode(front.id, lockdown, at(1))).unwrap());
        assert!(!put!(store, |tx| tx.request_mode(front.id, lockdown, at(2))).unwrap());
        let expected = DueMode {
            door: front.id,
            number: 1,
            station: station.key.clone(),
            mode: lockdown,
        };
        assert_eq!(due().await, std::slice::from_ref(&expected));
        assert!(store.due_modes().await.unwrap().contains(&expected));
        // What is asked for no longer is not confirmed.
        assert!(!put!(store, |tx| tx.confirm_mode(front.id, DoorMode::Evacuation, at(3))).unwrap());
        assert!(put!(store, |tx| tx.confirm_mode(front.id, lockdown, at(3))).unwrap());
        assert_eq!(due().await, []);
        let row = store.get_door_mode(front.id).await.unwrap().unwrap();
        assert_eq!((row.requested_at, row.confirmed_at), (at(1), Some(at(3))));
        // A lock that came back may have forgotten what is in force, and nothing else.
        let key = station.key.clone();
        put!(store, key, |tx| tx.doubt_modes(&key)).unwrap();
        assert_eq!(due().await, [expected]);
        assert!(put!(store, |tx| tx.request_mode(front.id, DoorMode::Normal, at(4))).unwrap());
        assert!(put!(store, |tx| tx.confirm_mode(front.id, DoorMode::Normal, at(5))).unwrap());
        let key = station.key.clone();
        put!(store, key, |tx| tx.doubt_modes(&key)).unwrap();
        assert_eq!(due().await, []);
    }

    async fn who_asked_for_a_release_and_why_a_charge_stops_come_back(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let closed = lockdown(world.organisation.id);
        put!(store, closed, |tx| tx.insert_emergency(&closed)).unwrap();
        assert_eq!(store.get_release(closed.id).await.unwrap(), None);
        let asked = ReleaseAsked { by: world.person.id, at: at(7) };
        assert!(put!(store, |tx| tx.ask_release(closed.id, Some(asked))).unwrap());
        assert_eq!(store.get_release(closed.id).await.unwrap(), Some(asked));
        assert!(put!(store, |tx| tx.ask_release(closed.id, None)).unwrap());
        assert_eq!(store.get_release(closed.id).await.unwrap(), None);

        let charge: model::TransactionId = id();
        assert!(put!(store, |tx| tx.note_stop(charge, UsedUp::Wh, at(1))).unwrap());
        assert!(!put!(store, |tx| tx.note_stop(charge, UsedUp::Minutes, at(2))).unwrap());
        let stop = StopRequested { used_up: UsedUp::Wh, at: at(1) };
        assert_eq!(store.get_stop(charge).await.unwrap(), Some(stop));
    }

    async fn last_passages_are_those_by_doors_of_zones(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut entry = door(&world.lock, 1);
        entry.access.passage = Some(Passage::Entry(id()));
        let plain = door(&world.lock, 2);
        for row in [entry.clone(), plain.clone()] {
            put!(store, row, |tx| tx.insert_door(&row)).unwrap();
        }
        for (number, at_door, result, happened) in [
            (1, &entry, DoorResult::Granted, 5),
            (2, &entry, DoorResult::Granted, 3),
            // A clock that is ahead says no more than when it was heard of.
            (3, &entry, DoorResult::Exit, 900),
            (4, &entry, DoorResult::Refused, 6),
            (5, &plain, DoorResult::Granted, 6),
        ] {
            let event = DoorEvent {
                event_id: format!("e-{number}"),
                organisation: world.organisation.id,
                lock: world.lock.id,
                door: Some(at_door.id),
                door_number: at_door.number,
                at: EventTime { text: happened.to_string(), time: Some(at(happened)) },
                received_at: at(50),
                result,
                cause: None,
                person: Some(world.person.id),
                credential: None,
                token: None,
            };
            put!(store, event, |tx| tx.insert_door_event(&event)).unwrap();
        }
        let mut passages = store.last_passages().await.unwrap();
        passages.retain(|last| last.person == world.person.id);
        passages.sort_by_key(|last| last.at);
        let expected = |result, second| LastPassage {
            person: world.person.id,
            door: entry.id,
            result,
            at: at(second),
        };
        assert_eq!(
            passages,
            [expected(DoorResult::Granted, 5), expected(DoorResult::Exit, 50)]
        );
        // All of them were told at 50.
        let mut known = store.passages_by(entry.id, at(50)).await.unwrap();
        known.sort_by_key(|last| last.at);
        assert_eq!(known, passages);
        assert_eq!(store.passages_by(entry.id, at(49)).await.unwrap(), []);
    }
}

/// Whether a use was taken.
async fn take(
    store: &Store,
    right: &model::Grant,
    of: UseId,
    limits: Limits,
    strictness: Strictness,
) -> bool {
    let Subject::Person(person) = right.subject else {
        panic!("a person's");
    };
    let grant = right.id;
    let receipt = put!(store, |tx| tx.take_use(
        of,
        grant,
        person,
        limits,
        Lasting::Transaction,
        strictness,
        at(0),
    ));
    receipt.unwrap().is_some()
}
