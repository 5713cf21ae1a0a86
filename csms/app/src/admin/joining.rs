//! How an invitation is taken up: by who is logged in, or with a new login.

use std::net::IpAddr;

use authz::{Permit, act};
use model::{
    Accepted, Account, Actor, Change, Condition, Credential, Effect, Grant, Invitation, Labels,
    NodeKind, OfferState, Person, PersonState, RequestId, Subject,
};
use store::{StoreError, Tx, image};

use super::fields::Faults;
use super::invitations::{noted, taken};
use super::owner::app_credential;
use super::permits::could_give;
use super::promises::{OfferView, What, not_open};
use super::write::{Done, Verdict, Write, refused};
use super::{Admin, GrantView, new_id};
use crate::ApiError;
use crate::secret::{hash_invitation_token, new_stop_group};

/// What came of an invitation.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// As whom it was accepted.
    pub person: Person,
    /// What was given.
    pub grant: GrantView,
}

/// Who accepts an invitation without a login.
#[derive(Clone)]
pub struct Registration {
    /// The token of the link.
    pub token: String,
    /// Shown to people.
    pub name: String,
    /// The password of the new login.
    pub password: String,
    /// Where it comes from.
    pub address: Option<IpAddr>,
    /// The HTTP request.
    pub request: RequestId,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registration(…)")
    }
}

/// Whether a login was there before the invitation was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Login {
    /// It was.
    Known,
    /// It is made with it.
    New,
}

/// Everything that is written when an invitation is accepted.
#[derive(Clone)]
struct Acceptance {
    invitation: Invitation,
    account: Account,
    login: Login,
    /// The person, if the account has none in the organisation and none is meant.
    newcomer: Person,
    app: Credential,
    grant: Grant,
    kind: Option<NodeKind>,
}

impl Admin {
    /// What an invitation offers, to whoever has its link.
    ///
    /// # Errors
    /// `NotFound` for a token that is none; `Conflict` when it cannot be accepted; `TooMany`.
    pub async fn look_at_invitation(
        &self,
        token: &str,
        address: Option<IpAddr>,
    ) -> Result<OfferView, ApiError> {
        self.limits.link(address)?;
        let row = self.open_invitation(token).await?;
        Ok(OfferView {
            organisation: self.name_of_organisation(row.organisation).await?,
            role: row.promise.role,
            actions: row.promise.actions,
            place: (
                self.kind_of(row.promise.node),
                self.name_of(row.promise.node).await?,
            ),
            valid_from: row.promise.valid_from,
            valid_until: row.promise.valid_until,
            message: row.message,
            expires_at: row.expires_at,
        })
    }

    async fn open_invitation(&self, token: &str) -> Result<Invitation, ApiError> {
        let hash = hash_invitation_token(&self.settings.pepper, token);
        let row = self.store.find_invitation(&hash).await?;
        let row = row.ok_or(ApiError::NotFound)?;
        match row.state(self.clock.now()) {
            OfferState::Open => Ok(row),
            state @ (OfferState::Used | OfferState::Revoked | OfferState::Expired) => {
                Err(not_open(What::Invitation, state))
            }
        }
    }

    /// Accepts an invitation as who is logged in.
    ///
    /// # Errors
    /// `NotFound` for a token that is none; `Conflict` for an API key, for a login with another
    /// e-mail address, when it cannot be accepted, or when who invited does not hold any more what
    /// was offered.
    pub async fn accept_invitation(
        &self,
        write: Write<Joined>,
        token: &str,
    ) -> Result<Done, ApiError> {
        let account = self.account_of(&write.caller).await?;
        let invitation = self.open_invitation(token).await?;
        if account.email != invitation.email {
            return Err(ApiError::Conflict {
                code: "invitation_for_another",
                detail: "this invitation was sent to another e-mail address; log in with that \
                         one, or ask for an invitation to yours"
                    .to_owned(),
            });
        }
        let _order = self.order.read().await;
        let permit = self.still_promised(&invitation).await?;
        let organisation = invitation.organisation;
        let name = account.email.clone();
        let acceptance = self.acceptance(invitation, account, Login::Known, name);
        self.change(permit, write, organisation, move |tx| {
            let acceptance = acceptance.clone();
            Box::pin(async move { join(tx, &acceptance).await })
        })
        .await
    }

    /// Accepts an invitation with a new login. That the address is theirs was shown by the link.
    ///
    /// # Errors
    /// As [`Admin::accept_invitation`]; `Invalid` for a bad name or password; `Conflict` when
    /// there is a login with this address: then they log in and accept; `TooMany`.
    pub async fn register(&self, registration: Registration) -> Result<Joined, ApiError> {
        self.limits.link(registration.address)?;
        let invitation = self.open_invitation(&registration.token).await?;
        let mut faults = Faults::default();
        faults.text("name", &registration.name, 200);
        let blank = registration.name.trim().is_empty();
        faults.check(|| !blank, "name", "required", "this field is required");
        faults.none()?;
        if self.store.find_account(&invitation.email).await?.is_some() {
            return Err(ApiError::Conflict {
                code: "login_exists",
                detail: "there is a login with this e-mail address; log in and accept".to_owned(),
            });
        }
        let now = self.clock.now();
        let account = self
            .new_account(&invitation.email, registration.password, now)
            .await?;
        let _order = self.order.read().await;
        let permit = self.still_promised(&invitation).await?;
        tracing::debug!(node = %permit.node(), "somebody joins by an invitation");
        let acceptance = self.acceptance(invitation, account, Login::New, registration.name);
        let actor = Actor {
            person: Some(acceptance.newcomer.id),
            api_key: None,
            request: Some(registration.request),
            at: acceptance.grant.created_at,
            reason: Some("invitation accepted".to_owned()),
        };
        let (joined, _) = self
            .store
            .change(actor, move |tx| {
                let acceptance = acceptance.clone();
                Box::pin(async move { join(tx, &acceptance).await })
            })
            .await
            .map_err(refused)?;
        joined
    }

    /// Whether who invited still holds what was offered; the permit to give it.
    async fn still_promised(
        &self,
        invitation: &Invitation,
    ) -> Result<Permit<act::ManageAccess>, ApiError> {
        let node = invitation.promise.node;
        let permit = self.pep.permit_of(invitation.by, node).await?;
        let held = self.held_as(invitation.by, node);
        match permit {
            Some(permit) if could_give(held, invitation.promise.actions) => Ok(permit),
            Some(_) | None => Err(ApiError::Conflict {
                code: "invitation_void",
                detail: "who invited you does not hold any more what was offered; ask them"
                    .to_owned(),
            }),
        }
    }

    fn acceptance(
        &self,
        mut invitation: Invitation,
        account: Account,
        login: Login,
        name: String,
    ) -> Acceptance {
        let now = self.clock.now();
        let random = self.random.as_ref();
        let directory = self.live.directory();
        // Whoever came to hold more since, is not given a login by who invited.
        if let Some(person) = invitation.person
            && !self.may_be_joined(invitation.by, person)
        {
            invitation.person = None;
        }
        let promise = &invitation.promise;
        let at = directory
            .node(promise.node)
            .and_then(|entry| entry.installation);
        let newcomer = Person {
            id: new_id(),
            organisation: invitation.organisation,
            account: Some(account.id),
            managed_at: at.map_or(invitation.organisation.into(), Into::into),
            labels: Labels {
                name: name.trim().to_owned(),
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
        let grant = Grant {
            id: new_id(),
            organisation: invitation.organisation,
            subject: Subject::Person(newcomer.id),
            role: promise.role,
            actions: promise.actions,
            node: promise.node,
            effect: Effect::Allow,
            condition: Condition::default(),
            valid_from: promise.valid_from,
            valid_until: promise.valid_until,
            reason: None,
            source: "invitation".to_owned(),
            created_by: Some(invitation.by.person),
            created_at: now,
            revoked_at: None,
        };
        Acceptance {
            kind: self.kind_of(promise.node),
            app: app_credential(&newcomer, random),
            invitation,
            account,
            login,
            newcomer,
            grant,
        }
    }
}

async fn join(tx: &mut Tx, acceptance: &Acceptance) -> Verdict<Joined> {
    let Acceptance {
        invitation,
        account,
        login,
        newcomer,
        app,
        grant,
        kind,
    } = acceptance;
    let now = grant.created_at;
    let (person, before) = as_whom(tx, invitation, account, newcomer).await?;
    let accepted = Accepted {
        at: now,
        person: person.id,
        grant: grant.id,
    };
    if !tx
        .accept_invitation(invitation.id, &invitation.token_hash, &accepted)
        .await?
    {
        return taken(tx, invitation, now).await;
    }
    if *login == Login::New {
        tx.insert_account(account).await?;
    }
    match before {
        Before::Is => {}
        Before::Waited(before) => {
            tx.update_person(&person).await?;
            tx.record(
                Change::Person(person.clone()),
                Some(image(&Change::Person(*before))),
            );
        }
        Before::New => {
            tx.insert_person(&person).await?;
            tx.record(Change::Person(person.clone()), None);
            tx.insert_credential(app).await?;
            tx.record(Change::Credential(app.clone()), None);
        }
    }
    let grant = Grant {
        subject: Subject::Person(person.id),
        ..grant.clone()
    };
    tx.insert_grant(&grant).await?;
    tx.record(Change::Grant(grant.clone()), None);
    let after = Invitation {
        accepted: Some(accepted),
        ..invitation.clone()
    };
    tx.record(noted(after), Some(image(&noted(invitation.clone()))));
    Ok(Ok(Joined {
        person,
        grant: GrantView { grant, kind: *kind },
    }))
}

/// What the person was before.
enum Before {
    /// One with this login.
    Is,
    /// One without a login.
    Waited(Box<Person>),
    /// Nobody.
    New,
}

/// As whom an account joins: as who it is in the organisation already, as the one who is meant and
/// has no login yet, else as a new person.
async fn as_whom(
    tx: &mut Tx,
    invitation: &Invitation,
    account: &Account,
    newcomer: &Person,
) -> Result<(Person, Before), StoreError> {
    let people = tx.people_of_account(account.id).await?;
    let known = people
        .into_iter()
        .find(|person| person.organisation == invitation.organisation);
    if let Some(known) = known {
        return Ok((known, Before::Is));
    }
    let meant = match invitation.person {
        Some(id) => tx.get_person(id).await?,
        None => None,
    };
    match meant.filter(|person| person.account.is_none() && person.deleted_at.is_none()) {
        Some(before) => {
            let email = before.email.clone().or_else(|| Some(account.email.clone()));
            let person = Person {
                account: Some(account.id),
                email,
                ..before.clone()
            };
            Ok((person, Before::Waited(Box::new(before))))
        }
        None => Ok((newcomer.clone(), Before::New)),
    }
}
