//! The spans that are in progress, so that none is lost that the process ends before.

use super::inner::Inner;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicUsize, Ordering},
};

static LIVE: Mutex<Live> = Mutex::new(Live { spans: Vec::new(), free: Vec::new() });

#[derive(Debug)]
struct Live {
    spans: Vec<Weak<Inner>>,
    /// Places in it that may be used again.
    free: Vec<usize>,
}

/// A span's place among them.
#[derive(Debug)]
pub(super) struct Slot(AtomicUsize);

/// Of a span that is not among them.
const NONE: usize = usize::MAX;

impl Slot {
    pub(super) const fn none() -> Self {
        Self(AtomicUsize::new(NONE))
    }
}

fn live() -> MutexGuard<'static, Live> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A span has begun.
pub(super) fn enter(span: &Arc<Inner>, slot: &Slot) {
    let mut live = live();
    let weak = Arc::downgrade(span);
    let index = match live.free.pop() {
        Some(index) => {
            if let Some(place) = live.spans.get_mut(index) {
                *place = weak;
            }
            index
        }
        None => {
            live.spans.push(weak);
            live.spans.len() - 1
        }
    };
    slot.0.store(index, Ordering::Relaxed);
}

/// It has ended.
pub(super) fn leave(slot: &Slot) {
    let index = slot.0.swap(NONE, Ordering::Relaxed);
    if index != NONE {
        let mut live = live();
        if let Some(place) = live.spans.get_mut(index) {
            *place = Weak::new();
            live.free.push(index);
        }
    }
}

/// The process is about to end: those in progress become events as they are.
pub(crate) fn end_all() {
    let spans = std::mem::take(&mut live().spans);
    spans.iter().filter_map(Weak::upgrade).for_each(|span| span.exit());
}

/// In a forked child: all of them are its parent's.
pub(crate) fn forget_all() {
    let mut live = live();

    live.spans.clear();
    live.free.clear();
}
