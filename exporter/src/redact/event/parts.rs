//! Secrets in texts: masked where they stand, and in a URL with all of the segment or parameter that they are in, as what is
//! left of it would be read wrongly.

use std::{borrow::Cow, ops::Range};

use offpath_core::{
    limits,
    mask::{Mask, REDACTED},
    query::percent_decoded,
};

use super::texts::{Parts, Text};
use crate::redact::{
    Redactor,
    finder::{Finder, GaveUp},
    withheld,
};

/// Texts, as they are looked through.
pub(super) struct Searched<'r> {
    finder: &'r Finder,
    mask: &'r Mask,
    found: Vec<Range<usize>>,
    /// Values that were masked.
    pub(super) masked: u64,
    /// For each text that would have taken too long, that it did.
    pub(super) withheld: Vec<&'static str>,
}

impl<'r> Searched<'r> {
    pub(super) fn new(redactor: &'r Redactor) -> Self {
        let (finder, mask) = (&redactor.finder, &redactor.mask);
        Self { finder, mask, found: Vec::new(), masked: 0, withheld: Vec::new() }
    }

    pub(super) fn redact(&mut self, text: Text<'_>) {
        // As the core does it; other producers may send more.
        let at_hand = up_to(text.text, text.limit.saturating_add(limits::MARGIN));
        let done = match text.parts {
            Parts::Whole => self.plain(at_hand, text.limit),
            Parts::Segments => self.url(at_hand, '/', text.limit),
            Parts::Parameters => self.url(at_hand, '&', text.limit),
        };
        match done {
            Ok(None) => {}
            Ok(Some(masked)) => *text.text = masked,
            Err(GaveUp) => {
                self.withheld.push(withheld::TOO_LONG);
                text.withhold();
            }
        }
    }

    /// The text with masks, up to the limit; `None` if it stays as it is.
    fn plain(&mut self, text: &str, limit: usize) -> Result<Option<String>, GaveUp> {
        self.finder.find(text.as_bytes(), &mut self.found)?;
        if self.found.is_empty() {
            return Ok((text.len() > limit).then(|| up_to(text, limit).to_owned()));
        }
        let (mut masked, mut done) = (Vec::with_capacity(text.len()), 0);
        // A secret that the limit goes through is masked like the others.
        for range in self.found.iter().filter(|range| range.start < limit) {
            self.masked += 1;
            let is_whole = range.end < text.len() || !is_cut(text, limit);
            masked.extend_from_slice(&text.as_bytes()[done..range.start]);
            masked.extend_from_slice(self.mask.of(&text.as_bytes()[range.clone()], is_whole).as_bytes());
            done = range.end;
        }
        let end = up_to(text, limit).len().max(done);
        masked.extend_from_slice(&text.as_bytes()[done..end]);
        // What an expression found may begin within a character.
        Ok(Some(
            String::from_utf8(masked)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        ))
    }

    /// The same for a part of a URL.
    fn url(&mut self, text: &str, separator: char, limit: usize) -> Result<Option<String>, GaveUp> {
        let secret = self.secret_parts(text, separator)?;
        if secret.is_empty() {
            return Ok((text.len() > limit).then(|| up_to(text, limit).to_owned()));
        }
        // A parameter can go as a whole; a path would be another one without a segment.
        let drops = self.mask.drops() && separator == '&';
        let (mut kept, mut start, mut secret) = (Vec::new(), 0, secret.into_iter().peekable());
        for (index, part) in text.split(separator).enumerate() {
            if start > limit {
                break;
            }
            let end = start + part.len();
            let is_secret = secret.next_if_eq(&index).is_some();
            if is_secret {
                self.masked += 1;
            }
            if !is_secret {
                kept.push(Cow::Borrowed(up_to(part, limit - start)));
            } else if !drops {
                kept.push(self.masked_part(part, separator, end < text.len() || !is_cut(text, limit)).into());
            }
            start = end + separator.len_utf8();
        }
        Ok(Some(kept.join(separator.encode_utf8(&mut [0; 4]))))
    }

    fn masked_part(&mut self, part: &str, separator: char, is_whole: bool) -> String {
        let name = part.split_once('=').map(|(name, _)| name).filter(|_| separator == '&');
        // A name that is a secret goes with its value.
        let name = name.filter(|name| {
            self.finder.find(&decoded(name, separator), &mut self.found).is_ok() && self.found.is_empty()
        });
        let (name, value) = name.map_or(("", part), |name| part.split_at(name.len() + 1));
        let mask = self.mask.of(&decoded(value, separator), is_whole);
        format!("{name}{}", if mask.is_empty() { REDACTED } else { &mask })
    }

    /// Which parts have a secret in them, as they are or decoded, in order.
    fn secret_parts(&mut self, text: &str, separator: char) -> Result<Vec<usize>, GaveUp> {
        self.finder.find(text.as_bytes(), &mut self.found)?;
        let is_encoded = |part: &str| part.contains('%') || part.contains('+');
        if self.found.is_empty() && !is_encoded(text) {
            return Ok(Vec::new());
        }
        let found = std::mem::take(&mut self.found);
        let (mut found, mut secret, mut start) = (&found[..], Vec::new(), 0);
        for (index, part) in text.split(separator).enumerate() {
            let end = start + part.len();
            // What is found is in order, too, and may go over several parts.
            while let [range, rest @ ..] = found
                && range.end <= start
            {
                found = rest;
            }
            let mut is_secret = found.first().is_some_and(|range| range.start < end);
            if !is_secret && is_encoded(part) {
                self.finder.find(&decoded(part, separator), &mut self.found)?;
                is_secret = !self.found.is_empty();
            }
            if is_secret {
                secret.push(index);
            }
            start = end + separator.len_utf8();
        }
        Ok(secret)
    }
}

/// The whole characters among the first bytes.
fn up_to(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Whether the core may have cut the text where it ends: it leaves no half of a character.
fn is_cut(text: &str, limit: usize) -> bool {
    const LONGEST_CHARACTER: usize = 4;
    text.len() + LONGEST_CHARACTER > limit.saturating_add(limits::MARGIN)
}

/// A part without percent-encoding; in a query, a `+` is a blank (<https://url.spec.whatwg.org/#urlencoded-parsing>).
fn decoded(part: &str, separator: char) -> Vec<u8> {
    let spaced = if separator == '&' { part.replace('+', " ") } else { part.to_owned() };
    percent_decoded(spaced.as_bytes()).into_owned()
}
