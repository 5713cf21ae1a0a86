//! The profiles a station keeps.

use rpc::Version;
use serde_json::Value;

use super::{Profile, Purpose};
use crate::wire::{number, text};

/// MaxChargingProfilesInstalled and SmartChargingCtrlr.Entries.
pub(crate) const CAPACITY: usize = 20;

/// What became of a new profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    Done,
    /// Another profile of the same level and purpose is there (K01.FR.06), or there is no room.
    Conflict,
}

/// Which profiles a command is about; what is not said fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Criteria {
    id: Option<i64>,
    connector: Option<u32>,
    purpose: Option<Purpose>,
    stack_level: Option<i64>,
}

impl Criteria {
    /// Those of ClearChargingProfile.
    pub(crate) fn read(version: Version, payload: &Value) -> Criteria {
        let (id, criteria, connector) = match version {
            Version::V16 => ("id", payload, "connectorId"),
            Version::V201 => (
                "chargingProfileId",
                payload
                    .get("chargingProfileCriteria")
                    .unwrap_or(&Value::Null),
                "evseId",
            ),
        };
        Criteria {
            id: payload.get(id).and_then(Value::as_i64),
            connector: number(criteria, connector),
            purpose: text(criteria, "chargingProfilePurpose").and_then(Purpose::read),
            stack_level: criteria.get("stackLevel").and_then(Value::as_i64),
        }
    }

    fn fits(&self, profile: &Profile) -> bool {
        // K10.FR.03: an id alone decides.
        if let Some(id) = self.id {
            return profile.id == id;
        }
        self.connector.is_none_or(|id| profile.connector == id)
            && self.purpose.is_none_or(|wanted| profile.purpose == wanted)
            && self
                .stack_level
                .is_none_or(|level| profile.stack_level == level)
    }
}

/// Profiles of one EVSE and source, as ReportChargingProfiles tells them.
pub(crate) struct Group {
    pub evse: u32,
    pub source: &'static str,
    pub profiles: Vec<Value>,
}

/// The profiles.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    kept: Vec<Profile>,
    outside: Option<Profile>,
}

impl Profiles {
    /// Adds a profile, or replaces the one of the same id; in 1.6 and 2.0.1 also the one of the
    /// same level, purpose and connector (1.6 §3.13.2).
    pub(crate) fn put(&mut self, profile: Profile) -> Replaced {
        let same_place = |known: &Profile| {
            known.purpose == profile.purpose
                && known.stack_level == profile.stack_level
                && known.connector == profile.connector
        };
        let is_16 = profile.raw.get("chargingProfileId").is_some();
        if !is_16
            && self
                .kept
                .iter()
                .any(|known| known.id != profile.id && same_place(known))
        {
            return Replaced::Conflict;
        }
        self.kept
            .retain(|known| known.id != profile.id && !same_place(known));
        if self.kept.len() >= CAPACITY {
            return Replaced::Conflict;
        }
        self.kept.push(profile);
        Replaced::Done
    }

    /// Takes away what fits; how many did.
    pub(crate) fn clear(&mut self, criteria: &Criteria) -> usize {
        let before = self.kept.len();
        self.kept.retain(|profile| !criteria.fits(profile));
        before - self.kept.len()
    }

    /// A transaction has ended: its profiles go with it (1.6 §3.13.1, K02.FR.06).
    pub(crate) fn transaction_ended(&mut self, connector: u32) {
        self.kept.retain(|profile| {
            profile.purpose != Purpose::Transaction || profile.connector != connector
        });
    }

    /// The limit from outside.
    pub(crate) fn set_outside(&mut self, profile: Option<Profile>) {
        self.outside = profile;
    }

    pub(crate) fn count(&self) -> usize {
        self.kept.len()
    }

    /// All that count for a connector, the limit from outside among them.
    pub(crate) fn of(&self, connector: u32) -> impl Iterator<Item = &Profile> {
        self.kept
            .iter()
            .chain(&self.outside)
            .filter(move |profile| profile.connector == 0 || profile.connector == connector)
    }

    /// What GetChargingProfiles asks for, by EVSE and source.
    pub(crate) fn reported(&self, evse: Option<u32>, criteria: &Value) -> Vec<Group> {
        let array = |field: &str| criteria.get(field).and_then(Value::as_array);
        let fits = |profile: &Profile, source: &str| {
            let id = profile.id;
            evse.is_none_or(|evse| profile.connector == evse)
                && array("chargingProfileId")
                    .is_none_or(|ids| ids.iter().any(|known| known.as_i64() == Some(id)))
                && array("chargingLimitSource")
                    .is_none_or(|sources| sources.iter().any(|known| known == source))
                && text(criteria, "chargingProfilePurpose")
                    .is_none_or(|wanted| Purpose::read(wanted) == Some(profile.purpose))
                && criteria
                    .get("stackLevel")
                    .and_then(Value::as_i64)
                    .is_none_or(|level| profile.stack_level == level)
        };
        let own = self.kept.iter().map(|profile| (profile, "CSO"));
        let outside = self.outside.iter().map(|profile| (profile, "EMS"));
        let mut groups: Vec<Group> = Vec::new();
        for (profile, source) in own.chain(outside) {
            if !fits(profile, source) {
                continue;
            }
            let raw = profile.raw.clone();
            match groups
                .iter_mut()
                .find(|group| group.evse == profile.connector && group.source == source)
            {
                Some(group) => group.profiles.push(raw),
                None => groups.push(Group {
                    evse: profile.connector,
                    source,
                    profiles: vec![raw],
                }),
            }
        }
        groups
    }
}
