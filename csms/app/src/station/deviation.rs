//! Deviations of stations: counted with the station, told to watchers, kept with an example.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{
    QuirkExample, QuirkName, QuirkPlace, SeenQuirk, StationKey, StationKind, Tolerance, Treatment,
};
use parking_lot::Mutex;
use serde_json::json;
use store::Droppable;

use super::{Admitted, Connection};
use crate::App;

/// A new example of a deviation is kept that often: a station that deviates does so in every
/// message.
const EXAMPLE_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Watchers are told of a deviation of a station that often.
const TELL_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// That often those are looked for that are older.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// Examples are kept that long (authorization, Audit).
pub(crate) const EXAMPLES_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What became of a message that deviates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// It was handled as repaired.
    Repaired,
    /// It was refused.
    Refused,
}

impl Handling {
    const fn name(self) -> &'static str {
        match self {
            Handling::Repaired => "repaired",
            Handling::Refused => "refused",
        }
    }
}

/// The deviations of one message.
#[derive(Clone, Copy)]
pub struct Deviated<'a> {
    /// The message, e.g. `MeterValues`; `handshake` for what comes before the first.
    pub action: &'a str,
    /// Each with its field, list positions left out.
    pub quirks: &'a [(QuirkName, String)],
    /// What became of it.
    pub handling: Handling,
    /// The payload as it may be kept: cards and secrets masked. Asked for only now and then.
    pub example: Option<&'a (dyn Fn() -> Option<String> + Sync)>,
}

impl std::fmt::Debug for Deviated<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deviated")
            .field("action", &self.action)
            .field("quirks", &self.quirks)
            .field("handling", &self.handling)
            .finish_non_exhaustive()
    }
}

impl<'a> Deviated<'a> {
    /// Deviations without a payload, which were put up with.
    #[must_use]
    pub const fn repaired(action: &'a str, quirks: &'a [(QuirkName, String)]) -> Self {
        Self {
            action,
            quirks,
            handling: Handling::Repaired,
            example: None,
        }
    }
}

/// When something was last done about a deviation of a station.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashMap<StationKey, HashMap<QuirkName, Times>>>);

#[derive(Debug, Default)]
struct Times {
    example: Option<Timestamp>,
    told: Option<Timestamp>,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
struct Due {
    example: bool,
    tell: bool,
}

impl Noted {
    fn due(&self, station: &StationKey, quirk: QuirkName, tells: bool, now: Timestamp) -> Due {
        let passed = |last: Option<Timestamp>, every: SignedDuration| {
            last.is_none_or(|last| now.duration_since(last) >= every)
        };
        let mut noted = self.0.lock();
        let times = noted
            .entry(station.clone())
            .or_default()
            .entry(quirk)
            .or_default();
        let due = Due {
            example: passed(times.example, EXAMPLE_EVERY),
            tell: tells && passed(times.told, TELL_EVERY),
        };
        if due.example {
            times.example = Some(now);
        }
        if due.tell {
            times.told = Some(now);
        }
        due
    }

    pub(crate) fn forget(&self, station: &StationKey) {
        self.0.lock().remove(station);
    }
}

impl App {
    /// Notes what a connected station does beside the standard.
    pub(super) fn note_deviations(&self, connection: &Connection, deviated: &Deviated<'_>) {
        let settings = connection.station.settings.now();
        self.note_quirks(&connection.station, &settings.tolerance, deviated);
    }

    /// Notes one thing a station does, which has happened.
    pub(super) fn note_conduct(
        &self,
        connection: &Connection,
        quirk: QuirkName,
        action: &str,
        field: &str,
    ) {
        let quirks = [(quirk, field.to_owned())];
        self.note_deviations(connection, &Deviated::repaired(action, &quirks));
    }

    pub(super) fn note_quirks(
        &self,
        station: &Admitted,
        tolerance: &Tolerance,
        deviated: &Deviated<'_>,
    ) {
        let now = self.clock.now();
        let handling = deviated.handling;
        let mut shown: Option<Option<String>> = None;
        for (position, (quirk, field)) in deviated.quirks.iter().enumerate() {
            let quirk = *quirk;
            let before = deviated.quirks.iter().take(position);
            if before.into_iter().any(|(earlier, _)| *earlier == quirk) {
                // Once a message, in however many fields.
                continue;
            }
            let treatment = tolerance.of(quirk);
            let tells = treatment != Treatment::Repair || handling == Handling::Refused;
            let due = self.standing.noted.due(&station.key, quirk, tells, now);
            tracing::debug!(
                station.id = %station.id,
                quirk = quirk.name(),
                ocpp.action = deviated.action,
                field,
                handling = handling.name(),
                "a deviation",
            );
            metrics::counter!(
                "keywatt_quirks_total",
                "quirk" => quirk.name(), "handling" => handling.name(),
            )
            .increment(1);
            let detail = format!("{} {field}", deviated.action);
            self.notice_code(&station.key, quirk.name(), detail.trim());
            let example = deviated
                .example
                .filter(|_| due.example && keeps_example(quirk))
                .and_then(|example| shown.get_or_insert_with(example).clone())
                .map(|text| QuirkExample { text, at: now });
            self.store.offer(Droppable::Quirk(SeenQuirk {
                station: station.key.clone(),
                name: quirk,
                count: 1,
                refused: i64::from(handling == Handling::Refused),
                first_at: now,
                last_at: now,
                action: deviated.action.to_owned(),
                field: field.clone(),
                example,
            }));
            if due.tell {
                self.tell_quirk(station, quirk, treatment, field, deviated);
            }
        }
    }

    /// Forgets examples that were kept for their time, now and every hour, for as long as the
    /// process lives.
    pub(crate) fn forget_examples(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        let stop = self.stopping();
        self.tasks.spawn(async move {
            let mut hours = tokio::time::interval(FORGET_EVERY);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = hours.tick() => {}
                }
                let Some(app) = app.upgrade() else { return };
                let before = app.clock.now() - EXAMPLES_KEPT;
                let forgotten = app
                    .store
                    .write(app.settings.hold, move |tx| {
                        Box::pin(async move { tx.forget_quirk_examples(before).await })
                    })
                    .await;
                if let Err(error) = forgotten {
                    tracing::warn!(%error, "examples of deviations could not be forgotten");
                }
            }
        });
    }

    fn tell_quirk(
        &self,
        station: &Admitted,
        quirk: QuirkName,
        treatment: Treatment,
        field: &str,
        deviated: &Deviated<'_>,
    ) {
        let node = match station.kind {
            StationKind::Charger(charger) => Some(charger.into()),
            StationKind::Lock(lock) => self
                .live
                .directory()
                .lock(lock)
                .map(|lock| lock.installation.into()),
        };
        let Some(node): Option<model::NodeId> = node else {
            return;
        };
        let data = json!({
            "station_id": station.id.as_str(),
            "quirk": quirk.name(),
            "meaning": quirk.meaning(),
            "treatment": treatment.name(),
            "handling": deviated.handling.name(),
            "action": deviated.action,
            "field": field,
        });
        self.events
            .tell(self.clock.now(), "station.quirk", node, None, data);
    }
}

/// Only payloads that were repaired, or would have been, are kept.
const fn keeps_example(quirk: QuirkName) -> bool {
    matches!(quirk.place(), QuirkPlace::Request | QuirkPlace::Answer)
}

#[cfg(test)]
mod tests {
    use model::StationId;

    use super::*;

    #[test]
    fn examples_and_tellings_are_due_now_and_then() {
        let noted = Noted::default();
        let station = StationId::new("CP1").unwrap().key();
        let quirk = QuirkName::TimeForm;
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let check = |tells, seconds, example, tell| {
            let due = noted.due(&station, quirk, tells, at(seconds));
            assert_eq!(due, Due { example, tell }, "{seconds}");
        };
        check(false, 0, true, false);
        check(true, 1, false, true);
        check(true, 59, false, false);
        check(true, 60, true, false);
        check(true, 3_601, true, true);
        let other = noted.due(&station, QuirkName::TooLong, true, at(3_602));
        assert!(other.example && other.tell);
        noted.forget(&station);
        check(true, 3_603, true, true);
    }
}
