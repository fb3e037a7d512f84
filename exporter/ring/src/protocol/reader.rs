//! The consumer's half. What it reads is untrusted: it copies first, then checks the copy.

use super::Get;
use crate::layout::{self, Lead, RECORD_HEADER_LEN, RecordHeader, WORD, Word, index};
use std::{io, sync::atomic::Ordering};

/// How much is copied out at a time: enough that a copy's fixed cost vanishes, little enough for an exporter of many rings.
const WINDOW: u64 = 256 * 1024;

/// One record, copied out of the ring and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number in this ring: 0, 1, 2, … without gaps.
    pub sequence: u64,
    /// The kind that the producer gave it.
    pub kind: u8,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// Why the ring cannot be read at the cursor. The cursor stays where it is: the same error comes back until
/// [`Reader::skip_unread`], or until the ring is set aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Corrupt {
    /// The cursors contradict each other, or are no record boundary.
    #[error("the ring's write position {write_pos} cannot follow read position {cursor} in {capacity} bytes")]
    Positions {
        /// Where the reader is.
        cursor: u64,
        /// Where the ring says that its records end.
        write_pos: u64,
        /// Bytes of the data area.
        capacity: u64,
    },
    /// Neither a record nor padding begins here.
    #[error("position {position} holds neither a record nor padding (tag {tag})")]
    Tag {
        /// Where.
        position: u64,
        /// The tag found.
        tag: u8,
    },
    /// A length over the ring's limit, or past the end of what was written.
    #[error("the record at position {position} claims {len} bytes where at most {max} can be")]
    Length {
        /// Where.
        position: u64,
        /// The payload length it claims.
        len: u64,
        /// The most there can be.
        max: u64,
    },
    /// Padding that does not end where the data area ends.
    #[error("the padding at position {position} claims {len} bytes where {expected} are left before the end")]
    Padding {
        /// Where.
        position: u64,
        /// The length it claims.
        len: u64,
        /// The only right length.
        expected: u64,
    },
    /// Header and payload do not match their checksum.
    #[error("the record at position {position} does not match its checksum")]
    Checksum {
        /// Where.
        position: u64,
    },
    /// A record is missing, repeated or out of order.
    #[error("the record at position {position} has sequence {found}, but {expected} comes next")]
    Sequence {
        /// Where.
        position: u64,
        /// The sequence that comes next.
        expected: u64,
        /// The sequence found.
        found: u64,
    },
    /// The file ends too early, or reading it failed.
    #[error("the ring cannot be read at position {position}: {kind}")]
    Unreadable {
        /// Where.
        position: u64,
        /// What the system said.
        kind: io::ErrorKind,
    },
}

/// What [`Reader::skip_unread`] gave up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Bytes, padding and record headers included; at most the capacity.
    pub bytes: u64,
    /// Records, by the producer's own count; `None` when that count makes no sense, or when this reader began behind the
    /// ring's first record and has read none.
    pub records: Option<u64>,
}

/// The only reader of a ring.
#[derive(Debug)]
pub struct Reader<M> {
    memory: M,
    cursor: u64,
    /// The next record's sequence; unknown before the first record and after a skip.
    expected: Option<u64>,
    window: Window,
}

impl<M: Get> Reader<M> {
    /// Starts where the last reader released.
    pub fn new(memory: M) -> Self {
        let cursor = memory.load(Word::ReadPos, Ordering::Acquire);
        Self { memory, cursor, expected: None, window: Window::default() }
    }

    /// The memory it reads from.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// Bytes committed and not yet read; at most the capacity, whatever the ring claims.
    pub fn backlog(&self) -> u64 {
        let written = self.memory.load(Word::WritePos, Ordering::Acquire);
        written.saturating_sub(self.cursor).min(self.memory.capacity())
    }

    /// Hands the next records to `sink`, in order, until the backlog ends or the next record would pass `max_bytes` of ring
    /// space. The first is handed over whatever its size. Nothing is freed before [`release`](Self::release).
    ///
    /// # Errors
    /// When the next record is corrupt. Good records in front of it are handed over first: that call says how many, and
    /// the next call says what is wrong.
    pub fn read(&mut self, max_bytes: usize, mut sink: impl FnMut(Record<'_>)) -> Result<usize, Corrupt> {
        let end = self.committed()?;
        let last = self.cursor.saturating_add(max_bytes as u64);
        let mut records = 0;
        while self.cursor < end {
            match self.next(end, if records == 0 { end } else { last }, &mut sink) {
                Ok(true) => records += 1,
                Ok(false) => break,
                Err(corrupt) if records == 0 => return Err(corrupt),
                Err(_) => break,
            }
        }
        self.window.shrink();
        Ok(records)
    }

    /// Frees the space of everything read so far.
    pub fn release(&mut self) {
        // SYNC POINT: free. All copies out of this space came before.
        self.memory.store(Word::ReadPos, self.cursor, Ordering::Release);
    }

    /// Gives up everything that is committed and unread, and goes on behind it.
    pub fn skip_unread(&mut self) -> Skipped {
        let end = self.memory.load(Word::WritePos, Ordering::Acquire);
        let bytes = end.saturating_sub(self.cursor).min(self.memory.capacity());
        let next_sequence = self.memory.load(Word::NextSequence, Ordering::Relaxed);
        let read = self.expected.or((self.cursor == 0).then_some(0));
        let records = read.and_then(|read| next_sequence.checked_sub(read));
        self.cursor = end;
        self.expected = None;
        self.window = Window::default();
        Skipped { bytes, records: records.filter(|&records| records <= bytes / RECORD_HEADER_LEN) }
    }

    /// The end of what the producer committed, if that can be.
    fn committed(&self) -> Result<u64, Corrupt> {
        // SYNC POINT: commit. Every record up to this position is whole.
        let write_pos = self.memory.load(Word::WritePos, Ordering::Acquire);
        let (cursor, capacity) = (self.cursor, self.memory.capacity());
        let backlog = write_pos.wrapping_sub(cursor);
        let aligned = (cursor | write_pos).is_multiple_of(WORD);
        if aligned && write_pos >= cursor && backlog <= capacity {
            Ok(write_pos)
        } else {
            Err(Corrupt::Positions { cursor, write_pos, capacity })
        }
    }

    /// Reads one record that ends at or before `last`, passing over padding in front of it. `false` when there is none.
    fn next(&mut self, end: u64, last: u64, sink: &mut impl FnMut(Record<'_>)) -> Result<bool, Corrupt> {
        let capacity = self.memory.capacity();
        // A lap holds one padding, so this runs at most twice; the positions bound it in any case.
        while self.cursor < end {
            let position = self.cursor;
            let to_end = capacity - (position & (capacity - 1));
            let room = to_end.min(end - position);
            let lead = Lead::decode(self.window.view(&self.memory, position, WORD, room)?);
            let payload_len = match lead {
                Lead::Record { payload_len } => payload_len,
                Lead::Padding { len } if len == to_end && len <= room => {
                    self.cursor += len;
                    continue;
                }
                Lead::Padding { len } => return Err(Corrupt::Padding { position, len, expected: to_end }),
                Lead::Neither { tag } => return Err(Corrupt::Tag { position, tag }),
            };
            let extent = layout::extent(payload_len);
            let max = layout::max_payload(capacity).min(room.saturating_sub(RECORD_HEADER_LEN));
            if u64::from(payload_len) > max || extent > room {
                return Err(Corrupt::Length { position, len: u64::from(payload_len), max });
            }
            if position + extent > last {
                return Ok(false);
            }
            let copy = self.window.view(&self.memory, position, extent, room)?;
            // The copy may be newer than the lead; only if both agree was that length checked.
            let (header, payload) = RecordHeader::decode(copy)
                .filter(|(header, _)| header.payload_len == payload_len)
                .ok_or(Corrupt::Checksum { position })?;
            let (expected, found) = (self.expected.unwrap_or(header.sequence), header.sequence);
            if found != expected {
                return Err(Corrupt::Sequence { position, expected, found });
            }
            sink(Record { sequence: found, kind: header.kind, payload });
            self.cursor += extent;
            self.expected = Some(found.wrapping_add(1));
            return Ok(true);
        }
        Ok(false)
    }
}

/// A private copy of a piece of the ring. Every check and every payload comes from it, so bytes that change in the ring
/// meanwhile change nothing here.
#[derive(Debug, Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The `len` bytes at `position`, of which `room` are committed and lie before the end of the data area; `len <= room`.
    fn view(&mut self, memory: &impl Get, position: u64, len: u64, room: u64) -> Result<&[u8], Corrupt> {
        let covered =
            position.checked_sub(self.start).is_some_and(|skip| skip + len <= self.bytes.len() as u64);
        if !covered {
            self.start = position;
            self.bytes.resize(index(len.max(WINDOW).min(room)), 0);
            let offset = index(position & (memory.capacity() - 1));
            if let Err(error) = memory.get(offset, &mut self.bytes) {
                self.bytes.clear();
                return Err(Corrupt::Unreadable { position, kind: error.kind() });
            }
        }
        Ok(&self.bytes[index(position - self.start)..][..index(len)])
    }

    /// Gives back what one large record took.
    fn shrink(&mut self) {
        if self.bytes.capacity() as u64 > 2 * WINDOW {
            *self = Self::default();
        }
    }
}
