//! The facts a question is answered from: those of now, or those of a moment of the past.

use std::collections::HashSet;
use std::sync::Arc;

use authz::{
    Directory, DirectoryBuilder, Explanation, NodeDetail, OpenTransaction, Outcome, Request, Usage,
};
use jiff::Timestamp;
use model::{DoorId, NodeId, OrganisationId, Revision, StationKind};
use store::{Forgotten, Past};

use super::names::Names;
use crate::reading::ENDED_GRANTS_KEPT;
use crate::station::follow_passage;
use crate::{ApiError, App};

/// The moment whose facts are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// Now.
    #[default]
    Now,
    /// After this revision.
    Revision(Revision),
    /// After the last change that was made by then.
    Instant(Timestamp),
}

/// What an answer rests on that was not so, or may not have been, at the moment asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// What was in progress, what was used and who was inside a zone is put together from
    /// transactions, uses and door events, by the times they carry and as far as they are kept.
    UsageFromRecords,
    /// A person's stop group is not known of then: the present one is taken.
    StopGroupOfNow,
    /// A card was given another number or erased since: it is taken as unknown.
    CardForgotten,
    /// Somebody was erased since: what they had is not known.
    PersonErased,
    /// The change log does not reach back so far: the first that is known is taken.
    BeforeTheLog,
}

impl Note {
    /// The code in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Note::UsageFromRecords => "usage_from_records",
            Note::StopGroupOfNow => "stop_group_of_now",
            Note::CardForgotten => "card_forgotten",
            Note::PersonErased => "person_erased",
            Note::BeforeTheLog => "before_the_log",
        }
    }

    /// In plain words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Note::UsageFromRecords => {
                "what was in progress, what was used and who was inside a zone is put together \
                 from what was recorded and is still kept, by the times it carries"
            }
            Note::StopGroupOfNow => {
                "a stop group is not known of then: the one of now is taken for stopping"
            }
            Note::CardForgotten => {
                "the number of a card is not known of then: it counts as unknown"
            }
            Note::PersonErased => "somebody was erased since: what they had is left out",
            Note::BeforeTheLog => {
                "the change log does not reach back so far: the first that is known is taken"
            }
        }
    }
}

/// A picture, the use that goes with it, and an instant.
pub(crate) struct View {
    pub(crate) directory: Arc<Directory>,
    /// What was used then; `None`: what is used now.
    usage: Option<Box<Usage>>,
    /// The instant asked about.
    pub(crate) at: Timestamp,
    pub(crate) notes: Vec<Note>,
    pub(crate) names: Names,
}

impl View {
    pub(crate) fn explain(&self, app: &App, request: &Request<'_>) -> Explanation {
        let usage = self.usage.as_deref();
        app.pep
            .explain_over(&self.directory, usage, request, self.at)
    }

    pub(crate) fn decide(&self, app: &App, request: &Request<'_>) -> Outcome {
        let usage = self.usage.as_deref();
        app.pep
            .decide_over(&self.directory, usage, request, self.at)
    }

    /// A request that knows whether codes may be tried there now; nobody knows of then.
    pub(crate) fn with_attempts<'r>(&self, app: &App, request: Request<'r>) -> Request<'r> {
        match self.usage {
            None => app.pep.with_attempts(request, &self.directory),
            Some(_) => request,
        }
    }

    pub(crate) fn allowed_from(&self, app: &App, request: &Request<'_>) -> Option<Timestamp> {
        let usage = self.usage.as_deref();
        app.pep
            .allowed_from_over(&self.directory, usage, request, self.at)
    }
}

impl App {
    /// The facts as of a moment about an organisation, and `at`, or the moment itself.
    pub(crate) async fn view(
        &self,
        organisation: OrganisationId,
        as_of: AsOf,
        at: Option<Timestamp>,
    ) -> Result<View, ApiError> {
        let now = self.clock.now();
        let (revision, moment) = match as_of {
            AsOf::Now => {
                return Ok(View {
                    directory: self.live.directory(),
                    usage: None,
                    at: at.unwrap_or(now),
                    notes: Vec::new(),
                    names: Names::default(),
                });
            }
            AsOf::Instant(instant) if instant > now => {
                return Err(ApiError::field(
                    "as_of",
                    "out_of_range",
                    "the future is not known; ask about an instant to come with `at`",
                ));
            }
            AsOf::Instant(instant) => {
                let revision = self.store.revision_at(instant).await?.unwrap_or(0);
                (Revision(revision), instant)
            }
            AsOf::Revision(revision) => {
                if revision.0 < 0 || revision > self.live.directory().revision() {
                    return Err(ApiError::field("as_of", "out_of_range", "no such revision"));
                }
                let time = self.store.time_of(revision).await?;
                let time = time.and_then(|time| Timestamp::from_microsecond(time).ok());
                (revision, time.unwrap_or(now))
            }
        };
        // A rebuilt picture is large: one at a time.
        let _turn = self.rebuilding.lock().await;
        let at = at.unwrap_or(moment);
        let ended_since = moment.checked_sub(ENDED_GRANTS_KEPT).unwrap_or(moment);
        let past = self
            .store
            .load_past(organisation, revision, ended_since)
            .await?;
        let notes = notes_of(&past);
        let directory = build(&past, (0, 0));
        let usage = self.usage_at(organisation, &directory, at).await?;
        Ok(View {
            names: Names::of(&past.rows),
            directory: Arc::new(directory),
            usage: Some(Box::new(usage)),
            at,
            notes,
        })
    }

    /// What was in progress and used at an instant, as recorded.
    async fn usage_at(
        &self,
        organisation: OrganisationId,
        directory: &Directory,
        at: Timestamp,
    ) -> Result<Usage, ApiError> {
        let open = self.store.open_at(organisation, at).await?;
        let used = self.store.used_at(organisation, at).await?;
        let mut usage = Usage::default();
        for remote in self.store.pending_at(organisation, at).await? {
            if let Some(station) = self.store.get_station(&remote.station).await?
                && let StationKind::Charger(charger) = station.kind
            {
                usage.expect_remote(authz::PendingRemote {
                    charger,
                    person: remote.person,
                    until: remote.until,
                });
            }
        }
        for total in &used {
            usage.set_used(total.grant, total.person, crate::pep::used(total));
        }
        for transaction in open.into_iter().filter(|it| !it.refused) {
            if let Some(charger) = transaction.charger
                && let Some(installation) = directory.node(charger).and_then(|it| it.installation)
            {
                usage.begin(OpenTransaction {
                    id: transaction.id,
                    charger,
                    installation,
                    person: transaction.person,
                    stop_group: transaction.stop_group,
                    token_key: transaction.token_key,
                });
            }
        }
        let of_zones = directory.nodes().filter_map(|(node, entry)| {
            let NodeDetail::Door(door) = entry.detail else {
                return None;
            };
            door.access.passage.map(|_| DoorId::from(node))
        });
        for door in of_zones {
            for last in self.store.passages_by(door, at).await? {
                follow_passage(&mut usage, directory, last);
            }
        }
        Ok(usage)
    }

    /// The organisation of a node as it is now; questions are about what one may see now.
    pub(crate) fn organisation_now(&self, node: NodeId) -> Result<OrganisationId, ApiError> {
        let directory = self.live.directory();
        let entry = directory.node(node).ok_or(ApiError::NotFound)?;
        Ok(entry.organisation)
    }
}

fn notes_of(past: &Past) -> Vec<Note> {
    let mut notes: HashSet<Note> = HashSet::from([Note::UsageFromRecords]);
    notes.extend(past.unknown.iter().map(|unknown| match unknown {
        Forgotten::Everything => Note::BeforeTheLog,
        Forgotten::StopGroup(_) => Note::StopGroupOfNow,
        Forgotten::Value(_) => Note::CardForgotten,
        Forgotten::Person => Note::PersonErased,
    }));
    let mut notes: Vec<Note> = notes.into_iter().collect();
    notes.sort_unstable();
    notes
}

fn build(past: &Past, seed: (u64, u64)) -> Directory {
    let mut builder = DirectoryBuilder::new(seed);
    past.rows.iter().for_each(|row| builder.add(row));
    builder.finish(past.revision)
}
