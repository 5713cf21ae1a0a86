//! One charging profile.

use jiff::Timestamp;
use rpc::Version;
use serde_json::{Value, json};

use crate::wire::{number, text, time};

/// Volts between a phase and neutral, to turn watts into amperes.
const VOLTS: f64 = 230.0;

/// What a limit is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Amperes,
    Watts,
}

impl Unit {
    pub(crate) fn read(name: &str) -> Option<Unit> {
        match name {
            "A" => Some(Unit::Amperes),
            "W" => Some(Unit::Watts),
            _ => None,
        }
    }

    pub(crate) const fn wire(self) -> &'static str {
        match self {
            Unit::Amperes => "A",
            Unit::Watts => "W",
        }
    }

    /// A limit in another unit.
    pub(crate) fn to(self, other: Unit, limit: f64, phases: u32) -> f64 {
        let factor = VOLTS * f64::from(phases.max(1));
        match (self, other) {
            (Unit::Amperes, Unit::Watts) => limit * factor,
            (Unit::Watts, Unit::Amperes) => limit / factor,
            (_, _) => limit,
        }
    }
}

/// What a profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// ChargePointMaxProfile, ChargingStationMaxProfile.
    StationMax,
    /// TxDefaultProfile.
    Default,
    /// TxProfile.
    Transaction,
    /// ChargingStationExternalConstraints.
    External,
}

impl Purpose {
    pub(crate) fn read(name: &str) -> Option<Purpose> {
        match name {
            "ChargePointMaxProfile" | "ChargingStationMaxProfile" => Some(Purpose::StationMax),
            "TxDefaultProfile" => Some(Purpose::Default),
            "TxProfile" => Some(Purpose::Transaction),
            "ChargingStationExternalConstraints" => Some(Purpose::External),
            _ => None,
        }
    }
}

/// When the periods of a schedule begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Absolute,
    /// Seconds after which it begins again.
    Recurring(i64),
    Relative,
}

/// One period of a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Period {
    /// Seconds from the start of the schedule.
    pub start: i64,
    pub limit: f64,
    pub phases: u32,
}

/// A profile as it was set. Of several schedules (2.0.1) the first counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Profile {
    pub id: i64,
    /// 0 for the whole station.
    pub connector: u32,
    pub stack_level: i64,
    pub purpose: Purpose,
    pub kind: Kind,
    pub transaction: Option<String>,
    pub valid_from: Option<Timestamp>,
    pub valid_to: Option<Timestamp>,
    pub unit: Unit,
    pub begins: Option<Timestamp>,
    /// Seconds.
    pub duration: Option<i64>,
    pub periods: Vec<Period>,
    /// As received.
    pub raw: Value,
}

impl Profile {
    /// Reads a profile of either version; nothing if it lacks what it needs.
    pub(crate) fn read(version: Version, connector: u32, raw: &Value) -> Option<Profile> {
        let (id, schedule) = match version {
            Version::V16 => (raw.get("chargingProfileId")?, raw.get("chargingSchedule")?),
            Version::V201 => (raw.get("id")?, raw.get("chargingSchedule")?.get(0)?),
        };
        let kind = match text(raw, "chargingProfileKind")? {
            "Absolute" => Kind::Absolute,
            "Relative" => Kind::Relative,
            "Recurring" => Kind::Recurring(match text(raw, "recurrencyKind")? {
                "Weekly" => 7 * 24 * 60 * 60,
                _ => 24 * 60 * 60,
            }),
            _ => return None,
        };
        let transaction = raw.get("transactionId").and_then(|id| match id {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        Some(Profile {
            id: id.as_i64()?,
            connector,
            stack_level: raw.get("stackLevel")?.as_i64()?,
            purpose: Purpose::read(text(raw, "chargingProfilePurpose")?)?,
            kind,
            transaction,
            valid_from: time(raw, "validFrom"),
            valid_to: time(raw, "validTo"),
            unit: Unit::read(text(schedule, "chargingRateUnit")?)?,
            begins: time(schedule, "startSchedule"),
            duration: schedule.get("duration").and_then(Value::as_i64),
            periods: periods(schedule),
            raw: raw.clone(),
        })
    }

    /// The profile of a limit from outside.
    pub(crate) fn outside(schedule: &Value) -> Option<Profile> {
        let raw = json!({
            "id": 9000,
            "stackLevel": 0,
            "chargingProfilePurpose": "ChargingStationExternalConstraints",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [schedule],
        });
        Profile::read(Version::V201, 0, &raw)
    }

    /// Whether it has periods, in order, from 0 on (1.6 §7.13, K01.FR.31).
    pub(crate) fn is_sound(&self) -> bool {
        self.periods.first().is_some_and(|first| first.start == 0)
            && self.periods.is_sorted_by(|one, two| one.start < two.start)
            && self.stack_level >= 0
    }

    /// Whether it counts at an instant at all.
    pub(crate) fn is_valid_at(&self, at: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_to.is_none_or(|to| at < to)
    }

    /// Where its schedule began that counts at an instant; nothing if it has not begun.
    pub(crate) fn start_at(&self, at: Timestamp, started: Option<Timestamp>) -> Option<Timestamp> {
        let begins = match self.kind {
            Kind::Relative => started.unwrap_or(at),
            Kind::Absolute => self.begins.or(started).unwrap_or(at),
            Kind::Recurring(every) => {
                let first = self.begins.unwrap_or(at);
                let passed = at.as_second() - first.as_second();
                let rounds = passed.div_euclid(every);
                let seconds = first.as_second() + rounds * every;
                Timestamp::from_second(seconds).unwrap_or(first)
            }
        };
        (begins <= at).then_some(begins)
    }

    /// The period that counts at an instant.
    pub(crate) fn period_at(&self, at: Timestamp, started: Option<Timestamp>) -> Option<Period> {
        if !self.is_valid_at(at) {
            return None;
        }
        let passed = at.as_second() - self.start_at(at, started)?.as_second();
        if self.duration.is_some_and(|seconds| passed >= seconds) {
            return None;
        }
        self.periods
            .iter()
            .rev()
            .find(|period| period.start <= passed)
            .copied()
    }
}

fn periods(schedule: &Value) -> Vec<Period> {
    schedule
        .get("chargingSchedulePeriod")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|period| {
            Some(Period {
                start: period.get("startPeriod")?.as_i64()?,
                limit: period.get("limit")?.as_f64()?,
                phases: number(period, "numberPhases").unwrap_or(3),
            })
        })
        .collect()
}
