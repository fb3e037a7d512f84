//! The one writer: gathers records and appends them in one `write` per batch.

use std::{io, sync::Arc};

use offpath_core::event::{Event, Kind as EventKind};

use super::{
    Segment, Shared,
    frame::{self, Header, Kind, MAX_PAYLOAD},
    segment,
    state::ProducerStates,
    system::File,
};
use crate::disk;

/// Appends to the spool.
#[derive(Debug)]
pub struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) file: Arc<dyn File>,
    pub(super) length: u64,
    pub(super) created_ns: u64,
    /// Whether the file may hold a part of a batch that could not be written.
    pub(super) is_torn: bool,
    /// How many indexes the next record is beyond the last, in a new segment.
    pub(super) skip: u64,
    /// What is in the spool.
    pub(super) states: ProducerStates,
    /// Index of the next record.
    pub(super) next: u64,
    pub(super) batch: Vec<u8>,
    /// What `states` will learn when the batch is in the spool.
    pub(super) notes: Vec<(Header, Option<String>)>,
}

/// A place in a batch that is not committed.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    next: u64,
    batch: usize,
    notes: usize,
}

impl Writer {
    /// What the spool has of each producer; a batch counts once it is committed.
    #[must_use]
    pub fn states(&self) -> &ProducerStates {
        &self.states
    }

    /// The same, to forget producers that are gone.
    pub fn states_mut(&mut self) -> &mut ProducerStates {
        &mut self.states
    }

    /// Whether record `sequence` of `producer` is in the spool.
    #[must_use]
    pub fn has(&self, producer: u128, sequence: u64) -> bool {
        self.states.get(producer).and_then(|state| state.sequence).is_some_and(|last| sequence <= last)
    }

    /// Adds an event of a producer's to the batch. Returns false, and adds nothing, if it is larger than [`MAX_PAYLOAD`].
    #[must_use]
    pub fn push(&mut self, producer: u128, sequence: u64, received_unix_ns: u64, payload: &[u8]) -> bool {
        if payload.len() > MAX_PAYLOAD {
            return false;
        }
        let header = Header { index: self.next, producer, sequence, received_unix_ns, kind: Kind::Event };
        self.append(header, None, payload);
        true
    }

    /// Adds a loss to the batch. `counter` is what the producer says it has lost for that reason in all. A loss that no
    /// producer counts has 0 for both.
    pub fn push_loss(&mut self, producer: u128, counter: u64, received_unix_ns: u64, event: &Event) {
        let header =
            Header { index: self.next, producer, sequence: counter, received_unix_ns, kind: Kind::Loss };
        self.append(header, loss_reason(event), &event.to_bytes());
    }

    /// Takes note of an event of a producer's that is not to be stored: with the batch, it is known. A crash may forget it.
    pub fn skip(&mut self, producer: u128, sequence: u64) {
        let header = Header { index: self.next, producer, sequence, received_unix_ns: 0, kind: Kind::Event };
        self.notes.push((header, None));
    }

    fn append(&mut self, header: Header, reason: Option<String>, payload: &[u8]) {
        frame::encode(self.shared.marker, &header, payload, &mut self.batch);
        self.notes.push((header, reason));
        self.next += 1;
    }

    /// Where the batch stands, for [`Writer::rewind`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { next: self.next, batch: self.batch.len(), notes: self.notes.len() }
    }

    /// Takes out of the batch what was added since `mark`, which is of this batch: no commit has succeeded since.
    pub fn rewind(&mut self, mark: Mark) {
        self.next = mark.next;
        self.batch.truncate(mark.batch);
        self.notes.truncate(mark.notes);
    }

    /// Bytes in the batch.
    #[must_use]
    pub fn batched(&self) -> usize {
        self.batch.len()
    }

    /// Appends the batch. After this, a kill of the process loses none of it; after the next sync, nor does a
    /// power cut.
    ///
    /// # Errors
    ///
    /// The disk is full, or fails. The batch is kept; the call may be made again.
    pub fn commit(&mut self) -> io::Result<()> {
        if !self.batch.is_empty() {
            self.write().inspect_err(|error| {
                if disk::kind(error) == "disk_full" {
                    self.shared.lock().is_pressed = true;
                }
            })?;
        }
        for (header, reason) in self.notes.drain(..) {
            self.states.note(&header, reason.as_deref());
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        self.untear()?;
        self.rotate_if_over()?;
        if let Err(error) = self.file.write_all(&self.batch, self.length) {
            // What was written of it is not part of the spool, and on a full disk its bytes are wanted.
            self.is_torn = true;
            let _ = self.untear();
            return Err(error);
        }
        self.length += self.batch.len() as u64;
        self.shared.grow(self.length, self.next);
        self.batch.clear();
        Ok(())
    }

    /// Takes back what was written of a batch. No record may be appended before: after a crash, what lay behind it would
    /// pass for records of the spool.
    fn untear(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.set_length(self.length)?;
            self.is_torn = false;
        }
        Ok(())
    }

    /// Begins a new segment if the last one is full, or old: a segment goes as a whole, so it must be young enough that
    /// its oldest record is not kept far past its age.
    fn rotate_if_over(&mut self) -> io::Result<()> {
        let (end, time_ns, has_records, options) = {
            let inner = self.shared.lock();
            let has_records = inner.segments.back().is_none_or(|segment| segment.first < inner.end);
            (inner.end, inner.clock.time(), has_records, inner.options.clone())
        };
        let age = u128::from(time_ns.saturating_sub(self.created_ns));
        let is_over = self.length >= options.segment_size || age > options.max_age.as_nanos() / 8;
        // One that is old, but empty, has nothing to seal.
        if is_over && has_records || self.skip > 0 { self.rotate(end, time_ns) } else { Ok(()) }
    }

    fn rotate(&mut self, end: u64, created_ns: u64) -> io::Result<()> {
        let shared = &self.shared;
        let first = end + self.skip;
        let states = self.states.clone();
        let boot = shared.lock().clock.boot();
        let header = segment::Header { marker: shared.marker, first, boot, created_ns, states };
        let (file, length) = segment::create(shared.system.as_ref(), &shared.directory, &header)?;
        let file: Arc<dyn File> = Arc::from(file);
        let mut inner = shared.lock();
        let sealed = inner.segments.back().map(|segment| segment.first);
        inner.unsynced.extend(sealed);
        inner.segments.push_back(Segment { first, length, created_ns });
        inner.active = Arc::clone(&file);
        inner.directory_changed = true;
        drop(inner);
        (self.file, self.length, self.created_ns, self.skip) = (file, length, created_ns, 0);
        Ok(())
    }
}

fn loss_reason(event: &Event) -> Option<String> {
    match &event.kind {
        Some(EventKind::Loss(loss)) => Some(loss.reason.clone()),
        _ => None,
    }
}

/// The reason of a loss that is in the spool.
pub(super) fn reason_of(kind: Kind, payload: &[u8]) -> Option<String> {
    if kind == Kind::Loss { Event::from_bytes(payload).ok().as_ref().and_then(loss_reason) } else { None }
}
