//! What the things of an explanation are called.

use std::collections::HashMap;

use authz::{Directory, NodeDetail};
use model::{
    Change, Grant, GrantId, NodeId, NodeKind, OrganisationId, Schedule, ScheduleId, TagId,
};
use uuid::Uuid;

use crate::{ApiError, App};

/// Names, read once; of the past where the picture is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: HashMap<Uuid, String>,
    grants: HashMap<GrantId, Grant>,
    schedules: HashMap<ScheduleId, Schedule>,
}

impl Names {
    /// Those in some rows.
    pub(crate) fn of(rows: &[Change]) -> Self {
        let mut names = Self::default();
        for row in rows {
            let (id, labels) = match row {
                Change::Organisation(row) => (row.id.0, &row.labels),
                Change::Installation(row) => (row.id.0, &row.labels),
                Change::Area(row) => (row.id.0, &row.labels),
                Change::Charger(row) => (row.id.0, &row.labels),
                Change::Door(row) => (row.id.0, &row.labels),
                Change::Tag(row) => (row.id.0, &row.labels),
                Change::Schedule(row) => {
                    names.schedules.insert(row.id, row.clone());
                    continue;
                }
                Change::Grant(row) => {
                    names.grants.insert(row.id, row.clone());
                    continue;
                }
                Change::Lock(_)
                | Change::Station(_)
                | Change::Person(_)
                | Change::Credential(_)
                | Change::ApiKey(_)
                | Change::Membership(_)
                | Change::Calendar(_)
                | Change::Emergency(_)
                | Change::Sharing(_)
                | Change::Webhook(_) => continue,
            };
            names.names.insert(id, labels.name.clone());
        }
        names
    }

    pub(crate) async fn grant(
        &mut self,
        app: &App,
        id: GrantId,
    ) -> Result<Option<Grant>, ApiError> {
        if let Some(grant) = self.grants.get(&id) {
            return Ok(Some(grant.clone()));
        }
        let grant = app.store.get_grant(id).await?;
        if let Some(grant) = &grant {
            self.grants.insert(id, grant.clone());
        }
        Ok(grant)
    }

    pub(crate) async fn schedule(
        &mut self,
        app: &App,
        id: ScheduleId,
    ) -> Result<Option<Schedule>, ApiError> {
        if let Some(schedule) = self.schedules.get(&id) {
            return Ok(Some(schedule.clone()));
        }
        let schedule = app.store.get_schedule(id).await?;
        if let Some(schedule) = &schedule {
            self.schedules.insert(id, schedule.clone());
        }
        Ok(schedule)
    }

    pub(crate) async fn tag(&mut self, app: &App, id: TagId) -> Result<String, ApiError> {
        if let Some(name) = self.names.get(&id.0) {
            return Ok(name.clone());
        }
        let row = app.store.get_tag(id).await?;
        Ok(self.keep(id.0, row.map(|row| row.labels.name)))
    }

    pub(crate) async fn organisation(
        &mut self,
        app: &App,
        id: OrganisationId,
    ) -> Result<String, ApiError> {
        if let Some(name) = self.names.get(&id.0) {
            return Ok(name.clone());
        }
        let row = app.store.get_organisation(id).await?;
        Ok(self.keep(id.0, row.map(|row| row.labels.name)))
    }

    /// The name of a node; an EVSE has its number.
    pub(crate) async fn node(
        &mut self,
        app: &App,
        directory: &Directory,
        id: NodeId,
    ) -> Result<(Option<NodeKind>, String), ApiError> {
        let Some(entry) = directory.node(id) else {
            return Ok((None, String::new()));
        };
        if let NodeDetail::Evse { number, .. } = entry.detail {
            return Ok((Some(entry.kind), number.to_string()));
        }
        if let Some(name) = self.names.get(&id.0) {
            return Ok((Some(entry.kind), name.clone()));
        }
        let name = match entry.kind {
            NodeKind::Organisation => app
                .store
                .get_organisation(id.into())
                .await?
                .map(|row| row.labels.name),
            NodeKind::Installation => app
                .store
                .get_installation(id.into())
                .await?
                .map(|row| row.labels.name),
            NodeKind::Area => app
                .store
                .get_area(id.into())
                .await?
                .map(|row| row.labels.name),
            NodeKind::Charger => app
                .store
                .get_charger(id.into())
                .await?
                .map(|row| row.labels.name),
            NodeKind::Door => app
                .store
                .get_door(id.into())
                .await?
                .map(|row| row.labels.name),
            // It has no row of its own.
            NodeKind::Evse => None,
        };
        Ok((Some(entry.kind), self.keep(id.0, name)))
    }

    fn keep(&mut self, id: Uuid, name: Option<String>) -> String {
        let name = name.unwrap_or_default();
        self.names.insert(id, name.clone());
        name
    }
}
