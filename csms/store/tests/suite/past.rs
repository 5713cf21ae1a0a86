//! What rows were at a revision of the past: read back from the change log.

use model::{
    AntiPassback, AuthorizationRequired, Change, ChargerAuthorization, ChargerOffline, Condition,
    CredentialKind, CredentialState, Days, DoorAccess, KindSet, Language, Limits, Member, Passage,
    PersonState, Revision, Slot, StopGroup, Strength, Subject, Suspension,
};
use store::{Forgotten, Store, image};

use crate::rules::{calendar, lockdown, membership, schedule, tag};
use crate::support::*;

/// Writes a row as it is to be, and its change with what it was.
async fn write(store: &Store, before: Option<Change>, after: Change) -> Revision {
    let ((), revision) = store
        .change(actor(), move |tx| {
            let (before, after) = (before.clone(), after.clone());
            Box::pin(async move {
                let is_new = before.is_none();
                match &after {
                    Change::Organisation(row) if is_new => tx.insert_organisation(row).await?,
                    Change::Installation(row) if is_new => tx.insert_installation(row).await?,
                    Change::Installation(row) => {
                        let _ = tx.update_installation(row).await?;
                    }
                    Change::Area(row) if is_new => tx.insert_area(row).await?,
                    Change::Area(row) => {
                        let _ = tx.update_area(row).await?;
                    }
                    Change::Charger(row) if is_new => tx.insert_charger(row).await?,
                    Change::Charger(row) => {
                        let _ = tx.update_charger(row).await?;
                    }
                    Change::Lock(row) if is_new => tx.insert_lock(row).await?,
                    Change::Door(row) if is_new => tx.insert_door(row).await?,
                    Change::Door(row) => {
                        let _ = tx.update_door(row).await?;
                    }
                    Change::Person(row) if is_new => tx.insert_person(row).await?,
                    Change::Person(row) => {
                        let _ = tx.update_person(row).await?;
                    }
                    Change::Credential(row) if is_new => tx.insert_credential(row).await?,
                    Change::Credential(row) => {
                        let _ = tx.update_credential(row).await?;
                    }
                    Change::Grant(row) if is_new => tx.insert_grant(row).await?,
                    Change::Grant(row) => {
                        let _ = tx.revoke_grant(row.id, row.revoked_at.unwrap()).await?;
                    }
                    Change::ApiKey(row) if is_new => tx.insert_api_key(row).await?,
                    Change::ApiKey(row) => {
                        let _ = tx.revoke_api_key(row.id, row.revoked_at.unwrap()).await?;
                    }
                    Change::Tag(row) if is_new => tx.insert_tag(row).await?,
                    Change::Membership(row) => tx.put_membership(row).await?,
                    Change::Schedule(row) if is_new => tx.insert_schedule(row).await?,
                    Change::Schedule(row) => {
                        let _ = tx.update_schedule(row).await?;
                    }
                    Change::Calendar(row) if is_new => tx.insert_calendar(row).await?,
                    Change::Calendar(row) => {
                        let _ = tx.update_calendar(row).await?;
                    }
                    Change::Emergency(row) if is_new => tx.insert_emergency(row).await?,
                    Change::Emergency(row) => {
                        let _ = tx.end_emergency(row.id, row.ended_at.unwrap()).await?;
                    }
                    other => panic!("{other:?} is not changed here"),
                }
                // As the use cases record it: what stands in a tag without what it was.
                let before = before.filter(|row| !matches!(row, Change::Membership(_)));
                tx.record(after, before.as_ref().map(image));
                Ok(())
            })
        })
        .await
        .unwrap();
    revision.unwrap()
}

/// A row of each kind with everything set that can be.
fn rows() -> Vec<Change> {
    let organisation = organisation();
    let of = organisation.id;
    let holidays = calendar(of);
    let mut hours = schedule(of);
    hours.calendar = Some(holidays.id);
    let mut site = installation(of);
    site.open_schedule = Some(hours.id);
    site.language = Some(Language::It);
    site.address = Some("Bahnhofstrasse 1".to_owned());
    let mut zone = area(&site);
    zone.anti_passback = AntiPassback::Timed(15);
    let mut point = charger(&site, "CP-past");
    point.parent = zone.id.into();
    point.offline_policy = ChargerOffline::Open;
    point.authorization_required = ChargerAuthorization::Open;
    let controller = lock(&site, "L-past");
    let mut entrance = door(&controller, 1);
    entrance.access = DoorAccess {
        minimum_strength: Some(Strength::Medium),
        unlock_schedule: Some(hours.id),
        passage: Some(Passage::Entry(zone.id)),
    };
    let mut tenant = person(of);
    tenant.suspension = Some(Suspension {
        from: at(5),
        until: Some(at(6)),
    });
    tenant.language = Some(Language::De);
    let mut card = credential(&tenant, CredentialKind::Rfid, "04A1B2C3D4");
    card.places = Some(vec![site.id.into()]);
    card.strength = Strength::Strong;
    let group = tag(of);
    let inside = membership(&group, &tenant);
    let spot = model::Membership {
        member: Member::Point(point.id.into()),
        ..inside
    };
    let mut right = grant(&tenant);
    right.subject = Subject::Tag(group.id);
    right.role = None;
    let kinds: KindSet = [CredentialKind::Rfid, CredentialKind::App]
        .into_iter()
        .collect();
    right.condition = Condition {
        schedule: Some(hours.id),
        kinds: Some(kinds),
        minimum_strength: Some(Strength::Medium),
        points: Some(group.id),
        limits: Some(Limits {
            uses: Some(3),
            minutes: None,
            wh: Some(u64::from(u32::MAX) * 9),
        }),
        credential: Some(card.id),
    };
    let key = api_key(&tenant);
    let alarm = lockdown(of);
    vec![
        Change::Organisation(organisation),
        Change::Calendar(holidays),
        Change::Schedule(hours),
        Change::Installation(site),
        Change::Area(zone),
        Change::Charger(point),
        Change::Lock(controller),
        Change::Door(entrance),
        Change::Person(tenant),
        Change::Credential(card),
        Change::Tag(group),
        Change::Membership(inside),
        Change::Membership(spot),
        Change::Grant(right),
        Change::ApiKey(key),
        Change::Emergency(alarm),
    ]
}

/// The same row with everything else than its id changed, or gone.
fn changed(row: &Change) -> Option<Change> {
    let mut row = row.clone();
    match &mut row {
        Change::Installation(row) => {
            row.authorization_required = AuthorizationRequired::Open;
            row.open_schedule = None;
            row.time_zone = "UTC".to_owned();
            row.language = None;
            row.concurrent_transactions = None;
        }
        Change::Area(row) => row.anti_passback = AntiPassback::Hard,
        Change::Charger(row) => {
            row.authorization_required = ChargerAuthorization::Required;
            row.evses.truncate(1);
        }
        Change::Door(row) => row.access = DoorAccess::default(),
        Change::Person(row) => {
            row.state = PersonState::Suspended;
            row.suspension = None;
            row.language = None;
            row.stop_group = StopGroup::new("FEDCBA9876543210");
        }
        Change::Credential(row) => {
            row.state = CredentialState::Lost;
            row.places = None;
            row.deleted_at = Some(at(50));
        }
        Change::Grant(row) => row.revoked_at = Some(at(50)),
        Change::ApiKey(row) => row.revoked_at = Some(at(50)),
        Change::Membership(row) => row.removed_at = Some(at(50)),
        Change::Schedule(row) => {
            row.calendar = None;
            row.slots = vec![Slot {
                days: Days::HOLIDAYS,
                from: 60,
                until: 120,
            }];
        }
        Change::Calendar(row) => row.dates.clear(),
        Change::Emergency(row) => row.ended_at = Some(at(50)),
        Change::Organisation(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Tag(_)
        | Change::Sharing(_)
        | Change::Webhook(_) => return None,
    }
    Some(row)
}

fn sorted(mut rows: Vec<Change>) -> Vec<String> {
    // The debug form hides values and hashes; those are compared where they matter.
    for row in &mut rows {
        if let Change::ApiKey(row) = row {
            row.hash.clear();
        }
    }
    let mut texts: Vec<String> = rows
        .iter()
        .map(|row| match row {
            Change::Person(row) => format!(
                "{row:?} {:?} {:?} {:?} {} {:?}",
                row.suspension,
                row.language,
                row.member_until,
                row.stop_group.as_str(),
                row.labels
            ),
            Change::Credential(row) => format!(
                "{row:?} {} {:?} {:?} {:?} {:?}",
                row.key, row.state, row.places, row.strength, row.valid_from
            ),
            other => format!("{other:?}"),
        })
        .collect();
    texts.sort();
    texts
}

on_both! {
    async fn what_was_is_read_back_after_everything_was_changed(database) {
        let store = open(&database).await;
        let rows = rows();
        let mut revision = Revision(0);
        let mut half = Vec::new();
        let mut half_way = Revision(0);
        for (index, row) in rows.iter().enumerate() {
            revision = write(&store, None, row.clone()).await;
            if index == 9 {
                half = rows[..=index].to_vec();
                half_way = revision;
            }
        }
        let Change::Organisation(organisation) = &rows[0] else { panic!() };
        let then = |revision| store.load_past(organisation.id, revision, at(-1_000));
        assert_eq!(sorted(then(revision).await.unwrap().rows), sorted(rows.clone()));

        let mut after = Vec::new();
        for row in &rows {
            match changed(row) {
                Some(other) => {
                    write(&store, Some(row.clone()), other.clone()).await;
                    after.push(other);
                }
                None => after.push(row.clone()),
            }
        }
        let past = then(revision).await.unwrap();
        assert_eq!(past.revision, revision);
        assert_eq!(past.unknown, []);
        assert_eq!(sorted(past.rows), sorted(rows.clone()));
        assert_eq!(sorted(then(half_way).await.unwrap().rows), sorted(half));
        assert_eq!(then(Revision(0)).await.unwrap().rows, []);
        let now = store.revision().await.unwrap();
        let live: Vec<Change> = after.into_iter().filter(|row| match row {
            Change::Credential(row) => row.deleted_at.is_none(),
            Change::Grant(row) => row.revoked_at.is_none(),
            Change::ApiKey(row) => row.revoked_at.is_none(),
            Change::Membership(row) => row.removed_at.is_none(),
            Change::Emergency(row) => row.ended_at.is_none(),
            _ => true,
        }).collect();
        assert_eq!(sorted(then(now).await.unwrap().rows), sorted(live));
        store.close().await;
    }

    async fn what_is_not_known_of_then_is_said(database) {
        let store = open(&database).await;
        let organisation = organisation();
        write(&store, None, Change::Organisation(organisation.clone())).await;
        let somebody = person(organisation.id);
        write(&store, None, Change::Person(somebody.clone())).await;
        let card = credential(&somebody, CredentialKind::Rfid, "04A1B2C3D4");
        let then = write(&store, None, Change::Credential(card.clone())).await;
        let mut moved = somebody.clone();
        moved.stop_group = StopGroup::new("FEDCBA9876543210");
        write(&store, Some(Change::Person(somebody.clone())), Change::Person(moved.clone())).await;
        let mut other = card.clone();
        other.value = "04FFFFFFFF".to_owned();
        other.key = "04FFFFFFFF".to_owned();
        write(&store, Some(Change::Credential(card.clone())), Change::Credential(other)).await;
        // As a database from before stop groups were kept.
        database.run("DELETE FROM stop_groups").await.unwrap();
        let past = store.load_past(organisation.id, then, at(-1_000)).await.unwrap();
        let mut unknown = past.unknown;
        unknown.sort_by_key(|it| matches!(it, Forgotten::Value(_)));
        assert_eq!(unknown, [Forgotten::StopGroup(somebody.id), Forgotten::Value(card.id)]);
        assert!(past.rows.iter().all(|row| !matches!(row, Change::Credential(_))));
        let group = past.rows.iter().find_map(|row| match row {
            Change::Person(row) => Some(row.stop_group.clone()),
            _ => None,
        });
        assert_eq!(group, Some(moved.stop_group));
        // The log no longer reaches back so far.
        database.run("DELETE FROM change_log WHERE revision <= 3").await.unwrap();
        let past = store.load_past(organisation.id, Revision(1), at(-1_000)).await.unwrap();
        assert!(past.unknown.contains(&Forgotten::Everything), "{:?}", past.unknown);
        store.close().await;
    }
}
