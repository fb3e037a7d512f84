//! An event as one line for people.

use std::time::Duration;

use serde_json::Value;

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
