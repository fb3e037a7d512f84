//! What models did, over time.

use rusqlite::Connection;

use super::{
    Query,
    answer::{ModelSeries, ModelTotal},
    gather::{Sum, Sums},
    window::Window,
};

pub(super) fn read(store: &Connection, query: &Query, window: &Window) -> rusqlite::Result<Vec<ModelSeries>> {
    let sums = Sums {
        table: "model_sums",
        names: ["system", "model"],
        filters: vec![
            ("service", query.service.as_deref()),
            ("environment", query.environment.as_deref()),
            ("source", query.source.as_deref()),
            ("model", query.model.as_deref()),
        ],
        condition: "true",
    };
    let series = sums.series(store, window)?;
    let points = window.points();
    let mut models: Vec<_> = series.named.iter().map(|names| Building::new(Some(names), points)).collect();
    models.extend(series.has_other.then(|| Building::other(points)));
    sums.each_step(store, window, &series, |index, sums| {
        models.iter_mut().zip(sums).for_each(|(model, sum)| model.add(index, sum));
    })?;
    Ok(models.into_iter().map(Building::build).collect())
}

/// A series that steps are added to.
struct Building {
    series: ModelSeries,
    total: Sum,
}

impl Building {
    fn new(names: Option<&[String; 2]>, points: usize) -> Self {
        let name = |place: usize| names.map(|names| names[place].clone()).filter(|name| !name.is_empty());
        let series = ModelSeries {
            system: name(0),
            model: name(1),
            other: false,
            calls: vec![0; points],
            errors: vec![0; points],
            input_tokens: vec![0; points],
            output_tokens: vec![0; points],
            cost_usd: vec![0.0; points],
            first_token_p50_ns: vec![None; points],
            first_token_p95_ns: vec![None; points],
            total: ModelTotal::default(),
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
        series.calls[index] = sum.count;
        series.errors[index] = sum.failed;
        series.input_tokens[index] = sum.input_tokens;
        series.output_tokens[index] = sum.output_tokens;
        series.cost_usd[index] = sum.cost_usd;
        series.first_token_p50_ns[index] = sum.first_tokens.quantile(0.5);
        series.first_token_p95_ns[index] = sum.first_tokens.quantile(0.95);
        self.total.merge(sum);
    }

    fn build(self) -> ModelSeries {
        let Self { mut series, total } = self;
        series.total = ModelTotal {
            calls: total.count,
            errors: total.failed,
            input_tokens: total.input_tokens,
            output_tokens: total.output_tokens,
            cost_usd: total.cost_usd,
            p50_ns: total.durations.quantile(0.5),
            p95_ns: total.durations.quantile(0.95),
            first_token_p50_ns: total.first_tokens.quantile(0.5),
            first_token_p95_ns: total.first_tokens.quantile(0.95),
        };
        series
    }
}
