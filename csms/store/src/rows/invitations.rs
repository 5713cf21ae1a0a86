//! Invitations, and handovers of ownership.

use jiff::Timestamp;
use model::{
    Accepted, Handover, HandoverId, Invitation, InvitationId, OrganisationId, Promise, Promiser,
};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! invitation_columns {
    () => {
        "id, organisation_id, email, person_id, role, actions, node_id, valid_from, valid_until, \
         message, token_hash, created_by_person_id, created_by_api_key_id, created_at, expires_at, \
         accepted_at, accepted_by_person_id, grant_id, revoked_at"
    };
}

macro_rules! handover_columns {
    () => {
        "id, organisation_id, node_id, from_person_id, to_person_id, leaves_role, message, \
         created_at, expires_at, accepted_at, ended_at"
    };
}

statements! {
    INSERT_INVITATION = "INSERT INTO invitations (", invitation_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
        $18, $19)";
    INVITATION = "SELECT ", invitation_columns!(), " FROM invitations WHERE id = $1";
    INVITATION_BY_TOKEN = "SELECT ", invitation_columns!(),
        " FROM invitations WHERE token_hash = $1";
    INVITATIONS = "SELECT ", invitation_columns!(), " FROM invitations WHERE organisation_id = $1";
    ACCEPT_INVITATION = "UPDATE invitations SET accepted_at = $2, accepted_by_person_id = $3, \
        grant_id = $4 WHERE id = $1 AND token_hash = $5 AND accepted_at IS NULL \
        AND revoked_at IS NULL AND expires_at > $2";
    RENEW_INVITATION = "UPDATE invitations SET token_hash = $2, expires_at = $3, \
        created_by_person_id = $4, created_by_api_key_id = $5 WHERE id = $1 \
        AND accepted_at IS NULL AND revoked_at IS NULL";
    REVOKE_INVITATION = "UPDATE invitations SET revoked_at = $2 \
        WHERE id = $1 AND accepted_at IS NULL AND revoked_at IS NULL";
    INSERT_HANDOVER = "INSERT INTO handovers (", handover_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    HANDOVER = "SELECT ", handover_columns!(), " FROM handovers WHERE id = $1";
    HANDOVERS = "SELECT ", handover_columns!(), " FROM handovers WHERE organisation_id = $1";
    ACCEPT_HANDOVER = "UPDATE handovers SET accepted_at = $2 WHERE id = $1 \
        AND accepted_at IS NULL AND ended_at IS NULL AND expires_at > $2";
    END_HANDOVER = "UPDATE handovers SET ended_at = $2 WHERE id = $1 \
        AND accepted_at IS NULL AND ended_at IS NULL";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
    PERSON_THERE = "SELECT id FROM people WHERE organisation_id = $1 AND id = $2";
}

queries! {
    /// An invitation, whatever became of it.
    get_invitation(id: InvitationId) -> Option<Invitation> = INVITATION [id];
    /// The invitation whose link has this hash of its token, whatever became of it.
    find_invitation(token_hash: &[u8]) -> Option<Invitation> = INVITATION_BY_TOKEN [token_hash];
    /// A handover, whatever became of it.
    get_handover(id: HandoverId) -> Option<Handover> = HANDOVER [id];
}

impl Store {
    /// The invitations of an organisation, whatever became of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_invitations(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Invitation>, StoreError> {
        let query = Select::new(INVITATIONS, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Invitation| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }

    /// The handovers of an organisation, whatever became of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_handovers(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Handover>, StoreError> {
        let query = Select::new(HANDOVERS, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Handover| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }
}

impl Tx {
    /// A new invitation.
    ///
    /// # Errors
    /// [`Constraint::InvitationId`], [`Constraint::InvitationToken`],
    /// [`Constraint::InvitationOrganisation`], [`Constraint::InvitationOneEnd`].
    pub async fn insert_invitation(&mut self, row: &Invitation) -> Result<(), StoreError> {
        let Promise {
            role,
            actions,
            node,
            valid_from,
            valid_until,
        } = &row.promise;
        let accepted_at = row.accepted.map(|accepted| accepted.at);
        let accepted_by = row.accepted.map(|accepted| accepted.person);
        let grant = row.accepted.map(|accepted| accepted.grant);
        let args = args![
            row.id,
            row.organisation,
            row.email,
            row.person,
            role,
            actions,
            node,
            valid_from,
            valid_until,
            row.message,
            row.token_hash,
            row.by.person,
            row.by.key,
            row.created_at,
            row.expires_at,
            accepted_at,
            accepted_by,
            grant,
            row.revoked_at,
        ];
        let organisation = Reference {
            constraint: Constraint::InvitationOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        self.put(INSERT_INVITATION, args, &[organisation])
            .await
            .map(drop)
    }

    /// Accepts an invitation by this token of its link. `false`: it was accepted or withdrawn, has
    /// another link by now, or its time is over. Of two at once one gets `true`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept_invitation(
        &mut self,
        id: InvitationId,
        token_hash: &[u8],
        accepted: &Accepted,
    ) -> Result<bool, StoreError> {
        let args = args![id, accepted.at, accepted.person, accepted.grant, token_hash];
        self.touched(ACCEPT_INVITATION, args).await
    }

    /// Gives an invitation another link, end and inviter, in place of those it had. `false`: it was
    /// accepted or withdrawn.
    ///
    /// # Errors
    /// [`Constraint::InvitationToken`].
    pub async fn renew_invitation(&mut self, row: &Invitation) -> Result<bool, StoreError> {
        let args = args![
            row.id,
            row.token_hash,
            row.expires_at,
            row.by.person,
            row.by.key,
        ];
        self.touched(RENEW_INVITATION, args).await
    }

    /// Withdraws an invitation. `false`: it was accepted or withdrawn already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_invitation(
        &mut self,
        id: InvitationId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(REVOKE_INVITATION, args![id, at]).await
    }

    /// A new handover.
    ///
    /// # Errors
    /// [`Constraint::HandoverId`], [`Constraint::HandoverFrom`], [`Constraint::HandoverTo`],
    /// [`Constraint::HandoverTwoPeople`], [`Constraint::HandoverOneEnd`].
    pub async fn insert_handover(&mut self, row: &Handover) -> Result<(), StoreError> {
        let args = args![
            row.id,
            row.organisation,
            row.node,
            row.from,
            row.to,
            row.leaves,
            row.message,
            row.created_at,
            row.expires_at,
            row.accepted_at,
            row.ended_at,
        ];
        let from = Reference {
            constraint: Constraint::HandoverFrom,
            lookup: PERSON_THERE,
            args: args![row.organisation, row.from],
        };
        let to = Reference {
            constraint: Constraint::HandoverTo,
            lookup: PERSON_THERE,
            args: args![row.organisation, row.to],
        };
        self.put(INSERT_HANDOVER, args, &[from, to]).await.map(drop)
    }

    /// Accepts a handover. `false`: it was accepted or ended, or its time is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept_handover(
        &mut self,
        id: HandoverId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(ACCEPT_HANDOVER, args![id, at]).await
    }

    /// Ends a handover without effect. `false`: it was accepted or ended already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_handover(
        &mut self,
        id: HandoverId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(END_HANDOVER, args![id, at]).await
    }
}

impl Record for Invitation {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            email: columns.take()?,
            person: columns.take()?,
            promise: promise(columns)?,
            message: columns.take()?,
            token_hash: columns.take()?,
            by: Promiser {
                person: columns.take()?,
                key: columns.take()?,
            },
            created_at: columns.take()?,
            expires_at: columns.take()?,
            accepted: accepted(columns)?,
            revoked_at: columns.take()?,
        })
    }
}

/// Role, actions, node, validity: in this order in every table.
pub(super) fn promise(columns: &mut Columns<'_>) -> Result<Promise, StoreError> {
    Ok(Promise {
        role: columns.take()?,
        actions: columns.take()?,
        node: columns.take()?,
        valid_from: columns.take()?,
        valid_until: columns.take()?,
    })
}

fn accepted(columns: &mut Columns<'_>) -> Result<Option<Accepted>, StoreError> {
    let (at, person, grant) = (columns.take()?, columns.take()?, columns.take()?);
    Ok(match (at, person, grant) {
        (Some(at), Some(person), Some(grant)) => Some(Accepted { at, person, grant }),
        _ => None,
    })
}

impl Record for Handover {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            node: columns.take()?,
            from: columns.take()?,
            to: columns.take()?,
            leaves: columns.take()?,
            message: columns.take()?,
            created_at: columns.take()?,
            expires_at: columns.take()?,
            accepted_at: columns.take()?,
            ended_at: columns.take()?,
        })
    }
}
