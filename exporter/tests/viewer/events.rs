use offpath_core::event::{Body, Event, Exchange, Kind, Message};
use serde_json::Value;

use super::{ask, ids, with};
use crate::framework::{
    events::{EVENT, exchange},
    eventually,
};

/// An exchange with this changed; of a time of its own, so that a larger id is newer.
fn event(id: u128, change: impl FnOnce(&mut Exchange)) -> Event {
    let mut event = exchange(id);
    event.start_unix_ns += u64::try_from(id).expect("small") * 1_000_000_000;
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { unreachable!("it is an exchange") };
    change(exchange);
    event
}

fn body(text: &str) -> Option<Message> {
    let bytes = text.as_bytes().to_vec();
    let size = u64::try_from(bytes.len()).expect("small");
    Some(Message { body: Some(Body { size, head: bytes, ..Body::default() }), ..Message::default() })
}

fn on(route: &str) -> impl FnOnce(&mut Exchange) {
    let route = route.to_owned();
    |exchange| exchange.route = route
}

#[test]
fn events_are_listed_newest_first_a_page_at_a_time() {
    let (_place, exporter) = with((1..8).map(|id| event(id, on("/a"))).collect());
    let (_, first) = ask(&exporter, "events?limit=3");
    assert_eq!(ids(&first), [7, 6, 5]);
    let next = first["next"].as_str().expect("more");
    let (_, second) = ask(&exporter, &format!("events?limit=4&cursor={next}"));
    assert_eq!(ids(&second), [4, 3, 2, 1]);
    let next = second["next"].as_str().expect("it may be the last, which nobody has looked for");
    let (_, third) = ask(&exporter, &format!("events?limit=4&cursor={next}"));
    assert_eq!((ids(&third), &third["next"]), (vec![], &Value::Null));
}

#[test]
fn events_of_the_same_time_are_on_one_page_each() {
    let same = |id| Event { start_unix_ns: 1_795_161_600_000_000_000, ..event(id, on("/a")) };
    let (_place, exporter) = with((1..10).map(same).collect());
    let (mut seen, mut next) = (Vec::new(), Some("events?limit=2".to_owned()));
    while let Some(path) = next {
        let (_, page) = ask(&exporter, &path);
        seen.extend(ids(&page));
        next = page["next"].as_str().map(|cursor| format!("events?limit=2&cursor={cursor}"));
    }
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

#[test]
fn each_filter_leaves_out_what_does_not_fit() {
    let mut slow = event(2, |exchange| exchange.status = 503);
    slow.duration_ns = 3_000_000_000;
    let mut whose = event(3, |exchange| exchange.method = "GET".to_owned());
    (whose.user_id, whose.session_id) = ("alice".to_owned(), "s/1 %".to_owned());
    let (_place, exporter) = with(vec![event(1, on("/a")), slow, whose]);
    for (filter, expected) in [
        ("route=/a", vec![1]),
        ("status=503", vec![2]),
        ("status=5xx", vec![2]),
        ("status=2xx", vec![3, 1]),
        ("failed=true", vec![2]),
        ("min_duration_ms=2999.5", vec![2]),
        ("max_duration_ms=2999", vec![3, 1]),
        ("method=GET", vec![3]),
        ("user=alice", vec![3]),
        ("session=s%2F1%20%25", vec![3]),
        ("kind=exchange,span", vec![3, 2, 1]),
        ("kind=span", vec![]),
        ("source=asgi&top=true", vec![3, 2, 1]),
        ("from=2026-11-20T08:00:03Z", vec![3]),
        ("to=2026-11-20T08:00:02Z", vec![1]),
        ("min_cost_usd=0.1", vec![]),
        ("service=chat-api&environment=test&route=/a", vec![1]),
    ] {
        let (status, answer) = ask(&exporter, &format!("events?{filter}"));
        assert_eq!((status, ids(&answer)), (200, expected), "{filter}");
    }
}

#[test]
fn free_text_is_found_as_it_is_seen() {
    let said = r#"{"messages": [{"content": "Say \"hi\"\nto Ærø"}]}"#;
    let (_place, exporter) = with(vec![
        event(1, |exchange| exchange.request = body(said)),
        event(2, |exchange| exchange.request = body("nothing of the kind")),
    ]);
    for text in ["say%20%22HI%22", "%22hi%22%0Ato", "%C3%86r%C3%B8", "%5C%22hi"] {
        assert_eq!(ids(&ask(&exporter, &format!("events?q={text}")).1), [1], "{text}");
    }
    assert_eq!(ids(&ask(&exporter, "events?q=bye").1), []);
}

#[test]
fn what_is_no_parameter_or_no_value_of_one_is_refused_with_the_rule() {
    let (_place, exporter) = with(vec![event(1, on("/a"))]);
    for (query, told) in [
        ("events?rout=/a", "\"rout\" is no parameter here"),
        ("events?status=5x", "status must be a code such as 503, or a class such as 5xx; it is \"5x\""),
        ("events?limit=0", "limit must be a number from 1 to 200; it is \"0\""),
        ("events?cursor=x", "cursor must be `next` of the page before"),
        ("events?from=yesterday", "from must be a time as RFC 3339 has it"),
        ("events?q=a&q=b", "q must be given once"),
        ("sessions?from=", "from must not be empty; leave it out"),
        ("live?after=-1", "after must be `position` of the answer before"),
        ("overview?of=all", "of must be requests or calls; it is \"all\""),
        ("facets?form=1", "\"form\" is no parameter here"),
    ] {
        let (status, answer) = ask(&exporter, query);
        let detail = answer["detail"].as_str().expect("a text");
        assert!(status == 400 && detail.contains(told), "{query}: {status} {detail}");
    }
}

#[test]
fn an_event_comes_as_it_is_stored_and_a_trace_in_the_order_of_time() {
    let (place, exporter) = with(vec![event(2, on("/b")), event(1, on("/a"))]);
    let (_, listed) = ask(&exporter, "events?route=/a");
    let row = &listed["events"][0];
    let (_, body) = exporter.get(&format!("/api/v1/events/{}", row["id"].as_str().expect("an id")));
    assert_eq!(vec![body], place.query("SELECT json FROM events WHERE route = '/a'"));
    let (_, trace) = ask(&exporter, &format!("traces/{}", row["trace_id"].as_str().expect("an id")));
    assert_eq!((ids(&trace), &trace["truncated"]), (vec![1], &false.into()));
}

#[test]
fn what_is_live_is_what_was_stored_since_and_fits() {
    let (place, exporter) = with(vec![event(1, on("/a"))]);
    let (_, begin) = ask(&exporter, "live?route=/b");
    assert_eq!(ids(&begin), []);
    let position = begin["position"].as_u64().expect("a position");
    let mut ring = place.ring(1 << 20);
    // Older than what is there already: live goes by what comes, not by when it began.
    for late in [event(0, on("/b")), event(3, on("/b")), event(4, on("/a"))] {
        ring.write(EVENT, &Event { id_low: late.id_low + 100, ..late }.to_bytes()).expect("room");
    }
    let path = format!("live?route=/b&after={position}&limit=1");
    eventually("all have come", || ask(&exporter, &path).1["stored"] == 3);
    let (_, live) = ask(&exporter, &path);
    assert_eq!((ids(&live), &live["matched"], &live["skipped"]), (vec![103], &2.into(), &0.into()));
    let again = format!("live?after={}", live["position"]);
    assert_eq!(ask(&exporter, &again).1["stored"], 0);
}

#[test]
fn a_path_that_is_none_is_a_problem_like_any_other() {
    let (_place, exporter) = with(vec![event(1, on("/a"))]);
    let (status, answer) = ask(&exporter, "sessions/a/b");
    assert_eq!((status, &answer["status"]), (404, &404.into()));
}

#[test]
fn sessions_and_their_turns_are_read_whatever_they_are_called() {
    let mut said = event(1, on("/a"));
    said.session_id = "a/b %\u{202e}".to_owned();
    let (_place, exporter) = with(vec![said]);
    let (_, sessions) = ask(&exporter, "sessions");
    assert_eq!(sessions["sessions"][0]["session_id"], "a/b %\u{202e}");
    let (status, turns) = ask(&exporter, "sessions/a%2Fb%20%25%E2%80%AE");
    assert_eq!(
        (status, &turns["session"]["turns"], &turns["turns"][0]["route"]),
        (200, &1.into(), &"/a".into())
    );
}
