//! The schedule that comes of all profiles (1.6 §3.13.4, K08).

use jiff::{SignedDuration, Timestamp};

use super::{Period, Profile, Profiles, Purpose, Unit};

/// What a connector may draw where nothing limits it.
const UNLIMITED_AMPERES: f64 = 32.0;

/// A schedule from now on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub unit: Unit,
    pub periods: Vec<Period>,
}

/// The least of what the profiles allow a connector, over some seconds from now. `started` is
/// when its transaction began.
pub(crate) fn composite(
    profiles: &Profiles,
    connector: u32,
    now: Timestamp,
    seconds: i64,
    unit: Unit,
    started: Option<Timestamp>,
) -> Schedule {
    let known: Vec<&Profile> = profiles.of(connector).collect();
    let mut periods: Vec<Period> = Vec::new();
    for offset in edges(&known, now, seconds, started) {
        let at = now
            .checked_add(SignedDuration::from_secs(offset))
            .unwrap_or(now);
        let (limit, phases) = limit_at(&known, at, unit, started);
        let period = Period {
            start: offset,
            limit: (limit * 10.0).round() / 10.0,
            phases,
        };
        let same = periods.last().is_some_and(|last| {
            (last.limit - period.limit).abs() < f64::EPSILON && last.phases == period.phases
        });
        if !same {
            periods.push(period);
        }
    }
    Schedule { unit, periods }
}

/// The seconds from now at which a limit may change.
fn edges(
    profiles: &[&Profile],
    now: Timestamp,
    seconds: i64,
    started: Option<Timestamp>,
) -> Vec<i64> {
    let mut edges = vec![0];
    let mut add = |at: i64| {
        if (1..seconds).contains(&at) {
            edges.push(at);
        }
    };
    for profile in profiles {
        for end in [profile.valid_from, profile.valid_to].into_iter().flatten() {
            add(end.as_second() - now.as_second());
        }
        // A schedule that begins later, or again, within the time asked for.
        let mut at = now;
        for _ in 0..=8 {
            let begins = profile.start_at(at, started).or(profile.begins);
            let Some(begins) = begins else { break };
            let from = begins.as_second() - now.as_second();
            for period in &profile.periods {
                add(from + period.start);
            }
            if let Some(duration) = profile.duration {
                add(from + duration);
            }
            match profile.kind {
                super::profile::Kind::Recurring(every) => {
                    let next = begins.checked_add(SignedDuration::from_secs(every));
                    match next {
                        Ok(next) if next.as_second() - now.as_second() < seconds => at = next,
                        Ok(_) | Err(_) => break,
                    }
                }
                super::profile::Kind::Absolute | super::profile::Kind::Relative => break,
            }
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// The least limit at an instant, and its phases. The highest level of a purpose counts; a
/// profile of the transaction takes the place of the default one.
fn limit_at(
    profiles: &[&Profile],
    at: Timestamp,
    unit: Unit,
    started: Option<Timestamp>,
) -> (f64, u32) {
    let highest = |purpose: Purpose| {
        profiles
            .iter()
            .filter(|profile| profile.purpose == purpose)
            .filter_map(|profile| Some((profile, profile.period_at(at, started)?)))
            // A profile of the connector beats one of the station on the same level.
            .max_by_key(|(profile, _)| (profile.stack_level, profile.connector))
            .map(|(profile, period)| {
                let limit = profile.unit.to(unit, period.limit, period.phases);
                (limit, period.phases)
            })
    };
    let unlimited = (Unit::Amperes.to(unit, UNLIMITED_AMPERES, 3), 3);
    [
        highest(Purpose::StationMax),
        highest(Purpose::External),
        highest(Purpose::Transaction).or_else(|| highest(Purpose::Default)),
    ]
    .into_iter()
    .flatten()
    .fold(
        unlimited,
        |least, limit| {
            if limit.0 < least.0 { limit } else { least }
        },
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rpc::Version;
    use serde_json::{Value, json};

    use super::{Profiles, Unit, composite};
    use crate::charging::Profile;

    fn now() -> Timestamp {
        "2026-05-01T12:00:00Z".parse().unwrap()
    }

    fn profile(id: i64, level: i64, purpose: &str, schedule: Value) -> Profile {
        let raw = json!({
            "id": id, "stackLevel": level, "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute", "chargingSchedule": [schedule],
        });
        let connector = u32::from(purpose != "ChargingStationMaxProfile");
        Profile::read(Version::V201, connector, &raw).unwrap()
    }

    fn schedule(unit: &str, periods: &[(i64, f64)]) -> Value {
        let periods: Vec<Value> = periods
            .iter()
            .map(|(start, limit)| json!({ "startPeriod": start, "limit": limit }))
            .collect();
        json!({
            "id": 1, "startSchedule": "2026-05-01T11:00:00Z", "chargingRateUnit": unit,
            "chargingSchedulePeriod": periods,
        })
    }

    fn limits(profiles: &Profiles, seconds: i64) -> Vec<(i64, f64)> {
        composite(profiles, 1, now(), seconds, Unit::Amperes, None)
            .periods
            .iter()
            .map(|period| (period.start, period.limit))
            .collect()
    }

    #[test]
    fn nothing_limits_an_empty_station() {
        assert_eq!(limits(&Profiles::default(), 3600), [(0, 32.0)]);
    }

    #[test]
    fn the_least_of_all_purposes_counts_and_changes_where_they_change() {
        let mut profiles = Profiles::default();
        let first = schedule("A", &[(0, 10.0), (5400, 20.0)]);
        profiles.put(profile(1, 0, "TxDefaultProfile", first));
        // 230 V, three phases: 11040 W are 16 A.
        let station = schedule("W", &[(0, 11040.0)]);
        profiles.put(profile(2, 0, "ChargingStationMaxProfile", station));
        assert_eq!(limits(&profiles, 7200), [(0, 10.0), (1800, 16.0)]);
    }

    #[test]
    fn a_higher_level_hides_a_lower_one_while_it_lasts() {
        let mut profiles = Profiles::default();
        profiles.put(profile(
            1,
            0,
            "TxDefaultProfile",
            schedule("A", &[(0, 10.0)]),
        ));
        let mut short = schedule("A", &[(0, 6.0)]);
        short["duration"] = json!(3600 + 600);
        profiles.put(profile(2, 5, "TxDefaultProfile", short));
        assert_eq!(limits(&profiles, 3600), [(0, 6.0), (600, 10.0)]);
    }

    #[test]
    fn a_daily_schedule_begins_again() {
        let mut profiles = Profiles::default();
        let mut daily = profile(1, 0, "TxDefaultProfile", {
            let mut night = schedule("A", &[(0, 8.0), (3 * 3600, 16.0)]);
            night["startSchedule"] = json!("2026-04-01T10:00:00Z");
            night
        });
        daily.kind = crate::charging::profile::Kind::Recurring(24 * 3600);
        profiles.put(daily);
        let day = 24 * 3600;
        assert_eq!(
            limits(&profiles, day),
            [(0, 8.0), (3600, 16.0), (22 * 3600, 8.0)]
        );
    }
}
