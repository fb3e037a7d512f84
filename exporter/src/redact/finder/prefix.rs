//! Secrets that are known by how they begin: keys of providers, private keys, and JSON web tokens.

use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind, Span, packed};

use super::{
    bytes,
    key::{SHAPES, Shape},
};

/// All prefixes. Those of three bytes and less are apart: the search compares as many bytes of each prefix as the
/// shortest has, at most four, and takes 64 prefixes at a time.
#[derive(Debug)]
pub(super) struct Prefixes {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    search: Search,
    kinds: Vec<Kind>,
}

/// What may begin, or end, with a prefix.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Key(&'static Shape),
    PrivateKey,
    PrivateKeyEnd,
    Jwt,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

impl Kind {
    fn prefix(&self) -> &'static str {
        match self {
            Self::Key(shape) => shape.prefix,
            Self::PrivateKey => BEGIN,
            Self::PrivateKeyEnd => END,
            // `{"` in base64url.
            Self::Jwt => "eyJ",
        }
    }
}

impl Prefixes {
    /// A search for keys, for JSON web tokens, or both; `None` for neither.
    pub(super) fn new(keys: bool, jwt: bool) -> Option<Self> {
        let mut kinds = Vec::new();
        if keys {
            kinds.extend(SHAPES.iter().map(Kind::Key));
            kinds.extend([Kind::PrivateKey, Kind::PrivateKeyEnd]);
        }
        if jwt {
            kinds.push(Kind::Jwt);
        }
        let (short, long): (Vec<_>, Vec<_>) =
            kinds.into_iter().partition(|kind: &Kind| kind.prefix().len() < 4);
        let groups: Vec<_> = [short, long].into_iter().filter_map(Group::new).collect();
        (!groups.is_empty()).then_some(Self { groups })
    }

    pub(super) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        self.groups.iter().for_each(|group| group.find(text, found));
    }
}

impl Group {
    fn new(kinds: Vec<Kind>) -> Option<Self> {
        Some(Self { search: Search::new(kinds.iter().map(Kind::prefix))?, kinds })
    }

    fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let mut done = 0;
        while let Some((kind, start)) = self.search.next(text, done) {
            let secret = match self.kinds[kind] {
                Kind::Key(shape) => shape.at(text, start),
                Kind::PrivateKey => private_key(text, start),
                Kind::PrivateKeyEnd => rest_of_private_key(text, done, start),
                Kind::Jwt => jwt(text, start),
            };
            // What is none may still have one in it.
            done = secret.as_ref().map_or(start + 1, |secret| secret.end);
            found.extend(secret);
        }
    }
}

/// A search for several prefixes in one pass.
#[derive(Debug)]
enum Search {
    /// Sixteen bytes or more at a time.
    Packed(packed::Searcher),
    /// Byte by byte, where the CPU cannot do that.
    Automaton(AhoCorasick),
}

impl Search {
    fn new(prefixes: impl Iterator<Item = &'static str> + Clone) -> Option<Self> {
        let mut packed = packed::Config::new().match_kind(packed::MatchKind::LeftmostLongest).builder();
        if let Some(searcher) = packed.extend(prefixes.clone()).build() {
            return Some(Self::Packed(searcher));
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(prefixes.clone());
        // It fails on millions of prefixes only; without any, there is nothing to look for.
        automaton.ok().filter(|_| prefixes.count() > 0).map(Self::Automaton)
    }

    /// The next prefix from `from` on: which, and where it begins.
    fn next(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let found = match self {
            Self::Packed(searcher) => searcher.find_in(text, Span { start: from, end: text.len() }),
            Self::Automaton(automaton) => automaton.find(Input::new(text).range(from..)),
        }?;
        Some((found.pattern().as_usize(), found.start()))
    }
}

/// The most that is taken for one private key, in bytes; one of RSA with 16,384 bits has 12 KiB.
const MOST_PEM: usize = 16 << 10;

/// A private key in PEM (RFC 7468), with the lines' ends as they are or as escapes: from its first line to its last, or as
/// far as it is there.
fn private_key(text: &[u8], start: usize) -> Option<Range<usize>> {
    let body = end_of_marker(text, start + BEGIN.len())?;
    let is_part = |byte: u8| is_pem(byte) || matches!(byte, b':' | b',' | b'-' | b'.');
    let length = bytes::run(text, body, MOST_PEM, is_part);
    let last_line = memchr::memmem::find(&text[body..body + length], END.as_bytes());
    let end = last_line.and_then(|at| end_of_marker(text, body + at + END.len()));
    Some(start..end.unwrap_or(body + length))
}

/// The last lines of a private key of which the first ones are not there.
fn rest_of_private_key(text: &[u8], from: usize, marker: usize) -> Option<Range<usize>> {
    let end = end_of_marker(text, marker + END.len())?;
    let before = &text[from..marker];
    let body = before.iter().rev().take(MOST_PEM).take_while(|byte| is_pem(**byte)).count();
    bytes::worked(body);
    Some(marker - body..end)
}

/// Where `RSA PRIVATE KEY-----` ends that begins there.
fn end_of_marker(text: &[u8], label: usize) -> Option<usize> {
    const MOST: usize = 40;
    const NAME: &[u8] = b"PRIVATE KEY";
    let rest = text.get(label..)?;
    let length =
        bytes::run(rest, 0, MOST, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
    let is_private = rest[..length].windows(NAME.len()).any(|window| window == NAME);
    (is_private && rest[length..].starts_with(b"-----")).then_some(label + length + 5)
}

fn is_pem(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || matches!(byte, b'+' | b'/' | b'=' | b'\\')
}

/// A JSON web token: signed, of three parts (RFC 7515), or encrypted, of five (RFC 7516), or what is left of one.
fn jwt(text: &[u8], start: usize) -> Option<Range<usize>> {
    /// Letters of the shortest header, `{"alg":""}`.
    const LEAST: usize = 14;
    const MOST_PARTS: usize = 5;
    let before = bytes::at(text, start.checked_sub(1));
    if before.is_some_and(|byte| bytes::is_base64url(byte) && !bytes::is_escape(text, start, byte)) {
        return None;
    }
    let part = |from| bytes::run(text, from, usize::MAX, bytes::is_base64url);
    let header = part(start);
    let mut end = start + header;
    let mut parts = 1;
    while parts < MOST_PARTS && text.get(end) == Some(&b'.') {
        end += 1 + part(end + 1);
        parts += 1;
    }
    let is_jwt = header >= LEAST && parts > 1 && end > start + header + 2;
    // A full stop at its end is that of the sentence; behind an unsigned token it says nothing either.
    is_jwt.then(|| start..end - usize::from(text[end - 1] == b'.'))
}
