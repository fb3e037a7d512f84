//! The past: what a spool still holds from a time on, read from outside.
//!
//! The spool may be in use: segments go while they are read, new ones begin, and the last is being written. So this
//! asks for no lock, writes nothing, and takes what it finds.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Record,
    frame::Header,
    frames::Frames,
    segment,
    system::{Machine, Open as How, System},
};

/// A view of a spool's records in order.
#[derive(Debug)]
pub struct Past {
    system: Arc<dyn System>,
    directory: PathBuf,
    /// The spool's marker, as the first good header has it.
    marker: u64,
    /// Records that came earlier are left out; in nanoseconds since the Unix epoch.
    since: u64,
    /// Index of the next record.
    next: u64,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    first: u64,
    /// Where the next segment begins.
    end: u64,
    limit: u64,
    frames: Frames,
}

impl Past {
    /// The spool in `directory`, from its beginning.
    ///
    /// # Errors
    ///
    /// The directory is not there, or cannot be read.
    pub fn open(directory: &Path) -> io::Result<Self> {
        Self::open_on(Arc::new(Machine), directory)
    }

    /// The same on any system.
    ///
    /// # Errors
    ///
    /// As for [`Past::open`].
    pub fn open_on(system: Arc<dyn System>, directory: &Path) -> io::Result<Self> {
        let mut marker = 0;
        for first in segment::list(system.as_ref(), directory)?.into_iter().rev() {
            let file = system.open(&segment::path(directory, first), How::Read);
            if let Ok(Some((header, _))) = file.and_then(|file| segment::read_header(file.as_ref())) {
                marker = header.marker;
                break;
            }
        }
        Ok(Self { system, directory: directory.to_owned(), marker, since: 0, next: 0, open: None })
    }

    /// Goes to the first record that came into the spool at `unix_ns`, in nanoseconds since the Unix epoch, or later;
    /// those that came earlier are left out from now on.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn since(&mut self, unix_ns: u64) -> io::Result<()> {
        self.since = unix_ns;
        self.open = None;
        self.next = 0;
        // The segment before the first that begins late enough: what it ends with may be late enough too.
        for first in segment::list(self.system.as_ref(), &self.directory)? {
            match self.begins(first)? {
                Some(begins) if begins >= unix_ns => break,
                Some(_) => self.next = first,
                None => {}
            }
        }
        Ok(())
    }

    /// The next record; `None` at the end, which is that of the spool at this moment.
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
                if header.index < self.next || header.index >= open.end {
                    continue;
                }
                self.next = header.index + 1;
                if header.received_unix_ns >= self.since {
                    return Ok(Some((header, range)));
                }
                continue;
            }
            if !self.move_on()? {
                return Ok(None);
            }
        }
    }

    /// Opens the next segment; returns whether there is one.
    fn move_on(&mut self) -> io::Result<bool> {
        let current = self.open.as_ref().map(|open| open.first);
        let is_next = |first: &u64| current.map_or(*first >= self.next, |current| *first > current);
        let segments = segment::list(self.system.as_ref(), &self.directory)?;
        for (place, first) in segments.iter().enumerate().filter(|(_, first)| is_next(first)) {
            if let Some(mut open) = self.segment(*first)? {
                open.end = segments.get(place + 1).copied().unwrap_or(u64::MAX);
                self.open = Some(open);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Opens a segment; `None` if it has gone.
    fn segment(&self, first: u64) -> io::Result<Option<Open>> {
        let file = match self.system.open(&segment::path(&self.directory, first), How::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let limit = file.length()?;
        Ok(Some(Open { first, end: u64::MAX, limit, frames: Frames::of(file, self.marker)?.0 }))
    }

    /// When the first record of a segment came; `None` if it has none.
    fn begins(&self, first: u64) -> io::Result<Option<u64>> {
        let Some(mut open) = self.segment(first)? else { return Ok(None) };
        Ok(open.frames.advance(open.limit)?.map(|(header, _)| header.received_unix_ns))
    }
}
