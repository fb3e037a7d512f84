//! Zstandard (RFC 8878), also where the last block is not whole.
//!
//! ```text
//! Frame = header, Block *, checksum?
//! Block = 3 bytes, little-endian: last (1 bit), type (2 bits), size (21 bits); then the content, for type 1 one byte
//! ```
//!
//! The library keeps what it has decoded until the window is full or the frame is over. So a frame that was cut is given an
//! end of its own, after the last block that is whole.

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::redact::withheld;

/// The largest window that is taken: no other may be used as a content encoding (RFC 9659, section 3).
const MOST_WINDOW: u64 = 8 << 20;

/// An empty block that is the last, and no checksum to speak of.
const END: &[u8] = &[1, 0, 0, 0, 0, 0, 0];

pub(super) struct Zstd {
    frames: FrameDecoder,
    encoded: Vec<u8>,
    done: usize,
    is_cut: bool,
}

impl Zstd {
    pub(super) fn new(mut encoded: impl Read) -> Result<Self, &'static str> {
        let mut bytes = Vec::new();
        let mut frames = FrameDecoder::new();
        frames.set_max_window_size(MOST_WINDOW);
        // What another encoding around it cut off is not there; that this one is not whole is seen by itself.
        let _ = encoded.read_to_end(&mut bytes);
        let mut this = Self { frames, encoded: bytes, done: 0, is_cut: false };
        this.begin_frame().map_err(|_| withheld::UNDECODABLE)?;
        Ok(this)
    }

    fn begin_frame(&mut self) -> io::Result<()> {
        let mut rest = &self.encoded[self.done..];
        self.frames.init(&mut rest).map_err(io::Error::other)?;
        self.done = self.encoded.len() - rest.len();
        Ok(())
    }

    fn decode_block(&mut self) -> io::Result<()> {
        self.is_cut = !has_whole_block(&self.encoded[self.done..]);
        let mut rest = if self.is_cut { END } else { &self.encoded[self.done..] };
        self.frames
            .decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(io::Error::other)?;
        self.done = self.encoded.len() - if self.is_cut { 0 } else { rest.len() };
        Ok(())
    }
}

impl Read for Zstd {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.frames.can_collect() == 0 {
            match self.frames.is_finished() {
                false => self.decode_block()?,
                true if self.is_cut => return Err(io::ErrorKind::UnexpectedEof.into()),
                true if self.done == self.encoded.len() => return Ok(0),
                true => self.begin_frame()?,
            }
        }
        self.frames.read(out)
    }
}

fn has_whole_block(rest: &[u8]) -> bool {
    let Some((header, content)) = rest.split_first_chunk::<3>() else { return false };
    let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    let size = if header >> 1 & 0b11 == 1 { 1 } else { header >> 3 };
    content.len() >= size as usize
}
