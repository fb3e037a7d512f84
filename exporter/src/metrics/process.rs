//! The exporter's own process, by the names that every Prometheus client library uses.
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use std::{
    fmt, fs,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};
use rustix::{
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

/// Looks when it is asked.
#[derive(Debug)]
pub(super) struct Process {
    started: f64,
}

impl Process {
    /// Of a process that has just begun.
    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self { started: since.map_or(0.0, |since| since.as_secs_f64()) }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let to = &mut encoder;
        add(to, "process_cpu_seconds", "CPU time, of user and system", &ConstCounter::new(cpu_seconds()))?;
        add(to, "process_start_time_seconds", "Start, since 1970", &ConstGauge::new(self.started))?;
        if let Some(bytes) = resident_bytes() {
            add(to, "process_resident_memory_bytes", "Resident memory", &ConstGauge::new(bytes))?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            add(
                to,
                "process_open_fds",
                "Open file descriptors",
                &ConstGauge::new(whole(open.count() as u64)),
            )?;
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            add(to, "process_max_fds", "Most open file descriptors", &ConstGauge::new(whole(most)))?;
        }
        Ok(())
    }
}

fn add(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
    metric.encode(to.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    std::time::Duration::try_from(time).map_or(0.0, |time| time.as_secs_f64())
}

/// See proc(5), /proc/pid/status.
fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
