//! What backends for models read: OpenInference's names, and what LangSmith and MLflow have beside them.
//! Sources: <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>,
//! <https://docs.langchain.com/langsmith/trace-with-opentelemetry>. `tests/peers` asks real ones what they understood.

use offpath_core::event::{Event, Kind, Loss, SPAN_TYPES, Score, Span as AppSpan};
use serde_json::{Value, json};

use super::{attributes, backend, exchange, langfuse, only, sent, span, told};

fn phoenix() -> Value {
    json!({"type": "phoenix", "project": "chat"})
}

fn langsmith() -> Value {
    json!({"type": "langsmith", "api_key": "ls-1", "project": "chat"})
}

#[test]
fn a_generation_has_all_that_openinference_has_a_name_for() {
    let told = attributes(&span(&phoenix(), told()).attributes);
    let names = ["openinference.", "input.", "output.", "llm.", "tag.", "metadata", "user.", "session."];
    let expected = json!({
        "openinference.span.kind": "LLM",
        "input.value": r#"[{"role":"user","content":"hi"}]"#, "input.mime_type": "application/json",
        "output.value": "hello", "output.mime_type": "text/plain",
        "llm.model_name": "gpt-4o-2026", "llm.system": "openai", "llm.provider": "openai",
        "llm.invocation_parameters": r#"{"temperature":0.5,"max_tokens":64,"stop":["END"],"seed":7}"#,
        "llm.finish_reason": "stop",
        "llm.token_count.prompt": 50, "llm.token_count.completion": 5, "llm.token_count.total": 55,
        "llm.token_count.prompt_details.cache_read": 10,
        "llm.cost.prompt": 0.25, "llm.cost.completion": 0.5, "llm.cost.total": 0.75,
        "tag.tags": ["a", "b"], "metadata": r#"{"tier":"gold","attempt":2}"#, "user.id": "alice", "session.id": "s-1",
    });
    assert_eq!(only(&told, &names), expected);
}

#[test]
fn each_type_of_span_has_a_kind() {
    let kind = |name: &&str| {
        let told = AppSpan { r#type: (*name).to_owned(), ..AppSpan::default() };
        let told = span(&phoenix(), Event { kind: Some(Kind::Span(told)), ..exchange(5) });
        attributes(&told.attributes)["openinference.span.kind"].clone()
    };
    let expected = [
        "CHAIN",
        "LLM",
        "CHAIN",
        "EMBEDDING",
        "AGENT",
        "TOOL",
        "CHAIN",
        "RETRIEVER",
        "GUARDRAIL",
        "EVALUATOR",
    ];
    assert_eq!(SPAN_TYPES.iter().map(kind).collect::<Vec<_>>(), expected);
}

#[test]
fn phoenix_s_project_is_of_the_resource() {
    let sent = sent(&phoenix(), &[exchange(5)]);
    let resource = sent.resource_spans[0].resource.as_ref().expect("a resource");
    assert_eq!(attributes(&resource.attributes)["openinference.project.name"], "chat");
}

#[test]
fn mlflow_is_told_what_it_cost() {
    let told = attributes(&span(&json!({"type": "mlflow"}), told()).attributes);
    let cost: Value = serde_json::from_str(told["mlflow.llm.cost"].as_str().expect("text")).expect("JSON");
    assert_eq!(cost, json!({"input_cost": 0.25, "output_cost": 0.5, "total_cost": 0.75}));
}

#[test]
fn langsmith_has_names_of_its_own_too() {
    let told = attributes(&span(&langsmith(), told()).attributes);
    let expected = json!({
        "langsmith.span.kind": "llm", "langsmith.trace.session_id": "s-1", "langsmith.span.tags": "a,b",
        "langsmith.metadata.user_id": "alice", "langsmith.metadata.tier": "gold", "langsmith.metadata.attempt": "2",
    });
    assert_eq!(only(&told, &["langsmith."]), expected);
}

#[test]
fn what_is_no_part_of_a_conversation_is_not_sent() {
    let lost = Event { kind: Some(Kind::Loss(Loss::default())), ..exchange(5) };
    let judged = Event { kind: Some(Kind::Score(Score::default())), ..exchange(6) };
    for sink in [langsmith(), json!({"type": "mlflow"})] {
        assert!(backend(&sink).requests(&[lost.clone(), judged.clone()]).is_empty());
    }
    for sink in [phoenix(), langfuse()] {
        assert!(backend(&sink).requests(std::slice::from_ref(&lost)).is_empty());
    }
}

#[test]
fn scores_are_phoenix_s_annotations_of_spans_of_traces_and_of_sessions() {
    let score = Score {
        name: "correct".to_owned(),
        value: Some(0.5),
        comment: "so so".to_owned(),
        metadata: super::whole(r#"{"by":"eve"}"#),
        ..Score::default()
    };
    let judged = |event| Event { kind: Some(Kind::Score(score.clone())), ..event };
    let of_span = judged(Event { parent_span_id: 9, ..exchange(5) });
    let of_session =
        judged(Event { trace_id_high: 0, trace_id_low: 0, session_id: "s-1".to_owned(), ..exchange(7) });
    let of_nothing = judged(Event { trace_id_high: 0, trace_id_low: 0, ..exchange(8) });
    let requests = backend(&phoenix()).requests(&[of_session, judged(exchange(6)), of_span, of_nothing]);
    let sent: Vec<_> =
        requests.iter().map(|request| (request.url.as_str(), request.events.as_slice())).collect();
    let expected = [
        ("http://localhost:6006/v1/span_annotations", &[2][..]),
        ("http://localhost:6006/v1/trace_annotations", &[1]),
        ("http://localhost:6006/v1/session_annotations", &[0]),
    ];
    assert_eq!(sent, expected);
    let body = |place: usize| serde_json::from_slice::<Value>(&requests[place].body).expect("JSON");
    let expected = json!({"data": [{
        "span_id": "0000000000000009", "name": "correct", "annotator_kind": "CODE",
        "result": {"score": 0.5, "label": null, "explanation": "so so"}, "metadata": {"by": "eve"},
        "identifier": "00000000000000000000000000000005",
    }]});
    assert_eq!(body(0), expected);
    assert_eq!(body(1)["data"][0]["trace_id"], "00000000000000010000000000000006");
    assert_eq!(body(2)["data"][0]["session_id"], "s-1");
}

#[test]
fn metadata_cannot_say_who_the_user_is() {
    let mut event = told();
    let Some(Kind::Span(span)) = &mut event.kind else { unreachable!("it is a span") };
    span.metadata = super::whole(r#"{"user_id":"mallory"}"#);
    let told = attributes(&super::span(&langsmith(), event).attributes);
    assert_eq!(told["langsmith.metadata.user_id"], "alice");
}
