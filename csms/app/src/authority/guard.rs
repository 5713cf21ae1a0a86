//! The mass-refusal guard: before authority changes hands it is counted whom that would newly
//! refuse. A real site locked out every driver by switching to a token table that was empty.

use std::collections::HashMap;

use authz::{Intent, Outcome, Request, Resource};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use model::{
    Authority, Change, ChargerId, Committed, Credential, CredentialId, Installation,
    InstallationId, NodeId, NodeKind, OrganisationId, PresentedToken, Revision, TokenKind, Webhook,
};
use store::StoreError;

use super::asking::About;
use super::message::Purpose;
use super::shadow::{KEPT, KEPT_FOR};
use crate::App;
use crate::insight::what_if::Impact;
use crate::secret::hash_shadow_token;

/// How far back is looked for credentials that were used.
const SEEN_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Rows of the logs that are looked through for them.
const ROWS: u32 = 50_000;
/// So many the other side is asked about; the rest counts as refused.
const ASKED: usize = 500;
/// So many at a time.
const AT_ONCE: usize = 8;

/// A token that was presented.
struct Seen {
    token: PresentedToken,
    credential: Option<CredentialId>,
    node: NodeId,
    /// What was decided the last time.
    allowed: bool,
}

impl App {
    /// Whom switching would newly refuse, of the credentials that are allowed now and were seen of
    /// late; those about whom there was no answer are among them.
    pub(crate) async fn switch_impact(
        &self,
        installation: &Installation,
        webhook: &Webhook,
        to: Authority,
    ) -> Result<Impact, StoreError> {
        let now = self.clock.now();
        let seen = self
            .seen_of_late(installation.organisation, installation.id, now)
            .await?;
        let then: Vec<Option<bool>> = match to {
            Authority::Webhook => self.would_be_told(&seen, webhook, now).await?,
            Authority::Native => self.would_be_here(&seen, installation, now),
        };
        let mut impact = Impact::default();
        for (it, then) in seen.iter().zip(then) {
            let may = match to {
                Authority::Webhook => self.allowed_here(it, now),
                Authority::Native => it.allowed,
            };
            if !may {
                continue;
            }
            impact.may += 1;
            match then {
                None => {
                    impact.refused += 1;
                    impact.unanswered += 1;
                }
                Some(false) => impact.refused += 1,
                Some(true) => {}
            }
        }
        Ok(impact)
    }

    /// The tokens presented at an installation of late, each with where and what came of it last.
    async fn seen_of_late(
        &self,
        organisation: OrganisationId,
        installation: InstallationId,
        now: Timestamp,
    ) -> Result<Vec<Seen>, StoreError> {
        let since = now.checked_sub(SEEN_FOR).unwrap_or(now);
        let directory = self.live.directory();
        let is_here = |node: NodeId| {
            directory
                .node(node)
                .is_some_and(|entry| entry.installation == Some(installation))
        };
        let mut known: HashMap<CredentialId, (NodeId, bool)> = HashMap::new();
        for used in self
            .store
            .used_credentials(organisation, since, ROWS)
            .await?
        {
            if is_here(used.node) {
                // Last first.
                known
                    .entry(used.credential)
                    .or_insert((used.node, used.allowed));
            }
        }
        let ids: Vec<CredentialId> = known.keys().copied().collect();
        let mut seen = Vec::with_capacity(ids.len());
        for row in self.store.these_credentials(&ids).await? {
            if let Some((node, allowed)) = known.get(&row.id).copied() {
                seen.push(Seen {
                    credential: Some(row.id),
                    token: token_of(row),
                    node,
                    allowed,
                });
            }
        }
        let mut strange: HashMap<String, (ChargerId, bool)> = HashMap::new();
        for token in self.store.strange_tokens(organisation, since, ROWS).await? {
            if is_here(token.charger.into()) {
                strange
                    .entry(token.key)
                    .or_insert((token.charger, !token.refused));
            }
        }
        seen.extend(strange.into_iter().map(|(key, (charger, allowed))| Seen {
            token: PresentedToken::new(TokenKind::IdTag, key),
            credential: None,
            node: charger.into(),
            allowed,
        }));
        Ok(seen)
    }

    /// Where it was presented, as Authorize would ask.
    fn resource_at(&self, node: NodeId) -> Resource {
        let directory = self.live.directory();
        match directory.node(node).map(|entry| entry.kind) {
            Some(NodeKind::Charger) => Resource::AnyEvse(node.into()),
            Some(
                NodeKind::Organisation
                | NodeKind::Installation
                | NodeKind::Area
                | NodeKind::Evse
                | NodeKind::Door,
            )
            | None => Resource::Node(node),
        }
    }

    fn allowed_here(&self, it: &Seen, now: Timestamp) -> bool {
        let request = Request::token(&it.token, self.resource_at(it.node), Intent::Ask);
        self.pep.decide(&request, now).allows()
    }

    /// What would be decided here if authority were native.
    fn would_be_here(
        &self,
        seen: &[Seen],
        installation: &Installation,
        now: Timestamp,
    ) -> Vec<Option<bool>> {
        let directory = self.live.directory();
        let native = Change::Installation(Installation {
            authority: Authority::Native,
            ..installation.clone()
        });
        let picture = directory.with(&[Committed {
            revision: Revision(directory.revision().0.saturating_add(1)),
            change: native,
        }]);
        seen.iter()
            .map(|it| {
                let request = Request::token(&it.token, self.resource_at(it.node), Intent::Ask);
                match self.pep.decide_over(&picture, None, &request, now) {
                    Outcome::Allow(_) => Some(true),
                    Outcome::Deny(_) => Some(false),
                    Outcome::Ask(_) => None,
                }
            })
            .collect()
    }

    /// What the outside authority says: of those it stood beside what it said last, of the others
    /// what it says now.
    async fn would_be_told(
        &self,
        seen: &[Seen],
        webhook: &Webhook,
        now: Timestamp,
    ) -> Result<Vec<Option<bool>>, StoreError> {
        // What another service, or the same one set otherwise, said before says nothing.
        let since = now
            .checked_sub(KEPT_FOR)
            .unwrap_or(now)
            .max(webhook.shadow_since.unwrap_or(now));
        let answers = self
            .store
            .shadow_answers(webhook.installation, since, KEPT)
            .await?;
        let mut said: HashMap<Vec<u8>, bool> = HashMap::new();
        for answer in answers {
            if let (Some(hash), Some(allows)) = (answer.token_hash, answer.answer) {
                said.entry(hash).or_insert(allows);
            }
        }
        let asked: Vec<_> = seen
            .iter()
            .enumerate()
            .map(|(index, it)| {
                let hash = hash_shadow_token(&self.settings.pepper, &it.token.key());
                let said = said.get(&hash).copied();
                async move {
                    match said {
                        Some(allows) => Some(allows),
                        // Of a code only a hash is known here.
                        None if it.token.kind == TokenKind::KeyCode => None,
                        None if index < ASKED => self.dry_run(it, webhook, now).await,
                        None => None,
                    }
                }
            })
            .collect();
        Ok(futures_util::stream::iter(asked)
            .buffered(AT_ONCE)
            .collect()
            .await)
    }

    async fn dry_run(&self, it: &Seen, webhook: &Webhook, now: Timestamp) -> Option<bool> {
        let request = Request::token(&it.token, self.resource_at(it.node), Intent::Ask);
        let about = About {
            station: None,
            transaction: None,
            happened_at: None,
        };
        let mut question = self.question(&request, &about, Purpose::DryRun, now)?;
        question.credential = question.credential.or(it.credential);
        let (event, id) = (question.asked_for.name(), question.id);
        self.ask(webhook, event, id, question.body()).await.ok()
    }
}

/// As a reader would send it; of a code only what it is found by is known.
pub(crate) fn token_of(row: Credential) -> PresentedToken {
    let kind = kind_of(row.kind);
    if row.kind.is_code() {
        PresentedToken::new(kind, "code").known_as(row.key)
    } else {
        PresentedToken::new(kind, row.value)
    }
}

/// As a reader would say it.
const fn kind_of(kind: model::CredentialKind) -> TokenKind {
    match kind {
        model::CredentialKind::Emaid => TokenKind::Emaid,
        model::CredentialKind::App => TokenKind::Central,
        model::CredentialKind::Pin
        | model::CredentialKind::Guest
        | model::CredentialKind::OneTime => TokenKind::KeyCode,
        model::CredentialKind::Rfid | model::CredentialKind::Key | model::CredentialKind::Plate => {
            TokenKind::IdTag
        }
    }
}
