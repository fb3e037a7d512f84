//! Where events go. One folder per sink, with the same small files in each: what users configure, and how it
//! delivers.

pub mod jsonl;
pub(crate) mod lane;
pub mod loki;
pub mod otlp;
pub mod redis;
pub mod runner;
pub mod sqlite;
pub mod stdout;

use std::{fmt, path::Path};

use offpath_core::{
    config::{Table, Value},
    event::Event,
};

use crate::{
    config::Environment,
    delivery::{self, Backend},
    disk,
    spool::Cursor,
    streams,
};

/// Events to deliver together, in order.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events; of a sink that [takes them encoded](Sink::takes_encoded), those that did not come from the spool.
    pub events: Vec<Event>,
    /// Of such a sink, the events as the spool has them.
    pub encoded: Vec<Vec<u8>>,
    /// Index of the record after the last; what the cursor will say.
    pub next: u64,
}

impl Batch {
    /// How many events it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len() + self.encoded.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why a sink did not take a batch. It is tried again until it does.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The file system.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// SQLite.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The local store is none that this build can use; what it is, and what to do.
    #[error("{0}")]
    Store(String),
    /// Redis.
    #[error("{0}")]
    Redis(#[from] streams::Error),
    /// One of these, and where it came about.
    #[error("{place}: {error}")]
    At {
        /// The file, or the server.
        place: String,
        /// What happened there.
        error: Box<SinkError>,
    },
}

impl SinkError {
    /// The label that metrics use.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io(error) => disk::kind(error),
            Self::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
                disk::FULL
            }
            Self::Sqlite(_) => "sqlite",
            Self::Store(_) => "store",
            Self::Redis(error) => error.kind,
            Self::At { error, .. } => error.kind(),
        }
    }

    /// Whether somebody has to put something right before it can be delivered.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        match self {
            Self::Store(_) => true,
            Self::Redis(error) => error.is_blocked,
            Self::At { error, .. } => error.is_blocked(),
            Self::Io(_) | Self::Sqlite(_) => false,
        }
    }

    /// With the place in its words, if it is not there yet: "No such file or directory" alone helps nobody.
    pub(crate) fn at(self, place: String) -> Self {
        if place.is_empty() || self.to_string().contains(&place) {
            return self;
        }
        Self::At { place, error: Box::new(self) }
    }
}

/// Takes batches, each whole or not at all as far as a reader of the result can tell.
pub trait Sink: Send + fmt::Debug {
    /// Makes ready: at the start, and again after an error. `saved` is the last cursor that was saved for this sink.
    /// Returns the index to go on from, which is that of the cursor unless the sink itself knows better.
    ///
    /// # Errors
    ///
    /// It is not ready; it is asked again later.
    fn open(&mut self, saved: &Cursor) -> Result<u64, SinkError>;

    /// Delivers a batch. When this returns, the batch outlasts a power cut as far as the sink can bring that about.
    ///
    /// # Errors
    ///
    /// Some or all of it was not delivered. The sink is opened again, and gets the same events again.
    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError>;

    /// Does what is not in a hurry, and no more of it than may hold up delivery. Called now and then while there is
    /// nothing to deliver.
    ///
    /// # Errors
    ///
    /// It could not be done. The sink is opened again.
    fn tend(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// How many of the events that were delivered the sink had already, since this was last asked.
    fn take_repeated(&mut self) -> u64 {
        0
    }

    /// Whether the next batch can be delivered without opening again.
    fn is_ready(&self) -> bool {
        true
    }

    /// Where it writes, as it may be shown; empty if its type says that.
    fn place(&self) -> String {
        String::new()
    }

    /// What to be told as [`Cursor::state`] when opened after this.
    fn state(&self) -> Value {
        Value::Null
    }

    /// Whether it passes events on as they are, so that nobody need read them. What a newer version of offpath put into them
    /// stays in them.
    fn takes_encoded(&self) -> bool {
        false
    }
}

/// One `[sinks.<name>]`.
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// Its name: that of its cursor, and its label in metrics.
    pub name: String,
    /// Its type, with what that needs.
    pub kind: Kind,
}

/// The types of sink.
#[derive(Debug, Clone)]
pub enum Kind {
    /// The local store.
    Sqlite(sqlite::Settings),
    /// A file of lines.
    Jsonl(jsonl::Settings),
    /// Lines on standard output.
    Stdout,
    /// A stream of Redis.
    Redis(redis::Settings),
    /// OTLP over HTTP, and what is that under another name.
    Otlp(Box<otlp::Settings>),
    /// Loki's push API.
    Loki(Box<loki::Settings>),
}

/// A sink, not yet open, by how it is driven.
#[derive(Debug)]
pub enum Built {
    /// It takes a batch at a time.
    OneByOne(Box<dyn Sink>),
    /// It answers requests.
    Http(Box<dyn Backend>, delivery::Settings),
}

const TYPES: [&str; 12] = [
    "sqlite",
    "jsonl",
    "stdout",
    "redis",
    "otlp",
    "langfuse",
    "phoenix",
    "mlflow",
    "langsmith",
    "axiom",
    "jaeger",
    "loki",
];

impl Kind {
    /// What configuration calls it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Jsonl(_) => "jsonl",
            Self::Stdout => "stdout",
            Self::Redis(_) => "redis",
            Self::Otlp(settings) => {
                let is_of = |name: &&str| otlp::Preset::named(name) == Some(settings.preset);
                TYPES.into_iter().find(is_of).unwrap_or("otlp")
            }
            Self::Loki(_) => "loki",
        }
    }
}

impl SinkSettings {
    /// What is taken, and may not be meant.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Otlp(settings) => {
                let target = &settings.target;
                settings.delivery.doubt(&target.traces, !target.headers.is_empty())
            }
            Kind::Loki(settings) => settings.delivery.doubt(settings.endpoint.as_str(), false),
            Kind::Sqlite(_) | Kind::Jsonl(_) | Kind::Stdout | Kind::Redis(_) => None,
        }
    }

    /// Where it keeps what it writes, as far as no other sink may write there, and which setting names that.
    fn place(&self) -> Option<(&'static str, String)> {
        match &self.kind {
            Kind::Sqlite(settings) => Some(("path", settings.path.display().to_string())),
            Kind::Jsonl(settings) => Some(("path", settings.path.display().to_string())),
            Kind::Redis(settings) => {
                Some(("stream", format!("{} {}", settings.server.place(), settings.keys.stream)))
            }
            Kind::Stdout | Kind::Otlp(_) | Kind::Loki(_) => None,
        }
    }

    /// The sink, not yet open.
    #[must_use]
    pub fn build(&self) -> Built {
        match &self.kind {
            Kind::Sqlite(settings) => Built::OneByOne(Box::new(sqlite::Sqlite::new(settings.clone()))),
            Kind::Jsonl(settings) => Built::OneByOne(Box::new(jsonl::Jsonl::new(settings.clone()))),
            Kind::Stdout => Built::OneByOne(Box::new(stdout::Stdout)),
            Kind::Redis(settings) => Built::OneByOne(Box::new(redis::Redis::new(settings.clone()))),
            Kind::Otlp(settings) => {
                Built::Http(Box::new(otlp::Otlp::new((**settings).clone())), settings.delivery.clone())
            }
            Kind::Loki(settings) => {
                Built::Http(Box::new(loki::Loki::new((**settings).clone())), settings.delivery.clone())
            }
        }
    }
}

/// Reads `[sinks]`; with none, the local store is one.
pub(crate) fn read(mut table: Table<'_, '_>, data_dir: &Path, env: Environment<'_>) -> Vec<SinkSettings> {
    let names: Vec<&str> = table.keys().collect();
    let mut sinks = Vec::new();
    for name in names {
        if !is_name(name) {
            table.refuse(name, "must be named with 1 to 64 of a-z, A-Z, 0-9, \"_\" and \"-\"", None);
        } else if let Some(sink) = table.table_of(name) {
            sinks.extend(
                read_one(sink, data_dir, env).map(|kind| SinkSettings { name: name.to_owned(), kind }),
            );
        }
    }
    refuse_shared(&mut table, &sinks);
    tell_projects(&mut sinks);
    if sinks.is_empty() {
        let kind = Kind::Sqlite(sqlite::Settings::in_directory(data_dir));
        sinks.push(SinkSettings { name: "local".to_owned(), kind });
    }
    sinks
}

/// Two that write to one file take each other's lines for their own; two that write to one stream share the position there,
/// and take turns failing.
fn refuse_shared(table: &mut Table<'_, '_>, sinks: &[SinkSettings]) {
    for (number, sink) in sinks.iter().enumerate() {
        let mut before = sinks[..number].iter();
        if let Some((key, place)) = sink.place()
            && let Some(other) = before.find(|other| other.place().is_some_and(|(_, theirs)| theirs == place))
        {
            let rule = format!("must be another than that of sinks.{}: each needs its own", other.name);
            table.refuse(&format!("{}.{key}", sink.name), &rule, None);
        }
    }
}

/// Has each sink for Langfuse know the others' projects.
fn tell_projects(sinks: &mut [SinkSettings]) {
    let mut all: Vec<_> = sinks
        .iter_mut()
        .filter_map(|sink| match &mut sink.kind {
            Kind::Otlp(settings) => settings.target.projects.as_mut(),
            _ => None,
        })
        .collect();
    let keys: Vec<_> = all.iter().map(|projects| projects.own.clone()).collect();
    all.iter_mut().for_each(|projects| projects.others.clone_from(&keys));
}

/// A sink's name is part of a file's name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn read_one(mut table: Table<'_, '_>, data_dir: &Path, env: Environment<'_>) -> Option<Kind> {
    let rule = format!("must be one of {}", TYPES.join(", "));
    if table.take("type").is_none() {
        table.refuse("type", &rule, None);
        return None;
    }
    let kind = table.typed("type", &rule, |value| TYPES.into_iter().find(|name| value == name))?;
    let kind = match kind {
        "sqlite" => Some(Kind::Sqlite(sqlite::Settings::read(&mut table, data_dir, env))),
        "jsonl" => jsonl::Settings::read(&mut table, env).map(Kind::Jsonl),
        "stdout" => Some(Kind::Stdout),
        "redis" => redis::Settings::read(&mut table, env).map(Kind::Redis),
        "loki" => loki::Settings::read(&mut table, env).map(|settings| Kind::Loki(Box::new(settings))),
        name => otlp::Preset::named(name)
            .and_then(|preset| otlp::Settings::read(preset, &mut table, env))
            .map(|settings| Kind::Otlp(Box::new(settings))),
    };
    table.finish();
    kind
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use offpath_core::config::Value;
    use serde_json::json;

    fn refused(sinks: &Value) -> Vec<String> {
        match Settings::from_json(&json!({ "sinks": sinks }), &|_| None) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        }
    }

    #[test]
    fn no_two_sinks_write_to_one_file_or_one_stream() {
        let redis = |url: &str, stream: &str| json!({"type": "redis", "url": url, "stream": stream, "max_entries": 5});
        let one = redis("redis://host", "s");
        assert_eq!(refused(&json!({"a": one, "b": redis("redis://host:6379/0", "s")})), ["sinks.b.stream"]);
        assert_eq!(refused(&json!({"a": one, "b": redis("redis://host", "t")})), [""; 0]);
        assert_eq!(refused(&json!({"a": one, "b": redis("redis://host/1", "s")})), [""; 0]);
        let lines = |path: &str| json!({"type": "jsonl", "path": path});
        assert_eq!(refused(&json!({"a": lines("/a"), "b": lines("/b"), "c": lines("/a")})), ["sinks.c.path"]);
        assert_eq!(
            refused(&json!({"a": lines("/a"), "b": {"type": "sqlite", "path": "/a"}})),
            ["sinks.b.path"]
        );
        assert_eq!(refused(&json!({"a": {"type": "sqlite"}, "b": {"type": "sqlite"}})), ["sinks.b.path"]);
    }
}
