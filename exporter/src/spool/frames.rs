//! Walks the frames of one segment in bounded memory, past damage.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt as _};

use super::frame::{self, Decoded, Header};

/// Bytes that are read at a time: few calls, little memory.
const CHUNK: usize = 256 << 10;

/// A position in a segment.
#[derive(Debug)]
pub(super) struct Frames {
    file: File,
    marker: u64,
    /// Bytes read from the file and not yet walked past, but for `at` of them.
    window: Vec<u8>,
    /// Where in the file `window` begins.
    start: u64,
    /// How far in `window` the walk has come.
    at: usize,
    good_end: u64,
}

impl Frames {
    /// Begins at `offset`, which is that of a frame.
    pub(super) fn new(file: File, marker: u64, offset: u64) -> Self {
        Self { file, marker, window: Vec::new(), start: offset, at: 0, good_end: offset }
    }

    /// Where the last good frame ended.
    pub(super) fn good_end(&self) -> u64 {
        self.good_end
    }

    /// The next good frame that ends at or before `limit`; damaged ones are skipped. [`Frames::payload`]
    /// takes the range.
    pub(super) fn advance(&mut self, limit: u64) -> io::Result<Option<(Header, Range<usize>)>> {
        loop {
            let position = self.start + self.at as u64;
            if position >= limit {
                return Ok(None);
            }
            match frame::decode(self.marker, &self.window[self.at..]) {
                Decoded::Frame { header, payload, size } => {
                    let from = self.at + frame::HEADER;
                    let range = from..from + payload.len();
                    self.at += size;
                    self.good_end = position + size as u64;
                    return Ok(Some((header, range)));
                }
                Decoded::Short(needed) if position + needed as u64 <= limit => self.fill(needed, limit)?,
                Decoded::Short(_) | Decoded::Damaged => self.resync(limit)?,
            }
        }
    }

    /// The payload of the frame that [`Frames::advance`] has just returned.
    pub(super) fn payload(&self, range: Range<usize>) -> &[u8] {
        &self.window[range]
    }

    /// Moves to the next place where a frame may begin, or as far as the bytes at hand allow.
    fn resync(&mut self, limit: u64) -> io::Result<()> {
        if self.window.len() - self.at < 16 {
            self.fill(16, limit)?;
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

    /// Makes at least `needed` bytes available, or as many as there are before `limit`.
    fn fill(&mut self, needed: usize, limit: u64) -> io::Result<()> {
        self.window.drain(..self.at);
        self.start += self.at as u64;
        self.at = 0;
        let have = self.window.len();
        let left = limit.saturating_sub(self.start + have as u64);
        let wanted = needed.max(CHUNK).saturating_sub(have).min(usize::try_from(left).unwrap_or(usize::MAX));
        self.window.resize(have + wanted, 0);
        let read = read_full(&self.file, &mut self.window[have..], self.start + have as u64);
        self.window.truncate(have + *read.as_ref().unwrap_or(&0));
        if read? < wanted && self.window.len() < needed {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the segment is shorter than its records",
            ));
        }
        // After a large frame the window must not stay large.
        self.window.shrink_to(CHUNK.max(self.window.len()));
        Ok(())
    }
}

fn read_full(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match file.read_at(&mut bytes[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
