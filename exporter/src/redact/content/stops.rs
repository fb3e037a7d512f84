//! How much has been decoded when so much was read: what arrives of a body is encoded, and what is asked for is decoded.

use std::{
    cell::{Cell, RefCell},
    io::{self, Read},
};

/// Offsets in what is encoded, in order, and how much was given out when a decoder asked for the byte there: that is what
/// could be decoded of all before it. Where more comes of one read than a piece that is given out, a part of it is taken for
/// what came with the next.
#[derive(Debug)]
pub(super) struct Stops {
    offsets: Vec<usize>,
    reached: RefCell<Vec<usize>>,
    given: Cell<usize>,
}

/// A reader that reads up to the next stop and no further.
#[derive(Debug)]
pub(super) struct Stopping<'s, R> {
    reader: R,
    at: usize,
    stops: &'s Stops,
}

impl Stops {
    pub(super) fn new(offsets: Vec<usize>) -> Self {
        Self { offsets, reached: RefCell::default(), given: Cell::default() }
    }

    pub(super) fn reader<R: Read>(&self, reader: R) -> Stopping<'_, R> {
        Stopping { reader, at: 0, stops: self }
    }

    /// So many bytes more were given out.
    pub(super) fn give(&self, bytes: usize) {
        self.given.set(self.given.get().saturating_add(bytes));
    }

    /// What was given out at each stop; at those that were not reached, all of it.
    pub(super) fn into_reached(self) -> impl Iterator<Item = usize> {
        let missing = self.offsets.len().saturating_sub(self.reached.borrow().len());
        self.reached.into_inner().into_iter().chain(std::iter::repeat_n(self.given.get(), missing))
    }

    /// Takes note of the stops up to `at`, and returns how far it is to the next.
    fn pass(&self, at: usize) -> usize {
        let mut reached = self.reached.borrow_mut();
        while let Some(offset) = self.offsets.get(reached.len()) {
            if *offset > at {
                return offset - at;
            }
            reached.push(self.given.get());
        }
        usize::MAX
    }
}

impl<R: Read> Read for Stopping<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(self.stops.pass(self.at));
        let read = self.reader.read(&mut out[..most])?;
        self.at += read;
        Ok(read)
    }
}
