//! Latencies, kept in buckets that grow with the value.

/// Sub-buckets per power of two: a quantile is at most 1/64 too high.
const SUB: u64 = 64;
const SUB_BITS: u32 = 6;

/// A histogram of microseconds.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    sum: u64,
    max: u64,
}

impl Histogram {
    /// Counts one value.
    pub fn record(&mut self, microseconds: u64) {
        let index = index_of(microseconds);
        if self.buckets.len() <= index {
            self.buckets.resize(index + 1, 0);
        }
        if let Some(bucket) = self.buckets.get_mut(index) {
            *bucket += 1;
        }
        self.count += 1;
        self.sum += microseconds;
        self.max = self.max.max(microseconds);
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The mean, 0 if nothing was counted.
    #[must_use]
    pub fn mean(&self) -> u64 {
        self.sum.checked_div(self.count).unwrap_or(0)
    }

    /// The value that so many of a thousand do not exceed: 500 for the median.
    #[must_use]
    pub fn per_mille(&self, part: u64) -> u64 {
        let wanted = (self.count * part).div_ceil(1000).max(1);
        let mut seen = 0;
        for (index, bucket) in self.buckets.iter().enumerate() {
            seen += bucket;
            if seen >= wanted {
                return upper_end(index).min(self.max);
            }
        }
        self.max
    }
}

fn index_of(value: u64) -> usize {
    let shift = (64 - value.leading_zeros()).saturating_sub(SUB_BITS + 1);
    let index = u64::from(shift) * SUB + (value >> shift);
    usize::try_from(index).unwrap_or(usize::MAX - 1)
}

fn upper_end(index: usize) -> u64 {
    let index = index as u64;
    let shift = (index / SUB).saturating_sub(1);
    let sub = index - shift * SUB;
    ((sub + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::{Histogram, index_of, upper_end};

    #[test]
    fn every_value_lies_in_its_bucket_and_close_to_its_end() {
        for value in (0..5_000).chain((5_000..10_000_000).step_by(977)) {
            let end = upper_end(index_of(value));
            assert!(end >= value, "{value} {end}");
            assert!(end - value <= value / 64, "{value} {end}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.per_mille(500), 0);
        for value in 1..=1000 {
            histogram.record(value);
        }
        assert_eq!(
            (histogram.count(), histogram.max(), histogram.mean()),
            (1000, 1000, 500)
        );
        assert!((500..=508).contains(&histogram.per_mille(500)));
        assert!((990..=1000).contains(&histogram.per_mille(990)));
        assert_eq!(histogram.per_mille(1000), 1000);
    }
}
