//! Questions about access: why, who, what, then and if. Each answer comes from the engine itself.

mod chain;
mod names;
mod view;
mod week;
pub mod what_if;

use authz::{
    Asker, Directory, Explanation, Intent, NodeDetail, NodeEntry, Permit, Request, Resource, act,
};
use jiff::Timestamp;
use model::neutral::PersonMessage;
use model::{
    Action, ChargerId, CredentialId, Language, NodeId, NodeKind, PersonId, PresentedToken, Reason,
};

pub use chain::{Chain, Hours, NamedNode, NamedTag, Subjected};
pub use view::{AsOf, Note};

use crate::admin::{ListQuery, Listing};
use crate::authority::token_of;
use crate::wording::{self, Later};
use crate::{ApiError, App, Caller};
use view::View;

/// Who is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A person, whatever they present.
    Person(PersonId),
    /// A credential, as if it were presented.
    Credential(CredentialId),
    /// Whatever a reader would send.
    Token(PresentedToken),
}

/// A question about access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub about: About,
    /// Where.
    pub node: NodeId,
    /// What for.
    pub action: Action,
    /// When; `None`: now, or the moment of `as_of`.
    pub at: Option<Timestamp>,
    /// By the facts of which moment.
    pub as_of: AsOf,
    /// In which language the person is told; `None`: in theirs.
    pub language: Option<Language>,
}

/// A decision explained, with the names of things.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Every step and every grant. Empty of both where the caller may hear only the reason.
    pub explanation: Explanation,
    /// Whether steps and grants were left out.
    pub is_reduced: bool,
    /// The instant it was decided for.
    pub at: Timestamp,
    /// It holds so until then, if nothing changes but the time; `None`: no end in sight.
    pub until: Option<Timestamp>,
    /// From when on what is refused would be allowed.
    pub allowed_from: Option<Timestamp>,
    /// The grants looked at, in words; in the order of the explanation.
    pub chains: Vec<Chain>,
    /// What the person is told.
    pub person_text: Option<PersonMessage>,
    /// What the answer rests on that may have been otherwise.
    pub notes: Vec<Note>,
}

impl Explained {
    /// The grant that decides, or comes nearest.
    #[must_use]
    pub fn decisive(&self) -> Option<&Chain> {
        let grant = self.explanation.outcome.grant()?;
        self.chains.iter().find(|chain| chain.grant == grant)
    }
}

/// Somebody who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// Until when, if nothing changes but the time.
    pub until: Option<Timestamp>,
    /// By which grant, and how it comes to them.
    pub chain: Option<Chain>,
}

/// What a point says to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Everybody {
    /// `OPEN_ACCESS` or `EVACUATION`.
    pub reason: Reason,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// Who may do something on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// A piece of those who may.
    pub people: Listing<Holder>,
    /// Whether everybody may, known or not.
    pub everybody: Option<Everybody>,
    /// The instant it was decided for.
    pub at: Timestamp,
    /// The revision it was decided from.
    pub revision: model::Revision,
    /// What the answer rests on that may have been otherwise.
    pub notes: Vec<Note>,
}

/// Something a person may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Charger or door.
    pub kind: NodeKind,
    /// Why.
    pub reason: Reason,
    /// Until when, if nothing changes but the time.
    pub until: Option<Timestamp>,
    /// Whether everybody may, known or not.
    pub everybody: bool,
    /// By which grant, and how it comes to them.
    pub chain: Option<Chain>,
}

/// What a person may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What {
    /// A piece of it.
    pub points: Listing<Held>,
    /// The instant it was decided for.
    pub at: Timestamp,
    /// The revision it was decided from.
    pub revision: model::Revision,
    /// What the answer rests on that may have been otherwise.
    pub notes: Vec<Note>,
}

/// What for, when, and by the facts of which moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// What for.
    pub action: Action,
    /// When; `None`: now, or the moment of `as_of`.
    pub at: Option<Timestamp>,
    /// By the facts of which moment.
    pub as_of: AsOf,
}

/// How somebody is spoken to at a node: as they set it, else as the site says, else in English.
pub(crate) fn language_of(
    directory: &Directory,
    person: Option<PersonId>,
    node: Option<&NodeEntry>,
) -> Language {
    let own = person
        .and_then(|person| directory.person(person))
        .and_then(|person| person.language);
    own.or_else(|| directory.installation_of(node?)?.1.language)
        .unwrap_or_default()
}

/// A question without a token.
pub(crate) fn of_person(person: PersonId, action: Action, resource: Resource) -> Request<'static> {
    Request {
        asker: Asker::Person { person, key: None },
        action,
        resource,
        intent: Intent::Ask,
        context: authz::Context::default(),
    }
}

/// A charger is asked about as Authorize would ask: any of its EVSEs.
pub(crate) fn resource_of(directory: &Directory, node: NodeId) -> Option<Resource> {
    let entry = directory.node(node)?;
    Some(match entry.kind {
        NodeKind::Charger => Resource::AnyEvse(ChargerId::from(node)),
        NodeKind::Organisation
        | NodeKind::Installation
        | NodeKind::Area
        | NodeKind::Evse
        | NodeKind::Door => Resource::Node(node),
    })
}

/// What stands behind a list cursor: the last id told.
fn after(query: &ListQuery) -> Result<Option<uuid::Uuid>, ApiError> {
    query
        .cursor
        .as_deref()
        .map(|text| {
            text.parse().map_err(|_| {
                ApiError::field("cursor", "invalid", "use `next_cursor` of the piece before")
            })
        })
        .transpose()
}

impl App {
    /// Why somebody may or may not do something on a node.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node, unless the caller asks about themselves:
    /// then the reason is told, and what to do; not the rules behind it.
    pub async fn explain(
        &self,
        caller: &Caller,
        question: &Question,
    ) -> Result<Explained, ApiError> {
        let node = question.node;
        let own = self.pep.person_of(caller, node).ok_or(ApiError::NotFound)?;
        let manages = self.pep.holds(caller, Action::ManageAccess, node);
        let is_own = question.about == About::Person(own) && self.pep.sees(caller, node);
        if !manages && !is_own {
            let _: Permit<act::ManageAccess> = self.pep.permit(caller, node).await?;
        }
        let organisation = self.organisation_now(node)?;
        let mut explained = self.explain_unasked(organisation, question).await?;
        if !manages {
            explained.reduce();
        }
        Ok(explained)
    }

    /// The same for whoever has the database itself.
    ///
    /// # Errors
    /// `NotFound` for a point or credential that is not there.
    pub async fn explain_unasked(
        &self,
        organisation: model::OrganisationId,
        question: &Question,
    ) -> Result<Explained, ApiError> {
        let mut view = self.view(organisation, question.as_of, question.at).await?;
        let resource = resource_of(&view.directory, question.node).ok_or(ApiError::NotFound)?;
        let presented = self
            .presented(
                &question.about,
                organisation,
                &view.directory,
                question.node,
            )
            .await?;
        let request = match (&question.about, &presented) {
            (About::Person(person), _) => of_person(*person, question.action, resource),
            (About::Credential(_) | About::Token(_), Some((token, context))) => {
                let request = Request {
                    action: question.action,
                    ..Request::token(token, resource, Intent::Ask)
                };
                view.with_attempts(self, request.knowing(*context))
            }
            (About::Credential(_) | About::Token(_), None) => return Err(ApiError::NotFound),
        };
        let explanation = view.explain(self, &request);
        let allowed_from = match explanation.outcome.allows() {
            true => None,
            false => view.allowed_from(self, &request),
        };
        let until = match &explanation.outcome {
            authz::Outcome::Allow(terms) => terms.until,
            authz::Outcome::Deny(_) | authz::Outcome::Ask(_) => allowed_from,
        };
        let person_text = person_text(&view, question, &explanation, allowed_from);
        let chains = self.chains(&mut view, question.node, &explanation).await?;
        Ok(Explained {
            is_reduced: false,
            at: view.at,
            until,
            allowed_from,
            chains,
            person_text,
            notes: view.notes,
            explanation,
        })
    }

    /// What is presented in a question, as the station of the point would have it looked up, and
    /// what is known of whatever is presented there; `None` for a person.
    async fn presented(
        &self,
        about: &About,
        organisation: model::OrganisationId,
        directory: &Directory,
        node: NodeId,
    ) -> Result<Option<(PresentedToken, authz::Context)>, ApiError> {
        let (token, is_sent) = match about {
            About::Person(_) => return Ok(None),
            About::Token(token) => (token.clone(), true),
            About::Credential(id) => {
                let row = self.store.get_credential(*id).await?;
                let row = row
                    .filter(|row| row.organisation == organisation)
                    .ok_or(ApiError::NotFound)?;
                (token_of(row), false)
            }
        };
        let Some(station) = self.station_at(directory, node).await? else {
            return Ok(Some((token, authz::Context::default())));
        };
        let (turned, context) = self.as_sent_by(&station, token.clone());
        // A number is kept as it is on the card, not as a reader sends it.
        Ok(Some((if is_sent { turned } else { token }, context)))
    }

    /// The station of a point, as it is now.
    async fn station_at(
        &self,
        directory: &Directory,
        node: NodeId,
    ) -> Result<Option<model::Station>, ApiError> {
        let charger = match directory.node(node).map(|entry| &entry.detail) {
            Some(NodeDetail::Door(door)) => {
                return Ok(self.store.station_of_lock(door.lock).await?);
            }
            Some(NodeDetail::Charger { .. }) => ChargerId::from(node),
            Some(NodeDetail::Evse { charger, .. }) => *charger,
            Some(NodeDetail::Organisation | NodeDetail::Installation | NodeDetail::Area(_))
            | None => return Ok(None),
        };
        match self.store.get_charger(charger).await? {
            Some(row) => Ok(self.store.get_station(&row.station.key()).await?),
            None => Ok(None),
        }
    }

    /// Everybody who may do something on a node: each candidate is decided by the engine.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node; `Invalid` for a bad cursor.
    pub async fn who(
        &self,
        caller: &Caller,
        node: NodeId,
        circumstances: Circumstances,
        query: &ListQuery,
    ) -> Result<Who, ApiError> {
        let _: Permit<act::ManageAccess> = self.pep.permit(caller, node).await?;
        let after = after(query)?;
        let Circumstances { action, at, as_of } = circumstances;
        let organisation = self.organisation_now(node)?;
        let mut view = self.view(organisation, as_of, at).await?;
        let directory = view.directory.clone();
        let resource = resource_of(&directory, node).ok_or(ApiError::NotFound)?;
        let mut items = Vec::new();
        let mut next = None;
        for person in authz::candidates(&directory, node) {
            if after.is_some_and(|after| person.0 <= after) {
                continue;
            }
            let request = of_person(person, action, resource);
            if !view.decide(self, &request).allows() {
                continue;
            }
            if items.len() >= query.limit as usize {
                next = items.last().map(|last: &Holder| last.person.to_string());
                break;
            }
            let explanation = view.explain(self, &request);
            let chain = self.decisive_chain(&mut view, node, &explanation).await?;
            let row = self.store.get_person(person).await?;
            items.push(Holder {
                person,
                name: row.map(|row| row.labels.name).unwrap_or_default(),
                reason: explanation.outcome.reason(),
                until: until_of(&explanation),
                chain,
            });
        }
        Ok(Who {
            people: Listing { items, next },
            everybody: self.everybody(&view, action, resource),
            at: view.at,
            revision: directory.revision(),
            notes: view.notes,
        })
    }

    /// Whether a point admits whoever comes.
    fn everybody(&self, view: &View, action: Action, resource: Resource) -> Option<Everybody> {
        let request = Request {
            asker: Asker::Nobody,
            action,
            resource,
            intent: Intent::Ask,
            context: authz::Context::default(),
        };
        match view.decide(self, &request) {
            authz::Outcome::Allow(terms) => Some(Everybody {
                reason: terms.reason,
                until: terms.until,
            }),
            authz::Outcome::Deny(_) | authz::Outcome::Ask(_) => None,
        }
    }

    /// Every charger and door a person may use, of those the caller manages.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where the person is managed, unless it is the caller;
    /// `Invalid` for a bad cursor.
    pub async fn what(
        &self,
        caller: &Caller,
        person: PersonId,
        circumstances: Circumstances,
        query: &ListQuery,
    ) -> Result<What, ApiError> {
        let (organisation, managed_at) = {
            let live = self.live.directory();
            let entry = live.person(person).ok_or(ApiError::NotFound)?;
            (entry.organisation, entry.managed_at)
        };
        let is_self = caller.person_in(organisation) == Some(person);
        if !is_self {
            let _: Permit<act::ManageAccess> = self.pep.permit(caller, managed_at).await?;
        }
        let after = after(query)?;
        let Circumstances { action, at, as_of } = circumstances;
        let mut view = self.view(organisation, as_of, at).await?;
        let directory = view.directory.clone();
        let mut items = Vec::new();
        let mut next = None;
        for node in authz::resources_of(&directory, person) {
            if after.is_some_and(|after| node.0 <= after) {
                continue;
            }
            let manages = self.pep.holds(caller, Action::ManageAccess, node);
            if !is_self && !manages {
                continue;
            }
            let Some(resource) = resource_of(&directory, node) else {
                continue;
            };
            let request = of_person(person, action, resource);
            if !view.decide(self, &request).allows() {
                continue;
            }
            if items.len() >= query.limit as usize {
                next = items.last().map(|last: &Held| last.node.to_string());
                break;
            }
            let explanation = view.explain(self, &request);
            // Which rule it is, is for those who manage it.
            let chain = if manages {
                self.decisive_chain(&mut view, node, &explanation).await?
            } else {
                None
            };
            let (kind, name) = view.names.node(self, &directory, node).await?;
            items.push(Held {
                node,
                name,
                kind: kind.unwrap_or(NodeKind::Charger),
                reason: explanation.outcome.reason(),
                until: until_of(&explanation),
                everybody: self.everybody(&view, action, resource).is_some(),
                chain,
            });
        }
        Ok(What {
            points: Listing { items, next },
            at: view.at,
            revision: directory.revision(),
            notes: view.notes,
        })
    }
}

impl Explained {
    /// What somebody may hear who does not manage access: the reason and what to do.
    fn reduce(&mut self) {
        self.is_reduced = true;
        self.chains.clear();
        self.explanation.grants.clear();
        self.explanation.steps.clear();
    }
}

fn until_of(explanation: &Explanation) -> Option<Timestamp> {
    match &explanation.outcome {
        authz::Outcome::Allow(terms) => terms.until,
        authz::Outcome::Deny(_) | authz::Outcome::Ask(_) => None,
    }
}

fn person_text(
    view: &View,
    question: &Question,
    explanation: &Explanation,
    allowed_from: Option<Timestamp>,
) -> Option<PersonMessage> {
    let directory = &view.directory;
    let node = directory.node(question.node)?;
    let person = explanation.outcome.found().person;
    let language = question
        .language
        .unwrap_or_else(|| language_of(directory, person, Some(node)));
    let reason = explanation.outcome.reason();
    let for_its_time = matches!(reason, Reason::OutsideSchedule | Reason::NotYetValid);
    let later = allowed_from.filter(|_| for_its_time).and_then(|at| {
        let (_, installation) = directory.installation_of(node)?;
        Some(Later {
            now: view.at,
            at,
            zone: installation.zone.clone()?,
        })
    });
    wording::sentence(language, reason, node.kind.into(), later.as_ref())
}
