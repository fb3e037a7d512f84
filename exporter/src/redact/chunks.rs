//! When the bytes of a body arrived, in whatever form they are looked into, until it is known which lines they are.
//!
//! A host says at which offsets of the body chunks began. What is looked into are other bytes, decoded; what is shown are others
//! still, with masks in them. Lines are the same in all of them, but for those that a mask swallows.

use offpath_core::event::{Body, MOST_ARRIVALS};

use super::edits::Edits;

/// Chunks of a body after the first one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunks {
    /// Where each begins, and when it came; in order.
    starts: Vec<(usize, u64)>,
    /// Up to where all of them are among these. `usize::MAX`: to the end.
    known: usize,
}

impl Chunks {
    /// Those that a host has noted of a body. `None` if it has noted none.
    pub(super) fn of(arrived: &[(u64, u64)], body: &Body) -> Option<Self> {
        let offset = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let (last, _) = *arrived.last()?;
        // Where the host has ceased to note them, others may have come after the last.
        let has_ceased = arrived.len() >= MOST_ARRIVALS || last >= body.head.len() as u64;
        Some(Self {
            starts: arrived.iter().map(|(start, ns)| (offset(*start), *ns)).collect(),
            known: if has_ceased { offset(last) } else { usize::MAX },
        })
    }

    /// All offsets in it, in order.
    pub(super) fn offsets(&self) -> impl Iterator<Item = usize> + '_ {
        let known = Some(self.known).filter(|known| *known != usize::MAX);
        self.starts.iter().map(|(start, _)| *start).chain(known)
    }

    /// The same in other bytes; `place` says where an offset is there. It is asked in order.
    pub(super) fn moved(self, mut place: impl FnMut(usize) -> usize) -> Self {
        let starts = self.starts.into_iter().map(|(start, ns)| (place(start), ns)).collect();
        let known = if self.known == usize::MAX { usize::MAX } else { place(self.known) };
        Self { starts, known }
    }

    /// When the lines arrived of what is shown of the first `end` of these bytes: for each chunk how many lines end before
    /// it, and as the last one how many lines this is known of; see `offpath_core::event::Arrivals`. `is_all`: the body ends
    /// there.
    pub(super) fn lines(&self, bytes: &[u8], end: usize, edits: &Edits, is_all: bool) -> Vec<(u64, u64)> {
        let known = self.known.min(end);
        let starts = || self.starts.iter().take_while(|(start, _)| *start < known);
        let offsets = starts().map(|(start, _)| *start).chain([known]);
        let mut lines = edits.lines_before(bytes, offsets);
        // A last line that has no end has arrived with the body's.
        let has_open_line = is_all && known == end && bytes.get(..end).is_some_and(ends_in_line);
        if let Some(known) = lines.last_mut() {
            *known += u64::from(has_open_line);
        }
        if lines.last() == Some(&0) {
            return Vec::new();
        }
        let last = starts().last().map_or(0, |(_, ns)| *ns);
        lines.into_iter().zip(starts().map(|(_, ns)| *ns).chain([last])).collect()
    }
}

fn ends_in_line(bytes: &[u8]) -> bool {
    bytes.last().is_some_and(|last| *last != b'\n')
}

#[cfg(test)]
mod tests;
