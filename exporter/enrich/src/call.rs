//! An exchange as far as it is looked into.

use std::borrow::Cow;

use crate::Format;

/// What was asked, and what was answered.
#[derive(Debug, Clone, Default)]
pub struct Call<'a> {
    /// The host that was asked, as the request has it.
    pub host: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// Query without `?`.
    pub query: &'a str,
    /// Status of the answer; 0 if there was none.
    pub status: u32,
    /// What was sent.
    pub request: Text<'a>,
    /// What came back.
    pub response: Text<'a>,
    /// How it ended.
    pub ending: Ending,
    /// What a rule says that it is; none: what path and shape say.
    pub format: Option<Format>,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ending {
    /// The answer came to its end.
    #[default]
    Whole,
    /// It broke off.
    BrokenOff,
}

/// A body as text.
#[derive(Debug, Clone, Default)]
pub struct Text<'a> {
    /// All of it; where there is a gap, what stands before that.
    pub head: Cow<'a, str>,
    /// What stands behind the gap.
    pub tail: Cow<'a, str>,
    /// Whether bytes are missing between head and tail, or, where there is no tail, behind the head.
    pub has_gap: bool,
}

impl<'a> Text<'a> {
    /// A text of which all is there.
    pub fn whole(text: impl Into<Cow<'a, str>>) -> Self {
        Self { head: text.into(), ..Self::default() }
    }

    /// A text of which the middle is missing.
    pub fn ends(head: impl Into<Cow<'a, str>>, tail: impl Into<Cow<'a, str>>) -> Self {
        Self { head: head.into(), tail: tail.into(), has_gap: true }
    }

    /// Whether nothing of it is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }
}
