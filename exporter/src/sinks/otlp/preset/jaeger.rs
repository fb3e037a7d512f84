//! `type = "jaeger"`: it takes OTLP, with OpenTelemetry's own names.

use offpath_core::config::Table;

use super::{TRACES, Target, address};

pub(super) fn target(table: &mut Table<'_, '_>) -> Option<Target> {
    address(table, "endpoint", (&|_| None, &[]), Some("http://localhost:4318"), TRACES).map(Target::new)
}
