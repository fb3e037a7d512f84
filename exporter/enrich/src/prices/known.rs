//! Prices that were looked up. There are hundreds of patterns, and an app asks few models.

use std::{collections::HashMap, sync::Arc};

use offpath_core::event::{Cost, Generation};

use super::{Model, Prices};

/// How many models are known at a time: what an app calls a model may be anything.
const MOST: usize = 256;

/// Prices, and which of them were asked for. Clones know the same prices.
#[derive(Debug, Clone, Default)]
pub struct KnownPrices {
    prices: Arc<Prices>,
    /// By the name of the model.
    known: HashMap<String, Vec<OfSystem>>,
}

/// What a model costs at a system; `None` if that is not known.
type OfSystem = (String, Option<Arc<Model>>);

impl KnownPrices {
    /// None was asked for yet.
    #[must_use]
    pub fn new(prices: Arc<Prices>) -> Self {
        Self { prices, known: HashMap::new() }
    }

    /// As [`Prices::cost`].
    #[must_use]
    pub fn cost(&mut self, generation: &Generation) -> Vec<Cost> {
        let Generation { system, response_model, request_model, .. } = generation;
        let names = [response_model, request_model].into_iter().filter(|name| !name.is_empty());
        let found = names.filter_map(|name| self.model(system, name)).next();
        found.and_then(|model| model.cost(&generation.usage)).unwrap_or_default()
    }

    fn model(&mut self, system: &str, name: &str) -> Option<Arc<Model>> {
        let of_name = self.known.get(name).map_or(&[][..], Vec::as_slice);
        if let Some((_, model)) = of_name.iter().find(|(known, _)| known == system) {
            return model.clone();
        }
        let model = self.prices.model(system, name).cloned();
        if self.known.len() >= MOST || of_name.len() >= MOST {
            self.known.clear();
        }
        self.known.entry(name.to_owned()).or_default().push((system.to_owned(), model.clone()));
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::Tokens;

    fn generation(system: &str, model: &str) -> Generation {
        Generation {
            system: system.to_owned(),
            request_model: model.to_owned(),
            usage: vec![Tokens { kind: "input".to_owned(), count: 1_000_000 }],
            ..Generation::default()
        }
    }

    #[test]
    fn what_was_looked_up_costs_what_it_did_at_first() {
        let prices = Arc::new(Prices::built_in());
        let mut known = KnownPrices::new(Arc::clone(&prices));
        for _ in 0..2 {
            for (system, model) in
                [("openai", "gpt-4o"), ("", "gpt-4o"), ("groq", "gpt-4o"), ("openai", "none")]
            {
                let generation = generation(system, model);
                assert_eq!(known.cost(&generation), prices.cost(&generation), "{system} {model}");
            }
        }
    }

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let mut known = KnownPrices::default();
        for number in 0..3 * MOST {
            let _ = known.cost(&generation("openai", &number.to_string()));
            let _ = known.cost(&generation(&number.to_string(), "one"));
        }
        assert!(known.known.len() <= MOST && known.known.values().all(|systems| systems.len() <= MOST));
    }
}
