//! Exporters on many hosts write a stream of Redis, and exporters on others read it: every event once.

/// What is read is stored once, whichever reader is killed or stopped when.
mod intake;
/// What is written is in the stream once, whatever fails.
mod sink;
/// Nothing goes that a group has not read.
mod trim;

use crate::framework::{Place, redis::Server};

const STREAM: &str = "offpath:events";

/// An exporter that writes the stream; `more` goes into its sink's table.
fn writer(redis: &Server, more: &str) -> Place {
    Place::with(&format!("[sinks.stream]\ntype = \"redis\"\nurl = \"{}\"\n{more}", redis.url()))
}

/// An exporter that reads the stream into its store; `more` goes into the intake's table.
fn reader(redis: &Server, more: &str) -> Place {
    let intake = format!("[intake.redis]\nurl = \"{}\"\n{more}\n", redis.url());
    Place::with(&format!("{intake}[sinks.db]\ntype = \"sqlite\"\n"))
}

/// The ids in the stores of all readers, in order; one that is in two of them is there twice.
fn stored<'a>(readers: impl IntoIterator<Item = &'a Place>) -> Vec<u128> {
    let mut ids: Vec<u128> = readers.into_iter().flat_map(Place::stored).collect();
    ids.sort_unstable();
    ids
}

/// Fails with the differences alone.
fn assert_once(found: &[u128], expected: &[u128]) {
    let missing: Vec<&u128> = expected.iter().filter(|id| found.binary_search(id).is_err()).collect();
    let extra: Vec<&u128> = found.iter().filter(|id| expected.binary_search(id).is_err()).collect();
    let twice: Vec<&u128> = found.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(
        missing.is_empty() && extra.is_empty() && twice.is_empty(),
        "missing {missing:?}, extra {extra:?}, twice {twice:?}"
    );
}
