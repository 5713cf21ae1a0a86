//! How an organisation gets its first owner.

use jiff::Timestamp;
use model::{
    Account, Actor, ApiKey, Change, Credential, CredentialKind, CredentialState, Effect, Grant,
    Labels, Organisation, OrganisationId, Person, PersonId, PersonState, Role, Subject, normalise,
};
use store::{StoreError, Tx};

use super::fields::is_email;
use super::sessions::password_fault;
use super::{Admin, new_id};
use crate::clock::Random;
use crate::secret::{NewSecret, hash_api_key, new_api_key, new_remote_token, new_stop_group};
use crate::{ApiError, App};

/// Who is to be an owner, of what; for the command line.
#[derive(Clone)]
pub struct NewOwner {
    /// The login; made if there is none.
    pub email: String,
    /// Its password; must be right where the login is there.
    pub password: String,
    /// The organisation by name, made if there is none of it; `None`: the only one.
    pub organisation: Option<String>,
}

impl std::fmt::Debug for NewOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewOwner")
            .field("organisation", &self.organisation)
            .finish_non_exhaustive()
    }
}

/// The owner, and the key to begin with.
#[derive(Debug)]
pub struct OwnerMade {
    /// The organisation.
    pub organisation: Organisation,
    /// The owner.
    pub person: PersonId,
    /// Shown once.
    pub api_key: NewSecret,
}

/// A person with what every person has, and the grant that makes them owner.
#[derive(Clone, Debug)]
pub(super) struct Founding {
    pub(super) person: Person,
    app: Credential,
    grant: Grant,
}

impl Founding {
    pub(super) fn new(
        organisation: &Organisation,
        account: &Account,
        source: &str,
        now: Timestamp,
        random: &dyn Random,
    ) -> Self {
        let person = Person {
            id: new_id(),
            organisation: organisation.id,
            account: Some(account.id),
            managed_at: organisation.id.into(),
            labels: Labels {
                name: account.email.clone(),
                ..Labels::default()
            },
            email: Some(account.email.clone()),
            phone: None,
            state: PersonState::Active,
            suspension: None,
            member_until: None,
            stop_group: new_stop_group(random),
            language: None,
            created_at: now,
            deleted_at: None,
        };
        let app = app_credential(&person, random);
        let grant = Grant {
            id: new_id(),
            organisation: organisation.id,
            subject: Subject::Person(person.id),
            role: Some(Role::Owner),
            actions: Role::Owner.actions(),
            node: organisation.id.into(),
            effect: Effect::Allow,
            condition: model::Condition::default(),
            valid_from: None,
            valid_until: None,
            reason: None,
            source: source.to_owned(),
            created_by: None,
            created_at: now,
            revoked_at: None,
        };
        Self { person, app, grant }
    }
}

/// The remote token every person has.
pub(crate) fn app_credential(person: &Person, random: &dyn Random) -> Credential {
    let value = new_remote_token(random);
    Credential {
        id: new_id(),
        organisation: person.organisation,
        person: person.id,
        kind: CredentialKind::App,
        key: normalise(&value),
        value,
        state: CredentialState::Active,
        suspension: None,
        strength: CredentialKind::App.strength(),
        places: None,
        valid_from: None,
        valid_until: None,
        labels: Labels::default(),
        created_at: person.created_at,
        deleted_at: None,
    }
}

/// Writes an owner.
pub(super) async fn found(tx: &mut Tx, founding: &Founding) -> Result<(), StoreError> {
    let Founding { person, app, grant } = founding;
    tx.insert_person(person).await?;
    tx.record(Change::Person(person.clone()), None);
    tx.insert_credential(app).await?;
    tx.record(Change::Credential(app.clone()), None);
    tx.insert_grant(grant).await?;
    tx.record(Change::Grant(grant.clone()), None);
    Ok(())
}

impl Admin {
    /// Makes an owner from the command line, whose user may do anything with the database anyway:
    /// login, person and owner's grant, the organisation too if there is none; and a first API
    /// key with everything an owner may.
    ///
    /// # Errors
    /// `Invalid` for a bad e-mail address, password or organisation; `Unauthenticated` when the
    /// login is there with another password; `Conflict` when it is an owner already.
    pub async fn create_owner(&self, new: NewOwner) -> Result<OwnerMade, ApiError> {
        let email = new.email.trim().to_lowercase();
        if !is_email(&email) {
            return Err(ApiError::field(
                "email",
                "invalid",
                "this is no e-mail address",
            ));
        }
        let now = self.clock.now();
        let known = self.store.find_account(&email).await?;
        let account = match &known {
            Some(account) => {
                let kept = account.password_hash.clone();
                if !self.passwords.verify(kept, new.password).await {
                    return Err(ApiError::Unauthenticated);
                }
                account.clone()
            }
            None => self.new_account(&email, new.password, now).await?,
        };
        let (organisation, is_new) = self
            .organisation_named(new.organisation.as_deref(), now)
            .await?;
        let people = self.store.people_of_account(account.id).await?;
        if people
            .iter()
            .any(|person| person.organisation == organisation.id)
        {
            return Err(ApiError::Conflict {
                code: "already_member",
                detail: format!(
                    "`{email}` belongs to `{}` already; log in with POST /v1/sessions, or let \
                     an owner grant the role",
                    organisation.labels.name
                ),
            });
        }
        let random = self.random.as_ref();
        let founding = Founding::new(&organisation, &account, "owner create", now, random);
        let (secret, key) = first_key(self, organisation.id, founding.person.id, now);
        let actor = Actor {
            person: None,
            api_key: None,
            request: None,
            at: now,
            reason: Some("owner create".to_owned()),
        };
        let person = founding.person.id;
        let made = organisation.clone();
        let account = known.is_none().then_some(account);
        self.store
            .change(actor, move |tx| {
                let (organisation, founding) = (organisation.clone(), founding.clone());
                let (account, key) = (account.clone(), key.clone());
                Box::pin(async move {
                    if let Some(account) = &account {
                        tx.insert_account(account).await?;
                    }
                    if is_new {
                        tx.insert_organisation(&organisation).await?;
                        tx.record(Change::Organisation(organisation), None);
                    }
                    found(tx, &founding).await?;
                    tx.insert_api_key(&key).await?;
                    tx.record(Change::ApiKey(key), None);
                    Ok(())
                })
            })
            .await?;
        Ok(OwnerMade {
            organisation: made,
            person,
            api_key: secret,
        })
    }

    pub(super) async fn new_account(
        &self,
        email: &str,
        password: String,
        now: Timestamp,
    ) -> Result<Account, ApiError> {
        if let Some(message) = password_fault(&password, email) {
            return Err(ApiError::field("password", "too_weak", message));
        }
        let hash = self
            .passwords
            .hash(self.random.as_ref(), password)
            .await
            .map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                ApiError::Internal
            })?;
        Ok(Account {
            id: new_id(),
            email: email.to_owned(),
            password_hash: Some(hash),
            created_at: now,
        })
    }

    async fn organisation_named(
        &self,
        name: Option<&str>,
        now: Timestamp,
    ) -> Result<(Organisation, bool), ApiError> {
        let all = self.store.organisations().await?;
        let mut fitting = all
            .iter()
            .filter(|organisation| name.is_none_or(|name| organisation.labels.name == name));
        let (first, more) = (fitting.next(), fitting.next().is_some());
        match (first, more, name) {
            (Some(organisation), false, _) => Ok((organisation.clone(), false)),
            (Some(_), true, _) => Err(ApiError::field(
                "organisation",
                "ambiguous",
                "there are several; name one that is there once",
            )),
            (None, _, name) => {
                let labels = Labels {
                    name: name.unwrap_or("Organisation").to_owned(),
                    ..Labels::default()
                };
                let organisation = Organisation {
                    id: new_id(),
                    labels,
                    created_at: now,
                    deleted_at: None,
                };
                Ok((organisation, true))
            }
        }
    }
}

fn first_key(
    app: &App,
    organisation: OrganisationId,
    person: PersonId,
    now: Timestamp,
) -> (NewSecret, ApiKey) {
    let (secret, prefix) = new_api_key(app.random.as_ref());
    let key = ApiKey {
        id: new_id(),
        organisation,
        person,
        name: "owner create".to_owned(),
        prefix,
        hash: hash_api_key(&app.settings.pepper, secret.reveal()),
        scopes: Role::Owner.actions(),
        node: organisation.into(),
        expires_at: None,
        created_at: now,
        revoked_at: None,
    };
    (secret, key)
}
