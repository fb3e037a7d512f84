//! Patterns: `*` stands for any characters but `/`, `**` for any characters at all. Nothing else is special.

/// More wildcards than this would let a long path cost too much.
pub(crate) const MAX_WILDCARDS: usize = 8;
/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 1024;
/// Bytes of a path that wildcards, and what stands between them, are compared with. What lies beyond only the last
/// wildcard can stand for, if it is a `**`.
const MAX_PATH: usize = 1024;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    /// What every match begins with, so that most paths are told apart by one comparison.
    prefix: Vec<u8>,
    /// What stands between the two.
    tokens: Vec<Token>,
    /// What every match ends with, so that most others are told apart by another.
    suffix: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    Segment,
    Any,
}

impl Glob {
    /// Reads a pattern of paths.
    ///
    /// # Errors
    ///
    /// The rule that the pattern broke, in words.
    pub(crate) fn of_path(pattern: &str) -> Result<Self, String> {
        if !pattern.starts_with(['/', '*']) {
            return Err("must begin with \"/\" or \"*\"".to_owned());
        }
        Self::of_name(pattern)
    }

    /// Reads a pattern of names that may have slashes: routes, media types, hosts.
    ///
    /// # Errors
    ///
    /// As for [`Self::of_path`].
    pub(crate) fn of_name(pattern: &str) -> Result<Self, String> {
        Self::of(pattern, &tokens(pattern.as_bytes()))
    }

    /// Reads a pattern of free text, in which `*` stands for any characters at all.
    ///
    /// # Errors
    ///
    /// As for [`Self::of_path`].
    pub(crate) fn of_text(pattern: &str) -> Result<Self, String> {
        let widened = |token| if token == Token::Segment { Token::Any } else { token };
        Self::of(pattern, &tokens(pattern.as_bytes()).into_iter().map(widened).collect::<Vec<_>>())
    }

    fn of(pattern: &str, tokens: &[Token]) -> Result<Self, String> {
        if !(1..=MAX_PATTERN).contains(&pattern.len()) {
            return Err(format!("must be a pattern of 1 to {MAX_PATTERN} bytes"));
        }
        let is_literal = |token: &Token| matches!(token, Token::Byte(_));
        let wildcards = tokens.iter().filter(|token| !is_literal(token)).count();
        if wildcards > MAX_WILDCARDS {
            return Err(format!("must have at most {MAX_WILDCARDS} wildcards"));
        }
        let (first, last) = (
            tokens.iter().position(|token| !is_literal(token)),
            tokens.iter().rposition(|token| !is_literal(token)),
        );
        let first = first.unwrap_or(tokens.len());
        let last = last.map_or(tokens.len(), |last| last.saturating_add(1));
        let bytes = |tokens: Option<&[Token]>| {
            let byte = |token: &Token| if let Token::Byte(byte) = token { Some(*byte) } else { None };
            tokens.unwrap_or_default().iter().filter_map(byte).collect()
        };
        Ok(Self {
            prefix: bytes(tokens.get(..first)),
            suffix: bytes(tokens.get(last..)),
            tokens: tokens.get(first..last).unwrap_or_default().to_vec(),
        })
    }

    /// Whether the whole of `path` fits.
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        let Some(rest) = path.strip_prefix(self.prefix.as_slice()) else { return false };
        if self.tokens.is_empty() {
            return rest.is_empty();
        }
        let Some(rest) = rest.strip_suffix(self.suffix.as_slice()) else { return false };
        let looked_at = rest.get(..MAX_PATH).unwrap_or(rest);
        let takes_the_rest = looked_at.len() == rest.len() || self.tokens.last() == Some(&Token::Any);
        takes_the_rest && matches(&self.tokens, looked_at)
    }

    /// What every match begins with.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Whether all that fits `other` fits this one too. Where it says no, that may still be so.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let Some(rest) = other.prefix.strip_prefix(self.prefix.as_slice()) else { return false };
        let wide: Vec<_> = self.tokens.iter().copied().chain(literal(&self.suffix)).collect();
        let narrow: Vec<_> =
            literal(rest).chain(other.tokens.iter().copied()).chain(literal(&other.suffix)).collect();
        covers(&wide, &narrow)
    }
}

fn literal(bytes: &[u8]) -> impl Iterator<Item = Token> {
    bytes.iter().map(|byte| Token::Byte(*byte))
}

/// One row for each token of `wide`, from the last to the first; in it, whether what follows that token covers what
/// follows each place in `narrow`.
fn covers(wide: &[Token], narrow: &[Token]) -> bool {
    let mut row = vec![false; narrow.len()];
    row.push(true);
    for token in wide.iter().rev() {
        let mut before = Vec::with_capacity(row.len());
        let mut absorbed = false;
        for (place, after) in row.iter().enumerate().rev() {
            let next = narrow.get(place);
            let from_next = row.get(place.saturating_add(1)).copied().unwrap_or(false);
            absorbed = match token {
                Token::Byte(_) => next == Some(token) && from_next,
                Token::Any => *after || (next.is_some() && absorbed),
                Token::Segment => {
                    let inside = !matches!(next, None | Some(Token::Any | Token::Byte(b'/')));
                    *after || (inside && absorbed)
                }
            };
            before.push(absorbed);
        }
        before.reverse();
        row = before;
    }
    row.first().copied().unwrap_or(false)
}

fn tokens(mut pattern: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    while let Some((&byte, rest)) = pattern.split_first() {
        let (token, rest) = match (byte, rest) {
            (b'*', [b'*', rest @ ..]) => (Token::Any, rest),
            (b'*', rest) => (Token::Segment, rest),
            (byte, rest) => (Token::Byte(byte), rest),
        };
        tokens.push(token);
        pattern = rest;
    }
    tokens
}

/// Greedy with two points to come back to: the last `*`, which a `/` exhausts, and behind it the last `**`.
fn matches(mut tokens: &[Token], mut path: &[u8]) -> bool {
    let mut segment: Option<(&[Token], &[u8])> = None;
    let mut any: Option<(&[Token], &[u8])> = None;
    loop {
        match (tokens.split_first(), path.split_first()) {
            (Some((Token::Any, rest)), _) => {
                any = Some((rest, path));
                segment = None;
                tokens = rest;
                continue;
            }
            (Some((Token::Segment, rest)), _) => {
                segment = Some((rest, path));
                tokens = rest;
                continue;
            }
            (Some((Token::Byte(wanted), rest)), Some((byte, after))) if wanted == byte => {
                (tokens, path) = (rest, after);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        // No way on: let the nearest wildcard take one byte more, and try again from there.
        let nearest = match segment.take().and_then(|(rest, from)| Some((rest, from.split_first()?))) {
            Some((rest, (&byte, after))) if byte != b'/' => {
                segment = Some((rest, after));
                segment
            }
            _ => {
                any = any.and_then(|(rest, from)| Some((rest, from.get(1..)?)));
                any
            }
        };
        let Some(retry) = nearest else { return false };
        (tokens, path) = retry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(pattern: &str, path: &str) -> bool {
        Glob::of_path(pattern).expect("a valid pattern").matches(path.as_bytes())
    }

    #[test]
    fn a_plain_path_matches_itself_only() {
        assert!(fits("/health", "/health"));
        assert!(!fits("/health", "/healthz"));
        assert!(!fits("/health", "/healt"));
    }

    #[test]
    fn one_star_stays_inside_a_segment() {
        assert!(fits("/users/*/posts", "/users/7/posts"));
        assert!(!fits("/users/*/posts", "/users/7/8/posts"));
        assert!(fits("/files/*.json", "/files/.json"));
    }

    #[test]
    fn two_stars_cross_segments() {
        assert!(fits("/v1/chat/**", "/v1/chat/completions"));
        assert!(fits("/v1/**/end", "/v1/a/b/end"));
        assert!(!fits("/v1/chat/**", "/v1/chat"));
        assert!(fits("**", ""));
    }

    #[test]
    fn a_star_after_two_stars_gives_up_its_start() {
        assert!(fits("/**/*.js", "/a.js/b/c.js"));
        assert!(!fits("/**/*.js", "/a.js/b/c.ts"));
    }

    #[test]
    fn what_lies_beyond_the_first_kilobyte_is_for_a_last_wildcard_of_two_stars_only() {
        let path = format!("/a/{}/secret", "x".repeat(1021));
        assert!(fits("/a/**", &path) && fits("/a/**/secret", &path));
        assert!(!fits("/a/*", &path) && !fits("/a/*x", &path));
    }

    #[test]
    fn a_pattern_without_a_leading_slash_is_refused() {
        assert!(Glob::of_path("health").is_err());
    }

    #[test]
    fn a_pattern_of_too_many_wildcards_is_refused() {
        assert!(Glob::of_path(&"/*".repeat(MAX_WILDCARDS + 1)).is_err());
    }

    #[test]
    fn a_pattern_covers_what_it_is_wider_than() {
        let glob = |pattern| Glob::of_path(pattern).expect("a valid pattern");
        for (wide, narrow, expected) in [
            ("**", "/a/*", true),
            ("/v1/**", "/v1/chat/*", true),
            ("/v1/*", "/v1/chat", true),
            ("/v1/*", "/v1/*", true),
            ("/v1/*", "/v1/**", false),
            ("/v1/*", "/v1/a/b", false),
            ("/v1/chat/**", "/v1/chat", false),
            ("/a*c", "/abc", true),
            ("/abc", "/a*c", false),
        ] {
            assert_eq!(glob(wide).covers(&glob(narrow)), expected, "{wide} over {narrow}");
        }
    }

    #[test]
    fn in_free_text_a_star_passes_slashes() {
        assert!(Glob::of_text("acme*").is_ok_and(|glob| glob.matches(b"acme/eu/1")));
    }

    /// The definition, with no thought for speed.
    fn model(tokens: &[Token], path: &[u8]) -> bool {
        match (tokens.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((Token::Byte(wanted), rest)), Some((byte, after))) => wanted == byte && model(rest, after),
            (Some((Token::Segment, rest)), next) => {
                model(rest, path) || next.is_some_and(|(byte, after)| *byte != b'/' && model(tokens, after))
            }
            (Some((Token::Any, rest)), next) => {
                model(rest, path) || next.is_some_and(|(_, after)| model(tokens, after))
            }
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn matching_agrees_with_the_definition(pattern in "/[ab/*]{0,9}", path in "/[ab/]{0,9}") {
            let Ok(glob) = Glob::of_path(&pattern) else { return Ok(()) };
            prop_assert_eq!(glob.matches(path.as_bytes()), model(&tokens(pattern.as_bytes()), path.as_bytes()));
        }

        #[test]
        fn what_is_covered_is_matched(wide in "/[ab/*]{0,6}", narrow in "/[ab/*]{0,6}", path in "/[ab/]{0,6}") {
            let (Ok(wide), Ok(narrow)) = (Glob::of_path(&wide), Glob::of_path(&narrow)) else { return Ok(()) };
            if wide.covers(&narrow) && narrow.matches(path.as_bytes()) {
                prop_assert!(wide.matches(path.as_bytes()));
            }
        }
    }
}
