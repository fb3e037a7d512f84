//! Sums for overviews: each event once, in each step, as long as the step is kept.

use super::*;

fn sums(place: &Place, columns: &str, condition: &str) -> Vec<String> {
    place.query(&format!(
        "SELECT json_array({columns}) FROM request_sums WHERE {condition} ORDER BY step, time, route"
    ))
}

#[test]
fn an_event_is_in_the_sum_of_each_step() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    deliver(&mut *sink, vec![recent(1)], 1);
    let told = sums(&place, "step, time % step, service, environment, source, route, count, failed", "true");
    let expected =
        [10, 60, 600, 7_200, 86_400].map(|step| format!(r#"[{step},0,"chat-api","test","asgi","",1,0]"#));
    assert_eq!(told, expected);
}

#[test]
fn events_that_come_again_are_summed_up_once() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let events: Vec<Event> = (1..11).map(recent).collect();
    deliver(&mut *sink, events.clone(), 10);
    let mut again = events.clone();
    again.push(Event { id_low: 11, ..events[0].clone() });
    deliver(&mut *sink, again, 20);
    assert_eq!(sums(&place, "sum(count)", "step = 86400"), ["[11]"]);
}

#[test]
fn a_step_that_has_become_too_old_is_not_begun() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let day_ns = 86_400 * 1_000_000_000;
    let aged = |id, days: u64| Event { start_unix_ns: ids::now_unix_ns() - days * day_ns, ..exchange(id) };
    deliver(&mut *sink, vec![aged(1, 1), aged(2, 5), aged(3, 30)], 3);
    let told = sums(&place, "step, sum(count)", "true GROUP BY step");
    assert_eq!(told, ["[60,1]", "[600,2]", "[7200,3]", "[86400,3]"]);
}

#[test]
fn the_oldest_step_goes_first_and_the_others_follow_while_nothing_comes() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let store = connection(&place);
    let row = "INSERT INTO request_sums SELECT 10, 10 * value, 's', 'e', 'asgi', '', 1, 0, x'', x'', 0, 0, 0
               FROM json_each('[1,2,3]')";
    store.execute_batch(row).expect("written");
    deliver(&mut *sink, vec![recent(1)], 1);
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM request_sums WHERE time < 100"), 2);
    sink.tend().expect("tended");
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM request_sums WHERE time < 100"), 0);
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM request_sums WHERE step = 10"), 1);
}

#[test]
fn sums_outlast_the_events_that_go_by_size() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 2 << 20);
    for batch in 0..10 {
        let first = batch * 500 + 1;
        deliver(&mut *sink, (first..first + 500).map(recent).collect(), u64::try_from(first).expect("small"));
    }
    assert!(place.stored().len() < 5_000);
    assert_eq!(sums(&place, "sum(count)", "step = 86400"), ["[5000]"]);
}

#[test]
fn a_call_is_summed_up_by_its_host_and_a_span_that_is_top_by_its_name() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let call = Event { source: "httpx".to_owned(), ..recent(1) };
    let span = |id, parent_span_id| Event {
        source: "sdk".to_owned(),
        parent_span_id,
        kind: Some(Kind::Span(Span { name: "nightly".to_owned(), ..Span::default() })),
        ..recent(id)
    };
    deliver(&mut *sink, vec![call, span(2, 0), span(3, 9)], 3);
    let told = sums(&place, "source, route, count", "step = 86400");
    assert_eq!(told, [r#"["httpx","api.example",1]"#, r#"["sdk","nightly",1]"#]);
}
