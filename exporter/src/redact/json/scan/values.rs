//! What is done with a string, a number, `true`, `false` or `null`.

use std::ops::Range;

use memchr::memchr;

use super::{Member, Scan};
use crate::redact::{
    edits::Why,
    json::{
        self,
        key::{Role, hash},
        string::{Part, Parts, decoded, escaped},
        token::{Kind, Token, is_blank},
    },
    media,
    piece::Piece,
    text::Decoded,
};

/// How many strings JSON may be in: what is deeper is text.
const MAX_LEVEL: u8 = 4;
/// Longest string that is kept in an array of which it is not known whose it is.
const LONGEST_UNKNOWN: usize = 8;
/// Longest string that says of what type its siblings are.
const LONGEST_TYPE: usize = 128;

impl Scan<'_> {
    pub(super) fn bare(&mut self, token: Token, member: Option<Member>) {
        let bytes = self.piece.bytes;
        let text = &bytes[token.start..token.end];
        let whole = self.piece.has_whole(&(token.start..token.end));
        if text == b"null" && whole {
            return;
        }
        if self.is_secret(member) {
            let end = end_of_quotes(bytes, &token).unwrap_or(token.end);
            return self.mask(token.start..end, member, whole);
        }
        if self.role(member) == Role::Index {
            self.set_index(text);
        }
        if !matches!(text, b"true" | b"false") {
            self.texts.push_bare(text, token.start);
            self.texts.end_part();
        }
    }

    pub(super) fn string(&mut self, token: Token, member: Option<Member>) {
        let Kind::String { opened, closed, escaped } = token.kind else { return };
        let content = token.content();
        if self.is_secret(member) || self.may_be_secret_item(member, opened, &content) {
            self.ends_in_secret |= !closed;
            return self.mask(token.start..token.end, member, opened && closed);
        }
        let role = self.role(member);
        let has_whole = opened && closed;
        if !self.redactor.keep_media && opened && self.sum_up_media(&content, role, has_whole) {
            return;
        }
        match role {
            Role::Index => self.set_index(&self.piece.bytes[content.clone()]),
            Role::MediaType if content.len() <= LONGEST_TYPE => self.media_type = Some(content.clone()),
            _ => {}
        }
        if self.streams.is_some() {
            self.stream(&token, member, role);
        }
        if self.may_be_json(&content, opened, escaped) && self.json_in(&content, opened, closed) {
            return;
        }
        push(&mut self.texts, self.piece.bytes, content, escaped);
        self.texts.end_part();
    }

    /// Adds a string to the text that it may be a part of.
    fn stream(&mut self, token: &Token, member: Option<Member>, role: Role) {
        let Kind::String { escaped, .. } = token.kind else { return };
        let path = self.path(member);
        let document = self.documents + self.grammar.documents;
        if let Some(streams) = &mut self.streams {
            let is_name = matches!(role, Role::Name | Role::Index | Role::MediaType);
            streams.push(path, document, is_name, self.piece.bytes, token.content(), escaped);
        }
    }

    /// Keys are searched too, as are values.
    pub(super) fn texts_of_key(&mut self, token: &Token) {
        let Kind::String { escaped, .. } = token.kind else { return };
        push(&mut self.texts, self.piece.bytes, token.content(), escaped);
        self.texts.end_part();
    }

    fn is_secret(&self, member: Option<Member>) -> bool {
        let is_unseen = self.reading.unseen.is_some() && self.levels.is_empty() && member.is_none();
        member.is_some_and(|member| member.key.is_secret)
            || self.reading.mask_unknown && (is_unseen || !self.is_known())
    }

    /// Whether a string is in an array that began before a gap, so that its key was not seen.
    fn may_be_secret_item(&self, member: Option<Member>, opened: bool, content: &Range<usize>) -> bool {
        let is_unseen = self.reading.unseen.is_some() && self.levels.is_empty() && !self.is_known();
        is_unseen && member.is_none() && opened && content.len() > LONGEST_UNKNOWN
    }

    fn set_index(&mut self, value: &[u8]) {
        if let Some(level) = self.levels.last_mut() {
            level.index = level.index.rotate_left(1) ^ hash(value);
        }
    }

    fn sum_up_media(&mut self, content: &Range<usize>, role: Role, whole: bool) -> bool {
        let bytes = &self.piece.bytes[content.clone()];
        let by_key = role == Role::Media;
        if !bytes.starts_with(b"data:") && !by_key {
            return false;
        }
        let media_type = self.media_type.clone().and_then(|at| str::from_utf8(&self.piece.bytes[at]).ok());
        let text = decoded(bytes);
        let hints = media::Hints { media_type, by_key };
        let Some(summary) = media::summary(&text, hints, whole) else { return false };
        let end = if whole { "" } else { "\"" };
        self.edits.push(content.clone(), &format!("{}{end}", escaped(&summary)), Why::Cut);
        true
    }

    fn may_be_json(&self, content: &Range<usize>, opened: bool, escaped: bool) -> bool {
        let bytes = &self.piece.bytes[content.clone()];
        let begins = bytes.iter().find(|byte| !is_blank(**byte));
        self.reading.level < MAX_LEVEL
            && (matches!(begins, Some(b'{' | b'[' | b'\\' | 0xEF))
                || escaped && (!opened || json::has_member(bytes)))
    }

    /// Treats a string as JSON. Returns whether it is.
    fn json_in(&mut self, content: &Range<usize>, opened: bool, closed: bool) -> bool {
        let mut text = Decoded::default();
        push(&mut text, self.piece.bytes, content.clone(), true);
        let piece = Piece {
            bytes: text.text(),
            cut_start: !opened && self.piece.cut_start,
            cut_end: !closed && self.piece.cut_end,
        };
        match json::mask_text(&piece, self.redactor, self.reading) {
            Ok(Some(found)) => {
                self.ends_in_secret |= found.ends_in_secret;
                for (at, with, why) in found.edits.iter() {
                    text.replace(at, &escaped(with), why, &mut self.edits);
                }
                true
            }
            Ok(None) => false,
            Err(gave_up) => {
                self.error = Some(gave_up);
                true
            }
        }
    }
}

/// The end of a string in single quotes that begins with a token: it is none of JSON's, but often written.
fn end_of_quotes(bytes: &[u8], token: &Token) -> Option<usize> {
    let content = bytes[token.start..].strip_prefix(b"'")?;
    memchr(b'\'', content).map(|end| token.start + end + 2)
}

/// Adds what a string says to a text.
pub(super) fn push(text: &mut Decoded, bytes: &[u8], content: Range<usize>, escaped: bool) {
    let string = &bytes[content.clone()];
    if !escaped {
        return text.push(string, content.start);
    }
    for part in Parts::new(string) {
        match part {
            Part::Plain(at) => text.push(&string[at.clone()], content.start + at.start),
            Part::Escape(at, character) => {
                let raw = content.start + at.start..content.start + at.end;
                text.push_escape(character.encode_utf8(&mut [0; 4]).as_bytes(), raw);
            }
        }
    }
}
