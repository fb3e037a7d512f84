//! The W3C `traceparent` header.
//!
//! Format: <https://www.w3.org/TR/trace-context/#traceparent-header>, `version-trace_id-parent_id-flags` in lower-case
//! hexadecimal. A version above 00 is read as far as 00 is known; a header that breaks a rule is as good as none.

use crate::text::hex;
use std::fmt;

/// Where the caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// 16 bytes, never 0.
    pub(crate) trace_id: u128,
    /// 8 bytes, never 0.
    pub(crate) parent_id: u64,
    pub(crate) flags: u8,
}

impl TraceContext {
    /// The one flag of version 00.
    pub(crate) const SAMPLED: u8 = 1;

    /// Reads a `traceparent`.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let mut fields = value.trim_ascii().split(|byte| *byte == b'-');
        let version = number(fields.next()?, 2)?;
        let trace_id = number(fields.next()?, 32)?;
        let parent_id = u64::try_from(number(fields.next()?, 16)?).ok()?;
        let flags = u8::try_from(number(fields.next()?, 2)?).ok()?;
        let longer = fields.next().is_some();
        let valid = version != 0xff && !(version == 0 && longer) && trace_id != 0 && parent_id != 0;
        valid.then_some(Self { trace_id, parent_id, flags })
    }
}

/// As version 00, which knows one flag.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags & Self::SAMPLED)
    }
}

/// A number of exactly so many lower-case hexadecimal digits.
fn number(digits: &[u8], width: usize) -> Option<u128> {
    if digits.len() != width || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    digits.iter().try_fold(0_u128, |sum, digit| Some(sum << 4 | u128::from(hex(*digit)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_specification_is_read() {
        let expected = TraceContext {
            trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            parent_id: 0x00f0_67aa_0ba9_02b7,
            flags: TraceContext::SAMPLED,
        };
        assert_eq!(TraceContext::parse(VALID.as_bytes()), Some(expected));
        assert_eq!(expected.to_string(), VALID);
    }

    #[test]
    fn a_later_version_may_be_longer_and_the_first_may_not() {
        assert!(TraceContext::parse(VALID.replacen("00", "cc", 1).as_bytes()).is_some());
        assert!(TraceContext::parse(format!("{}-x", VALID.replacen("00", "cc", 1)).as_bytes()).is_some());
        assert!(TraceContext::parse(format!("{VALID}-x").as_bytes()).is_none());
    }

    #[test]
    fn what_the_specification_forbids_is_no_context() {
        for bad in [
            "",
            "00",
            &VALID.to_uppercase(),
            &VALID.replacen("00", "ff", 1),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        ] {
            assert_eq!(TraceContext::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            TraceContext::parse(&bytes);
        }
    }
}
