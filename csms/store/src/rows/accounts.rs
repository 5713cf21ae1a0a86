//! Organisations, accounts and their sessions.

use jiff::Timestamp;
use model::{Account, AccountId, Labels, Organisation, OrganisationId, Session, SessionId};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, StoreError, Tx};

macro_rules! organisation_columns {
    () => {
        "id, name, external_id, metadata, created_at, deleted_at"
    };
}

macro_rules! account_columns {
    () => {
        "id, email, password_hash, created_at"
    };
}

macro_rules! session_columns {
    () => {
        "id, account_id, token_hash, created_at, expires_at"
    };
}

statements! {
    INSERT_ORGANISATION = "INSERT INTO organisations (", organisation_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6)";
    UPDATE_ORGANISATION = "UPDATE organisations SET name = $2, external_id = $3, metadata = $4, \
        deleted_at = $5 WHERE id = $1";
    ORGANISATION = "SELECT ", organisation_columns!(), " FROM organisations WHERE id = $1";
    ORGANISATIONS = "SELECT ", organisation_columns!(),
        " FROM organisations WHERE deleted_at IS NULL ORDER BY id";
    INSERT_ACCOUNT = "INSERT INTO accounts (", account_columns!(), ") VALUES ($1, $2, $3, $4)";
    UPDATE_ACCOUNT = "UPDATE accounts SET email = $2, password_hash = $3 WHERE id = $1";
    ACCOUNT = "SELECT ", account_columns!(), " FROM accounts WHERE id = $1";
    ACCOUNT_BY_EMAIL = "SELECT ", account_columns!(), " FROM accounts WHERE email = $1";
    INSERT_SESSION = "INSERT INTO sessions (", session_columns!(), ") VALUES ($1, $2, $3, $4, $5)";
    DELETE_SESSION = "DELETE FROM sessions WHERE id = $1";
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE account_id = $1";
    DELETE_ENDED_SESSIONS = "DELETE FROM sessions WHERE expires_at <= $1";
    SESSION = "SELECT ", session_columns!(), " FROM sessions WHERE id = $1";
    SESSION_BY_TOKEN = "SELECT ", session_columns!(), " FROM sessions WHERE token_hash = $1";
}

queries! {
    /// An organisation, removed ones too.
    get_organisation(id: OrganisationId) -> Option<Organisation> = ORGANISATION [id];
    /// Every organisation that is not removed, in the order of their ids.
    organisations() -> Vec<Organisation> = ORGANISATIONS [];
    /// An account.
    get_account(id: AccountId) -> Option<Account> = ACCOUNT [id];
    /// The account with this e-mail address, which is given in lower case.
    find_account(email: &str) -> Option<Account> = ACCOUNT_BY_EMAIL [email];
    /// A session, ended ones too.
    get_session(id: SessionId) -> Option<Session> = SESSION [id];
    /// The session with this hash of its token, ended ones too.
    find_session(token_hash: &[u8]) -> Option<Session> = SESSION_BY_TOKEN [token_hash];
}

impl Tx {
    /// A new organisation.
    ///
    /// # Errors
    /// [`Constraint::OrganisationId`].
    pub async fn insert_organisation(&mut self, row: &Organisation) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            name,
            external_id,
            metadata,
            row.created_at,
            row.deleted_at
        ];
        self.run(INSERT_ORGANISATION, args).await.map(drop)
    }

    /// All of an organisation but its id and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_organisation(&mut self, row: &Organisation) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![row.id, name, external_id, metadata, row.deleted_at];
        self.touched(UPDATE_ORGANISATION, args).await
    }

    /// A new account; its e-mail address in lower case.
    ///
    /// # Errors
    /// [`Constraint::AccountEmail`], [`Constraint::AccountEmailLength`], [`Constraint::AccountId`].
    pub async fn insert_account(&mut self, row: &Account) -> Result<(), StoreError> {
        let args = args![row.id, row.email, row.password_hash, row.created_at];
        self.run(INSERT_ACCOUNT, args).await.map(drop)
    }

    /// E-mail address and password of an account. `false`: it is not there.
    ///
    /// # Errors
    /// [`Constraint::AccountEmail`], [`Constraint::AccountEmailLength`].
    pub async fn update_account(&mut self, row: &Account) -> Result<bool, StoreError> {
        self.touched(UPDATE_ACCOUNT, args![row.id, row.email, row.password_hash])
            .await
    }

    /// A new session.
    ///
    /// # Errors
    /// [`Constraint::SessionToken`], [`Constraint::SessionAccount`], [`Constraint::SessionId`].
    pub async fn insert_session(&mut self, row: &Session) -> Result<(), StoreError> {
        let args = args![
            row.id,
            row.account,
            row.token_hash,
            row.created_at,
            row.expires_at
        ];
        let account = Reference {
            constraint: Constraint::SessionAccount,
            lookup: ACCOUNT,
            args: args![row.account],
        };
        self.put(INSERT_SESSION, args, &[account]).await.map(drop)
    }

    /// Ends a session. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        self.touched(DELETE_SESSION, args![id]).await
    }

    /// Ends every session of an account; how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_sessions_of(&mut self, account: AccountId) -> Result<u64, StoreError> {
        self.run(DELETE_SESSIONS_OF, args![account]).await
    }

    /// Forgets sessions that have ended by `now`; how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_ended_sessions(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        self.run(DELETE_ENDED_SESSIONS, args![now]).await
    }
}

/// Name, external id, metadata: in this order in every table.
pub(super) fn labels(columns: &mut Columns<'_>) -> Result<Labels, StoreError> {
    Ok(Labels {
        name: columns.take()?,
        external_id: columns.take()?,
        metadata: columns.take()?,
    })
}

impl Record for Organisation {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            labels: labels(columns)?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
        })
    }
}

impl Record for Account {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            email: columns.take()?,
            password_hash: columns.take()?,
            created_at: columns.take()?,
        })
    }
}

impl Record for Session {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            account: columns.take()?,
            token_hash: columns.take()?,
            created_at: columns.take()?,
            expires_at: columns.take()?,
        })
    }
}
