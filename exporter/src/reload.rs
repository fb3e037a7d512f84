//! What a running exporter does when its configuration file changes.
//!
//! Some settings are followed at once: those of its own events, of who may ask it, and the bounds of spool, dead letters
//! and metrics. Others are those of files and sockets that are open; they wait for the next start, which the log says. The
//! rules are the app's and Envoy's: here only their version is told.

use std::{collections::BTreeSet, io, path::Path};

use offpath_core::config::Value;
use serde_json::Map;
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::{
    config::{
        Loaded, Settings,
        follow::{Change, Follower},
    },
    exporter::Exporter,
};

/// Tables of which this process is told, and what of them is followed.
const OURS: [&str; 3] = ["exporter", "intake", "sinks"];
const FOLLOWED: [&str; 6] = [
    "exporter.dead_letters",
    "exporter.hosts",
    "exporter.llm",
    "exporter.metrics",
    "exporter.spool",
    "exporter.token",
];

/// A configuration, and the file that it came from.
#[derive(Debug)]
pub struct Reload {
    settings: Settings,
    json: Value,
    /// What the exporter was started with.
    started: Value,
    /// The file's name; empty if there is none.
    file: String,
    /// Those of a file that is followed.
    changes: Option<mpsc::Receiver<Change>>,
    /// Whether what is in the file is in force.
    is_ok: bool,
}

impl Reload {
    /// Of what was loaded from a file, in which `text` stood, and which is followed from now on.
    ///
    /// # Errors
    ///
    /// If it cannot be followed.
    pub fn new(loaded: Loaded, file: Option<(&Path, String)>) -> io::Result<Self> {
        // What can be read only once, such as a pipe, has nothing to follow.
        let file = file.filter(|(path, _)| path.is_file());
        let name = file.as_ref().map(|(path, _)| path.display().to_string()).unwrap_or_default();
        let changes = file.map(|(path, text)| Follower::new(path.to_owned(), text).start()).transpose()?;
        let json = loaded.rules.json().clone();
        let settings = loaded.settings;
        Ok(Self { started: json.clone(), json, settings, file: name, changes, is_ok: true })
    }

    /// What is in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// An exporter was started with what is in force.
    pub fn begin(&mut self, exporter: &Exporter) {
        self.started = self.json.clone();
        exporter.view().metrics.config_ok(self.is_ok);
    }

    /// Waits for the next change; for ever, if no file is followed. None is lost if the wait is broken off.
    pub async fn change(&mut self) -> Change {
        let Some(changes) = &mut self.changes else { return std::future::pending().await };
        match changes.recv().await {
            Some(change) => change,
            None => std::future::pending().await,
        }
    }

    /// Does what a change asks for.
    pub fn apply(&mut self, change: Change, exporter: Option<&Exporter>) {
        self.is_ok = !matches!(change, Change::Refused(_));
        match change {
            Change::Taken(loaded) => self.take(*loaded, exporter),
            Change::Back => info!(file = self.file, "the configuration is again what is in force"),
            Change::Refused(errors) => {
                error!(
                    file = self.file,
                    "the changed configuration is refused, and what was in force before stays so"
                );
                errors.to_string().lines().for_each(|line| error!("{line}"));
                if let Some(exporter) = exporter {
                    exporter.view().metrics.config_reload("refused");
                }
            }
        }
        if let Some(exporter) = exporter {
            exporter.view().metrics.config_ok(self.is_ok);
        }
    }

    fn take(&mut self, loaded: Loaded, exporter: Option<&Exporter>) {
        info!(file = self.file, rules = loaded.settings.rules, "the changed configuration is taken");
        for located in loaded.doubts() {
            warn!("{}: {located}", located.place(Path::new(&self.file)));
        }
        self.json = loaded.rules.json().clone();
        let waiting = waiting(&self.started, &self.json);
        if !waiting.is_empty() {
            warn!(settings = waiting.join(", "), "these settings take effect when the exporter is restarted");
        }
        self.settings = loaded.settings;
        if let Some(exporter) = exporter {
            exporter.follow(self.settings.clone());
            exporter.view().metrics.config_reload("taken");
        }
    }
}

/// Settings that differ, and are not followed.
fn waiting(started: &Value, now: &Value) -> Vec<String> {
    let mut waiting = Vec::new();
    for table in OURS {
        differences(table.to_owned(), started.get(table), now.get(table), &mut waiting);
    }
    waiting.retain(|field| !FOLLOWED.iter().any(|followed| field.starts_with(followed)));
    waiting
}

/// Appends the names of the settings that differ.
fn differences(field: String, before: Option<&Value>, after: Option<&Value>, out: &mut Vec<String>) {
    if before == after {
        return;
    }
    let is_table = |value: Option<&Value>| value.is_none_or(Value::is_object);
    if !is_table(before) || !is_table(after) {
        out.push(field);
        return;
    }
    let tables = [before, after].map(|table| table.and_then(Value::as_object));
    let keys: BTreeSet<&String> = tables.into_iter().flatten().flat_map(Map::keys).collect();
    for key in keys {
        let [before, after] = tables.map(|table| table.and_then(|table| table.get(key)));
        differences(format!("{field}.{key}"), before, after, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_wait_are_named_one_by_one_and_those_that_are_followed_are_not() {
        let started = json!({
            "exporter": {"listen": "a", "hosts": [], "spool": {"sync": "1s"}},
            "sinks": {"a": {"type": "stdout"}},
            "rule": [],
        });
        let now = json!({
            "exporter": {
                "listen": "b",
                "hosts": ["x"],
                "spool": {"sync": "2s"},
                "metrics": {"max_series": 2},
                "token": "0123456789abcdef",
                "nice": 1,
            },
            "sinks": {"b": {"type": "stdout"}},
            "rule": [{}],
        });
        let expected = ["exporter.listen", "exporter.nice", "sinks.a.type", "sinks.b.type"];
        assert_eq!(waiting(&started, &now), expected);
        assert!(waiting(&started, &started).is_empty());
        assert!(waiting(&json!({}), &json!({"sinks": {}})).is_empty());
    }
}
