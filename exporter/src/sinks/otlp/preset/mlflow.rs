//! `type = "mlflow"`: OTLP into one experiment, with OpenInference's names, which MLflow translates, and a few of its own.

use offpath_core::{config::Table, event::Generation};
use serde_json::json;

use super::{super::attributes::Attributes, TRACES, Target, address, secret, text};
use crate::{config::Environment, usage::Usage};

pub(super) fn target(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Target> {
    let variables = ["MLFLOW_TRACKING_URI"];
    let endpoint = address(table, "endpoint", (env, &variables), Some("http://localhost:5000"), TRACES);
    let experiment = text(table, "experiment_id", env, "MLFLOW_EXPERIMENT_ID");
    let token = secret(table, "token", env, "MLFLOW_TRACKING_TOKEN");
    let target = Target::new(endpoint?);
    let target = target.header("x-mlflow-experiment-id", experiment.unwrap_or_else(|| "0".to_owned()));
    Some(match token {
        Some(token) => target.header("authorization", format!("Bearer {}", token.expose())),
        None => target,
    })
}

/// What it would else work out from a list of prices.
pub(in super::super) fn add(attributes: &mut Attributes, generation: &Generation) {
    let cost = Usage::of_cost(generation);
    if let (Some(total), true) = (generation.cost_usd().filter(|usd| usd.is_finite()), cost.is_known()) {
        let cost = json!({"input_cost": cost.input(), "output_cost": cost.output(), "total_cost": total});
        attributes.text("mlflow.llm.cost", cost.to_string());
    }
}
