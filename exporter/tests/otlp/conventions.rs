//! HTTP and generative AI by OpenTelemetry's names.
//! Sources: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>, version 1.44, and
//! <https://github.com/open-telemetry/semantic-conventions-genai>.

use offpath_core::event::{
    Body, Error, Event, Exchange, Header, Kind, Level, Loss, Outcome, Score, Span as AppSpan, Tokens,
};
use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use serde_json::json;

use super::{attributes, exchange, only, plain, sent, span, spans, told};

fn with(change: impl FnOnce(&mut Event, &mut Exchange)) -> Event {
    let mut event = exchange(5);
    let Some(Kind::Exchange(mut exchange)) = event.kind.take() else { unreachable!("it is an exchange") };
    change(&mut event, &mut exchange);
    Event { kind: Some(Kind::Exchange(exchange)), ..event }
}

#[test]
fn an_exchange_has_the_event_s_ids_and_times() {
    let span = span(&plain(), Event { parent_span_id: 3, ..exchange(5) });
    assert_eq!(span.trace_id, (1_u128 << 64 | 5).to_be_bytes());
    assert_eq!(
        (span.span_id, span.parent_span_id),
        (7_u64.to_be_bytes().to_vec(), 3_u64.to_be_bytes().to_vec())
    );
    let times = (1_795_161_600_123_456_789, 1_795_161_600_164_456_789);
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), times);
    assert_eq!((span.kind, span.status), (SpanKind::Server as i32, None));
}

#[test]
fn a_root_has_no_parent() {
    assert_eq!(span(&plain(), exchange(5)).parent_span_id, Vec::<u8>::new());
}

#[test]
fn an_exchange_is_told_by_the_names_of_the_conventions() {
    let event = with(|event, exchange| {
        event.user_id = "alice".to_owned();
        exchange.host = "api.example:8443".to_owned();
        exchange.query = "a=1".to_owned();
        exchange.route = "/v1/{what}".to_owned();
        exchange.client = "10.0.0.7".to_owned();
        exchange.http_version = "1.1".to_owned();
        exchange.rule = "chat".to_owned();
        let request = exchange.request.as_mut().expect("a request");
        request.headers.push(Header { name: "x-tag".to_owned(), value: "1".to_owned() });
        request.headers.push(Header { name: "x-tag".to_owned(), value: "2".to_owned() });
        request.body = super::whole("question");
    });
    let span = span(&plain(), event);
    assert_eq!(span.name, "POST /v1/{what}");
    let expected = json!({
        "http.request.method": "POST", "url.scheme": "http", "url.path": "/v1/chat/completions", "url.query": "a=1",
        "server.address": "api.example", "server.port": 8443, "http.route": "/v1/{what}", "client.address": "10.0.0.7",
        "network.protocol.version": "1.1", "http.response.status_code": 200, "user_agent.original": "test/1",
        "http.request.body.size": 8, "http.response.body.size": 9000,
        "http.request.header.content-type": ["application/json"], "http.request.header.user-agent": ["test/1"],
        "http.request.header.x-tag": ["1", "2"], "http.response.header.content-type": ["application/json"],
        "http.request.body.content": "question",
        "http.response.body.content": format!("{}\n[8744 bytes left out]\n{}", "a".repeat(128), "z".repeat(128)),
        "user.id": "alice", "offpath.event.id": "00000000000000000000000000000005", "offpath.source": "asgi",
        "offpath.outcome": "completed", "offpath.rule": "chat", "offpath.first_byte_ns": 1_200_000,
        "offpath.response.body.omitted": 8744,
    });
    assert_eq!(json!(attributes(&span.attributes)), expected);
}

#[test]
fn an_exchange_that_was_seen_by_who_asked_is_a_client_s() {
    let span = span(
        &plain(),
        with(|event, exchange| {
            event.source = "httpx".to_owned();
            exchange.scheme = "https".to_owned();
            exchange.query = "a=1".to_owned();
        }),
    );
    assert_eq!(span.kind, SpanKind::Client as i32);
    let expected = json!({
        "url.scheme": "https", "url.full": "https://api.example/v1/chat/completions?a=1", "server.address": "api.example",
        "server.port": 443,
    });
    assert_eq!(only(&attributes(&span.attributes), &["url.", "server."]), expected);
}

#[test]
fn a_method_that_is_not_known_is_told_apart() {
    let span = span(&plain(), with(|_, exchange| exchange.method = "BREW".to_owned()));
    assert_eq!(span.name, "HTTP");
    let expected = json!({"http.request.method": "_OTHER", "http.request.method_original": "BREW"});
    assert_eq!(only(&attributes(&span.attributes), &["http.request.method"]), expected);
}

#[test]
fn bodies_are_sent_only_where_that_is_asked_for() {
    let mut sink = plain();
    sink["bodies"] = json!(false);
    let span = span(&sink, exchange(5));
    assert_eq!(
        only(&attributes(&span.attributes), &["http.request.body.c", "http.response.body.c"]),
        json!({})
    );
}

#[test]
fn a_body_that_is_no_text_is_bytes() {
    let span = span(
        &plain(),
        with(|_, exchange| {
            let body = Body { size: 3, head: vec![0xFF, 0], tail: vec![1], ..Body::default() };
            exchange.request.as_mut().expect("a request").body = Some(body);
        }),
    );
    assert_eq!(attributes(&span.attributes)["http.request.body.content"], json!({"bytes": [255, 0, 1]}));
}

/// How it ended, and what is told of it: whether it failed, `error.type`, and the status's message.
#[test]
fn an_ending_is_an_error_where_the_conventions_have_it_so() {
    let raised = || Some(Error { r#type: "ValueError".to_owned(), message: "no".to_owned() });
    for (source, status, outcome, error, expected) in [
        ("asgi", 200, Outcome::Completed, None, None),
        ("asgi", 404, Outcome::Completed, None, None),
        ("httpx", 404, Outcome::Completed, None, Some(("404", ""))),
        ("asgi", 503, Outcome::Completed, None, Some(("503", ""))),
        (
            "asgi",
            200,
            Outcome::ClientDisconnected,
            None,
            Some(("client_disconnected", "the client went away")),
        ),
        ("envoy", 0, Outcome::UpstreamError, None, Some(("upstream_error", ""))),
        ("asgi", 500, Outcome::AppError, raised(), Some(("ValueError", "no"))),
    ] {
        let span = span(
            &plain(),
            with(|event, exchange| {
                event.source = source.to_owned();
                (exchange.status, exchange.outcome, exchange.error) = (status, outcome as i32, error);
            }),
        );
        let told = span.status.map(|status| (status.code, status.message));
        let error = expected.map(|(_, message)| (StatusCode::Error as i32, message.to_owned()));
        assert_eq!(told, error, "{source} {status} {outcome:?}");
        let error_type = expected.map(|(error_type, _)| json!(error_type));
        assert_eq!(attributes(&span.attributes).get("error.type").cloned(), error_type);
    }
}

#[test]
fn what_was_raised_is_told_at_the_end() {
    let error = Error { r#type: "ValueError".to_owned(), message: "no".to_owned() };
    let span = span(&plain(), with(|_, exchange| exchange.error = Some(error)));
    let event = &span.events[0];
    assert_eq!((event.name.as_str(), event.time_unix_nano), ("exception", span.end_time_unix_nano));
    let expected = json!({"exception.type": "ValueError", "exception.message": "no"});
    assert_eq!(json!(attributes(&event.attributes)), expected);
}

#[test]
fn what_a_model_did_is_told_by_the_names_of_the_conventions() {
    let span = span(&plain(), told());
    assert_eq!((span.name.as_str(), span.kind), ("answer", SpanKind::Client as i32));
    let expected = json!({
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.conversation.id": "s-1",
        "gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "gpt-4o-2026", "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ["stop"], "gen_ai.request.stream": true,
        "gen_ai.response.time_to_first_chunk": 0.03, "gen_ai.prompt.name": "greeting",
        "gen_ai.usage.input_tokens": 50, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.cache_read.input_tokens": 10,
        "gen_ai.request.temperature": 0.5, "gen_ai.request.max_tokens": 64, "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ["END"],
    });
    assert_eq!(only(&attributes(&span.attributes), &["gen_ai."]), expected);
}

#[test]
fn tokens_that_went_into_a_cache_are_told_by_the_name_of_the_conventions() {
    let mut event = told();
    if let Some(Kind::Span(AppSpan { generation: Some(generation), .. })) = &mut event.kind {
        generation.usage.push(Tokens { kind: "input_cache_creation".to_owned(), count: 7 });
    }
    let span = span(&plain(), event);
    let told = only(&attributes(&span.attributes), &["gen_ai.usage.cache", "gen_ai.usage.input"]);
    let expected = json!({
        "gen_ai.usage.input_tokens": 57, "gen_ai.usage.cache_read.input_tokens": 10,
        "gen_ai.usage.cache_creation.input_tokens": 7,
    });
    assert_eq!(told, expected);
}

#[test]
fn what_an_app_tells_beyond_the_conventions_is_told_too() {
    let span = span(&plain(), told());
    let expected = json!({
        "input.value": r#"[{"role":"user","content":"hi"}]"#, "output.value": "hello", "user.id": "alice",
        "session.id": "s-1", "offpath.event.id": "00000000000000000000000000000005", "offpath.source": "sdk",
        "offpath.tags": ["a", "b"], "offpath.type": "generation", "offpath.level": "DEFAULT",
        "offpath.trace_name": "chat", "offpath.version": "v7", "offpath.cost_usd": 0.75,
        "offpath.metadata": r#"{"tier":"gold","attempt":2}"#,
    });
    assert_eq!(
        only(&attributes(&span.attributes), &["input.", "output.", "user.", "session.", "offpath."]),
        expected
    );
}

#[test]
fn a_span_of_an_app_is_internal_and_fails_by_its_level() {
    let failed = AppSpan {
        name: "look up".to_owned(),
        level: Level::Error as i32,
        status_message: "not found".to_owned(),
        ..AppSpan::default()
    };
    let span = span(&plain(), Event { kind: Some(Kind::Span(failed)), ..exchange(5) });
    assert_eq!(span.kind, SpanKind::Internal as i32);
    let status = span.status.expect("a status");
    assert_eq!((status.code, status.message.as_str()), (StatusCode::Error as i32, "not found"));
}

#[test]
fn losses_and_scores_are_spans_without_a_duration() {
    let loss = Loss { reason: "ring_full".to_owned(), count: 3, producer: "r1".to_owned() };
    let lost = Event { kind: Some(Kind::Loss(loss)), duration_ns: 0, ..exchange(5) };
    let score = Score {
        name: "correct".to_owned(),
        value: Some(0.5),
        comment: "so so".to_owned(),
        ..Score::default()
    };
    let judged = Event {
        kind: Some(Kind::Score(score)),
        duration_ns: 0,
        parent_span_id: 7,
        span_id: 8,
        ..exchange(6)
    };
    let spans = spans(&sent(&plain(), &[lost, judged]));
    assert!(spans.iter().all(|span| span.start_time_unix_nano == span.end_time_unix_nano));
    assert_eq!(spans[0].name, "offpath loss");
    let expected =
        json!({"offpath.loss.reason": "ring_full", "offpath.loss.count": 3, "offpath.loss.producer": "r1"});
    assert_eq!(only(&attributes(&spans[0].attributes), &["offpath.loss"]), expected);
    assert_eq!(
        (spans[1].name.as_str(), spans[1].parent_span_id.as_slice()),
        ("gen_ai.evaluation.result", &7_u64.to_be_bytes()[..])
    );
    let expected = json!({
        "gen_ai.evaluation.name": "correct", "gen_ai.evaluation.score.value": 0.5,
        "gen_ai.evaluation.explanation": "so so",
    });
    assert_eq!(only(&attributes(&spans[1].attributes), &["gen_ai."]), expected);
}

#[test]
fn spans_of_one_service_environment_and_release_share_a_resource() {
    let of = |service: &str, release: &str| Event {
        service: service.to_owned(),
        release: release.to_owned(),
        ..exchange(5)
    };
    let sent = sent(&plain(), &[of("a", "1"), of("b", "1"), of("a", "1"), of("a", "2")]);
    let counted: Vec<_> = sent.resource_spans.iter().map(|of| of.scope_spans[0].spans.len()).collect();
    assert_eq!(counted, [2, 1, 1]);
    let resource = sent.resource_spans[0].resource.as_ref().expect("a resource");
    let expected = json!({
        "service.name": "a", "deployment.environment.name": "test", "service.version": "1",
        "telemetry.sdk.name": "offpath", "telemetry.sdk.language": "rust",
        "telemetry.sdk.version": env!("CARGO_PKG_VERSION"),
    });
    assert_eq!(json!(attributes(&resource.attributes)), expected);
    let scope = sent.resource_spans[0].scope_spans[0].scope.as_ref().expect("a scope");
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("offpath", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_same_events_give_the_same_bytes() {
    let events = [exchange(5), told()];
    assert_eq!(super::request(&plain(), &events).body, super::request(&plain(), &events).body);
}

#[test]
fn an_event_without_ids_has_those_that_its_own_id_gives() {
    let event = Event { trace_id_high: 0, trace_id_low: 0, span_id: 0, id_high: 3, id_low: 4, ..exchange(5) };
    let span = span(&plain(), event);
    assert_eq!(span.trace_id, (3_u128 << 64 | 4).to_be_bytes());
    assert_eq!(span.span_id, 4_u64.to_be_bytes());
}
