//! `type = "otlp"`, and the presets on it: spans to whatever speaks OTLP over HTTP.

mod settings;

use offpath_core::event::Event;

pub use self::settings::{Preset, Settings};
use crate::delivery::{Backend, Request};

/// The sink.
#[derive(Debug)]
pub struct Otlp {
    settings: Settings,
}

impl Otlp {
    /// A sink with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Backend for Otlp {
    fn requests(&self, events: &[Event]) -> Vec<Request> {
        let _ = (&self.settings, events);
        Vec::new()
    }
}
