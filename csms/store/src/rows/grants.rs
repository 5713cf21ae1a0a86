//! Grants and API keys. Neither is ever overwritten: what ends gets the time of its end.

use jiff::Timestamp;
use model::{
    ApiKey, ApiKeyId, Condition, CredentialId, Grant, GrantId, Limits, NodeId, OrganisationId,
    PersonId, ScheduleId, Subject, TagId,
};

use super::queries;
use crate::arg::{args, corrupt};
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! grant_columns {
    () => {
        "id, organisation_id, person_id, tag_id, partner_organisation_id, role, actions, node_id, \
         effect, schedule_id, kinds, minimum_strength, points_tag_id, limit_uses, limit_minutes, \
         limit_wh, credential_id, valid_from, valid_until, reason, source, created_by_person_id, created_at, \
         revoked_at"
    };
}

macro_rules! api_key_columns {
    () => {
        "id, organisation_id, person_id, name, prefix, hash, scopes, node_id, expires_at, \
         created_at, revoked_at"
    };
}

statements! {
    INSERT_GRANT = "INSERT INTO grants (", grant_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
        $18, $19, $20, $21, $22, $23, $24)";
    REVOKE_GRANT = "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    GRANT = "SELECT ", grant_columns!(), " FROM grants WHERE id = $1";
    GRANTS = "SELECT ", grant_columns!(), " FROM grants WHERE organisation_id = $1";
    INSERT_API_KEY = "INSERT INTO api_keys (", api_key_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    REVOKE_API_KEY = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    API_KEY = "SELECT ", api_key_columns!(), " FROM api_keys WHERE id = $1";
    API_KEY_BY_PREFIX = "SELECT ", api_key_columns!(), " FROM api_keys WHERE prefix = $1";
    API_KEYS = "SELECT ", api_key_columns!(),
        " FROM api_keys WHERE organisation_id = $1 AND revoked_at IS NULL";
    LIVE_API_KEYS = "SELECT ", api_key_columns!(), " FROM api_keys WHERE revoked_at IS NULL";
    PERSON_THERE = "SELECT id FROM people WHERE organisation_id = $1 AND id = $2";
    TAG_THERE = "SELECT id FROM tags WHERE organisation_id = $1 AND id = $2";
    SCHEDULE_THERE = "SELECT id FROM schedules WHERE organisation_id = $1 AND id = $2";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
    GRANTS_TO_TAG = "SELECT ", grant_columns!(),
        " FROM grants WHERE (tag_id = $1 OR points_tag_id = $1) AND revoked_at IS NULL ORDER BY id";
    GRANTS_WITH_CREDENTIAL = "SELECT ", grant_columns!(),
        " FROM grants WHERE credential_id = $1 AND revoked_at IS NULL ORDER BY id";
    GRANTS_WITH_SCHEDULE = "SELECT ", grant_columns!(),
        " FROM grants WHERE schedule_id = $1 AND revoked_at IS NULL ORDER BY id";
}

/// Those of the live picture.
pub(crate) const LIVE_GRANTS: Whole = Whole {
    columns: grant_columns!(),
    table: "grants",
    condition: "revoked_at IS NULL AND (valid_until IS NULL OR valid_until > $1)",
};

queries! {
    /// A grant, ended ones too.
    get_grant(id: GrantId) -> Option<Grant> = GRANT [id];
    /// The grants to a tag, and those to its points, that are not ended.
    grants_with_tag(id: TagId) -> Vec<Grant> = GRANTS_TO_TAG [id];
    /// The grants made with a credential that are not ended.
    grants_with_credential(id: CredentialId) -> Vec<Grant> = GRANTS_WITH_CREDENTIAL [id];
    /// The grants with a schedule that are not ended.
    grants_with_schedule(id: ScheduleId) -> Vec<Grant> = GRANTS_WITH_SCHEDULE [id];
    /// An API key, withdrawn ones too.
    get_api_key(id: ApiKeyId) -> Option<ApiKey> = API_KEY [id];
    /// The API key with these first characters, withdrawn ones too.
    find_api_key(prefix: &str) -> Option<ApiKey> = API_KEY_BY_PREFIX [prefix];
}

/// Which grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
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

impl Store {
    /// The grants of an organisation.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_grants(
        &self,
        organisation: OrganisationId,
        filter: &GrantFilter,
        page: &Page,
    ) -> Result<List<Grant>, StoreError> {
        let holding = (!filter.include_revoked).then_some("revoked_at IS NULL");
        let query = Select::new(GRANTS, args![organisation])
            .and_some("person_id =", &filter.person)
            .and_some("tag_id =", &filter.tag)
            .and_some("partner_organisation_id =", &filter.partner)
            .and_some("node_id =", &filter.node)
            .and_when(holding)
            .by_id("id", page);
        self.list(query, page, |row: &Grant| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }

    /// The API keys of an organisation that are not withdrawn.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_api_keys(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<ApiKey>, StoreError> {
        let query = Select::new(API_KEYS, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &ApiKey| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }
}

impl Tx {
    /// A new grant.
    ///
    /// # Errors
    /// [`Constraint::GrantPerson`], [`Constraint::GrantTag`], [`Constraint::GrantPartner`],
    /// [`Constraint::GrantSchedule`], [`Constraint::GrantPoints`], [`Constraint::GrantValidity`],
    /// [`Constraint::GrantId`].
    pub async fn insert_grant(&mut self, row: &Grant) -> Result<(), StoreError> {
        let (person, tag, partner) = match row.subject {
            Subject::Person(id) => (Some(id), None, None),
            Subject::Tag(id) => (None, Some(id), None),
            Subject::Partner(id) => (None, None, Some(id)),
        };
        let condition = &row.condition;
        let limits = condition.limits.unwrap_or_default();
        let limit_wh = limits.wh.map(|wh| i64::try_from(wh).unwrap_or(i64::MAX));
        let args = args![
            row.id,
            row.organisation,
            person,
            tag,
            partner,
            row.role,
            row.actions,
            row.node,
            row.effect,
            condition.schedule,
            condition.kinds,
            condition.minimum_strength,
            condition.points,
            limits.uses,
            limits.minutes,
            limit_wh,
            condition.credential,
            row.valid_from,
            row.valid_until,
            row.reason,
            row.source,
            row.created_by,
            row.created_at,
            row.revoked_at,
        ];
        // What is absent is not there either, and is not looked for.
        let to_person = Reference {
            constraint: Constraint::GrantPerson,
            lookup: PERSON_THERE,
            args: args![row.organisation, person],
        };
        let to_tag = Reference {
            constraint: Constraint::GrantTag,
            lookup: TAG_THERE,
            args: args![row.organisation, tag],
        };
        let to_partner = Reference {
            constraint: Constraint::GrantPartner,
            lookup: ORGANISATION_THERE,
            args: args![partner],
        };
        let to_schedule = Reference {
            constraint: Constraint::GrantSchedule,
            lookup: SCHEDULE_THERE,
            args: args![row.organisation, condition.schedule],
        };
        let to_points = Reference {
            constraint: Constraint::GrantPoints,
            lookup: TAG_THERE,
            args: args![row.organisation, condition.points],
        };
        let mut references = vec![match row.subject {
            Subject::Person(_) => to_person,
            Subject::Tag(_) => to_tag,
            Subject::Partner(_) => to_partner,
        }];
        if condition.schedule.is_some() {
            references.push(to_schedule);
        }
        if condition.points.is_some() {
            references.push(to_points);
        }
        self.put(INSERT_GRANT, args, &references).await.map(drop)
    }

    /// Ends a grant. `false`: it is not there or has ended already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_grant(&mut self, id: GrantId, at: Timestamp) -> Result<bool, StoreError> {
        self.touched(REVOKE_GRANT, args![id, at]).await
    }

    /// A new API key.
    ///
    /// # Errors
    /// [`Constraint::ApiKeyPrefix`], [`Constraint::ApiKeyPerson`], [`Constraint::ApiKeyId`].
    pub async fn insert_api_key(&mut self, row: &ApiKey) -> Result<(), StoreError> {
        let args = args![
            row.id,
            row.organisation,
            row.person,
            row.name,
            row.prefix,
            row.hash,
            row.scopes,
            row.node,
            row.expires_at,
            row.created_at,
            row.revoked_at,
        ];
        let person = Reference {
            constraint: Constraint::ApiKeyPerson,
            lookup: PERSON_THERE,
            args: args![row.organisation, row.person],
        };
        self.put(INSERT_API_KEY, args, &[person]).await.map(drop)
    }

    /// Withdraws an API key. `false`: it is not there or was withdrawn already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_api_key(
        &mut self,
        id: ApiKeyId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(REVOKE_API_KEY, args![id, at]).await
    }
}

impl Record for Grant {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            subject: subject(columns)?,
            role: columns.take()?,
            actions: columns.take()?,
            node: columns.take()?,
            effect: columns.take()?,
            condition: Condition {
                schedule: columns.take()?,
                kinds: columns.take()?,
                minimum_strength: columns.take()?,
                points: columns.take()?,
                limits: limits(columns)?,
                credential: columns.take()?,
            },
            valid_from: columns.take()?,
            valid_until: columns.take()?,
            reason: columns.take()?,
            source: columns.take()?,
            created_by: columns.take()?,
            created_at: columns.take()?,
            revoked_at: columns.take()?,
        })
    }
}

fn subject(columns: &mut Columns<'_>) -> Result<Subject, StoreError> {
    let person: Option<PersonId> = columns.take()?;
    let tag: Option<TagId> = columns.take()?;
    let partner: Option<OrganisationId> = columns.take()?;
    person
        .map(Subject::Person)
        .or(tag.map(Subject::Tag))
        .or(partner.map(Subject::Partner))
        .ok_or_else(|| corrupt("subject", "none"))
}

fn limits(columns: &mut Columns<'_>) -> Result<Option<Limits>, StoreError> {
    let (uses, minutes): (Option<u32>, Option<u32>) = (columns.take()?, columns.take()?);
    let wh: Option<i64> = columns.take()?;
    let limits = Limits {
        uses,
        minutes,
        wh: wh.map(|wh| u64::try_from(wh).unwrap_or(0)),
    };
    Ok((limits != Limits::default()).then_some(limits))
}

impl Record for ApiKey {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            person: columns.take()?,
            name: columns.take()?,
            prefix: columns.take()?,
            hash: columns.take()?,
            scopes: columns.take()?,
            node: columns.take()?,
            expires_at: columns.take()?,
            created_at: columns.take()?,
            revoked_at: columns.take()?,
        })
    }
}
