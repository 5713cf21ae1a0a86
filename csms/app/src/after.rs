//! What follows from a change of access at stations: caches are cleared, charges whose right has
//! ended are stopped where the installation says so. The change itself never waits for it.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use authz::{Directory, NodeDetail, NodeEntry};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use model::command::StationCommand;
use model::{
    AuthorizationRequired, Change, ChargerId, Committed, CredentialState, DoorId, Effect, Member,
    NodeId, OrganisationId, PersonId, PersonState, StationKey, Subject, TagId,
};
use tokio::sync::broadcast::error::RecvError;

use crate::App;
use crate::cache_debts::ASK_AGAIN;
use crate::flag_edges::Edges;
use crate::link::Disconnect;

/// A door may be opened from elsewhere that often a minute.
const OPENINGS_A_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Limits how often a door is opened from elsewhere.
pub(crate) struct DoorOpenings(DefaultKeyedRateLimiter<DoorId>);

impl Default for DoorOpenings {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(OPENINGS_A_MINUTE)))
    }
}

impl DoorOpenings {
    /// Whether it may be opened once more; else in how many seconds.
    pub(crate) fn check(&self, door: DoorId) -> Result<(), u64> {
        self.0.check_key(&door).map_err(|not_until| {
            not_until
                .wait_time_from(DefaultClock::default().now())
                .as_secs()
                .max(1)
        })
    }
}

/// Who may remember a right that is no longer.
enum Concerned {
    /// Every charger below these nodes.
    Below(NodeId),
    /// Every charger of the organisation, for what this person holds.
    Of(PersonId),
    /// Every charger on which this tag was granted something, for everybody in it.
    GrantedTo(TagId),
    /// Every charger of the organisation.
    Everywhere(OrganisationId),
}

impl App {
    /// Follows the changes for as long as the process lives.
    pub(crate) fn follow_changes(self: &Arc<Self>) {
        let mut changes = self.live.changes();
        let mut flags = flags_of(&self.live.directory(), self.clock.now());
        let app = Arc::downgrade(self);
        let stop = self.stopping();
        self.tasks.spawn(async move {
            let mut again = tokio::time::interval(ASK_AGAIN);
            let mut edges = match app.upgrade() {
                Some(app) => app.take_up_edges().await,
                None => return,
            };
            loop {
                let Some(now) = app.upgrade().map(|app| app.clock.now()) else {
                    return;
                };
                let batch = tokio::select! {
                    () = stop.cancelled() => return,
                    batch = changes.recv() => Some(batch),
                    _ = again.tick() => None,
                    () = tokio::time::sleep(edges.wait(now)) => None,
                };
                let Some(app) = app.upgrade() else { return };
                if app.follow_edges(&mut edges).await == Edges::Passed {
                    flags = flags_of(&app.live.directory(), app.clock.now());
                }
                let Some(batch) = batch else {
                    app.ask_debtors();
                    continue;
                };
                match batch {
                    Ok(batch) => {
                        app.follow(&batch, &mut flags).await;
                        if batch.iter().any(|committed| turns_flags(&committed.change)) {
                            edges.look(&app.live.directory(), app.clock.now());
                        }
                    }
                    Err(RecvError::Lagged(missed)) => {
                        // What exactly changed is unknown: every cache may be wrong.
                        tracing::warn!(missed, "clearing every cache");
                        let directory = app.live.directory();
                        flags = flags_of(&directory, app.clock.now());
                        let all = flags.keys().copied().collect();
                        app.owe_caches(all, directory.revision()).await;
                        edges.look(&directory, app.clock.now());
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    async fn follow(
        &self,
        batch: &[Committed],
        flags: &mut HashMap<ChargerId, AuthorizationRequired>,
    ) {
        let directory = self.live.directory();
        let at = self.clock.now();
        let mut chargers: HashSet<ChargerId> = HashSet::new();
        let mut people: HashSet<PersonId> = HashSet::new();
        for committed in batch {
            if let Change::Webhook(webhook) = &committed.change {
                self.authorities.note(webhook);
            }
            if let Some(station) = removed_station(&committed.change) {
                self.standing.forget(&station);
                self.findings.forget(&station);
                self.readings.forget(&station);
                self.link.disconnect(&station, Disconnect::Removed);
                self.forgive(station, committed.revision).await;
            }
            match concerned(&committed.change) {
                Some(Concerned::Below(node)) => chargers.extend(chargers_below(&directory, node)),
                Some(Concerned::Of(person)) => {
                    people.insert(person);
                    if let Some(entry) = directory.person(person) {
                        for grant in directory.grants_held(entry) {
                            chargers.extend(chargers_below(&directory, grant.node));
                        }
                    }
                }
                Some(Concerned::GrantedTo(tag)) => {
                    people.extend(directory.people_in(tag));
                    for grant in directory.grants_of_tag(tag) {
                        chargers.extend(chargers_below(&directory, grant.node));
                    }
                }
                Some(Concerned::Everywhere(organisation)) => {
                    chargers.extend(chargers_below(&directory, organisation.into()));
                }
                None => {}
            }
            // Q33: they may have blocked the card themselves.
            chargers.extend(self.blocked_cards.take(&committed.change, &directory, at));
            if let Change::Grant(grant) = &committed.change {
                match grant.subject {
                    Subject::Person(person) => {
                        people.insert(person);
                    }
                    Subject::Tag(tag) => people.extend(directory.people_in(tag)),
                    // They present no card here.
                    Subject::Partner(_) => {}
                }
            }
            let touched = match &committed.change {
                Change::Installation(row) => chargers_below(&directory, row.id.into()),
                Change::Charger(row) => vec![row.id],
                Change::Organisation(_)
                | Change::Area(_)
                | Change::Lock(_)
                | Change::Station(_)
                | Change::Door(_)
                | Change::Person(_)
                | Change::Credential(_)
                | Change::Grant(_)
                | Change::ApiKey(_)
                | Change::Tag(_)
                | Change::Membership(_)
                | Change::Schedule(_)
                | Change::Calendar(_)
                | Change::Emergency(_)
                | Change::Sharing(_)
                | Change::Webhook(_) => Vec::new(),
            };
            for charger in touched {
                let now = directory
                    .node(charger)
                    .map(|entry| directory.authorization_required(entry, at));
                let before = match now {
                    Some(now) => flags.insert(charger, now),
                    None => flags.remove(&charger),
                };
                if now == Some(AuthorizationRequired::Required)
                    && before == Some(AuthorizationRequired::Open)
                {
                    // The station may remember cards that were free.
                    chargers.insert(charger);
                }
            }
        }
        self.stop_without_right(&directory, &people);
        if let Some(last) = batch.last() {
            self.owe_caches(chargers, last.revision).await;
        }
    }

    /// Stops charges of these people that they could not begin now, where the installation says
    /// so.
    fn stop_without_right(&self, directory: &Directory, people: &HashSet<PersonId>) {
        let now = self.clock.now();
        for person in people {
            let open: Vec<authz::OpenTransaction> = self
                .pep
                .usage(|usage| usage.of_person(*person).cloned().collect());
            for transaction in open {
                let Some(node) = directory.node(transaction.charger) else {
                    continue;
                };
                let stops = directory
                    .installation_of(node)
                    .is_some_and(|(_, settings)| settings.stop_on_revocation);
                if !stops {
                    continue;
                }
                let request = authz::Request {
                    resource: authz::Resource::AnyEvse(transaction.charger),
                    ..authz::Request::person(
                        *person,
                        None,
                        model::Action::Use,
                        transaction.charger.into(),
                    )
                };
                // Where it is decided elsewhere, it ends there.
                if matches!(self.pep.decide_here(&request, now), authz::Outcome::Deny(_)) {
                    self.stop_soon(transaction.id);
                }
            }
        }
    }

    fn stop_soon(&self, id: model::TransactionId) {
        let store = self.store.clone();
        let link = Arc::clone(&self.link);
        let deadline = self.settings.command_deadline;
        self.tasks.spawn(async move {
            let Ok(Some(transaction)) = store.get_transaction(id).await else {
                return;
            };
            let reference = match transaction.number {
                Some(number) => model::TransactionRef::Number(number),
                None => model::TransactionRef::Text(transaction.station_transaction_id.clone()),
            };
            let command = StationCommand::RemoteStop(reference);
            if let Err(error) = link.command(&transaction.station, command, deadline).await {
                tracing::info!(%error, "a charge without right was not stopped");
            }
        });
    }
}

/// Whether a change may turn a flag, now or later.
const fn turns_flags(change: &Change) -> bool {
    match change {
        Change::Installation(_)
        | Change::Charger(_)
        | Change::Schedule(_)
        | Change::Calendar(_) => true,
        Change::Organisation(_)
        | Change::Area(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::Person(_)
        | Change::Credential(_)
        | Change::Grant(_)
        | Change::ApiKey(_)
        | Change::Tag(_)
        | Change::Membership(_)
        | Change::Emergency(_)
        | Change::Sharing(_)
        | Change::Webhook(_) => false,
    }
}

/// The station of a charger or lock that was removed.
fn removed_station(change: &Change) -> Option<StationKey> {
    match change {
        Change::Charger(row) => row.deleted_at.map(|_| row.station.key()),
        Change::Lock(row) => row.deleted_at.map(|_| row.station.key()),
        Change::Organisation(_)
        | Change::Installation(_)
        | Change::Area(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::Person(_)
        | Change::Credential(_)
        | Change::Grant(_)
        | Change::ApiKey(_)
        | Change::Tag(_)
        | Change::Membership(_)
        | Change::Schedule(_)
        | Change::Calendar(_)
        | Change::Emergency(_)
        | Change::Sharing(_)
        | Change::Webhook(_) => None,
    }
}

/// Whether a change may take a right away, and from whom.
fn concerned(change: &Change) -> Option<Concerned> {
    match change {
        Change::Grant(grant) => {
            let takes = grant.revoked_at.is_some() || grant.effect == Effect::Deny;
            takes.then_some(Concerned::Below(grant.node))
        }
        Change::Credential(credential) => {
            let takes = credential.deleted_at.is_some()
                || credential.state != CredentialState::Active
                || credential.suspension.is_some()
                || credential.valid_until.is_some();
            takes.then_some(Concerned::Of(credential.person))
        }
        Change::Person(person) => {
            let takes = person.deleted_at.is_some()
                || person.state != PersonState::Active
                || person.suspension.is_some()
                || person.member_until.is_some();
            takes.then_some(Concerned::Of(person.id))
        }
        Change::Membership(membership) => match membership.member {
            Member::Person(person) => membership
                .removed_at
                .map(|_| Concerned::Of(person)),
            Member::Tag(_) | Member::Point(_) => membership
                .removed_at
                .map(|_| Concerned::GrantedTo(membership.tag)),
        },
        Change::Tag(tag) => tag.deleted_at.map(|_| Concerned::Everywhere(tag.organisation)),
        // Somebody else may decide from now on.
        Change::Webhook(webhook) => Some(Concerned::Below(webhook.installation.into())),
        // Hours may have become fewer.
        Change::Schedule(schedule) => Some(Concerned::Everywhere(schedule.organisation)),
        Change::Calendar(calendar) => Some(Concerned::Everywhere(calendar.organisation)),
        Change::Organisation(_)
        | Change::Installation(_)
        | Change::Area(_)
        | Change::Charger(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::ApiKey(_)
        | Change::Sharing(_)
        // Doors remember nobody.
        | Change::Emergency(_) => None,
    }
}

fn chargers_below(directory: &Directory, node: NodeId) -> Vec<ChargerId> {
    let is_below = |entry: &NodeEntry| entry.path.contains(&node);
    match directory.node(node).map(|entry| &entry.detail) {
        None => Vec::new(),
        Some(NodeDetail::Charger { .. }) => vec![node.into()],
        Some(NodeDetail::Evse { charger, .. }) => vec![*charger],
        Some(NodeDetail::Door(_)) => Vec::new(),
        Some(NodeDetail::Organisation | NodeDetail::Installation | NodeDetail::Area(_)) => {
            directory
                .nodes()
                .filter(|(_, entry)| matches!(entry.detail, NodeDetail::Charger { .. }))
                .filter(|(_, entry)| is_below(entry))
                .map(|(id, _)| id.into())
                .collect()
        }
    }
}

fn flags_of(directory: &Directory, now: Timestamp) -> HashMap<ChargerId, AuthorizationRequired> {
    directory
        .nodes()
        .filter(|(_, entry)| matches!(entry.detail, NodeDetail::Charger { .. }))
        .map(|(id, entry)| (id.into(), directory.authorization_required(entry, now)))
        .collect()
}
