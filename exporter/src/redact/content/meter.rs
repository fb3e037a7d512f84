//! What decoders read and give out, counted over all of them: what decodes to nothing costs time as well.

use std::{
    cell::Cell,
    io::{self, ErrorKind, Read},
};

/// What may still be read.
#[derive(Debug)]
pub(super) struct Meter(Cell<usize>);

/// A reader that ends too early, as if the rest were missing, where its meter is used up.
#[derive(Debug)]
pub(super) struct Metered<'m, R> {
    reader: R,
    /// What a byte counts.
    cost: usize,
    meter: &'m Meter,
}

impl Meter {
    pub(super) fn new(most: usize) -> Self {
        Self(Cell::new(most))
    }

    /// A reader of which each byte counts `cost`.
    pub(super) fn reader<R: Read>(&self, cost: usize, reader: R) -> Metered<'_, R> {
        Metered { reader, cost, meter: self }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(self.meter.0.get() / self.cost);
        if most == 0 && !out.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let read = self.reader.read(&mut out[..most])?;
        // The reader may have used the same meter meanwhile.
        self.meter.0.set(self.meter.0.get().saturating_sub(read * self.cost));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut reader: impl Read) -> (usize, bool) {
        let mut bytes = Vec::new();
        let is_over = reader.read_to_end(&mut bytes).is_ok();
        (bytes.len(), is_over)
    }

    #[test]
    fn readers_of_one_meter_read_no_more_than_it_allows_by_what_a_byte_counts() {
        let meter = Meter::new(1000);
        assert_eq!(read(meter.reader(1, &[0; 300][..])), (300, true));
        assert_eq!(read(meter.reader(10, &[0; 300][..])), (70, false));
        assert_eq!(read(meter.reader(1, &[0; 300][..])), (0, false));
    }

    #[test]
    fn what_passes_through_two_readers_counts_twice() {
        let meter = Meter::new(1 << 20);
        let inner = meter.reader(1, io::repeat(0));
        let (read, is_over) = read(meter.reader(1, inner));
        assert!(!is_over && read.abs_diff(1 << 19) < 64 << 10, "{read}");
    }
}
