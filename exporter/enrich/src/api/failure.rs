//! What went wrong, as the bodies of errors say it.
//!
//! Most APIs have an object `error` with a message and a type or code; some have that in their outermost object, or a text
//! in its place. <https://platform.openai.com/docs/guides/error-codes>, <https://docs.anthropic.com/en/api/errors>,
//! <https://cloud.google.com/apis/design/errors>, <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>.

use crate::{
    draft::Failure,
    json::{Ask as _, Document, Json},
    message::text_or_json,
};

/// What an answer that is an error says. Its status says something in any case.
pub(crate) fn of(answer: &Document<'_>, status: u32) -> Option<Failure> {
    let list = answer.value.items().first();
    Some(told(list.unwrap_or(&answer.value), status))
}

/// The same of an object in which an error is told, with the status that came with it; 0: none did.
pub(crate) fn told(object: &Json<'_>, status: u32) -> Failure {
    let error = object.get("error");
    let inner = if error.is_object() { error } else { object };
    let message = ["message", "Message", "detail", "error", "errors"].into_iter().map(|key| inner.get(key));
    let message = message.map(text_or_json).find(|message| !message.is_empty()).unwrap_or_default();
    let names: Vec<String> = ["code", "type", "status", "__type", "reason"]
        .into_iter()
        .map(|key| text_or_json(inner.get(key)).into_owned())
        .filter(|name| !name.is_empty() && name != "error")
        .collect();
    // A code in words says more than a number.
    let in_words = names.iter().find(|name| name.parse::<u32>().is_err());
    let r#type = in_words.or(names.first()).cloned().unwrap_or_default();
    let code = names.iter().find_map(|name| name.parse().ok()).filter(|code| (400..600).contains(code));
    let status = if status >= 400 { status } else { code.unwrap_or(status) };
    let kind = kind(&names.join(" ").to_lowercase(), &message.to_lowercase(), status);
    Failure { kind, r#type, message: message.into_owned() }
}

/// Words of names and of messages, and what they tell of. The first that is there decides: what is particular comes before
/// what is common.
const WORDS: [(&str, &[&str], &[&str]); 11] = [
    // Bedrock's speaks of too many tokens.
    ("rate_limit", &["throttling"], &[]),
    (
        "context_length",
        &["context_length", "string_above_max_length"],
        &[
            "context length",
            "context window",
            "too many tokens",
            "prompt is too long",
            "input is too long",
            "maximum number of tokens",
            "token count exceeds",
            "exceeds the maximum number of tokens",
        ],
    ),
    (
        "content_filter",
        &["content_filter", "content_policy", "responsibleai", "moderation", "safety"],
        &["content management policy", "content filter", "safety system", "flagged", "blocked by"],
    ),
    (
        "quota",
        &["insufficient_quota", "billing", "payment", "credits"],
        &["exceeded your current quota", "credit balance", "insufficient credits"],
    ),
    ("rate_limit", &["rate_limit", "ratelimit", "too_many_requests", "resource_exhausted"], &["rate limit"]),
    ("overloaded", &["overloaded", "unavailable", "modelnotready", "slow_down"], &["overloaded"]),
    (
        "authentication",
        &[
            "authentication",
            "invalid_api_key",
            "unauthenticated",
            "unrecognizedclient",
            "invalidsignature",
            "expiredtoken",
        ],
        &["api key not valid", "incorrect api key", "security token", "request signature"],
    ),
    ("permission", &["permission", "accessdenied", "forbidden"], &[]),
    ("timeout", &["timeout", "deadline_exceeded"], &["timed out"]),
    ("not_found", &["not_found", "notfound", "invalid_model"], &[]),
    ("invalid_request", &["invalid_request", "invalid_argument", "validation"], &[]),
];

fn kind(names: &str, message: &str, status: u32) -> &'static str {
    let tells = |(_, in_names, in_message): &&(&str, &[&str], &[&str])| {
        in_names.iter().any(|word| names.contains(word))
            || in_message.iter().any(|word| message.contains(word))
    };
    // OpenAI calls most of what is wrong an invalid request, and has the status tell more.
    let told = WORDS.iter().find(tells).map(|(kind, ..)| *kind);
    match (told, status) {
        (Some(kind), _) if kind != "invalid_request" => kind,
        (_, 401) => "authentication",
        (_, 402) => "quota",
        (_, 403) => "permission",
        (_, 404) => "not_found",
        (_, 408 | 504) => "timeout",
        (_, 413) => "context_length",
        (_, 429) => "rate_limit",
        (_, 503 | 529) => "overloaded",
        (_, 400..500) | (Some(_), _) => "invalid_request",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn failure(text: &str, status: u32) -> (&'static str, String, String) {
        let Failure { kind, r#type, message } = told(&json::whole(text).expect("JSON"), status);
        (kind, r#type, message)
    }

    fn expected(kind: &'static str, r#type: &str, message: &str) -> (&'static str, String, String) {
        (kind, r#type.to_owned(), message.to_owned())
    }

    #[test]
    fn each_provider_s_errors_are_told_apart() {
        let openai = r#"{"error":{"message":"This model's maximum context length is 8","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
        assert_eq!(
            failure(openai, 400),
            expected("context_length", "context_length_exceeded", "This model's maximum context length is 8")
        );
        let anthropic = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(failure(anthropic, 529), expected("overloaded", "overloaded_error", "Overloaded"));
        let google = r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}"#;
        assert_eq!(failure(google, 429), expected("rate_limit", "RESOURCE_EXHAUSTED", "Quota"));
        let vllm = r#"{"object":"error","message":"no such model","type":"NotFoundError","code":404}"#;
        assert_eq!(failure(vllm, 404), expected("not_found", "NotFoundError", "no such model"));
        assert_eq!(
            failure(r#"{"error":"model 'x' not found"}"#, 404),
            expected("not_found", "", "model 'x' not found")
        );
        assert_eq!(
            failure(r#"{"detail":[{"msg":"no"}]}"#, 422),
            expected("invalid_request", "", r#"[{"msg":"no"}]"#)
        );
    }

    #[test]
    fn a_status_says_more_than_that_a_request_is_invalid() {
        let openai = r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}"#;
        assert_eq!(failure(openai, 403), expected("permission", "invalid_request_error", "no"));
        assert_eq!(failure(openai, 400), expected("invalid_request", "invalid_request_error", "no"));
        assert_eq!(failure(openai, 0), expected("invalid_request", "invalid_request_error", "no"));
    }

    #[test]
    fn a_status_says_something_where_the_body_says_nothing() {
        assert_eq!(failure("{}", 503), expected("overloaded", "", ""));
        assert_eq!(failure("{}", 500), expected("server_error", "", ""));
    }
}
