//! How fast a model wrote: derived, so that no two who show it differ.

use offpath_core::event::Generation;

use crate::usage::is_output;

/// Tokens a second, from the first one to the end, of what took `duration_ns` in all. The first one is what the time before it
/// was for, and is not among them. `None` where a part of it is not known: tokens, the first one's time, or the end, which
/// an answer that broke off, or was not kept as a whole, has not got.
pub(crate) fn tokens_per_second(generation: &Generation, duration_ns: u64) -> Option<f64> {
    let writing_ns = duration_ns.checked_sub(generation.first_token_ns?).filter(|writing| *writing > 0)?;
    let written = generation.usage.iter().filter(|tokens| is_output(&tokens.kind));
    let after_first = written.fold(0_u64, |sum, tokens| sum.saturating_add(tokens.count)).checked_sub(1)?;
    let seconds = writing_ns as f64 / 1e9;
    (after_first > 0 && !generation.partial).then(|| after_first as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::Tokens;

    const SECOND: u64 = 1_000_000_000;

    /// Forty-one tokens, of which the first came after a second.
    fn generation() -> Generation {
        let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
        Generation {
            usage: vec![
                tokens("input", 900),
                tokens("output", 11),
                tokens("output_reasoning_tokens", 30),
                tokens("total", 941),
            ],
            first_token_ns: Some(SECOND),
            ..Generation::default()
        }
    }

    #[test]
    fn tokens_of_all_written_kinds_beyond_the_first_count_from_the_first_to_the_end() {
        assert_eq!(tokens_per_second(&generation(), 3 * SECOND), Some(20.0));
    }

    #[test]
    fn what_is_not_known_whole_has_no_speed() {
        for change in [
            |generation: &mut Generation| generation.first_token_ns = None,
            |generation: &mut Generation| generation.usage.clear(),
            |generation: &mut Generation| generation.partial = true,
        ] {
            let mut generation = generation();
            change(&mut generation);
            assert_eq!(tokens_per_second(&generation, 3 * SECOND), None, "{generation:?}");
        }
    }

    #[test]
    fn one_token_has_no_speed_and_nor_has_what_took_no_time() {
        let one = Tokens { kind: "output".to_owned(), count: 1 };
        let one = Generation { usage: vec![one], ..generation() };
        assert_eq!(tokens_per_second(&one, 3 * SECOND), None);
        assert_eq!(tokens_per_second(&generation(), SECOND), None);
        assert_eq!(tokens_per_second(&generation(), 0), None);
    }

    #[test]
    fn no_count_is_too_large() {
        let most = Tokens { kind: "output".to_owned(), count: u64::MAX };
        let most = Generation { usage: vec![most.clone(), most], ..generation() };
        assert!(tokens_per_second(&most, u64::MAX).is_some_and(f64::is_finite));
    }
}
