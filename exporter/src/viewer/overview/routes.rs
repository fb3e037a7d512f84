//! Requests by route over time.

use rusqlite::Connection;

use super::{
    Of, Query,
    answer::{Heat, RouteSeries, RouteTotal},
    gather::{Sum, Sums},
    heat,
    window::Window,
};
use crate::histogram::Histogram;

/// What an overview tells of requests.
pub(super) struct Requests {
    pub(super) all: RouteSeries,
    pub(super) routes: Vec<RouteSeries>,
    pub(super) heat: Heat,
}

pub(super) fn read(store: &Connection, query: &Query, window: &Window) -> rusqlite::Result<Requests> {
    let sums = Sums {
        table: "request_sums",
        names: ["service", "route"],
        filters: vec![
            ("service", query.service.as_deref()),
            ("environment", query.environment.as_deref()),
            ("source", query.source.as_deref()),
            ("route", query.route.as_deref()),
        ],
        condition: match query.of {
            Of::Requests => "source NOT IN ('httpx', 'aiohttp')",
            Of::Calls => "source IN ('httpx', 'aiohttp')",
        },
    };
    let series = sums.series(store, window)?;
    let points = window.points();
    let mut all = Building::new(None, points);
    let mut routes: Vec<_> = series.named.iter().map(|names| Building::new(Some(names), points)).collect();
    routes.extend(series.has_other.then(|| Building::other(points)));
    let mut durations = vec![Histogram::default(); points];
    sums.each_step(store, window, &series, |index, sums| {
        let mut total = Sum::default();
        for (route, sum) in routes.iter_mut().zip(sums) {
            total.merge(sum);
            route.add(index, sum);
        }
        all.add(index, &total);
        durations[index] = total.durations;
    })?;
    Ok(Requests {
        all: all.build(),
        routes: routes.into_iter().map(Building::build).collect(),
        heat: heat::of(&durations),
    })
}

/// A series that steps are added to.
struct Building {
    series: RouteSeries,
    total: Sum,
}

impl Building {
    fn new(names: Option<&[String; 2]>, points: usize) -> Self {
        let name = |place: usize| names.map(|names| names[place].clone()).filter(|name| !name.is_empty());
        let series = RouteSeries {
            service: name(0),
            route: name(1),
            other: false,
            requests: vec![0; points],
            errors: vec![0; points],
            p50_ns: vec![None; points],
            p95_ns: vec![None; points],
            p99_ns: vec![None; points],
            tokens: vec![0; points],
            cost_usd: vec![0.0; points],
            total: RouteTotal::default(),
        };
        Self { series, total: Sum::default() }
    }

    fn other(points: usize) -> Self {
        let mut other = Self::new(None, points);
        other.series.other = true;
        other
    }

    fn add(&mut self, index: usize, sum: &Sum) {
        let series = &mut self.series;
        series.requests[index] = sum.count;
        series.errors[index] = sum.failed;
        series.p50_ns[index] = sum.durations.quantile(0.5);
        series.p95_ns[index] = sum.durations.quantile(0.95);
        series.p99_ns[index] = sum.durations.quantile(0.99);
        series.tokens[index] = sum.input_tokens.saturating_add(sum.output_tokens);
        series.cost_usd[index] = sum.cost_usd;
        self.total.merge(sum);
    }

    fn build(self) -> RouteSeries {
        let Self { mut series, total } = self;
        series.total = RouteTotal {
            requests: total.count,
            errors: total.failed,
            p50_ns: total.durations.quantile(0.5),
            p95_ns: total.durations.quantile(0.95),
            p99_ns: total.durations.quantile(0.99),
            input_tokens: total.input_tokens,
            output_tokens: total.output_tokens,
            cost_usd: total.cost_usd,
        };
        series
    }
}
