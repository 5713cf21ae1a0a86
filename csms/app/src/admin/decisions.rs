//! The decision log.

use authz::act;
use jiff::Timestamp;
use model::{Action, Decision, DecisionId, Effect, NodeId, PersonId, Reason};
use store::DecisionFilter;

use super::transactions::key_of;
use super::{Admin, ListQuery, Listing};
use crate::{ApiError, App, Caller};

/// Which decisions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecisionQuery {
    /// Asked by the station with this identity.
    pub station: Option<String>,
    /// Asked in the station's message with this id.
    pub message_id: Option<String>,
    /// About this person.
    pub person: Option<PersonId>,
    /// On exactly this node.
    pub node: Option<NodeId>,
    /// With this reason.
    pub reason: Option<Reason>,
    /// Allowed or denied.
    pub effect: Option<Effect>,
    /// Taken at or after.
    pub from: Option<Timestamp>,
    /// Taken before.
    pub until: Option<Timestamp>,
}

impl Admin {
    /// The decisions on nodes where the caller holds `view_all`, newest first.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn decisions(
        &self,
        caller: &Caller,
        which: &DecisionQuery,
        query: &ListQuery,
    ) -> Result<Listing<Decision>, ApiError> {
        let Ok(station) = key_of(which.station.as_deref()) else {
            return Ok(Listing {
                items: Vec::new(),
                next: None,
            });
        };
        let filter = DecisionFilter {
            station,
            message_id: which.message_id.clone(),
            person: which.person,
            node: which.node,
            reason: which.reason,
            effect: which.effect,
            from: which.from,
            until: which.until,
        };
        let seen = |row: &Decision| {
            decision_node(self, row)
                .is_some_and(|node| self.pep.holds(caller, Action::ViewAll, node))
        };
        self.list_reached(caller, query, seen, |organisation, page| {
            let filter = filter.clone();
            async move {
                self.store
                    .list_decisions(Some(organisation), &filter, &page)
                    .await
            }
        })
        .await
    }

    /// A decision.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `view_all`.
    pub async fn decision(&self, caller: &Caller, id: DecisionId) -> Result<Decision, ApiError> {
        let row = self
            .store
            .get_decision(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        let node = decision_node(self, &row).ok_or(ApiError::NotFound)?;
        let _ = self.pep.permit::<act::ViewAll>(caller, node).await?;
        Ok(row)
    }
}

/// Where it is decided who sees it; the organisation, if the node is gone. A decision on a point
/// nobody knows belongs to nobody.
pub(super) fn decision_node(app: &App, row: &Decision) -> Option<NodeId> {
    let directory = app.live.directory();
    let known = row.node.filter(|node| directory.node(*node).is_some());
    known.or_else(|| row.organisation.map(NodeId::from))
}
