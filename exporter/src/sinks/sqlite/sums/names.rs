//! Names that sums are kept by, which strangers may have made up: there is a bound on how many.

use std::collections::HashSet;

use crate::{
    metrics::series::{LONGEST_LABEL, OVERFLOW},
    sinks::sqlite::facts,
};

/// Names of one table since the start.
const MOST: usize = 1_000;

/// Where the service is known, its overflow has a row of its own: so many of them.
const MOST_OVER: usize = 100;

/// How many of the names say where something was recorded; the others say what it was.
const WHERE: usize = 3;

/// Which names have been seen.
#[derive(Debug, Default)]
pub(super) struct Names<const N: usize> {
    known: HashSet<[String; N]>,
    over: HashSet<[String; N]>,
}

impl<const N: usize> Names<N> {
    /// The names to count under: these, or those of what is over the bound.
    pub(super) fn bounded(&mut self, names: [&str; N]) -> [String; N] {
        let too_long = |names: &[&str]| names.iter().any(|name| name.len() > LONGEST_LABEL);
        let owned = names.map(str::to_owned);
        if !too_long(&names) && admit(&mut self.known, &owned, MOST) {
            return owned;
        }
        let mut over = owned;
        over[WHERE..].fill(OVERFLOW.to_owned());
        if !too_long(&names[..WHERE]) && admit(&mut self.over, &over, MOST_OVER) {
            return over;
        }
        // What came in and what went out stay apart.
        let is_call = facts::CALLS.contains(&names[WHERE - 1]);
        let source = if is_call { names[WHERE - 1] } else { OVERFLOW };
        over[..WHERE].fill(OVERFLOW.to_owned());
        source.clone_into(&mut over[WHERE - 1]);
        over
    }
}

fn admit<const N: usize>(known: &mut HashSet<[String; N]>, names: &[String; N], most: usize) -> bool {
    known.contains(names) || (known.len() < most && known.insert(names.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(names: &mut Names<4>, service: &str, source: &str, route: &str) -> String {
        names.bounded([service, "test", source, route]).join(" ")
    }

    #[test]
    fn a_route_beyond_the_bound_is_overflow_and_those_before_it_stay() {
        let mut names = Names::default();
        for number in 0..MOST {
            bounded(&mut names, "chat", "asgi", &format!("/{number}"));
        }
        assert_eq!(bounded(&mut names, "chat", "asgi", "/new"), "chat test asgi overflow");
        assert_eq!(bounded(&mut names, "chat", "asgi", "/7"), "chat test asgi /7");
    }

    #[test]
    fn services_without_end_are_overflow_too_but_calls_stay_apart() {
        let mut names = Names::default();
        for number in 0..MOST + MOST_OVER {
            bounded(&mut names, &number.to_string(), "asgi", "/");
        }
        assert_eq!(bounded(&mut names, "new", "envoy", "/"), "overflow overflow overflow overflow");
        assert_eq!(bounded(&mut names, "new", "httpx", "h"), "overflow overflow httpx overflow");
    }

    #[test]
    fn what_is_too_long_to_be_a_name_is_none() {
        let long = "x".repeat(LONGEST_LABEL + 1);
        let mut names = Names::default();
        assert_eq!(bounded(&mut names, "chat", "asgi", &long), "chat test asgi overflow");
        assert_eq!(bounded(&mut names, &long, "asgi", "/"), "overflow overflow overflow overflow");
    }
}
