//! Credentials.

use model::{Credential, CredentialId, CredentialKind, Labels, OrganisationId, PersonId};

use super::accounts::labels;
use super::people::suspension;
use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::{IN_LIST, in_list, statements};
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! credential_columns {
    () => {
        "id, organisation_id, person_id, kind, value, key, state, valid_from, valid_until, name, \
         external_id, metadata, created_at, deleted_at, \
         suspended_from, suspended_until, strength, places"
    };
}

statements! {
    INSERT_CREDENTIAL = "INSERT INTO credentials (", credential_columns!(), ", namespace\
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
        $18, $19)";
    UPDATE_CREDENTIAL = "UPDATE credentials SET value = $2, key = $3, state = $4, \
        valid_from = $5, valid_until = $6, name = $7, external_id = $8, metadata = $9, \
        deleted_at = $10, \
        suspended_from = $11, \
        suspended_until = $12, \
        strength = $13, \
        places = $14 WHERE id = $1";
    CREDENTIAL = "SELECT ", credential_columns!(), " FROM credentials WHERE id = $1";
    CREDENTIAL_BY_KEY = "SELECT ", credential_columns!(), " FROM credentials \
        WHERE organisation_id = $1 AND namespace = 'token' AND key = $2 AND deleted_at IS NULL";
    CODE_BY_KEY = "SELECT ", credential_columns!(), " FROM credentials \
        WHERE organisation_id = $1 AND namespace = 'code' AND key = $2 AND deleted_at IS NULL";
    APP_CREDENTIAL_OF = "SELECT ", credential_columns!(), " FROM credentials \
        WHERE person_id = $1 AND kind = 'app' AND deleted_at IS NULL";
    CREDENTIALS_OF = "SELECT ", credential_columns!(),
        " FROM credentials WHERE person_id = $1 AND deleted_at IS NULL";
    CREDENTIALS = "SELECT ", credential_columns!(),
        " FROM credentials WHERE organisation_id = $1 AND deleted_at IS NULL";
    THESE_CREDENTIALS = "SELECT ", credential_columns!(), " FROM credentials \
        WHERE deleted_at IS NULL AND id IN \
        ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    PERSON_THERE = "SELECT id FROM people WHERE organisation_id = $1 AND id = $2";
}

pub(crate) const LIVE_CREDENTIALS: Whole = Whole::live("credentials", credential_columns!());

queries! {
    /// A credential, removed ones too.
    get_credential(id: CredentialId) -> Option<Credential> = CREDENTIAL [id];
    /// The credential of an organisation, not removed, that this normalised key stands for when
    /// it is presented; number plates are never presented.
    find_credential(organisation: OrganisationId, key: &str) -> Option<Credential> =
        CREDENTIAL_BY_KEY [organisation, key];
    /// The code of an organisation, not removed, that is found by this key.
    find_code(organisation: OrganisationId, key: &str) -> Option<Credential> =
        CODE_BY_KEY [organisation, key];
    /// The remote token of a person.
    find_app_credential(person: PersonId) -> Option<Credential> = APP_CREDENTIAL_OF [person];
}

impl Store {
    /// The credentials of a person that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_credentials_of(
        &self,
        person: PersonId,
        page: &Page,
    ) -> Result<List<Credential>, StoreError> {
        let query = Select::new(CREDENTIALS_OF, args![person]).by_id("id", page);
        self.list(query, page, cursor).await
    }

    /// The credentials of an organisation that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_credentials(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Credential>, StoreError> {
        let query = Select::new(CREDENTIALS, args![organisation]).by_id("id", page);
        self.list(query, page, cursor).await
    }
}

impl Store {
    /// Those of these credentials that are not removed, in no order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn these_credentials(
        &self,
        ids: &[CredentialId],
    ) -> Result<Vec<Credential>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(IN_LIST) {
            found.extend(self.find_all(THESE_CREDENTIALS, &in_list(part)).await?);
        }
        Ok(found)
    }
}

fn cursor(row: &Credential) -> Cursor {
    Cursor {
        at: 0,
        id: row.id.to_string(),
    }
}

/// Kinds within which a live key is unique: everything that is presented shares one.
const fn namespace(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Plate => "plate",
        CredentialKind::Pin | CredentialKind::Guest | CredentialKind::OneTime => "code",
        CredentialKind::Rfid
        | CredentialKind::Key
        | CredentialKind::Emaid
        | CredentialKind::App => "token",
    }
}

impl Tx {
    /// A new credential.
    ///
    /// # Errors
    /// [`Constraint::CredentialKey`], [`Constraint::OneAppCredential`],
    /// [`Constraint::CredentialPerson`], [`Constraint::CredentialKeyLength`],
    /// [`Constraint::CredentialValidity`], [`Constraint::CredentialId`].
    pub async fn insert_credential(&mut self, row: &Credential) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let namespace = namespace(row.kind);
        let suspended_from = row.suspension.map(|it| it.from);
        let suspended_until = row.suspension.and_then(|it| it.until);
        let args = args![
            row.id,
            row.organisation,
            row.person,
            row.kind,
            row.value,
            row.key,
            row.state,
            row.valid_from,
            row.valid_until,
            name,
            external_id,
            metadata,
            row.created_at,
            row.deleted_at,
            suspended_from,
            suspended_until,
            row.strength,
            row.places,
            namespace,
        ];
        let person = Reference {
            constraint: Constraint::CredentialPerson,
            lookup: PERSON_THERE,
            args: args![row.organisation, row.person],
        };
        self.put(INSERT_CREDENTIAL, args, &[person]).await.map(drop)
    }

    /// All of a credential but id, organisation, person, kind and when it was made. `false`: it is
    /// not there.
    ///
    /// # Errors
    /// [`Constraint::CredentialKey`], [`Constraint::OneAppCredential`],
    /// [`Constraint::CredentialKeyLength`], [`Constraint::CredentialValidity`].
    pub async fn update_credential(&mut self, row: &Credential) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let suspended_from = row.suspension.map(|it| it.from);
        let suspended_until = row.suspension.and_then(|it| it.until);
        let args = args![
            row.id,
            row.value,
            row.key,
            row.state,
            row.valid_from,
            row.valid_until,
            name,
            external_id,
            metadata,
            row.deleted_at,
            suspended_from,
            suspended_until,
            row.strength,
            row.places,
        ];
        self.touched(UPDATE_CREDENTIAL, args).await
    }
}

impl Record for Credential {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            person: columns.take()?,
            kind: columns.take()?,
            value: columns.take()?,
            key: columns.take()?,
            state: columns.take()?,
            valid_from: columns.take()?,
            valid_until: columns.take()?,
            labels: labels(columns)?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
            suspension: suspension(columns)?,
            strength: columns.take()?,
            places: columns.take()?,
        })
    }
}
