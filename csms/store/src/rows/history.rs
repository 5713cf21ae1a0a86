//! What the rows were before: read for a picture of the past.

use jiff::Timestamp;
use model::{
    ChangeKind, CredentialId, CredentialKind, OrganisationId, PersonId, Revision, StopGroup,
};
use serde_json::Value;
use uuid::Uuid;

use super::queries;
use super::remote_starts::PENDING_AT;
use super::transactions::OPEN_AT;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{Store, StoreError, Tx};

statements! {
    INSERT_STOP_GROUP = "INSERT INTO stop_groups (revision, person_id, stop_group) \
        VALUES ($1, $2, $3)";
    STOP_GROUP_AT = "SELECT stop_group FROM stop_groups \
        WHERE person_id = $1 AND revision <= $2 ORDER BY revision DESC LIMIT 1";
    CHANGES_SINCE = "SELECT kind, row_id, before_row, after_row FROM change_log \
        WHERE organisation_id = $1 AND revision > $2 ORDER BY revision";
    REVISION_AT = "SELECT revision FROM change_log WHERE at <= $1 ORDER BY revision DESC LIMIT 1";
    TIME_OF = "SELECT at FROM change_log WHERE revision <= $1 ORDER BY revision DESC LIMIT 1";
    FIRST_REVISION = "SELECT revision FROM change_log ORDER BY revision LIMIT 1";
    PARTNERS_OF = "SELECT DISTINCT partner_organisation_id FROM grants \
        WHERE organisation_id = $1 AND partner_organisation_id IS NOT NULL";
    LIVE_MEMBERS_OF = "SELECT tag_id, kind, member_id, organisation_id, created_at, removed_at \
        FROM tag_members WHERE organisation_id = $1 AND removed_at IS NULL";
    EVSES_OF_ALL = "SELECT evses.charger_id, evses.id, evses.number, evses.connectors \
        FROM evses JOIN chargers ON chargers.id = evses.charger_id \
        WHERE chargers.organisation_id = $1 AND chargers.deleted_at IS NULL AND NOT evses.removed \
        ORDER BY evses.charger_id, evses.number";
    SEEN_SINCE = "SELECT \
        CASE WHEN segment IS NULL THEN decisions.credential_id ELSE names.target_id END, \
        CASE WHEN segment IS NULL THEN decisions.person_id ELSE people.target_id END, \
        decisions.node_id, MAX(decisions.at), MAX(cards.kind), MAX(cards.value) FROM decisions \
        LEFT JOIN pseudonyms people ON people.pseudonym = decisions.person_id \
        LEFT JOIN pseudonyms names ON names.pseudonym = decisions.credential_id \
        LEFT JOIN credentials cards ON cards.deleted_at IS NULL AND cards.id = \
        CASE WHEN segment IS NULL THEN decisions.credential_id ELSE names.target_id END \
        WHERE decisions.organisation_id = $1 AND decisions.at > $2 \
        AND decisions.person_id IS NOT NULL AND decisions.node_id IS NOT NULL \
        AND (segment IS NULL OR people.target_id IS NOT NULL) AND decisions.entry <> 'api' \
        GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3, 2 LIMIT $3";
    USED_AT = "SELECT grant_uses.grant_id, grant_uses.person_id, COUNT(*), \
        CAST(SUM(CASE WHEN settled_at < $2 THEN minutes ELSE 0 END) AS BIGINT), \
        CAST(SUM(CASE WHEN settled_at < $2 THEN wh ELSE 0 END) AS BIGINT), \
        CAST(SUM(CASE WHEN running OR settled_at >= $2 THEN 1 ELSE 0 END) AS BIGINT) \
        FROM grant_uses JOIN grants ON grants.id = grant_uses.grant_id \
        WHERE grants.organisation_id = $1 AND taken_at < $2 \
        GROUP BY grant_uses.grant_id, grant_uses.person_id";
}

queries! {
    /// The last revision whose change was made by then.
    revision_at(at: Timestamp) -> Option<i64> = REVISION_AT [at];
    /// When the change of this revision was made, or the last before it.
    time_of(revision: Revision) -> Option<i64> = TIME_OF [revision];
    /// The first revision that is still kept.
    first_revision() -> Option<i64> = FIRST_REVISION [];
    /// The transactions of an organisation that were in progress at an instant.
    open_at(organisation: OrganisationId, at: Timestamp) -> Vec<model::Transaction> =
        OPEN_AT [organisation, at];
    /// The remote starts of an organisation that were waited for at an instant.
    pending_at(organisation: OrganisationId, at: Timestamp) -> Vec<super::RemoteStartRow> =
        PENDING_AT [organisation, at];
    /// What was used of an organisation's limited grants before an instant.
    used_at(organisation: OrganisationId, at: Timestamp) -> Vec<super::GrantTotal> =
        USED_AT [organisation, at];
}

/// Who was decided about at a point.
#[derive(Clone, PartialEq, Eq)]
pub struct Sighting {
    /// What was presented, if it is known.
    pub credential: Option<CredentialId>,
    /// Who.
    pub person: PersonId,
    /// Where.
    pub node: model::NodeId,
    /// When last.
    pub at: Timestamp,
    /// The kind and the number of what was presented, if it is still there.
    pub presented: Option<(CredentialKind, String)>,
}

impl std::fmt::Debug for Sighting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sighting({} at {} {})", self.person, self.node, self.at)
    }
}

impl Store {
    /// Who presented something at the points of an organisation since then, each once per
    /// credential and point, the latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn seen_since(
        &self,
        organisation: OrganisationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Sighting>, StoreError> {
        self.find_all(SEEN_SINCE, args![organisation, since, limit])
            .await
    }
}

/// A change of a row, as far as the past needs it.
pub(crate) struct Step {
    pub(crate) kind: ChangeKind,
    pub(crate) row: Uuid,
    pub(crate) before: Option<Value>,
    pub(crate) after: Value,
}

impl Record for Step {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            kind: columns.take()?,
            row: columns.take()?,
            before: columns.take()?,
            after: columns.take()?,
        })
    }
}

impl Record for Sighting {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            credential: columns.take()?,
            person: columns.take()?,
            node: columns.take()?,
            at: columns.take()?,
            presented: columns
                .take::<Option<CredentialKind>>()?
                .zip(columns.take::<Option<String>>()?),
        })
    }
}

/// The stop group of a person, by itself.
pub(crate) struct GroupOf(pub(crate) StopGroup);

impl Record for GroupOf {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take().map(Self)
    }
}

/// An id, by itself.
pub(crate) struct IdOf(pub(crate) OrganisationId);

impl Record for IdOf {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take().map(Self)
    }
}

/// Keeps the stop group that a person has from a revision on.
pub(crate) async fn keep_stop_group(
    tx: &mut Tx,
    revision: Revision,
    person: PersonId,
    group: &StopGroup,
) -> Result<(), StoreError> {
    tx.run(INSERT_STOP_GROUP, args![revision, person, group])
        .await
        .map(drop)
}
