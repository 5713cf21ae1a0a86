//! Lockdowns and evacuations.

use jiff::Timestamp;
use model::{Emergency, EmergencyId, OrganisationId, PersonId};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, StoreError, Tx};

macro_rules! columns {
    () => {
        "id, organisation_id, node_id, kind, exempt_tag_id, created_by_person_id, created_at, \
         ended_at"
    };
}

statements! {
    INSERT_EMERGENCY = "INSERT INTO emergencies (", columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    END_EMERGENCY = "UPDATE emergencies SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    ASK_RELEASE = "UPDATE emergencies SET release_asked_by_person_id = $2, release_asked_at = $3 \
        WHERE id = $1 AND ended_at IS NULL";
    RELEASE = "SELECT release_asked_by_person_id, release_asked_at FROM emergencies \
        WHERE id = $1 AND release_asked_at IS NOT NULL AND release_asked_by_person_id IS NOT NULL";
    EMERGENCY = "SELECT ", columns!(), " FROM emergencies WHERE id = $1";
    EMERGENCIES = "SELECT ", columns!(),
        " FROM emergencies WHERE organisation_id = $1 AND ended_at IS NULL ORDER BY id";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
    TAG_THERE = "SELECT id FROM tags WHERE organisation_id = $1 AND id = $2";
}

/// Those of the live picture.
pub(crate) const LIVE_EMERGENCIES: Whole = Whole {
    columns: columns!(),
    table: "emergencies",
    condition: "ended_at IS NULL",
};

/// Who asked first for the release of a lockdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseAsked {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

queries! {
    /// Who asked for the release of a lockdown, if anybody did.
    get_release(id: EmergencyId) -> Option<ReleaseAsked> = RELEASE [id];
    /// A lockdown or evacuation, ended ones too.
    get_emergency(id: EmergencyId) -> Option<Emergency> = EMERGENCY [id];
    /// Those of an organisation that are in force.
    emergencies_of(organisation: OrganisationId) -> Vec<Emergency> = EMERGENCIES [organisation];
}

impl Tx {
    /// A new lockdown or evacuation.
    ///
    /// # Errors
    /// [`Constraint::EmergencyId`], [`Constraint::EmergencyOrganisation`],
    /// [`Constraint::EmergencyExempt`].
    pub async fn insert_emergency(&mut self, row: &Emergency) -> Result<(), StoreError> {
        let args = args![
            row.id,
            row.organisation,
            row.node,
            row.kind,
            row.exempt,
            row.created_by,
            row.created_at,
            row.ended_at,
        ];
        let organisation = Reference {
            constraint: Constraint::EmergencyOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        let exempt = Reference {
            constraint: Constraint::EmergencyExempt,
            lookup: TAG_THERE,
            args: args![row.organisation, row.exempt],
        };
        self.put(INSERT_EMERGENCY, args, &[organisation, exempt])
            .await
            .map(drop)
    }

    /// Somebody asked for its release, or nobody did after all. `false`: it is not in force.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask_release(
        &mut self,
        id: EmergencyId,
        asked: Option<ReleaseAsked>,
    ) -> Result<bool, StoreError> {
        let by = asked.map(|asked| asked.by);
        let at = asked.map(|asked| asked.at);
        self.touched(ASK_RELEASE, args![id, by, at]).await
    }

    /// Ends one. `false`: it is not there or has ended already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_emergency(
        &mut self,
        id: EmergencyId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(END_EMERGENCY, args![id, at]).await
    }
}

impl Record for ReleaseAsked {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            by: columns.take()?,
            at: columns.take()?,
        })
    }
}

impl Record for Emergency {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            node: columns.take()?,
            kind: columns.take()?,
            exempt: columns.take()?,
            created_by: columns.take()?,
            created_at: columns.take()?,
            ended_at: columns.take()?,
        })
    }
}
