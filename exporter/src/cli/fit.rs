//! Text in so many columns.

use std::{io::IsTerminal, os::fd::AsFd};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns that a text takes; it has no control characters.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns: what is too long ends with an ellipsis.
pub(super) fn clip(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut left = columns.saturating_sub(1);
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        clipped.push(c);
    }
    if columns > 0 {
        clipped.push('…');
    }
    clipped
}

/// The text with spaces up to so many columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// The text with spaces before it.
pub(super) fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(text.width())))
}

/// Columns and rows of the terminal; `None` if it is none, or does not say.
pub(super) fn size(terminal: &(impl AsFd + IsTerminal)) -> Option<(usize, usize)> {
    let size = terminal.is_terminal().then(|| rustix::termios::tcgetwinsize(terminal).ok()).flatten()?;
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.into(), size.ws_row.into()))
}

/// Columns of the terminal; `None` if it is none.
pub(super) fn columns(terminal: &(impl AsFd + IsTerminal)) -> Option<usize> {
    size(terminal).map(|(columns, _)| columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_ends_with_an_ellipsis() {
        assert_eq!(clip("langfuse", 8), "langfuse");
        assert_eq!(clip("langfuse", 5), "lang…");
        assert_eq!((clip("langfuse", 1), clip("langfuse", 0)), ("…".to_owned(), String::new()));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(clip("日本語", 5), "日本…");
        assert_eq!(clip("日本語", 4), "日…");
        assert_eq!((pad("日", 4), pad_left("日", 4)), ("日  ".to_owned(), "  日".to_owned()));
    }
}
