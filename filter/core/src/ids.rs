//! Ids made of randomness that the host brings.

use crate::exchange::Start;

/// Bytes of randomness that the ids of one exchange take: 10 for its event, 16 for its trace, 8 for its span.
pub const RANDOM_BYTES: usize = 34;

impl Start {
    /// New ids for what begins now.
    #[must_use]
    pub fn new(unix_ns: u64, random: &[u8; RANDOM_BYTES]) -> Self {
        let (event, rest) = random.split_first_chunk::<10>().unwrap_or((&[0; 10], &[]));
        let (trace, rest) = rest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        let span = rest.first_chunk::<8>().unwrap_or(&[0; 8]);
        Self {
            unix_ns,
            event_id: event_id(unix_ns, *event),
            // Neither may be 0 (https://www.w3.org/TR/trace-context/#trace-id).
            trace_id: u128::from_le_bytes(*trace).max(1),
            span_id: u64::from_le_bytes(*span).max(1),
            parent: None,
        }
    }
}

/// An event's id, laid out as a UUID of version 7 (RFC 9562, section 5.7), so that ids sort by time: 48 bits of
/// milliseconds, the version, 12 random bits, the variant, 62 random bits.
#[must_use]
pub fn event_id(unix_ns: u64, random: [u8; 10]) -> u128 {
    const VERSION: u128 = 7 << 76;
    const VARIANT: u128 = 0b10 << 62;
    let milliseconds = u128::from(unix_ns / 1_000_000) << 80;
    let [high @ .., a, b, c, d, e, f, g, h] = random;
    let high = u128::from(u16::from_be_bytes(high) & 0x0fff) << 64;
    let low = u128::from(u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 2);
    milliseconds | VERSION | high | VARIANT | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_is_a_uuid_of_version_7() {
        let id = event_id(0x0123_4567_89ab * 1_000_000, [0xff; 10]);
        assert_eq!(format!("{id:032x}"), "0123456789ab7fffbfffffffffffffff");
    }

    #[test]
    fn ids_of_an_exchange_are_never_zero() {
        let start = Start::new(0, &[0; RANDOM_BYTES]);
        assert_eq!((start.trace_id, start.span_id), (1, 1));
    }

    #[test]
    fn each_id_is_made_of_bytes_of_its_own() {
        let mut random = [0; RANDOM_BYTES];
        random.iter_mut().zip(1..).for_each(|(byte, number)| *byte = number);
        let start = Start::new(0, &random);
        assert_eq!(start.trace_id.to_le_bytes().first(), Some(&11));
        assert_eq!(start.span_id.to_le_bytes(), [27, 28, 29, 30, 31, 32, 33, 34]);
    }
}
