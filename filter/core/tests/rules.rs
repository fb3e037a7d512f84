//! Rules: which one an exchange is for, and what it does to what is kept.
#![allow(missing_docs, reason = "a test")]

mod framework;

use framework::{Fields, START, begin, begin_with, body, capture, end, finish, get};
use offpath_core::{
    End, Finished, RequestHead, Start,
    event::{Event, Kind, Outcome},
    limits,
    treatment::{Identity, JsonField, LLM_FORMATS, Treatment},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The rule that an exchange with this answer was for.
fn rule(
    config: &Value,
    head: &RequestHead<'_>,
    fields: &Fields<'_>,
    answer: (u16, &str),
    route: &str,
) -> String {
    let mut exchange = begin_with(config, head, fields);
    let kind = [(b"content-type".as_slice(), answer.1.as_bytes())];
    exchange.response_head(answer.0, kind.iter().copied());
    finish(exchange, &End { route: route.as_bytes(), ..end(Outcome::Completed) }).1.rule
}

#[test]
fn a_rule_looks_at_everything_that_it_names() {
    let config = json!({"rule": [
        {"name": "host", "match": {"host": "*.Example.com"}},
        {"name": "type", "match": {"content_type": ["application/json", "text/*"]}},
        {"name": "tenant", "match": {"header": {"X-Tenant": "acme*", "x-internal": false}}},
        {"name": "failed", "match": {"status": ["5xx", 429]}},
        {"name": "stream", "match": {"response_content_type": "text/event-stream"}},
        {"name": "route", "match": {"route": "/users/**"}},
    ]});
    let ok = (200, "text/html; charset=utf-8");
    let of = |fields: &Fields<'_>, answer, route| rule(&config, &get("/"), fields, answer, route);
    assert_eq!(of(&[(b"host", b"API.example.com:8080")], ok, ""), "host");
    assert_eq!(of(&[(b"content-type", b"Application/JSON; charset=utf-8")], ok, ""), "type");
    assert_eq!(of(&[(b"x-tenant", b"acme/eu")], ok, ""), "tenant");
    assert_eq!(of(&[(b"x-tenant", b"acme"), (b"x-internal", b"")], ok, ""), "");
    assert_eq!(of(&[], (503, "text/html"), ""), "failed");
    assert_eq!(of(&[], (429, "text/html"), ""), "failed");
    assert_eq!(of(&[], (200, "text/event-stream"), ""), "stream");
    assert_eq!(of(&[], ok, "/users/{id}"), "route");
    assert_eq!(of(&[], ok, "/other"), "");
}

#[test]
fn a_rule_that_waits_for_the_response_does_not_give_way_to_a_later_one() {
    let config = json!({"rule": [
        {"name": "failed", "match": {"path": "/pay", "status": "5xx"}},
        {"name": "pay", "match": {"path": "/pay"}},
    ]});
    assert_eq!(rule(&config, &get("/pay"), &[], (500, ""), ""), "failed");
    assert_eq!(rule(&config, &get("/pay"), &[], (200, ""), ""), "pay");
    assert_eq!(rule(&config, &get("/"), &[], (500, ""), ""), "");
}

#[test]
fn the_rule_of_an_exchange_that_is_over_can_be_told() {
    let config = json!({"rule": [
        {"match": {"header": {"x-a": true}, "status": 404}, "record": false},
        {"name": "slow", "match": {"route": "/a"}, "sample": 0.5},
    ]});
    let capture = capture(&config);
    let explain = |fields: &Fields<'_>, status, route: &str| {
        let told = capture.explain(&get("/"), fields.iter().copied(), (status, b""), route.as_bytes());
        (told.rule, told.name.to_owned(), told.record, told.rate)
    };
    assert_eq!(explain(&[(b"x-a", b"1")], 404, "/a"), (Some(0), "rule[0]".to_owned(), false, 1.0));
    assert_eq!(explain(&[(b"x-a", b"1")], 200, "/a"), (Some(1), "slow".to_owned(), true, 0.5));
    assert_eq!(explain(&[], 200, ""), (None, String::new(), true, 1.0));
}

#[test]
fn an_app_that_raised_before_it_answered_is_for_the_rule_of_500() {
    let config = json!({"rule": [{"name": "failed", "match": {"status": "5xx"}}]});
    let (_, exchange) = finish(begin(&config, &get("/")), &end(Outcome::AppError));
    assert_eq!(exchange.rule, "failed");
    let (_, exchange) = finish(begin(&config, &get("/")), &end(Outcome::ClientDisconnected));
    assert_eq!(exchange.rule, "");
}

#[test]
fn until_the_rule_is_known_the_widest_limits_hold_and_then_its_own() {
    let config = json!({
        "capture": {"request_body": {"head": 10, "tail": 0}, "headers": {"allow": ["a"]}},
        "rule": [{"match": {"status": 500}, "request_body": {"head": 5000}, "headers": {"allow": ["b"]}}],
    });
    let kept = |status| {
        let mut exchange = begin_with(&config, &get("/"), &[(b"a", b"1"), (b"b", b"2")]);
        assert_eq!(exchange.plan().request.head, 5000 + 1024);
        exchange.request_body(vec![b'x'; 9000], 0, vec![]);
        exchange.response_head(status, std::iter::empty());
        let (_, exchange) = finish(exchange, &end(Outcome::Completed));
        let request = exchange.request.expect("a request");
        let header = request.headers.first().map(|header| header.name.clone());
        (header, request.headers.len(), body(Some(request)))
    };
    let (header, count, request) = kept(200);
    assert_eq!((header.as_deref(), count), (Some("a"), 1));
    assert_eq!((request.head.len(), request.head_limit), (10 + 1024, Some(10)));
    let (header, count, request) = kept(500);
    assert_eq!((header.as_deref(), count), (Some("b"), 1));
    assert_eq!((request.head.len(), request.head_limit), (5000 + 1024, Some(5000)));
}

#[test]
fn a_body_that_comes_encoded_tells_its_limits_however_short_it_is() {
    let fields: &Fields<'_> = &[(b"content-encoding", b"gzip")];
    let mut exchange = begin_with(&json!({}), &get("/"), fields);
    exchange.request_body(vec![1; 10], 0, vec![]);
    exchange.response_head(200, std::iter::empty());
    exchange.response_body(1, vec![1; 10], 0, vec![]);
    let (_, exchange) = finish(exchange, &end(Outcome::Completed));
    let (request, response) = (body(exchange.request), body(exchange.response));
    assert_eq!((request.head_limit, request.tail_limit), (Some(8192), Some(8192)));
    assert_eq!(response.head_limit, None);
}

#[test]
fn a_tunnel_is_counted_only_whatever_rule_it_comes_to_be_for() {
    let config = json!({"rule": [{"match": {"status": 200}, "request_body": {"head": 100}}]});
    let mut exchange = begin(&config, &RequestHead { method: b"CONNECT", ..get("") });
    exchange.response_head(200, std::iter::empty());
    exchange.request_body(b"secret".to_vec(), 0, vec![]);
    let sent = body(finish(exchange, &end(Outcome::Completed)).1.request);
    assert_eq!((sent.size, sent.kept()), (6, 0));
}

#[test]
fn a_rule_for_responses_can_leave_them_out() {
    let config = json!({"rule": [{"match": {"status": 404}, "record": false}]});
    let mut exchange = begin(&config, &get("/"));
    exchange.response_head(404, std::iter::empty());
    assert_eq!(exchange.finish(&end(Outcome::Completed), usize::MAX), Finished::Nothing);
}

#[test]
fn a_rule_s_key_stands_in_the_place_of_the_base_s_and_the_rest_stays() {
    let config = json!({
        "capture": {"redact": {"json_keys": ["ssn"], "patterns": ["email"], "mask": "drop"}},
        "rule": [{"redact": {"patterns": ["card"]}, "json": {"max_items": 3}, "media": "keep"}],
    });
    let (event, _) = finish(begin(&config, &get("/")), &end(Outcome::Completed));
    let treatment = Treatment::from_bytes(&event.treatment).expect("a treatment");
    assert_eq!((treatment.json_keys, treatment.patterns), (vec!["ssn".to_owned()], vec!["card".to_owned()]));
    assert_eq!((treatment.mask, treatment.max_items, treatment.keep_media), (3, Some(3), true));
    assert!(treatment.mask_unknown);
}

#[test]
fn a_rule_says_as_what_the_bodies_are_read_or_leaves_it_to_what_they_look_like() {
    let llm = |rule: Value| {
        let config = json!({"capture": {"llm": "off"}, "rule": [rule]});
        let (event, _) = finish(begin(&config, &get("/")), &end(Outcome::Completed));
        Treatment::from_bytes(&event.treatment).expect("a treatment").llm
    };
    assert_eq!(llm(json!({})), "off");
    assert_eq!(llm(json!({"llm": "auto"})), "");
    for format in LLM_FORMATS {
        assert_eq!(llm(json!({"llm": format})), *format);
    }
}

#[test]
fn a_treatment_that_asks_for_nothing_is_still_one() {
    let (event, _) =
        finish(begin(&json!({"capture": {"redact": {"patterns": []}}}), &get("/")), &end(Outcome::Completed));
    assert!(!event.treatment.is_empty());
    let (event, _) = finish(begin(&json!({}), &get("/")), &end(Outcome::Completed));
    assert_eq!(Treatment::from_bytes(&event.treatment), Ok(Treatment::standard()));
}

#[test]
fn every_event_carries_the_version_of_its_rules() {
    let version = |config: &Value| finish(begin(config, &get("/")), &end(Outcome::Completed)).0.rules;
    assert_eq!(version(&json!({})), version(&json!({"service": {"name": "other"}})));
    assert_ne!(version(&json!({})), version(&json!({"capture": {"media": "keep"}})));
}

fn outcome(exchange: offpath_core::Exchange, end: &End<'_>) -> Result<String, Box<Event>> {
    match exchange.finish(end, usize::MAX) {
        Finished::Event(bytes) => match Event::from_bytes(&bytes).expect("an event").kind {
            Some(Kind::Exchange(exchange)) => Ok(exchange.sampled_because),
            other => panic!("{other:?}"),
        },
        Finished::Unsampled(bytes) => Err(Box::new(Event::from_bytes(&bytes).expect("an event"))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_sampled_out_is_wanted_no_byte_of_and_still_counted() {
    let head = RequestHead { method: b"POST", ..get("/secret/path") };
    let mut exchange = begin(&json!({"capture": {"sample": 0}}), &head);
    assert_eq!(exchange.plan(), offpath_core::Plan::default());
    exchange.request_body(Vec::new(), 100, Vec::new());
    exchange.response_head(201, std::iter::empty());
    exchange.response_body(7, Vec::new(), 1, Vec::new());
    let end = End { route: b"/{name}", ..end(Outcome::Completed) };
    let event = outcome(exchange, &end).expect_err("it is not kept");
    assert_eq!((event.source.as_str(), event.duration_ns), ("asgi", 9_000));
    let Some(Kind::Unsampled(unsampled)) = event.kind else { panic!("{:?}", event.kind) };
    assert_eq!((unsampled.method.as_str(), unsampled.route.as_str()), ("POST", "/{name}"));
    assert_eq!((unsampled.status, unsampled.first_byte_ns), (201, Some(7)));
    assert_eq!(unsampled.outcome(), Outcome::Completed);
}

#[test]
fn what_matters_is_kept_whatever_the_rate() {
    let keep = ["error", "status:404", "slow:1ms", "header:x-debug=1", "route:/pay/**"];
    let config = json!({"capture": {"sample": {"rate": 0, "keep": keep}}});
    let because = |fields: &Fields<'_>, status, end: &End<'_>| {
        let mut exchange = begin_with(&config, &get("/"), fields);
        exchange.response_head(status, std::iter::empty());
        outcome(exchange, end).ok()
    };
    let completed = end(Outcome::Completed);
    assert_eq!(because(&[], 200, &completed), None);
    assert_eq!(because(&[], 502, &completed).as_deref(), Some("error"));
    assert_eq!(because(&[], 200, &end(Outcome::Reset)).as_deref(), Some("error"));
    assert_eq!(because(&[], 200, &End { grpc_status: Some(5), ..completed }).as_deref(), Some("error"));
    assert_eq!(because(&[], 404, &completed).as_deref(), Some("status"));
    assert_eq!(because(&[], 200, &End { elapsed_ns: 1_000_000, ..completed }).as_deref(), Some("slow"));
    assert_eq!(because(&[(b"X-Debug", b"1")], 200, &completed).as_deref(), Some("header"));
    assert_eq!(because(&[(b"x-debug", b"2")], 200, &completed), None);
    assert_eq!(because(&[], 200, &End { route: b"/pay/{id}", ..completed }).as_deref(), Some("route"));
}

#[test]
fn what_may_still_be_kept_is_captured_like_the_rest() {
    let config = json!({"capture": {"sample": {"rate": 0, "keep": ["error"]}}});
    let mut exchange = begin_with(&config, &get("/a"), &[(b"content-type", b"text/plain")]);
    exchange.request_body(b"hello".to_vec(), 0, vec![]);
    exchange.response_head(500, std::iter::empty());
    let (_, exchange) = finish(exchange, &end(Outcome::Completed));
    assert_eq!((exchange.path.as_str(), exchange.sampled_because.as_str()), ("/a", "error"));
    assert_eq!(body(exchange.request).head, b"hello");
}

#[test]
fn the_first_of_each_route_and_minute_are_kept() {
    let capture = capture(&json!({"capture": {"sample": {"rate": 0, "keep": ["first:2"]}}}));
    let pass = |minute: u64, route: &[u8]| {
        let start = Start { unix_ns: minute * 60_000_000_000, ..START };
        let exchange = capture.begin(start, &get("/"), std::iter::empty()).expect("an exchange");
        outcome(exchange, &End { route, ..end(Outcome::Completed) }).is_ok()
    };
    let kept = [pass(1, b"/a"), pass(1, b"/a"), pass(1, b"/a"), pass(1, b"/b"), pass(2, b"/a")];
    assert_eq!(kept, [true, true, false, true, true]);
}

#[test]
fn the_caller_s_decision_is_followed_if_the_rules_say_so() {
    let traceparent = |flags: &str| format!("00-000000000000000a0000000000000000-000000000000000c-{flags}");
    let because = |follow: bool, flags| {
        let config = json!({"capture": {"sample": {"rate": 0.5, "follow_parent": follow}}});
        let header = traceparent(flags);
        let exchange = begin_with(&config, &get("/"), &[(b"traceparent", header.as_bytes())]);
        outcome(exchange, &end(Outcome::Completed)).ok()
    };
    assert_eq!(because(true, "01").as_deref(), Some("parent"));
    assert_eq!(because(true, "00"), None);
    assert_eq!(because(false, "01"), None);
}

#[test]
fn an_event_says_whose_it_is() {
    let config = json!({"capture": {"identity": {
        "user": ["header:x-user", "scope:user.id"],
        "session": "scope:session",
        "tags": ["header:x-tags", "text:api"],
        "environment": "header:x-env",
        "release": "text:7",
    }}});
    let fields: &Fields<'_> = &[(b"X-User", b"ann"), (b"x-tags", b"a, b"), (b"x-env", b"Not One")];
    let scope: &[&[u8]] = &[b"bob", b"s-1"];
    let (event, _) =
        finish(begin_with(&config, &get("/"), fields), &End { scope, ..end(Outcome::Completed) });
    assert_eq!((event.user_id.as_str(), event.session_id.as_str()), ("ann", "s-1"));
    assert_eq!(event.tags, ["a", "b", "api"]);
    assert_eq!((event.environment.as_str(), event.release.as_str()), ("default", "7"));
    let (event, _) = finish(begin(&config, &get("/")), &End { scope, ..end(Outcome::Completed) });
    assert_eq!(event.user_id, "bob");
}

#[test]
fn a_header_that_is_a_secret_tells_its_hash_or_nothing() {
    let told = |redact: Value| {
        let identity = json!({"user": "header:x-api-key", "session": "header:x-ours"});
        let config = json!({"capture": {"identity": identity, "redact": redact}});
        let fields: &Fields<'_> = &[(b"x-api-key", b"secret-of-ann"), (b"x-ours", b"secret-too")];
        let (event, _) = finish(begin_with(&config, &get("/"), fields), &end(Outcome::Completed));
        (event.user_id, event.session_id)
    };
    let (user, session) = told(json!({"headers": ["x-ours"]}));
    assert_eq!((user.as_str(), session.as_str()), ("", ""));
    let (user, session) =
        told(json!({"headers": ["x-ours"], "mask": "hash", "hash_key": "0123456789abcdef"}));
    assert!(user.starts_with("[redacted:") && session.starts_with("[redacted:"), "{user} {session}");
}

#[test]
fn texts_are_handed_over_beyond_their_limits() {
    let long = "a".repeat(20_000);
    let head = RequestHead { query: long.as_bytes(), path: long.as_bytes(), ..get("") };
    let fields: &Fields<'_> = &[(b"user-agent", long.as_bytes())];
    let end = End { error: Some((b"E", long.as_bytes())), ..end(Outcome::AppError) };
    let (_, exchange) = finish(begin_with(&json!({}), &head, fields), &end);
    let header = exchange.request.and_then(|request| request.headers.first().cloned()).expect("a header");
    let message = exchange.error.map(|error| error.message.len());
    assert_eq!(
        (exchange.path.len(), exchange.query.len(), header.value.len(), message),
        (
            limits::PATH + limits::MARGIN,
            limits::QUERY + limits::MARGIN,
            limits::HEADER + limits::MARGIN,
            Some(limits::MESSAGE + limits::MARGIN)
        )
    );
}

#[test]
fn fields_of_json_are_left_to_the_exporter() {
    let config = json!({"capture": {"identity": {"user": ["json:metadata.user_id"]}}});
    let (event, _) = finish(begin(&config, &get("/")), &end(Outcome::Completed));
    let treatment = Treatment::from_bytes(&event.treatment).expect("a treatment");
    assert_eq!(
        treatment.identity,
        [JsonField { identity: 0, path: vec!["metadata".to_owned(), "user_id".to_owned()] }]
    );
}

#[test]
fn what_stands_before_a_field_of_json_is_told_for_good_and_what_stands_after_it_is_not() {
    let told = |sources: Value, fields: &Fields<'_>| {
        let config = json!({"capture": {"identity": {"user": sources}}});
        let (event, _) = finish(begin_with(&config, &get("/"), fields), &end(Outcome::Completed));
        (event.user_id, event.told)
    };
    let sources = json!(["header:x-user", "json:user", "text:nobody"]);
    assert_eq!(told(sources.clone(), &[(b"x-user", b"ann")]), ("ann".to_owned(), Identity::User.bit()));
    assert_eq!(told(sources, &[]), ("nobody".to_owned(), 0));
}

#[test]
fn identity_of_a_rule_that_waits_is_that_of_the_rule() {
    let config = json!({"rule": [
        {"match": {"route": "/me"}, "identity": {"user": "header:x-user"}, "sample": {"rate": 0, "keep": ["header:x-user"]}}
    ]});
    let exchange = begin_with(&config, &get("/"), &[(b"x-user", b"ann")]);
    let (event, exchange) = finish(exchange, &End { route: b"/me", ..end(Outcome::Completed) });
    assert_eq!((event.user_id.as_str(), exchange.sampled_because.as_str()), ("ann", "header"));
}

/// Whether an exchange with this trace id is kept.
fn is_kept(capture: &std::rc::Rc<offpath_core::Capture>, trace_id: u128) -> bool {
    let exchange = capture.begin(Start { trace_id, ..START }, &get("/"), std::iter::empty());
    exchange.is_some_and(|exchange| outcome(exchange, &end(Outcome::Completed)).is_ok())
}

/// Trace ids as hosts make them: an ordinary generator of numbers that look random (SplitMix64).
fn trace_ids() -> impl Iterator<Item = u128> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    std::iter::from_fn(move || Some(u128::from(next()) << 64 | u128::from(next())))
}

/// 99.99 % of all samples of that size lie within 3.89 standard deviations.
#[test]
fn the_share_that_is_kept_is_the_rate() {
    const COUNT: u32 = 20_000;
    for rate in [0.01, 0.1, 0.5, 0.9] {
        let capture = capture(&json!({"capture": {"sample": rate}}));
        let kept = trace_ids().take(COUNT as usize).filter(|id| is_kept(&capture, *id)).count();
        let kept = f64::from(u32::try_from(kept).expect("at most all"));
        let deviation = (f64::from(COUNT) * rate * (1.0 - rate)).sqrt();
        assert!((kept - f64::from(COUNT) * rate).abs() < 3.89 * deviation, "{kept} of {COUNT} at {rate}");
    }
}

proptest! {
    #[test]
    fn two_hosts_keep_the_same_traces(rate in 0.0..=1.0, trace_id: u128) {
        let config = json!({"capture": {"sample": rate}});
        let other = json!({"service": {"name": "other"}, "rule": [{"sample": rate}]});
        prop_assert_eq!(is_kept(&capture(&config), trace_id), is_kept(&capture(&other), trace_id));
    }
}
