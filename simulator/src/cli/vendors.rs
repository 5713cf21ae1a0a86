//! `simulator --list-vendors`.

use simulator::vendor::{Habit, VENDORS};

/// The makers with their deviations, and every deviation with its quirk.
pub(super) fn list() -> Vec<String> {
    let mut lines = vec!["Makers (--vendor):".to_owned()];
    for vendor in VENDORS {
        let versions: Vec<String> = vendor.versions.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "  {:<17} {} {}, OCPP {}",
            vendor.name,
            vendor.maker,
            vendor.model,
            versions.join(" and ")
        ));
        for habit in vendor.habits {
            lines.push(format!("    {:<4} {}", habit.quirk(), habit.what()));
        }
    }
    lines.push("Deviations (--deviate):".to_owned());
    for habit in Habit::ALL {
        lines.push(format!(
            "  {:<23} {:<4} {}",
            habit.name(),
            habit.quirk(),
            habit.what()
        ));
    }
    lines
}
