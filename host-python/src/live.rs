//! An exchange in progress: its place in the sandbox, and which bytes of its bodies the core still wants.

use crate::{
    clock,
    place::Place,
    process,
    sandbox::{Finished, Outcome, Want},
    shared::{Asked, Guarded, Shared},
    spans::told::Told,
    texts::Texts,
};
use offpath_ring::LossReason;
use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

/// What is handed over of a chunk: its first bytes, how many are left out, its last bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Part<'a> {
    first: &'a [u8],
    skipped: u64,
    last: Option<&'a [u8]>,
}

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

    /// What the plan wants of a chunk.
    fn part<'a>(&mut self, chunk: &'a [u8]) -> Part<'a> {
        let room = u64::from(self.want.head).saturating_sub(self.seen);
        self.seen = self.seen.saturating_add(chunk.len() as u64);
        let head = usize::try_from(room).unwrap_or(usize::MAX).min(chunk.len());
        let last = (chunk.len() - head).min(self.want.tail as usize);
        let skipped = chunk.len() - head - last;
        if skipped == 0 {
            return Part { first: chunk, skipped: 0, last: None };
        }
        let (first, rest) = chunk.split_at(head);
        Part { first, skipped: skipped as u64, last: rest.get(skipped..).filter(|last| !last.is_empty()) }
    }

    fn truncated(&self) -> bool {
        self.seen > u64::from(self.want.kept)
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
    place: Place,
    request: Passing,
    response: Passing,
    over: bool,
    /// What the app tells of it, once it has begun to.
    told: OnceLock<Arc<Told>>,
}

/// What the host knows when an exchange ends.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) elapsed_ns: u64,
    pub(crate) outcome: Outcome,
    pub(crate) close_code: u16,
    /// As `filter/wit` says of the call `finish`.
    pub(crate) texts: Texts,
}

impl Live {
    /// Begins an exchange, a part of what `parent` says, or else of what its headers say; `None` if it is not to be recorded,
    /// or cannot be.
    pub(crate) fn begin(shared: Arc<Shared>, head: &Texts, parent: Option<Place>) -> Option<Self> {
        let start = Instant::now();
        let unix_ns = clock::unix_ns();
        let ids = process::ids(unix_ns)?;
        let mut guarded = shared.lock();
        let Guarded { sandbox, generation } = &mut *guarded;
        if sandbox.renew().is_err() {
            process::lose(LossReason::Internal);
            return None;
        }
        let era = sandbox.era();
        let (event_high, event_low) = halves(ids.event);
        let (trace_high, trace_low) = halves(parent.map_or(ids.trace, |parent| parent.trace));
        let (parent_span, flags) = parent.map_or((0, 0), |parent| (parent.span, parent.flags));
        let plan = sandbox.call(era, |guest, store| {
            guest.call_begin(
                store,
                unix_ns,
                event_high,
                event_low,
                trace_high,
                trace_low,
                ids.span,
                parent_span,
                flags,
                head.as_bytes(),
            )
        });
        let Some(plan) = plan else {
            process::lose(sandbox.ended_because());
            return None;
        };
        let generation = *generation;
        let trace = joined(plan.trace_id_high, plan.trace_id_low);
        let place = Place { trace, span: ids.span, flags: plan.trace_flags };
        drop(guarded);
        (plan.exchange != 0).then(|| Self {
            shared,
            exchange: plan.exchange,
            era,
            generation,
            start,
            place,
            request: Passing::new(plan.request),
            response: Passing::new(plan.response),
            over: false,
            told: OnceLock::new(),
        })
    }

    /// Where it stands in its trace.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Whether a call to this host takes a `traceparent` along.
    pub(crate) fn tells(&self, host: &[u8]) -> bool {
        self.shared.tells(host)
    }

    /// Whether there is any such host.
    pub(crate) fn tells_somebody(&self) -> bool {
        self.shared.tells_somebody()
    }

    /// Nanoseconds since the exchange began.
    pub(crate) fn elapsed_ns(&self) -> u64 {
        clock::elapsed_ns(self.start)
    }

    /// What is to be known of the scope when it ends.
    pub(crate) fn asked(&self) -> Option<Asked> {
        self.shared.asked()
    }

    /// What the app tells of it in its course.
    pub(crate) fn told(&self) -> Arc<Told> {
        Arc::clone(self.told.get_or_init(Arc::default))
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// A chunk of the request body, or a message from a websocket's client.
    pub(crate) fn request_chunk(&mut self, chunk: &[u8]) {
        let Part { first, skipped, last } = self.request.part(chunk);
        self.shared.lock().sandbox.call(self.era, |guest, store| {
            guest.call_request_body(store, self.exchange, first, skipped, last)
        });
    }

    /// A chunk of the response body, or a message to a websocket's client.
    pub(crate) fn response_chunk(&mut self, chunk: &[u8]) {
        let part = self.response.part(chunk);
        self.pass_response(part);
    }

    /// Bytes that pass without being seen, as those of a file that the server sends by itself.
    pub(crate) fn response_unseen(&mut self, size: u64) {
        self.response.seen = self.response.seen.saturating_add(size);
        self.pass_response(Part { skipped: size, ..Part::default() });
    }

    fn pass_response(&self, Part { first, skipped, last }: Part<'_>) {
        let elapsed = self.elapsed_ns();
        self.shared.lock().sandbox.call(self.era, |guest, store| {
            guest.call_response_body(store, self.exchange, elapsed, first, skipped, last)
        });
    }

    /// Status and headers of the response.
    pub(crate) fn response_head(&self, status: u16, headers: &Texts) {
        self.shared.lock().sandbox.call(self.era, |guest, store| {
            guest.call_response_head(store, self.exchange, status, headers.as_bytes())
        });
    }

    /// Ends it: its event goes to the ring, or its loss is counted. The `last` chunk of the response body goes along,
    /// which is one call into the guest less.
    pub(crate) fn finish(&mut self, ending: &Ending, last: &[u8]) {
        let Part { first, skipped, last } = self.response.part(last);
        if std::mem::replace(&mut self.over, true) || self.generation != process::generation() {
            return;
        }
        let max_bytes = process::max_event();
        let mut guarded = self.shared.lock();
        let sandbox = &mut guarded.sandbox;
        let finished = sandbox.call(self.era, |guest, store| {
            let Ending { elapsed_ns, outcome, close_code, texts } = ending;
            guest.call_finish(
                store,
                self.exchange,
                *elapsed_ns,
                *outcome,
                *close_code,
                max_bytes,
                texts.as_bytes(),
                first,
                skipped,
                last,
            )
        });
        match finished {
            Some(Finished::Event(mut event)) => {
                if let Some(told) = self.told.get() {
                    told.add_to_exchange(&mut event);
                }
                process::commit(&event, self.truncated());
            }
            Some(Finished::Unsampled(event)) => process::commit_unsampled(&event),
            Some(Finished::Nothing) => {}
            Some(Finished::TooLong) => process::lose(LossReason::TooBig),
            None => process::lose(sandbox.ended_because()),
        }
    }

    fn truncated(&self) -> bool {
        self.request.truncated() || self.response.truncated()
    }
}

/// The high and the low half of an id.
#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
pub(crate) fn halves(id: u128) -> (u64, u64) {
    ((id >> 64) as u64, id as u64)
}

fn joined(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
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
