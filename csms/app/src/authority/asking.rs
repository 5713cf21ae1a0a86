//! Asking an outside authority, and what its silence means: nothing, so that the point's offline
//! policy decides.

use std::time::Duration;

use authz::{Asker, Outcome, Request, Resource, Told};
use jiff::Timestamp;
use model::{Authority, InstallationId, NodeId, NodeKind, TransactionId, Webhook, WebhookLogin};
use uuid::Uuid;

use super::message::{self, AskedFor, Point, Purpose, Question};
use super::outside::{Call, CallError, Expects, Login};
use crate::App;

/// What is known of a question besides what is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    /// The station that asks.
    pub(crate) station: Option<&'a str>,
    /// The transaction that begins.
    pub(crate) transaction: Option<TransactionId>,
    /// When it has happened, if it is told late.
    pub(crate) happened_at: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Silence {
    #[error("none is set")]
    Unset,
    #[error("it has failed too often and is not asked for a while")]
    NotAsked,
    #[error("its secret cannot be opened, or it could not be looked up")]
    Ours,
    #[error(transparent)]
    Call(#[from] CallError),
}

impl App {
    /// Asks the outside authority, if there is one to be asked about this.
    pub(crate) async fn told(&self, request: &Request<'_>, about: &About<'_>) -> Option<Told> {
        if self.is_decided_here(request.resource) {
            return None;
        }
        let now = self.clock.now();
        let Outcome::Ask(_) = self.pep.decide_here(request, now) else {
            return None;
        };
        let Some(question) = self.question(request, about, Purpose::Decide, now) else {
            return Some(Told::Nothing);
        };
        let webhook = match self.webhook(question.installation).await {
            Ok(webhook) => webhook,
            Err(silence) => {
                tracing::error!(%silence, installation.id = %question.installation, "not asked");
                return Some(Told::Nothing);
            }
        };
        let (event, id) = (question.asked_for.name(), question.id);
        let answer = self.ask(&webhook, event, id, question.body()).await;
        Some(match answer {
            Ok(true) => Told::Yes,
            Ok(false) => Told::No,
            Err(_) => Told::Nothing,
        })
    }

    /// Whether no outside authority is asked about a point, whatever the question: so it is nearly
    /// everywhere, and it costs two lookups to know.
    pub(crate) fn is_decided_here(&self, resource: Resource) -> bool {
        let directory = self.live.directory();
        let entry = match resource {
            Resource::Node(node) => directory.node(node),
            Resource::AnyEvse(charger) | Resource::Evse(charger, _) => directory.node(charger),
            Resource::Lock(lock, _) => directory
                .lock(lock)
                .and_then(|lock| directory.node(lock.installation)),
        };
        entry
            .and_then(|entry| directory.installation_of(entry))
            .is_none_or(|(_, settings)| settings.authority == Authority::Native)
    }

    /// The outside authority that is set for an installation.
    pub(super) async fn webhook(&self, installation: InstallationId) -> Result<Webhook, Silence> {
        let row = self
            .store
            .get_webhook(installation)
            .await
            .map_err(|error| {
                tracing::error!(%error, "the outside authority could not be looked up");
                Silence::Ours
            })?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(Silence::Unset)
    }

    /// Asks, unless it has failed too often; what came of it is noted.
    pub(super) async fn ask(
        &self,
        webhook: &Webhook,
        event: &'static str,
        id: Uuid,
        body: String,
    ) -> Result<bool, Silence> {
        let answer = self.call(webhook, event, id, body, Expects::Json).await;
        let answer = match answer {
            Ok(body) => match message::decision(&body) {
                Ok(allows) => Ok(allows),
                Err(error) => {
                    self.note_failure(webhook, event, &error);
                    Err(error.into())
                }
            },
            Err(silence) => Err(silence),
        };
        if answer.is_ok() {
            self.authorities.breakers.answered(webhook.installation);
        }
        let result = match &answer {
            Ok(true) => "allow",
            Ok(false) => "deny",
            Err(Silence::Call(error)) => error.name(),
            Err(Silence::NotAsked) => "not_asked",
            Err(Silence::Unset | Silence::Ours) => "internal",
        };
        metrics::counter!("keywatt_webhook_questions_total", "result" => result).increment(1);
        answer
    }

    /// Sends, unless it has failed too often.
    pub(super) async fn call(
        &self,
        webhook: &Webhook,
        event: &'static str,
        id: Uuid,
        body: String,
        expects: Expects,
    ) -> Result<Vec<u8>, Silence> {
        let now = self.clock.now();
        self.authorities
            .breakers
            .enter(webhook, now)
            .map_err(|_| Silence::NotAsked)?;
        let login = self.login(webhook)?;
        let deadline = Duration::from_millis(webhook.deadline_ms.into());
        let call = Call {
            url: webhook.url.clone(),
            login,
            event,
            id,
            body,
            deadline,
            expects,
        };
        let begun = tokio::time::Instant::now();
        let sent = tokio::time::timeout(deadline, self.authorities.outside.send(call)).await;
        metrics::histogram!("keywatt_webhook_seconds").record(begun.elapsed().as_secs_f64());
        match sent.unwrap_or(Err(CallError::Late)) {
            Ok(body) => Ok(body),
            Err(error) => {
                self.note_failure(webhook, event, &error);
                Err(error.into())
            }
        }
    }

    fn note_failure(&self, webhook: &Webhook, event: &'static str, error: &CallError) {
        tracing::warn!(
            %error,
            installation.id = %webhook.installation,
            event,
            "no answer of the outside authority"
        );
        self.authorities.breakers.failed(webhook, self.clock.now());
    }

    fn login(&self, webhook: &Webhook) -> Result<Login, Silence> {
        let secret = || {
            let sealed = webhook.secret.as_ref().ok_or(Silence::Ours)?;
            super::unseal(&self.settings.pepper, webhook.installation, sealed).map_err(|error| {
                tracing::error!(%error, installation.id = %webhook.installation, "no secret");
                Silence::Ours
            })
        };
        Ok(match &webhook.login {
            WebhookLogin::None => Login::None,
            WebhookLogin::Bearer => Login::Bearer(secret()?),
            WebhookLogin::Basic(name) => Login::Basic(name.clone(), secret()?),
        })
    }

    /// The question behind a request; `None` where no installation is concerned.
    pub(super) fn question<'a>(
        &self,
        request: &Request<'a>,
        about: &About<'a>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<Question<'a>> {
        let directory = self.live.directory();
        let (node, evse): (NodeId, _) = match request.resource {
            Resource::Node(node) => (node, None),
            Resource::AnyEvse(charger) => (charger.into(), None),
            Resource::Evse(charger, number) => (charger.into(), Some(number)),
            Resource::Lock(lock, number) => {
                let doors = &directory.lock(lock)?.doors;
                let door = match number {
                    Some(number) => doors.iter().find(|(other, _)| *other == number),
                    None => doors.first(),
                };
                (door.map(|(_, id)| *id)?.into(), None)
            }
        };
        let entry = directory.node(node)?;
        let kind = match entry.kind {
            NodeKind::Door => "door",
            NodeKind::Organisation
            | NodeKind::Installation
            | NodeKind::Area
            | NodeKind::Charger
            | NodeKind::Evse => "charger",
        };
        let (installation, _) = directory.installation_of(entry)?;
        let token = match request.asker {
            Asker::Token(token) if !token.is_nothing() => Some(token),
            Asker::Token(_) | Asker::Nobody | Asker::Person { .. } => None,
        };
        let numbers = request.context.numbers;
        let holder =
            token.and_then(|token| directory.holder_of(entry.organisation, token, numbers));
        let asked_for = match about.transaction {
            Some(_) => AskedFor::Start,
            None => AskedFor::Authorize,
        };
        Some(Question {
            id: Uuid::now_v7(),
            purpose,
            asked_for,
            at: now,
            happened_at: about.happened_at,
            installation,
            point: Point {
                kind,
                id: node,
                evse,
            },
            station: about.station,
            token,
            person: holder.map(|(_, person)| person),
            credential: holder.map(|(credential, _)| credential),
            transaction: about.transaction,
        })
    }
}
