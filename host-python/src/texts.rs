//! Texts joined for the way into the guest; `filter/wit` says how.

/// Texts on their way into the guest: joined, with the place where each ends.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ends: Vec<u32>,
}

/// Longest text handed to the guest. It cuts far below that, but only after it has redacted.
const LONGEST_TEXT: usize = 64 << 10;
/// Most texts of one head: enough for 1,000 headers.
const MOST_TEXTS: usize = 2048;
/// Most bytes of one head. Two megabytes of headers are an attack, and copying them would be its success.
const MOST_BYTES: usize = 1 << 20;

impl Texts {
    pub(crate) fn with_capacity(bytes: usize, texts: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(texts) }
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        let text = text.get(..LONGEST_TEXT).unwrap_or(text);
        self.bytes.extend_from_slice(text);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// Whether a head may go on.
    pub(crate) fn has_room(&self) -> bool {
        self.ends.len() < MOST_TEXTS && self.bytes.len() < MOST_BYTES
    }
}
