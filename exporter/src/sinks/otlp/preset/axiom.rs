//! `type = "axiom"`: OTLP with OpenTelemetry's own names, into one dataset.

use offpath_core::config::Table;

use super::{TRACES, Target, address, needed};
use crate::config::Environment;

pub(super) fn target(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Target> {
    let endpoint = address(table, "endpoint", (env, &[]), Some("https://api.axiom.co"), TRACES);
    let token = needed(table, "token", env, "AXIOM_TOKEN");
    let dataset = needed(table, "dataset", env, "AXIOM_DATASET");
    let target = Target::new(endpoint?).header("authorization", format!("Bearer {}", token?.expose()));
    Some(target.header("x-axiom-dataset", dataset?.expose()))
}
