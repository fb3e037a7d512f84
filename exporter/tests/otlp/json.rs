//! The form in JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde_json::{Value, json};

use super::{exchange, plain, request, sent, told};

fn in_json() -> Value {
    let mut sink = plain();
    sink["encoding"] = json!("json");
    sink
}

#[test]
fn ids_are_hexadecimal_numbers_of_64_bits_are_strings_and_enums_are_numbers() {
    let request = request(&in_json(), &[told()]);
    assert_eq!(request.content_type, "application/json");
    let json: Value = serde_json::from_slice(&request.body).expect("JSON");
    let span = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["traceId"], "00000000000000010000000000000005");
    assert_eq!(
        (&span["spanId"], &span["parentSpanId"]),
        (&json!("0000000000000007"), &json!("0000000000000009"))
    );
    assert_eq!(span["startTimeUnixNano"], "1795161600123456789");
    assert_eq!(span["kind"], 3);
    let attributes = span["attributes"].as_array().expect("a list");
    let of = |name: &str| &attributes.iter().find(|pair| pair["key"] == name).expect("it is there")["value"];
    assert_eq!(of("gen_ai.usage.input_tokens"), &json!({"intValue": "50"}));
    assert_eq!(of("gen_ai.request.temperature"), &json!({"doubleValue": 0.5}));
    assert_eq!(of("gen_ai.request.stream"), &json!({"boolValue": true}));
    assert_eq!(of("offpath.tags")["arrayValue"]["values"][1], json!({"stringValue": "b"}));
}

#[test]
fn both_forms_say_the_same() {
    let events = [exchange(5), told()];
    let json: ExportTraceServiceRequest =
        serde_json::from_slice(&request(&in_json(), &events).body).expect("OTLP in JSON");
    assert_eq!(json, sent(&plain(), &events));
}
