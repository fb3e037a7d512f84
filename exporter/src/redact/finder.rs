//! Where the secrets are in a run of bytes.
//!
//! Each pattern has a mark that is rare in texts: a prefix, an `@`, a digit. One pass looks for the mark, mostly several
//! bytes at a time, and what stands around it is then read as the thing itself, with its check digits, within a bound.
//! So the time is linear in the length, whatever the bytes.
//!
//! | file | patterns | mark |
//! | --- | --- | --- |
//! | `prefix` | `provider_key`, `jwt` | `sk-`, `ghp_`, `eyJ`, `-----BEGIN `, … |
//! | `bearer` | `bearer` | `B` and `b` |
//! | `email` | `email` | `@` |
//! | `digits` | `card`, `iban`, `ipv4`, `phone` | the first of some digits |
//! | `ipv6` | `ipv6` | `:` |
//! | `expression` | what users add | none |
//!
//! Delimiters are those of plain text: where it is JSON, a string with escapes has to be undone first. Of these, only
//! those of one letter, as in `\nsk-…`, are known to be no part of what follows. A call has a fixed cost of some 50 ns:
//! it is for texts, not for words.

mod bearer;
mod bytes;
mod digits;
mod email;
mod expression;
mod ipv6;
mod key;
mod prefix;
#[cfg(test)]
mod tests;

use std::ops::Range;

use offpath_core::treatment::Expression;

use self::{digits::Digits, prefix::Prefixes};

/// Finds what a treatment's patterns and expressions say.
#[derive(Debug, Default)]
pub(super) struct Finder {
    prefixes: Option<Prefixes>,
    bearer: bool,
    email: bool,
    digits: Digits,
    ipv6: bool,
    expressions: Vec<expression::Compiled>,
}

/// Why there is no finder for a treatment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// A newer producer's.
    #[error("redact.patterns: this version knows no {0:?}; update the exporter")]
    Pattern(String),
    /// No regular expression, or too large a one.
    #[error("redact.expressions: {name}: {why}")]
    Expression {
        /// What the user calls it.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The search would take longer than a text of this length may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GaveUp;

impl Finder {
    /// A finder of these patterns and expressions.
    ///
    /// # Errors
    ///
    /// See [`Unusable`].
    pub(super) fn new(patterns: &[String], expressions: &[Expression]) -> Result<Self, Unusable> {
        let mut finder = Self::default();
        let (mut keys, mut jwt) = (false, false);
        for pattern in patterns {
            match pattern.as_str() {
                "email" => finder.email = true,
                "card" => finder.digits.card = true,
                "iban" => finder.digits.iban = true,
                "ipv4" => finder.digits.ipv4 = true,
                "phone" => finder.digits.phone = true,
                "ipv6" => finder.ipv6 = true,
                "bearer" => finder.bearer = true,
                "provider_key" => keys = true,
                "jwt" => jwt = true,
                unknown => return Err(Unusable::Pattern(unknown.to_owned())),
            }
        }
        finder.prefixes = Prefixes::new(keys, jwt);
        finder.expressions = expressions.iter().map(expression::Compiled::new).collect::<Result<_, _>>()?;
        Ok(finder)
    }

    /// Replaces `found` by where secrets are: in order, apart from each other, none empty.
    ///
    /// # Errors
    ///
    /// An expression of a user's would take too long.
    pub(super) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) -> Result<(), GaveUp> {
        found.clear();
        if let Some(prefixes) = &self.prefixes {
            prefixes.find(text, found);
        }
        if self.bearer {
            bearer::find(text, found);
        }
        if self.email {
            email::find(text, found);
        }
        self.digits.find(text, found);
        if self.ipv6 {
            ipv6::find(text, found);
        }
        for expression in &self.expressions {
            expression.find(text, found)?;
        }
        if found.len() > 1 {
            join(found);
        }
        Ok(())
    }

    /// Whether it never finds anything.
    pub(super) fn is_empty(&self) -> bool {
        let builtin = self.prefixes.is_some() || self.bearer || self.email || self.ipv6 || self.digits.any();
        !builtin && self.expressions.is_empty()
    }
}

/// Sorts, and makes one of those that overlap.
fn join(found: &mut Vec<Range<usize>>) {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    found.dedup_by(|next, kept| {
        let overlap = next.start < kept.end;
        if overlap {
            kept.end = kept.end.max(next.end);
        }
        overlap
    });
}
