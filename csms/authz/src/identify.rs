//! Who stands behind the asker (for step 5), and whose transaction it is.

use std::borrow::Cow;

use model::{
    Action, CredentialKind, CredentialState, PersonState, PresentedToken, Reason, Strength,
    TokenKind,
};

use crate::PersonEntry;
use crate::decide::{Deciding, Place};
use crate::directory::{CredentialEntry, Guess, KeyEntry, LookedUp};
use crate::request::{Asker, Attempts, Found, Intent};
use crate::weigh::Weighing;

/// Who stands behind the asker, and what is wrong with the credential.
pub(crate) struct Identity<'a> {
    pub(crate) found: Found,
    pub(crate) person: Option<&'a PersonEntry>,
    pub(crate) credential: Option<&'a CredentialEntry>,
    pub(crate) key: Option<&'a KeyEntry>,
    /// The normalised token, where one was presented and not empty.
    pub(crate) token_key: Option<Cow<'a, str>>,
    pub(crate) problem: Option<Reason>,
}

/// A token that is presented, with what was found of it so far.
pub(crate) struct Presented<'a> {
    token: &'a PresentedToken,
    /// Normalised.
    key: Cow<'a, str>,
    guess: Guess<'a>,
}

impl Identity<'_> {
    /// What kind of credential speaks, and how strong it is. A session and an API key count as the
    /// app.
    pub(crate) fn presented(&self) -> (CredentialKind, Strength) {
        self.credential
            .map_or((CredentialKind::App, Strength::Strong), |credential| {
                (credential.kind, credential.strength)
            })
    }
}

impl<'a> Deciding<'a> {
    /// What is presented, normalised and looked for, before the place is known.
    pub(crate) fn presented(&self) -> Option<Presented<'a>> {
        let Asker::Token(token) = self.request.asker else {
            return None;
        };
        let key = token.compared();
        let guess = self.directory.guess(&key);
        Some(Presented { token, key, guess })
    }

    /// Looks for the person, and for what is wrong with the credential.
    pub(crate) fn identify(
        &self,
        presented: Option<Presented<'a>>,
        place: &Place<'_>,
    ) -> Identity<'a> {
        let mut identity = Identity {
            found: Found {
                node: Some(place.node),
                ..Found::default()
            },
            person: None,
            credential: None,
            key: None,
            token_key: None,
            problem: None,
        };
        match (self.request.asker, presented) {
            (Asker::Token(_), Some(presented)) if !presented.token.is_nothing() => {
                self.identify_token(presented, place, &mut identity);
            }
            (Asker::Nobody | Asker::Token(_), _) => {
                identity.problem = Some(Reason::NoCredential);
            }
            (Asker::Person { person, key }, _) => {
                identity.found.person = Some(person);
                identity.person = self.directory.person(person);
                if let Some(id) = key {
                    identity.key = self.directory.key(id).filter(|key| key.person == person);
                    identity.problem = match identity.key {
                        None => Some(Reason::CredentialUnknown),
                        Some(key) if key.expires_at.is_some_and(|end| end <= self.now) => {
                            Some(Reason::CredentialExpired)
                        }
                        Some(_) => None,
                    };
                }
            }
        }
        identity.person = identity
            .person
            // A person counts within their own organisation, and where it is a partner.
            .filter(|person| {
                person.organisation == place.entry.organisation
                    || self
                        .directory
                        .is_partner(person.organisation, place.entry.organisation)
            });
        if identity.person.is_none() {
            identity.found.person = None;
            identity.problem = identity.problem.or(Some(Reason::CredentialUnknown));
        }
        identity.found.stop_group = identity.person.map(|person| person.stop_group.clone());
        identity
    }

    fn identify_token(
        &self,
        presented: Presented<'a>,
        place: &Place<'_>,
        identity: &mut Identity<'a>,
    ) {
        let Presented { token, key, guess } = presented;
        let context = self.request.context;
        if token.kind == TokenKind::KeyCode && context.attempts == Attempts::Exhausted {
            identity.problem = Some(Reason::TooManyAttempts);
            return;
        }
        let looked_up = self.directory.look_up(
            place.entry.organisation,
            token.kind,
            &key,
            guess,
            context.numbers,
        );
        identity.token_key = Some(key);
        match looked_up {
            LookedUp::Several => identity.problem = Some(Reason::Ambiguous),
            LookedUp::One(credential) if self.counts(credential, place) => {
                identity.credential = Some(credential);
                identity.found.credential = Some(credential.id);
                identity.found.remote_token = credential.kind == CredentialKind::App;
                identity.found.person = Some(credential.person);
                identity.person = guess
                    .holder(credential)
                    .or_else(|| self.directory.holder(credential));
                identity.problem = self.problem_of(credential);
            }
            LookedUp::One(_) | LookedUp::None => {
                identity.problem = Some(Reason::CredentialUnknown);
            }
        }
    }

    /// Whether a credential counts at a place at all: where it may be presented; a remote token
    /// only while a command of ours is pending there or its transaction is open; a plate never.
    fn counts(&self, credential: &CredentialEntry, place: &Place<'_>) -> bool {
        let may_be_here = match credential.places() {
            Some(places) => places
                .iter()
                .any(|node| *node == place.node || place.entry.path.contains(node)),
            None => !credential.kind.is_code(),
        };
        may_be_here
            && match credential.kind {
                CredentialKind::Plate => false,
                CredentialKind::App => place.charger.is_some_and(|charger| {
                    self.usage
                        .expects_remote(charger, credential.person, self.now)
                        || self
                            .usage
                            .at_charger(charger)
                            .filter(|open| open.person == Some(credential.person))
                            // One command allows one start.
                            .any(|open| match self.request.intent {
                                Intent::Start(starting) => open.id == starting,
                                Intent::Ask | Intent::Open(_) | Intent::Late | Intent::Stop(_) => {
                                    true
                                }
                            })
                }),
                CredentialKind::Rfid
                | CredentialKind::Key
                | CredentialKind::Emaid
                | CredentialKind::Pin
                | CredentialKind::Guest
                | CredentialKind::OneTime => true,
            }
    }

    fn problem_of(&self, credential: &CredentialEntry) -> Option<Reason> {
        let suspended = credential
            .suspension()
            .is_some_and(|suspension| suspension.holds(self.now));
        match credential.state {
            CredentialState::Suspended => return Some(Reason::CredentialSuspended),
            CredentialState::Lost | CredentialState::Active if suspended => {
                return Some(Reason::CredentialSuspended);
            }
            CredentialState::Lost => return Some(Reason::CredentialLost),
            CredentialState::Active => {}
        }
        let begun = credential.valid_from().is_none_or(|from| from <= self.now);
        let over = credential
            .valid_until()
            .is_some_and(|until| until <= self.now);
        (!begun || over).then_some(Reason::CredentialExpired)
    }

    /// Whether a person is suspended now, by state or by date.
    pub(crate) fn is_suspended(&self, person: &PersonEntry) -> bool {
        let by_date = person
            .suspension()
            .is_some_and(|suspension| suspension.holds(self.now));
        match person.state {
            PersonState::Suspended => true,
            PersonState::Active => by_date,
        }
    }

    /// Whether it ends a transaction that the asker, or their group, began.
    pub(crate) fn may_stop_own(&self, identity: &Identity<'a>, place: &Place<'a>) -> bool {
        let asks_to_use = self.request.action == Action::Use
            && self.request.intent == Intent::Ask
            && matches!(self.request.asker, Asker::Token(_));
        if !asks_to_use && self.request.action != Action::StopOwn {
            return false;
        }
        let Some(charger) = place.charger else {
            return false;
        };
        let which = match self.request.intent {
            Intent::Stop(id) => Some(id),
            Intent::Ask | Intent::Start(_) | Intent::Open(_) | Intent::Late => None,
        };
        // First: as a rule nothing of theirs is in progress, and the rest need not be looked at.
        let theirs = self
            .usage
            .at_charger(charger)
            .filter(|open| which.is_none_or(|id| open.id == id))
            .any(|open| {
                let same_person =
                    identity.found.person.is_some() && open.person == identity.found.person;
                let same_group = identity.found.stop_group.is_some()
                    && open.stop_group == identity.found.stop_group;
                let same_token = self.request.action == Action::StopOwn
                    && identity.token_key.is_some()
                    && open.token_key.as_deref() == identity.token_key.as_deref();
                same_person || same_group || same_token
            });
        if !theirs {
            return false;
        }
        let blocked = matches!(
            identity.problem,
            Some(Reason::CredentialSuspended | Reason::CredentialLost | Reason::NoCredential)
        );
        if blocked {
            return false;
        }
        // A person's own session needs no card; an API key needs the scope.
        if identity.key.is_some_and(|key| {
            !key.scopes.contains(Action::StopOwn) || !place.entry.path.contains(&key.node)
        }) {
            return false;
        }
        !identity.person.is_some_and(|person| {
            self.is_suspended(person) || self.is_denied(person, identity, place)
        })
    }

    /// Whether a denial of `use` or `stop_own` holds.
    fn is_denied(
        &self,
        person: &'a PersonEntry,
        identity: &Identity<'a>,
        place: &Place<'a>,
    ) -> bool {
        let nodes = || place.entry.path.iter().chain(std::iter::once(&place.node));
        [Action::Use, Action::StopOwn].into_iter().any(|action| {
            let weighing = Weighing::new(self, person, identity, place, action);
            weighing.weigh(nodes().copied(), &mut ()).deny.is_some()
        })
    }
}
