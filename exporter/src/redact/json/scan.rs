//! Finds what is secret in the tokens of JSON.
//!
//! A string before a colon is a key, wherever it stands: so what a key says holds for its value in JSON that is cut or
//! broken too. Strings and numbers that no key decides on are gathered as text and searched at once at the end.
//!
//! JSON that breaks its grammar is read twice, the second time as if it began inside a string: where a quote is missing
//! or one too many, the other reading has the keys. What either finds is masked.

mod finish;
mod streams;
mod values;

use std::ops::Range;

use self::streams::Streams;
use super::{
    grammar::{Grammar, is_literal},
    key::{Key, Role, Seen, mix},
    string::unquoted,
    token::{Begins, Kind, Token, Tokens, is_blank},
};
use crate::redact::{
    Redactor,
    edits::{Edits, Why},
    finder::GaveUp,
    piece::Piece,
    text::Decoded,
};

/// How the bytes are to be read.
#[derive(Debug, Clone, Copy)]
pub(in crate::redact) struct Reading {
    /// How many strings the JSON is in.
    pub(in crate::redact) level: u8,
    /// Whether strings at the same place of several documents are the parts of one text.
    pub(in crate::redact) streamed: bool,
    /// Of bytes after a gap: closers of what was open before it, if the bytes are the end of a document.
    pub(in crate::redact) unseen: Option<Option<usize>>,
    /// Whether scalars are masked whose path is not known.
    pub(in crate::redact) mask_unknown: bool,
}

impl Reading {
    /// Of documents from their beginning.
    pub(in crate::redact) fn documents(streamed: bool) -> Self {
        Self { level: 0, streamed, unseen: None, mask_unknown: false }
    }
}

/// What is found.
#[derive(Debug, Default)]
pub(in crate::redact) struct Found {
    /// What is to be replaced; settled.
    pub(in crate::redact) edits: Edits,
    /// Whether the bytes end inside something secret.
    pub(in crate::redact) ends_in_secret: bool,
    /// How many documents there are.
    pub(in crate::redact) documents: usize,
}

/// A container that is open.
#[derive(Debug, Clone, Copy)]
struct Level {
    is_array: bool,
    /// Which place in the document it is.
    path: u64,
    /// Items before the current one.
    items: u64,
    /// What its members said of which part of a stream it is.
    index: u64,
    role: Role,
    /// Whether its path is known.
    is_known: bool,
}

/// A member whose value is to come.
#[derive(Debug, Clone, Copy, Default)]
struct Member {
    key: Key,
    /// Where it begins, with the comma before it.
    start: usize,
    has_comma: bool,
}

/// A string of which it is not known yet whether it is a key.
#[derive(Debug, Clone, Copy)]
struct Held {
    token: Token,
    /// The member whose value it is, if it is one.
    member: Option<Member>,
    comma: Option<usize>,
}

/// A container that is masked as a whole.
#[derive(Debug)]
struct Secret {
    member: Option<Member>,
    start: usize,
    /// What is open in it, by its first byte.
    open: Vec<u8>,
}

/// Reads documents.
#[derive(Debug)]
pub(in crate::redact) struct Scan<'s> {
    redactor: &'s Redactor,
    piece: Piece<'s>,
    reading: Reading,
    edits: Edits,
    texts: Decoded,
    streams: Option<Streams>,
    seen: Seen,
    grammar: Grammar,
    is_malformed: bool,
    documents: usize,
    /// What the current document is in.
    levels: Vec<Level>,
    held: Option<Held>,
    member: Option<Member>,
    comma: Option<usize>,
    /// Whether a comma that comes now goes with the member before it.
    drops_comma: bool,
    secret: Option<Secret>,
    media_type: Option<Range<usize>>,
    /// Closers of what was open before the gap, so far.
    unmatched: usize,
    ends_in_secret: bool,
    error: Option<GaveUp>,
}

impl<'s> Scan<'s> {
    pub(in crate::redact) fn new(redactor: &'s Redactor, piece: Piece<'s>, reading: Reading) -> Self {
        let grammar = if reading.unseen.is_some() { Grammar::after_gap() } else { Grammar::new() };
        Self {
            redactor,
            piece,
            reading,
            edits: Edits::default(),
            texts: Decoded::with_room(piece.bytes.len()),
            streams: reading.streamed.then(Streams::default),
            seen: Seen::new(),
            grammar,
            is_malformed: false,
            documents: 0,
            levels: Vec::new(),
            held: None,
            member: None,
            comma: None,
            drops_comma: false,
            secret: None,
            media_type: None,
            unmatched: 0,
            ends_in_secret: false,
            error: None,
        }
    }

    /// Reads the tokens of a part of the bytes, which is no part of a token.
    pub(in crate::redact) fn read(&mut self, part: Range<usize>, begins: Begins) {
        let bytes = &self.piece.bytes[..part.end];
        for token in Tokens::new(bytes, part.start, begins) {
            self.take(token);
        }
    }

    /// Ends the documents that were read of `part`: what comes next has nothing to do with them.
    pub(in crate::redact) fn end_documents(&mut self, part: Range<usize>) {
        let is_malformed = self.is_malformed;
        self.end(part.end);
        if is_malformed {
            let streams = self.streams.take();
            self.read(part.clone(), Begins::InString);
            self.end(part.end);
            self.streams = streams;
            self.add_text(part);
        }
    }

    /// Has a part of the bytes searched that is no JSON.
    pub(in crate::redact) fn add_text(&mut self, part: Range<usize>) {
        self.texts.push(&self.piece.bytes[part.clone()], part.start);
        self.texts.end_part();
    }

    /// Has a part of the bytes searched that is no JSON, but one of the parts of a text.
    pub(in crate::redact) fn add_stream(&mut self, part: Range<usize>) {
        self.add_text(part.clone());
        self.documents += 1;
        if let Some(streams) = &mut self.streams {
            streams.push(0, self.documents, false, self.piece.bytes, part, false);
        }
    }

    /// Ends what was read up to `end`.
    pub(in crate::redact) fn end(&mut self, end: usize) {
        self.end_held();
        if let Some(secret) = self.secret.take() {
            self.mask(secret.start..end, secret.member, false);
            self.ends_in_secret |= end == self.piece.bytes.len();
        }
        self.ends_in_secret |= self.member.take().is_some_and(|member| member.key.is_secret);
        self.documents += self.grammar.documents;
        self.grammar = Grammar::new();
        self.is_malformed = false;
        self.levels.clear();
        self.comma = None;
        self.drops_comma = false;
        self.media_type = None;
    }

    #[inline(always)]
    fn take(&mut self, token: Token) {
        if !self.is_malformed {
            self.is_malformed = !self.is_in_order(&token);
        }
        if self.secret.is_some() {
            return self.take_in_secret(token);
        }
        if token.kind == Kind::Colon {
            return self.begin_member();
        }
        self.end_held();
        let after_dropped = std::mem::take(&mut self.drops_comma);
        match token.kind {
            Kind::String { .. } => {
                self.held = Some(Held { token, member: self.take_member(), comma: self.comma.take() });
            }
            Kind::Bare => {
                let member = self.take_member();
                self.bare(token, member);
            }
            Kind::Open(byte) => self.open(token, byte),
            Kind::Close(_) => self.close(),
            Kind::Comma if after_dropped => self.edits.extend_last(token.end),
            Kind::Comma => self.comma(token),
            Kind::Colon => {}
        }
    }

    fn is_in_order(&mut self, token: &Token) -> bool {
        let bytes = self.piece.bytes;
        // At either end there may be only a part of it, also of a body that ends too early.
        let may_be_part = token.end == bytes.len() || self.piece.cut_start && token.start == 0;
        let is_right = token.kind != Kind::Bare || may_be_part || is_literal(&bytes[token.start..token.end]);
        self.grammar.take(token).is_ok() && is_right
    }

    /// The member whose value comes. Until a comma or a closer, all that follows is the value of a secret key: in what is
    /// no JSON, such as `b"…"`, it may be several tokens.
    fn take_member(&mut self) -> Option<Member> {
        let member = self.member;
        self.member = member.filter(|member| member.key.is_secret);
        member
    }

    fn begin_member(&mut self) {
        let Some(held) = self.held.take() else {
            if self.member.is_some_and(|member| member.key.is_secret) {
                return;
            }
            // The key was not seen: it was before a gap, or there is none.
            let key = Key { is_secret: self.reading.unseen.is_some(), ..Key::default() };
            self.member = Some(Member { key, ..Member::default() });
            return;
        };
        let mut key = self.seen.key(self.piece.bytes, held.token.content(), &self.redactor.keys);
        // Of a key that was cut nobody knows what it was.
        let is_cut = matches!(held.token.kind, Kind::String { opened: false, .. });
        key.is_secret |= is_cut && self.reading.unseen.is_some();
        let start = held.comma.unwrap_or(held.token.start);
        self.member = Some(Member { key, start, has_comma: held.comma.is_some() });
        self.texts_of_key(&held.token);
    }

    fn end_held(&mut self) {
        if let Some(held) = self.held.take() {
            self.string(held.token, held.member);
        }
    }

    fn open(&mut self, token: Token, byte: u8) {
        let member = self.take_member();
        if member.is_some_and(|member| member.key.is_secret) {
            self.secret = Some(Secret { member, start: token.start, open: vec![byte] });
            return;
        }
        let level = Level {
            is_array: byte == b'[',
            path: self.path(member),
            items: 0,
            index: 0,
            role: self.role(member),
            is_known: self.is_known() && !self.may_be_value_of_unseen_key(token.start, member),
        };
        self.levels.push(level);
        self.comma = None;
        self.media_type = None;
    }

    fn close(&mut self) {
        if self.levels.pop().is_none() {
            self.unmatched += 1;
        }
        self.member = None;
        self.comma = None;
        self.media_type = None;
    }

    fn comma(&mut self, token: Token) {
        self.member = None;
        self.comma = Some(token.start);
        if let Some(level) = self.levels.last_mut() {
            level.items += 1;
        }
    }

    fn take_in_secret(&mut self, token: Token) {
        let Some(secret) = &mut self.secret else { return };
        match token.kind {
            Kind::Open(byte) => secret.open.push(byte),
            Kind::Close(byte) => {
                // One that does not fit closes nothing: rather too much is masked than too little.
                secret.open.pop_if(|open| *open == if byte == b'}' { b'{' } else { b'[' });
            }
            _ => {}
        }
        if secret.open.is_empty() {
            let (start, member) = (secret.start, secret.member);
            self.secret = None;
            self.mask(start..token.end, member, true);
        }
    }

    /// Whether the path of what comes now is known.
    fn is_known(&self) -> bool {
        match (self.levels.last(), self.reading.unseen) {
            (Some(level), _) => level.is_known,
            (None, None) => true,
            // What is left to close is the document.
            (None, Some(closers)) => closers.is_some_and(|all| all > 0 && self.unmatched + 1 >= all),
        }
    }

    /// Whether a value is the first after a gap: its key may have been before it.
    fn may_be_value_of_unseen_key(&self, start: usize, member: Option<Member>) -> bool {
        let is_first = || self.piece.bytes[..start].iter().all(|byte| is_blank(*byte));
        self.reading.unseen.is_some() && self.levels.is_empty() && member.is_none() && is_first()
    }

    /// Which place a value has.
    fn path(&self, member: Option<Member>) -> u64 {
        let Some(level) = self.levels.last() else { return member.map_or(0, |member| member.key.hash) };
        match member {
            Some(member) => mix(mix(level.path, level.index), member.key.hash),
            // The items of an outermost array come one after the other, as documents do.
            None if self.levels.len() == 1 => level.path,
            None => mix(level.path, level.items),
        }
    }

    /// What a value is for: what its key says, or that of the array it is in.
    fn role(&self, member: Option<Member>) -> Role {
        let of_array = || self.levels.last().filter(|level| level.is_array).map(|level| level.role);
        member.map(|member| member.key.role).or_else(of_array).unwrap_or_default()
    }

    /// Masks a value; `whole`: nothing of it was cut off.
    fn mask(&mut self, at: Range<usize>, member: Option<Member>, whole: bool) {
        match member {
            Some(member) if self.redactor.mask.drops() => {
                self.edits.push(member.start..at.end, "", Why::Masked);
                self.drops_comma = !member.has_comma;
            }
            _ => {
                let value = unquoted(&self.piece.bytes[at.clone()]);
                let mask = self.redactor.mask.of(&value, whole);
                self.edits.push(at, &format!("\"{mask}\""), Why::Masked);
            }
        }
    }
}
