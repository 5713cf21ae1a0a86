//! Charging profiles: set, cleared, told, and the schedule that comes of them.

use std::sync::Arc;

use rpc::Version;
use serde_json::{Value, json};

use super::inner::Inner;
use crate::charging::{Criteria, Profile, Purpose, Replaced, Unit, composite};
use crate::clock::wire_time;
use crate::station::Event;
use crate::transport::Answer;
use crate::vendor::Habit;
use crate::wire::{Message, number, text};

/// ChargeProfileMaxStackLevel and SmartChargingCtrlr.ProfileStackLevel.
pub(crate) const MAX_STACK_LEVEL: i64 = 9;

/// ChargingScheduleMaxPeriods and SmartChargingCtrlr.PeriodsPerSchedule.
pub(crate) const MAX_PERIODS: usize = 24;

/// Profiles in one ReportChargingProfiles.
const PART: usize = 2;

impl Inner {
    /// SetChargingProfile.
    pub(crate) fn set_charging_profile(self: &Arc<Self>, payload: &Value) -> Answer {
        let (connector, raw) = match self.core.version {
            Version::V16 => (
                number(payload, "connectorId"),
                payload.get("csChargingProfiles"),
            ),
            Version::V201 => (number(payload, "evseId"), payload.get("chargingProfile")),
        };
        let profile = connector
            .zip(raw)
            .and_then(|(connector, raw)| Profile::read(self.core.version, connector, raw));
        match profile {
            Some(profile) => Answer::status(match self.install_profile(profile) {
                Ok(()) => "Accepted",
                Err(_) => "Rejected",
            }),
            None => Answer::status("Rejected"),
        }
    }

    /// Takes a profile, of SetChargingProfile or of a remote start.
    pub(crate) fn install_profile(&self, profile: Profile) -> Result<(), &'static str> {
        let connector = profile.connector;
        if connector > self.config.connectors {
            return Err("no such connector");
        }
        if profile.stack_level > MAX_STACK_LEVEL || profile.periods.len() > MAX_PERIODS {
            return Err("too deep or too long");
        }
        if !profile.is_sound() {
            return Err("no schedule");
        }
        match profile.purpose {
            // 1.6 §5.16.1, K01.FR.09: only for a transaction that runs.
            Purpose::Transaction => {
                let name = self
                    .state
                    .lock()
                    .running(connector)
                    .and_then(|(_, running)| running.name(self.core.version))
                    .ok_or("no transaction")?;
                if profile
                    .transaction
                    .as_ref()
                    .is_some_and(|wanted| *wanted != name)
                {
                    return Err("another transaction");
                }
            }
            // Only for the whole station (1.6 §3.13.1).
            Purpose::StationMax if connector != 0 => return Err("not for a connector"),
            // K01.FR.22: these come from elsewhere.
            Purpose::External => return Err("not set by the central system"),
            Purpose::StationMax | Purpose::Default => {}
        }
        if profile.purpose == Purpose::StationMax && self.core.habits.has(Habit::IgnoresMaxProfile)
        {
            return Ok(());
        }
        let mut state = self.state.lock();
        match state.profiles.put(profile) {
            Replaced::Done => Ok(()),
            Replaced::Conflict => Err("another profile has this level"),
        }
    }

    /// ClearChargingProfile.
    pub(crate) fn clear_charging_profile(&self, payload: &Value) -> Answer {
        let criteria = Criteria::read(self.core.version, payload);
        let cleared = self.state.lock().profiles.clear(&criteria);
        Answer::status(if cleared > 0 { "Accepted" } else { "Unknown" })
    }

    /// GetCompositeSchedule.
    pub(crate) fn get_composite_schedule(&self, payload: &Value) -> Answer {
        let field = match self.core.version {
            Version::V16 => "connectorId",
            Version::V201 => "evseId",
        };
        let connector = number(payload, field).filter(|id| *id <= self.config.connectors);
        let seconds = payload.get("duration").and_then(Value::as_i64);
        let unit = text(payload, "chargingRateUnit").and_then(Unit::read);
        let (Some(connector), Some(seconds)) = (connector, seconds.filter(|time| *time > 0)) else {
            return Answer::status("Rejected");
        };
        let now = self.core.clock.now();
        let started = self.transaction_start(connector);
        let state = self.state.lock();
        let schedule = composite(
            &state.profiles,
            connector,
            now,
            seconds,
            unit.unwrap_or(Unit::Amperes),
            started,
        );
        drop(state);
        let periods: Vec<Value> = schedule
            .periods
            .iter()
            .map(|period| {
                json!({
                    "startPeriod": period.start,
                    "limit": period.limit,
                    "numberPhases": period.phases,
                })
            })
            .collect();
        let start = wire_time(now);
        let unit = schedule.unit.wire();
        Answer::result(match self.core.version {
            Version::V16 => json!({
                "status": "Accepted",
                "connectorId": connector,
                "scheduleStart": start,
                "chargingSchedule": {
                    "duration": seconds,
                    "chargingRateUnit": unit,
                    "chargingSchedulePeriod": periods,
                },
            }),
            Version::V201 => json!({
                "status": "Accepted",
                "schedule": {
                    "evseId": connector,
                    "duration": seconds,
                    "scheduleStart": start,
                    "chargingRateUnit": unit,
                    "chargingSchedulePeriod": periods,
                },
            }),
        })
    }

    fn transaction_start(&self, connector: u32) -> Option<jiff::Timestamp> {
        self.state
            .lock()
            .running(connector)
            .map(|(_, running)| running.began)
    }

    /// GetChargingProfiles, answered with ReportChargingProfiles.
    pub(crate) fn get_charging_profiles(self: &Arc<Self>, payload: &Value) -> Answer {
        let request_id = payload.get("requestId").cloned().unwrap_or_default();
        let evse = number(payload, "evseId");
        let criteria = payload.get("chargingProfile").unwrap_or(&Value::Null);
        let mut groups = self.state.lock().profiles.reported(evse, criteria);
        groups.retain(|group| !group.profiles.is_empty());
        if groups.is_empty() {
            return Answer::status("NoProfiles");
        }
        let mut parts = Vec::new();
        for group in groups {
            for part in group.profiles.chunks(PART) {
                parts.push(json!({
                    "requestId": request_id,
                    "chargingLimitSource": group.source,
                    "evseId": group.evse,
                    "chargingProfile": part,
                }));
            }
        }
        let charger = Arc::clone(self);
        Answer::status("Accepted").then(async move {
            let last = parts.len().saturating_sub(1);
            for (number, mut payload) in parts.into_iter().enumerate() {
                if let Some(fields) = payload.as_object_mut() {
                    fields.insert("tbc".to_owned(), (number < last).into());
                }
                charger
                    .core
                    .tell(Message {
                        action: "ReportChargingProfiles",
                        payload,
                    })
                    .await;
            }
        })
    }

    /// A limit from outside: told, and kept as a profile of its own (K11, K12).
    ///
    /// Nothing is told in 1.6, which has no message for it.
    pub(crate) async fn outside_limit(&self, amperes: Option<f64>) {
        let now = wire_time(self.core.clock.now());
        let message = match amperes {
            Some(limit) => {
                let schedule = json!({
                    "id": 1,
                    "startSchedule": now,
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": limit }],
                });
                self.state
                    .lock()
                    .profiles
                    .set_outside(Profile::outside(&schedule));
                Message {
                    action: "NotifyChargingLimit",
                    payload: json!({
                        "chargingLimit": { "chargingLimitSource": "EMS" },
                        "chargingSchedule": [schedule],
                    }),
                }
            }
            None => {
                self.state.lock().profiles.set_outside(None);
                Message {
                    action: "ClearedChargingLimit",
                    payload: json!({ "chargingLimitSource": "EMS" }),
                }
            }
        };
        self.core.emit(Event::Progress {
            what: "limit from outside",
            status: amperes.map_or_else(|| "none".to_owned(), |limit| format!("{limit} A")),
        });
        if self.core.version == Version::V201 {
            self.core.tell(message).await;
        }
    }
}
