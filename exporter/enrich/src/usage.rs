//! Tokens, as APIs tell them, and as they come out: by kind, and apart from each other.

use offpath_core::event::Tokens;

/// What an API tells. Later words replace earlier ones: streams tell it again and again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// All of the input, those below among them.
    pub input: Option<u64>,
    /// Read from a cache.
    pub cache_read: Option<u64>,
    /// Written into a cache.
    pub cache_write: Option<u64>,
    /// Audio in the input.
    pub input_audio: Option<u64>,
    /// All of the output, those below among them.
    pub output: Option<u64>,
    /// Thoughts.
    pub reasoning: Option<u64>,
    /// Audio in the output.
    pub output_audio: Option<u64>,
    /// All.
    pub total: Option<u64>,
}

/// Of more than that nobody has ever been told; sums stay in range.
const MOST: u64 = 1 << 53;

impl Usage {
    /// Takes over what `told` says; what it does not say stays.
    pub(crate) fn learn(&mut self, told: &Self) {
        let Self { input, cache_read, cache_write, input_audio, output, reasoning, output_audio, total } =
            told;
        for (known, told) in [
            (&mut self.input, input),
            (&mut self.cache_read, cache_read),
            (&mut self.cache_write, cache_write),
            (&mut self.input_audio, input_audio),
            (&mut self.output, output),
            (&mut self.reasoning, reasoning),
            (&mut self.output_audio, output_audio),
            (&mut self.total, total),
        ] {
            *known = told.map(|count| count.min(MOST)).or(*known);
        }
    }

    /// By kind: see `docs/llm.md`.
    #[must_use]
    pub fn tokens(&self) -> Vec<Tokens> {
        let or_none = |count: Option<u64>| count.unwrap_or(0);
        let of_input = or_none(self.cache_read) + or_none(self.cache_write) + or_none(self.input_audio);
        let of_output = or_none(self.reasoning) + or_none(self.output_audio);
        let sum = self.input.zip(self.output).map(|(input, output)| input + output);
        let kinds = [
            ("input", self.input.map(|all| all.saturating_sub(of_input))),
            ("output", self.output.map(|all| all.saturating_sub(of_output))),
            ("input_cached_tokens", self.cache_read.filter(|count| *count > 0)),
            ("input_cache_creation", self.cache_write.filter(|count| *count > 0)),
            ("input_audio_tokens", self.input_audio.filter(|count| *count > 0)),
            ("output_reasoning_tokens", self.reasoning.filter(|count| *count > 0)),
            ("output_audio_tokens", self.output_audio.filter(|count| *count > 0)),
            ("total", self.total.or(sum)),
        ];
        let known = kinds.into_iter().filter_map(|(kind, count)| Some((kind, count?)));
        known.map(|(kind, count)| Tokens { kind: kind.to_owned(), count }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(usage: &Usage) -> Vec<(String, u64)> {
        usage.tokens().into_iter().map(|tokens| (tokens.kind, tokens.count)).collect()
    }

    #[test]
    fn kinds_add_up_to_the_total() {
        let usage = Usage {
            input: Some(100),
            cache_read: Some(60),
            input_audio: Some(5),
            output: Some(20),
            reasoning: Some(15),
            ..Usage::default()
        };
        let kinds = told(&usage);
        let parts: u64 = kinds.iter().filter(|(kind, _)| kind != "total").map(|(_, count)| count).sum();
        assert_eq!(kinds.last(), Some(&("total".to_owned(), 120)));
        assert_eq!(parts, 120);
        assert_eq!(kinds[0], ("input".to_owned(), 35));
    }

    #[test]
    fn later_words_replace_earlier_ones_and_nothing_is_made_up() {
        let mut usage = Usage::default();
        assert_eq!(told(&usage), []);
        usage.learn(&Usage { input: Some(9), output: Some(1), ..Usage::default() });
        usage.learn(&Usage { output: Some(u64::MAX), cache_read: Some(u64::MAX), ..Usage::default() });
        assert_eq!((usage.input, usage.output), (Some(9), Some(MOST)));
        assert_eq!(told(&usage)[0], ("input".to_owned(), 0));
    }
}
