//! One monitor of a variable.

use serde_json::{Value, json};

use crate::station::SettingName;
use crate::wire::{number, text};

/// What a monitor looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    Upper,
    Lower,
    Delta,
    Periodic,
    ClockAligned,
}

impl Watch {
    pub(crate) fn read(name: &str) -> Option<Watch> {
        [
            Watch::Upper,
            Watch::Lower,
            Watch::Delta,
            Watch::Periodic,
            Watch::ClockAligned,
        ]
        .into_iter()
        .find(|watch| watch.wire() == name)
    }

    pub(crate) const fn wire(self) -> &'static str {
        match self {
            Watch::Upper => "UpperThreshold",
            Watch::Lower => "LowerThreshold",
            Watch::Delta => "Delta",
            Watch::Periodic => "Periodic",
            Watch::ClockAligned => "PeriodicClockAligned",
        }
    }

    /// MonitoringCriterionEnumType.
    pub(crate) const fn criterion(self) -> &'static str {
        match self {
            Watch::Upper | Watch::Lower => "ThresholdMonitoring",
            Watch::Delta => "DeltaMonitoring",
            Watch::Periodic | Watch::ClockAligned => "PeriodicMonitoring",
        }
    }

    pub(crate) const fn is_periodic(self) -> bool {
        match self {
            Watch::Periodic | Watch::ClockAligned => true,
            Watch::Upper | Watch::Lower | Watch::Delta => false,
        }
    }
}

/// A monitor that the central system has set.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub name: SettingName,
    /// As sent, to be sent back.
    pub component: Value,
    pub variable: Value,
    pub watch: Watch,
    pub value: f64,
    pub severity: i64,
    pub transaction: bool,
    /// A threshold that is passed now.
    pub alerting: bool,
}

/// What a change of a variable means to a monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noticed {
    /// A threshold was passed, or the value moved far enough.
    Alert,
    /// It is back within the threshold.
    Cleared,
}

impl Monitor {
    /// Looks at a change. Texts count as moved when they differ (N08.FR.05).
    pub(crate) fn look(&mut self, old: &str, new: &str) -> Option<Noticed> {
        let value = new.parse::<f64>();
        match (self.watch, value) {
            (Watch::Upper, Ok(value)) => self.threshold(value > self.value),
            (Watch::Lower, Ok(value)) => self.threshold(value < self.value),
            (Watch::Delta, Ok(value)) => {
                let before = old.parse::<f64>().unwrap_or(value);
                ((value - before).abs() >= self.value).then_some(Noticed::Alert)
            }
            (Watch::Delta, Err(_)) => (old != new).then_some(Noticed::Alert),
            (_, _) => None,
        }
    }

    fn threshold(&mut self, passed: bool) -> Option<Noticed> {
        let before = std::mem::replace(&mut self.alerting, passed);
        match (before, passed) {
            (false, true) => Some(Noticed::Alert),
            (true, false) => Some(Noticed::Cleared),
            (_, _) => None,
        }
    }

    /// VariableMonitoringType.
    pub(crate) fn wire(&self, id: i64) -> Value {
        json!({
            "id": id,
            "transaction": self.transaction,
            "value": self.value,
            "type": self.watch.wire(),
            "severity": self.severity,
        })
    }
}

/// The name in `component` and `variable` of an item; of a component alone without variable.
pub(crate) fn name_of(item: &Value) -> SettingName {
    let component = item.get("component").unwrap_or(&Value::Null);
    let variable = item.get("variable").unwrap_or(&Value::Null);
    SettingName {
        component: text(component, "name").unwrap_or_default().to_owned(),
        evse: component.get("evse").and_then(|evse| number(evse, "id")),
        variable: text(variable, "name").unwrap_or_default().to_owned(),
        instance: text(variable, "instance").map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Monitor, Noticed, Watch, name_of};

    fn monitor(watch: Watch, value: f64) -> Monitor {
        let item = json!({ "component": { "name": "A" }, "variable": { "name": "B" } });
        Monitor {
            name: name_of(&item),
            component: item["component"].clone(),
            variable: item["variable"].clone(),
            watch,
            value,
            severity: 5,
            transaction: false,
            alerting: false,
        }
    }

    #[test]
    fn a_threshold_is_told_when_it_is_passed_and_when_it_is_kept_again() {
        let mut upper = monitor(Watch::Upper, 100.0);
        assert_eq!(upper.look("90", "100"), None);
        assert_eq!(upper.look("100", "101"), Some(Noticed::Alert));
        assert_eq!(upper.look("101", "150"), None);
        assert_eq!(upper.look("150", "99"), Some(Noticed::Cleared));
        let mut lower = monitor(Watch::Lower, 10.0);
        assert_eq!(lower.look("20", "9.5"), Some(Noticed::Alert));
    }

    #[test]
    fn a_delta_counts_from_the_value_before() {
        let mut delta = monitor(Watch::Delta, 5.0);
        assert_eq!(delta.look("10", "14"), None);
        assert_eq!(delta.look("14", "8"), Some(Noticed::Alert));
        assert_eq!(delta.look("Closed", "Open"), Some(Noticed::Alert));
    }
}
