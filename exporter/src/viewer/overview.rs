//! `GET /api/v1/overview`: how much there was, how fast it was and what it cost, over time.
//!
//! Answered from the sums that the store keeps, so that it takes as long for a thousand requests as for a million.

mod answer;
mod gather;
mod heat;
mod models;
mod routes;
pub(super) mod window;

#[cfg(test)]
mod tests;

use rusqlite::Connection;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::answer::Overview;
use self::window::Window;
use super::{
    failure::Failure,
    time::{self, Range, SECOND_NS},
};

/// What is looked at unless told.
const USUAL_NS: i64 = 3600 * SECOND_NS;

/// What to give an overview of.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// RFC 3339, inclusive; an hour before `to` unless told. Rounded down to a whole step.
    pub(crate) from: Option<String>,
    /// RFC 3339, exclusive; now unless told.
    pub(crate) to: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    /// asgi, envoy, httpx, aiohttp, sdk or otel. Of models: where their usage was recorded.
    pub(crate) source: Option<String>,
    /// A route as `routes` names it. Models are not filtered by it.
    pub(crate) route: Option<String>,
    /// Only this model. Requests are not filtered by it.
    pub(crate) model: Option<String>,
    #[serde(default)]
    pub(crate) of: Of,
}

/// What requests are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Of {
    /// What a trace begins with: requests that came in, and spans without a parent.
    #[default]
    Requests,
    /// Calls that went out.
    Calls,
}

/// Sums up what is stored.
pub(crate) fn overview(store: &Connection, query: &Query, now_ns: i64) -> Result<Overview, Failure> {
    let range = Range::read(query.from.as_deref(), query.to.as_deref(), now_ns, USUAL_NS)?;
    let window = Window::of(store, range, now_ns)?;
    let requests = routes::read(store, query, &window)?;
    Ok(Overview {
        from: time::format(range.from),
        to: time::format(range.to),
        step_seconds: window.step,
        times: window.times().collect(),
        all: requests.all,
        routes: requests.routes,
        heat: requests.heat,
        models: models::read(store, query, &window)?,
    })
}
