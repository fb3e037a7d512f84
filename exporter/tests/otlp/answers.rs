//! What answers mean: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>.

use offpath_exporter::delivery::{Answer, Verdict};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{backend, exchange, langfuse, plain, request};

const PROTOBUF: &str = "application/x-protobuf";

fn judged(content_type: &'static str, body: &[u8]) -> Verdict {
    let mut headers = HeaderMap::new();
    if !content_type.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let request = request(&plain(), &[exchange(5)]);
    backend(&plain()).judge(&Answer { status: 200, headers: &headers, body, request: &request })
}

fn partial(rejected_spans: i64, error_message: &str) -> Vec<u8> {
    let error_message = error_message.to_owned();
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
    ExportTraceServiceResponse { partial_success }.encode_to_vec()
}

#[test]
fn a_success_is_one_in_either_form_or_with_nothing_to_say() {
    for (content_type, body) in [
        (PROTOBUF, &b""[..]),
        ("", b""),
        ("application/json", b"{}"),
        ("application/json; charset=utf-8", br#"{"partialSuccess":{}}"#),
        // Langfuse and others say more.
        ("application/json", br#"{"partialSuccess":null,"more":1}"#),
        ("application/json", br#"{"partialSuccess":{"rejectedSpans":0,"errorMessage":null}}"#),
    ] {
        assert_eq!(judged(content_type, body), Verdict::Delivered, "{content_type} {body:?}");
    }
    assert_eq!(judged(PROTOBUF, &partial(0, "only a warning")), Verdict::Delivered);
}

#[test]
fn spans_that_were_rejected_are_counted_in_either_form() {
    let expected = Verdict::Partly { rejected: 2, why: "too old".to_owned() };
    assert_eq!(judged(PROTOBUF, &partial(2, "too old")), expected);
    for body in [
        &br#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#[..],
        br#"{"partialSuccess":{"rejectedSpans":2,"errorMessage":"too old"}}"#,
    ] {
        assert_eq!(judged("application/json", body), expected);
    }
}

#[test]
fn a_success_that_is_no_answer_of_otlp_delivers_nothing() {
    for (content_type, body) in [
        ("text/html", &b"<html>Log in</html>"[..]),
        (PROTOBUF, b"<html>"),
        ("application/json", b"ok"),
        ("application/json", b"[]"),
        ("", b"\xFF\x00"),
    ] {
        let verdict = judged(content_type, body);
        let Verdict::Blocked { kind, why } = &verdict else { panic!("{content_type} {body:?}: {verdict:?}") };
        assert!(*kind == "answer" && why.contains("check the endpoint"), "{why}");
    }
}

/// What a backend's answer to a score, or else to a span, means.
fn judged_of(sink: &Value, is_score: bool, status: u16, body: &[u8]) -> Verdict {
    let score = Some(offpath_core::event::Kind::Score(Default::default()));
    let event = exchange(5);
    let event = if is_score { offpath_core::event::Event { kind: score, ..event } } else { event };
    let request = request(sink, &[event]);
    backend(sink).judge(&Answer { status, headers: &HeaderMap::new(), body, request: &request })
}

fn judged_by_langfuse(is_score: bool, status: u16, body: &[u8]) -> Verdict {
    judged_of(&langfuse(), is_score, status, body)
}

#[test]
fn a_score_s_answer_is_no_answer_of_otlp() {
    assert_eq!(judged_by_langfuse(true, 200, br#"{"id":"x"}"#), Verdict::Delivered);
    for body in [&br#"{"data":[]}"#[..], br#"{"data":[{"id":"x"}]}"#] {
        assert_eq!(judged_of(&json!({"type": "phoenix"}), true, 200, body), Verdict::Delivered);
    }
}

#[test]
fn a_success_that_is_no_answer_to_a_score_delivers_nothing() {
    for sink in [langfuse(), json!({"type": "phoenix"})] {
        for body in [&b"<html>Log in</html>"[..], b"", b"ok", b"[]", b"null", br#"{"id":"#] {
            let verdict = judged_of(&sink, true, 200, body);
            assert!(matches!(verdict, Verdict::Blocked { kind: "answer", .. }), "{body:?}: {verdict:?}");
        }
    }
}

#[test]
fn a_score_that_names_what_is_not_there_is_refused_and_holds_up_nothing() {
    let body = br#"{"message":"Score config not found","error":"LangfuseNotFoundError"}"#;
    for status in [404, 405] {
        assert!(matches!(judged_by_langfuse(true, status, body), Verdict::Refused { .. }), "{status}");
        assert!(matches!(judged_by_langfuse(false, status, body), Verdict::Blocked { .. }), "{status}");
    }
    assert!(matches!(judged_by_langfuse(true, 401, b""), Verdict::Blocked { .. }));
}
