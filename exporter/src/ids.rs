//! Random numbers, ids and the clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch; 0 on a clock before it.
#[must_use]
pub fn now_unix_ns() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

/// A random number from the kernel.
///
/// # Panics
///
/// The kernel has no randomness to give, which no Linux since 3.17 says of an initialised machine.
#[must_use]
pub fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .expect("the kernel gives randomness");
    u64::from_ne_bytes(bytes)
}

/// A new event id, time-ordered, as its two halves.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
pub fn event_id(now_unix_ns: u64) -> (u64, u64) {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&random_u64().to_ne_bytes());
    random[8..].copy_from_slice(&random_u64().to_ne_bytes()[..2]);
    let id = offpath_core::ids::event_id(now_unix_ns, random);
    ((id >> 64) as u64, id as u64)
}
