//! Texts that come in parts, one in each of many documents: a secret may go over several of them.

use std::{collections::HashMap, ops::Range};

use super::values;
use crate::redact::text::Decoded;

/// Of a stream that ended longer ago than so many documents, nothing is missing at the end of the bytes.
const RECENT: usize = 8;

/// One text.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Its parts, joined.
    pub(super) text: Decoded,
    /// Where the part is that was added last.
    last: Range<usize>,
    first_document: usize,
    last_document: usize,
    is_name: bool,
}

impl Stream {
    /// Whether the text may have begun before the bytes.
    pub(super) fn may_have_begun_before(&self) -> bool {
        !self.is_name && self.first_document < RECENT
    }

    /// Whether the text may go on after the bytes, of which `documents` were read.
    pub(super) fn may_go_on(&self, documents: usize) -> bool {
        !self.is_name && self.last_document + RECENT > documents
    }
}

/// All texts, by their place in the documents.
#[derive(Debug, Default)]
pub(super) struct Streams {
    by_path: HashMap<u64, usize>,
    list: Vec<Stream>,
}

impl Streams {
    /// Adds a part.
    pub(super) fn push(
        &mut self,
        path: u64,
        document: usize,
        is_name: bool,
        bytes: &[u8],
        content: Range<usize>,
        escaped: bool,
    ) {
        /// Longer parts that are the same again and again are names, not parts of a text.
        const LONGEST_REPEATED: usize = 12;
        if content.is_empty() {
            return;
        }
        let next = self.list.len();
        let at = *self.by_path.entry(path).or_insert(next);
        if at == next {
            self.list.push(Stream { first_document: document, is_name, ..Stream::default() });
        }
        let stream = &mut self.list[at];
        if content.len() > LONGEST_REPEATED && bytes[stream.last.clone()] == bytes[content.clone()] {
            stream.is_name = true;
            return;
        }
        stream.last_document = document;
        stream.last = content.clone();
        values::push(&mut stream.text, bytes, content, escaped);
        stream.text.end_fragment();
    }

    /// The texts.
    pub(super) fn into_texts(self) -> impl Iterator<Item = Stream> {
        self.list.into_iter()
    }
}
