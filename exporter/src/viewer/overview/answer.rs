//! What an overview tells.

use serde::Serialize;
use utoipa::ToSchema;

/// Each series has a value for each of `times`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// RFC 3339.
    pub(crate) from: String,
    /// RFC 3339.
    pub(crate) to: String,
    pub(crate) step_seconds: i64,
    /// When each step begins, in Unix seconds.
    pub(crate) times: Vec<i64>,
    pub(crate) all: RouteSeries,
    /// Those with the most requests; the rest together is the last one, with `other`.
    pub(crate) routes: Vec<RouteSeries>,
    pub(crate) heat: Heat,
    pub(crate) models: Vec<ModelSeries>,
}

/// Requests by route.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteSeries {
    #[schema(required)]
    pub(crate) service: Option<String>,
    /// A route's template; of calls that went out, the host; of spans, their name; null: it has none.
    #[schema(required)]
    pub(crate) route: Option<String>,
    pub(crate) other: bool,
    pub(crate) requests: Vec<i64>,
    pub(crate) errors: Vec<i64>,
    pub(crate) p50_ns: Vec<Option<u64>>,
    pub(crate) p95_ns: Vec<Option<u64>>,
    pub(crate) p99_ns: Vec<Option<u64>>,
    pub(crate) tokens: Vec<i64>,
    pub(crate) cost_usd: Vec<f64>,
    pub(crate) total: RouteTotal,
}

/// Requests of a route in all steps together.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct RouteTotal {
    pub(crate) requests: i64,
    pub(crate) errors: i64,
    #[schema(required)]
    pub(crate) p50_ns: Option<u64>,
    #[schema(required)]
    pub(crate) p95_ns: Option<u64>,
    #[schema(required)]
    pub(crate) p99_ns: Option<u64>,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) cost_usd: f64,
}

/// How many requests took how long, over time.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Heat {
    /// The upper bound of each row, ascending; each is as much larger than the one before.
    pub(crate) bounds_ns: Vec<u64>,
    /// For each of `times`, a count for each of `bounds_ns`.
    pub(crate) counts: Vec<Vec<u64>>,
}

/// What a model did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelSeries {
    #[schema(required)]
    pub(crate) system: Option<String>,
    #[schema(required)]
    pub(crate) model: Option<String>,
    pub(crate) other: bool,
    pub(crate) calls: Vec<i64>,
    pub(crate) errors: Vec<i64>,
    pub(crate) input_tokens: Vec<i64>,
    pub(crate) output_tokens: Vec<i64>,
    pub(crate) cost_usd: Vec<f64>,
    pub(crate) first_token_p50_ns: Vec<Option<u64>>,
    pub(crate) first_token_p95_ns: Vec<Option<u64>>,
    pub(crate) total: ModelTotal,
}

/// What a model did in all steps together.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ModelTotal {
    pub(crate) calls: i64,
    pub(crate) errors: i64,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) cost_usd: f64,
    #[schema(required)]
    pub(crate) p50_ns: Option<u64>,
    #[schema(required)]
    pub(crate) p95_ns: Option<u64>,
    #[schema(required)]
    pub(crate) first_token_p50_ns: Option<u64>,
    #[schema(required)]
    pub(crate) first_token_p95_ns: Option<u64>,
}
