//! Redis Streams: what the sink that writes them and the intake that reads them have in common.
//!
//! ```text
//! <stream>                     a stream, with one field in each entry:
//!     e                        an encoded `offpath_core::event::Event` as a spool holds it: its secrets are masked already
//! {<stream>}:positions         a hash: how far each exporter has written
//!     <spool, 16 hex digits>   index, in its spool, of the next event to write
//! {<stream>}:batches:<group>   a hash: the last batch that each reader of the group took
//!     <reader, 32 hex digits>  the batch, 32 hex digits, and the places in it of entries that were not the reader's any more
//! ```
//!
//! What stands in braces decides where a cluster keeps a key, so all of a stream are in one place, as the scripts need it.
//! Where the stream's own name has braces, the other keys begin with that name as it is.
//!
//! All that must happen as one happens in a script: Redis runs nothing else meanwhile, and a script that fails does so before
//! its first write.

mod connection;
mod error;

use offpath_core::config::Table;

pub use self::{connection::Server, error::Error};

/// A function `trim(stream)` for scripts. It removes what all groups of a stream have read and acknowledged, and nothing
/// else.
pub(crate) const TRIM: &str = include_str!("streams/trim.lua");

/// The names of a stream's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The stream.
    pub stream: String,
    tag: String,
}

impl Keys {
    /// The stream that is written and read unless another is named.
    pub const DEFAULT: &str = "offpath:events";

    /// Those of `stream`; `None` if that is no name for one: it is empty or long, or its braces would have a cluster keep its
    /// keys in different places.
    #[must_use]
    pub fn of(stream: &str) -> Option<Self> {
        let tag = match stream.split_once('{').map(|(_, rest)| rest.split_once('}')) {
            Some(Some((tag, _))) => (!tag.is_empty()).then(|| stream.to_owned()),
            Some(None) => None,
            None => (!stream.contains('}')).then(|| format!("{{{stream}}}")),
        };
        let is_name = (1..=256).contains(&stream.len());
        tag.filter(|_| is_name).map(|tag| Self { stream: stream.to_owned(), tag })
    }

    /// `stream`.
    pub(crate) fn read(table: &mut Table<'_, '_>) -> Option<Self> {
        let rule = "must be the name of a key, 1 to 256 bytes long, with a pair of braces or none";
        if table.has("stream") {
            return table.typed("stream", rule, |value| Self::of(value.as_str()?));
        }
        table.leave(&["stream"]);
        Self::of(Self::DEFAULT)
    }

    /// How far each exporter has written.
    #[must_use]
    pub fn positions(&self) -> String {
        format!("{}:positions", self.tag)
    }

    /// What each reader of a group took last.
    #[must_use]
    pub fn batches(&self, group: &str) -> String {
        format!("{}:batches:{group}", self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_stream_have_the_tag_that_it_has() {
        let keys = Keys::of("offpath:events").expect("a name");
        assert_eq!(keys.positions(), "{offpath:events}:positions");
        let keys = Keys::of("{app}:events").expect("a name");
        assert_eq!(keys.batches("g"), "{app}:events:batches:g");
        for wrong in ["", "a}b", "a{b", "a{}b", &"x".repeat(257)] {
            assert_eq!(Keys::of(wrong), None, "{wrong}");
        }
    }
}
