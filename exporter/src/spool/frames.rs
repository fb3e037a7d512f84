//! Walks the frames of one segment in bounded memory, past damage.

use std::{io, ops::Range};

use super::{
    frame::{self, Decoded, Header},
    segment,
    system::File,
};

/// Bytes that are read at a time: few calls, little memory.
const CHUNK: usize = 256 << 10;

/// What a disk reads at least: where a part of a file cannot be read, this much is given up at a time.
const SECTOR: u64 = 4096;

/// A position in a segment.
#[derive(Debug)]
pub(super) struct Frames {
    file: Box<dyn File>,
    marker: u64,
    /// Bytes read from the file and not yet walked past, but for `at` of them.
    window: Vec<u8>,
    /// Where in the file `window` begins.
    start: u64,
    /// How far in `window` the walk has come.
    at: usize,
    good_end: u64,
    /// What lies between the last good frame and the one before it.
    gap: Range<u64>,
    /// Where, after the last good frame, one begins that does not end.
    unfinished: Option<u64>,
    /// The last index after the last good frame that a good header of a damaged frame tells.
    told: Option<u64>,
    /// Whether what cannot be read is taken for zeros.
    gives_up: bool,
}

impl Frames {
    /// Begins at `offset`, which is that of a frame.
    pub(super) fn new(file: Box<dyn File>, marker: u64, offset: u64) -> Self {
        Self {
            file,
            marker,
            window: Vec::new(),
            start: offset,
            at: 0,
            good_end: offset,
            gap: 0..0,
            unfinished: None,
            told: None,
            gives_up: false,
        }
    }

    /// Begins in a segment whose header is damaged.
    pub(super) fn behind_damage(file: Box<dyn File>, marker: u64) -> Self {
        Self { good_end: 0, ..Self::new(file, marker, segment::HEADER as u64) }
    }

    /// Begins with the first frame of a segment. Returns what its header says, if that is not damaged, too.
    pub(super) fn of(file: Box<dyn File>, marker: u64) -> io::Result<(Self, Option<segment::Header>)> {
        Ok(match segment::read_header(file.as_ref())?.filter(|(header, _)| header.marker == marker) {
            Some((header, offset)) => (Self::new(file, marker, offset), Some(header)),
            None => (Self::behind_damage(file, marker), None),
        })
    }

    /// From now on, takes what cannot be read for damage.
    pub(super) fn give_up(&mut self) {
        self.gives_up = true;
    }

    /// The file.
    pub(super) fn file(&self) -> &dyn File {
        self.file.as_ref()
    }

    /// Where the last good frame ended.
    pub(super) fn good_end(&self) -> u64 {
        self.good_end
    }

    /// What lies between the last good frame and the one before it; empty if nothing does.
    pub(super) fn gap(&self) -> Range<u64> {
        self.gap.clone()
    }

    /// Where, after the last good frame, one begins that does not end.
    pub(super) fn unfinished(&self) -> Option<u64> {
        self.unfinished
    }

    /// The last index after the last good frame that is known.
    pub(super) fn told(&self) -> Option<u64> {
        self.told
    }

    /// The next good frame that ends at or before `limit`; damaged ones are skipped. [`Frames::payload`]
    /// takes the range.
    pub(super) fn advance(&mut self, limit: u64) -> io::Result<Option<(Header, Range<usize>)>> {
        loop {
            let position = self.start + self.at as u64;
            if position >= limit {
                return Ok(None);
            }
            let rest = self.window.get(self.at..).unwrap_or_default();
            match frame::decode(self.marker, rest) {
                Decoded::Frame { header, payload, size } => {
                    let from = self.at + frame::HEADER;
                    let range = from..from + payload.len();
                    self.at += size;
                    self.gap = self.good_end..position;
                    self.good_end = position + size as u64;
                    (self.unfinished, self.told) = (None, None);
                    return Ok(Some((header, range)));
                }
                Decoded::Short(needed) if position + needed as u64 <= limit => {
                    if !self.fill(needed, limit)? {
                        return Ok(None);
                    }
                }
                Decoded::Short(needed) => {
                    self.fill(frame::HEADER, limit)?;
                    let rest = &self.window[self.at..];
                    let has_begun = needed > frame::HEADER || begins(&self.marker.to_le_bytes(), rest);
                    if has_begun && self.unfinished.is_none() {
                        self.unfinished = Some(position);
                    }
                    self.resync(limit)?;
                }
                Decoded::Damaged(header) => {
                    self.told = self.told.max(Some(header.index));
                    self.resync(limit)?;
                }
                Decoded::None => self.resync(limit)?,
            }
        }
    }

    /// The payload of the frame that [`Frames::advance`] has just returned.
    pub(super) fn payload(&self, range: Range<usize>) -> &[u8] {
        &self.window[range]
    }

    /// Moves to the next place where a frame may begin, or as far as the bytes at hand allow.
    fn resync(&mut self, limit: u64) -> io::Result<()> {
        if self.window.len() - self.at < 16 && !self.fill(16, limit)? && self.window.is_empty() {
            self.start = limit;
            return Ok(());
        }
        let rest = &self.window[self.at..];
        let step = frame::next_marker(self.marker, rest).unwrap_or((rest.len() & !7).max(8));
        let rest = rest.len();
        self.at += step.min(rest);
        if step > rest {
            self.start += (step - rest) as u64;
        }
        Ok(())
    }

    /// Makes at least `needed` bytes available, or as many as there are before `limit`. Returns false if the file is
    /// shorter than that: somebody has cut it.
    fn fill(&mut self, needed: usize, limit: u64) -> io::Result<bool> {
        self.window.drain(..self.at);
        self.start += self.at as u64;
        self.at = 0;
        let have = self.window.len();
        let offset = self.start + have as u64;
        let left = limit.saturating_sub(offset);
        let wanted = needed.max(CHUNK).saturating_sub(have).min(usize::try_from(left).unwrap_or(usize::MAX));
        self.window.resize(have + wanted, 0);
        let read = match self.file.read_full(&mut self.window[have..], offset) {
            Err(_) if self.gives_up => Ok(self.read_what_can_be(have)),
            read => read,
        };
        self.window.truncate(have + *read.as_ref().unwrap_or(&0));
        let is_cut = read? < wanted && self.window.len() < needed;
        // After a large frame the window must not stay large.
        self.window.shrink_to(CHUNK.max(self.window.len()));
        Ok(!is_cut)
    }

    /// Reads into the window from `have` on, sector by sector, with zeros for those that cannot be read.
    fn read_what_can_be(&mut self, have: usize) -> usize {
        let mut at = have;
        while at < self.window.len() {
            let offset = self.start + at as u64;
            let sector = usize::try_from(SECTOR - offset % SECTOR).unwrap_or(1);
            let end = (at + sector).min(self.window.len());
            let into = &mut self.window[at..end];
            if let Ok(read) = self.file.read_full(into, offset) {
                if read < into.len() {
                    return at + read - have;
                }
            } else {
                into.fill(0);
            }
            at = end;
        }
        at - have
    }
}

/// Whether `bytes` are as far as they go what a frame begins with.
fn begins(marker: &[u8; 8], bytes: &[u8]) -> bool {
    let length = bytes.len().min(marker.len());
    length > 0 && bytes[..length] == marker[..length]
}
