//! How often something took how long: counts in logarithmic buckets, as Prometheus' native histograms of schema 3 have them.
//!
//! ```text
//! bucket i    values above 2^((i-1)/8), up to 2^(i/8); what is 0 is counted as 1
//! ```
//!
//! Of any two values in a bucket, the larger is at most 2^(1/8), some 9.1%, above the other; this is how far off a quantile can
//! be. Two histograms are merged without loss, which quantiles by themselves cannot be.

use prost::Message as _;

/// Buckets for each doubling.
pub(crate) const PER_DOUBLING: usize = 8;

/// What `u64::MAX` falls into.
const LAST: usize = 64 * PER_DOUBLING;

/// Counts by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Histogram {
    /// Up to the last that is not 0.
    counts: Vec<u64>,
}

/// As it is stored: most buckets are empty, and neighbours are close to each other.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Stored {
    /// How far each bucket with a count is from the one before.
    #[prost(uint32, repeated, tag = "1")]
    gaps: Vec<u32>,
    #[prost(uint64, repeated, tag = "2")]
    counts: Vec<u64>,
}

impl Histogram {
    /// Counts a value.
    pub(crate) fn observe(&mut self, value: u64) {
        self.add(bucket(value), 1);
    }

    /// Adds what another one counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.buckets() {
            self.add(bucket, count);
        }
    }

    /// Adds what [`Histogram::encode`] wrote. What is damaged in it is not counted.
    pub(crate) fn merge_encoded(&mut self, bytes: &[u8]) {
        let stored = Stored::decode(bytes).unwrap_or_default();
        let mut bucket = 0;
        for (gap, count) in stored.gaps.into_iter().zip(stored.counts) {
            bucket += usize::try_from(gap).unwrap_or(usize::MAX).min(LAST + 1);
            if bucket > LAST {
                return;
            }
            self.add(bucket, count);
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut stored = Stored::default();
        let mut last = 0;
        for (bucket, count) in self.buckets() {
            stored.gaps.push(u32::try_from(bucket - last).unwrap_or(u32::MAX));
            stored.counts.push(count);
            last = bucket;
        }
        stored.encode_to_vec()
    }

    /// Forgets all, but keeps its space.
    pub(crate) fn clear(&mut self) {
        self.counts.clear();
    }

    /// Buckets that are not empty, ascending, and their counts.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// The value that a share `q` of all is not above: within a bucket values count as spread evenly. It is off by at most a
    /// bucket's width. `None` if nothing was counted.
    pub(crate) fn quantile(&self, q: f64) -> Option<u64> {
        let total: f64 = self.counts.iter().map(|count| *count as f64).sum();
        let rank = (q * total).ceil().max(1.0);
        let mut below = 0.0;
        for (bucket, count) in self.buckets() {
            let count = count as f64;
            if below + count >= rank {
                let lower = upper_bound(bucket as f64 - 1.0);
                let value = lower + (upper_bound(bucket as f64) - lower) * (rank - below) / count;
                return Some(whole(value));
            }
            below += count;
        }
        None
    }

    fn add(&mut self, bucket: usize, count: u64) {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(count);
    }
}

/// The largest value that falls into a bucket.
pub(crate) fn upper_bound(bucket: f64) -> f64 {
    (bucket / PER_DOUBLING as f64).exp2()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "logarithms of u64 are from 0 to 64"
)]
fn bucket(value: u64) -> usize {
    ((value.max(1) as f64).log2() * PER_DOUBLING as f64).ceil() as usize
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` stays within the bounds of u64"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.observe(*value));
        histogram
    }

    fn read(bytes: &[u8]) -> Histogram {
        let mut histogram = Histogram::default();
        histogram.merge_encoded(bytes);
        histogram
    }

    #[test]
    fn a_doubling_has_eight_buckets_and_each_holds_its_upper_bound() {
        let buckets = |values: &[u64]| of(values).buckets().collect::<Vec<_>>();
        assert_eq!(buckets(&[0, 1, 2, 4]), [(0, 2), (8, 1), (16, 1)]);
        assert_eq!(buckets(&[1 << 20, (1 << 20) + 1]), [(160, 1), (161, 1)]);
        assert_eq!(buckets(&[u64::MAX]), [(LAST, 1)]);
    }

    #[test]
    fn nothing_has_no_quantile_and_takes_no_bytes() {
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert!(Histogram::default().encode().is_empty());
    }

    #[test]
    fn a_thousand_durations_around_one_take_few_bytes() {
        let values: Vec<u64> = (0..1_000).map(|number| 40_000_000 + number * 20_000).collect();
        assert!(of(&values).encode().len() < 30, "{:?}", of(&values).encode());
    }

    #[test]
    fn what_does_not_fit_the_layout_is_left_out() {
        let stored = Stored { gaps: vec![8, u32::MAX, u32::MAX], counts: vec![3, 4, 5] };
        assert_eq!(read(&stored.encode_to_vec()).buckets().collect::<Vec<_>>(), [(8, 3)]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in vec(any::<u64>(), 0..200)) {
            let histogram = of(&values);
            prop_assert_eq!(read(&histogram.encode()), histogram);
        }

        #[test]
        fn merging_is_counting_all(left in vec(any::<u64>(), 0..100), right in vec(any::<u64>(), 0..100)) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            prop_assert_eq!(merged, of(&[left, right].concat()));
        }

        #[test]
        fn a_quantile_is_off_by_a_bucket_at_most(mut values in vec(1..u64::MAX >> 1, 1..200), q in 0.0..=1.0) {
            let told = of(&values).quantile(q).expect("there are values") as f64;
            values.sort_unstable();
            let rank = (q * values.len() as f64).ceil().max(1.0);
            let exact = (1..).zip(&values).find(|(count, _)| f64::from(*count) >= rank).expect("q is a share");
            let exact = *exact.1 as f64;
            let off = (told - exact).abs();
            prop_assert!(off <= exact * (upper_bound(1.0) - 1.0) + 0.5, "{} for {}", told, exact);
        }

        #[test]
        fn damaged_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..100)) {
            let _ = read(&bytes).quantile(0.5);
        }
    }
}
