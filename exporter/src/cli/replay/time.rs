//! Times as users write them.

use std::time::{Duration, UNIX_EPOCH};

use crate::cli::Failure;

/// Nanoseconds since the Unix epoch of a time of RFC 3339, a date (its first moment in UTC), or how long before `now`.
pub(super) fn parse(name: &str, text: &str, now_unix_ns: u64) -> Result<u64, Failure> {
    let ago = |ago: Duration| u64::try_from(ago.as_nanos()).ok().map(|ago| now_unix_ns.saturating_sub(ago));
    let at = |text: &str| {
        let time = humantime::parse_rfc3339_weak(text.trim_end_matches('Z'))
            .ok()?
            .duration_since(UNIX_EPOCH)
            .ok()?;
        u64::try_from(time.as_nanos()).ok()
    };
    let parsed = humantime::parse_duration(text).ok().and_then(ago);
    let parsed = parsed.or_else(|| at(text)).or_else(|| at(&format!("{text}T00:00:00")));
    parsed.ok_or_else(|| {
        let rule = "must be a time in UTC such as 2026-11-20T08:00:00Z, a date, or how long ago, such as 2h";
        Failure::Usage(format!("--{name}: {rule}, got {text:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_161_600_000_000_000;
    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_time_a_date_and_how_long_ago_are_understood() {
        for (text, expected) in [
            ("2026-11-20T08:00:00Z", NOW),
            ("2026-11-20T08:00:00.5Z", NOW + SECOND / 2),
            ("2026-11-20 08:00:00", NOW),
            ("2026-11-20", NOW - 8 * 3600 * SECOND),
            ("2h", NOW - 2 * 3600 * SECOND),
            ("1h 30m", NOW - 90 * 60 * SECOND),
        ] {
            assert_eq!(parse("since", text, NOW).expect(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_would_be() {
        for text in ["", "yesterday", "12", "2026-13-01", "08:00"] {
            let error = parse("since", text, NOW).expect_err(text).to_string();
            assert!(error.starts_with("--since: must be a time in UTC such as"), "{error}");
        }
    }
}
