//! People of an organisation.

use authz::{Permit, act};
use jiff::Timestamp;
use model::{
    Action, Change, Effect, Labels, Language, NodeId, NodeKind, OrganisationId, Person, PersonId,
    PersonState, Promiser, Reason, Role, StopGroup,
};
use store::image;

use super::fields::{Faults, LabelsPatch, SuspensionPatch};
use super::owner::app_credential;
use super::permits::could_give;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::secret::new_stop_group;
use crate::{ApiError, Caller};

/// A new person.
#[derive(Clone, PartialEq)]
pub struct NewPerson {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The organisation; `None`: that of `managed_at`, or the caller's only one.
    pub organisation: Option<OrganisationId>,
    /// Where their managers are: the organisation or an installation; `None`: the organisation.
    pub managed_at: Option<NodeId>,
    /// Contact.
    pub email: Option<String>,
    /// Contact.
    pub phone: Option<String>,
    /// Active or suspended.
    pub state: PersonState,
    /// Suspended in this time, whatever the state.
    pub suspension: SuspensionPatch,
    /// End of membership, exclusive.
    pub member_until: Option<Timestamp>,
    /// Who may stop whose transactions; `None`: a group of their own.
    pub stop_group: Option<String>,
    /// How they are spoken to.
    pub language: Option<Language>,
    /// Whether they have an app credential of their own.
    pub app: AppCredential,
}

/// Whether a person has an app credential of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppCredential {
    /// They have.
    #[default]
    Own,
    /// They start from elsewhere only while a smart tag hands them one.
    BySmartTag,
}

impl std::fmt::Debug for NewPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPerson(…)")
    }
}

/// What is to become of a person.
#[derive(Clone, Default, PartialEq)]
pub struct PersonPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// Where their managers are.
    pub managed_at: Option<NodeId>,
    /// Contact.
    pub email: Option<Option<String>>,
    /// Contact.
    pub phone: Option<Option<String>>,
    /// Active or suspended.
    pub state: Option<PersonState>,
    /// Suspended in a time, whatever the state.
    pub suspension: SuspensionPatch,
    /// End of membership, exclusive.
    pub member_until: Option<Option<Timestamp>>,
    /// Who may stop whose transactions.
    pub stop_group: Option<String>,
    /// How they are spoken to.
    pub language: Option<Option<Language>>,
}

impl std::fmt::Debug for PersonPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonPatch(…)")
    }
}

impl Admin {
    /// Makes a person, and the remote token each has.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where the person is to be managed; `Invalid` when the
    /// caller has it only further down and did not say where.
    pub async fn create_person(
        &self,
        write: Write<Person>,
        new: NewPerson,
    ) -> Result<Done, ApiError> {
        let managed_at = self.managed_where(&write.caller, &new)?;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, managed_at)
            .await?;
        let organisation = self.managers_of(managed_at)?;
        if new.organisation.is_some_and(|named| named != organisation) {
            return Err(ApiError::field(
                "managed_at",
                "unknown",
                "not of this organisation",
            ));
        }
        let random = self.random.as_ref();
        let stop_group = match new.stop_group {
            Some(text) => self.stop_group(organisation, text).await?,
            None => new_stop_group(random),
        };
        let now = self.clock.now();
        let mut faults = Faults::default();
        let suspension = new.suspension.applied(None, now, &mut faults);
        faults.none()?;
        let person = Person {
            id: new_id(),
            organisation,
            account: None,
            managed_at,
            labels: new.labels,
            email: new.email,
            phone: new.phone,
            state: new.state,
            suspension,
            member_until: new.member_until,
            stop_group,
            language: new.language,
            created_at: now,
            deleted_at: None,
        };
        check(&person)?;
        let token = match new.app {
            AppCredential::Own => Some(app_credential(&person, random)),
            AppCredential::BySmartTag => None,
        };
        let _order = self.order.read().await;
        self.change(permit, write, organisation, move |tx| {
            let (person, token) = (person.clone(), token.clone());
            Box::pin(async move {
                tx.insert_person(&person).await?;
                tx.record(Change::Person(person.clone()), None);
                if let Some(token) = token {
                    tx.insert_credential(&token).await?;
                    tx.record(Change::Credential(token), None);
                }
                Ok(Ok(person))
            })
        })
        .await
    }

    fn managed_where(&self, caller: &Caller, new: &NewPerson) -> Result<NodeId, ApiError> {
        if let Some(node) = new.managed_at {
            return Ok(node);
        }
        let organisation = self.organisation_meant(caller, new.organisation)?;
        if self.pep.holds(caller, Action::ManageAccess, organisation) {
            return Ok(organisation.into());
        }
        let directory = self.live.directory();
        let further_down = directory.nodes().any(|(id, node)| {
            node.kind == NodeKind::Installation
                && node.organisation == organisation
                && self.pep.holds(caller, Action::ManageAccess, id)
        });
        if further_down {
            Err(ApiError::field(
                "managed_at",
                "required",
                "you manage access at an installation, not in the whole organisation; say at \
                 which one the person is managed",
            ))
        } else {
            Ok(organisation.into())
        }
    }

    /// The organisation of a node at which people can be managed.
    fn managers_of(&self, node: NodeId) -> Result<OrganisationId, ApiError> {
        let entry = self.node(node)?;
        match entry.kind {
            NodeKind::Organisation | NodeKind::Installation => Ok(entry.organisation),
            NodeKind::Area | NodeKind::Charger | NodeKind::Evse | NodeKind::Door => {
                Err(ApiError::field(
                    "managed_at",
                    "invalid",
                    "people are managed at an organisation or an installation",
                ))
            }
        }
    }

    /// A stop group named by its number: of the right form, and no card's.
    async fn stop_group(
        &self,
        organisation: OrganisationId,
        text: String,
    ) -> Result<StopGroup, ApiError> {
        let form = (12..=16).contains(&text.len())
            && text.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F'));
        if !form {
            return Err(ApiError::field(
                "stop_group",
                "invalid",
                "12 to 16 characters 0-9 and A-F; use the one of another person",
            ));
        }
        // The group is told to chargers: as a card's number it would open what the card opens.
        if self
            .store
            .find_credential(organisation, &text)
            .await?
            .is_some()
        {
            return Err(ApiError::field(
                "stop_group",
                "invalid",
                "this is a card's number",
            ));
        }
        Ok(StopGroup::new(text))
    }

    /// Where a person's managers are; the organisation, if the installation is gone.
    pub(super) fn managers_at(&self, person: &Person) -> NodeId {
        let directory = self.live.directory();
        if directory.node(person.managed_at).is_some() {
            person.managed_at
        } else {
            person.organisation.into()
        }
    }

    /// A person's row, if it is there.
    pub(super) async fn person_row(&self, id: PersonId) -> Result<Person, ApiError> {
        let row = self.store.get_person(id).await?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(ApiError::NotFound)
    }

    /// Permits an edit of a person, if they hold nothing the caller does not: whoever could add
    /// a login, a card or a suspension to a more powerful person would take their place.
    pub(super) async fn may_edit(
        &self,
        caller: &Caller,
        person: &Person,
    ) -> Result<Permit<act::ManageAccess>, ApiError> {
        let permit = self.pep.permit(caller, self.managers_at(person)).await?;
        let directory = self.live.directory();
        let Some(entry) = directory.person(person.id) else {
            return Ok(permit);
        };
        let now = self.clock.now().as_microsecond();
        let users = Role::User.actions();
        // What every member has by a partnership, they have as well.
        for grant in directory.grants_at_home(entry) {
            if grant.effect == Effect::Deny || grant.until <= now {
                continue;
            }
            let beyond = grant
                .actions
                .iter()
                .filter(|action| !users.contains(*action))
                .collect();
            match self.may_give(caller, beyond, grant.node).await {
                // That the person holds something there is no reason to show it.
                Err(ApiError::NotFound) => return Err(more_powerful()),
                other => other?,
            }
        }
        Ok(permit)
    }

    /// Whether somebody who promised something could give a person all that they hold beyond what
    /// users hold, so that a login of theirs makes nobody more powerful.
    pub(super) fn may_be_joined(&self, by: Promiser, person: PersonId) -> bool {
        let directory = self.live.directory();
        let Some(entry) = directory.person(person) else {
            return false;
        };
        let now = self.clock.now().as_microsecond();
        let users = Role::User.actions();
        directory
            .grants_at_home(entry)
            .filter(|grant| grant.effect == Effect::Allow && grant.until > now)
            .all(|grant| {
                let beyond = grant
                    .actions
                    .iter()
                    .filter(|it| !users.contains(*it))
                    .collect();
                could_give(self.held_as(by, grant.node), beyond)
            })
    }

    /// A person: oneself, or one of those whose access the caller manages.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `manage_access`.
    pub async fn person(&self, caller: &Caller, id: PersonId) -> Result<Person, ApiError> {
        let row = self.person_row(id).await?;
        self.may_read(caller, &row).await?;
        Ok(row)
    }

    pub(super) async fn may_read(&self, caller: &Caller, person: &Person) -> Result<(), ApiError> {
        if caller.person_in(person.organisation) != Some(person.id) {
            let at = self.managers_at(person);
            let _ = self.pep.permit::<act::ManageAccess>(caller, at).await?;
        }
        Ok(())
    }

    /// The people whose access the caller manages, and the caller.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn people(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<Person>, ApiError> {
        let seen = |row: &Person| {
            caller.person_in(row.organisation) == Some(row.id)
                || self
                    .pep
                    .holds(caller, Action::ManageAccess, self.managers_at(row))
        };
        self.list_reached(caller, query, seen, |organisation, page| async move {
            self.store.list_people(organisation, &page).await
        })
        .await
    }

    /// Changes a person.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` when an organisation or installation would
    /// lose its last owner.
    pub async fn change_person(
        &self,
        write: Write<Person>,
        id: PersonId,
        patch: PersonPatch,
    ) -> Result<Done, ApiError> {
        let row = self.person_row(id).await?;
        let permit = self.may_edit(&write.caller, &row).await?;
        if let Some(node) = patch.managed_at
            && node != row.managed_at
        {
            let _ = self
                .pep
                .permit::<act::ManageAccess>(&write.caller, node)
                .await?;
            if self.managers_of(node)? != row.organisation {
                return Err(ApiError::field(
                    "managed_at",
                    "unknown",
                    "not of this organisation",
                ));
            }
        }
        let stop_group = match patch.stop_group.clone() {
            Some(text) => Some(self.stop_group(row.organisation, text).await?),
            None => None,
        };
        let _order = self.order.write().await;
        let now = self.clock.now();
        let mut after = row.clone();
        patch.clone().apply(&mut after, stop_group.clone(), now)?;
        check(&after)?;
        if let Some(suspension) = &mut after.suspension {
            // One that begins later takes away as much as one that holds now.
            suspension.from = suspension.from.min(now);
        }
        self.keeps_owners(&[Change::Person(after)])?;
        self.change(permit, write, row.organisation, move |tx| {
            let (patch, stop_group) = (patch.clone(), stop_group.clone());
            Box::pin(async move {
                let Some(mut row) = tx.get_person(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Person(row.clone());
                if let Err(faults) = patch.apply(&mut row, stop_group, now) {
                    return Ok(Err(faults));
                }
                tx.update_person(&row).await?;
                tx.record(Change::Person(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }

    /// Gives a person a login with their e-mail address and a first password.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` when the person has a login, or another
    /// login has the address: its password is not ours to set.
    pub async fn create_person_login(
        &self,
        write: Write<Person>,
        id: PersonId,
        password: String,
    ) -> Result<Done, ApiError> {
        let row = self.person_row(id).await?;
        let permit = self.may_edit(&write.caller, &row).await?;
        let Some(email) = row.email.as_deref().map(str::to_lowercase) else {
            return Err(ApiError::field(
                "email",
                "required",
                "the person has no e-mail address",
            ));
        };
        if row.account.is_some() {
            return Err(ApiError::Conflict {
                code: "login_exists",
                detail: "the person has a login already".to_owned(),
            });
        }
        let account = self.new_account(&email, password, self.clock.now()).await?;
        self.change(permit, write, row.organisation, move |tx| {
            let account = account.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_person(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Person(row.clone());
                tx.insert_account(&account).await?;
                row.account = Some(account.id);
                tx.update_person(&row).await?;
                tx.record(Change::Person(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }
}

impl PersonPatch {
    fn apply(
        self,
        row: &mut Person,
        stop_group: Option<StopGroup>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let mut faults = Faults::default();
        row.suspension = self.suspension.applied(row.suspension, now, &mut faults);
        self.labels.apply(&mut row.labels);
        if let Some(node) = self.managed_at {
            row.managed_at = node;
        }
        if let Some(email) = self.email {
            row.email = email;
        }
        if let Some(phone) = self.phone {
            row.phone = phone;
        }
        if let Some(state) = self.state {
            row.state = state;
        }
        if let Some(until) = self.member_until {
            row.member_until = until;
        }
        if let Some(group) = stop_group {
            row.stop_group = group;
        }
        if let Some(language) = self.language {
            row.language = language;
        }
        faults.none()
    }
}

fn more_powerful() -> ApiError {
    ApiError::Forbidden {
        action: Action::ManageAccess,
        ask: Vec::new(),
        reason: Reason::NoGrant,
    }
}

pub(super) fn check(row: &Person) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.labels(&row.labels);
    if let Some(email) = &row.email {
        faults.email("email", email);
    }
    if let Some(phone) = &row.phone {
        faults.text("phone", phone, 40);
    }
    faults.none()
}
