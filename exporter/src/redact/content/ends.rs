//! The first and the last bytes of what is decoded, in memory that does not grow with it.

use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Ends {
    most_head: usize,
    most_tail: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    length: usize,
}

impl Ends {
    pub(super) fn new(most_head: usize, most_tail: usize) -> Self {
        Self { most_head, most_tail, head: Vec::new(), tail: VecDeque::new(), length: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        let (head, tail) = bytes.split_at(bytes.len().min(self.most_head - self.head.len()));
        self.head.extend_from_slice(head);
        let tail = &tail[tail.len().saturating_sub(self.most_tail)..];
        self.tail.drain(..(self.tail.len() + tail.len()).saturating_sub(self.most_tail));
        self.tail.extend(tail);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Head, tail, and how many bytes there were. Without the end, there is no tail.
    pub(super) fn into_parts(self, is_over: bool) -> (Vec<u8>, Vec<u8>, usize) {
        let tail = if is_over { self.tail.into() } else { Vec::new() };
        (self.head, tail, self.length)
    }
}
