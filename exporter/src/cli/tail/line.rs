//! An event as one line for people.

use std::time::Duration;

use serde_json::Value;

use crate::usage::{is_input, is_output};

/// Time of day, status, duration, sizes, what was asked for, and what went wrong, with a proxy's word for it. A line that
/// is no event stays as it is.
pub(super) fn human(line: &str) -> String {
    let Ok(event) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    match event["kind"].as_str() {
        Some("exchange") => exchange(&event),
        Some("loss") => format!("{}  lost {} ({})", clock(&event), event["count"], text(&event["reason"])),
        Some("missed") => format!("{:12}  missed {}: this terminal was too slow", "", event["count"]),
        _ => line.to_owned(),
    }
}

fn exchange(event: &Value) -> String {
    let status = event["status"].as_u64().map_or("-".to_owned(), |status| status.to_string());
    let target = if event["route"].is_null() { &event["path"] } else { &event["route"] };
    let mut line = format!(
        "{}  {status:>3}  {:>8}  {:>8} in  {:>8} out  {:<7} {}",
        clock(event),
        duration(event["duration_ns"].as_u64()),
        size(&event["request"]),
        size(&event["response"]),
        text(&event["method"]),
        text(target),
    );
    line.push_str(&model(&event["llm"]));
    if event["outcome"] != "completed" {
        line.push_str(&format!("  {}", text(&event["outcome"])));
        if event["proxy"]["response_flags"][0].is_string() {
            line.push_str(&format!(" {}", text(&event["proxy"]["response_flags"][0])));
        }
    }
    if let Some(error) = event["error"]["type"].as_str() {
        line.push_str(&format!(": {error}"));
    }
    line
}

/// Which model it was, and of tokens, cost and the time to the first token what is known. Empty if it was none.
fn model(llm: &Value) -> String {
    if !llm.is_object() {
        return String::new();
    }
    let name = if llm["response_model"].is_null() { &llm["request_model"] } else { &llm["response_model"] };
    let mut said = format!("  {}", text(name));
    let tokens = |is_meant: fn(&str) -> bool| {
        let kinds = llm["usage"].as_object()?.iter().filter(|(kind, _)| is_meant(kind));
        kinds.filter_map(|(_, count)| count.as_u64()).reduce(u64::saturating_add)
    };
    if let (Some(read), Some(written)) = (tokens(is_input), tokens(is_output).or(Some(0))) {
        let about = if llm["estimated"] == true { "~" } else { "" };
        said.push_str(&format!("  {about}{read}>{written} tokens"));
    }
    if let Some(usd) = llm["cost_usd"].as_f64() {
        said.push_str(&format!("  ${}", dollars(usd)));
    }
    if llm["first_token_ns"].is_u64() {
        said.push_str(&format!("  first after {}", duration(llm["first_token_ns"].as_u64())));
    }
    said
}

/// Two digits after the point, or as many as show two that count.
fn dollars(usd: f64) -> String {
    let places = [(0.1, 2), (0.01, 3), (0.001, 4), (0.000_1, 5)].into_iter().find(|(from, _)| usd >= *from);
    let places = if usd == 0.0 { 2 } else { places.map_or(6, |(_, places)| places) };
    format!("{usd:.places$}")
}

/// What the API's clients sent must not steer the terminal.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or("-");
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `08:00:00.123` of an RFC 3339 time.
fn clock(event: &Value) -> String {
    event["start_time"].as_str().and_then(|time| time.get(11..23)).unwrap_or("-").to_owned()
}

fn duration(nanos: Option<u64>) -> String {
    let Some(nanos) = nanos else { return "-".to_owned() };
    let seconds = Duration::from_nanos(nanos).as_secs_f64();
    if seconds < 0.001 {
        format!("{:.0}us", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1}ms", seconds * 1e3)
    } else {
        format!("{seconds:.2}s")
    }
}

fn size(message: &Value) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let Some(bytes) = message["body"]["size"].as_u64() else { return "-".to_owned() };
    let (mut amount, mut unit) = (bytes as f64, 0);
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes}B") } else { format!("{amount:.1}{}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_exchange_is_one_aligned_line() {
        let event = json!({
            "kind": "exchange", "start_time": "2026-11-20T08:00:00.123456789Z", "duration_ns": 41_000_000,
            "method": "POST", "path": "/v1/chat", "route": null, "status": 200, "outcome": "completed",
            "request": {"body": {"size": 65536}}, "response": {"body": {"size": 812}}, "error": null,
        });
        assert_eq!(
            human(&event.to_string()),
            "08:00:00.123  200    41.0ms   64.0KiB in      812B out  POST    /v1/chat"
        );
    }

    #[test]
    fn what_a_model_did_is_told_as_far_as_it_is_known() {
        let of = |llm: Value| {
            let event = json!({"kind": "exchange", "path": "/v1/chat", "outcome": "completed", "llm": llm});
            let line = human(&event.to_string());
            line.split_once("/v1/chat").expect("a path").1.to_owned()
        };
        let told = json!({
            "request_model": "gpt-4o", "response_model": "gpt-4o-2026", "cost_usd": 0.00125, "first_token_ns": 30_000_000,
            "usage": {"input": 40, "input_cached_tokens": 10, "output": 5, "total": 55}, "estimated": false,
        });
        assert_eq!(of(told), "  gpt-4o-2026  50>5 tokens  $0.0013  first after 30.0ms");
        let told =
            json!({"request_model": "ada", "response_model": null, "usage": {"input": 7}, "estimated": true});
        assert_eq!(of(told), "  ada  ~7>0 tokens");
        assert_eq!(
            of(json!({"request_model": "a\u{1b}b", "response_model": null, "usage": {}})),
            "  a\u{fffd}b"
        );
        assert_eq!(of(Value::Null), "");
    }

    #[test]
    fn dollars_show_two_digits_that_count() {
        for (usd, expected) in [(12.345, "12.35"), (0.012_34, "0.012"), (0.000_123, "0.00012"), (0.0, "0.00")]
        {
            assert_eq!(dollars(usd), expected);
        }
    }

    #[test]
    fn a_proxy_s_first_response_flag_stands_beside_the_outcome() {
        let event = json!({
            "kind": "exchange", "path": "/v1/chat", "outcome": "upstream_error",
            "proxy": {"response_flags": ["UF", "URX"]}, "error": {"type": "UpstreamConnectionFailure"},
        });
        let line = human(&event.to_string());
        assert!(line.ends_with("upstream_error UF: UpstreamConnectionFailure"), "{line}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let event =
            json!({"kind": "exchange", "path": "/\u{1b}[2J", "outcome": "app_error", "error": {"type": "E"}});
        let line = human(&event.to_string());
        assert!(!line.contains('\u{1b}'), "{line}");
        assert!(line.ends_with("app_error: E"), "{line}");
    }
}
