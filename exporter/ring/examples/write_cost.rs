//! Nanoseconds per write, for `make bench`. The same thread drains the ring outside the measured time.
//!
//! `cargo run -p offpath-ring --release --example write_cost [DIR]`, where DIR is on a tmpfs; the default is /dev/shm.
//!
//! "first lap" has the kernel hand over each page at its first use; "warm" is every later lap.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use offpath_ring::{Consumer, Options, Producer};
use std::{
    error::Error,
    time::{Duration, Instant},
};

/// Few enough that a batch of the largest fits the ring, many enough that the clock's own cost vanishes.
const BATCH: u32 = 64;
const WARM_LAPS: u64 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args_os().nth(1).unwrap_or_else(|| "/dev/shm".into());
    let dir = tempfile::tempdir_in(root)?;
    println!("{:>8}  {:>12}  {:>9}  {:>9}  {:>9}", "payload", "first lap", "warm", "warm p99", "warm GB/s");
    for kib in [1, 4, 32] {
        let mut producer = Producer::create(dir.path(), &Options::default())?;
        let mut consumer = Consumer::open(producer.path())?;
        let payload = vec![0xA5; kib * 1024];
        let mut cold = Vec::new();
        let mut warm = Vec::new();
        while producer.written() < (1 + WARM_LAPS) * producer.capacity() {
            let times = if producer.written() < producer.capacity() { &mut cold } else { &mut warm };
            times.push(write_batch(&mut producer, &payload)?);
            while consumer.read(usize::MAX, |_| {})? > 0 {}
            consumer.release();
        }
        warm.sort();
        let (first, mean) = (mean(&cold), mean(&warm));
        let p99 = warm[warm.len() * 99 / 100] / BATCH;
        let rate = payload.len() as f64 / mean.as_nanos() as f64;
        println!(
            "{kib:>4} KiB  {:>9} ns  {:>6} ns  {:>6} ns  {rate:>9.1}",
            first.as_nanos(),
            mean.as_nanos(),
            p99.as_nanos()
        );
        producer.seal();
    }
    Ok(())
}

fn write_batch(producer: &mut Producer, payload: &[u8]) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    for _ in 0..BATCH {
        producer.write(0, payload)?;
    }
    Ok(start.elapsed())
}

/// The mean of one write.
fn mean(batches: &[Duration]) -> Duration {
    let batches_len = u32::try_from(batches.len()).unwrap_or(u32::MAX).max(1);
    batches.iter().sum::<Duration>() / batches_len / BATCH
}
