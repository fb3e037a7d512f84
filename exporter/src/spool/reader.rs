//! A reader: streams records from where a sink stands, whatever the backlog, in the memory of one record and a chunk.

use std::{fs::File, io, ops::Range, sync::Arc};

use super::{
    Shared,
    frame::{Header, Kind},
    frames::Frames,
    segment,
};

/// A record in the spool.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Ordinal in the spool's life.
    pub index: u64,
    /// When it was appended, in nanoseconds since the Unix epoch.
    pub received_unix_ns: u64,
    /// What it is.
    pub kind: Kind,
    /// The encoded event.
    pub payload: &'a [u8],
}

/// Reads the spool in order.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    sink: Option<String>,
    next: u64,
    open: Option<Open>,
    missing: u64,
}

#[derive(Debug)]
struct Open {
    first: u64,
    limit: u64,
    frames: Frames,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, sink: Option<String>, next: u64) -> Self {
        Self { shared, sink, next, open: None, missing: 0 }
    }

    /// Index of the next record.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Goes to the record with index `next`. Returns how many that this reader's sink had read, but not
    /// delivered, are no longer in the spool.
    pub fn seek(&mut self, next: u64) -> u64 {
        self.open = None;
        self.next = next;
        self.missing = 0;
        self.sink.as_ref().map_or(0, |sink| self.shared.lock().seek(sink, next))
    }

    /// Records that were skipped since the last call: damaged, or, for a reader of no sink, gone before it
    /// came to them.
    pub fn take_missing(&mut self) -> u64 {
        std::mem::take(&mut self.missing)
    }

    /// The next record; `None` if there is none yet.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn read(&mut self) -> io::Result<Option<Record<'_>>> {
        let Some((header, range)) = self.advance()? else { return Ok(None) };
        let payload = self.open.as_ref().map_or(&[][..], |open| open.frames.payload(range));
        let Header { index, received_unix_ns, kind, .. } = header;
        Ok(Some(Record { index, received_unix_ns, kind, payload }))
    }

    fn advance(&mut self) -> io::Result<Option<(Header, Range<usize>)>> {
        loop {
            if let Some(open) = &mut self.open
                && let Some((header, range)) = open.frames.advance(open.limit)?
            {
                if header.index < self.next {
                    continue;
                }
                self.missing += header.index - self.next;
                self.next = header.index + 1;
                return Ok(Some((header, range)));
            }
            if !self.move_on()? {
                return Ok(None);
            }
        }
    }

    /// Makes more of the spool readable: more of this segment, or the next one. Returns whether there is more.
    fn move_on(&mut self) -> io::Result<bool> {
        let mut inner = self.shared.lock();
        let current = self.open.as_ref().map(|open| open.first);
        if let Some(open) = &mut self.open {
            let length =
                inner.segments.iter().rev().find(|segment| segment.first == open.first).map(|s| s.length);
            if let Some(length) = length
                && length > open.limit
            {
                open.limit = length;
                return Ok(true);
            }
        }
        let Some((first, length)) = inner.segment_after(current, self.next) else { return Ok(false) };
        let counted = self.sink.as_ref().map_or(0, |sink| inner.hold(sink, first));
        drop(inner);
        self.open = None;
        self.missing += first.saturating_sub(self.next.max(counted));
        self.next = self.next.max(first);
        match File::open(segment::path(&self.shared.directory, first)) {
            Ok(file) => {
                let offset = segment::read_header(&file)?.map_or(length, |(_, offset)| offset);
                let frames = Frames::new(file, self.shared.marker, offset);
                self.open = Some(Open { first, limit: length, frames });
                Ok(true)
            }
            // It was removed after the lock was let go; the list no longer has it.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.shared.has_segment(first) => {
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }
}
