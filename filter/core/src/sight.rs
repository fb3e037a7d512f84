//! Rules at first sight: most of those that do not match are told from a few words that lie side by side.
//!
//! A rule that passes may still not match; one that does not pass cannot. So a hundred rules cost an exchange a few
//! hundred nanoseconds.

use crate::{
    conditions::{Conditions, HeaderTest, Request},
    glob::Glob,
    wanted::Slot,
};

/// Bytes of a text that are looked at.
const FIRST: usize = 16;
/// Stands for every method that has no bit of its own.
const OTHER_METHOD: u16 = 1 << 15;

/// All rules of a configuration, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sights {
    /// Each has the bit of its place.
    methods: Vec<Vec<u8>>,
    rules: Vec<Needs>,
}

/// What an exchange must have for a rule to be looked at.
#[derive(Clone, Copy, Debug)]
struct Needs {
    path: Beginning,
    host: Beginning,
    content_type: Beginning,
    /// Headers that must be there, by their slots.
    headers: u32,
    /// Any of these.
    methods: u16,
}

/// What a text must begin with.
#[derive(Clone, Copy, Debug)]
struct Beginning {
    word: u128,
    /// Which of its bits must be so.
    mask: u128,
}

impl Beginning {
    /// What all that fits one of the patterns begins with.
    fn of(globs: &[Glob]) -> Self {
        let mut prefixes = globs.iter().map(Glob::prefix);
        let first = prefixes.next().unwrap_or_default();
        let common = prefixes.fold(first.len(), |length, prefix| {
            first.iter().zip(prefix).take(length).take_while(|(a, b)| a == b).count()
        });
        let first = first.get(..common).unwrap_or_default();
        let shown = [0xff; FIRST];
        Self { word: word(first), mask: word(shown.get(..common).unwrap_or(&shown)) }
    }

    fn begins(self, text: u128) -> bool {
        (self.word ^ text) & self.mask == 0
    }
}

impl Sights {
    pub(crate) fn new<'c>(rules: impl Iterator<Item = &'c Conditions> + Clone) -> Self {
        let mut methods: Vec<Vec<u8>> = Vec::new();
        for method in rules.clone().flat_map(|rule| &rule.methods) {
            if methods.len() < OTHER_METHOD.trailing_zeros() as usize && !methods.contains(method) {
                methods.push(method.clone());
            }
        }
        let mut sights = Self { methods, rules: Vec::new() };
        sights.rules = rules.map(|rule| sights.needs(rule)).collect();
        sights
    }

    fn needs(&self, rule: &Conditions) -> Needs {
        let required = rule.headers.iter().filter(|condition| condition.test != HeaderTest::Absent);
        Needs {
            path: Beginning::of(&rule.paths),
            host: Beginning::of(&rule.hosts),
            content_type: Beginning::of(&rule.content_types),
            headers: required.fold(0, |bits, condition| bits | bit(condition.slot)),
            methods: match rule.methods.as_slice() {
                [] => u16::MAX,
                methods => methods.iter().fold(0, |bits, method| bits | self.method(method)),
            },
        }
    }

    /// The rules that are worth a closer look.
    pub(crate) fn of(&self, request: &Request<'_>) -> impl Iterator<Item = usize> {
        let (path, host, content_type) =
            (word(request.path()), word(request.host()), word(request.content_type()));
        let (method, headers) = (self.method(request.method()), request.headers_present());
        let fits = move |needs: &Needs| {
            needs.path.begins(path)
                && needs.methods & method != 0
                && needs.headers & !headers == 0
                && needs.host.begins(host)
                && needs.content_type.begins(content_type)
        };
        self.rules.iter().enumerate().filter(move |(_, needs)| fits(needs)).map(|(index, _)| index)
    }

    fn method(&self, method: &[u8]) -> u16 {
        let place = self.methods.iter().position(|known| known == method);
        place.map_or(OTHER_METHOD, |place| 1 << place)
    }
}

/// The first bytes of a text.
fn word(text: &[u8]) -> u128 {
    if let Some(first) = text.first_chunk() {
        return u128::from_le_bytes(*first);
    }
    let mut bytes = [0; FIRST];
    bytes.iter_mut().zip(text).for_each(|(byte, from)| *byte = *from);
    u128::from_le_bytes(bytes)
}

/// The bit of a header's slot.
pub(crate) fn bit(slot: Slot) -> u32 {
    1_u32.checked_shl(slot.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn conditions(paths: &[String], methods: &[String]) -> Conditions {
        Conditions {
            paths: paths.iter().filter_map(|path| Glob::of_path(path).ok()).collect(),
            methods: methods.iter().map(|method| method.clone().into_bytes()).collect(),
            ..Conditions::default()
        }
    }

    proptest! {
        #[test]
        fn no_rule_that_matches_is_passed_over(
            rules in proptest::collection::vec(
                (proptest::collection::vec("/[ab/*]{0,20}", 0..3), proptest::collection::vec("[AB]", 0..2)), 0..20),
            path in "/[ab/]{0,20}",
            method in "[ABC]",
        ) {
            let rules: Vec<_> = rules.iter().map(|(paths, methods)| conditions(paths, methods)).collect();
            let request = Request::new(method.as_bytes(), path.as_bytes(), b"", None);
            let seen: Vec<usize> = Sights::new(rules.iter()).of(&request).collect();
            for (index, rule) in rules.iter().enumerate() {
                prop_assert!(!rule.fit_request(&request) || seen.contains(&index));
            }
        }
    }

    #[test]
    fn more_methods_than_there_are_bits_are_all_looked_at() {
        let rules: Vec<_> = (0..40).map(|number| conditions(&[], &[format!("M{number}")])).collect();
        let sights = Sights::new(rules.iter());
        for number in 0..40 {
            let method = format!("M{number}");
            let request = Request::new(method.as_bytes(), b"/", b"", None);
            assert!(sights.of(&request).any(|index| index == number));
        }
    }
}
