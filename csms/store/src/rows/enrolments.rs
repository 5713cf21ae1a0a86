//! Enrolments of cards by presenting them.

use jiff::Timestamp;
use model::{Enrolment, EnrolmentId, OrganisationId};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! enrolment_columns {
    () => {
        "id, organisation_id, person_id, node_id, opened_by_person_id, opened_at, until, state, \
         value, presented_at, problem, credential_id"
    };
}

statements! {
    INSERT_ENROLMENT = "INSERT INTO enrolments (", enrolment_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE_ENROLMENT = "UPDATE enrolments SET until = $2, state = $3, value = $4, \
        presented_at = $5, problem = $6, credential_id = $7 WHERE id = $1";
    END_ENROLMENTS = "UPDATE enrolments SET state = 'ended', value = NULL \
        WHERE state IN ('open', 'presented') AND until <= $1";
    ENROLMENT = "SELECT ", enrolment_columns!(), " FROM enrolments WHERE id = $1";
    ENROLMENTS = "SELECT ", enrolment_columns!(), " FROM enrolments WHERE organisation_id = $1";
    OPEN_ENROLMENTS = "SELECT ", enrolment_columns!(),
        " FROM enrolments WHERE state = 'open' AND until > $1 ORDER BY id";
    PERSON_THERE = "SELECT id FROM people WHERE organisation_id = $1 AND id = $2";
}

queries! {
    /// An enrolment.
    get_enrolment(id: EnrolmentId) -> Option<Enrolment> = ENROLMENT [id];
    /// Every enrolment that waits for a card at `now`, for the start of the program.
    open_enrolments(now: Timestamp) -> Vec<Enrolment> = OPEN_ENROLMENTS [now];
}

impl Store {
    /// The enrolments of an organisation.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_enrolments(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Enrolment>, StoreError> {
        let query = Select::new(ENROLMENTS, args![organisation]).by_id("id", page);
        let cursor = |row: &Enrolment| Cursor {
            at: 0,
            id: row.id.to_string(),
        };
        self.list(query, page, cursor).await
    }
}

impl Tx {
    /// A new enrolment.
    ///
    /// # Errors
    /// [`Constraint::EnrolmentOpen`] while another is open at the point,
    /// [`Constraint::EnrolmentPerson`], [`Constraint::EnrolmentId`].
    pub async fn insert_enrolment(&mut self, row: &Enrolment) -> Result<(), StoreError> {
        let args = args![
            row.id,
            row.organisation,
            row.person,
            row.node,
            row.opened_by,
            row.opened_at,
            row.until,
            row.state,
            row.value,
            row.presented_at,
            row.problem,
            row.credential,
        ];
        let person = Reference {
            constraint: Constraint::EnrolmentPerson,
            lookup: PERSON_THERE,
            args: args![row.organisation, row.person],
        };
        self.put(INSERT_ENROLMENT, args, &[person]).await.map(drop)
    }

    /// How far an enrolment has come. `false`: it is not there.
    ///
    /// # Errors
    /// [`Constraint::EnrolmentOpen`].
    pub async fn update_enrolment(&mut self, row: &Enrolment) -> Result<bool, StoreError> {
        let args = args![
            row.id,
            row.until,
            row.state,
            row.value,
            row.presented_at,
            row.problem,
            row.credential,
        ];
        self.touched(UPDATE_ENROLMENT, args).await
    }

    /// Ends the enrolments whose time is over at `now`, and forgets the numbers they hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_enrolments(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.run(END_ENROLMENTS, args![now]).await.map(drop)
    }
}

impl Record for Enrolment {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            person: columns.take()?,
            node: columns.take()?,
            opened_by: columns.take()?,
            opened_at: columns.take()?,
            until: columns.take()?,
            state: columns.take()?,
            value: columns.take()?,
            presented_at: columns.take()?,
            problem: columns.take()?,
            credential: columns.take()?,
        })
    }
}
