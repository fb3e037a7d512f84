//! The files in `proto/` and the Rust types are the same layouts.
#![allow(missing_docs, reason = "a test")]

use offpath_core::batch::{self, Envelope};
use offpath_core::event::{
    Body, Cost, Ending, Error, Event, Exchange, Generation, Header, Kind, Level, Loss, Message, OtelSpan,
    Outcome, Proxy, Score, Span, Tokens, Treated, Unsampled, WebSocket,
};
use offpath_core::{
    mask::MaskKind,
    treatment::{Expression, Identity, JsonField, Treatment},
};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage, Value};

fn described_in(file: &str, message: &str) -> MessageDescriptor {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let files = protox::compile([file], [folder]).expect("a valid .proto file");
    let pool = DescriptorPool::from_file_descriptor_set(files).expect("a descriptor pool");
    pool.get_message_by_name(message).expect("the message")
}

fn event_of_the_proto_file() -> MessageDescriptor {
    described_in("event.proto", "offpath.v1.Event")
}

/// An event with something in every field.
fn full(kind: Kind) -> Event {
    Event {
        schema: 1,
        id_high: 2,
        id_low: 3,
        trace_id_high: 4,
        trace_id_low: 5,
        span_id: 6,
        parent_span_id: 7,
        start_unix_ns: 8,
        duration_ns: 9,
        service: "a".into(),
        environment: "b".into(),
        release: "c".into(),
        source: "d".into(),
        kind: Some(kind),
        user_id: "u".into(),
        session_id: "s".into(),
        tags: vec!["t".into()],
        rules: "r".into(),
        treatment: vec![1],
        told: 1,
    }
}

fn body() -> Body {
    Body {
        size: 10,
        head: vec![1],
        tail: vec![2],
        head_limit: Some(1),
        tail_limit: Some(1),
        treated: Some(Treated {
            kept: 1,
            masked: 2,
            cut: 3,
            json: true,
            content_type: "t".into(),
            digest: "d".into(),
            decoded: "g".into(),
            withheld: "w".into(),
        }),
    }
}

fn generation() -> Generation {
    Generation {
        system: "a".into(),
        operation: "b".into(),
        request_model: "c".into(),
        response_model: "d".into(),
        response_id: "e".into(),
        stream: true,
        parameters: "f".into(),
        input: "g".into(),
        output: "h".into(),
        usage: vec![Tokens { kind: "input".into(), count: 1 }],
        cost: vec![Cost { kind: "input".into(), usd: 0.5 }],
        first_token_ns: Some(1),
        finish_reasons: vec!["i".into()],
        partial: true,
        prompt_name: "j".into(),
        prompt_version: 1,
        error_kind: "k".into(),
        estimated: true,
    }
}

fn span() -> Span {
    Span {
        r#type: "a".into(),
        name: "b".into(),
        input: Some(body()),
        output: Some(body()),
        level: Level::Error.into(),
        status_message: "c".into(),
        metadata: Some(body()),
        version: "d".into(),
        generation: Some(generation()),
        trace_name: "e".into(),
        is_app_root: true,
        error: Some(Error { r#type: "t".into(), message: "m".into() }),
        ending: Ending::Exit.into(),
        trace_metadata: Some(body()),
        is_public: true,
        otel: Some(OtelSpan {
            resource: vec![1],
            scope: vec![2],
            span: vec![3],
            input_key: "f".into(),
            output_key: "g".into(),
            resource_schema_url: "h".into(),
            scope_schema_url: "i".into(),
        }),
    }
}

fn score() -> Score {
    Score {
        name: "a".into(),
        value: Some(1.0),
        text: "b".into(),
        data_type: "c".into(),
        comment: "d".into(),
        metadata: Some(body()),
        config_id: "e".into(),
        score_id: "f".into(),
    }
}

fn exchange() -> Exchange {
    let message = Message {
        headers: vec![Header { name: "n".into(), value: "v".into() }],
        body: Some(body()),
        chunks: 1,
        content_type: "t".into(),
        content_encoding: "e".into(),
        arrivals: vec![1, 2],
    };
    Exchange {
        outcome: Outcome::Reset.into(),
        first_byte_ns: Some(1),
        method: "a".into(),
        scheme: "b".into(),
        host: "c".into(),
        path: "d".into(),
        query: "e".into(),
        route: "f".into(),
        client: "g".into(),
        status: 200,
        http_version: "h".into(),
        request: Some(message.clone()),
        response: Some(message),
        error: Some(Error { r#type: "t".into(), message: "m".into() }),
        rule: "i".into(),
        sampled_because: "j".into(),
        websocket: Some(WebSocket { accepted: true, close_code: 1, subprotocol: "s".into() }),
        proxy: Some(Proxy {
            upstream_cluster: "u".into(),
            upstream_host: "v".into(),
            attempts: 1,
            response_flags: vec!["w".into()],
            response_code_details: "x".into(),
        }),
        grpc_status: Some(1),
        generation: Some(generation()),
        trace_name: "k".into(),
    }
}

/// Every field of the descriptor is set, none is unknown to it, and so below.
fn assert_complete(message: &DynamicMessage) {
    let name = message.descriptor().full_name().to_owned();
    assert_eq!(message.unknown_fields().count(), 0, "{name} has fields that the .proto file lacks");
    for field in message.descriptor().fields().filter(|field| field.containing_oneof().is_none()) {
        assert!(message.has_field(&field), "{} is only in the .proto file", field.full_name());
    }
    for (_, value) in message.fields() {
        match value {
            Value::Message(inner) => assert_complete(inner),
            Value::List(items) => items.iter().filter_map(Value::as_message).for_each(assert_complete),
            _ => {}
        }
    }
}

#[test]
fn the_proto_file_describes_every_field() {
    let loss = Loss { reason: "r".into(), count: 1, producer: "p".into() };
    let unsampled = Unsampled {
        outcome: Outcome::Reset.into(),
        first_byte_ns: Some(1),
        method: "a".into(),
        route: "b".into(),
        status: 200,
        rule: "c".into(),
    };
    let of_proxies = [Kind::Exchange(exchange()), Kind::Loss(loss), Kind::Unsampled(unsampled)];
    for kind in of_proxies.into_iter().chain([Kind::Span(span()), Kind::Score(score())]) {
        let bytes = full(kind).to_bytes();
        let read =
            DynamicMessage::decode(event_of_the_proto_file(), bytes.as_slice()).expect("the same wire types");
        assert_complete(&read);
    }
}

#[test]
fn the_proto_file_reads_the_values_under_the_same_names() {
    let bytes = full(Kind::Exchange(exchange())).to_bytes();
    let read = DynamicMessage::decode(event_of_the_proto_file(), bytes.as_slice()).expect("an event");
    let exchange = read.get_field_by_name("exchange").expect("a field");
    let exchange = exchange.as_message().expect("a message");
    assert_eq!(exchange.get_field_by_name("path").as_deref().and_then(Value::as_str), Some("d"));
    assert_eq!(exchange.get_field_by_name("status").as_deref().and_then(Value::as_u32), Some(200));
    assert_eq!(read.get_field_by_name("span_id").as_deref().and_then(Value::as_u64), Some(6));
}

#[test]
fn the_proto_file_describes_a_batch_as_it_is_written() {
    let mut bytes = Vec::new();
    batch::push_event(&mut bytes, b"event");
    let envelope = Envelope { epoch: 1 << 64 | 2, lane: 3, first_sequence: 4 };
    batch::push_envelope(&mut bytes, &envelope, [("reason", 5)].into_iter());
    let batch = described_in("batch.proto", "offpath.v1.Batch");
    assert_complete(&DynamicMessage::decode(batch, bytes.as_slice()).expect("the same wire types"));
}

#[test]
fn the_proto_file_describes_a_treatment() {
    let treatment = Treatment {
        json_keys: vec!["k".into()],
        parameters: vec!["p".into()],
        patterns: vec!["email".into()],
        expressions: vec![Expression { name: "n".into(), expression: "e".into() }],
        mask: MaskKind::Drop.into(),
        hash_key: vec![1],
        mask_unknown: true,
        max_string: Some(1),
        max_items: Some(1),
        max_depth: Some(1),
        keep_media: true,
        identity: vec![JsonField { identity: Identity::Release.into(), path: vec!["a".into()] }],
        version: 1,
        llm: "off".into(),
    };
    let described = described_in("event.proto", "offpath.v1.Treatment");
    let bytes = treatment.to_bytes();
    assert_complete(&DynamicMessage::decode(described, bytes.as_slice()).expect("the same wire types"));
}
