//! Each text of an event that comes from outside, and what happens when it cannot be looked into.

use super::*;
use offpath_core::{
    event::{Error, Generation, Header, Score, Span, WebSocket},
    limits,
    mask::{MaskKind, REDACTED},
    treatment::{Expression, Identity, JsonField, PATTERNS, Treatment, VERSION},
};
use proptest::{prelude::*, sample::select};

const KEY: &str = "sk-proj-abcdefghij0123456789ABCDEFGHIJ";

fn treatment(change: impl FnOnce(&mut Treatment)) -> Vec<u8> {
    let patterns = PATTERNS.iter().map(|name| (*name).to_owned()).collect();
    let mut treatment = Treatment { patterns, version: VERSION, ..Treatment::default() };
    change(&mut treatment);
    treatment.to_bytes()
}

fn event(treatment: Vec<u8>, change: impl FnOnce(&mut Exchange)) -> Event {
    let mut exchange = Exchange { path: "/".to_owned(), ..Exchange::default() };
    change(&mut exchange);
    Event { kind: Some(Kind::Exchange(exchange)), treatment, ..Event::default() }
}

/// What a treatment makes of an exchange.
fn treated(treatment: Vec<u8>, change: impl FnOnce(&mut Exchange)) -> (Exchange, Done) {
    let mut event = event(treatment, change);
    let done = Treatments::default().treat(&mut event);
    assert!(event.treatment.is_empty());
    match event.kind {
        Some(Kind::Exchange(exchange)) => (exchange, done),
        _ => unreachable!("it is an exchange"),
    }
}

fn message(name: &str, value: &str, body: &str) -> Message {
    Message {
        headers: vec![Header { name: name.to_owned(), value: value.to_owned() }],
        body: Some(Body { size: body.len() as u64, head: body.into(), ..Body::default() }),
        ..Message::default()
    }
}

/// An exchange with this text in all places where one may come from outside.
fn everywhere(text: &str, exchange: &mut Exchange) {
    exchange.path = format!("/a/{text}");
    exchange.query = format!("a=b&c={text}");
    exchange.host = format!("{text}@example.org");
    exchange.client = text.to_owned();
    exchange.trace_name = text.to_owned();
    exchange.error = Some(Error { r#type: text.to_owned(), message: format!("no {text} here") });
    exchange.websocket = Some(WebSocket { subprotocol: text.to_owned(), ..WebSocket::default() });
    exchange.request = Some(message("x-any", text, ""));
    exchange.response = Some(message("x-any", text, ""));
}

#[test]
fn a_secret_is_masked_in_every_text() {
    let (exchange, done) = treated(treatment(|_| ()), |exchange| everywhere(KEY, exchange));
    assert_eq!((done.masked, done.withheld.len()), (10, 0));
    assert!(!format!("{exchange:?}").contains("abcdefghij"), "{exchange:#?}");
    assert_eq!((exchange.path.as_str(), exchange.query.as_str()), ("/a/[redacted]", "a=b&c=[redacted]"));
    assert_eq!(exchange.error.expect("an error").message, "no [redacted] here");
}

#[test]
fn identity_is_masked_as_the_rules_say_so_that_it_can_be_compared() {
    let hashed = treatment(|treatment| {
        treatment.mask = MaskKind::Hash as i32;
        treatment.hash_key = b"a key".to_vec();
    });
    let mut event = event(hashed, |_| ());
    event.user_id = "alice@example.org".to_owned();
    event.tags = vec!["alice@example.org".to_owned(), "beta".to_owned()];
    Treatments::default().treat(&mut event);
    assert!(event.user_id.starts_with("[redacted:"), "{}", event.user_id);
    assert_eq!(event.tags, [event.user_id.as_str(), "beta"]);
}

#[test]
fn in_a_url_what_is_encoded_is_looked_into_and_masked_as_a_whole() {
    for (path, expected) in [
        ("/users/alice%40example.org/edit", "/users/[redacted]/edit"),
        ("/users/x-alice@example.org,b/", "/users/[redacted]/"),
        ("/caf%C3%A9/%zz", "/caf%C3%A9/%zz"),
    ] {
        assert_eq!(treated(treatment(|_| ()), |exchange| exchange.path = path.to_owned()).0.path, expected);
    }
    for (query, expected) in [
        ("q=Bearer+abc123&x=1", "q=[redacted]&x=1"),
        ("q=mail%20alice%40example.org", "q=[redacted]"),
        ("alice@example.org=1&b", "[redacted]&b"),
        ("alice@example.org", "[redacted]"),
        ("a=b+c&d=%41", "a=b+c&d=%41"),
    ] {
        assert_eq!(
            treated(treatment(|_| ()), |exchange| exchange.query = query.to_owned()).0.query,
            expected
        );
    }
}

#[test]
fn of_many_segments_and_parameters_those_with_a_secret_are_masked_and_no_other() {
    for separator in ["/", "&"] {
        let join = |parts: [&str; 4]| parts.join(separator).repeat(50);
        let (text, expected) =
            (join(["", "10.0.0.1", "a", "10.0.0%2E2"]), join(["", "[redacted]", "a", "[redacted]"]));
        let (exchange, done) = treated(treatment(|_| ()), |exchange| {
            (exchange.path, exchange.query) = (text.clone(), text.clone());
        });
        let found = if separator == "/" { exchange.path } else { exchange.query };
        assert_eq!((found, done.masked > 100), (expected, true));
    }
}

/// The core hands over no more: other producers may.
#[test]
fn a_text_is_looked_into_no_further_than_its_limit_and_margin() {
    let long = |limit: usize| format!("{}{KEY}", "a ".repeat((limit + limits::MARGIN) / 2));
    let (exchange, done) = treated(treatment(|_| ()), |exchange| {
        (exchange.path, exchange.query) = (long(limits::PATH), long(limits::QUERY));
        exchange.request = Some(message("x-any", &long(limits::HEADER), ""));
    });
    assert_eq!((exchange.path, exchange.query), ("a ".repeat(2048), "a ".repeat(4096)));
    assert_eq!(exchange.request.expect("a request").headers[0].value, "a ".repeat(2048));
    assert_eq!(done, Done::default());
}

#[test]
fn a_parameter_is_dropped_with_its_name_where_rules_drop() {
    let dropping = treatment(|treatment| treatment.mask = MaskKind::Drop as i32);
    let (exchange, _) = treated(dropping, |exchange| everywhere(KEY, exchange));
    assert_eq!((exchange.path.as_str(), exchange.query.as_str()), ("/a/[redacted]", "a=b"));
    assert_eq!(exchange.error.expect("an error").message, "no  here");
}

#[test]
fn the_address_of_a_host_is_no_secret_and_that_of_a_client_may_be() {
    let (exchange, _) = treated(treatment(|_| ()), |exchange| {
        (exchange.host, exchange.client) = ("10.0.0.1:80".to_owned(), "10.0.0.2".to_owned());
    });
    assert_eq!((exchange.host.as_str(), exchange.client.as_str()), ("10.0.0.1:80", REDACTED));
}

#[test]
fn what_cannot_be_carried_out_leaves_nothing_that_may_be_a_secret() {
    for unusable in [vec![0xFF], treatment(|treatment| treatment.mask = 99)] {
        let (exchange, done) = treated(unusable, |exchange| {
            everywhere("hunter2", exchange);
            exchange.request = Some(message("x-any", "hunter2", "hunter2"));
        });
        assert!(!format!("{exchange:?}").contains("hunter2"), "{exchange:#?}");
        let body = exchange.request.expect("a request").body.expect("a body");
        assert_eq!((body.size, body.treated.expect("treated").withheld.as_str()), (7, "unusable rules"));
        assert!(done.withheld.iter().all(|why| *why == "unusable rules"));
    }
}

#[test]
fn a_text_that_would_take_too_long_is_masked_as_a_whole() {
    let slow = treatment(|treatment| {
        treatment.expressions =
            vec![Expression { name: "slow".to_owned(), expression: "[a-z].*[0-9]|[a-z]".to_owned() }];
    });
    let (exchange, done) = treated(slow, |exchange| {
        exchange.error = Some(Error { r#type: "E".to_owned(), message: "a".repeat(100_000) });
    });
    assert_eq!(exchange.error.expect("an error").message, REDACTED);
    assert_eq!(done.withheld, ["redaction took too long"]);
}

#[test]
fn what_is_no_exchange_stays_as_it_is() {
    let mut event = Event { treatment: treatment(|_| ()), user_id: KEY.to_owned(), ..Event::default() };
    let before = event.clone();
    assert_eq!(Treatments::default().treat(&mut event), Done::default());
    assert_eq!(event, before);
}

#[test]
fn what_was_told_for_good_of_whose_it_is_stays_and_the_rest_gives_way_to_json() {
    let field = |identity: Identity| JsonField { identity: identity as i32, path: Vec::new() };
    let fields = [
        field(Identity::User),
        field(Identity::Session),
        field(Identity::Session),
        field(Identity::Tag),
        field(Identity::Environment),
        field(Identity::Release),
    ];
    let values = ["json", "", "second", "new", "Not Allowed!", "v2"];
    let mut found: Vec<_> =
        values.iter().enumerate().map(|(index, value)| (index, (*value).to_owned())).collect();
    found.push((3, "old".to_owned()));
    let mut event = Event {
        user_id: "header".to_owned(),
        session_id: "fallback".to_owned(),
        tags: vec!["old".to_owned()],
        environment: "production".to_owned(),
        release: "v1".to_owned(),
        ..Event::default()
    };
    identity::tell(&mut event, Identity::User.bit(), &fields, &found);
    assert_eq!((event.user_id.as_str(), event.session_id.as_str()), ("header", "second"));
    assert_eq!((event.environment.as_str(), event.release.as_str()), ("production", "v2"));
    assert_eq!(event.tags, ["old", "new"]);
}

proptest! {
    #[test]
    fn no_secret_passes_in_any_text_and_twice_is_once(
        before in "[a-zA-Z/&=%+ .é]{0,20}", after in "[a-zA-Z/&=%+ .é]{0,20}",
        left in select(&[" ", "/", "=", "&", "%20", "+", "%22"][..]), right in select(&[" ", "/", "&", "%20", ";"][..]),
        mask in 0_i32..4,
    ) {
        let masking = || treatment(|treatment| (treatment.mask, treatment.hash_key) = (mask, b"key".to_vec()));
        let text = format!("{before}{left}{KEY}{right}{after}");
        let (exchange, _) = treated(masking(), |exchange| everywhere(&text, exchange));
        prop_assert!(!format!("{exchange:?}").contains("abcdefghij"), "{exchange:#?}");
        let (again, _) = treated(masking(), |other| *other = exchange.clone());
        prop_assert_eq!(again, exchange);
    }
}

/// A span with this text in all places where an app may tell it.
fn span_with(text: &str) -> Span {
    let body = || Some(Body { size: text.len() as u64, head: text.into(), ..Body::default() });
    let word = || text.to_owned();
    let generation = Generation {
        request_model: word(),
        response_model: word(),
        response_id: word(),
        parameters: word(),
        input: word(),
        output: word(),
        prompt_name: word(),
        error_kind: word(),
        ..Generation::default()
    };
    Span {
        name: word(),
        input: body(),
        output: body(),
        status_message: word(),
        metadata: body(),
        trace_metadata: body(),
        version: word(),
        generation: Some(generation),
        trace_name: word(),
        error: Some(Error { r#type: word(), message: word() }),
        ..Span::default()
    }
}

fn treated_kind(kind: Kind, treatment: Vec<u8>) -> (Kind, Done) {
    let mut event = Event { kind: Some(kind), treatment, ..Event::default() };
    let done = Treatments::default().treat(&mut event);
    (event.kind.expect("a kind"), done)
}

#[test]
fn a_secret_is_masked_wherever_an_app_tells_it() {
    let (span, done) = treated_kind(Kind::Span(span_with(KEY)), Vec::new());
    assert!(!format!("{span:?}").contains("abcdefghij"), "{span:#?}");
    assert_eq!((done.masked, done.withheld.len()), (16, 0));
    let score = Score { text: KEY.to_owned(), comment: KEY.to_owned(), ..Score::default() };
    let (score, done) = treated_kind(Kind::Score(score), Vec::new());
    assert!(!format!("{score:?}").contains("abcdefghij"), "{score:#?}");
    assert_eq!(done.masked, 2);
}

#[test]
fn values_of_secret_keys_are_masked_in_what_an_app_tells() {
    let (span, _) = treated_kind(Kind::Span(span_with(r#"{"password": "hunter2", "n": 1}"#)), Vec::new());
    let Kind::Span(span) = span else { panic!("{span:?}") };
    let kept = r#"{"password": "[redacted]", "n": 1}"#;
    let bodies =
        [span.input, span.output, span.metadata, span.trace_metadata].map(|body| body.expect("a body").head);
    assert_eq!(bodies, [kept.as_bytes(); 4]);
    assert_eq!(span.generation.expect("a generation").parameters, kept);
}

#[test]
fn what_an_app_tells_is_withheld_when_it_cannot_be_looked_into() {
    let unusable = treatment(|treatment| treatment.patterns.push("of tomorrow".to_owned()));
    let (span, done) = treated_kind(Kind::Span(span_with("private")), unusable);
    assert!(!format!("{span:?}").contains("private"), "{span:#?}");
    assert_eq!(done.withheld, [withheld::UNUSABLE; 4]);
}

#[test]
fn what_is_treated_says_as_what_the_rules_have_it_read_and_what_cannot_be_treated_does_not() {
    let named = |treatment: &mut Treatment| treatment.llm = "anthropic.messages".to_owned();
    assert_eq!(treated(treatment(named), |_| ()).1.llm, "anthropic.messages");
    assert_eq!(treated(Vec::new(), |_| ()).1.llm, "");
    let unusable = treatment(|treatment| {
        named(treatment);
        treatment.version += 1;
    });
    assert_eq!(treated(unusable, |_| ()).1.llm, "");
}

#[test]
fn no_producer_says_what_only_the_exporter_knows() {
    let generation = Generation { input: "said".to_owned(), ..Generation::default() };
    let (exchange, _) = treated(Vec::new(), |exchange| exchange.generation = Some(generation));
    assert_eq!(exchange.generation, None);
}
