//! A segment, row by row: which of its rows do not fit where they stand.

use super::chains::content_of;
use super::digest::row as row_hash;
use super::findings::{AuditReport, Finding, SegmentName};
use super::segment::Segment;
use crate::StoreError;
use crate::arg::Arg;
use crate::link::{Kind, Row};
use crate::rows::CHAINED_CHANGE;

/// Rows kept for a second look, of one segment.
const SUSPECTS: usize = 32;

/// A segment, row by row.
pub(super) struct Chain<'s> {
    segment: &'s Segment,
    name: SegmentName,
    /// Stored hashes by place; `None` where no row stands.
    hashes: Vec<Option<Vec<u8>>>,
    /// The hash the next row goes on from: as it is stored, and as it is computed.
    before: [Vec<u8>; 2],
    suspects: Vec<Suspect>,
    findings: Vec<Finding>,
    erased: u64,
}

/// A row that does not fit where it stands.
struct Suspect {
    sequence: i64,
    hash: Vec<u8>,
    row: String,
    /// `None`: it cannot be read as it was written.
    columns: Option<Vec<Arg<'static>>>,
    added: bool,
}

impl<'s> Chain<'s> {
    pub(super) fn new(segment: &'s Segment) -> Self {
        let start = segment.start().to_vec();
        Self {
            segment,
            name: SegmentName::of(segment),
            hashes: Vec::new(),
            before: [start.clone(), start],
            suspects: Vec::new(),
            findings: Vec::new(),
            erased: 0,
        }
    }

    fn place(&self) -> i64 {
        i64::try_from(self.hashes.len()).unwrap_or(i64::MAX)
    }

    pub(super) fn row(&mut self, row: &Row, kinds: &[Kind]) {
        let columns: Result<Vec<Arg<'static>>, StoreError> = kinds
            .iter()
            .enumerate()
            .map(|(at, kind)| row.raw(at + 2, *kind))
            .collect();
        let mut columns = columns.ok();
        let id = name_of(row);
        let hash = row.bytes(1).map(<[u8]>::to_vec).unwrap_or_default();
        let Ok(sequence) = row.int(0) else {
            return self.findings.push(Finding::AddedRow {
                segment: self.name,
                sequence: 0,
                row: id,
            });
        };
        if kinds == CHAINED_CHANGE && columns.is_some() && !self.content_fits(row) {
            columns = None;
        }
        let next = self.place() + 1;
        if sequence < next {
            // A second one under this number, or one before the first: one of them was written.
            self.suspect(sequence, hash, id, columns, true);
            return;
        }
        if sequence > self.segment.length && !self.segment.purged {
            self.suspect(sequence, hash, id, columns, true);
            return;
        }
        if sequence > next {
            self.findings.push(Finding::MissingRows {
                segment: self.name,
                from: next,
                to: sequence - 1,
            });
            for _ in next..sequence {
                self.hashes.push(None);
            }
        } else {
            let fits = columns.as_ref().is_some_and(|columns| {
                self.before.iter().any(|before| {
                    row_hash(before, self.segment.number, sequence, columns) == hash.as_slice()
                })
            });
            if !fits {
                self.suspect(sequence, hash.clone(), id, columns.clone(), false);
            }
        }
        let [stored, computed] = &mut self.before;
        *computed = match &columns {
            Some(columns) => row_hash(stored, self.segment.number, sequence, columns).to_vec(),
            None => hash.clone(),
        };
        stored.clone_from(&hash);
        self.hashes.push(Some(hash));
    }

    fn suspect(
        &mut self,
        sequence: i64,
        hash: Vec<u8>,
        row: String,
        columns: Option<Vec<Arg<'static>>>,
        added: bool,
    ) {
        let suspect = Suspect {
            sequence,
            hash,
            row,
            columns,
            added,
        };
        if self.suspects.len() < SUSPECTS {
            self.suspects.push(suspect);
        } else {
            self.findings.push(suspect.finding(self.name));
        }
    }

    /// Whether what a row of the change log shows is what its hash says; of who was erased
    /// nothing may be shown.
    fn content_fits(&mut self, row: &Row) -> bool {
        let [reason, before, after, key, erased] = [12, 13, 14, 15, 16].map(|at| {
            let kind = match at {
                15 => Kind::Bytes,
                16 => Kind::Int,
                _ => Kind::Text,
            };
            row.raw(at, kind)
        });
        let (Ok(reason), Ok(before), Ok(after), Ok(key), Ok(erased), Ok(hash)) =
            (reason, before, after, key, erased, row.bytes(11))
        else {
            return false;
        };
        let has_subject = row.is_null(10).is_ok_and(|null| !null);
        let is_erased = matches!(erased, Arg::Int(Some(_)));
        if has_subject && is_erased {
            self.erased += 1;
            let nothing = matches!((&reason, &before), (Arg::Text(None), Arg::Text(None)));
            return nothing && matches!(&after, Arg::Text(Some(text)) if text == "null");
        }
        let key = match &key {
            Arg::Bytes(key) => key.as_deref(),
            Arg::Int(_) | Arg::Text(_) | Arg::Bool(_) => None,
        };
        content_of(&[reason, before, after], key) == hash
    }

    pub(super) fn end(mut self, length: i64, report: &mut AuditReport) {
        let left = self.place();
        if left < length {
            self.findings.push(Finding::TruncatedTail {
                segment: self.name,
                written: length,
                left,
            });
        } else if !self.segment.purged
            && self.suspects.is_empty()
            && self.findings.is_empty()
            && self.before.first() != Some(&self.segment.head)
        {
            self.findings.push(Finding::ChangedRecord(self.name));
        }
        let suspects = std::mem::take(&mut self.suspects);
        for suspect in &suspects {
            match self.written_as(suspect, &suspects) {
                // The one before it is what does not fit.
                Some(written) if written == suspect.sequence && !suspect.added => {}
                Some(written) if written != suspect.sequence => {
                    self.findings.push(Finding::WrongOrder {
                        segment: self.name,
                        sequence: suspect.sequence,
                        written,
                        row: suspect.row.clone(),
                    });
                }
                Some(_) | None => self.findings.push(suspect.finding(self.name)),
            }
        }
        report.rows += self.hashes.iter().filter(|hash| hash.is_some()).count() as u64;
        report.erased_rows += self.erased;
        for finding in self.findings {
            report.add(finding);
        }
    }

    /// Under which number a row that does not fit was written.
    fn written_as(&self, suspect: &Suspect, suspects: &[Suspect]) -> Option<i64> {
        let columns = suspect.columns.as_ref()?;
        let start = self.segment.start().to_vec();
        suspects
            .iter()
            .map(|other| other.sequence)
            .chain(self.gaps())
            .find(|sequence| {
                let at = usize::try_from(*sequence - 2).ok();
                let there = at.and_then(|at| self.hashes.get(at)).cloned().flatten();
                let first = (*sequence == 1).then(|| start.clone());
                let moved = suspects.iter().map(|other| other.hash.clone());
                there.into_iter().chain(first).chain(moved).any(|before| {
                    row_hash(&before, self.segment.number, *sequence, columns)
                        == suspect.hash.as_slice()
                })
            })
    }

    /// Numbers under which no row stands, the first of them.
    fn gaps(&self) -> impl Iterator<Item = i64> {
        let empty = self.hashes.iter().enumerate();
        let empty = empty.filter(|(_, hash)| hash.is_none());
        empty
            .filter_map(|(at, _)| i64::try_from(at + 1).ok())
            .take(SUSPECTS)
    }
}

impl Suspect {
    fn finding(&self, segment: SegmentName) -> Finding {
        let (sequence, row) = (self.sequence, self.row.clone());
        if self.added {
            Finding::AddedRow {
                segment,
                sequence,
                row,
            }
        } else {
            Finding::ChangedRow {
                segment,
                sequence,
                row,
            }
        }
    }
}

/// The first hashed column: the id of a decision, the revision of a change.
fn name_of(row: &Row) -> String {
    match (row.text(2), row.int(2)) {
        (Ok(text), _) => text.to_owned(),
        (Err(_), Ok(number)) => format!("revision {number}"),
        (Err(_), Err(_)) => "?".to_owned(),
    }
}
