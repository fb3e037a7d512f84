//! `sample`: a rate, or a table of one and of what is kept whatever it says.

use super::{
    check::{Table, Value, milliseconds},
    matching::{header_slot, status_range},
};
use crate::{
    conditions::{HeaderCondition, HeaderTest},
    glob::Glob,
    sample::{Keep, Sample},
    wanted::Wanted,
};

const RATE: &str = "must be a rate from 0 to 1, or a table with one";
const KEEP: &str = "must be \"error\", \"status:429\", \"slow:2s\", \"header:x-debug\", \"header:x-debug=1\", \
                    \"route:/pay/**\" or \"first:10\"";
/// Longest time of `slow`, and most of `first`.
const MOST_MS: u32 = 24 * 60 * 60 * 1000;
const MOST_FIRST: u32 = 1_000_000;

/// Reads it; `None` if nothing is said.
pub(super) fn read(table: &mut Table<'_, '_>, wanted: &mut Wanted) -> Option<Sample> {
    if table.take("sample")?.is_object() {
        return Some(read_table(table.table("sample"), wanted));
    }
    let rate = table.typed("sample", RATE, rate)?;
    Some(Sample::new(rate, false, Vec::new()))
}

fn read_table(mut table: Table<'_, '_>, wanted: &mut Wanted) -> Sample {
    let rate = table.typed("rate", "must be a number from 0 to 1", rate);
    let follow_parent = table.flag("follow_parent").unwrap_or(false);
    let mut kept = Vec::new();
    for text in table.texts("keep").unwrap_or_default() {
        match keep(&text, wanted) {
            Ok(keep) => kept.push(keep),
            Err(rule) => table.refuse("keep", &rule, Some(&Value::String(text))),
        }
    }
    table.finish();
    Sample::new(rate.unwrap_or(1.0), follow_parent, kept)
}

pub(super) fn rate(value: &Value) -> Option<f64> {
    value.as_f64().filter(|rate| (0.0..=1.0).contains(rate))
}

fn keep(text: &str, wanted: &mut Wanted) -> Result<Keep, String> {
    if text == "error" {
        return Ok(Keep::Error);
    }
    let (kind, rest) = text.split_once(':').ok_or(KEEP)?;
    let found = match kind {
        "status" => status_range(rest).map(Keep::Status),
        "slow" => milliseconds(rest, 1..=MOST_MS).map(|ms| Keep::Slow(u64::from(ms) * 1_000_000)),
        "first" => rest.parse().ok().filter(|count| (1..=MOST_FIRST).contains(count)).map(Keep::First),
        "route" => Some(Keep::Route(Glob::of_name(rest)?)),
        "header" => {
            let (name, pattern) = rest.split_once('=').map_or((rest, None), |(name, p)| (name, Some(p)));
            let test = match pattern {
                Some(pattern) => HeaderTest::Fits(Glob::of_text(pattern)?),
                None => HeaderTest::Present,
            };
            Some(Keep::Header(HeaderCondition { slot: header_slot(name, wanted)?, test }))
        }
        _ => None,
    };
    found.ok_or_else(|| KEEP.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_or_refused() {
        let mut wanted = Wanted::default();
        for good in [
            "error",
            "status:429",
            "status:4xx",
            "slow:2s",
            "slow:100ms",
            "header:x-debug",
            "header:x-debug=1*",
            "route:/pay/**",
            "route:chat",
            "first:10",
        ] {
            assert!(keep(good, &mut wanted).is_ok(), "{good}");
        }
        for bad in [
            "",
            "errors",
            "slow:",
            "slow:2",
            "slow:0ms",
            "status:99",
            "header:",
            "header:a b",
            "route:",
            "first:0",
        ] {
            assert!(keep(bad, &mut wanted).is_err(), "{bad}");
        }
    }
}
