//! Outside authorities: where they are, what must be told them, and what they said beside.

use jiff::Timestamp;
use model::{
    Authority, CredentialId, DecisionId, FormerAuthority, InstallationId, NodeId, PersonId, Sealed,
    TransactionId, Webhook, WebhookLogin,
};
use uuid::Uuid;

use super::queries;
use crate::arg::{args, corrupt};
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! webhook_columns {
    () => {
        "installation_id, organisation_id, url, login, login_name, secret, deadline_ms, \
         breaker_failures, breaker_seconds, shadow_since, former_authority, switched_at, \
         created_at, changed_at, deleted_at"
    };
}

macro_rules! delivery_columns {
    () => {
        "id, installation_id, transaction_id, event, created_at, next_at, attempts"
    };
}

macro_rules! shadow_columns {
    () => {
        "decision_id, installation_id, at, node_id, person_id, credential_id, token, token_hash, \
         allowed_here, answer"
    };
}

statements! {
    PUT_WEBHOOK = "INSERT INTO webhooks (", webhook_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
        ON CONFLICT (installation_id) DO UPDATE SET url = excluded.url, login = excluded.login, \
        login_name = excluded.login_name, secret = excluded.secret, \
        deadline_ms = excluded.deadline_ms, breaker_failures = excluded.breaker_failures, \
        breaker_seconds = excluded.breaker_seconds, shadow_since = excluded.shadow_since, \
        former_authority = excluded.former_authority, switched_at = excluded.switched_at, \
        changed_at = excluded.changed_at, deleted_at = excluded.deleted_at";
    WEBHOOK = "SELECT ", webhook_columns!(), " FROM webhooks WHERE installation_id = $1";
    WEBHOOKS = "SELECT ", webhook_columns!(),
        " FROM webhooks WHERE deleted_at IS NULL ORDER BY installation_id";
    INSTALLATION_THERE = "SELECT id FROM installations WHERE organisation_id = $1 AND id = $2";
    INSERT_DELIVERY = "INSERT INTO webhook_deliveries (", delivery_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DUE = "SELECT ", delivery_columns!(),
        " FROM webhook_deliveries WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2";
    POSTPONE = "UPDATE webhook_deliveries SET next_at = $3, attempts = attempts + $4 \
        WHERE id = $1 AND next_at = $2";
    DELIVERED = "DELETE FROM webhook_deliveries WHERE id = $1";
    WAITING = "SELECT COUNT(*) FROM webhook_deliveries WHERE installation_id = $1";
    PUT_SHADOW = "INSERT INTO shadow_answers (", shadow_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (decision_id) DO NOTHING";
    SHADOWS = "SELECT ", shadow_columns!(), " FROM shadow_answers \
        WHERE installation_id = $1 AND at >= $2 ORDER BY at DESC, decision_id DESC LIMIT $3";
    FORGET_SHADOWS = "DELETE FROM shadow_answers WHERE installation_id = $1 AND at < $2";
    SHADOW_AFTER = "SELECT at FROM shadow_answers WHERE installation_id = $1 \
        ORDER BY at DESC LIMIT 1 OFFSET $2";
}

queries! {
    /// The outside authority of an installation, removed ones too.
    get_webhook(installation: InstallationId) -> Option<Webhook> = WEBHOOK [installation];
    /// Every outside authority that is set.
    all_webhooks() -> Vec<Webhook> = WEBHOOKS [];
}

/// What is told of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryEvent {
    /// It began.
    Started,
    /// It ended.
    Ended,
}

impl DeliveryEvent {
    /// The word in storage and in what is told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DeliveryEvent::Started => "started",
            DeliveryEvent::Ended => "ended",
        }
    }
}

/// Something an outside authority must still be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id; the other side knows a repeated one by it.
    pub id: Uuid,
    /// Whose authority.
    pub installation: InstallationId,
    /// Of which transaction.
    pub transaction: TransactionId,
    /// What.
    pub event: DeliveryEvent,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// How often it was tried in vain.
    pub attempts: u32,
}

/// What an authority that is asked beside said about a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowAnswer {
    /// The decision that held.
    pub decision: DecisionId,
    /// Where.
    pub installation: InstallationId,
    /// When.
    pub at: Timestamp,
    /// On which node.
    pub node: Option<NodeId>,
    /// About whom.
    pub person: Option<PersonId>,
    /// With which credential.
    pub credential: Option<CredentialId>,
    /// The token, masked.
    pub token: Option<String>,
    /// A keyed hash of it, by which the same one is known again.
    pub token_hash: Option<Vec<u8>>,
    /// What held.
    pub allowed_here: bool,
    /// What the other said; `None`: nothing.
    pub answer: Option<bool>,
}

impl Store {
    /// What must be told by now, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn due_deliveries(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.find_all(DUE, args![now, limit]).await
    }

    /// How much an outside authority must still be told.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn waiting_deliveries(
        &self,
        installation: InstallationId,
    ) -> Result<i64, StoreError> {
        let count: Option<i64> = self.find(WAITING, args![installation]).await?;
        Ok(count.unwrap_or(0))
    }

    /// What an authority asked beside said, newest first, at most so much.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn shadow_answers(
        &self,
        installation: InstallationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<ShadowAnswer>, StoreError> {
        self.find_all(SHADOWS, args![installation, since, limit])
            .await
    }
}

impl Tx {
    /// Sets the outside authority of an installation.
    ///
    /// # Errors
    /// [`Constraint::WebhookInstallation`].
    pub async fn put_webhook(&mut self, row: &Webhook) -> Result<(), StoreError> {
        let (login, name) = match &row.login {
            WebhookLogin::None => ("none", None),
            WebhookLogin::Bearer => ("bearer", None),
            WebhookLogin::Basic(name) => ("basic", Some(name)),
        };
        let secret = row.secret.as_ref().map(|sealed| sealed.0.clone());
        let former = row.former.map(|former| former.authority);
        let switched_at = row.former.map(|former| former.switched_at);
        let args = args![
            row.installation,
            row.organisation,
            row.url,
            login,
            name,
            secret,
            row.deadline_ms,
            row.breaker_failures,
            row.breaker_seconds,
            row.shadow_since,
            former,
            switched_at,
            row.created_at,
            row.changed_at,
            row.deleted_at,
        ];
        let installation = Reference {
            constraint: Constraint::WebhookInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.organisation, row.installation],
        };
        self.put(PUT_WEBHOOK, args, &[installation]).await.map(drop)
    }

    /// Something must be told.
    ///
    /// # Errors
    /// [`Constraint::DeliveryId`].
    pub async fn insert_delivery(&mut self, row: &Delivery) -> Result<(), StoreError> {
        let event = row.event.name();
        let args = args![
            row.id,
            row.installation,
            row.transaction,
            event,
            row.created_at,
            row.next_at,
            row.attempts,
        ];
        self.run(INSERT_DELIVERY, args).await.map(drop)
    }

    /// Takes it until `next`, adding so many vain attempts. `false`: another was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postpone_delivery(
        &mut self,
        row: &Delivery,
        next: Timestamp,
        attempts: u32,
    ) -> Result<bool, StoreError> {
        let args = args![row.id, row.next_at, next, attempts];
        self.touched(POSTPONE, args).await
    }

    /// It was told, or never will be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_delivery(&mut self, id: Uuid) -> Result<(), StoreError> {
        self.run(DELIVERED, args![id]).await.map(drop)
    }

    /// Notes what an authority asked beside said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_shadow(&mut self, row: &ShadowAnswer) -> Result<(), StoreError> {
        let answer = row
            .answer
            .map(|allows| if allows { "allow" } else { "deny" });
        let args = args![
            row.decision,
            row.installation,
            row.at,
            row.node,
            row.person,
            row.credential,
            row.token,
            row.token_hash,
            row.allowed_here,
            answer,
        ];
        self.run(PUT_SHADOW, args).await.map(drop)
    }

    /// Forgets what was said before a time, and all but the newest `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_shadows(
        &mut self,
        installation: InstallationId,
        before: Timestamp,
        most: u32,
    ) -> Result<(), StoreError> {
        let last = most.saturating_sub(1);
        let newest: Option<i64> = self.find(SHADOW_AFTER, args![installation, last]).await?;
        let newest = newest.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let before = newest.map_or(before, |newest| newest.max(before));
        self.run(FORGET_SHADOWS, args![installation, before])
            .await
            .map(drop)
    }
}

impl Record for Webhook {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let installation = columns.take()?;
        let organisation = columns.take()?;
        let url = columns.take()?;
        let login: String = columns.take()?;
        let name: Option<String> = columns.take()?;
        let login = match (login.as_str(), name) {
            ("none", None) => WebhookLogin::None,
            ("bearer", None) => WebhookLogin::Bearer,
            ("basic", Some(name)) => WebhookLogin::Basic(name),
            (other, _) => return Err(corrupt("login", other)),
        };
        let secret: Option<Vec<u8>> = columns.take()?;
        let deadline_ms = columns.take()?;
        let breaker_failures = columns.take()?;
        let breaker_seconds = columns.take()?;
        let shadow_since = columns.take()?;
        let authority: Option<Authority> = columns.take()?;
        let switched_at: Option<Timestamp> = columns.take()?;
        Ok(Self {
            installation,
            organisation,
            url,
            login,
            secret: secret.map(Sealed),
            deadline_ms,
            breaker_failures,
            breaker_seconds,
            shadow_since,
            former: authority
                .zip(switched_at)
                .map(|(authority, switched_at)| FormerAuthority {
                    authority,
                    switched_at,
                }),
            created_at: columns.take()?,
            changed_at: columns.take()?,
            deleted_at: columns.take()?,
        })
    }
}

impl Record for Delivery {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let id = columns.take()?;
        let installation = columns.take()?;
        let transaction = columns.take()?;
        let event: String = columns.take()?;
        let event = match event.as_str() {
            "started" => DeliveryEvent::Started,
            "ended" => DeliveryEvent::Ended,
            other => return Err(corrupt("event", other)),
        };
        Ok(Self {
            id,
            installation,
            transaction,
            event,
            created_at: columns.take()?,
            next_at: columns.take()?,
            attempts: columns.take()?,
        })
    }
}

impl Record for ShadowAnswer {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let mut row = Self {
            decision: columns.take()?,
            installation: columns.take()?,
            at: columns.take()?,
            node: columns.take()?,
            person: columns.take()?,
            credential: columns.take()?,
            token: columns.take()?,
            token_hash: columns.take()?,
            allowed_here: columns.take()?,
            answer: None,
        };
        let answer: Option<String> = columns.take()?;
        row.answer = answer.map(|word| word == "allow");
        Ok(row)
    }
}
