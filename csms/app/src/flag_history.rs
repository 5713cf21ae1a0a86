//! What the flag at a charger was: read from the change log, with the edges of its schedules.
//!
//! The rows a flag depends on (the charger, its installation, the schedules and calendars they
//! name) are few; from their changes a small picture is built and asked at every instant at which
//! its answer may turn. The picture answers with the code that decides.

use std::collections::{HashMap, HashSet};

use authz::Directory;
use jiff::Timestamp;
use model::{
    Authority, AuthorizationRequired, Change, ChangeKind, ChargerAuthorization, ChargerId,
    Committed, Revision, ScheduleId,
};
use serde_json::Value;
use store::{ChangeEntry, StoreError, image, row_of_image};
use uuid::Uuid;

use crate::App;

/// Changes of one row that are looked at; older ones are forgotten.
const CHANGES: u32 = 10_000;
/// Edges and changes looked at for one answer.
const STEPS: usize = 20_000;

/// A stretch of time in which the flag at a charger was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagSpan {
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive; `None`: it still is so.
    pub until: Option<Timestamp>,
    /// The flag in effect.
    pub flag: AuthorizationRequired,
    /// Who says so.
    pub source: FlagSource,
    /// The schedule it goes by.
    pub schedule: Option<ScheduleId>,
    /// Who decided; while that is elsewhere the flag was without effect.
    pub authority: Authority,
    /// The change that made it so.
    pub revision: Revision,
}

/// Whose flag it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagSource {
    /// The charger's own.
    Charger,
    /// The installation's.
    Installation,
}

/// What was found of a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) spans: Vec<FlagSpan>,
    /// Where it was left off, if not at the end.
    pub(crate) next: Option<Timestamp>,
}

impl App {
    /// The flag in effect at a charger when something began there; `None`: not known, or decided
    /// elsewhere.
    pub(crate) async fn flag_then(
        &self,
        charger: ChargerId,
        at: Timestamp,
    ) -> Option<AuthorizationRequired> {
        let until = at.checked_add(jiff::SignedDuration::from_micros(1)).ok()?;
        match self.flag_spans(charger, at, until, 1).await {
            Ok(found) => {
                let span = found.spans.first()?;
                (span.authority == Authority::Native).then_some(span.flag)
            }
            Err(error) => {
                tracing::warn!(%error, "what the flag was is not known");
                None
            }
        }
    }

    /// The flag in effect at a charger now; `None`: decided elsewhere.
    pub(crate) fn flag_now(
        &self,
        charger: ChargerId,
        now: Timestamp,
    ) -> Option<AuthorizationRequired> {
        let directory = self.live.directory();
        let node = directory.node(charger)?;
        let (_, settings) = directory.installation_of(node)?;
        (settings.authority == Authority::Native)
            .then(|| directory.authorization_required(node, now))
    }

    /// The stretches of `[from, until)`, at most so many.
    pub(crate) async fn flag_spans(
        &self,
        charger: ChargerId,
        from: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Result<Found, StoreError> {
        let changes = self.flag_changes(charger, until).await?;
        Ok(spans(charger, &changes, from, until, most))
    }

    /// The changes the flag at a charger depends on, in their order.
    async fn flag_changes(
        &self,
        charger: ChargerId,
        until: Timestamp,
    ) -> Result<Vec<(Timestamp, Committed)>, StoreError> {
        let mut read = Read::default();
        self.read_row(&mut read, ChangeKind::Charger, charger.0, until)
            .await?;
        for (of, field) in [
            (ChangeKind::Installation, "installation_id"),
            (ChangeKind::Schedule, "open_schedule_id"),
            (ChangeKind::Calendar, "calendar_id"),
        ] {
            for id in read.named(field) {
                self.read_row(&mut read, of, id, until).await?;
            }
        }
        Ok(read.in_order())
    }

    /// Reads the changes of a row. What was before the oldest that is kept is told by that one, and
    /// where none is kept the row is as it always was.
    async fn read_row(
        &self,
        read: &mut Read,
        kind: ChangeKind,
        id: Uuid,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let entries = self.store.changes_of_row(kind, id, until, CHANGES).await?;
        match entries.last() {
            Some(oldest) => {
                if let Some(before) = &oldest.before {
                    read.begun.push((kind, before.clone()));
                }
            }
            None => {
                if let Some(change) = self.row_now(kind, id).await? {
                    read.begun.push((kind, image(&change)));
                }
            }
        }
        read.entries.extend(entries);
        Ok(())
    }

    async fn row_now(&self, kind: ChangeKind, id: Uuid) -> Result<Option<Change>, StoreError> {
        Ok(match kind {
            ChangeKind::Charger => {
                let row = self.store.get_charger(id.into()).await?;
                row.map(Change::Charger)
            }
            ChangeKind::Installation => {
                let row = self.store.get_installation(id.into()).await?;
                row.map(Change::Installation)
            }
            ChangeKind::Schedule => {
                let row = self.store.get_schedule(id.into()).await?;
                row.map(Change::Schedule)
            }
            ChangeKind::Calendar => {
                let row = self.store.get_calendar(id.into()).await?;
                row.map(Change::Calendar)
            }
            // Nothing the flag depends on.
            ChangeKind::Invitation
            | ChangeKind::Handover
            | ChangeKind::PartnerProfile
            | ChangeKind::Partnership
            | ChangeKind::PartnerLink
            | ChangeKind::Organisation
            | ChangeKind::Area
            | ChangeKind::Lock
            | ChangeKind::Station
            | ChangeKind::Door
            | ChangeKind::Person
            | ChangeKind::Credential
            | ChangeKind::Grant
            | ChangeKind::ApiKey
            | ChangeKind::Tag
            | ChangeKind::Membership
            | ChangeKind::Emergency
            | ChangeKind::Webhook => None,
        })
    }
}

/// What was read of the rows a flag depends on.
#[derive(Default)]
struct Read {
    /// What stood before all that is kept of the log.
    begun: Vec<(ChangeKind, Value)>,
    entries: Vec<ChangeEntry>,
}

impl Read {
    /// The rows that these name in a field.
    fn named(&self, field: &str) -> HashSet<Uuid> {
        let begun = self.begun.iter().map(|(_, image)| image);
        let changed = self.entries.iter().map(|entry| &entry.after);
        begun
            .chain(changed)
            .filter_map(|image| id_in(image, field))
            .collect()
    }

    fn in_order(mut self) -> Vec<(Timestamp, Committed)> {
        let mut changes = Vec::new();
        for (number, (kind, image)) in (1..).zip(&self.begun) {
            let revision = Revision(number);
            if let Some((created_at, change)) = restored(*kind, image) {
                changes.push((created_at, Committed { revision, change }));
            }
        }
        changes.sort_by_key(|(at, _)| *at);
        // Numbered as they come: a picture takes changes in the order of their numbers.
        for (number, (_, committed)) in (1..).zip(&mut changes) {
            committed.revision = Revision(number);
        }
        self.entries.sort_by_key(|entry| entry.revision);
        changes.extend(self.entries.iter().filter_map(|entry| {
            let (_, change) = restored(entry.kind, &entry.after)?;
            let revision = entry.revision;
            Some((entry.at, Committed { revision, change }))
        }));
        changes
    }
}

fn id_in(image: &Value, field: &str) -> Option<Uuid> {
    image.get(field)?.as_str()?.parse().ok()
}

/// Asks the picture wherever its answer may turn.
fn spans(
    charger: ChargerId,
    changes: &[(Timestamp, Committed)],
    from: Timestamp,
    until: Timestamp,
    most: usize,
) -> Found {
    let mut picture = Directory::new((0, 0));
    let mut waiting = changes.iter().peekable();
    let mut latest: HashMap<ChangeKind, Revision> = HashMap::new();
    let mut spans: Vec<FlagSpan> = Vec::new();
    let mut at = from;
    for _ in 0..STEPS {
        while let Some((_, committed)) = waiting.next_if(|(when, _)| *when <= at) {
            latest.insert(committed.change.kind(), committed.revision);
            picture = picture.with(std::slice::from_ref(committed));
        }
        if at >= until {
            break;
        }
        let end = waiting.peek().map_or(until, |(when, _)| (*when).min(until));
        let (span, edge) = match span(&picture, charger, at, &latest) {
            Some((span, edge)) => (Some(span), edge),
            None => (None, None),
        };
        let end = edge.map_or(end, |edge| edge.min(end));
        if let Some(span) = span {
            let last = spans.last_mut();
            if let Some(last) = last.filter(|last| last.until == Some(at) && is_same(last, &span)) {
                last.until = Some(end);
            } else if spans.len() < most {
                spans.push(FlagSpan {
                    until: Some(end),
                    ..span
                });
            } else {
                return Found {
                    spans,
                    next: Some(at),
                };
            }
        }
        at = end;
    }
    Found {
        spans,
        next: (at < until).then_some(at),
    }
}

fn is_same(one: &FlagSpan, other: &FlagSpan) -> bool {
    one.flag == other.flag
        && one.source == other.source
        && one.schedule == other.schedule
        && one.authority == other.authority
}

/// What holds from an instant on, and when it may turn by itself.
fn span(
    picture: &Directory,
    charger: ChargerId,
    at: Timestamp,
    latest: &HashMap<ChangeKind, Revision>,
) -> Option<(FlagSpan, Option<Timestamp>)> {
    let node = picture.node(charger)?;
    let (_, settings) = picture.installation_of(node)?;
    let authz::NodeDetail::Charger { flag: own, .. } = &node.detail else {
        return None;
    };
    let source = match own {
        ChargerAuthorization::Inherit => FlagSource::Installation,
        ChargerAuthorization::Required | ChargerAuthorization::Open => FlagSource::Charger,
    };
    let schedule = picture.flag_schedule(node);
    let made_by = match source {
        FlagSource::Charger => ChangeKind::Charger,
        FlagSource::Installation => ChangeKind::Installation,
    };
    let revision = |kind: ChangeKind| latest.get(&kind).copied().unwrap_or_default();
    let hours = schedule.map_or(Revision(0), |_| revision(ChangeKind::Schedule));
    let span = FlagSpan {
        from: at,
        until: None,
        flag: picture.authorization_required(node, at),
        source,
        schedule,
        authority: settings.authority,
        revision: revision(made_by).max(hours),
    };
    Some((span, picture.flag_edge(node, at)))
}

/// A row of the log that the flag depends on, and when it was made. What cannot be read says
/// nothing.
fn restored(kind: ChangeKind, image: &Value) -> Option<(Timestamp, Change)> {
    let mut change = row_of_image(kind, image).ok()??;
    let created_at = match &mut change {
        Change::Installation(row) => row.created_at,
        Change::Charger(row) => {
            // Areas have no flag, and are not in the picture.
            row.parent = row.installation.into();
            row.created_at
        }
        Change::Schedule(row) => row.created_at,
        Change::Calendar(row) => row.created_at,
        // Nothing the flag depends on; they are not asked for.
        Change::Organisation(_)
        | Change::Area(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::Person(_)
        | Change::Credential(_)
        | Change::Grant(_)
        | Change::ApiKey(_)
        | Change::Tag(_)
        | Change::Membership(_)
        | Change::Emergency(_)
        | Change::Sharing(_)
        | Change::Webhook(_) => return None,
    };
    Some((created_at, change))
}
