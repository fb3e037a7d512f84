//! Headers whose values something asks for: rules, sampling, identity, and the core itself. Each has a slot, the same in
//! all header filters of a configuration.

use crate::{sight::bit, trace_context::TraceContext};

/// A header's place in [`Found`].
pub(crate) type Slot = u8;

/// Headers that a configuration may ask for, those of the core included.
const MOST: usize = 32;

/// What the core reads itself, in the order of the constants below.
const OWN: [&str; 4] = ["host", "traceparent", "content-type", "content-encoding"];
const HOST: Slot = 0;
pub(crate) const TRACEPARENT: Slot = 1;
const CONTENT_TYPE: Slot = 2;
const CONTENT_ENCODING: Slot = 3;

/// The names, by slot, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Wanted(Vec<String>);

impl Default for Wanted {
    fn default() -> Self {
        Self(OWN.map(str::to_owned).to_vec())
    }
}

impl Wanted {
    /// How many headers a configuration may ask for.
    pub(crate) const FREE: usize = MOST - OWN.len();

    /// The slot of a name; `None` if there are no more.
    pub(crate) fn slot(&mut self, name: &str) -> Option<Slot> {
        let name = name.to_ascii_lowercase();
        let at = self.0.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.0.push(name);
            self.0.len().saturating_sub(1)
        });
        (at < MOST).then(|| Slot::try_from(at).ok()).flatten()
    }

    /// The name in a slot.
    pub(crate) fn name(&self, slot: Slot) -> &str {
        self.0.get(usize::from(slot)).map_or("", String::as_str)
    }

    /// Each slot with its name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &str)> {
        (0..).zip(self.0.iter().take(MOST).map(String::as_str))
    }
}

/// The values that were asked for, of those headers that came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found<'a> {
    values: [Option<&'a [u8]>; MOST],
    /// A bit for each slot that has a value.
    present: u32,
    /// Two of them are none: nobody knows which to believe.
    traceparents: u32,
}

impl<'a> Found<'a> {
    /// Takes a value. Of several, the first is believed.
    pub(crate) fn put(&mut self, slot: Slot, value: &'a [u8]) {
        if let Some(place @ None) = self.values.get_mut(usize::from(slot)) {
            *place = Some(value);
            self.present |= bit(slot);
        }
        if slot == TRACEPARENT {
            self.traceparents = self.traceparents.saturating_add(1);
        }
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&'a [u8]> {
        self.values.get(usize::from(slot)).copied().flatten()
    }

    pub(crate) fn present(&self) -> u32 {
        self.present
    }

    pub(crate) fn host(&self) -> Option<&'a [u8]> {
        self.get(HOST)
    }

    pub(crate) fn content_type(&self) -> &'a [u8] {
        self.get(CONTENT_TYPE).unwrap_or_default()
    }

    pub(crate) fn content_encoding(&self) -> &'a [u8] {
        self.get(CONTENT_ENCODING).unwrap_or_default()
    }

    /// Where the caller stands.
    pub(crate) fn caller(&self) -> Option<TraceContext> {
        self.get(TRACEPARENT).filter(|_| self.traceparents == 1).and_then(TraceContext::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_slot_in_whatever_case() {
        let mut wanted = Wanted::default();
        assert_eq!(wanted.slot("Content-Type"), Some(CONTENT_TYPE));
        assert_eq!(wanted.slot("x-user"), wanted.slot("X-User"));
    }

    #[test]
    fn there_are_as_many_slots_as_are_promised() {
        let mut wanted = Wanted::default();
        let taken = (0..100).filter(|number| wanted.slot(&format!("x-{number}")).is_some()).count();
        assert_eq!(taken, Wanted::FREE);
    }
}
