//! `type = "phoenix"`: OTLP with OpenInference's names, which `openinference.rs` writes. Scores are its annotations.

mod annotation;

use offpath_core::config::Table;

pub(in super::super) use self::annotation::scores;
use super::{Scores, TRACES, Target, address, secret, text};
use crate::config::Environment;

pub(super) fn target(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Target> {
    let variables = ["PHOENIX_COLLECTOR_ENDPOINT"];
    let endpoint = address(table, "endpoint", (env, &variables), Some("http://localhost:6006"), TRACES);
    let key = secret(table, "api_key", env, "PHOENIX_API_KEY");
    let project = text(table, "project", env, "PHOENIX_PROJECT_NAME");
    let mut target = Target::new(endpoint?);
    target.scores = target.traces.strip_suffix(TRACES).map(|base| Scores::Phoenix(base.to_owned()));
    if let Some(key) = key {
        target = target.header("authorization", format!("Bearer {}", key.expose()));
    }
    target.resource.extend(project.map(|project| ("openinference.project.name", project)));
    Some(target)
}
