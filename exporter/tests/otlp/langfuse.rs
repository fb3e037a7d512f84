//! Langfuse's wire contract, as its documents have it; no Langfuse was asked. What is sent is compared with:
//!
//! - <https://langfuse.com/integrations/native/opentelemetry>: the endpoint, how to authenticate, which attributes mean
//!   what;
//! - `packages/shared/src/server/otel/` of <https://github.com/langfuse/langfuse>, commit 6275144: how they are read;
//! - `fern/apis/server/definition/scores.yml` there: scores.

use offpath_core::event::{Body, Error, Event, Exchange, Generation, Kind, Level, Score, Span as AppSpan};
use serde_json::{Value, json};

use super::{attributes, backend, exchange, generation, langfuse, only, request, span, told, whole};

#[test]
fn spans_go_to_its_endpoint_with_its_keys() {
    let request = request(&langfuse(), &[told()]);
    assert_eq!(request.url, "https://langfuse.example/api/public/otel/v1/traces");
    assert_eq!(request.content_type, "application/x-protobuf");
    let expected = [
        // pk-1:sk-1
        ("authorization", "Basic cGstMTpzay0x"),
        ("x-langfuse-ingestion-version", "4"),
        ("x-langfuse-sdk-name", "offpath"),
        ("x-langfuse-sdk-version", env!("CARGO_PKG_VERSION")),
    ];
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(headers, expected);
}

#[test]
fn a_generation_has_all_that_langfuse_has_a_place_for() {
    let told = attributes(&span(&langfuse(), told()).attributes);
    let mut told_here = only(&told, &["langfuse.", "user.", "session."]);
    for name in ["langfuse.observation.usage_details", "langfuse.observation.cost_details"] {
        told_here[name] = serde_json::from_str(told_here[name].as_str().expect("text")).expect("JSON");
    }
    let expected = json!({
        "langfuse.observation.type": "generation",
        "langfuse.observation.input": r#"[{"role":"user","content":"hi"}]"#,
        "langfuse.observation.output": "hello",
        "langfuse.observation.model.name": "gpt-4o-2026",
        "langfuse.observation.model.parameters": generation().parameters,
        "langfuse.observation.usage_details": {"input": 40, "input_cached_tokens": 10, "output": 5, "total": 55},
        "langfuse.observation.cost_details": {"input": 0.25, "output": 0.5, "total": 0.75},
        "langfuse.observation.completion_start_time": "2026-11-20T08:00:00.153456789Z",
        "langfuse.observation.prompt.name": "greeting",
        "langfuse.observation.prompt.version": 3,
        "langfuse.observation.metadata.tier": "gold",
        "langfuse.observation.metadata.attempt": "2",
        "langfuse.trace.name": "chat",
        "langfuse.trace.tags": ["a", "b"],
        "langfuse.environment": "test",
        "langfuse.release": "2026.11.1",
        "langfuse.version": "v7",
        "user.id": "alice",
        "session.id": "s-1",
    });
    assert_eq!(told_here, expected);
}

#[test]
fn an_exchange_is_a_span_with_what_was_said() {
    let told = attributes(&span(&langfuse(), exchange(5)).attributes);
    let expected = json!({
        "langfuse.observation.type": "span",
        "langfuse.observation.input": "{\"model\":\"gpt\"}".repeat(40),
        "langfuse.observation.output": format!("{}\n[8744 bytes left out]\n{}", "a".repeat(128), "z".repeat(128)),
        "langfuse.trace.name": "POST",
        "langfuse.environment": "test",
    });
    assert_eq!(only(&told, &["langfuse."]), expected);
}

#[test]
fn an_exchange_with_a_model_is_a_generation_with_its_messages() {
    let mut event = exchange(5);
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { unreachable!("it is an exchange") };
    let (input, output) = (r#"[{"role":"user"}]"#.to_owned(), r#"[{"role":"assistant"}]"#.to_owned());
    exchange.generation = Some(Generation { input, output, ..generation() });
    let told = attributes(&span(&langfuse(), event).attributes);
    let names = ["langfuse.observation.type", "langfuse.observation.input", "langfuse.observation.output"];
    let expected = json!({
        "langfuse.observation.type": "generation", "langfuse.observation.input": r#"[{"role":"user"}]"#,
        "langfuse.observation.output": r#"[{"role":"assistant"}]"#,
    });
    assert_eq!(only(&told, &names), expected);
}

#[test]
fn an_exchange_beneath_a_span_that_langfuse_may_never_see_is_the_app_s_root() {
    let is_root = |parent_span_id, source: &str| {
        let event = Event { parent_span_id, source: source.to_owned(), ..exchange(5) };
        attributes(&span(&langfuse(), event).attributes).get("langfuse.internal.is_app_root")
            == Some(&json!(true))
    };
    assert!(is_root(9, "asgi"));
    // Langfuse knows a root as one, and what an app asks for has its parent in the app.
    assert!(!is_root(0, "asgi") && !is_root(9, "httpx"));
}

#[test]
fn levels_and_messages_are_told() {
    let level = |span: AppSpan| {
        let event = Event { kind: Some(Kind::Span(span)), ..exchange(5) };
        only(
            &attributes(&super::span(&langfuse(), event).attributes),
            &["langfuse.observation.level", "langfuse.observation.status_message"],
        )
    };
    let warned =
        AppSpan { level: Level::Warning as i32, status_message: "slow".to_owned(), ..AppSpan::default() };
    let expected =
        json!({"langfuse.observation.level": "WARNING", "langfuse.observation.status_message": "slow"});
    assert_eq!(level(warned), expected);
    let error = Error { r#type: "ValueError".to_owned(), message: "no".to_owned() };
    let raised = AppSpan { level: Level::Error as i32, error: Some(error), ..AppSpan::default() };
    let expected =
        json!({"langfuse.observation.level": "ERROR", "langfuse.observation.status_message": "no"});
    assert_eq!(level(raised), expected);
}

#[test]
fn a_4xx_is_a_warning() {
    let mut event = exchange(5);
    event.kind = Some(Kind::Exchange(Exchange { status: 404, ..Exchange::default() }));
    assert_eq!(attributes(&span(&langfuse(), event).attributes)["langfuse.observation.level"], "WARNING");
}

#[test]
fn metadata_that_is_no_object_is_one_member() {
    let span = AppSpan { metadata: whole("[1, 2]"), ..AppSpan::default() };
    let event = Event { kind: Some(Kind::Span(span)), ..exchange(5) };
    let told = attributes(&super::span(&langfuse(), event).attributes);
    assert_eq!(told["langfuse.observation.metadata.metadata"], "[1, 2]");
}

#[test]
fn an_environment_is_one_that_langfuse_takes() {
    for (given, expected) in [
        ("Production", "production"),
        ("langfuse-internal", "internal"),
        ("eu west/1", "eu-west-1"),
        ("x".repeat(50).as_str(), "x".repeat(40).as_str()),
    ] {
        let event = Event { environment: given.to_owned(), ..exchange(5) };
        assert_eq!(attributes(&span(&langfuse(), event).attributes)["langfuse.environment"], expected);
    }
}

fn scored(score: Score, event: Event) -> Event {
    Event { kind: Some(Kind::Score(score)), ..event }
}

fn numeric() -> Score {
    Score {
        name: "correct".to_owned(),
        value: Some(0.5),
        data_type: "NUMERIC".to_owned(),
        ..Score::default()
    }
}

fn posted(event: Event) -> Value {
    let request = request(&langfuse(), &[event]);
    assert_eq!(request.url, "https://langfuse.example/api/public/scores");
    assert_eq!(request.content_type, "application/json");
    serde_json::from_slice(&request.body).expect("JSON")
}

#[test]
fn a_score_is_stored_under_the_event_s_id() {
    let score = Score { comment: "so so".to_owned(), metadata: whole(r#"{"by":"eve"}"#), ..numeric() };
    let expected = json!({
        "id": "00000000000000000000000000000005", "traceId": "00000000000000010000000000000005",
        "observationId": "0000000000000009", "name": "correct", "value": 0.5, "dataType": "NUMERIC",
        "comment": "so so", "metadata": {"by": "eve"}, "environment": "test",
    });
    assert_eq!(posted(scored(score, Event { parent_span_id: 9, ..exchange(5) })), expected);
}

#[test]
fn a_score_of_a_session_names_no_trace() {
    let score = Score {
        text: "good".to_owned(),
        data_type: "CATEGORICAL".to_owned(),
        config_id: "c-1".to_owned(),
        score_id: "mine".to_owned(),
        value: None,
        ..numeric()
    };
    let session_id = "s-1".to_owned();
    let event = Event { trace_id_high: 0, trace_id_low: 0, session_id, parent_span_id: 9, ..exchange(5) };
    let expected = json!({
        "id": "mine", "sessionId": "s-1", "name": "correct", "value": "good", "dataType": "CATEGORICAL",
        "configId": "c-1", "environment": "test",
    });
    assert_eq!(posted(scored(score, event)), expected);
}

#[test]
fn a_score_of_nothing_is_not_sent() {
    let event = Event { trace_id_high: 0, trace_id_low: 0, ..exchange(5) };
    assert!(backend(&langfuse()).requests(&[scored(numeric(), event)]).is_empty());
}

#[test]
fn each_request_says_which_events_are_in_it() {
    let events = [told(), scored(numeric(), exchange(6)), exchange(7), Event { kind: None, ..exchange(8) }];
    let requests = backend(&langfuse()).requests(&events);
    assert_eq!(
        requests.iter().map(|request| request.events.clone()).collect::<Vec<_>>(),
        [vec![0, 2], vec![1]]
    );
}

#[test]
fn scores_are_not_compressed() {
    // What takes them is not made to undo it: `parse-body.ts` of Next.js.
    let requests = backend(&langfuse()).requests(&[told(), scored(numeric(), exchange(6))]);
    let compressed = requests.iter().map(|request| backend(&langfuse()).takes_gzip(request));
    assert_eq!(compressed.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn content_that_was_summed_up_or_withheld_is_told_in_words() {
    let treated = |treated| Some(Body { size: 9, treated: Some(treated), ..Body::default() });
    let image = offpath_core::event::Treated { content_type: "image/png".to_owned(), ..Default::default() };
    let withheld = offpath_core::event::Treated { withheld: "too slow".to_owned(), ..Default::default() };
    let span = AppSpan { input: treated(image), output: treated(withheld), ..AppSpan::default() };
    let told = attributes(
        &super::span(&langfuse(), Event { kind: Some(Kind::Span(span)), ..exchange(5) }).attributes,
    );
    assert_eq!(told["langfuse.observation.input"], "[9 bytes of image/png]");
    assert_eq!(told["langfuse.observation.output"], "[9 bytes, withheld: too slow]");
}
