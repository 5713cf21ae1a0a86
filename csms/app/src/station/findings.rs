//! What is noticed of each station: the first time it is told, later ones are counted.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use model::{Finding, FindingKind, Station, StationKey};
use parking_lot::Mutex;
use serde_json::json;
use store::{Droppable, StoreError};

use crate::App;
use crate::doctor;

/// The longest particulars, in characters.
const DETAIL_CHARS: usize = 200;
/// How often a count is written while it rises.
const WRITE_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The findings of the stations that connected since the process began. Bounded: a station has at
/// most one for each kind and each name of a deviation.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    known: Mutex<HashMap<StationKey, Vec<Noticed>>>,
}

#[derive(Clone, Debug)]
struct Noticed {
    finding: Finding,
    written_at: Timestamp,
}

/// What becomes of something noticed.
enum Novelty {
    /// For the first time.
    New(Finding),
    /// Again, and the count is due to be written.
    Counted(Finding),
    /// Again.
    Known,
}

impl Findings {
    fn note(&self, station: &StationKey, code: &str, detail: &str, now: Timestamp) -> Novelty {
        let mut known = self.known.lock();
        let own = known.entry(station.clone()).or_default();
        if let Some(noticed) = own.iter_mut().find(|noticed| noticed.finding.code == code) {
            noticed.finding.count += 1;
            noticed.finding.last_at = now;
            if now.duration_since(noticed.written_at) < WRITE_EVERY {
                return Novelty::Known;
            }
            noticed.written_at = now;
            return Novelty::Counted(noticed.finding.clone());
        }
        let finding = Finding {
            station: station.clone(),
            code: code.to_owned(),
            detail: clean(detail),
            count: 1,
            first_at: now,
            last_at: now,
        };
        own.push(Noticed {
            finding: finding.clone(),
            written_at: now,
        });
        Novelty::New(finding)
    }

    fn of(&self, station: &StationKey) -> Option<Vec<Finding>> {
        let known = self.known.lock();
        let own = known.get(station)?;
        Some(own.iter().map(|noticed| noticed.finding.clone()).collect())
    }

    /// Forgets what was noticed of a station so far.
    pub(crate) fn forget(&self, station: &StationKey) {
        self.known.lock().remove(station);
    }
}

impl App {
    /// Reads what was noticed before of a station that connects for the first time.
    pub(super) async fn findings_before(&self, station: &Station) -> Result<(), StoreError> {
        if self.findings.known.lock().contains_key(&station.key) {
            return Ok(());
        }
        let rows = self.store.findings_of(&station.key).await?;
        let noticed = rows
            .into_iter()
            .map(|finding| Noticed {
                written_at: finding.last_at,
                finding,
            })
            .collect();
        self.findings
            .known
            .lock()
            .entry(station.key.clone())
            .or_insert(noticed);
        Ok(())
    }

    pub(crate) fn notice(&self, station: &StationKey, kind: FindingKind, detail: &str) {
        self.notice_code(station, kind.code(), detail);
    }

    /// The same for a deviation, by its name.
    pub(super) fn notice_code(&self, station: &StationKey, code: &'static str, detail: &str) {
        let now = self.clock.now();
        match self.findings.note(station, code, detail, now) {
            Novelty::New(finding) => {
                tracing::info!(
                    station.id = %station,
                    finding = code,
                    detail = finding.detail,
                    "noticed of a station for the first time"
                );
                self.tell_finding(&finding);
                self.store.offer(Droppable::Finding(finding));
            }
            Novelty::Counted(finding) => self.store.offer(Droppable::Finding(finding)),
            Novelty::Known => {}
        }
        metrics::counter!("keywatt_station_findings_total", "code" => code).increment(1);
    }

    fn tell_finding(&self, finding: &Finding) {
        let Some(node) = self.standing.node(&finding.station) else {
            return;
        };
        let words = doctor::finding(&finding.code);
        let data = json!({
            "station_id": finding.station.as_str(),
            "code": finding.code,
            "severity": words.severity.name(),
            "detail": finding.detail,
            "reason": words.reason,
            "fix": words.fix,
        });
        let at = finding.first_at;
        self.events
            .tell_to(model::Action::Service, at, "station.finding", node, data);
    }

    /// What was noticed of a station, first first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn findings(&self, station: &StationKey) -> Result<Vec<Finding>, StoreError> {
        match self.findings.of(station) {
            Some(findings) => Ok(findings),
            None => self.store.findings_of(station).await,
        }
    }
}

/// Short, and without anything that could disturb whoever reads it.
fn clean(detail: &str) -> String {
    detail
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(DETAIL_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::StationId;

    #[test]
    fn the_first_is_told_and_later_ones_are_counted_and_written_now_and_then() {
        let findings = Findings::default();
        let station = StationId::new("CP1").unwrap().key();
        let begin = Timestamp::UNIX_EPOCH;
        let note = |seconds| {
            let now = begin + SignedDuration::from_secs(seconds);
            findings.note(&station, "late_answer", "Reset\n\u{7}", now)
        };
        let Novelty::New(first) = note(0) else {
            panic!("not new");
        };
        assert_eq!((first.detail.as_str(), first.count), ("Reset  ", 1));
        assert!(matches!(note(1), Novelty::Known));
        let Novelty::Counted(third) = note(61) else {
            panic!("not written");
        };
        assert_eq!((third.count, third.first_at), (3, begin));
        assert!(matches!(note(62), Novelty::Known));
        assert_eq!(findings.of(&station).unwrap()[0].count, 4);
        findings.forget(&station);
        assert!(matches!(note(63), Novelty::New(_)));
    }
}
