//! What tokens cost.
//!
//! `prices.toml` beside this file has the prices that providers publish; a file of the same form comes before it:
//!
//! ```toml
//! [[prices]]
//! system = ["openai"]             # as docs/llm.md has it; what is left out is any
//! models = [
//!   { match = ["my-model*"], input = 0.5, output = 1.5, above = [{ tokens = 100000, input = 1, output = 3 }] },
//! ]
//! ```
//!
//! Nothing is made up: of a model that is in neither, or of tokens of a kind that has no price, no cost is known.

mod known;
mod read;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use offpath_core::{
    config::Error,
    event::{Cost, Generation, Tokens},
};

pub use self::known::KnownPrices;

/// Kinds of tokens that have a price.
const KINDS: [&str; 7] = [
    "input",
    "output",
    "input_cached_tokens",
    "input_cache_creation",
    "input_audio_tokens",
    "output_audio_tokens",
    "output_reasoning_tokens",
];

/// US dollars for a million tokens of each of [`KINDS`].
type Rates = [Option<f64>; KINDS.len()];

/// Those that came with this version. Who asks for no price pays no memory for them.
static BUILT_IN: LazyLock<Table> = LazyLock::new(|| {
    let table = read::table(include_str!("prices.toml"));
    debug_assert!(table.is_ok(), "a test holds it");
    table.unwrap_or_default()
});

/// Prices of models: a user's own, and behind them those that came with this version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices {
    own: Table,
}

/// One file.
#[derive(Debug, Clone, Default, PartialEq)]
struct Table {
    /// By system; an empty name is of any.
    systems: BTreeMap<String, Vec<Arc<Model>>>,
}

/// What a model costs.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    patterns: Vec<String>,
    rates: Rates,
    /// From more tokens of input than this on, the most first.
    above: Vec<(u64, Rates)>,
}

/// Kinds of tokens that cost as much as others where nothing else is said.
const LIKE: [(&str, &str); 3] = [
    ("input_cached_tokens", "input"),
    ("input_cache_creation", "input"),
    ("output_reasoning_tokens", "output"),
];

/// Those who sell models of their own making: where nobody says whose API it is, a model costs what its maker takes.
const MAKERS: [&str; 9] = [
    "openai",
    "anthropic",
    "gcp.gemini",
    "mistral_ai",
    "cohere",
    "deepseek",
    "x_ai",
    "moonshot_ai",
    "perplexity",
];

impl Prices {
    /// Those that came with this version.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Those in a file of a user's, and behind them those that came with this version.
    ///
    /// # Errors
    ///
    /// All that is wrong with the file. Never empty.
    pub fn with(file: &str) -> Result<Self, Vec<Error>> {
        Ok(Self { own: read::table(file)? })
    }

    /// What a generation cost, by kind; nothing if that is not known.
    #[must_use]
    pub fn cost(&self, generation: &Generation) -> Vec<Cost> {
        let models = [&generation.response_model, &generation.request_model];
        let known = models.into_iter().filter(|model| !model.is_empty());
        let model = known.filter_map(|model| self.model(&generation.system, model)).next();
        model.and_then(|model| model.cost(&generation.usage)).unwrap_or_default()
    }

    fn model(&self, system: &str, name: &str) -> Option<&Arc<Model>> {
        let name = name.to_lowercase();
        let systems = if system.is_empty() { &MAKERS[..] } else { &[system] };
        [&self.own, &*BUILT_IN].into_iter().find_map(|table| {
            let systems = systems.iter().copied().chain([""]);
            let models = systems.filter_map(|system| table.systems.get(system)).flatten();
            let fitting = models.filter_map(|model| Some((model.fits(&name)?, model)));
            fitting.max_by_key(|(length, _)| *length).map(|(_, model)| model)
        })
    }
}

impl Model {
    /// How long the longest pattern is that takes the name.
    fn fits(&self, name: &str) -> Option<usize> {
        self.patterns.iter().filter(|pattern| matches(pattern, name)).map(String::len).max()
    }

    fn cost(&self, usage: &[Tokens]) -> Option<Vec<Cost>> {
        let input: u64 =
            usage.iter().filter(|tokens| tokens.kind.starts_with("input")).map(|tokens| tokens.count).sum();
        let rates =
            self.above.iter().find(|(tokens, _)| input > *tokens).map_or(&self.rates, |(_, rates)| rates);
        let told = usage.iter().filter(|tokens| tokens.kind != "total" && tokens.count > 0);
        let mut costs = told.map(|tokens| cost(tokens, rates)).collect::<Option<Vec<Cost>>>()?;
        if costs.is_empty() {
            return None;
        }
        let usd = costs.iter().map(|cost| cost.usd).sum();
        costs.push(Cost { kind: "total".to_owned(), usd });
        Some(costs)
    }
}

fn cost(tokens: &Tokens, rates: &Rates) -> Option<Cost> {
    let like = LIKE.into_iter().find(|(kind, _)| *kind == tokens.kind).map(|(_, like)| like);
    let rate = rate(rates, &tokens.kind).or_else(|| rate(rates, like?))?;
    #[allow(clippy::cast_precision_loss, reason = "counts are far below that")]
    let usd = tokens.count as f64 * rate / 1e6;
    Some(Cost { kind: tokens.kind.clone(), usd })
}

fn rate(rates: &Rates, kind: &str) -> Option<f64> {
    let (_, rate) = KINDS.into_iter().zip(rates).find(|(name, _)| *name == kind)?;
    *rate
}

/// Whether a pattern, which may begin and end with a star, takes a name.
fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) if pattern.len() < 2 => true,
        (Some(rest), Some(_)) => name.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(system: &str, model: &str, usage: &[(&str, u64)]) -> Generation {
        let usage = usage.iter().map(|(kind, count)| Tokens { kind: (*kind).to_owned(), count: *count });
        Generation {
            system: system.to_owned(),
            request_model: model.to_owned(),
            usage: usage.collect(),
            ..Generation::default()
        }
    }

    fn cost(prices: &Prices, generation: &Generation) -> Vec<(String, f64)> {
        let rounded = |usd: f64| (usd * 1e9).round() / 1e9;
        prices.cost(generation).into_iter().map(|cost| (cost.kind, rounded(cost.usd))).collect()
    }

    const OWN: &str = r#"
        [[prices]]
        system = ["openai"]
        models = [
          { match = ["gpt-*"], input = 1, output = 2 },
          { match = ["gpt-4o*"], input = 10, output = 20, input_cached_tokens = 5, above = [{ tokens = 1000, input = 100, output = 200 }] },
        ]
        [[prices]]
        models = [{ match = ["*mine*"], input = 1, output = 1 }]
    "#;

    fn dollars(pairs: &[(&str, f64)]) -> Vec<(String, f64)> {
        pairs.iter().map(|(kind, usd)| ((*kind).to_owned(), *usd)).collect()
    }

    #[test]
    fn tokens_cost_by_kind_and_by_the_longest_pattern() {
        let prices = Prices::with(OWN).expect("prices");
        let usage = [("input", 100), ("input_cached_tokens", 100), ("output", 10), ("total", 210)];
        let expected = dollars(&[
            ("input", 0.001),
            ("input_cached_tokens", 0.0005),
            ("output", 0.0002),
            ("total", 0.0017),
        ]);
        assert_eq!(cost(&prices, &generation("openai", "GPT-4o-2026", &usage)), expected);
        let expected =
            dollars(&[("output", 0.000_02), ("output_reasoning_tokens", 0.000_01), ("total", 0.000_03)]);
        let usage = [("output", 10), ("output_reasoning_tokens", 5)];
        assert_eq!(cost(&prices, &generation("openai", "gpt-9", &usage)), expected);
    }

    #[test]
    fn all_of_a_long_call_costs_more() {
        let prices = Prices::with(OWN).expect("prices");
        let usage = [("input", 600), ("input_cached_tokens", 401), ("output", 10)];
        let expected = dollars(&[
            ("input", 0.06),
            ("input_cached_tokens", 0.002_005),
            ("output", 0.002),
            ("total", 0.064_005),
        ]);
        assert_eq!(cost(&prices, &generation("openai", "gpt-4o", &usage)), expected);
    }

    #[test]
    fn no_cost_is_made_up() {
        let prices = Prices::with(OWN).expect("prices");
        assert_eq!(cost(&prices, &generation("openai", "unknown", &[("input", 1)])), []);
        assert_eq!(cost(&prices, &generation("groq", "gpt-9", &[("input", 1)])), []);
        assert_eq!(
            cost(&prices, &generation("openai", "gpt-9", &[("input", 1), ("input_audio_tokens", 1)])),
            []
        );
        assert_eq!(cost(&prices, &generation("openai", "gpt-9", &[])), []);
        assert_eq!(cost(&prices, &generation("groq", "that-is-mine", &[("input", 1_000_000)])).len(), 2);
    }

    #[test]
    fn a_model_of_which_nobody_says_whose_api_it_was_costs_what_its_maker_takes() {
        let prices = Prices::built_in();
        let usage = [("input", 1_000_000), ("output", 1_000_000)];
        let of = |system: &str, model: &str| cost(&prices, &generation(system, model, &usage));
        for (maker, model) in
            [("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5"), ("gcp.gemini", "gemini-2.5-pro")]
        {
            assert_eq!(of("", model), of(maker, model), "{model}");
        }
        assert_eq!(
            of("", "meta-llama/llama-3.3-70b-instruct-turbo"),
            [],
            "who serves it takes what it likes"
        );
    }

    #[test]
    fn prices_that_came_along_are_sound_and_dated() {
        assert!(read::table(include_str!("prices.toml")).is_ok());
        let prices = Prices::built_in();
        let usage = [("input", 1_000_000), ("output", 1_000_000)];
        for (system, model) in [
            ("openai", "gpt-4o"),
            ("anthropic", "claude-sonnet-4-5-20250929"),
            ("gcp.gemini", "gemini-2.5-pro"),
        ] {
            assert!(prices.cost(&generation(system, model, &usage)).len() == 3, "{model}");
        }
        assert!(include_str!("prices.toml").contains("date = \"20"));
    }
}
