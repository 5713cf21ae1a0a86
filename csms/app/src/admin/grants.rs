//! Grants: given and ended, never overwritten.

use authz::act;
use jiff::Timestamp;
use model::{
    Action, ActionSet, Change, Condition, Effect, Grant, GrantId, NodeId, NodeKind, OrganisationId,
    PartnershipState, PersonId, Role, Subject, TagId,
};
use store::{GrantFilter, image};

use super::fields::Faults;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing};
use crate::{ApiError, Caller};

/// A new grant.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGrant {
    /// To whom.
    pub subject: Subject,
    /// A role, or …
    pub role: Option<Role>,
    /// … actions by name.
    pub actions: Option<Vec<Action>>,
    /// On this node and all below.
    pub node: NodeId,
    /// Allow or deny.
    pub effect: Effect,
    /// When, with what and how often.
    pub condition: Condition,
    /// Inclusive.
    pub valid_from: Option<Timestamp>,
    /// Exclusive.
    pub valid_until: Option<Timestamp>,
    /// Why, for people.
    pub reason: Option<String>,
}

/// Which grants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GrantQuery {
    /// Given to this person.
    pub person: Option<PersonId>,
    /// Given to this tag.
    pub tag: Option<TagId>,
    /// Given to this organisation as a partner.
    pub partner: Option<OrganisationId>,
    /// Given on exactly this node.
    pub node: Option<NodeId>,
    /// Ended ones too.
    pub include_revoked: bool,
}

/// A grant as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantView {
    /// The row.
    pub grant: Grant,
    /// What its node is; `None` if that is gone.
    pub kind: Option<NodeKind>,
}

fn no_partnership() -> ApiError {
    ApiError::Conflict {
        code: "no_partnership",
        detail: "this organisation is no partner; propose it by its lookup key and confirm it, or \
                 open the link it gave you"
            .to_owned(),
    }
}

impl Admin {
    /// Gives a grant.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node, or without one of the actions given:
    /// nobody gives, or denies, what they do not hold there; `Conflict` for an organisation that is
    /// no partner, and where who may use it is decided elsewhere.
    pub async fn create_grant(
        &self,
        write: Write<GrantView>,
        new: NewGrant,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, new.node)
            .await?;
        let organisation = self.organisation_of(new.node)?;
        let row = self.new_grant(&new, organisation, permit.person())?;
        self.may_give(&write.caller, row.actions, new.node).await?;
        if Self::is_access(new.role, row.actions) {
            self.managed_here(new.node).await?;
        }
        match row.effect {
            Effect::Allow => {
                let _order = self.order.read().await;
                self.put_grant(permit, write, row).await
            }
            Effect::Deny => {
                let _order = self.order.write().await;
                // A denial that begins later takes away as much as one that holds now.
                let at_once = Grant {
                    valid_from: None,
                    condition: Condition::default(),
                    ..row.clone()
                };
                let at_once = [Change::Grant(at_once)];
                self.keeps_owners(&at_once)?;
                let denied = [Change::Grant(row.clone())];
                self.guard(&write.caller, organisation, &denied).await?;
                self.put_grant(permit, write, row).await
            }
        }
    }

    /// What a new grant gives, if it can be given.
    pub(super) fn checked_grant(
        &self,
        new: &NewGrant,
        organisation: OrganisationId,
    ) -> Result<ActionSet, ApiError> {
        let mut faults = Faults::default();
        self.check_subject(new.subject, organisation, &mut faults);
        let actions = actions_of(new.role, new.actions.as_deref(), &mut faults);
        self.check_condition(new, actions, organisation, &mut faults);
        faults.range("valid_until", new.valid_from, new.valid_until);
        if let Some(reason) = &new.reason {
            faults.text("reason", reason, 500);
        }
        faults.none()?;
        Ok(actions)
    }

    async fn put_grant(
        &self,
        permit: authz::Permit<act::ManageAccess>,
        write: Write<GrantView>,
        row: Grant,
    ) -> Result<Done, ApiError> {
        if let Subject::Person(person) = row.subject {
            // They may have gone while the order was waited for.
            self.person_row(person).await?;
        }
        let kind = self.kind_of(row.node);
        self.change(permit, write, row.organisation, move |tx| {
            let grant = row.clone();
            Box::pin(async move {
                if let Subject::Partner(partner) = grant.subject {
                    let found = tx.live_partnership(grant.organisation, partner).await?;
                    if !found.is_some_and(|row| row.state() == PartnershipState::Confirmed) {
                        return Ok(Err(no_partnership()));
                    }
                }
                tx.insert_grant(&grant).await?;
                tx.record(Change::Grant(grant.clone()), None);
                Ok(Ok(GrantView { grant, kind }))
            })
        })
        .await
    }

    fn check_subject(&self, subject: Subject, organisation: OrganisationId, faults: &mut Faults) {
        let directory = self.live.directory();
        let (known, field, detail) = match subject {
            Subject::Person(id) => (
                directory
                    .person(id)
                    .is_some_and(|entry| entry.organisation == organisation),
                "subject.person",
                "no such person here",
            ),
            Subject::Tag(id) => (
                directory
                    .tag(id)
                    .is_some_and(|entry| entry.organisation == organisation),
                "subject.tag",
                "no such tag here",
            ),
            Subject::Partner(id) => (
                id != organisation && directory.node(id).is_some(),
                "subject.partner",
                "no such other organisation",
            ),
        };
        faults.check(|| known, field, "unknown", detail);
    }

    fn check_condition(
        &self,
        new: &NewGrant,
        actions: ActionSet,
        organisation: OrganisationId,
        faults: &mut Faults,
    ) {
        let directory = self.live.directory();
        let Condition {
            schedule,
            kinds,
            minimum_strength,
            points,
            limits,
            // Made with the credential, not given here.
            credential: _,
        } = &new.condition;
        faults.check(
            || schedule.is_none_or(|id| directory.schedule_of(id) == Some(organisation)),
            "schedule_id",
            "unknown",
            "no such schedule here",
        );
        faults.check(
            || {
                points.is_none_or(|id| {
                    directory
                        .tag(id)
                        .is_some_and(|tag| tag.organisation == organisation)
                })
            },
            "points_tag_id",
            "unknown",
            "no such tag here",
        );
        faults.check(
            || kinds.is_none_or(|kinds| !kinds.is_empty()),
            "credential_kinds",
            "required",
            "name at least one kind, or leave it out",
        );
        let denies = new.effect == Effect::Deny;
        let manages = !denies && actions.contains(Action::ManageAccess);
        faults.check(
            || !manages || new.condition == Condition::default(),
            "actions",
            "invalid",
            "who manages access does so without conditions",
        );
        faults.check(
            || !manages || !matches!(new.subject, Subject::Tag(_)),
            "actions",
            "invalid",
            "`manage_access` is given to people, not to a tag",
        );
        faults.check(
            || !(denies && minimum_strength.is_some()),
            "minimum_strength",
            "invalid",
            "a denial holds for every strength",
        );
        let Some(limits) = limits else { return };
        faults.check(
            || !denies && actions.contains(Action::Use),
            "limits",
            "invalid",
            "limits are for what allows `use`",
        );
        let nothing = limits.uses.is_none() && limits.minutes.is_none() && limits.wh.is_none();
        let zero = limits.uses == Some(0) || limits.minutes == Some(0) || limits.wh == Some(0);
        faults.check(
            || !nothing && !zero,
            "limits",
            "out_of_range",
            "uses, minutes or wh, each from 1",
        );
        faults.check(
            || limits.wh.is_none_or(|wh| i64::try_from(wh).is_ok()),
            "limits.wh",
            "out_of_range",
            "too much",
        );
    }

    /// A grant: given to oneself, or on a node whose access the caller manages.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `manage_access`.
    pub async fn grant(&self, caller: &Caller, id: GrantId) -> Result<GrantView, ApiError> {
        let row = self.store.get_grant(id).await?.ok_or(ApiError::NotFound)?;
        if !self.shows_grant(caller, &row) {
            let node = self.grant_node(&row);
            let _ = self.pep.permit::<act::ManageAccess>(caller, node).await?;
        }
        Ok(GrantView {
            kind: self.kind_of(row.node),
            grant: row,
        })
    }

    /// What a node is, if it is there.
    pub(super) fn kind_of(&self, node: NodeId) -> Option<NodeKind> {
        self.live.directory().node(node).map(|entry| entry.kind)
    }

    /// The grants on nodes whose access the caller manages, and their own.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn grants(
        &self,
        caller: &Caller,
        which: &GrantQuery,
        query: &ListQuery,
    ) -> Result<Listing<GrantView>, ApiError> {
        let filter = GrantFilter {
            person: which.person,
            tag: which.tag,
            partner: which.partner,
            node: which.node,
            include_revoked: which.include_revoked,
        };
        let seen = |row: &Grant| self.shows_grant(caller, row);
        let list = self
            .list_reached(caller, query, seen, |organisation, page| {
                let filter = filter.clone();
                async move { self.store.list_grants(organisation, &filter, &page).await }
            })
            .await?;
        Ok(list.map(|grant| GrantView {
            kind: self.kind_of(grant.node),
            grant,
        }))
    }

    pub(super) fn shows_grant(&self, caller: &Caller, row: &Grant) -> bool {
        let own = match row.subject {
            Subject::Person(person) => caller.person_in(row.organisation) == Some(person),
            Subject::Tag(_) => false,
            Subject::Partner(partner) => caller.person_in(partner).is_some(),
        };
        own || self
            .pep
            .holds(caller, Action::ManageAccess, self.grant_node(row))
    }

    /// Where a grant is managed: at its node, or at the organisation if that is gone.
    pub(super) fn grant_node(&self, row: &Grant) -> NodeId {
        if self.live.directory().node(row.node).is_some() {
            row.node
        } else {
            row.organisation.into()
        }
    }

    /// Ends a grant.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node, or without one of its actions;
    /// `Conflict` when an organisation or installation would lose its last owner.
    pub async fn revoke_grant(&self, write: Write<()>, id: GrantId) -> Result<Done, ApiError> {
        let row = self.store.get_grant(id).await?.ok_or(ApiError::NotFound)?;
        let node = self.grant_node(&row);
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, node)
            .await?;
        if row.revoked_at.is_some() {
            return Err(ApiError::NotFound);
        }
        // Who may not give it may not take it either: a service partner does not remove an owner.
        self.may_give(&write.caller, row.actions, node).await?;
        if Self::is_access(row.role, row.actions) {
            self.managed_here(node).await?;
        }
        let _order = self.order.write().await;
        let now = self.clock.now();
        let ended = Grant {
            revoked_at: Some(now),
            ..row.clone()
        };
        if row.effect == Effect::Allow {
            let ending = [Change::Grant(ended.clone())];
            self.keeps_owners(&ending)?;
            self.guard(&write.caller, row.organisation, &ending).await?;
        }
        self.change(permit, write, row.organisation, move |tx| {
            let (row, ended) = (row.clone(), ended.clone());
            Box::pin(async move {
                if !tx.revoke_grant(id, now).await? {
                    return Ok(Err(ApiError::NotFound));
                }
                tx.record(Change::Grant(ended), Some(image(&Change::Grant(row))));
                Ok(Ok(()))
            })
        })
        .await
    }
}

/// What a role or actions by name come to.
pub(super) fn actions_of(
    role: Option<Role>,
    actions: Option<&[Action]>,
    faults: &mut Faults,
) -> ActionSet {
    match (role, actions) {
        (Some(role), None) => role.actions(),
        (None, Some(actions)) => {
            faults.check(
                || !actions.is_empty(),
                "actions",
                "required",
                "name at least one action",
            );
            actions.iter().copied().collect()
        }
        (Some(_), Some(_)) => {
            faults.add(
                "actions",
                "invalid",
                "either a role or actions by name, not both",
            );
            ActionSet::EMPTY
        }
        (None, None) => {
            faults.add("role", "required", "a role, or actions by name");
            ActionSet::EMPTY
        }
    }
}
