//! JSON with one value on each line, whole or cut: two of them are then told apart line by line.
//!
//! What stands in a string stays as it is. Nothing is parsed: whatever comes, all of it is shown.

/// Levels that are indented; deeper ones stand below each other.
const DEEPEST: usize = 16;

/// Whether text begins as an object or an array does.
pub(super) fn is_json(text: &str) -> bool {
    let mut characters = text.chars().filter(|c| !c.is_whitespace());
    match (characters.next(), characters.next()) {
        (Some('{'), second) => matches!(second, None | Some('"' | '}')),
        (Some('['), second) => second.is_none_or(|c| "{[\"]-tfn0123456789".contains(c)),
        _ => false,
    }
}

/// Lines of JSON from its beginning on.
pub(in crate::cli) fn from_start(text: &str) -> Vec<String> {
    Layout::default().lines(text)
}

/// Lines of the end of JSON whose beginning is not there. As it ends outside of all strings and tables, what it begins in
/// can be told.
pub(super) fn to_end(text: &str) -> Vec<String> {
    let (mut depth, mut in_string, mut lowest) = (0_isize, false, 0);
    let starts_in_string = quotes(text) % 2 == 1;
    let mut escaped = false;
    in_string ^= starts_in_string;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => depth += 1,
            '}' | ']' if !in_string => depth -= 1,
            _ => {}
        }
        lowest = lowest.min(depth);
    }
    Layout { depth: lowest.unsigned_abs(), in_string: starts_in_string, ..Layout::default() }.lines(text)
}

/// Quotes that open or close a string, of text that may begin in one.
fn quotes(text: &str) -> usize {
    let mut escaped = false;
    let is_quote = |c: &char| {
        let was_escaped = std::mem::take(&mut escaped);
        escaped = *c == '\\' && !was_escaped;
        *c == '"' && !was_escaped
    };
    text.chars().filter(is_quote).count()
}

#[derive(Debug, Default)]
struct Layout {
    depth: usize,
    in_string: bool,
    escaped: bool,
    line: String,
    done: Vec<String>,
}

impl Layout {
    fn lines(mut self, text: &str) -> Vec<String> {
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if self.in_string {
                self.in_string(c);
                continue;
            }
            match c {
                '"' => {
                    self.in_string = true;
                    self.line.push(c);
                }
                '{' | '[' => {
                    if self.depth == 0 && !self.line.is_empty() {
                        self.end_line();
                    }
                    self.line.push(c);
                    while rest.next_if(|next| next.is_whitespace()).is_some() {}
                    match rest.next_if(|next| matches!((c, next), ('{', '}') | ('[', ']'))) {
                        Some(closing) => self.line.push(closing),
                        None => {
                            self.depth += 1;
                            self.end_line();
                        }
                    }
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.end_line();
                    self.line.push(c);
                }
                ',' => {
                    self.line.push(c);
                    self.end_line();
                }
                ':' => self.line.push_str(": "),
                c if c.is_whitespace() => {}
                c => self.line.push(c),
            }
        }
        if !self.line.trim().is_empty() {
            self.done.push(self.line);
        }
        self.done
    }

    fn in_string(&mut self, c: char) {
        self.line.push(c);
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '"' => self.in_string = false,
            _ => {}
        }
    }

    /// The next line begins with as many blanks as its level has.
    fn end_line(&mut self) {
        let indent = "  ".repeat(self.depth.min(DEEPEST));
        let line = std::mem::replace(&mut self.line, indent);
        if !line.trim().is_empty() {
            self.done.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_a_line() {
        let lines = from_start(r#"{"a":[1,2],"b":{},"c":"x, {y}: \"z\""}"#);
        let expected =
            ["{", "  \"a\": [", "    1,", "    2", "  ],", "  \"b\": {},", r#"  "c": "x, {y}: \"z\"""#, "}"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn layout_of_the_same_json_is_the_same_however_it_was_laid_out() {
        let lines = from_start("{\"a\":[1,{\"b\":null}]}");
        assert_eq!(from_start("{ \"a\" : [\n1,\t{\n\"b\":null } ] }\n"), lines);
    }

    #[test]
    fn the_end_of_cut_json_stands_on_its_levels() {
        let whole = from_start(r#"{"a":[{"b":"c d"},{"e":"f"}]}"#);
        let end = to_end(r#" d"},{"e":"f"}]}"#);
        assert_eq!(end[1..], whole[whole.len() - 6..]);
        assert_eq!(end[0], " d\"");
    }

    #[test]
    fn whatever_is_no_json_is_shown_as_well() {
        for text in ["{]}[,:\"", "{{{{", "]]]]", "\\\"", "{\"a\\"] {
            let shown: String = from_start(text).concat().replace(' ', "");
            assert_eq!(shown, text.replace(' ', ""));
            to_end(text);
        }
        assert!(from_start(&"[".repeat(10_000)).len() >= 10_000);
    }

    #[test]
    fn a_mask_and_a_note_in_brackets_are_no_json() {
        assert!(!is_json("[redacted]") && !is_json("[warn] low") && !is_json("{x}") && !is_json(""));
        assert!(is_json(" { \"a\"") && is_json("[1]") && is_json("[") && is_json("{}"));
    }

    #[test]
    fn several_documents_stand_below_each_other() {
        assert_eq!(from_start("{\"a\":1}\n{\"b\":2}").len(), 6);
    }
}
