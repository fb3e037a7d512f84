use offpath_core::event::{Body, Cost, Error, Generation, Header, Message, OtelSpan, Tokens, Treated};
use opentelemetry_proto::tonic::{
    common::v1::{
        AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value as Any,
    },
    resource::v1::Resource,
    trace::v1::{
        Span as OtlpSpan, Status,
        span::{Event as SpanEvent, Link},
    },
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::json;

use super::*;
use crate::{event_json, otel::Whole};

fn any_text() -> impl Strategy<Value = String> {
    "(?s).{0,6}"
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![any_text().prop_map(String::into_bytes), vec(any::<u8>(), 0..8)]
}

fn json_text() -> impl Strategy<Value = String> {
    any_text().prop_map(|text| json!([{"role": "user", "content": text, "n": 0.1}]).to_string())
}

fn treated() -> impl Strategy<Value = Treated> {
    (0u64..40, any::<[u64; 2]>(), any::<bool>(), any_text(), any_text(), any_text(), any_text()).prop_map(
        |(kept, [masked, cut], json, content_type, digest, decoded, withheld)| Treated {
            kept,
            masked,
            cut,
            json,
            content_type,
            digest,
            decoded,
            withheld,
        },
    )
}

fn any_body() -> impl Strategy<Value = Body> {
    (0u64..40, bytes(), bytes(), option::of(treated())).prop_map(|(size, head, tail, treated)| Body {
        size,
        head,
        tail,
        treated,
        ..Body::default()
    })
}

fn message() -> impl Strategy<Value = Message> {
    let header = (any_text(), any_text()).prop_map(|(name, value)| Header { name, value });
    (vec(header, 0..3), option::of(any_body()), any::<u64>()).prop_map(|(headers, body, chunks)| Message {
        headers,
        body,
        chunks,
        ..Message::default()
    })
}

fn error() -> impl Strategy<Value = Error> {
    (any_text(), any_text()).prop_map(|(r#type, message)| Error { r#type, message })
}

fn generation() -> impl Strategy<Value = Generation> {
    let named = (any::<[bool; 3]>(), vec(any_text(), 7), vec(json_text(), 3), option::of(any::<u64>()));
    let usage = proptest::collection::btree_map(any_text(), any::<u64>(), 0..3);
    let cost = proptest::collection::btree_map(any_text(), 0.0..1e6, 0..3);
    (named, usage, cost, vec(any_text(), 0..3), any::<u32>()).prop_map(
        |((flags, texts, json, first_token_ns), usage, cost, finish_reasons, prompt_version)| Generation {
            system: texts[0].clone(),
            operation: texts[1].clone(),
            request_model: texts[2].clone(),
            response_model: texts[3].clone(),
            response_id: texts[4].clone(),
            prompt_name: texts[5].clone(),
            stream: flags[0],
            partial: flags[1],
            estimated: flags[2],
            error_kind: texts[6].clone(),
            parameters: json[0].clone(),
            input: json[1].clone(),
            output: json[2].clone(),
            usage: usage.into_iter().map(|(kind, count)| Tokens { kind, count }).collect(),
            cost: cost.into_iter().map(|(kind, usd)| Cost { kind, usd }).collect(),
            first_token_ns,
            finish_reasons,
            prompt_version,
        },
    )
}

fn exchange() -> impl Strategy<Value = Kind> {
    let proxy =
        (vec(any_text(), 3), any::<u32>(), vec(any_text(), 0..3)).prop_map(|(texts, attempts, flags)| {
            Proxy {
                upstream_cluster: texts[0].clone(),
                upstream_host: texts[1].clone(),
                response_code_details: texts[2].clone(),
                attempts,
                response_flags: flags,
            }
        });
    let websocket = (any::<bool>(), any::<u32>(), any_text())
        .prop_map(|(accepted, close_code, subprotocol)| WebSocket { accepted, close_code, subprotocol });
    let sides = (option::of(message()), option::of(message()), option::of(generation()));
    let rest = (option::of(error()), option::of(proxy), option::of(websocket));
    (
        0..6i32,
        option::of(any::<u64>()),
        vec(any_text(), 11),
        any::<u32>(),
        option::of(any::<u32>()),
        sides,
        rest,
    )
        .prop_map(|(outcome, first_byte_ns, texts, status, grpc_status, sides, rest)| {
            Kind::Exchange(Exchange {
                outcome,
                first_byte_ns,
                method: texts[0].clone(),
                scheme: texts[1].clone(),
                host: texts[2].clone(),
                path: texts[3].clone(),
                query: texts[4].clone(),
                route: texts[5].clone(),
                client: texts[6].clone(),
                http_version: texts[7].clone(),
                rule: texts[8].clone(),
                sampled_because: texts[9].clone(),
                trace_name: texts[10].clone(),
                status,
                grpc_status,
                request: sides.0,
                response: sides.1,
                generation: sides.2,
                error: rest.0,
                proxy: rest.1,
                websocket: rest.2,
            })
        })
}

fn span() -> impl Strategy<Value = Kind> {
    let body = || option::of(any_body());
    let bodies = (body(), body(), body(), body());
    let rest = (option::of(generation()), option::of(error()), any::<bool>(), any::<bool>(), 0..3i32);
    let otel = option::of(any_otel());
    (0..SPAN_TYPES.len(), vec(any_text(), 4), 0..4i32, bodies, rest, otel).prop_map(
        |(kind, texts, level, bodies, rest, otel)| {
            Kind::Span(Span {
                r#type: SPAN_TYPES[kind].to_owned(),
                name: texts[0].clone(),
                status_message: texts[1].clone(),
                version: texts[2].clone(),
                trace_name: texts[3].clone(),
                level,
                input: bodies.0,
                output: bodies.1,
                metadata: bodies.2,
                generation: rest.0,
                error: rest.1,
                is_app_root: rest.2,
                is_public: rest.3,
                ending: rest.4,
                trace_metadata: bodies.3,
                otel,
            })
        },
    )
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        any_text().prop_map(Any::StringValue),
        any::<bool>().prop_map(Any::BoolValue),
        any::<i64>().prop_map(Any::IntValue),
        any::<f64>().prop_map(Any::DoubleValue),
        vec(any::<u8>(), 0..4).prop_map(Any::BytesValue),
    ];
    let leaf = option::of(leaf).prop_map(|value| AnyValue { value });
    leaf.prop_recursive(3, 12, 3, |inner| {
        let pair = (any_text(), inner.clone()).prop_map(|(key, value)| KeyValue {
            key,
            value: Some(value),
            key_strindex: 0,
        });
        prop_oneof![
            vec(inner, 0..3).prop_map(|values| Any::ArrayValue(ArrayValue { values })),
            vec(pair, 0..3).prop_map(|values| Any::KvlistValue(KeyValueList { values })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn pairs() -> impl Strategy<Value = Vec<KeyValue>> {
    let pair = (any_text(), any_value()).prop_map(|(key, value)| KeyValue {
        key,
        value: Some(value),
        key_strindex: 0,
    });
    vec(pair, 0..3)
}

fn any_otel() -> impl Strategy<Value = OtelSpan> {
    let status = option::of((0..3i32, any_text()).prop_map(|(code, message)| Status { code, message }));
    let event = (any::<u64>(), any_text(), pairs(), any::<u32>()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| SpanEvent {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    );
    let link = (vec(any::<u8>(), 0..17), vec(any::<u8>(), 0..9), any_text(), any::<u32>(), pairs()).prop_map(
        |(trace_id, span_id, trace_state, flags, attributes)| Link {
            trace_id,
            span_id,
            trace_state,
            flags,
            attributes,
            dropped_attributes_count: flags,
        },
    );
    let span = (0..6i32, status, pairs(), vec(event, 0..2), vec(link, 0..2), any::<u32>(), any_text())
        .prop_map(|(kind, status, attributes, events, links, count, trace_state)| OtlpSpan {
            kind,
            status,
            attributes,
            events,
            links,
            trace_state,
            flags: count,
            dropped_attributes_count: count,
            dropped_events_count: count,
            dropped_links_count: count,
            ..OtlpSpan::default()
        });
    (span, vec(any_text(), 6), pairs(), pairs()).prop_map(|(span, texts, resource, scope)| {
        let resource = Resource { attributes: resource, ..Resource::default() };
        let scope = InstrumentationScope {
            name: texts[0].clone(),
            version: texts[1].clone(),
            attributes: scope,
            ..InstrumentationScope::default()
        };
        let mut otel = OtelSpan {
            input_key: texts[2].clone(),
            output_key: texts[3].clone(),
            resource_schema_url: texts[4].clone(),
            scope_schema_url: texts[5].clone(),
            ..OtelSpan::default()
        };
        Whole { resource, scope, span }.encode(&mut otel);
        otel
    })
}

fn score() -> impl Strategy<Value = Kind> {
    (vec(any_text(), 6), option::of(any::<f64>()), option::of(any_body())).prop_map(
        |(texts, value, metadata)| {
            Kind::Score(Score {
                name: texts[0].clone(),
                text: texts[1].clone(),
                data_type: texts[2].clone(),
                comment: texts[3].clone(),
                config_id: texts[4].clone(),
                score_id: texts[5].clone(),
                value,
                metadata,
            })
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let loss = (any_text(), any::<u64>(), any_text())
        .prop_map(|(reason, count, producer)| Kind::Loss(Loss { reason, count, producer }));
    let kind = option::of(prop_oneof![exchange(), span(), score(), loss]);
    (any::<[u64; 8]>(), vec(any_text(), 7), vec(any_text(), 0..3), kind).prop_map(
        |(numbers, texts, tags, kind)| Event {
            schema: EVENT_SCHEMA,
            id_high: numbers[0],
            id_low: numbers[1],
            trace_id_high: numbers[2],
            trace_id_low: numbers[3],
            span_id: numbers[4],
            parent_span_id: numbers[5],
            start_unix_ns: numbers[6],
            duration_ns: numbers[7],
            service: texts[0].clone(),
            environment: texts[1].clone(),
            release: texts[2].clone(),
            source: texts[3].clone(),
            user_id: texts[4].clone(),
            session_id: texts[5].clone(),
            rules: texts[6].clone(),
            tags,
            kind,
            ..Event::default()
        },
    )
}

proptest! {
    #[test]
    fn what_was_read_is_written_as_it_was(event in event()) {
        let written = event_json::to_string(&event);
        let read = read(written.as_bytes()).expect("read");
        prop_assert_eq!(event_json::to_string(&read), written);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "(?s).{0,200}") {
        let _ = read(text.as_bytes());
        let _ = read(json!({"kind": text, "value": text, "metadata": text}).to_string().as_bytes());
    }
}

/// An exchange as a store has it: with bodies that hold no half characters.
fn stored() -> Event {
    let header = Header { name: "content-type".to_owned(), value: "application/json".to_owned() };
    let treated = Treated { kept: 7, masked: 1, json: true, ..Treated::default() };
    let body = Body { size: 9, head: b"{\"a\":1}".to_vec(), treated: Some(treated), ..Body::default() };
    let request = Message { headers: vec![header], body: Some(body), chunks: 2, ..Message::default() };
    Event {
        schema: EVENT_SCHEMA,
        id_low: 5,
        trace_id_high: 1,
        trace_id_low: 5,
        span_id: 7,
        start_unix_ns: 1_795_161_600_123_456_789,
        duration_ns: 41_000_000,
        service: "chat-api".to_owned(),
        tags: vec!["eu".to_owned()],
        kind: Some(Kind::Exchange(Exchange {
            outcome: Outcome::AppError as i32,
            method: "POST".to_owned(),
            status: 500,
            request: Some(request),
            ..Exchange::default()
        })),
        ..Event::default()
    }
}

#[test]
fn an_event_without_internals_comes_back_field_by_field() {
    assert_eq!(read(event_json::to_string(&stored()).as_bytes()).expect("read"), stored());
}

#[test]
fn what_only_the_exporter_needs_is_not_in_it() {
    let event = Event { treatment: vec![1], told: 3, ..stored() };
    assert_eq!(read(event_json::to_string(&event).as_bytes()).expect("read"), stored());
}

#[test]
fn bytes_that_are_no_text_come_back() {
    let mut event = stored();
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { unreachable!("it is an exchange") };
    let body = Body { size: 4, head: vec![0xFF, 0], tail: vec![1, 2], ..Body::default() };
    exchange.response = Some(Message { body: Some(body), ..Message::default() });
    assert_eq!(read(event_json::to_string(&event).as_bytes()).expect("read"), event);
}

#[test]
fn what_is_missing_is_empty() {
    let event = read(br#"{"kind": "exchange"}"#).expect("read");
    let outcome = Exchange { outcome: Outcome::Unspecified as i32, ..Exchange::default() };
    assert_eq!(
        event,
        Event { schema: EVENT_SCHEMA, kind: Some(Kind::Exchange(outcome)), ..Event::default() }
    );
    assert_eq!(read(br#"{"kind": "from the future"}"#).expect("read").kind, None);
}

#[test]
fn what_is_no_event_is_refused_and_says_why() {
    for (text, why) in [
        ("7", "invalid type"),
        ("{}", "missing field `kind`"),
        (r#"{"kind": "exchange", "id": "x"}"#, "an id must be 32 hexadecimal digits"),
        (r#"{"kind": "exchange", "start_time": "now"}"#, "a time must be one of RFC 3339"),
        (r#"{"kind": "exchange", "schema": 2}"#, "schema 2 is later than 1"),
    ] {
        let error = read(text.as_bytes()).expect_err("refused").to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}
