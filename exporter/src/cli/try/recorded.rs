//! An exchange as a recording has it, whichever kind of recording that is.

use offpath_core::event::Outcome;

/// An exchange as it came, as far as the recording knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded {
    /// Which host saw it: see `Event.source`.
    pub(super) source: String,
    /// Nanoseconds since the Unix epoch; 0 if unknown.
    pub(super) start_unix_ns: u64,
    pub(super) duration_ns: u64,
    pub(super) first_byte_ns: Option<u64>,
    /// Trace-id, where it is not for a `traceparent` to tell.
    pub(super) trace_id: Option<u128>,
    pub(super) method: String,
    pub(super) scheme: String,
    pub(super) authority: String,
    pub(super) path: String,
    /// Without `?`.
    pub(super) query: String,
    pub(super) http_version: String,
    pub(super) client: String,
    pub(super) route: String,
    /// `None`: there was no response.
    pub(super) status: Option<u16>,
    pub(super) outcome: Outcome,
    /// Class and message.
    pub(super) error: Option<(String, String)>,
    /// Close code and subprotocol of a websocket.
    pub(super) websocket: Option<(u16, String)>,
    pub(super) grpc_status: Option<u32>,
    pub(super) request: Side,
    pub(super) response: Side,
}

/// One direction.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    /// Name and value, in the order in which they came.
    pub(super) headers: Vec<(String, String)>,
    /// The body; of a websocket, each of its messages.
    pub(super) parts: Vec<Part>,
}

/// Bytes of a body, as far as the recording holds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) head: Vec<u8>,
    /// Bytes between the two that the recording does not hold.
    pub(super) missing: u64,
    pub(super) tail: Vec<u8>,
}

impl Part {
    /// A part that is there as a whole.
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self { head: bytes, ..Self::default() }
    }

    /// A part of which only the size is known.
    pub(super) fn unknown(size: u64) -> Self {
        Self { missing: size, ..Self::default() }
    }

    fn size(&self) -> u64 {
        (self.head.len() as u64).saturating_add(self.missing).saturating_add(self.tail.len() as u64)
    }
}

impl Side {
    /// A side with one body, unless that is empty.
    pub(super) fn new(headers: Vec<(String, String)>, body: Part) -> Self {
        let parts = if body.size() == 0 { Vec::new() } else { vec![body] };
        Self { headers, parts }
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| header.1.as_str())
    }

    /// Bytes of all parts.
    pub(super) fn size(&self) -> u64 {
        self.parts.iter().map(Part::size).fold(0, u64::saturating_add)
    }
}

impl Recorded {
    /// Whether it is a websocket session.
    pub(super) fn is_websocket(&self) -> bool {
        self.scheme.starts_with("ws")
    }

    /// As an address bar shows it.
    pub(super) fn url(&self) -> String {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        format!("{}://{}{}{query}", self.scheme, self.authority, self.path)
    }
}
