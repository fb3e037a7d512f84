//! What users configure of it.

use offpath_core::config::Table;

use super::preset::{Preset, Target};
use crate::{config::Environment, delivery};

/// How requests are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

/// `[sinks.<name>]` with one of these types.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which of them.
    pub preset: Preset,
    /// Where spans go, and with what.
    pub target: Target,
    /// `encoding`: default protobuf.
    pub encoding: Encoding,
    /// `bodies`: whether what was said goes with the span. Default where the backend is there to show it, which those for
    /// models are.
    pub bodies: bool,
    /// What all sinks over HTTP have.
    pub delivery: delivery::Settings,
}

impl Settings {
    pub(crate) fn read(preset: Preset, table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let encoding =
            table.one_of("encoding", &[("protobuf", Encoding::Protobuf), ("json", Encoding::Json)]);
        if encoding == Some(Encoding::Json) && preset == Preset::Phoenix {
            table.refuse("encoding", "must be \"protobuf\": Phoenix takes no other", None);
        }
        let bodies = table.flag("bodies");
        let target = preset.target(table, env);
        let delivery = delivery::Settings::read(table, env);
        Some(Self {
            preset,
            target: target?,
            encoding: encoding.unwrap_or(Encoding::Protobuf),
            bodies: bodies.unwrap_or(preset.is_for_models()),
            delivery: delivery?,
        })
    }
}
