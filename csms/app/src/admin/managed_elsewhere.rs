//! Where an outside authority decides, access is edited there.

use model::{Action, ActionSet, Authority, NodeId, Role};

use super::Admin;
use crate::ApiError;

impl Admin {
    /// Who may use the points of a node is decided here, else where: what is edited here would be
    /// without effect.
    ///
    /// # Errors
    /// `Conflict` that says where it is managed.
    pub(super) async fn managed_here(&self, node: impl Into<NodeId>) -> Result<(), ApiError> {
        match self.managed_elsewhere(node).await? {
            None => Ok(()),
            Some(host) => Err(ApiError::Conflict {
                code: "managed_elsewhere",
                detail: format!(
                    "who may use this is decided by the service at `{host}`: change it there, or \
                     switch authority back first"
                ),
            }),
        }
    }

    /// Where it is managed who may use a node, if that is elsewhere.
    pub(super) async fn managed_elsewhere(
        &self,
        node: impl Into<NodeId>,
    ) -> Result<Option<String>, ApiError> {
        let installation = {
            let directory = self.live.directory();
            directory
                .node(node)
                .and_then(|entry| directory.installation_of(entry))
                .filter(|(_, settings)| settings.authority != Authority::Native)
                .map(|(id, _)| id)
        };
        let Some(installation) = installation else {
            return Ok(None);
        };
        let webhook = self.store.get_webhook(installation).await?;
        Ok(Some(
            webhook.map_or_else(String::new, |row| row.host().to_owned()),
        ))
    }

    /// Whether a grant says who may use something, which an outside authority decides; an owner's
    /// is about the administration of it.
    pub(super) fn is_access(role: Option<Role>, actions: ActionSet) -> bool {
        actions.contains(Action::Use) && role != Some(Role::Owner)
    }
}
