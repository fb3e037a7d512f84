//! What is wrong at the moment, for /readyz; and how each sink is, for /api/status and /metrics.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use crate::ids;

/// What is wrong, by part of the exporter. Clones are the same record.
#[derive(Debug, Clone, Default)]
pub struct Health {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    problems: BTreeMap<String, String>,
    sinks: BTreeMap<String, SinkState>,
}

/// How a sink is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SinkState {
    /// In one word.
    pub state: Standing,
    /// What kind of problem it has, as `offpath_sink_errors_total` has it; `None` if it has none.
    pub kind: Option<&'static str>,
    /// The problem in words.
    pub problem: Option<String>,
    /// Since when it is in this state, in nanoseconds since the Unix epoch.
    pub since_unix_ns: u64,
    /// When it tries again, in nanoseconds since the Unix epoch; `None` if it does not wait.
    pub retry_at_unix_ns: Option<u64>,
    /// Requests that are not answered yet; of a sink that sends none, 0.
    pub in_flight: u64,
    /// Requests that may be in flight at present; of a sink that sends none, 0.
    pub concurrency: u64,
}

/// How a sink is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It has delivered nothing yet, and has no problem.
    Starting,
    /// It delivers.
    Ok,
    /// It fails for a reason that may pass by itself.
    Retrying,
    /// It fails for a reason that somebody has to put right.
    Blocked,
}

impl Standing {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ok => "ok",
            Self::Retrying => "retrying",
            Self::Blocked => "blocked",
        }
    }

    /// Whether events get through, as far as is known.
    #[must_use]
    pub fn is_well(self) -> bool {
        matches!(self, Self::Starting | Self::Ok)
    }
}

/// What ails a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The label that metrics use.
    pub kind: &'static str,
    /// In words.
    pub problem: String,
    /// Whether somebody has to put it right.
    pub is_blocked: bool,
}

impl SinkState {
    fn starting(now_unix_ns: u64) -> Self {
        Self {
            state: Standing::Starting,
            kind: None,
            problem: None,
            since_unix_ns: now_unix_ns,
            retry_at_unix_ns: None,
            in_flight: 0,
            concurrency: 0,
        }
    }

    fn turn(&mut self, state: Standing, now_unix_ns: u64) {
        if self.state != state {
            self.state = state;
            self.since_unix_ns = now_unix_ns;
        }
    }
}

impl Health {
    /// `part` has a problem. Returns whether that is new.
    pub fn fail(&self, part: &str, problem: String) -> bool {
        self.lock().problems.insert(part.to_owned(), problem).is_none()
    }

    /// `part` is well. Returns whether it was not.
    pub fn recover(&self, part: &str) -> bool {
        self.lock().problems.remove(part).is_some()
    }

    /// What is wrong, one line for each part.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let inner = self.lock();
        let parts = inner.problems.iter().map(|(part, problem)| format!("{part}: {problem}"));
        let sinks = inner.sinks.iter().filter(|(_, sink)| !sink.state.is_well()).map(|(name, sink)| {
            format!("sink {name}: {}: {}", sink.state.name(), sink.problem.as_deref().unwrap_or_default())
        });
        parts.chain(sinks).collect()
    }

    /// How each sink is.
    #[must_use]
    pub fn sinks(&self) -> BTreeMap<String, SinkState> {
        self.lock().sinks.clone()
    }

    /// There is a sink of that name.
    pub fn sink_starts(&self, name: &str) {
        self.lock().sinks.insert(name.to_owned(), SinkState::starting(ids::now_unix_ns()));
    }

    /// A sink delivers. Returns how many nanoseconds it did not, if it did not.
    pub fn sink_delivers(&self, name: &str) -> Option<u64> {
        let now = ids::now_unix_ns();
        let mut inner = self.lock();
        let sink = inner.sink(name, now);
        let down = (!sink.state.is_well()).then(|| now.saturating_sub(sink.since_unix_ns));
        sink.turn(Standing::Ok, now);
        (sink.kind, sink.problem, sink.retry_at_unix_ns) = (None, None, None);
        down
    }

    /// A sink fails, and tries again at `retry_at_unix_ns`. Returns whether that it fails so is new.
    pub fn sink_fails(&self, name: &str, trouble: &Trouble, retry_at_unix_ns: u64) -> bool {
        let now = ids::now_unix_ns();
        let state = if trouble.is_blocked { Standing::Blocked } else { Standing::Retrying };
        let mut inner = self.lock();
        let sink = inner.sink(name, now);
        let is_new = sink.state != state || sink.kind != Some(trouble.kind);
        // From retrying to blocked and back it is one failure.
        let since = if sink.state.is_well() { now } else { sink.since_unix_ns };
        sink.turn(state, now);
        sink.since_unix_ns = since;
        sink.kind = Some(trouble.kind);
        sink.problem = Some(trouble.problem.clone());
        sink.retry_at_unix_ns = Some(retry_at_unix_ns);
        is_new
    }

    /// How busy a sink is that sends requests.
    pub fn sink_load(&self, name: &str, in_flight: u64, concurrency: u64) {
        let mut inner = self.lock();
        let sink = inner.sink(name, 0);
        (sink.in_flight, sink.concurrency) = (in_flight, concurrency);
    }

    /// A thread that panicked while it held the lock left whole values behind.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn sink(&mut self, name: &str, now_unix_ns: u64) -> &mut SinkState {
        self.sinks.entry(name.to_owned()).or_insert_with(|| SinkState::starting(now_unix_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(kind: &'static str, is_blocked: bool) -> Trouble {
        Trouble { kind, problem: "why".to_owned(), is_blocked }
    }

    #[test]
    fn a_sink_that_has_not_begun_is_no_problem_and_one_that_fails_is() {
        let health = Health::default();
        health.sink_starts("a");
        assert!(health.problems().is_empty());
        assert!(health.sink_fails("a", &trouble("connect", false), 7));
        assert_eq!(health.problems(), ["sink a: retrying: why"]);
        assert_eq!(health.sinks()["a"].retry_at_unix_ns, Some(7));
    }

    #[test]
    fn a_failure_is_new_once_and_lasts_until_it_delivers() {
        let health = Health::default();
        assert!(health.sink_fails("a", &trouble("connect", false), 0));
        let since = health.sinks()["a"].since_unix_ns;
        assert!(!health.sink_fails("a", &trouble("connect", false), 0));
        assert!(health.sink_fails("a", &trouble("auth", true), 0));
        assert_eq!(health.sinks()["a"].since_unix_ns, since);
        assert!(health.sink_delivers("a").is_some());
        assert!(health.sink_delivers("a").is_none());
        assert_eq!(health.sinks()["a"].state, Standing::Ok);
        assert!(health.problems().is_empty());
    }
}
