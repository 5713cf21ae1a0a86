//! Numbers from many measurements.

use std::time::Duration;

/// Durations of single measurements, to read quantiles from.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    nanoseconds: Vec<u64>,
    sorted: bool,
}

impl Sample {
    /// With room for so many.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self {
            nanoseconds: Vec::with_capacity(count),
            sorted: false,
        }
    }

    /// Adds a measurement.
    pub fn add(&mut self, duration: Duration) {
        self.nanoseconds
            .push(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        self.sorted = false;
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: &Sample) {
        self.nanoseconds.extend_from_slice(&other.nanoseconds);
        self.sorted = false;
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nanoseconds.len()
    }

    /// The value that so many thousandths of the measurements do not exceed.
    pub fn per_mille(&mut self, part: usize) -> Duration {
        if !self.sorted {
            self.nanoseconds.sort_unstable();
            self.sorted = true;
        }
        let last = self.nanoseconds.len().saturating_sub(1);
        let index = (self.nanoseconds.len() * part / 1000).min(last);
        Duration::from_nanos(self.nanoseconds.get(index).copied().unwrap_or(0))
    }

    /// `p50 310 ns, p99 1.2 µs, most 40 µs`.
    pub fn summary(&mut self) -> String {
        let [p50, p99, p999, most] = [500, 990, 999, 1000].map(|part| self.per_mille(part));
        format!("p50 {p50:?}, p99 {p99:?}, p99.9 {p999:?}, most {most:?}")
    }
}

/// The middle one; the mean of the two in the middle where they are even in number.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(at(half.wrapping_sub(1)), at(half))
    } else {
        at(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let mut sample = Sample::with_capacity(100);
        for value in (1..=100).rev() {
            sample.add(Duration::from_nanos(value));
        }
        assert_eq!(sample.per_mille(500), Duration::from_nanos(51));
        assert_eq!(sample.per_mille(990), Duration::from_nanos(100));
        assert_eq!(sample.per_mille(1000), Duration::from_nanos(100));
        assert_eq!(sample.count(), 100);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-9);
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }
}
