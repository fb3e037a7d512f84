//! A websocket's messages, counted by the headers of their frames; their payload is not read.
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

const CLOSE: u8 = 8;
const FIRST_CONTROL: u8 = 8;

/// Where one direction stands between two frames, or within one.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes of a header that has not come whole.
    carry: Vec<u8>,
    /// Bytes of payload still to come before the next header.
    payload_left: u64,
    /// Payload of the message so far.
    message: u64,
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

impl Frames {
    /// Of RFC 6455, section 7.4, once a close frame with one was seen.
    pub(super) fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    /// Reads a chunk of the stream; `message` is told the payload's size of each message that ends in it.
    pub(super) fn read(&mut self, buffer: Buffer, size: usize, message: impl FnMut(u64)) {
        self.walk(
            size as u64,
            |start, length| host::buffer(buffer, start, length).unwrap_or_default(),
            message,
        );
    }

    fn walk(
        &mut self,
        size: u64,
        mut bytes: impl FnMut(usize, usize) -> Vec<u8>,
        mut message: impl FnMut(u64),
    ) {
        let mut at = 0;
        while at < size {
            let passed = self.payload_left.min(size.saturating_sub(at));
            self.payload_left = self.payload_left.saturating_sub(passed);
            at = at.saturating_add(passed);
            if at >= size {
                return;
            }
            let carried = self.carry.len();
            let wanted = LONGEST.saturating_sub(carried);
            self.carry.extend(bytes(usize::try_from(at).unwrap_or(usize::MAX), wanted));
            if self.carry.len() == carried {
                return; // The host gives nothing: better no count than a loop.
            }
            let Some(header) = Header::parse(&self.carry).filter(|header| self.has_close_code(header)) else {
                return; // The rest of it comes with the next chunk.
            };
            self.take(&header, &mut message);
            at = at.saturating_add(header.size.saturating_sub(carried) as u64);
            self.carry.clear();
        }
    }

    /// Whether a close frame's code has come too.
    fn has_close_code(&self, header: &Header) -> bool {
        header.opcode != CLOSE || header.payload < 2 || self.carry.len() >= header.size.saturating_add(2)
    }

    fn take(&mut self, header: &Header, message: &mut impl FnMut(u64)) {
        self.payload_left = header.payload;
        if header.opcode == CLOSE {
            if let Some([high, low]) = self.carry.get(header.size..).and_then(<[u8]>::first_chunk::<2>) {
                let [first, second, ..] = header.mask;
                self.close_code = Some(u16::from_be_bytes([high ^ first, low ^ second]));
            }
        }
        if header.opcode < FIRST_CONTROL {
            self.message = self.message.saturating_add(header.payload);
            if header.is_last {
                message(std::mem::take(&mut self.message));
            }
        }
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

    /// The sizes of the messages in a stream that comes in chunks, and the close code.
    fn messages(stream: &[u8], chunk: usize) -> (Vec<u64>, Option<u16>) {
        let mut frames = Frames::default();
        let mut sizes = Vec::new();
        for chunk in stream.chunks(chunk) {
            let bytes = |start: usize, length: usize| {
                chunk.get(start..chunk.len().min(start + length)).unwrap_or_default().to_vec()
            };
            frames.walk(chunk.len() as u64, bytes, |size| sizes.push(size));
        }
        (sizes, frames.close_code())
    }

    #[test]
    fn messages_are_counted_and_the_close_code_is_read_however_the_stream_is_cut() {
        let stream = [
            frame(true, 1, b"hello", Some([1, 2, 3, 4])),
            frame(false, 2, &[7; 300], None),
            frame(true, 9, b"ping", Some([5; 4])),
            frame(true, 0, &[7; 70_000], Some([6; 4])),
            frame(true, 1, b"", None),
            frame(true, 8, &[0x0f, 0xa1, b'x'], Some([9, 8, 7, 6])),
        ]
        .concat();
        for chunk in (1..40).chain([1000, 70_000, 100_000]) {
            assert_eq!(messages(&stream, chunk), (vec![5, 70_300, 0], Some(4001)), "chunks of {chunk}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_to_their_end(stream: Vec<u8>, chunk in 1_usize..50) {
            messages(&stream, chunk);
        }
    }
}
