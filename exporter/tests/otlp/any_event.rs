//! Any event, however hostile, is valid OTLP: rings are untrusted input.

use offpath_core::event::{
    Body, Cost, Error, Event, Exchange, Generation, Header, Kind, Loss, Message, OtelSpan, Proxy, Score,
    Span, Tokens, Treated, Unsampled, WebSocket,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any},
    trace::v1::Span as OtlpSpan,
};
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

use super::{attributes, backend, langfuse, plain, spans};

/// All that differ in what they send.
fn sinks() -> Vec<Value> {
    let in_json = json!({"type": "otlp", "endpoint": "http://localhost", "bodies": true, "encoding": "json"});
    let langsmith = json!({"type": "langsmith", "api_key": "k"});
    vec![plain(), in_json, langfuse(), json!({"type": "phoenix"}), json!({"type": "mlflow"}), langsmith]
}

proptest! {
    #[test]
    fn any_events_are_sent_with_valid_ids_and_each_attribute_once(events in prop::collection::vec(event(), 0..4)) {
        for sink in sinks() {
            let requests = backend(&sink).requests(&events);
            let mut sent: Vec<usize> = requests.iter().flat_map(|request| request.events.clone()).collect();
            for request in requests {
                match request.content_type {
                    "application/x-protobuf" => check(&ExportTraceServiceRequest::decode(&*request.body)?),
                    _ if request.url.ends_with("/scores") || request.url.ends_with("_annotations") => {
                        // An app's metadata may hold numbers that are JSON, and larger than any that `Value` has.
                        let _: serde::de::IgnoredAny = serde_json::from_slice(&request.body)?;
                    }
                    _ => check(&serde_json::from_slice(&request.body)?),
                }
            }
            sent.sort_unstable();
            prop_assert!(sent.is_sorted_by(|one, next| one < next), "each once: {sent:?}");
            let told = |event: &Event| matches!(event.kind, Some(Kind::Exchange(_) | Kind::Span(_)));
            let all = events.iter().enumerate().filter(|(_, event)| told(event)).map(|(place, _)| place);
            prop_assert!(all.into_iter().all(|place| sent.contains(&place)));
        }
    }
}

fn check(sent: &ExportTraceServiceRequest) {
    for span in spans(sent) {
        assert!(span.trace_id.len() == 16 && span.trace_id.iter().any(|byte| *byte != 0));
        assert!(span.span_id.len() == 8 && span.span_id.iter().any(|byte| *byte != 0));
        assert!(matches!(span.parent_span_id.len(), 0 | 8));
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
        attributes(&span.attributes);
    }
}

fn event() -> BoxedStrategy<Event> {
    let ids = (number(), number(), number(), number(), number(), number());
    let times = (number(), number());
    let names = [text(), text(), text(), source(), text(), text()];
    (ids, times, names, prop::collection::vec(text(), 0..3), prop::option::of(kind()))
        .prop_map(|(ids, times, [service, environment, release, source, user_id, session_id], tags, kind)| {
            Event {
                id_high: ids.0,
                id_low: ids.1,
                trace_id_high: ids.2,
                trace_id_low: ids.3,
                span_id: ids.4,
                parent_span_id: ids.5,
                start_unix_ns: times.0,
                duration_ns: times.1,
                service,
                environment,
                release,
                source,
                user_id,
                session_id,
                tags,
                kind,
                ..Event::default()
            }
        })
        .boxed()
}

fn number() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![Just(0), Just(u64::MAX), any::<u64>()]
}

fn text() -> BoxedStrategy<String> {
    let long = Just("é".repeat(40_000));
    prop_oneof![4 => Just(String::new()), 8 => "\\PC{0,12}", 1 => Just("\0\r\n\u{202e}".to_owned()), 1 => long].boxed()
}

fn source() -> BoxedStrategy<String> {
    prop_oneof![Just("asgi".to_owned()), Just("httpx".to_owned()), text()].boxed()
}

/// JSON, half of it, or none.
fn json_text() -> BoxedStrategy<String> {
    let object = Just(r#"{"a":1,"a":{"b":[null]},"user_id":"x","":"","temperature":1e400}"#.to_owned());
    let parameters = Just(r#"{"temperature":-1,"max_tokens":-5,"stop":[1],"seed":1e300,"n":"x"}"#.to_owned());
    let messages = r#"[{"role":"system","content":"a"},{"role":"","content":[{"type":"image","url":"data:;base64,"},{"type":"file"},
        {"type":"text"},7,null],"tool_calls":[{"function":{"arguments":"{"}}]},{"role":"tool"}]"#;
    let messages = Just(messages.to_owned());
    prop_oneof![object, parameters, messages, Just(r#"{"a":"#.to_owned()), Just("[1]".to_owned()), text()]
        .boxed()
}

fn body() -> BoxedStrategy<Option<Body>> {
    let treated = (number(), any::<bool>(), [text(), text(), text(), text()]).prop_map(
        |(kept, json, [content_type, digest, decoded, withheld])| Treated {
            kept,
            json,
            content_type,
            digest,
            decoded,
            withheld,
            ..Treated::default()
        },
    );
    let bytes =
        || prop_oneof![prop::collection::vec(any::<u8>(), 0..20), json_text().prop_map(String::into_bytes)];
    let body = (number(), bytes(), bytes(), prop::option::of(treated))
        .prop_map(|(size, head, tail, treated)| Body { size, head, tail, treated, ..Body::default() });
    prop::option::of(body).boxed()
}

fn generation() -> BoxedStrategy<Generation> {
    let dollars = prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)];
    let kinds = || prop_oneof![Just("input".to_owned()), Just("input_cached_tokens".to_owned()), text()];
    let usage = prop::collection::vec((kinds(), number()), 0..4);
    let cost = prop::collection::vec((kinds(), dollars), 0..4);
    let texts = [text(), text(), text(), text()];
    (
        texts,
        [json_text().boxed(), json_text().boxed(), json_text().boxed()],
        usage,
        cost,
        prop::option::of(number()),
    )
        .prop_map(
            |(
                [system, operation, request_model, prompt_name],
                [parameters, input, output],
                usage,
                cost,
                first,
            )| {
                Generation {
                    response_model: request_model.clone(),
                    finish_reasons: vec![system.clone()],
                    system,
                    operation,
                    request_model,
                    prompt_name,
                    prompt_version: u32::MAX,
                    parameters,
                    input,
                    output,
                    usage: usage.into_iter().map(|(kind, count)| Tokens { kind, count }).collect(),
                    cost: cost.into_iter().map(|(kind, usd)| Cost { kind, usd }).collect(),
                    first_token_ns: first,
                    ..Generation::default()
                }
            },
        )
        .boxed()
}

fn kind() -> BoxedStrategy<Kind> {
    prop_oneof![
        4 => exchange().prop_map(Kind::Exchange),
        4 => span().prop_map(Kind::Span),
        1 => (text(), number()).prop_map(|(reason, count)| Kind::Loss(Loss { reason, count, ..Loss::default() })),
        1 => score().prop_map(Kind::Score),
        1 => Just(Kind::Unsampled(Unsampled::default())),
    ].boxed()
}

fn error() -> BoxedStrategy<Option<Error>> {
    prop::option::of((text(), text()).prop_map(|(r#type, message)| Error { r#type, message })).boxed()
}

fn message() -> BoxedStrategy<Option<Message>> {
    let header =
        (prop_oneof![Just("x".to_owned()), text()], text()).prop_map(|(name, value)| Header { name, value });
    let message = (prop::collection::vec(header, 0..4), body()).prop_map(|(headers, body)| Message {
        headers,
        body,
        ..Message::default()
    });
    prop::option::of(message).boxed()
}

fn exchange() -> BoxedStrategy<Exchange> {
    let texts = [text(), text(), text(), text(), text(), text()];
    let ended = (any::<i32>(), any::<u32>(), prop::option::of(number()), error());
    let more = (prop::option::of(generation()), any::<bool>(), any::<bool>(), prop::option::of(any::<u32>()));
    (texts, ended, message(), message(), more)
        .prop_map(|([method, scheme, host, path, query, route], ended, request, response, more)| Exchange {
            method,
            scheme,
            host,
            path,
            query,
            route,
            outcome: ended.0,
            status: ended.1,
            first_byte_ns: ended.2,
            error: ended.3,
            request,
            response,
            generation: more.0,
            websocket: more.1.then(WebSocket::default),
            proxy: more.2.then(Proxy::default),
            grpc_status: more.3,
            ..Exchange::default()
        })
        .boxed()
}

fn span() -> BoxedStrategy<Span> {
    let texts = [text(), text(), text(), text(), text()];
    let flags = (any::<bool>(), any::<bool>(), any::<i32>());
    let otel = (body(), prop::option::of(otel()));
    (texts, any::<i32>(), [body(), body(), body()], error(), prop::option::of(generation()), flags, otel)
        .prop_map(
            |(
                [r#type, name, status_message, version, trace_name],
                level,
                [input, output, metadata],
                error,
                generation,
                (is_app_root, is_public, ending),
                (trace_metadata, otel),
            )| {
                Span {
                    r#type,
                    name,
                    status_message,
                    version,
                    trace_name,
                    level,
                    input,
                    output,
                    metadata,
                    error,
                    generation,
                    is_app_root,
                    is_public,
                    ending,
                    trace_metadata,
                    otel,
                }
            },
        )
        .boxed()
}

/// As other exporters may pass it on: bytes that are anything, or a span with attributes of each kind.
fn otel() -> BoxedStrategy<OtelSpan> {
    const NAMES: [&str; 4] =
        ["input.value", "langfuse.observation.type", "gen_ai.request.model", "openinference.span.kind"];
    let key = prop_oneof![prop::sample::select(&NAMES[..]).prop_map(str::to_owned), text()];
    let value = prop_oneof![
        text().prop_map(Any::StringValue),
        any::<f64>().prop_map(Any::DoubleValue),
        prop::collection::vec(any::<u8>(), 0..4).prop_map(Any::BytesValue),
        Just(Any::KvlistValue(KeyValueList::default())),
        Just(Any::ArrayValue(ArrayValue { values: vec![AnyValue::default()] })),
    ];
    let pair = (key.clone(), value).prop_map(|(key, value)| KeyValue {
        key,
        value: Some(AnyValue { value: Some(value) }),
        key_strindex: 0,
    });
    let span = prop::collection::vec(pair, 0..6)
        .prop_map(|attributes| OtlpSpan { attributes, ..OtlpSpan::default() }.encode_to_vec());
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    (bytes(), bytes(), prop_oneof![4 => span, 1 => bytes()], key.clone(), key)
        .prop_map(|(resource, scope, span, input_key, output_key)| OtelSpan {
            resource,
            scope,
            span,
            input_key,
            output_key,
            ..OtelSpan::default()
        })
        .boxed()
}

fn score() -> BoxedStrategy<Score> {
    ([text(), text(), text(), text()], prop::option::of(any::<f64>()), body())
        .prop_map(|([name, text, data_type, comment], value, metadata)| Score {
            name,
            text,
            data_type,
            comment,
            value,
            metadata,
            ..Score::default()
        })
        .boxed()
}
