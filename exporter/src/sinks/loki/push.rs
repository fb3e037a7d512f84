//! What Loki's push API takes.
//!
//! ```text
//! PushRequest  1 streams *            Stream
//! Stream       1 labels               string, such as {kind="exchange", level="info"}
//!              2 entries *            Entry
//! Entry        1 timestamp            1 seconds, 2 nanoseconds
//!              2 line                 string
//!              3 structuredMetadata * 1 name, 2 value
//! ```
//!
//! Source: `pkg/push/push.proto` of <https://github.com/grafana/loki>; what Loki alone fills in is left out. A request is
//! compressed as a whole by Snappy's block format.

use prost::Message as _;

/// `application/x-protobuf`: Loki takes this to be compressed by Snappy, whatever the `Content-Encoding`.
pub(super) const CONTENT_TYPE: &str = "application/x-protobuf";

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) streams: Vec<Stream>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Stream {
    #[prost(string, tag = "1")]
    pub(super) labels: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Entry {
    #[prost(message, optional, tag = "1")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(string, tag = "2")]
    pub(super) line: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) structured_metadata: Vec<Pair>,
}

impl Entry {
    /// Bytes that Loki counts against its limits: metadata count as the line does.
    pub(super) fn size(&self) -> usize {
        let metadata = self.structured_metadata.iter().map(|pair| pair.name.len() + pair.value.len());
        self.line.len() + metadata.sum::<usize>()
    }
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Timestamp {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Pair {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

impl Timestamp {
    pub(super) fn of(unix_ns: u64) -> Self {
        const SECOND: u64 = 1_000_000_000;
        let seconds = i64::try_from(unix_ns / SECOND).unwrap_or(i64::MAX);
        Self { seconds, nanos: i32::try_from(unix_ns % SECOND).unwrap_or_default() }
    }
}

impl PushRequest {
    /// The request's body.
    pub(super) fn to_body(&self) -> Vec<u8> {
        // It fails for what is longer than 4 GiB, which no batch is.
        snap::raw::Encoder::new().compress_vec(&self.encode_to_vec()).unwrap_or_default()
    }
}
