//! What is known of each station while the process lives: its acceptance, what it says of itself.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use model::{AcceptedState, NodeId, Station, StationKey, StationKind, StationRecord};
use parking_lot::Mutex;
use store::StoreError;

use super::deviation::Noted;
use crate::App;

/// How long after it was asked for a message counts as such: a report of a slow station comes in
/// many parts.
const ASKED_FOR: SignedDuration = SignedDuration::from_secs(600);

/// Memory of stations, beside the database.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    records: Mutex<HashMap<StationKey, StationRecord>>,
    pub(crate) wrong_passwords: WrongPasswords,
    pub(crate) noted: Noted,
    /// Messages that stations were asked for.
    asked: Mutex<HashMap<StationKey, Vec<(String, Timestamp)>>>,
    /// Where what happens at a station is shown.
    nodes: Mutex<HashMap<StationKey, NodeId>>,
}

impl Standing {
    pub(crate) fn accepted(&self, station: &StationKey) -> AcceptedState {
        self.records
            .lock()
            .get(station)
            .map_or(AcceptedState::New, |record| record.accepted)
    }

    /// Changes the record of a station and gives it as it is then.
    pub(crate) fn update(
        &self,
        station: &StationKey,
        change: impl FnOnce(&mut StationRecord),
    ) -> StationRecord {
        let mut records = self.records.lock();
        let record = records
            .entry(station.clone())
            .or_insert_with(|| empty_record(station.clone()));
        change(record);
        record.clone()
    }

    /// The serial number the station gave at its last boot.
    pub(crate) fn serial(&self, station: &StationKey) -> Option<String> {
        self.records.lock().get(station)?.serial.clone()
    }

    pub(crate) fn record(&self, station: &StationKey) -> Option<StationRecord> {
        self.records.lock().get(station).cloned()
    }

    /// Where what happens at a station is shown, once it has connected.
    pub(crate) fn node(&self, station: &StationKey) -> Option<NodeId> {
        self.nodes.lock().get(station).copied()
    }

    /// A station is asked to send a message.
    pub(crate) fn ask(&self, station: &StationKey, message: String, now: Timestamp) {
        let mut asked = self.asked.lock();
        let own = asked.entry(station.clone()).or_default();
        own.retain(|(other, at)| *other != message && now.duration_since(*at) < ASKED_FOR);
        own.push((message, now));
    }

    /// Whether a station was lately asked for a message; it may come in several parts.
    pub(crate) fn asked(&self, station: &StationKey, message: &str, now: Timestamp) -> bool {
        let asked = self.asked.lock();
        asked.get(station).is_some_and(|own| {
            own.iter()
                .any(|(other, at)| other == message && now.duration_since(*at) < ASKED_FOR)
        })
    }

    /// Forgets a station that was removed.
    pub(crate) fn forget(&self, station: &StationKey) {
        self.asked.lock().remove(station);
        self.nodes.lock().remove(station);
        self.records.lock().remove(station);
        self.noted.forget(station);
    }
}

impl App {
    /// Reads what the database knows of a station that connects for the first time.
    pub(super) async fn standing_of(&self, station: &Station) -> Result<(), StoreError> {
        let node = match station.kind {
            StationKind::Charger(id) => id.into(),
            StationKind::Lock(_) => station.installation.into(),
        };
        self.standing.nodes.lock().insert(station.key.clone(), node);
        if self.standing.records.lock().contains_key(&station.key) {
            return Ok(());
        }
        let record = self.store.get_station_record(&station.key).await?;
        let record = record.unwrap_or_else(|| empty_record(station.key.clone()));
        self.standing
            .records
            .lock()
            .entry(station.key.clone())
            .or_insert(record);
        Ok(())
    }

    /// The record of a station, as the process knows it, else as the database does.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn station_record(
        &self,
        station: &StationKey,
    ) -> Result<Option<StationRecord>, StoreError> {
        match self.standing.record(station) {
            Some(record) => Ok(Some(record)),
            None => self.store.get_station_record(station).await,
        }
    }
}

fn empty_record(key: StationKey) -> StationRecord {
    StationRecord {
        key,
        accepted: AcceptedState::New,
        vendor: None,
        model: None,
        serial: None,
        firmware: None,
        version: None,
        last_seen_at: None,
    }
}

/// Wrong passwords of the last minute, by identity and address: a site behind one address is not
/// punished for one station (Q14).
#[derive(Debug, Default)]
pub(crate) struct WrongPasswords {
    seen: Mutex<HashMap<(StationKey, IpAddr), (Timestamp, u32)>>,
}

/// Identities remembered at most.
const REMEMBERED: usize = 10_000;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

impl WrongPasswords {
    pub(crate) fn is_exhausted(&self, who: &(StationKey, IpAddr), now: Timestamp) -> bool {
        self.seen
            .lock()
            .get(who)
            .is_some_and(|(since, left)| *left == 0 && now.duration_since(*since) < WINDOW)
    }

    pub(crate) fn note(&self, who: (StationKey, IpAddr), most: u32, now: Timestamp) {
        let mut seen = self.seen.lock();
        if seen.len() >= REMEMBERED {
            seen.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        }
        let entry = seen.entry(who).or_insert((now, most));
        if now.duration_since(entry.0) >= WINDOW {
            *entry = (now, most);
        }
        entry.1 = entry.1.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::StationId;

    #[test]
    fn wrong_passwords_run_out_and_come_back_after_a_minute() {
        let wrong = WrongPasswords::default();
        let who = (
            StationId::new("CP1").unwrap().key(),
            IpAddr::from([127, 0, 0, 1]),
        );
        let begin = Timestamp::UNIX_EPOCH;
        for _ in 0..3 {
            assert!(!wrong.is_exhausted(&who, begin));
            wrong.note(who.clone(), 3, begin);
        }
        assert!(wrong.is_exhausted(&who, begin));
        assert!(!wrong.is_exhausted(&who, begin + WINDOW));
        let other = (who.0, IpAddr::from([127, 0, 0, 2]));
        assert!(!wrong.is_exhausted(&other, begin));
    }
}
