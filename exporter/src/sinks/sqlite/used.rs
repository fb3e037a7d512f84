//! What models used.

/// What models used; `None` where nobody said.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Used {
    pub(super) input_tokens: Option<i64>,
    pub(super) output_tokens: Option<i64>,
    pub(super) cost_usd: Option<f64>,
}

impl Used {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: sum(self.input_tokens, other.input_tokens, i64::saturating_add),
            output_tokens: sum(self.output_tokens, other.output_tokens, i64::saturating_add),
            // What is beyond all numbers has no place in JSON.
            cost_usd: sum(self.cost_usd, other.cost_usd, |a, b| (a + b).clamp(f64::MIN, f64::MAX)),
        }
    }
}

fn sum<T>(a: Option<T>, b: Option<T>, add: fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_told_stays_unknown_and_what_is_huge_stays_a_number() {
        assert_eq!(Used::default().plus(Used::default()), Used::default());
        let most = Used { input_tokens: Some(i64::MAX), cost_usd: Some(f64::MAX), ..Used::default() };
        assert_eq!(most.plus(most), most);
    }
}
