//! Shadow: an outside authority is asked beside, after the decision, and nothing follows from what
//! it says. It is kept, so that one knows what a switch would change.

use std::collections::HashMap;
use std::sync::Arc;

use authz::Request;
use jiff::{SignedDuration, Timestamp};
use model::{Action, CredentialId, DecisionId, InstallationId, NodeId, PersonId, Reason};
use store::{ShadowAnswer, StoreError};

use super::asking::About;
use super::message::{Purpose, Question};
use crate::App;
use crate::pep::Decided;
use crate::secret::hash_shadow_token;

/// So many answers of an installation are kept.
pub(super) const KEPT: u32 = 10_000;
/// So long.
pub(super) const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);
/// So many credentials are shown, those that differ first.
const SHOWN: usize = 200;

/// What the one that is asked beside said, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShadowCount {
    /// Decisions it stood beside.
    pub decisions: u32,
    /// It said the same.
    pub agreed: u32,
    /// It said no where we said yes.
    pub newly_refused: u32,
    /// It said yes where we said no.
    pub newly_allowed: u32,
    /// It said nothing.
    pub unanswered: u32,
}

impl ShadowCount {
    fn add(&mut self, answer: &ShadowAnswer) {
        self.decisions += 1;
        match (answer.allowed_here, answer.answer) {
            (_, None) => self.unanswered += 1,
            (true, Some(false)) => self.newly_refused += 1,
            (false, Some(true)) => self.newly_allowed += 1,
            (true, Some(true)) | (false, Some(false)) => self.agreed += 1,
        }
    }

    const fn differs(&self) -> u32 {
        self.newly_refused + self.newly_allowed + self.unanswered
    }
}

/// What came of asking beside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowReport {
    /// Since when it is asked; `None`: it is not.
    pub since: Option<Timestamp>,
    /// Of all that is kept.
    pub all: ShadowCount,
    /// By credential, those that differ most first; at most 200.
    pub credentials: Vec<ShadowedCredential>,
    /// How many credentials there are.
    pub credentials_seen: u32,
}

/// What it said of one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowedCredential {
    /// Known here, or not.
    pub credential: Option<CredentialId>,
    /// Whose.
    pub person: Option<PersonId>,
    /// Masked.
    pub token: Option<String>,
    /// What was said.
    pub count: ShadowCount,
    /// The last time.
    pub last_at: Timestamp,
}

/// What is known of a decision before it is asked about beside.
struct Beside {
    decision: DecisionId,
    at: Timestamp,
    installation: InstallationId,
    node: NodeId,
    person: Option<PersonId>,
    credential: Option<CredentialId>,
    token: Option<String>,
    token_hash: Option<Vec<u8>>,
    allowed_here: bool,
}

impl App {
    /// Asks beside about what was just decided here, if somebody is to be asked.
    pub(crate) fn shadow(&self, request: &Request<'_>, about: &About<'_>, decided: &Decided) {
        let reason = decided.outcome.reason();
        let elsewhere = matches!(
            reason,
            Reason::Delegated | Reason::DelegatedRefusal | Reason::AuthoritySilent
        );
        if request.action != Action::Use || elsewhere || self.authorities.shadow_nobody() {
            return;
        }
        let now = decided.row.at;
        let Some(question) = self.question(request, about, Purpose::Shadow, now) else {
            return;
        };
        if !self.authorities.is_shadowed(question.installation) {
            return;
        }
        let places = Arc::clone(&self.authorities.shadow_places);
        let (Ok(place), Some(app)) = (places.try_acquire_owned(), self.myself.upgrade()) else {
            metrics::counter!("keywatt_shadow_questions_left_out_total").increment(1);
            return;
        };
        let beside = self.beside(&question, decided);
        let (event, id, body) = (question.asked_for.name(), question.id, question.body());
        let stop = self.stopping();
        self.tasks.spawn(async move {
            let _place = place;
            tokio::select! {
                () = stop.cancelled() => {}
                () = app.ask_beside(beside, event, id, body) => {}
            }
        });
    }

    fn beside(&self, question: &Question<'_>, decided: &Decided) -> Beside {
        let pepper = &self.settings.pepper;
        Beside {
            decision: decided.row.id,
            at: decided.row.at,
            installation: question.installation,
            node: question.point.id,
            person: question.person,
            credential: question.credential,
            token: decided.row.token.clone(),
            token_hash: question
                .token
                .map(|token| hash_shadow_token(pepper, &token.key())),
            allowed_here: decided.outcome.allows(),
        }
    }

    async fn ask_beside(&self, it: Beside, event: &'static str, id: uuid::Uuid, body: String) {
        let answer = match self.webhook(it.installation).await {
            Ok(webhook) => self.ask(&webhook, event, id, body).await.ok(),
            Err(_) => None,
        };
        let row = ShadowAnswer {
            decision: it.decision,
            installation: it.installation,
            at: it.at,
            node: Some(it.node),
            person: it.person,
            credential: it.credential,
            token: it.token,
            token_hash: it.token_hash,
            allowed_here: it.allowed_here,
            answer,
        };
        let forgotten = it.at.checked_sub(KEPT_FOR).unwrap_or(it.at);
        let kept = self
            .store
            .write(self.settings.hold, move |tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.put_shadow(&row).await?;
                    tx.forget_shadows(row.installation, forgotten, KEPT).await
                })
            })
            .await;
        if let Err(error) = kept {
            tracing::warn!(%error, "what was said beside could not be kept");
        }
    }

    /// What came of asking beside.
    pub(crate) async fn shadow_report(
        &self,
        installation: InstallationId,
    ) -> Result<ShadowReport, StoreError> {
        let webhook = self.store.get_webhook(installation).await?;
        let now = self.clock.now();
        let since = now.checked_sub(KEPT_FOR).unwrap_or(now);
        let answers = self.store.shadow_answers(installation, since, KEPT).await?;
        let mut report = ShadowReport {
            since: webhook.and_then(|webhook| webhook.shadow_since),
            ..ShadowReport::default()
        };
        let mut by_token: HashMap<Vec<u8>, ShadowedCredential> = HashMap::new();
        for answer in &answers {
            report.all.add(answer);
            let Some(hash) = answer.token_hash.clone() else {
                continue;
            };
            // Newest first: the first one met is the last one.
            by_token
                .entry(hash)
                .or_insert_with(|| ShadowedCredential {
                    credential: answer.credential,
                    person: answer.person,
                    token: answer.token.clone(),
                    count: ShadowCount::default(),
                    last_at: answer.at,
                })
                .count
                .add(answer);
        }
        report.credentials_seen = u32::try_from(by_token.len()).unwrap_or(u32::MAX);
        report.credentials = by_token.into_values().collect();
        report
            .credentials
            .sort_by_key(|it| (std::cmp::Reverse(it.count.differs()), it.last_at));
        report.credentials.truncate(SHOWN);
        Ok(report)
    }
}
