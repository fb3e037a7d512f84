//! What an app tunes of its host: the ring, the sandbox, and whom it tells of its trace.

use super::{
    check::{Table, size},
    outbound,
};

const MIB: u64 = 1 << 20;

/// `[ring]`, `[sandbox]` and `[outbound]`: settings that the core checks, so that there is one place for it, and the host
/// obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSettings {
    /// Bytes of the ring, a power of two. Default 32 MiB: two seconds of 2,000 events of 8 KiB.
    pub ring_size: u64,
    /// Bytes that one guest's memory may grow to. Default 256 MiB: four times what the bodies in flight may hold.
    pub sandbox_memory: u64,
    /// Fuel for one call into the guest. Default 100 million, far beyond what any call needs and some tenths of a
    /// second: it ends a loop that should not be there.
    pub sandbox_fuel: u64,
    /// Hosts to which calls take a `traceparent` along, in lower case; `*.` stands for all below. Default none.
    pub propagate: Vec<String>,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            ring_size: 32 * MIB,
            sandbox_memory: 256 * MIB,
            sandbox_fuel: 100_000_000,
            propagate: Vec::new(),
        }
    }
}

impl HostSettings {
    pub(crate) fn read(root: &mut Table<'_, '_>) -> Self {
        let default = Self::default();
        let ring_size = read_ring(root.table("ring")).unwrap_or(default.ring_size);
        let mut sandbox = root.table("sandbox");
        let sandbox_memory = sandbox.size("memory", 4 * MIB, 2048 * MIB).unwrap_or(default.sandbox_memory);
        let fuel = sandbox.whole("fuel", 1, i64::MAX).and_then(|fuel| u64::try_from(fuel).ok());
        sandbox.finish();
        let propagate = outbound::read(root.table("outbound"));
        Self {
            ring_size,
            sandbox_memory,
            sandbox_fuel: fuel.unwrap_or(default.sandbox_fuel),
            propagate: propagate.unwrap_or(default.propagate),
        }
    }
}

fn read_ring(mut table: Table<'_, '_>) -> Option<u64> {
    let rule = "must be a size that is a power of two, from 64KiB to 1GiB";
    let bytes = table.typed("size", rule, |value| {
        size(value).filter(|bytes| bytes.is_power_of_two() && (MIB / 16..=1024 * MIB).contains(bytes))
    });
    table.finish();
    bytes
}
