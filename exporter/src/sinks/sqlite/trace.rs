//! Where an event stands in its trace, and what was used below it.
//!
//! What ends first comes first: children before their parents. So when an event comes, what is below it in its trace is
//! stored already, and tells whether the event's own usage is news: an agent's span often tells again what its calls told.

use std::collections::HashMap;

use rusqlite::{Connection, named_params};

use super::{facts::Facts, used::Used};

/// How far the clock of whoever recorded a child may be behind that of who recorded its parent.
const SKEW_NS: i64 = 60_000_000_000;

/// Events of a trace that are looked at, those that began first. Where there are more, what the others used is missing.
const MOST: i64 = 1_000;

/// What is below an event began when it began, or later.
const LATER: &str = "
SELECT span_id, parent_span_id, usage_counts, input_tokens, output_tokens, cost_usd
FROM events WHERE trace_id = :trace_id AND start_time >= :since ORDER BY start_time LIMIT :most";

/// What the columns of that name say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Place {
    pub(super) usage_counts: bool,
    /// Of one that is top: what it and all below it used.
    pub(super) trace: Used,
}

/// Looks for what is stored below the event.
pub(super) fn place(store: &Connection, facts: &Facts<'_>) -> rusqlite::Result<Place> {
    if !facts.top && facts.generation.is_none() {
        return Ok(Place::default());
    }
    let mut later = store.prepare_cached(LATER)?;
    let mut rows = later.query(named_params! {
        ":trace_id": facts.trace_id,
        ":since": facts.start_time.saturating_sub(SKEW_NS),
        ":most": MOST,
    })?;
    let mut children: HashMap<String, Vec<Child>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let Some(parent) = row.get::<_, Option<String>>("parent_span_id")? else { continue };
        children.entry(parent).or_default().push(Child {
            span_id: row.get("span_id")?,
            counts: row.get("usage_counts")?,
            used: Used {
                input_tokens: row.get("input_tokens")?,
                output_tokens: row.get("output_tokens")?,
                cost_usd: row.get("cost_usd")?,
            },
        });
    }
    let below = below(&facts.span_id, children);
    let usage_counts = facts.generation.is_some() && below.is_none();
    let own = facts.generation.filter(|_| usage_counts).unwrap_or_default();
    let trace = if facts.top { below.unwrap_or_default().plus(own) } else { Used::default() };
    Ok(Place { usage_counts, trace })
}

struct Child {
    span_id: String,
    counts: bool,
    used: Used,
}

/// What counts below a span; `None` if nothing does. Each span is entered once: ids are a producer's, and may form a circle.
fn below(span_id: &str, mut children: HashMap<String, Vec<Child>>) -> Option<Used> {
    let mut counted: Option<Used> = None;
    let mut open = children.remove(span_id).unwrap_or_default();
    while let Some(child) = open.pop() {
        if child.counts {
            counted = Some(counted.unwrap_or_default().plus(child.used));
        }
        open.extend(children.remove(&child.span_id).unwrap_or_default());
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(input: i64) -> Used {
        Used { input_tokens: Some(input), ..Used::default() }
    }

    fn child(span_id: &str, input: Option<i64>) -> Child {
        Child {
            span_id: span_id.to_owned(),
            counts: input.is_some(),
            used: input.map(used).unwrap_or_default(),
        }
    }

    fn tree<const N: usize>(children: [(&str, Vec<Child>); N]) -> HashMap<String, Vec<Child>> {
        children.map(|(parent, children)| (parent.to_owned(), children)).into()
    }

    #[test]
    fn what_counts_anywhere_below_is_summed_up() {
        let tree = tree([
            ("a", vec![child("b", None), child("c", Some(1))]),
            ("b", vec![child("d", Some(10))]),
            ("elsewhere", vec![child("e", Some(100))]),
        ]);
        assert_eq!(below("a", tree), Some(used(11)));
    }

    #[test]
    fn what_does_not_count_is_nothing() {
        assert_eq!(below("a", tree([("a", vec![child("b", None)])])), None);
    }

    #[test]
    fn spans_in_a_circle_are_counted_once() {
        let tree = tree([("a", vec![child("b", Some(1))]), ("b", vec![child("a", Some(10))])]);
        assert_eq!(below("a", tree), Some(used(11)));
    }
}
