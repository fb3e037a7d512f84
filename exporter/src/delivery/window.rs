//! What is delivered of the spool, in whatever order the answers come.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Indexes that are done: all before `next`, and some ranges above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// The lowest index that is open.
    next: u64,
    /// Start and end of each range that is done, none next to another, all above `next`.
    done: BTreeMap<u64, u64>,
}

impl Window {
    /// With all done before `next`.
    pub(super) fn new(next: u64) -> Self {
        Self { next, done: BTreeMap::new() }
    }

    /// As [`Window::state`] told, for a spool that ends at `end`. What is no such state is taken as if nothing were known.
    pub(super) fn restore(next: u64, state: &Value, end: u64) -> Self {
        let mut window = Self::new(next);
        for range in state.get("delivered").and_then(Value::as_array).into_iter().flatten() {
            if let (Some(start), Some(after)) =
                (range.get(0).and_then(Value::as_u64), range.get(1).and_then(Value::as_u64))
            {
                window.finish(start, after.min(end));
            }
        }
        window
    }

    /// What to keep beside `next`, so that a restart sends none of it again.
    pub(super) fn state(&self) -> Value {
        if self.done.is_empty() {
            return Value::Null;
        }
        let ranges: Vec<[u64; 2]> = self.done.iter().map(|(start, end)| [*start, *end]).collect();
        json!({ "delivered": ranges })
    }

    /// The lowest index that is open.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The first open index from `index` on.
    pub(super) fn open_from(&self, index: u64) -> u64 {
        let index = index.max(self.next);
        self.done.range(..=index).next_back().map_or(index, |(_, end)| index.max(*end))
    }

    /// How many of the indexes from `start` up to `end` are open.
    pub(super) fn count_open(&self, start: u64, end: u64) -> u64 {
        let (mut index, mut open) = (self.open_from(start), 0);
        while index < end {
            let until = self.done.range(index..).next().map_or(end, |(start, _)| (*start).min(end));
            open += until - index;
            index = self.open_from(until);
        }
        open
    }

    /// The indexes from `start` up to `end` are done.
    pub(super) fn finish(&mut self, start: u64, end: u64) {
        let (mut start, mut end) = (start.max(self.next), end);
        if start >= end {
            return;
        }
        if let Some((before, until)) = self.done.range(..start).next_back()
            && *until >= start
        {
            start = *before;
        }
        while let Some((from, until)) =
            self.done.range(start..=end).next().map(|(from, until)| (*from, *until))
        {
            self.done.remove(&from);
            end = end.max(until);
        }
        if start <= self.next {
            self.next = end;
        } else {
            self.done.insert(start, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_done_out_of_order_is_told_apart_and_joined_when_the_gap_is_closed() {
        let mut window = Window::new(10);
        window.finish(12, 14);
        window.finish(14, 15);
        assert_eq!((window.next(), window.state()), (10, json!({"delivered": [[12, 15]]})));
        assert_eq!(window.count_open(10, 20), 7);
        window.finish(10, 12);
        assert_eq!((window.next(), window.state()), (15, Value::Null));
    }

    #[test]
    fn a_spool_that_lost_its_end_takes_back_what_was_done_there() {
        let mut window = Window::new(3);
        window.finish(5, 9);
        let restored = Window::restore(3, &window.state(), 7);
        assert_eq!((restored.open_from(5), restored.open_from(7)), (7, 7));
        assert_eq!(Window::restore(3, &json!({"delivered": [[1], "x", [7, 5]]}), 9), Window::new(3));
    }

    proptest! {
        #[test]
        fn it_is_a_set_of_numbers(ranges in prop::collection::vec((0_u64..60, 0_u64..12), 0..40)) {
            let (mut window, mut model) = (Window::new(5), (0..5).collect::<BTreeSet<u64>>());
            for (start, length) in ranges {
                window.finish(start, start + length);
                model.extend(start..start + length);
                let lowest = (0..).find(|index| !model.contains(index)).expect("an open one");
                prop_assert_eq!(window.next(), lowest);
                for index in 0..80 {
                    let open = (index..).find(|index| !model.contains(index)).expect("an open one");
                    prop_assert_eq!(window.open_from(index), open);
                }
                let open = (7..50).filter(|index| !model.contains(index)).count() as u64;
                prop_assert_eq!(window.count_open(7, 50), open);
                prop_assert_eq!(&Window::restore(window.next(), &window.state(), 1_000), &window);
            }
        }
    }
}
