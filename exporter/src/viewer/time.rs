//! Times, and ranges of them.

use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::failure::Failure;
use crate::event_json;

pub(crate) const SECOND_NS: i64 = 1_000_000_000;

/// From one time to another, in nanoseconds since the Unix epoch; the end is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Range {
    /// What was asked for; it ends `now` and is `most` long unless told.
    pub(crate) fn read(from: Option<&str>, to: Option<&str>, now: i64, most: i64) -> Result<Self, Failure> {
        let to = to.map_or(Ok(now), |to| parse("to", to))?;
        let from = from.map_or(Ok(to.saturating_sub(most)), |from| parse("from", from))?;
        if from >= to {
            let (from, to) = (format(from), format(to));
            return Err(Failure::Asked(format!("from must be before to: {from} is not before {to}")));
        }
        Ok(Self { from, to })
    }
}

/// RFC 3339, with any number of digits and any offset. What was before 1970 is as good as its beginning.
pub(crate) fn parse(field: &str, text: &str) -> Result<i64, Failure> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        Failure::Asked(format!(
            "{field} must be a time as RFC 3339 has it, such as 2026-11-20T08:00:00Z; it is {text:?}"
        ))
    })?;
    let most = i128::from(i64::MAX);
    Ok(i64::try_from(time.unix_timestamp_nanos().clamp(0, most)).unwrap_or(i64::MAX))
}

/// RFC 3339, UTC, nine digits.
pub(crate) fn format(unix_ns: i64) -> String {
    event_json::time(u64::try_from(unix_ns).unwrap_or(0)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_is_read() {
        let text = "2026-11-20T08:00:00.123456789Z";
        assert_eq!(format(parse("from", text).expect("a time")), text);
    }

    #[test]
    fn times_of_other_zones_and_before_1970_are_times_too() {
        let [there, here] = ["2026-11-20T09:30:00+01:30", "2026-11-20T08:00:00Z"]
            .map(|text| parse("from", text).expect("a time"));
        assert_eq!(there, here);
        assert_eq!(parse("from", "1389-01-01T00:00:00Z").expect("a time"), 0);
    }

    #[test]
    fn a_range_ends_now_and_is_as_long_as_usual_unless_told() {
        let range = Range::read(None, None, 50, 20).expect("a range");
        assert_eq!(range, Range { from: 30, to: 50 });
    }

    #[test]
    fn what_is_no_range_is_refused_with_what_is_wrong() {
        let refused = |from, to| Range::read(from, to, 50, 20).expect_err("refused").to_string();
        let said = refused(Some("yesterday"), None);
        assert!(said.starts_with("from must be a time") && said.ends_with("it is \"yesterday\""), "{said}");
        let said = refused(Some("2026-11-20T08:00:00Z"), Some("2026-11-20T08:00:00Z"));
        assert!(said.starts_with("from must be before to"), "{said}");
    }
}
