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
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::answer::Overview;
use self::window::Window;
use super::{
    failure::Failure,
    parameters::Parameters,
    time::{self, Range, SECOND_NS},
};

/// What is looked at unless told.
const USUAL_NS: i64 = 3600 * SECOND_NS;

/// What to give an overview of.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// RFC 3339, inclusive; an hour before `to` unless told. Rounded down to a whole step.
    #[param(format = DateTime)]
    pub(crate) from: Option<String>,
    /// RFC 3339, exclusive; now unless told.
    #[param(format = DateTime)]
    pub(crate) to: Option<String>,
    #[param(min_length = 1)]
    pub(crate) service: Option<String>,
    #[param(min_length = 1)]
    pub(crate) environment: Option<String>,
    /// asgi, envoy, httpx, aiohttp, sdk or otel. Of models: where their usage was recorded.
    #[param(min_length = 1)]
    pub(crate) source: Option<String>,
    /// A route as `routes` names it. Models are not filtered by it.
    #[param(min_length = 1)]
    pub(crate) route: Option<String>,
    /// Only this model. Requests are not filtered by it.
    #[param(min_length = 1)]
    pub(crate) model: Option<String>,
    #[param(required = false)]
    pub(crate) of: Of,
}

impl Query {
    pub(crate) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let query = Self {
            from: parameters.text("from")?,
            to: parameters.text("to")?,
            service: parameters.text("service")?,
            environment: parameters.text("environment")?,
            source: parameters.text("source")?,
            route: parameters.text("route")?,
            model: parameters.text("model")?,
            of: parameters.read("of", "requests or calls", Of::named)?.unwrap_or_default(),
        };
        parameters.finish()?;
        Ok(query)
    }
}

/// What requests are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Of {
    /// What a trace begins with: requests that came in, and spans without a parent.
    #[default]
    Requests,
    /// Calls that went out.
    Calls,
}

impl Of {
    fn named(name: &str) -> Option<Self> {
        match name {
            "requests" => Some(Self::Requests),
            "calls" => Some(Self::Calls),
            _ => None,
        }
    }
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
