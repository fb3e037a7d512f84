//! `type = "otlp"`: a Collector, or whatever else takes OpenTelemetry's own names.

use offpath_core::config::Table;

use super::{TRACES, Target, address};
use crate::config::Environment;

/// With the variables of OpenTelemetry's SDKs: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>.
pub(super) fn target(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Target> {
    let variables = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    address(table, "endpoint", (env, &variables), None, TRACES).map(Target::new)
}
