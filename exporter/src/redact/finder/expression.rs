//! Regular expressions of users, with a bound on the work that each text may make.
//!
//! One search is linear in the length, but to find the next match a search may have to look at the same bytes again, up to
//! the text's end: of some expressions, the time for all matches grows with the square. So the automata are driven here,
//! byte by byte, and the bytes are counted. <https://docs.rs/regex/latest/regex/#iterating-over-matches>

use std::{
    fmt,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use offpath_core::treatment::Expression;
use regex_automata::{
    Anchored, Input, MatchKind,
    hybrid::{
        LazyStateID,
        dfa::{Cache, DFA},
    },
    nfa::thompson::{self, NFA},
    util::syntax,
};

use super::{GaveUp, Unusable};

/// Bytes of an automaton, and of the states that are kept of it.
const MOST_NFA: usize = 4 << 20;
const MOST_CACHE: usize = 2 << 20;

/// How often each byte may be looked at, and how many more may be in a short text.
const LOOKS: usize = 32;
const MORE: usize = 64 << 10;

/// An expression, ready to search with.
pub(super) struct Compiled {
    /// Says where a match ends.
    forward: DFA,
    /// Says, backwards from there, where it begins.
    backward: DFA,
    caches: Mutex<(Cache, Cache)>,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").finish_non_exhaustive()
    }
}

impl Compiled {
    pub(super) fn new(expression: &Expression) -> Result<Self, Unusable> {
        let unusable = |why: &dyn fmt::Display| Unusable::Expression {
            name: expression.name.clone(),
            why: why.to_string(),
        };
        let nfa = |reverse| {
            let config = thompson::Config::new().reverse(reverse).utf8(false).nfa_size_limit(Some(MOST_NFA));
            NFA::compiler()
                .configure(config.which_captures(thompson::WhichCaptures::None))
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .build(&expression.expression)
                .map_err(|error| unusable(&error))
        };
        let dfa = |nfa, kind| {
            let config =
                DFA::config().match_kind(kind).cache_capacity(MOST_CACHE).skip_cache_capacity_check(true);
            DFA::builder().configure(config).build_from_nfa(nfa).map_err(|error| unusable(&error))
        };
        let forward = dfa(nfa(false)?, MatchKind::LeftmostFirst)?;
        let backward = dfa(nfa(true)?, MatchKind::All)?;
        let caches = Mutex::new((forward.create_cache(), backward.create_cache()));
        Ok(Self { forward, backward, caches })
    }

    /// Adds where the matches are that are not empty.
    pub(super) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) -> Result<(), GaveUp> {
        // A cache in which a search was broken off by a panic is as good as any: each state stands for itself.
        let (forward, backward) = &mut *self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut work = Work { left: text.len().saturating_mul(LOOKS).saturating_add(MORE) };
        let mut from = 0;
        while let Some(end) = match_end(&self.forward, forward, text, from, &mut work)? {
            let start = match_start(&self.backward, backward, text, from..end, &mut work)?;
            if start < end {
                found.push(start..end);
            }
            from = end + usize::from(start == end);
            if from > text.len() {
                break;
            }
        }
        Ok(())
    }
}

/// How many bytes may still be looked at.
struct Work {
    left: usize,
}

impl Work {
    fn do_one(&mut self) -> Result<(), GaveUp> {
        self.left = self.left.checked_sub(1).ok_or(GaveUp)?;
        Ok(())
    }
}

/// Where the first match ends that begins at `from` or later.
fn match_end(
    dfa: &DFA,
    cache: &mut Cache,
    text: &[u8],
    from: usize,
    work: &mut Work,
) -> Result<Option<usize>, GaveUp> {
    let input = Input::new(text).range(from..);
    let mut state = dfa.start_state_forward(cache, &input).map_err(|_| GaveUp)?;
    let mut end = None;
    for (at, byte) in text.iter().enumerate().skip(from) {
        work.do_one()?;
        state = dfa.next_state(cache, state, *byte).map_err(|_| GaveUp)?;
        // A match is told one byte late.
        if state.is_match() {
            end = Some(at);
        } else if state.is_dead() {
            return Ok(end);
        } else if state.is_quit() {
            return Err(GaveUp);
        }
    }
    let state = dfa.next_eoi_state(cache, state).map_err(|_| GaveUp)?;
    Ok(if state.is_match() { Some(text.len()) } else { end })
}

/// Where the match begins that ends with `within`.
fn match_start(
    dfa: &DFA,
    cache: &mut Cache,
    text: &[u8],
    within: Range<usize>,
    work: &mut Work,
) -> Result<usize, GaveUp> {
    let input = Input::new(text).range(within.clone()).anchored(Anchored::Yes);
    let mut state: LazyStateID = dfa.start_state_reverse(cache, &input).map_err(|_| GaveUp)?;
    let mut start = within.end;
    for at in within.clone().rev() {
        work.do_one()?;
        state = dfa.next_state(cache, state, text[at]).map_err(|_| GaveUp)?;
        if state.is_match() {
            start = at + 1;
        } else if state.is_dead() {
            return Ok(start);
        } else if state.is_quit() {
            return Err(GaveUp);
        }
    }
    // What stands before the range may be what a `\b` at its start asks for.
    let state = match bytes_before(text, within.start) {
        Some(byte) => dfa.next_state(cache, state, byte),
        None => dfa.next_eoi_state(cache, state),
    };
    Ok(if state.map_err(|_| GaveUp)?.is_match() { within.start } else { start })
}

fn bytes_before(text: &[u8], start: usize) -> Option<u8> {
    super::bytes::at(text, start.checked_sub(1))
}
