//! What both versions have in common about meter values: the energy register in Wh.

use model::{MeterSample, Phase};

use crate::decimal::Decimal;

/// The measurand where none is named, in both versions.
pub(crate) const REGISTER: &str = "Energy.Active.Import.Register";
/// The context where none is named, in both versions.
pub(crate) const PERIODIC: &str = "Sample.Periodic";

/// The unit of energy where none is named.
pub(crate) fn default_unit(measurand: &str) -> Option<&'static str> {
    if measurand.starts_with("Energy.Reactive") {
        Some("varh")
    } else if measurand.starts_with("Energy.") {
        Some("Wh")
    } else {
        None
    }
}

/// A value in Wh, rounded, if its unit is one of energy.
pub(crate) fn watt_hours(value: &str, unit: Option<&str>) -> Option<i64> {
    let exponent = match unit.unwrap_or("Wh") {
        "Wh" => 0,
        "kWh" => 3,
        "MWh" => 6,
        _ => return None,
    };
    Decimal::parse(value)?.shifted(exponent)?.rounded()
}

/// The register a transaction event carries: at the start and the end the sample that says so,
/// else the first or the last.
pub(crate) fn register(samples: &[MeterSample], phase: Phase) -> Option<i64> {
    let readings = readings(samples);
    let pick = |context: &str| {
        let mut marked = readings
            .iter()
            .filter(|reading| reading.context == Some(context));
        marked.next_back().map(|reading| reading.watt_hours)
    };
    match phase {
        Phase::Started => pick("Transaction.Begin").or(readings.first().map(|r| r.watt_hours)),
        Phase::Updated => readings.last().map(|r| r.watt_hours),
        Phase::Ended => pick("Transaction.End").or(readings.last().map(|r| r.watt_hours)),
    }
}

struct Reading<'a> {
    context: Option<&'a str>,
    watt_hours: i64,
}

/// The readings of the register at the outlet; of any place if there is none of the outlet; the
/// sums over the phases if there is no reading without a phase.
fn readings(samples: &[MeterSample]) -> Vec<Reading<'_>> {
    let at_outlet = |sample: &&MeterSample| {
        sample
            .location
            .as_deref()
            .is_none_or(|location| location == "Outlet")
    };
    let of = |sample: &MeterSample| sample.energy_wh;
    let whole = |only_outlet: fn(&&MeterSample) -> bool| -> Vec<Reading<'_>> {
        samples
            .iter()
            .filter(only_outlet)
            .filter_map(|sample| {
                of(sample).map(|watt_hours| Reading {
                    context: sample.context.as_deref(),
                    watt_hours,
                })
            })
            .collect()
    };
    let outlet = whole(at_outlet);
    if !outlet.is_empty() {
        return outlet;
    }
    let anywhere = whole(|_| true);
    if anywhere.is_empty() {
        sums_over_phases(samples)
    } else {
        anywhere
    }
}

fn sums_over_phases(samples: &[MeterSample]) -> Vec<Reading<'_>> {
    let mut sums: Vec<(&MeterSample, i64)> = Vec::new();
    for sample in samples {
        let is_phase = matches!(
            sample.phase.as_deref(),
            Some("L1" | "L2" | "L3" | "L1-N" | "L2-N" | "L3-N")
        );
        if !is_phase || sample.measurand != REGISTER || sample.signed.is_some() {
            continue;
        }
        let Some(watt_hours) = watt_hours(&sample.value, sample.unit.as_deref()) else {
            continue;
        };
        let together = sums.last_mut().filter(|(first, _)| {
            first.at == sample.at
                && first.context == sample.context
                && first.location == sample.location
        });
        match together {
            Some((_, sum)) => *sum = sum.saturating_add(watt_hours),
            None => sums.push((sample, watt_hours)),
        }
    }
    sums.into_iter()
        .map(|(first, watt_hours)| Reading {
            context: first.context.as_deref(),
            watt_hours,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use model::EventTime;

    use super::*;

    fn sample(value: &str) -> MeterSample {
        MeterSample {
            at: EventTime {
                text: "2024-06-01T12:00:00Z".into(),
                time: None,
            },
            value: value.into(),
            measurand: REGISTER.into(),
            unit: Some("Wh".into()),
            context: Some(PERIODIC.into()),
            phase: None,
            location: None,
            energy_wh: watt_hours(value, Some("Wh")),
            signed: None,
        }
    }

    fn phase(name: &str, value: &str) -> MeterSample {
        MeterSample {
            phase: Some(name.into()),
            energy_wh: None,
            ..sample(value)
        }
    }

    #[test]
    fn kilowatt_hours_become_watt_hours_exactly() {
        assert_eq!(watt_hours("12.3456", Some("kWh")), Some(12346));
        assert_eq!(watt_hours("0.0004", Some("kWh")), Some(0));
        assert_eq!(watt_hours("7", None), Some(7));
        assert_eq!(watt_hours("7", Some("A")), None);
        assert_eq!(watt_hours("", Some("Wh")), None);
    }

    #[test]
    fn start_and_end_prefer_the_samples_marked_so() {
        let marked = |value, context: &str| MeterSample {
            context: Some(context.into()),
            ..sample(value)
        };
        let samples = [
            sample("90"),
            marked("100", "Transaction.Begin"),
            marked("900", "Transaction.End"),
            sample("950"),
        ];
        assert_eq!(register(&samples, Phase::Started), Some(100));
        assert_eq!(register(&samples, Phase::Updated), Some(950));
        assert_eq!(register(&samples, Phase::Ended), Some(900));
        let plain = [sample("1"), sample("2"), sample("3")];
        assert_eq!(register(&plain, Phase::Started), Some(1));
        assert_eq!(register(&plain, Phase::Ended), Some(3));
        assert_eq!(register(&[], Phase::Ended), None);
    }

    #[test]
    fn phases_are_summed_only_without_an_overall_reading() {
        let phases = [phase("L1", "10"), phase("L2", "20"), phase("L3", "30")];
        assert_eq!(register(&phases, Phase::Ended), Some(60));
        let mut both = phases.to_vec();
        both.push(sample("61"));
        assert_eq!(register(&both, Phase::Ended), Some(61));
        assert_eq!(
            register(&[phase("N", "10"), phase("L1-L2", "5")], Phase::Ended),
            None
        );
    }

    #[test]
    fn the_outlet_is_preferred_to_other_places() {
        let inlet = MeterSample {
            location: Some("Inlet".into()),
            ..sample("5")
        };
        assert_eq!(
            register(std::slice::from_ref(&inlet), Phase::Ended),
            Some(5)
        );
        assert_eq!(register(&[sample("4"), inlet], Phase::Ended), Some(4));
    }
}
