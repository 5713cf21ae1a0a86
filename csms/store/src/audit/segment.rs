//! The record of a segment: where it begins, how long it is, with which hash it ends.

use jiff::Timestamp;
use model::{Action, Decision, Entry, OrganisationId};
use uuid::Uuid;

use super::digest::{AuditKey, Hash, plain};
use crate::arg::{Arg, Bind, Read, args, corrupt};
use crate::link::{Columns, Record, Row};
use crate::sql::statements;
use crate::{StoreError, Tx};

/// Which columns are hashed, and how; a later version may hash others.
pub(crate) const FORM: i64 = 1;
/// A segment is closed with the batch that makes it this long; what retention deletes at a time.
const LONG: i64 = 10_000;
/// Segments do not reach over the end of a day, so that retention is exact to a day.
const DAY: i64 = 86_400_000_000;

macro_rules! segment_columns {
    () => {
        "number, log, organisation_id, node_id, form, begun_at, previous, previous_length, \
         previous_head, length, head, last_at, deleted_at, seal, purged"
    };
}
pub(crate) use segment_columns;

statements! {
    // Numbers are taken in the transaction that uses them: none is left out.
    NEXT_SEGMENT = "INSERT INTO audit_register (name, value) VALUES ('segments', 1) \
        ON CONFLICT (name) DO UPDATE SET value = audit_register.value + 1 RETURNING value";
    SEAL_REGISTER = "UPDATE audit_register SET seal = $1 WHERE name = 'segments'";
    // The newest of a log: with `organisation_id` that may be NULL, alike on both databases.
    LAST_SEGMENT = "SELECT ", segment_columns!(), " FROM audit_segments WHERE log = $1 \
        AND organisation_id = $2 ORDER BY number DESC LIMIT 1";
    LAST_SEGMENT_OF_NOBODY = "SELECT ", segment_columns!(), " FROM audit_segments WHERE log = $1 \
        AND organisation_id IS NULL ORDER BY number DESC LIMIT 1";
    INSERT_SEGMENT = "INSERT INTO audit_segments (", segment_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, FALSE)";
    // Only as it was left: it may have been deleted by retention, or replaced by a backup.
    ADVANCE_SEGMENT = "UPDATE audit_segments SET length = $4, head = $5, last_at = $6, seal = $7 \
        WHERE number = $1 AND length = $2 AND head = $3 AND deleted_at IS NULL";
    CLAIM_SEGMENT = "UPDATE audit_segments SET length = length \
        WHERE number = $1 AND length = $2 AND head = $3 AND deleted_at IS NULL";
}

/// What is kept in a chain of its own, because it is kept for another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditLog {
    /// Decisions about movements: at doors, and openings and starts from elsewhere.
    Doors,
    /// Every other decision.
    Decisions,
    /// Changes of access.
    Changes,
}

impl AuditLog {
    /// Every log.
    pub const ALL: [AuditLog; 3] = [AuditLog::Doors, AuditLog::Decisions, AuditLog::Changes];

    /// The name it is stored under.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            AuditLog::Doors => "doors",
            AuditLog::Decisions => "decisions",
            AuditLog::Changes => "changes",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|log| log.name() == name)
    }

    /// Where a decision belongs.
    pub(crate) fn of(row: &Decision) -> Self {
        match row.entry {
            Entry::Lock16 | Entry::Lock201 | Entry::DoorHttp => AuditLog::Doors,
            Entry::Api if row.action == Action::RemoteUse => AuditLog::Doors,
            Entry::Authorize16
            | Entry::Start16
            | Entry::Stop16
            | Entry::Authorize201
            | Entry::TransactionEvent201
            | Entry::Api => AuditLog::Decisions,
        }
    }
}

impl Bind for AuditLog {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        self.name().arg()
    }
}

impl Read for AuditLog {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        let word = row.text(at)?;
        AuditLog::from_name(word).ok_or_else(|| corrupt("AuditLog", word))
    }
}

/// Whose rows a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stream {
    pub(crate) log: AuditLog,
    /// `None`: what was asked at points that belong to nobody.
    pub(crate) organisation: Option<OrganisationId>,
}

/// A row of `audit_segments`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    /// Counted over the whole deployment.
    pub(crate) number: i64,
    pub(crate) stream: Stream,
    /// The process that writes it.
    pub(crate) node: Uuid,
    pub(crate) form: i64,
    /// The time of its first row.
    pub(crate) begun_at: Timestamp,
    /// The segment before it in the same log, and that one's length and end then.
    pub(crate) previous: Option<i64>,
    pub(crate) previous_length: i64,
    pub(crate) previous_head: Vec<u8>,
    pub(crate) length: i64,
    pub(crate) head: Vec<u8>,
    /// The latest time of its rows.
    pub(crate) last_at: Timestamp,
    /// Its rows are deleted, or about to be.
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) seal: Option<Vec<u8>>,
    /// They are.
    pub(crate) purged: bool,
}

impl Segment {
    /// The hash its first row goes on from.
    pub(crate) fn start(&self) -> Hash {
        plain(
            "segment",
            args![
                self.number,
                self.stream.log,
                self.stream.organisation,
                self.node,
                self.form,
                self.begun_at,
                self.previous,
                self.previous_length,
                self.previous_head,
            ],
        )
    }

    /// The signature it should have.
    pub(crate) fn sign(&self, key: &AuditKey) -> Hash {
        let start = self.start();
        key.sign(
            "segment",
            args![
                start.as_slice(),
                self.length,
                self.head,
                self.last_at,
                self.deleted_at
            ],
        )
    }

    /// Whether a row of this time still goes into it.
    pub(crate) fn takes(&self, at: Timestamp) -> bool {
        let day = |at: Timestamp| at.as_microsecond().div_euclid(DAY);
        self.length < LONG && day(at) <= day(self.begun_at)
    }

    /// Its record before it holds anything: begun after what there is of its log.
    pub(crate) async fn begin(
        tx: &mut Tx,
        key: Option<&AuditKey>,
        node: Uuid,
        stream: Stream,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let number: i64 = tx
            .find(NEXT_SEGMENT, &[])
            .await?
            .ok_or_else(|| corrupt("register", "no number"))?;
        let seal = key.map(|key| register_seal(key, number).to_vec());
        tx.run(SEAL_REGISTER, args![seal]).await?;
        let last: Option<Segment> = match stream.organisation {
            Some(organisation) => {
                tx.find(LAST_SEGMENT, args![stream.log, organisation])
                    .await?
            }
            None => tx.find(LAST_SEGMENT_OF_NOBODY, args![stream.log]).await?,
        };
        let mut segment = Self {
            number,
            stream,
            node,
            form: FORM,
            begun_at: at,
            previous: last.as_ref().map(|last| last.number),
            previous_length: last.as_ref().map_or(0, |last| last.length),
            previous_head: last.map_or_else(Vec::new, |last| last.head),
            length: 0,
            head: Vec::new(),
            last_at: at,
            deleted_at: None,
            seal: None,
            purged: false,
        };
        segment.head = segment.start().to_vec();
        Ok(segment)
    }

    /// Writes the record as it is now; `before` as it was. `false`: it is not as it was left.
    pub(crate) async fn advance(
        &mut self,
        tx: &mut Tx,
        key: Option<&AuditKey>,
        before: &Before,
    ) -> Result<bool, StoreError> {
        self.seal = key.map(|key| self.sign(key).to_vec());
        match before {
            Before::New => {
                let args = args![
                    self.number,
                    self.stream.log,
                    self.stream.organisation,
                    self.node,
                    self.form,
                    self.begun_at,
                    self.previous,
                    self.previous_length,
                    self.previous_head,
                    self.length,
                    self.head,
                    self.last_at,
                    self.deleted_at,
                    self.seal,
                ];
                tx.touched(INSERT_SEGMENT, args).await
            }
            Before::As { length, head } => {
                let args = args![
                    self.number,
                    length,
                    head,
                    self.length,
                    self.head,
                    self.last_at,
                    self.seal
                ];
                tx.touched(ADVANCE_SEGMENT, args).await
            }
        }
    }

    /// Keeps others from changing the record until the end of the transaction. `false`: it is not
    /// as it was left.
    pub(crate) async fn claim(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        tx.touched(CLAIM_SEGMENT, args![self.number, self.length, self.head])
            .await
    }
}

/// How the record of a segment stands in the database.
pub(crate) enum Before {
    /// Not at all.
    New,
    /// So.
    As { length: i64, head: Vec<u8> },
}

impl Before {
    pub(crate) fn of(segment: &Segment) -> Self {
        Before::As {
            length: segment.length,
            head: segment.head.clone(),
        }
    }
}

/// The signature of the number of segments.
pub(crate) fn register_seal(key: &AuditKey, value: i64) -> Hash {
    key.sign("register", args![value])
}

impl Record for Segment {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            number: columns.take()?,
            stream: Stream {
                log: columns.take()?,
                organisation: columns.take()?,
            },
            node: columns.take()?,
            form: columns.take()?,
            begun_at: columns.take()?,
            previous: columns.take()?,
            previous_length: columns.take()?,
            previous_head: columns.take()?,
            length: columns.take()?,
            head: columns.take()?,
            last_at: columns.take()?,
            deleted_at: columns.take()?,
            seal: columns.take()?,
            purged: columns.take()?,
        })
    }
}
