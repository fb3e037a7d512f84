//! One table of sums.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql};

use super::{LEVELS, Level, Sum, Used, names::Names};

type Key<const N: usize> = (i64, [String; N]);

const VALUES: &str = "count, failed, durations, first_tokens, input_tokens, output_tokens, cost_usd";

/// A table whose sums are kept by so many names.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    name: &'static str,
    select: String,
    replace: String,
    names: Names<N>,
    /// By the finest step, what is not written yet.
    pending: BTreeMap<Key<N>, Sum>,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(name: &'static str, columns: [&str; N]) -> Self {
        let is_one = columns.map(|column| format!("{column} = ?")).join(" AND ");
        let columns = columns.join(", ");
        let unknown = ", ?".repeat(N);
        Self {
            name,
            select: format!("SELECT {VALUES} FROM {name} WHERE step = ? AND time = ? AND {is_one}"),
            replace: format!(
                "INSERT OR REPLACE INTO {name} (step, time, {columns}, {VALUES}) VALUES (?, ?{unknown}, ?, ?, ?, ?, ?, ?, ?)"
            ),
            names: Names::default(),
            pending: BTreeMap::new(),
        }
    }

    /// The sum of what is not written yet of these names at this time.
    pub(super) fn pending(&mut self, start_time_ns: i64, names: [&str; N]) -> &mut Sum {
        let time = begin(start_time_ns / 1_000_000_000, LEVELS[0]);
        self.pending.entry((time, self.names.bounded(names))).or_default()
    }

    pub(super) fn clear(&mut self) {
        self.pending.clear();
    }

    /// Adds what is pending to the rows of those levels that keep it.
    pub(super) fn write(
        &mut self,
        store: &Connection,
        is_kept: impl Fn(Level, i64) -> bool,
    ) -> rusqlite::Result<()> {
        let mut sums = std::mem::take(&mut self.pending);
        for level in LEVELS {
            sums = by_step(sums, level);
            for (key, sum) in sums.iter().filter(|((time, _), _)| is_kept(level, *time)) {
                self.add_to_row(store, level.step, key, sum)?;
            }
        }
        Ok(())
    }

    fn add_to_row(
        &self,
        store: &Connection,
        step: i64,
        (time, names): &Key<N>,
        sum: &Sum,
    ) -> rusqlite::Result<()> {
        let mut key: Vec<&dyn ToSql> = vec![&step, time];
        key.extend(names.iter().map(|name| name as &dyn ToSql));
        let there = store.prepare_cached(&self.select)?.query_row(&*key, read).optional()?;
        let mut total = there.unwrap_or_default();
        total.merge(sum);
        let (durations, first_tokens) = (total.durations.encode(), total.first_tokens.encode());
        let Used { input_tokens, output_tokens, cost_usd } = total.used;
        let (input_tokens, output_tokens) = (input_tokens.unwrap_or(0), output_tokens.unwrap_or(0));
        let cost_usd = cost_usd.unwrap_or(0.0);
        let values: [&dyn ToSql; 7] = [
            &total.count,
            &total.failed,
            &durations,
            &first_tokens,
            &input_tokens,
            &output_tokens,
            &cost_usd,
        ];
        key.extend(values);
        store.prepare_cached(&self.replace)?.execute(&*key).map(|_| ())
    }

    /// Removes the oldest step, if it began no later than `ended`. It has no more rows than there are names.
    pub(super) fn remove_oldest(&self, store: &Connection, step: i64, ended: i64) -> rusqlite::Result<usize> {
        let name = self.name;
        let oldest = format!("SELECT min(time) FROM {name} WHERE step = ?1");
        store
            .prepare_cached(&format!(
                "DELETE FROM {name} WHERE step = ?1 AND time = ({oldest}) AND time <= ?2"
            ))?
            .execute([step, ended])
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Sum> {
    let mut sum = Sum {
        count: row.get(0)?,
        failed: row.get(1)?,
        used: Used {
            input_tokens: Some(row.get(4)?),
            output_tokens: Some(row.get(5)?),
            cost_usd: Some(row.get(6)?),
        },
        ..Sum::default()
    };
    sum.durations.merge_encoded(row.get_ref(2)?.as_blob()?);
    sum.first_tokens.merge_encoded(row.get_ref(3)?.as_blob()?);
    Ok(sum)
}

/// The same sums by a longer step.
fn by_step<const N: usize>(sums: BTreeMap<Key<N>, Sum>, level: Level) -> BTreeMap<Key<N>, Sum> {
    let mut longer: BTreeMap<Key<N>, Sum> = BTreeMap::new();
    for ((time, names), sum) in sums {
        longer.entry((begin(time, level), names)).or_default().merge(&sum);
    }
    longer
}

/// When the step began that a time is in.
fn begin(seconds: i64, level: Level) -> i64 {
    seconds - seconds.rem_euclid(level.step)
}
