//! How the writer adds rows to the chains.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use model::{
    Actor, Change, Committed, Decision, Member, OrganisationId, Revision, Sharing, Subject,
};
use serde_json::Value;
use uuid::Uuid;

use super::digest::{AuditKey, Hash, keyed, plain, row as row_hash};
use super::names::{Wanted, key_of};
use super::segment::{AuditLog, Before, Segment, Stream};
use crate::arg::{Arg, args, corrupt};
use crate::image::image;
use crate::rows::{
    ChangeRow, Place, decision_there, insert_changes, insert_decisions, keep_stop_group,
};
use crate::tx::Recorded;
use crate::{StoreError, Tx};

/// Pseudonyms remembered at most; all are forgotten then and looked up again.
const NAMES: usize = 200_000;

/// What the writer knows of the chains it writes, as of the last commit.
pub(crate) struct Chains {
    key: Option<AuditKey>,
    /// This process.
    node: Uuid,
    open: HashMap<Stream, Segment>,
    names: HashMap<Uuid, Uuid>,
    /// What became of a commit was not known: its decisions may be there.
    pub(crate) recheck: bool,
}

/// What a batch makes of it, if it is committed.
#[derive(Default)]
pub(crate) struct Draft {
    open: HashMap<Stream, Segment>,
    names: HashMap<Uuid, Uuid>,
    forget_names: bool,
}

impl Chains {
    pub(crate) fn new(key: Option<AuditKey>) -> Self {
        Self {
            key,
            node: Uuid::now_v7(),
            open: HashMap::new(),
            names: HashMap::new(),
            recheck: false,
        }
    }

    /// The batch is committed.
    pub(crate) fn apply(&mut self, draft: Draft) {
        self.open.extend(draft.open);
        if draft.forget_names || self.names.len() + draft.names.len() > NAMES {
            self.names.clear();
        }
        if !draft.forget_names {
            self.names.extend(draft.names);
        }
    }

    /// Writes the decisions of a batch, and `between`, and last the changes. The locks that other
    /// processes wait for are taken in one order: pseudonyms, the number of segments, revisions.
    pub(crate) async fn write(
        &self,
        tx: &mut Tx,
        decisions: &[Decision],
        changes: Vec<(Actor, Recorded)>,
    ) -> Result<(Vec<Committed>, Draft), StoreError> {
        let mut draft = Draft::default();
        let in_jobs = tx.take_decisions();
        let mut rows: Vec<&Decision> = Vec::with_capacity(in_jobs.len() + decisions.len());
        for row in in_jobs.iter().chain(decisions) {
            if !self.recheck || !decision_there(tx, row.id).await? {
                rows.push(row);
            }
        }
        draft.forget_names = tx.take_erased();
        draft.names = wanted(&rows, &changes)
            .names(tx, self.key.as_ref(), &self.names)
            .await?;
        let streams = self.reserve(tx, &changes).await?;
        self.write_decisions(tx, &mut draft, &rows).await?;
        let committed = self.write_changes(tx, &mut draft, streams, changes).await?;
        Ok((committed, draft))
    }

    /// The segment rows of this time go into, if one is open.
    fn open(&self, stream: Stream, at: Timestamp) -> Option<&Segment> {
        self.open.get(&stream).filter(|segment| segment.takes(at))
    }

    async fn begin(
        &self,
        tx: &mut Tx,
        stream: Stream,
        at: Timestamp,
    ) -> Result<(Segment, Before), StoreError> {
        let segment = Segment::begin(tx, self.key.as_ref(), self.node, stream, at).await?;
        Ok((segment, Before::New))
    }

    async fn write_decisions(
        &self,
        tx: &mut Tx,
        draft: &mut Draft,
        rows: &[&Decision],
    ) -> Result<(), StoreError> {
        let mut streams: BTreeMap<Stream, Vec<&Decision>> = BTreeMap::new();
        for row in rows {
            let stream = Stream {
                log: AuditLog::of(row),
                organisation: row.organisation,
            };
            streams.entry(stream).or_default().push(row);
        }
        for (stream, rows) in streams {
            let Some(first) = rows.first() else { continue };
            let columns: Vec<_> = rows
                .iter()
                .map(|row| crate::rows::decision_args(row, |id| self.name(draft, id)))
                .collect();
            let (segment, before) = match self.open(stream, first.at) {
                Some(segment) => (segment.clone(), Before::of(segment)),
                None => self.begin(tx, stream, first.at).await?,
            };
            let mut written = Added::of(segment, &rows, &columns);
            if !written.advance(tx, self.key.as_ref(), &before).await? {
                replaced(&written.segment);
                let (segment, before) = self.begin(tx, stream, first.at).await?;
                written = Added::of(segment, &rows, &columns);
                if !written.advance(tx, self.key.as_ref(), &before).await? {
                    return Err(corrupt("segment", "a new one is not new"));
                }
            }
            insert_decisions(tx, columns, &written.places).await?;
            draft.open.insert(stream, written.segment);
        }
        Ok(())
    }

    /// The segments the changes go into, each kept from others until the commit.
    async fn reserve(
        &self,
        tx: &mut Tx,
        changes: &[(Actor, Recorded)],
    ) -> Result<HashMap<OrganisationId, (Segment, Before)>, StoreError> {
        let mut reserved = HashMap::new();
        for (actor, Recorded { change, .. }) in changes {
            let organisation = change.organisation();
            if reserved.contains_key(&organisation) {
                continue;
            }
            let stream = Stream {
                log: AuditLog::Changes,
                organisation: Some(organisation),
            };
            let open = match self.open(stream, actor.at) {
                Some(segment) if segment.claim(tx).await? => (segment.clone(), Before::of(segment)),
                Some(segment) => {
                    replaced(segment);
                    self.begin(tx, stream, actor.at).await?
                }
                None => self.begin(tx, stream, actor.at).await?,
            };
            reserved.insert(organisation, open);
        }
        Ok(reserved)
    }

    /// Writes the changes of a batch into the log, in order; each gets its revision.
    async fn write_changes(
        &self,
        tx: &mut Tx,
        draft: &mut Draft,
        mut streams: HashMap<OrganisationId, (Segment, Before)>,
        changes: Vec<(Actor, Recorded)>,
    ) -> Result<Vec<Committed>, StoreError> {
        let Ok(count) = i64::try_from(changes.len()) else {
            return Err(StoreError::Busy);
        };
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut rows = Vec::with_capacity(changes.len());
        for (actor, recorded) in changes {
            rows.push(self.row_of(tx, draft, actor, recorded).await?);
        }
        // Last of all, so that the counter, which every writer of a deployment needs, is held for
        // as short as can be.
        let last = tx.count_up(crate::rows::REVISION, count).await?;
        let mut committed = Vec::with_capacity(rows.len());
        for (revision, (row, change)) in (last - count + 1..).zip(&mut rows) {
            row.revision = Revision(revision);
            let (segment, _) = streams
                .get_mut(&change.organisation())
                .ok_or_else(|| corrupt("segment", "not reserved"))?;
            row.place = add(segment, row.at, &row.chained());
            committed.push(Committed {
                revision: row.revision,
                change: change.clone(),
            });
        }
        let rows: Vec<ChangeRow> = rows.into_iter().map(|(row, _)| row).collect();
        insert_changes(tx, &rows).await?;
        for Committed { revision, change } in &committed {
            if let Change::Person(person) = change
                && !person.stop_group.as_str().is_empty()
            {
                keep_stop_group(tx, *revision, person.id, &person.stop_group).await?;
            }
        }
        for (_, (mut segment, before)) in streams {
            if !segment.advance(tx, self.key.as_ref(), &before).await? {
                return Err(corrupt("segment", "changed while it was kept"));
            }
            draft.open.insert(segment.stream, segment);
        }
        Ok(committed)
    }

    async fn row_of(
        &self,
        tx: &mut Tx,
        draft: &Draft,
        actor: Actor,
        recorded: Recorded,
    ) -> Result<(ChangeRow, Change), StoreError> {
        let Recorded {
            change,
            before,
            about_nobody,
        } = recorded;
        let after = image(&change);
        let person = subject(&change).filter(|_| !about_nobody);
        let name = person.map(|person| self.name(draft, person));
        let key = match name {
            Some(name) => key_of(tx, name).await?,
            None => None,
        };
        // Of somebody who was erased nothing is kept under a key that is no more.
        let subject = name.filter(|_| key.is_some());
        let content = content(
            actor.reason.as_deref(),
            before.as_ref(),
            &after,
            key.as_deref(),
        );
        let row = ChangeRow {
            revision: Revision(0),
            organisation: change.organisation(),
            kind: change.kind(),
            row: change.id(),
            actor: actor.person.map(|person| self.name(draft, person.0)),
            api_key: actor.api_key.map(|key| match actor.person {
                Some(_) => self.name(draft, key.0),
                None => key.0,
            }),
            request: actor.request,
            at: actor.at,
            subject,
            content,
            reason: actor.reason,
            before,
            after,
            place: Place::default(),
        };
        Ok((row, change))
    }

    /// What somebody or something of theirs is called; every name of a batch was looked up.
    fn name(&self, draft: &Draft, target: Uuid) -> Uuid {
        let found = draft.names.get(&target).or_else(|| self.names.get(&target));
        found.copied().unwrap_or_else(|| {
            tracing::error!("a pseudonym was not looked up");
            Uuid::nil()
        })
    }
}

/// Rows added to a segment.
struct Added {
    segment: Segment,
    places: Vec<Place>,
}

impl Added {
    fn of(mut segment: Segment, rows: &[&Decision], columns: &[Vec<Arg<'_>>]) -> Self {
        let places = rows
            .iter()
            .zip(columns)
            .map(|(row, columns)| add(&mut segment, row.at, columns))
            .collect();
        Self { segment, places }
    }

    async fn advance(
        &mut self,
        tx: &mut Tx,
        key: Option<&AuditKey>,
        before: &Before,
    ) -> Result<bool, StoreError> {
        self.segment.advance(tx, key, before).await
    }
}

/// One more row.
fn add(segment: &mut Segment, at: Timestamp, columns: &[Arg<'_>]) -> Place {
    segment.length += 1;
    let hash = row_hash(&segment.head, segment.number, segment.length, columns);
    segment.head = hash.to_vec();
    segment.last_at = segment.last_at.max(at);
    Place {
        segment: segment.number,
        sequence: segment.length,
        hash: hash.to_vec(),
    }
}

fn replaced(segment: &Segment) {
    tracing::warn!(
        audit.segment = segment.number,
        "the record of a segment is not as it was left: deleted by its age, or the database lost \
         history; another one is begun"
    );
}

/// Whom a change shows.
fn subject(change: &Change) -> Option<Uuid> {
    match change {
        Change::Person(row) => Some(row.id.0),
        Change::Credential(row) => Some(row.person.0),
        Change::Grant(row) => match row.subject {
            Subject::Person(person) => Some(person.0),
            Subject::Tag(_) | Subject::Partner(_) => None,
        },
        Change::Membership(row) => match row.member {
            Member::Person(person) => Some(person.0),
            Member::Tag(_) | Member::Point(_) => None,
        },
        Change::ApiKey(row) => Some(row.person.0),
        Change::Sharing(row) => match row.as_ref() {
            Sharing::Invitation(row) => row
                .accepted
                .map(|accepted| accepted.person.0)
                .or(row.person.map(|person| person.0)),
            Sharing::Handover(row) => Some(row.to.0),
            Sharing::PartnerProfile(_) | Sharing::Partnership(_) | Sharing::PartnerLink(_) => None,
        },
        Change::Organisation(_)
        | Change::Installation(_)
        | Change::Area(_)
        | Change::Charger(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::Tag(_)
        | Change::Schedule(_)
        | Change::Calendar(_)
        | Change::Emergency(_)
        | Change::Webhook(_) => None,
    }
}

fn wanted(decisions: &[&Decision], changes: &[(Actor, Recorded)]) -> Wanted {
    let mut wanted = Wanted::default();
    for row in decisions {
        if let Some(person) = row.person {
            wanted.add(Some(person.0), person.0);
            wanted.add(row.credential.map(|id| id.0), person.0);
            wanted.add(row.api_key.map(|id| id.0), person.0);
        }
    }
    for (actor, recorded) in changes {
        if let Some(person) = actor.person {
            wanted.add(Some(person.0), person.0);
            wanted.add(actor.api_key.map(|id| id.0), person.0);
        }
        if let Some(person) = subject(&recorded.change)
            && !recorded.about_nobody
        {
            wanted.add(Some(person), person);
        }
    }
    wanted
}

/// The hash of what a row of the change log shows, under the key of the person it shows.
pub(crate) fn content(
    reason: Option<&str>,
    before: Option<&Value>,
    after: &Value,
    key: Option<&[u8]>,
) -> Hash {
    content_of(args![reason, before, after], key)
}

/// The same from the columns.
pub(crate) fn content_of(columns: &[Arg<'_>], key: Option<&[u8]>) -> Hash {
    match key {
        Some(key) => keyed(key, "content", columns),
        None => plain("content", columns),
    }
}
