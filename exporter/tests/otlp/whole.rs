//! Spans of OpenTelemetry SDKs, as producers write them, through the intake into what each backend gets. Their attributes are
//! those that the SDKs write: `langfuse/_client/attributes.py` of Langfuse's SDK 3.15, 4.18 and 5.0, OpenInference's and
//! OpenTelemetry's conventions.

mod places;
pub(crate) mod shapes;

use offpath_core::event::{Ending, Event, Kind, Level};
use offpath_exporter::event_json;
use serde_json::{Value, json};

use self::shapes::{gen_ai, langfuse_sdk, openinference, taken_in, with_span};
use super::{attributes, backend, langfuse, only, plain, sent, span};

fn phoenix() -> Value {
    json!({"type": "phoenix"})
}

fn told(event: &Event) -> &offpath_core::event::Span {
    match &event.kind {
        Some(Kind::Span(span)) => span,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_span_of_langfuse_s_sdk_says_in_the_event_what_its_attributes_say() {
    for version in ["3.15.0", "4.18.0", "5.0.4"] {
        let json: Value = serde_json::from_str(&event_json::to_string(&langfuse_sdk(version))).expect("JSON");
        let expected = json!({
            "kind": "generation", "name": "answer", "source": "otel", "environment": "staging", "release": "r-7",
            "user_id": "alice", "session_id": "s-1", "tags": ["a", "b"], "trace_name": "chat", "is_app_root": true,
            "is_public": true, "ending": "ended", "level": "WARNING", "status_message": "slow", "version": "v7", "error": null,
        });
        for (key, value) in expected.as_object().expect("an object") {
            assert_eq!(&json[key], value, "{version}: {key}");
        }
        let metadata = r#"{"tier":"gold","attempt":2,"nested":{"a":[1]}}"#;
        assert_eq!(json["metadata"]["head"], metadata, "{version}");
        assert_eq!(json["trace_metadata"]["head"], r#"{"plan":"pro"}"#, "{version}");
        assert_eq!(json["input"]["head"], r#"[{"role":"user","content":"hi"}]"#);
        assert_eq!(json["output"]["head"], "hello");
        let llm = &json["llm"];
        assert_eq!(llm["request_model"], "gpt-4o");
        assert_eq!(llm["parameters"], json!({"temperature": 0.5}));
        assert_eq!(llm["usage"], json!({"input": 40, "input_cached_tokens": 10, "output": 5, "total": 55}));
        assert!(llm["cost_usd"].as_f64().is_some_and(|usd| usd > 0.0), "it is priced: {llm}");
        assert_eq!(llm["first_token_ns"], 30_000_000);
        assert_eq!((&llm["prompt_name"], &llm["prompt_version"]), (&json!("greeting"), &json!(3)));
    }
}

#[test]
fn what_was_said_is_in_the_event_once() {
    for event in [langfuse_sdk("5.0.4"), openinference(), gen_ai()] {
        let bytes = event.to_bytes();
        for said in ["hi", "hello"].map(|said| format!("\"content\":\"{said}\"")) {
            let count = bytes.windows(said.len()).filter(|window| *window == said.as_bytes()).count();
            assert!(count <= 1, "{said} is there {count} times");
        }
        assert!(told(&event).input.is_some() && told(&event).output.is_some());
    }
}

#[test]
fn a_span_of_the_sdk_goes_to_langfuse_as_the_sdk_made_it() {
    for version in ["3.15.0", "4.18.0", "5.0.4"] {
        let sent = sent(&langfuse(), &[langfuse_sdk(version)]);
        let [resource] = &sent.resource_spans[..] else { panic!("{sent:#?}") };
        let of_resource = attributes(&resource.resource.as_ref().expect("a resource").attributes);
        assert_eq!(of_resource["telemetry.sdk.name"], "opentelemetry");
        // The SDK does not know it, and the configuration does.
        assert_eq!(of_resource["service.name"], "chat-api");
        let [scope] = &resource.scope_spans[..] else { panic!("{resource:#?}") };
        let of_scope = scope.scope.as_ref().expect("a scope");
        assert_eq!((of_scope.name.as_str(), of_scope.version.as_str()), ("langfuse-sdk", version));
        assert_eq!(attributes(&of_scope.attributes)["public_key"], "pk-1");
        let span = &scope.spans[0];
        assert_eq!((span.name.as_str(), span.kind, span.trace_state.as_str()), ("answer", 1, "v=1"));
        assert_eq!((span.events[0].name.as_str(), span.links.len()), ("note", 1));
        assert_eq!(attributes(&span.attributes), attributes(&shapes::of_langfuse(version)), "{version}");
    }
}

#[test]
fn a_span_of_openinference_goes_to_phoenix_and_langfuse_as_it_is() {
    for sink in [phoenix(), langfuse()] {
        let told = attributes(&span(&sink, openinference()).attributes);
        for (name, value) in attributes(&shapes::of_openinference()) {
            assert_eq!(told[&name], value, "{name}");
        }
        assert!(!told.contains_key("langfuse.observation.input"), "what was said is there once");
    }
    let told = attributes(&span(&langfuse(), openinference()).attributes);
    assert_eq!(told["langfuse.environment"], "test");
    // It has no cost of its own.
    assert!(told["langfuse.observation.cost_details"].as_str().is_some_and(|cost| cost.contains("total")));
}

#[test]
fn a_backend_that_reads_none_of_its_names_gets_its_own() {
    let told = attributes(&span(&phoenix(), langfuse_sdk("5.0.4")).attributes);
    let expected = json!({
        "openinference.span.kind": "LLM", "input.value": r#"[{"role":"user","content":"hi"}]"#,
        "input.mime_type": "application/json", "output.value": "hello", "output.mime_type": "text/plain",
        "llm.model_name": "gpt-4o", "llm.token_count.prompt": 50, "llm.token_count.completion": 5,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&told[name], value, "{name}");
    }
    assert!(!told.contains_key("langfuse.observation.input"), "what was said is there once");
    assert_eq!(told["langfuse.observation.type"], "generation");
    let mlflow = attributes(&span(&json!({"type": "mlflow"}), langfuse_sdk("5.0.4")).attributes);
    assert!(mlflow.contains_key("mlflow.llm.cost") && mlflow.contains_key("openinference.span.kind"));
    let langsmith = json!({"type": "langsmith", "api_key": "k"});
    let langsmith = attributes(&span(&langsmith, langfuse_sdk("5.0.4")).attributes);
    assert_eq!(langsmith["langsmith.span.kind"], "llm");
    // One that no convention of models is of is a span as any other.
    let plain = taken_in(shapes::event("db", &[("db.system", "postgresql")]));
    let told = attributes(&span(&langfuse(), plain).attributes);
    assert_eq!(
        (&told["langfuse.observation.type"], &told["db.system"]),
        (&json!("span"), &json!("postgresql"))
    );
}

#[test]
fn a_span_by_the_conventions_is_told_whole_where_bodies_are() {
    let told = attributes(&span(&plain(), gen_ai()).attributes);
    for (name, value) in attributes(&shapes::of_gen_ai()) {
        assert_eq!(told[&name], value, "{name}");
    }
    assert!(told["offpath.cost_usd"].as_f64().is_some());
    let without = json!({"type": "otlp", "endpoint": "http://localhost:4318", "bodies": false});
    let told = attributes(&span(&without, gen_ai()).attributes);
    assert_eq!(only(&told, &["gen_ai.input", "gen_ai.output", "gen_ai.system_instructions"]), json!({}));
    assert_eq!(told["gen_ai.request.model"], "gpt-4o");
}

#[test]
fn the_conventions_say_what_a_model_did() {
    let event = gen_ai();
    let span = told(&event);
    let generation = span.generation.as_ref().expect("a generation");
    assert_eq!((span.r#type.as_str(), generation.system.as_str()), ("generation", "openai"));
    assert_eq!((generation.operation.as_str(), generation.model()), ("chat", "gpt-4o-2024-08-06"));
    assert_eq!((generation.tokens("input"), generation.tokens("input_cached_tokens")), (Some(40), Some(10)));
    assert_eq!(generation.finish_reasons, ["stop"]);
    assert_eq!(generation.parameters, r#"{"max_tokens":64,"temperature":0.5}"#);
    assert_eq!(generation.first_token_ns, Some(250_000_000));
    let error = span.error.as_ref().expect("an error");
    assert_eq!((error.r#type.as_str(), error.message.as_str()), ("TimeoutError", "too slow"));
    assert_eq!(span.level, Level::Error as i32);
}

#[test]
fn messages_that_are_spread_over_attributes_are_one_text() {
    let event = taken_in(shapes::event(
        "openai.chat",
        &[
            ("gen_ai.prompt.0.role", "user"),
            ("gen_ai.prompt.0.content", "hi"),
            ("gen_ai.completion.0.tool_calls.0.name", "f"),
            ("traceloop.span.kind", "workflow"),
        ],
    ));
    let span = told(&event);
    let text =
        |body: &Option<offpath_core::event::Body>| String::from_utf8(body.clone().expect("a body").head);
    assert_eq!(text(&span.input).as_deref(), Ok(r#"[{"content":"hi","role":"user"}]"#));
    assert_eq!(text(&span.output).as_deref(), Ok(r#"[{"tool_calls":[{"name":"f"}]}]"#));
    assert_eq!(span.r#type, "chain");
}

#[test]
fn a_span_that_was_not_ended_says_so() {
    for (ending, name) in [(Ending::Abandoned, "abandoned"), (Ending::Exit, "exit")] {
        let own =
            Event { kind: Some(Kind::Span(offpath_core::event::Span::default())), ..super::exchange(5) };
        for event in [own, taken_in(shapes::event("x", &[("langfuse.observation.type", "span")]))] {
            let event = with_span(event, |span| span.ending = ending as i32);
            let to_langfuse = attributes(&span(&langfuse(), event.clone()).attributes);
            assert_eq!(to_langfuse["langfuse.observation.level"], "WARNING");
            assert!(to_langfuse["langfuse.observation.status_message"].is_string());
            for sink in [plain(), phoenix(), langfuse()] {
                assert_eq!(attributes(&span(&sink, event.clone()).attributes)["offpath.ending"], name);
            }
        }
        // Its own level prevails.
        let event = with_span(langfuse_sdk("5.0.4"), |span| span.ending = ending as i32);
        let told = attributes(&span(&langfuse(), event).attributes);
        assert_eq!(told["langfuse.observation.status_message"], "slow");
    }
}

#[test]
fn what_an_app_says_of_a_trace_is_told() {
    let own = offpath_core::event::Span {
        trace_metadata: super::whole(r#"{"plan":"pro"}"#),
        is_public: true,
        ..offpath_core::event::Span::default()
    };
    let event = Event { kind: Some(Kind::Span(own)), ..super::exchange(5) };
    let told = attributes(&span(&langfuse(), event.clone()).attributes);
    assert_eq!(
        (&told["langfuse.trace.metadata.plan"], &told["langfuse.trace.public"]),
        (&json!("pro"), &json!(true))
    );
    assert_eq!(attributes(&span(&plain(), event).attributes)["offpath.trace_metadata"], r#"{"plan":"pro"}"#);
    let mut event = super::exchange(5);
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { unreachable!("it is an exchange") };
    exchange.trace_name = "checkout".to_owned();
    let to_langfuse = span(&langfuse(), event.clone());
    assert_eq!(to_langfuse.name, "checkout");
    assert_eq!(attributes(&to_langfuse.attributes)["langfuse.trace.name"], "checkout");
    let to_otlp = span(&plain(), event);
    assert_eq!(
        (to_otlp.name.as_str(), &attributes(&to_otlp.attributes)["offpath.trace_name"]),
        ("POST", &json!("checkout"))
    );
}

#[test]
fn what_its_json_tells_goes_out_as_whole_as_it_came() {
    for event in [langfuse_sdk("5.0.4"), openinference(), gen_ai()] {
        let again = event_json::read(event_json::to_string(&event).as_bytes()).expect("an event");
        for sink in [plain(), langfuse(), phoenix()] {
            let requests = [&event, &again].map(|event| backend(&sink).requests(std::slice::from_ref(event)));
            let [first, second] = requests.map(|mut requests| requests.remove(0));
            assert_eq!((first.body, first.headers), (second.body, second.headers));
        }
    }
}
