//! When what of a response arrived, as `Message.arrivals` tells it.
//!
//! ```text
//! arrivals = pairs of numbers: a place, and nanoseconds, both since the pair before; of the first pair, since the
//!            start of the body and that of the exchange
//!
//! from a host             a chunk, by the offset of its first byte in the body: each after the first one, up to the first
//!                         that begins beyond the head as it is here; MOST_ARRIVALS of them at most. None: it is not known
//! when it was treated     a chunk, by how many lines of the head as it is shown end before it; the last pair is none, and
//!                         says how many lines there are of which this is known. None: it is not known
//! ```
//!
//! Treatment turns the one into the other because masks are not as long as what they mask: they move bytes, and no lines. And
//! lines are what streams of events and of documents are made of. A body that came in one chunk needs no pairs: all of it came
//! with its first byte.

use super::{Exchange, Message};

/// How many chunks of a body a host notes at most. Where there are so many, more may have come.
pub const MOST_ARRIVALS: usize = 128;

impl Message {
    /// When chunks arrived: place, and nanoseconds since the exchange's start.
    pub fn arrived(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let (pairs, _) = self.arrivals.as_chunks::<2>();
        pairs.iter().scan((0_u64, 0_u64), |last, [place, ns]| {
            *last = (last.0.saturating_add(*place), last.1.saturating_add(*ns));
            Some(*last)
        })
    }

    /// Says when chunks arrived; neither places nor times may grow less.
    pub fn set_arrived(&mut self, arrived: impl IntoIterator<Item = (u64, u64)>) {
        let mut last = (0_u64, 0_u64);
        self.arrivals.clear();
        for (place, ns) in arrived {
            self.arrivals.extend([place.saturating_sub(last.0), ns.saturating_sub(last.1)]);
            last = (place.max(last.0), ns.max(last.1));
        }
    }
}

/// When the lines of a response's body arrived, of an event that was treated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    first_byte_ns: Option<u64>,
    /// Chunks after the first one: how many lines end before it, and when it came.
    chunks: Vec<(u64, u64)>,
    /// Of how many lines it is known.
    lines: u64,
}

impl Arrivals {
    /// Those of an exchange. Of messages of a websocket, nothing is known.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let Some(response) = exchange.response.as_ref().filter(|_| exchange.websocket.is_none()) else {
            return Self::default();
        };
        let mut chunks: Vec<_> = response.arrived().collect();
        let last = chunks.pop().map_or(0, |(lines, _)| lines);
        let lines = if response.chunks == 1 { u64::MAX } else { last };
        Self { first_byte_ns: exchange.first_byte_ns, chunks, lines }
    }

    /// Nanoseconds from the exchange's start to when the chunk arrived in which this line of the body ends; lines are
    /// counted from 0, by `\n`. `None` where it is not known.
    #[must_use]
    pub fn when(&self, line: u64) -> Option<u64> {
        if line >= self.lines {
            return None;
        }
        let begun = self.chunks.partition_point(|(lines, _)| *lines <= line);
        let last = begun.checked_sub(1).and_then(|index| self.chunks.get(index));
        last.map_or(self.first_byte_ns, |(_, ns)| Some(*ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::WebSocket;

    /// Two lines came with the first byte, after 5 ns; at 40 ns a chunk that ends the third.
    fn exchange() -> Exchange {
        let mut response = Message { chunks: 3, ..Message::default() };
        response.set_arrived([(2, 30), (2, 40), (3, 50), (4, 50)]);
        Exchange { first_byte_ns: Some(5), response: Some(response), ..Exchange::default() }
    }

    #[test]
    fn a_line_arrived_with_the_chunk_that_it_ends_in() {
        let arrivals = Arrivals::of(&exchange());
        let when: Vec<_> = (0..6).map(|line| arrivals.when(line)).collect();
        assert_eq!(when, [Some(5), Some(5), Some(40), Some(50), None, None]);
    }

    #[test]
    fn of_one_chunk_all_arrived_with_the_first_byte() {
        let response = Some(Message { chunks: 1, ..Message::default() });
        let arrivals = Arrivals::of(&Exchange { response, ..exchange() });
        assert_eq!((arrivals.when(0), arrivals.when(1 << 40)), (Some(5), Some(5)));
    }

    #[test]
    fn of_what_says_nothing_and_of_a_websocket_nothing_is_known() {
        let silent = Some(Message { chunks: 3, ..Message::default() });
        let websocket = Some(WebSocket::default());
        for exchange in [
            Exchange { response: silent, ..exchange() },
            Exchange { websocket, ..exchange() },
            Exchange::default(),
        ] {
            assert_eq!(Arrivals::of(&exchange).when(0), None);
        }
    }

    #[test]
    fn numbers_that_no_host_writes_are_read_without_harm() {
        let response = Message { chunks: 2, arrivals: vec![u64::MAX; 5], ..Message::default() };
        assert_eq!(response.arrived().collect::<Vec<_>>(), [(u64::MAX, u64::MAX); 2]);
        let arrivals = Arrivals::of(&Exchange { response: Some(response), ..exchange() });
        assert_eq!(arrivals.when(7), Some(5));
    }
}
