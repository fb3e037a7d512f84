//! A line of text in pieces, each with its style.

use anstyle::Style;

use crate::cli::{
    fit::{clip, pad, pad_left, width},
    style::plain,
};

/// A line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(Vec<(Style, String)>);

impl Line {
    /// With one piece.
    pub(super) fn of(style: Style, text: &str) -> Self {
        Self::default().and(style, text)
    }

    /// With one more piece, which may be a stranger's.
    pub(super) fn and(mut self, style: Style, text: &str) -> Self {
        self.0.push((style, plain(text)));
        self
    }

    /// With one more that takes so many columns at least.
    pub(super) fn left(self, style: Style, text: &str, columns: usize) -> Self {
        let text = clip(&plain(text), columns);
        self.and(style, &pad(&text, columns))
    }

    /// The same, at the end of its columns.
    pub(super) fn right(self, style: Style, text: &str, columns: usize) -> Self {
        self.and(style, &pad_left(text, columns))
    }

    /// Its text in at most so many columns, styled. What is too long ends with an ellipsis.
    pub(super) fn styled(&self, columns: usize) -> String {
        let (mut left, mut out) = (columns, String::new());
        let last = self.0.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        for (index, (style, text)) in self.0.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
            let text = if Some(index) == last { text.trim_end() } else { text };
            // What follows has to have room for its ellipsis.
            let more =
                self.0[index + 1..].iter().take(last.unwrap_or(0) - index).any(|(_, text)| !text.is_empty());
            let fits = width(text) < left || (width(text) == left && !more);
            let shown = if fits { text.to_owned() } else { clip(&format!("{text}…"), left) };
            left -= width(&shown);
            out.push_str(&if *style == Style::new() { shown } else { format!("{style}{shown}{style:#}") });
            if !fits {
                break;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::style::BAD;

    #[test]
    fn a_line_ends_where_the_terminal_does() {
        let line = Line::of(Style::new(), "abc").and(BAD, "def").and(Style::new(), "  ");
        let shown = |columns| anstream::adapter::strip_str(&line.styled(columns)).to_string();
        assert_eq!(
            (shown(7), shown(6), shown(5), shown(3), shown(0)),
            ("abcdef".into(), "abcdef".into(), "abcd…".into(), "ab…".into(), String::new())
        );
    }

    #[test]
    fn a_stranger_s_text_does_not_steer_the_terminal() {
        assert_eq!(Line::of(Style::new(), "\u{1b}[2J").styled(80), "\\u{1b}[2J");
    }
}
