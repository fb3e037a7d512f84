//! An exchange in progress: its place in the sandbox, and which bytes of its bodies the core still wants.

use crate::{
    clock, process,
    recorder::Shared,
    sandbox::{Outcome, Plan, Want},
    texts::Texts,
};
use offpath_ring::LossReason;
use std::{sync::Arc, time::Instant};

/// One body while it passes.
#[derive(Debug)]
struct Passing {
    want: Want,
    seen: u64,
}

impl Passing {
    fn new(want: Want) -> Self {
        Self { want, seen: 0 }
    }

    /// What the plan wants of a chunk: its first bytes, how many to leave out, its last bytes.
    fn split<'a>(&mut self, chunk: &'a [u8]) -> (&'a [u8], u64, &'a [u8]) {
        let room = u64::from(self.want.head).saturating_sub(self.seen);
        self.seen = self.seen.saturating_add(chunk.len() as u64);
        let head = usize::try_from(room).unwrap_or(usize::MAX).min(chunk.len());
        let last = (chunk.len() - head).min(self.want.tail as usize);
        let skipped = chunk.len() - head - last;
        if skipped == 0 {
            return (chunk, 0, b"");
        }
        let (first, rest) = chunk.split_at(head);
        (first, skipped as u64, rest.get(skipped..).unwrap_or_default())
    }

    /// Whether the plan wants every byte of the next chunk.
    fn wants_all(&self, length: usize) -> bool {
        let room = u64::from(self.want.head).saturating_sub(self.seen) + u64::from(self.want.tail);
        length as u64 <= room
    }

    fn truncated(&self) -> bool {
        self.seen > u64::from(self.want.head) + u64::from(self.want.tail)
    }
}

/// An exchange in progress.
///
/// It ends exactly once: by [`Live::finish`], or when it is dropped without one, which is a counted loss.
#[derive(Debug)]
pub(crate) struct Live {
    shared: Arc<Shared>,
    exchange: u64,
    era: u32,
    generation: u32,
    start: Instant,
    request: Passing,
    response: Passing,
    over: bool,
}

/// What the host knows when an exchange ends.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) elapsed_ns: u64,
    pub(crate) outcome: Outcome,
    pub(crate) close_code: u16,
    /// Route template, subprotocol, and if something was raised its class and message.
    pub(crate) texts: Texts,
}

impl Live {
    /// An exchange that the guest of `era` knows by `plan`.
    pub(crate) fn new(shared: Arc<Shared>, plan: Plan, era: u32, generation: u32, start: Instant) -> Self {
        let request = Passing::new(plan.request);
        let response = Passing::new(plan.response);
        Self { shared, exchange: plan.exchange, era, generation, start, request, response, over: false }
    }

    /// Nanoseconds since the exchange began.
    pub(crate) fn elapsed_ns(&self) -> u64 {
        clock::elapsed_ns(self.start)
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// A chunk of the request body, or a message from a websocket's client.
    pub(crate) fn request_chunk(&mut self, chunk: &[u8]) {
        let (first, skipped, last) = self.request.split(chunk);
        let exchange = self.exchange;
        let mut guarded = self.shared.lock();
        let sandbox = &mut guarded.sandbox;
        let mut push = |bytes, skipped, new| {
            sandbox
                .call(self.era, |guest, store| guest.call_request_body(store, exchange, bytes, skipped, new))
        };
        push(first, skipped, true);
        if !last.is_empty() {
            push(last, 0, false);
        }
    }

    /// A chunk of the response body, or a message to a websocket's client.
    pub(crate) fn response_chunk(&mut self, chunk: &[u8]) {
        let elapsed = self.elapsed_ns();
        let (first, skipped, last) = self.response.split(chunk);
        let exchange = self.exchange;
        let mut guarded = self.shared.lock();
        let sandbox = &mut guarded.sandbox;
        let mut push = |bytes, skipped, new| {
            sandbox.call(self.era, |guest, store| {
                guest.call_response_body(store, exchange, elapsed, bytes, skipped, new)
            })
        };
        push(first, skipped, true);
        if !last.is_empty() {
            push(last, 0, false);
        }
    }

    /// Bytes that pass without being seen, as those of a file that the server sends by itself.
    pub(crate) fn response_unseen(&mut self, size: u64) {
        let elapsed = self.elapsed_ns();
        self.response.seen = self.response.seen.saturating_add(size);
        let exchange = self.exchange;
        self.shared.lock().sandbox.call(self.era, |guest, store| {
            guest.call_response_body(store, exchange, elapsed, b"", size, true)
        });
    }

    /// Status and headers of the response.
    pub(crate) fn response_head(&self, status: u16, headers: &Texts) {
        self.shared.lock().sandbox.call(self.era, |guest, store| {
            guest.call_response_head(store, self.exchange, status, headers.as_bytes())
        });
    }

    /// The last chunk of the response body goes with the ending, if it is wanted whole: one call into the guest less.
    /// Returns what is left to say about it then.
    pub(crate) fn last_chunk<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        if self.response.wants_all(chunk.len()) {
            self.response.seen += chunk.len() as u64;
            return chunk;
        }
        self.response_chunk(chunk);
        b""
    }

    /// Ends it: its event goes to the ring, or its loss is counted. `last` is what [`Self::last_chunk`] returned.
    pub(crate) fn finish(&mut self, ending: &Ending, last: &[u8]) {
        if std::mem::replace(&mut self.over, true) || self.generation != process::generation() {
            return;
        }
        let max_bytes = process::max_event();
        let mut guarded = self.shared.lock();
        let sandbox = &mut guarded.sandbox;
        let event = sandbox.call(self.era, |guest, store| {
            let Ending { elapsed_ns, outcome, close_code, texts } = ending;
            guest.call_finish(
                store,
                self.exchange,
                *elapsed_ns,
                *outcome,
                *close_code,
                max_bytes,
                texts.as_bytes(),
                last,
            )
        });
        match event {
            Some(event) if event.is_empty() => process::lose(LossReason::TooBig),
            Some(event) => process::commit(&event, self.request.truncated() || self.response.truncated()),
            None => process::lose(sandbox.ended_because()),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.over || self.generation != process::generation() {
            return;
        }
        let exchange = self.exchange;
        self.shared.lock().sandbox.call(self.era, |guest, store| guest.call_forget(store, exchange));
        process::lose(LossReason::Abandoned);
    }
}
