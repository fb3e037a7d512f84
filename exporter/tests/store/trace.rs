//! Where an event stands in its trace, and what it and all below it used.

use super::*;

/// An event of a trace of its own kind; spans are numbered from 1, and 0 is no parent.
fn member(trace: u64, span_id: u64, parent_span_id: u64, kind: Kind) -> Event {
    let source = if matches!(kind, Kind::Exchange(_)) { "asgi" } else { "sdk" };
    Event {
        trace_id_low: trace,
        span_id,
        parent_span_id,
        source: source.to_owned(),
        kind: Some(kind),
        ..recent(u128::from(trace * 100 + span_id))
    }
}

fn span(generation: Option<Generation>) -> Kind {
    Kind::Span(Span { name: "span".to_owned(), generation, ..Span::default() })
}

/// So many tokens in, one out, a quarter of a dollar.
fn generation(input: u64) -> Option<Generation> {
    let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
    Some(Generation {
        request_model: "gpt".to_owned(),
        usage: vec![tokens("input", input), tokens("output", 1)],
        cost: vec![Cost { kind: "total".to_owned(), usd: 0.25 }],
        ..Generation::default()
    })
}

/// By span: whether it is top, whether its usage counts, and what the trace used.
fn places(place: &Place) -> Vec<String> {
    place.query(
        "SELECT json_array(ltrim(span_id, '0') + 0, top, usage_counts, trace_input_tokens, trace_output_tokens,
         trace_cost_usd) FROM events ORDER BY seq",
    )
}

#[test]
fn a_request_says_what_was_used_below_it_and_what_was_told_twice_counts_once() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let agent = Exchange { status: 200, ..Exchange::default() };
    let events = vec![
        member(1, 4, 3, span(generation(100))),
        member(1, 5, 3, span(generation(20))),
        // An agent's span tells the sum of its calls again.
        member(1, 3, 2, span(generation(120))),
        member(1, 2, 1, span(None)),
        member(1, 6, 1, span(generation(3))),
        member(1, 1, 0, Kind::Exchange(agent)),
    ];
    deliver(&mut *sink, events, 6);
    assert_eq!(
        places(&place),
        [
            "[4,0,1,null,null,null]",
            "[5,0,1,null,null,null]",
            "[3,0,0,null,null,null]",
            "[2,0,0,null,null,null]",
            "[6,0,1,null,null,null]",
            "[1,1,0,123,3,0.75]",
        ]
    );
}

#[test]
fn children_of_an_earlier_batch_are_seen_and_those_of_other_traces_are_not() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    deliver(
        &mut *sink,
        vec![member(1, 2, 1, span(generation(10))), member(2, 3, 1, span(generation(50)))],
        2,
    );
    deliver(&mut *sink, vec![member(1, 1, 0, span(generation(10)))], 3);
    assert_eq!(places(&place)[2], "[1,1,0,10,1,0.25]");
}

#[test]
fn a_request_that_talks_to_a_model_itself_counts_its_own() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let exchange = Exchange { generation: generation(7), ..Exchange::default() };
    deliver(&mut *sink, vec![member(1, 1, 0, Kind::Exchange(exchange)), recent(2)], 2);
    assert_eq!(places(&place), ["[1,1,1,7,1,0.25]", "[7,1,0,null,null,null]"]);
}

#[test]
fn calls_that_went_out_scores_and_spans_with_a_parent_are_not_top() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let call = Event { source: "httpx".to_owned(), ..member(1, 1, 0, Kind::Exchange(Exchange::default())) };
    let score = member(1, 2, 0, Kind::Score(Score::default()));
    let envoy = Event { source: "envoy".to_owned(), ..member(1, 4, 9, Kind::Exchange(Exchange::default())) };
    deliver(&mut *sink, vec![call, score, member(1, 3, 1, span(None)), envoy], 4);
    assert_eq!(place.query("SELECT CAST(top AS TEXT) FROM events ORDER BY seq"), ["0", "0", "0", "1"]);
}
