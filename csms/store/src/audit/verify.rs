//! Looks whether the chains are whole.

use model::OrganisationId;

use super::digest::AuditKey;
use super::findings::{AuditReport, Finding, SegmentName};
use super::names::Pseudonym;
use super::reader::AuditReader;
use super::segment::{AuditLog, Segment, register_seal, segment_columns};
use super::walk::Chain;
use crate::arg::{Arg, args};
use crate::db::Reader;
use crate::link::{Columns, Kind, Record, Row};
use crate::rows::{CHAINED_CHANGE, CHAINED_CHANGES, CHAINED_DECISION, CHAINED_DECISIONS};
use crate::sql::{Sql, statements};
use crate::{StoreError, store::give_back};

statements! {
    REGISTER = "SELECT value, seal FROM audit_register WHERE name = 'segments'";
    NUMBERS = "SELECT number FROM audit_segments ORDER BY number";
    NUMBERS_OF = "SELECT number FROM audit_segments WHERE organisation_id = $1 ORDER BY number";
    ONE_SEGMENT = "SELECT ", segment_columns!(), " FROM audit_segments WHERE number = $1";
    HASH_OF_DECISION = "SELECT hash FROM decisions WHERE segment = $1 AND sequence = $2";
    HASH_OF_CHANGE = "SELECT hash FROM change_log WHERE segment = $1 AND sequence = $2";
    PSEUDONYMS = "SELECT pseudonym, person_id, target_id, key, erased_at, seal FROM pseudonyms";
    STRAY_DECISIONS = "SELECT segment, COUNT(*) FROM decisions WHERE segment IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM audit_segments \
        WHERE number = segment AND log IN ('doors', 'decisions')) GROUP BY segment";
    STRAY_CHANGES = "SELECT segment, COUNT(*) FROM change_log WHERE segment IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM audit_segments \
        WHERE number = segment AND log = 'changes') GROUP BY segment";
    LATE_DECISIONS = "SELECT COUNT(*) FROM decisions WHERE segment IS NULL \
        AND at >= (SELECT MIN(begun_at) FROM audit_segments WHERE log IN ('doors', 'decisions'))";
    LATE_CHANGES = "SELECT COUNT(*) FROM change_log WHERE segment IS NULL \
        AND at >= (SELECT MIN(begun_at) FROM audit_segments WHERE log = 'changes')";
    OLD_DECISIONS = "SELECT COUNT(*) FROM decisions WHERE segment IS NULL";
    OLD_CHANGES = "SELECT COUNT(*) FROM change_log WHERE segment IS NULL";
    NAMELESS_DECISIONS = "SELECT COUNT(*) FROM decisions WHERE segment IS NOT NULL \
        AND person_id IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM pseudonyms WHERE pseudonym = decisions.person_id)";
    NAMELESS_CHANGES = "SELECT COUNT(*) FROM change_log WHERE segment IS NOT NULL \
        AND ((actor_person_id IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM pseudonyms WHERE pseudonym = actor_person_id)) \
        OR (subject IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM pseudonyms WHERE pseudonym = subject)))";
}

impl AuditReader {
    /// Looks at every segment of an organisation, or of all, one state of the database for each,
    /// and tells what is not as it was written.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer, or has no chains yet.
    pub async fn verify(
        &self,
        key: &AuditKey,
        organisation: Option<OrganisationId>,
    ) -> Result<AuditReport, StoreError> {
        let mut look = Look {
            key,
            report: AuditReport::default(),
        };
        let mut reader = self
            .db
            .reader()
            .await
            .map_err(|error| crate::fault::classify(error).0)?;
        let outcome = look.everything(&mut reader, organisation).await;
        match outcome {
            Ok(()) => Ok(look.report),
            Err(Trouble::Store(error)) => {
                // It may stand in the middle of a transaction.
                drop(reader.detach());
                Err(error)
            }
            Err(Trouble::Database(error)) => Err(give_back(reader, error)),
        }
    }
}

enum Trouble {
    Store(StoreError),
    Database(sqlx::Error),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Trouble::Store(error)
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Trouble::Database(error)
    }
}

struct Look<'k> {
    key: &'k AuditKey,
    report: AuditReport,
}

impl Look<'_> {
    async fn everything(
        &mut self,
        reader: &mut Reader,
        organisation: Option<OrganisationId>,
    ) -> Result<(), Trouble> {
        reader.begin_snapshot().await?;
        self.register(reader).await?;
        let numbers = match organisation {
            Some(organisation) => numbers(reader, NUMBERS_OF, args![organisation]).await?,
            None => numbers(reader, NUMBERS, &[]).await?,
        };
        self.names(reader).await?;
        self.strays(reader).await?;
        reader.end_snapshot().await?;
        for number in numbers {
            reader.begin_snapshot().await?;
            let row = reader.link().optional(ONE_SEGMENT, args![number]).await?;
            match row.as_ref().map(Row::record::<Segment>) {
                Some(Ok(segment)) => self.segment(reader, &segment).await?,
                // A word in it is none of ours.
                Some(Err(_)) => self.report.add(Finding::MissingSegments {
                    from: number,
                    to: number,
                }),
                None => self.report.add(Finding::MissingSegments {
                    from: number,
                    to: number,
                }),
            }
            reader.end_snapshot().await?;
        }
        Ok(())
    }

    /// Whether every segment that was ever begun has a record.
    async fn register(&mut self, reader: &mut Reader) -> Result<(), Trouble> {
        let row = reader.link().optional(REGISTER, &[]).await?;
        let written = match row.as_ref() {
            None => 0,
            Some(row) => match (row.int(0), row.raw(1, Kind::Bytes)) {
                (Ok(value), Ok(Arg::Bytes(Some(seal))))
                    if seal.as_ref() == register_seal(self.key, value) =>
                {
                    value
                }
                (value, _) => {
                    self.report.add(Finding::ChangedRegister);
                    value.unwrap_or(0)
                }
            },
        };
        let there = numbers(reader, NUMBERS, &[]).await?;
        let mut next = 1;
        for number in &there {
            if *number > next {
                self.report.add(Finding::MissingSegments {
                    from: next,
                    to: number - 1,
                });
            }
            next = number + 1;
        }
        if next <= written {
            self.report.add(Finding::MissingSegments {
                from: next,
                to: written,
            });
        } else if next > written + 1 {
            self.report.add(Finding::ChangedRegister);
        }
        Ok(())
    }

    async fn names(&mut self, reader: &mut Reader) -> Result<(), Trouble> {
        let key = self.key;
        let report = &mut self.report;
        let outcome = reader
            .link()
            .each(PSEUDONYMS, &[], |row| {
                match row.record::<Pseudonym>() {
                    Ok(name) => {
                        let seal = name.sign(key);
                        if name.seal.as_deref() != Some(seal.as_slice()) {
                            report.add(Finding::ChangedPseudonym(name.pseudonym.to_string()));
                        }
                        report.erased_names += u64::from(name.erased_at.is_some());
                    }
                    Err(_) => report.add(Finding::ChangedPseudonym(
                        row.text(0).unwrap_or("?").to_owned(),
                    )),
                }
                Ok(())
            })
            .await?;
        Ok(outcome?)
    }

    /// Rows that belong to no segment of theirs, and names that nobody has.
    async fn strays(&mut self, reader: &mut Reader) -> Result<(), Trouble> {
        let tables = [
            (
                "decisions",
                [
                    STRAY_DECISIONS,
                    LATE_DECISIONS,
                    OLD_DECISIONS,
                    NAMELESS_DECISIONS,
                ],
            ),
            (
                "change_log",
                [STRAY_CHANGES, LATE_CHANGES, OLD_CHANGES, NAMELESS_CHANGES],
            ),
        ];
        for (table, [stray, late, old, nameless]) in tables {
            for row in reader.link().all_patiently(stray, &[]).await? {
                self.report.add(Finding::Unrecorded {
                    table,
                    segment: row.int(0)?,
                    rows: row.int(1)?,
                });
            }
            match count(reader, late).await? {
                0 => {}
                rows => self.report.add(Finding::Unchained { table, rows }),
            }
            let old = count(reader, old).await?;
            self.report.unchained += u64::try_from(old).unwrap_or(0);
            match count(reader, nameless).await? {
                0 => {}
                rows => self.report.add(Finding::MissingPseudonyms { table, rows }),
            }
        }
        Ok(())
    }

    async fn segment(&mut self, reader: &mut Reader, segment: &Segment) -> Result<(), Trouble> {
        let name = SegmentName::of(segment);
        match &segment.seal {
            Some(seal) if *seal == segment.sign(self.key) => {}
            Some(_) => self.report.add(Finding::ChangedRecord(name)),
            None => self.report.add(Finding::Unsigned(name)),
        }
        self.connection(reader, segment).await?;
        if segment.deleted_at.is_some() {
            self.report.checkpoints += 1;
            self.report.checkpoint_rows += u64::try_from(segment.length).unwrap_or(0);
            if !segment.purged {
                // Retention is at it, or goes on with it after the next start.
                return Ok(());
            }
        } else {
            self.report.segments += 1;
        }
        self.rows(reader, segment).await
    }

    /// Whether it goes on where the one before was left.
    async fn connection(&mut self, reader: &mut Reader, segment: &Segment) -> Result<(), Trouble> {
        let Some(previous) = segment.previous else {
            return Ok(());
        };
        let row = reader.link().optional(ONE_SEGMENT, args![previous]).await?;
        // That one is missing is told of the register.
        let Some(Ok(before)) = row.as_ref().map(Row::record::<Segment>) else {
            return Ok(());
        };
        let (length, head) = (segment.previous_length, segment.previous_head.as_slice());
        let connected = if before.stream != segment.stream || before.length < length {
            false
        } else if before.length == length {
            before.head == head
        } else if length == 0 {
            before.start() == head
        } else if before.deleted_at.is_some() {
            true
        } else {
            let hash = match segment.stream.log {
                AuditLog::Doors | AuditLog::Decisions => HASH_OF_DECISION,
                AuditLog::Changes => HASH_OF_CHANGE,
            };
            let row = reader
                .link()
                .optional(hash, args![previous, length])
                .await?;
            // A row that is missing there is told of that segment.
            row.is_none_or(|row| row.bytes(0).is_ok_and(|hash| hash == head))
        };
        if !connected {
            self.report.add(Finding::Unconnected {
                segment: SegmentName::of(segment),
                previous,
            });
        }
        Ok(())
    }

    async fn rows(&mut self, reader: &mut Reader, segment: &Segment) -> Result<(), Trouble> {
        let (sql, kinds): (Sql, &[Kind]) = match segment.stream.log {
            AuditLog::Doors | AuditLog::Decisions => (CHAINED_DECISIONS, &CHAINED_DECISION),
            AuditLog::Changes => (CHAINED_CHANGES, &CHAINED_CHANGE),
        };
        let mut chain = Chain::new(segment);
        let outcome = reader
            .link()
            .each(sql, args![segment.number], |row| {
                chain.row(&row, kinds);
                Ok(())
            })
            .await?;
        outcome?;
        let length = if segment.purged { 0 } else { segment.length };
        chain.end(length, &mut self.report);
        Ok(())
    }
}

async fn numbers(reader: &mut Reader, sql: Sql, args: &[Arg<'_>]) -> Result<Vec<i64>, Trouble> {
    let rows = reader.link().all_patiently(sql, args).await?;
    let numbers: Result<Vec<i64>, StoreError> = rows.iter().map(|row| row.int(0)).collect();
    Ok(numbers?)
}

async fn count(reader: &mut Reader, sql: Sql) -> Result<i64, Trouble> {
    let rows = reader.link().all_patiently(sql, &[]).await?;
    Ok(rows.first().map_or(Ok(0), |row| row.int(0))?)
}

impl Record for Vec<u8> {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take()
    }
}
