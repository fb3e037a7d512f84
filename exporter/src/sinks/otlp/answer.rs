//! What a receiver of OTLP answers.
//! Source: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#otlphttp-response>.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use serde::{Deserialize, de::IgnoredAny};

use crate::delivery::{Answer, Verdict};

/// A success tells how many spans were not taken all the same.
pub(super) fn judge(answer: &Answer<'_>) -> Verdict {
    if !(200..300).contains(&answer.status) {
        return Verdict::by_status(answer);
    }
    match partial_success(answer) {
        Some((0, _)) => Verdict::Delivered,
        Some((rejected, why)) => Verdict::Partly { rejected, why },
        None => Verdict::of_another(answer, "OTLP"),
    }
}

/// What takes scores by themselves answers with an object: Langfuse with the score's `id`, Phoenix with the annotations as
/// `data`. Its address is part of the spans', which shows whether that is right. So 404 is of a score: Langfuse says so of a
/// configuration that the score names; a Phoenix that is older than annotations of traces and sessions, of those.
pub(super) fn judge_of_scores(answer: &Answer<'_>) -> Verdict {
    match answer.status {
        200..=299 if !is_object(answer.body) => Verdict::of_another(answer, "what takes scores"),
        404 | 405 => Verdict::Refused { why: answer.to_string() },
        _ => Verdict::by_status(answer),
    }
}

fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(body).is_ok()
}

/// How many spans were rejected, and why; `None` if it is no answer of OTLP. One that has no body says nothing, and what
/// says nothing took all.
fn partial_success(answer: &Answer<'_>) -> Option<(u64, String)> {
    if answer.body.is_empty() {
        return Some((0, String::new()));
    }
    if answer.content_type().contains("protobuf") {
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
