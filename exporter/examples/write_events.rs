//! What `tests/peers` writes with: events of every kind, in a ring as an app's host would leave them.
//!
//! `write_events < LINES` writes one event for each line, its JSON, into a ring of its own in `OFFPATH_DIR`.

use std::{io::BufRead as _, path::PathBuf};

use offpath_exporter::event_json;
use offpath_ring::{Options, Producer};

/// The ring's record kind for an encoded event.
const EVENT: u8 = 1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rings = PathBuf::from(std::env::var_os("OFFPATH_DIR").ok_or("OFFPATH_DIR is not set")?);
    let mut ring = Producer::create(&rings, &Options { capacity: 8 << 20 })?;
    for line in std::io::stdin().lock().lines() {
        ring.write(EVENT, &event_json::read(line?.as_bytes())?.to_bytes())?;
    }
    Ok(())
}
