//! What Envoy shows of the filter, at /stats as `wasmcustom.offpath.*`: few names, known beforehand.
//!
//! They are sums over all workers. What was lost, and why, is told by the exporter.

use crate::abi::host::{self, MetricKind};

/// The filter's metrics in one worker.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Events that were recorded.
    events: Option<u32>,
    /// Events that were lost.
    dropped: Option<u32>,
    /// Batches that the exporter has.
    batches_sent: Option<u32>,
    /// Attempts to send one that failed.
    batches_failed: Option<u32>,
    /// Bytes of the VM's memory.
    memory_bytes: Option<u32>,
    told_memory: u64,
    told_dropped: u64,
}

impl Metrics {
    pub(crate) fn define() -> Self {
        let counter = |name| host::define_metric(MetricKind::Counter, name).ok();
        Self {
            events: counter("offpath.events"),
            dropped: counter("offpath.dropped"),
            batches_sent: counter("offpath.batches_sent"),
            batches_failed: counter("offpath.batches_failed"),
            memory_bytes: host::define_metric(MetricKind::Gauge, "offpath.memory_bytes").ok(),
            told_memory: 0,
            told_dropped: 0,
        }
    }

    /// So many events were recorded.
    pub(crate) fn events(&self, count: u64) {
        add(self.events, 0, count);
    }

    pub(crate) fn batch_sent(&self) {
        add(self.batches_sent, 0, 1);
    }

    pub(crate) fn batch_failed(&self) {
        add(self.batches_failed, 0, 1);
    }

    /// This worker has lost so many events in all.
    pub(crate) fn dropped(&mut self, total: u64) {
        add(self.dropped, self.told_dropped, total);
        self.told_dropped = total;
    }

    /// This worker's VM has so many bytes of memory; 0 when it goes.
    pub(crate) fn memory(&mut self, bytes: u64) {
        add(self.memory_bytes, self.told_memory, bytes);
        self.told_memory = bytes;
    }
}

/// Moves what this worker has added to a metric of all from one number to another.
fn add(metric: Option<u32>, from: u64, to: u64) {
    let offset = i64::try_from(i128::from(to).saturating_sub(i128::from(from))).unwrap_or(0);
    if let (Some(metric), true) = (metric, offset != 0) {
        host::add_to_metric(metric, offset);
    }
}

/// Bytes of this VM's memory, which never shrinks.
pub(crate) fn vm_memory() -> u64 {
    #[cfg(target_arch = "wasm32")]
    {
        const PAGE: u64 = 64 << 10;
        (core::arch::wasm32::memory_size(0) as u64).saturating_mul(PAGE)
    }
    #[cfg(not(target_arch = "wasm32"))]
    0
}
