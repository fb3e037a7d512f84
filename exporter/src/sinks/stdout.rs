//! `type = "stdout"`: one line of JSON per event on standard output, for containers whose output is collected.
//!
//! A pipe has no memory of what it took, so after a crash the last batch may be seen twice; its ids are the same.

use std::io::Write as _;

use super::{Batch, Sink, SinkError};
use crate::{event_json, spool::Cursor};

/// The sink.
#[derive(Debug)]
pub struct Stdout;

impl Sink for Stdout {
    fn open(&mut self, saved: &Cursor) -> Result<u64, SinkError> {
        Ok(saved.next)
    }

    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let mut lines = Vec::new();
        for event in &batch.events {
            event_json::write(event, &mut lines);
            lines.push(b'\n');
        }
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(&lines)?;
        Ok(stdout.flush()?)
    }
}
