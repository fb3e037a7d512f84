//! Rates: what has changed between looks, per second of the exporter's own clock.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::status::{Counts, Sink, Status, sum};

/// Seconds that a rate is of, if the looks are closer to each other: batches come in bursts.
const WINDOW: f64 = 5.0;

/// The last looks at one exporter.
#[derive(Debug, Default)]
pub(super) struct Rates {
    looks: VecDeque<Look>,
    /// Of which exporter: another one counts from 0.
    started_at: String,
}

#[derive(Debug)]
struct Look {
    at_seconds: f64,
    events: Counts,
    dropped: Counts,
    sinks: BTreeMap<String, (u64, u64)>,
}

impl Rates {
    /// Takes note of a status.
    pub(super) fn see(&mut self, status: &Status) {
        let is_later = self.looks.back().is_none_or(|last| last.at_seconds < status.uptime_seconds);
        if self.started_at != status.started_at || !is_later {
            self.looks.clear();
            self.started_at.clone_from(&status.started_at);
        }
        let counts = |sink: &Sink| (sink.name.clone(), (sink.sent, sum(&sink.errors)));
        self.looks.push_back(Look {
            at_seconds: status.uptime_seconds,
            events: status.events.clone(),
            dropped: status.dropped.clone(),
            sinks: status.sinks.iter().map(counts).collect(),
        });
        // The second one is the newest that is old enough.
        while self.looks.len() > 2 && self.looks[1].at_seconds <= status.uptime_seconds - WINDOW {
            self.looks.pop_front();
        }
    }

    /// Whether there were two looks.
    pub(super) fn are_known(&self) -> bool {
        self.looks.len() >= 2
    }

    /// Events taken, by source.
    pub(super) fn events(&self) -> BTreeMap<&str, f64> {
        self.by_name(|look| &look.events)
    }

    /// Events lost on the way in, by reason.
    pub(super) fn dropped(&self) -> BTreeMap<&str, f64> {
        self.by_name(|look| &look.dropped)
    }

    /// What a sink has delivered.
    pub(super) fn sent(&self, sink: &str) -> f64 {
        self.per_second(|look| look.sinks.get(sink).map_or(0, |counts| counts.0))
    }

    /// How often a sink has failed.
    pub(super) fn errors(&self, sink: &str) -> f64 {
        self.per_second(|look| look.sinks.get(sink).map_or(0, |counts| counts.1))
    }

    /// The status as it was said, with all of these.
    pub(super) fn with(&self, status: &Status) -> Value {
        let sink = |sink: &Sink| {
            (sink.name.clone(), json!({"sent": self.sent(&sink.name), "errors": self.errors(&sink.name)}))
        };
        let sinks: BTreeMap<String, Value> = status.sinks.iter().map(sink).collect();
        let mut said = status.said.clone();
        said["rates"] = json!({"events": self.events(), "dropped": self.dropped(), "sinks": sinks});
        said
    }

    fn by_name(&self, of: impl Fn(&Look) -> &Counts) -> BTreeMap<&str, f64> {
        let Some(last) = self.looks.back() else { return BTreeMap::new() };
        let names = last_names(last, &of);
        names.map(|name| (name, self.per_second(|look| of(look).get(name).copied().unwrap_or(0)))).collect()
    }

    fn per_second(&self, count: impl Fn(&Look) -> u64) -> f64 {
        let (Some(first), Some(last)) = (self.looks.front(), self.looks.back()) else { return 0.0 };
        let seconds = last.at_seconds - first.at_seconds;
        let more = count(last).saturating_sub(count(first));
        if seconds > 0.0 { more as f64 / seconds } else { 0.0 }
    }
}

fn last_names<'l>(last: &'l Look, of: &impl Fn(&Look) -> &Counts) -> impl Iterator<Item = &'l str> {
    of(last).keys().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uptime_seconds: f64, asgi: u64, sent: u64) -> Status {
        let sink = Sink {
            name: "a".to_owned(),
            sent,
            errors: [("http".to_owned(), sent / 10)].into(),
            ..Sink::default()
        };
        Status {
            uptime_seconds,
            started_at: "then".to_owned(),
            events: [("asgi".to_owned(), asgi)].into(),
            sinks: vec![sink],
            ..Status::default()
        }
    }

    #[test]
    fn a_rate_is_the_change_by_the_exporter_s_own_clock() {
        let mut rates = Rates::default();
        rates.see(&status(10.0, 100, 50));
        assert!(!rates.are_known());
        rates.see(&status(12.0, 300, 70));
        assert!(rates.are_known());
        assert_eq!((rates.events()["asgi"], rates.sent("a"), rates.errors("a")), (100.0, 10.0, 1.0));
    }

    #[test]
    fn what_is_longer_ago_than_the_window_counts_no_more() {
        let mut rates = Rates::default();
        for second in 0..100 {
            rates.see(&status(f64::from(second), if second < 90 { 0 } else { 1000 }, 0));
        }
        assert_eq!((rates.events()["asgi"], rates.looks.len()), (0.0, 6));
    }

    #[test]
    fn another_exporter_begins_anew() {
        let mut rates = Rates::default();
        rates.see(&status(10.0, 100, 50));
        rates.see(&status(11.0, 200, 60));
        rates.see(&Status { started_at: "now".to_owned(), ..status(1.0, 5, 5) });
        assert!(!rates.are_known());
        assert_eq!(rates.sent("a"), 0.0);
    }
}
