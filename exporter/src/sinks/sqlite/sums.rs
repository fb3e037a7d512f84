//! What an overview shows, summed up as events come: one row for each step of time and each name.
//!
//! Sums are kept in several steps, as far back as somebody would look at so fine a step. A batch is summed up in memory first,
//! and then added to the rows in the transaction that it is stored by: few rows, and each event once.

mod names;
mod table;

use std::time::Duration;

use rusqlite::Connection;

use self::table::Table;
use super::{facts::Facts, trace::Place, used::Used};
use crate::histogram::Histogram;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A length of time that sums are kept by, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) step: i64,
    /// How far back; `None`: as far as events.
    pub(crate) kept: Option<i64>,
}

/// From the finest on; each step is a multiple of the one before.
pub(crate) const LEVELS: [Level; 5] = [
    Level { step: 10, kept: Some(6 * HOUR) },
    Level { step: 60, kept: Some(3 * DAY) },
    Level { step: 600, kept: Some(20 * DAY) },
    Level { step: 2 * HOUR, kept: None },
    Level { step: DAY, kept: None },
];

/// How far ahead a clock may be. What is beyond would be in nobody's view for long, and no bound would end it.
const AHEAD: i64 = DAY;

/// What is summed up of events of one name in one step.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sum {
    count: i64,
    failed: i64,
    durations: Histogram,
    first_tokens: Histogram,
    used: Used,
}

/// Sums of events that are not written yet.
#[derive(Debug)]
pub(super) struct Sums {
    max_age: i64,
    requests: Table<4>,
    models: Table<5>,
}

impl Sums {
    /// `max_age` is that of events.
    pub(super) fn new(max_age: Duration) -> Self {
        Self {
            max_age: i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX),
            requests: Table::new("request_sums", ["service", "environment", "source", "route"]),
            models: Table::new("model_sums", ["service", "environment", "source", "system", "model"]),
        }
    }

    /// Counts an event that is new.
    pub(super) fn add(&mut self, facts: &Facts<'_>, place: &Place) {
        let Facts { service, environment, source, route, system, model, .. } = *facts;
        let own = facts.generation.unwrap_or_default();
        if facts.is_exchange || facts.top {
            let used = if facts.top { place.trace } else { own };
            let names = [service, environment, source, route];
            self.requests.pending(facts.start_time, names).observe(facts, used);
        }
        if place.usage_counts {
            let names = [service, environment, source, system, model];
            self.models.pending(facts.start_time, names).observe(facts, own);
        }
    }

    /// Adds what was counted to the rows that are there.
    pub(super) fn write(&mut self, store: &Connection, now_unix_ns: u64) -> rusqlite::Result<()> {
        let now = seconds(now_unix_ns);
        let is_kept = |level: Level, time: i64| {
            time + level.step > now.saturating_sub(level.age(self.max_age)) && time < now + AHEAD
        };
        self.requests.write(store, is_kept)?;
        self.models.write(store, is_kept)
    }

    /// Forgets what a batch counted that was not stored.
    pub(super) fn clear(&mut self) {
        self.requests.clear();
        self.models.clear();
    }

    /// Removes, of each level, the oldest step that is too old. Returns whether there was any.
    pub(super) fn sweep(&self, store: &Connection, now_unix_ns: u64) -> rusqlite::Result<bool> {
        let now = seconds(now_unix_ns);
        let mut swept = 0;
        for level in LEVELS {
            let ended = now.saturating_sub(level.age(self.max_age)).saturating_sub(level.step);
            swept += self.requests.remove_oldest(store, level.step, ended)?;
            swept += self.models.remove_oldest(store, level.step, ended)?;
        }
        Ok(swept > 0)
    }
}

impl Level {
    fn age(self, max_age: i64) -> i64 {
        self.kept.map_or(max_age, |kept| kept.min(max_age))
    }
}

impl Sum {
    fn observe(&mut self, facts: &Facts<'_>, used: Used) {
        self.count += 1;
        self.failed += i64::from(facts.failed);
        self.durations.observe(facts.duration_ns.unsigned_abs());
        if let Some(first_token_ns) = facts.first_token_ns {
            self.first_tokens.observe(first_token_ns.unsigned_abs());
        }
        self.used = self.used.plus(used);
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.failed = self.failed.saturating_add(other.failed);
        self.durations.merge(&other.durations);
        self.first_tokens.merge(&other.first_tokens);
        self.used = self.used.plus(other.used);
    }
}

fn seconds(unix_ns: u64) -> i64 {
    i64::try_from(unix_ns / 1_000_000_000).unwrap_or(i64::MAX)
}
