//! Texts joined for the way into the guest; `filter/wit` says how.

/// Texts on their way into the guest: each preceded by its length in four bytes, little end first.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    joined: Vec<u8>,
    count: usize,
}

/// Longest text handed to the guest. It cuts far below that, but only after it has redacted.
const LONGEST_TEXT: usize = 64 << 10;
/// Most texts of one head: enough for 1,000 headers.
const MOST_TEXTS: usize = 2048;
/// Most bytes of one head. Two megabytes of headers are an attack, and copying them would be its success.
const MOST_BYTES: usize = 1 << 20;

impl Texts {
    /// Room for texts of so many bytes together.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { joined: Vec::with_capacity(bytes), count: 0 }
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        let text = text.get(..LONGEST_TEXT).unwrap_or(text);
        let length = u32::try_from(text.len()).unwrap_or_default();
        self.joined.extend_from_slice(&length.to_le_bytes());
        self.joined.extend_from_slice(text);
        self.count += 1;
    }

    /// Adds empty texts until there are so many.
    pub(crate) fn pad(&mut self, count: usize) {
        while self.count < count {
            self.push(b"");
        }
    }

    /// Whether a head may go on.
    pub(crate) fn has_room(&self) -> bool {
        self.count < MOST_TEXTS && self.joined.len() < MOST_BYTES
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.joined
    }
}
