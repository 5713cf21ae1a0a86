//! What a look at the chains finds, in plain words.

use std::fmt;

use model::OrganisationId;

use super::segment::{AuditLog, Segment, Stream};

/// What was looked at, and what is not as it should be.
#[derive(Clone, Debug, Default)]
pub struct AuditReport {
    /// Segments whose rows were looked at.
    pub segments: u64,
    /// Their rows.
    pub rows: u64,
    /// Segments of which only the checkpoint is left.
    pub checkpoints: u64,
    /// The rows those had.
    pub checkpoint_rows: u64,
    /// Rows of the change log whose person was erased.
    pub erased_rows: u64,
    /// Pseudonyms whose person was erased.
    pub erased_names: u64,
    /// Rows from before the chains began.
    pub unchained: u64,
    /// What is not as it should be; the first thousand.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub found: u64,
}

/// The most findings that are told.
const TOLD: usize = 1_000;

impl AuditReport {
    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.found == 0
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        }
    }
}

/// Which segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentName {
    /// Its number.
    pub number: i64,
    /// Of which log.
    pub log: AuditLog,
    /// Of which organisation; `None`: of points that belong to nobody.
    pub organisation: Option<OrganisationId>,
}

impl SegmentName {
    pub(crate) fn of(segment: &Segment) -> Self {
        let Stream { log, organisation } = segment.stream;
        Self {
            number: segment.number,
            log,
            organisation,
        }
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {} ({}, ", self.number, self.log.name())?;
        match self.organisation {
            Some(organisation) => write!(f, "organisation {organisation})"),
            None => f.write_str("points of nobody)"),
        }
    }
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Rows in the middle of a segment are gone.
    MissingRows {
        /// Where.
        segment: SegmentName,
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// The rows at the end of a segment are gone.
    TruncatedTail {
        /// Where.
        segment: SegmentName,
        /// How many rows were written.
        written: i64,
        /// How many there are up to the cut.
        left: i64,
    },
    /// A row is not what was written.
    ChangedRow {
        /// Where.
        segment: SegmentName,
        /// Under which number.
        sequence: i64,
        /// The id of the decision, or the revision of the change.
        row: String,
    },
    /// A row stands under the number of another.
    WrongOrder {
        /// Where.
        segment: SegmentName,
        /// Under which number it stands.
        sequence: i64,
        /// Under which it was written.
        written: i64,
        /// The id of the decision, or the revision of the change.
        row: String,
    },
    /// There is a row that was not written by us.
    AddedRow {
        /// Where.
        segment: SegmentName,
        /// Under which number.
        sequence: i64,
        /// The id of the decision, or the revision of the change.
        row: String,
    },
    /// Rows stand where no segment is recorded, or in one of another log.
    Unrecorded {
        /// Of which table.
        table: &'static str,
        /// The segment they name.
        segment: i64,
        /// How many.
        rows: i64,
    },
    /// Rows without a segment are younger than the first one.
    Unchained {
        /// Of which table.
        table: &'static str,
        /// How many.
        rows: i64,
    },
    /// The record of a segment was changed.
    ChangedRecord(SegmentName),
    /// The record of a segment was written without a key.
    Unsigned(SegmentName),
    /// It does not go on where the one before ends.
    Unconnected {
        /// Which.
        segment: SegmentName,
        /// The one before.
        previous: i64,
    },
    /// Segments are gone, with their records.
    MissingSegments {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// How many segments there are is not what was written.
    ChangedRegister,
    /// Who is meant by a pseudonym was changed.
    ChangedPseudonym(String),
    /// Rows name a pseudonym that is gone, though nobody was erased.
    MissingPseudonyms {
        /// Of which table.
        table: &'static str,
        /// How many rows.
        rows: i64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::MissingRows { segment, from, to } if from == to => {
                write!(f, "missing row: row {from} of {segment} is gone")
            }
            Finding::MissingRows { segment, from, to } => {
                write!(f, "missing rows: rows {from} to {to} of {segment} are gone")
            }
            Finding::TruncatedTail {
                segment,
                written,
                left,
            } => write!(
                f,
                "truncated tail: {segment} has {written} rows, those after row {left} are gone"
            ),
            Finding::ChangedRow {
                segment,
                sequence,
                row,
            } => write!(
                f,
                "changed row: row {sequence} of {segment}, `{row}`, is not what was written"
            ),
            Finding::WrongOrder {
                segment,
                sequence,
                written,
                row,
            } => write!(
                f,
                "wrong order: `{row}` stands as row {sequence} of {segment} and was written as row \
                 {written}"
            ),
            Finding::AddedRow {
                segment,
                sequence,
                row,
            } => write!(
                f,
                "added row: `{row}` stands as row {sequence} of {segment} and was not written by \
                 Keywatt"
            ),
            Finding::Unrecorded {
                table,
                segment,
                rows,
            } => write!(
                f,
                "added rows: {rows} rows of `{table}` name segment {segment}, which is not one of \
                 that log"
            ),
            Finding::Unchained { table, rows } => write!(
                f,
                "added rows: {rows} rows of `{table}` stand in no segment, though they are younger \
                 than the first"
            ),
            Finding::ChangedRecord(segment) => write!(
                f,
                "changed record: the signature of {segment} does not fit what it says; or the \
                 pepper is not the one it was signed with"
            ),
            Finding::Unsigned(segment) => write!(f, "unsigned: {segment} has no signature"),
            Finding::Unconnected { segment, previous } => write!(
                f,
                "wrong order: {segment} does not go on where segment {previous} was left"
            ),
            Finding::MissingSegments { from, to } if from == to => write!(
                f,
                "gap: segment {from} is gone, and no checkpoint covers it"
            ),
            Finding::MissingSegments { from, to } => write!(
                f,
                "gap: segments {from} to {to} are gone, and no checkpoint covers them"
            ),
            Finding::ChangedRegister => f.write_str(
                "changed record: how many segments there are is not what was signed; or the pepper \
                 is not the one it was signed with",
            ),
            Finding::ChangedPseudonym(name) => write!(
                f,
                "changed record: whom the pseudonym `{name}` stands for is not what was signed"
            ),
            Finding::MissingPseudonyms { table, rows } => write!(
                f,
                "missing record: {rows} rows of `{table}` name a pseudonym that is gone, though \
                 nobody was erased"
            ),
        }
    }
}
