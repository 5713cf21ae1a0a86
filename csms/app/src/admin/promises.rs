//! What is promised to somebody who is to take it up later, and what is shown of it.

use jiff::{SignedDuration, Timestamp};
use model::{Action, ActionSet, NodeId, NodeKind, OfferState, OrganisationId, Promise, Role};

use super::Admin;
use super::fields::Faults;
use super::grants::actions_of;
use crate::ApiError;

/// The longest message, in characters.
pub(super) const MESSAGE: usize = 500;
/// How long a link holds unless said otherwise.
const LINK_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long it holds at most.
const LINK_AT_MOST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is to be given, as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// A role, or …
    pub role: Option<Role>,
    /// … actions by name.
    pub actions: Option<Vec<Action>>,
    /// On this node and all below.
    pub node: NodeId,
    /// Inclusive.
    pub valid_from: Option<Timestamp>,
    /// Exclusive.
    pub valid_until: Option<Timestamp>,
}

impl Terms {
    pub(super) fn promise(self, now: Timestamp, faults: &mut Faults) -> Promise {
        let actions = actions_of(self.role, self.actions.as_deref(), faults);
        faults.range("valid_until", self.valid_from, self.valid_until);
        let over = self.valid_until.is_some_and(|until| until <= now);
        faults.check(|| !over, "valid_until", "out_of_range", "in the future");
        Promise {
            role: self.role,
            actions,
            node: self.node,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        }
    }
}

/// Until when a link holds: a week, or as asked, at most 30 days, and no longer than what it gives.
pub(super) fn link_end(
    asked: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    now: Timestamp,
    faults: &mut Faults,
) -> Timestamp {
    let latest = now.checked_add(LINK_AT_MOST).unwrap_or(now);
    let end = asked.unwrap_or_else(|| now.checked_add(LINK_FOR).unwrap_or(now));
    faults.check(
        || end > now && end <= latest,
        "expires_at",
        "out_of_range",
        "in the future, at most 30 days from now",
    );
    valid_until.map_or(end, |until| end.min(until))
}

/// Why an offer that is not open cannot be taken.
pub(super) fn not_open(what: What, state: OfferState) -> ApiError {
    let (code, detail) = match (what, state) {
        (What::Invitation, OfferState::Used) => (
            "invitation_used",
            "this invitation was accepted already; log in",
        ),
        (What::Invitation, OfferState::Revoked) => (
            "invitation_revoked",
            "this invitation was withdrawn; ask who invited you",
        ),
        (What::Invitation, OfferState::Expired | OfferState::Open) => (
            "invitation_expired",
            "the time of this invitation is over; ask for a new link",
        ),
        (What::Link, OfferState::Used) => ("link_used", "this link was used already"),
        (What::Link, OfferState::Revoked) => {
            ("link_revoked", "this link was withdrawn; ask the partner")
        }
        (What::Link, OfferState::Expired | OfferState::Open) => (
            "link_expired",
            "the time of this link is over; ask the partner for a new one",
        ),
        (What::Handover, OfferState::Used) => {
            ("handover_used", "this handover was accepted already")
        }
        (What::Handover, OfferState::Revoked) => (
            "handover_revoked",
            "this handover was declined or withdrawn",
        ),
        (What::Handover, OfferState::Expired | OfferState::Open) => (
            "handover_expired",
            "the time of this handover is over; it can be offered again",
        ),
    };
    ApiError::Conflict {
        code,
        detail: detail.to_owned(),
    }
}

/// What kind of offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Invitation,
    Link,
    Handover,
}

/// What is shown of an offer to who may take it: little.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferView {
    /// Who offers: the name of the organisation.
    pub organisation: String,
    /// As a role; `None`: actions by name.
    pub role: Option<Role>,
    /// What may be done.
    pub actions: ActionSet,
    /// Where: what it is, and its name.
    pub place: (Option<NodeKind>, Option<String>),
    /// From when it holds.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds.
    pub valid_until: Option<Timestamp>,
    /// From the one who offers.
    pub message: Option<String>,
    /// Until when it can be taken.
    pub expires_at: Timestamp,
}

impl Admin {
    /// The name an organisation gave itself.
    pub(super) async fn name_of_organisation(
        &self,
        id: OrganisationId,
    ) -> Result<String, ApiError> {
        let row = self.store.get_organisation(id).await?;
        Ok(row.map(|row| row.labels.name).unwrap_or_default())
    }

    /// The name of a node; of an EVSE that of its charger.
    pub(super) async fn name_of(&self, node: NodeId) -> Result<Option<String>, ApiError> {
        let Some(entry) = self.live.directory().node(node).cloned() else {
            return Ok(None);
        };
        let labels = match entry.kind {
            NodeKind::Organisation => {
                let row = self.store.get_organisation(node.into()).await?;
                row.map(|row| row.labels)
            }
            NodeKind::Installation => {
                let row = self.store.get_installation(node.into()).await?;
                row.map(|row| row.labels)
            }
            NodeKind::Area => {
                let row = self.store.get_area(node.into()).await?;
                row.map(|row| row.labels)
            }
            NodeKind::Charger => {
                let row = self.store.get_charger(node.into()).await?;
                row.map(|row| row.labels)
            }
            NodeKind::Evse => match entry.parent {
                Some(charger) => {
                    let row = self.store.get_charger(charger.into()).await?;
                    row.map(|row| row.labels)
                }
                None => None,
            },
            NodeKind::Door => {
                let row = self.store.get_door(node.into()).await?;
                row.map(|row| row.labels)
            }
        };
        Ok(labels.map(|labels| labels.name))
    }

    /// Where an offer is managed: at its node, or at the organisation if that is gone.
    pub(super) fn offer_node(&self, node: NodeId, organisation: OrganisationId) -> NodeId {
        if self.live.directory().node(node).is_some() {
            node
        } else {
            organisation.into()
        }
    }
}
