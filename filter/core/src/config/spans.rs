//! `[spans]`: what is kept of what the app itself tells, by decorators, context managers and OpenTelemetry.
//!
//! Whoever records spans writes them within these limits, so that what it costs follows the limit and not the object.

use super::{check::Table, sample};
use crate::sample::Sample;

const KIB: u32 = 1 << 10;
/// Three limits of this size and the rest of an event fit into a record of the default ring.
const MAX_LIMIT: u32 = 1 << 20;
const MAX_STRING: i64 = 1 << 20;
const MAX_ITEMS: i64 = 1 << 20;
/// Deeper JSON than this many readers refuse.
const MAX_DEPTH: i64 = 100;

/// What is kept of spans.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanSettings {
    /// Whether there are any. Default true.
    pub record: bool,
    /// Of which traces: as `sample` of `[capture]` says it. Default all.
    sample: Sample,
    /// Bytes of JSON that a span's input comes to. Default 16 KiB; 0: none is kept.
    pub input: u32,
    /// The same of its output.
    pub output: u32,
    /// The same of its metadata, and of a score's. Default 8 KiB.
    pub metadata: u32,
    /// Bytes of an attribute of an OpenTelemetry span. Default 64 KiB.
    pub attribute: u32,
    /// Longest string, in characters. Default: what the bytes allow.
    pub max_string: u32,
    /// Most items of a list, and members of a mapping or an object. Default 200.
    pub max_items: u32,
    /// Deepest level; the outermost value is on level 0. Default 20.
    pub max_depth: u32,
}

impl Default for SpanSettings {
    fn default() -> Self {
        Self {
            record: true,
            sample: Sample::default(),
            input: 16 * KIB,
            output: 16 * KIB,
            metadata: 8 * KIB,
            attribute: 64 * KIB,
            max_string: MAX_LIMIT,
            max_items: 200,
            max_depth: 20,
        }
    }
}

impl SpanSettings {
    /// A trace is kept if the last 56 bits of its id are no less than this: [`crate::sample`].
    #[must_use]
    pub fn sample_threshold(&self) -> u64 {
        self.sample.threshold()
    }

    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let default = Self::default();
        let record = table.flag("record").unwrap_or(default.record);
        let rate = table.typed("sample", "must be a rate from 0 to 1", sample::rate);
        let mut size = |key, default| small(table.size(key, 0, MAX_LIMIT.into()), default);
        let (input, output) = (size("input", default.input), size("output", default.output));
        let metadata = size("metadata", default.metadata);
        let attribute = size("attribute", default.attribute);
        let mut json = table.table("json");
        let mut limit = |key, most, default| small(json.whole(key, 1, most), default);
        let max_string = limit("max_string", MAX_STRING, default.max_string);
        let max_items = limit("max_items", MAX_ITEMS, default.max_items);
        let max_depth = limit("max_depth", MAX_DEPTH, default.max_depth);
        json.finish();
        table.finish();
        Self {
            record,
            sample: rate.map_or(default.sample, |rate| Sample::new(rate, false, Vec::new())),
            input,
            output,
            metadata,
            attribute,
            max_string,
            max_items,
            max_depth,
        }
    }
}

fn small<T: TryInto<u32>>(found: Option<T>, default: u32) -> u32 {
    found.and_then(|found| found.try_into().ok()).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use serde_json::json;

    #[test]
    fn what_is_said_holds_and_the_rest_has_its_defaults() {
        let config =
            json!({"spans": {"input": "4KiB", "output": 0, "sample": 0.5, "json": {"max_items": 3}}});
        let spans = Config::from_json(&config).expect("valid").spans;
        assert_eq!((spans.input, spans.output, spans.metadata), (4096, 0, 8192));
        assert_eq!((spans.max_items, spans.max_depth), (3, 20));
        assert_eq!((spans.record, spans.sample_threshold()), (true, 1 << 55));
    }

    #[test]
    fn each_wrong_value_is_named() {
        let config = json!({"spans": {"record": 1, "sample": 2, "input": "2MiB", "json": {"max_depth": 101}, "inputs": 1}});
        let errors = Config::from_json(&config).expect_err("refused");
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["spans.record", "spans.sample", "spans.input", "spans.json.max_depth", "spans.inputs"]
        );
    }
}
