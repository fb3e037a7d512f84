//! `GET /api/v1/facets`: what there is to choose from, with how often.
//!
//! Answered from the sums. Routes are those of requests that came in, because these are what a filter by route finds; a name that the
//! sums have only as `overflow` is not there to choose.

use std::{cmp::Reverse, collections::BTreeMap};

use rusqlite::{Connection, named_params};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    failure::Failure,
    overview::window::Window,
    parameters::Parameters,
    time::{Range, SECOND_NS},
};
use crate::{metrics::series::OVERFLOW, sinks::sqlite::facts};

/// What is looked at unless told.
const USUAL_NS: i64 = 24 * 3600 * SECOND_NS;

/// Values of each kind: nobody looks through more of them.
const MOST: usize = 200;

/// Of which time.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// RFC 3339, inclusive; a day before `to` unless told. Rounded down to a whole step of the sums.
    #[param(format = DateTime)]
    pub(crate) from: Option<String>,
    /// RFC 3339, exclusive; now unless told.
    #[param(format = DateTime)]
    pub(crate) to: Option<String>,
}

impl Query {
    pub(crate) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let query = Self { from: parameters.text("from")?, to: parameters.text("to")? };
        parameters.finish()?;
        Ok(query)
    }
}

/// Most frequent first, 200 of each at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facets {
    pub(crate) services: Vec<Facet>,
    pub(crate) environments: Vec<Facet>,
    pub(crate) sources: Vec<Facet>,
    /// Of requests that came in.
    pub(crate) routes: Vec<Facet>,
    pub(crate) models: Vec<Facet>,
}

/// A value, and how many requests and calls it is of.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Facet {
    pub(crate) value: String,
    pub(crate) count: i64,
}

const REQUESTS: &str = "
SELECT service, environment, source, route, sum(count) FROM request_sums
WHERE step = :level AND time >= :first AND time < :end GROUP BY 1, 2, 3, 4";

const MODELS: &str = "
SELECT service, environment, source, model, sum(count) FROM model_sums
WHERE step = :level AND time >= :first AND time < :end GROUP BY 1, 2, 3, 4";

/// Looks what there is.
pub(crate) fn facets(store: &Connection, query: &Query, now_ns: i64) -> Result<Facets, Failure> {
    let range = Range::read(query.from.as_deref(), query.to.as_deref(), now_ns, USUAL_NS)?;
    let window = Window::of(store, range, now_ns)?;
    let mut requests: [Counts; 4] = Default::default();
    each(store, REQUESTS, &window, |[service, environment, source, route], count| {
        let came_in = facts::REQUESTS.contains(&source);
        let route = if came_in { route } else { "" };
        for (counts, name) in requests.iter_mut().zip([service, environment, source, route]) {
            counts.add(name, count);
        }
    })?;
    let mut models: [Counts; 4] = Default::default();
    each(store, MODELS, &window, |names, count| {
        models.iter_mut().zip(names).for_each(|(counts, name)| counts.add(name, count));
    })?;
    let [services, environments, sources, routes] = requests;
    let [of_services, of_environments, of_sources, models] = models;
    Ok(Facets {
        services: services.or(of_services).facets(),
        environments: environments.or(of_environments).facets(),
        sources: sources.or(of_sources).facets(),
        routes: routes.facets(),
        models: models.facets(),
    })
}

fn each(
    store: &Connection,
    sql: &str,
    window: &Window,
    mut count: impl FnMut([&str; 4], i64),
) -> rusqlite::Result<()> {
    let mut select = store.prepare_cached(sql)?;
    let mut rows = select.query(named_params! {
        ":level": window.level,
        ":first": window.first,
        ":end": window.end,
    })?;
    while let Some(row) = rows.next()? {
        let name = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        count([name(0)?, name(1)?, name(2)?, name(3)?], row.get(4)?);
    }
    Ok(())
}

/// How often there is what.
#[derive(Debug, Default)]
struct Counts(BTreeMap<String, i64>);

impl Counts {
    fn add(&mut self, name: &str, count: i64) {
        if name.is_empty() || name == OVERFLOW {
            return;
        }
        let total = self.0.entry(name.to_owned()).or_default();
        *total = total.saturating_add(count);
    }

    /// With what only the others know: calls below a request are in the sums of models alone.
    fn or(mut self, others: Self) -> Self {
        for (name, count) in others.0 {
            self.0.entry(name).or_insert(count);
        }
        self
    }

    fn facets(self) -> Vec<Facet> {
        let mut facets: Vec<_> = self.0.into_iter().map(|(value, count)| Facet { value, count }).collect();
        // Sorting keeps those of the same count in the order of their names.
        facets.sort_by_key(|facet| Reverse(facet.count));
        facets.truncate(MOST);
        facets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::fixture::{Fixture, event, exchange, generation, request, span};
    use offpath_core::event::{Event, Exchange, Kind};

    fn counts(named: &[(&str, i64)]) -> Counts {
        let mut counts = Counts::default();
        named.iter().for_each(|(name, count)| counts.add(name, *count));
        counts
    }

    fn told(counts: Counts) -> Vec<(String, i64)> {
        counts.facets().into_iter().map(|facet| (facet.value, facet.count)).collect()
    }

    #[test]
    fn the_most_frequent_come_first_and_what_has_no_name_is_left_out() {
        let counts = counts(&[("b", 1), ("a", 1), ("c", 2), ("", 5), (OVERFLOW, 5), ("a", 4)]);
        assert_eq!(told(counts), [("a".to_owned(), 5), ("c".to_owned(), 2), ("b".to_owned(), 1)]);
    }

    #[test]
    fn what_there_is_to_choose_from_is_what_was_stored() {
        let mut fixture = Fixture::new();
        let call = Exchange { host: "h".to_owned(), ..exchange("", 200) };
        let call = Event { source: "httpx".to_owned(), ..event(0, 1, 9, 1, Kind::Exchange(call)) };
        let ask = event(0, 1, 2, 1, span("ask", Some(generation("gpt", 1))));
        fixture.store(vec![ask, call, request(1, "/a", 200), request(2, "/a", 200)]);
        let now = fixture.begin + 3600 * SECOND_NS;
        let told = facets(&fixture.connection(), &Query::default(), now).expect("facets");
        let values = |facets: &[Facet]| {
            let told = facets.iter().map(|facet| format!("{} {}", facet.value, facet.count));
            told.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            (values(&told.services), values(&told.environments)),
            ("chat-api 3".into(), "test 3".into())
        );
        assert_eq!(values(&told.sources), "asgi 2, httpx 1, sdk 1");
        assert_eq!((values(&told.routes), values(&told.models)), ("/a 2".into(), "gpt 1".into()));
    }

    #[test]
    fn what_only_models_know_is_added() {
        let counts = counts(&[("asgi", 3)]).or(counts(&[("asgi", 2), ("sdk", 1)]));
        assert_eq!(told(counts), [("asgi".to_owned(), 3), ("sdk".to_owned(), 1)]);
    }
}
