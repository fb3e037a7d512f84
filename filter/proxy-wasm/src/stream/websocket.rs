//! A websocket's messages, found by the headers of their frames. Of the payload as much is read as the plan wants.
//!
//! ```text
//! byte 0     fin 1 bit, reserved 3, opcode 4        (RFC 6455, section 5.2)
//! byte 1     masked 1 bit, length 7
//! 2 or 8     the length, if those 7 bits say 126 or 127; big-endian
//! 4          the mask, if masked
//! payload    of a close frame: the code in two bytes, and a reason
//! ```

use crate::abi::{Buffer, host};

/// The longest header, and the two bytes of a close code behind it.
const LONGEST: usize = 16;

/// Bytes that are read at a time: the headers of many small frames, for one call of the host.
const WINDOW: usize = 1 << 10;

const CLOSE: u8 = 8;
/// The code of a close frame that has none (RFC 6455, section 7.1.5).
const NO_STATUS: u16 = 1005;
const FIRST_CONTROL: u8 = 8;

/// Where one direction stands between two frames, or within one.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes of a header that has not come whole.
    carry: Vec<u8>,
    /// Bytes of payload still to come before the next header.
    payload_left: u64,
    /// The mask, whose first byte is that of the next byte of payload.
    mask: [u8; 4],
    /// The frame is no part of a message: a ping, say.
    is_control: bool,
    /// The frame is the last of its message.
    ends_message: bool,
    /// The message has had payload.
    in_message: bool,
    close_code: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
struct Header {
    is_last: bool,
    opcode: u8,
    payload: u64,
    mask: [u8; 4],
    /// Bytes of the header itself.
    size: usize,
}

/// What is found in a chunk of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Payload of a message: so many bytes of the chunk, from `start` on, under this mask, whose first byte is that for
    /// the first of them.
    Payload { start: usize, length: usize, mask: [u8; 4] },
    /// A message that had payload is complete.
    Message,
}

impl Frames {
    /// Of RFC 6455, section 7.4, once a close frame was seen.
    pub(super) fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    /// Reads a chunk of the stream.
    pub(super) fn read(&mut self, buffer: Buffer, size: usize, found: impl FnMut(Found)) {
        self.walk(size, |start, length| host::buffer(buffer, start, length).unwrap_or_default(), found);
    }

    fn walk(
        &mut self,
        size: usize,
        mut bytes: impl FnMut(usize, usize) -> Vec<u8>,
        mut found: impl FnMut(Found),
    ) {
        let (mut at, mut window, mut window_at) = (0, Vec::new(), 0_usize);
        while at < size {
            at = self.pass_payload(at, size, &mut found);
            if at >= size {
                return;
            }
            let carried = self.carry.len();
            let wanted = LONGEST.saturating_sub(carried).min(size.saturating_sub(at));
            if at.saturating_add(wanted) > window_at.saturating_add(window.len()) {
                (window, window_at) = (bytes(at, WINDOW), at);
            }
            let start = at.saturating_sub(window_at);
            let end = start.saturating_add(wanted).min(window.len());
            self.carry.extend_from_slice(window.get(start..end).unwrap_or_default());
            if self.carry.len() == carried {
                return; // The host gives nothing: better no count than a loop.
            }
            let Some(header) = Header::parse(&self.carry).filter(|header| self.has_close_code(header)) else {
                return; // The rest of it comes with the next chunk.
            };
            self.take(&header);
            at = at.saturating_add(header.size.saturating_sub(carried));
            // Of a close frame a part of the code may have come with the header, in the chunk before.
            self.payload_left = self.payload_left.saturating_sub(carried.saturating_sub(header.size) as u64);
            self.carry.clear();
            self.end_frame_if_over(&mut found);
        }
    }

    /// Passes what the chunk has of the current frame's payload. Returns where it ends.
    fn pass_payload(&mut self, at: usize, size: usize, found: &mut impl FnMut(Found)) -> usize {
        let here = size.saturating_sub(at);
        let length = usize::try_from(self.payload_left).unwrap_or(usize::MAX).min(here);
        if length == 0 {
            return at;
        }
        self.payload_left = self.payload_left.saturating_sub(length as u64);
        if !self.is_control {
            found(Found::Payload { start: at, length, mask: self.mask });
            self.in_message = true;
        }
        self.mask.rotate_left(length & 3);
        self.end_frame_if_over(found);
        at.saturating_add(length)
    }

    /// Whether a close frame's code has come too.
    fn has_close_code(&self, header: &Header) -> bool {
        header.opcode != CLOSE || header.payload < 2 || self.carry.len() >= header.size.saturating_add(2)
    }

    fn take(&mut self, header: &Header) {
        self.payload_left = header.payload;
        self.mask = header.mask;
        self.is_control = header.opcode >= FIRST_CONTROL;
        self.ends_message = header.is_last && !self.is_control;
        if header.opcode == CLOSE {
            let code = self.carry.get(header.size..).and_then(<[u8]>::first_chunk::<2>);
            let [first, second, ..] = header.mask;
            self.close_code = match code.filter(|_| header.payload >= 2) {
                Some([high, low]) => Some(u16::from_be_bytes([high ^ first, low ^ second])),
                None => Some(NO_STATUS),
            };
        }
    }

    fn end_frame_if_over(&mut self, found: &mut impl FnMut(Found)) {
        if self.payload_left == 0
            && std::mem::take(&mut self.ends_message)
            && std::mem::take(&mut self.in_message)
        {
            found(Found::Message);
        }
    }
}

/// Takes the mask off what was read, the first byte of which has the mask's byte `phase`.
pub(super) fn unmask(bytes: &mut [u8], mask: [u8; 4], phase: usize) {
    if mask != [0; 4] {
        let mask = mask.iter().cycle().skip(phase & 3);
        bytes.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}

impl Header {
    /// The header at the start of some bytes; `None` if it is not all there.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let ([first, second], rest) = bytes.split_first_chunk::<2>()?;
        let (payload, rest) = match second & 0x7f {
            126 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk::<8>()?;
                (u64::from_be_bytes(*length), rest)
            }
            short => (u64::from(short), rest),
        };
        let (mask, rest) = if second & 0x80 == 0 { (&[0; 4], rest) } else { rest.split_first_chunk::<4>()? };
        let size = bytes.len().saturating_sub(rest.len());
        Some(Self { is_last: first & 0x80 != 0, opcode: first & 0x0f, payload, mask: *mask, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(is_last: bool, opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let masked = if mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![if is_last { 0x80 } else { 0 } | opcode];
        match payload.len() {
            short @ 0..126 => bytes.push(masked | u8::try_from(short).expect("short")),
            medium @ 126..0x1_0000 => {
                bytes.push(masked | 126);
                bytes.extend(u16::try_from(medium).expect("medium").to_be_bytes());
            }
            long => {
                bytes.push(masked | 127);
                bytes.extend((long as u64).to_be_bytes());
            }
        }
        bytes.extend(mask.iter().flatten());
        let mask = mask.unwrap_or_default();
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    /// The messages in a stream that comes in chunks, and the close code.
    fn messages(stream: &[u8], chunk: usize) -> (Vec<Vec<u8>>, Option<u16>) {
        let mut frames = Frames::default();
        let (mut messages, mut message) = (Vec::new(), Vec::new());
        for chunk in stream.chunks(chunk) {
            let bytes = |start: usize, length: usize| {
                chunk.get(start..chunk.len().min(start + length)).unwrap_or_default().to_vec()
            };
            frames.walk(chunk.len(), bytes, |found| match found {
                Found::Payload { start, length, mask } => {
                    let mut payload = chunk[start..start + length].to_vec();
                    unmask(&mut payload, mask, 0);
                    message.extend(payload);
                }
                Found::Message => messages.push(std::mem::take(&mut message)),
            });
        }
        (messages, frames.close_code())
    }

    #[test]
    fn messages_and_the_close_code_are_read_however_the_stream_is_cut() {
        let long: Vec<u8> = (0..70_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let stream = [
            frame(true, 1, b"hello", Some([1, 2, 3, 4])),
            frame(false, 2, &[7; 300], None),
            frame(true, 9, b"ping", Some([5; 4])),
            frame(true, 0, &long, Some([6, 5, 4, 3])),
            frame(true, 1, b"", None),
            frame(true, 8, &[0x0f, 0xa1, b'x'], Some([9, 8, 7, 6])),
        ]
        .concat();
        let expected = vec![b"hello".to_vec(), [vec![7; 300], long].concat()];
        for chunk in (1..40).chain([1000, 70_000, 100_000]) {
            assert!(messages(&stream, chunk) == (expected.clone(), Some(4001)), "chunks of {chunk}");
        }
    }

    #[test]
    fn a_close_frame_without_a_code_is_one_without_status() {
        let stream = [frame(true, 8, b"", Some([1; 4])), frame(true, 9, b"more", None)].concat();
        assert_eq!(messages(&stream, stream.len()), (vec![], Some(NO_STATUS)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_to_their_end(stream: Vec<u8>, chunk in 1_usize..50) {
            messages(&stream, chunk);
        }
    }
}
