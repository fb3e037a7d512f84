//! Which steps an overview has, and which sums answer it.

use rusqlite::{Connection, named_params};

use crate::{
    sinks::sqlite::sums::{LEVELS, Level},
    viewer::time::{Range, SECOND_NS},
};

/// Steps that a chart of usual width shows.
const MOST_POINTS: i64 = 180;

/// Rows of sums that are read in a tenth of a second. An app with a thousand routes has more at the finest steps.
const MOST_ROWS: i64 = 100_000;

const ROWS: &str = "
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM request_sums WHERE step = :level AND time >= :first AND time < :end LIMIT :most))
    + (SELECT count(*) FROM (SELECT 1 FROM model_sums WHERE step = :level AND time >= :first AND time < :end LIMIT :most))";

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps that people read easily; each is a multiple of one that sums are kept by.
const STEPS: [i64; 13] = [
    10,
    20,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    12 * HOUR,
    DAY,
];

/// Steps of time, in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::viewer) struct Window {
    /// By which step the sums that are read are kept.
    pub(in crate::viewer) level: i64,
    pub(in crate::viewer) step: i64,
    /// When the first step begins.
    pub(in crate::viewer) first: i64,
    /// When the range ends.
    pub(in crate::viewer) end: i64,
}

impl Window {
    /// The finest that is read in time.
    pub(in crate::viewer) fn of(store: &Connection, range: Range, now_ns: i64) -> rusqlite::Result<Self> {
        let mut windows = Self::fitting(range, now_ns);
        // Sums by the day are taken, however many there are.
        while windows[0].level < DAY && windows[0].rows(store)? > MOST_ROWS {
            let level = windows[0].level;
            windows.retain(|window| window.level > level);
        }
        Ok(windows.swap_remove(0))
    }

    /// Those that have no more steps than a chart shows, of sums that reach back so far; finest first.
    fn fitting(range: Range, now_ns: i64) -> Vec<Self> {
        let (from, now) = (range.from / SECOND_NS, now_ns / SECOND_NS);
        let end = range.to.div_euclid(SECOND_NS) + i64::from(range.to % SECOND_NS > 0);
        let length = end - from;
        let fits = |step: &i64| length / step <= MOST_POINTS && reaches(level(*step), now - from);
        let days = DAY * (length / (MOST_POINTS * DAY) + 1);
        let steps = STEPS.into_iter().filter(fits).chain([days]);
        steps
            .map(|step| Self { level: level(step).step, step, first: from - from.rem_euclid(step), end })
            .collect()
    }

    /// How many rows it is read from, as far as that matters.
    fn rows(&self, store: &Connection) -> rusqlite::Result<i64> {
        let Self { level, first, end, .. } = self;
        let parameters =
            named_params! { ":level": level, ":first": first, ":end": end, ":most": MOST_ROWS + 1 };
        store.prepare_cached(ROWS)?.query_row(parameters, |row| row.get(0))
    }

    /// When each step begins.
    pub(in crate::viewer) fn times(&self) -> impl Iterator<Item = i64> + use<> {
        let Self { step, first, end, .. } = *self;
        (0..).map(move |index| first + index * step).take_while(move |time| *time < end)
    }

    pub(super) fn points(&self) -> usize {
        self.times().count()
    }

    /// The step that a time is in, which is not before the first one.
    pub(super) fn index(&self, time: i64) -> usize {
        usize::try_from((time - self.first) / self.step).unwrap_or(0)
    }
}

/// The coarsest that a step is made up of.
fn level(step: i64) -> Level {
    LEVELS.into_iter().rev().find(|level| step % level.step == 0).unwrap_or(LEVELS[0])
}

fn reaches(level: Level, age: i64) -> bool {
    level.kept.is_none_or(|kept| age <= kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::fixture::Fixture;

    const NOW: i64 = 1_795_161_605;

    /// Level, step and number of points of what began so long ago and ended so long ago.
    fn window(from: i64, to: i64) -> (i64, i64, usize) {
        let range = Range { from: (NOW - from) * SECOND_NS, to: (NOW - to) * SECOND_NS };
        let window = &Window::fitting(range, NOW * SECOND_NS)[0];
        (window.level, window.step, window.points())
    }

    #[test]
    fn a_chart_has_enough_steps_and_not_too_many() {
        assert_eq!(window(15 * MINUTE, 0), (10, 10, 91));
        assert_eq!(window(HOUR, 0), (10, 20, 181));
        assert_eq!(window(6 * HOUR, 0), (60, 120, 181));
        assert_eq!(window(DAY, 0), (600, 600, 145));
        assert_eq!(window(7 * DAY, 0), (600, HOUR, 169));
        assert_eq!(window(30 * DAY, 0), (7200, 4 * HOUR, 181));
        assert_eq!(window(1_000 * DAY, 0), (DAY, 6 * DAY, 167));
    }

    #[test]
    fn of_long_ago_there_are_only_the_coarser_sums() {
        assert_eq!(window(2 * DAY, 2 * DAY - HOUR), (60, 60, 61));
        assert_eq!(window(10 * DAY, 10 * DAY - HOUR), (600, 600, 7));
        assert_eq!(window(25 * DAY, 25 * DAY - HOUR), (7200, 7200, 1));
    }

    #[test]
    fn where_there_are_too_many_rows_coarser_sums_are_read() {
        let mut fixture = Fixture::new();
        fixture.store(Vec::new());
        let store = fixture.connection();
        let rows = "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT ?2)
                    INSERT INTO request_sums SELECT 60, ?1, 's', 'e', 'asgi', number, 1, 0, x'', x'', 0, 0, 0 FROM numbers";
        store.execute(rows, [NOW - MINUTE, MOST_ROWS + 1]).expect("written");
        let range = Range { from: (NOW - 6 * HOUR) * SECOND_NS, to: NOW * SECOND_NS };
        let window = Window::of(&store, range, NOW * SECOND_NS).expect("a window");
        assert_eq!((window.level, window.step), (600, 600));
    }

    #[test]
    fn the_first_step_is_a_whole_one_that_the_beginning_is_in() {
        let range = Range { from: 1_234 * SECOND_NS, to: 1_300 * SECOND_NS + 1 };
        let window = &Window::fitting(range, 1_300 * SECOND_NS)[0];
        assert_eq!(window.times().collect::<Vec<_>>(), [1230, 1240, 1250, 1260, 1270, 1280, 1290, 1300]);
        assert_eq!((window.index(1230), window.index(1300)), (0, 7));
    }
}
