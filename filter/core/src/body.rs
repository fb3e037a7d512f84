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

/// How many bytes to keep of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) head: u32,
    pub(crate) tail: u32,
}

/// One direction's body while it passes.
#[derive(Debug)]
pub(crate) struct BodyCapture {
    limits: Limits,
    size: u64,
    chunks: u64,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    share: Share,
}

impl BodyCapture {
    pub(crate) fn new(limits: Limits, budget: &Budget) -> Self {
        Self { limits, size: 0, chunks: 0, head: Vec::new(), tail: VecDeque::new(), share: budget.share() }
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

    /// Reduces the body to its size.
    pub(crate) fn drop_content(&mut self) {
        self.head = Vec::new();
        self.tail = VecDeque::new();
    }

    /// Bytes that [`Self::write`] will write.
    pub(crate) fn encoded_size(&self) -> usize {
        let part = |tag, length| if length == 0 { 0 } else { wire::size(tag, length) };
        wire::number_size(SIZE, self.size) + part(HEAD, self.head.len()) + part(TAIL, self.tail.len())
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

    #[test]
    fn a_short_body_is_kept_whole_in_its_head() {
        let mut body = capture(8, 4);
        body.push(b"hello".to_vec(), 0, vec![]);
        assert_eq!(body.into_body(), Body { size: 5, head: b"hello".to_vec(), ..Body::default() });
    }

    #[test]
    fn a_long_body_keeps_its_two_ends() {
        let mut body = capture(3, 2);
        body.push(b"0123456789".to_vec(), 0, vec![]);
        let body = body.into_body();
        assert_eq!((body.head.as_slice(), body.tail.as_slice()), (b"012".as_slice(), b"89".as_slice()));
        assert_eq!((body.size, body.kept(), body.omitted()), (10, 5, 5));
    }

    #[test]
    fn what_the_host_skipped_counts_and_parts_the_ends() {
        let mut body = capture(3, 2);
        body.push(b"01234".to_vec(), 0, vec![]);
        body.push(vec![], 1000, b"89".to_vec());
        let body = body.into_body();
        assert_eq!((body.size, body.tail.as_slice()), (1007, b"89".as_slice()));
    }

    #[test]
    fn without_a_budget_only_the_size_is_kept() {
        let mut body = BodyCapture::new(Limits { head: 100, tail: 100 }, &Budget::new(4));
        body.push(vec![7; 50], 0, vec![]);
        assert_eq!(body.into_body(), Body { size: 50, ..Body::default() });
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
            let first = whole.len().min(head as usize);
            let last = whole.len().saturating_sub(tail as usize).max(first);
            prop_assert_eq!(body.size, whole.len() as u64);
            prop_assert_eq!(&body.head, &whole[..first]);
            prop_assert_eq!(&body.tail, &whole[last..]);
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
