//! Arbitrary texts as request and answer of any API, the answer with a gap anywhere: it is read to its end, and what comes out
//! has the form that sinks rely on.
//!
//! `cargo +nightly fuzz run enrich` in the folder `exporter`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use offpath_enrich::{Call, Ending, Format, Text};
use serde_json::Value;

/// Paths, of each API one, for what no rule says anything of.
const PATHS: [&str; 12] = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/messages",
    "/v1beta/models/gemini:streamGenerateContent",
    "/v1beta/models/gemini:embedContent",
    "/model/anthropic.claude/converse-stream",
    "/model/meta.llama/invoke",
    "/v2/chat",
    "/api/chat",
    "/api/generate",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_at_checked(6) else { return };
    let format = Format::ALL.get(usize::from(choice[0])).copied();
    let status = if choice[1] & 1 == 0 { 200 } else { 429 };
    let (request, answer) = split(rest, [choice[2], choice[3]]);
    let (head, tail) = split(answer, [choice[4], choice[5]]);
    let texts = [request, head, tail].map(String::from_utf8_lossy);
    let [request, head, tail] = &texts;
    let response = match choice[1] & 6 {
        0 => Text::ends(&**head, &**tail),
        2 => Text { has_gap: true, ..Text::whole(&**head) },
        _ => Text::whole(head.clone() + &**tail),
    };
    let call = Call {
        host: "api.openai.com",
        path: PATHS[usize::from(choice[1] >> 3) % PATHS.len()],
        status,
        request: Text::whole(&**request),
        response,
        ending: if choice[1] & 128 == 0 { Ending::Whole } else { Ending::BrokenOff },
        format,
        ..Call::default()
    };
    let Some(reading) = offpath_enrich::read(&call) else { return };
    let generation = reading.generation;
    for messages in [&generation.input, &generation.output] {
        let is_message = |message: &Value| message["role"].is_string() && message.get("content").is_some();
        let parsed = serde_json::from_str::<Vec<Value>>(messages).is_ok_and(|all| all.iter().all(is_message));
        assert!(messages.is_empty() || parsed, "{messages}");
    }
    let parameters = &generation.parameters;
    assert!(parameters.is_empty() || serde_json::from_str::<Value>(parameters).is_ok_and(|all| all.is_object()));
    let kinds = generation.usage.iter();
    assert!(kinds.clone().all(|one| kinds.clone().filter(|other| other.kind == one.kind).count() == 1));
    assert!(generation.cost.iter().all(|cost| cost.usd.is_finite() && cost.usd >= 0.0));
});

/// Splits where two bytes say.
fn split(bytes: &[u8], at: [u8; 2]) -> (&[u8], &[u8]) {
    bytes.split_at(usize::from(u16::from_le_bytes(at)) % (bytes.len() + 1))
}
