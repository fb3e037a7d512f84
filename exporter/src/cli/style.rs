//! How results look on a terminal. Where nobody looks, and with `NO_COLOR`, the same text stands without colours.

use anstyle::{AnsiColor, Style};

/// What is well.
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What is wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What may be.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What to look at first.
pub(super) const STRONG: Style = Style::new().bold();
/// What to look at last.
pub(super) const FAINT: Style = Style::new().dimmed();

/// A stranger's text, which must not steer the terminal: control characters, and those that turn the direction of text,
/// are shown by their numbers.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => plain.push_str("    "),
            c if c.is_control() || turns_text(c) => plain.extend(c.escape_default()),
            c => plain.push(c),
        }
    }
    plain
}

/// Marks without width, and those of bidirectional text (Unicode Standard Annex 9).
fn turns_text(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_sent() {
        assert_eq!(plain("a\u{1b}[2J\u{9b}\r\u{202e}b\tc"), "a\\u{1b}[2J\\u{9b}\\r\\u{202e}b    c");
        assert_eq!(plain("üñ… 日本"), "üñ… 日本");
    }
}
