//! The guard against refusing many by mistake: a change of access that would newly refuse more
//! than one in ten of those who may and were seen of late, at least five, is made only when its
//! figures are sent back.

use authz::Directory;
use model::{Change, Committed, Member, OrganisationId, Revision, Subject};

use super::Admin;
use crate::insight::what_if::Impact;
use crate::{ApiError, Caller};

/// Fewer than these cannot be many.
const FEW: usize = 5;

impl Admin {
    /// Looks at what some changes would do before they are made. Called with the order held alone
    /// where there is one, so that what was looked at still holds at the commit.
    ///
    /// # Errors
    /// `ConfirmationNeeded` when too many would be refused and the caller did not send the phrase
    /// with these figures.
    pub(super) async fn guard(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
        changes: &[Change],
    ) -> Result<(), ApiError> {
        let live = self.live.directory();
        if changes.iter().all(|change| concerns_few(change, &live)) {
            return Ok(());
        }
        let then = after(&live, changes);
        let impact = self.impact(organisation, &live, &then).await?;
        confirmed(caller, impact)
    }
}

/// Whether the caller has sent the phrase with these figures, where that is needed.
///
/// # Errors
/// `ConfirmationNeeded`.
pub fn confirmed(caller: &Caller, impact: Impact) -> Result<(), ApiError> {
    if !impact.is_massive() || caller.confirmation.as_deref() == Some(impact.phrase().as_str()) {
        return Ok(());
    }
    Err(ApiError::ConfirmationNeeded(impact))
}

/// The picture after some changes.
pub(super) fn after(live: &Directory, changes: &[Change]) -> Directory {
    let next = live.revision().0.saturating_add(1);
    let committed: Vec<Committed> = changes
        .iter()
        .zip(next..)
        .map(|(change, revision)| Committed {
            revision: Revision(revision),
            change: change.clone(),
        })
        .collect();
    live.with(&committed)
}

/// Whether a change is about so few people that it needs no look.
fn concerns_few(change: &Change, live: &Directory) -> bool {
    let few = |tag| live.people_in(tag).len() < FEW;
    match change {
        Change::Grant(grant) => match grant.subject {
            Subject::Person(_) => true,
            Subject::Tag(tag) => few(tag),
            Subject::Partner(_) => false,
        },
        Change::Membership(membership) => match membership.member {
            Member::Person(_) => true,
            Member::Tag(tag) => few(tag),
            Member::Point(_) => false,
        },
        Change::Tag(tag) => few(tag.id),
        Change::Installation(_)
        | Change::Area(_)
        | Change::Charger(_)
        | Change::Door(_)
        | Change::Schedule(_)
        | Change::Calendar(_) => false,
        // An emergency is meant to refuse; what else there is concerns one person or nobody.
        Change::Emergency(_)
        | Change::Organisation(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Person(_)
        | Change::Credential(_)
        | Change::ApiKey(_)
        | Change::Sharing(_)
        // A switch of authority is looked at by whom it would refuse: see `switch_impact`.
        | Change::Webhook(_) => true,
    }
}
