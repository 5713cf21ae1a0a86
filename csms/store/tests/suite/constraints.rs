//! Every rule of the tables is met and named alike on both databases.

use std::collections::BTreeSet;

use model::{CredentialKind, Session, StationKind};
use store::{Constraint, Counter, IdempotencyRecord, Store, StoreError, Tx};

use crate::support::*;

/// Runs a job that must be refused, and notes for what.
async fn refused<F>(store: &Store, met: &mut BTreeSet<&'static str>, constraint: Constraint, job: F)
where
    F: for<'t> Fn(&'t mut Tx) -> store::BoxFuture<'t, Result<(), StoreError>>
        + Send
        + Sync
        + 'static,
{
    let result = store.write(HOLD, job).await;
    let error = result.expect_err(constraint.name());
    assert_eq!(error.conflict(), Some(constraint), "{error:?}");
    met.insert(constraint.name());
}

/// `refused!(Constraint, row, insert)`: inserting the row is refused.
macro_rules! refused {
    ($store:expr, $met:expr, $constraint:ident, $($row:expr => $insert:ident),+) => {
        refused($store, $met, Constraint::$constraint, {
            let rows = ($($row.clone(),)+);
            move |tx| {
                let rows = rows.clone();
                Box::pin(async move { refused!(@each tx rows $($insert)+) })
            }
        })
        .await
    };
    (@each $tx:ident $rows:ident $a:ident) => {{
        $tx.$a(&$rows.0).await.map(drop)
    }};
    (@each $tx:ident $rows:ident $a:ident $b:ident) => {{
        $tx.$a(&$rows.0).await?;
        $tx.$b(&$rows.1).await.map(drop)
    }};
}

on_both! {
    async fn unique_check_and_foreign_keys_are_named(database) {
        let store = open(&database).await;
        let mut met = BTreeSet::new();
        people(&store, &mut met).await;
        rules(&store, &mut met).await;
        sharing(&store, &mut met).await;
        tree(&store, &mut met).await;
        stations(&store, &mut met).await;
        facts(&store, &mut met).await;

        // Not reached by an insert of ours: the composite keys stand behind the ids, half a
        // password and a station of two kinds have no form in the model, and the rest is written
        // with ON CONFLICT or numbered by the writer.
        let behind = [
            Constraint::PersonOrganisationId,
            Constraint::InstallationOrganisationId,
            Constraint::LockOrganisationId,
            Constraint::TagOrganisationId,
            Constraint::ScheduleOrganisationId,
            Constraint::CalendarOrganisationId,
            Constraint::MemberKey,
            Constraint::GrantOneSubject,
            Constraint::GrantUse,
            Constraint::GrantTotal,
            Constraint::EvseCharger,
            Constraint::InvitationAcceptance,
            Constraint::PartnerProfileKey,
            Constraint::PartnershipConfirmation,
            Constraint::PartnershipEnd,
            Constraint::PartnerLinkUse,
            Constraint::StationOneKind,
            Constraint::CacheDebtStation,
            Constraint::StationQuirkKey,
            Constraint::StationQuirkExample,
            Constraint::StationFindingKey,
            Constraint::StationConfigurationKey,
            Constraint::StationWholePassword,
            Constraint::StationRecordKey,
            Constraint::ConnectorStateKey,
            Constraint::RefusedIdentity,
            Constraint::MeterSample,
            Constraint::DoorStateId,
            Constraint::DoorModeId,
            Constraint::TransactionStopId,
            Constraint::DoorEventId,
            Constraint::DecisionId,
            Constraint::AuditSegmentNumber,
            Constraint::AuditRegisterName,
            Constraint::Pseudonym,
            Constraint::PseudonymTarget,
            Constraint::Revision,
            Constraint::CounterName,
            Constraint::UnknownCardId,
            Constraint::UnknownCardPlace,
            Constraint::ReaderProposalKey,
            Constraint::WebhookKey,
            Constraint::ShadowAnswerId,
            Constraint::StopGroupRevision,
        ];
        for constraint in Constraint::ALL {
            assert_eq!(
                met.contains(constraint.name()),
                !behind.contains(constraint),
                "{constraint:?}"
            );
        }
    }
}

async fn people(store: &Store, met: &mut BTreeSet<&'static str>) {
    let world = world(store).await;
    let person = &world.person;
    refused!(store, met, OrganisationId, world.organisation => insert_organisation);

    let row = account();
    let mut same_mail = account();
    same_mail.email.clone_from(&row.email);
    // Where a row breaks two rules, each database names another: one rule at a time.
    let mut same_id = account();
    same_id.id = row.id;
    refused!(store, met, AccountId, row => insert_account, same_id => insert_account);
    refused!(store, met, AccountEmail, row => insert_account, same_mail => insert_account);
    let mut long = account();
    long.email = "x".repeat(321);
    refused!(store, met, AccountEmailLength, long => insert_account);

    let session = Session {
        id: id(),
        account: row.id,
        token_hash: vec![1; 32],
        created_at: at(0),
        expires_at: at(1),
    };
    refused!(store, met, SessionAccount, session => insert_session);
    put!(store, row, |tx| tx.insert_account(&row)).unwrap();
    let mut same_id = session.clone();
    same_id.token_hash = vec![2; 32];
    refused!(store, met, SessionId, session => insert_session, same_id => insert_session);
    let mut same_token = session.clone();
    same_token.id = id();
    refused!(store, met, SessionToken, session => insert_session, same_token => insert_session);

    refused!(store, met, PersonId, person => insert_person);
    refused!(store, met, PersonOrganisation, self::person(id()) => insert_person);
    let mut unknown_account = self::person(world.organisation.id);
    unknown_account.account = Some(id());
    refused!(store, met, PersonAccount, unknown_account => insert_person);
    unknown_account.id = person.id;
    refused!(store, met, PersonAccount, unknown_account => update_person);

    let card = credential(person, CredentialKind::Rfid, "04:A1:B2:C3");
    let mut same_id = credential(person, CredentialKind::Rfid, "04D4");
    same_id.id = card.id;
    refused!(store, met, CredentialId, card => insert_credential, same_id => insert_credential);
    let mut same_key = credential(person, CredentialKind::Emaid, "x");
    same_key.key.clone_from(&card.key);
    refused!(store, met, CredentialKey, card => insert_credential, same_key => insert_credential);
    let app = credential(person, CredentialKind::App, "FE01");
    let second = credential(person, CredentialKind::App, "FE02");
    refused!(store, met, OneAppCredential, app => insert_credential, second => insert_credential);
    let mut nobodys = card.clone();
    nobodys.person = id();
    refused!(store, met, CredentialPerson, nobodys => insert_credential);
    // A person of another tenant is nobody here.
    let mut strangers = card.clone();
    strangers.person = self::world(store).await.person.id;
    refused!(store, met, CredentialPerson, strangers => insert_credential);
    let mut empty = card.clone();
    empty.key = String::new();
    refused!(store, met, CredentialKeyLength, empty => insert_credential);
    empty.key = "x".repeat(256);
    refused!(store, met, CredentialKeyLength, empty => insert_credential);
    let mut backwards = card.clone();
    backwards.valid_until = Some(at(-1));
    refused!(store, met, CredentialValidity, backwards => insert_credential);

    let right = grant(person);
    refused!(store, met, GrantId, right => insert_grant, right => insert_grant);
    let mut backwards = right.clone();
    backwards.valid_until = Some(at(-1));
    refused!(store, met, GrantValidity, backwards => insert_grant);
    let mut nobodys = right.clone();
    nobodys.subject = model::Subject::Person(id());
    refused!(store, met, GrantPerson, nobodys => insert_grant);

    let window = crate::cards::enrolment(person);
    let mut same_id = crate::cards::enrolment(person);
    same_id.id = window.id;
    refused!(store, met, EnrolmentId, window => insert_enrolment, same_id => insert_enrolment);
    let mut same_point = crate::cards::enrolment(person);
    same_point.node = window.node;
    refused!(store, met, EnrolmentOpen, window => insert_enrolment, same_point => insert_enrolment);
    let mut nobodys = window.clone();
    nobodys.person = id();
    refused!(store, met, EnrolmentPerson, nobodys => insert_enrolment);

    let key = api_key(person);
    let mut same_id = key.clone();
    same_id.prefix = "kw_other".to_owned();
    refused!(store, met, ApiKeyId, key => insert_api_key, same_id => insert_api_key);
    let mut same_prefix = key.clone();
    same_prefix.id = id();
    refused!(store, met, ApiKeyPrefix, key => insert_api_key, same_prefix => insert_api_key);
    let mut nobodys = key.clone();
    nobodys.person = id();
    refused!(store, met, ApiKeyPerson, nobodys => insert_api_key);
}

async fn rules(store: &Store, met: &mut BTreeSet<&'static str>) {
    let world = world(store).await;
    let tag = crate::rules::tag(world.organisation.id);
    refused!(store, met, TagId, tag => insert_tag, tag => insert_tag);
    refused!(store, met, TagOrganisation, crate::rules::tag(id()) => insert_tag);
    let inside = crate::rules::membership(&tag, &world.person);
    refused!(store, met, MemberTag, inside => put_membership);

    let days = crate::rules::calendar(world.organisation.id);
    refused!(store, met, CalendarId, days => insert_calendar, days => insert_calendar);
    refused!(store, met, CalendarOrganisation, crate::rules::calendar(id()) => insert_calendar);
    let hours = crate::rules::schedule(world.organisation.id);
    refused!(store, met, ScheduleId, hours => insert_schedule, hours => insert_schedule);
    refused!(store, met, ScheduleOrganisation, crate::rules::schedule(id()) => insert_schedule);
    let mut without_days = hours.clone();
    without_days.calendar = Some(model::CalendarId(id()));
    refused!(store, met, ScheduleCalendar, without_days => insert_schedule);

    let lockdown = crate::rules::lockdown(world.organisation.id);
    refused!(store, met, EmergencyId, lockdown => insert_emergency, lockdown => insert_emergency);
    refused!(store, met, EmergencyOrganisation, crate::rules::lockdown(id()) => insert_emergency);
    let mut but_for_some = lockdown.clone();
    but_for_some.exempt = Some(model::TagId(id()));
    refused!(store, met, EmergencyExempt, but_for_some => insert_emergency);

    let right = grant(&world.person);
    let mut nobodys = right.clone();
    nobodys.subject = model::Subject::Tag(model::TagId(id()));
    refused!(store, met, GrantTag, nobodys => insert_grant);
    nobodys.subject = model::Subject::Partner(id());
    refused!(store, met, GrantPartner, nobodys => insert_grant);
    let mut at_no_hours = right.clone();
    at_no_hours.condition.schedule = Some(model::ScheduleId(id()));
    refused!(store, met, GrantSchedule, at_no_hours => insert_grant);
    let mut nowhere = right.clone();
    nowhere.condition.points = Some(model::TagId(id()));
    refused!(store, met, GrantPoints, nowhere => insert_grant);
}

async fn sharing(store: &Store, met: &mut BTreeSet<&'static str>) {
    let world = world(store).await;
    let person = &world.person;
    let offer = crate::sharing::invitation(person);
    let mut other = crate::sharing::invitation(person);
    other.id = offer.id;
    refused!(store, met, InvitationId, offer => insert_invitation, other => insert_invitation);
    other = crate::sharing::invitation(person);
    other.token_hash.clone_from(&offer.token_hash);
    refused!(store, met, InvitationToken, offer => insert_invitation, other => insert_invitation);
    other.organisation = id();
    refused!(store, met, InvitationOrganisation, other => insert_invitation);
    let mut both = crate::sharing::invitation(person);
    both.revoked_at = Some(at(1));
    both.accepted = Some(model::Accepted {
        at: at(1),
        person: person.id,
        grant: id(),
    });
    refused!(store, met, InvitationOneEnd, both => insert_invitation);

    let second = model::Person {
        id: id(),
        account: None,
        ..person.clone()
    };
    put!(store, second, |tx| tx.insert_person(&second)).unwrap();
    let offer = crate::sharing::handover(person, &second);
    refused!(store, met, HandoverId, offer => insert_handover, offer => insert_handover);
    let nobody = model::Person {
        id: id(),
        ..second.clone()
    };
    refused!(store, met, HandoverFrom, crate::sharing::handover(&nobody, person) => insert_handover);
    refused!(store, met, HandoverTo, crate::sharing::handover(person, &nobody) => insert_handover);
    refused!(store, met, HandoverTwoPeople, crate::sharing::handover(person, person) => insert_handover);
    let mut both = crate::sharing::handover(person, &second);
    (both.accepted_at, both.ended_at) = (Some(at(1)), Some(at(1)));
    refused!(store, met, HandoverOneEnd, both => insert_handover);

    let elsewhere = self::world(store).await.organisation.id;
    let mine = crate::sharing::profile(world.organisation.id, "ABCD");
    let theirs = crate::sharing::profile(elsewhere, "ABCD");
    refused!(store, met, LookupKey, mine => put_partner_profile, theirs => put_partner_profile);
    refused!(store, met, PartnerProfileOrganisation, crate::sharing::profile(id(), "ABCE") => put_partner_profile);
    let mut half = mine.clone();
    half.verified_at = Some(at(1));
    refused!(store, met, PartnerProfileVerification, half => put_partner_profile);

    let row = crate::sharing::partnership(person, elsewhere);
    let mut same_id = crate::sharing::partnership(person, self::world(store).await.organisation.id);
    same_id.id = row.id;
    refused!(store, met, PartnershipId, row => insert_partnership, same_id => insert_partnership);
    let same_two = crate::sharing::partnership(person, elsewhere);
    refused!(store, met, PartnershipLive, row => insert_partnership, same_two => insert_partnership);
    let mut nobodys = crate::sharing::partnership(person, elsewhere);
    nobodys.organisation = id();
    refused!(store, met, PartnershipOrganisation, nobodys => insert_partnership);
    refused!(store, met, PartnershipPartner, crate::sharing::partnership(person, id()) => insert_partnership);
    refused!(store, met, PartnershipTwoSides, crate::sharing::partnership(person, person.organisation) => insert_partnership);

    let row = crate::sharing::link(person);
    let mut other = crate::sharing::link(person);
    other.id = row.id;
    refused!(store, met, PartnerLinkId, row => insert_partner_link, other => insert_partner_link);
    other = crate::sharing::link(person);
    other.token_hash.clone_from(&row.token_hash);
    refused!(store, met, PartnerLinkToken, row => insert_partner_link, other => insert_partner_link);
    other.partner = id();
    refused!(store, met, PartnerLinkPartner, other => insert_partner_link);
    let mut both = crate::sharing::link(person);
    both.revoked_at = Some(at(1));
    both.used = Some((at(1), id()));
    refused!(store, met, PartnerLinkOneEnd, both => insert_partner_link);
}

async fn tree(store: &Store, met: &mut BTreeSet<&'static str>) {
    let world = world(store).await;
    let site = &world.installation;
    let mut elsewhere = installation(world.organisation.id);
    refused!(store, met, InstallationId, site => insert_installation);
    refused!(store, met, InstallationOrganisation, installation(id()) => insert_installation);
    refused!(store, met, WebhookInstallation, crate::webhooks::webhook(&elsewhere) => put_webhook);
    let news = crate::webhooks::delivery(site.id);
    refused!(store, met, DeliveryId, news => insert_delivery, news => insert_delivery);
    let floor = area(site);
    refused!(store, met, AreaId, floor => insert_area, floor => insert_area);
    refused!(store, met, AreaInstallation, area(&elsewhere) => insert_area);
    // A site of another tenant is none here.
    elsewhere = self::world(store).await.installation;
    elsewhere.organisation = world.organisation.id;
    refused!(store, met, AreaInstallation, area(&elsewhere) => insert_area);

    let post = charger(site, "post");
    refused!(store, met, ChargerId, post => insert_charger, post => insert_charger);
    refused!(store, met, ChargerInstallation, charger(&elsewhere, "post") => insert_charger);
    let mut moved = world.charger.clone();
    moved.installation = elsewhere.id;
    refused!(store, met, ChargerInstallation, moved => update_charger);
    let mut twice = post.clone();
    twice.evses = vec![evse(1), evse(1)];
    refused!(store, met, EvseNumber, twice => insert_charger);
    twice.evses = vec![evse(0)];
    refused!(store, met, EvseFromOne, twice => insert_charger);
    twice.evses = vec![world.charger.evses[0].clone()];
    refused!(store, met, EvseId, twice => insert_charger);

    let lock = &world.lock;
    refused!(store, met, LockId, lock => insert_lock);
    refused!(store, met, LockInstallation, self::lock(&elsewhere, "l") => insert_lock);
    let entrance = door(lock, 1);
    let mut same_id = door(lock, 2);
    same_id.id = entrance.id;
    refused!(store, met, DoorId, entrance => insert_door, same_id => insert_door);
    refused!(store, met, DoorNumber, entrance => insert_door, door(lock, 1) => insert_door);
    refused!(store, met, DoorFromOne, door(lock, 0) => insert_door);
    let mut wrong = entrance.clone();
    wrong.open_seconds = 3_601;
    refused!(store, met, DoorOpenSeconds, wrong => insert_door);
    wrong = entrance.clone();
    wrong.lock = id();
    refused!(store, met, DoorLock, wrong => insert_door);
    wrong = entrance.clone();
    wrong.installation = elsewhere.id;
    refused!(store, met, DoorInstallation, wrong => insert_door);
}

async fn stations(store: &Store, met: &mut BTreeSet<&'static str>) {
    let world = world(store).await;
    let station = station_of(&world.charger);
    let mut of_lock = station.clone();
    of_lock.kind = StationKind::Lock(world.lock.id);
    refused!(store, met, StationTaken, station => insert_station, of_lock => insert_station);
    let mut other = station.clone();
    other.key = model::StationId::new("another").unwrap().key();
    refused!(store, met, StationOfCharger, station => insert_station, other => insert_station);
    let mut other = of_lock.clone();
    other.key = model::StationId::new("another").unwrap().key();
    refused!(store, met, StationOfLock, of_lock => insert_station, other => insert_station);
    other.kind = StationKind::Lock(id());
    refused!(store, met, StationLock, other => insert_station);
    other.kind = StationKind::Charger(id());
    refused!(store, met, StationCharger, other => insert_station);
    other = station.clone();
    other.installation = id();
    refused!(store, met, StationInstallation, other => insert_station);
    put!(store, station, |tx| tx.insert_station(&station)).unwrap();
    let elsewhere = self::world(store).await.installation.id;
    refused(store, met, Constraint::StationInstallation, move |tx| {
        let key = station.key.clone();
        Box::pin(async move { tx.move_station(&key, elsewhere).await.map(drop) })
    })
    .await;
}

async fn facts(store: &Store, met: &mut BTreeSet<&'static str>) {
    let started = transaction(id(), "cp1", Some(4));
    let mut same_id = transaction(id(), "cp1", Some(5));
    same_id.id = started.id;
    refused!(store, met, TransactionId, started => insert_transaction, same_id => insert_transaction);
    let same_number = transaction(id(), "cp1", Some(4));
    refused!(store, met, TransactionNumber, started => insert_transaction, same_number => insert_transaction);
    let message = crate::facts::record(&started, "start|1");
    refused!(store, met, TransactionRecord, message => insert_record, message => insert_record);
    let report = crate::facts::report(&started.station, started.organisation);
    refused!(store, met, ReportId, report => insert_report, report => insert_report);
    let pending = crate::facts::remote_start(&started.station, 4);
    refused!(store, met, RemoteStartId, pending => insert_remote_start, pending => insert_remote_start);
    let answer = IdempotencyRecord {
        principal: "p".to_owned(),
        key: "k".to_owned(),
        body_hash: vec![1],
        status: 201,
        body: "{}".to_owned(),
        created_at: at(0),
    };
    refused(store, met, Constraint::IdempotencyKey, move |tx| {
        let answer = answer.clone();
        Box::pin(async move {
            tx.next_number(Counter::RemoteStartId).await?;
            tx.put_idempotency(&answer, at(-10)).await?;
            tx.put_idempotency(&answer, at(-10)).await
        })
    })
    .await;
}
