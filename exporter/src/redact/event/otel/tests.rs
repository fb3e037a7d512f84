//! No text of a span of OpenTelemetry is stored that was not looked into, and no bytes are a span that are none.

use offpath_core::{
    event::{Event, Kind, OtelSpan, Span as AppSpan},
    mask::MaskKind,
    treatment::{PATTERNS, Treatment, VERSION},
};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value},
    resource::v1::Resource,
    trace::v1::{
        Span, Status,
        span::{Event as SpanEvent, Link},
    },
};
use proptest::{collection::vec, prelude::*, sample::select};
use prost::Message as _;

use crate::{
    otel::Whole,
    redact::{Done, Treatments, withheld},
};

const KEY: &str = "sk-proj-abcdefghij0123456789ABCDEFGHIJ";

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    pairs.iter().map(|(key, value)| pair(key, text(value))).collect()
}

fn event(whole: &Whole, treatment: Vec<u8>) -> Event {
    let otel = OtelSpan {
        resource: whole.resource.encode_to_vec(),
        scope: whole.scope.encode_to_vec(),
        span: whole.span.encode_to_vec(),
        ..OtelSpan::default()
    };
    let span = AppSpan { name: "chat".to_owned(), otel: Some(otel), ..AppSpan::default() };
    Event { kind: Some(Kind::Span(span)), treatment, ..Event::default() }
}

fn treated(mut event: Event) -> (Event, AppSpan, Done) {
    let done = Treatments::default().treat(&mut event);
    let Some(Kind::Span(span)) = event.kind.clone() else { panic!("{event:?}") };
    (event, span, done)
}

/// What is left of a span with these attributes.
fn kept(attributes: Vec<KeyValue>, treatment: Vec<u8>) -> Vec<KeyValue> {
    let whole = Whole { span: Span { attributes, ..Span::default() }, ..Whole::default() };
    let (_, span, _) = treated(event(&whole, treatment));
    Whole::decode(&span.otel.expect("a span of OpenTelemetry")).expect("a span").span.attributes
}

fn treatment(change: impl FnOnce(&mut Treatment)) -> Vec<u8> {
    let patterns = PATTERNS.iter().map(|name| (*name).to_owned()).collect();
    let mut treatment = Treatment { patterns, version: VERSION, ..Treatment::default() };
    change(&mut treatment);
    treatment.to_bytes()
}

/// A span with this text in all places where an SDK may have it.
fn everywhere(secret: &str) -> Whole {
    let list = Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(text(secret)) }] });
    let deep = Value::KvlistValue(KeyValueList { values: vec![pair("a", list)] });
    let attributes = || {
        vec![
            pair("plain", text(secret)),
            pair("deep", deep.clone()),
            pair("bytes", Value::BytesValue(secret.as_bytes().to_vec())),
            pair("json", text(&format!(r#"{{"text":"{secret}"}}"#))),
            pair(&format!("key.{secret}"), text("x")),
        ]
    };
    let event = SpanEvent { name: secret.to_owned(), attributes: attributes(), ..SpanEvent::default() };
    let link = Link { trace_state: secret.to_owned(), attributes: attributes(), ..Link::default() };
    let mut of_span = attributes();
    of_span.extend(pairs(&[
        ("input.value", secret),
        ("output.value", secret),
        ("user.id", secret),
        ("session.id", secret),
        ("langfuse.trace.name", secret),
        ("langfuse.release", secret),
        ("langfuse.version", secret),
        ("langfuse.observation.metadata.a", secret),
        ("gen_ai.request.model", secret),
        ("gen_ai.response.finish_reasons", secret),
    ]));
    Whole {
        resource: Resource { attributes: attributes(), ..Resource::default() },
        scope: InstrumentationScope {
            name: secret.to_owned(),
            version: secret.to_owned(),
            attributes: attributes(),
            ..InstrumentationScope::default()
        },
        span: Span {
            name: secret.to_owned(),
            trace_state: secret.to_owned(),
            attributes: of_span,
            events: vec![event],
            links: vec![link],
            status: Some(Status { message: secret.to_owned(), code: 2 }),
            ..Span::default()
        },
    }
}

#[test]
fn a_secret_is_masked_wherever_an_sdk_has_it() {
    let (event, span, done) = treated(event(&everywhere(KEY), Vec::new()));
    let whole = Whole::decode(span.otel.as_ref().expect("a span of OpenTelemetry")).expect("a span");
    let shown = format!("{event:?} {whole:?}");
    assert!(!shown.contains("abcdefghij"), "{whole:#?}");
    assert!(!event.to_bytes().windows(10).any(|bytes| bytes == b"abcdefghij"));
    assert!(done.masked >= 40 && done.withheld.is_empty(), "{done:?}");
}

#[test]
fn attributes_that_are_json_are_treated_as_json_bodies_are() {
    let told = pairs(&[
        ("gen_ai.tool.definitions", r#"[{"password":"hunter2","n":1}]"#),
        // Of version 5 of Langfuse's SDK: JSON in a string of JSON.
        ("langfuse.observation.metadata.a", r#""{\"api_key\":\"hunter2\"}""#),
        ("plain", "password: hunter2"),
    ]);
    let expected = pairs(&[
        ("gen_ai.tool.definitions", r#"[{"password":"[redacted]","n":1}]"#),
        ("langfuse.observation.metadata.a", r#""{\"api_key\":\"[redacted]\"}""#),
        ("plain", "password: hunter2"),
    ]);
    assert_eq!(kept(told, Vec::new()), expected);
}

#[test]
fn limits_of_json_hold_for_attributes_too() {
    let limited = treatment(|treatment| treatment.max_items = Some(2));
    let told = pairs(&[("llm.invocation_parameters", "[1,2,3,4]")]);
    let kept = kept(told, limited);
    let Some(Value::StringValue(json)) = kept[0].value.as_ref().and_then(|any| any.value.as_ref()) else {
        panic!("{kept:?}")
    };
    assert!(json.starts_with("[1,2,") && !json.contains('4'), "{json}");
}

#[test]
fn a_value_whose_name_has_a_secret_key_in_it_is_masked_whatever_it_is() {
    let list = Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(Value::IntValue(7)) }] });
    let told = vec![
        pair("http.request.header.authorization", text("hunter2")),
        pair("langfuse.trace.metadata.api_key.inner", text("\"hunter2\"")),
        pair("db.password", Value::IntValue(7)),
        pair("app.secret", list),
    ];
    let masked = AnyValue { value: Some(text("[redacted]")) };
    let expected = vec![
        pair("http.request.header.authorization", text("[redacted]")),
        pair("langfuse.trace.metadata.api_key.inner", text("\"[redacted]\"")),
        pair("db.password", text("[redacted]")),
        pair("app.secret", Value::ArrayValue(ArrayValue { values: vec![masked] })),
    ];
    assert_eq!(kept(told.clone(), Vec::new()), expected);
    let dropping = treatment(|treatment| treatment.mask = MaskKind::Drop as i32);
    assert_eq!(kept(told, dropping), []);
}

#[test]
fn of_urls_what_is_masked_in_those_of_exchanges_is() {
    let told = pairs(&[
        ("url.full", "https://u:p@host/a?api_key=hunter2&b=1"),
        ("http.target", "/a?token=hunter2"),
        ("url.query", "access_token=hunter2"),
    ]);
    let expected = pairs(&[
        ("url.full", "https://host/a?api_key=[redacted]&b=1"),
        ("http.target", "/a?token=[redacted]"),
        ("url.query", "access_token=[redacted]"),
    ]);
    assert_eq!(kept(told, Vec::new()), expected);
}

#[test]
fn a_number_stays_one_unless_it_is_a_secret() {
    let told =
        || vec![pair("a", Value::IntValue(4_111_111_111_111_111)), pair("b", Value::IntValue(1_234_567))];
    let expected = [pair("a", text("[redacted]")), pair("b", Value::IntValue(1_234_567))];
    assert_eq!(kept(told(), treatment(|_| ())), expected);
    assert_eq!(kept(told(), Vec::new()), told());
}

#[test]
fn the_project_that_a_span_is_for_is_no_secret() {
    let key = "pk-lf-11111111-2222-3333-4444-555555555555";
    let of = |scope: &str, key: &str| {
        let scope = InstrumentationScope {
            name: scope.to_owned(),
            attributes: pairs(&[("public_key", key)]),
            ..InstrumentationScope::default()
        };
        let (_, span, _) = treated(event(&Whole { scope, ..Whole::default() }, Vec::new()));
        let whole = Whole::decode(&span.otel.expect("a span of OpenTelemetry")).expect("a span");
        whole.scope.attributes
    };
    assert_eq!(of("langfuse-sdk", key), pairs(&[("public_key", key)]));
    assert_eq!(of("langfuse-sdk", KEY), pairs(&[("public_key", "[redacted]")]));
    assert_eq!(of("another", key), pairs(&[("public_key", "[redacted]")]));
}

#[test]
fn what_is_no_span_is_withheld_and_its_name_and_ids_stay() {
    let otel = OtelSpan { span: vec![0xFF; 9], ..OtelSpan::default() };
    let span = AppSpan { name: "chat".to_owned(), otel: Some(otel), ..AppSpan::default() };
    let told = Event { kind: Some(Kind::Span(span)), span_id: 7, ..Event::default() };
    let (event, span, done) = treated(told);
    assert_eq!((event.span_id, span.name.as_str(), span.otel), (7, "chat", None));
    let body = span.input.expect("a body that says so");
    assert_eq!((body.size, body.treated.expect("treated").withheld), (9, withheld::NO_SPAN.to_owned()));
    assert_eq!(done.withheld, [withheld::NO_SPAN]);
}

#[test]
fn a_span_is_withheld_when_its_treatment_cannot_be_carried_out() {
    let unusable = treatment(|treatment| treatment.patterns.push("of tomorrow".to_owned()));
    let (event, span, done) = treated(event(&everywhere("private"), unusable));
    assert!(!format!("{event:?}").contains("private"), "{event:#?}");
    assert_eq!(span.otel, None);
    assert_eq!(done.withheld, [withheld::UNUSABLE]);
}

/// Bytes of any kind, and some that are nearly a message.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let whole = everywhere(KEY);
    let near = [whole.resource.encode_to_vec(), whole.scope.encode_to_vec(), whole.span.encode_to_vec()];
    let cut = (select(near.to_vec()), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        },
    );
    prop_oneof![vec(any::<u8>(), 0..60), select(near.to_vec()), cut]
}

proptest! {
    #[test]
    fn any_bytes_are_a_span_without_secrets_or_none(resource in bytes(), scope in bytes(), span in bytes()) {
        let otel = OtelSpan { resource, scope, span, ..OtelSpan::default() };
        let is_one = Whole::decode(&otel).is_ok();
        let span = AppSpan { otel: Some(otel), ..AppSpan::default() };
        let told = Event { kind: Some(Kind::Span(span)), ..Event::default() };
        let (event, span, done) = treated(told);
        prop_assert_eq!(span.otel.is_some(), is_one);
        prop_assert_eq!(done.withheld.contains(&withheld::NO_SPAN), !is_one);
        if let Some(otel) = &span.otel {
            prop_assert!(Whole::decode(otel).is_ok());
        }
        prop_assert!(!event.to_bytes().windows(KEY.len()).any(|bytes| bytes == KEY.as_bytes()));
    }
}
