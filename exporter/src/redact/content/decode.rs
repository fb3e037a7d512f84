//! The encodings of RFC 9110, section 8.4.1, and of RFC 7932 and RFC 8878.

use std::io::{ErrorKind, Read};

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::{MOST_DECODED, ends::Ends, meter::Meter, stops::Stops, zstd::Zstd};
use crate::redact::withheld;

/// Encodings in a row; more are nobody's need.
const MOST_ENCODINGS: usize = 2;

/// What a byte counts that one decoder hands to another. Some dozen of them may make a decoder build its tables for nothing,
/// and a few bytes that were sent may be millions of them. An encoding of what is encoded already is hardly shorter.
const BETWEEN: usize = 64;

const PIECE: usize = 16 << 10;

/// Whether what is decoded comes as soon as what it was encoded in is there: what is decoded of Zstandard is held back.
pub(super) fn is_prompt(encodings: &[String]) -> bool {
    !encodings.iter().any(|encoding| encoding == "zstd")
}

/// Decodes head and tail, which are one after the other, into `ends`. Returns whether it came to the end; where it did not,
/// what came before is there.
pub(super) fn decode(
    encodings: &[String],
    head: &[u8],
    tail: &[u8],
    ends: &mut Ends,
    stops: &Stops,
) -> Result<bool, &'static str> {
    if encodings.len() > MOST_ENCODINGS {
        return Err(withheld::ENCODING);
    }
    let meter = Meter::new(MOST_DECODED);
    let mut reader: Box<dyn Read + '_> = Box::new(meter.reader(1, stops.reader(head.chain(tail))));
    // The last one was applied last.
    for (inner, encoding) in encodings.iter().enumerate().rev() {
        let cost = if inner == 0 { 1 } else { BETWEEN };
        reader = Box::new(meter.reader(cost, decoder(encoding, reader)?));
    }
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(true),
            Ok(read) => {
                ends.push(&piece[..read]);
                stops.give(read);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // It ends too early, or goes on for too long; of Brotli, nothing more is told.
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) => {
                return Ok(false);
            }
            Err(_) => return Err(withheld::UNDECODABLE),
        }
    }
}

fn decoder<'b>(encoding: &str, encoded: Box<dyn Read + 'b>) -> Result<Box<dyn Read + 'b>, &'static str> {
    Ok(match encoding {
        "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(encoded)),
        "deflate" => deflate(encoded)?,
        "br" => Box::new(Decompressor::new(encoded, PIECE)),
        "zstd" => Box::new(Zstd::new(encoded)?),
        _ => return Err(withheld::ENCODING),
    })
}

/// The name stands for the format of zlib, but some leave out its header.
fn deflate<'b>(mut encoded: Box<dyn Read + 'b>) -> Result<Box<dyn Read + 'b>, &'static str> {
    let mut start = Vec::new();
    encoded.by_ref().take(2).read_to_end(&mut start).map_err(|_| withheld::UNDECODABLE)?;
    // RFC 1950, section 2.2.
    let is_zlib = matches!(start[..], [method, flags]
        if method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31));
    let encoded = std::io::Cursor::new(start).chain(encoded);
    Ok(if is_zlib { Box::new(ZlibDecoder::new(encoded)) } else { Box::new(DeflateDecoder::new(encoded)) })
}
