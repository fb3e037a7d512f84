//! What the spool has of each ring, so that after a restart nothing is taken twice and no loss is reported twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::frame::{Header, Kind};

/// What the spool has of one ring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingState {
    /// Sequence of the last record that was appended; `None` if none was.
    pub sequence: Option<u64>,
    /// By reason, how many of the losses that the ring counted were appended.
    pub losses: BTreeMap<String, u64>,
}

/// [`RingState`] by ring id in hexadecimal: JSON has no 128-bit numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RingStates(BTreeMap<String, RingState>);

impl RingStates {
    /// What is known of `ring`.
    #[must_use]
    pub fn get(&self, ring: u128) -> Option<&RingState> {
        self.0.get(&key(ring))
    }

    /// Forgets a ring that is no more.
    pub fn forget(&mut self, ring: u128) {
        self.0.remove(&key(ring));
    }

    /// Forgets all rings but those for which `keep` says so.
    pub fn retain(&mut self, keep: impl Fn(u128) -> bool) {
        self.0.retain(|ring, _| u128::from_str_radix(ring, 16).is_ok_and(&keep));
    }

    /// Takes note of a record that is in the spool. `reason` is that of a loss.
    pub(super) fn note(&mut self, header: &Header, reason: Option<&str>) {
        if header.ring == 0 {
            return;
        }
        let state = self.0.entry(key(header.ring)).or_default();
        match (header.kind, reason) {
            (Kind::Event, _) => state.sequence = Some(header.sequence),
            (Kind::Loss, Some(reason)) => {
                state.losses.insert(reason.to_owned(), header.sequence);
            }
            (Kind::Loss, None) => {}
        }
    }
}

fn key(ring: u128) -> String {
    format!("{ring:032x}")
}
