//! Which boot and which process this is.

use std::{fs, io};

/// The id of the running boot, from `/proc/sys/kernel/random/boot_id` (random(4)).
///
/// # Errors
/// When /proc is not mounted or does not hold a UUID there.
pub fn boot_id() -> io::Result<[u8; 16]> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let digits: String = text.trim().chars().filter(|&c| c != '-').collect();
    match u128::from_str_radix(&digits, 16) {
        Ok(id) if digits.len() == 32 => Ok(id.to_be_bytes()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "/proc/sys/kernel/random/boot_id holds no uuid")),
    }
}

/// When this process started, in clock ticks since boot: field 22 of `/proc/self/stat` (proc_pid_stat(5)).
pub(crate) fn start_time() -> io::Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Field 2 is the program's name in parentheses; it may hold spaces and parentheses of its own.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name
        .split_ascii_whitespace()
        .nth(22 - 3)
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/self/stat has no start time"))
}
