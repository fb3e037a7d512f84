//! How many requests took how long, over time: two rows for each doubling.

use super::answer::Heat;
use crate::histogram::{self, Histogram, PER_DOUBLING};

/// Buckets of a histogram in each row.
const BUCKETS: usize = PER_DOUBLING / 2;

/// Rows that a chart shows: a range of a million to one.
const MOST_ROWS: usize = 40;

/// The map of a histogram for each step.
pub(super) fn of(steps: &[Histogram]) -> Heat {
    let rows = || steps.iter().flat_map(Histogram::buckets).map(|(bucket, _)| row(bucket));
    let (Some(lowest), Some(highest)) = (rows().min(), rows().max()) else {
        return Heat { bounds_ns: Vec::new(), counts: vec![Vec::new(); steps.len()] };
    };
    // What is slow is of more interest: what is faster than the lowest row is in it.
    let lowest = lowest.max((highest + 1).saturating_sub(MOST_ROWS));
    let counts = |step: &Histogram| {
        let mut counts = vec![0; highest - lowest + 1];
        for (bucket, count) in step.buckets() {
            counts[row(bucket).saturating_sub(lowest)] += count;
        }
        counts
    };
    Heat { bounds_ns: (lowest..=highest).map(bound).collect(), counts: steps.iter().map(counts).collect() }
}

fn row(bucket: usize) -> usize {
    bucket.div_ceil(BUCKETS)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` stays within the bounds of u64"
)]
fn bound(row: usize) -> u64 {
    histogram::upper_bound((row * BUCKETS) as f64).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.observe(*value));
        histogram
    }

    #[test]
    fn rows_reach_from_the_fastest_to_the_slowest_and_hold_their_upper_bound() {
        let heat = of(&[step(&[1 << 20, (1 << 20) + 1]), step(&[]), step(&[1 << 21])]);
        assert_eq!(heat.bounds_ns, [1 << 20, 1_482_910, 1 << 21]);
        assert_eq!(heat.counts, [[1, 1, 0], [0, 0, 0], [0, 0, 1]]);
    }

    #[test]
    fn where_there_are_too_many_rows_the_fastest_are_one() {
        let heat = of(&[step(&[1, 1_000, 1 << 40])]);
        assert_eq!((heat.bounds_ns.len(), heat.bounds_ns.last()), (MOST_ROWS, Some(&(1 << 40))));
        assert_eq!((heat.counts[0][0], heat.counts[0].iter().sum()), (2, 3_u64));
    }

    #[test]
    fn of_nothing_there_are_no_rows() {
        assert_eq!(of(&vec![Histogram::default(); 2]), Heat { bounds_ns: vec![], counts: vec![vec![]; 2] });
    }
}
