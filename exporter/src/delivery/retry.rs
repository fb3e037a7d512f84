//! When to try again.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The first pause is at most this long.
const FIRST: Duration = Duration::from_millis(200);

/// No pause is longer than this, unless the backend asks for it.
const LAST: Duration = Duration::from_secs(30);

/// The longest that a backend is left alone for because it asks so: it may be wrong.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// The pause after the failure with this number, from 0: exponential with full jitter, so that many exporters that lost one
/// backend together do not come back together. `random` is any number.
///
/// See <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
pub(super) fn pause(attempt: u32, random: u64) -> Duration {
    let most =
        2_u32.checked_pow(attempt).and_then(|factor| FIRST.checked_mul(factor)).unwrap_or(LAST).min(LAST);
    // In thousandths is fine enough.
    most.mul_f64((random % 1_001) as f64 / 1_000.0)
}

/// The pause while somebody has to put something right: about half a minute.
pub(super) fn blocked_pause(random: u64) -> Duration {
    LAST / 2 + (LAST / 2).mul_f64((random % 1_001) as f64 / 1_000.0)
}

/// What `Retry-After` asks for, in seconds or as a date, as RFC 9110 section 10.2.3 has it.
pub(super) fn asked(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(asked.min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asks(text: &str) -> Option<Duration> {
        let headers = [(RETRY_AFTER, text.parse().expect("a value"))].into_iter().collect();
        // One second before the date below.
        asked(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_776))
    }

    #[test]
    fn seconds_and_dates_are_understood_and_nothing_else() {
        assert_eq!(asks("120"), Some(Duration::from_secs(120)));
        assert_eq!(asks("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(1)));
        assert_eq!(asks("Sun, 06 Nov 1994 08:49:35 GMT"), Some(Duration::ZERO));
        assert_eq!((asks("soon"), asks("-1"), asks("1.5")), (None, None, None));
        assert_eq!(asked(&HeaderMap::new(), SystemTime::UNIX_EPOCH), None);
    }

    #[test]
    fn nobody_is_left_alone_for_more_than_an_hour() {
        assert_eq!(asks("86400"), Some(Duration::from_hours(1)));
        assert_eq!(asks("Sat, 06 Nov 2094 08:49:37 GMT"), Some(Duration::from_hours(1)));
    }

    proptest! {
        #[test]
        fn a_pause_is_within_its_bound_which_doubles_up_to_half_a_minute(attempt: u32, random: u64) {
            let bound = if attempt < 8 { FIRST * 2_u32.pow(attempt) } else { LAST };
            prop_assert!(pause(attempt, random) <= bound.min(LAST));
            prop_assert_eq!(pause(attempt, 1_000), bound.min(LAST));
            prop_assert!((LAST / 2..=LAST).contains(&blocked_pause(random)));
        }
    }
}
