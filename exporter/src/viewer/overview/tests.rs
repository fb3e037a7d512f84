use offpath_core::event::{Event, Kind};

use super::*;
use crate::viewer::fixture::{Fixture, event, exchange, generation, plan, request, span};

/// The hour of the fixture, in steps of 20 seconds.
fn over(fixture: &Fixture, query: Query) -> Overview {
    let to = fixture.begin + 3600 * SECOND_NS;
    let (from, to_text) = (Some(time::format(fixture.begin)), Some(time::format(to)));
    overview(&fixture.connection(), &Query { from, to: to_text, ..query }, to).expect("an overview")
}

fn of(events: Vec<Event>) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.store(events);
    fixture
}

#[test]
fn requests_are_counted_in_the_step_in_which_they_began() {
    let fixture = of(vec![request(0, "/a", 200), request(19, "/a", 500), request(20, "/b", 200)]);
    let told = over(&fixture, Query::default());
    assert_eq!((told.step_seconds, told.times.len()), (20, 180));
    assert_eq!((&told.all.requests[..3], &told.all.errors[..3]), (&[2, 1, 0][..], &[1, 0, 0][..]));
    let routes: Vec<_> =
        told.routes.iter().map(|told| (told.route.as_deref(), told.total.requests)).collect();
    assert_eq!(routes, [(Some("/a"), 2), (Some("/b"), 1)]);
}

#[test]
fn where_nothing_was_there_are_no_quantiles() {
    let told = over(&of(vec![request(0, "/a", 200)]), Query::default());
    let p50 = told.all.p50_ns[0].expect("there was one");
    assert!(p50.abs_diff(40_000_000) < 4_000_000, "{p50}");
    assert_eq!((told.all.p50_ns[1], told.all.p99_ns[1]), (None, None));
    assert_eq!(told.heat.counts[0].iter().sum::<u64>(), 1);
}

#[test]
fn calls_that_went_out_are_told_apart_by_host() {
    let mut call = exchange("", 200);
    call.host = "api.openai.com".to_owned();
    let call = Event { source: "httpx".to_owned(), ..event(1, 1, 2, 1, Kind::Exchange(call)) };
    let fixture = of(vec![call, event(0, 1, 1, 0, Kind::Exchange(exchange("/chat", 200)))]);
    let routes = |of| {
        let told = over(&fixture, Query { of, ..Query::default() });
        told.routes.into_iter().map(|told| told.route).collect::<Vec<_>>()
    };
    assert_eq!(routes(Of::Requests), [Some("/chat".to_owned())]);
    assert_eq!(routes(Of::Calls), [Some("api.openai.com".to_owned())]);
}

#[test]
fn a_request_used_what_was_used_below_it_and_a_model_is_counted_once() {
    let fixture = of(vec![
        event(2, 1, 3, 2, span("ask", Some(generation("gpt", 100)))),
        event(1, 1, 2, 1, span("agent", Some(generation("gpt", 100)))),
        event(0, 1, 1, 0, Kind::Exchange(exchange("/agent", 200))),
    ]);
    let told = over(&fixture, Query::default());
    let (route, model) = (&told.routes[0], &told.models[0]);
    assert_eq!((route.total.input_tokens, route.total.output_tokens, route.tokens[0]), (100, 50, 150));
    assert_eq!((model.total.calls, model.calls[0], model.total.cost_usd), (1, 1, 0.01));
    assert!(model.first_token_p50_ns[0].is_some_and(|ns| ns.abs_diff(10_000_000) < 1_000_000));
}

#[test]
fn filters_leave_out_what_they_do_not_name() {
    let other = Event { service: "shop".to_owned(), ..request(0, "/a", 200) };
    let fixture = of(vec![request(0, "/a", 200), request(0, "/b", 200), other]);
    let some = |text: &str| Some(text.to_owned());
    let count = |query| over(&fixture, query).all.total.requests;
    assert_eq!(count(Query { service: some("shop"), ..Query::default() }), 1);
    assert_eq!(count(Query { route: some("/a"), ..Query::default() }), 2);
    assert_eq!(count(Query { environment: some("test"), ..Query::default() }), 3);
    assert_eq!(count(Query { source: some("envoy"), ..Query::default() }), 0);
}

#[test]
fn a_model_filters_models_and_not_requests() {
    let talk = |trace, model: &str| {
        let mut exchange = exchange("/chat", 200);
        exchange.generation = Some(generation(model, 10));
        event(0, trace, 1, 0, Kind::Exchange(exchange))
    };
    let fixture = of(vec![talk(1, "gpt"), talk(2, "claude")]);
    let told = over(&fixture, Query { model: Some("gpt".to_owned()), ..Query::default() });
    assert_eq!(told.all.total.requests, 2);
    let models: Vec<_> = told.models.iter().map(|told| told.model.as_deref()).collect();
    assert_eq!(models, [Some("gpt")]);
}

#[test]
fn the_rarest_routes_are_one_series() {
    let events =
        (0..25).flat_map(|route| (0..25 - route).map(move |_| request(0, &format!("/{route}"), 200)));
    let told = over(&of(events.collect()), Query::default());
    assert_eq!((told.routes.len(), told.routes[0].route.as_deref()), (21, Some("/0")));
    let other = &told.routes[20];
    assert_eq!((other.other, other.total.requests), (true, 5 + 4 + 3 + 2 + 1));
    assert_eq!(told.routes.iter().map(|told| told.total.requests).sum::<i64>(), told.all.total.requests);
}

#[test]
fn nothing_stored_is_an_overview_of_nothing() {
    let told = over(&of(Vec::new()), Query::default());
    assert_eq!((told.all.requests, told.routes.len(), told.models.len()), (vec![0; 180], 0, 0));
}

#[test]
fn sums_are_read_by_their_key_in_the_order_of_time() {
    let fixture = of(Vec::new());
    let sql = "SELECT time, count FROM request_sums WHERE step = ? AND time >= ? AND time < ? ORDER BY time";
    let plan = plan(&fixture.connection(), sql);
    assert_eq!(plan, "SEARCH request_sums USING PRIMARY KEY (step=? AND time>? AND time<?)");
}
