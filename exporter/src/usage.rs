//! Tokens, and what they cost, by kind.
//!
//! Kinds are Langfuse's, and apart from each other: `input` are those that were neither cached nor audio, and
//! `input_cached_tokens` come on top. OpenTelemetry and OpenInference count the other way: their input is all of it, and
//! the cached ones are among them. So there, kinds of input are summed up.

use std::{collections::BTreeMap, ops::Add};

use offpath_core::event::Generation;
use serde::Serialize;

/// Amounts by kind, of tokens or of US dollars.
#[derive(Debug)]
pub(crate) struct Usage<'a, T>(BTreeMap<&'a str, T>);

/// From the cache, by any of the names in use.
const CACHE_READ: [&str; 3] = ["input_cached_tokens", "input_cache_read", "cache_read_input_tokens"];
/// Into the cache.
const CACHE_WRITE: [&str; 2] = ["input_cache_creation", "cache_creation_input_tokens"];
const REASONING: [&str; 2] = ["output_reasoning_tokens", "output_reasoning"];
const AUDIO_INPUT: [&str; 2] = ["input_audio_tokens", "input_audio"];
const AUDIO_OUTPUT: [&str; 2] = ["output_audio_tokens", "output_audio"];

/// Whether it is one of the kinds that went in.
pub(crate) fn is_input(kind: &str) -> bool {
    kind.starts_with("input") || CACHE_READ.contains(&kind) || CACHE_WRITE.contains(&kind)
}

/// Whether it is one of the kinds that a model wrote.
pub(crate) fn is_output(kind: &str) -> bool {
    kind.starts_with("output")
}

impl<'a> Usage<'a, u64> {
    pub(crate) fn of_tokens(generation: &'a Generation) -> Self {
        // Of what counts on, sums stay in range.
        let tokens = generation.usage.iter().map(|tokens| (tokens.kind.as_str(), tokens.count.min(1 << 53)));
        Self(tokens.collect())
    }
}

impl<'a> Usage<'a, f64> {
    pub(crate) fn of_cost(generation: &'a Generation) -> Self {
        let cost = generation.cost.iter().filter(|cost| cost.usd.is_finite());
        Self(cost.map(|cost| (cost.kind.as_str(), cost.usd)).collect())
    }
}

impl<T: Copy + Default + Add<Output = T> + Serialize> Usage<'_, T> {
    pub(crate) fn is_known(&self) -> bool {
        !self.0.is_empty()
    }

    /// An object; empty text if there is nothing in it.
    pub(crate) fn to_json(&self) -> String {
        if self.is_known() { serde_json::to_string(&self.0).unwrap_or_default() } else { String::new() }
    }

    /// All input, cached or not.
    pub(crate) fn input(&self) -> Option<T> {
        self.sum(is_input)
    }

    /// All output, reasoning included.
    pub(crate) fn output(&self) -> Option<T> {
        self.sum(is_output)
    }

    pub(crate) fn total(&self) -> Option<T> {
        self.0.get("total").copied().or_else(|| self.sum(|_| true))
    }

    pub(crate) fn cache_read(&self) -> Option<T> {
        self.sum(|kind| CACHE_READ.contains(&kind))
    }

    pub(crate) fn cache_write(&self) -> Option<T> {
        self.sum(|kind| CACHE_WRITE.contains(&kind))
    }

    pub(crate) fn reasoning(&self) -> Option<T> {
        self.sum(|kind| REASONING.contains(&kind))
    }

    /// Sound that was heard, as far as it was not cached.
    pub(crate) fn audio_input(&self) -> Option<T> {
        self.sum(|kind| AUDIO_INPUT.contains(&kind))
    }

    pub(crate) fn audio_output(&self) -> Option<T> {
        self.sum(|kind| AUDIO_OUTPUT.contains(&kind))
    }

    /// `None` if there is none of these kinds.
    fn sum(&self, is_meant: impl Fn(&str) -> bool) -> Option<T> {
        self.0.iter().filter(|(kind, _)| is_meant(kind)).map(|(_, amount)| *amount).reduce(Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::{Cost, Tokens};

    fn generation(usage: &[(&str, u64)], cost: &[(&str, f64)]) -> Generation {
        let tokens = |(kind, count): &(&str, u64)| Tokens { kind: (*kind).to_owned(), count: *count };
        let dollars = |(kind, usd): &(&str, f64)| Cost { kind: (*kind).to_owned(), usd: *usd };
        Generation {
            usage: usage.iter().map(tokens).collect(),
            cost: cost.iter().map(dollars).collect(),
            ..Generation::default()
        }
    }

    #[test]
    fn kinds_of_input_and_of_output_are_summed_up() {
        let told =
            [("input", 10), ("input_cached_tokens", 90), ("output", 4), ("output_reasoning_tokens", 6)];
        let generation = generation(&told, &[]);
        let usage = Usage::of_tokens(&generation);
        assert_eq!((usage.input(), usage.output(), usage.total()), (Some(100), Some(10), Some(110)));
        assert_eq!((usage.cache_read(), usage.cache_write(), usage.reasoning()), (Some(90), None, Some(6)));
    }

    #[test]
    fn what_was_told_as_the_total_is_the_total() {
        let generation = generation(&[("input", 1), ("total", 5)], &[("total", 0.5)]);
        assert_eq!(Usage::of_tokens(&generation).total(), Some(5));
        assert_eq!(
            (Usage::of_cost(&generation).total(), Usage::of_cost(&generation).input()),
            (Some(0.5), None)
        );
    }

    #[test]
    fn huge_counts_and_dollars_that_are_no_number_do_no_harm() {
        let generation =
            generation(&[("input", u64::MAX), ("input_cached_tokens", u64::MAX)], &[("input", f64::NAN)]);
        assert_eq!(Usage::of_tokens(&generation).input(), Some(1 << 54));
        assert_eq!(Usage::of_cost(&generation).to_json(), "");
    }
}
