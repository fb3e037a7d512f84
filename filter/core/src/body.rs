//! The first and the last bytes of a body, in memory that does not grow with it.

use crate::{
    budget::{Budget, Share},
    wire,
};
use std::collections::VecDeque;

/// Tags of `Body`.
const SIZE: u32 = 1;
const HEAD: u32 = 2;
const TAIL: u32 = 3;

const HEAD_LIMIT: u32 = 4;
const TAIL_LIMIT: u32 = 5;

/// How far beyond a limit a body is handed over; see [`crate::limits`].
#[allow(clippy::cast_possible_truncation, reason = "it is a thousand")]
const MARGIN: u32 = crate::limits::MARGIN as u32;

/// How many bytes to keep of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) head: u32,
    pub(crate) tail: u32,
}

impl Limits {
    /// With what redaction needs beyond; nothing stays nothing.
    pub(crate) fn with_margin(self) -> Self {
        let wider = |limit: u32| if limit == 0 { 0 } else { limit.saturating_add(MARGIN) };
        Self { head: wider(self.head), tail: wider(self.tail) }
    }

    /// Limits that are as wide as the wider of the two.
    pub(crate) fn or_wider(self, other: Self) -> Self {
        Self { head: self.head.max(other.head), tail: self.tail.max(other.tail) }
    }

    fn and_narrower(self, other: Self) -> Self {
        Self { head: self.head.min(other.head), tail: self.tail.min(other.tail) }
    }
}

/// One direction's body while it passes.
#[derive(Debug)]
pub(crate) struct BodyCapture {
    /// What is to be kept in the end.
    kept: Limits,
    /// What is held meanwhile: wider, by the margin.
    limits: Limits,
    /// Its content is encoded: what comes out is longer, so whoever decodes it has to know where to cut.
    is_encoded: bool,
    size: u64,
    chunks: u64,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    share: Share,
}

impl BodyCapture {
    pub(crate) fn new(kept: Limits, budget: &Budget) -> Self {
        Self {
            kept,
            limits: kept.with_margin(),
            is_encoded: false,
            size: 0,
            chunks: 0,
            head: Vec::new(),
            tail: VecDeque::new(),
            share: budget.share(),
        }
    }

    /// Its `Content-Encoding` is not empty.
    pub(crate) fn comes_encoded(&mut self) {
        self.is_encoded = true;
    }

    /// Narrows what is to be kept, when it is known under which of several rules the body passes.
    pub(crate) fn narrow(&mut self, kept: Limits) {
        let kept = kept.and_narrower(self.kept);
        if kept == self.kept {
            return;
        }
        self.kept = kept;
        let held = kept.with_margin();
        // A limit that is 0 by now because the memory was used up stays so.
        self.limits = held.and_narrower(self.limits);
        let (head, tail) = (held.head as usize, held.tail as usize);
        if self.head.len() > head {
            let held = self.head.len().saturating_add(self.tail.len()) as u64;
            let beyond = self.head.split_off(head);
            if held == self.size {
                // Nothing was left out in between: what the head gives up is where the tail begins.
                beyond.into_iter().rev().for_each(|byte| self.tail.push_front(byte));
            }
        }
        self.tail.drain(..self.tail.len().saturating_sub(tail));
    }

    /// Takes one chunk: its first bytes, how many the host then left out, and its last bytes.
    pub(crate) fn push(&mut self, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        if !first.is_empty() || skipped > 0 || !last.is_empty() {
            self.end_chunk();
            self.push_part(first, skipped, last);
        }
    }

    /// Takes a part of a chunk that comes in several; [`Self::end_chunk`] is to follow the last one.
    pub(crate) fn push_part(&mut self, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        let room = u64::from(self.limits.head).saturating_sub(self.size);
        self.size = self.size.saturating_add((first.len() as u64).saturating_add(skipped));
        let for_head = first.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        if for_head == first.len() {
            self.keep_head(first);
        } else {
            let (head, tail) = first.split_at_checked(for_head).unwrap_or_default();
            self.keep_head(head.to_vec());
            self.keep_tail(tail.to_vec());
        }
        if skipped > 0 {
            // What stood before the gap is not the end of the body any more.
            self.tail.clear();
        }
        self.size = self.size.saturating_add(last.len() as u64);
        self.keep_tail(last);
    }

    /// Counts a chunk.
    pub(crate) fn end_chunk(&mut self) {
        self.chunks = self.chunks.saturating_add(1);
    }

    pub(crate) fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Bytes that have passed.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// How many of the first bytes are held, if there are as many.
    pub(crate) fn head_limit(&self) -> u32 {
        self.limits.head
    }

    /// Whether any of the first bytes are.
    pub(crate) fn has_head(&self) -> bool {
        !self.head.is_empty()
    }

    /// Reduces the body to its size.
    pub(crate) fn drop_content(&mut self) {
        self.head = Vec::new();
        self.tail = VecDeque::new();
    }

    /// Bytes that [`Self::write`] will write.
    pub(crate) fn encoded_size(&self) -> usize {
        let part = |tag, length| if length == 0 { 0 } else { wire::size(tag, length) };
        let limits = self.cut().map_or(0, |Limits { head, tail }| {
            wire::present_number_size(HEAD_LIMIT, head.into())
                + wire::present_number_size(TAIL_LIMIT, tail.into())
        });
        wire::number_size(SIZE, self.size)
            + part(HEAD, self.head.len())
            + part(TAIL, self.tail.len())
            + limits
    }

    /// Where to cut what is held, if it is, or may be, more than is to be kept.
    fn cut(&self) -> Option<Limits> {
        let Limits { head, tail } = self.kept;
        let is_longer = self.size > u64::from(head).saturating_add(tail.into());
        let holds_any = !self.head.is_empty() || !self.tail.is_empty();
        ((is_longer || self.is_encoded) && holds_any).then_some(self.kept)
    }

    /// Writes what was kept, as a `Body`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        wire::number(out, SIZE, self.size);
        wire::bytes(out, HEAD, &self.head);
        if !self.tail.is_empty() {
            wire::head(out, TAIL, self.tail.len());
            let (first, second) = self.tail.as_slices();
            out.extend_from_slice(first);
            out.extend_from_slice(second);
        }
        if let Some(Limits { head, tail }) = self.cut() {
            wire::present_number(out, HEAD_LIMIT, head.into());
            wire::present_number(out, TAIL_LIMIT, tail.into());
        }
    }

    /// The first chunk is kept as it is, with no copy: most bodies have one.
    fn keep_head(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() || self.limits.head == 0 {
            return;
        }
        if !self.share.grow(bytes.len()) {
            // A head with a hole in it would be read as what was sent.
            self.limits.head = 0;
        } else if self.head.is_empty() {
            self.head = bytes;
        } else {
            self.head.extend_from_slice(&bytes);
        }
    }

    fn keep_tail(&mut self, mut bytes: Vec<u8>) {
        let limit = self.limits.tail as usize;
        bytes.drain(..bytes.len().saturating_sub(limit));
        if bytes.is_empty() {
            return;
        }
        // Paid for once, whole, when the first byte goes past the head.
        if self.tail.capacity() == 0 && !self.share.grow(limit) {
            self.limits.tail = 0;
        } else if self.tail.is_empty() {
            // Here too the first of them is kept as it is.
            self.tail = bytes.into();
        } else {
            let overflow = (self.tail.len() + bytes.len()).saturating_sub(limit);
            self.tail.drain(..overflow);
            self.tail.extend(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Body;
    use proptest::prelude::*;

    impl BodyCapture {
        fn into_body(self) -> Body {
            let mut bytes = Vec::new();
            self.write(&mut bytes);
            assert_eq!(bytes.len(), self.encoded_size());
            prost::Message::decode(bytes.as_slice()).expect("a body")
        }
    }

    fn capture(head: u32, tail: u32) -> BodyCapture {
        BodyCapture::new(Limits { head, tail }, &Budget::new(1 << 20))
    }

    /// Numbers that differ, so that a byte in the wrong place is seen.
    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|number| u8::try_from(number % 251).unwrap_or(0)).collect()
    }

    const MARGIN: usize = super::MARGIN as usize;

    #[test]
    fn a_short_body_is_kept_whole_in_its_head() {
        let mut body = capture(8, 4);
        body.push(b"hello".to_vec(), 0, vec![]);
        assert_eq!(body.into_body(), Body { size: 5, head: b"hello".to_vec(), ..Body::default() });
    }

    #[test]
    fn a_long_body_keeps_its_two_ends_and_what_lies_beyond_them() {
        let mut body = capture(3, 2);
        let all = bytes(10 * MARGIN);
        body.push(all.clone(), 0, vec![]);
        let body = body.into_body();
        assert_eq!(Some(body.head.as_slice()), all.get(..3 + MARGIN));
        assert_eq!(Some(body.tail.as_slice()), all.get(9 * MARGIN - 2..));
        assert_eq!((body.size, body.head_limit, body.tail_limit), (all.len() as u64, Some(3), Some(2)));
    }

    #[test]
    fn what_the_host_skipped_counts_and_parts_the_ends() {
        let mut body = capture(3, 2);
        body.push(b"01234".to_vec(), 0, vec![]);
        body.push(vec![], 9000, b"89".to_vec());
        let body = body.into_body();
        assert_eq!((body.size, body.tail.as_slice()), (9007, b"89".as_slice()));
    }

    #[test]
    fn of_a_body_that_is_wanted_at_one_end_the_other_is_not_held() {
        let mut body = capture(3, 0);
        body.push(bytes(9000), 0, vec![]);
        assert_eq!(body.into_body().tail, b"");
    }

    #[test]
    fn without_a_budget_only_the_size_is_kept() {
        let mut body = BodyCapture::new(Limits { head: 100, tail: 100 }, &Budget::new(4));
        body.push(vec![7; 50], 0, vec![]);
        assert_eq!(body.into_body(), Body { size: 50, ..Body::default() });
    }

    #[test]
    fn a_body_that_found_no_memory_gets_no_hole_by_being_narrowed() {
        let mut body = BodyCapture::new(Limits { head: 9000, tail: 0 }, &Budget::new(100));
        body.push(vec![1; 60], 0, vec![]);
        body.push(vec![2; 60], 0, vec![]);
        body.narrow(Limits { head: 8000, tail: 0 });
        body.push(vec![3; 20], 0, vec![]);
        assert_eq!(body.into_body().head, [1; 60]);
    }

    /// What a host does with a chunk: hand over what the plan wants, and skip the rest.
    fn hand_over(body: &mut BodyCapture, seen: usize, chunk: &[u8]) {
        let head = (body.limits.head as usize).saturating_sub(seen).min(chunk.len());
        let rest = chunk.len() - head;
        let tail = rest.min(body.limits.tail as usize);
        if tail == rest {
            body.push(chunk.to_vec(), 0, vec![]);
        } else {
            body.push(chunk[..head].to_vec(), (rest - tail) as u64, chunk[chunk.len() - tail..].to_vec());
        }
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..12),
            head in 0_u32..50,
            tail in 0_u32..50,
            skip: bool,
        ) {
            let whole = chunks.concat();
            let mut body = capture(head, tail);
            let mut seen = 0;
            for chunk in &chunks {
                if skip { hand_over(&mut body, seen, chunk) } else { body.push(chunk.clone(), 0, vec![]) }
                seen += chunk.len();
            }
            let body = body.into_body();
            let held = Limits { head, tail }.with_margin();
            let first = whole.len().min(held.head as usize);
            let last = whole.len().saturating_sub(held.tail as usize).max(first);
            prop_assert_eq!(body.size, whole.len() as u64);
            prop_assert_eq!(&body.head, &whole[..first]);
            prop_assert_eq!(&body.tail, &whole[last..]);
        }

        #[test]
        fn a_body_narrowed_at_the_end_is_one_that_was_narrow_from_the_start(
            size in 0_usize..6000,
            wide in (0_u32..3000, 0_u32..3000),
            narrow in (0_u32..3000, 0_u32..3000),
        ) {
            let narrow = Limits { head: narrow.0.min(wide.0), tail: narrow.1.min(wide.1) };
            let (mut wide, mut expected) = (capture(wide.0, wide.1), capture(narrow.head, narrow.tail));
            wide.push(bytes(size), 0, vec![]);
            expected.push(bytes(size), 0, vec![]);
            wide.narrow(narrow);
            prop_assert_eq!(wide.into_body(), expected.into_body());
        }

        #[test]
        fn a_budget_that_runs_out_never_breaks_the_ends(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..12),
            budget in 0_usize..100,
        ) {
            let whole = chunks.concat();
            let mut body = BodyCapture::new(Limits { head: 20, tail: 20 }, &Budget::new(budget));
            chunks.into_iter().for_each(|chunk| body.push(chunk, 0, vec![]));
            let body = body.into_body();
            prop_assert!(whole.starts_with(&body.head));
            prop_assert!(body.kept() <= budget as u64);
            prop_assert!(whole.ends_with(&body.tail));
        }
    }
}
