//! Reads the sums of a window: for each step, what was summed up by name.

use std::collections::HashMap;

use rusqlite::{Connection, Row, ToSql};

use super::window::Window;
use crate::histogram::Histogram;

/// Names that have a series of their own; the others are one.
const MOST_NAMED: usize = 20;

/// Which sums are read, and by which two of their names they are told apart.
#[derive(Debug)]
pub(super) struct Sums<'a> {
    pub(super) table: &'a str,
    pub(super) names: [&'a str; 2],
    /// Columns that must have this value, where one is given.
    pub(super) filters: Vec<(&'a str, Option<&'a str>)>,
    /// What else must be true of a row.
    pub(super) condition: &'a str,
}

/// What was summed up in one step, or in all of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    pub(super) count: i64,
    pub(super) failed: i64,
    pub(super) durations: Histogram,
    pub(super) first_tokens: Histogram,
    pub(super) input_tokens: i64,
    pub(super) output_tokens: i64,
    pub(super) cost_usd: f64,
}

impl Sum {
    pub(super) fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.failed = self.failed.saturating_add(other.failed);
        self.durations.merge(&other.durations);
        self.first_tokens.merge(&other.first_tokens);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cost_usd += other.cost_usd;
    }

    /// Adds a row, from the third column on.
    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        self.count = self.count.saturating_add(row.get(3)?);
        self.failed = self.failed.saturating_add(row.get(4)?);
        self.durations.merge_encoded(row.get_ref(5)?.as_blob()?);
        self.first_tokens.merge_encoded(row.get_ref(6)?.as_blob()?);
        self.input_tokens = self.input_tokens.saturating_add(row.get(7)?);
        self.output_tokens = self.output_tokens.saturating_add(row.get(8)?);
        self.cost_usd += row.get::<_, f64>(9)?;
        Ok(())
    }

    fn clear(&mut self) {
        let mut histograms = (std::mem::take(&mut self.durations), std::mem::take(&mut self.first_tokens));
        histograms.0.clear();
        histograms.1.clear();
        *self = Self { durations: histograms.0, first_tokens: histograms.1, ..Self::default() };
    }
}

/// Which series there are.
#[derive(Debug)]
pub(super) struct Series {
    /// Those with the highest counts, highest first.
    pub(super) named: Vec<[String; 2]>,
    /// Whether there are more, which are one series after these.
    pub(super) has_other: bool,
}

impl Sums<'_> {
    /// Which names are in the window.
    pub(super) fn series(&self, store: &Connection, window: &Window) -> rusqlite::Result<Series> {
        let [first, second] = self.names;
        let (conditions, parameters) = self.conditions(window);
        let most = MOST_NAMED + 1;
        let sql = format!(
            "SELECT {first}, {second} FROM {} WHERE {conditions} GROUP BY 1, 2 ORDER BY sum(count) DESC, 1, 2 LIMIT {most}",
            self.table
        );
        let mut select = store.prepare_cached(&sql)?;
        let names = select.query_map(&*parameters, |row| Ok([row.get(0)?, row.get(1)?]))?;
        let mut named = names.collect::<rusqlite::Result<Vec<_>>>()?;
        let has_other = named.len() > MOST_NAMED;
        named.truncate(MOST_NAMED);
        Ok(Series { named, has_other })
    }

    /// Calls `done` for each step in which there was anything, in the order of time, with the sum of each series.
    pub(super) fn each_step(
        &self,
        store: &Connection,
        window: &Window,
        series: &Series,
        mut done: impl FnMut(usize, &[Sum]),
    ) -> rusqlite::Result<()> {
        let [first, second] = self.names;
        let (conditions, parameters) = self.conditions(window);
        let sql = format!(
            "SELECT time, {first}, {second}, count, failed, durations, first_tokens, input_tokens, output_tokens, cost_usd
             FROM {} WHERE {conditions} ORDER BY time",
            self.table
        );
        let places = (0..).zip(&series.named).map(|(place, [a, b])| ((a.as_str(), b.as_str()), place));
        let places: HashMap<(&str, &str), usize> = places.collect();
        let mut sums = vec![Sum::default(); series.named.len() + usize::from(series.has_other)];
        let mut at = None;
        let mut select = store.prepare_cached(&sql)?;
        let mut rows = select.query(&*parameters)?;
        while let Some(row) = rows.next()? {
            let index = window.index(row.get(0)?);
            if let Some(before) = at.filter(|at| *at != index) {
                done(before, &sums);
                sums.iter_mut().for_each(Sum::clear);
            }
            at = Some(index);
            let names = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            let place = places.get(&names).copied().unwrap_or(series.named.len());
            // A name that came after the series were looked for waits for the next overview.
            if let Some(sum) = sums.get_mut(place) {
                sum.add(row)?;
            }
        }
        if let Some(last) = at {
            done(last, &sums);
        }
        Ok(())
    }

    fn conditions<'a>(&'a self, window: &'a Window) -> (String, Vec<&'a dyn ToSql>) {
        let mut conditions = format!("step = ? AND time >= ? AND time < ? AND {}", self.condition);
        let mut parameters: Vec<&dyn ToSql> = vec![&window.level, &window.first, &window.end];
        for (column, value) in &self.filters {
            if let Some(value) = value {
                conditions += &format!(" AND {column} = ?");
                parameters.push(value);
            }
        }
        (conditions, parameters)
    }
}
