//! Lockdown and evacuation of the doors of an installation or area.
//!
//! They hold in the engine when the API answers; the locks are told after that. A lockdown is
//! released by two owners where there are two.

use authz::{Permit, act};
use jiff::{SignedDuration, Timestamp};
use model::{
    Change, DoorId, DoorMode, Emergency, EmergencyKind, NodeId, NodeKind, PersonId, TagId,
};
use serde_json::json;
use store::{ReleaseAsked, image};

use super::fields::Faults;
use super::stations::said;
use super::write::{Done, Write};
use super::{Admin, new_id};
use crate::door_modes::{doors_below, mode_of};
use crate::{ApiError, Caller};

/// How long the word of the first owner counts.
const RELEASE_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// A new lockdown or evacuation.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEmergency {
    /// Why, for people.
    pub reason: String,
    /// Lockdown: whose people go on to the other steps.
    pub exempt: Option<TagId>,
}

/// A lockdown or evacuation as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct EmergencyView {
    /// The row.
    pub emergency: Emergency,
    /// The first owner's word for its release, if it counts.
    pub release_asked: Option<ReleaseAsked>,
    /// Its doors.
    pub doors: Vec<DoorModeView>,
}

/// A door in an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorModeView {
    /// Which.
    pub door: DoorId,
    /// What it is to be set to: what is in force above it may be more than this one.
    pub mode: DoorMode,
    /// When the lock confirmed it; `None`: it did not yet.
    pub confirmed_at: Option<Timestamp>,
}

impl Admin {
    /// The lockdown or evacuation in force at exactly this node.
    ///
    /// # Errors
    /// `NotFound` if there is none, or the caller holds nothing on the node.
    pub async fn emergency(
        &self,
        caller: &Caller,
        node: NodeId,
        kind: EmergencyKind,
    ) -> Result<EmergencyView, ApiError> {
        if !self.pep.sees(caller, node) {
            return Err(ApiError::NotFound);
        }
        let row = self.in_force(node, kind).await?;
        self.emergency_view(row.ok_or(ApiError::NotFound)?).await
    }

    /// Begins a lockdown or evacuation; one that is in force goes on, and nobody's word for its
    /// release counts any longer.
    ///
    /// # Errors
    /// `Forbidden` without `emergency`; `Invalid` without a reason.
    pub async fn begin_emergency(
        &self,
        write: Write<EmergencyView>,
        node: NodeId,
        kind: EmergencyKind,
        new: NewEmergency,
    ) -> Result<Done, ApiError> {
        let permit: Permit<act::Emergency> = self.pep.permit(&write.caller, node).await?;
        let organisation = self.organisation_of(node)?;
        let reason = new.reason.trim().to_owned();
        let mut faults = Faults::default();
        faults.check(
            || !reason.is_empty(),
            "reason",
            "required",
            "say why, in 1 to 200 characters",
        );
        faults.text("reason", &reason, 200);
        faults.check(
            || new.exempt.is_none() || kind == EmergencyKind::Lockdown,
            "exempt_tag_id",
            "invalid",
            "an evacuation lets everybody pass",
        );
        let directory = self.live.directory();
        let known = |tag: TagId| {
            directory
                .tag(tag)
                .is_some_and(|entry| entry.organisation == organisation)
        };
        faults.check(
            || new.exempt.is_none_or(known),
            "exempt_tag_id",
            "unknown",
            "no such tag here",
        );
        faults.none()?;
        let _order = self.order.write().await;
        let now = self.clock.now();
        let before = self.in_force(node, kind).await?;
        let person = permit.person();
        let row = Emergency {
            id: new_id(),
            organisation,
            node,
            kind,
            exempt: new.exempt,
            created_by: person,
            created_at: now,
            ended_at: None,
        };
        let goes_on = before
            .as_ref()
            .is_some_and(|before| before.exempt == new.exempt);
        let mut view = match &before {
            Some(before) if goes_on => self.emergency_view(before.clone()).await?,
            Some(_) | None => {
                let doors = doors_below(&directory, node);
                let mode = DoorMode::from(kind);
                let view = |door: DoorId| DoorModeView {
                    door,
                    mode: directory
                        .node(door)
                        .map_or(mode, |entry| mode_of(&directory, entry).max(mode)),
                    confirmed_at: None,
                };
                EmergencyView {
                    emergency: row.clone(),
                    release_asked: None,
                    doors: doors.into_iter().map(view).collect(),
                }
            }
        };
        view.release_asked = None;
        let write = said(write, &reason);
        let done = self
            .change(permit, write, organisation, move |tx| {
                let (row, before, view) = (row.clone(), before.clone(), view.clone());
                Box::pin(async move {
                    if let Some(before) = before {
                        if goes_on {
                            tx.ask_release(before.id, None).await?;
                            return Ok(Ok(view));
                        }
                        let ended = Emergency {
                            ended_at: Some(now),
                            ..before.clone()
                        };
                        tx.end_emergency(before.id, now).await?;
                        let before = image(&Change::Emergency(before));
                        tx.record(Change::Emergency(ended), Some(before));
                    }
                    tx.insert_emergency(&row).await?;
                    tx.record(Change::Emergency(row), None);
                    Ok(Ok(view))
                })
            })
            .await?;
        let data = json!({ "kind": kind.name(), "reason": reason });
        self.events.tell(now, "emergency.begun", node, person, data);
        Ok(done)
    }

    /// Ends a lockdown or evacuation. Of a lockdown where there are two owners, the first one's
    /// word is kept and answered 202 with what is still in force; another owner's ends it.
    ///
    /// # Errors
    /// `Forbidden` without `emergency`; `NotFound` if there is none; `Conflict` when two owners
    /// are needed and the caller is none of them.
    pub async fn end_emergency(
        &self,
        mut write: Write<Option<EmergencyView>>,
        node: NodeId,
        kind: EmergencyKind,
    ) -> Result<Done, ApiError> {
        let permit: Permit<act::Emergency> = self.pep.permit(&write.caller, node).await?;
        let organisation = self.organisation_of(node)?;
        let _order = self.order.write().await;
        let row = self.in_force(node, kind).await?.ok_or(ApiError::NotFound)?;
        let now = self.clock.now();
        let person = permit.person();
        if kind == EmergencyKind::Lockdown && !self.may_release_alone(&row, person).await? {
            let asked = ReleaseAsked {
                by: person.ok_or(ApiError::Internal)?,
                at: now,
            };
            write.answer.status = 202;
            let mut view = self.emergency_view(row).await?;
            view.release_asked = Some(asked);
            let write = said(write, "release asked for");
            let done = self
                .change(permit, write, organisation, move |tx| {
                    let view = view.clone();
                    Box::pin(async move {
                        tx.ask_release(view.emergency.id, Some(asked)).await?;
                        // Nothing changed but who said so: the line in the log says it.
                        let same = Change::Emergency(view.emergency.clone());
                        let before = image(&same);
                        tx.record(same, Some(before));
                        Ok(Ok(Some(view)))
                    })
                })
                .await?;
            let data = json!({ "kind": kind.name() });
            self.events
                .tell(now, "emergency.release_asked", node, person, data);
            return Ok(done);
        }
        let done = self
            .change(permit, write, organisation, move |tx| {
                let row = row.clone();
                Box::pin(async move {
                    if !tx.end_emergency(row.id, now).await? {
                        return Ok(Err(ApiError::NotFound));
                    }
                    let ended = Emergency {
                        ended_at: Some(now),
                        ..row.clone()
                    };
                    let before = image(&Change::Emergency(row));
                    tx.record(Change::Emergency(ended), Some(before));
                    Ok(Ok(None))
                })
            })
            .await?;
        let data = json!({ "kind": kind.name() });
        self.events.tell(now, "emergency.ended", node, person, data);
        Ok(done)
    }

    /// Whether a lockdown ends by this person's word: where there is one owner, or another has
    /// given theirs.
    async fn may_release_alone(
        &self,
        row: &Emergency,
        person: Option<PersonId>,
    ) -> Result<bool, ApiError> {
        let directory = self.live.directory();
        let installation = directory
            .node(row.node)
            .and_then(|entry| entry.installation);
        let owners = self.owners_of(installation.map_or(row.node, Into::into));
        if owners.len() < 2 {
            return Ok(true);
        }
        let Some(person) = person.filter(|person| owners.contains(person)) else {
            return Err(ApiError::Conflict {
                code: "two_owners_needed",
                detail: "a lockdown is released by two owners; ask them".to_owned(),
            });
        };
        let asked = self.release_asked(row).await?;
        Ok(asked.is_some_and(|asked| asked.by != person && owners.contains(&asked.by)))
    }

    /// The first owner's word, while it counts.
    async fn release_asked(&self, row: &Emergency) -> Result<Option<ReleaseAsked>, ApiError> {
        let now = self.clock.now();
        let counts = |asked: &ReleaseAsked| {
            asked
                .at
                .checked_add(RELEASE_WITHIN)
                .is_ok_and(|until| now < until)
        };
        let asked = self.store.get_release(row.id).await?;
        Ok(asked.filter(counts))
    }

    async fn in_force(
        &self,
        node: NodeId,
        kind: EmergencyKind,
    ) -> Result<Option<Emergency>, ApiError> {
        let organisation = self.organisation_of(node)?;
        let all = self.store.emergencies_of(organisation).await?;
        Ok(all
            .into_iter()
            .find(|row| row.node == node && row.kind == kind))
    }

    async fn emergency_view(&self, emergency: Emergency) -> Result<EmergencyView, ApiError> {
        let directory = self.live.directory();
        let mut doors = Vec::new();
        for door in doors_below(&directory, emergency.node) {
            let Some(entry) = directory.node(door) else {
                continue;
            };
            let mode = mode_of(&directory, entry);
            let row = self.store.get_door_mode(door).await?;
            let confirmed_at = row
                .filter(|row| row.requested == mode && row.confirmed == Some(mode))
                .and_then(|row| row.confirmed_at);
            doors.push(DoorModeView {
                door,
                mode,
                confirmed_at,
            });
        }
        Ok(EmergencyView {
            release_asked: self.release_asked(&emergency).await?,
            emergency,
            doors,
        })
    }

    /// A node at which there can be an emergency.
    ///
    /// # Errors
    /// `NotFound` if it is something else, or the caller holds nothing on it.
    pub fn emergency_node(
        &self,
        caller: &Caller,
        node: NodeId,
        kind: NodeKind,
    ) -> Result<NodeId, ApiError> {
        self.node_is(caller, node, kind).map(|()| node)
    }
}
