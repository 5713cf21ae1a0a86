//! Dry runs: what a set of changes would do, and what changed between two moments.

use authz::act;
use jiff::Timestamp;
use model::{
    Action, AuthorizationRequired, CalendarId, Change, ChargerAuthorization, ChargerId,
    CredentialId, CredentialState, Grant, GrantId, InstallationId, Member, Membership, NodeId,
    OrganisationId, PersonId, PersonState, ScheduleId, Slot, TagId,
};
use uuid::Uuid;

use super::guard::after;
use super::{Admin, NewGrant, new_id};
use crate::insight::AsOf;
use crate::insight::what_if::{Difference, Impact};
use crate::{ApiError, Caller};

/// Changes that can be tried at once.
const MOST_CHANGES: usize = 100;

/// A change to be tried.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    /// A grant is given.
    CreateGrant(NewGrant),
    /// A grant is ended.
    EndGrant(GrantId),
    /// An installation is changed.
    Installation {
        /// Which.
        id: InstallationId,
        /// The flag.
        flag: Option<AuthorizationRequired>,
        /// The schedule of its `open`.
        open_schedule: Option<Option<ScheduleId>>,
    },
    /// A charger is changed.
    Charger {
        /// Which.
        id: ChargerId,
        /// The flag.
        flag: Option<ChargerAuthorization>,
        /// The schedule of its `open`.
        open_schedule: Option<Option<ScheduleId>>,
    },
    /// Something is put into a tag.
    AddMember {
        /// Into which.
        tag: TagId,
        /// What.
        member: Member,
    },
    /// Something is taken out of a tag.
    RemoveMember {
        /// Out of which.
        tag: TagId,
        /// What.
        member: Uuid,
    },
    /// A schedule is changed.
    Schedule {
        /// Which.
        id: ScheduleId,
        /// Its hours.
        slots: Option<Vec<Slot>>,
        /// Its holidays.
        calendar: Option<Option<CalendarId>>,
    },
    /// A person is changed.
    Person {
        /// Who.
        id: PersonId,
        /// Active or suspended.
        state: Option<PersonState>,
        /// End of membership.
        member_until: Option<Option<Timestamp>>,
    },
    /// A credential is changed.
    Credential {
        /// Which.
        id: CredentialId,
        /// Active, suspended or lost.
        state: CredentialState,
    },
}

/// A dry run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// At the points at or below this node.
    pub scope: NodeId,
    /// What for.
    pub action: Action,
    /// When; `None`: now.
    pub at: Option<Timestamp>,
    /// What is changed, in this order.
    pub proposals: Vec<Proposal>,
}

/// What a dry run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialResult {
    /// Who gains and who loses.
    pub difference: Difference,
    /// How many of those seen of late would newly be refused.
    pub impact: Impact,
}

/// Two moments to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// At the points at or below this node.
    pub scope: NodeId,
    /// What for.
    pub action: Action,
    /// The earlier.
    pub from: AsOf,
    /// The later.
    pub until: AsOf,
    /// Asked about at this instant on both sides; `None`: at each moment itself.
    pub at: Option<Timestamp>,
}

impl Admin {
    /// Tries changes on a copy of the picture; nothing is committed.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node looked at; `NotFound` and `Invalid` for
    /// changes that could not be made.
    pub async fn what_if(&self, caller: &Caller, trial: Trial) -> Result<TrialResult, ApiError> {
        let _ = self
            .pep
            .permit::<act::ManageAccess>(caller, trial.scope)
            .await?;
        let organisation = self.organisation_of(trial.scope)?;
        if trial.proposals.is_empty() || trial.proposals.len() > MOST_CHANGES {
            return Err(ApiError::field(
                "changes",
                "out_of_range",
                "1 to 100 changes",
            ));
        }
        let before = self.view(organisation, AsOf::Now, trial.at).await?;
        let mut picture = authz::Directory::clone(&before.directory);
        for (index, proposal) in trial.proposals.into_iter().enumerate() {
            let change = self
                .proposed(organisation, proposal)
                .await
                .map_err(|error| at_change(index, error))?;
            picture = after(&picture, &[change]);
        }
        let impact = self
            .impact(organisation, &before.directory, &picture)
            .await?;
        let mut then = self.view(organisation, AsOf::Now, Some(before.at)).await?;
        then.directory = picture.into();
        let difference = self
            .difference(organisation, trial.scope, trial.action, &before, &then)
            .await?;
        Ok(TrialResult { difference, impact })
    }

    /// What changed between two moments.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node looked at; `Invalid` for moments that are
    /// not known.
    pub async fn between(&self, caller: &Caller, asked: Between) -> Result<Difference, ApiError> {
        let _ = self
            .pep
            .permit::<act::ManageAccess>(caller, asked.scope)
            .await?;
        let organisation = self.organisation_of(asked.scope)?;
        let from = self.view(organisation, asked.from, asked.at).await?;
        let until = self.view(organisation, asked.until, asked.at).await?;
        self.difference(organisation, asked.scope, asked.action, &from, &until)
            .await
    }

    /// A proposal as the change it would be. It must be about the organisation looked at; that it
    /// could be made for other reasons too is not looked at.
    async fn proposed(
        &self,
        organisation: OrganisationId,
        proposal: Proposal,
    ) -> Result<Change, ApiError> {
        let ours = |other: OrganisationId| {
            if other == organisation {
                Ok(())
            } else {
                Err(ApiError::NotFound)
            }
        };
        let now = self.clock.now();
        Ok(match proposal {
            Proposal::CreateGrant(new) => {
                ours(self.organisation_of(new.node)?)?;
                Change::Grant(self.new_grant(&new, organisation, None)?)
            }
            Proposal::EndGrant(id) => {
                let row = self.store.get_grant(id).await?.ok_or(ApiError::NotFound)?;
                ours(row.organisation)?;
                Change::Grant(Grant {
                    revoked_at: Some(now),
                    ..row
                })
            }
            Proposal::Installation {
                id,
                flag,
                open_schedule,
            } => {
                let row = self.store.get_installation(id).await?;
                let mut row = row
                    .filter(|row| row.deleted_at.is_none())
                    .ok_or(ApiError::NotFound)?;
                ours(row.organisation)?;
                row.authorization_required = flag.unwrap_or(row.authorization_required);
                row.open_schedule = open_schedule.unwrap_or(row.open_schedule);
                Change::Installation(row)
            }
            Proposal::Charger {
                id,
                flag,
                open_schedule,
            } => {
                let row = self.store.get_charger(id).await?;
                let mut row = row
                    .filter(|row| row.deleted_at.is_none())
                    .ok_or(ApiError::NotFound)?;
                ours(row.organisation)?;
                row.authorization_required = flag.unwrap_or(row.authorization_required);
                row.open_schedule = open_schedule.unwrap_or(row.open_schedule);
                Change::Charger(row)
            }
            Proposal::AddMember { tag, member } => {
                ours(self.tag_row(tag).await?.organisation)?;
                super::tags::check_member(&self.live.directory(), organisation, tag, member)?;
                Change::Membership(Membership {
                    tag,
                    member,
                    organisation,
                    created_at: now,
                    removed_at: None,
                })
            }
            Proposal::RemoveMember { tag, member } => {
                let standing = self.store.memberships_of(member).await?;
                let row = standing.into_iter().find(|row| row.tag == tag);
                let row = row.ok_or(ApiError::NotFound)?;
                ours(row.organisation)?;
                Change::Membership(Membership {
                    removed_at: Some(now),
                    ..row
                })
            }
            Proposal::Schedule {
                id,
                slots,
                calendar,
            } => {
                let mut row = self.schedule_row(id).await?;
                ours(row.organisation)?;
                row.slots = slots.unwrap_or(row.slots);
                row.calendar = calendar.unwrap_or(row.calendar);
                super::schedules::check(&row, &self.live.directory())?;
                Change::Schedule(row)
            }
            Proposal::Person {
                id,
                state,
                member_until,
            } => {
                let mut row = self.person_row(id).await?;
                ours(row.organisation)?;
                row.state = state.unwrap_or(row.state);
                row.member_until = member_until.unwrap_or(row.member_until);
                Change::Person(row)
            }
            Proposal::Credential { id, state } => {
                let row = self.store.get_credential(id).await?;
                let mut row = row
                    .filter(|row| row.deleted_at.is_none())
                    .ok_or(ApiError::NotFound)?;
                ours(row.organisation)?;
                row.state = state;
                Change::Credential(row)
            }
        })
    }

    /// A grant as it would be given, checked.
    pub(super) fn new_grant(
        &self,
        new: &NewGrant,
        organisation: OrganisationId,
        created_by: Option<PersonId>,
    ) -> Result<Grant, ApiError> {
        let actions = self.checked_grant(new, organisation)?;
        Ok(Grant {
            id: new_id(),
            organisation,
            subject: new.subject,
            role: new.role,
            actions,
            node: new.node,
            effect: new.effect,
            condition: new.condition.clone(),
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            reason: new.reason.clone(),
            source: "api".to_owned(),
            created_by,
            created_at: self.clock.now(),
            revoked_at: None,
        })
    }
}

/// Says which of the changes is at fault.
fn at_change(index: usize, error: ApiError) -> ApiError {
    match error {
        ApiError::NotFound => {
            ApiError::field(format!("changes[{index}]"), "unknown", "no such thing here")
        }
        ApiError::Invalid(mut faults) => {
            for fault in &mut faults {
                fault.field = format!("changes[{index}].{}", fault.field);
            }
            ApiError::Invalid(faults)
        }
        other => other,
    }
}
