//! What the spool has of each producer, which is a ring or one of Envoy's lanes, so that after a restart nothing is taken
//! twice and no loss is reported twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::frame::{Header, Kind};

/// What the spool has of one producer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProducerState {
    /// Sequence of the last record that was appended; `None` if none was.
    pub sequence: Option<u64>,
    /// By reason, how many of the losses that the producer counted were appended.
    pub losses: BTreeMap<String, u64>,
}

/// [`ProducerState`] by id in hexadecimal: JSON has no 128-bit numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProducerStates(BTreeMap<String, ProducerState>);

impl ProducerStates {
    /// What is known of `producer`.
    #[must_use]
    pub fn get(&self, producer: u128) -> Option<&ProducerState> {
        self.0.get(&key(producer))
    }

    /// Who is known.
    pub fn ids(&self) -> impl Iterator<Item = u128> {
        self.0.keys().filter_map(|id| u128::from_str_radix(id, 16).ok())
    }

    /// Forgets a producer that is no more.
    pub fn forget(&mut self, producer: u128) {
        self.0.remove(&key(producer));
    }

    /// Takes note of a record that is in the spool. `reason` is that of a loss.
    pub(super) fn note(&mut self, header: &Header, reason: Option<&str>) {
        if header.producer == 0 {
            return;
        }
        let state = self.0.entry(key(header.producer)).or_default();
        match (header.kind, reason) {
            (Kind::Event, _) => state.sequence = Some(header.sequence),
            (Kind::Loss, Some(reason)) => {
                state.losses.insert(reason.to_owned(), header.sequence);
            }
            (Kind::Loss, None) => {}
        }
    }
}

fn key(producer: u128) -> String {
    format!("{producer:032x}")
}
