//! A lane: one batch at a time, sent until it is answered.

use super::{Events, Losses};
use offpath_core::batch::{self, Envelope};

/// How long an answer may take. Envoy is told the same, and not relied on: it has been known to forget
/// (<https://github.com/Kuadrant/wasm-shim/issues/425>).
pub(crate) const TIMEOUT_MS: u32 = 5_000;
const TIMEOUT_NS: u64 = 1_000_000 * TIMEOUT_MS as u64;
/// Given to Envoy's own timeout to come first.
const GRACE_NS: u64 = 1_000_000_000;
const FIRST_BACKOFF_NS: u64 = 100_000_000;
const LAST_BACKOFF_NS: u64 = 2_000_000_000;

/// What came of a batch that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The exporter has it.
    Stored,
    /// The exporter will never take it.
    Refused,
    /// It may take it another time.
    Failed,
}

impl Answer {
    /// By the status of the answer; `None`: there was none.
    pub(crate) fn of(status: Option<u16>) -> Self {
        match status {
            Some(200..300) => Self::Stored,
            // Slow down, and the like, are no fault of the batch. Nor is a 404: that is another server, or another version.
            Some(400 | 413 | 415 | 422) => Self::Refused,
            _ => Self::Failed,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Lane {
    state: State,
    /// Number of the batch's first event.
    first_sequence: u64,
    events: Events,
    /// Where in its bytes the events end and the envelope begins.
    end: usize,
    backoff_ns: u64,
    /// Losses that its batch, as it was sent last, tells of.
    tells: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has no batch.
    #[default]
    Free,
    /// It has one to send, no sooner than this.
    Due(u64),
    /// It awaits the answer to a call.
    Sent(Call),
}

/// A batch on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Call {
    /// The root context that made the call, and that its answer comes to: should it go, the call goes with it.
    root: u32,
    token: u32,
    /// How long the answer is awaited, in nanoseconds of the monotonic clock.
    until_ns: u64,
}

impl Lane {
    pub(super) fn is_free(&self) -> bool {
        self.state == State::Free
    }

    /// Whether its batch is to be sent now; also one whose answer never came.
    pub(super) fn is_due(&self, now_ns: u64) -> bool {
        match self.state {
            State::Free => false,
            State::Due(at) => now_ns >= at,
            State::Sent(call) => now_ns >= call.until_ns,
        }
    }

    pub(super) fn awaits(&self, token: u32) -> bool {
        matches!(self.state, State::Sent(call) if call.token == token)
    }

    /// Whether an answer is awaited that comes to this root context.
    pub(super) fn is_sent_by(&self, root: u32) -> bool {
        matches!(self.state, State::Sent(call) if call.root == root)
    }

    /// The root context that sent the batch is gone, and the call with it: it is to be sent again, at once.
    pub(super) fn abandon(&mut self, root: u32) {
        if self.is_sent_by(root) {
            self.state = State::Due(0);
        }
    }

    pub(super) fn held(&self) -> usize {
        self.events.bytes.len()
    }

    /// How many events its batch has.
    pub(super) fn events(&self) -> u64 {
        self.events.count
    }

    /// How many losses its batch tells of.
    pub(super) fn tells(&self) -> u64 {
        self.tells
    }

    /// Takes a batch on. Numbers begin with 1, and go on where the last batch ended.
    pub(super) fn load(&mut self, events: Events) {
        self.first_sequence = self.first_sequence.max(1);
        self.end = events.bytes.len();
        self.events = events;
        self.backoff_ns = 0;
        self.state = State::Due(0);
    }

    /// The batch, with what was lost until now.
    pub(super) fn body(&mut self, epoch: u128, lane: u32, losses: Losses) -> Option<&[u8]> {
        if self.is_free() {
            return None;
        }
        self.events.bytes.truncate(self.end);
        self.tells = losses.total();
        let envelope = Envelope { epoch, lane, first_sequence: self.first_sequence };
        batch::push_envelope(&mut self.events.bytes, &envelope, losses.iter());
        Some(&self.events.bytes)
    }

    pub(super) fn sent(&mut self, root: u32, token: u32, now_ns: u64) {
        let until_ns = now_ns.saturating_add(TIMEOUT_NS).saturating_add(GRACE_NS);
        self.state = State::Sent(Call { root, token, until_ns });
    }

    /// Lets go of the batch: it has arrived, or never will.
    pub(super) fn clear(&mut self) -> Events {
        let events = std::mem::take(&mut self.events);
        self.first_sequence = self.first_sequence.saturating_add(events.count);
        self.state = State::Free;
        events
    }

    /// Sends the batch again, later each time.
    pub(super) fn back_off(&mut self, now_ns: u64) {
        self.backoff_ns = self.backoff_ns.saturating_mul(2).clamp(FIRST_BACKOFF_NS, LAST_BACKOFF_NS);
        self.state = State::Due(now_ns.saturating_add(self.backoff_ns));
    }
}
