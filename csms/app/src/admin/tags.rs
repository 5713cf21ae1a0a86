//! Tags, and what stands in them.
//!
//! Whoever stands in a tag has what the tag was granted: who puts something in, or takes it out,
//! must be able to give all of that.

use authz::{Directory, NestingFault, Permit, act};
use model::{
    Action, Change, GrantId, Labels, Member, Membership, NodeKind, OrganisationId, Tag, TagId,
};
use store::image;

use super::fields::{Faults, LabelsPatch};
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// Whether the people of a tag get app credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smart {
    /// They do.
    Smart,
    /// They do not.
    Plain,
}

/// A new tag.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTag {
    /// The organisation, where the caller belongs to several.
    pub organisation: Option<OrganisationId>,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// Smart or not.
    pub smart: Smart,
}

/// What is to become of a tag.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// Smart or not.
    pub smart: Option<Smart>,
}

impl Admin {
    /// Makes a tag.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn create_tag(&self, write: Write<Tag>, new: NewTag) -> Result<Done, ApiError> {
        let organisation = self.organisation_meant(&write.caller, new.organisation)?;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let row = Tag {
            id: new_id(),
            organisation,
            labels: new.labels,
            smart: new.smart == Smart::Smart,
            created_at: self.clock.now(),
            deleted_at: None,
        };
        check(&row)?;
        self.change(permit, write, organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_tag(&row).await?;
                tx.record(Change::Tag(row.clone()), None);
                Ok(Ok(row))
            })
        })
        .await
    }

    /// A tag.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn tag(&self, caller: &Caller, id: TagId) -> Result<Tag, ApiError> {
        let row = self.tag_row(id).await?;
        let _: Permit<act::ManageAccess> = self.pep.permit(caller, row.organisation).await?;
        Ok(row)
    }

    /// The tags of the organisations whose access the caller manages.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn tags(&self, caller: &Caller, query: &ListQuery) -> Result<Listing<Tag>, ApiError> {
        let seen = |row: &Tag| {
            self.pep
                .holds(caller, Action::ManageAccess, row.organisation)
        };
        self.list_mine(caller, query, seen, |organisation, page| async move {
            self.store.list_tags(organisation, &page).await
        })
        .await
    }

    /// Changes a tag.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn change_tag(
        &self,
        write: Write<Tag>,
        id: TagId,
        patch: TagPatch,
    ) -> Result<Done, ApiError> {
        let organisation = self.tag_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        self.change(permit, write, organisation, move |tx| {
            let patch = patch.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_tag(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Tag(row.clone());
                patch.labels.apply(&mut row.labels);
                if let Some(smart) = patch.smart {
                    row.smart = smart == Smart::Smart;
                }
                if let Err(faults) = check(&row) {
                    return Ok(Err(faults));
                }
                tx.update_tag(&row).await?;
                tx.record(Change::Tag(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }

    /// Removes a tag that nothing was granted to.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` while a grant or a lockdown names it.
    pub async fn remove_tag(&self, write: Write<()>, id: TagId) -> Result<Done, ApiError> {
        let organisation = self.tag_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let _order = self.order.write().await;
        let granted = self.store.grants_with_tag(id).await?;
        let in_force = self.store.emergencies_of(organisation).await?;
        if !granted.is_empty() || in_force.iter().any(|it| it.exempt == Some(id)) {
            let named: Vec<GrantId> = granted.iter().map(|grant| grant.id).take(5).collect();
            return Err(in_use("tag", &named));
        }
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_tag(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Tag(row.clone());
                row.deleted_at = Some(now);
                tx.update_tag(&row).await?;
                tx.record(Change::Tag(row), Some(image(&before)));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// What stands in a tag directly.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn members(
        &self,
        caller: &Caller,
        id: TagId,
        query: &ListQuery,
    ) -> Result<Listing<Membership>, ApiError> {
        let _ = self.tag(caller, id).await?;
        self.list_seen(
            query,
            |_| true,
            |page| async move { self.store.list_members(id, &page).await },
        )
        .await
    }

    /// Puts something into a tag.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation, or without what the tag was
    /// granted; `Invalid` for what cannot stand in it; `Conflict` when an organisation or
    /// installation would lose its last owner by it.
    pub async fn add_member(
        &self,
        write: Write<Membership>,
        id: TagId,
        member: Member,
    ) -> Result<Done, ApiError> {
        let organisation = self.tag_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let _order = self.order.write().await;
        check_member(&self.live.directory(), organisation, id, member)?;
        self.may_give_all_of(&write.caller, id).await?;
        let row = Membership {
            tag: id,
            member,
            organisation,
            created_at: self.clock.now(),
            removed_at: None,
        };
        self.put_member(permit, write, row, |row| row).await
    }

    /// Takes something out of a tag.
    ///
    /// # Errors
    /// As [`Admin::add_member`]; `NotFound` if it does not stand in it.
    pub async fn remove_member(
        &self,
        write: Write<()>,
        id: TagId,
        member: uuid::Uuid,
    ) -> Result<Done, ApiError> {
        let organisation = self.tag_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let _order = self.order.write().await;
        let standing = self.store.memberships_of(member).await?;
        let before = standing
            .into_iter()
            .find(|it| it.tag == id)
            .ok_or(ApiError::NotFound)?;
        self.may_give_all_of(&write.caller, id).await?;
        let row = Membership {
            removed_at: Some(self.clock.now()),
            ..before
        };
        self.put_member(permit, write, row, |_| ()).await
    }

    async fn put_member<T: Send + 'static>(
        &self,
        permit: Permit<act::ManageAccess>,
        write: Write<T>,
        row: Membership,
        shown: fn(Membership) -> T,
    ) -> Result<Done, ApiError> {
        let change = [Change::Membership(row)];
        self.keeps_owners(&change)?;
        self.guard(&write.caller, row.organisation, &change).await?;
        self.change(permit, write, row.organisation, move |tx| {
            Box::pin(async move {
                tx.put_membership(&row).await?;
                tx.record(Change::Membership(row), None);
                Ok(Ok(shown(row)))
            })
        })
        .await
    }

    /// Nobody gives what they do not hold: neither the rights of a tag, nor the end of its denials.
    async fn may_give_all_of(&self, caller: &Caller, tag: TagId) -> Result<(), ApiError> {
        let grants: Vec<_> = {
            let directory = self.live.directory();
            directory
                .with_above(tag)
                .into_iter()
                .flat_map(|tag| directory.grants_naming(tag))
                .map(|grant| (grant.actions, grant.node))
                .collect()
        };
        for (actions, node) in grants {
            self.may_give(caller, actions, node).await?;
        }
        Ok(())
    }

    /// A tag's row, if it is there.
    pub(super) async fn tag_row(&self, id: TagId) -> Result<Tag, ApiError> {
        let row = self.store.get_tag(id).await?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(ApiError::NotFound)
    }
}

fn check(row: &Tag) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.labels(&row.labels);
    faults.none()
}

pub(super) fn check_member(
    directory: &Directory,
    organisation: OrganisationId,
    tag: TagId,
    member: Member,
) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    match member {
        Member::Person(id) => faults.check(
            || {
                directory
                    .person(id)
                    .is_some_and(|entry| entry.organisation == organisation)
            },
            "person",
            "unknown",
            "no such person here",
        ),
        Member::Point(id) => {
            let kind = directory
                .node(id)
                .filter(|node| node.organisation == organisation)
                .map(|node| node.kind);
            faults.check(|| kind.is_some(), "point", "unknown", "no such point here");
            faults.check(
                || kind != Some(NodeKind::Evse),
                "point",
                "invalid",
                "an EVSE stands in no tag; give a grant on it",
            );
        }
        Member::Tag(child) => {
            let known = directory
                .tag(child)
                .is_some_and(|entry| entry.organisation == organisation);
            faults.check(|| known, "tag", "unknown", "no such tag here");
            match directory.may_nest(child, tag) {
                Ok(()) => {}
                Err(fault @ NestingFault::Cycle) => faults.add("tag", "cycle", fault.to_string()),
                Err(fault @ NestingFault::TooDeep) => {
                    faults.add("tag", "too_deep", fault.to_string());
                }
            }
        }
    }
    faults.none()
}

/// Something is still named elsewhere.
pub(super) fn in_use(what: &str, grants: &[GrantId]) -> ApiError {
    let grants: Vec<String> = grants.iter().map(ToString::to_string).collect();
    let by = if grants.is_empty() {
        String::new()
    } else {
        format!(" by the grants {}", grants.join(", "))
    };
    ApiError::Conflict {
        code: "in_use",
        detail: format!("the {what} is still named{by}; end that first"),
    }
}
