//! Spans of Langfuse's own SDK: Langfuse reads them by the SDK and the version that a request names, and each is of one
//! project.
//!
//! What a request says of who sends it holds for all that is in it, so those of each version go in a request of their own.
//! Source: `langfuse/_client/span_processor.py` of <https://github.com/langfuse/langfuse-python>; what the server makes of it:
//! `worker/src/queues/otelIngestionQueue.ts` of <https://github.com/langfuse/langfuse>.

use offpath_core::event::OtelSpan;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use prost::Message as _;

use crate::{
    config::Secret,
    otel::{Attributes, LANGFUSE_SDK, PUBLIC_KEY, major},
};

/// From this version on its spans are taken in at once.
const AT_ONCE: u32 = 4;

/// Whose a span is, as its scope says it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super::super) struct Signature {
    name: String,
    version: String,
    public_key: String,
}

/// Which projects of Langfuse there are.
#[derive(Debug, Clone)]
pub struct Projects {
    /// The public key of this sink's.
    pub own: Secret,
    /// Those of the other sinks' projects.
    pub others: Vec<Secret>,
}

impl Signature {
    pub(in super::super::super) fn of(otel: &OtelSpan) -> Self {
        let scope = InstrumentationScope::decode(otel.scope.as_slice()).unwrap_or_default();
        let public_key = Attributes(&scope.attributes).text(PUBLIC_KEY).unwrap_or_default().to_owned();
        Self { name: scope.name, version: scope.version, public_key }
    }

    /// Whether its scope has this name.
    pub(in super::super::super) fn is_of(&self, scope: &str) -> bool {
        self.name == scope
    }

    /// The version of the SDK whose it is, as a header can say it; `None` if it is not the SDK's.
    pub(in super::super::super) fn sdk(self) -> Option<String> {
        const LONGEST: usize = 40;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_');
        if !self.is_of(LANGFUSE_SDK) {
            return None;
        }
        let version = self.version;
        let is_one = version.len() <= LONGEST && version.bytes().all(allowed);
        Some(if is_one { version } else { String::new() })
    }
}

impl Projects {
    /// Whether a span is for another sink's project. One for a project that no sink has is for each.
    pub(in super::super::super) fn is_for_another(&self, otel: &OtelSpan) -> bool {
        let key = Signature::of(otel).public_key;
        key != self.own.expose() && self.others.iter().any(|other| key == other.expose())
    }
}

/// What a request with spans of this version says of who sends it: as the SDK itself does.
pub(in super::super::super) fn signed(headers: &mut Vec<(&'static str, String)>, version: String) {
    headers.retain(|(name, _)| !name.starts_with("x-langfuse-"));
    if major(&version) >= AT_ONCE {
        headers.push(("x-langfuse-ingestion-version", "4".to_owned()));
    }
    headers.push(("x-langfuse-sdk-name", "python".to_owned()));
    if !version.is_empty() {
        headers.push(("x-langfuse-sdk-version", version));
    }
}
