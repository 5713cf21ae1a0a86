//! People.

use jiff::Timestamp;
use model::{AccountId, Labels, OrganisationId, Person, PersonId, Suspension};

use super::accounts::labels;
use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! person_columns {
    () => {
        "id, organisation_id, account_id, managed_at_node_id, name, external_id, metadata, email, \
         phone, state, member_until, stop_group, created_at, deleted_at, \
         suspended_from, suspended_until, \
         language"
    };
}

statements! {
    INSERT_PERSON = "INSERT INTO people (", person_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    UPDATE_PERSON = "UPDATE people SET account_id = $2, managed_at_node_id = $3, name = $4, \
        external_id = $5, metadata = $6, email = $7, phone = $8, state = $9, member_until = $10, \
        stop_group = $11, deleted_at = $12, \
        suspended_from = $13, \
        suspended_until = $14, \
        language = $15 WHERE id = $1";
    PERSON = "SELECT ", person_columns!(), " FROM people WHERE id = $1";
    PEOPLE_OF_ACCOUNT = "SELECT ", person_columns!(),
        " FROM people WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id";
    PEOPLE_WITH_EMAIL = "SELECT ", person_columns!(),
        " FROM people WHERE organisation_id = $1 AND LOWER(email) = $2 AND deleted_at IS NULL \
        ORDER BY id";
    PEOPLE = "SELECT ", person_columns!(),
        " FROM people WHERE organisation_id = $1 AND deleted_at IS NULL";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
    ACCOUNT_THERE = "SELECT id FROM accounts WHERE id = $1";
}

pub(crate) const LIVE_PEOPLE: Whole = Whole::live("people", person_columns!());

queries! {
    /// A person, removed ones too.
    get_person(id: PersonId) -> Option<Person> = PERSON [id];
    /// The people of an account that are not removed, of every organisation.
    people_of_account(id: AccountId) -> Vec<Person> = PEOPLE_OF_ACCOUNT [id];
    /// The people of an organisation with this e-mail address, which is given in lower case.
    people_with_email(organisation: OrganisationId, email: &str)
        -> Vec<Person> = PEOPLE_WITH_EMAIL [organisation, email];
}

impl Store {
    /// The people of an organisation that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_people(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Person>, StoreError> {
        let query = Select::new(PEOPLE, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Person| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }
}

impl Tx {
    /// A new person.
    ///
    /// # Errors
    /// [`Constraint::PersonId`], [`Constraint::PersonOrganisation`], [`Constraint::PersonAccount`].
    pub async fn insert_person(&mut self, row: &Person) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let suspended_from = row.suspension.map(|it| it.from);
        let suspended_until = row.suspension.and_then(|it| it.until);
        let args = args![
            row.id,
            row.organisation,
            row.account,
            row.managed_at,
            name,
            external_id,
            metadata,
            row.email,
            row.phone,
            row.state,
            row.member_until,
            row.stop_group,
            row.created_at,
            row.deleted_at,
            suspended_from,
            suspended_until,
            row.language,
        ];
        let organisation = Reference {
            constraint: Constraint::PersonOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        let account = Reference {
            constraint: Constraint::PersonAccount,
            lookup: ACCOUNT_THERE,
            args: args![row.account],
        };
        self.put(INSERT_PERSON, args, &[organisation, account])
            .await
            .map(drop)
    }

    /// All of a person but id, organisation and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// [`Constraint::PersonAccount`].
    pub async fn update_person(&mut self, row: &Person) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let suspended_from = row.suspension.map(|it| it.from);
        let suspended_until = row.suspension.and_then(|it| it.until);
        let args = args![
            row.id,
            row.account,
            row.managed_at,
            name,
            external_id,
            metadata,
            row.email,
            row.phone,
            row.state,
            row.member_until,
            row.stop_group,
            row.deleted_at,
            suspended_from,
            suspended_until,
            row.language,
        ];
        let account = Reference {
            constraint: Constraint::PersonAccount,
            lookup: ACCOUNT_THERE,
            args: args![row.account],
        };
        self.put(UPDATE_PERSON, args, &[account]).await
    }
}

impl Record for Person {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            account: columns.take()?,
            managed_at: columns.take()?,
            labels: labels(columns)?,
            email: columns.take()?,
            phone: columns.take()?,
            state: columns.take()?,
            member_until: columns.take()?,
            stop_group: columns.take()?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
            suspension: suspension(columns)?,
            language: columns.take()?,
        })
    }
}

/// Two columns of a suspension; without a begin there is none.
pub(super) fn suspension(columns: &mut Columns<'_>) -> Result<Option<Suspension>, StoreError> {
    let (from, until): (Option<Timestamp>, _) = (columns.take()?, columns.take()?);
    Ok(from.map(|from| Suspension { from, until }))
}
