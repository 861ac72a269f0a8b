//! Durations in fixed buckets.

use std::time::Duration;

use net::Counter;

/// Upper bounds of the buckets, in microseconds.
pub(super) const BOUNDS_US: [u64; 17] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 30_000_000,
];

/// How many durations fell into which bucket. One thread at a time observes; anyone reads.
#[derive(Debug, Default)]
pub struct Histogram {
    /// Not cumulative; the last is for what is beyond all bounds.
    buckets: [Counter; BOUNDS_US.len() + 1],
    sum_ns: Counter,
}

/// A histogram of one moment, or the sum of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub buckets: [u64; BOUNDS_US.len() + 1],
    pub sum_ns: u64,
}

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        // A bound belongs to its bucket; from below, because most requests are short.
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        self.buckets[bucket].add(1);
        self.sum_ns.add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(super) fn add_to(&self, sum: &mut Snapshot) {
        for (sum, bucket) in sum.buckets.iter_mut().zip(&self.buckets) {
            *sum += bucket.value();
        }
        sum.sum_ns = sum.sum_ns.wrapping_add(self.sum_ns.value());
    }
}

impl Snapshot {
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::default();
        for us in [0, 50, 51, 30_000_000, 30_000_001, u64::MAX / 2] {
            histogram.observe(Duration::from_micros(us));
        }
        let mut sum = Snapshot::default();
        histogram.add_to(&mut sum);
        assert_eq!((sum.buckets[0], sum.buckets[1], sum.buckets[16], sum.buckets[17]), (2, 1, 1, 2));
        assert_eq!(sum.count(), 6);
    }
}
