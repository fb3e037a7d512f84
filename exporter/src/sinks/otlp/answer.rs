//! What a receiver of OTLP answers.
//! Source: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#otlphttp-response>.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use serde::Deserialize;

use crate::delivery::{Answer, Verdict};

/// A success tells how many spans were not taken all the same. What is no such answer does not come from a receiver of
/// OTLP, but from something else that says 200 to all: then nothing was stored.
pub(super) fn judge(answer: &Answer<'_>) -> Verdict {
    if !(200..300).contains(&answer.status) {
        return Verdict::by_status(answer);
    }
    match partial_success(answer) {
        Some((0, _)) => Verdict::Delivered,
        Some((rejected, why)) => Verdict::Partly { rejected, why },
        None => Verdict::Blocked { kind: "answer", why: not_otlp(answer) },
    }
}

/// How many spans were rejected, and why; `None` if it is no answer of OTLP. One that has no body says nothing, and what
/// says nothing took all.
fn partial_success(answer: &Answer<'_>) -> Option<(u64, String)> {
    if answer.body.is_empty() {
        return Some((0, String::new()));
    }
    if content_type(answer).contains("protobuf") {
        let partial =
            ExportTraceServiceResponse::decode(answer.body).ok()?.partial_success.unwrap_or_default();
        return Some((u64::try_from(partial.rejected_spans).unwrap_or(0), partial.error_message));
    }
    let response: Response = serde_json::from_slice(answer.body).ok()?;
    let partial = response.partial_success.unwrap_or_default();
    let why = partial.error_message.unwrap_or_default();
    let rejected = match partial.rejected_spans {
        Some(Count::Number(count)) => count,
        Some(Count::Text(text)) => text.parse().unwrap_or(0),
        None => 0,
    };
    Some((rejected, why))
}

/// In JSON, numbers of 64 bits are strings, and receivers are to take either, and so do we.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    partial_success: Option<PartialSuccess>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    rejected_spans: Option<Count>,
    error_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u64),
    Text(String),
}

fn content_type<'a>(answer: &Answer<'a>) -> &'a str {
    answer.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn not_otlp(answer: &Answer<'_>) -> String {
    const LONGEST: usize = 80;
    let what = match content_type(answer) {
        "" => "something without a type",
        named => named,
    };
    let start: String = String::from_utf8_lossy(answer.body).chars().take(LONGEST).collect();
    format!(
        "answered {} with {what} that is no answer of OTLP, so nothing was stored; check the endpoint, and what stands \
         before it: {start:?}",
        answer.status,
    )
}
