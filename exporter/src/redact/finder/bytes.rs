//! What bytes are, and where a word begins and ends.

/// The byte at `at`, counted from the start; `None` beyond either end.
pub(super) fn at(text: &[u8], at: Option<usize>) -> Option<u8> {
    text.get(at?).copied()
}

/// Whether a word may begin at `at`: no ASCII letter or digit stands before it, but for those of an escape such as `\n` or
/// `%3D`. Other letters are no part of what is looked for, and in some scripts no blank stands between words.
pub(super) fn begins(text: &[u8], start: usize) -> bool {
    let Some(before) = at(text, start.checked_sub(1)) else { return true };
    !before.is_ascii_alphanumeric() || is_escape(text, start, before)
}

/// Whether the byte before `start` is the last of an escape of JSON or of a URL.
pub(super) fn is_escape(text: &[u8], start: usize, before: u8) -> bool {
    let is_json = || {
        matches!(before, b'n' | b'r' | b't' | b'b' | b'f') && at(text, start.checked_sub(2)) == Some(b'\\')
    };
    let is_url = || {
        matches!(start.checked_sub(3).and_then(|percent| text.get(percent..start)),
            Some([b'%', high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    };
    is_json() || is_url()
}

/// Whether a word may end before `end`.
pub(super) fn ends(text: &[u8], end: usize) -> bool {
    !text.get(end).is_some_and(u8::is_ascii_alphanumeric)
}

/// How many bytes from `start` on are of a kind, at most `most`.
pub(super) fn run(text: &[u8], start: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.iter().take(most).take_while(|byte| is(**byte)).count();
    worked(length + 1);
    length
}

/// Counts looks at bytes, so that a test can tell how they grow.
#[cfg(test)]
pub(super) fn worked(looks: usize) {
    WORK.with(|work| work.set(work.get() + looks));
}

#[cfg(not(test))]
pub(super) const fn worked(_looks: usize) {}

#[cfg(test)]
thread_local! {
    static WORK: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
pub(super) fn work() -> usize {
    WORK.get()
}

/// Letters of base64url (RFC 4648, section 5), which are those of most keys too.
pub(super) fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
