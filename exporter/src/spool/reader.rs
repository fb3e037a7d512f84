//! A reader: streams records from where a sink stands, whatever the backlog, in the memory of one record and a chunk.

use std::{io, ops::Range, sync::Arc};

use super::{
    Segment, Shared, between,
    frame::{Header, Kind},
    frames::Frames,
    segment,
    system::Open as How,
};

/// How often in a row it is tried to read a place of the disk before it is given up.
const MOST_TRIES: u32 = 10;

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
    /// How often in a row the disk has failed, and where.
    failed: (u64, u32),
}

#[derive(Debug)]
struct Open {
    first: u64,
    /// Index that no record of the segment has, nor any after it: what says otherwise belongs elsewhere.
    end: u64,
    limit: u64,
    frames: Frames,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, sink: Option<String>, next: u64) -> Self {
        Self { shared, sink, next, open: None, missing: 0, failed: (0, 0) }
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
    /// The disk fails. What it fails to read again and again counts as damaged.
    pub fn read(&mut self) -> io::Result<Option<Record<'_>>> {
        let advanced = self.advance().inspect_err(|_| {
            let (next, times) = self.failed;
            self.failed = (self.next, if next == self.next { times + 1 } else { 1 });
        });
        let Some((header, range)) = advanced? else { return Ok(None) };
        let payload = self.open.as_ref().map_or(&[][..], |open| open.frames.payload(range));
        let Header { index, received_unix_ns, kind, .. } = header;
        Ok(Some(Record { index, received_unix_ns, kind, payload }))
    }

    fn advance(&mut self) -> io::Result<Option<(Header, Range<usize>)>> {
        loop {
            if let Some(open) = &mut self.open
                && let Some((header, range)) = open.frames.advance(open.limit)?
            {
                let gap = open.frames.gap();
                if !gap.is_empty() {
                    self.shared.set_aside(open.first, gap, open.frames.file());
                }
                if header.index < self.next || header.index >= open.end {
                    continue;
                }
                self.missing += between(self.next, header.index);
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
            let segment = inner.segments.iter().rev().find(|segment| segment.first == open.first);
            if let Some(segment) = segment
                && segment.length > open.limit
            {
                (open.limit, open.end) = (segment.length, inner.end_of(open.first));
                return Ok(true);
            }
        }
        let Some(Segment { first, length, .. }) = inner.segment_after(current, self.next) else {
            // What the spool ends with is damaged.
            self.missing += between(self.next, inner.end);
            self.next = self.next.max(inner.end);
            drop(inner);
            self.set_aside_tail();
            return Ok(false);
        };
        let end = inner.end_of(first);
        let counted = self.sink.as_ref().map_or(0, |sink| inner.hold(sink, first));
        drop(inner);
        self.set_aside_tail();
        self.open = None;
        self.missing += between(self.next.max(counted), first);
        self.next = self.next.max(first);
        self.open = self.segment(first..end, length)?;
        Ok(true)
    }

    /// Opens a segment; `None` if it has gone meanwhile.
    fn segment(&self, Range { start: first, end }: Range<u64>, limit: u64) -> io::Result<Option<Open>> {
        let path = segment::path(&self.shared.directory, first);
        let file = match self.shared.system.open(&path, How::Read) {
            Ok(file) => file,
            // It was removed after the lock was let go; the list no longer has it.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.shared.has_segment(first) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let gives_up = self.failed.0 == self.next && self.failed.1 >= MOST_TRIES;
        let marker = self.shared.marker;
        let frames = if gives_up {
            let mut frames = Frames::behind_damage(file, marker);
            frames.give_up();
            frames
        } else {
            Frames::of(file, marker)?.0
        };
        Ok(Some(Open { first, end, limit, frames }))
    }

    /// Sets aside what is damaged at the end of the segment that is open.
    fn set_aside_tail(&self) {
        if let Some(open) = &self.open
            && open.frames.good_end() < open.limit
        {
            self.shared.set_aside(open.first, open.frames.good_end()..open.limit, open.frames.file());
        }
    }
}
