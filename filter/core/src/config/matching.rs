//! `[[rule]] match`: read into [`Conditions`].

use super::check::{Table, Value};
use crate::{
    conditions::{Conditions, HeaderCondition, HeaderTest},
    glob::Glob,
    wanted::Wanted,
};
use std::ops::RangeInclusive;

pub(super) fn read(mut table: Table<'_, '_>, wanted: &mut Wanted) -> Conditions {
    let conditions = Conditions {
        paths: globs(&mut table, "path", Glob::of_path),
        methods: methods(&mut table),
        hosts: globs(&mut table, "host", |host| Glob::of_name(&host.to_ascii_lowercase())),
        content_types: globs(&mut table, "content_type", media_type),
        headers: headers(table.table("header"), wanted),
        statuses: statuses(&mut table, "status").unwrap_or_default(),
        response_types: globs(&mut table, "response_content_type", media_type),
        routes: globs(&mut table, "route", Glob::of_name),
    };
    table.finish();
    conditions
}

/// A list that is empty would hold for everything, which nobody means by it.
fn some_texts(table: &mut Table<'_, '_>, key: &'static str) -> Vec<String> {
    let texts = table.texts(key);
    if texts.as_ref().is_some_and(Vec::is_empty) {
        table.refuse(key, "must not be empty; leave it out to match everything", None);
    }
    texts.unwrap_or_default()
}

fn globs(
    table: &mut Table<'_, '_>,
    key: &'static str,
    read: impl Fn(&str) -> Result<Glob, String>,
) -> Vec<Glob> {
    let mut globs = Vec::new();
    for pattern in some_texts(table, key) {
        match read(&pattern) {
            Ok(glob) => globs.push(glob),
            Err(rule) => table.refuse(key, &rule, Some(&Value::String(pattern))),
        }
    }
    globs
}

fn media_type(pattern: &str) -> Result<Glob, String> {
    if pattern.contains(';') {
        return Err("must be a media type without parameters, such as \"application/json\"".to_owned());
    }
    Glob::of_name(&pattern.to_ascii_lowercase())
}

fn methods(table: &mut Table<'_, '_>) -> Vec<Vec<u8>> {
    let methods = some_texts(table, "method");
    for method in &methods {
        if method.is_empty() || !method.chars().all(|c| c.is_ascii_graphic()) {
            let value = Value::String(method.clone());
            table.refuse("method", "must be request methods such as \"POST\"", Some(&value));
        }
    }
    methods.iter().map(|method| method.to_ascii_uppercase().into_bytes()).collect()
}

fn headers(mut table: Table<'_, '_>, wanted: &mut Wanted) -> Vec<HeaderCondition> {
    let mut conditions = Vec::new();
    for name in table.keys() {
        let Some(value) = table.value_of(name) else { continue };
        match header(name, value, wanted) {
            Ok(condition) => conditions.push(condition),
            Err(rule) => table.refuse(name, &rule, Some(value)),
        }
    }
    conditions
}

fn header(name: &str, value: &Value, wanted: &mut Wanted) -> Result<HeaderCondition, String> {
    let test = match value {
        Value::Bool(true) => HeaderTest::Present,
        Value::Bool(false) => HeaderTest::Absent,
        Value::String(pattern) => HeaderTest::Fits(Glob::of_text(pattern)?),
        _ => return Err("must be true, false, or a pattern of the value".to_owned()),
    };
    Ok(HeaderCondition { slot: header_slot(name, wanted)?, test })
}

/// The slot of a header that a setting names.
pub(super) fn header_slot(name: &str, wanted: &mut Wanted) -> Result<u8, String> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic() && c != ':') {
        return Err("must name a header".to_owned());
    }
    wanted
        .slot(name)
        .ok_or_else(|| format!("is one header too many: a configuration looks into at most {}", Wanted::FREE))
}

/// Statuses: numbers, `"5xx"` and `"400-499"`, one or several.
fn statuses(table: &mut Table<'_, '_>, key: &'static str) -> Option<Vec<RangeInclusive<u16>>> {
    let rule = "must be statuses such as 404, \"5xx\" or \"400-499\", from 100 to 599";
    table.typed(key, rule, |value| match value {
        Value::Array(all) if !all.is_empty() => all.iter().map(status).collect(),
        one => status(one).map(|range| vec![range]),
    })
}

fn status(value: &Value) -> Option<RangeInclusive<u16>> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| status_range(&number.to_string())),
        Value::String(text) => status_range(text),
        _ => None,
    }
}

/// The statuses that a text names.
pub(super) fn status_range(text: &str) -> Option<RangeInclusive<u16>> {
    let (from, to) = match text.strip_suffix("xx") {
        Some(class) => {
            let class = class.parse::<u16>().ok()?.checked_mul(100)?;
            (class, class.checked_add(99)?)
        }
        None => {
            let (from, to) = text.split_once('-').unwrap_or((text, text));
            (from.parse().ok()?, to.parse().ok()?)
        }
    };
    (from <= to && from >= 100 && to <= 599).then_some(from..=to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_numbers_classes_and_ranges() {
        assert_eq!(status_range("404"), Some(404..=404));
        assert_eq!(status_range("5xx"), Some(500..=599));
        assert_eq!(status_range("400-499"), Some(400..=499));
        for bad in ["", "xx", "6xx", "0xx", "99", "600", "500-400", "-1", "4x"] {
            assert_eq!(status_range(bad), None, "{bad}");
        }
    }
}
