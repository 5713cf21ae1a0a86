//! The logs as a whole, a piece at a time: never more than one piece is in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use model::{Action, Decision, NodeId, NodeKind, OrganisationId};
use store::{ChangeEntry, Cursor, DecisionFilter, List, Page};

use super::Admin;
use super::decisions::decision_node;
use crate::{ApiError, App, Caller};

/// Rows read at a time.
const PIECE: u32 = 500;

/// Which part of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportQuery {
    /// Of this organisation; `None`: of every one where the caller may.
    pub organisation: Option<OrganisationId>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// A log on its way out, newest first.
pub struct LogExport {
    app: Arc<App>,
    caller: Caller,
    query: ExportQuery,
    organisations: VecDeque<OrganisationId>,
    after: Option<Cursor>,
}

impl std::fmt::Debug for LogExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogExport")
    }
}

impl Admin {
    /// The decisions on nodes where the caller holds `reports`.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` for who holds it nowhere.
    pub async fn export_decisions(
        &self,
        caller: &Caller,
        query: ExportQuery,
    ) -> Result<LogExport, ApiError> {
        self.begin_export(caller, query, |organisation| {
            let directory = self.live.directory();
            let below = directory.nodes().filter(|(_, node)| {
                node.organisation == organisation && node.kind == NodeKind::Installation
            });
            let nodes: Vec<NodeId> = below.map(|(id, _)| id).collect();
            std::iter::once(organisation.into())
                .chain(nodes)
                .find(|node| self.pep.holds(caller, Action::Reports, *node))
        })
        .await
    }

    /// The changes in organisations where the caller holds `reports`.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` for who holds it nowhere.
    pub async fn export_changes(
        &self,
        caller: &Caller,
        query: ExportQuery,
    ) -> Result<LogExport, ApiError> {
        self.begin_export(caller, query, |organisation| {
            let node = NodeId::from(organisation);
            self.pep
                .holds(caller, Action::Reports, node)
                .then_some(node)
        })
        .await
    }

    /// `held` says where in an organisation the caller holds `reports`. The look into a log is a
    /// decision, and logged itself.
    async fn begin_export(
        &self,
        caller: &Caller,
        query: ExportQuery,
        held: impl Fn(OrganisationId) -> Option<NodeId>,
    ) -> Result<LogExport, ApiError> {
        let mut organisations: Vec<OrganisationId> = match query.organisation {
            Some(named) => vec![self.organisation_meant(caller, Some(named))?],
            None => caller.persons.iter().map(|(id, _)| *id).collect(),
        };
        organisations.sort_unstable();
        let nodes: Vec<(OrganisationId, NodeId)> = organisations
            .into_iter()
            .filter_map(|id| Some((id, held(id)?)))
            .collect();
        if nodes.is_empty() {
            let organisation = self.organisation_meant(caller, query.organisation)?;
            self.require(caller, Action::Reports, organisation.into())
                .await?;
        }
        for (_, node) in &nodes {
            self.require(caller, Action::Reports, *node).await?;
        }
        Ok(LogExport {
            app: Arc::clone(&self.app),
            caller: caller.clone(),
            query,
            organisations: nodes.into_iter().map(|(id, _)| id).collect(),
            after: None,
        })
    }
}

impl LogExport {
    /// The next decisions; `None`: that was the end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn decisions(&mut self) -> Result<Option<Vec<Decision>>, ApiError> {
        let filter = DecisionFilter {
            from: self.query.from,
            until: self.query.until,
            ..DecisionFilter::default()
        };
        let Some(organisation) = self.organisations.front().copied() else {
            return Ok(None);
        };
        let page = Page::new(PIECE, self.after.take());
        let store = &self.app.store;
        let list = store
            .list_decisions(Some(organisation), &filter, &page)
            .await?;
        let mut rows = self.went_on(list);
        rows.retain(|row| {
            decision_node(&self.app, row)
                .is_some_and(|node| self.app.pep.holds(&self.caller, Action::Reports, node))
        });
        Ok(Some(rows))
    }

    /// The next changes; `None`: that was the end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn changes(&mut self) -> Result<Option<Vec<ChangeEntry>>, ApiError> {
        let ExportQuery { from, until, .. } = self.query;
        let Some(organisation) = self.organisations.front().copied() else {
            return Ok(None);
        };
        let page = Page::new(PIECE, self.after.take());
        let store = &self.app.store;
        let list = store
            .list_changes_between(organisation, from, until, &page)
            .await?;
        Ok(Some(self.went_on(list)))
    }

    fn went_on<T>(&mut self, list: List<T>) -> Vec<T> {
        if list.next.is_none() {
            self.organisations.pop_front();
        }
        self.after = list.next;
        list.items
    }
}
